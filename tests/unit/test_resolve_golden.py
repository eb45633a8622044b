"""Every parameter of a small world against numbers worked out by hand (see `resolve_world/`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.parameters import TABLE, Array, LeaderPath, PlanParameters
from optimizer.instance.cells import STAGED
from optimizer.instance.instance import Instance
from optimizer.instance.load import load
from optimizer.instance.resolve import base_state, resolve
from optimizer.instance.shipped import shipped_instances
from tests.unit.resolve_cells import replaced

WORLD = Path(__file__).parent / "resolve_world"
INF = np.inf
Numbers = Array | float | Sequence[Any]
PERIODS = 8  # three reported, and as tail a year for toolmakers, two for a fab and two more
ZEROS = np.zeros(PERIODS)

PATH = LeaderPath(
    country="USA",
    capability=2.0 * np.arange(PERIODS),
    efficiency=1.0 * np.arange(PERIODS),
    knowledge=1.5 + np.arange(PERIODS + 1),
    imports=np.zeros((6, PERIODS)),
    installed=1000.0 * 2 ** np.arange(PERIODS),
    base_capability=0.0,
    growth_before_base=2.0,
)


def held(*numbers: float) -> Array:
    """The numbers, the last one holding to the end of the tail."""
    return np.array([*numbers, *[numbers[-1]] * (PERIODS - len(numbers))])


def then_zero(*numbers: float) -> Array:
    return np.array([*numbers, *[0.0] * (PERIODS - len(numbers))])


# chips: us_one, us_two, us_own, us_old, cn_home, cn_sold
UNIT_COST = np.array(
    [
        held(40, 40 * 1.5 * 0.9, 40 * 1.25 * 0.8),
        held(100, 100 * 1.25 * 0.9, 100 * 1.125 * 0.8),
        held(20, 20 * 1.2 * 0.9, 20 * 1.1 * 0.8),
        held(16, 16 * 0.9, 16 * 0.8),
        held(30, 30 * 1.4 * 0.9, 30 * 1.2 * 0.8),
        held(48, 48 * 1.5 * 0.9, 48 * 1.25 * 0.8),
    ]
)
MULTIPLIERS = np.array([2, 2.5, 2, 2, 2, 2])
# us_one and us_two, which others make, by output on sale: value over compute, USD mn per H100e
SOLD_ONE, SOLD_TWO = then_zero(1000, 800, 600, 400), then_zero(0, 500, 2000, 3000, 3000)
MARKET_PRICE = (SOLD_ONE * UNIT_COST[0] + SOLD_TWO * UNIT_COST[1])[:5] / (SOLD_ONE + 2 * SOLD_TWO)[:5] / 1000
MARKET_PRICE = held(*MARKET_PRICE)
NO_CHIPS = np.zeros((6, PERIODS))
DEMAND_YEARS = np.arange(PERIODS) + 0.5
EFFICIENCY0 = 1.2 * np.log(1.0 / 1.5)
OWN0 = EFFICIENCY0 + np.log((31.25 + 0.42) / 420)
CONSUMER = 0.8 * 0.5 * EFFICIENCY0 + np.log(2) + np.log(11 / (1 + 10 * np.exp(-0.9 * DEMAND_YEARS)))
STATE = 0.4 * 0.5 * EFFICIENCY0 + np.log(2) + np.log(3 / (1 + 2 * np.exp(-0.9 * DEMAND_YEARS)))
REQUIRED = np.array([[0.75], [0.25]]) * np.exp(np.vstack([CONSUMER, STATE]))

CHINA: dict[str, Numbers] = {
    "dt": 1,
    "discount": 0.8 ** (np.arange(PERIODS) + 0.5),
    "tail": 5,
    "is_domestic": [0, 0, 0, 0, 1, 1],
    "survival": np.full(6, 0.9),
    # us_two has no 8-bit figure: twice its 16-bit one; so cn_sold; us_old too
    "research_h100e": [1, 2, 0.5 * 0.9, 0.125, 0.5 * 0.8, 1 * 0.5],
    # us_old: 1/(0.5/0.125 + 0.5/0.25)
    "delivery_h100e": [1, 2, 0.5, 1 / 6, 0.5, 1],
    "power_per_chip": [2.5e-3, 5e-3, 1.25e-3, 1e-3, 1.5e-3, 2e-3],
    "fleet0": [80, 0, 0, 40, 100, 0],
    "use0": [0.25, 0.75],
    "unit_cost": UNIT_COST,
    "fee": np.vstack([0.25 * UNIT_COST[0] / 2, np.zeros((5, PERIODS))]),
    "grey_premium": 0.5 * UNIT_COST / MULTIPLIERS[:, None],
    "charge": 0.13 * UNIT_COST,
    # a fifth of world output, under the limits of us_one; us_two is denied; the rest is not for sale to it
    "import_limit": np.vstack([then_zero(90, 160, 120, 80), np.zeros((5, PERIODS))]),
    # a fifth of world output of what is on the market
    "normal_import": np.vstack(
        [then_zero(200, 160, 120, 80), then_zero(0, 100, 400, 600, 600), np.full((4, PERIODS), INF)]
    ),
    # us_two leaks in the last quarter of 2027, half the time that it is on sale then
    "grey_open": np.vstack([then_zero(50, 32, 12, 8), then_zero(0, 10, 40, 60, 60), np.zeros((4, PERIODS))]),
    "make_limit": np.vstack([np.zeros((4, PERIODS)), then_zero(INF, INF), held(100, 400)]),
    "cap_weight": np.stack(
        [np.vstack([np.ones(PERIODS), np.full(PERIODS, 2.0), np.zeros((4, PERIODS))]), UNIT_COST / 1000]
    ),
    "cap": np.vstack([held(50, 70), np.full(PERIODS, INF)]),
    "cap_cumulative": np.vstack([np.full(PERIODS, INF), held(12)]),
    "grey_limit": held(300, 200, 100),
    "rent_limit": held(250),
    "rent_cost": held(2 * 8.76e-3, 1.5 * 8.76e-3, 8.76e-3),
    "mandate": held(0, 0.2, 0.4),
    "power0": 1.1 * (80 * 2.5e-3 + 40 * 1e-3 + 100 * 1.5e-3),
    "power_pending": then_zero(1, 0, 3),
    "power_build_limit": held(INF),
    "power_arrival": [0, 0, 0.5, 0.5],
    "power_cost": 3,
    "energy_cost": held(0.06 * 8.76 * 0.75, 0.05 * 8.76 * 0.75),
    "talent0": 10,
    "attrition": 0.1,
    "graduates": 2 * 1.5 ** np.arange(PERIODS),
    "recruit_limit": held(0.5),
    "education_limit": held(1, 2),
    "education_arrival": [0, 1, 0, 0],
    "wage": 0.15,
    "recruit_cost": 0.1,
    "education_cost": 0.5,
    "hiring_cost": 0.2 * 0.15,
    "release_cost": 0.4 * 0.15,
    "theta": 0.6,
    "substitution": 0.8,
    "parallel": 0.7,
    "compute_ref": 0.4 * (1000 + 400 * 0.125),
    "compute_floor": 0.42,
    "talent_ref": 20,
    "knowledge0": 1.0,
    "knowledge_ref": 1.5,
    "spillover": 0.75,
    "absorption": 1.5,
    "frontier": 1.5 + np.arange(PERIODS + 1),
    "returns": 1.2,
    "data_wall": INF,
    "data_slope": 0.4,
    "imitation": -OWN0 - 1,  # half a year at growth 2 is 1 log unit
    "help_ceiling": -OWN0 - 1,  # more than a factor of 3
    "catch_up_offset": 0,
    "leader_capability": 2.0 * np.arange(PERIODS),
    "leader_efficiency": 1.0 * np.arange(PERIODS),
    "openness": 0.5,
    "automation": held(0, 0.002),
    "agents_limit": held(0, INF),
    "segment_ref": [76.875, 25.625],
    "segment_floor": [0.76875, 0.5125],
    "service_floor": np.vstack([CONSUMER, STATE]),
    "service_ceiling": np.vstack([CONSUMER + np.log(4), np.full(PERIODS, INF)]),
    "passthrough": [0.8, 0.4],
    "w_segment": [0.3, 0.2],
    "shortfall_weight": REQUIRED / REQUIRED.sum(axis=0),
    "on_line": np.vstack([np.zeros((4, 2)), [1, 0], [1, 0]]),
    "wafers_per_chip": [0, 0, 0, 0, 2 / 80, 1 / 60],
    "hbm_per_chip": [0.1, 0.2, 0.05, 0.032, 0.064, 0.128],
    "bank0": [0, 0, 0, 0, 150, 0],
    # the stockpiled chip is made for two years
    "bank_limit": np.vstack([np.full((4, PERIODS), INF), then_zero(INF, INF), held(INF)]),
    # us_two, us_own and cn_sold are launched within a year, us_one and us_own end within one
    "launched": [
        then_zero(1, 1, 1, 0.5),
        held(0, 0.5, 1),
        then_zero(0.25, 0.5),
        held(1),
        then_zero(1, 1),
        held(0.5, 1),
    ],
    # cn_sold alone is made at home and launched within a year
    "launch_side": np.vstack([np.full((5, PERIODS), INF), held(0, INF)]),
    "designed_by": [[0], [0], [0], [0], [1], [0]],
    "designer_ceiling": [[held(0.5, 0.75, 1), np.ones(PERIODS)]],
    "ceiling_side": [[held(0, 0, INF), np.full(PERIODS, INF)]],
    "packages_per_chip": [0, 0, 0, 0, 1, 0.5],
    "packaging0": 60,
    "packaging_pending": then_zero(20),
    "packaging_build_limit": held(30),
    "packaging_arrival": [0.5, 0.5, 0, 0],
    "packaging_cost": 0.001,
    "wafer_capacity0": [20, 0],
    "wafer_pending": np.vstack([then_zero(5, 8), ZEROS]),
    "wafer_arrival": np.array([[0, 0, 1, 0], [0, 0.75, 0.25, 0]]),
    "wafer_cost": [0.3, 0.4],
    "wafer_run_cost": [0.005, 0.008],
    "ai_share": np.vstack([held(0.4), ZEROS]),
    "wafer_yield": np.vstack([held(0.3, 0.4, 0.5), ZEROS]),
    "transfer": 0.5,
    "tools_per_wafer": [[1, 0], [0.5, 1.25]],
    "tool_stock0": [4, 0],
    "tool_import_limit": [held(10, 8, 6), held(3)],
    "tool_price": np.vstack([held(0.2), held(0.1)]),
    "toolmaking0": [2, 0],
    "toolmaking_pending": [then_zero(0, 1), ZEROS],
    "toolmaking_build_limit": [held(1, 2), ZEROS],
    "toolmaking_arrival": [[0, 1, 0, 0], [0, 0.5, 0.5, 0]],
    "toolmaking_cost": [0.5, 2],
    "hbm_capacity0": 4,
    "hbm_pending": then_zero(0, 2),
    "hbm_build_limit": held(3),
    "hbm_arrival": [0, 0.5, 0.5, 0],
    "hbm_cost": 0.05,
    "hbm_price": 0.02 * 0.5 ** np.arange(PERIODS),
    "hbm_stock0": 6,
    "hbm_import_limit": held(1, 0),
    "income": held(80, 100, 120),
    "interest": 0.03,
    "cash0": 5,
    "debt_limit": held(10, 20, 30),
    "carry_limit": held(40, 50, 60),
    "cost_recovery": 0,
    "home_return": 0.3,
    "chip_part": 1 / MULTIPLIERS,
    "price": np.vstack(
        [
            MARKET_PRICE,
            held(2 * 8.76e-3, 1.5 * 8.76e-3, 8.76e-3),
            *(held(x) for x in (0.1, 0.05, 0.001, 0.2, 0.1, 0.3, 0.4)),
        ]
    ),
    "elasticity": [2, 3, 0.5, 4, 2.5, 1.5, 1.5, INF, INF],
    # half, then a quarter of what the grey market offers (us_one at 1, us_two at 2 H100e); 4/5 of rent
    "normal": np.vstack(
        [
            np.array([25, 0.25 * 52, 0.25 * 92, 0.25 * 128, 0.25 * 120, 1e-3, 1e-3, 1e-3]),
            *(held(x) for x in (200, 0.25, 1.5, 25, 5, 2, 6, 1e-3)),
        ]
    ),
    "supply_elasticity": 0.3,
    "world_spend": held(400, 600),
    "base_value": held(80, 120),
    "share_floor": np.vstack([np.zeros((3, PERIODS)), held(0.05), ZEROS]),
    "share_ceiling": np.vstack(
        [np.ones((2, PERIODS)), held(0.5, 0.4, 0.3), np.ones(PERIODS), np.ones(PERIODS)]
    ),
    "w_capability": 1,
    "w_autonomy": 0.1,
    "autonomy_floor": 10,
    "shortfall_penalty": 1.5,
    "terminal": 2,
}
"""China: a follower with a fleet, limits, caps, a grey market, lines, tools, packaging and memory."""

USA_CONSUMER = np.log(11 / (1 + 10 * np.exp(-0.6 * DEMAND_YEARS)))

USA: dict[str, Numbers] = {
    "is_domestic": np.zeros(6),
    "fleet0": [1000, 0, 0, 400, 0, 0],
    "use0": [0.4, 0.6],
    "charge": 0.14 * UNIT_COST,
    "import_limit": np.vstack(
        [
            then_zero(300, 220, 150, 100),
            then_zero(0, 137.5, 500, 750, 750),
            then_zero(120, 90),  # its own firms' chip: all of the output
            ZEROS,
            ZEROS,
            then_zero(18, 66),
        ]
    ),
    "grey_open": NO_CHIPS,
    "make_limit": NO_CHIPS,
    "cap_weight": np.zeros((2, 6, PERIODS)),
    "cap": np.full((2, PERIODS), INF),
    "power0": 9,
    "knowledge0": 1.5,
    "spillover": 0,
    "openness": 0,
    "imitation": 0,
    "help_ceiling": INF,
    "frontier": np.zeros(PERIODS + 1),
    "leader_capability": ZEROS,
    "leader_efficiency": ZEROS,
    "segment_ref": [480, 160],
    "service_floor": np.vstack([USA_CONSUMER, ZEROS]),
    "shortfall_weight": np.vstack([3 * np.exp(USA_CONSUMER), np.ones(PERIODS)])
    / (3 * np.exp(USA_CONSUMER) + 1),
    "cash0": 0,
    "normal_import": np.vstack(
        [
            then_zero(300, 220, 150, 100),
            then_zero(0, 137.5, 500, 750, 750),
            np.full((3, PERIODS), INF),
            then_zero(18, 66),
        ]
    ),
    "designed_by": np.zeros((6, 1)),
    "launch_side": np.full((6, PERIODS), INF),
    "designer_ceiling": np.ones((1, 2, PERIODS)),
    "ceiling_side": np.full((1, 2, PERIODS), INF),
    "packaging0": 0,
    "packaging_pending": ZEROS,
    "packaging_build_limit": ZEROS,
    "tool_import_limit": np.zeros((2, PERIODS)),
    "toolmaking0": [0, 0],
    "toolmaking_build_limit": np.zeros((2, PERIODS)),
    "normal": np.vstack([*(held(x) for x in (1e-3, 1e-3, 1, 1)), *[held(1e-3)] * 5]),
    "share_ceiling": np.ones((5, PERIODS)),
}
"""What differs in the country that leads."""

NLD: dict[str, Numbers] = {
    "fleet0": np.zeros(6),
    "power0": 0,
    "knowledge0": 0.075,  # two years behind would be before the first effort
    "spillover": 0.5,
    "openness": 0.25,
    "segment_ref": [0.75 * 0.42, 0.25 * 0.42],
    "carry_limit": held(INF),
    "wafer_capacity0": [0, 0],
    # a hundredth of what the leader has installed, half of it at the normal pace
    "rent_limit": 10.0 * 2 ** np.arange(PERIODS),
    # half a year's wages of two thousand people, and 0.4 years' for letting them go
    "cash0": 0.12 * 2 / 2 + 0.4 * 0.12 * 2,
    "imitation": (-1.2 * np.log(0.05) - np.log(1e-3) - 4) / 4,
    "help_ceiling": -1.2 * np.log(0.05) - np.log(1e-3) - 4,
}
"""What differs in a country without compute, budget or lines."""


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(WORLD)


@pytest.fixture(scope="module")
def plans(world: Instance) -> dict[str, PlanParameters]:
    return {country: resolve(world, country, PATH) for country in world.countries}


def expected(name: str, value: Numbers, plan: PlanParameters) -> Array:
    array = np.asarray(value, dtype=float)
    shape = plan.sets.shape(TABLE[name].index)
    assert array.shape == shape, name
    return array


def test_every_parameter_has_a_golden_value() -> None:
    assert list(CHINA) == [name for name in TABLE if name not in STAGED]


@pytest.mark.parametrize("name", CHINA)
def test_china(plans: dict[str, PlanParameters], name: str) -> None:
    np.testing.assert_allclose(plans["CHN"][name], expected(name, CHINA[name], plans["CHN"]), rtol=1e-12)


@pytest.mark.parametrize("name", USA)
def test_the_leader(plans: dict[str, PlanParameters], name: str) -> None:
    np.testing.assert_allclose(plans["USA"][name], expected(name, USA[name], plans["USA"]), rtol=1e-12)


@pytest.mark.parametrize("name", NLD)
def test_a_country_without_anything(plans: dict[str, PlanParameters], name: str) -> None:
    np.testing.assert_allclose(plans["NLD"][name], expected(name, NLD[name], plans["NLD"]), rtol=1e-12)


def test_base_states(plans: dict[str, PlanParameters]) -> None:
    leader, china = base_state(plans["USA"]), base_state(plans["CHN"])
    assert leader.capability == pytest.approx(np.log(1.001))
    assert leader.efficiency == 0
    assert china.research_compute == pytest.approx(31.25)
    assert china.delivery_compute == pytest.approx(102.5)
    assert china.power_draw == pytest.approx(0.39)
    assert china.own == pytest.approx(OWN0)
    # the base state reproduces the lag that was put in
    assert china.lag_years(2.0) == pytest.approx(0.5)
    assert base_state(plans["NLD"]).lag_years(2.0) == pytest.approx(2.0)


def test_another_preset_of_the_objective(world: Instance) -> None:
    plan = resolve(world, "CHN", PATH, "service")
    assert plan.scalar("w_capability") == 0.25
    assert plan["w_segment"].tolist() == [0.5, 0.75]
    assert plan.scalar("shortfall_penalty") == 20


def test_arrays_are_read_only(plans: dict[str, PlanParameters]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        plans["CHN"]["income"][0] = 0


def test_the_documentation_explains_every_parameter() -> None:
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    assert [name for name in TABLE if f"`{name}`" not in text and f"`{name}[" not in text] == []
    for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(example, "docs/data.md", "exec"), {})


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("name", shipped_instances())
def test_every_shipped_country_resolves_and_starts_at_its_lag(name: str, steps: int) -> None:
    world = replaced(load(name), ("horizon", "steps_per_year"), lambda _: steps)
    leading = resolve(world, world.leader)
    periods = np.arange(len(leading.sets.periods), dtype=float)
    knowledge = leading.scalar("knowledge0") + np.arange(len(periods) + 1) / steps
    imports = np.zeros((len(world.chips), len(periods)))
    path = LeaderPath(world.leader, periods, periods, knowledge, imports, periods, 0.0, 2.0)
    growth = world.research.capability_growth_per_year.number()
    for country, nation in world.countries.items():
        plan = resolve(world, country, path)
        assert plan.sets.structure == leading.sets.structure
        if plan.scalar("imitation") > 0:
            lag = base_state(plan).lag_years(growth)
            assert 12 * lag == pytest.approx(nation.research.lag_months.number())
