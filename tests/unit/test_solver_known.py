"""Problems whose answers are known from elsewhere, and the promises of every solution."""

from __future__ import annotations

import pickle

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.program import compile_model
from optimizer.solver import Solver, solve_model
from optimizer.solver.certificate import check_point
from tests.unit.engine_models import (
    brock_mirman,
    brock_mirman_plan,
    disc_with_integer,
    fill,
    growth,
    kelley,
    water_filling,
    wrong_in_highs_1_14,
)

NOISE = (1.0, 0.8, 0.3, 1.9)


def test_kelley_1960():
    solution = solve_model(kelley(), gap=1e-7)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(-1.0, abs=1e-6)
    assert solution.value("x") == pytest.approx([0.0, 1.0], abs=2e-3)
    certificate = solution.certificate
    assert certificate.lower <= -1.0 + 1e-9
    assert certificate.lower <= certificate.upper == solution.objective


def test_water_filling():
    solution = solve_model(water_filling(NOISE), gap=1e-9)
    powers, level = fill(NOISE, 1.0)
    assert solution.value("x") == pytest.approx(powers, abs=1e-4)
    assert solution.objective == pytest.approx(np.log(np.array(NOISE) + powers).sum(), abs=1e-8)
    assert solution.dual("total") == pytest.approx(1 / level, rel=1e-3)


def test_brock_mirman():
    utility = brock_mirman_plan()[1]
    assert utility == pytest.approx(-4.601404693, abs=5e-10)
    solution = solve_model(brock_mirman(), gap=1e-9)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(utility, abs=5e-7)
    assert solution.value("c") == pytest.approx(brock_mirman_plan()[0], abs=1e-4)


def test_convex_integer_program():
    solution = solve_model(disc_with_integer())
    assert solution.status == "optimal"
    assert solution.value("y") == 3.0
    assert solution.objective == pytest.approx(8 + np.sqrt(2 - 0.36), abs=1e-6)


def test_integer_optimum_that_highs_1_14_got_wrong():
    solution = solve_model(wrong_in_highs_1_14())
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(9.0, abs=1e-9))


def test_integer_program_against_enumeration():
    rng = np.random.default_rng(5)
    gain, weight = rng.uniform(1, 2, 5), rng.uniform(0.5, 1.5, 5)
    m = pyo.ConcreteModel()
    m.I = pyo.RangeSet(0, 4)
    m.z = pyo.Var(m.I, within=pyo.Binary)
    m.x = pyo.Var(m.I, bounds=(0, 2))
    m.on = pyo.Constraint(m.I, rule=lambda m, i: m.x[i] <= 2 * m.z[i])
    m.room = pyo.Constraint(expr=sum(float(weight[i]) * m.x[i] + m.z[i] for i in m.I) <= 5)
    m.value = pyo.Objective(
        expr=sum(float(gain[i]) * pyo.log(1 + m.x[i]) - 0.2 * m.z[i] for i in m.I), sense=pyo.maximize
    )
    best = -np.inf
    for code in range(32):
        for i in m.I:
            m.z[i].fix(code >> i & 1)
        inner = solve_model(m, gap=1e-7)
        if inner.status == "optimal":
            best = max(best, inner.objective)
    for i in m.I:
        m.z[i].unfix()
    solution = solve_model(m, gap=1e-6)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(best, abs=3e-6)
    assert solution.certificate.upper >= best - 1e-6


@pytest.mark.parametrize("substitution", [0.1, 0.5, 1.0, 2.0, 10.0])
def test_every_elasticity_is_solved_and_ordered(substitution):
    """The CES mean grows with the elasticity, so the value does; a tangent in the wrong place would show."""
    solution = solve_model(growth(substitution=substitution))
    other = solve_model(growth(substitution=substitution * 1.3))
    assert solution.status == other.status == "optimal"
    assert other.objective > solution.objective


def test_the_reported_plan_satisfies_every_row_and_the_bounds_enclose_it():
    solution = solve_model(growth())
    check = check_point(solution.program.at(), solution.x)
    assert check.violation == solution.certificate.max_row_violation <= 1e-7
    assert check.checked == solution.certificate.rows_checked == 84
    assert solution.certificate.lower == solution.objective <= solution.certificate.upper
    assert solution.certificate.gap <= 1e-6


def test_point_checker_sees_rows_bounds_functions_and_fractions():
    program = compile_model(disc_with_integer())
    numbers = program.at()
    assert check_point(numbers, np.array([2.0, 3.0])).feasible
    assert check_point(numbers, np.array([2.0, 2.5])).place == "y"
    assert check_point(numbers, np.array([5.0, 2.0])).place in ("x", "disc")
    assert check_point(numbers, np.array([0.0, 2.0])).place == "disc"
    assert not check_point(compile_model(brock_mirman()).at(), np.full(10, -1.0)).feasible


