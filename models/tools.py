"""Chip tools: bought abroad, made at home, kept in one stock per class, and used up by new wafer capacity."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.periods import arrivals, mid, previous
from models.units import UnitSystem


def tool_balance(m: Any, g: str, t: str) -> Any:
    r"""Tools of a class in stock: one pool for all lines. Tools can wait for a fab.

    \[ \text{tool\_stock}_{g,t} = \text{tool\_stock}_{g,t-1} + \text{tools\_bought}_{g,t} +
       \text{tools\_made}_{g,t} - \sum_n \text{tools\_per\_wafer}_{n,g}\,\text{wafer\_built}_{n,t} \]

    Units: thousand wafers per month that tools of the class equip.
    """
    used = sum(m.tools_per_wafer[n, g] * m.wafer_built[n, t] for n in m.LINES)
    before = previous(m, m.tool_stock, m.tool_stock0[g], g, t)
    return m.tool_stock[g, t] == before + m.tools_bought[g, t] + m.tools_made[g, t] - used


def tool_imports(m: Any, g: str, t: str) -> Any:
    r"""Tools that can be had from abroad.

    \[ \text{tools\_bought}_{g,t} \le \text{tool\_import\_limit}_{g,t}\,dt \]

    Units: thousand wafers per month.
    """
    return m.tools_bought[g, t] <= m.tool_import_limit[g, t] * m.dt


def tool_production(m: Any, g: str, t: str) -> Any:
    r"""Tools that the country's own toolmakers can make.

    \[ \text{tools\_made}_{g,t} \le dt\,\overline{\text{toolmaking}}_{g,t} \]

    Units: thousand wafers per month.
    """
    return m.tools_made[g, t] <= m.dt * mid(m, m.toolmaking, m.toolmaking0[g], g, t)


def toolmaking_balance(m: Any, g: str, t: str) -> Any:
    r"""Capacity of the country's own toolmakers at the end of a period.

    \[ \text{toolmaking}_{g,t} = \text{toolmaking}_{g,t-1} + \text{toolmaking\_pending}_{g,t} +
       \sum_d \text{toolmaking\_arrival}_{g,d}\,\text{toolmaking\_built}_{g,t-d} \]

    Units: thousand wafers per month, per year.
    """
    arrived = m.toolmaking_pending[g, t] + arrivals(m, m.toolmaking_arrival, m.toolmaking_built, t, g)
    return m.toolmaking[g, t] == previous(m, m.toolmaking, m.toolmaking0[g], g, t) + arrived


def toolmaking_orders(m: Any, g: str, t: str) -> Any:
    r"""Toolmaking that can be set up.

    \[ \text{toolmaking\_built}_{g,t} \le \text{toolmaking\_build\_limit}_{g,t}\,dt \]

    Units: thousand wafers per month, per year.
    """
    return m.toolmaking_built[g, t] <= m.toolmaking_build_limit[g, t] * m.dt


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of tools and toolmaking."""
    index, positive = (model.TOOL_CLASSES, model.PERIODS), pyo.NonNegativeReals
    for name, unit in (
        ("tools_bought", "kwpm"),
        ("tools_made", "kwpm"),
        ("tool_stock", "kwpm"),
        ("toolmaking_built", "kwpm/year"),
        ("toolmaking", "kwpm/year"),
    ):
        model.add_component(name, pyo.Var(*index, within=positive, units=units(unit)))
    for name, rule in (
        ("tool_balance", tool_balance),
        ("tool_imports", tool_imports),
        ("tool_production", tool_production),
        ("toolmaking_balance", toolmaking_balance),
        ("toolmaking_orders", toolmaking_orders),
    ):
        model.add_component(name, pyo.Constraint(*index, rule=rule))
