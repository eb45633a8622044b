"""Whether the linear rows of a program let something grow for ever, or only to the end of a large box."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csr_array

from optimizer.program.numbers import Numbers
from optimizer.program.scaling import scale_rows
from optimizer.program.tape import Array
from optimizer.solver.highs import NO_PRESOLVE, LinearModel

# a component of at least this share of the largest grows; by so much of itself it may be off
LARGE: Final = 0.01
ROUNDING: Final = 1e-6


def recession(numbers: Numbers, x: Array, scale: Array) -> Array | None:
    """A direction with the large components of a point (in units of `scale`, its largest component 1) that
    keeps every linear row and column bound however far one goes, None where there is none. Rows with
    functions are not looked at."""
    steps = x / scale
    largest = float(np.abs(steps).max(initial=0.0))
    if largest == 0:
        return None
    steps = steps / largest
    fixed = np.abs(steps) >= LARGE
    low = np.where(np.isfinite(numbers.column_lower), 0.0, -1.0)
    high = np.where(np.isfinite(numbers.column_upper), 0.0, 1.0)
    off = ROUNDING * np.abs(steps)
    low, high = np.where(fixed, steps - off, low), np.where(fixed, steps + off, high)
    linear = np.ones(numbers.program.row_count, dtype=bool)
    with_functions = numbers.program.functions.component_row
    linear[with_functions[with_functions >= 0]] = False
    rows = np.flatnonzero(linear & (np.isfinite(numbers.lower) | np.isfinite(numbers.upper)))
    matrix = csr_array(numbers.matrix[rows])
    matrix.data = matrix.data * scale[matrix.indices]
    scaled, _ = scale_rows(matrix)
    least = np.where(np.isfinite(numbers.lower[rows]), 0.0, -np.inf)
    most = np.where(np.isfinite(numbers.upper[rows]), 0.0, np.inf)
    model = LinearModel(np.zeros(len(scale)), low, high, scaled, least, most)
    result = model.solve(NO_PRESOLVE)
    return result.x * scale if result.status == "optimal" else None
