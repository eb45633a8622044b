"""Rows and variables that a user added to the national plan, told in generic words.

The words are the component's own `doc` where it has one. What is last in an index counts as the period where
it is one of the plan's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from models.limits import DEFINITIONS, LIMITS, LimitSpec
from models.parameters import Array
from models.quantities import VARIABLES, Series
from optimizer.errors import Diagnostic, InputError

if TYPE_CHECKING:
    from optimizer.program import Program
    from optimizer.program.program import Block
    from optimizer.solver import Solution

THEME: Final = "own"
ROW_UNIT: Final = "unit of the row"
VARIABLE_UNIT: Final = "own unit"
# what stands behind the name of a variable for the bound that it has of itself
BOUND: Final = " (own bound)"


def own_limits(solution: Solution, labels: Sequence[str]) -> list[LimitSpec]:
    """The rows that a user added, and the variables, whose own bounds may bind. `labels` are the plan's
    periods."""
    program = solution.program
    rows = [
        LimitSpec(
            name,
            _index(block, labels),
            ROW_UNIT,
            THEME,
            block.doc or f"own row {name}",
            thing=_room(solution, block, labels),
        )
        for name, block in program.rows.items()
        if name not in LIMITS and name not in DEFINITIONS
    ]
    bounds = [
        LimitSpec(name + BOUND, _index(block, labels), VARIABLE_UNIT, THEME, f"bound of {block.doc or name}")
        for name, block in own_variables(program).items()
    ]
    return [*rows, *bounds]


def _room(solution: Solution, block: Block, labels: Sequence[str]) -> str:
    """What there is more of where an own equality is eased: room on the side where it is worth something.
    Empty for rows that are none."""
    if not is_equality(solution.program, block):
        return ""
    sides = {"above" if price > 0 else "below" for price in _upward(solution, block).tolist() if price}
    side = sides.pop() if len(sides) == 1 else "beside"
    inner = len(block.indices[0]) - len(_index(block, labels))
    return f"room {side} the equality {block.doc or block.name}{' of {item}' if inner else ''}"


def is_equality(program: Program, block: Block) -> bool:
    """Whether all rows of an own constraint have one side, that of an equality."""
    rows = block.slice
    return bool(block.index) and bool((program.lower_node[rows] == program.upper_node[rows]).all())


def _upward(solution: Solution, block: Block) -> Array:
    """What the objective gains where the side of a row is higher, per unit, less than 0 where it loses."""
    return np.asarray(solution.program.sense * np.nan_to_num(solution.row_duals[block.slice]))


def own_sides(solution: Solution, name: str, labels: Sequence[str]) -> Array:
    """On which side room is worth something: 1, or -1 for an equality held from above; shaped as the prices
    of the own row `name`."""
    block = solution.program.rows[name]
    below = is_equality(solution.program, block) & (_upward(solution, block) < 0)
    return _grid(block, np.where(below, -1.0, 1.0), labels)[1]


def own_variables(program: Program) -> Mapping[str, Block]:
    """The variables that a user added."""
    return {name: block for name, block in program.variables.items() if name not in VARIABLES}


def is_extended(program: Program) -> bool:
    """Whether a user added rows or variables to the plan."""
    return any(name not in LIMITS and name not in DEFINITIONS for name in program.rows) or bool(
        own_variables(program)
    )


def own_prices(solution: Solution, limit: LimitSpec, labels: Sequence[str]) -> tuple[list[str], Array]:
    """The items of such a limit, and the gain in the objective per unit by which each is eased: shape (items,
    periods), (items, 1) for a limit over all."""
    name = limit.name.removesuffix(BOUND)
    if limit.name.endswith(BOUND):
        block: Block = solution.program.variables[name]
        duals = solution.column_duals[block.slice]
        # a variable at a least value of 0 is held by nothing that anybody set as a limit
        at_most = solution.program.sense * duals > 0
        prices = np.where((solution.x[block.slice] != 0) | at_most, duals, 0.0)
    else:
        block = solution.program.rows[name]
        prices = solution.row_duals[block.slice]
    return _grid(block, np.nan_to_num(np.abs(prices)), labels)


def own_sizes(solution: Solution, limit: LimitSpec, labels: Sequence[str]) -> Array:
    """How large each row is by its largest term in the plan, and each bound: shaped as `own_prices`."""
    name = limit.name.removesuffix(BOUND)
    if limit.name.endswith(BOUND):
        variables = solution.program.variables[name]
        return _grid(variables, np.abs(solution.x[variables.slice]), labels)[1]
    numbers = solution.program.at(solution.parameters)
    sizes = numbers.body(solution.x)[1]
    for side in (numbers.lower, numbers.upper):
        sizes = np.where(np.isfinite(side), np.fmax(sizes, np.abs(side)), sizes)
    block = solution.program.rows[name]
    return _grid(block, sizes[block.slice], labels)[1]


def own_series(solution: Solution, labels: Sequence[str]) -> list[Series]:
    """The variables that a user added, in every period; one without periods stands in the first."""
    found = []
    for name, block in own_variables(solution.program).items():
        items, grid = _grid(block, solution.x[block.slice] + 0.0, labels)
        periods = labels[: grid.shape[1]]
        found += [
            Series(name, item, VARIABLE_UNIT, periods, line)
            for item, line in zip(items, grid.tolist(), strict=True)
        ]
    return found


def own_values(
    program: Program, given: Mapping[tuple[str, str, str], float], labels: Sequence[str]
) -> dict[str, Array]:
    """The variables that a user added from a plan's numbers by metric, item and period, shaped like them.

    Raises `InputError` for a number of no variable, and for a variable without a number.
    """
    found: dict[str, Array] = {}
    left = dict(given)
    problems = []
    for name, block in own_variables(program).items():
        timed = bool(_index(block, labels))
        values = []
        for indices in block.indices:
            names = [str(part) for part in indices]
            period = names.pop() if timed else labels[0]
            values.append(left.pop((name, "/".join(names), period), None))
        if None in values:
            problems.append(Diagnostic("E620", f"no value of your variable `{name}` in every index"))
        else:
            found[name] = np.array(values, dtype=np.float64).reshape(block.shape)
    problems += [
        Diagnostic("E613", f"unknown metric `{name}`", hint="neither of Kloof nor of your extension")
        for name in dict.fromkeys(name for name, _, _ in left if name not in own_variables(program))
    ]
    problems += [
        Diagnostic("E616", f"unknown item `{item}` of your variable `{name}`")
        for name, item in dict.fromkeys((name, item) for name, item, _ in left)
        if name in own_variables(program)
    ]
    if problems:
        raise InputError(problems)
    return found


def _index(block: Block, labels: Sequence[str]) -> tuple[str, ...]:
    known = set(labels)
    timed = bool(block.index) and all(str(each[-1]) in known for each in block.indices if each)
    return ("periods",) if timed and block.index != (None,) else ()


def _grid(block: Block, values: Array, labels: Sequence[str]) -> tuple[list[str], Array]:
    """The entries of a component by item and period, 0 where it has none."""
    timed = bool(_index(block, labels))
    position = {label: t for t, label in enumerate(labels)}
    lines: dict[str, Array] = {}
    for indices, value in zip(block.indices, values.tolist(), strict=True):
        names = [str(part) for part in indices]
        t = position[names.pop()] if timed else 0
        lines.setdefault("/".join(names), np.zeros(len(labels) if timed else 1))[t] = value
    return list(lines), np.array(list(lines.values())).reshape(len(lines), -1)
