"""The outer program in the model's words: what its rows are called, and which of them cannot hold together:
HiGHS's irreducible subsystem, or what the cheapest elastic repair loosens."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

from optimizer.solver.highs import COLD, LinearModel
from optimizer.solver.relaxation import DOMAIN, TANGENT, Relaxation

# least relaxation, in solver units, that counts as one
RELAXED: Final = 1e-7


def conflict(relaxation: Relaxation) -> tuple[str, ...]:
    """Names of rows that cannot hold together, and of columns whose own bounds (other than 0) take part."""
    names: dict[str, None] = dict.fromkeys(relaxation.program.row_name(row) for row in relaxation.impossible)
    for column in relaxation.crossed:
        names |= dict.fromkeys(_bound_names(relaxation, int(column), True, True))
    if names:
        return tuple(names)
    model = relaxation.whole_model()
    # without its integers a program may well have a point
    found = model.conflict() if model.solve(COLD).status == "infeasible" else None
    if found is None:
        return _repair(relaxation)
    rows, columns = found
    for row in sorted(rows):
        names[_row_name(relaxation, row)] = None
    for column, lower, upper in columns:
        names |= dict.fromkeys(_bound_names(relaxation, column, lower, upper))
    return tuple(names)


def row_labels(relaxation: Relaxation) -> list[str]:
    """A name for every row of the outer program; tangents are numbered within their row."""
    labels = []
    seen: dict[str, int] = {}
    for row, kind in enumerate(relaxation.kinds.tolist()):
        name = _row_name(relaxation, row)
        if kind in (TANGENT, DOMAIN):
            seen[name] = seen.get(name, 0) + 1
            name = f"{name}~{seen[name]}"
        labels.append(name)
    return labels


def _row_name(relaxation: Relaxation, row: int) -> str:
    reference = int(relaxation.references[row])
    if relaxation.kinds[row] in (TANGENT, DOMAIN):
        reference = int(relaxation.concave.table.row[reference])
    return relaxation.program.row_name(reference)


def _bound_names(relaxation: Relaxation, column: int, lower: bool, upper: bool) -> list[str]:
    names = []
    for wanted, source, bound in (
        (lower, relaxation.lower_source, relaxation.lower),
        (upper, relaxation.upper_source, relaxation.upper),
    ):
        if wanted and source[column] >= 0:
            names.append(relaxation.program.row_name(int(source[column])))
        elif wanted and np.isfinite(bound[column]) and bound[column] != 0:
            names.append(relaxation.program.column_name(column))
    return names


def _repair(relaxation: Relaxation) -> tuple[str, ...]:
    """Rows that the cheapest repair loosens, in solver units; bounds that came from rows count as rows."""
    matrix, low, high, lower, upper = relaxation.scaled_arrays()
    width = matrix.shape[1]
    below = np.flatnonzero(relaxation.lower_source >= 0)
    above = np.flatnonzero(relaxation.upper_source >= 0)
    bounds = np.concatenate([below, above])
    entries = (np.ones(len(bounds)), (np.arange(len(bounds)), bounds))
    matrix = csr_array(vstack([matrix, coo_array(entries, shape=(len(bounds), width))], format="csr"))
    low = np.concatenate([low, lower[below], np.full(len(above), -np.inf)])
    high = np.concatenate([high, np.full(len(below), np.inf), upper[above]])
    free_low, free_high = lower.copy(), upper.copy()
    free_low[below], free_high[above] = -np.inf, np.inf
    count = matrix.shape[0]
    model = LinearModel(
        np.concatenate([np.zeros(width), np.ones(2 * count)]),
        np.concatenate([free_low, np.zeros(2 * count)]),
        np.concatenate([free_high, np.full(2 * count, np.inf)]),
        csr_array(hstack([matrix, eye_array(count), -eye_array(count)], format="csr")),
        low,
        high,
        np.concatenate([relaxation.integer, np.zeros(2 * count, dtype=bool)]),
    )
    result = model.solve(COLD)
    if result.status != "optimal" or not len(result.x):
        return ()
    loosened = result.x[width : width + count] + result.x[width + count :]
    names: dict[str, None] = {}
    for row in np.flatnonzero(loosened > RELAXED):
        if row < len(relaxation.kinds):
            names[_row_name(relaxation, int(row))] = None
        else:
            place = int(row) - len(relaxation.kinds)
            lower_side = place < len(below)
            names |= dict.fromkeys(_bound_names(relaxation, int(bounds[place]), lower_side, not lower_side))
    return tuple(names)
