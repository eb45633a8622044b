"""A program at one parameter vector: concrete matrices, bounds, and its functions with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.sparse import owners, with_data
from optimizer.program.tape import Array

if TYPE_CHECKING:
    from optimizer.program.program import Program


@dataclass(frozen=True)
class Numbers:
    """Arrays of a program in the model's own units.

    A row reads `lower <= matrix x + its components <= upper` over the model's own columns; constants are in
    the sides, and a side that is infinite is dropped. `objective` has the objective and the tie breaker, as
    written. `leaf_matrix x + leaf_constant` are the arguments of the functions. `active` tells which
    functions belong to a finite row side.
    """

    program: Program
    parameters: Array
    coefficients: Array
    column_lower: Array
    column_upper: Array
    nominal: Array
    matrix: csr_array
    lower: Array
    upper: Array
    objective: csr_array
    objective_constant: Array
    leaf_matrix: csr_array
    leaf_constant: Array
    imported: Array
    active: NDArray[np.bool_]

    def narrowed(self, least: Array, greatest: Array) -> Numbers:
        """The program whose columns also lie between these, shape (model's columns,)."""
        lower = np.maximum(self.column_lower, least)
        return replace(self, column_lower=lower, column_upper=np.minimum(self.column_upper, greatest))

    def leaves(self, x: Array) -> Array:
        """Arguments of the functions at a point x of the model's columns."""
        result: Array = self.leaf_matrix @ x[: self.program.user_columns] + self.leaf_constant
        return result

    def components(self, leaves: Array) -> tuple[Array, Array]:
        """Tape values and the values of the components: leaves (leaves, points) -> (components, points)."""
        inputs = np.empty((len(leaves) + len(self.imported), leaves.shape[1]))
        inputs[: len(leaves)] = leaves
        inputs[len(leaves) :] = self.imported[:, None]
        values = self.program.function_tape.values(inputs)
        return values, values[self.program.functions.component_node]

    def component_gradient(self, values: Array) -> Array:
        """Derivative of each component that has functions by its leaves, (leaves, points), from the tape
        values. A leaf belongs to one of them, so one reverse sweep serves all."""
        seed = np.zeros_like(values)
        seed[self.program.functions.cut_nodes] = 1.0
        gradient = self.program.function_tape.gradient(values, seed)
        return gradient[: len(self.leaf_constant)]

    def body(self, x: Array) -> tuple[Array, Array]:
        """Value of every row's body at x, and the largest absolute term in each row."""
        x = x[: self.program.user_columns]
        _, components = self.components(self.leaves(x)[:, None])
        functions = self.program.functions
        own = (functions.component_row >= 0) & functions.in_body
        rows, values = self.program.functions.component_row[own], components[own, 0]
        matrix = self.matrix
        terms = np.abs(matrix.data * x[matrix.indices])
        largest = np.zeros(len(self.lower))
        filled = np.diff(matrix.indptr) > 0
        if len(terms):
            largest[filled] = np.maximum.reduceat(terms, matrix.indptr[:-1][filled])
        value: Array = self.matrix @ x
        np.add.at(value, rows, values)
        np.fmax.at(largest, rows, np.abs(values))
        return value, largest

    @property
    def cut_sides(self) -> tuple[Array, Array]:
        """Lower and upper sides of the rows where they are cut: those of what stands in for some of them."""
        functions = self.program.functions
        if not len(functions.stand_in_row):
            return self.lower, self.upper
        lower, upper = self.lower.copy(), self.upper.copy()
        for sides in (lower, upper):
            rows = functions.stand_in_row
            sides[rows] = np.where(np.isfinite(sides[rows]), functions.stand_in_side, sides[rows])
        return lower, upper

    def objective_value(self, x: Array) -> float:
        """The model's objective at x, as written."""
        x = x[: self.program.user_columns]
        _, components = self.components(self.leaves(x)[:, None])
        functions = self.program.functions
        own = (functions.component_row < 0) & functions.in_body
        linear = float((self.objective @ x)[0] + self.objective_constant[0])
        return linear + float(components[own, 0].sum())

    @cached_property
    def leaf_box(self) -> tuple[Array, Array]:
        """Least and greatest value of every leaf over the column bounds."""
        positive = with_data(self.leaf_matrix, np.maximum(self.leaf_matrix.data, 0.0))
        negative = with_data(self.leaf_matrix, np.minimum(self.leaf_matrix.data, 0.0))
        least = _bound_sum(positive, self.column_lower) + _bound_sum(negative, self.column_upper)
        greatest = _bound_sum(positive, self.column_upper) + _bound_sum(negative, self.column_lower)
        return least + self.leaf_constant, greatest + self.leaf_constant


def _bound_sum(matrix: csr_array, bound: Array) -> Array:
    """matrix @ bound where 0*inf counts as 0."""
    entries = np.zeros(matrix.nnz)
    used = matrix.data != 0
    entries[used] = matrix.data[used] * bound[matrix.indices[used]]
    return np.bincount(owners(matrix), entries, matrix.shape[0]).astype(float)


def evaluate(program: Program, parameters: Array) -> Numbers:
    """All numbers of a program at a parameter vector. Raises ModelError naming rows with undefined ones."""
    coefficients = program.coefficient_tape.values(parameters[:, None])[:, 0]
    constant = coefficients[program.constant_node]
    with np.errstate(invalid="ignore"):
        lower = np.where(program.lower_node < 0, -np.inf, coefficients[program.lower_node] - constant)
        upper = np.where(program.upper_node < 0, np.inf, coefficients[program.upper_node] - constant)
    functions = program.functions
    row, from_above = functions.row, functions.sign < 0
    # row -1, the objective, reads the entry appended last
    side = np.where(from_above, np.append(upper, 0.0)[row], np.append(lower, 0.0)[row])
    active = np.isfinite(side)
    numbers = Numbers(
        program=program,
        parameters=parameters,
        coefficients=coefficients,
        column_lower=coefficients[program.column_lower_node],
        column_upper=coefficients[program.column_upper_node],
        nominal=np.abs(coefficients[program.nominal_node]),
        matrix=program.matrix.at(coefficients),
        lower=lower,
        upper=upper,
        objective=program.objective.at(coefficients),
        objective_constant=coefficients[program.objective_constant_node],
        leaf_matrix=program.leaf_matrix.at(coefficients),
        leaf_constant=coefficients[program.leaf_constant_node],
        imported=coefficients[program.imported_node],
        active=active,
    )
    problems = _undefined(numbers)
    if problems:
        raise ModelError(problems)
    return numbers


def _undefined(numbers: Numbers) -> list[Diagnostic]:
    """One diagnostic for each row, column or Param whose numbers cannot be used."""
    program, functions = numbers.program, numbers.program.functions
    used = np.isfinite(numbers.lower) | np.isfinite(numbers.upper)
    bad = np.isnan(numbers.lower) | np.isnan(numbers.upper)
    bad |= np.isposinf(numbers.lower) | np.isneginf(numbers.upper)
    entries = ~np.isfinite(numbers.matrix.data)
    if entries.any():
        bad[program.matrix.owners[entries]] |= used[program.matrix.owners[entries]]
    leaf_bad = ~np.isfinite(numbers.leaf_constant)
    leaf_bad[program.leaf_matrix.owners[~np.isfinite(numbers.leaf_matrix.data)]] = True
    objective_bad = not np.isfinite(numbers.objective.data).all()
    objective_bad |= not np.isfinite(numbers.objective_constant).all()
    of_component = np.repeat(np.arange(len(functions.component_row)), np.diff(functions.leaf_starts))
    component_bad = np.zeros(len(functions.component_row), dtype=bool)
    component_bad[of_component[leaf_bad[functions.leaves]]] = True
    rows = functions.row[numbers.active & component_bad[functions.component]]
    objective_bad |= bool((rows < 0).any())
    bad[rows[rows >= 0]] = True
    names = [program.row_name(int(row)) for row in np.flatnonzero(bad)]
    names += ["objective"] if objective_bad else []
    problems = [_diagnostic("M104", name, "a coefficient or side is undefined or infinite") for name in names]
    columns = np.isnan(numbers.column_lower) | np.isnan(numbers.column_upper)
    columns |= np.isposinf(numbers.column_lower) | np.isneginf(numbers.column_upper)
    problems += [
        _diagnostic("M104", program.column_name(int(column)), "a bound is undefined")
        for column in np.flatnonzero(columns)
    ]
    both = np.isfinite(numbers.lower) & np.isfinite(numbers.upper)
    two_sided = np.unique(functions.component_row[functions.component_row >= 0])
    problems += [
        _diagnostic("M108", program.row_name(int(row)), "a non-linear row may be bounded on one side only")
        for row in two_sided[both[two_sided]]
    ]
    return problems


def _diagnostic(code: str, name: str, message: str) -> Diagnostic:
    return Diagnostic(code, f"{name}: {message}", path=name)
