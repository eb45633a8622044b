"""Small markets with known prices: buyers whose plans the engine solves, as it does those of countries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.program import compile_model
from optimizer.solver import Solver, solve_model
from optimizer.study.equilibrium.bids import Valued
from optimizer.study.equilibrium.market import Components, Market
from optimizer.study.equilibrium.sweeps import Prices, Ration, Response

NO_COMPONENTS = Components((), np.zeros((0, 0)), np.zeros((0, 1)), np.zeros((0, 1)))


def market(supply: np.ndarray, guess: np.ndarray) -> Market:
    """Goods that are there whatever they cost, from a first guess of their prices."""
    names = tuple(map(str, range(len(supply))))
    nothing = Components((), np.zeros((0, len(supply))), np.zeros((0, 1)), np.zeros((0, 1)))
    return Market(names, guess[:, None], supply[:, None], 1e-6, 0.0, nothing)


@dataclass
class Consumer:
    """Maximises the logarithm of a utility under a budget: money, or the value of an endowment.

    `kind`: `linear` (a weighted sum), `cobb-douglas` (weights of logarithms) or `leontief` (the least of what
    has a weight). Rules let it have `most` of each good.
    """

    name: str
    kind: str
    weights: np.ndarray
    money: float = 0.0
    endowment: np.ndarray | None = None
    most: np.ndarray | None = None
    solver: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        m = pyo.ConcreteModel()
        m.G = pyo.RangeSet(0, len(self.weights) - 1)
        m.price = pyo.Param(m.G, initialize=1.0, mutable=True)
        m.limit = pyo.Param(m.G, initialize=1e3, mutable=True)
        m.money = pyo.Param(initialize=1.0, mutable=True)
        m.x = pyo.Var(m.G, bounds=(1e-9, 1e3))
        m.limits = pyo.Constraint(m.G, rule=lambda m, g: m.x[g] <= m.limit[g])
        m.budget = pyo.Constraint(expr=sum(m.price[g] * m.x[g] for g in m.G) <= m.money)
        used = [g for g in m.G if self.weights[g] > 0]
        if self.kind == "cobb-douglas":
            value = sum(float(self.weights[g]) * pyo.log(m.x[g]) for g in used)
        else:
            m.utility = pyo.Var(bounds=(1e-9, 1e4))
            if self.kind == "linear":
                m.sum = pyo.Constraint(expr=m.utility <= sum(float(self.weights[g]) * m.x[g] for g in used))
            else:
                m.least = pyo.Constraint(used, rule=lambda m, g: m.utility <= m.x[g])
            value = pyo.log(m.utility)
        m.value = pyo.Objective(expr=value, sense=pyo.maximize)
        self.solver = Solver(compile_model(m))

    def respond(self, prices: Prices, ration: Ration | None, leader: Response | None) -> Response:
        price = prices.goods[:, 0]
        money = self.money if self.endowment is None else float(price @ self.endowment)
        most = np.full(len(price), 1e3) if self.most is None else self.most
        bound = most if ration is None else np.minimum(ration.market[:, 0], most)
        program = self.solver.program
        numbers = {"price": price, "limit": bound, "money": np.array(money)}
        solution = self.solver.solve(program.parameter_vector(numbers), gap=1e-8, gap_scale=1.0)
        assert solution.status == "optimal", solution.message
        bought = solution.value("x")
        shortfall = np.minimum(solution.column_duals[program.variables["x"].slice], 0.0)
        valued = Valued(
            bought=bought[:, None],
            cost=price[:, None],
            fee=np.zeros((len(price), 1)),
            limit_dual=np.abs(solution.dual("limits"))[:, None],
            shortfall_dual=np.where(bought < 1e-6, shortfall, 0.0)[:, None],
            money_dual=np.abs(solution.dual("budget")).reshape(1),
            unspent=np.array([max(money - float(price @ bought), 0.0)]),
            elsewhere=np.zeros(1),
        )
        return Response(
            valued=valued,
            most=most[:, None],
            components=np.zeros((0, 1)),
            grey=np.zeros((len(most), 1)),
            lower=solution.certificate.lower,
            upper=solution.certificate.upper,
            plan=None,
        )


def eisenberg_gale(values: np.ndarray, money: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """Prices of a market of linear buyers: duals of the program whose optimum is the equilibrium."""
    m = pyo.ConcreteModel()
    m.B, m.G = pyo.RangeSet(0, len(money) - 1), pyo.RangeSet(0, len(supply) - 1)
    m.x = pyo.Var(m.B, m.G, within=pyo.NonNegativeReals)
    m.utility = pyo.Var(m.B, bounds=(1e-9, 1e4))
    m.sum = pyo.Constraint(
        m.B, rule=lambda m, b: m.utility[b] <= sum(float(values[b, g]) * m.x[b, g] for g in m.G)
    )
    m.supply = pyo.Constraint(m.G, rule=lambda m, g: sum(m.x[b, g] for b in m.B) <= float(supply[g]))
    m.welfare = pyo.Objective(
        expr=sum(float(money[b]) * pyo.log(m.utility[b]) for b in m.B), sense=pyo.maximize
    )
    solution = solve_model(m, gap=1e-8)
    assert solution.status == "optimal"
    return np.abs(solution.dual("supply"))


def cournot_firm(cost: float, exponent: float, scale: float = 5.0) -> Solver:
    """A firm of Murphy, Sherali and Soyster (1982): cost c q + b/(b+1) L^(1/b) q^((b+1)/b), inverse demand
    (5000/Q)^(1/1.1) with what the `others` make."""
    m = pyo.ConcreteModel()
    m.others = pyo.Param(initialize=150.0, mutable=True)
    m.q = pyo.Var(bounds=(1e-3, 150.0), initialize=30.0)
    power = (exponent + 1) / exponent
    made = cost * m.q + exponent / (exponent + 1) * scale ** (-1 / exponent) * m.q**power
    m.profit = pyo.Objective(
        expr=5000 ** (1 / 1.1) * m.q * (m.q + m.others) ** (-1 / 1.1) - made, sense=pyo.maximize
    )
    return Solver(compile_model(m))
