"""A sheet with a row for each value as the document that a YAML file would be."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from optimizer.instance.fields import Texts
from optimizer.instance.problem import nearest
from optimizer.instance.shape import Leaf, Shape, shape_at
from optimizer.instance.units import input_unit
from optimizer.instance.workbook.form import (
    A_YEAR,
    COLUMNS,
    EMPTY_LIST,
    EMPTY_TABLE,
    GROWTH,
    KINDS,
    LINE,
    PATH,
    RANGE,
    SERIES,
    STEPS,
    UNIT,
    VALUE,
    YEARS,
    is_list,
    is_number,
    is_year_map,
)
from optimizer.instance.workbook.grid import Content, Grid, reference
from optimizer.instance.workbook.header import Row, named_rows, refused, refused_number, refused_word
from optimizer.instance.yaml_reader import Document, Mark, Raw, Where, dotted, scalar

PLACE: Final = re.compile(r"([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)(?:\[(\d{4})\])?")
PATH_HINT: Final = "write names with points between them, and a year in brackets: budget.income_usd_bn"
WORDS: Final = ("status", "source")


def read_fields(grid: Grid, file: str, prefix: Where, shape: Shape, years: range | None) -> Document:
    """The document of a sheet; `years` of the horizon, `None` where they are not known. Marks are rows and
    columns of the sheet."""
    document = Document(file, prefix)
    data: dict[str | int, Raw] = {}
    placed: dict[Where, Mark] = {}

    def allowed(name: str) -> bool:
        return name in COLUMNS or A_YEAR.fullmatch(name) is not None

    for cells in named_rows(grid, document, allowed, COLUMNS, (PATH, VALUE)):
        where = _place(cells, document)
        if where is None:
            document.complete = False
            continue
        row = _Row(document, data, placed, years, cells, where)
        row.read(shape)
    document.data = data
    return document


def _place(cells: Row, document: Document) -> Where | None:
    """The place that a row's path names."""
    first = next(iter(cells.values()))[1]
    if PATH not in cells:
        document.add("E229", "the row has no `path`", Mark(first.line, first.column), (), PATH_HINT)
        return None
    content, mark = cells[PATH]
    if refused_word(content, mark, (), document):
        document.broken.discard(())
        return None
    found = PLACE.fullmatch(str(content))
    if found is None:
        document.add("E229", f"`{str(content)[:60]}` is no path", mark, (), PATH_HINT)
        return None
    names, year = found.groups()
    return (*names.split("."), *((int(year),) if year else ()))


