"""Rows of a study, solved from the base's plans, answer what a cold solve of the same scenario does."""

from __future__ import annotations

import importlib
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.parameters import TABLE, PlanParameters
from models.simulate import weight_of_time
from optimizer import load, patch
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import derived, rows
from optimizer.errors import InfeasibleError, InputError, StoppedError
from optimizer.instance import Instance, resolve, resolve_again
from optimizer.instance.checks import conflicts
from optimizer.solver import Solution, Solver
from optimizer.study.ask import Ask
from optimizer.study.batch import solving
from optimizer.study.batch.outcomes import Reader
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.solving import BatchQuestion, RowSolver, outcome_gap
from optimizer.study.country import finished
from optimizer.study.solve import solve_world
from tests.unit.staged_world import write_staged_world

OUTCOMES = ("lag_months/2035", "capability/2030", "spend_share/research/2030", "split/research", "binding")
PATCHES = (
    (),
    ("countries.CHN.budget.income_usd_bn *= 1.2",),
    ("countries.USA.budget.income_usd_bn *= 0.8", "countries.CHN.talent.researchers_thousand *= 1.1"),
    ("chips.*.unit_price_usd *= 0.9",),
    ("countries.CHN.budget.income_usd_bn *= 1e-9", "countries.CHN.budget.debt_limit_usd_bn = 0"),
    ("countries.CHN.budget.nonsense = 3",),
    ("leader = CHN",),
    ("horizon.last_year = 2034",),
)


@pytest.fixture(scope="module")
def world() -> Instance:
    return load("world-2026")


@pytest.fixture(scope="module")
def solver(world: Instance) -> RowSolver:
    return RowSolver(world, BatchQuestion(("CHN", "USA"), OUTCOMES))


@pytest.fixture(scope="module")
def first(solver: RowSolver) -> dict[int, tuple[RowResult, ...]]:
    """The answers to all patches, solved in their order."""
    return {number: tuple(solver.solve(Row(number, (), each))) for number, each in enumerate(PATCHES)}


def _answer(result: RowResult) -> tuple[object, ...]:
    """All of a result that is an answer."""
    return (
        result.number,
        result.country,
        result.status,
        result.how,
        result.objective,
        result.bound,
        result.gap,
        result.message,
        tuple(result.outcomes.items()),
    )


def test_rows_do_not_depend_on_what_was_solved_before(
    solver: RowSolver, first: dict[int, tuple[RowResult, ...]]
) -> None:
    scenarios = [Row(number, (), patches) for number, patches in enumerate(PATCHES)]
    random.Random(1).shuffle(scenarios)
    again = {row.number: [_answer(one) for one in solver.solve(row)] for row in scenarios}
    assert again == {number: [_answer(one) for one in found] for number, found in first.items()}


def test_rows_answer_what_a_cold_solve_answers(
    world: Instance, first: dict[int, tuple[RowResult, ...]]
) -> None:
    for number in (1, 2, 3):
        instance = patch(world, PATCHES[number])
        exact = solve_world(Ask(instance, ("CHN", "USA"), gap=1e-6))
        for result in first[number]:
            run = exact.countries[result.country]
            assert run.solution is not None
            assert run.values is not None
            assert result.status == "optimal"
            assert run.parameters is not None
            # a follower's program depends on the leader's plan, of which the gap leaves many
            width = (1e-3 if result.country == "CHN" else 1e-4) * weight_of_time(run.parameters)
            assert result.objective == pytest.approx(run.solution.certificate.upper, abs=width)
            lag = derived(run, exact.leader_run)["lag_months"]
            position = run.parameters.sets.periods.index("2035")
            assert result.outcomes["lag_months/2035"] == pytest.approx(lag[position], abs=0.1)


def test_what_a_row_does_not_reach_is_the_base_plan(solver: RowSolver) -> None:
    china, usa = solver.solve(Row(0, (), ("countries.CHN.talent.researchers_thousand *= 1.01",)))
    assert (china.how, usa.how) == ("solved", "same")
    assert usa.objective == solver.base()["USA"].solution.certificate.lower


def test_a_row_that_cannot_be_solved_says_why(solver: RowSolver) -> None:
    for result in solver.solve(Row(0, (), ("countries.CHN.budget.nonsense = 3",))):
        assert result.status == "failed"
        assert "unknown path" in result.message


def test_an_outcome_that_a_scenario_does_not_have_is_missing_and_the_others_stay(solver: RowSolver) -> None:
    for result in solver.solve(Row(0, (), ("horizon.last_year = 2034",))):
        assert result.status == "optimal"
        assert "lag_months/2035" not in result.outcomes
        assert "capability/2030" in result.outcomes


