"""Small programs with known answers, for the engine's tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo


def kelley() -> Any:
    """Kelley (1960): minimum -1 at (0, 1)."""
    m = pyo.ConcreteModel("kelley")
    m.x = pyo.Var([1, 2], bounds=(-2, 2))
    m.row = pyo.Constraint(expr=3 * m.x[1] ** 2 - 2 * m.x[1] * m.x[2] + m.x[2] ** 2 - 1 <= 0)
    m.cost = pyo.Objective(expr=m.x[1] - m.x[2])
    return m


def water_filling(noise: tuple[float, ...], power: float = 1.0) -> Any:
    """Maximise the sum of log(noise + x) over x >= 0 that add up to at most `power`."""
    m = pyo.ConcreteModel("water filling")
    m.CHANNELS = pyo.RangeSet(0, len(noise) - 1)
    m.noise = pyo.Param(m.CHANNELS, initialize=dict(enumerate(noise)), mutable=True)
    m.power = pyo.Param(initialize=power, mutable=True)
    m.x = pyo.Var(m.CHANNELS, within=pyo.NonNegativeReals)
    m.total = pyo.Constraint(expr=sum(m.x[i] for i in m.CHANNELS) <= m.power)
    m.rate = pyo.Objective(expr=sum(pyo.log(m.noise[i] + m.x[i]) for i in m.CHANNELS), sense=pyo.maximize)
    return m


def fill(noise: tuple[float, ...], power: float) -> tuple[np.ndarray, float]:
    """Closed form of water filling: the powers and the water level."""
    levels = np.sort(noise)
    for count in range(len(levels), 0, -1):
        level = (power + levels[:count].sum()) / count
        if level > levels[count - 1]:
            break
    return np.maximum(level - np.asarray(noise), 0.0), float(level)


def brock_mirman(alpha: float = 0.36, beta: float = 0.95, last: int = 4, k0: float = 0.1) -> Any:
    """Growth with log utility and full depreciation, periods 0..last: k' = alpha*beta*(1-(alpha*beta)^n)/(1-
    (alpha*beta)^(n+1)) * k^alpha with n periods to go."""
    m = pyo.ConcreteModel("brock-mirman")
    m.T = pyo.RangeSet(0, last)
    m.alpha = pyo.Param(initialize=alpha, mutable=True)
    m.k0 = pyo.Param(initialize=k0, mutable=True)
    m.c = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.k = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.resources = pyo.Constraint(
        m.T, rule=lambda m, t: m.c[t] + m.k[t] <= (m.k[t - 1] if t > 0 else m.k0) ** m.alpha
    )
    m.utility = pyo.Objective(expr=sum(beta**t * pyo.log(m.c[t]) for t in m.T), sense=pyo.maximize)
    return m


def brock_mirman_plan(
    alpha: float = 0.36, beta: float = 0.95, last: int = 4, k0: float = 0.1
) -> tuple[np.ndarray, float]:
    """Its closed form: consumption and utility."""
    capital, consumption = k0, []
    ab = alpha * beta
    for t in range(last + 1):
        to_go = last - t
        share = ab * (1 - ab**to_go) / (1 - ab ** (to_go + 1))
        output = capital**alpha
        capital = share * output
        consumption.append(output - capital)
    values = np.array(consumption)
    return values, float(np.sum(beta ** np.arange(last + 1) * np.log(values)))


def disc_with_integer() -> Any:
    """A convex integer program: maximise x + 2y in a disc, y whole. Optimum y = 3, x = 2 + sqrt(1.64)."""
    m = pyo.ConcreteModel("disc")
    m.x = pyo.Var(bounds=(0, 4))
    m.y = pyo.Var(bounds=(0, 4), within=pyo.Integers)
    m.disc = pyo.Constraint(expr=(m.x - 2) ** 2 + (m.y - 2.4) ** 2 <= 2)
    m.gain = pyo.Objective(expr=m.x + 2 * m.y, sense=pyo.maximize)
    return m


def wrong_in_highs_1_14() -> Any:
    """Minimise 2x + 3z, x + z >= 4.5, z whole: 9 at (4.5, 0); highspy 1.14 answered 15."""
    m = pyo.ConcreteModel("regression")
    m.x = pyo.Var(bounds=(0, None))
    m.z = pyo.Var(within=pyo.NonNegativeIntegers)
    m.row = pyo.Constraint(expr=m.x + m.z >= 4.5)
    m.cost = pyo.Objective(expr=2 * m.x + 3 * m.z)
    return m


def growth(periods: int = 6, **changes: float) -> Any:
    """A small plan with every kind of row: budget and stock balances, limits of one entry, CES effort, logs,
    a convex cost, a switch between forms, a limit that may be infinite, and a linear second objective."""
    numbers = {"income": 10.0, "limit": 4.0, "wall": np.inf, "substitution": 0.5, "price": 0.4} | changes
    m = pyo.ConcreteModel("growth")
    m.T = pyo.RangeSet(1, periods)
    m.income = pyo.Param(m.T, initialize=numbers["income"], mutable=True)
    m.limit = pyo.Param(m.T, initialize=numbers["limit"], mutable=True)
    m.wall = pyo.Param(initialize=numbers["wall"], mutable=True)
    m.substitution = pyo.Param(initialize=numbers["substitution"], mutable=True)
    m.price = pyo.Param(initialize=numbers["price"], mutable=True)
    m.survival = pyo.Param(initialize=0.9, mutable=True)
    m.theta = pyo.Param(initialize=0.6, mutable=True)
    m.buy = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.hire = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.stock = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.staff = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.premium = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.effort = pyo.Var(m.T)
    m.level = pyo.Var(m.T)

    def before(var: Any, t: int) -> Any:
        return var[t - 1] if t > 1 else 1.0

    def ces(t: int) -> Any:
        x, y = (before(m.stock, t) + m.stock[t]) / 2, m.staff[t] + 0.01
        rho = (m.substitution - 1) / m.substitution
        return pyo.Expr_if(
            IF=abs(rho) <= 1e-6,
            THEN=x**m.theta * y ** (1 - m.theta),
            ELSE=pyo.exp(
                pyo.log(m.theta * pyo.exp(rho * pyo.log(x)) + (1 - m.theta) * pyo.exp(rho * pyo.log(y))) / rho
            ),
        )

    m.stock_row = pyo.Constraint(
        m.T, rule=lambda m, t: m.stock[t] == m.survival * before(m.stock, t) + m.buy[t]
    )
    m.staff_row = pyo.Constraint(m.T, rule=lambda m, t: m.staff[t] <= before(m.staff, t) + m.hire[t])
    m.limit_row = pyo.Constraint(m.T, rule=lambda m, t: m.buy[t] <= m.limit[t])
    m.wall_row = pyo.Constraint(m.T, rule=lambda m, t: m.stock[t] <= pyo.log(m.wall) * 10)
    m.premium_row = pyo.Constraint(m.T, rule=lambda m, t: m.premium[t] >= m.price * m.hire[t] ** 2 / 2)
    m.budget = pyo.Constraint(
        m.T, rule=lambda m, t: 2 * m.buy[t] + m.hire[t] + m.premium[t] + 0.3 * m.staff[t] <= m.income[t]
    )
    m.effort_row = pyo.Constraint(m.T, rule=lambda m, t: m.effort[t] <= ces(t))
    m.level_row = pyo.Constraint(
        m.T, rule=lambda m, t: m.level[t] <= pyo.log(0.1 + sum(m.effort[s] for s in m.T if s <= t))
    )
    m.value = pyo.Objective(expr=sum(0.95**t * m.level[t] for t in m.T), sense=pyo.maximize)
    m.spending = pyo.Objective(expr=sum(2 * m.buy[t] + m.hire[t] for t in m.T))
    m.spending.deactivate()
    return m
