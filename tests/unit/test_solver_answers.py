"""Infeasible, unbounded, not concave, out of time: nothing passes for a plan that is not one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.errors import ModelError, SolverError
from optimizer.program import compile_model
from optimizer.solver import Solver, solve_model
from optimizer.solver.recession import recession
from tests.unit.engine_models import growth, kelley, wrong_in_highs_1_14


def _two(**bounds):
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], bounds=(0, 10))
    m.cost = pyo.Objective(expr=m.x[1] + m.x[2])
    return m


def test_conflicting_rows_are_named():
    m = _two()
    m.need = pyo.Constraint([2027, 2028], rule=lambda m, t: m.x[1] + m.x[2] >= (5 if t == 2027 else 1))
    m.budget = pyo.Constraint([2027], rule=lambda m, t: m.x[1] + 2 * m.x[2] <= 3)
    solution = solve_model(m)
    assert solution.status == "infeasible"
    assert set(solution.conflict) == {"need[2027]", "budget[2027]"}
    assert not solution.has_plan
    with pytest.raises(ModelError, match="infeasible"):
        solution.value("x")


def test_rows_that_became_bounds_are_named():
    m = _two()
    m.cap = pyo.Constraint([1, 2], rule=lambda m, i: 2 * m.x[i] <= 4)
    m.need = pyo.Constraint(expr=m.x[1] + m.x[2] >= 5)
    assert set(solve_model(m).conflict) == {"need", "cap[1]", "cap[2]"}


def test_contradicting_bounds_are_named():
    m = _two()
    m.low = pyo.Constraint(expr=m.x[1] >= 3)
    m.high = pyo.Constraint(expr=2 * m.x[1] <= 4)
    assert set(solve_model(m).conflict) == {"low", "high"}


def test_own_bounds_are_named_by_their_variable():
    m = _two()
    m.need = pyo.Constraint(expr=m.x[1] + m.x[2] >= 50)
    assert set(solve_model(m).conflict) == {"need", "x[1]", "x[2]"}


def test_row_without_variables_that_cannot_hold():
    m = _two()
    m.p = pyo.Param(initialize=0.0, mutable=True)
    m.row = pyo.Constraint(expr=m.p * m.x[1] >= 1)
    assert solve_model(m).conflict == ("row",)


def test_infeasible_through_a_concave_row():
    m = kelley()
    m.far = pyo.Constraint(expr=m.x[1] + m.x[2] >= 3.5)
    solution = solve_model(m)
    assert solution.status == "infeasible"
    assert {"row", "far"} <= set(solution.conflict)


@pytest.mark.parametrize("domain", [pyo.Reals, pyo.Integers])
def test_infeasible_through_a_row_whose_columns_bounds_fix(domain: Any) -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(1, 1), within=domain)
    m.y = pyo.Var(bounds=(1, 1))
    m.z = pyo.Var(bounds=(0, 1))
    m.fixed = pyo.Constraint(expr=m.x + m.y == 3)
    m.limit = pyo.Constraint(expr=m.x + m.z <= 1.5)
    m.value = pyo.Objective(expr=m.z, sense=pyo.maximize)
    solution = solve_model(m)
    assert solution.status == "infeasible"
    assert "fixed" in solution.conflict


def test_infeasible_only_through_integrality():
    m = pyo.ConcreteModel()
    m.z = pyo.Var([1, 2], bounds=(0, 5), within=pyo.Integers)
    m.row = pyo.Constraint(expr=2 * m.z[1] + 2 * m.z[2] == 3)
    m.cost = pyo.Objective(expr=m.z[1])
    solution = solve_model(m)
    assert solution.status == "infeasible"
    assert solution.conflict == ("row",)


@pytest.mark.parametrize("integer", [False, True])
def test_unbounded(integer):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(within=pyo.NonNegativeReals)
    m.y = pyo.Var(within=pyo.NonNegativeIntegers if integer else pyo.NonNegativeReals)
    m.row = pyo.Constraint(expr=m.x - m.y <= 1)
    m.value = pyo.Objective(expr=m.x, sense=pyo.maximize)
    solution = solve_model(m)
    assert solution.status == "unbounded"
    assert solution.message
    assert not solution.has_plan


def test_unbounded_through_a_concave_objective():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(within=pyo.NonNegativeReals)
    m.value = pyo.Objective(expr=pyo.log(1 + m.x) + 0.1 * m.x, sense=pyo.maximize)
    assert solve_model(m).status == "unbounded"


def test_an_unbounded_program_names_what_grows_and_the_numbers_that_let_it():
    m = pyo.ConcreteModel()
    m.price = pyo.Param(initialize=0.0, mutable=True)
    m.supply = pyo.Param([1, 2], initialize={1: np.inf, 2: 5.0}, mutable=True)
    m.other = pyo.Param(initialize=np.inf, mutable=True)
    m.x, m.y = pyo.Var([1, 2], within=pyo.NonNegativeReals), pyo.Var(bounds=(0, 1))
    m.available = pyo.Constraint([1, 2], rule=lambda m, i: m.x[i] <= m.supply[i] + m.y)
    m.spare = pyo.Constraint(expr=m.y <= m.other)
    m.budget = pyo.Constraint(expr=m.price * (m.x[1] + m.x[2]) + m.y <= 3)
    m.value = pyo.Objective(expr=pyo.log(1 + m.x[1]) + pyo.log(1 + m.x[2]) + m.y, sense=pyo.maximize)
    solution = solve_model(m)
    assert solution.status == "unbounded"
    assert solution.endless == ("x[1]",)
    assert solution.loose == ("price", "supply[1]")
    assert "x[1]" in solution.message
    m.price.set_value(1e-3)
    assert solve_model(m).status == "optimal"


@pytest.mark.parametrize("integer", [False, True])
def test_what_has_no_plan_is_not_unbounded(integer):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(within=pyo.NonNegativeReals)
    m.y = pyo.Var(bounds=(0, 4), within=pyo.Integers if integer else pyo.Reals)
    m.row = pyo.Constraint(expr=2 * m.y == 3 if integer else m.y**2 + 1 <= 0.5)
    m.value = pyo.Objective(expr=m.x + m.y, sense=pyo.maximize)
    assert solve_model(m).status == "infeasible"


def test_an_objective_that_hardly_grows_is_not_called_unbounded():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(within=pyo.NonNegativeReals)
    m.value = pyo.Objective(expr=-1 / (1 + m.x), sense=pyo.maximize)
    solution = solve_model(m)
    assert solution.status in ("optimal", "stopped")
    assert -1e-2 <= solution.objective <= 0 <= solution.certificate.upper


def test_a_column_that_may_grow_but_need_not_is_no_reason():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(within=pyo.NonNegativeReals), pyo.Var(within=pyo.NonNegativeReals)
    m.row = pyo.Constraint(expr=m.x - m.y <= 1e4)
    m.value = pyo.Objective(expr=-1e-9 * (m.x - 1e4) ** 2, sense=pyo.maximize)
    assert solve_model(m).status == "optimal"


def test_first_tangents_that_do_not_bound_the_program_do_not_matter():
    m = pyo.ConcreteModel()
    m.x = pyo.Var()
    m.value = pyo.Objective(expr=1e-10 * (m.x - 1e5) ** 2)
    solution = solve_model(m)
    assert solution.status == "optimal"
    assert solution.value("x") == pytest.approx(1e5, abs=100)


NOT_CONCAVE = {
    "convex as >=": lambda m: m.x[1] ** 2 >= m.x[2],
    "concave as <=": lambda m: pyo.sqrt(m.x[1] + 1) <= m.x[2],
    "product": lambda m: m.x[1] * m.x[2] <= 1,
    "indefinite": lambda m: m.x[1] ** 2 + m.x[2] ** 2 - 3 * m.x[1] * m.x[2] <= 1,
    "increasing returns": lambda m: m.x[2] <= (m.x[1] + 1) ** 0.6 * (m.x[2] + 1) ** 0.6,
    "sine": lambda m: m.x[2] <= pyo.sin(3 * m.x[1]),
}


@pytest.mark.parametrize("kind", NOT_CONCAVE)
def test_rows_that_are_not_concave_are_named(kind):
    m = _two()
    m.fine = pyo.Constraint(expr=m.x[1] ** 2 <= 90)
    m.wrong = pyo.Constraint([2027], rule=lambda m, t: NOT_CONCAVE[kind](m))
    with pytest.raises(ModelError) as caught:
        solve_model(m)
    assert [(d.code, d.path) for d in caught.value.diagnostics] == [("M103", "wrong[2027]")]


def test_objective_that_is_not_concave_is_named():
    m = _two()
    m.cost.deactivate()
    m.value = pyo.Objective(expr=m.x[1] ** 2, sense=pyo.maximize)
    with pytest.raises(ModelError, match="objective: not a concave row"):
        solve_model(m)


CONCAVE = {
    "quadratic form": lambda m: m.x[1] ** 2 + m.x[2] ** 2 - 1.9 * m.x[1] * m.x[2] <= 1,
    "sum inside that only looks indefinite": lambda m: (
        (m.x[1] + m.x[2]) ** 2 + (m.x[1] - m.x[2]) ** 2 - 1.5 * m.x[1] ** 2 <= 4
    ),
    "constant returns": lambda m: m.x[1] <= (m.x[1] + 1) ** 0.4 * (m.x[2] + 1) ** 0.6,
    "ratio": lambda m: 1 / (m.x[1] + 0.5) <= m.x[2] + 1,
    "entropy": lambda m: (m.x[1] + 0.1) * pyo.log(m.x[1] + 0.1) <= m.x[2] + 4,
}


@pytest.mark.parametrize("kind", CONCAVE)
def test_rows_that_are_concave_pass(kind):
    m = _two()
    m.row = pyo.Constraint(expr=CONCAVE[kind](m))
    assert solve_model(m).status == "optimal"


def test_time_limit_stops_without_pretending():
    program = compile_model(growth(periods=40))
    solution = Solver(program).solve(time_limit=0.0)
    assert solution.status == "stopped"
    assert "time limit" in solution.message
    assert not solution.has_plan


def test_gap_out_of_reach_is_stopped_not_optimal():
    solution = solve_model(kelley(), gap=1e-16)
    assert solution.status == "stopped"
    assert solution.certificate.gap > 1e-16
    assert solution.message
    assert solution.has_plan


def test_linear_program_with_free_columns_has_a_bound():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2])
    m.row = pyo.Constraint(expr=m.x[1] + m.x[2] <= 3)
    m.other = pyo.Constraint(expr=m.x[1] - m.x[2] == 1)
    m.value = pyo.Objective(expr=2 * m.x[1] + 2 * m.x[2], sense=pyo.maximize)
    solution = solve_model(m)
    assert (solution.status, solution.certificate.upper) == ("optimal", pytest.approx(6.0, abs=1e-9))


def test_integer_duals_are_those_of_the_fixed_program():
    solution = solve_model(wrong_in_highs_1_14())
    assert solution.dual("row") == pytest.approx(2.0)


def test_questions_without_a_plan_are_errors():
    m = _two()
    m.need = pyo.Constraint(expr=m.x[1] + m.x[2] >= 50)
    solver = Solver(compile_model(m))
    solution = solver.solve()
    for ask in (lambda: solver.range(solution, np.ones(2)), lambda: solver.sensitivity(solution)):
        with pytest.raises(SolverError):
            ask()


@pytest.mark.parametrize(("most", "on"), [(np.inf, True), (80.0, False)])
def test_what_grows_to_the_end_of_a_box_may_yet_end(most: float, on: bool) -> None:
    model = pyo.ConcreteModel()
    model.rating = pyo.Param(initialize=1e12, mutable=True)
    model.most = pyo.Param(initialize=most, mutable=True, within=pyo.Any)
    model.chips = pyo.Var(bounds=(0, None))
    model.compute = pyo.Var(bounds=(0, None))
    model.rated = pyo.Constraint(expr=model.compute == model.rating * model.chips)
    model.sold = pyo.Constraint(expr=model.chips <= model.most)
    model.o = pyo.Objective(expr=model.compute, sense=pyo.maximize)
    numbers = compile_model(model).at()
    chips = 80.0 if np.isfinite(most) else 1e13
    assert (recession(numbers, np.array([chips, 1e12 * chips]), np.array([1.0, 1e12])) is not None) is on


@pytest.mark.parametrize("power", range(5, 15))
@pytest.mark.parametrize("within", [pyo.Binary, None], ids=["integer", "continuous"])
def test_an_optimum_far_out_is_not_called_unbounded(power: int, within: object) -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(within=pyo.NonNegativeReals)
    model.z = pyo.Var(within=within) if within else pyo.Var(bounds=(0, 1))
    model.o = pyo.Objective(expr=model.x - 10.0**-power * model.x**2 + model.z, sense=pyo.maximize)
    solution = solve_model(model)
    assert solution.status in ("optimal", "stopped")
    best = 10.0**power / 4 + 1
    assert solution.certificate.upper >= best * (1 - 1e-5)
    if solution.status == "optimal":
        assert solution.objective == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize(
    ("rule", "best"),
    [
        (lambda x: pyo.sqrt(x + 1) - 1e-7 * x, 2.5e6),
        (lambda x: pyo.log(x + 1) - 1e-13 * x, 28.9336),
    ],
    ids=["root", "log"],
)
def test_a_function_that_is_outgrown_is_not_called_unbounded(
    rule: Callable[..., object], best: float
) -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(within=pyo.NonNegativeReals)
    model.o = pyo.Objective(expr=rule(model.x), sense=pyo.maximize)
    solution = solve_model(model)
    assert solution.status in ("optimal", "stopped")
    assert solution.certificate.upper >= best * (1 - 1e-5)


def test_nothing_has_no_direction() -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, None))
    model.o = pyo.Objective(expr=model.x)
    assert recession(compile_model(model).at(), np.zeros(1), np.ones(1)) is None
