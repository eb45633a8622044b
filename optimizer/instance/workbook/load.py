"""From a workbook to an `Instance`, and to the files of one: checked as an instance in files is, each problem
with its sheet and cell."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.field_rules import COUNTRY
from optimizer.instance.instance import Instance
from optimizer.instance.load import RULES, Loader, horizon_years, load
from optimizer.instance.problem import nearest
from optimizer.instance.shape import Shape
from optimizer.instance.whole import refuse_taken, written_whole
from optimizer.instance.workbook.fields import read_fields
from optimizer.instance.workbook.form import (
    EMPTY_TABLE,
    PATH,
    README,
    RULES_TABLE,
    SHEETS,
    SHEETS_WRITTEN,
    TABLES,
    VALUE,
    table_columns,
    table_lines,
)
from optimizer.instance.workbook.grid import Grid, read_grids, reference
from optimizer.instance.workbook.table import read_table
from optimizer.instance.yaml_reader import Document, Mark, Raw, Where

WIDE: Final = 140


def import_workbook(source: Path, target: Path) -> tuple[Path, ...]:
    """Write the instance of a workbook to a directory that is new or empty; the files written.

    Raises `InputError` with every problem of the workbook, or where `target` holds something, `OutputError`
    where it cannot be written. Nothing is left of `target` then.
    """
    refuse_taken(target, "name a new directory")
    loader = _Loader(source)
    instance = loader.load()
    return _write(loader, instance, target)


class _Loader(Loader):
    """The sheets of a workbook in the place of files."""

    def __init__(self, source: Path) -> None:
        super().__init__(source, str(source))
        self.grids = {grid.name: grid for grid in read_grids(source)}

    def load(self) -> Instance:
        self._refuse_other_sheets()
        self._refuse_lost_sheets()
        try:
            return super().load()
        except InputError as error:
            raise InputError([self._at_cell(each) for each in error.diagnostics]) from None

    @property
    def _countries(self) -> list[str]:
        return sorted(name for name in self.grids if COUNTRY.fullmatch(name))

    def _refuse_other_sheets(self) -> None:
        known = (README, *SHEETS.values(), *self._countries)
        for name, grid in self.grids.items():
            if name in known or not grid.rows:
                continue
            close = nearest(name, known)
            hint = f"did you mean `{close}`?" if close else "a country's sheet is called by its code: CHN"
            message = f"the sheet `{name}` belongs to no part of an instance and would be ignored"
            self.problems.append(Diagnostic("E223", message, file=self.shown, hint=hint))

    def _refuse_lost_sheets(self) -> None:
        """Without its sheet of rules a world would be one without export rules, and one country fewer."""
        written = self._sheets_written()
        # who knows no list may have lost it with the rest
        for name in [SHEETS[RULES]] if written is None else written:
            if name in self.grids or not (name == SHEETS[RULES] or COUNTRY.fullmatch(name)):
                continue
            self.problems.append(
                Diagnostic(
                    "E223",
                    f"the sheet `{name}` is not there"
                    + (", and no list of sheets says that it never was" if written is None else ""),
                    file=self.shown,
                    hint=f"bring it back; where there is to be none, list all other sheets in `{README}`, "
                    f"beside `{SHEETS_WRITTEN}`",
                )
            )

    def _sheets_written(self) -> list[str] | None:
        """The sheets that `read me` lists, None where it has no list."""
        guide = self.grids.get(README)
        for _, row in guide.rows if guide else []:
            texts = [str(row[column]).strip() for column in sorted(row)]
            if SHEETS_WRITTEN in texts:
                after = texts[texts.index(SHEETS_WRITTEN) + 1 :]
                return [name.strip() for text in after for name in text.split(",")]
        return None

    def _at_cell(self, problem: Diagnostic) -> Diagnostic:
        """A problem at a row and column of a sheet, by the cell's name."""
        sheet = (problem.file or "").removeprefix(f"{self.shown}:")
        if sheet not in self.grids or problem.line is None or problem.column is None:
            return problem
        place = f"{problem.file}!{reference(problem.line, problem.column)}"
        is_number = (problem.hint or "").startswith("quote it")
        hint = "give the cell the format of a text" if is_number else problem.hint
        return replace(problem, file=place, line=None, column=None, hint=hint)

    def _grid(self, name: str) -> Grid | None:
        sheet = SHEETS.get(name, Path(name).stem)
        found = self.grids.get(sheet)
        if found is None:
            message = f"the sheet `{sheet}` is missing"
            self.problems.append(Diagnostic("E223", message, file=self.shown))
        return found

    def _shown(self, name: str) -> str:
        return f"{self.shown}:{SHEETS.get(name, Path(name).stem)}"

    def _yaml(self, name: str, prefix: Where, shape: Shape) -> Document:
        grid = self._grid(name)
        if grid is None:
            document = Document(self._shown(name), prefix, broken={()})
        else:
            if name == "instance.yaml":
                self.years = _horizon(grid)
            document = read_fields(grid, self._shown(name), prefix, shape, self.years)
            if name == RULES:
                _refuse_no_rules(document)
        return self._kept(name, document, shape)

    def _csv(
        self, name: str, shape: Shape, columns: list[str], needed: list[str], ranged: tuple[str, ...]
    ) -> Document:
        grid, prefix = self._grid(name), Path(name).stem
        if grid is None:
            return self._kept(name, Document(self._shown(name), (prefix,), broken={()}), shape)
        document = read_table(grid, self._shown(name), prefix, columns, needed, ranged)
        self.tables[name] = document.data
        return self._kept(name, document, shape)

    def _has(self, name: str) -> bool:
        return SHEETS[name] in self.grids

    def _country_names(self) -> list[str]:
        if not self._countries:
            self.countries_known = False
            message = "there is no country: a sheet called by its code, as USA, is needed"
            self.problems.append(Diagnostic("E223", message, file=self.shown))
        return self._countries

    def _refuse_stray_files(self, folder: Path, inside: str, known: tuple[str, ...]) -> None:
        """Sheets are looked at before."""


