"""Workbooks as bytes: values only, text that stays text, and the same bytes for the same rows."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from optimizer.errors import Diagnostic, OutputError, visible

Value = str | float | None
MOST_ROWS: Final = 1_048_576
LONGEST: Final = 32_767
INFINITE: Final = ".inf"
"""In whose place a number may be typed."""
LOOKS_LIKE_A_FORMULA: Final = ("=", "+", "-", "@")
FIXED: Final = (1980, 1, 1, 0, 0, 0)
MODIFIED: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
LAST_MODIFIED: Final = rb"\g<1>1980-01-01T00:00:00Z"


@dataclass(frozen=True)
class Sheet:
    """A sheet: its rows, the numbers of those in bold, and the widths of its first columns in characters. The
    first `frozen` rows stay in view; a `typed` one keeps what is typed into a cell of text as it is typed."""

    name: str
    rows: Iterable[Sequence[Value]]
    widths: Sequence[int] = ()
    bold: frozenset[int] = frozenset({1})
    frozen: int = 1
    typed: bool = False


def workbook_bytes(sheets: Iterable[Sheet]) -> bytes:
    """The workbook of some sheets; infinity is the text `inf`, and what is no number is left empty.

    Raises `OutputError` (E605) for a text that no cell can hold.
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.freeze_panes = f"A{sheet.frozen + 1}" if sheet.frozen else None
        for at, width in enumerate(sheet.widths, 1):
            page.column_dimensions[get_column_letter(at)].width = width
        for number, row in enumerate(sheet.rows, 1):
            page.append([_cell(page, value, sheet, number in sheet.bold) for value in row])
    content = io.BytesIO()
    book.save(content)
    return _without_times(content.getvalue())


def _cell(page: Any, value: Value, sheet: Sheet, bold: bool) -> Any:
    """A cell, as plain as it may be: a style takes time."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        value = "inf" if value > 0 else "-inf"
    if isinstance(value, int):
        return _styled(page, value, bold) if bold else value
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, float):
        # a number that is handed over as one is cut to 16 digits, which some need 17 of
        cell = WriteOnlyCell(page, repr(value))
        cell.data_type = "n"
        return cell
    text = visible(value)
    if len(text) > LONGEST:
        message = f"a text of {len(text):,} characters is too long for a cell: `{text[:40]}...`"
        raise OutputError(Diagnostic("E605", message, file=sheet.name, hint=f"a cell holds {LONGEST:,}"))
    risky = text.startswith(LOOKS_LIKE_A_FORMULA)
    typed = sheet.typed and text != INFINITE
    if not (bold or typed or risky):
        return text
    cell = _styled(page, text, bold)
    cell.data_type = "s"
    if typed:
        cell.number_format = "@"
    if risky:
        cell.quotePrefix = True
    return cell


def _styled(page: Any, value: Value, bold: bool) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(page, value)
    if bold:
        cell.font = Font(bold=True)
    return cell


def _without_times(content: bytes) -> bytes:
    """The same archive with one date for all of its parts and properties."""
    fresh = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(fresh, "w") as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, FIXED)
            part.compress_type = zipfile.ZIP_DEFLATED
            data = old.read(name)
            new.writestr(part, MODIFIED.sub(LAST_MODIFIED, data) if name == "docProps/core.xml" else data)
    return fresh.getvalue()
