"""A live HiGHS model of a linear program without the columns that its rows and bounds fix.

From outside it looks like `LinearModel`: columns, rows, points and bases are those of the whole program.
Integer columns stay, so that they may be fixed later.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from optimizer.program.sparse import stacked
from optimizer.program.tape import Array, Index
from optimizer.solver.highs import (
    BASIC,
    NONBASIC,
    POINTS,
    HeldBasis,
    LinearModel,
    LinearResult,
    Method,
    Statuses,
)
from optimizer.solver.reduction import Reduction
from optimizer.solver.replay import Replay


class ReducedModel:
    """Minimise cost'x over the program of a `reduction`, whose rows are the only ones that can be taken out;
    further rows may be appended. HiGHS gets the program when it is first needed."""

    def __init__(self, reduction: Reduction | Replay) -> None:
        self._base = len(reduction.low)
        self._reduction = reduction
        self._columns, self._rows = reduction.columns, reduction.rows
        self._place: Index = reduction.place
        self._waiting = [reduction.program()]
        self._cost, self._whole_cost = np.zeros(len(self._columns)), np.zeros(len(self._place))
        self._appended = 0

    @cached_property
    def _model(self) -> LinearModel:
        matrices = [matrix for matrix, _, _ in self._waiting]
        low, high = (np.concatenate([rows[side] for rows in self._waiting]) for side in (1, 2))
        lower, upper = self._reduction.given_lower[self._columns], self._reduction.given_upper[self._columns]
        return LinearModel(self._cost, lower, upper, stacked(matrices), low, high)

    @property
    def _is_live(self) -> bool:
        return "_model" in self.__dict__

    @property
    def rows(self) -> int:
        """Number of rows of the whole program."""
        return self._base + self._appended

    @property
    def kept_rows(self) -> int:
        """Number of rows that HiGHS sees."""
        return len(self._rows) + self._appended

    def add_rows(self, matrix: csr_array, lower: Array, upper: Array) -> None:
        """Append rows."""
        shift = self._reduction.shift(matrix)
        rows = self._reduction.kept(matrix), lower - shift, upper - shift
        self._appended += len(lower)
        if self._is_live:
            self._model.add_rows(*rows)
        else:
            self._waiting.append(rows)

    def delete_rows(self, rows: Index) -> None:
        """Delete appended rows; where one of them was not basic, the basis is lost."""
        self._appended -= len(rows)
        self._model.delete_rows(rows - self._base + len(self._rows))

    def set_cost(self, cost: Array) -> None:
        """Replace the cost of every column."""
        self._cost, self._whole_cost = self._reduction.kept_cost(cost), cost
        if self._is_live:
            self._model.set_cost(self._cost)

    def set_column_bounds(self, columns: Index, lower: Array, upper: Array) -> None:
        """Replace the bounds of some columns; those taken out stay at their value."""
        live = self._place[columns] >= 0
        self._model.set_column_bounds(self._place[columns[live]], lower[live], upper[live])

    def row_basis(self) -> Statuses | None:
        """Status of every row in the current basis, None if there is no valid one."""
        found = self._model.basis()
        if found is None:
            return None
        return self._all_rows(found[1])

    def _all_rows(self, statuses: Statuses) -> Statuses:
        rows = np.full(self.rows, BASIC, dtype=np.int8)
        kept = len(self._rows)
        rows[self._rows], rows[self._base :] = statuses[:kept], statuses[kept:]
        return rows

    def basis(self) -> tuple[Statuses, Statuses] | None:
        """Status of every column and row in the current basis, None if there is no valid one."""
        found = self._model.basis()
        if found is None:
            return None
        columns = np.full(len(self._place), NONBASIC, dtype=np.int8)
        columns[self._columns] = found[0]
        return columns, self._all_rows(found[1])

    def set_basis(self, columns: Statuses, rows: Statuses) -> None:
        """Start the next solve from this basis."""
        kept = np.concatenate([rows[self._rows], rows[self._base :]])
        self._model.set_basis(columns[self._columns], kept)

    def solve(self, method: Method, deadline: float | None = None, beyond: float = np.inf) -> LinearResult:
        """Solve; see `LinearModel.solve`. Duals are those of the smaller program, 0 for what was taken out:
        `complete_duals` finds the rest."""
        if np.isfinite(beyond):
            beyond -= self._taken_out
        result = self._model.solve(method, deadline, beyond)
        if result.status not in POINTS or (not len(result.x) and len(self._columns)):
            return result
        row_dual = np.zeros(self.rows)
        if len(result.row_dual):
            kept = len(self._rows)
            row_dual[self._rows], row_dual[self._base :] = result.row_dual[:kept], result.row_dual[kept:]
        return LinearResult(result.status, self._reduction.whole(result.x), row_dual, result.bound)

    @property
    def _taken_out(self) -> float:
        """What the columns taken out add to the objective."""
        return float(self._whole_cost @ self._reduction.whole(np.zeros(len(self._columns))))

    def estimate(self, method: Method, iterations: int) -> float:
        """See `LinearModel.estimate`."""
        return self._model.estimate(method, iterations) + self._taken_out

    def ray(self) -> Array | None:
        """See `LinearModel.ray`; 0 for rows taken out."""
        return self._all_duals(self._model.ray())

    def _all_duals(self, found: Array | None) -> Array | None:
        """Duals of all rows from those of the rows kept, 0 for what was taken out."""
        if found is None:
            return None
        dual, kept = np.zeros(self.rows), len(self._rows)
        dual[self._rows], dual[self._base :] = found[:kept], found[kept:]
        return dual

    def held_basis(self) -> HeldBasis:
        """The current basis of what HiGHS sees, in its own form."""
        return self._model.held_basis()

    def set_held_basis(self, held: HeldBasis) -> None:
        """See `LinearModel.set_held_basis`."""
        self._model.set_held_basis(held)

    def kept_basis(self) -> tuple[Statuses, Statuses] | None:
        """The current basis of the columns and rows that HiGHS sees, None if there is no valid one."""
        return self._model.basis()

    def duals_of(self, cost: Array) -> Array | None:
        """Duals of all rows at the current basis for another cost of all columns, 0 for rows taken out; None
        where there is no basis to ask."""
        return self._all_duals(self._model.duals_of(self._reduction.kept_cost(cost)))

    def complete_duals(self, row_dual: Array, reduced: Array) -> None:
        """Complete duals of all rows and reduced costs of all columns in place."""
        self._reduction.restore_duals(row_dual, reduced)
