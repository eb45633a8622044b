"""Rows and variables of the user's own, told: as tables of a terminal and of the page, and in words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final, NamedTuple

from optimizer.answer import digits
from optimizer.answer.answer import OwnLine

TITLE: Final = "your own variables"
ROWS_TITLE: Final = "your own rows: what room is worth"
OVER_ALL: Final = "over all"
SLACK: Final = "does not bind"
# A name of more characters than this would leave no room for numbers.
LONGEST: Final = 50


class OwnTable(NamedTuple):
    """A table: its title, the heads of its columns of numbers, and lines of a label and a cell per head;
    `left_out` is how many lines more there are."""

    title: str
    heads: list[str]
    lines: list[list[str]]
    left_out: int

    @property
    def more(self) -> str:
        """What to say of the lines that are left out; empty where there are none."""
        return f"and {self.left_out} more: strategy.csv" if self.left_out else ""


def own_tables(lines: Sequence[OwnLine], most: int) -> list[OwnTable]:
    """The variables, then the rows by what their prices are counted in, `most` lines of each."""
    variables = [line for line in lines if line.kind == "variable"]
    rows = [line for line in lines if line.kind != "variable"]
    found = [(TITLE, variables)] if variables else []
    found += [(f"{ROWS_TITLE}, {rows[0].unit}", rows)] if rows else []
    return [_table(title, some, most) for title, some in found]


def own_words(lines: Sequence[OwnLine]) -> list[str]:
    """Each line as a sentence."""
    return [f"{_label(line)}: {_sentence(line)}" for line in lines]


def _table(title: str, lines: Sequence[OwnLine], most: int) -> OwnTable:
    periods = max((line.periods for line in lines), key=len)
    heads = [OVER_ALL] if any(not line.periods for line in lines) else []
    return OwnTable(
        title,
        [*heads, *periods],
        [[_told(line), *_cells(line, len(heads), len(periods))] for line in lines[:most]],
        max(len(lines) - most, 0),
    )


def _cells(line: OwnLine, before: int, periods: int) -> list[str]:
    shown = digits.cells(line.values)
    return [*[""] * before, *shown] if line.periods else [*shown, *[""] * periods]


def _label(line: OwnLine) -> str:
    if not line.words:
        return line.name
    return f"{textwrap.shorten(line.words, LONGEST, placeholder='…')} ({line.name})"


def _told(line: OwnLine) -> str:
    """The name in a table, with what its numbers do not say."""
    if line.kind == "variable":
        return _label(line)
    if not any(line.values):
        return f"{_label(line)}: {SLACK}"
    return f"{_label(line)}; -: room below" if min(line.values) < 0 else _label(line)


def _sentence(line: OwnLine) -> str:
    when = [f" in {period}" for period in line.periods] or [""]
    if line.kind == "variable":
        shown = [text.replace(digits.NOTHING, "0") for text in digits.cells(line.values)]
        return ", ".join(f"{text}{place}" for text, place in zip(shown, when, strict=True))
    if not any(line.values):
        return SLACK
    sizes = digits.cells([abs(value) for value in line.values])
    found = []
    for text, value, place in zip(sizes, line.values, when, strict=True):
        side = "" if line.kind != "equality" else " below" if value < 0 else " above"
        found += [f"{text}{side}{place}"] if value else []
    return f"binds; a unit of room is worth {', '.join(found)} ({line.unit})"
