"""What inputs are worth at the margin, for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits
from optimizer.study.gradient import Slope, SolvedSlope
from optimizer.study.margins import Margins
from optimizer.tell.terminal.tables import grid, heading

SHOWN: Final = 20
SHOWN_VALUING: Final = 5
HELD: Final = "the leader's path is held"
Parts = list[ConsoleRenderable | str]


def gradient_table(found: Margins, width: int, verbose: bool) -> Parts:
    """The inputs with the largest swing, those that change what is counted in a list of their own, and what
    was solved anew; `verbose`: every input with a range, and its sources."""
    gradient = found.gradient
    gap = digits.scientific(gradient.gap)
    parts: Parts = [
        heading(f"{gradient.country}: what inputs are worth at the margin, from one plan; {HELD}, gap {gap}"),
        "effects on the objective, in 0.001 average log units: at the ends of each input's own range, as its",
        "slope has it, and of 1% more",
        "",
    ]
    lists = ((False, SHOWN, ""), (True, SHOWN_VALUING, "these change what is counted, not the world:"))
    for values_plans, most, title in lists:
        known = found.ranked(values_plans)
        shown = known if verbose else known[:most]
        if shown:
            parts += ["", title, ""] if title else []
            parts += _lines(shown, width, verbose)
            more = len(known) - len(shown)
            parts += [f"{more:,} more with a smaller swing: --verbose lists all"] if more else []
    if not found.ranked() and not found.ranked(True):
        parts.append("no input has a range of its own and an effect")
    endless = [one for one in gradient.slopes if one.swing is None and one.per_unit]
    still = [one for one in gradient.slopes if not one.per_unit]
    parts.append("")
    parts += _solved(found) if found.solved else []
    count = len(gradient.slopes) + len(gradient.left_out)
    parts.append(f"of {count:,} inputs that feed the plan (all: --format csv; sources: --verbose)")
    said = ((endless, "with an effect, without a range"), (still, "without an effect at the margin"))
    parts += [f"{len(ones):>6,} {words}" for ones, words in said if ones]
    parts += [f"{len(gradient.left_out):>6,} that cannot be moved alone"] if gradient.left_out else []
    return parts


def _lines(slopes: Sequence[Slope], width: int, verbose: bool) -> list[str]:
    """A line per input, `verbose` with its sources; where the longest path does not fit beside its numbers
    the path has a line of its own."""
    rows = [_cells(one) for one in slopes]
    heads = ("value", "low", "high", "at low", "at high", "per 1%")
    sizes = [max(len(head), *(len(row[place]) for row in rows)) for place, head in enumerate(heads)]
    longest = max(len(one.path) for one in slopes)
    beside = sum(sizes) + 2 * len(sizes) + max(len(_status(one, verbose)) for one in slopes) + 2
    inline = longest + beside <= width

    def line(cells: Sequence[str], last: str) -> str:
        numbers = "".join(f"  {cell:>{size}}" for cell, size in zip(cells, sizes, strict=True))
        return f"{numbers}  {last}".rstrip()

    margin = " " * longest if inline else ""
    lines = [margin + line(heads, "status")]
    for one, row in zip(slopes, rows, strict=True):
        text = line(row, _status(one, verbose or not inline))
        lines += [f"{one.path:<{longest}}{text}"] if inline else [one.path, text]
    return lines


def _status(one: Slope, with_sources: bool) -> str:
    return f"{one.status}: {', '.join(one.source)}" if one.source and with_sources else one.status


def _cells(one: Slope) -> tuple[str, ...]:
    plain = tuple("" if each is None else f"{each:.4g}" for each in (one.value, one.low, one.high))
    effects = (one.at_low, one.at_high, one.per_percent)
    return plain + tuple(_thousandths(each) for each in effects)


def _thousandths(effect: float | None) -> str:
    if effect is None:
        return ""
    if not math.isfinite(effect):
        return "n/a"
    shown = 1000.0 * effect
    return f"{shown:+.3g}" if abs(shown) < 100 else f"{shown:+,.0f}"


def _solved(found: Margins) -> Parts:
    """What a tenth of the range does as solved."""
    period = found.period
    has_lag = any(one.lag_months is not None for one in found.solved)
    heads = ["", "moved by", "objective\n0.001", "within\n0.001", f"capability\n{period}"]
    heads += [f"lag {period}\nmonths"] if has_lag else []
    return [
        "the first of them moved by a tenth of their range where the objective rises, and solved anew:",
        "one-sided differences, not derivatives; of the objective the gaps leave `within` open",
        "",
        grid(heads, [_solved_cells(one, has_lag) for one in found.solved]),
        "",
    ]


def _solved_cells(one: SolvedSlope, has_lag: bool) -> list[str]:
    cells = [one.path, f"{one.step:+.4g}", _thousandths(one.objective)]
    cells += [digits.scientific(1000.0 * one.within), f"{one.capability:+.4f}"]
    lag = "n/a" if one.lag_months is None else f"{one.lag_months:+.2f}"
    return [*cells, lag] if has_lag else cells
