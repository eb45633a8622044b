"""Duals, sensitivities, ranges and the tie breaker, against finite differences and enumeration."""

from __future__ import annotations

import cvxpy
import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.program import compile_model
from optimizer.solver import Solver, solve_model
from tests.unit.engine_models import growth, water_filling

TIGHT = 1e-9


def _bound(solver, vector):
    return solver.solve(vector, gap=TIGHT).objective


def _slope(solver, vector, place, share=1e-3):
    step = share * max(1e-3, abs(vector[place]))
    up, down = vector.copy(), vector.copy()
    up[place] += step
    down[place] -= step
    return (_bound(solver, up) - _bound(solver, down)) / (2 * step)


@pytest.fixture(scope="module")
def solved():
    program = compile_model(growth(limit=1.6, wall=1.4))
    solver = Solver(program)
    return solver, solver.solve(gap=TIGHT)


def test_dual_of_a_linear_row(solved):
    solver, solution = solved
    vector, block = solution.parameters, solver.program.parameters["income"]
    for period in (0, 3, 5):
        slope = _slope(solver, vector, block.start + period)
        assert solution.dual("budget")[period] == pytest.approx(slope, rel=1e-3, abs=1e-6)
    assert solution.dual("budget").max() > 0.01


def test_dual_of_a_row_that_became_a_bound(solved):
    solver, solution = solved
    block = solver.program.parameters["limit"]
    duals = solution.dual("limit_row")
    assert (duals > 1e-3).any()
    for period in range(6):
        slope = _slope(solver, solution.parameters, block.start + period)
        assert duals[period] == pytest.approx(slope, rel=1e-2, abs=1e-5)


def test_dual_of_a_concave_row(solved):
    """Loosening `effort <= CES` by one unit, through a parameter added to its side."""
    m = growth(limit=1.6, wall=1.4)
    m.gift = pyo.Param(m.T, initialize=0.0, mutable=True)
    for t in m.T:
        m.effort_row[t].set_value(m.effort_row[t].body <= m.gift[t])
    program = compile_model(m)
    solver = Solver(program)
    solution = solver.solve(gap=TIGHT)
    start = program.parameters["gift"].start
    for period in (0, 4):
        slope = _slope(solver, solution.parameters, start + period)
        assert solution.dual("effort_row")[period] == pytest.approx(slope, rel=1e-3)


def test_duals_of_a_minimisation_are_slopes_too():
    m = pyo.ConcreteModel()
    m.p = pyo.Param(initialize=2.0, mutable=True)
    m.x = pyo.Var([1, 2], bounds=(0, None))
    m.need = pyo.Constraint(expr=m.x[1] + m.x[2] >= m.p)
    m.cost = pyo.Objective(expr=m.x[1] ** 2 + 2 * m.x[2] ** 2)
    program = compile_model(m)
    solver = Solver(program)
    solution = solver.solve(gap=TIGHT)
    assert solution.objective == pytest.approx(2 / 3 * 4, rel=1e-7)
    assert solution.dual("need") == pytest.approx(2 * 2 / 3 * 2, rel=1e-3)
    assert solver.sensitivity(solution)[0] == pytest.approx(2 * 2 / 3 * 2, rel=1e-3)
    certificate = solution.certificate
    assert certificate.lower <= 8 / 3 + 1e-9
    assert certificate.upper == solution.objective


def test_denied_supply_has_a_price():
    """A limit of 0 switches a supply off; what the first unit would be worth must not get lost."""
    m = growth(periods=3)
    m.allowed = pyo.Param(m.T, initialize=0.0, mutable=True)
    m.gift = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.store = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.gift_limit = pyo.Constraint(m.T, rule=lambda m, t: m.gift[t] <= m.allowed[t])
    m.kept = pyo.Constraint(m.T, rule=lambda m, t: m.store[t] == (m.store[t - 1] if t > 1 else 0) + m.gift[t])
    for t in m.T:
        m.budget[t].set_value(m.budget[t].body - 0.5 * m.store[t] <= m.income[t])
    program = compile_model(m)
    solver = Solver(program)
    solution = solver.solve(gap=TIGHT)
    start = program.parameters["allowed"].start
    for period in range(3):
        vector = solution.parameters.copy()
        vector[start + period] = 1e-3
        slope = (_bound(solver, vector) - solution.objective) / 1e-3
        assert slope > 1e-3
        assert solution.dual("gift_limit")[period] == pytest.approx(slope, rel=2e-2)


def test_sensitivity_to_every_parameter(solved):
    solver, solution = solved
    exact = solver.sensitivity(solution)
    assert np.isfinite(exact).all()
    for place in range(len(exact)):
        slope = _slope(solver, solution.parameters, place)
        name = solver.program.parameter_name(place)
        assert exact[place] == pytest.approx(slope, rel=2e-2, abs=2e-5), name


def test_range_encloses_the_plan_and_is_reached():
    noise = (1.0, 0.8, 0.3)
    program = compile_model(water_filling(noise))
    solver = Solver(program)
    solution = solver.solve(gap=1e-6)
    for place in range(3):
        chosen = np.eye(3)[place]
        low, high = solver.range(solution, chosen)
        assert low <= solution.x[place] <= high
        # value falls by about (move)^2/(2 level^2)*1.5, so the gap allows moves of about 1e-3
        assert 2e-4 < high - low < 1e-2
    assert solver.range(solution, np.ones(3)) == pytest.approx((1.0, 1.0), abs=1e-5)


