"""Export and import control: limits, caps, the grey market and a home-market quota."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.units import UnitSystem


def import_control(m: Any, k: str, t: str) -> Any:
    r"""Legal purchases of a chip: the least of what rules allow and what of the supply is within reach.

    \[ \text{imports}_{k,t} \le \text{import\_limit}_{k,t}\,dt \]

    Units: thousand chips.
    """
    return m.imports[k, t] <= m.import_limit[k, t] * m.dt


def normal_share(m: Any, k: str, t: str) -> Any:
    r"""Legal purchases of a chip are within the country's normal share of its supply, or beyond it.

    \[ 0 \le \text{imports}_{k,t} - \text{beyond}_{k,t} \le \text{normal\_import}_{k,t}\,dt \]

    Units: thousand chips. An infinite normal share turns it off.
    """
    return pyo.inequality(0, m.imports[k, t] - m.beyond[k, t], m.normal_import[k, t] * m.dt)


def cap_count(m: Any, r: str, t: str) -> Any:
    r"""What counts under a cap since the first period.

    \[ \text{counted}_{r,t} = \text{counted}_{r,t-1} +
       \sum_k \text{cap\_weight}_{r,k,t}\,\text{imports}_{k,t} \]

    Units: the cap's own.
    """
    added = sum(m.cap_weight[r, k, t] * m.imports[k, t] for k in m.CHIPS)
    if m.before[t] is None:
        return m.counted[r, t] == added
    return m.counted[r, t] == m.counted[r, m.before[t]] + added


def yearly_cap(m: Any, r: str, t: str) -> Any:
    r"""A cap per year.

    \[ \sum_k \text{cap\_weight}_{r,k,t}\,\text{imports}_{k,t} \le \text{cap}_{r,t}\,dt \]

    Units: the cap's own.
    """
    before = 0 if m.before[t] is None else m.counted[r, m.before[t]]
    return m.counted[r, t] - before <= m.cap[r, t] * m.dt


def cumulative_cap(m: Any, r: str, t: str) -> Any:
    r"""A cap on the total over the years.

    \[ \sum_{s \le t} \sum_k \text{cap\_weight}_{r,k,s}\,\text{imports}_{k,s} \le
       \text{cap\_cumulative}_{r,t} \]

    Units: the cap's own.
    """
    return m.counted[r, t] <= m.cap_cumulative[r, t]


def grey_offer(m: Any, k: str, t: str) -> Any:
    r"""What the grey market offers of a chip that a rule limits.

    \[ \text{grey}_{k,t} \le \text{grey\_open}_{k,t}\,dt \]

    Units: thousand chips.
    """
    return m.grey[k, t] <= m.grey_open[k, t] * m.dt


def grey_compute(m: Any, t: str) -> Any:
    """Compute bought on the grey market, each chip at its better rating (kH100e per period)."""
    return sum(_better_rating(m, k) * m.grey[k, t] for k in m.CHIPS)


def _better_rating(m: Any, k: str) -> Any:
    research, delivery = m.research_h100e[k], m.delivery_h100e[k]
    return (research + delivery + abs(research - delivery)) / 2


def grey_size(m: Any, t: str) -> Any:
    r"""The size of the grey market.

    \[ \sum_k \max(\text{research\_h100e}, \text{delivery\_h100e})_k\,\text{grey}_{k,t}
       \le \text{grey\_limit}_t\,dt \]

    Units: kH100e.
    """
    return grey_compute(m, t) <= m.grey_limit[t] * m.dt


def home_market(m: Any, t: str) -> Any:
    r"""The home-made share of compute purchases, by value, that a mandate requires.

    \[ \sum_k c_{k,t}\,\text{domestic}_{k,t} \ge \text{mandate}_t \Bigl( \sum_k c_{k,t}\,
       (\text{domestic} + \text{imports} + \text{grey})_{k,t} + 1000\,\text{rent\_cost}_t\,dt
       \sum_u \text{rented}_{u,t} \Bigr) \]

    with \(c\) the all-in cost. Units: USD mn.
    """
    home = sum(m.unit_cost[k, t] * m.domestic[k, t] for k in m.MADE)
    abroad = sum(m.unit_cost[k, t] * (m.imports[k, t] + m.grey[k, t]) for k in m.CHIPS)
    rented = m.million_per_billion * m.rent_cost[t] * m.dt * sum(m.rented[u, t] for u in m.USES)
    return home >= m.mandate[t] * (home + abroad + rented)


def add(model: Any, units: UnitSystem) -> None:
    """Rows of trade control, and their variables: purchases beyond normal, and the count under a cap."""
    model.beyond = pyo.Var(model.CHIPS, model.PERIODS, within=pyo.NonNegativeReals, units=units("kchip"))
    model.counted = pyo.Var(model.RULES, model.PERIODS, within=pyo.NonNegativeReals, units=units("cap_unit"))
    model.import_control = pyo.Constraint(model.CHIPS, model.PERIODS, rule=import_control)
    model.normal_share = pyo.Constraint(model.CHIPS, model.PERIODS, rule=normal_share)
    model.cap_count = pyo.Constraint(model.RULES, model.PERIODS, rule=cap_count)
    model.yearly_cap = pyo.Constraint(model.RULES, model.PERIODS, rule=yearly_cap)
    model.cumulative_cap = pyo.Constraint(model.RULES, model.PERIODS, rule=cumulative_cap)
    model.grey_offer = pyo.Constraint(model.CHIPS, model.PERIODS, rule=grey_offer)
    model.grey_size = pyo.Constraint(model.PERIODS, rule=grey_size)
    model.home_market = pyo.Constraint(model.PERIODS, rule=home_market)
