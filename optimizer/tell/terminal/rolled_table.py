"""What deciding year by year with a view of some years costs, beside the plan that sees them all."""

from __future__ import annotations

from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits, ranges
from optimizer.answer.rolled import RolledAnswer, view_words
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.summary import headline, lag_in_table, rolled
from optimizer.tell.terminal.tables import grid, heading

NOT_AN_OPTIMUM: Final = (
    "each year was decided by a plan for what was in view: `gap` is the largest of these, none is an optimum "
    "of the whole"
)
LATER: Final = "months later: than the country's own plan with foresight reaches the same capability"
NO_PRICES: Final = (
    "a rolled plan has no prices of limits: each year was decided with others in view; "
    "those with foresight come of the same command without --view"
)


def rolled_table(world: WorldRun) -> list[ConsoleRenderable | str]:
    """One line per country of what it gives away; empty where no plan was decided year by year."""
    told = [(run, found) for run in world.countries.values() if (found := rolled(run)) is not None]
    if not told:
        return []
    told.sort(key=lambda pair: _rank(pair[0], world))
    lines = [_line(run, found, world) for run, found in told]
    years = told[0][1].view_years
    title = f"what {view_words(years)} costs, beside the plan that sees all years and the same leader"
    return [heading(title), "", grid(_heads(told[0][0]), lines), "", NOT_AN_OPTIMUM, LATER]


def _rank(run: CountryRun, world: WorldRun) -> tuple[bool, float]:
    """The leader first, then by what they reach."""
    top = headline(run, world.leader_run)
    return run.country != world.leader, 0.0 if top is None else -(top.effective_ratio or 0.0)


def _shown(run: CountryRun) -> tuple[str, str]:
    """The labels of the periods at mid-horizon and horizon."""
    top = headline(run, None)
    assert top is not None
    return top.middle, top.last


def _heads(run: CountryRun) -> list[str]:
    middle, last = _shown(run)
    return [
        "",
        "given away\naverage\nlog units",
        *(f"months\nlater\n{period}" for period in (middle, last)),
        *(f"months behind\nwith foresight\n{period}" for period in (middle, last)),
    ]


def _line(run: CountryRun, found: RolledAnswer, world: WorldRun) -> list[str]:
    places = ranges.decimals(run, "lag_months")
    shown = _shown(run)
    line = [run.country, found.loss]
    later, foresight = found.months_later, found.foresight
    line += ["n/a" if later is None else digits.fixed(later[period], places) for period in shown]
    if foresight is None or run.country == world.leader:
        return [*line, *["n/a" if foresight is None else digits.fixed(0.0, places)] * 2]
    return [*line, *(lag_in_table(foresight.lag_months[period], places) for period in shown)]
