"""Metrics against the leader: lag, ratios, shares."""

from __future__ import annotations

import numpy as np
import pytest

from models.parameters import LeaderPath
from optimizer.answer import metrics
from tests.model.small_plan import small_plan

DATES = np.array([2026.5, 2027.5, 2028.5])
LEADER = LeaderPath(
    country="USA",
    capability=np.array([1.0, 3.0, 5.0]),
    efficiency=np.zeros(3),
    knowledge=np.ones(4),
    imports=np.zeros((1, 3)),
    installed=np.ones(3),
    base_capability=0.0,
    growth_before_base=2.0,
)


def lag_at(date: float, capability: float, leader: LeaderPath = LEADER) -> metrics.Lag:
    return metrics.lag(np.array([date]), np.array([capability]), DATES, leader, 2026.0)


def test_lag_reads_the_leader_between_mid_periods() -> None:
    found = lag_at(2028.5, 2.0)
    assert found.months[0] == pytest.approx(12 * (2028.5 - 2027.0))
    assert not found.extrapolated[0]
    assert not found.beyond[0]


def test_lag_between_base_state_and_first_mid_period() -> None:
    assert lag_at(2026.5, 0.5).months[0] == pytest.approx(12 * 0.25)


def test_lag_before_the_base_state_is_extrapolated_and_marked() -> None:
    found = lag_at(2026.0, -1.0)
    assert found.months[0] == pytest.approx(6.0)
    assert found.extrapolated[0]


def test_lag_of_a_country_ahead_is_negative_and_beyond_the_horizon_marked() -> None:
    assert lag_at(2026.5, 3.0).months[0] == pytest.approx(-12.0)
    found = lag_at(2027.5, 9.0)
    assert found.beyond[0]
    assert found.months[0] == pytest.approx(-12.0)


def test_lag_uses_the_running_maximum_of_a_leader_that_falls_back() -> None:
    falling = LeaderPath(**{**vars(LEADER), "capability": np.array([3.0, 1.0, 5.0])})
    assert lag_at(2027.5, 3.0, falling).months[0] == pytest.approx(12.0)


@pytest.mark.parametrize("lag_years", [0.5, 7 / 12, 1.5])
def test_base_state_lag_equals_its_input(lag_years: float) -> None:
    plan = small_plan()
    growth = LEADER.growth_before_base
    own = metrics.base_capability(small_plan(imitation=0.0), LEADER)
    assert own < -lag_years * growth
    imitation = (-lag_years * growth - own) / (lag_years * growth)
    plan = small_plan(imitation=imitation, help_ceiling=np.inf)
    path = LeaderPath(**{**vars(LEADER), "capability": np.array([1.0, 3.0, 5.0, 6.0])})
    assert metrics.base_lag_months(plan, path) == pytest.approx(12 * lag_years)


def test_effective_percent_is_the_permanent_gain_worth_the_same() -> None:
    plan = small_plan()
    years = metrics.objective_weight_years(plan)
    assert metrics.effective_compute_percent(np.array([years]), plan) == pytest.approx(100.0)
    assert metrics.effective_compute_percent(np.array([1.0]), small_plan(w_capability=0.0)) is None


def test_largest_remainder_sums_exactly() -> None:
    assert sum(metrics.largest_remainder([1, 1, 1], 100)) == 100
    assert metrics.largest_remainder([0.335, 0.335, 0.33], 100) == [34, 33, 33]
    assert metrics.largest_remainder([0, 0], 100) == [0, 0]


def test_demand_over_output_is_infinite_where_nothing_is_made() -> None:
    found = metrics.demand_over_output({"a": np.array([5.0, 0.0, 2.0])}, {"a": np.array([10.0, 0.0, 0.0])})
    assert found["a"].tolist() == [0.5, 0.0, np.inf]
