"""What goes into every stock of the home industry comes out of it, what it costs is paid, and the same
country told otherwise gets the same plan. Every structure of the random plans is solved once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from models.parameters import Array
from models.simulate import simulate
from optimizer.solver import Solution
from tests.model.contract import ContractPlan, parameters
from tests.model.plan_solver import solve_plan
from tests.model.random_forms import FORMS, base_plan
from tests.model.test_foresight import rolled
from tests.model.test_identities import value_within, values_of
from tests.model.test_simulate import random_decisions
from tests.model.transforms import in_other_units, with_twin_chip, with_two_halves

Values = dict[str, Array]
ROUNDING = {"rel": 1e-9, "abs": 1e-9}
# the last is a plan that was decided year by year, of the form with most in it
ROLLED = len(FORMS)
ALL_FORMS = pytest.mark.parametrize("form", range(len(FORMS) + 1))
YEARLY = [number for number, form in enumerate(FORMS) if form.steps_per_year == 1]


def solved(p: ContractPlan) -> Solution:
    return solve_plan(parameters(p))


@cache
def plan_of(form: int) -> tuple[ContractPlan, Solution | None, Values]:
    if form == ROLLED:
        p = base_plan(FORMS[4])
        run = rolled(parameters(p), 3)
        assert run.values is not None
        assert len(run.rolled.windows if run.rolled else ()) > 1
        return p, None, dict(run.values)
    p = base_plan(FORMS[form])
    solution = solved(p)
    assert solution.status == "optimal"
    return p, solution, values_of(solution)


def before(first: Any, stock: Array) -> Array:
    first = np.broadcast_to(np.asarray(first)[..., None], (*stock.shape[:-1], 1))
    return np.concatenate([first, stock[..., :-1]], axis=-1)


def during(first: Any, stock: Array) -> Array:
    return (before(first, stock) + stock) / 2


def arrived(ordered: Array, shares: Array) -> Array:
    """What arrives of the orders of one kind in every period."""
    arrivals = np.zeros_like(ordered)
    for placed, amount in enumerate(ordered):
        for delay, share in enumerate(shares):
            if placed + delay < len(ordered):
                arrivals[placed + delay] += share * amount
    return arrivals


def no_less(left: Array, right: Array | float) -> None:
    assert (left - right).min(initial=0.0) >= -1e-7 * max(1.0, np.abs(left).max(initial=0.0))


# stocks ------------------------------------------------------------------------------------------------


@ALL_FORMS
def test_capacities_are_what_was_there_was_pending_and_was_ordered(form: int) -> None:
    p, _, v = plan_of(form)
    for n in range(len(p.sets.lines)):
        coming = p["wafer_pending"][n] + arrived(v["wafer_built"][n], p["wafer_arrival"][n])
        total = p["wafer_capacity0"][n] + np.cumsum(coming)
        assert v["wafer_capacity"][n] == pytest.approx(total, **ROUNDING)
    for g in range(len(p.sets.tool_classes)):
        coming = p["toolmaking_pending"][g] + arrived(v["toolmaking_built"][g], p["toolmaking_arrival"][g])
        total = p["toolmaking0"][g] + np.cumsum(coming)
        assert v["toolmaking"][g] == pytest.approx(total, **ROUNDING)
    packaging = p["packaging_pending"] + arrived(v["packaging_built"], p["packaging_arrival"])
    assert v["packaging_capacity"] == pytest.approx(p["packaging0"] + np.cumsum(packaging), **ROUNDING)
    memory = p["hbm_pending"] + arrived(v["hbm_built"], p["hbm_arrival"])
    assert v["hbm_capacity"] == pytest.approx(p["hbm_capacity0"] + np.cumsum(memory), **ROUNDING)


@ALL_FORMS
def test_tools_bought_and_made_are_in_stock_or_in_a_line(form: int) -> None:
    p, _, v = plan_of(form)
    installed = np.einsum("ng,nt->gt", p["tools_per_wafer"], v["wafer_built"])
    total = p["tool_stock0"] + (v["tools_bought"] + v["tools_made"] - installed).sum(axis=-1)
    assert v["tool_stock"][:, -1] == pytest.approx(total, **ROUNDING)
    no_less(v["tool_stock"], 0.0)
    no_less(p["dt"] * during(p["toolmaking0"], v["toolmaking"]), v["tools_made"])
    no_less(p["tool_import_limit"] * p["dt"], v["tools_bought"])


@ALL_FORMS
def test_memory_made_and_imported_is_in_stock_or_in_a_chip(form: int) -> None:
    p, _, v = plan_of(form)
    made = p["dt"] * during(p["hbm_capacity0"], v["hbm_capacity"])
    total = p["hbm_stock0"] + (made + v["hbm_imports"] - p["hbm_per_chip"] @ v["domestic"]).sum()
    assert v["hbm_stock"][-1] == pytest.approx(total, **ROUNDING)
    no_less(v["hbm_stock"], 0.0)


@ALL_FORMS
def test_home_chips_are_packaged_and_come_from_wafers_or_from_the_bank(form: int) -> None:
    p, _, v = plan_of(form)
    packaged = p["dt"] * during(p["packaging0"], v["packaging_capacity"])
    wanted = p["packages_per_chip"][:, None] * v["domestic"]
    no_less(packaged, wanted.sum(axis=0))
    no_less(p["launched"] * packaged, wanted)
    no_less(p["bank0"][:, None] * np.ceil(p["launched"]), v["bank_drawn"])
    no_less(p["bank0"], v["bank_drawn"].sum(axis=-1))
    fabricated = v["domestic"] - v["bank_drawn"]
    no_less(fabricated, 0.0)
    for n in range(len(p.sets.lines)):
        good = good_wafers(p, v, n)
        used = (p["on_line"][:, n] * p["wafers_per_chip"])[:, None] * fabricated
        no_less(good, used.sum(axis=0))
        no_less(p["launched"] * good, used)
        no_less(p["designer_ceiling"][:, n] * good, p["designed_by"].T @ used)


def good_wafers(p: ContractPlan, v: Values, n: int) -> Array:
    used_yield = 1 - (1 - p["wafer_yield"][n]) / (1 + p["transfer"])
    processed = 12 * p["dt"] * p["ai_share"][n] * during(p["wafer_capacity0"][n], v["wafer_capacity"][n])
    return np.asarray(used_yield * processed)


# money -------------------------------------------------------------------------------------------------


@ALL_FORMS
def test_the_industry_costs_what_was_ordered_bought_and_run(form: int) -> None:
    p, _, v = plan_of(form)
    tools = (p["tool_price"] * (v["tools_bought"] + v["tools_made"])).sum(axis=0)
    used = (p["on_line"].T * p["wafers_per_chip"]) @ (v["domestic"] - v["bank_drawn"])
    started = used / (1 - (1 - p["wafer_yield"]) / (1 + p["transfer"]))
    total = p["wafer_cost"] @ v["wafer_built"] + p["wafer_run_cost"] @ started + tools
    total += p["toolmaking_cost"] @ v["toolmaking_built"] + p["packaging_cost"] * v["packaging_built"]
    total += p["hbm_cost"] * v["hbm_built"] + p["hbm_price"] * v["hbm_imports"]
    assert v["chips_cost"] == pytest.approx(total, **ROUNDING)


@ALL_FORMS
def test_researchers_cost_their_wage_their_coming_and_their_going(form: int) -> None:
    p, _, v = plan_of(form)
    total = p["wage"] * p["dt"] * during(p["talent0"], v["talent"])
    for cost, flow in (
        *(("recruit_cost", "recruited"), ("education_cost", "education"), ("hiring_cost", "trained")),
        ("release_cost", "released"),
    ):
        total = total + p[cost] * v[flow]
    assert v["talent_cost"] == pytest.approx(total, **ROUNDING)


@ALL_FORMS
def test_premiums_are_paid_on_what_is_faster_than_the_normal_pace(form: int) -> None:
    p, _, v = plan_of(form)
    rating = np.maximum(p["research_h100e"], p["delivery_h100e"])
    single = [rating @ v["grey"], p["dt"] * v["rented"].sum(axis=0), v["recruited"], v["hbm_built"]]
    flows = np.concatenate([[*single, v["packaging_built"]], v["tools_bought"], v["wafer_built"]])
    normal = p["normal"] * p["dt"]
    over = np.maximum(flows - normal, 0)
    premium = p["price"] * over**2 / (2 * p["elasticity"][:, None] * normal)
    assert v["premium"] == pytest.approx(premium, rel=1e-6, abs=1e-9)


@ALL_FORMS
def test_what_is_bought_beyond_the_normal_share_is_bid_up(form: int) -> None:
    p, _, v = plan_of(form)
    beyond = np.maximum(v["imports"] - p["normal_import"] * p["dt"], 0)
    excess = (p["unit_cost"] * beyond).sum(axis=0) / 1000
    depth = p["supply_elasticity"] * p["world_spend"] * p["dt"]
    bid_up = (p["base_value"] * p["dt"] * excess + excess**2) / depth
    assert v["bidup"] == pytest.approx(bid_up, rel=1e-6, abs=1e-9)


# time --------------------------------------------------------------------------------------------------

STOCKS = (
    *("tool_stock", "toolmaking", "packaging_capacity", "wafer_capacity", "hbm_capacity", "hbm_stock"),
    "fleet",
)
LEVELS = ("stock", "rented", "segment_compute", "research_agents")


@pytest.mark.parametrize("number", YEARLY)
def test_stocks_by_quarters_are_those_by_years_at_equal_flows(number: int) -> None:
    form = FORMS[number]
    steady = {"survival": 1.0, "transfer": 0.0}
    p, quarterly = (parameters(base_plan(f, **steady)) for f in (form, form.in_quarters))
    decisions = random_decisions(p, number)
    spread = {
        name: np.repeat(array, 4, axis=-1) / (1 if name in LEVELS else 4) for name, array in decisions.items()
    }
    by_year, by_quarter = simulate(p, decisions), simulate(quarterly, spread)
    for name in STOCKS:
        assert by_quarter[name][..., 3::4] == pytest.approx(by_year[name], **ROUNDING), name


@pytest.mark.parametrize("number", YEARLY)
def test_a_plan_by_quarters_is_worth_what_one_by_years_is(number: int) -> None:
    """Up to what deciding more often gains; years that count on from the last period begin later."""
    worth = []
    for form in (FORMS[number], FORMS[number].in_quarters):
        p = base_plan(form, terminal=0.0)
        worth.append(solved(p).objective / float(p["discount"].sum() * p["dt"]))
    assert worth[1] == pytest.approx(worth[0], abs=0.05)


# the same country told otherwise -----------------------------------------------------------------------


@pytest.mark.parametrize("form", range(3))
def test_units_of_money_and_of_chips_change_nothing(form: int) -> None:
    p, solution, _ = plan_of(form)
    value_within(solution, solved(in_other_units(p, money=7.3, chips=0.4)), parameters(p))


@pytest.mark.parametrize("form", range(3))
def test_a_segment_in_two_halves_changes_nothing(form: int) -> None:
    p, solution, _ = plan_of(form)
    value_within(solution, solved(with_two_halves(p, 0)), parameters(p))


@pytest.mark.parametrize("chip", ["big", "denied", "older", "banked"])
def test_a_chip_told_as_two_changes_nothing(chip: str) -> None:
    p, solution, _ = plan_of(0)
    value_within(solution, solved(with_twin_chip(p, chip)), parameters(p))
