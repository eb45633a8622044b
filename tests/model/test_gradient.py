"""Derivatives of the objective by inputs, against plans solved with the inputs moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.simulate import weight_of_time
from optimizer import load, patch
from optimizer.instance import Instance, resolve, template
from optimizer.study.country import leader_path, solve_country
from optimizer.study.gradient import gradient, solved_slopes
from optimizer.study.plan_solver import PlanSolver

GAP = 1e-8
# a concave objective lies below its tangent, here by less than this share of it
CURVED = 0.02
MOVED = (
    "countries.USA.budget.income_usd_bn",
    "countries.USA.talent.researchers_thousand",
    "countries.USA.fleet.chips.nv_h100",
    "countries.USA.power.build_limit_gw_per_year",
    "research.software_returns",
    "research.parallel_returns",
    "economy.discount_rate_per_year",
    "segments.business.passthrough",
    "chips.nv_b200.unit_price_usd",
)


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(Path(template.__file__).parent / "template")


def test_slopes_are_those_of_plans_solved_with_the_input_moved(world: Instance) -> None:
    parameters = resolve(world, "USA")
    plan_solver = PlanSolver.compile(parameters)
    run = solve_country(plan_solver, parameters, GAP, None)
    assert run.solution is not None
    assert run.values is not None
    found = gradient(plan_solver, run, world)
    by_path = {slope.path: slope for slope in found.slopes}
    known = [path for path in MOVED if path in by_path]
    assert len(known) >= 6
    weight = weight_of_time(parameters)
    for path in known:
        slope = by_path[path]
        step = 0.002 * slope.value
        moved = [
            solve_country(
                plan_solver,
                resolve(patch(world, [f"{path} *= {factor}"]), "USA"),
                GAP,
                None,
                run.solution.start,
            )
            for factor in (1.002, 0.998)
        ]
        above, below = (one.solution.objective / weight for one in moved)
        assert slope.per_unit * step == pytest.approx((above - below) / 2, rel=CURVED, abs=2e-6), path


def test_slopes_rank_by_their_own_ranges_and_say_what_is_left_out(world: Instance) -> None:
    parameters = resolve(world, "USA")
    plan_solver = PlanSolver.compile(parameters)
    run = solve_country(plan_solver, parameters, 1e-6, None)
    assert run.values is not None
    found = gradient(plan_solver, run, world)
    swings = [slope.swing for slope in found.slopes if slope.swing is not None]
    assert swings == sorted(swings, reverse=True)
    assert any(slope.values_plans for slope in found.slopes)
    assert "research.data_wall_kh100e" in found.left_out
    frame = found.frame()
    assert list(frame["input"]) == [slope.path for slope in found.slopes]
    path = leader_path(world, parameters, run.values)
    run = type(run)(**{**run.__dict__, "leader": path})
    (income,) = (each for each in found.slopes if each.path == "countries.USA.budget.income_usd_bn")
    (solved,) = solved_slopes(plan_solver, run, world, [income], "2029", 1e-6)
    assert solved.step > 0
    assert 0 < solved.objective <= income.per_unit * solved.step + solved.within
    assert solved.capability > 0
    assert solved.lag_months is None


def test_an_input_that_a_patch_changed_has_a_slope_too(world: Instance) -> None:
    income = "countries.USA.budget.income_usd_bn"
    changed = patch(world, [f"{income} *= 1.2"])
    parameters = resolve(changed, "USA")
    plan_solver = PlanSolver.compile(parameters)
    found = gradient(plan_solver, solve_country(plan_solver, parameters, 1e-6, None), changed)
    (slope,) = (each for each in found.slopes if each.path == income)
    assert slope.per_unit > 0
    assert income not in found.left_out
