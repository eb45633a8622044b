"""Tables for people: rich tables as plain text, and the summary with one line per country."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich import box
from rich.console import Console, ConsoleRenderable
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from models.parameters import CATEGORIES
from optimizer.result import digits
from optimizer.result.run import INFEASIBLE, STOPPED, CountryRun, WorldRun
from optimizer.result.summary import Headline, headline

PLAIN_WIDTH: Final = 120
ROWS_NAMED: Final = 6
# Tables keep their natural width: a number cut short by a narrow screen would be a wrong number.
UNLIMITED: Final = 10_000


@dataclass(frozen=True)
class Screen:
    """Where tables go: its width in characters and whether it shows colour."""

    width: int = PLAIN_WIDTH
    colour: bool = False

    def render(self, parts: Iterable[ConsoleRenderable | str]) -> str:
        """The parts one below the other as text, without trailing spaces."""
        buffer = io.StringIO()
        console = Console(
            file=buffer,
            width=UNLIMITED,
            force_terminal=self.colour,
            color_system="standard" if self.colour else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, str))
        lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
        return "\n".join(lines).rstrip("\n") + "\n"


def grid(heads: Sequence[str], body: Iterable[Sequence[str]], left: int = 1) -> Table:
    """A table whose first `left` columns are text and whose others are numbers, never truncated."""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 0, 0, 1)
    )
    for position, head in enumerate(heads):
        side: Literal["left", "right"] = "left" if position < left else "right"
        table.add_column(head, justify=side, no_wrap=True, overflow="fold", vertical="bottom")
    for row in body:
        table.add_row(*row)
    return table


def heading(text: str) -> Text:
    """A bold line."""
    return Text(text, style="bold", no_wrap=True)


def indented(part: ConsoleRenderable) -> Padding:
    """Two columns to the right."""
    return Padding(part, (0, 0, 0, 2))


def summary(world: WorldRun, screen: Screen, more_notes: Sequence[str] = ()) -> list[ConsoleRenderable | str]:
    """One line per country, with what a reader must know about it below."""
    tops = {country: headline(run, world.leader_run) for country, run in world.countries.items()}
    solved = [top for top in tops.values() if top is not None]
    parts: list[ConsoleRenderable | str] = []
    if solved:
        parts += [heading(_title(world)), ""]
        lines = [_cells(world.countries[top.country], top) for top in solved]
        heads = _heads(world, solved[0])
        if screen.width >= PLAIN_WIDTH:
            parts.append(grid(heads, lines))
        else:
            split = 1 + len(CATEGORIES) + 1
            parts.append(grid(heads[:split], [line[:split] for line in lines]))
            parts.append("")
            parts.append(grid([heads[0], *heads[split:]], [[line[0], *line[split:]] for line in lines]))
    for country, run in world.countries.items():
        if tops[country] is None:
            parts.append(f"{country}  {run.status}: {_reason(run)}")
    notes = [*_notes(world, solved), *more_notes]
    if notes:
        parts += ["", *notes]
    return parts


def _title(world: WorldRun) -> str:
    run = next(run for run in world.countries.values() if run.parameters is not None)
    sets = run.parameters.sets if run.parameters is not None else None
    span = f", {sets.periods[0]} to {sets.periods[sets.reported - 1]}" if sets else ""
    policy = f", policy {world.policy}" if world.policy else ""
    changed = f", {len(world.applied)} values changed" if world.applied else ""
    return f"{world.instance.name}{span}{policy}{changed}; leader {world.leader}"


def _heads(world: WorldRun, top: Headline) -> list[str]:
    return [
        "",
        *(f"{name}\n%" for name in CATEGORIES),
        "spent\nUSD bn",
        f"MH100e, start\n> {top.last}",
        f"capab.\n{top.last}",
        f"months\n{top.middle}",
        f"behind\n{top.last}",
        f"compute\n% {world.leader}",
        f"effective\n% {world.leader}",
        "gap",
    ]


def _cells(run: CountryRun, top: Headline) -> list[str]:
    ranges = run.ranges
    spread = _spread(run)

    def lag(position: int, period: str) -> str:
        if top.lag_months is None:
            return "n/a"
        width = digits.width_of(ranges, "lag_months", "", [period])
        text = digits.fixed(top.lag_months[position], digits.decimals_within(1, width))
        mark = top.lag_marks[position]
        if mark == "beyond":
            return f">{text.lstrip('-')} ahead"
        return text + ("*" if mark else "")

    capability = digits.decimals_within(2, digits.width_of(ranges, "capability", "", [top.last]))
    money = digits.decimals_for([top.spending])
    mega = [value / 1000 for value in top.installed]
    return [
        run.country,
        *digits.percents(top.split, spread),
        digits.fixed(top.spending, money),
        " > ".join(digits.fixed(value, digits.decimals_for([value])) for value in mega),
        digits.fixed(top.capability[1], capability),
        lag(0, top.middle),
        lag(1, top.last),
        _percent(top.compute_ratio),
        _percent(top.effective_ratio),
        _gap(run),
    ]


def _spread(run: CountryRun) -> float:
    """The widest certified range of any category's share of the budget."""
    if run.parameters is None:
        return 0.0
    periods = run.parameters.sets.periods[: run.parameters.sets.reported]
    return max(digits.width_of(run.ranges, "spend_share", name, periods) for name in CATEGORIES)


def _is_loose(run: CountryRun) -> bool:
    return 100 * _spread(run) > 10


def _percent(ratio: float | None) -> str:
    return "n/a" if ratio is None else digits.significant(100 * ratio)


def _gap(run: CountryRun) -> str:
    if run.solution is None:
        return "n/a"
    gap: str = digits.scientific(run.solution.certificate.gap)
    return f"{gap}#" if run.status == STOPPED else gap


def _reason(run: CountryRun) -> str:
    if run.status == INFEASIBLE and run.solution is not None and run.solution.conflict:
        conflict = run.solution.conflict
        more = f" and {len(conflict) - ROWS_NAMED} more" if len(conflict) > ROWS_NAMED else ""
        return f"these rows cannot hold together: {', '.join(conflict[:ROWS_NAMED])}{more}"
    errors = [diagnostic.message for diagnostic in run.diagnostics if diagnostic.severity == "error"]
    if errors:
        return "; ".join(errors)
    return run.solution.message if run.solution is not None else "no plan"


def _notes(world: WorldRun, solved: Sequence[Headline]) -> list[str]:
    notes: list[str] = []
    if any(run.status == STOPPED for run in world.countries.values()):
        notes.append("# stopped before the gap asked for: a better plan may exist, within the gap shown")
    for run in world.countries.values():
        for each in run.diagnostics:
            if each.severity == "warning":
                notes.append(f"! {each.message}" + (f": {each.hint}" if each.hint else ""))
    if any(_is_loose(run) for run in world.countries.values()):
        notes.append(
            "~ plans as good, but dearer, split otherwise: shares are those of the cheapest, in tens"
        )
    if any("extrapolated" in top.lag_marks for top in solved):
        notes.append(f"* reaches back before {world.leader}'s base state, extended by its growth until then")
    if any("beyond" in top.lag_marks for top in solved):
        notes.append(f"> beyond all that {world.leader} reaches in the horizon: ahead by more than this")
    return notes
