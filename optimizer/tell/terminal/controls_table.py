"""Export regimes for a person: what each factor alone changes, and the regimes that no other dominates."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer.controls import (
    DELAY_DIGITS,
    PRUNED,
    REVENUE_DIGITS,
    UNDECIDED,
    AloneAnswer,
    ControlsAnswer,
    RegimeAnswer,
)
from optimizer.answer.distinct import distinct
from optimizer.answer.ranges import MEASURED_GAP, MEASURED_WIDTH
from optimizer.tell.terminal.tables import PLAIN_WIDTH, grid, heading, indented

MOST_LINES: Final = 40
WIDTH: Final = PLAIN_WIDTH - 4
LAG_DIGITS: Final = DELAY_DIGITS["lag"]
CERTAIN_DIGITS: Final = DELAY_DIGITS["reach"]
VALUE_DIGITS: Final = DELAY_DIGITS["value"]
MONEY_DIGITS: Final = REVENUE_DIGITS
WORDS: Final = {
    "lag": "lag of the target's best response",
    "reach": "lag that is certain, whatever the target wants",
    "value": "loss of the target's own value",
}


def controls_tables(answer: ControlsAnswer) -> list[ConsoleRenderable | str]:
    """The tables and what a reader must know of them."""
    parts: list[ConsoleRenderable | str] = [
        heading(f"{answer.target} under the regimes of {answer.controller}: {answer.design}"),
        "",
        *_alone(answer),
    ]
    if answer.half:
        parts += ["", "  Interrupted: not all regimes were solved, so nothing is said of which is best."]
    else:
        parts += ["", *_frontier(answer)]
    return [*parts, "", *_notes(answer)]


def _alone(answer: ControlsAnswer) -> list[ConsoleRenderable | str]:
    """Each level alone beside the instance as it is."""
    base = answer.baseline
    heads = [
        *("factor", "level", f"lag {answer.period}\nmonths", f"certain {answer.period}\nmonths"),
        *(f"lag {answer.last_period}\nmonths", "value\nlog units", "revenue\nUSD bn", "of it fees\nUSD bn"),
        *("grey\nUSD bn", "memory\nUSD bn", "rent\nUSD bn"),
    ]
    body = [["as it is", "", *_numbers(base)]]
    last = ""
    for one in answer.alone:
        body.append([one.factor if one.factor != last else "", one.level, *_changes(one, base)])
        last = one.factor
    title = "What each factor alone changes, from the world as it is"
    return [heading(title), "", indented(grid(*distinct(heads, body), left=2))]


def _numbers(one: RegimeAnswer) -> list[str]:
    if not one.solved or one.revenue_usd_bn is None or one.value is None:
        return [one.status, *[""] * 8]
    return [
        _fixed(one.lag_months, LAG_DIGITS),
        _fixed(one.guaranteed_lag_months, CERTAIN_DIGITS),
        _fixed(one.lag_last_months, LAG_DIGITS),
        _fixed(one.value[0], VALUE_DIGITS),
        _fixed(one.revenue_usd_bn.at, MONEY_DIGITS),
        _fixed(one.fees_usd_bn, MONEY_DIGITS),
        _fixed(one.grey_usd_bn, MONEY_DIGITS),
        _fixed(one.memory_usd_bn, MONEY_DIGITS),
        _fixed(one.rent_usd_bn, MONEY_DIGITS),
    ]


def _changes(alone: AloneAnswer, base: RegimeAnswer) -> list[str]:
    one = alone.regime
    if one.same_as_baseline:
        return ["no change", *[""] * 8]
    if not one.solved or not base.solved:
        return [one.status, *[""] * 8]
    assert one.value is not None
    assert base.value is not None
    assert one.revenue_usd_bn is not None
    assert base.revenue_usd_bn is not None
    pairs = (
        (one.lag_months, base.lag_months, LAG_DIGITS),
        (one.guaranteed_lag_months, base.guaranteed_lag_months, CERTAIN_DIGITS),
        (one.lag_last_months, base.lag_last_months, LAG_DIGITS),
        (one.value[0], base.value[0], VALUE_DIGITS),
        (one.revenue_usd_bn.at, base.revenue_usd_bn.at, MONEY_DIGITS),
        (one.fees_usd_bn, base.fees_usd_bn, MONEY_DIGITS),
        (one.grey_usd_bn, base.grey_usd_bn, MONEY_DIGITS),
        (one.memory_usd_bn, base.memory_usd_bn, MONEY_DIGITS),
        (one.rent_usd_bn, base.rent_usd_bn, MONEY_DIGITS),
    )
    return [signed(after, before, digits) for after, before, digits in pairs]


def _frontier(answer: ControlsAnswer) -> list[ConsoleRenderable | str]:
    title = f"Regimes that no other beats in delay and revenue (delay: {WORDS[answer.delay]})"
    found = answer.frontier
    if not found:
        return [heading(title), "", "  There is none."]
    heads = [
        *("regime", *answer.factors, f"lag {answer.period}\nmonths", f"certain {answer.period}\nmonths"),
        *(f"lag {answer.last_period}\nmonths", "value\nlog units", "revenue\nUSD bn", "between"),
    ]
    body = []
    for one in found[:MOST_LINES]:
        assert one.revenue_usd_bn is not None
        lag, certain, later, value, revenue, *_ = _numbers(one)
        ends = (one.revenue_usd_bn.least, one.revenue_usd_bn.greatest)
        between = " and ".join(_fixed(end, MONEY_DIGITS) for end in ends)
        levels = [one.levels[factor] for factor in answer.factors]
        body.append([str(one.number), *levels, lag, certain, later, value, revenue, between])
    parts: list[ConsoleRenderable | str] = [
        heading(title),
        "",
        indented(grid(*distinct(heads, body), left=1 + len(answer.factors))),
    ]
    if len(found) > MOST_LINES:
        parts.append(f"  ... and {len(found) - MOST_LINES} more")
    return parts


def _notes(answer: ControlsAnswer) -> list[str]:
    unsure = sum(one.verdict == UNDECIDED for one in answer.verdicts)
    pruned = sum(one.status == PRUNED for one in answer.regimes)
    counts = [f"{len(answer.regimes)} regimes"]
    if not answer.half:
        counts = [f"{counts[0]}, {len(answer.frontier)} on the frontier"]
    if unsure:
        counts.append(f"{unsure} beaten by the plans found, though not by every plan within the gap")
    if pruned:
        counts.append(f"{pruned} spared, as looser than one that already gives too little delay")
    lag = (
        f"Lag: behind {answer.controller}, of the plan that spends least among the target's best. Certain: "
        f"the least lag of {answer.period} that any plan of the target can bring about."
    )
    if answer.baseline.lag_range_months is None:
        width = MEASURED_WIDTH["lag_months"] * math.sqrt(answer.gap / MEASURED_GAP)
        lag += (
            f" Plans as good within the gap may lag some {width:.1g} months more or less, by the rule of "
            "thumb; --ranges computes by how much, and counts it."
        )
    description = [answer.description] if answer.description else []
    return [
        textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
        for text in ("; ".join(counts) + ".", lag, *answer.notes, *description)
    ]


def _fixed(value: float | None, digits: int) -> str:
    return "n/a" if value is None else f"{value + 0.0:.{digits}f}"


def signed(after: float | None, before: float | None, digits: int) -> str:
    """A change to so many digits, with its sign; 0 where nothing of it is left."""
    if after is None or before is None:
        return "n/a"
    change = round(after - before, digits)
    return f"{change + 0.0:+.{digits}f}" if change else f"{0.0:.{digits}f}"


def failed_lines(regimes: Sequence[RegimeAnswer]) -> list[str]:
    """What went wrong in regimes that have no certified plan, one line each."""
    return [
        (f"regime {one.number} (" if one.number else "alone (")
        + f"{', '.join(f'{k}={v}' for k, v in one.levels.items())}) {one.status}"
        + (f": {one.message}" if one.message else "")
        for one in regimes
    ]
