"""The cheapest repair of an infeasible program: the least that some changes of its rows must move.

A change adds a given amount to the bodies of some linear rows. The program with free changes is solved for
the least weighted sum of their sizes, and cut by tangents until its concave rows hold as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from optimizer.program.concave import Concave
from optimizer.program.numbers import Numbers
from optimizer.program.program import Program
from optimizer.program.scaling import scale_rows
from optimizer.program.tape import Array, Index
from optimizer.solver.highs import AFTER_ROWS, COLD, LinearModel, Method
from optimizer.solver.outline import LINEAR, SUM
from optimizer.solver.pool import Pool
from optimizer.solver.relaxation import Relaxation

ROUNDS: Final = 60
# a concave row counts as broken beyond this share of its typical size
BROKEN: Final = 1e-7
# what rounding may leave of a row at a point that satisfies it, as a share of its body
ROUNDING: Final = 1e-8


@dataclass(frozen=True)
class Repair:
    """How much each change moves (in its own unit, either way), the weighted sum of their sizes, and a point
    of the model's columns that satisfies every row that can fail (`binding`) once they have moved."""

    amounts: Array
    size: float
    x: Array
    binding: NDArray[np.bool_]


def linear_rows(program: Program) -> Index:
    """The rows without functions, which changes may move."""
    owners = program.functions.component_row
    with_functions = np.zeros(program.row_count, dtype=bool)
    with_functions[owners[owners >= 0]] = True
    return np.flatnonzero(~with_functions)


def cheapest_repair(
    program: Program,
    parameters: Array,
    effects: csr_array,
    sizes: Array,
    made: Array | None = None,
    nominal: Array | None = None,
) -> Repair | None:
    """The least change that gives the program a plan; None where no amount of these changes does.

    `effects` (rows, changes) is what one unit of each change adds to the body of every row; only linear rows
    may be touched. `sizes` (changes,) is what counts as one in the sum that is made least. `made` (changes,)
    is what `parameters` hold of the changes already: it may be taken back, and is part of the amounts found.
    Raises ModelError where the numbers are undefined, SolverError where HiGHS fails.
    """
    numbers = program.at(parameters, nominal)
    concave = Concave(numbers)
    binding = rows_that_can_fail(numbers)
    wanted = concave.active & (concave.table.row >= 0) & binding[concave.table.row]
    relaxation, pool = Relaxation(concave), Pool()
    points, mask = concave.starting_points()
    relaxation.add_points(pool, points, mask & wanted[:, None])
    width, count = program.columns, effects.shape[1]
    rows = linear_rows(program)
    rows = rows[binding[rows]]
    plain = csr_array(numbers.matrix[rows])
    plain = csr_array((plain.data, plain.indices, plain.indptr), shape=(len(rows), width))
    plain.data = plain.data * relaxation.scale[plain.indices]
    plain, factors = scale_rows(plain)
    moved = csr_array(effects[rows])
    moved.data = moved.data * np.repeat(factors, np.diff(moved.indptr)) * sizes[moved.indices]
    already = np.zeros(len(rows)) if made is None else moved @ (made / sizes)
    others, other_low, other_high = _rows_with_functions(relaxation, binding)
    matrix = csr_array(
        vstack(
            [hstack([plain, moved, -moved]), hstack([others, csr_array((others.shape[0], 2 * count))])],
            format="csr",
        )
    )
    infinite = np.full(width - program.user_columns, np.inf)
    model = LinearModel(
        np.concatenate([np.zeros(width), np.ones(2 * count)]),
        np.concatenate([np.append(numbers.column_lower, -infinite) / relaxation.scale, np.zeros(2 * count)]),
        np.concatenate(
            [np.append(numbers.column_upper, infinite) / relaxation.scale, np.full(2 * count, np.inf)]
        ),
        matrix,
        np.concatenate([numbers.lower[rows] * factors + already, other_low]),
        np.concatenate([numbers.upper[rows] * factors + already, other_high]),
        np.concatenate([relaxation.integer, np.zeros(2 * count, dtype=bool)]),
    )
    method: Method = COLD
    for _ in range(ROUNDS):
        result = model.solve(method)
        if result.status != "optimal" or not len(result.x):
            return None
        x = result.x[:width] * relaxation.scale
        ups, downs = result.x[width : width + count], result.x[width + count :]
        slack, leaves = concave.slack(x)
        broken = wanted & ~(slack >= -BROKEN * concave.typical)
        known = len(relaxation.kinds)
        if not broken.any() or not relaxation.cut(pool, leaves, x, broken):
            total = float(ups.sum() + downs.sum())
            return Repair((ups - downs) * sizes, total, x[: program.user_columns], binding)
        block, low, high = relaxation.rows_since(known)
        model.add_rows(csr_array(hstack([block, csr_array((block.shape[0], 2 * count))])), low, high)
        method = COLD if model.is_integer else AFTER_ROWS
    return None


