"""Tables in which a year has two columns where it is both the year asked about and the last one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

Head = TypeVar("Head")
Value = TypeVar("Value")


def distinct(
    heads: Sequence[Head], rows: Iterable[Sequence[Value]]
) -> tuple[tuple[Head, ...], list[list[Value]]]:
    """The heads each once, and the rows without what stands under one of them again."""
    kept = [position for position, head in enumerate(heads) if head not in heads[:position]]
    return tuple(heads[k] for k in kept), [[row[k] for k in kept] for row in rows]