def test_a_held_leader_keeps_its_path_but_has_a_plan_of_its_own(world: Instance, solver: RowSolver) -> None:
    held = RowSolver(world, BatchQuestion(("CHN", "USA"), OUTCOMES, leader="hold"))
    row = Row(0, (), ("countries.USA.budget.income_usd_bn *= 0.8",))
    china, usa = held.solve(row)
    answered = {result.country: result for result in solver.solve(row)}
    assert usa.how == "solved"
    assert usa.objective == answered["USA"].objective
    base = solver.base()["CHN"]
    assert china.outcomes["lag_months/2035"] == pytest.approx(
        float(solver.solve(Row(0, (), ()))[0].outcomes["lag_months/2035"]), abs=1.0
    )
    assert answered["CHN"].outcomes["lag_months/2035"] < china.outcomes["lag_months/2035"]
    assert base.status == "optimal"
    assert held.solve(Row(0, (), ("leader = CHN",)))[0].status == "failed"


def test_outcomes_of_other_sets_are_refused(world: Instance) -> None:
    sets = resolve(world, "USA").sets
    for name in ("lag_months/2041", "split/resaerch", "lag_months/research/2035", "lag_month/2035"):
        assert Reader([name, "lag_months/2035"], sets).lacking == (name,)
        with pytest.raises(InputError, match=name):
            RowSolver(world, BatchQuestion(("CHN",), (name,)))


def test_outcomes_are_those_of_the_strategy(world: Instance) -> None:
    names = ("lag_months/2035", "stock/nv_b200/research/2030", "shadow_price/budget/2027", "split/talent")
    solver = RowSolver(world, BatchQuestion(("CHN",), names))
    (result,) = solver.solve(Row(0, (), ()))
    run = solver.base()["CHN"]
    found = {(row.metric, row.item, row.period): row.value for row in rows(run, None)}
    for name in names[:3]:
        metric, *item, period = name.split("/")
        assert result.outcomes[name] == found[metric, "/".join(item), period]
    spent = sum(value for (metric, _, _), value in found.items() if metric == "spend")
    own = sum(value for (metric, item, _), value in found.items() if (metric, item) == ("spend", "talent"))
    assert result.outcomes["split/talent"] == pytest.approx(own / spent)


def test_a_base_without_a_plan_is_refused(world: Instance) -> None:
    with pytest.raises(StoppedError, match="USA has no certified plan"):
        RowSolver(world, BatchQuestion(("CHN",), ("lag_months/2035",), time_limit=0.0))
    poor = patch(world, ["countries.CHN.budget.cash0_usd_bn = -100000"])
    with pytest.raises(InfeasibleError, match="CHN has no certified plan in the study's base: no plan sat"):
        RowSolver(poor, BatchQuestion(("CHN",), ("lag_months/2035",)))


def test_rows_that_report_plans_are_solved_more_finely(first: dict[int, tuple[RowResult, ...]]) -> None:
    (china, _) = first[3]
    assert china.gap is not None
    assert china.gap <= 2e-5
    assert [outcome_gap(gap) for gap in (1e-3, 1e-4, 5e-5, 1e-6)] == pytest.approx([2e-4, 2e-5, 2e-5, 1e-6])


def test_plans_in_whole_steps_are_solved_to_the_gap_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    solve = Solver.solve

    def noted(self: Solver, *arguments: Any, **options: Any) -> Solution:
        asked.append((options["gap"], options["start"] is not None))
        return solve(self, *arguments, **options)

    monkeypatch.setattr(Solver, "solve", noted)
    staged = load(write_staged_world(tmp_path / "world"))
    rows = RowSolver(staged, BatchQuestion(("CHN",), ("lag_months/2028",), gap=3e-4))
    assert rows.plan_solver.whole_steps
    (row,) = rows.solve(Row(0, (), ("countries.CHN.budget.income_usd_bn *= 1.1",)))
    assert row.status == "optimal"
    assert row.gap is not None
    assert row.gap <= 3e-4
    # the leader's plan, the base's, and the row's from there
    assert asked == [(3e-4, False), (3e-4, False), (3e-4, True)]


def test_ranges_that_are_not_known_in_time_are_left_out_and_told(solver: RowSolver) -> None:
    run = solver.base()["CHN"]
    assert run.leader is not None
    late = finished(solver.plan_solver, run, run.leader, True, time_limit=1e-9)
    assert not late.ranges
    assert [each.code for each in late.diagnostics] == ["S115"]


