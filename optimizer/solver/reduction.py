"""What a linear program need not carry: columns that its rows and bounds fix, and columns that a row defines.

Programs that serve many scenarios hold columns that one scenario switches off, and many that only name a sum
of others. Taking both out once, in numpy, makes every later solve cheaper. The duals of the rows taken out
are found again afterwards, so that the price of what is switched off stays known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.sparse import rows_of, taken, transposed
from optimizer.program.tape import Array, Index
from optimizer.solver.certificate import FEASIBLE

TOLERANCE: Final = 1e-10
MAX_PASSES: Final = 400
# a definition whose column has a smaller share of the row's largest coefficient would lose digits
LEAST_SHARE: Final = 1e-3
# a row of more entries is long: it does not define a column that many later rows read
LONG: Final = 6


@dataclass(frozen=True)
class Forced:
    """Columns that rows pin, found in one pass, each with one row that pins it: entries (row, column, value,
    and place in the matrix) and the sign of the row's side (1: upper side binds, -1: lower)."""

    row: Index
    column: Index
    value: Array
    side: Array
    place: Index


@dataclass(frozen=True)
class Defined:
    """Columns found in one pass that one equality row each defines, with their coefficient there, its place
    in the matrix, and the side of the equality."""

    row: Index
    column: Index
    value: Array
    side: Array
    place: Index


