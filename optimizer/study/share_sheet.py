"""A plan given as a sheet: one row a year, one column a category of the budget, shares as cells."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.parameters import CATEGORIES
from optimizer.errors import Diagnostic, InputError, number_hint
from optimizer.instance import Instance
from optimizer.study.shares_asked import (
    FIX,
    ROUND_OFF,
    Share,
    category_of,
    outside,
    percent,
    unknown_category,
)

YEARS: Final = ("year", "years", "period")
HINT: Final = "columns are `year` and categories of the budget; percents have % in the name or the cells"
_PERCENT: Final = re.compile(r"\s*\(?\s*%\s*\)?\s*$")
# sums of a full row that tell fractions from percents where no sign does
NEAR: Final = (0.9, 1.1)


@dataclass(frozen=True)
class ShareSheet:
    """The shares of a sheet, each exact in its year, and what was done to make them add up, in words."""

    shares: tuple[Share, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    line: int
    year: int
    category: str
    number: float
    signed: bool
    half_unit: float


def is_share_sheet(path: Path) -> bool:
    """Whether a file is a sheet of shares: it has years, and no metrics or countries with periods, which a
    strategy has. One that cannot be read is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = re.split(r"[,;\t]", file.readline().lower())
    except (OSError, UnicodeDecodeError):
        return False
    names = [name.strip().strip('"') for name in header]
    is_strategy = "metric" in names or {"country", "period"} <= set(names)
    return not is_strategy and any(name in YEARS for name in names)


def read_share_sheet(path: Path, instance: Instance, tolerance: float) -> ShareSheet:
    """The shares of a sheet. A year's shares that add to 100% but for their own rounding, or for `tolerance`,
    are scaled to it, and the notes say so. Columns may be parted by `;`, with commas in numbers, or by tabs,
    as spreadsheets of other languages save them. Raises `InputError` with every problem, each with
    its line."""
    text = path.read_text(encoding="utf-8-sig")
    head = text.partition("\n")[0]
    parted = next((each for each in ";\t" if each in head and "," not in head), ",")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=parted, strict=True)
    reader = _Reader(str(path), instance, parted != ",")
    try:
        reader.header(next(lines, []))
        for row in lines:
            if any(cell.strip() for cell in row):
                reader.row(lines.line_num, row)
    except csv.Error as error:
        raise InputError(Diagnostic("E210", str(error), file=str(path), line=lines.line_num)) from error
    if reader.problems:
        raise InputError(reader.problems)
    return reader.sheet(tolerance)


