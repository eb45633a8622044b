"""The oracle against plans that are solved by hand, and against the same country told otherwise.

Nothing here needs the models: if the oracle and the models disagree, this says whom to doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.parameters import TABLE
from tests.model.contract import CONTRACT, STAGED, ContractPlan, ContractSets, plan, row_sides
from tests.model.oracle import ACCURACY, best_plan, best_value
from tests.model.random_forms import FORMS, Form, base_plan
from tests.model.random_plans import contract_plan
from tests.model.transforms import in_other_units, with_twin_chip, with_two_halves

pytestmark = pytest.mark.filterwarnings("ignore:Solution may be inaccurate:UserWarning")

log, sqrt = np.log, np.sqrt
FLOOR = 1e-4
CASES: list[Callable[[], tuple[ContractPlan, float]]] = []


def by_hand(case: Callable[[], tuple[ContractPlan, float]]) -> Callable[[], tuple[ContractPlan, float]]:
    CASES.append(case)
    return case


def tiny(periods: int = 1, tail: int = 0, home: tuple[str, ...] = (), **numbers: Any) -> ContractPlan:
    """A country with one foreign chip of one H100e, and one line and class of tools if it has home chips."""
    chips = ("chip", *home)
    is_home = np.arange(len(chips)) > 0
    sets = ContractSets(
        periods=tuple(str(2026 + t) for t in range(periods)),
        reported=periods - tail,
        starts=tuple(2026.0 + t for t in range(periods)),
        chips=chips,
        segments=("all",),
        lines=("n7",) if home else (),
        rules=("quota",),
        delays=(0, 1),
        domestic=home,
        tool_classes=("duv",) if home else (),
        designers=home,
    )
    alone = {
        "is_domestic": is_home,
        "on_line": is_home[:, None],
        "make_limit": np.where(is_home, np.inf, 0.0)[:, None],
        "designed_by": np.eye(len(chips))[:, 1:],
        "designer_ceiling": 1.0,
        "research_h100e": 1.0,
        "delivery_h100e": 1.0,
        "unit_cost": 50.0,
        "discount": 1.0,
        "transfer": 0.0,
    }
    return plan(sets, **{**alone, **numbers})


OPEN = {"import_limit": np.inf, "w_capability": 1.0}
RENT = {"rent_limit": np.inf, "rent_cost": 0.02, "w_capability": 1.0}
HOME = {"w_autonomy": 1.0, "income": 100.0, "unit_cost": 10.0}
FROM_STOCK = {**HOME, "make_limit": 0.0}


@by_hand
def money_and_one_chip() -> tuple[ContractPlan, float]:
    """200,000 chips at the end, half as many during the year, split so that both logarithms gain alike."""
    p = tiny(**OPEN, income=10.0, w_segment=1.0)
    return p, 2 * log((100 + 1 + FLOOR) / 2)


@by_hand
def rent_above_its_normal_pace() -> tuple[ContractPlan, float]:
    p = tiny(**RENT, income=6 + 4.0, price=0.02, elasticity=1.0, normal=100.0)
    return p, log(300 + FLOOR)


@by_hand
def a_quarter_counts_a_quarter() -> tuple[ContractPlan, float]:
    p = tiny(**RENT, income=6 + 4.0, price=0.02, elasticity=1.0, normal=100.0, dt=0.25, terminal=2.0)
    return p, (0.25 + 2) * log(300 + FLOOR)


@by_hand
def imports_beyond_the_normal_share() -> tuple[ContractPlan, float]:
    """5 of 10 bn beyond what is normal: (4 x 5 + 25) / (0.5 x 100) bn of bid-up."""
    bid = {"normal_import": 100.0, "base_value": 4.0, "supply_elasticity": 0.5, "world_spend": 100.0}
    return tiny(**OPEN, **bid, income=10 + 0.9), log(100 + FLOOR)


@by_hand
def money_carried_over() -> tuple[ContractPlan, float]:
    p = tiny(2, income=10.0, interest=0.1, w_capability=1.0, import_limit=[[0, np.inf]])
    return p.changed(discount=[0, 1]), log((11 + 10) * 20 / 2 + FLOOR)


@by_hand
def money_borrowed() -> tuple[ContractPlan, float]:
    p = tiny(2, income=10.0, interest=0.1, w_capability=1.0, import_limit=[[np.inf, 0]])
    chips = 20 * (10 + 10 / 1.1)
    return p, log(chips / 2 + FLOOR) + log(chips + FLOOR)


@by_hand
def no_money_borrowed_beyond_the_reported_periods() -> tuple[ContractPlan, float]:
    p = tiny(2, 1, income=10.0, interest=0.1, w_capability=1.0, import_limit=[[np.inf, 0]])
    return p, log(100 + FLOOR) + log(200 + FLOOR)


@by_hand
def a_cap_per_year_and_one_on_the_total() -> tuple[ContractPlan, float]:
    p = tiny(2, **OPEN, income=100.0, cap_weight=2.0, cap=20.0, cap_cumulative=30.0)
    return p, log(5 + FLOOR) + log(12.5 + FLOOR)


@by_hand
def a_grey_market_counted_in_compute() -> tuple[ContractPlan, float]:
    numbers = {"grey_open": 100.0, "grey_limit": 50.0, "research_h100e": 2.0, "grey_premium": 30.0}
    return tiny(**numbers, income=2.0, w_capability=1.0), log(2 * 25 / 2 + FLOOR)


@by_hand
def power_ordered_with_the_last_money() -> tuple[ContractPlan, float]:
    power = {"power0": 1.0, "power_per_chip": 0.01, "power_build_limit": np.inf, "power_cost": 2.0}
    p = tiny(**OPEN, **power, power_arrival=[1, 0], energy_cost=0.5, income=10 + 2 + 0.5)
    return p, log(100 + FLOOR)


@by_hand
def letting_researchers_go_for_rent() -> tuple[ContractPlan, float]:
    """Half a year's wage and the cost of letting go, 9 bn, against a year's wage of 10 bn."""
    return tiny(**RENT, income=12.0, talent0=10.0, wage=1.0, release_cost=0.4), log(150 + FLOOR)


@by_hand
def keeping_researchers_whose_release_costs_more() -> tuple[ContractPlan, float]:
    return tiny(**RENT, income=12.0, talent0=10.0, wage=1.0, release_cost=0.6), log(100 + FLOOR)


@by_hand
def taking_researchers_on() -> tuple[ContractPlan, float]:
    hired = {"graduates": 5.0, "hiring_cost": 0.5, "returns": 1.0, "compute_floor": 1.0, "w_capability": 1.0}
    return tiny(**hired, income=1.0), log((1 + 2) / 2)


@by_hand
def agents_that_do_research() -> tuple[ContractPlan, float]:
    numbers = {"automation": 0.1, "talent0": 1.0, "returns": 1.0, "compute_floor": 1.0, "w_capability": 1.0}
    p = tiny(**numbers, fleet0=10.0, use0=(0, 1), research_h100e=0.0, substitution=1.0)
    return p, log((1 + 1 + sqrt(2)) / 2)


@pytest.mark.parametrize("substitution", [0.1, 0.5, 1.0, 1.0 + 1e-8, 1.2, 2.0, 10.0])
def test_effort_becomes_knowledge_and_efficiency(substitution: float) -> None:
    p = tiny(fleet0=4.0, use0=(1, 0), talent0=1.0, returns=1.0, substitution=substitution, parallel=0.5)
    x, rho = 4 + FLOOR, (substitution - 1) / substitution
    effort = sqrt(sqrt(x) if abs(rho) < 1e-6 else (0.5 * x**rho + 0.5) ** (1 / rho))
    found = best_value(p.changed(w_capability=1.0))
    assert found == pytest.approx(log(x) + log((1 + 1 + effort) / 2), abs=ACCURACY)


@pytest.mark.parametrize("absorption", [0.0, 0.5, np.inf])
def test_the_frontier_is_absorbed_by_those_who_do_research(absorption: float) -> None:
    numbers = {"spillover": 0.5, "frontier": (9, 11), "returns": 1.0, "absorption": min(absorption, 1e3)}
    p = tiny(fleet0=4.0, use0=(1, 0), talent0=1.0, substitution=1.0, w_capability=1.0, **numbers)
    effort, reach = sqrt(4 + FLOOR), 1 - np.exp(-0.5)
    absorbed = min(reach * (10 - 1), (1 + numbers["absorption"] - reach / 0.5) * effort)
    knowledge = 1 + reach / 0.5 * effort + absorbed
    assert best_value(p) == pytest.approx(log(4 + FLOOR) + log((1 + knowledge) / 2), abs=ACCURACY)


@pytest.mark.parametrize(
    ("numbers", "level"),
    [
        ({}, log(4)),
        ({"imitation": 1.0, "leader_capability": 3.0}, (log(4) + 3) / 2),
        ({"imitation": 1.0, "leader_capability": 3.0, "help_ceiling": 0.5}, log(4) + 0.5),
        ({"catch_up_offset": 0.7}, log(4) + 0.7),
        ({"data_wall": 2.0, "data_slope": 0.5}, (log(4) + log(2)) / 2),
        ({"data_wall": 2.0, "data_slope": 0.5, "catch_up_offset": 0.7}, (log(4) + log(2)) / 2 + 0.7),
    ],
)
def test_levels_own_and_copied(numbers: dict[str, float], level: float) -> None:
    p = tiny(fleet0=4.0, use0=(1, 0), talent0=1.0, w_capability=1.0, compute_floor=1e-9, **numbers)
    assert best_value(p) == pytest.approx(level, abs=ACCURACY)


@by_hand
def services_short_of_what_is_required() -> tuple[ContractPlan, float]:
    numbers = {"service_floor": 3.0, "shortfall_weight": 1.0, "shortfall_penalty": 2.0, "segment_floor": 1.0}
    p = tiny(**numbers, fleet0=10.0, use0=(0, 1), passthrough=0.5, openness=1.0, leader_efficiency=0.4)
    return p, -2 * (3 - log(11) - 0.2)


@by_hand
def users_pay_a_tenth_of_delivery() -> tuple[ContractPlan, float]:
    p = tiny(rent_limit=np.inf, rent_cost=0.02, w_segment=1.0, income=9.0, cost_recovery=0.1)
    return p, log(500 + 1)


@by_hand
def a_ceiling_on_research() -> tuple[ContractPlan, float]:
    ceiling = np.array([0.5, 1, 1, 1, 1])[:, None]
    return tiny(**RENT, income=10.0, share_ceiling=ceiling), log(250 + FLOOR)


@by_hand
def imports_held_back_by_the_home_market_quota() -> tuple[ContractPlan, float]:
    """1 bn of home chips are a quarter of what may be bought."""
    p = tiny(home=("home",), **OPEN, income=10.0, mandate=0.25, bank0=[0, 100.0])
    return p.changed(unit_cost=[[50.0], [10.0]], import_limit=[[np.inf], [0]], make_limit=0.0), log(
        (100 + 60) / 2 + FLOOR
    )


@by_hand
def tools_then_wafers_then_chips() -> tuple[ContractPlan, float]:
    """Two tools for each thousand wafers a month: 3 ordered in the first year, 2 in the second."""
    tools = {"tools_per_wafer": 2.0, "tool_stock0": 2.0, "tool_import_limit": 4.0}
    p = tiny(3, **HOME, home=("home",), **tools, wafer_arrival=[0, 1], wafers_per_chip=0.01)
    fleet = np.cumsum([0, 0, 3 * 1.5 / 0.01, 3 * 4 / 0.01])
    return p.changed(ai_share=0.5, wafer_yield=0.5), float(log((fleet[1:] + fleet[:-1]) / 2 + 1).sum())


COSTS: dict[str, Any] = {
    **{"tools_per_wafer": 2.0, "tool_price": 0.1, "wafer_cost": 0.3, "wafer_run_cost": 0.01},
    **{"wafer_arrival": [0, 1], "wafers_per_chip": 0.01, "ai_share": 0.5, "wafer_yield": 0.5},
    **{"w_autonomy": 1.0, "unit_cost": 20.0},
}
PER_WAFER = 0.1 * 2 + 0.3 + 0.01 * 12 * 0.5 / 2 + 0.02 * 150


@by_hand
def what_a_line_costs_with_tools_bought() -> tuple[ContractPlan, float]:
    """10 thousand wafers a month from the second year on: 1,500 chips of it."""
    p = tiny(2, home=("home",), **COSTS, income=[10 * PER_WAFER, 0], tool_import_limit=np.inf)
    return p, log(750 + 1)


@by_hand
def what_a_line_costs_with_tools_made() -> tuple[ContractPlan, float]:
    """20 tools in the first year take capacity for 40 a year, ordered and there in the same year."""
    making = {"toolmaking_build_limit": np.inf, "toolmaking_arrival": [1, 0], "toolmaking_cost": 0.05}
    p = tiny(2, home=("home",), **COSTS, **making, income=[10 * PER_WAFER + 2, 0])
    return p.changed(discount=[0.0, 1.0]), log(750 + 1)


@by_hand
def know_how_shared_raises_the_yield() -> tuple[ContractPlan, float]:
    line = {"wafer_capacity0": 10.0, "ai_share": 0.5, "wafer_yield": 0.5, "wafers_per_chip": 0.01}
    p = tiny(home=("home",), **HOME, **line, transfer=1.0, tools_per_wafer=1.0)
    return p, log(12 * 0.5 * 0.75 * 10 / 0.01 / 2 + 1)


@by_hand
def a_chip_launched_within_the_year() -> tuple[ContractPlan, float]:
    line = {"wafer_capacity0": 10.0, "ai_share": 0.5, "wafer_yield": 0.5, "wafers_per_chip": 0.01}
    p = tiny(home=("home",), **HOME, **line, launched=0.25, tools_per_wafer=1.0)
    return p, log(0.25 * 3000 / 2 + 1)


@by_hand
def no_designer_gets_a_whole_line() -> tuple[ContractPlan, float]:
    line = {"wafer_capacity0": 10.0, "ai_share": 0.5, "wafer_yield": 0.5, "wafers_per_chip": 0.01}
    p = tiny(home=("good", "fair"), **HOME, **line, designer_ceiling=0.6, tools_per_wafer=1.0)
    return p.changed(research_h100e=[1, 2, 1]), log((2 * 1800 + 1200) / 2 + 1)


@by_hand
def stockpiled_dies_wait_for_launch_and_packaging() -> tuple[ContractPlan, float]:
    bank = {"bank0": [0, 10.0], "launched": [0, 0.25, 1], "packaging0": 8.0, "packages_per_chip": 1.0}
    return tiny(3, home=("home",), **FROM_STOCK, **bank), log(1) + log(1 + 1) + log(2 + 4 + 1)


@by_hand
def packaging_ordered() -> tuple[ContractPlan, float]:
    bank = {"bank0": [0, 1000.0], "packages_per_chip": 2.0, "packaging0": 4.0, "packaging_pending": [2.0, 0]}
    built = {"packaging_build_limit": 8.0, "packaging_arrival": [0, 1]}
    p = tiny(2, home=("home",), **FROM_STOCK, **bank, **built)
    chips = np.cumsum([0, (4 + 6) / 2 / 2, (6 + 14) / 2 / 2])
    return p, float(log((chips[1:] + chips[:-1]) / 2 + 1).sum())


@by_hand
def memory_made_imported_and_in_stock() -> tuple[ContractPlan, float]:
    memory = {"hbm_capacity0": 10.0, "hbm_stock0": 5.0, "hbm_import_limit": 5.0, "hbm_per_chip": 0.1}
    p = tiny(2, home=("home",), **FROM_STOCK, **memory, bank0=[0, 1000.0])
    return p, log(100 + 1) + log(200 + 75 + 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_plans_solved_by_hand(case: Callable[[], tuple[ContractPlan, float]]) -> None:
    p, expected = case()
    assert best_value(p) == pytest.approx(expected, abs=ACCURACY)


# the same country told otherwise ------------------------------------------------------------------------


def weight(p: ContractPlan) -> float:
    return float(p["discount"].sum() * p["dt"] + p["terminal"] * p["discount"][-1])


@pytest.mark.parametrize("seed", range(4))
def test_units_of_money_and_of_chips_do_not_matter(seed: int) -> None:
    p = contract_plan(seed)
    other = best_value(in_other_units(p, money=7.3, chips=0.4))
    assert other == pytest.approx(best_value(p), abs=ACCURACY * weight(p))


@pytest.mark.parametrize("seed", range(4))
def test_a_segment_in_two_halves_changes_nothing(seed: int) -> None:
    p = contract_plan(seed)
    assert best_value(with_two_halves(p, 0)) == pytest.approx(best_value(p), abs=ACCURACY * weight(p))


@pytest.mark.parametrize("chip", ["big", "denied", "older", "banked"])
def test_a_chip_told_as_two_changes_nothing(chip: str) -> None:
    p = base_plan(FORMS[0])
    assert best_value(with_twin_chip(p, chip)) == pytest.approx(best_value(p), abs=ACCURACY * weight(p))


@pytest.mark.parametrize("form", [form for form in FORMS if form.steps_per_year == 1])
def test_a_plan_by_quarters_is_worth_what_one_by_years_is(form: Form) -> None:
    """Up to what it gains by deciding more often. The last quarter is later than the middle of the last year,
    so years that count on from it would differ."""
    yearly, quarterly = (base_plan(f, terminal=0.0) for f in (form, form.in_quarters))
    by_year, by_quarter = (best_value(p) / weight(p) for p in (yearly, quarterly))
    assert by_quarter == pytest.approx(by_year, abs=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_money_in_is_money_out(seed: int) -> None:
    p = contract_plan(seed)
    v = best_plan(p)
    before = np.concatenate([[p.scalar("cash0")], v["cash"][:-1]])
    left = (1 + p["interest"]) ** p["dt"] * before + v["received"] - v["outlays"] - v["lapsed"]
    assert v["cash"] == pytest.approx(left, abs=1e-5 * p["income"].max())


# the table ----------------------------------------------------------------------------------------------


def test_the_code_has_the_parameters_of_the_contract() -> None:
    beside = STAGED | row_sides(contract_plan(0)).keys()
    ours = {name: indices for name, (indices, _) in CONTRACT.items()}
    theirs = {name: spec.index for name, spec in TABLE.items() if name not in beside}
    assert theirs == ours


def test_equal_seeds_give_equal_plans() -> None:
    first, second = contract_plan(5), contract_plan(5)
    assert first.sets == second.sets
    assert all(np.array_equal(first[name], second[name]) for name in CONTRACT)