class Reduction:
    """The program low <= matrix x <= high, lower <= x <= upper, made smaller.

    `columns` and `rows` are the numbers of those kept, `low` and `high` the sides of all rows, which differ
    from the given ones where a column taken out was the slack of an equality. With `reduce` off all is kept.
    `read` tells which columns rows appended later will read, many times: a long row that defines one stays,
    as each of them would become as long. `integer` columns go only where their own bounds meet: so whatever
    whole numbers within their bounds they are fixed at later, what was taken out still follows.
    """

    def __init__(
        self,
        matrix: csr_array,
        low: Array,
        high: Array,
        lower: Array,
        upper: Array,
        reduce: bool = True,
        read: NDArray[np.bool_] | None = None,
        integer: NDArray[np.bool_] | None = None,
    ) -> None:
        self.matrix = matrix
        self._in_rows = _Lists(matrix.indptr, matrix.indices)
        self.low, self.high = low.copy(), high.copy()
        self.lower, self.upper = lower.copy(), upper.copy()
        self.given_lower, self.given_upper = lower, upper
        self.given_low, self.given_high = low, high
        self._read = np.zeros(matrix.shape[1], dtype=bool) if read is None else read.copy()
        self._integer = np.zeros(matrix.shape[1], dtype=bool) if integer is None else integer
        self.row_live = np.ones(matrix.shape[0], dtype=bool)
        self.fixed = np.zeros(matrix.shape[1], dtype=bool)
        self.is_defined = np.zeros(matrix.shape[1], dtype=bool)
        self.forced: list[Forced] = []
        self.defined: list[Defined] = []
        if reduce:
            self._fix()
            self._define()
        self.columns: Index = np.flatnonzero(~self.fixed & ~self.is_defined)
        self.rows: Index = np.flatnonzero(self.row_live)
        self._point: Array = np.where(self.fixed, self.lower, 0.0)
        self._basis: csr_array = self._build_basis()

    # taking out ------------------------------------------------------------------------------------------

    def _entries(self, rows: Index) -> tuple[Index, Index, Array]:
        """Owner (a place in `rows`), column and value of every entry of these rows."""
        owner, places = self.places(rows)
        return owner, self._in_rows.members[places], np.asarray(self.matrix.data[places], dtype=float)

    def places(self, rows: Index) -> tuple[Index, Index]:
        """Owner (a place in `rows`) and place in the matrix of every entry of these rows."""
        return self._in_rows.of(rows)

    def _ends(self, columns: Index, values: Array) -> tuple[Array, Array]:
        """The least and greatest value of each entry."""
        lower, upper, up = self.lower[columns], self.upper[columns], values > 0
        return np.where(up, lower, upper) * values, np.where(up, upper, lower) * values

    def _fix(self) -> None:
        """Columns that bounds or rows pin to one value, pass by pass."""
        size = np.maximum(1.0, np.abs(np.where(np.isfinite(self.upper), self.upper, 0.0)))
        self.fixed = self.upper - self.lower <= TOLERANCE * size
        changed = np.ones(len(self.low), dtype=bool)
        for _ in range(MAX_PASSES):
            rows = np.flatnonzero(changed & self.row_live)
            changed[:] = False
            if not len(rows):
                break
            owner, column, value = self._entries(rows)
            places = self.places(rows)[1]
            low_end, high_end = self._ends(column, value)
            low, high = self.low[rows], self.high[rows]
            least = np.bincount(owner, low_end, len(rows))
            most = np.bincount(owner, high_end, len(rows))
            finite = np.abs(np.where(np.isfinite(low_end), low_end, 0.0))
            scale = TOLERANCE * (1.0 + np.bincount(owner, finite, len(rows)))
            idle = (least >= low - scale) & (most <= high + scale)
            # a row of fixed columns alone tells nothing, unless it tells that there is no plan
            settled = np.bincount(owner, ~self.fixed[column], len(rows)) == 0
            margin = scale * (FEASIBLE / TOLERANCE)
            idle |= settled & (least >= low - margin) & (most <= high + margin)
            free = ~idle & (np.bincount(owner, self._integer[column] & ~self.fixed[column], len(rows)) == 0)
            at_top = free & (np.abs(least - high) <= scale)
            at_bottom = free & ~at_top & (np.abs(most - low) <= scale)
            self.row_live[rows[idle]] = False
            pins = (at_top | at_bottom)[owner] & ~self.fixed[column]
            if not pins.any():
                continue
            side = np.where(at_top[owner], 1.0, -1.0)
            to_lower = (value > 0) == (side > 0)
            entries = np.flatnonzero(pins)
            # One row answers for each column, so that no price is counted twice.
            columns, first = np.unique(column[entries], return_index=True)
            entries = entries[first]
            at = np.where(to_lower[entries], self.lower[columns], self.upper[columns])
            self.lower[columns] = self.upper[columns] = at
            self.fixed[columns] = True
            self.row_live[rows[at_top | at_bottom]] = False
            self.forced.append(
                Forced(
                    rows[owner[entries]],
                    columns,
                    value[entries],
                    side[entries],
                    places[entries],
                )
            )
            changed[self._rows_with(columns)] = True

    def _define(self) -> None:
        """Columns with a single entry left, in an equality, pass by pass.

        The row goes where its other columns keep the column within its bounds; else it becomes an inequality.
        """
        _, column, _ = self._entries(np.flatnonzero(self.row_live))
        count = np.bincount(column, minlength=len(self.fixed))
        waiting: Index = np.arange(len(count))
        for _ in range(MAX_PASSES):
            waiting = waiting[(count[waiting] == 1) & ~self.fixed[waiting] & ~self.is_defined[waiting]]
            rows = np.unique(self._rows_with(waiting))
            rows = rows[self.row_live[rows] & (self.low[rows] == self.high[rows])]
            gone = self._define_in(rows, count)
            if not len(gone):
                break
            _, column, _ = self._entries(gone)
            np.subtract.at(count, column, 1)
            waiting = np.unique(column)

    @cached_property
    def _in_columns(self) -> _Lists:
        by_column = self.matrix.tocsc()
        return _Lists(by_column.indptr, by_column.indices)

    def _rows_with(self, columns: Index) -> Index:
        """The row of every entry of these columns."""
        _, entries = self._in_columns.of(columns)
        return self._in_columns.members[entries]

    def _define_in(self, live: Index, count: Index) -> Index:
        """Take out one column of each of these equalities that holds a column's only entry; the rows that go.
        `count` is the number of entries of each column in live rows."""
        owner, column, entry = self._entries(live)
        places = self.places(live)[1]
        low_end, high_end = self._ends(column, entry)
        largest = np.zeros(len(live))
        np.maximum.at(largest, owner, np.abs(entry))
        single = ~self.fixed[column] & ~self._integer[column] & (count[column] == 1)
        single &= np.abs(entry) >= LEAST_SHARE * largest[owner]
        length = np.bincount(owner, ~self.fixed[column], len(live))
        single &= ~self._read[column] | (length[owner] <= LONG)
        entries = np.flatnonzero(single)
        if not len(entries):
            return live[:0]
        # Where a row offers several columns, an unbounded one is the better to take: its row goes.
        wide = np.isinf(self.upper[column[entries]]) & np.isinf(self.lower[column[entries]])
        entries = entries[np.argsort(~wide, kind="stable")]
        _, first = np.unique(owner[entries], return_index=True)
        chosen = entries[first]
        rows, columns, value = live[owner[chosen]], column[chosen], entry[chosen]
        own = np.zeros(len(entry), dtype=bool)
        own[chosen] = True
        least = np.bincount(owner, np.where(own, 0.0, low_end), len(live))[owner[chosen]]
        most = np.bincount(owner, np.where(own, 0.0, high_end), len(live))[owner[chosen]]
        side = self.low[rows]
        ends = np.stack([value * self.lower[columns], value * self.upper[columns]])
        low, high = side - ends.max(axis=0), side - ends.min(axis=0)
        slack = TOLERANCE * (1.0 + np.abs(side))
        implied = (least >= low - slack) & (most <= high + slack)
        self.row_live[rows[implied]] = False
        self.low[rows], self.high[rows] = low, high
        self.is_defined[columns] = True
        reads = np.zeros(len(live), dtype=bool)
        reads[owner[chosen]] = self._read[columns]
        self._read[column[reads[owner]]] = True
        self.defined.append(Defined(rows, columns, value, side, places[chosen]))
        gone: Index = rows[implied]
        return gone

    # points and costs ------------------------------------------------------------------------------------

    def _build_basis(self) -> csr_array:
        """All columns as a linear function of the kept ones: x = basis @ kept + point. Completes `point`."""
        width, kept = self.matrix.shape[1], len(self.columns)
        starts = np.concatenate([[0], np.cumsum(~self.fixed & ~self.is_defined)])
        basis = rows_of(np.ones(kept), np.arange(kept), starts, kept)
        if not self.defined:
            return basis
        row = np.concatenate([defined.row for defined in self.defined])
        column = np.concatenate([defined.column for defined in self.defined])
        value = np.concatenate([defined.value for defined in self.defined])
        self._point[column] = np.concatenate([defined.side for defined in self.defined]) / value
        owner, read, entry = self._entries(row)
        other = read != column[owner]
        # x = step x + point + kept columns; a definition reads only columns defined after it, so the powers
        # of `step` come to an end
        step = csr_array(
            ((-entry / value[owner])[other], (column[owner][other], read[other])),
            shape=(width, width),
        )
        while step.nnz:
            basis = csr_array(basis + step @ basis)
            self._point += step @ self._point
            step = csr_array(step @ step)
        return basis

    @property
    def _is_whole(self) -> bool:
        """Whether no column was taken out."""
        return len(self.columns) == self.matrix.shape[1]

    def kept(self, matrix: csr_array) -> csr_array:
        """Any rows over all columns as rows over the kept ones."""
        return matrix if self._is_whole else csr_array(matrix @ self._basis)

    def shift(self, matrix: csr_array) -> Array:
        """What the columns taken out add to each row."""
        return np.asarray(matrix @ self._point)

    def program(self) -> tuple[csr_array, Array, Array]:
        """The rows kept over the columns kept, and their sides."""
        rows = taken(self.matrix, self.rows)
        if self._is_whole:
            return rows, self.low[self.rows], self.high[self.rows]
        shift = np.asarray(rows @ np.where(self.fixed, self.lower, 0.0))
        return csr_array(rows[:, self.columns]), self.low[self.rows] - shift, self.high[self.rows] - shift

    def kept_cost(self, cost: Array) -> Array:
        """A cost of all columns as one of the kept ones."""
        return cost if self._is_whole else np.asarray(transposed(self._basis) @ cost)

    def whole(self, x: Array) -> Array:
        """Values of all columns from those of the kept ones."""
        return x if self._is_whole else np.asarray(self._basis @ x + self._point)

    @property
    def place(self) -> Index:
        """Where each column stands among the kept ones; -1 for those taken out."""
        place: Index = np.full(self.matrix.shape[1], -1, dtype=np.int64)
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
        for defined in self.defined:
            change = reduced[defined.column] / defined.value + row_dual[defined.row]
            row_dual[defined.row] += change
            reduced -= self._transposed(defined.row, change)
        for forced in reversed(self.forced):
            # side 1: dual <= 0 and d + value*|dual| must keep the sign of the bound; side -1: mirrored.
            need = -reduced[forced.column] / forced.value * forced.side
            rows, where = np.unique(forced.row, return_inverse=True)
            amount = np.zeros(len(rows))
            np.maximum.at(amount, where, need)
            side = np.zeros(len(rows))
            side[where] = forced.side
            row_dual[rows] = -side * amount
            reduced -= self._transposed(rows, row_dual[rows])

    def _transposed(self, rows: Index, weights: Array) -> Array:
        """The sum of these rows, each times its weight, over all columns."""
        owner, column, value = self._entries(rows)
        total = np.bincount(column, value * weights[owner], self.matrix.shape[1])
        return np.asarray(total, dtype=float)


class _Lists:
    """Lists of numbers one after the other: list i is `members[starts[i]:starts[i + 1]]`. Many lists of few
    numbers are gathered much faster so than by slicing a sparse matrix."""

    def __init__(self, starts: NDArray[np.integer], members: NDArray[np.integer]) -> None:
        self.members: Index = members.astype(np.int64)
        self._starts = starts[:-1].astype(np.int64)
        self._lengths = np.diff(starts).astype(np.int64)

    def of(self, numbers: Index) -> tuple[Index, Index]:
        """For every member of these lists, in order: which of `numbers` it is of, and its place."""
        lengths = self._lengths[numbers]
        before = np.cumsum(lengths) - lengths
        owner = np.repeat(np.arange(len(numbers)), lengths)
        shift = np.repeat(self._starts[numbers] - before, lengths)
        return owner, np.arange(len(owner)) + shift
