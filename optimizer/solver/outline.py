"""The rows of the outer program that are known before any tangent: the linear rows and the sums that join the
separate functions of a row. Rows with one entry become column bounds and are remembered as such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from optimizer.program.concave import Concave
from optimizer.program.numbers import Numbers
from optimizer.program.scaling import column_scale, power_of_two, scale_rows
from optimizer.program.sparse import rows_of, stacked, taken, widened, with_data, without_zeros
from optimizer.program.tape import Array, Index

LINEAR: Final = 0
SUM: Final = 1


@dataclass(frozen=True)
class Outline:
    """Bounds of all columns (model units), the rows that set them (`*_source`, -1: none) with the coefficient
    there by row of the model (`bound_factor`), and the linear rows, scaled: `factors` times the row in
    columns of unit `scale`. `kinds` and `references` tell what each row is, of which row of the model;
    `impossible` names rows without entries that cannot hold."""

    scale: Array
    lower: Array
    upper: Array
    lower_source: Index
    upper_source: Index
    bound_factor: Array
    impossible: list[int]
    matrix: csr_array
    factors: Array
    low: Array
    high: Array
    kinds: Index
    references: Index


@dataclass(frozen=True)
class Bounds:
    """Bounds of all columns in the model's units, rows with one entry included; see `Outline`."""

    lower: Array
    upper: Array
    lower_source: Index
    upper_source: Index
    bound_factor: Array


@dataclass(frozen=True)
class Chosen:
    """What becomes of the rows of the model: `plain` ones stay, `single` ones, with the place of their entry
    in the matrix without zeros and its column, become bounds; each sum stands for a row with functions, by
    the sign of these."""

    plain: Index
    single: Index
    entry: Index
    column: Index
    sums: list[tuple[int, float]]
    impossible: list[int]


def outline_of(concave: Concave, scaled: bool) -> Outline:
    """The outline at the parameter vector of `concave`."""
    numbers = concave.numbers
    scale = scale_of(concave) if scaled else np.ones(numbers.program.columns)
    matrix = without_zeros(numbers.matrix)
    chosen = chosen_rows(concave, matrix)
    bounds = tightened(numbers, chosen, matrix.data[chosen.entry])
    rows = joined_rows(concave, chosen, matrix)
    low, high = sides(numbers, chosen)
    factors = np.ones(rows.shape[0])
    if scaled:
        rows, factors = scale_rows(with_data(rows, rows.data * scale[rows.indices]))
    return Outline(
        scale=scale,
        lower=bounds.lower,
        upper=bounds.upper,
        lower_source=bounds.lower_source,
        upper_source=bounds.upper_source,
        bound_factor=bounds.bound_factor,
        impossible=chosen.impossible,
        matrix=rows,
        factors=factors,
        low=low * factors,
        high=high * factors,
        kinds=np.repeat(np.array([LINEAR, SUM]), [len(chosen.plain), len(chosen.sums)]),
        references=np.concatenate([chosen.plain, np.array([row for row, _ in chosen.sums], dtype=np.int64)]),
    )


def scale_of(concave: Concave) -> Array:
    """Size of one solver unit of every column."""
    program, table = concave.numbers.program, concave.table
    sizes = np.ones(program.columns - program.user_columns)
    own = table.column >= 0
    sizes[table.column[own] - program.user_columns] = concave.typical[own]
    own_columns = column_scale(program.integer, concave.numbers.nominal)
    return np.concatenate([own_columns, power_of_two(sizes)])


def chosen_rows(concave: Concave, matrix: csr_array) -> Chosen:
    """What becomes of each row, by the model's matrix without zeros."""
    numbers, table = concave.numbers, concave.table
    with_functions = np.zeros(numbers.program.row_count, dtype=bool)
    with_functions[table.component_row[table.component_row >= 0]] = True
    used = (np.isfinite(numbers.lower) | np.isfinite(numbers.upper)) & ~with_functions
    counts = np.diff(matrix.indptr)
    empty = np.flatnonzero(used & (counts == 0))
    tolerance = 1e-9
    wrong = (numbers.lower[empty] > tolerance) | (numbers.upper[empty] < -tolerance)
    single = np.flatnonzero(used & (counts == 1))
    entry = matrix.indptr[single].astype(np.int64)
    pairs = {
        (int(r), float(s))
        for r, s, c, a in zip(table.row, table.sign, table.summed, concave.active, strict=True)
        if r >= 0 and c and a
    }
    return Chosen(
        plain=np.flatnonzero(used & (counts > 1)),
        single=single,
        entry=entry,
        column=matrix.indices[entry].astype(np.int64),
        sums=sorted(pairs),
        impossible=[int(row) for row in empty[wrong]],
    )


def tightened(numbers: Numbers, chosen: Chosen, factors: Array) -> Bounds:
    """The column bounds with those of the rows with one entry, `factors`; of equally tight ones the last
    counts."""
    program, rows, columns = numbers.program, chosen.single, chosen.column
    infinite = np.full(program.columns - program.user_columns, np.inf)
    lower = np.concatenate([numbers.column_lower, -infinite])
    upper = np.concatenate([numbers.column_upper, infinite])
    lower_source = np.full(program.columns, -1, dtype=np.int64)
    upper_source = np.full(program.columns, -1, dtype=np.int64)
    bound_factor = np.zeros(program.row_count)
    bound_factor[rows] = factors
    low, high = numbers.lower[rows] / factors, numbers.upper[rows] / factors
    low, high = np.where(factors > 0, low, high), np.where(factors > 0, high, low)
    integer = program.integer[columns]
    low, high = np.where(integer, np.ceil(low - 1e-9), low), np.where(integer, np.floor(high + 1e-9), high)
    np.maximum.at(lower, columns, low)
    np.minimum.at(upper, columns, high)
    below = np.isfinite(low) & (low == lower[columns])
    above = np.isfinite(high) & (high == upper[columns])
    lower_source[columns[below]] = rows[below]
    upper_source[columns[above]] = rows[above]
    return Bounds(lower, upper, lower_source, upper_source, bound_factor)


def joined_rows(concave: Concave, chosen: Chosen, matrix: csr_array) -> csr_array:
    """The rows over all columns, unscaled: the plain ones of a matrix over the model's columns, then the
    sums, in which the functions' own columns count 1."""
    width, table = concave.numbers.program.columns, concave.table
    blocks = [widened(taken(matrix, chosen.plain), width)]
    for row, sign in chosen.sums:
        entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
        members = table.column[(table.row == row) & (table.sign == sign) & table.summed]
        data = np.concatenate([sign * matrix.data[entries], np.ones(len(members))])
        columns = np.concatenate([matrix.indices[entries], members])
        blocks.append(rows_of(data, columns, np.array([0, len(data)]), width))
    return stacked(blocks)


def sides(numbers: Numbers, chosen: Chosen) -> tuple[Array, Array]:
    """The unscaled sides of the rows of `joined_rows`."""
    lower, upper = numbers.cut_sides
    of_sums = [sign * (upper if sign < 0 else lower)[row] for row, sign in chosen.sums]
    low = np.concatenate([numbers.lower[chosen.plain], np.array(of_sums)])
    high = np.concatenate([numbers.upper[chosen.plain], np.full(len(of_sums), np.inf)])
    return low, high
