"""Several policies beside the baseline, each at the prices that clear its own market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from optimizer.answer.comparison import Comparison
from optimizer.study.ask import Ask
from optimizer.study.equilibrium.equilibrium import Calibration, Equilibrium, Tell, find


def compare_at_equilibrium(
    ask: Ask,
    tolerance: float,
    most_rounds: int,
    tell_of: Callable[[str], Tell],
    resumed: Mapping[str, Calibration] | None = None,
) -> tuple[Comparison, tuple[Equilibrium, ...]]:
    """The equilibrium of each scenario: the baseline's first, against which prices of components are held in
    all others and from which they start, or from where the search of the same name `resumed` ended. `tell_of`
    gives what is told of the search of a scenario.

    What has not converged is nobody's plan and no column of the comparison has it; without a baseline there
    is nothing to compare with, and none has any. Raises as `optimizer.study.equilibrium.equilibrium.find`.
    """
    base: Calibration | None = None
    found = []
    for scenario in ask.scenarios:
        each = find(
            ask,
            scenario,
            tolerance=tolerance,
            base=base,
            resumed=(resumed or {}).get(scenario.name),
            most_rounds=most_rounds,
            tell=tell_of(scenario.name),
        )
        base = base or each.last
        found.append(each)
    worlds = [
        each.world
        if each.converged and found[0].converged
        else replace(each.world, countries={}, leader_run=None)
        for each in found
    ]
    return Comparison(tuple(worlds), ask.asked), tuple(found)