def test_a_row_that_stops_within_the_gap_asked_for_is_optimal(
    solver: RowSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = RowSolver._solved_finely

    def stopped(self: RowSolver, parameters: PlanParameters) -> CountryRun:
        run = solve(self, parameters)
        assert run.solution is not None
        return replace(
            run, status="stopped", solution=replace(run.solution, status="stopped", message="late")
        )

    monkeypatch.setattr(RowSolver, "_solved_finely", stopped)
    (china, _) = solver.solve(Row(3, (), PATCHES[3]))
    assert (china.status, china.message) == ("optimal", "")


def test_a_base_that_stops_within_the_gap_asked_for_is_an_anchor(
    solver: RowSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An anchor is solved finer than asked, which an integer program under a time limit may not reach."""
    known = solver.base()["USA"]
    assert known.solution is not None
    assert known.parameters is not None
    late = replace(known, status="stopped", solution=replace(known.solution, status="stopped"))
    monkeypatch.setattr(solver, "_anchors", dict(solver._anchors))
    monkeypatch.setattr(solving, "solve_country", lambda *_, **_more: late)
    assert solver._anchor(known.parameters, known.leader, None).run.status == "optimal"
    far = replace(known.solution.certificate, upper=known.solution.certificate.upper + 1.0, gap=1e-2)
    late = replace(late, solution=replace(known.solution, status="stopped", certificate=far))
    with pytest.raises(StoppedError):
        solver._anchor(known.parameters, known.leader, None)


def test_resolving_again_is_resolving(world: Instance) -> None:
    before = resolve(world, "USA")
    cells = [cell.path for cell in world.cells()]
    for path in random.Random(3).sample(cells, 60):
        try:
            changed = patch(world, [f"{path} *= 1.01"])
            whole = resolve(changed, "USA")
        except InputError:
            continue
        again = resolve_again(before, changed, [one.path for one in changed.applied], None, None, True)
        assert again.sets == whole.sets
        for name in TABLE:
            assert np.array_equal(again[name], whole[name], equal_nan=True), (path, name)


WRONG = (
    "countries.CHN.budget.cost_recovery = 0.999",
    "rules.us_2026_case_by_case.cap_value *= 2",
    "chips.nv_h200.end_of_sale = 2020-01-01",
    "countries.CHN.fleet.chips.nothing = 3",
    "segments.agents.delivery_share *= 2",
    "market.world_spend_usd_bn = {value: 1, low: 0.5, high: 2, source: nowhere}",
    "countries.CHN.budget.home_return = {value: 1, low: 0.5, high: 2, source: nowhere}",
    "countries.IND.budget.interest_per_year = -0.9",
    "lines.n7.previous = n7",
)


@pytest.mark.parametrize("text", WRONG)
def test_what_may_be_wrong_after_a_patch_is_looked_for(
    world: Instance, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking only where a patch reaches finds what looking everywhere does."""

    def problems() -> list[str]:
        try:
            patch(world, [text])
        except InputError as error:
            return [str(each) for each in error.diagnostics]
        return []

    found = problems()
    module = importlib.import_module("optimizer.instance.patch")
    monkeypatch.setattr(module, "conflicts", lambda instance, places: conflicts(instance))
    assert problems() == found


def test_objectives_alone_may_be_proven_without_a_solve(world: Instance, solver: RowSolver) -> None:
    """Their bounds hold against a plan that is solved, and no other outcome is told of them."""
    alone = RowSolver(world, BatchQuestion(("CHN",), ("objective",), leader="hold"))
    found = []
    for number, path in enumerate(
        ("budget.debt_limit_usd_bn", "talent.attrition_per_year", "power.build_limit_gw_per_year")
    ):
        row = Row(number, (), (f"countries.CHN.{path} *= 1.02",))
        (proven,) = alone.solve(row)
        solved = solver.solve(row)[0]
        found.append(proven.how)
        assert proven.status == "optimal"
        assert not proven.outcomes
        assert proven.objective <= solved.bound + 1e-9
        assert solved.objective <= proven.bound + 1e-9
    assert "certified" in found


def test_beside_a_leader_that_is_not_certified_nothing_counts_as_optimal(
    world: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time runs out for the leader alone: its followers' plans are optimal beside a plan that need not be."""
    solver = RowSolver(world, BatchQuestion(("CHN",), ("lag_months/2035",)))
    solving = RowSolver._solved

    def late(self: RowSolver, parameters: PlanParameters) -> CountryRun:
        seconds = 0.0 if parameters.country == "USA" else None
        monkeypatch.setattr(self, "question", replace(self.question, time_limit=seconds))
        return solving(self, parameters)

    monkeypatch.setattr(RowSolver, "_solved", late)
    (china,) = solver.solve(Row(0, (), ("countries.USA.budget.income_usd_bn *= 0.8",)))
    assert china.status == "stopped"
    assert china.gap is not None
    assert china.gap <= 1e-4
    assert "the leader USA stopped" in china.message
