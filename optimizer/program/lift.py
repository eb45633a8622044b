"""Terms that share columns, taken apart: each a function of one number, cut by tangents of its own.

A sum of functions of a few affine forms has a tangent plane in as many dimensions as it has columns, and
takes hundreds of them; the same functions one by one take a handful. So it is taken apart where that loses
nothing: where every term is a function of one affine form and concave on its own, at any value of its Params,
or where the quadratic terms are together a sum of squares of one sign. Elsewhere they stay one function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.program.sample import Samples, is_concave, places, values_under
from optimizer.program.tape import Array
from optimizer.program.walk import Form, Leaf, Walker

# what rounding may leave of a pivot, of columns scaled to a diagonal of 1
PIVOT_ROUNDING: Final = 1e-12
REST_ROUNDING: Final = 1e-10
# and of an entry of a triangle, as a share of its column
TRIANGLE_ROUNDING: Final = 1e-14
# how far beside its only value a fixed leaf is looked at
BESIDE: Final = 1e-3


@dataclass(frozen=True)
class Term:
    """A non-linear term of a row: its node with the multiplier (None: not known apart), and the leaves under
    it."""

    multiplier: int | None
    function: int
    node: int
    leaves: frozenset[int]


class Lifting:
    """Takes the terms of rows apart. `lower`, `upper` and `nominal` are the nodes of the columns' numbers."""

    def __init__(
        self,
        walker: Walker,
        samples: Samples,
        lower: Sequence[int],
        upper: Sequence[int],
        nominal: Sequence[int],
    ) -> None:
        self.walker = walker
        self._samples = samples
        self._lower, self._upper, self._nominal = lower, upper, nominal

    def components(self, form: Form, sign: float | None) -> list[int]:
        """Function nodes that add up to the non-linear part of a form and share no leaf, those of one node
        none of its columns either. `sign` times each must be concave; None where that is not known yet."""
        result: list[int] = []
        for group in self._groups(form):
            leaves = [self.walker.leaves[leaf] for leaf in frozenset().union(*(t.leaves for t in group))]
            columns = [column for leaf in leaves for column in leaf.columns]
            whole = self.walker.functions.total([term.node for term in group])
            dependent = len(columns) > len(set(columns))
            apart = None
            if sign is not None and len(set(columns)) > 1 and (dependent or len(group) > 1):
                apart = self._apart(group, sign)
            if apart is not None:
                result += apart
            else:
                # leaves that depend on each other would make the function look curved where no plan can move
                result.append(self.walker.expanded(whole) if dependent else whole)
        return result

    def _groups(self, form: Form) -> list[list[Term]]:
        """The terms of a form by shared columns."""
        groups: list[tuple[set[int], list[Term]]] = []
        nodes = self.walker.scaled_functions(form)
        for multiplier, function, node in zip(form.multipliers, form.functions, nodes, strict=True):
            leaves = frozenset(self.walker.leaves_under(node))
            columns = {column for leaf in leaves for column in self.walker.leaves[leaf].columns}
            terms = [Term(multiplier, function, node, leaves)]
            rest = []
            for group in groups:
                if group[0] & columns:
                    columns |= group[0]
                    terms = group[1] + terms
                else:
                    rest.append(group)
            groups = [*rest, (columns, terms)]
        return [terms for _, terms in groups]

    def _apart(self, group: list[Term], sign: float) -> list[int] | None:
        """The terms as functions of one leaf each; None where that is not possible."""
        if all(len(term.leaves) == 1 for term in group):
            found = self._fewer_squares(group, sign) or self.by_leaf(group, [], sign)
            if found is not None:
                return found
        quadratic = [pair for pair in ((term, self._factors(term)) for term in group) if pair[1] is not None]
        squares = self._squares([pair for _, pair in quadratic if pair is not None], sign)
        if squares is None:
            return None
        known = {id(term) for term, _ in quadratic}
        return self.by_leaf([term for term in group if id(term) not in known], squares, sign)

    def by_leaf(self, terms: list[Term], squares: list[tuple[int, int]], sign: float) -> list[int] | None:
        """The sums of the terms of each leaf, those of `squares` (leaf, node) among them, if all are
        concave."""
        nodes: dict[int, list[int]] = {}
        for leaf, node in squares:
            nodes.setdefault(leaf, []).append(node)
        for term in terms:
            if len(term.leaves) != 1:
                return None
            [leaf] = term.leaves
            nodes.setdefault(leaf, []).append(term.node)
        sums = {leaf: self.walker.functions.total(own) for leaf, own in nodes.items()}
        ok = all(self._is_concave(leaf, node, sign) for leaf, node in sums.items())
        return list(sums.values()) if ok else None

    def _is_concave(self, place: int, node: int, sign: float) -> bool:
        """Whether sign times a function of one leaf is concave at every sampled value of the Params."""
        points, values = self._looked_at(place, node)
        return all(is_concave(points, sign * values[:, sample]) for sample in range(values.shape[1]))

    def least(self, nodes: Sequence[int]) -> float | None:
        """The least that the sum of functions of one leaf each seems to be; None where one has more leaves or
        is undefined somewhere."""
        total = 0.0
        for node in nodes:
            leaves = self.walker.leaves_under(node)
            if len(leaves) != 1:
                return None
            total += float(self._looked_at(leaves.pop(), node)[1].min())
        return total if np.isfinite(total) else None

    def _looked_at(self, place: int, node: int) -> tuple[Array, Array]:
        """Values of a function of one leaf at places within the leaf's bounds: (points,), (points, samples of
        the Params)."""
        walker, samples = self.walker, self._samples
        leaf = walker.leaves[place]
        low, high = self.box(leaf)
        if low == high:
            low, high = low - BESIDE * max(1.0, abs(low)), high + BESIDE * max(1.0, abs(high))
        sizes = np.array([samples.of(node)[0] for node in leaf.coefficients])
        nominal = np.array([abs(samples.of(self._nominal[column])[0]) for column in leaf.columns])
        size = float(np.max(np.abs(sizes) * nominal, initial=0.0))
        points = places(low, high, size if np.isfinite(size) and size > 0 else 1.0)

        def value_of_input(kind: str, position: int) -> Array:
            if kind == "leaf":
                return points[:, None]
            return samples.of(walker.imported[position])[None, :]

        values = values_under(walker.functions, node, value_of_input, {})[node]
        return points, np.broadcast_to(values, (len(points), values.shape[-1] if values.ndim > 1 else 1))

    def box(self, leaf: Leaf) -> tuple[float, float]:
        """Least and greatest value of a leaf over the columns' bounds and the sampled Params."""
        samples = self._samples
        low = high = samples.of(leaf.constant)
        for column, node in zip(leaf.columns, leaf.coefficients, strict=True):
            ends = [samples.of(node) * samples.of(side[column]) for side in (self._lower, self._upper)]
            ends = [np.where(np.isnan(end), 0.0, end) for end in ends]
            low, high = low + np.minimum(*ends), high + np.maximum(*ends)
        return float(np.min(low)), float(np.max(high))

    # quadratic terms -------------------------------------------------------------------------------------

    def _factors(self, term: Term) -> tuple[float, Leaf, Leaf] | None:
        """Multiplier and factors of a term that is a product of two linear forms with fixed coefficients."""
        walker = self.walker
        multiplier = None
        if term.multiplier is not None:
            multiplier = walker.coefficients.value_if_constant(term.multiplier)
        operation, arguments = walker.functions.parts(term.function)
        if operation == "pow" and walker.functions.value_if_constant(arguments[1]) == 2.0:
            arguments = (arguments[0], arguments[0])
        elif operation != "mul":
            return None
        origins = [walker.functions.origin(argument) for argument in arguments]
        leaves = [
            walker.leaves[origin[1]] for origin in origins if origin is not None and origin[0] == "leaf"
        ]
        fixed = all(
            walker.coefficients.value_if_constant(node) is not None
            for leaf in leaves
            for node in leaf.coefficients
        )
        # a constant would have to be multiplied out, which costs digits
        plain = all(leaf.constant == walker.coefficients.zero for leaf in leaves)
        if multiplier is None or len(leaves) != 2 or not fixed or not plain:
            return None
        return multiplier, leaves[0], leaves[1]

    def _fewer_squares(self, group: list[Term], sign: float) -> list[int] | None:
        """Squares of affine forms as no more squares than there are columns, and a constant; None where they
        are no more already, or not all squares of fixed forms with the right sign."""
        walker = self.walker
        value = walker.coefficients.value_if_constant
        leaves = [walker.leaves[next(iter(term.leaves))] for term in group]
        columns = sorted({column for leaf in leaves for column in leaf.columns})
        if len(group) <= len(columns) + 1:
            return None
        place = {column: number for number, column in enumerate(columns)}
        rows = np.zeros((len(group), len(columns) + 1))
        for row, term, leaf in zip(rows, group, leaves, strict=True):
            multiplier = None if term.multiplier is None else value(term.multiplier)
            numbers = [value(node) for node in (*leaf.coefficients, leaf.constant)]
            if multiplier is None or -sign * multiplier < 0 or not self._is_square(term) or None in numbers:
                return None
            row[[*(place[column] for column in leaf.columns), len(columns)]] = numbers
            row *= np.sqrt(-sign * multiplier)
        # the triangle has the same sum of squares, and nothing is multiplied out
        triangle = np.linalg.qr(rows, mode="r")
        least = TRIANGLE_ROUNDING * np.linalg.norm(rows, axis=0)
        nodes = []
        for row in triangle:
            own = np.flatnonzero(np.abs(row[:-1]) > least[:-1])
            if len(own):
                coefficients = tuple(walker.coefficients.constant(float(row[each])) for each in own)
                constant = walker.coefficients.constant(float(row[-1]))
                _, leaf_node = walker.leaf(tuple(columns[each] for each in own), coefficients, constant)
                square = walker.functions.node("pow", leaf_node, walker.functions.constant(2.0))
                nodes.append(walker.functions.product(walker.functions.constant(-sign), square))
        rest = -sign * sum(
            float(row[-1]) ** 2 for row in triangle if not (np.abs(row[:-1]) > least[:-1]).any()
        )
        return [walker.functions.total([nodes[0], walker.functions.constant(rest)]), *nodes[1:]]

    def _is_square(self, term: Term) -> bool:
        functions = self.walker.functions
        operation, arguments = functions.parts(term.function)
        is_leaf = functions.origin(arguments[0]) is not None if arguments else False
        twice = operation == "mul" and arguments[0] == arguments[-1]
        return is_leaf and (
            twice or (operation == "pow" and functions.value_if_constant(arguments[1]) == 2.0)
        )

    def _squares(self, products: list[tuple[float, Leaf, Leaf]], sign: float) -> list[tuple[int, int]] | None:
        """Leaves and nodes of squares that add up to a sum of products, all of the sign that is concave
        together with `sign`; None where there are no such squares."""
        walker = self.walker
        columns = sorted({c for _, first, second in products for c in (*first.columns, *second.columns)})
        place = {column: number for number, column in enumerate(columns)}
        matrix = np.zeros((len(columns), len(columns)))
        for multiplier, first, second in products:
            left, right = self._row(first, place), self._row(second, place)
            matrix += 0.5 * multiplier * (np.outer(left, right) + np.outer(right, left))
        found = squares_of(-sign * matrix)
        if found is None:
            return None
        result = []
        for weight, row in found:
            own = np.flatnonzero(row)
            coefficients = tuple(walker.coefficients.constant(float(row[each])) for each in own)
            leaf, node = walker.leaf(tuple(columns[each] for each in own), coefficients)
            square = walker.functions.node("pow", node, walker.functions.constant(2.0))
            result.append((leaf, walker.functions.product(walker.functions.constant(-sign * weight), square)))
        return result

    def _row(self, leaf: Leaf, place: dict[int, int]) -> Array:
        row = np.zeros(len(place))
        for column, node in zip(leaf.columns, leaf.coefficients, strict=True):
            row[place[column]] = self.walker.coefficients.value_if_constant(node)
        return row


def squares_of(matrix: Array) -> list[tuple[float, Array]] | None:
    """Weights above 0 and rows l, with x' matrix x the sum of weight*(l x)^2, by an LDL' factorisation with
    the largest pivot first; None where the matrix is not semidefinite beyond rounding."""
    diagonal = np.diag(matrix)
    if (diagonal < 0).any():
        return None
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    rest = matrix / np.outer(scale, scale)
    found: list[tuple[float, Array]] = []
    for _ in range(len(matrix)):
        pivot = int(np.argmax(np.diag(rest)))
        if rest[pivot, pivot] <= PIVOT_ROUNDING:
            break
        weight = float(rest[pivot, pivot])
        row = rest[pivot] / weight
        rest = rest - weight * np.outer(row, row)
        rest[pivot, :] = rest[:, pivot] = 0.0
        row = np.where(np.abs(row) <= PIVOT_ROUNDING, 0.0, row) * scale / scale[pivot]
        found.append((weight * float(scale[pivot]) ** 2, row))
    return found if np.abs(rest).max(initial=0.0) <= REST_ROUNDING else None
