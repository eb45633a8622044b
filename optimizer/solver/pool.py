"""Tangent points and a basis that outlive one solve, in a form that fits any parameter vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.program.tape import Array, Index
from optimizer.solver.highs import BASIC, Statuses

_MOST: Final = 2**28


@dataclass(frozen=True)
class Basis:
    """A basis that fits any parameter vector: the status of every column, and of rows by their `row_keys`."""

    columns: Statuses
    keys: Index
    rows: Statuses

    def known(self, keys: Index) -> NDArray[np.bool_]:
        """Which of these rows the basis has a status of."""
        return np.isin(keys, self.keys)

    def of_rows(self, keys: Index) -> Statuses:
        """Status of each of these rows, basic where it is not known; of equal keys the last counts."""
        result = np.full(len(keys), BASIC, dtype=np.int8)
        if len(self.keys):
            order = np.argsort(self.keys, kind="stable")
            place = np.searchsorted(self.keys, keys, side="right", sorter=order) - 1
            own = order[np.maximum(place, 0)]
            found = self.keys[own] == keys
            result[found] = self.rows[own[found]]
        return result


@dataclass(frozen=True)
class Start:
    """Where a warm solve starts: leaf points (leaves, points), which functions use each (functions, points),
    the last basis, if there was one, and the best plan's integers, in the order of the integer columns."""

    points: Array
    mask: NDArray[np.bool_]
    basis: Basis | None = None
    integers: Array | None = None


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


def row_keys(kinds: Index, references: Index, origins: Index) -> Index:
    """A number for every row of an outer program that means the same at any parameter vector: what kind of
    row it is, of which row or function, at which point."""
    return (kinds * _MOST + references) * _MOST + origins + 1
