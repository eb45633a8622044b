"""A plan decided year by year with a view of some years, beside the one plan that sees them all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer import digits, metrics
from optimizer.answer.part import Number, Part

# Less than this, in average log units, a plan does not give away: it is what arithmetic leaves of nothing.
NOTHING: Final = 1e-9
NOT_KNOWN: Final = "n/a"


@dataclass(frozen=True)
class Window:
    """What a planner saw in one year: the labels of the first and last period in view, how the plan for them
    ended (`optimal` or `stopped`), and its certified gap, average log units over what it still decides."""

    first: str
    last: str
    status: str
    gap: float


@dataclass(frozen=True)
class Foresight:
    """The best plan that sees every year, beside the same leader: between what its objective lies, in log
    unit years, and its capability, shape (periods,)."""

    status: str
    lower: float
    upper: float
    gap: float
    capability: Array


@dataclass(frozen=True)
class Rolled:
    """How a plan was decided: in `windows` of `view_years`, of each of which the first year was kept.

    `value` is the plan's objective over all years, `max_row_violation` how well it obeys every row of the
    true model; `foresight` is None where no plan that sees all years was found. `paths` are, of the leader
    only, what others saw of its plan in each window.
    """

    view_years: int
    windows: tuple[Window, ...]
    value: float
    max_row_violation: float
    foresight: Foresight | None
    paths: tuple[LeaderPath, ...] = ()

    @property
    def gap(self) -> float:
        """The largest gap of a window, average log units."""
        return max(each.gap for each in self.windows)

    def loss(self, parameters: PlanParameters) -> tuple[float, float] | None:
        """What the plan gives away against the best one found with foresight, and at most, average log
        units; None where there is none."""
        if self.foresight is None:
            return None
        years = weight_of_time(parameters)
        found, most = ((one - self.value) / years for one in (self.foresight.lower, self.foresight.upper))
        return (found if abs(found) > NOTHING else 0.0), max(most, 0.0)

    def foresight_lag(self, parameters: PlanParameters, leader: LeaderPath) -> Array | None:
        """Months by which the plan with foresight is behind the leader, shape (periods,)."""
        if self.foresight is None:
            return None
        return metrics.lag_of_plan(parameters, self.foresight.capability, leader).months

    def months_later(self, parameters: PlanParameters, capability: Array, leader: LeaderPath) -> Array | None:
        """Months by which a capability is reached later than by the country's own plan with foresight, shape
        (periods,)."""
        if self.foresight is None:
            return None
        own = replace(
            leader,
            capability=self.foresight.capability,
            base_capability=metrics.base_capability(parameters, leader),
        )
        dates = metrics.mid_dates(parameters)
        return metrics.lag(dates, capability, dates, own, parameters.sets.starts[0]).months


class WindowAnswer(Part):
    """What a planner saw in one year, and how that window's plan ended: gap in average log units."""

    first: str
    last: str
    status: str
    gap: Number


class ForesightAnswer(Part):
    """The best plan that sees all years, beside the same leader: its bounds, log unit years, and what it
    reaches, by period."""

    status: str
    lower: Number
    upper: Number
    gap: Number
    capability: Mapping[str, Number]
    lag_months: Mapping[str, Number]


class RolledAnswer(Part):
    """A plan decided year by year with a view of `view_years`.

    `windows` are what was seen each year, `gap` the largest of theirs; `value` is the plan's own objective,
    log unit years. `loss_average_log_units` is what it gives away against the best plan found that sees all
    years, `loss_at_most_average_log_units` against any; `months_later` by how much later it reaches its
    capability than that plan, by period. None where no such plan was found.
    """

    view_years: int
    gap: Number
    max_row_violation: Number
    value: Number
    loss_average_log_units: Number | None
    loss_at_most_average_log_units: Number | None
    months_later: Mapping[str, Number] | None
    foresight: ForesightAnswer | None
    windows: tuple[WindowAnswer, ...]

    @property
    def view(self) -> str:
        """How far it was seen, in words."""
        return view_words(self.view_years)

    @property
    def sentence(self) -> str:
        """What a reader must know of such a plan before its numbers."""
        gap = digits.scientific(self.gap)
        if len(self.windows) == 1:
            return f"{self.view} takes in every year that counts: the plan with full foresight, gap {gap}"
        if self.loss == NOT_KNOWN:
            lost = "what it gives away is not known"
        else:
            lost = f"it gives away {self.loss} average log units against the plan that sees all years"
        how = f"each year by a plan for what was in view, gap at most {gap}"
        return f"decided year by year with {self.view}, {how}; no optimum of the whole: {lost}"

    @property
    def loss(self) -> str:
        """What it gives away, as far as the bounds of the plan with foresight tell."""
        found, most = self.loss_average_log_units, self.loss_at_most_average_log_units
        if found is None or most is None or not math.isfinite(max(most, self.gap)):
            return NOT_KNOWN
        unsure = max(most - found, self.gap)
        if found <= unsure:
            return f"< {digits.scientific(max(most, self.gap))}"
        return digits.significant(found, 3, unsure / found)


def view_words(years: int) -> str:
    """A view in words."""
    return f"a view of {years} {'year' if years == 1 else 'years'}"


def rolled_answer(
    rolled: Rolled, parameters: PlanParameters, capability: Array, leader: LeaderPath
) -> RolledAnswer:
    """What is told of a plan that was decided year by year, from its parameters over all periods."""
    labels = parameters.sets.periods[: parameters.sets.reported]

    def told(numbers: Array | None) -> dict[str, float]:
        return {} if numbers is None else dict(zip(labels, numbers.tolist(), strict=False))

    loss, foresight = rolled.loss(parameters), rolled.foresight
    later = rolled.months_later(parameters, capability, leader)
    return RolledAnswer(
        view_years=rolled.view_years,
        gap=rolled.gap,
        max_row_violation=rolled.max_row_violation,
        value=rolled.value,
        loss_average_log_units=None if loss is None else loss[0],
        loss_at_most_average_log_units=None if loss is None else loss[1],
        months_later=None if later is None else told(later),
        foresight=None
        if foresight is None
        else ForesightAnswer(
            status=foresight.status,
            lower=foresight.lower,
            upper=foresight.upper,
            gap=foresight.gap,
            capability=told(foresight.capability),
            lag_months=told(rolled.foresight_lag(parameters, leader)),
        ),
        windows=tuple(WindowAnswer(**vars(each)) for each in rolled.windows),
    )
