"""Small integer programs against the enumeration of all their assignments: the bound of an integer program is
HiGHS's own, so nothing else tells whether it is true."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.solver import integer, solve_model
from optimizer.solver.integer_program import integer_optimum

Array = np.ndarray[Any, np.dtype[np.float64]]
PER_KIND = 16


class Case:
    """A random program over a few integers in a box: its model, every assignment and which are allowed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.n = int(self.random.integers(2, 4))
        self.top = int(self.random.choice([3, 8, 20] if self.n == 3 else [5, 20, 60]))
        self.points = np.array(list(itertools.product(range(self.top + 1), repeat=self.n)), dtype=float)
        self.allowed = np.ones(len(self.points), dtype=bool)
        self.scale = float(10.0 ** self.random.integers(-6, 7))
        self.size = float(10.0 ** self.random.integers(0, 3))
        entries = self.random.uniform(-1, 1, (self.n, self.n)) * self.size
        self.rows = np.round(entries, int(self.random.integers(0, 3)))
        self.near = self.random.integers(0, self.top + 1, self.n)
        self.sides = self.rows @ self.near + np.round(self.random.normal(size=self.n) * 0.3 * self.size, 1)
        self.model = pyo.ConcreteModel()
        self.model.x = pyo.Var(range(self.n), bounds=(0, self.top), within=pyo.Integers)

    def linear(self, row: Array, constant: float = 0.0) -> Any:
        return sum(float(value) * self.model.x[i] for i, value in enumerate(row)) + float(constant)

    def squares(self) -> tuple[Any, Array]:
        """The sum of squares of rows less sides, as an expression and at every point."""
        terms = [self.linear(row, -side) ** 2 for row, side in zip(self.rows, self.sides, strict=True)]
        return sum(terms), ((self.points @ self.rows.T - self.sides) ** 2).sum(axis=1)

    def limit(self, count: int) -> None:
        """Linear constraints that leave a point."""
        rows = np.round(self.random.uniform(-1, 2, (count, self.n)), 2)
        sides = np.round(rows @ self.near + self.random.uniform(0, 3, count), 2)
        self.model.limit = pyo.Constraint(
            range(count), rule=lambda m, k: self.linear(rows[k]) <= float(sides[k])
        )
        self.allowed &= (self.points @ rows.T <= sides + 1e-9).all(axis=1)


def squares(case: Case) -> tuple[Any, Array]:
    return case.squares()


def constrained(case: Case) -> tuple[Any, Array]:
    case.limit(2)
    cost = np.round(case.random.uniform(-1, 1, case.n) * case.size**2, 2)
    body, value = case.squares()
    return body + case.linear(cost), value + case.points @ cost


def equality(case: Case) -> tuple[Any, Array]:
    row = case.random.integers(1, 5, case.n)
    side = int(row @ case.near)
    case.model.equality = pyo.Constraint(expr=case.linear(row) == side)
    case.allowed &= case.points @ row == side
    return case.squares()


def norm(case: Case) -> tuple[Any, Array]:
    case.limit(1)
    body, value = case.squares()
    return pyo.sqrt(1 + body), np.sqrt(1 + value)


def ball(case: Case) -> tuple[Any, Array]:
    body, value = case.squares()
    radius = float(value.min() + np.round(case.random.uniform(0, 2) * case.size**2, 2))
    cost = np.round(case.random.uniform(-1, 1, case.n) * case.size, 2)
    case.model.ball = pyo.Constraint(expr=body <= radius)
    case.allowed &= value <= radius * (1 + 1e-9)
    return case.linear(cost), case.points @ cost


def logs(case: Case) -> tuple[Any, Array]:
    weight = np.round(case.random.uniform(0.1, 2, case.n), 2)
    rows = np.round(case.random.uniform(0.1, 3, (case.n, case.n)), 2)
    cost = np.round(case.random.uniform(0, 1, case.n), 2)
    case.limit(2)
    body = case.linear(cost) - sum(
        float(w) * pyo.log(1 + case.linear(row)) for w, row in zip(weight, rows, strict=True)
    )
    return body, case.points @ cost - np.log(1 + case.points @ rows.T) @ weight


