"""A saved run as a workbook: what its page says and draws, all numbers of its plans, and their inputs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from optimizer.instance.units import input_unit
from optimizer.instance.workbook.writing import MOST_ROWS, Sheet, Value, workbook_bytes
from optimizer.tell.files.store import MANIFEST, unreadable
from optimizer.tell.page import page, provenance
from optimizer.tell.page.figures import MISSING, Cell, Figure, Section, Table
from optimizer.tell.page.saved import SavedRun

TIMES: Final = ("wall_time_seconds",)
NUMBERS: Final = ("value", "baseline", "change", "change_percent", "indistinguishable", "value_within")
ASSUMPTIONS: Final = ("input", "part", "value", "unit", "low", "high", "status", "sources", "note")
SOURCES: Final = ("source", "title", "address", "date", "confidence")

Row = Sequence[Value]


class Lines:
    """Rows of a sheet as they come, and which of them are in bold."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.bold: set[int] = set()

    def add(self, *cells: Value, bold: bool = False) -> None:
        self.rows.append(cells)
        if bold:
            self.bold.add(len(self.rows))

    def table(self, title: str, table: Table, exact: bool) -> None:
        """A table below its title; `exact` numbers have all digits behind what the page shows."""
        self.add()
        self.add(title, bold=True)
        self.add(*(_head(each.title, each.unit) for each in table.columns), bold=True)
        for row in table.rows:
            self.add(*(_number_of(cell, exact) for cell in row.cells))

    def sheet(self, name: str, widths: Sequence[int]) -> Sheet:
        return Sheet(name, self.rows, widths, frozenset(self.bold), frozen=0)


def run_workbook(run: SavedRun, directory: Path) -> bytes:
    """The workbook of a run that was read from `directory`: values only, the same bytes for the same run.

    Raises `InputError` (E642) where a file of the run cannot be read, `OutputError` (E605) for a text that no
    cell can hold.
    """
    told = page.sections(run)
    tables = ["results", *(["comparison"] if run.comparison is not None else [])]
    files = {"results": "strategy.csv", "comparison": "comparison.csv"}
    return workbook_bytes(
        [
            _summary(run, told),
            *(sheet for name in tables for sheet in _whole_table(name, directory / files[name])),
            _charts(told),
            Sheet("assumptions", _assumptions(run), (64, 8, 12, 22, 10, 10, 10, 24, 80)),
            Sheet("sources", _sources(run), (24, 80, 60, 12, 12)),
            Sheet("manifest", [("key", "value"), *_manifest(directory / MANIFEST)], (40, 80)),
        ]
    )


def _summary(run: SavedRun, told: Sequence[Section]) -> Sheet:
    lines = Lines()
    lines.add(page.title(run), bold=True)
    for text in (*page.subtitle(run), *page.warnings(run)):
        lines.add(text)
    for section in told:
        lines.add()
        lines.add(section.title, bold=True)
        for text in (section.answer, *section.points):
            if text:
                lines.add(text)
        for title, table in section.tables:
            lines.table(title, table, exact=False)
        for text in section.notes:
            lines.add(text)
    changes = provenance.changes(run)
    if changes is not None:
        lines.table("What was changed", changes, exact=False)
    lines.table("Certificates", provenance.certificates(run), exact=False)
    return lines.sheet("summary", (28, *([14] * 12)))


def _charts(told: Sequence[Section]) -> Sheet:
    """Each chart's numbers below its title and unit, section by section."""
    lines = Lines()
    for section in told:
        for figure in (*section.figures, *section.folded):
            lines.table(_title(section, figure), figure.table, exact=True)
    return lines.sheet("charts", (28, *([16] * 12)))


def _title(section: Section, figure: Figure) -> str:
    return f"{section.short}: {figure.title}" + (f" ({figure.unit})" if figure.unit else "")


def _head(title: str, unit: str) -> str:
    return f"{title}, {unit}" if unit else title


def _number_of(cell: Cell, exact: bool) -> Value:
    """What a cell of the page's tables shows, as a number where it is one."""
    shown = (exact and cell.value) or cell.text
    if shown == MISSING:
        return None
    try:
        return float(shown.replace(",", "").rstrip("%"))
    except ValueError:
        return shown


def _whole_table(name: str, path: Path) -> Iterator[Sheet]:
    """A CSV file of the run; on several sheets where one does not hold it."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    numeric = [column in NUMBERS for column in header]
    room = MOST_ROWS - 1
    for at in range(0, max(len(rows), 1), room):
        typed = (
            [_read(text) if number else text for text, number in zip(row, numeric, strict=True)]
            for row in rows[at : at + room]
        )
        title = name if at == 0 else f"{name} {1 + at // room}"
        yield Sheet(title, _below(header, typed), [10, 18, 16, 22, 26, 16])


def _below(header: Row, rows: Iterable[Row]) -> Iterator[Row]:
    yield header
    yield from rows


def _read(text: str) -> Value:
    return float(text) if text else None


def _assumptions(run: SavedRun) -> Iterator[Row]:
    """One row per number: a series has one for each year or part, and its range, which is that of its first
    number, in the first of them."""
    yield ASSUMPTIONS
    for each in run.inputs:
        unit = input_unit(each["path"])
        about: Row = (each["status"], each["sources"], each["note"])
        for at, (part, value) in enumerate(_parts(json.loads(each["value"]))):
            low, high = (_read(each[end]) if at == 0 else None for end in ("low", "high"))
            yield (each["path"], part, value, unit, low, high, *about)


def _parts(value: Any) -> Iterator[tuple[str, Value]]:
    """The numbers of a value with what each is of: a year, `start`, `growth`; of a plain number nothing."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from ((" ".join(filter(None, (str(key), part))), one) for part, one in _parts(each))
    elif isinstance(value, list):
        yield from ((f"year {at}", one) for at, one in enumerate(value, 1))
    else:
        yield "", float(value) if isinstance(value, int | float) else value


def _sources(run: SavedRun) -> Iterator[Row]:
    yield SOURCES
    for each in provenance.sources(run):
        yield each.key, each.title, each.url, each.date, each.confidence


def _manifest(path: Path) -> Iterator[Row]:
    """What the manifest says, key by key, but how long it took."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    yield from _flat({key: value for key, value in data.items() if key not in TIMES}, "")


def _flat(value: Any, name: str) -> Iterator[Row]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(each, list | Mapping) for each in value):
        for at, each in enumerate(value):
            yield from _flat(each, f"{name}[{at}]")
    elif isinstance(value, list):
        yield name, ", ".join(map(str, value))
    elif isinstance(value, bool):
        yield name, "yes" if value else "no"
    else:
        yield name, value
