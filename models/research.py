"""Research: effort makes knowledge, knowledge efficiency, and efficiency with compute capability."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.parameters import COBB_DOUGLAS_RANGE, SMALLEST_INDEX, SMALLEST_SPILLOVER
from models.periods import mid, previous
from models.units import UnitSystem


def research_index_row(m: Any, t: str) -> Any:
    r"""Research compute as an index of the leader's base state.

    \[ x_t = (\text{research\_compute}_t + \text{compute\_floor}) / \text{compute\_ref} \]

    Dimensionless.
    """
    return m.research_index[t] == (m.research_compute[t] + m.compute_floor) / m.compute_ref


def talent_index_row(m: Any, t: str) -> Any:
    r"""Researchers as an index of the leader's base state.

    \[ y_t = (\overline{\text{talent}}_t + \text{automation}_t\,\text{research\_agents}_t) /
       \text{talent\_ref} + 10^{-9} \]

    Dimensionless. Agents that do research count as those whom they stand for; the last term keeps logarithms
    defined where nobody is left.
    """
    people = mid(m, m.talent, m.talent0, t) + m.automation[t] * m.research_agents[t]
    return m.talent_index[t] == people / m.talent_ref + SMALLEST_INDEX


def agents_open(m: Any, t: str) -> Any:
    r"""Agents do research only where they stand for somebody.

    \[ \text{research\_agents}_t \le \text{agents\_limit}_t \]

    Units: kH100e; the limit is 0 where `automation` is, else infinite.
    """
    return m.research_agents[t] <= m.agents_limit[t]


def constant_elasticity(m: Any, x: Any, y: Any) -> Any:
    r"""CES aggregate of compute and researchers; Cobb-Douglas where \(|\rho| < 10^{-6}\).

    \[ \exp\Bigl( \tfrac1\rho \log\bigl( \theta e^{\rho \log x} + (1-\theta) e^{\rho \log y} \bigr) \Bigr),
       \qquad \rho = (\sigma-1)/\sigma \]

    Both forms stay finite, and a parametric switch picks one, so that one structure serves every elasticity.
    """
    rho = (m.substitution - 1) / m.substitution
    distance = abs(rho) - COBB_DOUGLAS_RANGE
    switch = (1 - distance / abs(distance)) / 2
    safe_rho = switch + (1 - switch) * rho
    mix = m.theta * pyo.exp(safe_rho * pyo.log(x)) + (1 - m.theta) * pyo.exp(safe_rho * pyo.log(y))
    general = pyo.exp(pyo.log(mix) / safe_rho)
    limit = pyo.exp(m.theta * pyo.log(x) + (1 - m.theta) * pyo.log(y))
    return switch * limit + (1 - switch) * general


def research_effort(m: Any, t: str) -> Any:
    r"""Research effort: compute and researchers, with diminishing returns to parallel work.

    \[ \text{effort}_t \le \text{CES}(x_t, y_t)^{\text{parallel}} \]

    In units of the leader's base-year effort. Concave for parallel up to 1.
    """
    return m.effort[t] <= constant_elasticity(m, m.research_index[t], m.talent_index[t]) ** m.parallel


def gain(m: Any) -> Any:
    """Years of knowledge that a period of unit effort adds, net of what spillover would have closed.

    Spillover is held above `SMALLEST_SPILLOVER`, where the formula loses digits and its limit is `dt`.
    """
    smallest = SMALLEST_SPILLOVER / m.year
    rate = (m.spillover + smallest + abs(m.spillover - smallest)) / 2
    return (1 - pyo.exp(-rate * m.dt)) / rate


def knowledge_balance(m: Any, t: str) -> Any:
    r"""Knowledge, in years of leader effort.

    \[ \text{knowledge}_t = \text{knowledge}_{t-1} + \text{gain}\,\text{effort}_t + \text{absorbed}_t,
       \qquad \text{gain} = (1-e^{-\text{spillover}\,dt})/\text{spillover} \]

    Units: year.
    """
    before = previous(m, m.knowledge, m.knowledge0, t)
    return m.knowledge[t] == before + gain(m) * m.effort[t] + m.absorbed[t]


def spillover_from_frontier(m: Any, t: str) -> Any:
    r"""Knowledge that reaches the country from the leader's published work.

    \[ \text{absorbed}_t \le (1-e^{-\text{spillover}\,dt}) \bigl( \tfrac12(\text{frontier}_{t-1} +
       \text{frontier}_t) - \text{knowledge}_{t-1} \bigr) \]

    Units: year.
    """
    label = m.before[t]
    frontier = (m.frontier["base" if label is None else label] + m.frontier[t]) / 2
    before = previous(m, m.knowledge, m.knowledge0, t)
    return m.absorbed[t] <= (1 - pyo.exp(-m.spillover * m.dt)) * (frontier - before)


def absorptive_capacity(m: Any, t: str) -> Any:
    r"""Only those who do research themselves absorb that of others: knowledge grows by at most
    \(1+\text{absorption}\) times what effort alone would add.

    \[ \text{absorbed}_t \le \bigl( (1+\text{absorption})\,dt - \text{gain} \bigr)\,\text{effort}_t \]

    `gain` falls short of `dt` by what spillover would have closed; where this row binds, spillover closes
    nothing, and the difference is given back, so that the length of a period does not matter. Units: year.
    """
    most = (1 + m.absorption) * m.dt - gain(m)
    return m.absorbed[t] <= most * m.effort[t]


def efficiency_of_knowledge(m: Any, t: str) -> Any:
    r"""Algorithmic efficiency, with diminishing returns to knowledge.

    \[ \text{efficiency}_t \le \text{returns}\,
       \log(\overline{\text{knowledge}}_t / \text{knowledge\_ref}) \]

    Natural-log units.
    """
    during = mid(m, m.knowledge, m.knowledge0, t)
    return m.efficiency[t] <= m.returns * pyo.log(during / m.knowledge_ref)


def own_level(m: Any, t: str) -> Any:
    r"""Effective research compute of the country's own.

    \[ \text{own}_t \le \text{efficiency}_t + \text{catch\_up\_offset} + \log x_t \]

    Natural-log units. The offset is 0 unless an observed lag is read as efficiency.
    """
    return m.own[t] <= m.efficiency[t] + m.catch_up_offset + pyo.log(m.research_index[t])


def data_bottleneck(m: Any, t: str) -> Any:
    r"""Beyond the data wall, compute counts for less.

    \[ \text{own}_t - \text{efficiency}_t - \text{data\_slope}\,\log x_t \le
       (1-\text{data\_slope})\,\log(\text{data\_wall}/\text{compute\_ref}) + \text{catch\_up\_offset} \]

    Natural-log units; no wall, no row.
    """
    beyond = m.own[t] - m.efficiency[t] - m.data_slope * pyo.log(m.research_index[t])
    return beyond <= (1 - m.data_slope) * pyo.log(m.data_wall / m.compute_ref) + m.catch_up_offset


def capability_level(m: Any, t: str) -> Any:
    r"""A level that the leader has reached is cheaper to reach again.

    \[ (1+\text{imitation})\,\text{capability}_t \le \text{own}_t +
       \text{imitation}\;\text{leader\_capability}_t \]

    Natural-log units.
    """
    return (1 + m.imitation) * m.capability[t] <= m.own[t] + m.imitation * m.leader_capability[t]


def help_from_copying(m: Any, t: str) -> Any:
    r"""Copying saves a factor of compute, and never more than `help_ceiling`, however large the gap.

    \[ \text{capability}_t \le \text{own}_t + \text{help\_ceiling} \]

    Natural-log units; a ceiling of infinity is no row.
    """
    return m.capability[t] <= m.own[t] + m.help_ceiling


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of research."""
    pure, years = units("1"), units("year")
    index_bounds = (SMALLEST_INDEX, None)
    model.research_index = pyo.Var(model.PERIODS, bounds=index_bounds, units=pure)
    model.talent_index = pyo.Var(model.PERIODS, bounds=index_bounds, units=pure)
    model.research_agents = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=units("kH100e"))
    model.effort = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=pure)
    model.knowledge = pyo.Var(model.PERIODS, within=pyo.NonNegativeReals, units=years)
    model.absorbed = pyo.Var(model.PERIODS, within=pyo.Reals, units=years)
    for name in ("efficiency", "own", "capability"):
        model.add_component(name, pyo.Var(model.PERIODS, within=pyo.Reals, units=pure))
    for name, rule in (
        ("research_index_row", research_index_row),
        ("talent_index_row", talent_index_row),
        ("agents_open", agents_open),
        ("research_effort", research_effort),
        ("knowledge_balance", knowledge_balance),
        ("spillover_from_frontier", spillover_from_frontier),
        ("absorptive_capacity", absorptive_capacity),
        ("efficiency_of_knowledge", efficiency_of_knowledge),
        ("own_level", own_level),
        ("data_bottleneck", data_bottleneck),
        ("capability_level", capability_level),
        ("help_from_copying", help_from_copying),
    ):
        model.add_component(name, pyo.Constraint(model.PERIODS, rule=rule))
