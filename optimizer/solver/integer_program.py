"""The outer program with its integers, in a HiGHS model of its own that is scaled for the accuracy wanted.

Of an integer program HiGHS proves the bound, and it holds only within its tolerances: what improves its
objective by less than `mip_feasibility_tolerance` it does not look for. Rows, columns and objective are
therefore scaled so that the tolerances are worth a small share of the gap. The sizes at hand are those near
the optimum; a function's nominal size may be a million times its value there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.scaling import power_of_two, scale_rows
from optimizer.program.tape import Array
from optimizer.solver.certificate import FEASIBLE
from optimizer.solver.highs import ABSOLUTE_GAP
from optimizer.solver.relaxation import Relaxation
from optimizer.solver.tree import Tree, Wanted

# the wanted accuracy, in units of HiGHS's objective: a thousand times its coarsest tolerance
RESOLUTION: Final = 1e-3
COARSEST: Final = 1e-6
FINEST: Final = 1e-9
# share of the wanted accuracy that violations within the tolerance may be worth
SHARE: Final = 0.1
# a function's own column counts in at least this share of the function's nominal size
LEAST_SIZE: Final = 1e-8
# and in at least this share of the largest term of its row
ROW_SHARE: Final = 0.01
# HiGHS takes entries below its tolerance for nothing: it stays below this share of the smallest
OF_ENTRIES: Final = 0.1


@dataclass(frozen=True)
class Outer:
    """What a tree says of an integer outer program: `level` bounds the objective of every point, as HiGHS
    states it and loosened by its tolerance; `points` are those of all columns that improved on the ones
    before, the best last, in the model's units. `status` as in `Found`."""

    status: str
    level: float
    points: tuple[Array, ...]

    @property
    def x(self) -> Array:
        """The best point, empty where there is none."""
        return self.points[-1] if self.points else np.zeros(0)


def integer_optimum(
    relaxation: Relaxation,
    width: float,
    near: Array,
    deadline: float | None,
    *,
    asked: float = 0.0,
    start: Array | None = None,
    within: tuple[Array, Array] | None = None,
    exact: bool = False,
    careful: bool = False,
    is_enough: Callable[[float], bool] = lambda level: False,
    tell: Callable[[float, int], None] | None = None,
) -> Outer:
    """The optimum over the integers, within `asked` of its bound.

    `width` is the accuracy wanted of the bound, `near` a point of all columns of about the optimum's size,
    `start` one that satisfies every row. `within` are narrower bounds of all columns, which the level then
    holds for alone. With `exact` rows and integers hold to the tolerance of plans; with
    `careful` to the finest, and the program is solved as it is written, without presolve. The tree ends once
    its level `is_enough`. `tell` hears of the level and the number of nodes from time to time.
    """
    matrix, low, high = relaxation.rows()
    scale = np.ones(len(relaxation.scale)) if careful else _column_sizes(relaxation, near)
    objective = relaxation.objective * scale
    matrix.data = matrix.data * scale[matrix.indices]
    factors = np.ones(len(low))
    if not careful:
        matrix, factors = scale_rows(matrix)
    largest = float(np.abs(objective).max(initial=0.0))
    unit = float(power_of_two(np.array([max(1.0 / largest if largest else 1.0, RESOLUTION / width)]))[0])
    tolerance = SHARE * RESOLUTION / max(_worth(matrix, objective * unit, relaxation.integer), 1e-300)
    smallest = float(np.abs(matrix.data[matrix.data != 0]).min(initial=np.inf))
    tolerance = min(tolerance, OF_ENTRIES * smallest)
    tolerance = FINEST if careful else float(np.clip(tolerance, FINEST, FEASIBLE if exact else COARSEST))
    lower, upper = (relaxation.lower, relaxation.upper) if within is None else within
    tree = Tree(
        -objective * unit,
        np.minimum(lower, upper) / scale,
        upper / scale,
        matrix,
        low * factors,
        high * factors,
        relaxation.integer,
    )

    def level(bound: float) -> float:
        return (tolerance + ABSOLUTE_GAP - bound) / unit

    wanted = Wanted(
        gap=max(asked * unit, ABSOLUTE_GAP),
        tolerance=tolerance,
        deadline=deadline,
        start=None if start is None else start / scale,
        is_enough=lambda bound: is_enough(level(bound)),
        careful=careful,
    )
    found = tree.search(wanted, None if tell is None else lambda bound, nodes: tell(level(bound), nodes))
    return Outer(found.status, level(found.bound), tuple(point * scale for point in found.points))


def _column_sizes(relaxation: Relaxation, near: Array) -> Array:
    """Size of one solver unit of each column: that of a function's own column is its value at `near`."""
    concave = relaxation.concave
    scale = relaxation.scale.copy()
    own = np.flatnonzero(concave.table.column >= 0)
    columns = concave.table.column[own]
    x = near[: relaxation.program.user_columns]
    x = np.where(relaxation.program.integer, np.round(x), x)
    _, components = relaxation.numbers.components(relaxation.numbers.leaves(x)[:, None])
    values = np.abs(concave.signed(components)[own, 0])
    typical = concave.typical[own]
    sizes = np.maximum(np.where(np.isfinite(values), values, 0.0), np.abs(near[columns]))
    # what is nothing at this point still counts among the other terms of its row
    rows = relaxation.program.row_count + 1
    inner = concave.table.inner_of[own]
    row = np.where(inner < 0, concave.table.row[own] % rows, rows + inner)
    of_row = np.zeros(rows + len(concave))
    np.maximum.at(of_row, row, sizes)
    sizes = np.maximum(sizes, ROW_SHARE * of_row[row])
    scale[columns] = power_of_two(np.clip(sizes, LEAST_SIZE * typical, typical))
    return scale


def _worth(matrix: csr_array, cost: Array, integer: NDArray[np.bool_]) -> float:
    """What a violation of one in a row or of an integer is worth at most, by the columns of the objective."""
    sizes = np.abs(matrix.data)
    owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    prices = np.zeros(matrix.shape[0])
    with np.errstate(divide="ignore"):
        ratio = np.where(sizes > 0, np.abs(cost)[matrix.indices] / sizes, 0.0)
    priced = ~integer[matrix.indices]
    np.maximum.at(prices, owners[priced], ratio[priced])
    steepest = np.ones(matrix.shape[0])
    whole = integer[matrix.indices]
    np.maximum.at(steepest, owners[whole], sizes[whole])
    direct = float(np.abs(cost[integer]).max(initial=0.0))
    return max(direct, float((prices * steepest).max(initial=0.0)))
