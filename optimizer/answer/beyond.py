"""What lies beyond the reported years: the objective counts it, so a plan is made for it too."""

from __future__ import annotations

from typing import Final

from models.parameters import PlanParameters
from models.quantities import QUANTITIES
from optimizer.answer import metrics
from optimizer.answer.answer import Beyond
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import derived, items

# So many years after the reported ones are shown.
YEARS: Final = 2
TOLD: Final = (
    *("spend_share", "total", "outlays", "installed_compute", "compute_ratio", "capability"),
    *("effective_ratio", "lag_months", "lag_extrapolated", "lag_beyond"),
)


def shown_periods(parameters: PlanParameters) -> int:
    """How many periods are shown: the reported ones and those of the first years after them."""
    steps = max(round(1 / parameters.scalar("dt")), 1)
    return min(parameters.sets.reported + YEARS * steps, len(parameters.sets.periods))


def weight_share(parameters: PlanParameters) -> float:
    """The share of the objective's weight that lies beyond the reported periods: in the tail, and in what the
    last period counts on for."""
    reported = parameters.sets.reported
    within = float(parameters["discount"][:reported].sum()) * parameters.scalar("dt")
    return 1 - within / metrics.objective_weight_years(parameters)


def weight_words(parameters: PlanParameters) -> str:
    """The same in a sentence."""
    last = parameters.sets.periods[parameters.sets.reported - 1]
    share = f"{100 * weight_share(parameters):.0f}% of what the objective weighs"
    return f"{share} lies beyond {last}: in later years, some of them in brackets, and in what they leave"


def beyond_data(run: CountryRun, leader_run: CountryRun | None) -> Beyond | None:
    """The first periods after the reported ones, by metric or metric/item; None where there is no plan."""
    parameters, values = run.parameters, run.values
    if parameters is None or values is None:
        return None
    first, last = parameters.sets.reported, shown_periods(parameters)
    found = {**values, **derived(run, leader_run)}
    numbers = {}
    for name in TOLD:
        if name not in found:
            continue
        spec = QUANTITIES[name]
        names = items(parameters.sets, spec)
        for item, line in zip(names, found[name].reshape(len(names), -1), strict=True):
            key = f"{name}/{item}" if item else name
            numbers[key] = tuple(line[first:last].tolist())
    return Beyond(
        weight_share=weight_share(parameters),
        periods=tuple(parameters.sets.periods[first:last]),
        numbers=numbers,
    )
