"""What a terminal is told while plans are solved."""

from __future__ import annotations

import io

import pytest

from optimizer import load
from optimizer.cli import progress
from optimizer.cli.progress import PlanProgress, plan_progress
from optimizer.instance.policy import draft_of
from optimizer.study.ask import Ask
from optimizer.study.compare import compare_scenarios
from optimizer.study.scenarios import Solved

RICHER = "countries.{}.budget.income_usd_bn *= 1.1"


def test_every_plan_of_a_comparison_is_told_as_it_is_solved(world: str) -> None:
    drafts = [
        draft_of("rich", [RICHER.format("CHN")]),
        draft_of("rich leader", [RICHER.format("USA")]),
        draft_of("dear", ["countries.CHN.power.electricity_price_usd_per_kwh *= 2"]),
    ]
    policies = tuple(draft.policy for draft in drafts if draft.policy is not None)
    told: list[Solved] = []
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
