"""Small programs at the edges of what the engine takes: nothing left to solve, odd domains, far optima."""

from __future__ import annotations

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer import solve_model
from optimizer.errors import ModelError
from optimizer.program import compile_model
from optimizer.solver import Solver
from tests.unit.engine_models import fill, water_filling


def two_variables() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 5))
    model.y = pyo.Var(bounds=(0, 5))
    return model


def test_price_of_two_closed_limits_is_not_counted_twice() -> None:
    model = two_variables()
    model.z = pyo.Var(bounds=(0, 1))
    model.first = pyo.Constraint(expr=model.x + model.y <= 0)
    model.second = pyo.Constraint(expr=2 * model.x + model.y <= 0)
    model.other = pyo.Constraint(expr=model.x + model.z <= 1)
    model.value = pyo.Objective(expr=4 * model.x + 3 * model.y + model.z, sense=pyo.maximize)
    solution = solve_model(model)
    first, second = float(solution.dual("first")), float(solution.dual("second"))
    assert solution.objective == pytest.approx(1)
    # Feasible duals that no other pair improves on: opening one limit alone gives nothing.
    assert min(first, second) == pytest.approx(0, abs=1e-9)
    assert first + 2 * second >= 4 - 1 - 1e-9


def test_a_bound_is_all_there_is() -> None:
    model = two_variables()
    model.limit = pyo.Constraint(expr=2 * model.x <= 4)
    model.value = pyo.Objective(expr=model.x, sense=pyo.maximize)
    solution = solve_model(model)
    assert solution.objective == pytest.approx(2)
    assert float(solution.dual("limit")) == pytest.approx(0.5)


def test_nothing_is_left_to_choose() -> None:
    model = two_variables()
    model.closed = pyo.Constraint(expr=model.x + model.y <= 0)
    model.value = pyo.Objective(expr=model.x + 2 * model.y, sense=pyo.maximize)
    solution = solve_model(model)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(0)
    assert float(solution.dual("closed")) == pytest.approx(2)


@pytest.mark.parametrize("domain", [pyo.RangeSet(0, 10, 5), pyo.Set(initialize=[0, 5, 9])])
def test_domain_with_holes_is_refused(domain: pyo.Set) -> None:
    model = pyo.ConcreteModel()
    model.domain = domain
    model.x = pyo.Var(within=model.domain)
    model.limit = pyo.Constraint(expr=model.x <= 7.5)
    model.value = pyo.Objective(expr=model.x, sense=pyo.maximize)
    with pytest.raises(ModelError) as caught:
        solve_model(model)
    assert caught.value.diagnostics[0].code == "M101"


def test_an_optimum_far_out_is_not_called_unbounded() -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(1e-3, None))
    model.value = pyo.Objective(expr=pyo.log(model.x) - 1e-8 * model.x, sense=pyo.maximize)
    solution = solve_model(model, gap=1e-4)
    assert solution.status != "unbounded"
    assert solution.certificate.upper >= np.log(1e8) - 1 - 1e-6


def test_a_reference_is_the_variable_it_refers_to() -> None:
    model = two_variables()
    model.same = pyo.Reference(model.x)
    model.limit = pyo.Constraint(expr=model.same[None] + model.y <= 3)
    model.value = pyo.Objective(expr=2 * model.x + model.y, sense=pyo.maximize)
    solution = solve_model(model)
    assert solution.objective == pytest.approx(6)
    assert float(solution.value("x")) == pytest.approx(3)


@pytest.mark.parametrize("seed", range(12))
def test_range_exists_however_tight_the_certificate(seed: int) -> None:
    generator = np.random.default_rng(seed)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(4), bounds=(0, 3))
    weight = generator.uniform(0.5, 2, 4)
    model.budget = pyo.Constraint(expr=sum(model.x[i] for i in range(4)) <= 4)
    model.value = pyo.Objective(
        expr=sum(weight[i] * pyo.log(1 + model.x[i]) for i in range(4)), sense=pyo.maximize
    )
    program = compile_model(model)
    solver = Solver(program)
    solution = solver.solve(gap=1e-9)
    for i in range(4):
        direction = np.zeros(program.user_columns)
        direction[program.variables["x"].slice.start + i] = 1
        low, high = solver.range(solution, direction)
        assert low - 1e-9 <= solution.value("x")[i] <= high + 1e-9
        assert high - low < 0.01


def test_another_use_of_highs_in_the_process_with_more_threads_does_not_stop_it() -> None:
    highspy.Highs.resetGlobalScheduler(True)
    other = highspy.Highs()
    other.setOptionValue("output_flag", False)
    other.setOptionValue("threads", 2)
    other.addVar(0, 1)
    assert other.run() == highspy.HighsStatus.kOk
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 1)), pyo.Var(bounds=(0, 1))
    model.both = pyo.Constraint(expr=model.x + model.y <= 1)
    model.value = pyo.Objective(expr=2 * model.x + model.y, sense=pyo.maximize)
    assert solve_model(model).objective == pytest.approx(2)


@pytest.mark.parametrize("gap", [1e-1, 1e-2, 1e-4])
def test_many_small_violations_do_not_add_up_to_an_open_gap(gap: float) -> None:
    noise, power = np.linspace(0.5, 1.2, 60), 9.0
    solution = solve_model(water_filling(tuple(noise), power), gap=gap)
    assert solution.status == "optimal", solution.message
    assert solution.certificate.gap <= gap
    powers, _ = fill(tuple(noise), power)
    assert solution.objective == pytest.approx(np.log(noise + powers).sum(), abs=gap)
