"""An instance as a workbook: a sheet for each file, a row for each value."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from optimizer.errors import Diagnostic, InputError, OutputError
from optimizer.instance.load import RULES, Loader
from optimizer.instance.quantity_reader import is_series_table
from optimizer.instance.schema import Chip, Source
from optimizer.instance.shape import Leaf, Map, Shape, record
from optimizer.instance.shipped import find_instance
from optimizer.instance.units import input_unit
from optimizer.instance.workbook.form import (
    COLUMNS,
    EMPTY_LIST,
    EMPTY_TABLE,
    GROWTH,
    GUIDE,
    LINE,
    PATH,
    RANGE,
    README,
    RULES_TABLE,
    SERIES,
    SHEETS,
    SHEETS_WRITTEN,
    STEPS,
    TABLES,
    UNIT,
    VALUE,
    YEARS,
    is_number,
    is_year_map,
    table_columns,
    table_lines,
)
from optimizer.instance.workbook.writing import INFINITE, Sheet, Value, workbook_bytes
from optimizer.instance.yaml_reader import Raw, Where, dotted

WIDTHS: Final = {PATH: 52, UNIT: 20, VALUE: 16, SERIES: 8, GROWTH: 8, "source": 24, "note": 80}
NARROW: Final = 9

Cells = dict[str | int, Value]


@dataclass(frozen=True)
class _Sheet:
    """The rows of a file so far; `prefix` is where it stands in the instance."""

    shape: Shape
    prefix: Where
    years: range
    rows: list[Cells] = field(default_factory=list)

    def _row(self, where: Where, cells: Mapping[Any, Value]) -> None:
        unit = input_unit(dotted((*self.prefix, *where)))
        self.rows.append({PATH: dotted(where), UNIT: unit or None, **cells})

    def walk(self, shape: Shape, raw: Any, where: Where) -> None:
        """Rows for what stands at a place, in the order of the file."""
        if raw is None:
            return
        if isinstance(shape, Leaf):
            self._leaf(shape, raw, where)
        elif not raw:
            self._row(where, {VALUE: EMPTY_TABLE})
        else:
            for key, below in raw.items():
                entry = shape.entry if isinstance(shape, Map) else shape.fields[key][1]
                self.walk(entry, below, (*where, key))

    def _leaf(self, shape: Leaf, raw: Any, where: Where) -> None:
        if is_year_map(shape):
            self._year_map(raw, where)
        elif is_number(shape):
            self._number(raw, where)
        elif isinstance(raw, list):
            self._row(where, {VALUE: _joined(raw) if raw else EMPTY_LIST})
        else:
            self._row(where, {VALUE: raw})

    def _year_map(self, raw: Mapping[int, Any], where: Where) -> None:
        """Plain amounts in one row, those with a range or a source in rows of their own."""
        plain: Cells = {year: _number(one) for year, one in raw.items() if not isinstance(one, dict)}
        if plain:
            self._row(where, {SERIES: YEARS, **plain})
        for year, one in raw.items():
            if isinstance(one, dict):
                self._number(one, (*where, year))
        if not raw:
            self._row(where, {VALUE: EMPTY_TABLE})

    def _number(self, raw: Any, where: Where) -> None:
        about: Cells = {}
        if isinstance(raw, dict) and not is_series_table(raw):
            about = {
                name: _joined(raw[name]) if isinstance(raw[name], list) else _number(raw[name])
                for name in RANGE
                if name in raw
            }
            raw = raw["value"]
        if isinstance(raw, list):
            cells: Cells = {SERIES: STEPS, **dict(zip(self.years, map(_number, raw), strict=True))}
        elif isinstance(raw, dict) and "start" in raw:
            cells = {SERIES: GROWTH, VALUE: _number(raw["start"]), GROWTH: _number(raw["growth"])}
        elif isinstance(raw, dict):
            cells = {SERIES: LINE, **{year: _number(one) for year, one in raw.items()}}
        else:
            cells = {VALUE: _number(raw)}
        self._row(where, cells | about)


def instance_workbook(path_or_name: str | os.PathLike[str]) -> bytes:
    """The workbook of an instance, shipped or in a directory. Raises `InputError` where it is not valid,
    `OutputError` (E605) for a text that no cell can hold."""
    directory = find_instance(path_or_name)
    loader = Loader(directory, str(directory))
    instance = loader.load()
    sheets = []
    for name, document in loader.documents.items():
        title = SHEETS.get(name, Path(name).stem)
        if name in TABLES:
            sheets.append(_table(title, loader.tables[name], TABLES[name]))
            continue
        one = _Sheet(loader.shapes[name], document.prefix, instance.horizon.years)
        data = document.data
        if name == RULES and isinstance(data, dict):
            data = {**data, RULES_TABLE: data.get(RULES_TABLE, {})}
        one.walk(one.shape, data, ())
        sheets.append(_fields(title, one))
    order = ("instance", *instance.countries, "market", "chips", "rules", "sources")
    sheets.sort(key=lambda sheet: order.index(sheet.name))
    written = (SHEETS_WRITTEN, ", ".join(sheet.name for sheet in sheets))
    guide = Sheet(README, (*GUIDE, (), written), (28, 100), frozenset({1, 4, 9}), frozen=0)
    return workbook_bytes([guide, *sheets])


def _fields(title: str, one: _Sheet) -> Sheet:
    """A row for each value; columns for the years of the horizon, and for others that have a number."""
    years = sorted({*one.years, *(key for row in one.rows for key in row if isinstance(key, int))})
    at = COLUMNS.index(GROWTH) + 1
    columns: list[str | int] = [*COLUMNS[:at], *years, *COLUMNS[at:]]
    rows = ([row.get(name) for name in columns] for row in one.rows)
    return Sheet(
        title, _below(columns, rows), [WIDTHS.get(str(name), NARROW) for name in columns], typed=True
    )


def _table(title: str, data: Raw, model: type[Chip | Source]) -> Sheet:
    """A row for each chip or source; columns for all its fields, and for the ends of ranges in use."""
    lines = table_lines(data)
    used = {name for row in lines for name in row}
    columns = [name for name in table_columns(model) if name in used or name in record(model).fields]
    rows = ([_number(row.get(name)) for name in columns] for row in lines)
    return Sheet(title, _below(columns, rows), [24] * len(columns), typed=True)


def _below(header: Any, rows: Any) -> Iterator[Any]:
    yield header
    yield from rows


def _number(raw: Any) -> Value:
    """A number as it stands in a cell, anything else as it is."""
    infinite = isinstance(raw, float) and math.isinf(raw)
    return INFINITE if infinite else raw


def _joined(items: list[Any]) -> str:
    """A list with commas; what holds one itself stands in quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(items)
    quoted = any("," in str(one) for one in items)
    return text.getvalue() if quoted else text.getvalue().replace(",", ", ")


def write_workbook(path_or_name: str | os.PathLike[str], target: Path) -> Path:
    """Write the workbook of an instance to a new file, and return that. Raises as `instance_workbook`, and
    where the file exists (E215) or cannot be written (E605)."""
    if target.exists() or target.is_symlink():
        message = "the file exists already and is not overwritten"
        raise InputError(Diagnostic("E215", message, file=str(target)))
    content = instance_workbook(path_or_name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise OutputError(Diagnostic("E605", message, file=str(target))) from None
    return target
