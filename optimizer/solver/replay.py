"""A reduction found once, used at other numbers of the same program.

Which columns are fixed and defined, which rows go and in what order is that of the reduction; values, points,
costs and duals are those of the new numbers. `fits` tells whether the same reasons still hold. No bound
depends on it: a bound is recomputed on the whole program, and a plan is checked against all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.sparse import transposed, with_data
from optimizer.program.tape import Array, Index
from optimizer.solver.reduction import Reduction

# how far a sum of a row's ends may miss the side that it met before, beside the side and 1
TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class _Sums:
    """Sums over entries of rows, each at one of the ends of its column: `place` in the matrix, `end` in the
    lower and then the upper bounds. Entry `i` belongs to sum `owner[i]`, which is compared with the side of
    `row`; `sense` 1: at least, -1: at most the side, 0: equal to it. `own` entries are of the columns that
    their rows define."""

    owner: Index
    place: Index
    end: Index
    row: Index
    at_top: NDArray[np.bool_]
    sense: Array
    own: NDArray[np.bool_]


@dataclass(frozen=True)
class _Level:
    """Columns that one pass of definitions took out, and the other entries of their rows: which of the
    columns each is of, its place and its column."""

    row: Index
    column: Index
    place: Index
    owner: Index
    others: Index
    read: Index


@dataclass(frozen=True)
class _Pass:
    """Columns that one pass pinned, the rows that pinned them (`rows`, with `side`; column i by row
    `rows[where[i]]`), and the entries of these rows in columns pinned by earlier passes."""

    column: Index
    place: Index
    rows: Index
    where: Index
    side: Array
    owner: Index
    others: Index
    read: Index


class Frame:
    """What `Replay` needs of a reduction: index arrays only."""

    def __init__(self, reduction: Reduction, reading: Index) -> None:
        """`reading`: the columns that rows appended later may have."""
        self.reduction = reduction
        self.positive = reduction.matrix.data > 0
        self.columns, self.rows, self.place = reduction.columns, reduction.rows, reduction.place
        self.by_bounds = reduction.fixed.copy()
        level = np.where(reduction.fixed, 0, len(reduction.forced) + 1)
        for number, forced in enumerate(reduction.forced):
            level[forced.column] = number + 1
            self.by_bounds[forced.column] = False
        nothing = np.zeros(0, dtype=np.int64)
        self.pinned = np.concatenate([nothing, *(forced.column for forced in reduction.forced)])
        place = np.concatenate([nothing, *(forced.place for forced in reduction.forced)])
        side = np.concatenate([np.zeros(0), *(forced.side for forced in reduction.forced)])
        width = len(self.place)
        # where each pinned column stands: at its lower or at its upper bound
        self.pinned_at = self.pinned + np.where(self.positive[place] == (side > 0), 0, width)
        self.levels = [
            self._level(defined.row, defined.column, defined.place) for defined in reduction.defined
        ]
        self.passes = [self._pass(number, level) for number in range(len(reduction.forced))]
        self.gone: Index = np.concatenate(
            [nothing, *(each.row for each in self.levels), *(each.rows for each in self.passes)]
        )
        # entries that may not be 0: those of columns in the rows that define or pin them
        self.needed = np.concatenate([place, *(each.place for each in self.levels)])
        self.pins = self._pinning(level)
        self.idle = self._idle(level)
        self.transposed = transposed(reduction.matrix)
        self._kept_entries()
        self._closure(reading)

    def _entries(self, rows: Index) -> tuple[Index, Index, Index]:
        owner, places = self.reduction.places(rows)
        return owner, places, self.reduction.matrix.indices[places].astype(np.int64)

    def _level(self, row: Index, column: Index, place: Index) -> _Level:
        owner, places, read = self._entries(row)
        other = read != column[owner]
        return _Level(row, column, place, owner[other], places[other], read[other])

    def _pass(self, number: int, level: Index) -> _Pass:
        forced = self.reduction.forced[number]
        rows, where = np.unique(forced.row, return_inverse=True)
        side = np.zeros(len(rows))
        side[where] = forced.side
        owner, places, read = self._entries(rows)
        earlier = (level[read] > 0) & (level[read] <= number)
        return _Pass(
            forced.column, forced.place, rows, where, side, owner[earlier], places[earlier], read[earlier]
        )

    def _pinning(self, level: Index) -> _Sums:
        """Each row that pins columns: its ends add up to its side, by the bounds known before."""
        rows, sides, passes = [np.zeros(0, dtype=np.int64)], [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
        for number, each in enumerate(self.passes):
            rows.append(each.rows)
            sides.append(each.side)
            passes.append(np.full(len(each.rows), number + 1))
        row, side, number_of = np.concatenate(rows), np.concatenate(sides), np.concatenate(passes)
        owner, places, column = self._entries(row)
        lower = self.positive[places] == (side[owner] > 0)
        known = level[column] < number_of[owner]
        end = column + np.where(lower, 0, len(level)) + np.where(known, 2 * len(level), 0)
        return _Sums(owner, places, end, row, side > 0, np.zeros(len(row)), np.zeros(len(owner), dtype=bool))

    def _idle(self, level: Index) -> _Sums:
        """Each row that nothing can break: its ends, all bounds known, are within its sides; and each
        definition that keeps its column within its bounds."""
        reduction, width = self.reduction, len(level)
        gone = ~reduction.row_live
        gone[np.concatenate([np.zeros(0, dtype=np.int64), *(each.rows for each in self.passes)])] = False
        rows = np.flatnonzero(gone)
        own = np.full(len(gone), -1, dtype=np.int64)
        for each in self.levels:
            own[each.row] = each.column
        parts = []
        for sense, given in ((1.0, reduction.given_low), (-1.0, reduction.given_high)):
            tested = rows[np.isfinite(given[rows])]
            owner, places, column = self._entries(tested)
            is_own = column == own[tested[owner]]
            lower = (self.positive[places] == (sense > 0)) != is_own
            # a definition holds whatever its other columns are where its own has no bound on that side
            bound = np.where(lower, reduction.lower[column], reduction.upper[column])
            free = np.zeros(len(tested), dtype=bool)
            free[owner[is_own & ~np.isfinite(bound)]] = True
            number, stays = np.cumsum(~free) - 1, ~free[owner]
            owner, tested = number[owner[stays]], tested[~free]
            places, column, lower = places[stays], column[stays], lower[stays]
            parts.append((owner, places, column, lower, tested, np.full(len(tested), sense), is_own[stays]))
        owner = np.concatenate([parts[0][0], parts[1][0] + len(parts[0][4])])
        places, column, row = (np.concatenate([parts[0][k], parts[1][k]]) for k in (1, 2, 4))
        at_lower = np.concatenate([parts[0][3], parts[1][3]])
        senses = np.concatenate([parts[0][5], parts[1][5]])
        is_own = np.concatenate([parts[0][6], parts[1][6]])
        end = column + np.where(at_lower, 0, width) + 2 * width
        return _Sums(owner, places, end, row, senses < 0, senses, is_own)

    def _kept_entries(self) -> None:
        """The entries of the rows kept: those over columns kept, and those that are fixed."""
        owner, places, column = self._entries(self.rows)
        live = self.place[column] >= 0
        counts = np.bincount(owner[live], minlength=len(self.rows))
        starts = np.concatenate([[0], np.cumsum(counts)])
        self.entries = places[live]
        self.kept = csr_array(
            (np.zeros(len(self.entries)), self.place[column[live]], starts),
            shape=(len(self.rows), len(self.columns)),
        )
        fixed = self.reduction.fixed[column]
        self.fixed_owner, self.fixed_entries, self.fixed_columns = owner[fixed], places[fixed], column[fixed]

    def _closure(self, reading: Index) -> None:
        """The defined columns that some columns read, and the entries that say so."""
        wanted = np.zeros(len(self.place), dtype=bool)
        wanted[reading] = True
        chosen = []
        for each in self.levels:
            mine = wanted[each.column]
            wanted[each.read[mine[each.owner]]] = True
            chosen.append(mine)
        joined = [
            (each.column[each.owner][mine[each.owner]], each.place[each.owner][mine[each.owner]],
             each.others[mine[each.owner]], each.read[mine[each.owner]])
            for each, mine in zip(self.levels, chosen, strict=True)
        ]  # fmt: skip
        empty = np.zeros(0, dtype=np.int64)
        self.step_row, self.step_own, self.step_place, self.step_read = (
            np.concatenate([empty, *parts]) for parts in (zip(*joined, strict=True) if joined else [[]] * 4)
        )
        self.step_kept = self.place[self.step_read] >= 0
        self.step_defined = self.reduction.is_defined[self.step_read]


class Replay:
    """The program of a `Frame` at new numbers: `data` of its matrix, row sides, column bounds."""

    def __init__(
        self, frame: Frame, data: Array, low: Array, high: Array, lower: Array, upper: Array
    ) -> None:
        self._frame, self._data = frame, data
        self.columns, self.rows, self.place = frame.columns, frame.rows, frame.place
        self.given_lower, self.given_upper = lower, upper
        self._given_low, self._given_high = low, high
        at = np.concatenate([lower, upper])[frame.pinned_at]
        self.lower, self.upper = lower.copy(), upper.copy()
        self.lower[frame.pinned] = self.upper[frame.pinned] = at
        self.low, self.high = low.copy(), high.copy()
        for each in frame.levels:
            value, side = data[each.place], low[each.row]
            ends = np.stack([value * lower[each.column], value * upper[each.column]])
            self.low[each.row], self.high[each.row] = side - ends.max(axis=0), side - ends.min(axis=0)
        self._fixed = np.where(frame.reduction.fixed, self.lower, 0.0)
        self._point = self._defined(self._fixed.copy())
        self._basis = self._build_basis()

    def fits(self) -> bool:
        """Whether all that was taken out may still go, and for the same reasons."""
        frame = self._frame
        if not np.isfinite(self._point).all():
            return False
        width = np.maximum(1.0, np.abs(np.where(np.isfinite(self.given_upper), self.given_upper, 0.0)))
        apart = self.given_upper - self.given_lower > TOLERANCE * width
        if (apart & frame.by_bounds).any():
            return False
        for each in frame.levels:
            if (self._given_low[each.row] != self._given_high[each.row]).any():
                return False
        ends = np.concatenate([self.given_lower, self.given_upper, self.lower, self.upper])
        return self._hold(frame.pins, ends) and self._hold(frame.idle, ends)

    def _hold(self, sums: _Sums, ends: Array) -> bool:
        data = self._data[sums.place]
        with np.errstate(invalid="ignore"):
            terms = np.where(data == 0, 0.0, ends[sums.end] * data)
            total = np.bincount(sums.owner, terms, len(sums.row))
            side = np.where(sums.at_top, self._given_high[sums.row], self._given_low[sums.row])
            off = total - side
            off = np.where(sums.sense == 0, -np.abs(off), sums.sense * off)
        # What may be infinite here alone: a side, which nothing breaks and which pins no column; a bound of
        # the column that the row defines, which is then kept whatever the others are.
        open_ended = np.isinf(side)
        open_ended[sums.owner[sums.own & np.isinf(terms)]] = True
        holds = np.where(open_ended, sums.sense != 0, off >= -TOLERANCE * (1.0 + np.abs(side)))
        return bool(holds.all())

    def _defined(self, x: Array) -> Array:
        """Complete, in place, the defined columns of a point of the others."""
        for each in reversed(self._frame.levels):
            total = np.bincount(each.owner, self._data[each.others] * x[each.read], len(each.row))
            x[each.column] = (self._given_low[each.row] - total) / self._data[each.place]
        return x

    def _build_basis(self) -> csr_array:
        """The columns that later rows may have as a linear function of the kept ones; others are empty."""
        frame, kept = self._frame, len(self.columns)
        width = len(self.place)
        basis = csr_array((np.ones(kept), (self.columns, np.arange(kept))), shape=(width, kept))
        value = -self._data[frame.step_place] / self._data[frame.step_own]
        own, other = frame.step_kept, frame.step_defined
        basis = basis + csr_array(
            (value[own], (frame.step_row[own], self.place[frame.step_read[own]])), shape=(width, kept)
        )
        step = csr_array(
            (value[other], (frame.step_row[other], frame.step_read[other])), shape=(width, width)
        )
        while step.nnz:
            basis = csr_array(basis + step @ basis)
            step = csr_array(step @ step)
        return basis

    # what ReducedModel asks ------------------------------------------------------------------------------

    def program(self) -> tuple[csr_array, Array, Array]:
        """The rows kept over the columns kept, and their sides."""
        frame = self._frame
        matrix = with_data(frame.kept, self._data[frame.entries])
        fixed = self._data[frame.fixed_entries] * self._fixed[frame.fixed_columns]
        shift = np.bincount(frame.fixed_owner, fixed, len(self.rows))
        return matrix, self.low[self.rows] - shift, self.high[self.rows] - shift

    def kept(self, matrix: csr_array) -> csr_array:
        """Later rows as rows over the kept columns."""
        return csr_array(matrix @ self._basis)

    def shift(self, matrix: csr_array) -> Array:
        """What the columns taken out add to each row."""
        return np.asarray(matrix @ self._point)

    def kept_cost(self, cost: Array) -> Array:
        """A cost of all columns as one of the kept ones."""
        rest = cost.copy()
        for each in self._frame.levels:
            change = rest[each.column] / self._data[each.place]
            np.subtract.at(rest, each.read, self._data[each.others] * change[each.owner])
        return rest[self.columns]

    def whole(self, x: Array) -> Array:
        """Values of all columns from those of the kept ones."""
        every = self._fixed.copy()
        every[self.columns] = x
        return self._defined(every)

    def restore_duals(self, row_dual: Array, reduced: Array) -> None:
        """Complete duals of all base rows and reduced costs of all columns in place; see `Reduction`."""
        frame, data, rest = self._frame, self._data, reduced.copy()
        changed = np.zeros(len(self.low))
        for each in frame.levels:
            change = rest[each.column] / data[each.place] + row_dual[each.row]
            changed[each.row] += change
            np.subtract.at(rest, each.read, data[each.others] * change[each.owner])
        row_dual[: len(changed)] += changed
        for pinned in reversed(frame.passes):
            need = -rest[pinned.column] / data[pinned.place] * pinned.side[pinned.where]
            amount = np.zeros(len(pinned.rows))
            np.maximum.at(amount, pinned.where, need)
            changed[pinned.rows] = row_dual[pinned.rows] = -pinned.side * amount
            np.subtract.at(rest, pinned.read, data[pinned.others] * row_dual[pinned.rows][pinned.owner])
        reduced -= np.asarray(with_data(frame.transposed, data) @ changed)
