"""Followers of a leader whose plan is not certified: marked wherever they are told of, never exit code 0."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import load, solve
from optimizer.cli import main
from optimizer.solver import Solution
from optimizer.study.plan_solver import PlanSolver

Kloof = Callable[..., int]


@pytest.fixture
def kloof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kloof:
    """The command in this process, in an empty directory, where every leader stops with a gap of 2e8."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    stop_leaders(monkeypatch, 2e8)
    return lambda *arguments: main.main(list(map(str, arguments)), standalone_mode=False)


def stop_leaders(monkeypatch: pytest.MonkeyPatch, gap: float) -> None:
    real = PlanSolver.solve

    def stopped(self: PlanSolver, parameters: Any, **options: Any) -> Solution:
        solution = real(self, parameters, **options)
        if parameters.country != "USA":
            return solution
        upper = solution.certificate.lower + 10 * gap
        return replace(
            solution, status="stopped", certificate=replace(solution.certificate, gap=gap, upper=upper)
        )

    monkeypatch.setattr(PlanSolver, "solve", stopped)


def test_solve_marks_and_warns_and_what_reads_the_run_does_too(
    kloof: Kloof, world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kloof("solve", world, "--country", "CHN", "--out", "run") == 1
    shown = capsys.readouterr()
    line = next(line for line in shown.out.splitlines() if line.startswith("CHN"))
    assert line.endswith("^")
    assert max(len(line) for line in shown.out.partition("\n\n")[2].partition("\n\n")[0].splitlines()) <= 120
    assert "1 optimal^" in shown.out
    assert "^ follows a plan of USA that is not certified" in shown.out
    assert "optimal, beside a leader that is not certified" in shown.out
    assert "warning[S110]: the leader USA stopped at a gap of 2e+08 log units" in shown.err
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert data["status"] == "provisional"
    assert data["countries"]["CHN"]["status"] == "optimal"
    assert data["countries"]["CHN"]["leader_gap"] == 2e8
    assert "S110" in {each["code"] for each in data["countries"]["CHN"]["diagnostics"]}
    assert "CHN,,2026,leader_gap,,log units,200000000.0" in (tmp_path / "run" / "strategy.csv").read_text()

    assert kloof("explain", "run") == 1
    shown = capsys.readouterr()
    assert "beside a leader of gap 2e+08: not certified" in shown.out
    assert "warning[S110]" in shown.err
    assert kloof("explain", "run", "--format", "csv") == 1
    assert capsys.readouterr().out.splitlines()[1].endswith(",200000000.0")

    assert kloof("report", "run") == 1
    assert "warning[S110]" in capsys.readouterr().err
    page = (tmp_path / "run" / "report.html").read_text()
    assert "optimal, leader not certified" in page
    assert "Follows a leader whose plan is not certified" in page
    assert "Optimal strategy of" not in page

    plan = tmp_path / "run" / "strategy.csv"
    assert kloof("evaluate", world, "--country", "CHN", "--plan", plan) == 1
    shown = capsys.readouterr()
    assert "Both follow a plan of USA that is not certified" in shown.out
    assert "It keeps every limit." in shown.out
    assert "warning[S110]" in shown.err


def test_a_leader_alone_is_stopped_and_with_its_followers_mixed(
    kloof: Kloof, world: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kloof("solve", world, "--country", "USA", "--no-save", "--format", "json") == 4
    assert json.loads(capsys.readouterr().out)["status"] == "stopped"
    assert kloof("solve", world, "--no-save", "--format", "json") == 1
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == "mixed"
    assert "leader_gap" in data["countries"]["CHN"]
    assert "leader_gap" not in data["countries"]["USA"]


def test_programs_and_parameters_that_rest_on_such_a_leader_say_so(
    kloof: Kloof, world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kloof("export", world, "--country", "CHN", "--to", "china.mps") == 1
    assert (tmp_path / "china.mps").exists()
    assert "warning[S110]" in capsys.readouterr().err
    assert kloof("inspect", world, "--country", "CHN", "--parameter", "leader_capability") == 1
    assert "warning[S110]" in capsys.readouterr().err
    assert kloof("inspect", world, "--country", "USA", "--parameter", "income") == 0


def test_the_api_says_so_too(world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    certified = solve(load(world), ["CHN"]).certificates
    assert math.isnan(certified["leader_gap"][0])
    stop_leaders(monkeypatch, 0.5)
    assert solve(load(world), ["CHN"]).certificates["leader_gap"][0] == 0.5


@pytest.mark.parametrize("gap", [2e8, math.inf])
def test_a_comparison_prints_what_is_known_beside_a_gap_that_is_not(
    kloof: Kloof,
    world: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    gap: float,
) -> None:
    stop_leaders(monkeypatch, gap)
    change = "title: Richer\npatches: ['countries.USA.budget.income_usd_bn *= 1.01']\n"
    (tmp_path / "richer.yaml").write_text(change)
    compared = ("compare", world, "--policy", "richer.yaml", "--out", "run", "--jobs", "1")
    assert kloof(*compared, "--country", "CHN", "--country", "USA") == 1
    shown = capsys.readouterr()
    assert "richer^" in shown.out
    assert "baseline^" in shown.out
    assert "2 optimal^, 2 stopped, gap <= " in shown.out
    known = "unknown" if math.isinf(gap) else "2e+08"
    assert f"gap <= {known}" in shown.out
    assert "≈" in shown.out
    assert shown.err.count("warning[S110]") == 1
    row = next(
        line
        for line in (tmp_path / "run" / "comparison.csv").read_text().splitlines()
        if "leader_gap" in line
    )
    assert row.startswith(f"CHN,baseline,leader_gap,,,log units,{gap!r},")
    assert kloof("report", "run") == 1
    assert kloof("explain", "run") == 1
    capsys.readouterr()
    assert kloof(*compared, "--country", "CHN", "--format", "json") == 1
    json.loads(capsys.readouterr().out)
