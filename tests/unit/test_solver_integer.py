"""What a tree leaves when it is stopped, what it is asked for, and what it says meanwhile."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.sparse import csr_array

from optimizer.program import compile_model
from optimizer.solver import Solver, integer, integer_program, solve_model, tree
from optimizer.solver.integer_program import Outer, integer_optimum
from optimizer.solver.progress import Progress
from optimizer.solver.reduction import Reduction
from tests.unit.engine_models import disc_with_integer

WEIGHTS = [31, 43, 27, 58, 39, 22, 47, 35, 52, 29]


def knapsack(limit: float = 180.0) -> Any:
    """A concave value of whole amounts under a limit of weight, with a limit that may change."""
    m = pyo.ConcreteModel()
    m.limit = pyo.Param(initialize=limit, mutable=True)
    m.x = pyo.Var(range(10), bounds=(0, 4), within=pyo.Integers)
    m.y = pyo.Var(bounds=(0, 10))
    m.weight = pyo.Constraint(expr=sum(w * m.x[i] for i, w in enumerate(WEIGHTS)) + m.y <= m.limit)
    value = sum((w + i) * pyo.log(1 + m.x[i]) for i, w in enumerate(WEIGHTS))
    m.value = pyo.Objective(expr=value + pyo.sqrt(m.y + 1), sense=pyo.maximize)
    return m


def stopped_tree(points: bool, after: int = 0) -> Any:
    """Trees that run out of time, with the points they have by then or without any; whole ones before."""
    calls = []

    def found(*arguments: Any, **options: Any) -> Outer:
        outer = integer_optimum(*arguments, **options)
        calls.append(options)
        if len(calls) <= after:
            return outer
        return replace(outer, status="stopped", level=outer.level + 1.0, points=outer.points[:1] * points)

    return found


def test_a_stopped_tree_leaves_its_plan_and_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    best = solve_model(knapsack(), gap=1e-6).objective
    monkeypatch.setattr(integer, "integer_optimum", stopped_tree(points=True))
    solution = solve_model(knapsack(), gap=1e-6)
    proof = solution.certificate
    assert solution.status == "stopped"
    assert "time limit" in solution.message
    assert solution.has_plan
    assert solution.objective <= best + 1e-6 <= proof.upper
    assert proof.gap == pytest.approx((proof.upper - solution.objective) / max(1.0, proof.upper))
    assert math.isfinite(solution.dual("weight"))
    assert (np.round(solution.value("x")) == solution.value("x")).all()


def test_a_tree_stopped_without_a_point_leaves_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    best = solve_model(knapsack(), gap=1e-6).objective
    root = integer.converge_integer
    bounds = []

    def noted(search: Any, *arguments: Any) -> Any:
        result = root(search, *arguments)
        bounds.append(result[1])
        return result

    monkeypatch.setattr(integer, "integer_optimum", stopped_tree(points=False))
    monkeypatch.setattr("optimizer.solver.solver.converge_integer", noted)
    solution = solve_model(knapsack(), gap=1e-6)
    assert solution.status == "stopped"
    # doing nothing satisfies every row, so it is the plan that stands
    assert solution.objective <= best <= solution.certificate.upper == pytest.approx(bounds[0])


def test_a_later_tree_that_is_stopped_keeps_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = solve_model(knapsack(), gap=1e-9)
    monkeypatch.setattr(integer, "integer_optimum", stopped_tree(points=False, after=1))
    solution = solve_model(knapsack(), gap=1e-9)
    assert solution.objective <= whole.objective + 1e-9
    assert solution.certificate.upper >= whole.objective - 1e-9
    assert np.isfinite(solution.certificate.gap)


def test_no_time_at_all_is_stopped() -> None:
    solution = solve_model(knapsack(), time_limit=0.0)
    assert solution.status == "stopped"
    assert "time limit" in solution.message


def test_trees_end_before_the_time_is_up() -> None:
    now = integer.time.monotonic()
    assert integer._part_of(None) is None
    assert integer._part_of(now + 100.0) == pytest.approx(now + 85.0, abs=1.0)
    assert integer._part_of(now - 5.0) == pytest.approx(now, abs=1.0)


def test_trees_start_from_the_best_plan_and_are_asked_for_less_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def noted(relaxation: Any, width: float, *arguments: Any, **options: Any) -> Outer:
        asked.append((options["asked"] / width, options["start"]))
        return integer_optimum(relaxation, width, *arguments, **options)

    monkeypatch.setattr(integer, "integer_optimum", noted)
    solution = solve_model(knapsack(), gap=1e-5)
    assert solution.status == "optimal"
    shares = [share for share, _ in asked]
    assert shares[0] > shares[-1] >= 0.25 - 1e-12
    assert asked[0][1] is None
    assert all(start is not None for _, start in asked[1:])


def test_a_first_plan_among_roundings_starts_the_trees_and_moves_no_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = solve_model(knapsack(), gap=1e-7)
    given: list[dict[str, Any]] = []

    def noted(relaxation: Any, width: float, *arguments: Any, **options: Any) -> Outer:
        given.append(options)
        return integer_optimum(relaxation, width, *arguments, **options)

    monkeypatch.setattr(integer, "integer_optimum", noted)
    monkeypatch.setattr(integer, "LEAST_OPEN", 1)
    monkeypatch.setattr(integer, "OPEN_LEFT", 1.0)
    solution = solve_model(knapsack(), gap=1e-7)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(whole.objective, rel=1e-6)
    assert [options["within"] is not None for options in given] == [True] + [False] * (len(given) - 1)
    assert all(options["start"] is not None for options in given[1:])
    lower, upper = given[0]["within"]
    assert (upper - lower)[:10].max() <= 1


def split(sides: tuple[int, ...]) -> Any:
    """Weights to be split, several ways at once: a tree takes many nodes."""
    random = np.random.default_rng(3)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(24), within=pyo.Binary)
    m.over = pyo.Var(range(len(sides)), within=pyo.NonNegativeReals)
    m.rows = pyo.ConstraintList()
    for k, side in enumerate(sides):
        body = sum(int(w) * m.x[i] for i, w in enumerate(random.integers(1, 100, 24)))
        m.rows.add(body - m.over[k] <= side)
        m.rows.add(body + m.over[k] >= side)
    m.cost = pyo.Objective(expr=1000 + sum(m.over[k] for k in m.over))
    return m


def test_a_tree_ends_once_its_bound_certifies_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: list[int] = []
    search = tree.Tree.search

    def noted(self: Any, wanted: Any, tell: Any = None) -> Any:
        found = search(self, wanted, tell)
        nodes.append(int(self._highs.getInfo().mip_node_count))
        return found

    monkeypatch.setattr(integer_program.Tree, "search", noted)
    monkeypatch.setattr(integer, "ASKED", 0.0)
    monkeypatch.setattr(integer, "ASKED_OF_CURRENT", 0.0)
    monkeypatch.setattr(integer, "ASKED_WITHIN", 0.0)
    sides = (411, 523, 602)
    solver = Solver(compile_model(split(sides)))
    whole = solver.solve(gap=1e-6)
    least = sum(nodes)
    nodes.clear()
    # the bound at the root, 1000, is all that the neighbour's plan needs
    gap = 2 * (whole.objective - 1000) / 1000
    assert gap > 1e-3
    solution = solver.solve(gap=gap, start=whole.start)
    assert solution.status == "optimal"
    assert sum(nodes) < least / 10
    assert solution.certificate.lower <= whole.objective + 1e-6


def test_integers_stay_where_rows_pin_or_define_what_is_beside_them() -> None:
    # y == 0 by the first row; z is named by the second; n may only be fixed later
    matrix = csr_array(np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 2.0, -1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]))
    low, high = np.array([-np.inf, 0.0, 1.0]), np.array([0.0, 0.0, 1.0])
    integer_columns = np.array([False, True, False, False])
    reduction = Reduction(
        matrix, low, high, np.zeros(4), np.array([5.0, 1.0, 9.0, 9.0]), integer=integer_columns
    )
    assert 1 in reduction.columns
    free = Reduction(matrix, low, high, np.zeros(4), np.array([5.0, 1.0, 9.0, 9.0]))
    assert 1 not in free.columns


def test_progress_brackets_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TELL_EVERY_SECONDS", 0.0)
    heard: list[Progress] = []
    solution = solve_model(knapsack(), gap=1e-7, time_limit=600.0, tell=heard.append)
    assert solution.status == "optimal"
    assert heard
    for said in heard:
        assert said.plan <= solution.objective + 1e-6
        assert said.bound >= solution.objective - 1e-6
        assert said.nodes >= 0
        assert 0 < said.seconds_left <= 600.0
    with_plan = [said for said in heard if np.isfinite(said.plan)]
    assert all(said.gap == pytest.approx((said.bound - said.plan) / max(1, said.bound)) for said in with_plan)


def test_progress_of_a_minimum_is_in_its_own_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TELL_EVERY_SECONDS", 0.0)
    heard: list[Progress] = []
    model = knapsack()
    body = -1.0 * model.value.expr
    model.del_component(model.value)
    model.cost = pyo.Objective(expr=body)
    solution = solve_model(model, gap=1e-7, tell=heard.append)
    assert heard
    assert all(said.bound <= solution.objective + 1e-6 for said in heard)
    assert all(said.seconds_left == np.inf for said in heard)


def test_the_tolerance_stays_below_the_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS takes smaller entries for nothing: this bound was once 0.6% beyond the optimum."""
    seen = []
    search = tree.Tree.search

    def noted(self: Any, wanted: Any, tell: Any = None) -> Any:
        lp = self._highs.getLp()
        seen.append((wanted.tolerance, float(np.abs(np.array(lp.a_matrix_.value_)).min())))
        return search(self, wanted, tell)

    monkeypatch.setattr(integer_program.Tree, "search", noted)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(6), bounds=(1e-5, 10))
    for i in range(3):
        m.x[i].domain = pyo.Integers
        m.x[i].setlb(1)
    m.row = pyo.Constraint(expr=pyo.prod(m.x[i] ** (0.003 * 3**i) for i in range(6)) >= 4)
    # at the continuous optimum they add up to no whole number, and the nearest ones are too little: no tree
    # would be needed otherwise; the last entry is one that the coarsest tolerance would take for nothing
    m.least = pyo.Var(bounds=(0, 10))
    m.whole = pyo.Constraint(expr=m.x[0] + m.x[1] + m.x[2] + 1e-9 * m.least >= 3.4)
    m.cost = pyo.Objective(expr=sum((1 + 0.1 * i) * m.x[i] for i in range(6)))
    assert solve_model(m, gap=1e-4).status == "optimal"
    assert min(least for _, least in seen) < 10 * integer_program.COARSEST
    assert all(tolerance <= max(0.1 * least, 1e-9) for tolerance, least in seen)


