"""Expressions as arrays: a graph of elementary operations, evaluated level by level in numpy.

A `TapeBuilder` interns nodes, so equal expressions are one node. `TapeBuilder.finish` sorts them by level and
operation into a `Tape`, which evaluates all nodes of one level and operation in one numpy call. Values, first
derivatives (one reverse sweep) and directional second derivatives (forward over reverse) come from the same
graph; no code is generated, and nothing in it refers to Pyomo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Unary = Callable[[Array], Array]

# name: (value, first derivative, second derivative), the derivatives as functions of the argument
UNARY: Final[dict[str, tuple[Unary, Unary, Unary]]] = {
    "neg": (np.negative, lambda a: np.full_like(a, -1.0), np.zeros_like),
    "exp": (np.exp, np.exp, np.exp),
    "log": (np.log, lambda a: 1.0 / a, lambda a: -1.0 / a**2),
    "log10": (np.log10, lambda a: 1.0 / (a * np.log(10.0)), lambda a: -1.0 / (a**2 * np.log(10.0))),
    "sqrt": (np.sqrt, lambda a: 0.5 / np.sqrt(a), lambda a: -0.25 / a**1.5),
    "abs": (np.abs, np.sign, np.zeros_like),
    "sin": (np.sin, np.cos, lambda a: -np.sin(a)),
    "cos": (np.cos, lambda a: -np.sin(a), lambda a: -np.cos(a)),
    "tan": (np.tan, lambda a: 1.0 / np.cos(a) ** 2, lambda a: 2.0 * np.tan(a) / np.cos(a) ** 2),
    "sinh": (np.sinh, np.cosh, np.sinh),
    "cosh": (np.cosh, np.sinh, np.cosh),
    "tanh": (np.tanh, lambda a: 1.0 - np.tanh(a) ** 2, lambda a: -2.0 * np.tanh(a) * (1.0 - np.tanh(a) ** 2)),
    "asin": (np.arcsin, lambda a: (1.0 - a**2) ** -0.5, lambda a: a * (1.0 - a**2) ** -1.5),
    "acos": (np.arccos, lambda a: -((1.0 - a**2) ** -0.5), lambda a: -a * (1.0 - a**2) ** -1.5),
    "atan": (np.arctan, lambda a: 1.0 / (1.0 + a**2), lambda a: -2.0 * a / (1.0 + a**2) ** 2),
    "asinh": (np.arcsinh, lambda a: (1.0 + a**2) ** -0.5, lambda a: -a * (1.0 + a**2) ** -1.5),
    "acosh": (np.arccosh, lambda a: (a**2 - 1.0) ** -0.5, lambda a: -a * (a**2 - 1.0) ** -1.5),
    "atanh": (np.arctanh, lambda a: 1.0 / (1.0 - a**2), lambda a: 2.0 * a / (1.0 - a**2) ** 2),
    "floor": (np.floor, np.zeros_like, np.zeros_like),
    "ceil": (np.ceil, np.zeros_like, np.zeros_like),
}
COMPARISON: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "le": lambda a, b: (a <= b).astype(float),
    "lt": lambda a, b: (a < b).astype(float),
    "eq": lambda a, b: (a == b).astype(float),
    "and": lambda a, b: ((a != 0) & (b != 0)).astype(float),
    "or": lambda a, b: ((a != 0) | (b != 0)).astype(float),
}
BINARY: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "max": np.maximum,
    "min": np.minimum,
    **COMPARISON,
}
_INPUT: Final = "input"
_CONSTANT: Final = "constant"


class TapeBuilder:
    """Collects interned nodes (a node is an int). Leaves are constants and inputs, of named kinds."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], int] = {}
        self._nodes: list[tuple[str, tuple[int, ...]]] = []
        self._levels: list[int] = []
        self._constants: dict[int, float] = {}
        self._inputs: dict[int, tuple[str, int]] = {}
        self.one = self.constant(1.0)
        self.zero = self.constant(0.0)

    def constant(self, value: float) -> int:
        """Node of a number (nan is allowed here; whoever reads a coefficient checks it)."""
        value = float(value)
        key = (_CONSTANT, value)
        node = self._known.get(key)
        if node is None:
            node = self._add(key, _CONSTANT, ())
            self._constants[node] = value
        return node

    def input(self, kind: str, position: int) -> int:
        """Node of entry `position` of the part of the input vector called `kind`."""
        key = (kind, position)
        node = self._known.get(key)
        if node is None:
            node = self._add(key, _INPUT, ())
            self._inputs[node] = key
        return node

    def value_if_constant(self, node: int) -> float | None:
        """The number behind a constant node, None for any other node."""
        return self._constants.get(node)

    def node(self, operation: str, *arguments: int) -> int:
        """Node of an operation (a name of UNARY or BINARY, "where"); constants are folded."""
        key = (operation, *arguments)
        known = self._known.get(key)
        if known is not None:
            return known
        constants = self._constants
        if all(argument in constants for argument in arguments):
            with np.errstate(all="ignore"):
                folded = apply(operation, [np.array([constants[argument]]) for argument in arguments])
            result = self.constant(float(folded[0]))
            self._known[key] = result
            return result
        return self._add(key, operation, arguments)

    def parts(self, node: int) -> tuple[str, tuple[int, ...]]:
        """Operation and arguments of a node; constants and inputs have no arguments."""
        return self._nodes[node]

    def origin(self, node: int) -> tuple[str, int] | None:
        """Kind and position of an input node, None for any other node."""
        return self._inputs.get(node)

    def product(self, first: int, second: int) -> int:
        """Node of first*second, without the node where a factor is 1."""
        if first == self.one:
            return second
        if second == self.one:
            return first
        return self.node("mul", first, second)

    def total(self, parts: Sequence[int]) -> int:
        """Node of a sum of any number of nodes, without those that are the constant 0."""
        parts = [part for part in parts if part != self.zero]
        if not parts:
            return self.zero
        if len(parts) == 1:
            return parts[0]
        constants = [part for part in parts if part in self._constants]
        if len(constants) > 1:
            rest = [part for part in parts if part not in self._constants]
            merged = self.constant(float(np.sum([self._constants[part] for part in constants])))
            return self.total([*rest, merged]) if rest else merged
        key = ("sum", *parts)
        known = self._known.get(key)
        return self._add(key, "sum", tuple(parts)) if known is None else known

    def inputs_under(self, node: int) -> set[tuple[str, int]]:
        """The inputs that a node depends on."""
        seen: set[int] = set()
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting.extend(self._nodes[current][1])
        return {self._inputs[current] for current in seen if current in self._inputs}

    def _add(self, key: tuple[object, ...], operation: str, arguments: tuple[int, ...]) -> int:
        node = len(self._nodes)
        self._known[key] = node
        self._nodes.append((operation, arguments))
        levels = self._levels
        levels.append(1 + max([levels[argument] for argument in arguments], default=-1))
        return node

    def finish(self, **sizes: int) -> tuple[Tape, Index]:
        """The tape, and the row of its value array at which each node stands.

        `sizes` gives each kind of input and how many there are; the input vector joins them in this order.
        """
        starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]), strict=False))
        inputs = sum(sizes.values())
        leaves = [n for n, (operation, _) in enumerate(self._nodes) if operation == _CONSTANT]
        row = np.zeros(len(self._nodes), dtype=np.int64)
        for node, (kind, position) in self._inputs.items():
            row[node] = starts[kind] + position
        row[leaves] = inputs + np.arange(len(leaves))
        constants = np.array([self._constants[node] for node in leaves], dtype=float)
        members: dict[tuple[int, str], list[int]] = {}
        for node, (operation, arguments) in enumerate(self._nodes):
            if arguments:
                members.setdefault((self._levels[node], operation), []).append(node)
        groups = []
        start = inputs + len(leaves)
        for (_, operation), nodes in sorted(members.items()):
            row[nodes] = start + np.arange(len(nodes))
            if operation == "sum":
                lengths = [len(self._nodes[node][1]) for node in nodes]
                flat = [argument for node in nodes for argument in self._nodes[node][1]]
                offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
                owners = np.repeat(np.arange(len(nodes)), lengths)
                columns: tuple[Index, ...] = (row[flat],)
            else:
                offsets, owners = None, None
                columns = tuple(row[list(c)] for c in zip(*(self._nodes[n][1] for n in nodes), strict=True))
            distinct = tuple(len(np.unique(rows)) == len(rows) for rows in columns)
            last = inputs + len(leaves)
            varies = tuple(bool(((rows < inputs) | (rows >= last)).any()) for rows in columns)
            groups.append(_Group(operation, start, len(nodes), columns, distinct, varies, offsets, owners))
            start += len(nodes)
        return Tape(inputs, constants, tuple(groups), start), row


