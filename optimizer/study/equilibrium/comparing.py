"""Several policies beside the baseline, each at the prices that clear its own market."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.answer.comparison import Comparison
from optimizer.study.ask import Ask
from optimizer.study.equilibrium.equilibrium import Calibration, Equilibrium, Tell, find


def compare_at_equilibrium(
    ask: Ask, tolerance: float, most_rounds: int, tell_of: Callable[[str], Tell]
) -> tuple[Comparison, tuple[Equilibrium, ...]]:
    """The equilibrium of each scenario: the baseline's first, against which prices of components are held in
    all others and from which they start. `tell_of` gives what is told of the search of a scenario.

    Raises as `optimizer.study.equilibrium.equilibrium.find`.
    """
    base: Calibration | None = None
    found = []
    for scenario in ask.scenarios:
        each = find(
            ask,
            scenario,
            tolerance=tolerance,
            base=base,
            most_rounds=most_rounds,
            tell=tell_of(scenario.name),
        )
        base = base or each.last
        found.append(each)
    return Comparison(tuple(each.world for each in found), ask.asked), tuple(found)
