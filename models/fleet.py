"""The compute fleet: chips bought or made, their use, offshore rent, and the compute they give."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.periods import mid, per_period
from models.units import UnitSystem


def in_use(m: Any, k: str, t: str) -> Any:
    """The fleet of a chip at the end of a period as the sum of its uses (thousand chips)."""
    return sum(m.stock[k, u, t] for u in m.USES)


def fleet_balance(m: Any, k: str, t: str) -> Any:
    r"""Chips at the end of a period; new ones fail for half of it.

    \[ \text{fleet}_{k,t} = \text{survival}_k^{dt}\,\text{fleet}_{k,t-1} + \text{survival}_k^{dt/2}
       (\text{imports} + \text{grey} + \text{domestic})_{k,t} - \text{retired}_{k,t} \]

    The row is written with \(\sum_u \text{stock}_{k,u,t}\) for the fleet, so that `fleet` is only a name
    for that sum. Units: thousand chips.
    """
    kept = per_period(m, m.survival[k])
    half = m.survival[k] ** (m.dt / m.year / 2)
    bought = m.imports[k, t] + m.grey[k, t]
    if k in m.MADE:
        bought += m.domestic[k, t]
    label = m.before[t]
    before = m.fleet0[k] if label is None else in_use(m, k, label)
    return in_use(m, k, t) == kept * before + half * bought - m.retired[k, t]


def fleet_use(m: Any, k: str, t: str) -> Any:
    r"""Every chip is in one use, and may change it.

    \[ \sum_u \text{stock}_{k,u,t} = \text{fleet}_{k,t} \]

    Units: thousand chips.
    """
    return in_use(m, k, t) == m.fleet[k, t]


def stock_during(m: Any, k: str, u: str, t: str) -> Any:
    """Chips of a kind in a use during a period; the first fleet is split by `use0`."""
    return mid(m, m.stock, m.use0[u] * m.fleet0[k], k, u, t)


def compute_for_research(m: Any, t: str) -> Any:
    r"""Research compute of the fleet and of what is rented for it.

    \[ \text{research\_compute}_t = \sum_k \text{research\_h100e}_k\,
       \overline{\text{stock}}_{k,\text{research},t} + \text{rented}_{\text{research},t} \]

    Units: kH100e.
    """
    own = sum(m.research_h100e[k] * stock_during(m, k, "research", t) for k in m.CHIPS)
    return m.research_compute[t] == own + m.rented["research", t]


def compute_for_delivery(m: Any, t: str) -> Any:
    r"""Delivery compute, by the serving rating of each chip.

    \[ \text{delivery\_compute}_t = \sum_k \text{delivery\_h100e}_k\,
       \overline{\text{stock}}_{k,\text{delivery},t} + \text{rented}_{\text{delivery},t} \]

    Units: kH100e.
    """
    own = sum(m.delivery_h100e[k] * stock_during(m, k, "delivery", t) for k in m.CHIPS)
    return m.delivery_compute[t] == own + m.rented["delivery", t]


def rent_available(m: Any, t: str) -> Any:
    r"""Offshore compute on offer.

    \[ \sum_u \text{rented}_{u,t} \le \text{rent\_limit}_t \]

    Units: kH100e.
    """
    return sum(m.rented[u, t] for u in m.USES) <= m.rent_limit[t]


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of the fleet."""
    chips, compute = units("kchip"), units("kH100e")
    for name in ("imports", "grey", "domestic", "retired", "fleet"):
        model.add_component(
            name, pyo.Var(model.CHIPS, model.PERIODS, within=pyo.NonNegativeReals, units=chips)
        )
    model.stock = pyo.Var(model.CHIPS, model.USES, model.PERIODS, within=pyo.NonNegativeReals, units=chips)
    model.rented = pyo.Var(model.USES, model.PERIODS, within=pyo.NonNegativeReals, units=compute)
    model.research_compute = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=compute)
    model.delivery_compute = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=compute)
    model.fleet_balance = pyo.Constraint(model.CHIPS, model.PERIODS, rule=fleet_balance)
    model.fleet_use = pyo.Constraint(model.CHIPS, model.PERIODS, rule=fleet_use)
    model.compute_for_research = pyo.Constraint(model.PERIODS, rule=compute_for_research)
    model.compute_for_delivery = pyo.Constraint(model.PERIODS, rule=compute_for_delivery)
    model.rent_available = pyo.Constraint(model.PERIODS, rule=rent_available)
