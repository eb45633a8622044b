"""Strict CSV with the line and column of every cell: one header, one line per row, no cell left over."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from optimizer.instance.problem import nearest
from optimizer.instance.yaml_reader import Document, Mark, Raw, scalar

CELL: Final = re.compile(r'("(?:[^"]|"")*"|[^,]*)(,|$)')


def read_csv(
    text: str, file: str, prefix: str, columns: Sequence[str], needed: Sequence[str], ranged: Sequence[str]
) -> Document:
    """Rows by their `id`, each a table of its cells that are not blank.

    `columns` are all that may stand in the header, `needed` those that must; `ranged` columns hold numbers
    and may be accompanied by NAME_low and NAME_high. A cell of a `needed` column must not be blank.
    """
    document = Document(file, (prefix,))
    lines = [(number, line) for number, line in enumerate(re.split(r"\r?\n", text), 1) if line.strip()]
    if not lines:
        document.add("E207", "the file is empty", Mark(1, 1), ())
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


def _split(line: str, number: int, document: Document) -> list[tuple[str, Mark]] | None:
    """The cells of a line with their places, stripped of blanks around them."""
    try:
        (texts,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        hint = "a quoted cell must end on its own line, and a quote within it is doubled"
        document.add("E210", f"not valid CSV: {error}", Mark(number, 1), (), hint)
        return None
    starts = [match.start() + 1 for match in CELL.finditer(line)]
    starts += [len(line) + 1] * (len(texts) - len(starts))
    return [(text.strip(), Mark(number, start)) for text, start in zip(texts, starts, strict=False)]


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
