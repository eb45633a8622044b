"""Chords of functions of whole numbers, and rows of tangents that are filled rather than multiplied out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.program import compile_model
from optimizer.program.concave import Concave
from optimizer.program.whole import repeated
from optimizer.solver import integer, solve_model
from optimizer.solver.integer_program import Outer, integer_optimum


def squares(integers: Any = pyo.Integers, factor: float = 1.0) -> Any:
    """Squares of columns less what no whole number is nearer to than a half."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(12), bounds=(-3, 3), within=integers)
    m.c = pyo.Constraint(expr=sum((factor * m.x[i] - 0.5 * factor) ** 2 for i in m.x) <= factor**2 * 2.9)
    m.o = pyo.Objective(expr=sum(m.x[i] for i in m.x))
    return m


def concave_of(model: Any) -> Concave:
    return Concave(compile_model(model).at())


def test_no_tree_is_needed_where_chords_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("a tree was asked for")

    monkeypatch.setattr("optimizer.solver.integer.integer_optimum", none)
    assert solve_model(squares()).status == "infeasible"
    assert solve_model(squares(pyo.Reals)).status == "optimal"


@pytest.mark.parametrize("factor", [1.0, -0.25, 3.0])
def test_chords_hold_at_every_whole_number_and_meet_the_function_there(factor: float) -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(-3, 5), within=pyo.Integers)
    m.y = pyo.Var(bounds=(-100, 100))
    m.c = pyo.Constraint(expr=m.y >= (factor * m.x - 1.3) ** 2)
    m.o = pyo.Objective(expr=m.y)
    concave = concave_of(m)
    assert len(concave.whole) == 1
    leaves = concave.numbers.leaves(np.array([2.0, 0.0]))
    points = concave.whole.beside(leaves, concave.numbers.leaf_box)
    rows = concave.tangents(points, np.ones((1, 2), dtype=bool))
    assert rows.matrix.shape[0] == 2
    values = [(factor * x - 1.3) ** 2 for x in range(-3, 6)]
    at = np.column_stack([np.arange(-3.0, 6.0), values])
    room = at @ rows.matrix.toarray().T - rows.lower
    assert room.min() > -1e-9
    assert room[5] == pytest.approx([0.0, 0.0], abs=1e-9)
    # between whole numbers a chord cuts deeper than any tangent
    assert (np.array([1.5, (factor * 1.5 - 1.3) ** 2]) @ rows.matrix.toarray().T - rows.lower).min() < -1e-3


def test_the_same_chord_is_added_once() -> None:
    concave = concave_of(squares())
    points, mask = concave.starting_points()
    found = concave.tangents(points, mask)
    rows = {
        (int(f), *r, s)
        for f, r, s in zip(found.function, found.matrix.toarray().tolist(), found.lower, strict=True)
    }
    assert len(rows) == len(found.function)
    number = np.array([[2.0, 1.0, 2.0, 2.0]])
    assert repeated(number, np.array([[False, True, True, True]])).tolist() == [[False, False, False, True]]


def test_only_whole_multiples_of_a_step_have_chords() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(4), bounds=(0, 9), within=pyo.Integers)
    m.y = pyo.Var(bounds=(0, 9))
    m.z = pyo.Var()
    m.c = pyo.ConstraintList()
    forms = [2 * m.x[0] + 6 * m.x[1], 2 * m.x[0] + 3 * m.x[1], m.x[2] + m.y, 0.1 * m.x[3] + 4]
    for form in forms:
        m.c.add(m.z >= pyo.exp(0.125 * form))
    m.o = pyo.Objective(expr=m.z)
    whole = concave_of(m).whole
    assert whole.functions.tolist() == [0, 3]
    assert whole.step.tolist() == pytest.approx([0.25, 0.0125])


def test_bounds_that_no_whole_number_meets_leave_chords_within() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0.4, 2.6), within=pyo.Integers)
    m.o = pyo.Objective(expr=pyo.log(m.x - 0.5) - 0.8 * m.x, sense=pyo.maximize)
    solution = solve_model(m)
    best = max((float(np.log(x - 0.5) - 0.8 * x), x) for x in (1, 2))
    assert solution.status == "optimal"
    assert (solution.objective, solution.value("x")) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(6))
def test_separable_programs_of_whole_numbers_match_their_enumeration(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, top = 3, 5
    centre, weight = random.uniform(0, top, n), random.uniform(0.2, 3, n)
    weights, limit = random.integers(1, 6, n), int(random.integers(6, 20))
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), bounds=(0, top), within=pyo.Integers)
    m.c = pyo.Constraint(expr=sum(int(weights[i]) * m.x[i] for i in range(n)) <= limit)
    m.d = pyo.Constraint(expr=sum(float(weight[i]) * (m.x[i] - float(centre[i])) ** 2 for i in m.x) <= 12.0)
    m.o = pyo.Objective(
        expr=sum(pyo.log(1 + m.x[i]) * float(weight[i]) for i in m.x) - 0.3 * m.x[0], sense=pyo.maximize
    )
    best = -np.inf
    for x in itertools.product(range(top + 1), repeat=n):
        at = np.array(x, dtype=float)
        if weights @ at <= limit and weight @ (at - centre) ** 2 <= 12.0:
            best = max(best, float(weight @ np.log(1 + at) - 0.3 * at[0]))
    solution = solve_model(m, gap=1e-6)
    if np.isinf(best):
        assert solution.status == "infeasible"
        return
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(best, rel=1e-6)
    assert solution.certificate.upper >= best - 1e-6 * max(1.0, abs(best))


