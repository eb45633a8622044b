"""A whole scenario: the leader first, changes that reach nobody, and any number of processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.answer.run import INFEASIBLE, OPTIMAL, STOPPED
from optimizer.instance import Instance, load, patch
from optimizer.study.ask import Ask
from optimizer.study.solve import solve_world

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"


@pytest.fixture(scope="module")
def small_world() -> Instance:
    return load(TEMPLATE)


def test_result_does_not_depend_on_the_number_of_processes(small_world: Instance) -> None:
    one, two = (solve_world(Ask(small_world, jobs=jobs)) for jobs in (1, 2))
    for country, run in one.countries.items():
        other = two.countries[country]
        assert run.values is not None
        assert other.values is not None
        assert all(np.array_equal(array, other.values[name]) for name, array in run.values.items())


def test_change_that_nobody_reads_is_said(small_world: Instance) -> None:
    unread, read, others = (
        solve_world(Ask(patch(small_world, [text]), countries)).diagnostics
        for text, countries in (
            ("objectives.capability.autonomy_weight = 0.2", ("CHN",)),
            ("objectives.*.autonomy_weight = 0.2", ("CHN",)),
            ("countries.CHN.budget.income_usd_bn *= 1.1", ()),
        )
    )
    assert [problem.code for problem in unread] == ["S107"]
    assert read == others == ()


def test_followers_of_a_leader_out_of_time_are_stopped_not_infeasible(small_world: Instance) -> None:
    world = solve_world(Ask(small_world, ("CHN",), time_limit=1e-9))
    assert world.countries["CHN"].status == STOPPED


def test_a_country_without_a_budget_still_has_a_plan(small_world: Instance) -> None:
    world = solve_world(Ask(patch(small_world, ["countries.CHN.budget.income_usd_bn = 0"]), ("CHN",)))
    assert world.countries["CHN"].status == OPTIMAL


def test_floors_above_the_whole_budget_are_infeasible_or_refused(small_world: Instance) -> None:
    changed = patch(small_world, ["countries.CHN.budget.category_floors.chips = 0.99"])
    run = solve_world(Ask(changed, ("CHN",))).countries["CHN"]
    assert run.status == INFEASIBLE
    assert run.solution is not None
    assert any(name.startswith("least_share") for name in run.solution.conflict)
