"""Several policies beside the baseline, each at the prices that clear its own market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from optimizer.answer.comparison import Comparison
from optimizer.answer.run import WorldRun
from optimizer.study.ask import Ask, Scenario
from optimizer.study.equilibrium.equilibrium import (
    Calibration,
    Equilibrium,
    SearchInterrupted,
    Tell,
    find,
)


@dataclass(frozen=True)
class ComparedMarkets:
    """The comparison, the equilibria that were found, and where every search stands that was begun, by name
    of the policy. `interrupted`: not all were come to."""

    comparison: Comparison
    found: tuple[Equilibrium, ...]
    searches: Mapping[str, Calibration]
    interrupted: bool


def compare_at_equilibrium(
    ask: Ask,
    tolerance: float,
    most_rounds: int,
    tell_of: Callable[[str], Tell],
    resumed: Mapping[str, Calibration] | None = None,
) -> ComparedMarkets:
    """The equilibrium of each scenario: the baseline's first, against which prices of components are held in
    all others and from which they start, or from where the search of the same name `resumed` ended. `tell_of`
    gives what is told of the search of a scenario.

    What has not converged is nobody's plan and no column of the comparison has it; without a baseline there
    is nothing to compare with, and none has any. An interrupt keeps what is done. Raises as
    `optimizer.study.equilibrium.equilibrium.find`.
    """
    base: Calibration | None = None
    found: list[Equilibrium] = []
    searches = dict(resumed or {})
    interrupted = False
    for scenario in ask.scenarios:
        try:
            each = find(
                ask,
                scenario,
                tolerance=tolerance,
                base=base,
                resumed=searches.get(scenario.name),
                most_rounds=most_rounds,
                tell=tell_of(scenario.name),
            )
        except SearchInterrupted as stopped:
            searches[scenario.name] = stopped.last
            interrupted = True
            break
        except KeyboardInterrupt:
            interrupted = True
            break
        base = base or each.last
        searches[scenario.name] = each.last
        found.append(each)
    worlds = [
        each.world
        if each.converged and found[0].converged
        else replace(each.world, countries={}, leader_run=None)
        for each in found
    ]
    worlds += [_not_come_to(scenario) for scenario in ask.scenarios[len(found) :]]
    return ComparedMarkets(Comparison(tuple(worlds), ask.asked), tuple(found), searches, interrupted)


def _not_come_to(scenario: Scenario) -> WorldRun:
    instance = scenario.instance
    return WorldRun(instance, scenario.name, instance.applied, instance.leader, {}, interrupted=True)
