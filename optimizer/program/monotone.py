"""Rows that say the same of a sum: what bounds an increasing function of a sum bounds the sum.

`sqrt(sum of squares) <= 10` is one function of as many arguments as there are squares, and takes hundreds
of tangents; `sum of squares <= 100` takes a handful for each. A product of powers is a sum of logs in the
same way. Plans are checked against the row as it is written; the sum only stands in for it where it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.program.lift import Lifting, Term
from optimizer.program.powers import powers_under
from optimizer.program.tape import TapeBuilder
from optimizer.program.walk import Form

# outermost functions that are looked through
_OUTER: Final = ("sqrt", "exp", "log", "pow")


@dataclass(frozen=True)
class StandIn:
    """Functions whose sum is at most (at least) `side` where the row's body is at most (at least) its own
    side; `slope` is by how much `side` moves with the row's."""

    nodes: list[int]
    side: float
    slope: float


@dataclass(frozen=True)
class _Sum:
    """A row as a sum: `direction` times the parts, without their constant, is bounded by `direction` times
    `side`; `slope` as in `StandIn`."""

    parts: list[int]
    direction: float
    side: float
    slope: float


def stand_in(lifting: Lifting, form: Form, sign: float, side: float) -> StandIn | None:
    """What stands in for a row, its constant already in its `side`; `sign` is -1 where that is an upper one.
    None where the row has linear terms or more than one other, depends on Params there, or is no such sum."""
    walker = lifting.walker
    if form.columns or len(form.functions) != 1 or not np.isfinite(side):
        return None
    multiplier = walker.coefficients.value_if_constant(form.multipliers[0])
    node = form.functions[0]
    if not multiplier or len(walker.leaves_under(node)) < 2:
        return None
    for found in (_looked_through, _product):
        whole = found(lifting, node, multiplier, sign, side)
        if whole is not None:
            break
    if whole is None:
        return None
    nodes = _pieces(lifting, whole, sign)
    return None if nodes is None else StandIn(nodes, whole.direction * whole.side, whole.slope)


def _pieces(lifting: Lifting, whole: _Sum, sign: float) -> list[int] | None:
    """The parts of a sum as functions of one leaf each, with its direction; None where they are not all
    concave together with `sign`."""
    functions = lifting.walker.functions
    direction = functions.constant(whole.direction)
    terms = [
        Term(None, part, functions.product(direction, part), frozenset(lifting.walker.leaves_under(part)))
        for part in whole.parts
    ]
    nodes = lifting.by_leaf(terms, [], sign)
    return nodes if nodes is not None and len(nodes) > 1 else None


def _looked_through(lifting: Lifting, node: int, multiplier: float, sign: float, side: float) -> _Sum | None:
    """A row multiplier*h(sum) by the inverse of h, where h is monotone on all that the sum can be."""
    functions = lifting.walker.functions
    operation, arguments = functions.parts(node)
    if operation not in _OUTER:
        return None
    power = functions.value_if_constant(arguments[1]) if operation == "pow" else 1.0
    level = side / multiplier
    if not power or (operation != "log" and level <= 0):
        return None
    if operation == "sqrt":
        inner, slope = level**2, 2 * level / multiplier
    elif operation == "exp":
        inner, slope = float(np.log(level)), 1 / side
    elif operation == "log":
        inner = float(np.exp(level))
        slope = inner / multiplier
    else:
        inner = level ** (1 / power)
        slope = inner / (power * side)
    direction = float(np.sign(multiplier) * np.sign(power))
    parts = _addends(functions, arguments[0])
    constant = sum(functions.value_if_constant(part) or 0.0 for part in parts)
    parts = [part for part in parts if functions.value_if_constant(part) is None]
    if any(not lifting.walker.leaves_under(part) for part in parts) or not np.isfinite([inner, slope]).all():
        return None
    # Where h is undefined or turns round below 0, a sum that is bounded above must not get there. A whole
    # power that turns round or jumps at 0 is kept by sums far below 0 too, which a lower bound would cut off.
    two_sided = operation == "pow" and power == round(power) and (power < 0 or power % 2 == 0)
    if operation != "exp" and (sign * direction < 0 or two_sided):
        least = lifting.least(parts)
        if least is None or least + constant < 0:
            return None
    return _Sum(parts, direction, inner - constant, direction * slope)


def _addends(functions: TapeBuilder, node: int) -> list[int]:
    operation, arguments = functions.parts(node)
    return list(arguments) if operation == "sum" else [node]


def _product(lifting: Lifting, node: int, multiplier: float, sign: float, side: float) -> _Sum | None:
    """A row multiplier*(product of powers of linear forms above 0) by its log."""
    functions = lifting.walker.functions
    found = powers_under(lifting, node, multiplier)
    level = 0.0 if found is None or not found.multiplier else side / found.multiplier
    if found is None or not level > 0:
        return None
    parts = [
        functions.product(functions.constant(power), functions.node("log", base))
        for base, power in found.powers
    ]
    direction = float(np.sign(found.multiplier))
    return _Sum(parts, direction, float(np.log(level)), direction / side)