@dataclass(frozen=True)
class _Group:
    """All nodes of one level and operation: they stand at rows start..start+count of the value array."""

    operation: str
    start: int
    count: int
    arguments: tuple[Index, ...]
    distinct: tuple[bool, ...]  # whether no row occurs twice in an argument
    varies: tuple[bool, ...]  # whether an argument has more than constants
    offsets: Index | None
    owners: Index | None

    @property
    def rows(self) -> slice:
        return slice(self.start, self.start + self.count)


def apply(operation: str, arguments: Sequence[Array]) -> Array:
    """Value of an operation other than a sum."""
    if operation in UNARY:
        return UNARY[operation][0](arguments[0])
    if operation == "where":
        return np.where(arguments[0] != 0, arguments[1], arguments[2])
    return BINARY[operation](arguments[0], arguments[1])


def _add_at(target: Array, rows: Index, distinct: bool, amount: Array) -> None:
    if distinct:
        target[rows] += amount
    else:
        np.add.at(target, rows, amount)


def _mark_at(target: NDArray[np.bool_], rows: Index, distinct: bool, mark: NDArray[np.bool_]) -> None:
    if distinct:
        target[rows] |= mark
    else:
        np.logical_or.at(target, rows, mark)


def _times(weight: Array, factor: Array) -> Array:
    """weight*factor, 0 wherever the weight is 0."""
    return np.where(weight == 0, 0.0, weight * factor)


