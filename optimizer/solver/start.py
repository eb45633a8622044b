"""What one solve leaves for the next: its tangents, each function's numbered from 0, and its basis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from optimizer.program.tape import Array
from optimizer.solver.highs import BasisStatus
from optimizer.solver.pool import Pool, Start, row_keys
from optimizer.solver.relaxation import TANGENT, Relaxation

# how far above a tangent a point may be for the tangent to matter to similar programs, in typical sizes
NEAR: Final = 0.1
Basis = tuple[list[BasisStatus], Mapping[int, BasisStatus]]


def start_of(relaxation: Relaxation, pool: Pool, x: Array, basis: Basis | None) -> Start:
    """Where a solve of similar numbers should start: the tangents that pass near a point of all columns.

    Functions share no leaves, so point k of the start joins the k-th tangent of every function.
    """
    concave = relaxation.concave
    rows = np.flatnonzero(np.array(relaxation.kinds) == TANGENT)
    functions = np.array(relaxation.references, dtype=np.int64)[rows]
    near = relaxation.room(x)[rows] <= NEAR * concave.typical[functions]
    rows, functions = rows[near], functions[near]
    origins = np.array(relaxation.origins, dtype=np.int64)[rows]
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
        return Start(points, mask)
    columns, by_key = basis
    kinds = np.array(relaxation.kinds, dtype=np.int64)
    others = np.flatnonzero(kinds != TANGENT)
    kept = np.concatenate([others, rows])
    references, old = (np.array(part)[kept] for part in (relaxation.references, relaxation.origins))
    here = row_keys(kinds[kept], references, old)
    there = row_keys(kinds[kept], references, np.concatenate([old[: len(others)], number]))
    status = {new: by_key[key] for key, new in zip(here, there, strict=True) if key in by_key}
    return Start(points, mask, columns, status)
