"""What one solve leaves for the next: its tangents, each function's numbered from 0, and its basis."""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.program.tape import Array
from optimizer.solver.pool import Basis, Pool, Start, row_keys
from optimizer.solver.relaxation import TANGENT, Relaxation

# how far above a tangent a point may be for the tangent to matter to similar programs, in typical sizes
NEAR: Final = 0.1


def start_of(relaxation: Relaxation, pool: Pool, x: Array, basis: Basis | None, integers: Array) -> Start:
    """Where a solve of similar numbers should start: the tangents that pass near a point of all columns, and
    the integers of the best plan.

    Functions share no leaves, so point k of the start joins the k-th tangent of every function.
    """
    concave = relaxation.concave
    rows = np.flatnonzero(relaxation.kinds == TANGENT)
    functions = relaxation.references[rows]
    near = relaxation.room(x)[rows] <= NEAR * concave.typical[functions]
    rows, functions = rows[near], functions[near]
    origins = relaxation.origins[rows]
    order = np.argsort(functions, kind="stable")
    rows, functions, origins = rows[order], functions[order], origins[order]
    number = np.arange(len(rows)) - np.searchsorted(functions, functions)
    count = int(number.max(initial=0)) + 1
    mask = np.zeros((len(concave), count), dtype=bool)
    mask[functions, number] = True
    source = np.zeros((len(concave), count), dtype=np.int64)
    source[functions, number] = origins
    points = np.tile(concave.centre[:, None], count)
    of_leaf = concave.owners
    filled = mask[of_leaf]
    every, _ = pool.joined()
    points[concave.leaves] = np.where(
        filled, every[concave.leaves[:, None], source[of_leaf]], points[concave.leaves]
    )
    if basis is None:
        return Start(points, mask, None, integers)
    others = np.flatnonzero(relaxation.kinds != TANGENT)
    kept = np.concatenate([others, rows])
    kinds, references, old = relaxation.kinds[kept], relaxation.references[kept], relaxation.origins[kept]
    here = row_keys(kinds, references, old)
    there = row_keys(kinds, references, np.concatenate([old[: len(others)], number]))
    known = basis.known(here)
    return Start(points, mask, Basis(basis.columns, there[known], basis.of_rows(here[known])), integers)