def _first(
    operation: str, value: Array, arguments: Sequence[Array], varies: Sequence[bool]
) -> list[Array | None]:
    """Derivative of an operation by each of its arguments that varies (None: no dependence)."""
    if operation in UNARY:
        return [UNARY[operation][1](arguments[0])]
    if operation in COMPARISON:
        return [None, None]
    if operation == "where":
        taken = (arguments[0] != 0).astype(float)
        return [None, taken, 1.0 - taken]
    a, b = arguments
    if operation == "mul":
        return [b, a]
    if operation == "div":
        return [1.0 / b, -value / b]
    if operation == "pow":
        # 0*inf at a = 0 has the value 0 where the exponent is a whole number
        by_base = np.where(b == 0, 0.0, b * np.power(a, b - 1.0))
        if not varies[1]:
            return [by_base, None]
        return [by_base, np.where(value == 0, 0.0, value * np.log(a)).astype(float)]
    larger = (a >= b) if operation == "max" else (a <= b)
    return [larger.astype(float), (~larger).astype(float)]


def _second(
    operation: str, value: Array, arguments: Sequence[Array], varies: Sequence[bool]
) -> dict[tuple[int, int], Array]:
    """Non-zero second derivatives of an operation by its arguments that vary, the upper triangle."""
    if operation in UNARY:
        return {(0, 0): UNARY[operation][2](arguments[0])}
    if operation not in ("mul", "div", "pow"):
        return {}
    a, b = arguments
    if operation == "mul":
        return {(0, 1): np.ones_like(a)}
    if operation == "div":
        return {(0, 1): -1.0 / b**2, (1, 1): 2.0 * value / b**2}
    curvature = b * (b - 1.0)
    by_base = np.where(curvature == 0, 0.0, curvature * np.power(a, b - 2.0))
    if not varies[1]:
        return {(0, 0): by_base}
    log_a = np.log(a)
    return {
        (0, 0): by_base,
        (0, 1): np.power(a, b - 1.0) * (1.0 + b * log_a),
        (1, 1): np.where(value == 0, 0.0, value * log_a**2),
    }


