"""The structure of an outer program, found once at an anchor and filled with the numbers of programs like it.

Each number of the rows, the functions' linear parts and the reduced program has a place in the model's
matrix, or is 1: it is gathered, not built. The units of columns and rows are the anchor's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.program.concave import Concave
from optimizer.program.numbers import Numbers
from optimizer.program.sparse import with_data
from optimizer.program.tape import Array, Index
from optimizer.solver.outline import (
    Bounds,
    chosen_rows,
    joined_rows,
    outline_of,
    sides,
    tightened,
)
from optimizer.solver.reduced import ReducedModel
from optimizer.solver.reduction import Reduction
from optimizer.solver.relaxation import Relaxation
from optimizer.solver.replay import Frame, Replay


class Anchor:
    """What the outer programs of similar numbers share with that of `concave`, a continuous program."""

    def __init__(self, concave: Concave) -> None:
        numbers = concave.numbers
        self.concave = concave
        self._never_positive, self._never_negative = numbers.matrix.data <= 0, numbers.matrix.data >= 0
        self._lower, self._upper = np.isfinite(numbers.lower), np.isfinite(numbers.upper)
        self._outline = outline = outline_of(concave, True)
        marked = numbers.matrix.copy()
        marked.data = np.where(marked.data == 0, 0.0, np.arange(2, marked.nnz + 2))
        kept = marked.copy()
        kept.eliminate_zeros()
        self._chosen = chosen_rows(concave, kept)
        self._single = kept.data[self._chosen.entry].astype(np.int64) - 2
        used = self._lower | self._upper
        self._empty: Index = np.flatnonzero(used & (np.diff(kept.indptr) == 0))
        rows = joined_rows(concave, self._chosen, kept)
        self._place, sign = _places(rows.data)
        units = outline.scale[rows.indices] * np.repeat(outline.factors, np.diff(rows.indptr))
        self._units = sign * units
        base = concave.base_in(marked)
        self._base = base
        self._base_place, self._base_sign = _places(base.data)
        lower, upper = np.minimum(outline.lower, outline.upper), outline.upper
        self._bounded = np.isfinite(outline.lower), np.isfinite(outline.upper)
        reading = np.unique(np.concatenate([numbers.leaf_matrix.indices, base.indices]).astype(np.int64))
        read = np.zeros(numbers.program.columns, dtype=bool)
        read[reading] = True
        reduction = Reduction(
            outline.matrix, outline.low, outline.high, lower / outline.scale, upper / outline.scale, read=read
        )
        self._frame = Frame(reduction, reading)

    def fill(self, numbers: Numbers) -> Relaxation | None:
        """The outer program at other numbers, without tangents; None where they have another structure."""
        if not self._alike(numbers):
            return None
        concave = Concave(numbers, like=self.concave)
        data = np.append(numbers.matrix.data, 1.0)
        concave.base = with_data(self._base, self._base_sign * data[self._base_place])
        bounds = tightened(numbers, self._chosen, data[self._single])
        if not self._bounded_alike(bounds):
            return None
        known = self._outline
        low, high = sides(numbers, self._chosen)
        matrix = with_data(known.matrix, self._units * data[self._place])
        if not matrix.data[self._frame.needed].all():
            return None
        outline = replace(
            known,
            lower=bounds.lower,
            upper=bounds.upper,
            lower_source=bounds.lower_source,
            upper_source=bounds.upper_source,
            bound_factor=bounds.bound_factor,
            matrix=matrix,
            low=low * known.factors,
            high=high * known.factors,
        )
        replay = Replay(
            self._frame,
            matrix.data,
            outline.low,
            outline.high,
            np.minimum(bounds.lower, bounds.upper) / known.scale,
            bounds.upper / known.scale,
        )
        if not replay.fits():
            return None
        relaxation = Relaxation(concave, True, outline, ReducedModel(replay))
        return None if len(relaxation.crossed) else relaxation

    def _alike(self, numbers: Numbers) -> bool:
        """Whether every coefficient and every finite side has a place in the anchor's rows, with its sign
        there, and the same functions are active. What is 0 or infinite here alone is carried along."""
        data = numbers.matrix.data
        empty = (numbers.lower[self._empty] <= 0) & (numbers.upper[self._empty] >= 0)
        return (
            not (data[self._never_positive] > 0).any()
            and not (data[self._never_negative] < 0).any()
            and bool(data[self._single].all())
            and not np.isfinite(numbers.lower[~self._lower]).any()
            and not np.isfinite(numbers.upper[~self._upper]).any()
            and np.array_equal(numbers.active, self.concave.active)
            and not self._chosen.impossible
            and bool(empty.all())
        )

    def _bounded_alike(self, bounds: Bounds) -> bool:
        """Whether no column has a bound that it has not at the anchor."""
        lower, upper = self._bounded
        return not np.isfinite(bounds.lower[~lower]).any() and not np.isfinite(bounds.upper[~upper]).any()


def _places(marks: Array) -> tuple[Index, NDArray[np.float64]]:
    """Place and sign of marked entries: 2 and up for those of the matrix; 1, the entry after the last, for
    a coefficient of 1."""
    number = np.abs(marks).astype(np.int64) - 2
    return number, np.sign(marks)


def same_functions(one: Numbers, other: Numbers) -> bool:
    """Whether the functions are the same, so that what was found of them still holds."""
    return np.array_equal(one.imported, other.imported) and np.array_equal(one.active, other.active)


def same_tangents(one: Concave, other: Concave) -> bool:
    """Whether tangents at the same points are the same, of outer programs that one anchor has filled: most
    scenarios change no number that functions or their rows read."""
    return (
        same_functions(one.numbers, other.numbers)
        and np.array_equal(one.numbers.leaf_matrix.data, other.numbers.leaf_matrix.data)
        and np.array_equal(one.numbers.leaf_constant, other.numbers.leaf_constant)
        and np.array_equal(one.base.data, other.base.data)
        and np.array_equal(one.offset, other.offset)
    )
