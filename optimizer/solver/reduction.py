"""What a linear program need not carry: columns that its rows and bounds fix, and rows that then say nothing.

Programs that serve many scenarios hold columns that one scenario switches off. Taking them out once, in
numpy, makes every later solve cheaper. Duals of the rows taken out are found again in reverse order, so that
the price of what is switched off stays known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.tape import Array, Index

TOLERANCE: Final = 1e-10
MAX_PASSES: Final = 400


@dataclass(frozen=True)
class _Forced:
    """Rows that pin all their columns, found in one pass: entries (row, column, value) of those columns and,
    per entry, the sign of the row's side (1: upper side binds, -1: lower)."""

    row: Index
    column: Index
    value: Array
    side: Array


class Reduction:
    """Minimise cost'x over low <= matrix x <= high, lower <= x <= upper, made smaller.

    `columns` and `rows` are the numbers of those kept; `fixed` holds the value of every column taken out.
    """

    def __init__(
        self, matrix: csr_array, low: Array, high: Array, lower: Array, upper: Array, reduce: bool = True
    ) -> None:
        self.lower, self.upper = lower.copy(), upper.copy()
        self._matrix = csr_array(matrix)
        self._forced: list[_Forced] = []
        row_live = np.ones(matrix.shape[0], dtype=bool)
        size = np.maximum(1.0, np.abs(np.where(np.isfinite(upper), upper, 0.0)))
        fixed = (self.upper - self.lower <= TOLERANCE * size) & reduce
        changed = np.full(matrix.shape[0], reduce)
        by_column = self._matrix.tocsc()
        for _ in range(MAX_PASSES):
            rows = np.flatnonzero(changed & row_live)
            changed[:] = False
            if not len(rows):
                break
            part = csr_array(self._matrix[rows])
            owner = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
            low_end = np.where(part.data > 0, self.lower[part.indices], self.upper[part.indices]) * part.data
            high_end = np.where(part.data > 0, self.upper[part.indices], self.lower[part.indices]) * part.data
            least = np.bincount(owner, low_end, len(rows))
            most = np.bincount(owner, high_end, len(rows))
            scale = 1.0 + np.bincount(owner, np.abs(np.where(np.isfinite(low_end), low_end, 0.0)), len(rows))
            idle = (least >= low[rows] - TOLERANCE * scale) & (most <= high[rows] + TOLERANCE * scale)
            idle |= np.bincount(owner, ~fixed[part.indices], len(rows)) == 0
            at_top = ~idle & (np.abs(least - high[rows]) <= TOLERANCE * scale)
            at_bottom = ~idle & ~at_top & (np.abs(most - low[rows]) <= TOLERANCE * scale)
            row_live[rows[idle]] = False
            pins = (at_top | at_bottom)[owner] & ~fixed[part.indices]
            if not pins.any():
                continue
            side = np.where(at_top[owner], 1.0, -1.0)
            to_lower = (part.data > 0) == (side > 0)
            columns, first = np.unique(part.indices[pins], return_index=True)
            entries = np.flatnonzero(pins)
            chosen = entries[first]
            at = np.where(to_lower[chosen], self.lower[columns], self.upper[columns])
            self.lower[columns] = self.upper[columns] = at
            fixed[columns] = True
            row_live[rows[at_top | at_bottom]] = False
            self._forced.append(
                _Forced(rows[owner[entries]], part.indices[entries], part.data[entries], side[entries])
            )
            touched = by_column[:, columns].indices
            changed[np.unique(touched)] = True
        self.columns: Index = np.flatnonzero(~fixed)
        self.rows: Index = np.flatnonzero(row_live)
        self.fixed: Array = np.where(fixed, self.lower, 0.0)
        self.is_fixed: NDArray[np.bool_] = fixed

    def kept(self, matrix: csr_array) -> csr_array:
        """The kept columns of any rows over all columns."""
        return csr_array(matrix[:, self.columns])

    def shift(self, matrix: csr_array) -> Array:
        """What the columns taken out add to each row."""
        return np.asarray(matrix @ self.fixed)

    def whole(self, x: Array) -> Array:
        """Values of all columns from those of the kept ones."""
        point = self.fixed.copy()
        point[self.columns] = x
        return point

    def restore_duals(self, row_dual: Array, reduced: Array) -> None:
        """Complete, in place, duals of all base rows (0 where taken out) and reduced costs of all columns.

        A row that pinned its columns gets the dual nearest to 0 for which they stay at the bounds that it
        pinned them to; columns that the bounds alone fix take whatever reduced cost remains.
        """
        for forced in reversed(self._forced):
            # side 1: dual <= 0 and d + value*|dual| must keep the sign of the bound; side -1: mirrored.
            need = -reduced[forced.column] / forced.value * forced.side
            rows, where = np.unique(forced.row, return_inverse=True)
            amount = np.zeros(len(rows))
            np.maximum.at(amount, where, need)
            side = np.zeros(len(rows))
            side[where] = forced.side
            dual = -side * amount
            row_dual[rows] = dual
            part = csr_array(self._matrix[rows])
            reduced -= part.T @ dual
