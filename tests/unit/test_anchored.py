"""Solves near an anchor: equal to fresh builds and cold solves, whatever was solved before."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import KloofError
from optimizer.program import Program, compile_model
from optimizer.program.concave import Concave
from optimizer.solver import Anchored, Solution, Solver, solve_model
from optimizer.solver.anchor import Anchor
from optimizer.solver.pool import Pool
from optimizer.solver.relaxation import Relaxation
from tests.unit.engine_models import growth

GAP = 1e-5
SHARES = st.floats(0.5, 1.6)
CHANGES = st.fixed_dictionaries(
    {
        "income": SHARES,
        "limit": SHARES,
        "price": SHARES,
        "substitution": st.sampled_from([1.0, 1.0, 0.8, 2.2]),
    }
)
BASE = {"income": 10.0, "limit": 4.0, "price": 0.4, "substitution": 0.5}


def values(changes: dict[str, float]) -> dict[str, float]:
    return {name: BASE[name] * changes.get(name, 1.0) for name in BASE}


def vector(program: Program, numbers: dict[str, float]) -> np.ndarray:
    blocks = program.parameters
    return program.parameter_vector(
        {name: np.full(len(blocks[name].index), value) for name, value in numbers.items()}
    )


@pytest.fixture(scope="module")
def anchor() -> tuple[Program, Anchored]:
    return near(compile_model(growth(**BASE), tie_breaker="spending"))


def near(program: Program) -> tuple[Program, Anchored]:
    solver = Solver(program)
    return program, Anchored(solver, solver.solve(gap=GAP))


def same(first: Solution, second: Solution) -> bool:
    return (
        first.status == second.status
        and first.x.tobytes() == second.x.tobytes()
        and first.row_duals.tobytes() == second.row_duals.tobytes()
        and first.certificate == second.certificate
    )


@settings(max_examples=10, deadline=None)
@given(CHANGES)
def test_equals_a_fresh_build_and_cold_solve(anchor: Any, changes: dict[str, float]) -> None:
    program, anchored = anchor
    numbers = values(changes)
    found = anchored.solve(vector(program, numbers), gap=GAP)
    fresh = solve_model(growth(**numbers), gap=GAP, tie_breaker="spending")
    assert found.status == fresh.status == "optimal"
    assert found.certificate.gap <= GAP
    width = GAP * max(1.0, abs(fresh.objective))
    assert abs(found.objective - fresh.objective) <= 2 * width
    assert found.certificate.upper >= fresh.objective - 1e-9 * max(1.0, abs(fresh.objective))


def test_a_row_depends_on_nothing_solved_before(anchor: Any) -> None:
    program, anchored = anchor
    generator = np.random.default_rng(7)
    rows = [values({name: float(generator.uniform(0.6, 1.5)) for name in BASE}) for _ in range(4)]
    rows.append({**BASE, "limit": -1.0})
    vectors = [vector(program, numbers) for numbers in rows]
    first = [anchored.solve(parameters, gap=GAP) for parameters in vectors]
    assert first[-1].status == "infeasible"
    sent = pickle.loads(pickle.dumps(anchored))
    for place in generator.permutation(len(vectors)):
        assert same(anchored.solve(vectors[place], gap=GAP), first[place])
        assert same(sent.solve(vectors[place], gap=GAP), first[place])
    fresh = near(program)[1]
    assert same(fresh.solve(vectors[2], gap=GAP), first[2])


def test_another_structure_is_answered_by_the_ordinary_solve(anchor: Any) -> None:
    program, anchored = anchor
    # the wall comes into force, and a limit of 0 pins every purchase
    for numbers in ({**BASE, "wall": 1.3}, {**BASE, "limit": 0.0}):
        found = anchored.solve(vector(program, numbers), gap=GAP)
        cold = solve_model(growth(**numbers), gap=GAP, tie_breaker="spending")
        assert found.status == cold.status == "optimal"
        assert found.objective == pytest.approx(cold.objective, abs=2 * GAP * max(1.0, abs(cold.objective)))


def test_bad_numbers_are_errors_and_harm_nothing(anchor: Any) -> None:
    program, anchored = anchor
    before = anchored.solve(vector(program, values({"income": 1.2})), gap=GAP)
    with pytest.raises(KloofError, match="undefined or infinite"):
        anchored.solve(vector(program, {**BASE, "income": np.nan}), gap=GAP)
    assert same(anchored.solve(vector(program, values({"income": 1.2})), gap=GAP), before)


def test_a_function_that_turns_convex_is_refused(anchor: Any) -> None:
    program, anchored = anchor
    with pytest.raises(KloofError, match="not a concave row"):
        anchored.solve(vector(program, {**BASE, "substitution": -1.0}), gap=GAP)


@settings(max_examples=8, deadline=None)
@given(CHANGES)
def test_gathered_program_is_the_built_one(changes: dict[str, float]) -> None:
    program = compile_model(growth(**BASE))
    at_anchor, numbers = program.at(), program.at(vector(program, values(changes)))
    filled = Anchor(Concave(at_anchor)).fill(numbers)
    assert filled is not None
    built = Relaxation(Concave(numbers))
    assert filled.rows()[0].toarray() == pytest.approx(built.rows()[0].toarray(), abs=1e-12)
    for one, two in zip(filled.rows()[1:], built.rows()[1:], strict=True):
        assert one == pytest.approx(two, abs=1e-12)
    points, mask = filled.concave.starting_points()
    generator = np.random.default_rng(1)
    point = generator.uniform(0.0, 3.0, len(filled.model._columns))
    for relaxation in (filled, built):
        relaxation.add_points(Pool(), points, mask)
        relaxation.set_objective(np.zeros(program.columns))
    reduction, other = filled.model._reduction, built.model._reduction
    assert reduction.columns.tolist() == other.columns.tolist()
    assert reduction.whole(point) == pytest.approx(other.whole(point), rel=1e-9)
    dual = np.zeros(len(reduction.low))
    dual[reduction.rows] = generator.normal(size=len(reduction.rows))
    cost = generator.normal(size=program.columns)
    pairs = []
    for each in (reduction, other):
        duals, reduced = dual.copy(), cost.copy()
        each.restore_duals(duals, reduced)
        pairs.append((duals, reduced, each.kept_cost(cost)))
    for one, two in zip(*pairs, strict=True):
        assert one == pytest.approx(two, rel=1e-9, abs=1e-9)


def test_certified_without_a_solve_is_a_true_bound_on_the_anchors_plan(anchor: Any) -> None:
    program, anchored = anchor
    generator = np.random.default_rng(3)
    certified = 0
    for share in (1.0, *generator.uniform(0.99, 1.01, 5)):
        numbers = values({str(generator.choice(["income", "limit", "price"])): float(share)})
        found = anchored.certified(vector(program, numbers), gap=1e-3)
        if found is None:
            continue
        certified += 1
        cold = solve_model(growth(**numbers), gap=1e-7)
        assert found.how == "certified"
        assert found.certificate.gap <= 1e-3
        assert found.objective <= cold.certificate.upper + 1e-7
        assert found.certificate.upper >= cold.objective - 1e-7
    assert certified
    solved = anchored.solve(vector(program, values({"income": 1.3})), gap=GAP)
    assert solved.how == "solved"
    # questions about a row start from the anchor's tangents
    stock = np.zeros(program.columns)
    stock[program.variables["stock"].slice] = 1.0
    least, most = Solver(program).range(solved, stock)
    assert least - 1e-9 <= stock[: len(solved.x)] @ solved.x <= most + 1e-9
    # a plan far from the best is not certified
    assert anchored.certified(vector(program, values({"income": 1.6})), gap=1e-5) is None
