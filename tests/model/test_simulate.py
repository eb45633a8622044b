"""The forward run satisfies the Pyomo rows, whatever the decisions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.expr.visitor import identify_variables

from models.national import build
from models.parameters import Array, PlanParameters
from models.simulate import DECISIONS, objective, simulate
from tests.model.random_plans import random_plan
from tests.model.small_plan import small_plan

SEEDS = range(12)
TOLERANCE = 1e-9

TIGHT = (
    *("premium_for_pace", "excess_demand", "bid_up", "research_effort", "efficiency_of_knowledge"),
    *("autonomy_level", "good_wafers"),
)
"""Inequalities that define something: the forward run meets them as equations."""
EITHER_TIGHT = {
    ("own_level", "data_bottleneck"): None,
    ("capability_level", "help_from_copying"): None,
    ("spillover_from_frontier", "absorptive_capacity"): None,
    ("service_level", "satiation"): None,
    ("requirement",): "shortfall",
    ("normal_share",): "beyond",
    ("pace_beyond_normal",): "over",
}
"""Of these rows at least one is an equation, unless the variable named is at its bound of 0."""


def random_decisions(p: PlanParameters, seed: int, size: float = 1.0) -> dict[str, Array]:
    """Decisions that nobody planned: of ordinary size, within no limit but zero, no more stockpiled dies used
    than chips made of them."""
    rng = np.random.default_rng(seed)
    sets = p.sets
    t = len(sets.periods)
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("imports", "grey", "domestic", "bank_drawn", "retired"), (len(sets.chips), t)),
        "stock": (len(sets.chips), 2, t),
        "rented": (2, t),
        "segment_compute": (len(sets.segments), t),
        "wafer_built": (len(sets.lines), t),
        **dict.fromkeys(("tools_bought", "tools_made", "toolmaking_built"), (len(sets.tool_classes), t)),
    }
    sizes = {"imports": 100, "grey": 20, "domestic": 60, "retired": 60, "stock": 100, "rented": 100}
    sizes |= {"segment_compute": 300, "power_built": 0.5, "trained": 4, "released": 6}
    decisions = {
        name: rng.uniform(0, size * sizes.get(name, 2), shapes.get(name, (t,)))
        * (rng.random(shapes.get(name, (t,))) < 0.8)
        for name in DECISIONS
    }
    nobody = np.delete(np.arange(len(sets.chips)), sets.made_places)
    decisions["domestic"][nobody] = 0
    decisions["bank_drawn"] = np.minimum(decisions["bank_drawn"], decisions["domestic"])
    return decisions


@cache
def model_of(seed: int) -> Any:
    return build(random_plan(seed))


def load(model: Any, values: dict[str, Array]) -> None:
    for variable in model.component_objects(pyo.Var):
        for data, value in zip(variable.values(), np.ravel(values[variable.name]), strict=True):
            data.set_value(float(value), skip_validation=True)


def slack(row: Any) -> float:
    """Room left in a row, relative to its largest variable; negative where it is violated."""
    body = pyo.value(row.body)
    largest = max((abs(v.value) for v in identify_variables(row.body)), default=0.0)
    room = min(
        pyo.value(row.upper) - body if row.upper is not None else np.inf,
        body - pyo.value(row.lower) if row.lower is not None else np.inf,
    )
    return room / max(1.0, largest)


def test_every_variable_of_the_model_has_a_value() -> None:
    p = random_plan(0)
    values = simulate(p, random_decisions(p, 0))
    model = model_of(0)
    for variable in model.component_objects(pyo.Var):
        sets = variable.index_set().subsets() if variable.dim() else ()
        assert values[variable.name].shape == tuple(len(part) for part in sets), variable.name
        assert np.isfinite(values[variable.name]).all(), variable.name


@pytest.mark.parametrize("seed", SEEDS)
def test_equations_and_definitions_hold(seed: int) -> None:
    p, model = random_plan(seed), model_of(seed)
    load(model, simulate(p, random_decisions(p, seed)))
    for component in model.component_objects(pyo.Constraint):
        for row in component.values():
            if row.equality or component.name in TIGHT:
                assert abs(slack(row)) <= TOLERANCE, row.name
    for names, at_zero in EITHER_TIGHT.items():
        components = [getattr(model, name) for name in names]
        for key in components[0]:
            rooms = [slack(component[key]) for component in components]
            assert min(rooms) >= -TOLERANCE, (names, key)
            if at_zero is None or getattr(model, at_zero)[key].value > 0:
                assert min(rooms) <= TOLERANCE, (names, key)
    assert all(slack(row) >= -TOLERANCE for row in model.segment_supply.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_stocks_and_flows_are_never_negative(seed: int) -> None:
    p = random_plan(seed)
    values = simulate(p, random_decisions(p, seed, size=3))
    for variable in model_of(seed).component_objects(pyo.Var):
        # tools and memory that are not there are the decisions' fault; a country may have no lines
        if variable.name in ("tool_stock", "hbm_stock") or not len(variable):
            continue
        lower = next(iter(variable.values())).lb
        if lower is not None:
            assert (values[variable.name] >= lower - 1e-9).all(), variable.name


@pytest.mark.parametrize("seed", SEEDS)
def test_objective_equals_that_of_the_model(seed: int) -> None:
    p, model = random_plan(seed), model_of(seed)
    values = simulate(p, random_decisions(p, seed))
    load(model, values)
    assert objective(p, values) == pytest.approx(pyo.value(model.value_of_plan.expr), rel=1e-12)


def test_decisions_and_parameters_are_left_alone() -> None:
    p = small_plan(4, 1)
    decisions = random_decisions(p, 3, size=5)
    copies = {name: array.copy() for name, array in decisions.items()}
    before = {name: array.copy() for name, array in p.values.items()}
    simulate(p, decisions, settle=True)
    assert all(np.array_equal(decisions[name], copies[name]) for name in DECISIONS)
    assert all(np.array_equal(p[name], before[name]) for name in before)


def overdrawn_decisions(p: PlanParameters, seed: int) -> dict[str, Array]:
    """Purchases far beyond the income and nothing else that costs much."""
    decisions = random_decisions(p, seed)
    for name in (
        *("domestic", "bank_drawn", "rented", "wafer_built", "hbm_built", "recruited", "education"),
        *("tools_bought", "tools_made", "toolmaking_built", "packaging_built"),
    ):
        decisions[name] *= 0
    decisions["power_built"] *= 0
    decisions["trained"] *= 0
    decisions["imports"] *= 40
    return decisions


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("seed", range(4))
def test_settled_plans_keep_cash_within_its_limits(seed: int, steps: int) -> None:
    p = small_plan(6, steps, tail=1, debt_limit=5, carry_limit=15)
    free = simulate(p, overdrawn_decisions(p, seed))
    assert free["cash"].min() < -5, "the case does not test anything"
    settled = simulate(p, overdrawn_decisions(p, seed), settle=True)
    assert (settled["cash"] >= -5 - 1e-9).all()
    assert (settled["cash"] <= 15 + 1e-9).all()
    assert settled["cash"][-1] >= -1e-9
    assert (settled["imports"] <= free["imports"] + 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_settled_plans_satisfy_the_equations_too(seed: int) -> None:
    p = small_plan(6, 1)
    model = build(p)
    load(model, simulate(p, overdrawn_decisions(p, seed), settle=True))
    for component in model.component_objects(pyo.Constraint):
        for row in component.values():
            if row.equality:
                assert abs(slack(row)) <= TOLERANCE, row.name


def test_a_plan_within_its_cash_limits_is_not_changed_by_settling() -> None:
    p = small_plan(4, 1, debt_limit=np.inf, carry_limit=np.inf, cash0=0, income=1e6)
    decisions = random_decisions(p, 5)
    free, settled = simulate(p, decisions), simulate(p, decisions, settle=True)
    assert all(np.array_equal(free[name], settled[name]) for name in free)


def test_settling_retires_as_planned() -> None:
    """Less is bought, but what the plan retires of the chips that are there is retired all the same."""
    p = small_plan(4, 1)
    decisions = {name: 0 * array for name, array in random_decisions(p, 0).items()}
    decisions["imports"][0, 0] = 900.0
    decisions["retired"][0, 0] = 95.0
    settled = simulate(p, decisions, settle=True)
    assert 100 < settled["imports"][0, 0] < 900
    assert settled["retired"][0, 0] == pytest.approx(95.0)


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize(("name", "amount"), [("grey", 4000.0), ("rented", 9000.0), ("domestic", 9000.0)])
def test_whatever_overdraws_the_cash_is_scaled_down(name: str, amount: float, steps: int) -> None:
    """A limit on debt holds whatever the money goes to, and just so where there is any to save."""
    p = small_plan(6, steps, tail=1, debt_limit=5, carry_limit=15)
    decisions = {each: 0 * array for each, array in random_decisions(p, 0).items()}
    decisions[name][0, 1] = amount / steps
    assert simulate(p, decisions)["cash"][1] < -10, "the case does not test anything"
    settled = simulate(p, decisions, settle=True)
    assert settled["cash"][1] == pytest.approx(-5, abs=1e-9)
    assert (settled["cash"] >= -5 - 1e-9).all()
    assert 0 < settled[name][0, 1] < amount / steps


def test_recruits_are_saved_on_last_and_nobody_is_released_who_never_came() -> None:
    p = small_plan(4, 1, debt_limit=5, carry_limit=15)
    decisions = {each: 0 * array for each, array in random_decisions(p, 0).items()}
    decisions["recruited"][0] = 900.0
    decisions["released"][1] = 1e6
    decisions["rented"][0, 0] = 30.0
    settled = simulate(p, decisions, settle=True)
    assert settled["cash"][0] == pytest.approx(-5, abs=1e-9)
    assert settled["rented"][0, 0] == 0
    assert 0 < settled["recruited"][0] < 900
    assert settled["talent"][1] == 0


def test_home_made_chips_go_after_the_markets_and_keep_the_mandate() -> None:
    """Scaling home-made chips down alone would break a mandate; purchases abroad go first."""
    p = small_plan(4, 1, debt_limit=5, carry_limit=15, mandate=0.3)
    decisions = {each: 0 * array for each, array in random_decisions(p, 0).items()}
    home, abroad = 4, 1
    decisions["domestic"][home, 0], decisions["bank_drawn"][home, 0] = 9000.0, 40.0
    decisions["imports"][abroad, 0] = 1000.0
    settled = simulate(p, decisions, settle=True)
    assert settled["cash"][0] == pytest.approx(-5, abs=1e-9)
    assert settled["imports"][abroad, 0] == 0
    share = settled["domestic"][home, 0] / 9000
    assert 0 < share < 1
    assert settled["bank_drawn"][home, 0] == pytest.approx(share * 40)
    model = build(p)
    load(model, settled)
    assert slack(model.home_market[p.sets.periods[0]]) >= 0
    assert abs(slack(model.memory_balance[p.sets.periods[0]])) <= TOLERANCE
