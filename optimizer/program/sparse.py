"""Sparse matrices by rows, put together from arrays that are known to be right.

SciPy checks the arrays of each matrix that it makes. In a program of a few rows that takes longer than all
that is done with the matrix, and an outer approximation makes dozens of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from optimizer.program.tape import Array, Index

Matrix = TypeVar("Matrix", csr_array, csc_array)
Places = NDArray[np.integer]
_EMPTY: Final = csr_array((0, 0))
_EMPTY_BY_COLUMNS: Final = csc_array((0, 0))


def rows_of(data: Array, columns: Places, starts: Places, width: int) -> csr_array:
    """The matrix whose row i has the entries starts[i]:starts[i + 1]. It shares the arrays where it can."""
    return _made(_EMPTY, data, columns, starts, (len(starts) - 1, width))


def with_data(matrix: Matrix, data: Array) -> Matrix:
    """A matrix of the same pattern with other entries. It shares index arrays, which nobody may change."""
    return _made(matrix, data, matrix.indices, matrix.indptr, matrix.shape)


def transposed(matrix: csr_array) -> csc_array:
    """The transpose, which shares the arrays of the matrix."""
    height, width = matrix.shape
    return _made(_EMPTY_BY_COLUMNS, matrix.data, matrix.indices, matrix.indptr, (width, height))


def _made(like: Matrix, data: Array, members: Places, starts: Places, shape: tuple[int, ...]) -> Matrix:
    result = like.__class__.__new__(like.__class__)
    vars(result).update(
        vars(like),
        _shape=shape,
        data=data,
        indices=members.astype(np.int32, copy=False),
        indptr=starts.astype(np.int32, copy=False),
    )
    return result


def widened(matrix: csr_array, width: int) -> csr_array:
    """The matrix with further columns without entries."""
    return rows_of(matrix.data, matrix.indices, matrix.indptr, width)


def owners(matrix: csr_array) -> Index:
    """The row of every entry."""
    return np.repeat(np.arange(matrix.shape[0]), lengths(matrix.indptr))


def lengths(starts: Places) -> Places:
    """How long each list is, where list i is starts[i]:starts[i + 1]."""
    return starts[1:] - starts[:-1]


def gathered(starts: Places, numbers: Index) -> tuple[Index, Index, Index]:
    """The members of the lists `numbers`, where list i is starts[i]:starts[i + 1], one after the other: which
    of `numbers` each is of, its place, and where each list begins among them (one more entry: the end)."""
    first = starts[numbers].astype(np.int64)
    each = starts[numbers + 1] - first
    begins = np.zeros(len(numbers) + 1, dtype=np.int64)
    np.cumsum(each, out=begins[1:])
    owner = np.repeat(np.arange(len(numbers)), each)
    return owner, np.arange(begins[-1]) + (first - begins[:-1])[owner], begins


def taken(matrix: csr_array, numbers: Index) -> csr_array:
    """These rows of a matrix."""
    _, places, begins = gathered(matrix.indptr, numbers)
    return rows_of(matrix.data[places], matrix.indices[places], begins, matrix.shape[1])


def stacked(matrices: Sequence[csr_array]) -> csr_array:
    """The rows of matrices of one width, one below the other."""
    if len(matrices) == 1:
        return matrices[0]
    starts = np.concatenate([[0], np.cumsum(np.concatenate([lengths(matrix.indptr) for matrix in matrices]))])
    data = np.concatenate([matrix.data for matrix in matrices])
    columns = np.concatenate([matrix.indices for matrix in matrices])
    return rows_of(data, columns, starts, matrices[0].shape[1])


def where(matrix: csr_array, stay: NDArray[np.bool_]) -> csr_array:
    """The matrix with these of its entries only."""
    starts = np.concatenate([[0], np.cumsum(stay)])[matrix.indptr]
    return rows_of(matrix.data[stay], matrix.indices[stay], starts, matrix.shape[1])


def without_zeros(matrix: csr_array) -> csr_array:
    """The matrix without entries of 0."""
    return matrix if matrix.data.all() else where(matrix, matrix.data != 0)


def dense_row(matrix: csr_array, number: int) -> Array:
    """One row of a matrix, over all its columns."""
    entries = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return np.bincount(matrix.indices[entries], matrix.data[entries], matrix.shape[1]).astype(float)
