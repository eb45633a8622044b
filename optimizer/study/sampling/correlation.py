"""Rank correlations between factors of a sampled design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.values import Array

# what rounding may take from the least eigenvalue of a matrix that has none below 0
ROUNDING: Final = 1e-9
# positions nearer to 0 and 1 have no finite normal score
LEAST: Final = 1e-12

Pairs = Sequence[tuple[str, str, float]]


def matrix_of(pairs: Pairs, names: Sequence[str]) -> tuple[Array, list[int]]:
    """The rank correlation matrix of the axes that pairs name, and the columns of these axes among `names`.

    Raises `InputError` for a pair that is unknown, repeated or of one factor, and for a matrix that is not
    positive semidefinite.
    """
    columns = [number for number, name in enumerate(names) if any(name in pair[:2] for pair in pairs)]
    place = {names[column]: number for number, column in enumerate(columns)}
    matrix = np.eye(len(columns))
    seen: set[frozenset[str]] = set()
    for first, second, rank in pairs:
        if first == second:
            raise _refusal(f"`{first}` is correlated with itself", "name two factors")
        if frozenset((first, second)) in seen:
            raise _refusal(f"the correlation of `{first}` and `{second}` is given twice", "leave one of them")
        seen.add(frozenset((first, second)))
        i, j = place[first], place[second]
        matrix[i, j] = matrix[j, i] = rank
    least = float(np.linalg.eigvalsh(matrix)[0]) if columns else 0.0
    if least < -ROUNDING:
        message = f"the rank correlations contradict each other: their matrix has the eigenvalue {least:.3g}"
        hint = (
            "it must be positive semidefinite: bring the correlations nearer to 0, or name those between all"
        )
        raise _refusal(message, hint)
    return matrix, columns


def by_copula(positions: Array, matrix: Array, columns: Sequence[int]) -> Array:
    """Positions whose `columns` have the rank correlations of `matrix`, by a Gaussian copula; those of any
    column alone stay uniform. For positions that fill the cube evenly, as Sobol' ones do."""
    from scipy.special import ndtr, ndtri

    scores = ndtri(np.clip(positions[:, columns], LEAST, 1.0 - LEAST))
    found = np.array(positions)
    found[:, columns] = ndtr(scores @ _root(_normal(matrix)))
    return found


def by_reordering(positions: Array, matrix: Array, columns: Sequence[int]) -> Array:
    """Positions with every column's own values in another order (Iman and Conover 1982), so that a Latin
    hypercube stays one. Raises `InputError` for too few draws."""
    from scipy.special import ndtri

    draws, width = len(positions), len(columns)
    if draws <= 2 * width:
        message = f"{draws} draws cannot carry the correlations of {width} factors"
        raise _refusal(message, f"take at least {2 * width + 1}")
    # van der Waerden scores in the order of the draws
    ranks = np.argsort(np.argsort(positions[:, columns], axis=0), axis=0)
    scores = ndtri((ranks + 1.0) / (draws + 1.0))
    scores = scores / scores.std(axis=0)
    present = scores.T @ scores / draws
    mixed = scores @ np.linalg.inv(_root(present)) @ _root(_normal(matrix))
    wanted = np.argsort(np.argsort(mixed, axis=0, kind="stable"), axis=0)
    found = np.array(positions)
    found[:, columns] = np.take_along_axis(np.sort(positions[:, columns], axis=0), wanted, axis=0)
    return found


def _normal(matrix: Array) -> Array:
    """The correlation of normal scores whose ranks correlate as in `matrix`; the nearest one that exists."""
    normal = 2.0 * np.sin(np.pi * matrix / 6.0)
    root = _root(normal)
    nearest = root @ root
    scale = np.sqrt(np.diag(nearest))
    return np.asarray(nearest / np.outer(scale, scale), dtype=np.float64)


def _root(matrix: Array) -> Array:
    """The symmetric square root, with eigenvalues below 0 taken as 0: the only one, whatever the machine."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, dtype=np.float64)


def _refusal(message: str, hint: str) -> InputError:
    return InputError(Diagnostic("E706", message, path="correlations", hint=hint))
