"""Tangent points and a basis that outlive one solve, in a form that fits any parameter vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.program.tape import Array


@dataclass(frozen=True)
class Start:
    """Where a warm solve starts: leaf points (leaves, points), which functions use each (functions, points),
    and the status of columns and rows in the last basis, rows by key."""

    points: Array
    mask: NDArray[np.bool_]
    columns: list[Any] = field(default_factory=list)
    rows: dict[tuple[int, int, int], Any] = field(default_factory=dict)


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