def test_rows_of_tangents_are_those_of_their_slopes() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(4), bounds=(0.5, 9))
    m.c = pyo.ConstraintList()
    m.c.add(pyo.sqrt(m.x[0] * m.x[0] + m.x[1] * m.x[1] + 1) + pyo.exp(m.x[0] - m.x[2]) <= 9 + m.x[0])
    m.c.add(m.x[3] + m.x[0] >= 4 / (m.x[1] * m.x[2] ** 0.5))
    m.o = pyo.Objective(expr=m.x[3] - pyo.log(m.x[0] + 2 * m.x[3]) - pyo.log(m.x[1] + m.x[0]))
    concave = concave_of(m)
    points, mask = concave.starting_points()
    found = concave.tangents(points, mask)
    at = np.array([1.0, 2.0, 3.0, 4.0])
    leaves = concave.numbers.leaves(at)
    one = concave.tangents(leaves[:, None], np.ones((len(concave), 1), dtype=bool))
    assert len(set(one.function.tolist())) == len(concave)
    whole = np.zeros(concave.base.shape[1])
    whole[:4] = at
    _, components = concave.numbers.components(leaves[:, None])
    own = concave.table.column >= 0
    whole[concave.table.column[own]] = concave.signed(components)[own, 0]
    # a tangent meets its function where it touches, and passes below it nowhere else
    assert one.matrix @ whole == pytest.approx(one.lower + concave.slack(whole)[0][one.function], abs=1e-9)
    assert (found.matrix @ whole - found.lower > -1e-9 + concave.slack(whole)[0][found.function]).all()
    assert not (found.matrix.data == 0).any()


def test_no_way_inwards_is_looked_for_among_open_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    def sought(*arguments: Any) -> Any:
        raise AssertionError("an interior point was looked for")

    monkeypatch.setattr("optimizer.solver.outer.interior_point", sought)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2), bounds=(0, 9), within=pyo.Integers)
    m.y = pyo.Var(range(2), bounds=(0, 9))
    m.c = pyo.Constraint(expr=m.y[0] ** 2 + m.y[1] ** 2 <= 7 + m.x[0])
    m.d = pyo.Constraint(expr=m.x[0] + m.x[1] <= 7)
    m.o = pyo.Objective(expr=3 * m.y[0] + m.y[1] + m.x[1], sense=pyo.maximize)
    assert solve_model(m).status == "optimal"
    m.x.fix(2)
    # where nothing is open, it is as for continuous programs
    with pytest.raises(AssertionError, match="interior"):
        solve_model(m)


def test_the_nearest_whole_numbers_are_the_first_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    def asked(*arguments: Any, **options: Any) -> Outer:
        starts.append(options["start"])
        return integer_optimum(*arguments, **options)

    monkeypatch.setattr(integer, "integer_optimum", asked)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(3), bounds=(0, 9), within=pyo.Integers)
    m.y = pyo.Var(bounds=(0, 9))
    m.o = pyo.Objective(
        expr=(m.x[0] + 0.7 * m.x[1] - 4.3) ** 2 + (m.x[1] - m.x[2] + 0.6 * m.y - 2.2) ** 2 + 0.1 * m.y
    )
    assert solve_model(m).status == "optimal"
    assert starts[0] is not None


def test_no_tree_is_needed_where_the_nearest_whole_numbers_reach_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("a tree was asked for")

    def program(side: float) -> Any:
        m = pyo.ConcreteModel()
        m.x = pyo.Var(range(3), bounds=(0, 9), within=pyo.Integers)
        m.y = pyo.Var(bounds=(0, 9))
        m.row = pyo.Constraint(expr=m.x[0] + m.x[1] + m.x[2] >= side)
        m.more = pyo.Constraint(expr=pyo.exp(0.3 * m.x[0]) + (m.y - 2) ** 2 <= 9)
        m.cost = pyo.Objective(expr=m.x[0] + 2 * m.x[1] + 3 * m.x[2] - m.y)
        return m

    assert solve_model(program(5.3)).status == "optimal"
    monkeypatch.setattr("optimizer.solver.integer.integer_optimum", none)
    found = solve_model(program(5.0))
    assert found.status == "optimal"
    assert found.certificate.gap <= 1e-6
    with pytest.raises(AssertionError):
        solve_model(program(5.3))


def test_a_step_of_the_integers_is_the_largest_move_of_an_argument() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(2), bounds=(0, 9), within=pyo.Integers)
    m.y = pyo.Var(bounds=(0, 9))
    m.one = pyo.Constraint(expr=(3 * m.x[0] - 2 * m.x[1] + 5 * m.y) ** 2 <= 40)
    m.other = pyo.Constraint(expr=pyo.exp(7 * m.y) <= 40)
    m.cost = pyo.Objective(expr=m.x[0], sense=pyo.maximize)
    concave = concave_of(m)
    steps = [concave.integer_steps[concave.leaves[concave.starts[f]]] for f in range(len(concave))]
    assert steps == [3.0, 0.0]