def test_presolve_changes_no_result():
    program = compile_model(growth(), "spending")
    on, off = Solver(program).solve(), Solver(program, presolve=False).solve()
    assert off.objective == pytest.approx(on.objective, abs=2e-6 * abs(on.objective))
    assert on.value("stock") == pytest.approx(off.value("stock"), rel=5e-2)


@pytest.mark.parametrize("size", [1e-5, 1e4])
def test_scaling_changes_no_result(size):
    """The same plan in other units of money and stock, with and without scaling."""

    def model(suffix):
        m = growth()
        if suffix:
            m.scaling_factor = pyo.Suffix(direction=pyo.Suffix.EXPORT)
            m.scaling_factor[m.stock] = size
            m.scaling_factor[m.buy] = size
        return m

    plain = solve_model(model(False))
    scaled = solve_model(model(True))
    unscaled = Solver(compile_model(model(True)), scaled=False).solve()
    for other in (scaled, unscaled):
        assert other.status == "optimal"
        assert other.objective == pytest.approx(plain.objective, abs=3e-6 * abs(plain.objective))
    assert scaled.dual("budget") == pytest.approx(plain.dual("budget"), rel=2e-2, abs=1e-4)


def test_repeated_solves_are_identical_and_independent_of_order():
    program = compile_model(growth(), "spending")
    other = program.parameter_vector({"income": np.full(6, 5.0)})
    solver = Solver(program)
    first = solver.solve()
    solver.solve(other)
    again = solver.solve()
    assert first.x.tobytes() == again.x.tobytes()
    assert first.row_duals.tobytes() == again.row_duals.tobytes()


def test_warm_start_agrees_with_a_cold_one():
    program = compile_model(growth(wall=4.0), "spending")
    solver = Solver(program)
    solver.solve()
    for income, wall in ((9.0, 4.0), (5.0, np.inf), (12.0, 2.0)):
        vector = program.parameter_vector({"income": np.full(6, income), "wall": np.array(wall)})
        warm, cold = solver.solve(vector, warm=True), Solver(program).solve(vector)
        assert warm.status == cold.status == "optimal"
        assert warm.objective == pytest.approx(cold.objective, abs=2e-6 * abs(cold.objective))


def test_a_start_serves_other_numbers_and_alone_decides_the_digits():
    program = compile_model(growth(wall=4.0), "spending")
    start = Solver(program).solve().start
    for income, wall in ((9.0, 4.0), (5.0, np.inf), (12.0, 2.0)):
        vector = program.parameter_vector({"income": np.full(6, income), "wall": np.array(wall)})
        fresh, used = Solver(program), Solver(program)
        used.solve(program.parameter_vector({"income": np.full(6, 7.0)}))
        results = [solver.solve(vector, start=pickle.loads(pickle.dumps(start))) for solver in (fresh, used)]
        cold = fresh.solve(vector)
        assert [result.status for result in (*results, cold)] == ["optimal"] * 3
        assert results[0].x.tobytes() == results[1].x.tobytes()
        assert results[0].row_duals.tobytes() == results[1].row_duals.tobytes()
        assert abs(results[0].objective - cold.objective) <= 2e-6 * max(1.0, abs(cold.objective))


def test_a_start_holds_all_that_its_own_solve_found_out():
    solver = Solver(compile_model(growth(wall=4.0)))
    first = solver.solve()
    assert first.certificate.rounds > 2
    again = solver.solve(start=first.start)
    assert again.status == "optimal"
    assert again.certificate.rounds == 1


def test_a_program_without_functions_starts_from_its_own_start_again_and_again():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(within=pyo.NonNegativeReals)
    model.limit = pyo.Param(initialize=3.0, mutable=True)
    model.y = pyo.Var(within=pyo.NonNegativeReals)
    model.row = pyo.Constraint(expr=model.x + 2 * model.y <= model.limit)
    model.value = pyo.Objective(expr=3 * model.x + model.y, sense=pyo.maximize)
    program = compile_model(model)
    solver, start = Solver(program), None
    for limit in (3.0, 5.0, 0.0):
        solution = solver.solve(program.parameter_vector({"limit": np.array(limit)}), start=start)
        assert solution.objective == pytest.approx(3 * limit)
        start = solution.start


def test_new_parameters_solve_like_a_fresh_model():
    program = compile_model(growth(), "spending")
    vector = program.parameter_vector({"substitution": np.array(1.0), "price": np.array(0.0)})
    fresh = solve_model(growth(substitution=1.0, price=0.0), tie_breaker="spending")
    assert Solver(program).solve(vector).x == pytest.approx(fresh.x, rel=1e-12)


def test_restored_plans_are_used_only_if_they_hold():
    program = compile_model(growth())
    calls = []

    def liar(x):
        calls.append(1)
        return x + 1.0

    solution = Solver(program).solve(restore=liar)
    assert calls
    assert solution.status == "optimal"
    assert solution.certificate.max_row_violation <= 1e-7
    assert solution.objective == pytest.approx(solve_model(growth()).objective, rel=2e-6)
