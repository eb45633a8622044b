"""Functions of whole numbers. Between two neighbours no whole number lies, so the chord between them is a row
that every plan satisfies, as a tangent is, and a tighter one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.program.numbers import Numbers
from optimizer.program.program import FunctionTable
from optimizer.program.sparse import owners
from optimizer.program.tape import Array, Index

# how near a bound must be to a whole number to count as it
ROUNDING: Final = 1e-9
# beyond so many steps from 0 neighbours are hard to tell apart
FURTHEST: Final = 2.0**30


class Functions(Protocol):
    """Functions of a program at its numbers; those of function f have the leaves
    `leaves[starts[f]:starts[f + 1]]`."""

    numbers: Numbers
    table: FunctionTable
    starts: Index
    leaves: Index

    def signed(self, components: Array) -> Array:
        """Function values from component values, (functions, points)."""


@dataclass(frozen=True)
class Chords:
    """Chords of the functions of whole numbers (below) at some points: the leaf's value at the lower end of
    the chord, which number that end is, the function's value there and the chord's slope, each (functions,
    points); and where there is a chord."""

    start: Array
    number: Array
    value: Array
    slope: Array
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Whole:
    """The `functions` whose only leaf takes the values `origin + step*k`, k whole, from `least` to `most`;
    `leaves` are these leaves and `places` theirs among the leaves of all functions."""

    functions: Index
    leaves: Index
    places: Index
    origin: Array
    step: Array
    least: Array
    most: Array

    def __len__(self) -> int:
        return len(self.functions)

    def beside(self, leaves: Array, box: tuple[Array, Array]) -> Array:
        """Points half a step below and above a point, (all leaves, 2): their chords meet at a whole number,
        and one of them is about any other."""
        points = np.column_stack([leaves, leaves])
        half = 0.5 * self.step
        points[self.leaves] += np.column_stack([-half, half])
        return np.clip(points, box[0][:, None], box[1][:, None])

    def chords(self, concave: Functions, points: Array) -> Chords:
        """The chords about leaf points (all leaves, points)."""
        origin, step = self.origin[:, None], self.step[:, None]
        number = np.floor((points[self.leaves] - origin) / step)
        number = np.clip(number, self.least[:, None], self.most[:, None] - 1.0)
        start = origin + step * number
        end = origin + step * (number + 1.0)
        ends = np.hstack([points, points])
        ends[self.leaves] = np.hstack([start, end])
        _, components = concave.numbers.components(ends)
        values = concave.signed(components)[self.functions]
        count = points.shape[1]
        with np.errstate(invalid="ignore"):
            slope = (values[:, count:] - values[:, :count]) / (end - start)
        known = np.isfinite(slope) & (self.most > self.least)[:, None] & (np.abs(number) < FURTHEST)
        return Chords(start, number, values[:, :count], slope, known)


def whole_functions(concave: Functions) -> Whole:
    """The functions of one leaf that is a whole multiple of a step, beside a constant: all its columns are
    integers, its coefficients whole multiples of the smallest."""
    numbers, program = concave.numbers, concave.numbers.program
    sizes = np.diff(concave.starts)
    functions = np.flatnonzero((sizes == 1) & (concave.table.size == 0) & program.integer.any())
    leaves = concave.leaves[concave.starts[functions]]
    matrix = numbers.leaf_matrix
    entries = np.abs(matrix.data)
    owner = owners(matrix)
    used = entries > 0
    step = np.full(matrix.shape[0], np.inf)
    np.minimum.at(step, owner[used], entries[used])
    times = np.where(used, entries / step[owner], 0.0)
    stray = used & ~(program.integer[matrix.indices] & (times == np.round(times)))
    is_whole = np.isfinite(step)
    is_whole[owner[stray]] = False
    functions, leaves = functions[is_whole[leaves]], leaves[is_whole[leaves]]
    low, high = numbers.leaf_box
    origin, step = numbers.leaf_constant[leaves], step[leaves]
    return Whole(
        functions=functions,
        leaves=leaves,
        places=concave.starts[functions],
        origin=origin,
        step=step,
        least=np.ceil((low[leaves] - origin) / step - ROUNDING),
        most=np.floor((high[leaves] - origin) / step + ROUNDING),
    )


def repeated(number: Array, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which entries of each row repeat the number of a used one before them."""
    keys = np.where(used, number, np.inf)
    order = np.argsort(keys, axis=1, kind="stable")
    keys = np.take_along_axis(keys, order, axis=1)
    again = np.zeros(keys.shape, dtype=bool)
    again[:, 1:] = keys[:, 1:] == keys[:, :-1]
    result = np.zeros(keys.shape, dtype=bool)
    np.put_along_axis(result, order, again, axis=1)
    return result & used
