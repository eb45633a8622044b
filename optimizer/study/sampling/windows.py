"""How far a cell may be multiplied or added to before it leaves what the schema allows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from optimizer.instance.field_rules import AMOUNT, Rule
from optimizer.instance.patch_targets import Target
from optimizer.instance.shape import Leaf
from optimizer.instance.values import Operation, Quantity, YearMap
from optimizer.study.sampling.spread import EVERYTHING, Window

# Where a bound itself is not allowed, as 1 is not for a share below 1, this much of the way to it is.
NEARLY: Final = 0.99
# a bound over a number, times that number, may be off in its last digits, for a series over years in more
ROUNDINGS: Final = 64


def window_of(target: Target, years: range) -> Window:
    """The least and greatest operand that keeps every number of the target within its rule; `years` are
    those of the horizon. All of the line where the operation sets a value."""
    operation = target.patch.operation
    if operation == "=":
        return EVERYTHING
    low, high = EVERYTHING
    for rule, number in _numbers(target, years):
        first, last = _allowed(rule, number, operation)
        low, high = max(low, first), min(high, last)
    return low, high


def _numbers(target: Target, years: range) -> Iterator[tuple[Rule, float]]:
    """The numbers that the patch moves, each with its rule."""
    old, one = target.old, target.patch
    if isinstance(old, YearMap):
        for year, entry in old.items():
            if one.chooses(year):
                yield from ((AMOUNT, number) for number in entry.numbers)
        return
    rule = target.shape.rule if isinstance(target.shape, Leaf) else None
    if not isinstance(old, Quantity) or not isinstance(rule, Rule):
        return
    if one.years is None and not old.changes and old.kind != "growth":
        yield from ((rule, number) for number in old.numbers)
        return
    yield from ((rule, old.in_year(year)) for year in years if one.chooses(year))


def _allowed(rule: Rule, number: float, operation: Operation) -> Window:
    if math.isinf(number) or (operation == "*=" and number == 0):
        return EVERYTHING
    least, most = _bound(rule.ge, rule.gt, number), _bound(rule.le, rule.lt, number)
    low = -math.inf if least is None else _operand(rule, number, least, operation)
    high = math.inf if most is None else _operand(rule, number, most, operation)
    if operation == "*=" and number < 0:
        low, high = (-math.inf if most is None else high), (math.inf if least is None else low)
    return low, high


def _bound(allowed: float | None, excluded: float | None, number: float) -> float | None:
    """The last value on one side that a number may be moved to."""
    if allowed is not None:
        return allowed
    return None if excluded is None else number + NEARLY * (excluded - number)


def _operand(rule: Rule, number: float, bound: float, operation: Operation) -> float:
    """What takes a number to a bound, by rounding no further."""
    identity = 1.0 if operation == "*=" else 0.0
    operand = bound / number if operation == "*=" else bound - number
    for _ in range(ROUNDINGS):
        moved = number * operand if operation == "*=" else number + operand
        if rule.complaint(moved) is None:
            break
        operand = math.nextafter(operand, identity)
    return operand