class _Reader:
    def __init__(self, file: str, instance: Instance, decimal_commas: bool) -> None:
        self.file, self.instance, self.decimal_commas = file, instance, decimal_commas
        self.problems: list[Diagnostic] = []
        self.columns: list[tuple[str, bool]] = []
        self.cells: list[_Cell] = []
        self.lines: dict[int, int] = {}

    def problem(self, message: str, line: int, hint: str | None = HINT, code: str = "E627") -> None:
        self.problems.append(Diagnostic(code, message, file=self.file, line=line, hint=hint))

    def header(self, names: list[str]) -> None:
        """What each column is of; raises where a row cannot be read by it."""
        if len(names) == 1:
            self.problem("the sheet has one column", 1, "save it as CSV with commas between columns")
        found: list[str] = []
        for raw in names:
            name = _PERCENT.sub("", raw).strip()
            category = "" if name.lower() in YEARS else category_of(name)
            if category is None:
                unknown = unknown_category(name, file=self.file, line=1)
                hint = f"{unknown.hint}; leave out columns that are none, as of totals"
                self.problem(unknown.message, 1, hint, unknown.code)
                continue
            if category in found:
                self.problem(f"the sheet has column `{name}` twice", 1, None)
            found.append(category)
            self.columns.append((category, "%" in raw))
        if not self.problems and found == [""]:
            self.problem("the sheet has no column of a category", 1)
        if self.problems:
            raise InputError(self.problems)

    def row(self, line: int, row: list[str]) -> None:
        if len(row) != len(self.columns):
            self.problem(f"{len(row)} fields where there are {len(self.columns)} columns", line, None)
            return
        place = next(i for i, (category, _) in enumerate(self.columns) if not category)
        text = row[place].strip()
        if not re.fullmatch(r"\d{4}", text):
            self.problem(f"a row is of a calendar year, got `{text}`", line)
            return
        year = int(text)
        if year not in self.instance.horizon.years:
            self.problems.append(outside(year, self.instance, file=self.file, line=line))
        elif year in self.lines:
            self.problem(f"{year} is given on line {self.lines[year]} already", line, None)
        self.lines.setdefault(year, line)
        for (category, in_percent), cell in zip(self.columns, row, strict=True):
            # an empty cell leaves the category free
            if category and cell.strip():
                self.cell(line, year, category, cell.strip(), in_percent)

    def cell(self, line: int, year: int, category: str, text: str, in_percent: bool) -> None:
        plain = text.removesuffix("%").strip()
        if self.decimal_commas and plain.count(",") == 1 and "." not in plain:
            plain = plain.replace(",", ".")
        try:
            number = float(plain)
        except ValueError:
            number = -1.0
        signed = in_percent or text.endswith("%")
        if not 0 <= number <= 100 or "_" in plain:
            hint = number_hint(plain) or "0% to 100%, or 0 to 1"
            self.problem(f"the share of {category} in {year} is none: `{text}`", line, hint)
            return
        unit = 0.01 if signed else 1.0
        half = 0.5 * 10.0 ** -len(plain.partition(".")[2])
        self.cells.append(_Cell(line, year, category, number * unit, signed, half * unit))

    def sheet(self, tolerance: float) -> ShareSheet:
        """The shares, once it is known what they are in, and what they add to."""
        unit = self._unit()
        shares: list[Share] = []
        notes: list[str] = []
        for year, line in sorted(self.lines.items()):
            cells = [cell for cell in self.cells if cell.year == year]
            values = [cell.number * (1 if cell.signed else unit) for cell in cells]
            room = sum(cell.half_unit * (1 if cell.signed else unit) for cell in cells)
            total = sum(values)
            if over := next((each for each in values if each > 1), None):
                self.problem(f"a share in {year} is {percent(over)} of the budget", line)
            elif len(cells) < len(CATEGORIES):
                if total > 1 + ROUND_OFF:
                    self.problem(f"the shares of {year} add to {percent(total)}", line, None, "E626")
            elif abs(total - 1) > max(room, tolerance) + ROUND_OFF:
                hint = "the shares of all five categories add to 100%; leave one empty to let it be free"
                self.problem(f"the shares of {year} add to {percent(total)}", line, hint, "E626")
            else:
                if abs(total - 1) > ROUND_OFF:
                    why = "rounded" if abs(total - 1) <= room + ROUND_OFF else "within --tolerance"
                    notes.append(f"the shares of {year} add to {percent(total)}, {why}: scaled to 100%")
                values = [value / total for value in values]
            shares += [
                Share(FIX, cell.category, value, (year, year), f"{self.file}:{line} {cell.category}")
                for cell, value in zip(cells, values, strict=True)
            ]
        if not shares and not self.problems:
            self.problem("the sheet holds no share", 1)
        if self.problems:
            raise InputError(self.problems)
        return ShareSheet(tuple(shares), tuple(notes))

    def _unit(self) -> float:
        """What cells without a sign are in: told by what the full rows add to."""
        plain = [cell for cell in self.cells if not cell.signed]
        if not plain:
            return 1.0
        sums = []
        for year in self.lines:
            cells = [cell for cell in plain if cell.year == year]
            if len(cells) == len(CATEGORIES):
                sums.append(sum(cell.number for cell in cells))
        if sums and all(NEAR[0] <= each <= NEAR[1] for each in sums):
            return 1.0
        if max(cell.number for cell in plain) > 1:
            return 0.01
        message = "percent or part of 1? No year names every category, and no cell or column has a %"
        if sums:
            message = f"percent or part of 1? The shares of a year add to {sums[0]:.6g}"
        self.problem(message, plain[0].line)
        raise InputError(self.problems)
