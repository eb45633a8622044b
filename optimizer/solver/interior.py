"""An interior point of the concave rows, and the step from it towards a point of the outer program."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from optimizer.program.numbers import Numbers
from optimizer.program.tape import Array
from optimizer.solver.highs import COLD, LinearModel
from optimizer.solver.pool import Pool
from optimizer.solver.relaxation import TANGENT, Relaxation

ROUNDS: Final = 40
# Share of the promised slack that a point must have. What is promised counts in scaled rows, the slack of a
# point in typical sizes of functions: a quarter may be all that can be had.
ENOUGH: Final = 0.1


def interior_point(relaxation: Relaxation, pool: Pool, deadline: float | None) -> Array | None:
    """A point of all columns that satisfies the linear rows and every concave row with room to spare.

    Maximises the least slack over the outer program, with cuts; slacks count in units of each row's scale.
    Returns None where no such point is found. The cuts join the pool and the relaxation.
    """
    concave = relaxation.concave
    matrix, low, high, lower, upper = relaxation.scaled_arrays()
    cost = np.zeros(matrix.shape[1] + 1)
    cost[-1] = -1.0
    tangent = relaxation.kinds == TANGENT
    model = LinearModel(
        cost, np.append(lower, -1.0), np.append(upper, 1.0), _with_room(matrix, tangent), low, high
    )
    best: tuple[float, Array] | None = None
    for _ in range(ROUNDS):
        # afresh: presolve saves more than a basis does, of which the least slack leaves thousands as good
        result = model.solve(COLD, deadline)
        if result.status != "optimal" or not len(result.x):
            break
        x, promised = result.x[:-1] * relaxation.scale, float(result.x[-1])
        slack, leaves = concave.slack(x)
        relative = np.where(concave.active, slack / concave.typical, np.inf)
        least = float(np.nan_to_num(relative, nan=-np.inf).min(initial=np.inf))
        if best is None or least > best[0]:
            best = (least, x)
        if promised <= 0 or least >= ENOUGH * promised:
            break
        before = len(relaxation.kinds)
        wanted = concave.active & ~(relative >= 0.5 * promised)
        if not relaxation.cut(pool, leaves, x, wanted):
            break
        rows, row_low, row_high = relaxation.rows_since(before)
        model.add_rows(_with_room(rows, np.ones(rows.shape[0], dtype=bool)), row_low, row_high)
    return best[1] if best is not None and best[0] > 0 else None


def _with_room(matrix: csr_array, tangent: NDArray[np.bool_]) -> csr_array:
    """The rows with a last column for the slack that the tangents must leave."""
    return csr_array(hstack([matrix, csr_array(np.where(tangent, -1.0, 0.0)[:, None])], format="csr"))


def furthest_feasible(numbers: Numbers, inner: Array, outer: Array) -> Array | None:
    """The last point on the way from `inner` to `outer` at which every row with functions holds.

    Only these rows are looked at: the linear ones hold at both ends. None where they fail at `inner`.
    """
    program = numbers.program
    rows = np.unique(program.functions.component_row[program.functions.component_row >= 0])
    if not len(rows):
        return outer
    part = csr_array(numbers.matrix[rows])
    width = program.user_columns
    start, step = part @ inner[:width], part @ (outer - inner)[:width]
    first = numbers.leaves(inner)
    change = numbers.leaves(outer) - first
    place = np.full(program.row_count, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    owner = program.functions.component_row
    own = (owner >= 0) & program.functions.in_body
    low, high = numbers.lower[rows][:, None], numbers.upper[rows][:, None]

    def holds(shares: Array) -> NDArray[np.bool_]:
        _, components = numbers.components(first[:, None] + change[:, None] * shares)
        body = start[:, None] + step[:, None] * shares
        np.add.at(body, place[owner[own]], components[own])
        with np.errstate(invalid="ignore"):
            inside: NDArray[np.bool_] = np.logical_and.reduce((body >= low) & (body <= high), axis=0)
        return inside

    short, ok = 1.0, bool(holds(np.array([0.0]))[0])
    if not ok:
        return None
    remaining = np.concatenate([[0.0], np.geomspace(1e-12, 1.0, 37)])
    for _ in range(3):
        good = holds(1.0 - remaining)
        position = int(np.argmax(good))
        short = float(remaining[position])
        if position == 0:
            break
        remaining = np.linspace(remaining[position - 1], short, 17)
    return inner + (1.0 - short) * (outer - inner)
