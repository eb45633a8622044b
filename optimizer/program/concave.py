"""Tangent planes of a program's concave functions, and where to start them.

Every function f stands for a constraint `base_f x + offset_f + sign_f*F(leaves) >= 0` with sign_f*F concave,
so its tangent at any point of its domain is a row that every plan satisfies. So is, for functions of whole
numbers, the chord between two neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.numbers import Numbers
from optimizer.program.planes import Planes, planes_of
from optimizer.program.sparse import owners, rows_of, stacked, taken, widened, with_data, without_zeros
from optimizer.program.tape import Array, Index
from optimizer.program.whole import Whole, repeated, whole_functions

GRID_RATIO: Final = 9.0
GRID_STEPS: Final = range(-2, 4)
# steepest tangent: its rise over a leaf's nominal size, in typical values of the function
STEEPEST: Final = 1e7


# points tried on the way back into a function's domain, each half as far from its end as the one before
PULLS: Final = 59


@dataclass(frozen=True)
class Tangents:
    """Rows `matrix x >= lower` over all columns; `function` tells which function each belongs to, `point`
    at which of the points it touches."""

    matrix: csr_array
    lower: Array
    function: Index
    point: Index


class Concave:
    """The functions of a program at one parameter vector; inactive ones have no tangents.

    The leaves of function f are `leaves[starts[f]:starts[f + 1]]`; `owners` is the function of each entry.
    """

    def __init__(self, numbers: Numbers, like: Concave | None = None) -> None:
        """`like` gives the sizes that tangents and violations count in, those of similar numbers."""
        self.numbers = numbers
        self.table = numbers.program.functions
        self.active = numbers.active
        # row -1, the objective, reads the entry appended last
        upper, lower = np.append(numbers.upper, 0.0), np.append(numbers.lower, 0.0)
        side = np.where(self.table.sign < 0, upper[self.table.row], lower[self.table.row])
        own = self.table.column >= 0
        self.offset: Array = np.where(own | ~self.active, 0.0, -self.table.sign * side)
        if like is not None:
            self.typical, self.sizes = like.typical, like.sizes
        self.starts, self.leaves, self.owners = self.table.of_functions

    def __len__(self) -> int:
        return len(self.table.sign)

    @cached_property
    def base(self) -> csr_array:
        """The linear part of every function's constraint over all columns, (functions, columns)."""
        return self.base_in(self.numbers.matrix)

    def base_in(self, matrix: csr_array) -> csr_array:
        """The linear part of every function's constraint, its row taken from a matrix of the model's rows."""
        program = self.numbers.program
        direct = self.table.column < 0
        count = int(np.count_nonzero(~direct))
        own = rows_of(np.full(count, -1.0), self.table.column[~direct], np.arange(count + 1), program.columns)
        rows = taken(matrix, self.table.row[direct])
        rows = with_data(rows, rows.data * self.table.sign[direct][owners(rows)])
        both = stacked([widened(without_zeros(rows), program.columns), own])
        # in the order of the functions
        order = np.concatenate([np.flatnonzero(direct), np.flatnonzero(~direct)])
        return taken(both, np.argsort(order))

    def signed(self, components: Array) -> Array:
        """Function values from component values, (functions, points)."""
        return self.table.sign[:, None] * components[self.table.component]

    def slack(self, x: Array) -> tuple[Array, Array]:
        """base x + offset + sign*F at a point (not finite where F is undefined), and its leaves."""
        leaves = self.numbers.leaves(x)
        _, components = self.numbers.components(leaves[:, None])
        value = self.base @ x + self.offset + self.signed(components)[:, 0]
        return np.where(self.active, value, np.inf), leaves

    @cached_property
    def _planes(self) -> Planes:
        """The rows of the functions' tangents: a slope for each leaf of each function, then one for each
        exponential, by which the logs count that it is one of."""
        by_leaves = np.flatnonzero(self.table.size[self.owners] == 0)
        inner = np.flatnonzero(self.table.inner_of >= 0)
        outer = self.table.inner_of[inner]
        columns = self.table.column[inner]
        logs = rows_of(np.ones(len(inner)), columns, np.arange(len(inner) + 1), self.base.shape[1])
        place = len(self.owners) + np.searchsorted(self.table.exponentials, outer)
        leaves = taken(self.numbers.leaf_matrix, self.leaves[by_leaves])
        return planes_of(self.base, [(self.owners[by_leaves], by_leaves, leaves), (outer, place, logs)])

    @cached_property
    def whole(self) -> Whole:
        """The functions of whole numbers, whose tangents are chords."""
        return whole_functions(self)

    @cached_property
    def typical(self) -> Array:
        """Typical size of each function's constraint: its largest linear term at nominal sizes, or where that
        is nothing but the function's own column, the value or variation around the middle of the grid."""
        low, high = self.numbers.leaf_box
        points = np.clip(self.sizes[:, None] * np.array([1.0, 3.0]), low[:, None], high[:, None])
        _, components = self.numbers.components(points)
        values = self.signed(components)
        with np.errstate(invalid="ignore"):
            sizes = np.maximum(np.abs(values).max(axis=1), np.abs(values[:, 1] - values[:, 0]))
        nominal = np.append(self.numbers.nominal, np.zeros(self.base.shape[1] - len(self.numbers.nominal)))
        linear = np.zeros(len(self))
        np.maximum.at(linear, owners(self.base), np.abs(self.base.data) * nominal[self.base.indices])
        sizes = np.where(linear > 0, linear, sizes)
        return np.where(np.isfinite(sizes) & (sizes > 0), sizes, 1.0)

    @cached_property
    def sizes(self) -> Array:
        """Nominal size of every leaf."""
        matrix = self.numbers.leaf_matrix
        largest = np.zeros(matrix.shape[0])
        np.maximum.at(largest, owners(matrix), np.abs(matrix.data) * self.numbers.nominal[matrix.indices])
        size = np.where(largest > 0, largest, np.abs(self.numbers.leaf_constant))
        return np.where(size > 0, size, 1.0)

    @cached_property
    def integer_steps(self) -> Array:
        """By how much one step of an integer moves each leaf, at most."""
        matrix = self.numbers.leaf_matrix
        moves = np.abs(matrix.data) * self.numbers.program.integer[matrix.indices]
        largest = np.zeros(matrix.shape[0])
        np.maximum.at(largest, owners(matrix), moves)
        return largest

    @cached_property
    def centre(self) -> Array:
        """A point in the domain of every function, one value per leaf."""
        low, high = self.numbers.leaf_box
        return np.clip(self.sizes, low, high)

    def starting_points(self) -> tuple[Array, NDArray[np.bool_]]:
        """Leaf points of the starting tangents (leaves, points), and which functions use which point."""
        low, high = self.numbers.leaf_box
        points: list[Array] = []
        masks: list[NDArray[np.bool_]] = []
        steps = [self.sizes * GRID_RATIO**step for step in GRID_STEPS]
        for point in [*steps, np.zeros_like(self.sizes), *(-step for step in steps)]:
            points.append(np.clip(point, low, high))
            masks.append(self._in_all_leaves((point >= low) & (point <= high)))
        for point in (low, high):
            points.append(np.where(np.isfinite(point), point, self.centre))
            masks.append(self._in_all_leaves(np.isfinite(point)))
        return np.column_stack(points), np.column_stack(masks) & self.active[:, None]

    def _in_all_leaves(self, condition: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which functions have a condition true at each of their leaves."""
        if not len(self):
            return np.zeros(0, dtype=bool)
        return np.logical_and.reduceat(condition[self.leaves], self.starts[:-1])

    def tangents(self, points: Array, mask: NDArray[np.bool_]) -> Tangents:
        """Tangents of the masked functions at leaf points (leaves, points); of whole numbers the chords about
        them, each once. Those whose value or gradient is not finite, or too steep for a solver, are left
        out."""
        count = points.shape[1]
        values, components = self.numbers.components(points)
        gradient = self.numbers.component_gradient(values)[self.leaves] * self.table.sign[self.owners, None]
        value = self.signed(components)
        centre = points - self.numbers.leaf_constant[:, None]
        whole, usable = self.whole, mask
        if len(whole):
            chords = whole.chords(self, points)
            gradient[whole.places] = np.where(chords.known, chords.slope, gradient[whole.places])
            value[whole.functions] = np.where(chords.known, chords.value, value[whole.functions])
            start = chords.start - whole.origin[:, None]
            centre[whole.leaves] = np.where(chords.known, start, centre[whole.leaves])
            usable = mask.copy()
            again = repeated(chords.number, usable[whole.functions] & chords.known)
            usable[whole.functions] &= ~again
        with np.errstate(invalid="ignore", over="ignore"):
            moment = np.zeros((len(self), count))
            if len(self.owners):
                moment = np.add.reduceat(gradient * centre[self.leaves], self.starts[:-1], axis=0)
            level = value - moment + self.offset[:, None]
        usable = usable & np.isfinite(level)
        if len(self.owners):
            rise = np.abs(gradient) * self.sizes[self.leaves, None]
            gentle = rise <= STEEPEST * self.typical[self.owners, None]
            usable &= np.logical_and.reduceat(gentle, self.starts[:-1], axis=0)
        slopes = gradient
        exponentials = self.table.exponentials
        if len(exponentials):
            # by the sum of the logs, of which minus the value is the slope
            slope = -value[exponentials]
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                logs = slope * np.log(slope / self.table.size[exponentials, None])
                level[exponentials] = value[exponentials] + logs + self.offset[exponentials, None]
                gentle = slope <= STEEPEST * self.typical[exponentials, None]
            usable[exponentials] &= np.isfinite(level[exponentials]) & gentle
            slopes = np.vstack([gradient, slope])
        point_of, function = np.nonzero(usable.T)
        matrix = self._planes.rows(function, point_of, slopes)
        return Tangents(matrix, -level[function, point_of], function, point_of)

    def whole_point(self, x: Array) -> Array:
        """A point of the model's columns over all columns: auxiliary ones have the values of their functions,
        0 where those are undefined."""
        _, components = self.numbers.components(self.numbers.leaves(x)[:, None])
        value = self.signed(components)[:, 0]
        whole = np.zeros(self.numbers.program.columns)
        whole[: len(x)] = x
        own = self.table.column >= 0
        whole[self.table.column[own]] = np.where(np.isfinite(value[own]), value[own], 0.0)
        return whole

    def pulled_back(self, leaves: Array, function: int, x: Array) -> Array | None:
        """Leaf point between the centre and `leaves` whose tangent cuts x off, None if there is none: for a
        point at which the function is undefined, or too steep."""
        shares = 1.0 - 0.5 ** np.arange(1, PULLS + 1)
        points = self.centre[:, None] + shares * (leaves - self.centre)[:, None]
        mask = np.zeros((len(self), PULLS), dtype=bool)
        mask[function] = True
        cuts = self.tangents(points, mask)
        deep = np.flatnonzero(cuts.matrix @ x < cuts.lower)
        return points[:, cuts.point[deep[0]]] if len(deep) else None

    def domain_end(self, leaves: Array, function: int) -> float | None:
        """Value of a function's only leaf, between the centre and `leaves`, beyond which it is undefined.

        None where it has several leaves or is defined there."""
        own = self.leaves[self.starts[function] : self.starts[function + 1]]
        if len(own) != 1:
            return None
        inside, outside = float(self.centre[own[0]]), float(leaves[own[0]])
        for _ in range(8):
            shares = np.linspace(0.0, 1.0, 65)
            points = np.tile(self.centre[:, None], len(shares))
            points[own[0]] = inside + shares * (outside - inside)
            _, components = self.numbers.components(points)
            undefined = np.flatnonzero(~np.isfinite(self.signed(components)[function]))
            if not len(undefined) or undefined[0] == 0:
                return None
            inside, outside = points[own[0], undefined[0] - 1], points[own[0], undefined[0]]
        return outside
