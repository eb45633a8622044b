"""The compiled program: structure, names, and where each number comes from.

A `Program` is a set of index arrays. `Program.at(p)` evaluates the coefficient tape at a parameter vector and
returns `Numbers`, in which every array is concrete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.numbers import Numbers, evaluate
from optimizer.program.scaling import column_scale, scale_rows
from optimizer.program.sparse import rows_of, taken, with_data
from optimizer.program.tape import Array, Index, Tape

Key = object


@dataclass(frozen=True)
class Block:
    """The entries of one Pyomo component in a flat vector: `vector[block.slice].reshape(block.shape)`. `doc`
    is what the component says of itself."""

    name: str
    start: int
    shape: tuple[int, ...]
    index: tuple[Key, ...]
    doc: str = ""

    @property
    def slice(self) -> slice:
        return slice(self.start, self.start + len(self.index))

    def labels(self) -> list[str]:
        """Name of every entry, as in `budget[2027]`."""
        return [self.label(number) for number in range(len(self.index))]

    @property
    def indices(self) -> list[tuple[Key, ...]]:
        """The indices of every entry, in order; none for that of a component without an index."""
        return [_indices(key) for key in self.index]

    def label(self, number: int) -> str:
        """Name of entry `number` of the block."""
        indices = _indices(self.index[number])
        return f"{self.name}[{','.join(map(str, indices))}]" if indices else self.name


def _indices(key: Key) -> tuple[Key, ...]:
    return () if key is None else key if isinstance(key, tuple) else (key,)


class VariableBlock(Block):
    """The columns of one Var."""


class RowBlock(Block):
    """The rows of one Constraint."""


class ParameterBlock(Block):
    """The entries of one mutable Param in the parameter vector."""


@dataclass(frozen=True)
class Pattern:
    """A sparse matrix in row order, whose entries are nodes of the coefficient tape."""

    starts: Index
    columns: Index
    nodes: Index
    width: int

    @property
    def owners(self) -> Index:
        """Row of every entry."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def at(self, coefficients: Array) -> csr_array:
        """The matrix, (rows, columns)."""
        return with_data(self._empty, coefficients[self.nodes])

    @cached_property
    def _empty(self) -> csr_array:
        return rows_of(np.zeros(len(self.nodes)), self.columns, self.starts, self.width)


@dataclass(frozen=True)
class FunctionTable:
    """The non-linear parts of the rows.

    A component is a non-linear term of a row (-1: of the objective) that shares no variable with the row's
    other ones. A function is a component times a sign, and must be concave: `sign` is -1 where the row is an
    upper bound. A function with a column of its own (`column` >= 0) bounds it from above, and this column
    stands for it in the row; the others are the only component of their row.

    `in_body` tells which components add up to the bodies of their rows. The others stand in for those of
    the rows `stand_in_row` where these are cut: each has a function, its row's own component has none. Their
    sum is bounded by `stand_in_side`, which moves by `stand_in_slope` with the row's own side.

    A function with a `size` above 0 is minus that times the exponential of minus the sum of the functions
    that are `inner_of` it (-1: of none), which are in no sum else: its tangents are rows over their columns.
    """

    component_node: Index
    component_row: Index
    leaf_starts: Index
    leaves: Index
    component: Index
    sign: Array
    column: Index
    in_body: NDArray[np.bool_]
    inner_of: Index
    size: Array
    stand_in_row: Index
    stand_in_side: Array
    stand_in_slope: Array

    @cached_property
    def exponentials(self) -> Index:
        """The functions that are exponentials of sums of others."""
        return np.flatnonzero(self.size > 0)

    @cached_property
    def summed(self) -> NDArray[np.bool_]:
        """Which functions have a column that adds to the sum of their row."""
        return (self.column >= 0) & (self.inner_of < 0)

    @cached_property
    def cut_nodes(self) -> Index:
        """Nodes of the components that have functions."""
        nodes: Index = self.component_node[np.unique(self.component)]
        return nodes

    @property
    def row(self) -> Index:
        """User row of every function, -1 for the objective."""
        rows: Index = self.component_row[self.component]
        return rows

    def leaves_of(self, component: int) -> Index:
        """The leaves of a component."""
        return self.leaves[self.leaf_starts[component] : self.leaf_starts[component + 1]]

    @cached_property
    def of_functions(self) -> tuple[Index, Index, Index]:
        """The leaves of function f are `leaves[starts[f]:starts[f + 1]]`: starts, leaves, and the function of
        each of these leaves."""
        counts = np.diff(self.leaf_starts)[self.component]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        owners = np.repeat(np.arange(len(counts)), counts)
        first = self.leaf_starts[self.component]
        leaves = self.leaves[np.arange(starts[-1]) - starts[owners] + first[owners]].astype(np.int64)
        return starts, leaves, owners


