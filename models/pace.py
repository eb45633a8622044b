"""What buying faster costs: premiums above a supply's normal pace, and the bid-up of chip prices."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.trade import grey_compute
from models.units import UnitSystem


def supply_flow(m: Any, s: str, t: str) -> Any:
    r"""What is drawn from a supply whose price rises with the pace.

    Grey market: kH100e bought; rent: kH100e-years; recruiting: thousand people; memory: PB per year
    ordered; packaging: thousand packages per year ordered; each class of tools: thousand wafers per month
    that the tools bought equip; each line: thousand wafers per month ordered.

    \[ \text{flow}_{\text{rent},t} = dt \sum_u \text{rented}_{u,t}, \qquad
       \text{flow}_{s,t} = \text{the order itself otherwise} \]

    Units: the supply's own.
    """
    if s == "grey":
        drawn, unit = grey_compute(m, t), "flow/kH100e"
    elif s == "rent":
        drawn, unit = m.dt * sum(m.rented[u, t] for u in m.USES), "flow/kH100e/year"
    elif s == "recruit":
        drawn, unit = m.recruited[t], "flow/kperson"
    elif s == "hbm":
        drawn, unit = m.hbm_built[t], "flow*year/PB"
    elif s == "packaging":
        drawn, unit = m.packaging_built[t], "flow*year/kpackage"
    elif s in m.TOOL_CLASSES:
        drawn, unit = m.tools_bought[s, t], "flow/kwpm"
    else:
        drawn, unit = m.wafer_built[s, t], "flow/kwpm"
    return m.flow[s, t] == m.unit_system.constant(1, unit) * drawn


def pace_beyond_normal(m: Any, s: str, t: str) -> Any:
    r"""What is drawn from a supply faster than its normal pace: all but what is drawn at that pace.

    \[ 0 \le \text{flow}_{s,t} - \text{over}_{s,t} \le \text{normal}_{s,t}\,dt \]

    Units: the supply's own.
    """
    return pyo.inequality(0, m.flow[s, t] - m.over[s, t], m.normal[s, t] * m.dt)


def premium_for_pace(m: Any, s: str, t: str) -> Any:
    r"""Buying faster than the normal pace costs more, without bound; up to it nothing.

    \[ \text{premium}_{s,t} \ge \frac{\text{price}_{s,t}\,\text{over}_{s,t}^2}
       {2\,\text{elasticity}_s\,\text{normal}_{s,t}\,dt} \]

    Units: USD bn. An infinite elasticity turns it off.
    """
    slope = m.price[s, t] / (2 * m.elasticity[s] * m.normal[s, t] * m.dt)
    return m.premium[s, t] >= slope * m.over[s, t] ** 2


def excess_demand(m: Any, t: str) -> Any:
    r"""Purchases beyond the normal shares of single chips, at all-in cost, fees left out.

    \[ \text{excess}_t \ge \tfrac1{1000} \sum_k c_{k,t}\,\text{beyond}_{k,t} \]

    Units: USD bn.
    """
    value = sum(m.unit_cost[k, t] * m.beyond[k, t] for k in m.CHIPS)
    return m.excess[t] >= value / m.million_per_billion


def bid_up(m: Any, t: str) -> Any:
    r"""Demand beyond the normal shares drives up what the market asks for all that is bought.

    \[ \text{bidup}_t \ge \frac{\text{base\_value}_t\,dt\,\text{excess}_t + \text{excess}_t^2}
       {\text{supply\_elasticity}\;\text{world\_spend}_t\,dt} \]

    Units: USD bn.
    """
    depth = m.supply_elasticity * m.world_spend[t] * m.dt
    return m.bidup[t] >= (m.base_value[t] * m.dt * m.excess[t] + m.excess[t] ** 2) / depth


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of what buying faster, or more than the normal share, costs."""
    money, positive = units("USD_bn"), pyo.NonNegativeReals
    by_supply, by_period = (model.SUPPLIES, model.PERIODS), (model.PERIODS,)
    model.unit_system = units
    for name, index, unit in (
        ("flow", by_supply, units("flow")),
        ("over", by_supply, units("flow")),
        ("premium", by_supply, money),
        ("excess", by_period, money),
        ("bidup", by_period, money),
    ):
        model.add_component(name, pyo.Var(*index, within=positive, units=unit))
    for name, index, rule in (
        ("supply_flow", by_supply, supply_flow),
        ("pace_beyond_normal", by_supply, pace_beyond_normal),
        ("premium_for_pace", by_supply, premium_for_pace),
        ("excess_demand", by_period, excess_demand),
        ("bid_up", by_period, bid_up),
    ):
        model.add_component(name, pyo.Constraint(*index, rule=rule))
