"""The objective: discounted capability, service and autonomy; and spending, which breaks ties."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.budget import outlays
from models.fleet import in_use
from models.units import UnitSystem


def autonomy_level(m: Any, t: str) -> Any:
    r"""Compute that no foreign rule can take away.

    \[ \text{autonomy}_t \le \log \frac{\sum_k \text{is\_domestic}_k\,\text{research\_h100e}_k\,
       \overline{\text{fleet}}_{k,t} + \text{autonomy\_floor}}{\text{compute\_ref}} \]

    Natural-log units.
    """
    return m.autonomy[t] <= pyo.log((m.home_compute[t] + m.autonomy_floor) / m.compute_ref)


def home_made_compute(m: Any, t: str) -> Any:
    r"""Compute of the chips made at home.

    \[ \text{home\_compute}_t = \sum_k \text{is\_domestic}_k\,\text{research\_h100e}_k\,
       \overline{\text{fleet}}_{k,t} \]

    Units: kH100e.
    """
    home = 0
    for k in m.MADE:
        label = m.before[t]
        before = m.fleet0[k] if label is None else in_use(m, k, label)
        home += m.is_domestic[k] * m.research_h100e[k] * (before + in_use(m, k, t)) / 2
    return m.home_compute[t] == home


def period_value(m: Any, t: str) -> Any:
    r"""What a year at the state of a period is worth.

    \[ \text{value}_t = w_\text{capability}\,\text{capability}_t + \sum_j w_{\text{segment},j}\,
       \text{service}_{j,t} + w_\text{autonomy}\,\text{autonomy}_t - \text{shortfall\_penalty}
       \sum_j \text{shortfall\_weight}_{j,t}\,\text{shortfall}_{j,t} \]

    In log units. A segment's shortfall counts by its share of the compute that is required, so that a segment
    split in two changes nothing.
    """
    service = sum(m.w_segment[j] * m.service[j, t] for j in m.SEGMENTS)
    missed = sum(m.shortfall_weight[j, t] * m.shortfall[j, t] for j in m.SEGMENTS)
    indices = m.w_capability * m.capability[t] + service + m.w_autonomy * m.autonomy[t]
    return indices - m.shortfall_penalty * missed


def value_of_plan(m: Any) -> Any:
    r"""Discounted once, at mid-period; the last value counts on for `terminal` years.

    \[ \sum_t \text{discount}_t\,dt\,\text{value}_t + \text{terminal}\;\text{discount}_{T-1}\,
       \text{value}_{T-1} \]

    In log units times years.
    """
    last = m.labels[-1]
    years = sum(m.discount[t] * m.dt * period_value(m, t) for t in m.PERIODS)
    return years + m.terminal * m.discount[last] * period_value(m, last)


def least_spending(m: Any) -> Any:
    r"""Among optimal plans, the one that spends least: \(\sum_t \text{discount}_t\,\text{outlays}_t\)."""
    return sum(m.discount[t] * outlays(m, t) for t in m.PERIODS)


def add(model: Any, units: UnitSystem) -> None:
    """Autonomy, the objective, and the inactive objective that breaks ties."""
    model.home_compute = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=units("kH100e"))
    model.autonomy = pyo.Var(model.PERIODS, within=pyo.Reals, units=units("1"))
    model.home_made_compute = pyo.Constraint(model.PERIODS, rule=home_made_compute)
    model.autonomy_level = pyo.Constraint(model.PERIODS, rule=autonomy_level)
    model.value_of_plan = pyo.Objective(rule=value_of_plan, sense=pyo.maximize)
    model.least_spending = pyo.Objective(rule=least_spending, sense=pyo.minimize)
    model.least_spending.deactivate()
