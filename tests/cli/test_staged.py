"""The staged industry through the commands."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.parameters import PlanParameters
from optimizer.solver import Solution
from optimizer.study.plan_solver import AnchoredPlan
from tests.cli.conftest import Outcome, Run, run_kloof
from tests.unit.staged_world import write_staged_world


@pytest.fixture(scope="module")
def staged_world(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_staged_world(tmp_path_factory.mktemp("staged") / "world"))


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory, staged_world: str) -> tuple[Outcome, Path]:
    place = tmp_path_factory.mktemp("solved")
    done = run_kloof(place, "solve", staged_world, "--country", "CHN", "--out", "run", "--plot", "plan.svg")
    assert done.code == 0, done.err
    return done, place / "run"


def test_a_plan_says_what_it_learns_and_unlocks(solved: tuple[Outcome, Path]) -> None:
    done, run = solved
    assert re.search(r"n7 level of learning +2 +2 +2", done.out)
    assert re.search(r"n7 good dies, % +50 +50 +50", done.out)
    assert "unlocked: n5: not in the plan; euv: not in the plan" in done.out
    assert "levels of learning at the end: n7: 2 of 3 (50% good dies)" in done.out
    assert "prices hold with levels, unlocked nodes and fabs as in the plan" in done.out
    top = json.loads((run / "summary.json").read_text())["countries"]["CHN"]["headline"]["stages"]
    assert top["unlocked"] == {"n5": None, "euv": None}
    assert top["reached"] == {"n7": {"level": 2, "levels": 3, "good_share": 0.5}}
    # home-made against all, from the table of the plan
    rows = list(csv.DictReader((run / "strategy.csv").open()))
    last = {row["metric"]: float(row["value"]) for row in rows if row["period"] == "2028" and not row["item"]}
    assert top["home_share"] == pytest.approx(last["home_added"] / last["all_added"])
    assert top["home_ratio"] == pytest.approx(last["home_added"] / last["leader_added"])


def test_a_plan_is_drawn(solved: tuple[Outcome, Path]) -> None:
    drawn = (solved[1].parent / "plan.svg").read_text()
    for title in (
        "CHN: What the budget is used for",
        "CHN: Lag: ",
        "CHN: Output at home against market supply",
        "CHN: Fabs ordered by line",
        "CHN: Good dies by line",
    ):
        assert title in drawn
    # the legend names what the page's text would
    assert all(f">{name}<" in drawn for name in ("research", "talent", "within reach abroad"))
    # every colour of the page is one of a picture
    assert "var(--" not in drawn


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--plot", "plan.pdf"), "error[E718]"),
        (("--plot", "missing/plan.png"), "error[E605]"),
        (("--plot", "plan.png", "--no-save"), "leave out --no-save"),
        (("--next-dollar", "0"), "--next-dollar"),
        (("--next-dollar", "1", "--set", "industry=path"), "error[E610]"),
        (("--next-dollar", "1", "--view", "2"), "error[E609]"),
    ],
)
def test_what_cannot_be_drawn_or_valued_is_said_first(
    staged_world: str, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    done = run_kloof(tmp_path, "solve", staged_world, "--country", "CHN", *more)
    assert done.code not in (0, 1)
    assert said in done.err
    assert not list(tmp_path.iterdir())


def test_the_next_dollar_is_told_where_it_was_asked_for(staged_world: str, tmp_path: Path) -> None:
    asked = ("--country", "CHN", "--next-dollar", "1", "--out", "run")
    done = run_kloof(tmp_path, "solve", staged_world, *asked)
    assert done.code == 0, done.err
    assert "what the next dollar for the chip industry brings" in done.out
    assert re.search(r"memory plants: 20 PB a year from 2028 +1\.0 ", done.out)
    plan = json.loads((tmp_path / "run" / "summary.json").read_text())["countries"]["CHN"]
    kinds = {one["kind"] for one in plan["next_dollar"]}
    assert kinds == {"cash", "research", "programme", "fab", "memory", "packaging"}
    told = run_kloof(tmp_path, "explain", "run")
    assert "memory plants" in told.out
    assert "cannot be told apart at these gaps" in told.out


def test_the_gap_of_a_staged_plan_is_wider_unless_one_is_given(
    solved: tuple[Outcome, Path], kloof: Run, world: str
) -> None:
    manifest = json.loads((solved[1] / "manifest.json").read_text())
    assert manifest["options"]["gap"] == 1e-4
    assert "--country" in kloof("solve", "--help").out
    path = kloof("solve", world, "--country", "CHN", "--out", "path")
    assert path.code == 0, path.err


def test_a_staged_plan_loses_nothing_against_itself(solved: tuple[Outcome, Path], staged_world: str) -> None:
    plan = str(solved[1] / "strategy.csv")
    done = run_kloof(solved[1].parent, "evaluate", staged_world, "--country", "CHN", "--plan", plan)
    assert done.code == 0, done.err
    assert "It keeps every limit." in done.out
    assert "gives away nothing" in done.out


def test_a_plan_that_claims_a_yield_it_has_not_earned_breaks_a_row(
    solved: tuple[Outcome, Path], staged_world: str
) -> None:
    text = (solved[1] / "strategy.csv").read_text()
    # at the highest level from the first period on
    claimed = re.sub(r"^(CHN,[^,]*,\d+,level,n7/l2,0/1,)1.0$", r"\g<1>0.0", text, flags=re.MULTILINE)
    claimed = re.sub(r"^(CHN,[^,]*,\d+,level,n7/l3,0/1,)0.0$", r"\g<1>1.0", claimed, flags=re.MULTILINE)
    assert claimed != text
    plan = solved[1].parent / "claimed.csv"
    plan.write_text(claimed)
    done = run_kloof(solved[1].parent, "evaluate", staged_world, "--country", "CHN", "--plan", str(plan))
    assert done.code != 0
    assert "level_earned" in done.out


def test_explain_and_report_read_a_staged_run(solved: tuple[Outcome, Path]) -> None:
    run = str(solved[1])
    told = run_kloof(solved[1].parent, "explain", run)
    assert told.code == 0, told.err
    assert "with its integers" in told.out
    assert "at most" not in told.out.partition("Prices of")[0]
    made = run_kloof(solved[1].parent, "report", run, "--out", "page.html")
    assert made.code == 0, made.err
    page = (solved[1].parent / "page.html").read_text()
    for title in ("Compute added: made at home against all", "Output at home against market supply"):
        assert title in page


def test_prices_of_a_staged_plan_say_what_they_hold(solved: tuple[Outcome, Path]) -> None:
    rows = list(csv.DictReader((solved[1] / "strategy.csv").open()))
    said = {
        row["metric"].startswith("shadow_price")
        for row in rows
        if row["unit"].endswith(", levels, unlocked nodes and fabs held")
    }
    assert said == {True}
    priced = [row["unit"] for row in rows if row["metric"].startswith("shadow_price")]
    assert all(unit.endswith("fabs held") for unit in priced)


def test_a_comparison_has_the_long_game_of_every_policy(staged_world: str, tmp_path: Path) -> None:
    policy = tmp_path / "better.yaml"
    policy.write_text("title: Better dies\npatches:\n  - staged.lines.n7.levels.grown.yield = 0.6\n")
    done = run_kloof(
        *(tmp_path, "compare", staged_world, "--country", "CHN", "--policy", str(policy)),
        *("--out", "run", "--plot", "policies.svg"),
    )
    assert done.code == 0, done.err
    drawn = (tmp_path / "policies.svg").read_text()
    assert "CHN: Compute made at home under each policy" in drawn
    assert re.search(r"baseline +- +- +50 ", done.out)
    assert re.search(r"better +- +- +60 ", done.out)


def test_a_sweep_solves_staged_plans(staged_world: str, tmp_path: Path) -> None:
    vary = "countries.CHN.industry.know_how_transfer = [0.2, 0.8]"
    done = run_kloof(
        tmp_path, "sweep", staged_world, "--country", "CHN", "--vary", vary, "--store", "s.study"
    )
    assert done.code == 0, done.err
    assert "countries.CHN.industry.know_how_transfer" in done.out


def test_bands_of_staged_plans_count_the_draws_that_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = write_staged_world(tmp_path / "world")
    china = world / "countries" / "CHN.yaml"
    told = china.read_text().replace(
        "interest_per_year: 0.03", "interest_per_year: {value: 0.03, low: 0.02, high: 0.05}"
    )
    china.write_text(
        told.replace("research_share: 0.25", "research_share: {value: 0.25, low: 0.2, high: 0.3}")
    )
    asked = ("solve", "world", "--country", "CHN", "--bands", "--draws", "4", "--jobs", "1", "--no-save")
    done = run_kloof(tmp_path, *asked, "--format", "json", "--store", "whole.study")
    assert done.code == 0, done.err
    assert not json.loads(done.out)["bands"]["missing"]
    # a tree that is out of time leaves a plan, and the draw is not counted
    anchored = AnchoredPlan.solve
    calls = []

    def late(self: AnchoredPlan, parameters: PlanParameters, **options: Any) -> Solution:
        found = anchored(self, parameters, **options)
        calls.append(found)
        wide = replace(found.certificate, gap=1.0)
        return found if len(calls) > 1 else replace(found, status="stopped", message="late", certificate=wide)

    monkeypatch.setattr(AnchoredPlan, "solve", late)
    again = run_kloof(tmp_path, *asked, "--format", "json", "--gap", "2e-4", "--store", "late.study")
    bands = json.loads(again.out)["bands"]
    assert [(one["status"], one["draws"]) for one in bands["missing"]] == [("stopped", 1)]
    assert {one["missing"] for one in bands["numbers"]} == {1}
    assert again.code == 1


def test_a_staged_plan_that_is_stopped_is_not_called_optimal(staged_world: str, tmp_path: Path) -> None:
    done = run_kloof(tmp_path, "solve", staged_world, "--country", "CHN", "--time-limit", "0.01", "--no-save")
    assert done.code != 0
    assert "optimal" not in done.out


def test_the_true_program_is_exported_with_its_integers(staged_world: str, tmp_path: Path) -> None:
    done = run_kloof(tmp_path, "export", staged_world, "--country", "CHN", "--to", "plan.nl")
    assert done.code == 0, done.err
    header = (tmp_path / "plan.nl").read_text().splitlines()[6]
    binaries, integers = map(int, header.split()[:2])
    # levels and nodes of two lines and two classes of tools; modules of n7 alone: n5 has fabs of any size
    assert (binaries, integers) == (9 * (2 * 3 + 2 + 2), 9)
