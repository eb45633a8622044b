"""Sparse matrices that are put together unchecked are those that SciPy would make."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array, vstack

from optimizer.program import sparse


def some(seed: int, height: int = 6, width: int = 5) -> csr_array:
    generator = np.random.default_rng(seed)
    dense = generator.integers(-3, 4, (height, width)) * (generator.random((height, width)) < 0.5)
    return csr_array(dense.astype(float))


def same(found: csr_array, wanted: csr_array) -> None:
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    assert np.array_equal(found.toarray(), wanted.toarray())
    # all that SciPy itself checks of arrays that it is given
    found.check_format(full_check=True)


@pytest.mark.parametrize("seed", range(5))
def test_a_matrix_is_that_of_its_arrays(seed: int) -> None:
    matrix = some(seed)
    again = sparse.rows_of(matrix.data, matrix.indices.astype(np.int64), matrix.indptr, 5)
    same(again, matrix)
    same(pickle.loads(pickle.dumps(again)), matrix)
    x = np.arange(5.0)
    assert np.array_equal(again @ x, matrix @ x)
    same(sparse.with_data(again, again.data * 2), csr_array(matrix * 2))
    y = np.arange(6.0)
    assert np.array_equal(sparse.transposed(again) @ y, matrix.T @ y)
    same(csr_array(sparse.transposed(again)), csr_array(matrix.T))


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_taken_and_stacked_as_by_scipy(seed: int) -> None:
    matrix, more = some(seed), some(seed + 10, height=2)
    rows = np.array([4, 0, 4])
    same(sparse.taken(matrix, rows), csr_array(matrix[rows]))
    same(sparse.taken(matrix, rows[:0]), csr_array((0, 5)))
    same(sparse.stacked([matrix, more, more[:0]]), csr_array(vstack([matrix, more])))
    wide = np.hstack([matrix.toarray(), np.zeros((6, 2))])
    same(sparse.widened(matrix, 7), csr_array(wide))
    assert np.array_equal(sparse.owners(matrix), matrix.tocoo().row)
    assert np.array_equal(sparse.dense_row(matrix, 3), matrix.toarray()[3])


def test_zeros_are_left_out() -> None:
    matrix = sparse.rows_of(np.array([1.0, 0.0, 2.0, 0.0]), np.array([0, 1, 2, 0]), np.array([0, 2, 3, 4]), 3)
    found = sparse.without_zeros(matrix)
    same(found, csr_array(np.array([[1.0, 0, 0], [0, 0, 2.0], [0, 0, 0]])))
    assert found.nnz == 2
    assert matrix.nnz == 4


def test_nothing_is_shared_between_matrices_that_are_made() -> None:
    first = sparse.rows_of(np.ones(1), np.zeros(1, dtype=int), np.array([0, 1]), 1)
    second = sparse.rows_of(np.ones(2), np.array([0, 1]), np.array([0, 1, 2]), 2)
    assert first.shape == (1, 1)
    assert second.shape == (2, 2)
    assert csr_array((0, 0)).shape == (0, 0)