@dataclass
class _Row:
    """A row on its way into the `data` of a document; `placed` are the values there so far."""

    document: Document
    data: dict[str | int, Raw]
    placed: dict[Where, Mark]
    years: range | None
    cells: Row
    where: Where

    def read(self, root: Shape) -> None:
        of_year = isinstance(self.where[-1], int)
        shape = shape_at(root, self.where[:-1] if of_year else self.where)
        if of_year and not is_year_map(shape):
            hint = "the years of a series stand under the columns of years"
            self.problem("E229", f"`{dotted(self.where)}` is no path of single years", PATH, hint)
            return
        self._check_unit()
        content = self.cells.get(VALUE, (None, self.mark))[0]
        if set(self.cells) <= {PATH, UNIT}:
            self.problem("E104", f"`{self.where[-1]}` is empty", None, "delete the row, or give it a value")
        elif is_number(shape) or of_year:
            self._put(self.where, self._quantity())
        elif is_year_map(shape) and content != EMPTY_TABLE:
            self._single_years()
        elif self._only(VALUE if shape is not None else COLUMNS, "no number with a range stands here"):
            self._put(self.where, self._plain(shape))

    @property
    def mark(self) -> Mark:
        return self.cells[PATH][1]

    def problem(self, code: str, message: str, name: str | None, hint: str | None = None) -> None:
        """Something wrong with the row, at its cell in a column."""
        mark = self.cells[name][1] if name in self.cells else self.mark
        self.document.add(code, message, mark, self.where, hint)
        self.document.broken.add(self.where)

    def _check_unit(self) -> None:
        if UNIT not in self.cells:
            return
        content, mark = self.cells[UNIT]
        if refused_word(content, mark, (*self.where, UNIT), self.document):
            return
        unit = input_unit(dotted((*self.document.prefix, *self.where)))
        if content != unit:
            said = f"the unit `{unit}`" if unit else "no unit"
            message = f"`{self.where[-1]}` has {said}, which cannot be changed to `{str(content)[:40]}`"
            hint = f"convert the numbers, and write {f'`{unit}`' if unit else 'nothing'} here again"
            self.document.add("E225", message, mark, self.where, hint)

    def _only(self, used: str | Collection[str], why: str) -> bool:
        """Whether nothing stands under columns that would be ignored."""
        known = {PATH, UNIT, *((used,) if isinstance(used, str) else used)}
        for name in self.cells:
            if name not in known:
                message = f"`{self.where[-1]}` has something under `{name}` that would be ignored: {why}"
                self.problem("E231", message, name, "delete it, or put it where it belongs")
                return False
        return True

    def _put(self, where: Where, raw: Raw) -> None:
        """A value in its place, unless another is there or around it."""
        table = self.data
        document = self.document
        for length in range(1, len(where) + 1):
            part, key = where[:length], where[length - 1]
            is_last = length == len(where)
            if part in self.placed or (is_last and key in table):
                first = self.placed.get(part) or document.keys[part]
                message = f"`{dotted(part)}` has a value already, in {reference(*first)}"
                document.add("E229", message, self.mark, where, "delete one of the two rows")
                return
            document.keys.setdefault(part, self.mark)
            if is_last:
                table[key] = raw
            else:
                below = table.setdefault(key, {})
                assert isinstance(below, dict)
                table = below
        self.placed[where] = self.mark
        document.values[where] = self.cells[VALUE][1] if VALUE in self.cells else self.mark

    def _plain(self, shape: Shape | None) -> Raw:
        """A text, a whole number, or a list."""
        content, mark = self.cells[VALUE]
        names = isinstance(shape, Leaf) and (shape.rule is not None or is_list(shape))
        refuses = refused_word if names else refused
        if refuses(content, mark, self.where, self.document):
            return None
        if isinstance(content, str) and isinstance(shape, Leaf) and is_list(shape):
            found = _listed(content)
            return [found] if shape.annotation == Texts and isinstance(found, str) else found
        if not isinstance(shape, Leaf) and content == EMPTY_TABLE:
            return {}
        return int(content) if isinstance(content, float) and content.is_integer() else _raw(content)

    def _single_years(self) -> None:
        if self._kind() != YEARS:
            message = f"`{self.where[-1]}` lists amounts of single years: `{YEARS}` must stand under `series`"
            self.problem("E231", message, SERIES)
        elif self._only((SERIES, *self._years()), "amounts of single years stand under their years"):
            for name in self._years():
                content, mark = self.cells[name]
                place = (*self.where, int(name))
                if not refused_number(content, mark, place, self.document):
                    self._put(place, _number(content))
                    self.document.values[place] = mark

    def _years(self) -> list[str]:
        return sorted(name for name in self.cells if A_YEAR.fullmatch(name))

    def _kind(self) -> str | None:
        """How the row's numbers are read, empty for one number; `None` where that cannot be told."""
        if SERIES not in self.cells:
            return ""
        content, mark = self.cells[SERIES]
        if refused_word(content, mark, self.where, self.document):
            return None
        if content in KINDS:
            return str(content)
        close = nearest(str(content), KINDS)
        hint = f"did you mean `{close}`?" if close else None
        self.problem("E111", f"`series` must be one of {', '.join(KINDS)}, got `{content}`", SERIES, hint)
        return None

    def _quantity(self) -> Raw:
        """A number or a series, in a table with its range where anything is said of that."""
        kind = self._kind()
        years = self._years()
        used = {"": (VALUE,), GROWTH: (VALUE, GROWTH), STEPS: tuple(years), LINE: tuple(years)}
        if kind is None:
            return None
        if kind == YEARS:
            self.problem("E231", f"`{self.where[-1]}` is no table of single years", SERIES)
            return None
        if not kind and years:
            hint = f"write {STEPS} or {LINE} under `series`, or delete the numbers under years"
            self.problem("E231", "numbers stand under years, but `series` is empty", years[0], hint)
            return None
        how = f"`series` is {kind}" if kind else "it is one number"
        if not self._only((SERIES, *used[kind], *RANGE), how):
            return None
        table = self._about()
        numbers: dict[str, Raw] = {}
        base = (*self.where, "value") if table else self.where
        for at, name in enumerate(used[kind]):
            if name not in self.cells:
                self.problem("E104", f"`{self.where[-1]}` is empty under `{name}`", None)
                return None
            place = self._place_of(base, kind, name, at)
            content, mark = self.cells[name]
            if not refused_number(content, mark, place, self.document):
                numbers[name] = _number(content)
            self.document.values.setdefault(place, mark)
        value = self._series(kind, numbers, len(used[kind]))
        return {"value": value, **table} if table else value

    def _place_of(self, base: Where, kind: str, name: str, at: int) -> Where:
        """Where the number under a column stands in what a file would say."""
        if kind == GROWTH:
            return (*base, "growth" if name == GROWTH else "start")
        return (*base, int(name) if kind == LINE else at) if kind else base

    def _series(self, kind: str, numbers: dict[str, Raw], wanted: int) -> Raw:
        """The numbers of a row as they are written in a file."""
        if len(numbers) < wanted or not wanted:
            if not wanted:
                self.problem("E104", f"`{self.where[-1]}` has no number under any year", SERIES)
            return None
        if kind == STEPS:
            years = self.years
            if years is not None and [int(name) for name in numbers] != list(years):
                message = f"`{STEPS}` needs one number for each year from {years[0]} to {years[-1]}, no more"
                self.problem("E109", message, SERIES)
            return list(numbers.values())
        if kind == LINE:
            return {int(name): number for name, number in numbers.items()}
        if kind == GROWTH:
            return {"start": numbers[VALUE], "growth": numbers[GROWTH]}
        return numbers[VALUE]

    def _about(self) -> dict[str | int, Raw]:
        """Range, status, source and note, as far as they are given."""
        table: dict[str | int, Raw] = {}
        for name in RANGE:
            if name not in self.cells:
                continue
            content, mark = self.cells[name]
            place = (*self.where, name)
            self.document.values[place] = self.document.keys[place] = mark
            if name in WORDS:
                if not refused_word(content, mark, place, self.document):
                    table[name] = _listed(str(content)) if name == "source" else _raw(content)
            elif name == "note":
                if not refused(content, mark, place, self.document):
                    table[name] = str(content)
            elif not refused_number(content, mark, place, self.document):
                table[name] = _number(content)
        return table


def _raw(content: Content) -> Raw:
    return content if isinstance(content, str | int | float) else None


def _number(content: Content) -> Raw:
    """A number; a text that is none as it is, which is told with what else is wrong with values."""
    return scalar(content) if isinstance(content, str) and content.endswith(".inf") else _raw(content)


def _listed(text: str) -> Raw:
    """One word, or the items between commas."""
    if text == EMPTY_LIST:
        return []
    (items,) = csv.reader([text.replace("\n", " ")], skipinitialspace=True)
    found: list[Raw] = [item.strip() for item in items]
    return found if len(found) > 1 else found[0]
