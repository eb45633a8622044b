"""Work on several processes: results are those of one, and a process that is killed loses little."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

import optimizer.study.scenarios as scenarios
from optimizer.answer.run import FAILED, OPTIMAL, WorldRun
from optimizer.answer.strategy import csv_text
from optimizer.errors import Diagnostic, SolverError
from optimizer.instance import Instance, Policy, load, parse_patch
from optimizer.study.ask import Ask
from optimizer.study.runner import run_each
from optimizer.study.scenarios import solve_scenarios
from optimizer.study.solve import solve_world

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(TEMPLATE)


@pytest.fixture(params=["fork", "spawn"])
def method(request: pytest.FixtureRequest) -> Iterator[str]:
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


def nothing_lost(item: object, how: str) -> Any:
    raise AssertionError(f"{item} {how}")


def solved(world: Instance, jobs: int) -> list[WorldRun]:
    """Three scenarios, each of another leader, with rows of the user's and all worths solved."""

    def extend(model: Any) -> None:
        model.total_is_positive = pyo.Constraint(model.PERIODS, rule=lambda model, t: model.total[t] >= 0)

    income = "countries.USA.budget.income_usd_bn *="
    rich, led = (
        Policy(name, "", "", (), (parse_patch(f"{income} {factor}"),))
        for name, factor in (("rich", 2), ("led", 3))
    )
    ask = Ask(world, ("USA", "CHN"), policies=(rich, led), jobs=jobs, extension=extend, worths=True)
    return solve_scenarios(ask)


@pytest.fixture(scope="module")
def alone(world: Instance) -> list[WorldRun]:
    """All of it solved in this process, which starts none."""
    return solved(world, 1)


def test_results_are_the_same_however_processes_start(
    world: Instance, alone: list[WorldRun], method: str
) -> None:
    for one, two in zip(alone, solved(world, 2), strict=True):
        assert csv_text(one) == csv_text(two)
        for country, run in one.countries.items():
            other = two.countries[country]
            assert run.status == OPTIMAL
            assert run.facts == other.facts
            assert run.facts is not None
            assert any(fact.solved is not None for fact in run.facts)
            assert run.solution is not None
            assert other.solution is not None
            np.testing.assert_array_equal(run.solution.x, other.solution.x)
            np.testing.assert_array_equal(run.solution.dual("budget"), other.solution.dual("budget"))
    assert not multiprocessing.active_children()


def killed(by: Callable[[int], bool]) -> Callable[[int], int]:
    """A task whose process is killed where `by` says so of the item."""

    def task(item: int) -> int:
        if by(item):
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item

    return task


def test_an_item_whose_process_is_killed_is_tried_once_more(tmp_path: Path, method: str) -> None:
    mark = tmp_path / "mark"

    def first_time(item: int) -> bool:
        if item != 2 or mark.exists():
            return False
        mark.touch()
        return True

    assert list(run_each(killed(first_time), range(5), 2, nothing_lost)) == [0, 1, 4, 9, 16]
    assert mark.exists()
    assert not multiprocessing.active_children()


def test_an_item_that_kills_every_process_is_lost_alone(method: str) -> None:
    found = run_each(killed(lambda item: item == 2), range(5), 2, lambda item, how: f"{item} {how}")
    assert list(found) == [0, 1, "2 was killed (SIGKILL)", 9, 16]
    assert not multiprocessing.active_children()


def test_a_forked_process_knows_the_script_that_it_is_of() -> None:
    names = set(vars(sys.modules["__main__"]))
    same = run_each(lambda item: set(vars(sys.modules["__main__"])), range(3), 2, nothing_lost)
    assert all(found >= names for found in same)


def test_an_error_comes_through_whole_and_ends_the_processes(method: str) -> None:
    def task(item: int) -> int:
        raise SolverError(Diagnostic("S101", f"number {item}"))

    with pytest.raises(SolverError) as caught:
        list(run_each(task, range(3), 2, nothing_lost))
    assert caught.value.diagnostics[0].message.startswith("number ")
    assert "in task" in caught.value.__notes__[0]
    assert not multiprocessing.active_children()


def test_a_country_whose_process_is_killed_fails_and_the_others_stay(
    world: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve, parent = scenarios.solve_country, os.getpid()

    def fatal(plan_solver: Any, parameters: Any, *arguments: Any) -> Any:
        if os.getpid() != parent and parameters.country == "CHN":
            os.kill(os.getpid(), signal.SIGKILL)
        return solve(plan_solver, parameters, *arguments)

    monkeypatch.setattr(scenarios, "solve_country", fatal)
    twin = world.countries["USA"]
    several = world.model_copy(update={"countries": {**world.countries, "TWI": twin}})
    run = solve_world(Ask(several, jobs=2))
    assert {name: each.status for name, each in run.countries.items()} == {
        name: FAILED if name == "CHN" else OPTIMAL for name in several.countries
    }
    (problem,) = run.countries["CHN"].diagnostics
    assert problem.code == "S113"
    assert problem.message.startswith("CHN: the process at work on it was killed (SIGKILL)")


INTERRUPTED = """
import multiprocessing, os, signal, time
from optimizer.study.runner import run_each

def task(item):
    import pyomo.environ
    time.sleep(60 if item else 0)
    return item

if {guard}:
    multiprocessing.set_start_method("{method}")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for done in run_each(task, range(4), 2, None):
            print(done, flush=True)
            os.killpg(0, signal.SIGINT)
            time.sleep(1)
    except KeyboardInterrupt:
        print("interrupted", multiprocessing.active_children())
"""


@pytest.mark.parametrize("guard", ['__name__ == "__main__"', "True"])
def test_an_interrupt_ends_all_processes_without_a_word(tmp_path: Path, method: str, guard: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.format(method=method, guard=guard))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0\ninterrupted []\n"
