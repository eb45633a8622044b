"""What is said of an unbounded program: whether it has a plan, and which of its numbers let it grow."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.program.numbers import Numbers
from optimizer.program.tape import Index
from optimizer.solver.highs import AFTER_COST, AFTER_ROWS
from optimizer.solver.integer_program import integer_optimum
from optimizer.solver.outer import Search

ROUNDS: Final = 60


def status_of_unbounded(search: Search) -> str:
    """`unbounded` where a point satisfies every row, `infeasible` where none does, else `stopped`: that the
    outer program has a ray says nothing of whether there is a plan."""
    relaxation = search.relaxation
    relaxation.box(None)
    relaxation.set_objective(np.zeros(search.program.columns))
    method, status, careful = AFTER_COST, "stopped", False
    for _ in range(ROUNDS):
        if search.late():
            break
        if relaxation.integer.any():
            near = np.zeros(search.program.columns)
            outer = integer_optimum(relaxation, 1.0, near, search.deadline, careful=careful)
            found, x = outer.status, outer.x
        else:
            relaxed = relaxation.solve(method, search.deadline)
            found, x = relaxed.status, relaxed.x
        method = AFTER_ROWS
        search.rounds += 1
        if found == "infeasible" and relaxation.integer.any() and not careful:
            careful = True
            continue
        if found != "optimal":
            status = "infeasible" if found == "infeasible" else "stopped"
            break
        if search.plan(x, True) is not None:
            status = "unbounded"
            break
        if not search.cut(x, *search.violations(x)):
            break
    relaxation.set_objective(search.objective)
    return status


def loose_parameters(numbers: Numbers, columns: Index) -> Index:
    """Places in the parameter vector of the numbers that let these columns grow: those that are infinite in a
    side or bound on them, and those that are 0 in a coefficient of them."""
    program = numbers.program
    sides: list[Index] = []
    prices: list[Index] = []
    for pattern, matrix in ((program.matrix, numbers.matrix), (program.objective, numbers.objective)):
        on = np.isin(pattern.columns, columns)
        prices.append(pattern.nodes[on & (matrix.data == 0)])
        if pattern is program.matrix:
            rows = np.unique(pattern.owners[on])
            sides.append(program.lower_node[rows][np.isinf(numbers.lower[rows])])
            sides.append(program.upper_node[rows][np.isinf(numbers.upper[rows])])
            # a side may stand on the other side of its row
            sides.append(program.constant_node[rows])
    own = columns[columns < program.user_columns]
    sides.append(program.column_lower_node[own][np.isinf(numbers.column_lower[own])])
    sides.append(program.column_upper_node[own][np.isinf(numbers.column_upper[own])])
    values = numbers.parameters
    infinite = _read_by(numbers, np.concatenate(sides)) & np.isinf(values)
    nothing = _read_by(numbers, np.concatenate(prices)) & (values == 0)
    return np.flatnonzero(infinite | nothing)


def _read_by(numbers: Numbers, nodes: Index) -> NDArray[np.bool_]:
    """Which parameters some of these nodes of the coefficient tape depend on."""
    tape = numbers.program.coefficient_tape
    seed = np.zeros(tape.size)
    seed[nodes[nodes >= 0]] = 1.0
    with np.errstate(all="ignore"):
        values = tape.values(numbers.parameters[:, None])
        gradient = tape.gradient(values, seed[:, None])[:, 0]
    return np.asarray(gradient != 0)
