"""A plan's parameters with limits eased: by a tenth of what there is, by a step, or as without rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from models.parameters import TABLE, Array, LeaderPath, PlanParameters
from optimizer.errors import InputError
from optimizer.instance import Instance, patch, resolve
from optimizer.result.explanation import Fact
from optimizer.result.steps import ASKED
from optimizer.study.inputs import LIMIT_PARAMETERS

Values = Mapping[str, Array]

# Limits that are levels in log units: by how much a tenth moves them.
LEVELS: Final[Mapping[str, float]] = {"requirement": log(0.9), "satiation": log(1.1)}
# Where the first parameter behind a limit is not the one that moves all of it.
MOVED_BY: Final[Mapping[str, str]] = {"wafer_supply": "ai_share"}
# Limits of an amount at a time, or in all; the others are of an amount a year.
NOT_PER_YEAR: Final = ("cumulative_cap", "debt", "carry_over", "rent_available")
# Limits that a step of so many units can be added to where there is nothing to take a tenth of.
ADDED_TO: Final = (
    *("import_control", "yearly_cap", "cumulative_cap", "grey_offer", "grey_size", "rent_available"),
    *("power_orders", "recruiting", "education_places", "tools", "packaging", "memory_orders"),
    *("memory_imports", "budget", "debt", "carry_over"),
)


def eased(parameters: PlanParameters, values: Values, fact: Fact) -> dict[str, Array] | None:
    """The parameters that change where one limit is eased by its step; None where none can say so.

    A tenth is of the limit in all periods, as `*= 1.1` of the input behind it; a step in those where it
    binds. `values` are the plan's.
    """
    if fact.tenth is None:
        return _added(parameters, fact)
    if fact.family in OF_THE_PLAN:
        return OF_THE_PLAN[fact.family](parameters, values)
    if fact.family not in LIMIT_PARAMETERS:
        return None
    name = moved_by(fact.family)
    changed = parameters[name].copy()
    at = _row(parameters, name, fact.item)
    if fact.family in LEVELS:
        changed[at] += LEVELS[fact.family]
    else:
        changed[at] *= 0.9 if fact.family in ASKED else 1.1
    if fact.family == "budget":
        # a share of income may be carried over
        return {name: changed, "carry_limit": 1.1 * parameters["carry_limit"]}
    return {name: changed}


def moved_by(family: str) -> str:
    """The parameter that says how much of a limit there is."""
    return MOVED_BY.get(family, LIMIT_PARAMETERS[family][0])


def _added(parameters: PlanParameters, fact: Fact) -> dict[str, Array] | None:
    if fact.family not in ADDED_TO:
        return None
    name = LIMIT_PARAMETERS[fact.family][0]
    step = fact.step if fact.family in NOT_PER_YEAR else fact.step / parameters.scalar("dt")
    periods = parameters.sets.periods
    at = [periods.index(period) for period in (*fact.periods, *fact.after)]
    if fact.family == "tools":
        # tools add up over the years
        at = at[:1]
    changed = parameters[name].copy()
    row = changed[_row(parameters, name, fact.item)]
    row[at] += step
    return {name: changed}


def _row(parameters: PlanParameters, name: str, item: str) -> int | slice:
    """Where a limit's item stands in a parameter; everything where the limit has no items."""
    index = [each for each in TABLE[name].index if each != "periods"]
    if not index or not item:
        return slice(None)
    return [str(member) for member in parameters.sets.members(index[0])].index(item)


def _more_power(parameters: PlanParameters, values: Values) -> dict[str, Array]:
    """A tenth more of the power that the plan has in each period."""
    more = np.diff(0.1 * values["power"], prepend=0.0)
    return {"power_pending": parameters["power_pending"] + more}


def _more_graduates(parameters: PlanParameters, values: Values) -> dict[str, Array]:
    """A tenth more of the graduates whom the plan takes on."""
    more = 0.1 * values["trained"] / parameters.scalar("dt")
    return {"graduates": parameters["graduates"] + more}


def _more_memory(parameters: PlanParameters, values: Values) -> dict[str, Array]:
    """A tenth more chips out of the same memory."""
    return {"hbm_per_chip": parameters["hbm_per_chip"] / 1.1}


# Limits that say how much of what the plan itself has may be used.
OF_THE_PLAN: Final[Mapping[str, Callable[[PlanParameters, Values], dict[str, Array]]]] = {
    "power_supply": _more_power,
    "schools": _more_graduates,
    "memory_balance": _more_memory,
}


def with_changes(parameters: PlanParameters, changed: Values) -> PlanParameters:
    """The parameters of which some are others."""
    return replace(parameters, values={**parameters.values, **changed})


def without_foreign_rules(
    instance: Instance, country: str, leader: LeaderPath | None, objective: str | None
) -> PlanParameters | None:
    """The country's parameters without the rules of others, and without what it gets in practice of what they
    allow: every chip up to its share of what is on sale. None where the data do not say so."""
    trade = instance.countries[country].trade
    changes = [
        f"rules.{name}.in_force = never" for name, one in instance.rules.items() if one.side == "export"
    ]
    changes += [f"countries.{country}.trade.limits.{chip} = .inf" for chip in trade.limits]
    if not changes and not trade.caps:
        return None
    try:
        free = resolve(patch(instance, changes, stack=True), country, leader, objective)
    except InputError:
        return None
    own = [name in trade.caps for name in free.sets.rules]
    uncapped = {name: free[name].copy() for name in ("cap", "cap_cumulative")}
    for caps in uncapped.values():
        caps[own] = np.inf
    return with_changes(free, uncapped)
