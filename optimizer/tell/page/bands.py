"""The uncertainty of the inputs on the page: a table of quantiles, or that it was not computed."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.answer.answer import SolveAnswer
from optimizer.answer.bands import LAG, Bands
from optimizer.tell.bands import WHAT, BandLine, drawn, kept, lines, missing, of_draws, span
from optimizer.tell.page.figures import MISSING, Cell, Column, Row, Table, exact, slug, text
from optimizer.tell.page.saved import Plan, SavedRun


def bands_of(run: SavedRun) -> Bands | None:
    """The bands of a run of `solve`; None where they were not computed."""
    return run.answer.bands if isinstance(run.answer, SolveAnswer) else None


def bands_points(run: SavedRun, plans: Sequence[Plan]) -> list[str]:
    """The bands of several countries' lags at the horizon; that of one alone stands in the answer."""
    bands = bands_of(run)
    if bands is None:
        return []
    found = []
    for plan in plans:
        last = plan.top.last
        told = span(bands.band(plan.country, f"{LAG}/{last}"), 0)
        if told:
            found.append(f"{run.name(plan.country)} {told}")
    if len(found) < 2:
        return []
    draws = of_draws(bands, [plan.country for plan in plans], run.name)
    return [f"{draws}, months behind in {last}: {', '.join(found)}."]


def overview_bands(run: SavedRun, plans: Sequence[Plan]) -> list[tuple[str, Table]]:
    """The number that a headline ends with for each country; all of a country that is alone."""
    bands = bands_of(run)
    if bands is None:
        return []
    countries = [plan.country for plan in plans]
    shown = lines(bands, countries, run.leader, len(run.plans) > 1)
    return [(_title(run, bands), _table(run, "bands", shown))]


def country_bands(run: SavedRun, plan: Plan) -> list[tuple[str, Table]]:
    """All numbers of one country among several."""
    bands = bands_of(run)
    if bands is None or len(run.plans) == 1:
        return []
    shown = lines(bands, [plan.country], run.leader, False)
    return [(_title(run, bands), _table(run, slug(plan.country, "bands"), shown))]


def bands_notes(run: SavedRun, plans: Sequence[Plan]) -> list[str]:
    """What the table is, which draws are missing, and which inputs were not drawn."""
    bands = bands_of(run)
    if bands is None:
        return []
    absent = [note for plan in plans for note in missing(bands, plan.country, run.name)]
    return [f"{each[0].upper()}{each[1:]}." for each in (*WHAT, *absent, *bands.left_out)]


def _title(run: SavedRun, bands: Bands) -> str:
    return f"Uncertainty of the inputs: {drawn(bands, run.name(run.leader))}; {kept(bands)}"


def _table(run: SavedRun, name: str, shown: Sequence[BandLine]) -> Table:
    columns = [Column("Country", text=True), Column("number", text=True), Column("unit", text=True)]
    for level in ("5%", "50%", "95%"):
        columns += [Column(level), Column(f"interval of {level}")]
    columns += [Column("draws"), Column("missing")]
    return Table(name, columns, [_row(run, each) for each in shown])


def _row(run: SavedRun, line: BandLine) -> Row:
    cells = [text(run.name(line.country)), text(line.name), text(line.unit)]
    for value, (low, high), number in zip(line.values, line.intervals, line.exact, strict=True):
        cells += [Cell(value, exact(number)), text(f"{low} to {high}")]
    cells += [Cell(MISSING)] * (9 - len(cells))
    return Row([*cells, Cell(str(line.draws)), Cell(str(line.missing))])
