"""A solve within narrower bounds than the model's: what is fixed stays, the rest is best beside it."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.errors import SolverError
from optimizer.program import compile_model
from optimizer.solver import Solver
from tests.unit.engine_models import fill, water_filling

NOISE = (0.5, 1.0, 2.0)


def bounds(**fixed: float) -> tuple[np.ndarray, np.ndarray]:
    least, greatest = np.full(len(NOISE), -np.inf), np.full(len(NOISE), np.inf)
    for channel, amount in fixed.items():
        least[int(channel[1:])] = greatest[int(channel[1:])] = amount
    return least, greatest


def test_what_is_left_is_shared_as_if_the_fixed_were_not_there() -> None:
    solver = Solver(compile_model(water_filling(NOISE, 3.0)))
    found = solver.solve(within=bounds(x0=2.25))
    rest, _ = fill(NOISE[1:], 0.75)
    assert found.status == "optimal"
    assert found.x == pytest.approx([2.25, *rest], abs=1e-3)
    assert found.x[0] == 2.25
    value = np.log(2.75) + sum(np.log(one + more) for one, more in zip(NOISE[1:], rest, strict=True))
    assert found.certificate.lower <= value + 1e-9
    assert value <= found.certificate.upper + 1e-9
    assert found.certificate.gap <= 1e-6


def test_the_program_itself_stays_as_it_is() -> None:
    solver = Solver(compile_model(water_filling(NOISE, 3.0)))
    before = solver.solve().x
    solver.solve(within=bounds(x0=0.0))
    assert np.array_equal(solver.solve().x, before)


def test_bounds_wider_than_the_models_widen_nothing() -> None:
    solver = Solver(compile_model(water_filling(NOISE, 3.0)))
    least, greatest = bounds()
    assert np.array_equal(solver.solve(within=(least - 1, greatest)).x, solver.solve().x)


def test_what_is_fixed_out_of_reach_is_infeasible_by_name() -> None:
    found = Solver(compile_model(water_filling(NOISE, 3.0))).solve(within=bounds(x1=4.0))
    assert found.status == "infeasible"
    assert any(name.startswith("x[1]") or name == "total" for name in found.conflict)


def test_an_integer_that_is_fixed_stays_whole() -> None:
    m = pyo.ConcreteModel()
    m.n = pyo.Var(within=pyo.NonNegativeIntegers, bounds=(0, 5))
    m.y = pyo.Var(bounds=(0, 10))
    m.row = pyo.Constraint(expr=2 * m.n + m.y <= 7)
    m.worth = pyo.Objective(expr=3 * m.n + m.y, sense=pyo.maximize)
    solver = Solver(compile_model(m))
    assert solver.solve().objective == pytest.approx(10)
    two = np.array([2.0, -np.inf]), np.array([2.0, np.inf])
    found = solver.solve(within=two)
    assert found.x == pytest.approx([2, 3])
    assert found.objective == pytest.approx(9)


def test_its_solution_answers_no_question_about_other_plans() -> None:
    solver = Solver(compile_model(water_filling(NOISE, 3.0)))
    found = solver.solve(within=bounds(x0=1.0))
    with pytest.raises(SolverError, match="without its tangents"):
        solver.range(found, np.ones(len(NOISE)))
