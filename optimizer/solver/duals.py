"""What an optimum of the outer program says about the model: duals of its rows and columns, and whether its
tangents leave a feasible point alone."""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.program.tape import Array
from optimizer.solver.outline import LINEAR, SUM
from optimizer.solver.relaxation import TANGENT, Relaxation
from optimizer.solver.relaxed import Proven, Relaxed

# how far a tangent may cut into a feasible point, in typical sizes of its function
CUT_OFF: Final = 1e-6
# and how far rounding alone may let it seem to, beside the sum of its terms
ROUNDING: Final = 1e-13


def row_duals(relaxation: Relaxation, result: Proven) -> Array:
    """d(maximised objective)/d(side) of every row of the model."""
    duals = np.zeros(relaxation.program.row_count)
    kinds, references = result.kinds, result.references
    linear = kinds == LINEAR
    duals[references[linear]] = -result.multiplier[linear]
    sums = kinds == SUM
    row_of = relaxation.concave.table.row
    sign_of_row = np.zeros(relaxation.program.row_count)
    real = (row_of >= 0) & relaxation.concave.active
    sign_of_row[row_of[real]] = relaxation.concave.table.sign[real]
    np.add.at(duals, references[sums], -sign_of_row[references[sums]] * result.multiplier[sums])
    table = relaxation.concave.table
    duals[table.stand_in_row] *= table.stand_in_slope
    cuts = np.flatnonzero(kinds == TANGENT)
    functions = references[cuts]
    direct = relaxation.concave.table.column[functions] < 0
    rows = row_of[functions[direct]]
    np.add.at(duals, rows, -sign_of_row[rows] * result.multiplier[cuts[direct]])
    below, above = result.reduced < 0, result.reduced > 0
    for source, binding in ((relaxation.lower_source, below), (relaxation.upper_source, above)):
        columns = np.flatnonzero((source >= 0) & binding & ~relaxation.integer)
        own = source[columns]
        duals[own] = result.reduced[columns] / relaxation.bound_factor[own]
    return duals


def column_duals(relaxation: Relaxation, result: Proven) -> Array:
    """d(maximised objective)/d(bound) of the model's columns; 0 where the bound comes from a row."""
    width = relaxation.program.user_columns
    reduced = result.reduced[:width]
    own = np.where(reduced > 0, relaxation.upper_source[:width], relaxation.lower_source[:width]) < 0
    finite = np.isfinite(np.where(reduced > 0, relaxation.upper[:width], relaxation.lower[:width]))
    return np.where(own & finite & ~relaxation.program.integer, reduced, 0.0)


def function_multipliers(relaxation: Relaxation, result: Relaxed) -> Array:
    """Value of loosening each function's constraint by one: the sum over its tangents."""
    weights = np.zeros(len(relaxation.concave))
    kinds, references = result.kinds, result.references
    cuts = np.flatnonzero(kinds == TANGENT)
    np.add.at(weights, references[cuts], result.multiplier[cuts])
    return weights


def cut_off(relaxation: Relaxation, x: Array) -> int | None:
    """A row (-1: the objective) whose tangent cuts off a point x of the model's columns at which the row
    holds; None if there is none. Auxiliary columns take the values of their functions."""
    concave = relaxation.concave
    if not len(concave):
        return None
    whole = relaxation.concave.whole_point(x)
    cuts = np.flatnonzero(relaxation.kinds == TANGENT)
    beyond = -relaxation.room(whole)[cuts] - CUT_OFF * concave.typical[relaxation.references[cuts]]
    cuts, beyond = cuts[beyond > 0], beyond[beyond > 0]
    if not len(cuts):
        return None
    matrix, low, _ = relaxation.rows()
    terms = abs(matrix[cuts]) @ np.abs(whole) + np.abs(low[cuts])
    wrong = relaxation.references[cuts[beyond > ROUNDING * terms]]
    return int(concave.table.row[wrong[0]]) if len(wrong) else None
