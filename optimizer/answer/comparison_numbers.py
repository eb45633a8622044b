"""The numbers of a plan that are compared, each with the range that it may lie in.

A headline number is known up to its range over all plans within the certified gap: the computed one, else
the rule of thumb around it (`ranges`). An objective is known up to its gap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.parameters import CATEGORIES, Array, PlanParameters
from optimizer.answer import metrics, ranges
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import derived
from optimizer.answer.summary import middle_position

# Where capability is counted from.
ZERO: Final = ("compute_ref",)
# Weights and time, and the base state of which service and capability are measured.
YARDSTICK: Final = (
    *("dt", "discount", "terminal", "w_capability", "w_segment", "w_autonomy", "shortfall_penalty"),
    *(*ZERO, "segment_ref"),
)

Key = tuple[str, str, str]


class Number(NamedTuple):
    """A number of a plan, and the least and the greatest that it may be over all plans within the gap."""

    value: float
    low: float
    high: float

    @property
    def within(self) -> float:
        """Half of the range: by how much the value may be off."""
        return 0.0 if self.high == self.low else (self.high - self.low) / 2

    def meets(self, other: Number) -> bool:
        """Whether the two ranges have a point in common."""
        return self.low <= other.high and other.low <= self.high

    def wider(self, width: float) -> Number:
        """With a range that is wider by so much."""
        return Number(self.value, self.low - width / 2, self.high + width / 2)


class Periods(NamedTuple):
    """Labels of mid-horizon and of the last reported period, and of all from the first to the last."""

    middle: str
    last: str
    whole: str

    @classmethod
    def of(cls, parameters: PlanParameters) -> Periods:
        sets = parameters.sets
        first, last = sets.periods[0], sets.periods[sets.reported - 1]
        return cls(sets.periods[middle_position(sets)], last, f"{first}-{last}")


def measured(
    run: CountryRun, leader_run: CountryRun | None, periods: Periods, moved_from: CountryRun | None = None
) -> dict[Key, Number]:
    """A plan's numbers by metric, item and period; empty where there is no plan.

    A period that the plan does not report is left out. `moved_from` is the leader's run in the world that
    this one is compared with, where that is another plan: then what the leaders' gaps leave open adds to the
    ranges of a follower's objective, ratios and lag.
    """
    parameters, values, solution = run.parameters, run.values, run.solution
    if parameters is None or values is None or solution is None:
        return {}
    sets, found = parameters.sets, derived(run, leader_run)
    labels = sets.periods[: sets.reported]
    years = metrics.objective_weight_years(parameters)
    loss = solution.certificate.upper - solution.certificate.lower
    if leader_run is not None and moved_from is not None and run.country != leader_run.country:
        loss += years * (ranges.led(leader_run) + ranges.led(moved_from))
    numbers: dict[Key, Number] = {
        ("objective", "", ""): _around(solution.objective, 2 * loss),
        ("objective_average", "", ""): _around(solution.objective / years, 2 * loss / years),
    }
    if run.leader_gap is not None:
        numbers["leader_gap", "", ""] = Number(run.leader_gap, run.leader_gap, run.leader_gap)
    share = ranges.width(run, "spend_share")
    relative = ranges.relative_width(run, "compute")
    if f"{labels[0]}-{labels[-1]}" == periods.whole:
        split = metrics.shares(values["spend"][:, : sets.reported].sum(axis=1))
        for category, part in zip(CATEGORIES, split.tolist(), strict=True):
            numbers["spend_share", category, periods.whole] = _around(part, share)
        paid = float(found["outlays"][: sets.reported].sum())
        numbers["outlays", "", periods.whole] = _around(paid, paid * ranges.relative_width(run, "paid"))
    for period in dict.fromkeys((periods.middle, periods.last)):
        if period not in labels:
            continue
        t = labels.index(period)
        for category, part in zip(CATEGORIES, found["spend_share"][:, t].tolist(), strict=True):
            key = ("spend_share", category, period)
            numbers[key] = _ranged(run, key, part, share)
        compute = float(found["installed_compute"][t])
        numbers["installed_compute", "", period] = _around(compute, relative * compute)
        key = ("capability", "", period)
        level = float(values["capability"][t])
        numbers[key] = _ranged(run, key, level, ranges.width(run, "capability"))
        moved = None if moved_from is None else leader_run
        numbers |= _against_leader(run, moved, found, period, t, numbers[key])
    return numbers


def _against_leader(
    run: CountryRun,
    moved: CountryRun | None,
    found: Mapping[str, Array],
    period: str,
    t: int,
    capability: Number,
) -> dict[Key, Number]:
    """Ratios and lag in one period. `moved` is the leader's run where its own range counts."""
    if run.leader is None or run.parameters is None:
        return {}
    numbers: dict[Key, Number] = {}
    leads = run.country == run.leader.country
    slack = 0.0 if moved is None or leads else ranges.width(moved, "capability")
    if "compute_ratio" in found:
        value = float(found["compute_ratio"][t])
        width = 0.0 if leads else ranges.relative_width(run, "compute")
        width += 0.0 if moved is None or leads else ranges.relative_width(moved, "compute")
        numbers["compute_ratio", "", period] = _around(value, width * value)
    value = float(found["effective_ratio"][t])
    width = 0.0 if leads else capability.high - capability.low + slack
    numbers["effective_ratio", "", period] = Number(
        value, value * math.exp(-width / 2), value * math.exp(width / 2)
    )
    key = ("lag_months", "", period)
    own = _ranged(run, key, float(found["lag_months"][t]), 0.0 if leads else ranges.width(run, "lag_months"))
    if slack:
        # The leader's range in months, at its average pace so far.
        years = run.parameters.scalar("dt") * (t + 0.5)
        pace = float(run.leader.capability[t] - run.leader.base_capability) / years
        own = own.wider(metrics.MONTHS_PER_YEAR * slack / pace if pace > 0 else math.inf)
    numbers[key] = own
    return numbers


def _around(value: float, width: float) -> Number:
    return Number(value, value - width / 2, value + width / 2)


def _ranged(run: CountryRun, key: Key, value: float, width: float) -> Number:
    """The number in its computed range if that was asked for, else with `width` around it."""
    found = run.ranges.get("/".join(part for part in key if part))
    return _around(value, width) if found is None else Number(value, *found)


def agree(one: PlanParameters, two: PlanParameters, names: Sequence[str]) -> bool:
    """Whether two plans have the same values of some parameters."""
    return all(np.array_equal(one[name], two[name]) for name in names)
