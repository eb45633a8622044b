"""The choice between equally good plans: the one that is best by a second, linear objective."""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.program.sparse import dense_row
from optimizer.program.tape import Array
from optimizer.solver.highs import AFTER_COST, AFTER_ROWS
from optimizer.solver.outer import Plan, Search

ROUNDS: Final = 60
# share of the gap that the second objective may cost; the rest is for the plan's distance from the true rows
SHARE: Final = 0.25


def break_ties(search: Search, best: Plan, upper: float) -> Plan | None:
    """A plan within the requested gap that the second objective prefers to `best`; integers stay.

    The second objective joins the first at a price so low that all of it is worth `SHARE` of the gap: plans
    equally good by the first are told apart, and no more is given up. Returns None where nothing better is
    certified, and `best` then stands.
    """
    relaxation = search.relaxation
    width = search.gap * search.gap_scale(upper)
    secondary, price = _second(search, best, upper)
    if price == 0:
        return None
    columns = np.flatnonzero(relaxation.integer)
    if len(columns):
        relaxation.set_bounds(columns, best.x[columns], best.x[columns])
    relaxation.set_objective(_joined(search, secondary, price))
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
        violation, leaves = search.violations(relaxed.x)
        if search.loss(relaxed, violation) <= (1.0 - SHARE) * width:
            plan = search.plan(relaxed.x, not violation.any())
            if plan is not None and plan.value >= upper - width:
                found = plan
                break
        if not search.cut(relaxed.x, violation, leaves) and not search.refine():
            break
    relaxation.set_bounds(columns, relaxation.lower[columns], relaxation.upper[columns])
    relaxation.set_objective(search.objective)
    if found is None or found.value - best.value < price * (secondary @ (found.x - best.x)):
        return None
    return found


def joined_objective(search: Search, best: Plan, upper: float) -> Array | None:
    """The objective by which ties are broken; None where the second one makes no difference."""
    secondary, price = _second(search, best, upper)
    return None if price == 0 else _joined(search, secondary, price)


def _second(search: Search, best: Plan, upper: float) -> tuple[Array, float]:
    """The second objective, and the price at which it joins the first: 0 where it adds up to nothing."""
    secondary = dense_row(search.numbers.objective, 1)
    amount = float(np.abs(secondary) @ np.abs(best.x))
    return secondary, SHARE * search.gap * search.gap_scale(upper) / amount if amount else 0.0


def _joined(search: Search, secondary: Array, price: float) -> Array:
    joined = search.objective.copy()
    joined[: search.program.user_columns] -= price * secondary
    return joined
