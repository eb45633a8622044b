"""Scaling by powers of two: exact in floating point, so it changes no number, only the solver's view."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.sparse import lengths, with_data
from optimizer.program.tape import Array

# entries smaller than this share of the largest one in their row have no say in its scale
SPREAD: Final = 1e-6


def power_of_two(sizes: Array) -> Array:
    """The power of two nearest to each size (in ratio); 1 for 0 and for what is not finite."""
    usable = np.isfinite(sizes) & (sizes > 0)
    result: Array = np.where(usable, np.exp2(np.round(np.log2(np.where(usable, sizes, 1.0)))), 1.0)
    return result


def column_scale(integer: NDArray[np.bool_], nominal: Array) -> Array:
    """Size of one solver unit of each of the model's columns; 1 for integer columns."""
    return np.where(integer, 1.0, power_of_two(nominal))


def scale_rows(matrix: csr_array) -> tuple[csr_array, Array]:
    """The matrix with each row multiplied by its factor of `row_factors`, and the factors."""
    factors = row_factors(matrix.data, matrix.indptr)
    return with_data(matrix, matrix.data * np.repeat(factors, lengths(matrix.indptr))), factors


def row_factors(data: Array, starts: NDArray[np.integer]) -> Array:
    """A factor for each row of a matrix that brings the geometric middle of its entries to about 1."""
    sizes = np.abs(data)
    sizes = np.where(sizes > 0, sizes, np.nan)
    factors = np.ones(len(starts) - 1)
    filled = np.flatnonzero(lengths(starts) > 0)
    if len(filled):
        largest = np.fmax.reduceat(sizes, starts[filled])
        smallest = np.fmin.reduceat(sizes, starts[filled])
        middle = np.sqrt(largest * np.fmax(smallest, SPREAD * largest))
        factors[filled] = 1.0 / power_of_two(np.where(np.isnan(middle), 1.0, middle))
    return factors