def mixed(case: Case) -> tuple[Any, Array]:
    """A continuous variable joins, whose best value for given integers has a closed form."""
    most = float(np.round(case.random.uniform(1, case.top * case.size), 1))
    price = float(np.round(case.random.uniform(-1, 1) * case.size, 2))
    row, side = case.rows[0], float(case.sides[1])
    case.model.y = pyo.Var(bounds=(0, most))
    case.limit(1)
    body, value = case.squares()
    wanted = case.points @ row + side
    best = np.clip(wanted - price / 2, 0, most)
    distance = (case.model.y - case.linear(row, side)) ** 2
    return body + distance + price * case.model.y, value + (best - wanted) ** 2 + price * best


def powers(case: Case) -> tuple[Any, Array]:
    """A product of powers of forms that share columns, bounded from below: sums of logs stand in for it."""
    rows = np.round(case.random.uniform(0.01, 2, (case.n, case.n)), 2)
    exponents = np.round(case.random.uniform(0.05, 1, case.n), 2)
    value = ((1 + case.points @ rows.T) ** exponents).prod(axis=1)
    least = float(np.quantile(value, case.random.uniform(0.2, 0.9)))
    body = 1.0
    for row, exponent in zip(rows, exponents, strict=True):
        body = body * (1 + case.linear(row)) ** float(exponent)
    case.model.powers = pyo.Constraint(expr=body >= least * (1 - 1e-9))
    case.allowed &= value >= least * (1 - 1e-8)
    cost = np.round(case.random.uniform(0.01, 2, case.n) * case.size, 2)
    return case.linear(cost), case.points @ cost


def length(case: Case) -> tuple[Any, Array]:
    """The length of a vector, bounded from above: the sum of squares stands in for it."""
    body, value = case.squares()
    radius = float(np.sqrt(1 + np.quantile(value, case.random.uniform(0.05, 0.5))))
    case.model.length = pyo.Constraint(expr=pyo.sqrt(1 + body) <= radius * (1 + 1e-9))
    case.allowed &= np.sqrt(1 + value) <= radius * (1 + 1e-8)
    cost = np.round(case.random.uniform(-1, 1, case.n) * case.size, 2)
    return case.linear(cost), case.points @ cost


def inverses(case: Case) -> tuple[Any, Array]:
    """A product of negative powers in the objective: the exponential of a sum of logs."""
    rows = np.round(case.random.uniform(0.01, 2, (case.n, case.n)), 2)
    exponents = np.round(case.random.uniform(0.1, 1.5, case.n), 2)
    weight = float(np.round(case.random.uniform(0.5, 30) * case.size, 2))
    body: Any = weight
    for row, exponent in zip(rows, exponents, strict=True):
        body = body * (1 + case.linear(row)) ** -float(exponent)
    value = weight * ((1 + case.points @ rows.T) ** -exponents).prod(axis=1)
    cost = np.round(case.random.uniform(0, 0.5, case.n), 2)
    case.limit(1)
    return body + case.linear(cost), value + case.points @ cost


def multiplied_out(case: Case) -> tuple[Any, Array]:
    """Squares multiplied out: products of columns that only together are convex."""
    square = case.rows.T @ case.rows
    slope = -2 * case.sides @ case.rows
    pairs = [(i, j) for i in range(case.n) for j in range(i, case.n)]
    body = sum(
        (1 if i == j else 2) * float(square[i, j]) * case.model.x[i] * case.model.x[j] for i, j in pairs
    )
    value = (case.points @ square * case.points).sum(axis=1) + case.points @ slope
    return body + case.linear(slope), value


KINDS: tuple[Callable[[Case], tuple[Any, Array]], ...] = (
    squares,
    constrained,
    equality,
    norm,
    ball,
    logs,
    mixed,
    powers,
    length,
    inverses,
    multiplied_out,
)


