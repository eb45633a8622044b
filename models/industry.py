"""The domestic chip industry: wafer lines, memory, and the chips made from them."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.periods import arrivals, mid, previous
from models.units import UnitSystem


def wafer_balance(m: Any, n: str, t: str) -> Any:
    r"""Wafer capacity of a line at the end of a period.

    \[ \text{wafer\_capacity}_{n,t} = \text{wafer\_capacity}_{n,t-1} + \text{wafer\_pending}_{n,t} +
       \sum_d \text{wafer\_arrival}_{n,d}\,\text{wafer\_built}_{n,t-d} \]

    Units: thousand wafers per month.
    """
    arrived = m.wafer_pending[n, t] + arrivals(m, m.wafer_arrival, m.wafer_built, t, n)
    return m.wafer_capacity[n, t] == previous(m, m.wafer_capacity, m.wafer_capacity0[n], n, t) + arrived


def tools(m: Any, n: str, t: str) -> Any:
    r"""Fabs need tools, imported under control or made at home; tools can wait for a fab.

    \[ \sum_{s \le t} \text{wafer\_built}_{n,s} \le \sum_{s \le t} \text{tool\_limit}_{n,s}\,dt \]

    Units: thousand wafers per month.
    """
    so_far = m.labels[: m.position[t] + 1]
    return sum(m.wafer_built[n, s] for s in so_far) <= sum(m.tool_limit[n, s] for s in so_far) * m.dt


def fabricated(m: Any, k: str, t: str) -> Any:
    """Home-made chips that the country's lines made, stockpiled dies left out (thousand chips)."""
    return m.domestic[k, t] - m.bank_drawn[k, t]


def fabrication_not_negative(m: Any, k: str, t: str) -> Any:
    r"""Stockpiled dies are part of what is made.

    \[ \text{domestic}_{k,t} - \text{bank\_drawn}_{k,t} \ge 0 \]

    Units: thousand chips.
    """
    return fabricated(m, k, t) >= 0


def packaging(m: Any, k: str, t: str) -> Any:
    r"""Launch date and packaging limit what a line's chips become.

    \[ \text{domestic}_{k,t} - \text{bank\_drawn}_{k,t} \le \text{make\_limit}_{k,t}\,dt \]

    Units: thousand chips.
    """
    return fabricated(m, k, t) <= m.make_limit[k, t] * m.dt


def die_bank(m: Any, k: str) -> Any:
    r"""Dies stockpiled before a control, used once.

    \[ \sum_t \text{bank\_drawn}_{k,t} \le \text{bank0}_k \]

    Units: thousand chips.
    """
    return sum(m.bank_drawn[k, t] for t in m.PERIODS) <= m.bank0[k]


def bank_launch(m: Any, k: str, t: str) -> Any:
    r"""Stockpiled dies wait for the launch of their chip.

    \[ \text{bank\_drawn}_{k,t} \le \text{bank\_limit}_{k,t} \]

    Units: thousand chips.
    """
    return m.bank_drawn[k, t] <= m.bank_limit[k, t]


def wafer_supply(m: Any, n: str, t: str) -> Any:
    r"""Good dies of a line; shared know-how raises its yield.

    \[ \sum_k \text{on\_line}_{k,n}\,\text{wafers\_per\_chip}_k\,(\text{domestic} -
       \text{bank\_drawn})_{k,t} \le 12\,dt\;\text{ai\_share}_{n,t}\,
       \Bigl( 1 - \frac{1-\text{wafer\_yield}_{n,t}}{1+\text{transfer}} \Bigr)\,
       \overline{\text{wafer\_capacity}}_{n,t} \]

    Units: thousand wafers.
    """
    used = sum(m.on_line[k, n] * m.wafers_per_chip[k] * fabricated(m, k, t) for k in m.CHIPS)
    used_yield = 1 - (1 - m.wafer_yield[n, t]) / (1 + m.transfer)
    capacity = mid(m, m.wafer_capacity, m.wafer_capacity0[n], n, t)
    return used <= m.wafers_per_capacity * m.dt * m.ai_share[n, t] * used_yield * capacity


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
    used = sum(m.hbm_per_chip[k] * m.domestic[k, t] for k in m.CHIPS)
    return m.hbm_stock[t] == previous(m, m.hbm_stock, m.hbm_stock0, t) + made + m.hbm_imports[t] - used


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of the chip industry."""
    positive = pyo.NonNegativeReals
    line_index = (model.LINES, model.PERIODS)
    model.wafers_per_capacity = units.constant(12, "kwafer/kwpm/year")
    model.wafer_built = pyo.Var(*line_index, within=positive, units=units("kwpm"))
    model.wafer_capacity = pyo.Var(*line_index, within=positive, units=units("kwpm"))
    model.hbm_built = pyo.Var(model.PERIODS, within=positive, units=units("PB/year"))
    model.hbm_capacity = pyo.Var(model.PERIODS, within=positive, units=units("PB/year"))
    model.hbm_imports = pyo.Var(model.PERIODS, within=positive, units=units("PB"))
    model.hbm_stock = pyo.Var(model.PERIODS, within=positive, units=units("PB"))
    model.bank_drawn = pyo.Var(model.CHIPS, model.PERIODS, within=positive, units=units("kchip"))
    model.wafer_balance = pyo.Constraint(*line_index, rule=wafer_balance)
    model.tools = pyo.Constraint(*line_index, rule=tools)
    model.fabrication_not_negative = pyo.Constraint(model.CHIPS, model.PERIODS, rule=fabrication_not_negative)
    model.packaging = pyo.Constraint(model.CHIPS, model.PERIODS, rule=packaging)
    model.die_bank = pyo.Constraint(model.CHIPS, rule=die_bank)
    model.bank_launch = pyo.Constraint(model.CHIPS, model.PERIODS, rule=bank_launch)
    model.wafer_supply = pyo.Constraint(*line_index, rule=wafer_supply)
    for name, rule in (
        ("memory_capacity", memory_capacity),
        ("memory_orders", memory_orders),
        ("memory_imports", memory_imports),
        ("memory_balance", memory_balance),
    ):
        model.add_component(name, pyo.Constraint(model.PERIODS, rule=rule))