def _refuse_no_rules(document: Document) -> None:
    """Rows that were lost would leave a world without export rules, so that such a one has to say so."""
    if document.problems or (isinstance(document.data, dict) and RULES_TABLE in document.data):
        return
    hint = (
        "bring its rows back; where there are to be no rules, add a row with the path "
        f"`{RULES_TABLE}` and the value `{EMPTY_TABLE}`"
    )
    document.add("E207", "the sheet holds no rule", Mark(1, 1), (), hint)


def _horizon(grid: Grid) -> range | None:
    """The years of the horizon, which series need before the sheet is read."""
    columns = {content: at for at, content in grid.rows[0][1].items()} if grid.rows else {}
    told = {cells.get(columns.get(PATH, 0)): cells.get(columns.get(VALUE, 0)) for _, cells in grid.rows}
    ends = {name: told.get(f"horizon.{name}") for name in ("first_year", "last_year")}
    return horizon_years({name: int(one) if isinstance(one, float) else one for name, one in ends.items()})


def _write(loader: _Loader, instance: Instance, target: Path) -> tuple[Path, ...]:
    with written_whole(target) as unfinished:
        (unfinished / "countries").mkdir()
        for name, document in loader.documents.items():
            is_table = name in TABLES
            text = _csv_text(name, loader.tables[name]) if is_table else _yaml_text(document.data)
            (unfinished / name).write_text(text, encoding="utf-8", newline="")
        if load(unfinished).remember(files={}, directory="") != instance.remember(directory=""):
            raise AssertionError("the files of the workbook say something else than its sheets")
    return tuple(target / name for name in loader.documents)


def _yaml_text(data: Raw) -> str:
    """A YAML file: tables in blocks, what holds no other table in one line."""
    yaml = YAML(typ="safe")
    yaml.default_flow_style = None
    yaml.representer.sort_base_mapping_type_on_output = False
    yaml.width = WIDE
    yaml.allow_unicode = True
    text = io.StringIO()
    yaml.dump(data, text)
    return text.getvalue()


def _csv_text(name: str, data: Raw) -> str:
    rows = table_lines(data)
    used = {column for row in rows for column in row}
    columns = [column for column in table_columns(TABLES[name]) if column in used]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({str(key): _csv_cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _csv_cell(value: Raw) -> Raw:
    if isinstance(value, float) and math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return value
