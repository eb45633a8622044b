"""Researchers: trained at home, recruited abroad, lost and released."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.periods import arrivals, per_period, previous
from models.units import UnitSystem


def talent_balance(m: Any, t: str) -> Any:
    r"""Researchers at the end of a period.

    \[ \text{talent}_t = (1-\text{attrition})^{dt}\,\text{talent}_{t-1} + \text{trained}_t +
       \text{recruited}_t - \text{released}_t \]

    Units: thousand people.
    """
    kept = per_period(m, 1 - m.attrition) * previous(m, m.talent, m.talent0, t)
    return m.talent[t] == kept + m.trained[t] + m.recruited[t] - m.released[t]


def schools(m: Any, t: str) -> Any:
    r"""Graduates on offer, and those ordered years before.

    \[ \text{trained}_t \le \text{graduates}_t\,dt + \sum_d \text{education\_arrival}_d\,
       \text{education}_{t-d} \]

    Units: thousand people.
    """
    return m.trained[t] <= m.graduates[t] * m.dt + arrivals(m, m.education_arrival, m.education, t)


def recruiting(m: Any, t: str) -> Any:
    r"""Researchers who can be won from abroad.

    \[ \text{recruited}_t \le \text{recruit\_limit}_t\,dt \]

    Units: thousand people.
    """
    return m.recruited[t] <= m.recruit_limit[t] * m.dt


def education_places(m: Any, t: str) -> Any:
    r"""Extra graduates who can be ordered.

    \[ \text{education}_t \le \text{education\_limit}_t\,dt \]

    Units: thousand people.
    """
    return m.education[t] <= m.education_limit[t] * m.dt


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of talent."""
    for name in ("talent", "trained", "recruited", "released", "education"):
        model.add_component(name, pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=units("kperson")))
    model.talent_balance = pyo.Constraint(model.PERIODS, rule=talent_balance)
    model.schools = pyo.Constraint(model.PERIODS, rule=schools)
    model.recruiting = pyo.Constraint(model.PERIODS, rule=recruiting)
    model.education_places = pyo.Constraint(model.PERIODS, rule=education_places)
