"""High-bandwidth memory for home-made chips: capacity, imports and stock."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.periods import arrivals, mid, previous
from models.units import UnitSystem


def memory_capacity(m: Any, t: str) -> Any:
    r"""Capacity for high-bandwidth memory at the end of a period.

    \[ \text{hbm\_capacity}_t = \text{hbm\_capacity}_{t-1} + \text{hbm\_pending}_t +
       \sum_d \text{hbm\_arrival}_d\,\text{hbm\_built}_{t-d} \]

    Units: PB per year.
    """
    arrived = m.hbm_pending[t] + arrivals(m, m.hbm_arrival, m.hbm_built, t)
    return m.hbm_capacity[t] == previous(m, m.hbm_capacity, m.hbm_capacity0, t) + arrived


def memory_orders(m: Any, t: str) -> Any:
    r"""Memory capacity that can be ordered.

    \[ \text{hbm\_built}_t \le \text{hbm\_build\_limit}_t\,dt \]

    Units: PB per year.
    """
    return m.hbm_built[t] <= m.hbm_build_limit[t] * m.dt


def memory_imports(m: Any, t: str) -> Any:
    r"""Memory that can be imported.

    \[ \text{hbm\_imports}_t \le \text{hbm\_import\_limit}_t\,dt \]

    Units: PB.
    """
    return m.hbm_imports[t] <= m.hbm_import_limit[t] * m.dt


def memory_balance(m: Any, t: str) -> Any:
    r"""Memory in stock: made, imported and built into home-made chips.

    \[ \text{hbm\_stock}_t = \text{hbm\_stock}_{t-1} + dt\,\overline{\text{hbm\_capacity}}_t +
       \text{hbm\_imports}_t - \sum_k \text{hbm\_per\_chip}_k\,\text{domestic}_{k,t} \]

    Units: PB.
    """
    made = m.dt * mid(m, m.hbm_capacity, m.hbm_capacity0, t)
    used = sum(m.hbm_per_chip[k] * m.domestic[k, t] for k in m.MADE)
    return m.hbm_stock[t] == previous(m, m.hbm_stock, m.hbm_stock0, t) + made + m.hbm_imports[t] - used


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of memory."""
    positive = pyo.NonNegativeReals
    model.hbm_built = pyo.Var(model.PERIODS, within=positive, units=units("PB/year"))
    model.hbm_capacity = pyo.Var(model.PERIODS, within=positive, units=units("PB/year"))
    model.hbm_imports = pyo.Var(model.PERIODS, within=positive, units=units("PB"))
    model.hbm_stock = pyo.Var(model.PERIODS, within=positive, units=units("PB"))
    for name, rule in (
        ("memory_capacity", memory_capacity),
        ("memory_orders", memory_orders),
        ("memory_imports", memory_imports),
        ("memory_balance", memory_balance),
    ):
        model.add_component(name, pyo.Constraint(model.PERIODS, rule=rule))
