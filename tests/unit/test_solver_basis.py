"""A basis that fits any parameter vector: rows are known by key, not by place."""

from __future__ import annotations

import numpy as np

from optimizer.solver.highs import BASIC
from optimizer.solver.pool import Basis, row_keys

LOWER, UPPER = 0, 2


def test_rows_keep_their_status_wherever_they_stand() -> None:
    basis = Basis(
        np.array([LOWER], dtype=np.int8),
        np.array([30, 10, 20]),
        np.array([LOWER, UPPER, BASIC], dtype=np.int8),
    )
    keys = np.array([10, 20, 30, 10])
    assert basis.of_rows(keys).tolist() == [UPPER, BASIC, LOWER, UPPER]
    assert basis.known(np.array([20, 21])).tolist() == [True, False]


def test_rows_that_it_does_not_know_are_basic() -> None:
    basis = Basis(np.array([LOWER], dtype=np.int8), np.array([10]), np.array([UPPER], dtype=np.int8))
    assert basis.of_rows(np.array([9, 10, 11])).tolist() == [BASIC, UPPER, BASIC]
    empty = Basis(np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int8))
    assert empty.of_rows(np.array([1, 2])).tolist() == [BASIC, BASIC]


def test_of_equal_keys_the_last_counts() -> None:
    basis = Basis(np.array([LOWER], dtype=np.int8), np.array([5, 5]), np.array([LOWER, UPPER], dtype=np.int8))
    assert basis.of_rows(np.array([5])).tolist() == [UPPER]


def test_keys_tell_kinds_rows_and_points_apart() -> None:
    every = [(k, r, o) for k in range(5) for r in (0, 1, 99999) for o in (-1, 0, 1, 99999)]
    kinds, references, origins = (np.array(part, dtype=np.int64) for part in zip(*every, strict=True))
    assert len(set(row_keys(kinds, references, origins).tolist())) == len(every)
