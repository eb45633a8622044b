"""The outer linear program: the model's linear rows plus tangents, scaled, in a live HiGHS model.

Inside, the objective is always maximised and everything is scaled by powers of two; every method takes and
returns the model's own units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.concave import Concave, Tangents
from optimizer.program.scaling import power_of_two, row_factors
from optimizer.program.sparse import lengths, taken, transposed, widened, with_data
from optimizer.program.tape import Array, Index
from optimizer.solver.highs import BASIC, POINTS, LinearModel, Method
from optimizer.solver.outline import Outline, outline_of
from optimizer.solver.pool import Basis, Pool, row_keys
from optimizer.solver.reduced import ReducedModel
from optimizer.solver.reduction import Reduction
from optimizer.solver.relaxed import Proven, Relaxed, no_point
from optimizer.solver.rows import Joined, Rows

# further leaf points (leaves, points), and the functions to cut there (functions, points)
Beside = tuple[Array, NDArray[np.bool_]]
TANGENT: Final = 2
DOMAIN: Final = 3
# a column without a bound is held within so many solver units where its reduced cost is not exactly 0
REACH: Final = 1e3
# and where duals of other numbers leave more than this, they prove no bound
ROUNDING: Final = 1e-10
# boxes for a program whose first tangents do not bound it yet, in solver units, from small to large
BOXES: Final = (1e6, 1e9, 1e12)
# so many times lower than its arguments may be large a function may be, within a box
FUNCTIONS_LOWER: Final = 1e6


class Relaxation:
    """The outer program of a `Concave` at its parameter vector. `scaled` turns scaling off for tests.
    `outline` and `model` are given where they are known from a similar program."""

    def __init__(
        self,
        concave: Concave,
        scaled: bool = True,
        outline: Outline | None = None,
        model: ReducedModel | None = None,
    ) -> None:
        self.concave = concave
        self.numbers = concave.numbers
        self.program = self.numbers.program
        self._scaled = scaled
        outline = outline_of(concave, scaled) if outline is None else outline
        self.scale: Array = outline.scale
        self.lower, self.upper = outline.lower, outline.upper
        self.lower_source, self.upper_source = outline.lower_source, outline.upper_source
        self.bound_factor: Array = outline.bound_factor
        self.impossible: list[int] = outline.impossible
        # what kind of row each is, of which row or function, and at which point of the pool (-1: none)
        self.kinds: Index = outline.kinds
        self.references: Index = outline.references
        self.origins: Index = np.full(len(outline.kinds), -1, dtype=np.int64)
        excess = self.lower - self.upper
        rounding = np.isfinite(excess) & (excess > 0) & (excess <= 1e-9 * np.maximum(1.0, np.abs(self.upper)))
        self.lower[rounding] = self.upper[rounding]
        self.crossed: Index = np.flatnonzero(self.lower > self.upper)
        self.objective: Array = np.zeros(self.program.columns)
        self.cost: Array = np.zeros(self.program.columns)
        self._factor = 1.0
        self.box_size = np.inf
        self._low, self._high = self.lower.copy(), self.upper.copy()
        self._rows = Rows(Joined(outline.matrix, outline.factors, outline.low, outline.high))
        auxiliary = self.program.columns - self.program.user_columns
        self.integer: NDArray[np.bool_] = np.concatenate(
            [self.program.integer, np.zeros(auxiliary, dtype=bool)]
        )
        if model is None:
            lower = np.minimum(self.lower, self.upper)
            model = ReducedModel(
                Reduction(
                    outline.matrix,
                    outline.low,
                    outline.high,
                    lower / self.scale,
                    self.upper / self.scale,
                    integer=self.integer,
                )
            )
        self.model = model

    # building --------------------------------------------------------------------------------------------

    def _label(self, kind: int, references: Index, origins: Index) -> None:
        self.kinds = np.append(self.kinds, np.full(len(references), kind))
        self.references = np.append(self.references, references)
        self.origins = np.append(self.origins, origins)

    def add_points(
        self, pool: Pool, points: Array, mask: NDArray[np.bool_], known: Tangents | None = None
    ) -> Index:
        """Append the tangents of the masked functions at leaf points, which join the pool; returns the
        function of each tangent. `known` are those tangents, where somebody has them already."""
        first = pool.add(points, mask)
        tangents = self.concave.tangents(points, mask) if known is None else known
        self._append(tangents.matrix, tangents.lower, TANGENT, tangents.function, tangents.point + first)
        return tangents.function

    def cut(
        self,
        pool: Pool,
        leaves: Array,
        x: Array,
        wanted: NDArray[np.bool_],
        beside: Sequence[Beside] = (),
    ) -> int:
        """Cut the wanted functions at a point x; where one is undefined or too steep there, at a point pulled
        back into its domain, and by the end of its domain. Returns the number of rows added."""
        if not (wanted.any() or any(masks.any() for _, masks in beside)):
            return 0
        points = np.hstack([leaves[:, None], *(each for each, _ in beside)])
        masks = np.hstack([wanted[:, None], *(each for _, each in beside)])
        before = len(self.kinds)
        done = self.add_points(pool, points, masks)
        remaining = wanted.copy()
        remaining[done[self.origins[before:] == len(pool.points) - points.shape[1]]] = False
        for function in np.flatnonzero(remaining):
            self._add_domain(leaves, int(function))
            point = self.concave.pulled_back(leaves, int(function), x)
            if point is not None:
                mask = np.zeros((len(self.concave), 1), dtype=bool)
                mask[function] = True
                self.add_points(pool, point[:, None], mask)
        return len(self.kinds) - before

    def _add_domain(self, leaves: Array, function: int) -> None:
        end = self.concave.domain_end(leaves, function)
        if end is None:
            return
        leaf = int(self.concave.leaves[self.concave.starts[function]])
        sign = np.sign(self.concave.centre[leaf] - end)
        row = taken(self.numbers.leaf_matrix, np.array([leaf]))
        wide = widened(with_data(row, row.data * sign), self.program.columns)
        side = sign * (end - self.numbers.leaf_constant[leaf])
        self._append(wide, np.array([side]), DOMAIN, np.array([function]), np.array([-1]))

    def _append(self, matrix: csr_array, lower: Array, kind: int, references: Index, origins: Index) -> None:
        factors = np.ones(matrix.shape[0])
        if self._scaled:
            data = matrix.data * self.scale[matrix.indices]
            factors = row_factors(data, matrix.indptr)
            matrix = with_data(matrix, data * np.repeat(factors, lengths(matrix.indptr)))
        low, high = lower * factors, np.full(len(lower), np.inf)
        self._rows.append(Joined(matrix, factors, low, high))
        self._label(kind, references, origins)
        self.model.add_rows(matrix, low, high)

    @property
    def tangent_count(self) -> int:
        """Number of tangents in the program."""
        return int(np.count_nonzero(self.kinds == TANGENT))

    def drop_idle_tangents(self, since: int = 0) -> None:
        """Delete the tangents from a row number on that do not bind in the current basis; it stays valid, and
        so does every bound already found."""
        basis = self.model.row_basis()
        if basis is not None:
            later = np.arange(len(basis)) >= since
            self._delete((basis == BASIC) & (self.kinds == TANGENT) & later)

    def _delete(self, gone: NDArray[np.bool_]) -> None:
        if not gone.any():
            return
        self._rows.keep(~gone)
        self.kinds, self.references = self.kinds[~gone], self.references[~gone]
        self.origins = self.origins[~gone]
        self.model.delete_rows(np.flatnonzero(gone))

    def scaled_arrays(self) -> tuple[csr_array, Array, Array, Array, Array]:
        """The program in solver units: matrix, row sides, column bounds. Nothing of it may be changed."""
        rows = self._rows.joined
        return rows.matrix, rows.low, rows.high, self.lower / self.scale, self.upper / self.scale

    def rows(self) -> tuple[csr_array, Array, Array]:
        """The rows in the model's units: matrix and sides."""
        rows = self._rows.joined
        matrix, factors = rows.matrix, rows.factors
        units = self.scale[matrix.indices] * np.repeat(factors, lengths(matrix.indptr))
        return with_data(matrix, matrix.data / units), rows.low / factors, rows.high / factors

    def room(self, x: Array) -> Array:
        """How far each row is above its lower side at a point of all columns, in the row's own units."""
        rows = self._rows.joined
        return (rows.matrix @ (x / self.scale) - rows.low) / rows.factors

    def whole_model(self, with_integers: bool = False) -> LinearModel:
        """The program with every row and column, in a HiGHS model of its own, continuous unless told."""
        matrix, low, high, lower, upper = self.scaled_arrays()
        integer = self.integer if with_integers else None
        return LinearModel(self.cost, np.minimum(lower, upper), upper, matrix, low, high, integer)

    def rows_since(self, number: int) -> tuple[csr_array, Array, Array]:
        """Rows from a number on and their sides, in solver units."""
        return self._rows.joined.since(number)

    def basis(self) -> Basis | None:
        """The current basis, None if there is no valid one."""
        basis = self.model.basis()
        if basis is None:
            return None
        return Basis(basis[0], row_keys(self.kinds, self.references, self.origins), basis[1])

    def set_basis(self, basis: Basis) -> None:
        """Start the next solve from a basis; rows that it does not know are basic."""
        keys = row_keys(self.kinds, self.references, self.origins)
        self.model.set_basis(basis.columns, basis.of_rows(keys))

    def set_objective(self, coefficients: Array) -> None:
        """Maximise coefficients x."""
        self.objective = coefficients
        scaled = coefficients * self.scale
        largest = float(np.abs(scaled).max(initial=0.0))
        self._factor = float(1.0 / power_of_two(np.array([largest]))[0]) if self._scaled else 1.0
        self.cost = -scaled * self._factor
        self.model.set_cost(self.cost)

    def set_bounds(self, columns: Index, lower: Array, upper: Array) -> None:
        """Replace bounds of some columns for the time being, as to fix integers."""
        self._low[columns], self._high[columns] = lower, upper
        self.model.set_column_bounds(columns, lower / self.scale[columns], upper / self.scale[columns])

    def box(self, size: float | None) -> None:
        """Put columns without bounds into a box of that many solver units, or release them (None). A
        function may be much lower: held in the same box it would hold its arguments back."""
        columns = np.flatnonzero(~np.isfinite(self.lower) | ~np.isfinite(self.upper))
        low, high = self.lower[columns] / self.scale[columns], self.upper[columns] / self.scale[columns]
        self.box_size = np.inf if size is None else size
        if size is not None:
            least = -size * np.where(columns >= self.program.user_columns, FUNCTIONS_LOWER, 1.0)
            low = np.where(np.isfinite(low), low, np.minimum(least, high - size))
            high = np.where(np.isfinite(high), high, np.maximum(size, low + size))
        self.model.set_column_bounds(columns, low, high)

    def at_box(self, x: Array) -> Index:
        """The columns without a bound that reach the end of the box at a point."""
        free = ~np.isfinite(self.lower) | ~np.isfinite(self.upper)
        return np.flatnonzero(free & (np.abs(x / self.scale) > 0.5 * self.box_size))

    # solving ---------------------------------------------------------------------------------------------

    def solve(self, method: Method, deadline: float | None, enough: float = -np.inf) -> Relaxed:
        """Solve the outer program as it stands; no further (`beyond`) than to see that its optimum is no more
        than what is `enough`."""
        result = self.model.solve(method, deadline, -enough * self._factor)
        kinds, references = self.kinds, self.references
        if result.status not in POINTS or not len(result.x):
            return no_point(result.status)
        factors = self._rows.joined.factors
        has_duals = len(result.row_dual) == len(factors)
        dual = result.row_dual if has_duals else np.zeros(len(factors))
        return Relaxed(
            status=result.status,
            x=result.x * self.scale,
            level=-float(self.cost @ result.x) / self._factor,
            dual=dual,
            multiplier=dual * factors / self._factor,
            kinds=kinds,
            references=references,
            in_box=len(self.at_box(result.x * self.scale)) > 0,
        )

    def proven(self, relaxed: Relaxed) -> Proven:
        """The optimum with its bound, for continuous programs. Rows may have been appended since it was
        solved, none deleted."""
        factors = self._rows.joined.factors
        dual = np.zeros(len(factors))
        dual[: len(relaxed.dual)] = relaxed.dual
        bound, dual, reduced = self._safe_bound(dual, relaxed.x / self.scale, self.cost)
        solved = len(relaxed.kinds)
        return Proven(
            status=relaxed.status,
            x=relaxed.x,
            level=relaxed.level,
            dual=dual[:solved],
            multiplier=dual[:solved] * factors[:solved] / self._factor,
            kinds=relaxed.kinds,
            references=relaxed.references,
            in_box=relaxed.in_box,
            bound=bound,
            reduced=-reduced / (self.scale * self._factor),
        )

    @property
    def objective_factor(self) -> float:
        """Solver units of one unit of the objective."""
        return self._factor

    def proven_by(self, dual: Array, x: Array) -> Proven | None:
        """The bound that duals of all rows (of one unit of the objective, rows scaled), found for similar
        numbers, prove here; None where a reduced cost points to a bound that does not exist by more than
        rounding, so that they prove none."""
        dual = dual * self._factor
        bound, dual, reduced = self._safe_bound(dual, x / self.scale, self.cost)
        endless = np.where(reduced > 0, np.isneginf(self._low), np.isposinf(self._high))
        if (np.abs(reduced[endless]) > ROUNDING).any():
            return None
        return Proven(
            status="optimal",
            x=x,
            level=-float(self.cost @ (x / self.scale)) / self._factor,
            dual=dual,
            multiplier=dual * self._rows.joined.factors / self._factor,
            kinds=self.kinds,
            references=self.references,
            in_box=False,
            bound=bound,
            reduced=-reduced / (self.scale * self._factor),
        )

    def estimate(self, method: Method, iterations: int) -> float:
        """About what the optimum is at most, after so many iterations; minus infinity without a point."""
        return -self.model.estimate(method, iterations) / self._factor

    def excludes(self) -> float:
        """By how much a sum of rows excludes every point, as a share of its largest term, after HiGHS has
        said that there is none; not above 0 where that is not shown."""
        proof = self.model.ray()
        if proof is None:
            return 0.0
        nothing, size = np.zeros(len(self.cost)), np.abs(proof).max(initial=0.0)
        bounds = (self._safe_bound(sign * proof / size, nothing, nothing)[0] for sign in (1.0, -1.0))
        return -min(bounds) * self._factor if size > 0 else 0.0

    def bound_of(self, coefficients: Array, x: Array) -> float:
        """Upper bound on another objective, from its duals at the current basis; x is the basis's point.
        Infinite where there is no basis."""
        cost = -coefficients * self.scale * self._factor
        dual = self.model.duals_of(cost)
        return np.inf if dual is None else self._safe_bound(dual, x / self.scale, cost)[0]

    def _safe_bound(self, dual: Array, x: Array, cost: Array) -> tuple[float, Array, Array]:
        """Upper bound on the maximised objective of a cost from any row duals; those duals, completed, and
        the reduced costs (solver units).

        Duals of a wrong sign are set to 0. A reduced cost that points to a missing column bound is charged as
        if the column stayed within REACH times its size: exact duals leave none, rounding leaves about 1e-12.
        """
        rows = self._rows.joined
        low, high = rows.low, rows.high
        dual = np.where((dual > 0) & ~np.isfinite(low), 0.0, dual)
        dual = np.where((dual < 0) & ~np.isfinite(high), 0.0, dual)
        reduced = cost - transposed(rows.matrix) @ dual
        self.model.complete_duals(dual, reduced)
        side = np.where(dual > 0, low, np.where(dual < 0, high, 0.0))
        reach = REACH * np.maximum(1.0, np.abs(x))
        least = np.where(np.isfinite(self._low), self._low / self.scale, -reach)
        most = np.where(np.isfinite(self._high), self._high / self.scale, reach)
        corner = np.where(reduced > 0, least, most)
        return -float(dual @ side + reduced @ corner) / self._factor, dual, reduced