@dataclass(frozen=True)
class Tape:
    """A finished graph. Value arrays have one row per node and one column per point evaluated."""

    inputs: int
    constants: Array
    groups: tuple[_Group, ...]
    size: int

    def values(self, inputs: Array) -> Array:
        """Value of every node, (size, points), from inputs (inputs, points). Undefined values are nan."""
        result = np.empty((self.size, inputs.shape[1]))
        result[: self.inputs] = inputs
        result[self.inputs : self.inputs + len(self.constants)] = self.constants[:, None]
        with np.errstate(all="ignore"):
            for group in self.groups:
                if group.offsets is not None:
                    result[group.rows] = np.add.reduceat(result[group.arguments[0]], group.offsets, axis=0)
                else:
                    result[group.rows] = apply(group.operation, [result[rows] for rows in group.arguments])
        return result

    def gradient(self, values: Array, seed: Array) -> Array:
        """Reverse sweep: sum of seed*d(node)/d(input), (inputs, points); seed is (size, points).

        Where an infinite slope meets a factor that happens to be 0 the result is nan; only the branch of a
        condition that is not taken, and nodes without seed, count for nothing.
        """
        adjoint = seed.copy()
        reached = seed != 0
        with np.errstate(all="ignore"):
            for group in reversed(self.groups):
                weight, live = adjoint[group.rows], reached[group.rows]
                if not live.any():
                    continue
                if group.owners is not None:
                    rows, distinct = group.arguments[0], group.distinct[0]
                    _add_at(adjoint, rows, distinct, weight[group.owners])
                    _mark_at(reached, rows, distinct, live[group.owners])
                    continue
                arguments = [values[rows] for rows in group.arguments]
                parts = _first(group.operation, values[group.rows], arguments, group.varies)
                for place, (rows, part) in enumerate(zip(group.arguments, parts, strict=True)):
                    if part is None or not group.varies[place]:
                        continue
                    counts = live & (part != 0) if group.operation == "where" else live
                    _add_at(adjoint, rows, group.distinct[place], np.where(counts, weight * part, 0.0))
                    _mark_at(reached, rows, group.distinct[place], counts)
        return adjoint[: self.inputs]

    def curvature(self, values: Array, seed: Array, direction: Array) -> Array:
        """Second derivative along `direction` (inputs, points): d/dh of gradient(inputs + h*direction).

        Meant for points at which the gradient is finite; elsewhere 0 times infinity counts as 0.
        """
        tangent = np.zeros_like(values)
        tangent[: self.inputs] = direction
        adjoint, adjoint_tangent = seed.copy(), np.zeros_like(seed)
        with np.errstate(all="ignore"):
            for group in self.groups:
                if group.offsets is not None:
                    moved = np.add.reduceat(tangent[group.arguments[0]], group.offsets, axis=0)
                else:
                    moved = np.zeros((group.count, values.shape[1]))
                    arguments = [values[rows] for rows in group.arguments]
                    parts = _first(group.operation, values[group.rows], arguments, group.varies)
                    for rows, part in zip(group.arguments, parts, strict=True):
                        if part is not None:
                            moved += _times(tangent[rows], part)
                tangent[group.rows] = moved
            for group in reversed(self.groups):
                weight, weight_tangent = adjoint[group.rows], adjoint_tangent[group.rows]
                if group.owners is not None:
                    rows, distinct = group.arguments[0], group.distinct[0]
                    _add_at(adjoint, rows, distinct, weight[group.owners])
                    _add_at(adjoint_tangent, rows, distinct, weight_tangent[group.owners])
                    continue
                arguments = [values[rows] for rows in group.arguments]
                parts = _first(group.operation, values[group.rows], arguments, group.varies)
                for rows, distinct, part in zip(group.arguments, group.distinct, parts, strict=True):
                    if part is not None:
                        _add_at(adjoint, rows, distinct, _times(weight, part))
                        _add_at(adjoint_tangent, rows, distinct, _times(weight_tangent, part))
                seconds = _second(group.operation, values[group.rows], arguments, group.varies)
                for (i, j), part in seconds.items():
                    left, right = group.arguments[i], group.arguments[j]
                    _add_at(adjoint_tangent, left, group.distinct[i], _times(weight * tangent[right], part))
                    if i != j:
                        other = _times(weight * tangent[left], part)
                        _add_at(adjoint_tangent, right, group.distinct[j], other)
        return adjoint_tangent[: self.inputs]
