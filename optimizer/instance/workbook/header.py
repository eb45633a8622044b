"""The names of a sheet's columns, each once, and the document that a sheet becomes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from optimizer.errors import number_hint
from optimizer.instance.problem import nearest
from optimizer.instance.workbook.grid import Content, Fault, Grid, hidden_blank, reference
from optimizer.instance.yaml_reader import Document, Mark, Where

BLANK_HINT: Final = "delete the blank, which may be one that is not shown, or write the text anew"

Row = dict[str, tuple[Content, Mark]]


def named_rows(
    grid: Grid,
    document: Document,
    allowed: Callable[[str], bool],
    known: Sequence[str],
    needed: Collection[str],
) -> Iterator[Row]:
    """The rows below the header, each cell by the name of its column.

    Nothing where the header is wrong, which is then a problem of `document`: a column without a name that
    holds something, a name that stands twice, one that is not `allowed`, one of `needed` that is missing.
    """
    if not grid.rows:
        document.add("E207", "the sheet is empty", Mark(1, 1), ())
        document.broken.add(())
        return
    line, header = grid.rows[0]
    names = _names(line, header, document, allowed, known, needed)
    unnamed = {at for _, cells in grid.rows[1:] for at in cells} - header.keys()
    for at in sorted(unnamed):
        first, cells = next((first, cells) for first, cells in grid.rows[1:] if at in cells)
        message = f"a column without a name holds something, first in {reference(first, at)}"
        hint = f"known: {', '.join(known)}; what stands here by mistake can be deleted"
        document.add("E224", message, Mark(line, at), (), hint)
    if document.problems:
        document.broken.add(())
        return
    for number, cells in grid.rows[1:]:
        yield {names[at]: (content, Mark(number, at)) for at, content in cells.items()}


def _names(
    line: int,
    header: dict[int, Content],
    document: Document,
    allowed: Callable[[str], bool],
    known: Sequence[str],
    needed: Collection[str],
) -> dict[int, str]:
    names: dict[int, str] = {}
    missing = [name for name in needed if name not in header.values()]
    for at, content in header.items():
        mark = Mark(line, at)
        if isinstance(content, Fault):
            document.add(content.code, f"the name of a column {content.message}", mark, (), content.hint)
            continue
        name = str(content)
        if hidden_blank(name):
            document.add("E228", f"the column `{name}` has a blank that does not show", mark, (), BLANK_HINT)
            missing = [each for each in missing if each != name.strip()]
        elif name in names.values():
            first = next(column for column, known_name in names.items() if known_name == name)
            message = f"column `{name}` stands twice, first in {reference(line, first)}"
            document.add("E224", message, mark, (), "give one of them another name, or delete it")
        elif not allowed(name):
            close = nearest(name, missing) or nearest(name, list(known))
            missing = [each for each in missing if each != close]
            hint = f"did you mean `{close}`?" if close else f"known: {', '.join(known)}"
            document.add("E224", f"unknown column `{name}`", mark, (), hint)
        else:
            names[at] = name
    for name in missing:
        document.add("E224", f"column `{name}` is missing", Mark(line, 1), ())
    return names


def refused(content: Content, mark: Mark, where: Where, document: Document) -> bool:
    """Whether nothing can be read from a cell, which is then a problem of `document`."""
    if isinstance(content, Fault):
        name = f"`{where[-1]}` " if where else "the cell "
        document.add(content.code, f"{name}{content.message}", mark, where, content.hint)
        document.broken.add(where)
        return True
    return isinstance(content, str) and document.refuses_text(content, mark, where)


def refused_word(content: Content, mark: Mark, where: Where, document: Document) -> bool:
    """The same of a cell for a name, a word or a number; blanks that do not show are refused, too."""
    if refused(content, mark, where, document):
        return True
    if isinstance(content, str) and hidden_blank(content):
        document.add("E228", f"`{content[:40]}` has a blank that does not show", mark, where, BLANK_HINT)
        document.broken.add(where)
        return True
    return False


def refused_number(content: Content, mark: Mark, where: Where, document: Document) -> bool:
    """The same of a cell for a number, which must not be kept as text; `.inf` is no such text."""
    if refused_word(content, mark, where, document):
        return True
    hint = number_hint(content) if isinstance(content, str) else None
    if hint is None:
        return False
    message = f"`{where[-1]}` must be a number, got the text `{str(content)[:40]}`"
    document.add("E230", message, mark, where, f"{hint}, in a cell with the format of a number")
    document.broken.add(where)
    return True
