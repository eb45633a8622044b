"""Agents that do research on delivery compute: what they stand for, what they take, and what they cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.parameters import PlanParameters
from optimizer.errors import InputError
from optimizer.instance import load, patch, resolve
from optimizer.solver import Solution
from tests.model.plan_solver import solve_plan
from tests.model.small_plan import small_plan

ON = "research.automation_researchers_per_h100e = 0.01"


def with_agents(automation: float, **changes: Any) -> tuple[PlanParameters, Solution]:
    p = small_plan(
        5,
        1,
        tail=2,
        automation=automation,
        agents_limit=np.inf if automation else 0.0,
        cost_recovery=0.0,
        **changes,
    )
    return p, solve_plan(p)


def test_agents_are_used_where_they_stand_for_many_and_not_where_for_none() -> None:
    _, off = with_agents(0.0)
    p, on = with_agents(0.5)
    assert np.abs(off.value("research_agents")).max() == 0
    assert np.abs(off.value("agents_cost")).max() == 0
    assert on.value("research_agents").max() > 1
    assert on.objective > off.objective
    talent = on.value("talent")
    during = (np.concatenate([[p.scalar("talent0")], talent[:-1]]) + talent) / 2
    counted = during + p["automation"] * on.value("research_agents")
    assert on.value("talent_index") == pytest.approx(counted / p.scalar("talent_ref"), rel=1e-6)


def test_their_cost_is_their_share_of_delivery_and_stands_under_research() -> None:
    _, on = with_agents(0.5)
    agents, delivered = on.value("research_agents"), on.value("delivery_compute")
    research, delivery = on.value("use_cost")
    moved = delivery * agents / delivered
    assert on.value("spend")[0] == pytest.approx(research + moved, rel=1e-9)
    assert on.value("spend")[1] == pytest.approx(delivery - moved, rel=1e-9)
    assert (on.value("segment_compute").sum(axis=0) + agents <= delivered * (1 + 1e-7)).all()


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ("countries.CHN.budget.cost_recovery = 0.2", "countries.CHN.budget.cost_recovery", "must be 0"),
        (
            "countries.USA.budget.category_floors.research = 0.3",
            "countries.USA.budget.category_floors.research",
            "no bound on `research` of USA",
        ),
        (
            "objectives.balanced.segment_weights.* = 0",
            "objectives.balanced.segment_weights",
            "asks nothing of delivery",
        ),
    ],
)
def test_what_excludes_them_is_an_error_that_names_its_cell(change: str, path: str, said: str) -> None:
    changes = [change]
    if "segment_weights" in change:
        changes.append("objectives.balanced.shortfall_penalty_per_log_unit = 0")
    patch(load("world-2026"), changes)
    with pytest.raises(InputError) as caught:
        patch(load("world-2026"), [*changes, ON])
    (one,) = caught.value.diagnostics
    assert one.path == path
    assert said in one.message


def test_the_leader_has_them_too() -> None:
    usa = resolve(patch(load("world-2026"), [ON]), "USA")
    assert (usa["automation"] == 0.01).all()
    assert np.isinf(usa["agents_limit"]).all()
