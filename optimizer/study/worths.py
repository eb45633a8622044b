"""What easing the dearest limits of a plan is really worth: each by a solve from the plan's own start.

A price is that of the first unit, so it says too much of a whole step, and most of limits that soon cease to
bind. Only limits that are shown are solved, alone; some groups of limits are also eased together, because
what each of them is worth alone says little where another one stands behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models.limit import Group
from models.limits import GROUPS, LIMITS
from models.parameters import Array, LeaderPath, PlanParameters
from optimizer.answer.explanation import facts, percent_of
from optimizer.answer.fact import Binding
from optimizer.answer.run import OPTIMAL, CountryRun
from optimizer.answer.worth import SolvedWorth, together
from optimizer.errors import KloofError
from optimizer.instance import Instance
from optimizer.study.easing import eased, with_changes, without_foreign_rules
from optimizer.study.plan_solver import PlanSolver

# So many limits are solved alone, dearest by price first.
MOST_SOLVED: Final = 8
NONE_DENIED: Final = ", none denied"


@dataclass(frozen=True)
class Easing:
    """One solve: the parameters that change, and the rows eased by it: a single one, or those of a group."""

    changed: dict[str, Array]
    rows: tuple[str, ...]
    group: str = ""
    words: str = ""


def easings(
    run: CountryRun, instance: Instance, leader: LeaderPath, objective: str | None
) -> list[Easing] | None:
    """What is to be solved to know the worths of the dearest limits of an optimal plan, and of groups of
    limits; None for another one, where capability has no weight to say a worth by, and in staged mode."""
    parameters, values = run.parameters, run.values
    if run.status != OPTIMAL or run.solution is None or parameters is None or values is None:
        return None
    if percent_of(0.0, parameters) is None or parameters.sets.levels:
        # in staged mode each worth would be an integer program of its own
        return None
    found = facts(run, instance, None)
    wanted = []
    for fact in found[:MOST_SOLVED]:
        changed = eased(parameters, values, fact)
        if changed is not None:
            wanted.append(Easing(changed, (fact.row,)))
    follows = None if run.country == instance.leader else leader
    free = without_foreign_rules(instance, run.country, follows, objective)
    for group, members in _groups(found):
        denied = _denied(group, members, parameters, free)
        changed = _eased_together(group, denied, parameters, free)
        if changed:
            words = f"{group.words}{NONE_DENIED if denied and not group.lifted else ''}"
            wanted.append(Easing(changed, tuple(fact.row for fact in members), group.name, words))
    return wanted


def solved_worth(
    plan_solver: PlanSolver, run: CountryRun, easing: Easing, gap: float, time_limit: float | None
) -> SolvedWorth | None:
    """What one easing of an optimal plan is worth, solved from the plan's own start; None where that finds no
    optimum."""
    assert run.parameters is not None
    changed = with_changes(run.parameters, easing.changed)
    return worth_of(plan_solver, run, changed, gap, time_limit)


def worth_of(
    plan_solver: PlanSolver,
    run: CountryRun,
    changed: PlanParameters,
    gap: float,
    time_limit: float | None,
) -> SolvedWorth | None:
    """What other parameters are worth beside those of an optimal plan, solved from its own start; None where
    that finds no optimum."""
    parameters, solution = run.parameters, run.solution
    assert parameters is not None
    assert solution is not None
    try:
        found = plan_solver.solve(changed, gap=gap, time_limit=time_limit, start=solution.start)
    except KloofError:
        # a worth is a help: without one the plan still stands
        return None
    if found.status != OPTIMAL:
        return None
    before, after = solution.certificate, found.certificate
    gains = (after.lower - before.upper, after.lower - before.lower, after.upper - before.lower)
    low, percent, high = (percent_of(gain, parameters) or 0.0 for gain in gains)
    return SolvedWorth(percent_effective_compute=percent, low=low, high=high)


def with_worths(run: CountryRun, solved: Iterable[tuple[Easing, SolvedWorth | None]]) -> CountryRun:
    """A run with its facts, and with what solves have found of them; groups with the greatest worth first."""
    alone, groups = {}, []
    for easing, worth in solved:
        if worth is None:
            continue
        if easing.group:
            groups.append(together(easing.group, easing.words, easing.rows, worth))
        else:
            alone[easing.rows[0]] = worth
    groups.sort(key=lambda group: group.solved.rank, reverse=True)
    found = [fact.solved_as(alone[fact.row]) if fact.row in alone else fact for fact in run.facts or ()]
    return replace(run, facts=tuple(sorted(found, key=lambda fact: fact.rank)), together=tuple(groups))


def _groups(found: Sequence[Binding]) -> Iterator[tuple[Group, list[Binding]]]:
    """Each group with the limits of it that bind, unless it is a single one, or the same as an earlier."""
    told = []
    for group in GROUPS:
        members = [fact for fact in found if fact.family in group.families]
        rows = {fact.row for fact in members}
        if (group.lifted and members) or (len(members) > 1 and rows not in told):
            told.append(rows)
            yield group, members


def _denied(
    group: Group, members: Sequence[Binding], parameters: PlanParameters, free: PlanParameters | None
) -> set[str]:
    """The families of a group that the rules of others close, of one to be lifted all that they lessen."""
    if free is None:
        return set()
    closed = set(group.families) if group.lifted else {fact.family for fact in members if fact.closed}
    moved = {family: LIMITS[family].moved_by for family in closed}
    return {family for family, name in moved.items() if (free[name] > parameters[name]).any()}


def _eased_together(
    group: Group, denied: set[str], parameters: PlanParameters, free: PlanParameters | None
) -> dict[str, Array]:
    """The parameters that change, of limits that do not bind yet too; none where the group is as free as it
    can be."""
    changed: dict[str, Array] = {}
    for family in group.families:
        name = LIMITS[family].moved_by
        amount = parameters[name] if group.lifted else 1.1 * parameters[name]
        if free is not None and family in denied:
            amount = np.maximum(amount, free[name])
        if not np.array_equal(amount, parameters[name]):
            changed[name] = amount
    return changed
