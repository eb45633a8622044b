"""The shipped world starts where the world stood, and docs/calibration.md says what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.answer.run import OPTIMAL, WorldRun
from optimizer.instance import Instance, load
from optimizer.instance.blocs import parts
from optimizer.study import validation
from optimizer.study.ask import Ask
from optimizer.study.calibration import compare, findings, page
from optimizer.study.demand import world_demand
from optimizer.study.record import HOME, Plan, Record
from optimizer.study.solve import solve_world

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def instance() -> Instance:
    return load(ROOT / "instances" / "world-2026")


@pytest.fixture(scope="module")
def world(instance: Instance) -> WorldRun:
    return solve_world(Ask(instance))


def test_every_country_has_a_certified_plan(world: WorldRun) -> None:
    assert len(world.countries) == 14
    for country, run in world.countries.items():
        assert run.status == OPTIMAL, country
        assert run.solution is not None
        assert run.solution.certificate.gap <= 1e-6
        assert run.solution.certificate.max_row_violation <= 1e-7


def test_every_miss_has_its_cause_and_every_cause_its_miss(instance: Instance, world: WorldRun) -> None:
    assert findings(compare(instance, world)) == []


def test_what_is_put_in_comes_out(instance: Instance, world: WorldRun) -> None:
    """An input outside its band is a slip of the data, unless the record says why it is meant."""
    rows = {row.name: row for row in compare(instance, world) if row.observed.kind == "input"}
    assert [name for name, row in rows.items() if not row.within] == ["rubin_units_2026_thousand"]
    lag = rows["lag_china_months"]
    assert lag.model == pytest.approx(instance.countries["CHN"].research.lag_months.number(), abs=1e-6)


def test_the_pages_say_what_the_model_says(instance: Instance, world: WorldRun) -> None:
    for name, write in (("calibration", page), ("validation", validation.page)):
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        assert write(text, instance, world) == text, name


def test_chips_come_over_a_year_and_none_before_its_launch(instance: Instance, world: WorldRun) -> None:
    plan = Record(instance, world).plans["USA"]
    base, year = plan.acquired(2026), plan.came(2026)
    assert base == pytest.approx(1e3 * float(plan.dense @ plan.parameters["fleet0"]))
    assert plan.acquired(2027) == pytest.approx(base + 1e3 * float(plan.dense @ year))
    rubin, blackwell = plan.chips.index("nv_vr200"), plan.chips.index("nv_gb300")
    assert year[rubin] > 0
    assert year[blackwell] > 0
    # launched in July 2026: none in May, half of the year's at the end of September
    assert plan.came_by(2026.4)[rubin] == 0
    assert plan.came_by(2026.75)[rubin] == pytest.approx(year[rubin] / 2)
    assert plan.came_by(2026.5)[blackwell] == pytest.approx(year[blackwell] / 2)
    assert np.all(np.diff([plan.acquired(date) for date in np.linspace(2026, 2028, 9)]) > 0)


def test_chips_are_paid_at_their_own_price(instance: Instance, world: WorldRun) -> None:
    plan = Plan(instance, world.countries["CHN"])
    made = plan.came(2026, HOME)
    by_hand = sum(
        amount * instance.chips[chip].unit_price_usd.number() / 1e6
        for chip, amount in zip(plan.chips, made, strict=True)
    )
    assert plan.paid(2026, HOME) == pytest.approx(by_hand)
    assert plan.paid(2026) > plan.paid(2026, HOME) > 0


def test_parts_of_a_bloc_are_counted_once(instance: Instance, world: WorldRun) -> None:
    record = Record(instance, world)
    assert set(record.plans) == set(instance.countries) - set(parts(instance))
    assert record.acquired(2026) == pytest.approx(sum(plan.acquired(2026) for plan in record.plans.values()))


def test_nobody_buys_what_nobody_makes(instance: Instance, world: WorldRun) -> None:
    """Of a single chip all may want more than there is, since each plan is alone with its bid; by value the
    countries leave some of a year's output, and what they want too much of is dear: bought beyond shares."""
    demands = world_demand(world, instance)
    leading = world.countries[world.leader].parameters
    assert leading is not None
    price = dict(zip(leading.sets.chips, leading["unit_cost"][:, 0], strict=True))
    for year in instance.horizon.years:
        made = sum(
            price[chip] * amounts.numbers(np.array([year]))[0]
            for chip, amounts in instance.market.output.items()
        )
        bought = sum(price[one.chip] * one.purchases for one in demands if one.year == year)
        assert bought <= made, year
    for one in (one for one in demands if one.exceeds):
        beyond = [
            run.values["beyond"][
                run.parameters.sets.chips.index(one.chip), one.year - instance.horizon.first_year
            ]
            for country, run in world.countries.items()
            if run.values is not None and run.parameters is not None and country not in parts(instance)
        ]
        assert sum(beyond) > 0, one


def test_chinese_plan_shows_what_binds_in_every_category(world: WorldRun) -> None:
    solution = world.countries["CHN"].solution
    assert solution is not None
    for limit in ("memory_balance", "grey_offer", "schools", "budget", "import_control"):
        assert abs(solution.dual(limit)).max() > 0, limit
