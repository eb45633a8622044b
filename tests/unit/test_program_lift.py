"""Terms that are taken apart, rows that sums stand in for, and what is said of the model's own rows then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.errors import ModelError
from optimizer.program import compile_model
from optimizer.program.lift import squares_of
from optimizer.solver import Solver, solve_model

NUMBER = 20


def functions(model: Any) -> int:
    return len(compile_model(model).functions.sign)


def empty(count: int = 3, most: float = 10.0) -> Any:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(count), bounds=(0, most))
    return m


# terms -----------------------------------------------------------------------------------------------------


def test_logs_of_forms_that_share_columns_are_apart_and_take_few_rounds() -> None:
    """As one function of twenty numbers this took over 200 rounds and found no certificate."""
    random = np.random.default_rng(0)
    rows, prices = random.uniform(0.1, 1, (NUMBER, NUMBER)), random.uniform(0.5, 1.5, NUMBER)
    m = empty(NUMBER)
    forms = [1 + sum(float(v) * m.x[i] for i, v in enumerate(row)) for row in rows]
    cost = sum(float(p) * m.x[i] for i, p in enumerate(prices))
    m.value = pyo.Objective(expr=sum(pyo.log(form) for form in forms) - cost, sense=pyo.maximize)
    assert functions(m) == NUMBER
    solution = solve_model(m, gap=1e-7)
    assert solution.status == "optimal"
    assert solution.certificate.rounds < 25
    # at the optimum no variable could gain by moving
    x = solution.x
    slope = rows.T @ (1 / (1 + rows @ x)) - prices
    assert (slope[x < 1e-6] < 1e-3).all()
    assert np.abs(slope[(x > 1e-4) & (x < 10 - 1e-4)]).max(initial=0.0) < 1e-2


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        (lambda x: (x[0] + x[1]) ** 2 + (x[0] - x[1]) ** 2 + x[2], 2),
        (lambda x: pyo.exp(x[0] + x[1]) + pyo.exp(x[1] + x[2]) + x[0] ** 2, 3),
        (lambda x: x[0] ** 2 + x[1] ** 2 - 1.9 * x[0] * x[1], 2),
        (lambda x: 2 * x[0] * x[0] + x[1] * x[1] + 2 * x[0] * x[1] + x[2] ** 4, 3),
        # a square and an exponential of the same form are one function of it
        (lambda x: (x[0] + x[1]) ** 2 + pyo.exp(x[0] + x[1]) + x[1] ** 2, 2),
        # what is convex only together, of one form
        (lambda x: (x[0] + x[1]) ** 4 - 0.3 * x[0] ** 2 + pyo.exp(x[0]), 2),
        (lambda x: pyo.exp(x[0] - x[1]) * (3 + x[0] + x[1]), 1),
        # no more squares than columns
        (lambda x: sum((i * x[0] - i % 3 * x[1] + i % 2 * x[2] - i) ** 2 for i in range(1, 10)) / 9, 3),
        # rank one
        (lambda x: x[0] ** 2 + 2 * x[0] * x[1] + x[1] ** 2, 1),
    ],
)
def test_how_many_functions_a_row_becomes(rule: Any, count: int) -> None:
    m = empty()
    m.row = pyo.Constraint(expr=rule(m.x) <= m.x[2] + 40)
    m.cost = pyo.Objective(expr=m.x[0])
    program = compile_model(m)
    assert len(program.functions.sign) == count
    # whatever they are taken apart into, they add up to the row
    point = np.random.default_rng(1).uniform(0.1, 3, 3)
    for i, v in enumerate(point):
        m.x[i].value = float(v)
    numbers = program.at()
    excess = numbers.body(point)[0][0] - numbers.upper[0]
    assert excess == pytest.approx(pyo.value(m.row.body) - pyo.value(m.row.upper), rel=1e-12)


def test_an_indefinite_form_is_still_named() -> None:
    m = empty()
    m.row = pyo.Constraint(expr=m.x[0] ** 2 + m.x[1] ** 2 - 2.1 * m.x[0] * m.x[1] <= 1)
    m.cost = pyo.Objective(expr=-m.x[0])
    with pytest.raises(ModelError) as caught:
        solve_model(m)
    assert [(d.code, d.path) for d in caught.value.diagnostics] == [("M103", "row")]


@pytest.mark.parametrize("within", [pyo.Any, pyo.NonNegativeReals])
def test_weights_are_moved_to_both_signs_unless_their_domain_forbids_it(within: Any) -> None:
    m = empty()
    m.w = pyo.Param(range(2), initialize={0: 1.0, 1: 0.5}, mutable=True, within=within)
    body = m.w[0] * (m.x[0] + m.x[1]) ** 2 + (1 + m.w[1]) * m.x[0] ** 2
    m.row = pyo.Constraint(expr=body <= 9)
    m.cost = pyo.Objective(expr=-m.x[0] - 2 * m.x[1])
    program = compile_model(m)
    assert len(program.functions.sign) == (2 if within is pyo.NonNegativeReals else 1)
    weights = (1.0, -0.5 if within is pyo.Any else 0.0)
    solution = Solver(program).solve(program.parameter_vector({"w": np.array(weights)}), gap=1e-7)
    for i in range(2):
        m.w[i] = weights[i]
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(solve_model(m, gap=1e-7).objective, rel=1e-6)


def test_squares_of_a_matrix() -> None:
    random = np.random.default_rng(2)
    for rank in range(1, 7):
        rows = random.normal(size=(rank, 6)) * 10.0 ** random.integers(-3, 4, 6)
        matrix = rows.T @ rows
        found = squares_of(matrix)
        assert found is not None
        assert len(found) == rank
        assert all(weight > 0 for weight, _ in found)
        again = sum(weight * np.outer(row, row) for weight, row in found)
        size = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
        assert np.abs((again - matrix) / size).max() < 1e-9
    assert squares_of(np.array([[1.0, 2.0], [2.0, 1.0]])) is None
    assert squares_of(np.array([[0.0, 1.0], [1.0, 5.0]])) is None
    assert squares_of(np.diag([1.0, -1e-3])) is None
    assert squares_of(np.zeros((2, 2))) == []


# what is said of the model's rows --------------------------------------------------------------------------


def shared(limit: float = 9.0, price: float = 2.0) -> Any:
    """A row whose terms share columns, a quadratic that is definite only as a whole, and Params in both."""
    m = empty()
    m.limit = pyo.Param(initialize=limit, mutable=True)
    m.price = pyo.Param(initialize=price, mutable=True)
    m.row = pyo.Constraint(
        expr=pyo.exp(m.x[0] + m.x[1]) / 3 + (m.price * m.x[1] - m.x[2]) ** 2 + (m.x[0] + m.x[2]) ** 2
        <= m.limit
    )
    m.form = pyo.Constraint(expr=m.x[0] ** 2 + m.x[2] ** 2 - m.x[0] * m.x[2] <= m.limit / 4)
    m.value = pyo.Objective(expr=m.x[0] + 2 * m.x[1] + 1.5 * m.x[2], sense=pyo.maximize)
    m.less = pyo.Objective(expr=m.x[2])
    m.less.deactivate()
    return m


def norms(limit: float = 3.0, price: float = 1.0) -> Any:
    """Rows that sums stand in for: a norm, a product of powers, and a square of a sum."""
    m = empty()
    m.price = pyo.Param(initialize=price, mutable=True)
    m.norm = pyo.Constraint(expr=pyo.sqrt(0.5 + m.x[0] ** 2 + m.x[1] ** 2 + m.x[2] ** 2) <= limit)
    m.product = pyo.Constraint(expr=-2 * (1 + m.x[0]) ** 0.3 * (0.5 + m.x[2]) ** 0.6 <= -2.5)
    m.square = pyo.Constraint(expr=(pyo.exp(m.x[0]) + pyo.exp(m.x[1] + m.x[2])) ** 2 <= 900)
    m.value = pyo.Objective(expr=m.price * m.x[0] + 2 * m.x[1], sense=pyo.maximize)
    return m


@pytest.mark.parametrize("name", ["limit", "price"])
def test_sensitivities_and_duals_of_lifted_rows(name: str) -> None:
    program = compile_model(shared())
    assert len(program.functions.sign) == 5
    solver = Solver(program)
    solution = solver.solve(gap=1e-10)
    slope = solver.sensitivity(solution)[program.parameters[name].start]
    step = 1e-3
    ends = [
        solve_model(shared(**{name: value}), gap=1e-10).objective
        for value in (
            ({"limit": 9.0, "price": 2.0}[name]) - step,
            ({"limit": 9.0, "price": 2.0}[name]) + step,
        )
    ]
    assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-3, abs=1e-5)
    if name == "limit":
        assert solution.dual("row") + solution.dual("form") / 4 == pytest.approx(slope, rel=1e-6)


def test_what_a_stand_in_leaves_of_the_row_it_stands_for() -> None:
    program = compile_model(norms())
    assert program.rows["norm"].start in program.functions.stand_in_row
    assert len(program.functions.stand_in_row) == 3
    solver = Solver(program)
    solution = solver.solve(gap=1e-10)
    assert solution.status == "optimal"
    assert solution.certificate.max_row_violation <= 1e-7
    step = 1e-3
    ends = [solve_model(norms(limit=3.0 + move), gap=1e-10).objective for move in (-step, step)]
    assert solution.dual("norm") == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-3)
    ends = [solve_model(norms(price=1.0 + move), gap=1e-10).objective for move in (-step, step)]
    slope = solver.sensitivity(solution)[program.parameters["price"].start]
    assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-3)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_product_of_powers_binds_from_both_sides(sign: int) -> None:
    """x*y >= 4 and its negative: the least of x + 4y is 8, at (4, 1), and the dual is 1."""
    m = empty(2)
    body = sign * m.x[0] * m.x[1]
    m.row = pyo.Constraint(expr=body >= 4) if sign > 0 else pyo.Constraint(expr=body <= -4)
    m.cost = pyo.Objective(expr=m.x[0] + 4 * m.x[1])
    solution = solve_model(m, gap=1e-9)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(8))
    assert solution.value("x") == pytest.approx([4, 1], abs=1e-3)
    assert solution.dual("row") == pytest.approx(sign, rel=1e-3)


def test_inverse_powers_are_bounded_from_above() -> None:
    """1/(x*y) <= 1/4 is the same row."""
    m = empty(2)
    m.row = pyo.Constraint(expr=1 / (m.x[0] * m.x[1]) <= 0.25)
    m.cost = pyo.Objective(expr=m.x[0] + 4 * m.x[1])
    solution = solve_model(m, gap=1e-9)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(8))
    # with side b the optimum is 4/sqrt(b)
    assert solution.dual("row") == pytest.approx(-2 * 0.25**-1.5, rel=1e-3)


def inverse(limit: float = 1.5, price: float = 1.0) -> Any:
    """Products of negative powers beside linear terms, in the objective and in a row with a Param."""
    m = empty()
    m.limit, m.price = pyo.Param(initialize=limit, mutable=True), pyo.Param(initialize=price, mutable=True)
    m.row = pyo.Constraint(
        expr=(0.2 + m.x[0]) ** -0.7 * (0.1 + m.x[1] + m.x[0]) ** -0.4 + 0.1 * m.x[2] <= m.limit
    )
    body = 5 / ((1 + m.x[0]) ** 0.5 * (0.5 + m.x[1]) * (0.3 + m.x[2]) ** 0.8)
    m.cost = pyo.Objective(expr=body + m.price * m.x[0] + m.x[1] + 2 * m.x[2])
    return m


def test_exponentials_of_sums_of_logs() -> None:
    program = compile_model(inverse())
    table = program.functions
    assert len(table.exponentials) == 2
    assert np.count_nonzero(table.inner_of >= 0) == 5
    solver = Solver(program)
    solution = solver.solve(gap=1e-9)
    assert solution.status == "optimal"
    # the row alone is written as it is, and the objective is that of the model
    x = solution.x
    body = 5 / ((1 + x[0]) ** 0.5 * (0.5 + x[1]) * (0.3 + x[2]) ** 0.8)
    assert solution.objective == pytest.approx(body + x[0] + x[1] + 2 * x[2], rel=1e-12)
    for name, value in (("limit", 1.5), ("price", 1.0)):
        ends = [solve_model(inverse(**{name: value + step}), gap=1e-9).objective for step in (-1e-3, 1e-3)]
        slope = solver.sensitivity(solution)[program.parameters[name].start]
        assert slope == pytest.approx((ends[1] - ends[0]) / 2e-3, rel=5e-3, abs=1e-4)
    assert solution.dual("row") == pytest.approx(
        solver.sensitivity(solution)[program.parameters["limit"].start], rel=1e-6
    )


def test_many_inverse_powers_take_few_rounds() -> None:
    """The inverse of a geometric mean and the mean: both are 1 where all are."""
    m = empty(NUMBER)
    body = 1.0
    for v in m.x.values():
        body = body * v ** (-1 / NUMBER)
    m.cost = pyo.Objective(expr=body + sum(m.x.values()) / NUMBER)
    solution = solve_model(m, gap=1e-6)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(2, rel=2e-6))
    assert solution.certificate.rounds < 40


def test_a_sum_that_may_be_negative_is_not_looked_through() -> None:
    """(x^2 + y^2 - 4)^2 <= 25 has no plan in which the sum is below -5, but is no convex row either."""
    m = empty(2)
    m.row = pyo.Constraint(expr=(m.x[0] ** 2 + m.x[1] ** 2 - 4) ** 2 <= 9)
    m.cost = pyo.Objective(expr=m.x[0] + m.x[1])
    assert not len(compile_model(m).functions.stand_in_row)
    with pytest.raises(ModelError):
        solve_model(m)


@pytest.mark.parametrize(("power", "sense"), [(2, ">="), (-1, "<="), (-2, "<=")])
def test_a_power_that_sums_below_zero_satisfy_too_is_not_looked_through(power: int, sense: str) -> None:
    """x = y = 10 satisfies each of these rows; bounded as a sum, they ended at the wrong optimum or none."""
    m = empty(2)
    body = (4 - m.x[0] ** 2 - m.x[1] ** 2) ** power
    m.row = pyo.Constraint(expr=body >= 1 if sense == ">=" else body <= 1)
    m.value = pyo.Objective(expr=m.x[0] + m.x[1], sense=pyo.maximize)
    assert not len(compile_model(m).functions.stand_in_row)
    with pytest.raises(ModelError) as refused:
        solve_model(m)
    assert refused.value.diagnostics[0].code == "M103"


@pytest.mark.parametrize("root", [lambda x: pyo.sqrt(x**2), lambda x: (x**2) ** 0.5])
def test_the_root_of_a_square_is_no_power_of_what_is_negative(root: Any) -> None:
    """The row holds everywhere; read as 1/(x*y) it asked for |x|*y >= 4."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(-10, -1)), pyo.Var(bounds=(1, 10))
    m.row = pyo.Constraint(expr=(root(m.x) * m.y) ** (-1) >= -0.25)
    m.cost = pyo.Objective(expr=m.y - m.x)
    assert not len(compile_model(m).functions.stand_in_row)
    with pytest.raises(ModelError):
        solve_model(m)


def test_ties_and_ranges_of_a_lifted_model() -> None:
    solver = Solver(compile_model(shared(), "less"))
    solution = solver.solve(gap=1e-6)
    assert solution.status == "optimal"
    for place in range(3):
        row = np.zeros(3)
        row[place] = 1.0
        low, high = solver.range(solution, row)
        assert low <= solution.x[place] <= high
        assert high - low < 0.5


def test_four_hundred_factors_are_no_nesting_too_deep() -> None:
    m = empty(400)
    body = 1.0
    for v in m.x.values():
        body = body * (1 + v) ** (1 / 400)
    m.row = pyo.Constraint(expr=body >= 2)
    m.cost = pyo.Objective(expr=sum(m.x.values()))
    program = compile_model(m)
    assert len(program.functions.sign) == 400
    assert program.at().body(np.ones(400))[0][0] == pytest.approx(2)