@dataclass(frozen=True)
class Program:
    """A compiled model. Columns are the entries of its Vars in order, then one auxiliary column for each
    function that has one. `sense` is 1 to maximise and -1 to minimise. Index arrays named `*_node` point into
    the coefficient tape; -1 stands for a row side that does not exist."""

    model_name: str
    sense: int
    variables: Mapping[str, VariableBlock]
    rows: Mapping[str, RowBlock]
    parameters: Mapping[str, ParameterBlock]
    default_parameters: Array
    coefficient_tape: Tape
    function_tape: Tape
    column_lower_node: Index
    column_upper_node: Index
    nominal_node: Index
    integer: NDArray[np.bool_]
    matrix: Pattern
    constant_node: Index
    lower_node: Index
    upper_node: Index
    objective: Pattern
    objective_constant_node: Index
    has_tie_breaker: bool
    leaf_matrix: Pattern
    leaf_constant_node: Index
    imported_node: Index
    functions: FunctionTable

    @property
    def user_columns(self) -> int:
        """Number of columns that are entries of the model's Vars."""
        return len(self.integer)

    @property
    def columns(self) -> int:
        """Number of columns, auxiliary ones included."""
        return self.user_columns + int(np.count_nonzero(self.functions.column >= 0))

    @property
    def row_count(self) -> int:
        """Number of rows of the model."""
        return len(self.constant_node)

    def at(self, parameters: Array | None = None, nominal: Array | None = None) -> Numbers:
        """Every number of the program at a parameter vector (default: the values at compile time).

        `nominal` replaces the nominal sizes of the columns that the model's suffix gives.

        Raises ModelError naming the rows whose numbers are not finite there.
        """
        vector = self.default_parameters if parameters is None else np.asarray(parameters, dtype=float)
        if vector.shape != self.default_parameters.shape:
            raise ModelError(
                Diagnostic(
                    "M107", f"parameter vector of shape {vector.shape}, not {self.default_parameters.shape}"
                )
            )
        numbers = evaluate(self, vector)
        return numbers if nominal is None else replace(numbers, nominal=nominal)

    def parameter_vector(self, values: Mapping[str, NDArray[np.float64]]) -> Array:
        """The parameter vector with some Params replaced: component name -> array in index order (any shape
        of the right size; 0-d for scalars). Raises ModelError for an unknown name or a wrong size."""
        vector = self.default_parameters.copy()
        problems = []
        for name, value in values.items():
            block = self.parameters.get(name)
            array = np.asarray(value, dtype=float)
            if block is None:
                problems.append(Diagnostic("M107", f"the model has no mutable Param `{name}`", path=name))
            elif array.size != len(block.index):
                problems.append(
                    Diagnostic(
                        "M107", f"{name}: {array.size} numbers given, {len(block.index)} needed", path=name
                    )
                )
            else:
                vector[block.slice] = array.ravel()
        if problems:
            raise ModelError(problems)
        return vector

    def row_name(self, row: int) -> str:
        """Name of a row, as in `budget[2027]`; `objective` for -1."""
        return "objective" if row < 0 else _label(self.rows, row)

    def column_name(self, column: int) -> str:
        """Name of a column; auxiliary ones are called after their row."""
        if column < self.user_columns:
            return _label(self.variables, column)
        function = int(np.flatnonzero(self.functions.column == column)[0])
        return f"term{function}[{self.row_name(int(self.functions.row[function]))}]"

    def parameter_name(self, place: int) -> str:
        """Name of an entry of the parameter vector."""
        return _label(self.parameters, place)

    def coefficient_range(
        self, parameters: Array | None = None, nominal: Array | None = None
    ) -> tuple[tuple[float, float], ...]:
        """Smallest and largest absolute non-zero entry of the matrix as written, then as scaled; `nominal` as
        in `at`."""
        numbers = self.at(parameters, nominal)
        used = np.isfinite(numbers.lower) | np.isfinite(numbers.upper)
        matrix = taken(numbers.matrix, np.flatnonzero(used))
        scaled = _scaled(matrix, column_scale(self.integer, numbers.nominal))
        return _extremes(matrix.data), _extremes(scaled.data)


def _extremes(entries: Array) -> tuple[float, float]:
    sizes = np.abs(entries[entries != 0])
    return (float(sizes.min()), float(sizes.max())) if len(sizes) else (0.0, 0.0)


def _label(blocks: Mapping[str, Block], number: int) -> str:
    for block in blocks.values():
        if block.start <= number < block.start + len(block.index):
            return block.label(number - block.start)
    raise IndexError(number)


def _scaled(matrix: csr_array, columns: Array) -> csr_array:
    return scale_rows(with_data(matrix, matrix.data * columns[matrix.indices]))[0]