def least_change(numbers: Numbers, effects: csr_array, sizes: Array, repair: Repair) -> Array | None:
    """The least weighted amounts of the changes, (changes,), under which the point of a repair satisfies the
    rows that they touch and that can fail; None where none do. `effects` and `sizes` as above."""
    x = repair.x
    rows = np.flatnonzero((np.diff(effects.indptr) > 0) & repair.binding)
    moved = csr_array(effects[rows])
    moved.data = moved.data * sizes[moved.indices]
    moved, factors = scale_rows(moved)
    body = (numbers.matrix @ x)[rows]
    room = ROUNDING * np.maximum(1.0, np.abs(body))
    count = len(sizes)
    model = LinearModel(
        np.ones(2 * count),
        np.zeros(2 * count),
        np.full(2 * count, np.inf),
        csr_array(hstack([moved, -moved], format="csr")),
        (numbers.lower[rows] - body - room) * factors,
        (numbers.upper[rows] - body + room) * factors,
    )
    result = model.solve(COLD)
    if result.status != "optimal" or not len(result.x):
        return None
    return np.asarray((result.x[:count] - result.x[count:]) * sizes)


def rows_that_can_fail(numbers: Numbers) -> NDArray[np.bool_]:
    """Which rows matter to whether there is a plan at all.

    A column without a bound in a direction in which it helps every row that it is in makes them all hold,
    whatever else is chosen: they are left out, and so on until no such column is left.
    """
    program = numbers.program
    matrix, owners = numbers.matrix, np.repeat(np.arange(program.row_count), np.diff(numbers.matrix.indptr))
    used, columns = matrix.data != 0, matrix.indices
    up, down = np.isfinite(numbers.upper), np.isfinite(numbers.lower)
    functions = program.functions
    leaves = numbers.leaf_matrix
    pairs = [
        (int(row), int(column))
        for component, row in enumerate(functions.component_row)
        if row >= 0
        for leaf in functions.leaves_of(component)
        for column in leaves.indices[leaves.indptr[leaf] : leaves.indptr[leaf + 1]]
    ]
    inside = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    binding: NDArray[np.bool_] = up | down
    while True:
        here = used & binding[owners]
        positive = matrix.data > 0
        blocks_up = here & np.where(positive, up[owners], down[owners])
        blocks_down = here & np.where(positive, down[owners], up[owners])
        nonlinear = np.zeros(program.user_columns, dtype=bool)
        nonlinear[inside[binding[inside[:, 0]], 1]] = True
        helpful = np.zeros(program.user_columns, dtype=bool)
        for blocks, bound in ((blocks_up, numbers.column_upper), (blocks_down, numbers.column_lower)):
            blocked = nonlinear.copy()
            blocked[columns[blocks]] = True
            helpful |= ~blocked & ~np.isfinite(bound)
        gone = np.unique(owners[here & helpful[columns]])
        if not len(gone):
            return binding
        binding[gone] = False


def _rows_with_functions(
    relaxation: Relaxation, binding: NDArray[np.bool_]
) -> tuple[csr_array, Array, Array]:
    """The rows of the outer program that stand for concave ones that can fail, in solver units."""
    matrix, low, high, _, _ = relaxation.scaled_arrays()
    of_function = relaxation.concave.table.row
    user_row = np.array(
        [
            reference if kind == SUM else int(of_function[reference]) if kind != LINEAR else -1
            for kind, reference in zip(relaxation.kinds, relaxation.references, strict=True)
        ],
        dtype=np.int64,
    )
    rows = np.flatnonzero((user_row >= 0) & binding[user_row])
    return csr_array(matrix[rows]), low[rows], high[rows]