def test_ranges_are_those_of_an_independent_solver():
    noise = np.array([1.0, 0.8, 0.3])
    solver = Solver(compile_model(water_filling(tuple(noise))))
    solution = solver.solve(gap=1e-2)
    certificate = solution.certificate
    slack = certificate.upper - certificate.lower
    assert slack > 1e-5
    generator = np.random.default_rng(3)
    for functional in (*np.eye(3), *generator.normal(size=(4, 3))):
        power = cvxpy.Variable(3, nonneg=True)
        limits = [
            cvxpy.sum(power) <= 1,
            cvxpy.sum(cvxpy.log(noise + power)) >= solution.objective - slack,
        ]
        exact = []
        for sense in (cvxpy.Minimize, cvxpy.Maximize):
            oracle = cvxpy.Problem(sense(functional @ power), limits)
            oracle.solve(solver=cvxpy.CLARABEL)
            assert oracle.status == cvxpy.OPTIMAL
            exact.append(oracle.value)
        low, high = solver.range(solution, functional)
        assert low <= exact[0] + 1e-6
        assert high >= exact[1] - 1e-6
        assert high - low <= 1.4 * (exact[1] - exact[0])


def test_range_of_what_nothing_bounds_is_infinite():
    m = pyo.ConcreteModel()
    m.x, m.free = pyo.Var(bounds=(0, 4)), pyo.Var()
    m.value = pyo.Objective(expr=pyo.log(1 + m.x), sense=pyo.maximize)
    m.joined = pyo.Constraint(expr=m.free >= m.x - 8)
    solver = Solver(compile_model(m))
    solution = solver.solve()
    free = np.array([0.0, 1.0])
    low, high = solver.range(solution, free)
    assert low == pytest.approx(-4, abs=1e-6)
    assert high == np.inf


def test_range_of_an_integer_program_is_over_all_its_assignments():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(within=pyo.Integers, bounds=(0, 3)), pyo.Var(within=pyo.Integers, bounds=(0, 3))
    m.total = pyo.Constraint(expr=2 * m.x + 2 * m.y <= 9)
    m.value = pyo.Objective(expr=m.x + m.y, sense=pyo.maximize)
    solver = Solver(compile_model(m))
    solution = solver.solve()
    assert solution.objective == pytest.approx(4)
    low, high = solver.range(solution, np.array([1.0, 0.0]))
    assert low <= 1 + 1e-6
    assert high >= 3 - 1e-6
    assert 0.9 <= low <= high <= 3.1


def test_range_of_a_free_choice_is_wide():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2], bounds=(0, 4))
    m.total = pyo.Constraint(expr=m.x[1] + m.x[2] <= 3)
    m.value = pyo.Objective(expr=pyo.log(1 + m.x[1] + m.x[2]), sense=pyo.maximize)
    solver = Solver(compile_model(m))
    solution = solver.solve()
    assert solver.range(solution, np.array([1.0, 0.0])) == pytest.approx((0.0, 3.0), abs=1e-6)


def test_range_leaves_the_solver_usable_and_works_for_older_solutions():
    program = compile_model(growth(), "spending")
    solver = Solver(program)
    first = solver.solve()
    chosen = np.zeros(program.user_columns)
    chosen[program.variables["stock"].start] = 1.0
    before = solver.range(first, chosen)
    second = solver.solve(program.parameter_vector({"income": np.full(6, 6.0)}))
    assert second.status == "optimal"
    assert solver.range(first, chosen) == pytest.approx(before, rel=0.05)
    assert solver.solve().x.tobytes() == first.x.tobytes()


def _two_ways():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2, 3], bounds=(0, 5))
    m.room = pyo.Constraint(expr=m.x[1] + m.x[2] <= 4)
    m.value = pyo.Objective(expr=pyo.log(1 + m.x[1] + m.x[2]), sense=pyo.maximize)
    m.spending = pyo.Objective(expr=3 * m.x[1] + m.x[2] + m.x[3])
    m.spending.deactivate()
    return m


def test_ties_are_broken_by_the_second_objective():
    solution = solve_model(_two_ways(), tie_breaker="spending")
    assert solution.status == "optimal"
    assert solution.certificate.gap <= 1e-6
    assert solution.value("x") == pytest.approx([0.0, 4.0, 0.0], abs=1e-4)


def test_tie_breaker_may_be_maximised():
    m = _two_ways()
    m.spending.sense = pyo.maximize
    assert solve_model(m, tie_breaker="spending").value("x") == pytest.approx([4.0, 0.0, 5.0], abs=1e-4)


def test_tie_breaker_keeps_integers():
    m = _two_ways()
    m.z = pyo.Var(bounds=(0, 3), within=pyo.Integers)
    m.link = pyo.Constraint(expr=m.x[1] + m.x[2] <= 1.5 * m.z)
    solution = solve_model(m, tie_breaker="spending")
    assert solution.status == "optimal"
    assert solution.value("z") == 3
    assert solution.value("x") == pytest.approx([0.0, 4.0, 0.0], abs=1e-4)


def test_outer_program_is_written_with_names(tmp_path):
    solver = Solver(compile_model(growth(periods=2), "spending"))
    solver.solve()
    for ending, names in (
        ("mps", ("budget[2]", "stock[1]", "level_row[1]~1")),
        ("lp", ("budget(2)", "stock(1)", "level_row(1)~1")),
    ):
        path = tmp_path / f"plan.{ending}"
        solver.relaxation_lp(str(path))
        assert all(name in path.read_text() for name in names)
