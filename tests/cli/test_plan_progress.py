"""What a terminal is told while plans are solved."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest

from optimizer import load
from optimizer.cli import progress
from optimizer.cli.progress import PlanProgress, plan_progress
from optimizer.instance.policy import draft_of
from optimizer.solver import integer, tree
from optimizer.solver.progress import Progress
from optimizer.study.ask import Ask
from optimizer.study.compare import compare_scenarios
from optimizer.study.telling import Searching, Solved
from tests.unit.staged_world import write_staged_world

RICHER = "countries.{}.budget.income_usd_bn *= 1.1"


def test_every_plan_of_a_comparison_is_told_as_it_is_solved(world: str) -> None:
    drafts = [
        draft_of("rich", [RICHER.format("CHN")]),
        draft_of("rich leader", [RICHER.format("USA")]),
        draft_of("dear", ["countries.CHN.power.electricity_price_usd_per_kwh *= 2"]),
    ]
    policies = tuple(draft.policy for draft in drafts if draft.policy is not None)
    told: list[Solved | Searching] = []
    found = compare_scenarios(Ask(load(world), ("CHN",), policies=policies, gap=1e-4, jobs=1), told.append)
    assert all(column.countries["CHN"].solved for column in found.worlds)
    # two plans of the leader, then four of China
    assert told == [
        *(Solved("USA", plans, 2) for plans in range(3)),
        *(Solved("CHN", plans, 4) for plans in range(1, 5)),
    ]


def test_a_line_says_which_column_and_how_many_countries() -> None:
    tell = PlanProgress(("USA", "CHN", "JPN"))
    steps = [Solved("USA", 0, 1), Solved("USA", 1, 1), Solved("CHN", 1, 3), Solved("CHN", 3, 3)]
    assert [tell.line(step) for step in steps] == [
        "solving USA",
        "USA done (1 of 3)",
        "CHN: 1 of 3 columns (1 of 3 countries done)",
        "CHN done (2 of 3)",
    ]
    unasked = PlanProgress(("CHN",))
    assert unasked.line(Solved("USA", 1, 1)) == "USA done, whom the others follow"
    assert unasked.line(Solved("CHN", 1, 1)) == "CHN done (1 of 1)"


def test_only_a_terminal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    assert plan_progress(("CHN",), quiet=False) is None
    monkeypatch.setattr(progress.sys, "stderr", Terminal())
    assert plan_progress(("CHN",), quiet=True) is None
    tell = plan_progress(("CHN",), quiet=False)
    assert tell is not None
    tell(Solved("CHN", 1, 2))
    assert progress.sys.stderr.getvalue() == "\r\x1b[KCHN: 1 of 2 columns (0 of 1 countries done)"


def test_a_tree_is_told_on_a_terminal_and_in_a_log_with_verbose(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Searching("CHN", "euv_sold", Progress(151.625, 151.25, 0.0031, 1204, 40.0))
    begun = Searching("CHN", "", Progress(151.625, -math.inf, math.inf, 0, math.inf))
    tell = PlanProgress(("CHN",))
    text = "CHN in euv_sold: bound 151.625, plan 151.25, gap 3e-03, 1,204 nodes, 40 s left"
    assert tell.line(found) == text
    assert tell.line(begun) == "CHN: bound 151.625, no plan yet, 0 nodes"
    log = io.StringIO()
    monkeypatch.setattr(progress.sys, "stderr", log)
    told = plan_progress(("CHN",), quiet=False, verbose=True)
    assert told is not None
    for said in (Solved("USA", 1, 1), found, begun, Solved("CHN", 1, 1)):
        told(said)
    # a line now and then, and of plans none
    assert log.getvalue() == f"{text}\n"


def test_trees_of_staged_plans_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TELL_EVERY_SECONDS", 0.0)
    # so small a plan needs no tree where the nearest whole numbers are tried first
    monkeypatch.setattr(integer._Rounds, "_first_plan", lambda _: None)
    world = load(write_staged_world(tmp_path / "world"))
    told: list[Solved | Searching] = []
    ask = Ask(world, ("CHN",), policies=(), gap=1e-4, jobs=1)
    assert compare_scenarios(ask, told.append).worlds[0].countries["CHN"].solved
    trees = [said for said in told if isinstance(said, Searching)]
    assert {(said.country, said.scenario) for said in trees} >= {("CHN", "baseline")}
    assert all(said.tree.bound >= said.tree.plan - 1e-6 for said in trees)