def test_the_fixed_program_is_solved_again_at_other_limits() -> None:
    program = compile_model(knapsack())
    solver = Solver(program)
    for limit in (60.0, 180.0, 400.0):
        vector = program.parameter_vector({"limit": np.array(limit)})
        again = solver.solve(vector, gap=1e-6)
        fresh = solve_model(knapsack(limit), gap=1e-6)
        assert again.objective == pytest.approx(fresh.objective, rel=2e-6)


def test_an_exported_program_keeps_its_integers(tmp_path):
    solver = Solver(compile_model(disc_with_integer()), scaled=False)
    solution = solver.solve(gap=1e-6)
    solver.relaxation_lp(str(tmp_path / "disc.mps"))
    read = highspy.Highs()
    read.setOptionValue("output_flag", False)
    read.readModel(str(tmp_path / "disc.mps"))
    read.run()
    kinds = list(read.getLp().integrality_)
    assert kinds.count(highspy.HighsVarType.kInteger) == 1
    assert -read.getInfo().objective_function_value == pytest.approx(solution.certificate.upper, abs=1e-6)


@pytest.mark.parametrize("limit", [170.0, 179.0, 190.0])
def test_a_neighbours_plan_is_where_trees_start(limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    solver = Solver(compile_model(knapsack()))
    neighbour = solver.solve(gap=1e-6)
    assert neighbour.start is not None
    integers = np.round(neighbour.value("x"))
    assert (neighbour.start.integers == integers).all()
    used = WEIGHTS @ integers
    cold = solve_model(knapsack(limit), gap=1e-6)
    starts = []

    def seen(*arguments: Any, **options: Any) -> Outer:
        starts.append(options["start"])
        return integer_optimum(*arguments, **options)

    monkeypatch.setattr(integer, "integer_optimum", seen)
    numbers = solver.program.parameter_vector({"limit": limit})
    found = solver.solve(numbers, gap=1e-6, start=neighbour.start)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(cold.objective, rel=2e-6)
    # its integers have a plan here where their weight is allowed
    assert (starts[0] is not None) == (used <= limit)
    if starts[0] is not None:
        assert starts[0][:10] == pytest.approx(integers)


def test_a_neighbours_integers_that_are_out_of_bounds_are_let_be() -> None:
    solver = Solver(compile_model(knapsack()))
    neighbour = solver.solve(gap=1e-6)
    assert neighbour.start is not None
    outside = replace(neighbour.start, integers=np.full(10, 5.0))
    assert solver.solve(gap=1e-6, start=outside).status == "optimal"


def test_ranges_over_whole_steps_keep_to_their_time() -> None:
    solver = Solver(compile_model(knapsack()))
    solution = solver.solve(gap=1e-3)
    directions = [np.eye(len(solution.x))[0], np.eye(len(solution.x))[9]]
    assert solver.ranges(solution, directions, time_limit=1e-9) == [(-math.inf, math.inf)] * 2
    for (low, high), direction in zip(
        solver.ranges(solution, directions, time_limit=60.0), directions, strict=True
    ):
        assert -1e-6 <= low <= direction @ solution.x <= high <= 5
