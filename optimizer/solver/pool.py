"""Tangent points and a basis that outlive one solve, in a form that fits any parameter vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from optimizer.program.tape import Array, Index

_MOST: Final = 2**28
Rows = Sequence[int] | Index


@dataclass(frozen=True)
class Start:
    """Where a warm solve starts: leaf points (leaves, points), which functions use each (functions, points),
    and the status of columns and rows in the last basis, rows by their `row_keys`."""

    points: Array
    mask: NDArray[np.bool_]
    columns: list[Any] = field(default_factory=list)
    rows: dict[int, Any] = field(default_factory=dict)


@dataclass
class Pool:
    """The tangent points of a solve, in the order in which they were added."""

    points: list[Array] = field(default_factory=list)
    masks: list[NDArray[np.bool_]] = field(default_factory=list)

    def add(self, points: Array, mask: NDArray[np.bool_]) -> int:
        """Append points; returns the number of the first one."""
        first = len(self.points)
        self.points.extend(points.T)
        self.masks.extend(mask.T)
        return first

    def joined(self) -> tuple[Array, NDArray[np.bool_]]:
        """All points and masks as arrays."""
        return np.column_stack(self.points), np.column_stack(self.masks)


def row_keys(kinds: Rows, references: Rows, origins: Rows) -> list[int]:
    """A number for every row of an outer program that means the same at any parameter vector: what kind of
    row it is, of which row or function, at which point."""
    kind, reference, origin = (np.array(part, dtype=np.int64) for part in (kinds, references, origins))
    keys: list[int] = ((kind * _MOST + reference) * _MOST + origin + 1).tolist()
    return keys
