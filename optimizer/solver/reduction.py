"""What a linear program need not carry: columns that its rows and bounds fix, and columns that a row defines.

Programs that serve many scenarios hold columns that one scenario switches off, and many that only name a sum
of others. Taking both out once, in numpy, makes every later solve cheaper. The duals of the rows taken out
are found again afterwards, so that the price of what is switched off stays known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from optimizer.program.tape import Array, Index

TOLERANCE: Final = 1e-10
MAX_PASSES: Final = 400
# a definition whose column has a smaller share of the row's largest coefficient would lose digits
LEAST_SHARE: Final = 1e-3


@dataclass(frozen=True)
class _Forced:
    """Columns that rows pin, found in one pass, each with one row that pins it: entries (row, column, value)
    and the sign of the row's side (1: upper side binds, -1: lower)."""

    row: Index
    column: Index
    value: Array
    side: Array


@dataclass(frozen=True)
class _Defined:
    """Columns found in one pass that one equality row each defines, with their coefficient there and the
    side of the equality."""

    row: Index
    column: Index
    value: Array
    side: Array


class Reduction:
    """The program low <= matrix x <= high, lower <= x <= upper, made smaller.

    `columns` and `rows` are the numbers of those kept, `low` and `high` the sides of all rows, which differ
    from the given ones where a column taken out was the slack of an equality. With `reduce` off all is kept.
    """

    def __init__(
        self, matrix: csr_array, low: Array, high: Array, lower: Array, upper: Array, reduce: bool = True
    ) -> None:
        self._matrix = csr_array(matrix)
        self._by_column: csc_array = csc_array(self._matrix.tocsc())
        self.low, self.high = low.copy(), high.copy()
        self.lower, self.upper = lower.copy(), upper.copy()
        self._row_live = np.ones(matrix.shape[0], dtype=bool)
        self._fixed = np.zeros(matrix.shape[1], dtype=bool)
        self._defined_columns = np.zeros(matrix.shape[1], dtype=bool)
        self._forced: list[_Forced] = []
        self._defined: list[_Defined] = []
        if reduce:
            self._fix()
            self._define()
        self.columns: Index = np.flatnonzero(~self._fixed & ~self._defined_columns)
        self.rows: Index = np.flatnonzero(self._row_live)
        self._point: Array = np.where(self._fixed, self.lower, 0.0)
        self._basis: csr_array = self._build_basis()

    # taking out ------------------------------------------------------------------------------------------

    def _activity(self, rows: Index) -> tuple[csr_array, Index, Array, Array]:
        """The rows, the owner of each of their entries, and the least and greatest value of each entry."""
        part = csr_array(self._matrix[rows])
        owner = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
        up = part.data > 0
        low_end = np.where(up, self.lower[part.indices], self.upper[part.indices]) * part.data
        high_end = np.where(up, self.upper[part.indices], self.lower[part.indices]) * part.data
        return part, owner, low_end, high_end

    def _fix(self) -> None:
        """Columns that bounds or rows pin to one value, pass by pass."""
        size = np.maximum(1.0, np.abs(np.where(np.isfinite(self.upper), self.upper, 0.0)))
        self._fixed = self.upper - self.lower <= TOLERANCE * size
        changed = np.ones(len(self.low), dtype=bool)
        for _ in range(MAX_PASSES):
            rows = np.flatnonzero(changed & self._row_live)
            changed[:] = False
            if not len(rows):
                break
            part, owner, low_end, high_end = self._activity(rows)
            low, high = self.low[rows], self.high[rows]
            least = np.bincount(owner, low_end, len(rows))
            most = np.bincount(owner, high_end, len(rows))
            finite = np.abs(np.where(np.isfinite(low_end), low_end, 0.0))
            scale = TOLERANCE * (1.0 + np.bincount(owner, finite, len(rows)))
            idle = (least >= low - scale) & (most <= high + scale)
            idle |= np.bincount(owner, ~self._fixed[part.indices], len(rows)) == 0
            at_top = ~idle & (np.abs(least - high) <= scale)
            at_bottom = ~idle & ~at_top & (np.abs(most - low) <= scale)
            self._row_live[rows[idle]] = False
            pins = (at_top | at_bottom)[owner] & ~self._fixed[part.indices]
            if not pins.any():
                continue
            side = np.where(at_top[owner], 1.0, -1.0)
            to_lower = (part.data > 0) == (side > 0)
            entries = np.flatnonzero(pins)
            # One row answers for each column, so that no price is counted twice.
            columns, first = np.unique(part.indices[entries], return_index=True)
            entries = entries[first]
            at = np.where(to_lower[entries], self.lower[columns], self.upper[columns])
            self.lower[columns] = self.upper[columns] = at
            self._fixed[columns] = True
            self._row_live[rows[at_top | at_bottom]] = False
            self._forced.append(
                _Forced(
                    rows[owner[entries]],
                    part.indices[entries].astype(np.int64),
                    part.data[entries],
                    side[entries],
                )
            )
            changed[np.unique(self._by_column[:, columns].indices)] = True

    def _define(self) -> None:
        """Columns with a single entry left, in an equality, pass by pass.

        The row goes where its other columns keep the column within its bounds; else it becomes an inequality.
        """
        part, _, _, _ = self._activity(np.flatnonzero(self._row_live))
        count = np.bincount(part.indices, minlength=len(self._fixed))
        waiting: Index = np.arange(len(count))
        for _ in range(MAX_PASSES):
            waiting = waiting[(count[waiting] == 1) & ~self._fixed[waiting] & ~self._defined_columns[waiting]]
            rows = np.unique(self._by_column[:, waiting].indices)
            rows = rows[self._row_live[rows] & (self.low[rows] == self.high[rows])]
            gone = self._define_in(rows, count)
            if not len(gone):
                break
            indices = self._matrix[gone].indices
            np.subtract.at(count, indices, 1)
            waiting = np.unique(indices)

    def _define_in(self, live: Index, count: Index) -> Index:
        """Take out one column of each of these equalities that holds a column's only entry; the rows that go.
        `count` is the number of entries of each column in live rows."""
        part, owner, low_end, high_end = self._activity(live)
        largest = np.zeros(len(live))
        np.maximum.at(largest, owner, np.abs(part.data))
        single = ~self._fixed[part.indices] & (count[part.indices] == 1)
        single &= np.abs(part.data) >= LEAST_SHARE * largest[owner]
        entries = np.flatnonzero(single)
        if not len(entries):
            return live[:0]
        # Where a row offers several columns, an unbounded one is the better to take: its row goes.
        wide = np.isinf(self.upper[part.indices[entries]]) & np.isinf(self.lower[part.indices[entries]])
        entries = entries[np.argsort(~wide, kind="stable")]
        _, first = np.unique(owner[entries], return_index=True)
        chosen = entries[first]
        rows, columns, value = live[owner[chosen]], part.indices[chosen].astype(np.int64), part.data[chosen]
        own = np.zeros(len(part.data), dtype=bool)
        own[chosen] = True
        least = np.bincount(owner, np.where(own, 0.0, low_end), len(live))[owner[chosen]]
        most = np.bincount(owner, np.where(own, 0.0, high_end), len(live))[owner[chosen]]
        side = self.low[rows]
        ends = np.stack([value * self.lower[columns], value * self.upper[columns]])
        low, high = side - ends.max(axis=0), side - ends.min(axis=0)
        slack = TOLERANCE * (1.0 + np.abs(side))
        implied = (least >= low - slack) & (most <= high + slack)
        self._row_live[rows[implied]] = False
        self.low[rows], self.high[rows] = low, high
        self._defined_columns[columns] = True
        self._defined.append(_Defined(rows, columns, value, side))
        gone: Index = rows[implied]
        return gone

    # points and costs ------------------------------------------------------------------------------------

    def _build_basis(self) -> csr_array:
        """All columns as a linear function of the kept ones: x = basis @ kept + point. Completes `point`."""
        width, kept = self._matrix.shape[1], len(self.columns)
        entries = (np.ones(kept), (self.columns, np.arange(kept)))
        basis = csr_array(entries, shape=(width, kept))
        if not self._defined:
            return basis
        row = np.concatenate([defined.row for defined in self._defined])
        column = np.concatenate([defined.column for defined in self._defined])
        value = np.concatenate([defined.value for defined in self._defined])
        self._point[column] = np.concatenate([defined.side for defined in self._defined]) / value
        part = csr_array(self._matrix[row])
        owner = np.repeat(np.arange(len(row)), np.diff(part.indptr))
        other = part.indices != column[owner]
        # x = step x + point + kept columns; a definition reads only columns defined after it, so the powers
        # of `step` come to an end
        step = csr_array(
            ((-part.data / value[owner])[other], (column[owner][other], part.indices[other])),
            shape=(width, width),
        )
        while step.nnz:
            basis = csr_array(basis + step @ basis)
            self._point += step @ self._point
            step = csr_array(step @ step)
        return basis

    def kept(self, matrix: csr_array) -> csr_array:
        """Any rows over all columns as rows over the kept ones."""
        return csr_array(matrix @ self._basis)

    def shift(self, matrix: csr_array) -> Array:
        """What the columns taken out add to each row."""
        return np.asarray(matrix @ self._point)

    def fixed_shift(self, matrix: csr_array) -> Array:
        """What the columns that are fixed add to each row."""
        return np.asarray(matrix @ np.where(self._fixed, self.lower, 0.0))

    def kept_cost(self, cost: Array) -> Array:
        """A cost of all columns as one of the kept ones."""
        return np.asarray(self._basis.T @ cost)

    def whole(self, x: Array) -> Array:
        """Values of all columns from those of the kept ones."""
        return np.asarray(self._basis @ x + self._point)

    @property
    def place(self) -> Index:
        """Where each column stands among the kept ones; -1 for those taken out."""
        place: Index = np.full(self._matrix.shape[1], -1, dtype=np.int64)
        place[self.columns] = np.arange(len(self.columns))
        return place

    # duals -----------------------------------------------------------------------------------------------

    def restore_duals(self, row_dual: Array, reduced: Array) -> None:
        """Complete, in place, duals of all base rows (0 where taken out) and reduced costs of all columns.

        A row that defined a column gets the dual that leaves the column without a reduced cost, or with that
        of the bound which the row, kept as an inequality, stands for. A row that pinned its columns gets the
        dual nearest to 0 for which they stay at the bounds that it pinned them to; columns that bounds alone
        fix take whatever reduced cost remains.
        """
        for defined in self._defined:
            change = reduced[defined.column] / defined.value + row_dual[defined.row]
            row_dual[defined.row] += change
            reduced -= self._matrix[defined.row].T @ change
        for forced in reversed(self._forced):
            # side 1: dual <= 0 and d + value*|dual| must keep the sign of the bound; side -1: mirrored.
            need = -reduced[forced.column] / forced.value * forced.side
            rows, where = np.unique(forced.row, return_inverse=True)
            amount = np.zeros(len(rows))
            np.maximum.at(amount, where, need)
            side = np.zeros(len(rows))
            side[where] = forced.side
            row_dual[rows] = -side * amount
            reduced -= self._matrix[rows].T @ row_dual[rows]
