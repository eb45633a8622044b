"""Random concave programs against CVXPY with Clarabel, an independent statement of the same mathematics."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.solver import solve_model


def _numbers(seed):
    rng = np.random.default_rng(seed)
    n, rows = int(rng.integers(4, 9)), int(rng.integers(2, 5))
    return {
        "n": n,
        "use": rng.uniform(0, 1, (rows, n)) * (rng.random((rows, n)) < 0.7),
        "room": rng.uniform(2, 6, rows),
        "gain": rng.uniform(0.2, 2, n),
        "power": float(rng.uniform(0.3, 0.9)),
        "rate": float(rng.uniform(0.2, 0.6)),
        "price": rng.uniform(0.05, 0.5, n),
        "weight": rng.dirichlet(np.ones(n)),
        "floor": float(rng.uniform(0.05, 0.3)),
        "mean": float(rng.uniform(0.2, 0.6)),
    }


def _pyomo(d):
    m = pyo.ConcreteModel()
    m.I = pyo.RangeSet(0, d["n"] - 1)
    m.x = pyo.Var(m.I, bounds=(0, 10))
    m.cost = pyo.Var(m.I, within=pyo.NonNegativeReals)
    m.output, m.risk = pyo.Var(), pyo.Var()
    m.p = pyo.Param(initialize=d["power"], mutable=True)
    m.room = pyo.Constraint(
        range(len(d["room"])),
        rule=lambda m, r: sum(float(d["use"][r, i]) * m.x[i] for i in m.I) <= float(d["room"][r]),
    )
    m.charge = pyo.Constraint(m.I, rule=lambda m, i: m.cost[i] >= float(d["price"][i]) * m.x[i] ** 2)
    total = sum(float(d["weight"][i]) * m.x[i] for i in m.I)
    m.made = pyo.Constraint(expr=m.output <= (total + d["floor"]) ** m.p)
    m.risky = pyo.Constraint(expr=m.risk >= pyo.exp(d["rate"] * (m.x[0] - m.x[1])))
    # a geometric mean of two sums that share variables
    first, second = m.x[0] + m.x[1] + 0.1, m.x[1] + m.x[2] + 0.2
    m.joint = pyo.Constraint(expr=first**0.5 * second**0.5 >= d["mean"])
    logs = sum(float(d["gain"][i]) * pyo.log(m.x[i] + d["floor"]) for i in m.I)
    m.value = pyo.Objective(
        expr=logs + 3 * m.output - 0.3 * m.risk - sum(m.cost[i] for i in m.I), sense=pyo.maximize
    )
    return m


def _cvxpy(d):
    x = cp.Variable(d["n"], nonneg=True)
    first, second = x[0] + x[1] + 0.1, x[1] + x[2] + 0.2
    value = (
        d["gain"] @ cp.log(x + d["floor"])
        + 3 * cp.power(d["weight"] @ x + d["floor"], d["power"], approx=False)
        - 0.3 * cp.exp(d["rate"] * (x[0] - x[1]))
        - d["price"] @ cp.square(x)
    )
    rows = [x <= 10, d["use"] @ x <= d["room"], cp.geo_mean(cp.hstack([first, second])) >= d["mean"]]
    problem = cp.Problem(cp.Maximize(value), rows)
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == "optimal"
    return float(problem.value)


@pytest.mark.parametrize("seed", range(12))
def test_random_concave_programs(seed):
    numbers = _numbers(seed)
    solution = solve_model(_pyomo(numbers), gap=1e-7)
    assert solution.status == "optimal"
    oracle = _cvxpy(numbers)
    tolerance = 2e-6 * max(1.0, abs(oracle))
    assert solution.objective == pytest.approx(oracle, abs=tolerance)
    assert solution.certificate.upper >= oracle - tolerance
    assert solution.certificate.lower <= oracle + tolerance
