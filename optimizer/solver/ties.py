"""The choice between equally good plans: the one that is best by a second, linear objective."""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.solver.duals import function_multipliers
from optimizer.solver.highs import AFTER_COST, AFTER_ROWS
from optimizer.solver.outer import Plan, Search
from optimizer.solver.relaxation import Relaxed

ROUNDS: Final = 60
# share of the gap that the second solve may spend; the rest is for its distance from the true rows
FLOOR_SHARE: Final = 0.75


def break_ties(search: Search, best: Plan, upper: float, last: Relaxed) -> Plan | None:
    """The plan that minimises the second objective among those within the requested gap; integers stay.

    Returns None where it cannot be certified or is no better than `best`, which then stands.
    """
    relaxation, program = search.relaxation, search.program
    width = search.gap * search.gap_scale(upper)
    secondary = search.numbers.objective[[1]].toarray().ravel()
    weights = function_multipliers(relaxation, last)
    relaxation.add_floor(search.objective, upper - FLOOR_SHARE * width - search.constant)
    columns = np.flatnonzero(relaxation.integer)
    if len(columns):
        relaxation.model.set_integer(np.zeros_like(relaxation.integer))
        relaxation.set_bounds(columns, best.x[columns], best.x[columns])
    wide = np.zeros(program.columns)
    wide[: program.user_columns] = -secondary
    relaxation.set_objective(wide)
    found = None
    method = AFTER_COST
    for _ in range(ROUNDS):
        if search.late():
            break
        relaxed = relaxation.solve(method, search.deadline)
        method = AFTER_ROWS
        search.rounds += 1
        if relaxed.status != "optimal":
            break
        added, violation = search.cut(relaxed)
        loss = float(np.where(violation > 0, weights * violation, 0.0).sum())
        if loss <= (1.0 - FLOOR_SHARE) * width or not added:
            plan = search.plan(relaxed.x, not added)
            if plan is not None and plan.value >= upper - width:
                found = plan
                break
        if not added:
            break
    relaxation.remove_floor()
    relaxation.set_bounds(columns, relaxation.lower[columns], relaxation.upper[columns])
    relaxation.set_objective(search.objective)
    if found is not None and secondary @ found.x <= secondary @ best.x:
        return found
    return None
