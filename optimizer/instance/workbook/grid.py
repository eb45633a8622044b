"""A workbook as cells: what each holds, or what is wrong with it."""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from optimizer.errors import Diagnostic, InputError

MACROS: Final = (".xlsm", ".xltm", ".xlam")
PROTECTED: Final = b"\xd0\xcf\x11\xe0"
DATES: Final = (datetime.date, datetime.time, datetime.timedelta)
# what Python's `strip` leaves, or what stands within a word without being seen
UNSEEN: Final = re.compile(r"[\u00a0\u00ad\u2000-\u200f\u202f\u205f\u2060\u3000]")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell by itself."""

    code: str
    message: str
    hint: str


Content = str | int | float | bool | Fault


@dataclass(frozen=True)
class Grid:
    """A sheet: its name, and of each row that holds something the number and the cells by column, from 1."""

    name: str
    rows: list[tuple[int, dict[int, Content]]]


def reference(line: int, column: int) -> str:
    """A cell as a spreadsheet calls it: `B12`."""
    letters = ""
    while column:
        column, last = divmod(column - 1, 26)
        letters = chr(ord("A") + last) + letters
    return f"{letters}{line}"


def hidden_blank(text: str) -> bool:
    """Whether a text begins or ends with a blank, or holds one that no program shows."""
    return text != text.strip() or UNSEEN.search(text) is not None


def read_grids(path: Path) -> list[Grid]:
    """The sheets of a workbook; a cell with a formula holds its value of when it was saved.

    Raises `InputError`: E221 where it cannot be read, E222 where it holds macros.
    """
    _refuse_others(path)
    # what a workbook holds beside cells is of no concern
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _grids(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError) as error:
            hint = "save it again as a plain .xlsx workbook, without sheets that are charts"
            raise _unreadable(path, str(error) or type(error).__name__, hint) from error
        except (zipfile.BadZipFile, zlib.error, ParseError) as error:
            raise _unreadable(path, str(error)) from error


def _refuse_others(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError:
        raise InputError(Diagnostic("E201", "there is no such file", file=str(path))) from None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    if start == PROTECTED:
        hint = "save it as .xlsx, without a password"
        raise _unreadable(path, "it is protected by a password, or of an old form", hint)
    if not zipfile.is_zipfile(path):
        raise _unreadable(path, "it is no .xlsx file", "save it as an Excel workbook (.xlsx)")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, str(error)) from error
    if path.suffix.lower() in MACROS or any(Path(name).name == "vbaProject.bin" for name in names):
        message = "the workbook holds macros, which are never run nor read"
        hint = "save it as an Excel workbook without macros (.xlsx)"
        raise InputError(Diagnostic("E222", message, file=str(path), hint=hint))


def _unreadable(path: Path, why: str, hint: str | None = None) -> InputError:
    return InputError(Diagnostic("E221", f"the workbook cannot be read: {why}", file=str(path), hint=hint))


def _grids(path: Path) -> list[Grid]:
    from openpyxl import load_workbook

    written = load_workbook(path, read_only=True)
    grids, formulas = [], False
    for page in written.worksheets:
        rows = []
        # some programs write a wrong size
        page.reset_dimensions()
        for number, row in enumerate(page.iter_rows(), 1):
            cells = {at: _content(cell) for at, cell in enumerate(row, 1) if cell.value not in (None, "")}
            formulas |= any(isinstance(one, _Formula) for one in cells.values())
            if cells:
                rows.append((number, cells))
        grids.append(Grid(page.title, rows))
    written.close()
    return _with_values(path, grids) if formulas else grids


class _Formula(Fault):
    """A formula whose value stands elsewhere."""


FORMULA: Final = _Formula(
    "E226",
    "holds a formula without a value",
    "open the workbook in a spreadsheet program and save it, or write the number itself",
)


def _content(cell: Any) -> Content:
    value = cell.value
    if cell.data_type == "f":
        return FORMULA
    if cell.data_type == "e":
        return Fault("E226", f"holds the error {value}", "mend the formula, or write the value itself")
    if isinstance(value, DATES):
        hint = "give the cell the format of text or of a number, and write it again: 2026-03-15, 1.5"
        return Fault("E227", f"holds the date or time {value}, where a number or text is needed", hint)
    return value if isinstance(value, str | int | float) else str(value)


def _with_values(path: Path, grids: list[Grid]) -> list[Grid]:
    """The sheets with the values of their formulas, as far as they were saved."""
    from openpyxl import load_workbook

    told = load_workbook(path, read_only=True, data_only=True)
    for grid, page in zip(grids, told.worksheets, strict=True):
        page.reset_dimensions()
        cells = dict(grid.rows)
        for number, row in enumerate(page.iter_rows(), 1):
            for at, cell in enumerate(row, 1):
                if cells.get(number, {}).get(at) is FORMULA and cell.value not in (None, ""):
                    cells[number][at] = _content(cell)
    told.close()
    return grids
