"""Delivery of AI services: compute by segment, the service it gives, and what falls short."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.units import UnitSystem


def segment_supply(m: Any, t: str) -> Any:
    r"""Delivery compute is shared between segments and the agents that do research.

    \[ \sum_j \text{segment\_compute}_{j,t} + \text{research\_agents}_t \le \text{delivery\_compute}_t \]

    Units: kH100e.
    """
    served = sum(m.segment_compute[j, t] for j in m.SEGMENTS)
    return served + m.research_agents[t] <= m.delivery_compute[t]


def service_level(m: Any, j: str, t: str) -> Any:
    r"""Service: compute, and the efficiency (own and published) with which it serves.

    \[ \text{service}_{j,t} \le \log\frac{\text{segment\_compute}_{j,t} + \text{segment\_floor}_j}
       {\text{segment\_ref}_j} + \text{passthrough}_j \bigl( (1-\text{openness})\,\text{efficiency}_t +
       \text{openness}\;\text{leader\_efficiency}_t \bigr) \]

    Natural-log units.
    """
    compute = (m.segment_compute[j, t] + m.segment_floor[j]) / m.segment_ref[j]
    efficiency = (1 - m.openness) * m.efficiency[t] + m.openness * m.leader_efficiency[t]
    return m.service[j, t] <= pyo.log(compute) + m.passthrough[j] * efficiency


def satiation(m: Any, j: str, t: str) -> Any:
    r"""Service beyond which more is worth nothing.

    \[ \text{service}_{j,t} \le \text{service\_ceiling}_{j,t} \]

    Natural-log units.
    """
    return m.service[j, t] <= m.service_ceiling[j, t]


def requirement(m: Any, j: str, t: str) -> Any:
    r"""What operations must deliver; elastic, so that a plan always exists.

    \[ \text{service}_{j,t} \ge \text{service\_floor}_{j,t} - \text{shortfall}_{j,t} \]

    Natural-log units.
    """
    return m.service[j, t] >= m.service_floor[j, t] - m.shortfall[j, t]


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of delivery."""
    index = (model.SEGMENTS, model.PERIODS)
    model.segment_compute = pyo.Var(*index, within=pyo.NonNegativeReals, units=units("kH100e"))
    model.service = pyo.Var(*index, within=pyo.Reals, units=units("1"))
    model.shortfall = pyo.Var(*index, within=pyo.NonNegativeReals, units=units("1"))
    model.segment_supply = pyo.Constraint(model.PERIODS, rule=segment_supply)
    model.service_level = pyo.Constraint(*index, rule=service_level)
    model.satiation = pyo.Constraint(*index, rule=satiation)
    model.requirement = pyo.Constraint(*index, rule=requirement)
