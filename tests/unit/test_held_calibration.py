"""A change of fleets keeps what a country knows, not its lag, unless the lag is given with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from models.parameters import TABLE, LeaderPath, PlanParameters
from optimizer.answer import metrics
from optimizer.instance import Instance, load, patch, resolve, resolve_again
from optimizer.instance.findings import findings
from optimizer.study.country import leader_path, solve_country
from optimizer.study.plan_solver import PlanSolver

HELD = ("knowledge0", "imitation", "help_ceiling", "catch_up_offset", "segment_ref")
MORE_CHIPS = "countries.CHN.fleet.chips.nv_b200 *= 2"
MORE_RESEARCH = "countries.CHN.fleet.research_share *= 1.5"
MORE_OF_THE_LEADER = "countries.USA.fleet.chips.nv_h100_sxm *= 2"
LAG = "countries.CHN.research.lag_months = 7"


@cache
def world() -> Instance:
    return load("world-2026")


@cache
def leading() -> tuple[PlanSolver, LeaderPath]:
    """The shipped leader's program and path."""
    parameters = resolve(world(), "USA")
    solver = PlanSolver.compile(parameters)
    run = solve_country(solver, parameters, 1e-5, None)
    assert run.values is not None
    return solver, leader_path(world(), parameters, run.values)


def resolved(patches: Sequence[str], country: str = "CHN") -> PlanParameters:
    path = None if country == "USA" else leading()[1]
    return resolve(patch(world(), patches), country, path)


def differing(one: PlanParameters, other: PlanParameters, names: Sequence[str]) -> list[str]:
    return [name for name in names if not np.array_equal(one[name], other[name])]


@pytest.mark.parametrize("catch_up", ["imitation", "efficiency"])
@pytest.mark.parametrize("change", [MORE_CHIPS, MORE_RESEARCH, MORE_OF_THE_LEADER])
def test_a_changed_fleet_keeps_the_calibration(change: str, catch_up: str) -> None:
    read_as = f"research.catch_up = {catch_up}"
    assert differing(resolved([read_as]), resolved([read_as, change]), HELD) == []
    assert differing(resolved([read_as]), resolved([read_as, change, LAG]), HELD) != []


def test_the_lag_given_reproduces_itself_with_the_new_fleet() -> None:
    path = leading()[1]
    held, given = resolved([MORE_CHIPS]), resolved([MORE_CHIPS, LAG])
    assert metrics.base_lag_months(given, path) == pytest.approx(7)
    assert metrics.base_lag_months(held, path) < 7


def test_a_changed_fleet_of_the_leader_moves_its_base_level_and_the_lags() -> None:
    def path_of(change: str) -> LeaderPath:
        changed = patch(world(), [change])
        parameters = resolve(changed, "USA")
        run = solve_country(leading()[0], parameters, 1e-4, None)
        assert run.values is not None
        return leader_path(changed, parameters, run.values)

    more = path_of("countries.USA.fleet.chips.* *= 2")
    assert more.base_capability == pytest.approx(np.log(2), rel=1e-3)
    assert leading()[1].base_capability == 0
    behind = resolve(patch(world(), ["countries.USA.fleet.chips.* *= 2"]), "CHN", more)
    assert metrics.base_lag_months(behind, more) > 8
    given = resolve(patch(world(), ["countries.USA.fleet.chips.* *= 2", LAG]), "CHN", more)
    # but for the floor of compute, which stays that of the observed fleet
    assert metrics.base_lag_months(given, more) == pytest.approx(7, abs=0.01)


def test_a_lag_moved_is_no_lag_given() -> None:
    """A slope of the lag must not take in what reading it anew would change."""
    moved = "countries.CHN.research.lag_months *= 1.000001"
    assert differing(resolved([moved]), resolved([moved, MORE_CHIPS]), HELD) == []


def test_it_does_not_matter_in_which_call_the_lag_is_given() -> None:
    for first, second in ((MORE_CHIPS, LAG), (LAG, MORE_CHIPS)):
        twice = resolve(patch(patch(world(), [first]), [second]), "CHN", leading()[1])
        assert differing(twice, resolved([MORE_CHIPS, LAG]), list(TABLE)) == []


def test_a_fleet_changed_twice_is_held_as_it_was_first() -> None:
    twice = patch(patch(world(), [MORE_CHIPS]), [MORE_RESEARCH])
    assert twice.observed_fleet("CHN", "CHN") == world().countries["CHN"].fleet
    assert differing(resolve(twice, "CHN", leading()[1]), resolved([]), HELD) == []


@pytest.mark.parametrize(
    "changes",
    [
        [MORE_CHIPS],
        [MORE_RESEARCH, MORE_OF_THE_LEADER],
        [MORE_CHIPS, LAG],
        ["research.data_wall_kh100e = 900"],
    ],
)
@pytest.mark.parametrize("before", [[], [LAG], [MORE_RESEARCH], ["research.catch_up = efficiency"]])
@pytest.mark.parametrize("country", ["USA", "CHN", "NLD"])
def test_partial_resolving_agrees_to_the_bit(country: str, before: list[str], changes: list[str]) -> None:
    path = None if country == "USA" else leading()[1]
    base = patch(world(), before)
    row = patch(base, [each for each in changes if each not in before])
    changed = [each.path for each in row.applied[len(base.applied) :]]
    again = resolve_again(resolve(base, country, path), row, changed, path, None, True)
    assert differing(again, resolve(row, country, path), list(TABLE)) == []


@pytest.mark.parametrize("change", [MORE_CHIPS, MORE_RESEARCH, "countries.CHN.fleet.chips.* *= 1.3"])
def test_more_compute_never_raises_the_lag(change: str) -> None:
    solver, path = leading()
    lags, values = [], []
    for patches in ([], [change]):
        run = solve_country(solver, resolved(patches), 1e-5, None)
        assert run.values is not None
        assert run.solution is not None
        assert run.parameters is not None
        reported = run.parameters.sets.reported
        months = metrics.lag_of_plan(run.parameters, run.values["capability"], path).months
        lags.append(months[[4, reported - 1]])
        values.append(run.solution.certificate)
    # more of the fleet for research leaves less for delivery
    if change != MORE_RESEARCH:
        assert values[1].upper >= values[0].lower
    assert (lags[1] <= lags[0] + 0.1).all()


def test_the_run_says_what_is_held() -> None:
    def said(patches: list[str]) -> list[str]:
        return [each.message for each in findings(patch(world(), patches)) if each.code == "W106"]

    assert said([]) == []
    assert said([MORE_CHIPS, LAG]) == []
    (own,) = said([MORE_CHIPS])
    assert "with the changed fleet of CHN, what CHN knew" in own
    (followers,) = said([MORE_OF_THE_LEADER])
    assert "fleet of USA" in followers
    assert "10 more knew" in followers
