"""Identities that hold in every optimal plan, and what a change of parameters may and may not do to it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.parameters import TABLE, Array, LeaderPath, ParameterError, PlanParameters
from models.simulate import objective, simulate, weight_of_time
from optimizer.answer.metrics import base_lag_months
from optimizer.solver import Solution
from tests.model.plan_solver import solve_plan
from tests.model.small_plan import small_plan
from tests.model.test_simulate import random_decisions

GAP = 1e-6


def values_of(solution: Solution) -> dict[str, Array]:
    return {name: solution.value(name) for name in solution.program.variables}


@cache
def plan(name: str = "base") -> tuple[PlanParameters, Solution]:
    p = {
        "base": lambda: small_plan(5, 1, tail=2),
        "quarterly": lambda: small_plan(8, 4, tail=2),
        "poor": lambda: small_plan(5, 1, tail=2, income=25.0),
    }[name]()
    return p, solve_plan(p)


def value_within(solution: Solution, other: Solution, p: PlanParameters) -> None:
    """Two plans that may only differ by their certified gaps."""
    assert solution.status == other.status == "optimal"
    assert abs(solution.objective - other.objective) <= 2 * GAP * weight_of_time(p)


def changed(p: PlanParameters, **arrays: Any) -> PlanParameters:
    new = {
        name: np.array(np.broadcast_to(array, p[name].shape), dtype=float) for name, array in arrays.items()
    }
    return replace(p, values={**p.values, **new})


PLANS = pytest.mark.parametrize("name", ["base", "quarterly", "poor"])


# accounts ----------------------------------------------------------------------------------------------


@PLANS
def test_money_in_is_money_out_and_cash(name: str) -> None:
    p, solution = plan(name)
    v, dt = values_of(solution), p.scalar("dt")
    cash_before = np.concatenate([[p.scalar("cash0")], v["cash"][:-1]])
    earned = ((1 + p.scalar("interest")) ** dt - 1) * cash_before
    money_in = p["income"] * dt + v["recovered"] + v["home_returned"] + earned
    single = ("buy", "rent", "chips_cost", "talent_cost", "power_spend", "bidup", "lapsed")
    money_out = sum(v[n] for n in single) + v["energy"].sum(axis=0) + v["premium"].sum(axis=0)
    cent = 1e-11  # USD bn
    assert np.abs(cash_before + money_in - money_out - v["cash"]).max() <= cent
    paid = np.abs(money_in.sum() - money_out.sum() - (v["cash"][-1] - p.scalar("cash0")))
    assert paid <= len(money_in) * cent


@PLANS
def test_chips_bought_are_in_the_fleet_retired_or_failed(name: str) -> None:
    p, solution = plan(name)
    v, dt = values_of(solution), p.scalar("dt")
    bought = v["imports"] + v["grey"] + v["domestic"]
    before = np.concatenate([p["fleet0"][:, None], v["fleet"][:, :-1]], axis=1)
    survival = p["survival"][:, None]
    failed = (1 - survival**dt) * before + (1 - survival ** (dt / 2)) * bought
    total = p["fleet0"] + (bought - v["retired"] - failed).sum(axis=1)
    assert total == pytest.approx(v["fleet"][:, -1], abs=1e-8)
    assert v["stock"].sum(axis=1) == pytest.approx(v["fleet"], abs=1e-8)


@PLANS
def test_tools_bought_and_made_are_in_fabs_or_in_stock(name: str) -> None:
    p, solution = plan(name)
    v = values_of(solution)
    came = p["tool_stock0"] + (v["tools_bought"] + v["tools_made"]).sum(axis=1)
    equipped = (p["tools_per_wafer"].T @ v["wafer_built"]).sum(axis=1)
    assert came - equipped == pytest.approx(v["tool_stock"][:, -1], abs=1e-8)
    before = np.concatenate([p["toolmaking0"][:, None], v["toolmaking"][:, :-1]], axis=1)
    assert (v["tools_made"] <= p.scalar("dt") * (before + v["toolmaking"]) / 2 + 1e-7).all()
    arrived = p["toolmaking_pending"].sum() + v["toolmaking_built"][:, :-1].sum()
    assert v["toolmaking"][:, -1].sum() - p["toolmaking0"].sum() <= arrived + 1e-8


@PLANS
def test_chips_are_made_of_good_wafers_and_in_packages(name: str) -> None:
    p, solution = plan(name)
    v, dt = values_of(solution), p.scalar("dt")
    made = v["domestic"] - v["bank_drawn"]
    per_line = (p["on_line"] * p["wafers_per_chip"][:, None]).T @ made
    used_yield = 1 - (1 - p["wafer_yield"]) / (1 + p.scalar("transfer"))
    assert per_line == pytest.approx(used_yield * v["wafers_started"], abs=1e-8)
    before = np.concatenate([[p.scalar("packaging0")], v["packaging_capacity"][:-1]])
    room = dt * (before + v["packaging_capacity"]) / 2
    assert (p["packages_per_chip"] @ v["domestic"] <= room + 1e-7).all()
    launch = p["launched"] * room
    waits = np.isfinite(p["launch_side"])
    assert waits.any()
    assert ((p["packages_per_chip"][:, None] * v["domestic"])[waits] <= launch[waits] + 1e-7).all()


@PLANS
def test_discount_is_applied_once(name: str) -> None:
    p, solution = plan(name)
    v = values_of(solution)
    yearly = p.scalar("w_capability") * v["capability"] + p["w_segment"] @ v["service"]
    yearly += p.scalar("w_autonomy") * v["autonomy"]
    yearly -= p.scalar("shortfall_penalty") * (p["shortfall_weight"] * v["shortfall"]).sum(axis=0)
    dates = (np.arange(len(yearly)) + 0.5) * p.scalar("dt")
    by_hand = float((1.05**-dates * p.scalar("dt")) @ yearly)
    by_hand += p.scalar("terminal") * 1.05 ** -dates[-1] * float(yearly[-1])
    assert solution.objective == pytest.approx(by_hand, rel=1e-9)
    assert objective(p, v) == pytest.approx(by_hand, rel=1e-9)
    assert objective(changed(p, discount=2 * p["discount"]), v) == pytest.approx(2 * by_hand, rel=1e-9)


@PLANS
def test_nothing_is_bought_or_made_where_its_limit_is_zero(name: str) -> None:
    p, solution = plan(name)
    v = values_of(solution)
    for channel, limit in (("imports", "import_limit"), ("grey", "grey_open")):
        assert np.abs(v[channel][p[limit] == 0]).max(initial=0) <= 1e-7
    assert np.abs((v["domestic"] - v["bank_drawn"])[p["make_limit"] == 0]).max(initial=0) <= 1e-7


def test_no_channel_is_open_before_launch() -> None:
    """A chip launched in the third period, in whatever channel: nothing of it before."""
    launched = np.arange(5) >= 2
    base = small_plan(5, 1, tail=2)
    limits = ("import_limit", "grey_open", "make_limit")
    p = changed(base, **{name: base[name] * launched for name in limits})
    p = changed(p, bank_limit=np.broadcast_to(np.where(launched, np.inf, 0.0), base["bank_limit"].shape))
    v = values_of(solve_plan(p))
    for channel in ("imports", "grey", "domestic", "bank_drawn"):
        assert np.abs(v[channel][:, :2]).max() <= 1e-7
        assert v[channel][:, 2:].max() > 1


# time --------------------------------------------------------------------------------------------------

YEARS = 4
PENDING = ("power_pending", "wafer_pending", "hbm_pending", "packaging_pending", "toolmaking_pending")
ARRIVALS = (
    *("power_arrival", "education_arrival", "wafer_arrival", "hbm_arrival"),
    *("packaging_arrival", "toolmaking_arrival"),
)
LEVELS = ("stock", "rented", "segment_compute")
RATES_ZERO: dict[str, Any] = {"survival": 1.0, "attrition": 0.0, "interest": 0.0, "spillover": 0.0}


def in_quarters(p: PlanParameters) -> PlanParameters:
    """The same country by quarters: rates and levels stay, what is pending arrives in equal parts."""
    quarterly = small_plan(4 * YEARS, 4)
    years = np.arange(YEARS + 1)
    quarters = np.arange(4 * YEARS + 1) / 4
    for name, spec in TABLE.items():
        array = p[name]
        if name in ("dt", "discount", *ARRIVALS) or not array.size:
            # nothing is staged here, and what is so has no numbers
            continue
        if name == "frontier":
            array = np.interp(quarters, years, array)
        elif spec.index[-1:] == ("periods",):
            array = np.repeat(array, 4, axis=-1) / (4 if name in PENDING else 1)
        quarterly = changed(quarterly, **{name: array})
    return quarterly


def yearly_and_quarterly(**changes: Any) -> tuple[dict[str, Array], dict[str, Array]]:
    """The same flows in both, run forward."""
    p = small_plan(YEARS, 1, **changes)
    decisions = random_decisions(p, 1)
    decisions["released"] *= 0
    decisions["retired"] *= 0
    # what they cost is a share of delivery's cost, which is linear in neither
    decisions["research_agents"] *= 0
    decisions["stock"][:] = np.array([0.3, 0.7])[:, None]
    spread = {
        name: np.repeat(array, 4, axis=-1) / (1 if name in LEVELS else 4) for name, array in decisions.items()
    }
    return simulate(p, decisions), simulate(in_quarters(p), spread)


MONEY_FLOWS = (
    *("buy", "rent", "chips_cost", "talent_cost", "power_spend", "bidup", "recovered", "home_returned"),
    *("energy", "premium", "use_cost", "spend", "total"),
)
FLOWS = ("wafers_started",)
MEANS = ("research_compute", "delivery_compute", "home_compute")
ENDS = (
    *("fleet", "power", "talent", "wafer_capacity", "hbm_capacity", "packaging_capacity"),
    *("tool_stock", "toolmaking", "cash"),
)
INDICES = ("capability", "efficiency", "service", "autonomy")


def by_year(array: Array, how: str) -> Array:
    quarters = array.reshape(*array.shape[:-1], YEARS, 4)
    return {"sum": quarters.sum(axis=-1), "mean": quarters.mean(axis=-1), "end": quarters[..., -1]}[how]


def test_yearly_equals_quarterly_at_equal_flows() -> None:
    # where copying saves no more, a level differs by more than where the leader's takes its part
    yearly, quarterly = yearly_and_quarterly(income=30.0, spillover=0.2, knowledge0=1.3, help_ceiling=np.inf)
    # Cash differs by the interest on what comes in within a year: small against the money that came in.
    size = {"cash": yearly["total"].sum()}
    for names, how in (((*MONEY_FLOWS, *FLOWS), "sum"), (MEANS, "mean"), (ENDS, "end")):
        for name in names:
            scale = size.get(name, max(float(np.abs(yearly[name]).max()), 1e-9))
            assert np.abs(by_year(quarterly[name], how) - yearly[name]).max() <= 0.02 * scale, name
    for name in INDICES:  # log units: 0.02 is 2%
        assert np.abs(by_year(quarterly[name], "mean") - yearly[name]).max() <= 0.02, name


@pytest.mark.parametrize("absorption", [0.2, 1.0, 3.0])
def test_knowledge_does_not_depend_on_the_length_of_a_period(absorption: float) -> None:
    yearly, quarterly = yearly_and_quarterly(
        income=30.0, spillover=1.0, absorption=absorption, knowledge0=1.3
    )
    ends = by_year(quarterly["knowledge"], "end")
    # What is left is the frontier, taken at the middle of a period.
    assert np.abs(ends / yearly["knowledge"] - 1).max() <= 0.04


def test_yearly_equals_quarterly_exactly_where_all_rates_are_zero() -> None:
    yearly, quarterly = yearly_and_quarterly(**RATES_ZERO)
    for names, how in (((*MONEY_FLOWS, *FLOWS), "sum"), (MEANS, "mean"), (ENDS, "end")):
        for name in names:
            assert by_year(quarterly[name], how) == pytest.approx(yearly[name], rel=1e-9, abs=1e-9), name


def test_a_longer_tail_hardly_moves_the_split_of_the_first_years() -> None:
    shares = []
    for tail in (4, 6):
        v = values_of(solve_plan(small_plan(8 + tail, 1, tail=tail)))
        shares.append(100 * (v["spend"] / v["total"])[:, :5])
    assert np.abs(shares[0] - shares[1]).max() < 2


# what changes may do -----------------------------------------------------------------------------------


def test_optimum_rises_with_income_and_at_a_falling_rate() -> None:
    base = plan()[0]
    solutions = [solve_plan(changed(base, income=base["income"] * s)) for s in (0.7, 0.85, 1.0, 1.15, 1.3)]
    lower = np.array([s.certificate.lower for s in solutions])
    upper = np.array([s.certificate.upper for s in solutions])
    assert (np.diff(lower) > 0).all()
    assert (upper[1:-1] >= (lower[:-2] + lower[2:]) / 2).all()
    assert np.diff(lower)[0] > np.diff(lower)[-1]


def test_unused_limits_doubled_change_nothing() -> None:
    p, solution = plan()
    v, dt = values_of(solution), p.scalar("dt")
    better = np.maximum(p["research_h100e"], p["delivery_h100e"])
    used = {
        "import_limit": v["imports"] / dt,
        "grey_open": v["grey"] / dt,
        "make_limit": (v["domestic"] - v["bank_drawn"]) / dt,
        "grey_limit": better @ v["grey"] / dt,
        "rent_limit": v["rented"].sum(axis=0),
        "power_build_limit": v["power_built"] / dt,
        "recruit_limit": v["recruited"] / dt,
        "education_limit": v["education"] / dt,
        "packaging_build_limit": v["packaging_built"] / dt,
        "tool_import_limit": v["tools_bought"] / dt,
        "toolmaking_build_limit": v["toolmaking_built"] / dt,
        "hbm_build_limit": v["hbm_built"] / dt,
        "hbm_import_limit": v["hbm_imports"] / dt,
        "debt_limit": -v["cash"],
        "carry_limit": v["cash"],
    }
    doubled = {name: np.where(use < 0.95 * p[name], 2 * p[name], p[name]) for name, use in used.items()}
    changes = sum(int((doubled[name] != p[name]).sum()) for name in doubled)
    assert changes > 30
    value_within(solution, solve_plan(changed(p, **doubled)), p)


def without_chip(p: PlanParameters, chip: str) -> PlanParameters:
    """The plan of a world in which the chip does not exist."""
    place = p.sets.chips.index(chip)
    sets = replace(
        p.sets,
        chips=tuple(k for k in p.sets.chips if k != chip),
        domestic=tuple(k for k in p.sets.domestic if k != chip),
        made=tuple(k for k in p.sets.made if k != chip),
    )
    values = {
        name: np.delete(p[name], place, axis=spec.index.index("chips")) if "chips" in spec.index else p[name]
        for name, spec in TABLE.items()
    }
    return replace(p, sets=sets, values=values)


@pytest.mark.parametrize("chip", ["big", "denied", "home"])
def test_a_chip_with_limit_zero_is_a_chip_that_does_not_exist(chip: str) -> None:
    base = plan()[0]
    place = base.sets.chips.index(chip)
    nothing = {}
    for name in ("import_limit", "grey_open", "make_limit", "fleet0", "bank0"):
        nothing[name] = base[name].copy()
        nothing[name][place] = 0
    closed = changed(base, **nothing)
    value_within(solve_plan(closed), solve_plan(without_chip(base, chip)), base)


def in_other_money(p: PlanParameters, rate: float) -> PlanParameters:
    money = [name for name, spec in TABLE.items() if spec.unit.startswith("USD")]
    assert {"income", "unit_cost", "price", "cash0", "world_spend", "wage"} <= set(money)
    return changed(p, **{name: rate * p[name] for name in money})


def test_money_in_another_unit_changes_nothing_else() -> None:
    p, solution = plan()
    other = in_other_money(p, 7.3)
    value_within(solution, solve_plan(other), p)
    decisions = values_of(solution)
    here = simulate(p, decisions)
    there = simulate(other, {**decisions, "lapsed": 7.3 * decisions["lapsed"]})
    money = {*MONEY_FLOWS, "cash", "excess", "lapsed"}
    for name in here:
        rate = 7.3 if name in money else 1.0
        assert there[name] == pytest.approx(rate * here[name], rel=1e-9, abs=1e-9), name


# countries at the edge ---------------------------------------------------------------------------------


def test_a_country_without_compute_gets_a_plan() -> None:
    nothing = dict.fromkeys(
        (
            *("fleet0", "power0", "wafer_capacity0", "hbm_capacity0", "hbm_stock0", "bank0"),
            *("tool_stock0", "toolmaking0", "packaging0"),
        ),
        0,
    )
    p = small_plan(5, 1, tail=2, **nothing)
    solution = solve_plan(p)
    assert solution.status == "optimal"
    assert values_of(solution)["research_compute"][-1] > 0


def test_a_country_without_income_winds_down() -> None:
    # half a year of everything, and what letting all go costs
    p = small_plan(5, 1, tail=2, income=0.0, debt_limit=0.0, base_value=0.0)
    drawn = float(p["power_per_chip"] @ p["fleet0"]) * float(p["energy_cost"][0])
    people = p.scalar("talent0") * (p.scalar("wage") / 2 + p.scalar("release_cost"))
    p = changed(p, cash0=people + drawn / 2)
    solution = solve_plan(p)
    assert solution.status == "optimal", solution.conflict
    assert values_of(solution)["cash"].min() >= -1e-7


def test_a_country_with_nothing_at_all_gets_a_plan() -> None:
    nothing = dict.fromkeys(
        (
            *("fleet0", "power0", "power_pending", "wafer_capacity0", "wafer_pending", "hbm_capacity0"),
            *("hbm_pending", "hbm_stock0", "bank0", "income", "cash0", "debt_limit", "import_limit"),
            *("grey_open", "make_limit", "rent_limit", "base_value", "tool_stock0", "tool_import_limit"),
            *("toolmaking0", "toolmaking_pending", "packaging0", "packaging_pending"),
        ),
        0.0,
    )
    p = small_plan(5, 1, tail=2, talent0=0.01, **nothing)
    p = changed(p, cash0=p.scalar("talent0") * (p.scalar("wage") / 2 + p.scalar("release_cost")))
    assert solve_plan(p).status == "optimal"


def test_use_that_pays_for_chips_is_refused_with_the_chip_and_the_year() -> None:
    """Recovered costs follow prices: where these rise a share below 1 brings back all that a chip cost."""
    base = small_plan(8, 1, tail=2, cost_recovery=0.8, home_return=0.0)
    base.check()
    cost = base["unit_cost"].copy()
    cost[1] = cost[1][0] * 1.2 ** np.arange(8)
    rising = changed(base, unit_cost=cost, charge=cost * (0.05 + 1 - base["survival"][:, None]))
    with pytest.raises(ParameterError, match=r"cost_recovery: .* of the price of small bought in 2026, and"):
        rising.check()


@pytest.mark.parametrize("name", ["base", "poor"])
def test_debt_is_cleared_by_the_last_reported_year(name: str) -> None:
    p = changed(plan(name)[0], debt_limit=20.0)
    cash = values_of(solve_plan(p))["cash"]
    assert cash[p.sets.reported - 1] >= -1e-7
    assert cash[-1] >= -1e-7


def split_in_halves(p: PlanParameters, segment: int) -> PlanParameters:
    """The plan with a segment counted as two equal ones."""
    sets = replace(p.sets, segments=(*p.sets.segments, "half"))
    values = {
        name: np.concatenate([p[name], p[name][segment : segment + 1]])
        if "segments" in spec.index
        else p[name]
        for name, spec in TABLE.items()
    }
    for name in ("segment_ref", "segment_floor", "w_segment", "shortfall_weight"):
        for half in (segment, -1):
            values[name][half] = values[name][half] / 2
    return replace(p, sets=sets, values=values)


@pytest.mark.parametrize("segment", [0, 1])
@pytest.mark.parametrize("name", ["base", "poor"])
def test_a_segment_split_in_two_changes_nothing(name: str, segment: int) -> None:
    p, solution = plan(name)
    halves = solve_plan(split_in_halves(p, segment))
    value_within(solution, halves, p)
    for metric in ("research_compute", "delivery_compute", "capability"):
        assert halves.value(metric) == pytest.approx(solution.value(metric), rel=2e-2, abs=1e-3)


# the leader --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag_months", [4.0, 7.0, 14.0])
@pytest.mark.parametrize("data_wall", [np.inf, 200.0])
@pytest.mark.parametrize("catch_up", ["imitation", "efficiency"])
def test_base_state_lag_equals_the_observed_one(lag_months: float, data_wall: float, catch_up: str) -> None:
    """Imitation or efficiency reconciles the level of a country's own with the lag observed."""
    growth = 2.5
    p = small_plan(4, 1, data_wall=data_wall, knowledge0=0.7, catch_up_offset=0.0, help_ceiling=np.inf)
    research = float(p["research_h100e"] @ p["fleet0"]) * p["use0"][0]
    x = (research + p.scalar("compute_floor")) / p.scalar("compute_ref")
    wall, slope = p.scalar("data_wall") / p.scalar("compute_ref"), p.scalar("data_slope")
    own = p.scalar("returns") * np.log(p.scalar("knowledge0") / p.scalar("knowledge_ref"))
    own += min(np.log(x), slope * np.log(x) + (1 - slope) * np.log(wall))
    behind = lag_months / 12 * growth
    helped = -behind - own
    assert helped > 0
    if catch_up == "imitation":
        p = changed(p, imitation=helped / behind, help_ceiling=helped, leader_capability=0.0)
    else:
        p = changed(p, imitation=0.0, catch_up_offset=helped, leader_capability=0.0)
    still = np.zeros(4)
    leader = LeaderPath("LDR", still, still, np.zeros(5), np.zeros((5, 4)), still, 0.0, growth)
    assert base_lag_months(p, leader) == pytest.approx(lag_months, rel=1e-9)
    nothing = {name: 0 * array for name, array in random_decisions(p, 0).items()}
    held = {name: np.broadcast_to(1.0, array.shape) for name, array in nothing.items() if name == "stock"}
    frozen = changed(p, survival=1.0, use0=[0.3, 0.7], spillover=0.0, parallel=1.0, talent_ref=1e12)
    split = {"stock": held["stock"] * np.array([0.3, 0.7])[:, None]}
    first = simulate(frozen, {**nothing, **split})["capability"][0]
    assert -12 * first / growth == pytest.approx(lag_months, rel=1e-3)


def test_a_floor_on_chips_is_met_by_what_is_bought_and_not_by_wafers_run_for_nothing() -> None:
    floor = np.array([0.0, 0.0, 0.3, 0.0, 0.0])[:, None]
    p = changed(plan()[0], share_floor=floor, wafer_run_cost=1.0)
    solution = solve_plan(p, gap=1e-5)
    assert solution.status == "optimal", solution.message
    v = simulate(p, values_of(solution))
    run = (p["wafer_run_cost"][:, None] * v["wafers_started"]).sum(axis=0)
    chips = v["chips_cost"] - run
    total = v["use_cost"].sum(axis=0) + chips + v["talent_cost"] + v["power_spend"]
    assert (chips >= 0.3 * total - 1e-6).all()
    assert (v["cash"] <= p["carry_limit"] + 1e-6).all()
