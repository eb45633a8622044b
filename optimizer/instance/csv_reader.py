"""Strict CSV with the line and column of every cell: one header, as many cells in every row.

A quoted cell may go on over several lines, which are read as one text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from optimizer.instance.problem import nearest
from optimizer.instance.yaml_reader import Document, Mark, Raw, scalar

CELL: Final = re.compile(r'("(?:[^"]|"")*"|[^,]*)(,|\Z)')
QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_csv(
    text: str, file: str, prefix: str, columns: Sequence[str], needed: Sequence[str], ranged: Sequence[str]
) -> Document:
    """Rows by their `id`, each a table of its cells that are not blank.

    `columns` are all that may stand in the header, `needed` those that must; `ranged` columns hold numbers
    and may be accompanied by NAME_low and NAME_high. A cell of a `needed` column must not be blank.
    """
    document = Document(file, (prefix,))
    lines = list(_records(re.split(r"\r?\n", text)))
    if not lines:
        document.add("E207", "the file is empty", Mark(1, 1), ())
        document.broken.add(())
        return document
    separator = _other_separator(lines[0][1], [*columns, *needed])
    if separator is not None:
        message = f"cells are separated by {separator} here; commas are needed"
        hint = "save the table as CSV with commas, and with points in its decimals"
        document.add("E210", message, Mark(lines[0][0], 1), (), hint)
        document.broken.add(())
        return document
    bounds = [f"{name}_{end}" for name in ranged for end in ("low", "high")]
    header = _split(lines[0][1], lines[0][0], document)
    if header is None or not _check_header(header, lines[0][0], [*columns, *bounds], needed, document):
        document.broken.add(())
        return document
    names = [name for name, _ in header]
    numeric = {*ranged, *bounds}
    rows: dict[str | int, Raw] = {}
    for number, line in lines[1:]:
        cells = _split(line, number, document)
        if cells is None:
            document.complete = False
            continue
        if not _check_length(cells, names, number, document):
            # nothing more is said of the row, but its name is known
            if cells[0][0] and names[0] == "id":
                rows.setdefault(cells[0][0], {})
                document.broken.add((cells[0][0],))
            else:
                document.complete = False
            continue
        _read_row(dict(zip(names, cells, strict=True)), number, rows, numeric, needed, document)
    document.data = rows
    return document


def _records(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Every row that is not blank with the number of its first line. A line with a quote that is not closed
    goes on as long as that makes a row of it, else it is left as it is."""
    at = 0
    while at < len(lines):
        text, last = lines[at], at
        if _is_open(text):
            for end in range(at + 1, len(lines)):
                joined = "\n".join(lines[at : end + 1])
                if not _is_open(joined):
                    text, last = (joined, end) if _is_row(joined) else (text, at)
                    break
        if text.strip():
            yield at + 1, text
        at = last + 1


def _is_open(text: str) -> bool:
    """Whether a quoted cell of the row is not closed."""
    at = 0
    while at < len(text):
        if text[at] == '"':
            quoted = QUOTED.match(text, at)
            if quoted is None:
                return True
            at = quoted.end()
        comma = text.find(",", at)
        if comma < 0:
            return False
        at = comma + 1
    return False


def _is_row(text: str) -> bool:
    try:
        return len(list(csv.reader([text], strict=True))) == 1
    except (csv.Error, ValueError):
        return False


def _other_separator(header: str, known: Sequence[str]) -> str | None:
    """What separates the cells of a header, where that is no comma."""
    for mark, name in OTHER_SEPARATORS.items():
        cells = [cell.strip(' "') for cell in header.split(mark)]
        if header.startswith(f"sep={mark}") or (len(cells) > 1 and sum(cell in known for cell in cells) > 1):
            return name
    return None


def _split(line: str, number: int, document: Document) -> list[tuple[str, Mark]] | None:
    """The cells of a row with their places, stripped of blanks around them; lines of one cell become one."""
    try:
        (texts,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        hint = "a quote that opens a cell is closed before the next comma, and one within the cell is doubled"
        document.add("E210", f"not valid CSV: {error}", Mark(number, 1), (), hint)
        return None
    starts = [match.start() for match in CELL.finditer(line)]
    starts += [len(line)] * (len(texts) - len(starts))
    return [
        (" ".join(text.split()) if "\n" in text else text.strip(), _mark(line, number, start))
        for text, start in zip(texts, starts, strict=False)
    ]


def _mark(text: str, number: int, start: int) -> Mark:
    before = text[:start]
    return Mark(number + before.count("\n"), start - before.rfind("\n"))


def _check_header(
    header: list[tuple[str, Mark]],
    number: int,
    allowed: Sequence[str],
    needed: Sequence[str],
    document: Document,
) -> bool:
    good = True
    missing = [name for name in needed if name not in {text for text, _ in header}]
    places: dict[str, Mark] = {}
    for name, mark in header:
        if name in places:
            message = f"column `{name}` stands twice, first in column {places[name].column}"
            document.add("E211", message, mark, (name or "?",))
            good = False
        elif name not in allowed:
            close = nearest(name, missing) or nearest(name, list(allowed))
            if close in missing:
                missing.remove(close)
            hint = f"did you mean `{close}`?" if close else None
            document.add("E211", f"unknown column `{name}`", mark, (name or "?",), hint)
            good = False
        places.setdefault(name, mark)
    for name in missing:
        document.add("E211", f"column `{name}` is missing", Mark(number, 1), (name,))
        good = False
    return good


def _check_length(cells: list[tuple[str, Mark]], names: list[str], number: int, document: Document) -> bool:
    if len(cells) == len(names):
        return True
    mark = cells[min(len(cells), len(names) + 1) - 1][1]
    message = f"the row has {len(cells)} cells, the header {len(names)}"
    where = (cells[0][0],) if cells[0][0] else ()
    document.add(
        "E212",
        message,
        mark,
        where,
        "a cell that holds a comma needs quotes around it, and decimals take a point",
    )
    return False


def _read_row(
    cells: dict[str, tuple[str, Mark]],
    number: int,
    rows: dict[str | int, Raw],
    numeric: set[str],
    needed: Sequence[str],
    document: Document,
) -> None:
    identifier, place = cells["id"]
    if document.refuses_text(identifier, place, ()):
        document.complete = False
        return
    if not identifier:
        document.add("E102", "the row has no `id`", place, ())
        document.complete = False
        return
    if identifier in rows:
        first = document.keys[(identifier,)]
        message = f"`{identifier}` stands twice, first in line {first.line}"
        document.add("E213", message, place, (identifier,))
        document.complete = False
        return
    document.values[(identifier,)] = document.keys[(identifier,)] = Mark(number, 1)
    row: dict[str | int, Raw] = {}
    for name, (text, mark) in cells.items():
        where = (identifier, name)
        document.values[where] = mark
        if document.refuses_text(text, mark, where):
            continue
        if text:
            try:
                row[name] = scalar(text) if name in numeric else text
            except OverflowError:
                document.add("E214", f"the number {text[:40]} is too large", mark, where)
                document.broken.add(where)
        elif name in needed:
            document.add("E102", f"`{name}` is empty", mark, where)
            document.broken.add(where)
    rows[identifier] = row


def table_rows(document: Document) -> Iterator[tuple[str, dict[str | int, Raw]]]:
    """Identifier and cells of every row that could be read."""
    if isinstance(document.data, dict):
        for identifier, row in document.data.items():
            if isinstance(row, dict):
                yield str(identifier), row
