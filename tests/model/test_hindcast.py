"""The world at the end of 2021: certified plans that keep their stocks and their money, and inputs that hold
nothing of what they are checked against."""

from __future__ import annotations

import numpy as np
import pytest

from models.simulate import DECISIONS, simulate
from optimizer.answer import metrics
from optimizer.answer.run import OPTIMAL, CountryRun, WorldRun
from optimizer.instance import Instance, load, resolve
from optimizer.instance.resolve import base_state
from optimizer.study.ask import Ask
from optimizer.study.solve import solve_world
from tests.unit.resolve_cells import replaced

COUNTRIES = ("USA", "CHN")


@pytest.fixture(scope="module")
def instance() -> Instance:
    return load("world-2022")


@pytest.fixture(scope="module")
def world(instance: Instance) -> WorldRun:
    return solve_world(Ask(instance))


@pytest.fixture(params=COUNTRIES)
def run(world: WorldRun, request: pytest.FixtureRequest) -> CountryRun:
    return world.countries[request.param]


def test_both_plans_are_certified(world: WorldRun) -> None:
    assert set(world.countries) == set(COUNTRIES)
    for run in world.countries.values():
        assert run.status == OPTIMAL
        assert run.solution is not None
        assert run.solution.certificate.gap <= 1e-6


def test_chips_and_money_are_where_the_decisions_put_them(run: CountryRun) -> None:
    p, v = run.parameters, run.values
    assert p is not None
    assert v is not None
    bought = v["imports"] + v["grey"] + v["domestic"]
    fleet, cash = p["fleet0"], p.scalar("cash0")
    paid = metrics.outlays(v)
    for t in range(len(p.sets.periods)):
        fleet = p["survival"] * fleet + np.sqrt(p["survival"]) * bought[:, t] - v["retired"][:, t]
        assert v["stock"][:, :, t].sum(axis=1) == pytest.approx(fleet, rel=1e-6, abs=1e-5)
        cash = (1 + p.scalar("interest")) * cash + p["income"][t] - paid[t] - v["lapsed"][t]
        assert v["cash"][t] == pytest.approx(cash, abs=1e-6 * p["income"].sum())
    again = simulate(p, {name: v[name] for name in DECISIONS})
    for name in ("capability", "knowledge", "cash"):
        assert again[name] == pytest.approx(v[name], rel=1e-6, abs=1e-6), name


def test_the_base_state_lies_where_its_lag_says(instance: Instance, world: WorldRun) -> None:
    china = world.countries["CHN"]
    assert china.parameters is not None
    assert china.leader is not None
    lag = instance.countries["CHN"].research.lag_months.number()
    assert metrics.base_lag_months(china.parameters, china.leader) == pytest.approx(lag)
    growth = instance.settings.research.capability_growth_per_year.number()
    assert 12 * base_state(china.parameters).lag_years(growth) == pytest.approx(lag)


def test_no_chip_is_had_while_a_rule_denies_it(world: WorldRun) -> None:
    china = world.countries["CHN"]
    assert china.values is not None
    assert china.parameters is not None
    chips, imports = china.parameters.sets.chips, china.values["imports"]
    years = dict(zip(china.parameters.sets.periods, range(4), strict=False))
    for chip, year in (
        *(("nv_a100_80", "2023"), ("nv_h100_sxm", "2022"), ("nv_h100_sxm", "2024"), ("nv_h200", "2025")),
        *(("nv_gb200", "2025"), ("nv_a800", "2024"), ("nv_h800", "2024"), ("amd_mi300x", "2024")),
    ):
        assert imports[chips.index(chip), years[year]] == 0, (chip, year)


def test_nothing_is_computed_from_the_record(instance: Instance) -> None:
    blank = replaced(instance, ("market", "observed"), lambda _: {})
    known, unknown = resolve(instance, "USA"), resolve(blank, "USA")
    assert known.values.keys() == unknown.values.keys()
    assert all(np.array_equal(array, unknown.values[name]) for name, array in known.values.items())


DATED = (
    "rent_cost_usd_per_h100e_hour",
    "demand_growth_per_year",
    "demand_saturation_multiple",
    "price_usd_bn_per_pb",
)


def test_what_is_not_dated_is_that_of_the_shipped_world(instance: Instance) -> None:
    shipped = {cell.path: cell for cell in load("world-2026").cells()}
    compared = 0
    for cell in instance.cells():
        settings = cell.file is not None and cell.file.endswith("instance.yaml")
        if settings and cell.path in shipped and not cell.path.endswith(DATED):
            other = shipped[cell.path]
            assert (cell.value, cell.low, cell.high) == (other.value, other.low, other.high), cell.path
            compared += 1
    assert compared > 80
