"""A sheet with a row for each chip or source as the document that a CSV file would be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.instance.problem import number_text
from optimizer.instance.workbook.grid import Content, Grid, reference
from optimizer.instance.workbook.header import named_rows, refused, refused_number, refused_word
from optimizer.instance.yaml_reader import Document, Mark, Raw, scalar

FREE: Final = ("name", "title", "note", "url", "date", "confidence", "designer")


def read_table(
    grid: Grid, file: str, prefix: str, columns: Sequence[str], needed: Sequence[str], ranged: Sequence[str]
) -> Document:
    """Rows by their `id`, as `optimizer.instance.csv_reader.read_csv` gives them; marks are rows and columns
    of the sheet."""
    document = Document(file, (prefix,))
    bounds = [f"{name}_{end}" for name in ranged for end in ("low", "high")]
    numeric = {*ranged, *bounds}
    known = [*columns, *bounds]
    rows: dict[str | int, Raw] = {}
    for cells in named_rows(grid, document, lambda name: name in known, columns, needed):
        first = next(iter(cells.values()))[1]
        content, mark = cells.get("id", ("", Mark(first.line, 1)))
        if content == "":
            document.add("E102", "the row has no `id`", mark, ())
        elif refused_word(content, mark, (), document):
            document.broken.discard(())
        elif str(content) in rows:
            place = reference(*document.keys[(str(content),)])
            document.add("E213", f"`{content}` stands twice, first in {place}", mark, (str(content),))
        else:
            identifier = str(content)
            document.values[(identifier,)] = document.keys[(identifier,)] = mark
            row: dict[str | int, Raw] = {}
            rows[identifier] = row
            for name in known:
                if name in cells:
                    _read_cell(identifier, name, *cells[name], name in numeric, row, document)
                elif name in needed:
                    document.add("E102", f"`{name}` is empty", mark, (identifier, name))
                    document.broken.add((identifier, name))
            continue
        document.complete = False
    document.data = rows
    return document


def _read_cell(
    identifier: str,
    name: str,
    content: Content,
    mark: Mark,
    is_number: bool,
    row: dict[str | int, Raw],
    document: Document,
) -> None:
    where = (identifier, name)
    document.values[where] = mark
    refuses = refused_number if is_number else refused if name in FREE else refused_word
    if refuses(content, mark, where, document):
        return
    if is_number:
        row[name] = scalar(content) if isinstance(content, str) else _raw(content)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        row[name] = number_text(float(content))
    else:
        row[name] = " ".join(str(content).split()) if "\n" in str(content) else str(content).strip()


def _raw(content: Content) -> Raw:
    return content if isinstance(content, int | float) else None
