"""A live HiGHS model of a linear program without the columns that its rows and bounds fix.

From outside it looks like `LinearModel`: columns, rows, points and bases are those of the whole program.
A program with integer columns is left whole, since fixing integers changes what is fixed.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from optimizer.program.tape import Array, Index
from optimizer.solver.highs import BASIC, NONBASIC, LinearModel, LinearResult, Method, Statuses
from optimizer.solver.reduction import Reduction


class ReducedModel:
    """Minimise cost'x over row_lower <= matrix x <= row_upper and column bounds; rows may be appended.

    `matrix` holds the base rows, the only ones that can be taken out.
    """

    def __init__(
        self,
        lower: Array,
        upper: Array,
        matrix: csr_array,
        row_lower: Array,
        row_upper: Array,
        reduce: bool = True,
    ) -> None:
        self._base = matrix.shape[0]
        self._reduction = Reduction(matrix, row_lower, row_upper, lower, upper, reduce)
        self._columns, self._rows = self._reduction.columns, self._reduction.rows
        self._place: Index = self._reduction.place
        base = csr_array(matrix[self._rows])
        shift = self._reduction.fixed_shift(base)
        self._model = LinearModel(
            np.zeros(len(self._columns)),
            lower[self._columns],
            upper[self._columns],
            csr_array(base[:, self._columns]),
            self._reduction.low[self._rows] - shift,
            self._reduction.high[self._rows] - shift,
        )

    @property
    def rows(self) -> int:
        """Number of rows of the whole program."""
        return self._base + self._model.rows - len(self._rows)

    def add_rows(self, matrix: csr_array, lower: Array, upper: Array) -> None:
        """Append rows."""
        shift = self._reduction.shift(matrix)
        self._model.add_rows(self._reduction.kept(matrix), lower - shift, upper - shift)

    def delete_rows(self, rows: Index) -> None:
        """Delete appended rows; where one of them was not basic, the basis is lost."""
        self._model.delete_rows(rows - self._base + len(self._rows))

    def set_cost(self, cost: Array) -> None:
        """Replace the cost of every column."""
        self._model.set_cost(self._reduction.kept_cost(cost))

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

    def solve(self, method: Method, deadline: float | None = None) -> LinearResult:
        """Solve; see `LinearModel.solve`. Duals are those of the smaller program, 0 for what was taken out:
        `complete_duals` finds the rest."""
        result = self._model.solve(method, deadline)
        if result.status != "optimal" or (not len(result.x) and len(self._columns)):
            return result
        row_dual, column_dual = np.zeros(self.rows), np.zeros(len(self._place))
        if len(result.row_dual):
            kept = len(self._rows)
            row_dual[self._rows], row_dual[self._base :] = result.row_dual[:kept], result.row_dual[kept:]
            column_dual[self._columns] = result.column_dual
        return LinearResult(
            result.status, self._reduction.whole(result.x), row_dual, column_dual, result.bound
        )

    def complete_duals(self, row_dual: Array, reduced: Array) -> None:
        """Complete duals of all rows and reduced costs of all columns in place."""
        self._reduction.restore_duals(row_dual, reduced)
