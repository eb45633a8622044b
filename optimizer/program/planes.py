"""Rows that are linear in the slopes of functions: their places are found once, their numbers as often as
tangents are wanted. Sparse matrices of a few rows cost more to multiply and add than to fill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from optimizer.program.sparse import gathered, owners, rows_of
from optimizer.program.tape import Array, Index


@dataclass(frozen=True)
class Planes:
    """The row of function f has the columns `columns[starts[f]:starts[f + 1]]`, there `base` plus its terms:
    term t, of `term_starts[f]:term_starts[f + 1]`, adds `coefficient` times slope number `source` in place
    `slot` of the row."""

    starts: Index
    columns: Index
    base: Array
    term_starts: Index
    slot: Index
    source: Index
    coefficient: Array
    width: int

    def rows(self, functions: Index, points: Index, slopes: Array) -> csr_array:
        """The rows of these functions at these points, by the slopes (sources, points)."""
        _, place, begins = gathered(self.starts, functions)
        owner, term, _ = gathered(self.term_starts, functions)
        steep = self.coefficient[term] * slopes[self.source[term], points[owner]]
        data = self.base[place] + np.bincount(self.slot[term] + begins[owner], steep, begins[-1])
        columns = self.columns[place]
        if not data.all():
            # an entry of 0 is none, for whoever looks at the least entry of a row
            stay = data != 0
            begins = np.concatenate([[0], np.cumsum(stay)])[begins]
            data, columns = data[stay], columns[stay]
        return rows_of(data, columns, begins, self.width)


def planes_of(base: csr_array, parts: list[tuple[Index, Index, csr_array]]) -> Planes:
    """The rows of `base` (functions, columns), each with further terms. A part is the function of each slope,
    its number among all slopes, and the row over the columns that it is multiplied with."""
    count, width = base.shape
    functions, columns = [owners(base)], [base.indices]
    sources, coefficients = [], []
    for function, source, matrix in parts:
        owner = owners(matrix)
        functions.append(function[owner])
        columns.append(matrix.indices)
        sources.append(source[owner])
        coefficients.append(matrix.data)
    function, column = np.concatenate(functions).astype(np.int64), np.concatenate(columns).astype(np.int64)
    places, place = np.unique(function * width + column, return_inverse=True)
    starts = np.searchsorted(places, np.arange(count + 1) * width)
    known = base.nnz
    order = np.argsort(function[known:], kind="stable")
    of_term = function[known:][order]
    return Planes(
        starts=starts,
        columns=places % width,
        base=np.asarray(np.bincount(place[:known], base.data, len(places)), dtype=float),
        term_starts=np.searchsorted(of_term, np.arange(count + 1)),
        slot=place[known:][order] - starts[of_term],
        source=np.concatenate([np.zeros(0, dtype=np.int64), *sources])[order],
        coefficient=np.concatenate([np.zeros(0), *coefficients])[order],
        width=width,
    )
