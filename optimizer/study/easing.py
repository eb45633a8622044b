"""A plan's parameters with limits eased: by a tenth of what there is, by a step, or as without rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import EllipsisType

import numpy as np

from models.amounts import TENTH_LESS, TENTH_MORE
from models.parameters import TABLE, Array, LeaderPath, PlanParameters
from optimizer.answer.fact import Binding
from optimizer.errors import InputError
from optimizer.instance import Instance, patch, resolve

Values = Mapping[str, Array]


def eased(parameters: PlanParameters, values: Values, fact: Binding) -> dict[str, Array] | None:
    """The parameters that change where one limit is eased by its step; None where none can say so.

    A tenth is of the limit in all periods, as `*= 1.1` of the input behind it; a step in those where it
    binds. `values` are the plan's.
    """
    if fact.ten_percent_effective_compute is None:
        return _added(parameters, fact)
    limit = fact.spec
    if limit.eased is not None:
        return limit.eased(parameters, values)
    if not limit.moved_by:
        return None
    name = limit.moved_by
    changed = parameters[name].copy()
    at = _row(parameters, name, fact.item)
    if limit.is_level:
        changed[at] += TENTH_LESS if limit.asks else TENTH_MORE
    else:
        changed[at] *= 0.9 if limit.asks else 1.1
    if limit.name == "budget":
        # a share of income may be carried over
        return {name: changed, "carry_limit": 1.1 * parameters["carry_limit"]}
    return {name: changed}


def _added(parameters: PlanParameters, fact: Binding) -> dict[str, Array] | None:
    limit = fact.spec
    if not limit.added:
        return None
    name = limit.parameters[0]
    step = fact.step / parameters.scalar("dt") if limit.per_year else fact.step
    periods = parameters.sets.periods
    at = [periods.index(period) for period in (*fact.periods, *fact.periods_after)]
    changed = parameters[name].copy()
    row = changed[_row(parameters, name, fact.item)]
    row[at] += step
    return {name: changed}


def _row(parameters: PlanParameters, name: str, item: str) -> tuple[int, ...] | EllipsisType:
    """Where a limit's item stands in a parameter; everything where the limit has no items."""
    index = [each for each in TABLE[name].index if each != "periods"]
    if not index or not item:
        return ...
    place = parameters.sets.items(index).index(item)
    return tuple(int(each) for each in np.unravel_index(place, parameters.sets.shape(tuple(index))))


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