@dataclass(frozen=True)
class Answer:
    value: float
    bound: float
    best: float
    status: str


def solved(kind: Callable[[Case], tuple[Any, Array]], seed: int, gap: float) -> Answer:
    case = Case(seed)
    body, values = kind(case)
    case.model.objective = pyo.Objective(expr=case.scale * body)
    solution = solve_model(case.model, gap=gap)
    best = float(case.scale * values[case.allowed].min())
    return Answer(solution.objective, solution.certificate.lower, best, solution.status)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_integer_optima_are_those_of_enumeration(
    monkeypatch: pytest.MonkeyPatch, kind: Callable[[Case], tuple[Any, Array]], own: bool
) -> None:
    """By trees of HiGHS, and by the program's own tree first."""
    if own:
        monkeypatch.setattr(integer, "LEAST_BRANCHED", 1)
    for seed in range(PER_KIND):
        gap = (1e-2, 1e-4, 1e-6)[seed % 3]
        answer = solved(kind, seed, gap)
        size = max(1.0, abs(answer.best))
        assert answer.bound <= answer.best + 1e-6 * size, (seed, answer)
        assert answer.value >= answer.best - 1e-5 * size, (seed, answer)
        assert answer.status == "optimal", (seed, answer)
        assert answer.value <= answer.best + 1.01 * gap * size, (seed, answer)


ROWS = np.array([[81, 47, -99], [-96, 40, -92], [-7, 19, -50]])
SIDES = np.array([3038, -6708, -1257])


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_a_value_far_below_the_nominal_size_is_still_told_apart(gap: float) -> None:
    """The function is worth 67 million at nominal size and 130 at its optimum, (55, 31, 29)."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), bounds=(0, 100), within=pyo.Integers)
    bodies = [sum(int(v) * model.x[i] for i, v in enumerate(row)) for row in ROWS]
    model.value = pyo.Objective(expr=sum((b - int(s)) ** 2 for b, s in zip(bodies, SIDES, strict=True)))
    solution = solve_model(model, gap=gap)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(130))
    assert 130 * (1 - gap) - 1e-3 <= solution.certificate.lower <= 130 + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_small_residuals_of_large_numbers(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(-99, 100, size=(3, 3))
    near = random.integers(20, 80, 3)
    sides = rows @ near + random.integers(-30, 30, 3)
    box = [range(max(0, v - 12), min(100, v + 12) + 1) for v in near]
    best = float((((np.array(list(itertools.product(*box))) @ rows.T - sides) ** 2).sum(axis=1)).min())
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), bounds=(0, 100), within=pyo.Integers)
    bodies = [sum(int(v) * model.x[i] for i, v in enumerate(row)) for row in rows]
    model.value = pyo.Objective(expr=sum((b - int(s)) ** 2 for b, s in zip(bodies, sides, strict=True)))
    solution = solve_model(model, gap=1e-4)
    assert solution.status == "optimal"
    assert solution.objective <= best + 1.01e-4 * max(1.0, best)
    assert solution.certificate.lower <= best + 1e-6 * max(1.0, best)


def test_a_bound_that_a_plan_beats_is_looked_for_again_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    """The careful solve is the only one believed once HiGHS has contradicted a plan."""
    asked = []

    def too_low(*arguments: Any, careful: bool, **options: Any) -> Any:
        asked.append(careful)
        found = integer_optimum(*arguments, careful=careful, **options)
        return found if careful else replace(found, level=found.level - 50)

    monkeypatch.setattr(integer, "integer_optimum", too_low)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(0, 9), within=pyo.Integers)
    model.value = pyo.Objective(expr=(3 * model.x[0] - 5 * model.x[1] - 1) ** 2 + model.x[0])
    solution = solve_model(model)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(1))
    assert solution.certificate.lower <= 1 + 1e-6
    assert asked[0] is False
    assert asked[-1] is True
