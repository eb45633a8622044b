"""What the page shows: figures, each a chart with the table that it is drawn from, and sections of them.

A chart reads its data from its table in the page, so that every number stands there once, for readers, for
screen readers, for the download and for the drawing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from optimizer.answer import digits
from optimizer.answer.summary import ABOVE, AHEAD, BEYOND, EXTRAPOLATED, lag_in_table
from optimizer.tell.page.saved import Plan

MISSING: Final = "–"
LARGE: Final = 1000.0


class Cell(NamedTuple):
    """What a table shows; `value` is the number behind it where the text is coarser, `style` how the page
    shades it."""

    text: str
    value: str = ""
    style: str = ""


@dataclass(frozen=True)
class Column:
    """A column. `field` is its name in the chart's data; `series` marks one of several lines or bars that
    the chart draws from columns, in the colour of its place or in `colour`, a place in `charts.COLOURS`."""

    title: str
    unit: str = ""
    field: str = ""
    series: bool = False
    text: bool = False
    colour: int | None = None


PERIOD: Final = Column("Period", field="period", text=True)
COUNTRY: Final = Column("Country", field="name", text=True)


@dataclass(frozen=True)
class Row:
    """Cells under the columns; `date` is the decimal year where the chart's axis is time."""

    cells: Sequence[Cell]
    date: float | None = None
    style: str = ""


@dataclass(frozen=True)
class Table:
    """Columns and rows. `name` names the download; where it `stacks`, as tables of long texts do, a narrow
    screen shows the cells of a row one below the other."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    stacks: bool = False


@dataclass(frozen=True)
class Figure:
    """A chart with its table. `chart` names a template of `charts`; `alt` says in words what it shows; a
    `wide` one has a row of its own."""

    title: str
    table: Table
    chart: str
    alt: str
    unit: str = ""
    note: str = ""
    wide: bool = False

    @property
    def key(self) -> str:
        return self.table.name


@dataclass(frozen=True)
class Section:
    """A part of the page with a place in its navigation.

    `answer` is what it says in a sentence or two, before all else; `tables` stand open, those of `after`
    behind the figures; `listed` names, each with a sentence, where they are few; `folded` figures open on
    demand; `two_wide` figures have long names and stand at most two in a row.
    """

    key: str
    title: str
    short: str
    answer: str = ""
    points: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[tuple[str, Table]] = ()
    after: Sequence[tuple[str, Table]] = ()
    notes: Sequence[str] = ()
    folded: Sequence[Figure] = ()
    folded_title: str = ""
    warnings: Sequence[str] = ()
    listed: Sequence[tuple[str, str]] = ()
    listed_title: str = ""
    two_wide: bool = False


def slug(*parts: str) -> str:
    """A name for anchors and files out of any texts."""
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-").lower()


def text(value: object) -> Cell:
    return Cell(str(value))


def exact(value: float) -> str:
    """A number to five digits, for the data behind a coarser text."""
    return f"{value:.5g}" if math.isfinite(value) else ""


def amount(value: float | None, significant: int = 3, width: float = 0.0) -> Cell:
    """A number in about so many digits."""
    if value is None or math.isnan(value):
        return Cell(MISSING)
    shown = digits.significant(value, significant, width)
    return Cell(shown, exact(value)) if shown.replace(",", "") != exact(value) else Cell(shown)


def rounded(value: float | None, decimals: int) -> Cell:
    """A number to so many decimals."""
    if value is None or math.isnan(value):
        return Cell(MISSING)
    shown = digits.fixed(value, decimals)
    return Cell(shown, exact(value)) if shown.replace(",", "") != exact(value) else Cell(shown)


def lag_cell(months: float, decimals: int, mark: str = "", starred: bool = False) -> Cell:
    """Months behind the leader, in words where the country is ahead; if `starred`, with a star where the lag
    is extrapolated. Above a leader that has stood higher before there is no number that means much."""
    if math.isnan(months):
        return Cell(MISSING)
    if mark == ABOVE:
        return Cell(AHEAD)
    shown = lag_in_table(months, decimals, mark if starred or mark != EXTRAPOLATED else "")
    return Cell(shown, exact(months)) if shown.replace(",", "") != exact(months) else Cell(shown)


def lag_words(months: float, decimals: int, mark: str = "") -> str:
    """A lag as a reader says it."""
    if mark == ABOVE:
        return AHEAD
    shown = digits.fixed(months, decimals)
    size = shown.removeprefix("-")
    unit = "month" if size == "1" else "months"
    if shown.startswith("-"):
        return f"{'more than ' if mark == BEYOND else ''}{size} {unit} {AHEAD}"
    return f"{size} {unit} behind"


def shares(plan: Plan, parts: Sequence[float]) -> list[Cell]:
    """Shares in percent to the digits that hold for the plan."""
    shown = plan.precision.shares(parts)
    return [Cell(text, exact(100 * part)) for text, part in zip(shown, parts, strict=True)]


def added(lines: Sequence[Sequence[float]], count: int) -> list[float]:
    """Lines of `count` numbers added up, place by place; zeros where there are none."""
    return [sum(line[at] for line in lines) for at in range(count)]


class Scale(NamedTuple):
    """A unit that keeps numbers short: what to divide by, and the unit's name."""

    divisor: float
    unit: str


def compute_scale(kh100e: Sequence[float]) -> Scale:
    """kH100e, or million H100e where there are that many."""
    largest = max((value for value in kh100e if math.isfinite(value)), default=0.0)
    return Scale(LARGE, "million H100e") if largest >= LARGE else Scale(1.0, "thousand H100e")
