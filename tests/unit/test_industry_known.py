"""Known answers for lumpy capacity, through the engine: lot sizes, and how far ahead plants are built."""

from __future__ import annotations

import math

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.solver import solve_model

# Wagner and Whitin, Management Science 5 (1958), table 1: demand and the cost of an order, month by month; a
# unit costs 1 a month to keep
DEMAND = (69, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56)
ORDER = (85, 102, 102, 101, 98, 114, 105, 86, 119, 110, 98, 114)


def test_the_twelve_months_of_wagner_and_whitin_cost_864() -> None:
    months = range(len(DEMAND))
    model = pyo.ConcreteModel()
    model.ordered = pyo.Var(months, within=pyo.NonNegativeReals)
    model.kept = pyo.Var(months, within=pyo.NonNegativeReals)
    model.order = pyo.Var(months, within=pyo.Binary)

    def balance(m: pyo.ConcreteModel, t: int) -> object:
        before = m.kept[t - 1] if t else 0.0
        return m.kept[t] == before + m.ordered[t] - DEMAND[t]

    model.balance = pyo.Constraint(months, rule=balance)
    model.only_by_order = pyo.Constraint(
        months, rule=lambda m, t: m.ordered[t] <= sum(DEMAND[t:]) * m.order[t]
    )
    model.cost = pyo.Objective(
        expr=sum(ORDER[t] * model.order[t] + model.kept[t] for t in months), sense=pyo.minimize
    )
    solution = solve_model(model, gap=1e-7)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(864, abs=1e-3)


def cycle_of_manne(rate: float, scale: float) -> float:
    """Years of demand that each plant covers, by Manne (Econometrica 1961): the least present cost of plants
    built for ever, each for as long, where a plant for x years costs x**scale."""
    years = np.linspace(0.05, 30, 60000)
    return float(years[np.argmin(years**scale / (1 - np.exp(-rate * years)))])


@pytest.mark.parametrize(("rate", "scale"), [(0.1, 0.7), (0.12, 0.6), (0.15, 0.8)])
def test_plants_are_built_as_far_ahead_as_manne_says(rate: float, scale: float) -> None:
    """Demand grows evenly; a plan of half years over a long horizon comes within half a year of the rule."""
    step, horizon = 0.5, 40.0
    count = round(horizon / step)
    ahead = [(i, j) for i in range(count) for j in range(i + 1, min(i + 30, count) + 1)]
    model = pyo.ConcreteModel()
    # a plant built at i covers the growth of demand until j
    model.plant = pyo.Var(ahead, within=pyo.Binary)

    def cost(i: int, j: int) -> float:
        return ((j - i) * step) ** scale * math.exp(-rate * i * step)

    model.covered = pyo.Constraint(
        range(count),
        rule=lambda m, t: (
            sum(m.plant[i, j] for i, j in ahead if j == t) + (1.0 if t == 0 else 0.0)
            == sum(m.plant[i, j] for i, j in ahead if i == t)
        ),
    )
    model.cost = pyo.Objective(expr=sum(cost(i, j) * model.plant[i, j] for i, j in ahead))
    solution = solve_model(model, gap=1e-6)
    assert solution.status == "optimal"
    built = [pair for pair, used in zip(ahead, solution.x, strict=False) if used > 0.5]
    first = sorted(built)[: max(1, len(built) // 2)]
    cycle = float(np.mean([(j - i) * step for i, j in first]))
    assert cycle == pytest.approx(cycle_of_manne(rate, scale), abs=0.5)
