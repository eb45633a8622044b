"""Products of powers of forms that cannot be negative: a sum of logs, and the exponential of one."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.program.lift import Lifting
from optimizer.program.walk import Form


@dataclass(frozen=True)
class Powers:
    """multiplier times the product of base**power over `powers`; each base is the node of a leaf."""

    multiplier: float
    powers: list[tuple[int, float]]


@dataclass(frozen=True)
class Exponential:
    """`size` times the exponential of minus a sum of functions of one leaf each: `logs`, which have the sign
    of their function."""

    size: float
    logs: list[int]


def powers_under(lifting: Lifting, node: int, multiplier: float) -> Powers | None:
    """A function as a product of powers; None where it is none, or a base may be negative."""
    walker, functions = lifting.walker, lifting.walker.functions
    powers: dict[int, float] = {}
    # bases under a broken power: (x^2)^0.5 is x only where that is not negative
    broken: set[int] = set()
    waiting = [(node, 1.0, True)]
    while waiting:
        current, power, whole = waiting.pop()
        operation, arguments = functions.parts(current)
        fixed = functions.value_if_constant(arguments[1]) if operation == "pow" else None
        constant = functions.value_if_constant(current)
        if operation == "mul":
            waiting += [(part, power, whole) for part in arguments]
        elif operation == "div":
            waiting += [(arguments[0], power, whole), (arguments[1], -power, whole)]
        elif operation == "sqrt":
            waiting.append((arguments[0], 0.5 * power, False))
        elif operation == "pow" and fixed is not None:
            waiting.append((arguments[0], fixed * power, whole and fixed == round(fixed)))
        elif constant is not None:
            if constant <= 0 and not whole:
                return None
            multiplier *= constant**power if constant else 0.0
        else:
            powers[current] = powers.get(current, 0.0) + power
            broken |= set() if whole else {current}
    found = []
    for base, power in powers.items():
        origin = functions.origin(base)
        if origin is None or origin[0] != "leaf":
            return None
        leaf = walker.leaves[origin[1]]
        low, high = lifting.box(leaf)
        if high <= 0 and base not in broken:
            base, multiplier = walker.negative(leaf), multiplier * (-1.0) ** power
        elif low < 0:
            return None
        found.append((base, power))
    return Powers(multiplier, found)


def exponential(lifting: Lifting, form: Form, node: int, sign: float) -> Exponential | None:
    """A term of a form as an exponential: a product of negative powers, with the sign that makes it concave
    together with `sign`. None where `node`, a component of the form, is not one such term alone."""
    walker, functions = lifting.walker, lifting.walker.functions
    if len(walker.leaves_under(node)) < 2:
        return None
    nodes = walker.scaled_functions(form)
    places = [place for place, each in enumerate(nodes) if node in (each, walker.expanded(each))]
    if not places:
        return None
    place = places[0]
    multiplier = walker.coefficients.value_if_constant(form.multipliers[place])
    found = None if multiplier is None else powers_under(lifting, form.functions[place], multiplier)
    if found is None or sign * found.multiplier >= 0 or any(power >= 0 for _, power in found.powers):
        return None
    logs = []
    for base, power in found.powers:
        # leaves of its own: those of the product belong to that
        own = walker.again(base)
        logs.append(functions.product(functions.constant(-sign * power), functions.node("log", own)))
    return Exponential(abs(found.multiplier), logs)
