"""Electric power for compute: what is there, what is ordered, and what the fleet draws."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.periods import arrivals, previous
from models.units import UnitSystem


def power_balance(m: Any, t: str) -> Any:
    r"""Power available at the end of a period.

    \[ \text{power}_t = \text{power}_{t-1} + \text{power\_pending}_t +
       \sum_d \text{power\_arrival}_d\,\text{power\_built}_{t-d} \]

    Units: GW.
    """
    arrived = m.power_pending[t] + arrivals(m, m.power_arrival, m.power_built, t)
    return m.power[t] == previous(m, m.power, m.power0, t) + arrived


def power_supply(m: Any, t: str) -> Any:
    r"""The fleet draws no more than there is.

    \[ \sum_k \text{power\_per\_chip}_k \sum_u \text{stock}_{k,u,t} \le \text{power}_t \]

    Units: GW.
    """
    return sum(m.power_per_chip[k] * m.stock[k, u, t] for k in m.CHIPS for u in m.USES) <= m.power[t]


def power_orders(m: Any, t: str) -> Any:
    r"""What can be ordered in a period.

    \[ \text{power\_built}_t \le \text{power\_build\_limit}_t\,dt \]

    Units: GW.
    """
    return m.power_built[t] <= m.power_build_limit[t] * m.dt


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of power."""
    model.power_built = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=units("GW"))
    model.power = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=units("GW"))
    model.power_balance = pyo.Constraint(model.PERIODS, rule=power_balance)
    model.power_supply = pyo.Constraint(model.PERIODS, rule=power_supply)
    model.power_orders = pyo.Constraint(model.PERIODS, rule=power_orders)
