"""The shipped world starts where the world stood, and docs/calibration.md says what the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.answer.run import OPTIMAL, WorldRun
from optimizer.instance import Instance, load
from optimizer.instance.blocs import parts
from optimizer.study.ask import Ask
from optimizer.study.calibration import compare, page
from optimizer.study.demand import world_demand
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


def test_every_comparison_lies_in_its_band(instance: Instance, world: WorldRun) -> None:
    assert [row.subject for row in compare(instance, world) if not row.within] == []


def test_the_page_says_what_the_model_says(instance: Instance, world: WorldRun) -> None:
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert page(text, instance, world) == text


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
