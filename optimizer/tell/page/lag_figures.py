"""How far behind the leader countries are: all of them in one chart, and one alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from optimizer.answer.summary import ABOVE, BEYOND, EXTRAPOLATED
from optimizer.tell.page.figures import (
    MISSING,
    PERIOD,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    lag_cell,
    lag_words,
    slug,
    text,
)
from optimizer.tell.page.saved import Plan, SavedRun, date

MARKS: Final[Mapping[str, str]] = {
    "": "read off the leader's path",
    EXTRAPOLATED: "extrapolated before the leader's base state",
    BEYOND: "ahead of all that the leader reaches: at least this much",
    ABOVE: "above the leader, which has itself stood higher before",
}
READ: Final = (
    "A point says how long ago the leader stood where the country stands then, at the middle of each period."
)
EXTRAPOLATED_NOTE: Final = (
    "Dashed and hollow: reaches back before the leader's base state, extended by its growth until then."
)
DASHED_NOTE: Final = (
    "Dashed: reaches back before the leader's base state, extended by its growth until then; * in the table."
)
ABOVE_NOTE: Final = (
    "Not drawn: where the country is ahead of a leader that has itself stood higher before, and no number of "
    "months says by how much."
)


def all_lags(run: SavedRun, followers: Sequence[Plan]) -> Figure | None:
    """The lags of several followers in one chart, in the order given; none where there are not several."""
    plans = [plan for plan in followers if plan.has("lag_months")]
    if len(plans) < 2:
        return None
    labels, marks = plans[0].periods, [plan.lag_marks() for plan in plans]
    start = [_at_start(plan) for plan in plans]
    rows = [Row([text("start"), *start], date(labels[0], 0.0))]
    for t, period in enumerate(labels):
        cells = [
            lag_cell(plan.series("lag_months")[t], plan.precision.lag_decimals, mark[t], starred=True)
            for plan, mark in zip(plans, marks, strict=True)
        ]
        rows.append(Row([text(period), *cells], date(period)))
    names = [run.name(plan.country) for plan in plans]
    columns = [PERIOD, *(Column(name, "months", series=True) for name in names)]
    ends = [
        f"{name} {first.text.rstrip('*')} at the start and {last.text.rstrip('*')} in {labels[-1]}"
        for name, first, last in zip(names, start, rows[-1].cells[1:], strict=True)
    ]
    guessed = any(cell.text.endswith("*") for row in rows for cell in row.cells[1:])
    above = any(ABOVE in each for each in marks)
    return Figure(
        title=f"How far each country is behind the leader, {run.name(run.leader)}",
        table=Table("lags", columns, rows),
        chart="lag-lines",
        alt=f"One line per country, months behind: {'; '.join(ends)}.",
        unit="months behind; negative: ahead",
        note=" ".join([READ, *([DASHED_NOTE] if guessed else []), *([ABOVE_NOTE] if above else [])]),
    )


def _at_start(plan: Plan) -> Cell:
    months = plan.top.base.lag_months
    if months is None:
        return Cell(MISSING)
    return lag_cell(months, plan.precision.lag_decimals, EXTRAPOLATED if months > 0 else "", starred=True)


def lag(run: SavedRun, plan: Plan) -> Figure | None:
    """Months behind the leader; the part that had to be extrapolated is marked."""
    if not plan.has("lag_months"):
        return None
    months, marks, places = plan.series("lag_months"), plan.lag_marks(), plan.precision.lag_decimals
    rows = []
    base = plan.top.base.lag_months
    if base is not None:
        mark = EXTRAPOLATED if base > 0 else ""
        rows.append(
            Row([text("start"), lag_cell(base, places), text(MARKS[mark])], date(plan.periods[0], 0.0), mark)
        )
    for period, value, mark in zip(plan.periods, months, marks, strict=True):
        cells = [text(period), lag_cell(value, places, mark), text(MARKS[mark])]
        rows.append(Row(cells, date(period), "" if mark == ABOVE else mark))
    columns = [PERIOD, Column("behind", "months", field="lag"), Column("how it is known", text=True)]
    guessed = any(row.style == EXTRAPOLATED for row in rows)
    first, last = months[0] if base is None else base, plan.periods[-1]
    ends = f"{lag_words(first, places)} at the start, {lag_words(months[-1], places, marks[-1])} in {last}"
    dashes = "; dashed and hollow where extrapolated" if guessed else ""
    notes = [READ, *([EXTRAPOLATED_NOTE] if guessed else []), *([ABOVE_NOTE] if ABOVE in marks else [])]
    return Figure(
        title=f"Lag: {ends}",
        table=Table(slug(plan.country, "lag"), columns, rows),
        chart="lag",
        alt=f"Line of the months behind {run.name(run.leader)}{dashes}.",
        unit=f"months behind {run.name(run.leader)}; negative: ahead",
        note=" ".join(notes),
    )
