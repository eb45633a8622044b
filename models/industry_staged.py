"""The staged chip industry: yields are earned wafer by wafer, nodes and tool classes unlocked by programmes,
fabs built in modules.

A plan in staged mode is an integer program. In path mode the sets of this module are empty, and none of its
rows and variables exist.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.industry import wafers_used
from models.periods import arrivals, previous
from models.units import UnitSystem


def one_level(m: Any, n: str, t: str) -> Any:
    r"""A line stands at one level of learning.

    \[ \sum_l \text{level}_{n,l,t} = 1, \qquad \text{level}_{n,l,t} \in \{0, 1\} \]

    Dimensionless.
    """
    return sum(m.level[n, stage, t] for stage in m.LEVELS) == 1


def level_within_reach(m: Any, n: str, stage: str, t: str) -> Any:
    r"""A level that no plan could stand at by then is left out: it follows from the numbers, and makes the
    bound of the relaxation tight.

    \[ \text{level}_{n,l,t} \le \text{reachable}_{n,l,t} \]

    Dimensionless.
    """
    return m.level[n, stage, t] <= m.reachable[n, stage, t]


def experience_balance(m: Any, n: str, t: str) -> Any:
    r"""Experience of a line at the end of a period: wafers started for AI chips, and what it learns from
    other products and other firms.

    \[ \text{experience}_{n,t} = \text{experience}_{n,t-1} + \sum_l \text{started}_{n,l,t} +
       \text{learning\_other}_{n,t} \]

    with learning0 before the first period. Units: thousand wafers.
    """
    before = previous(m, m.experience, m.learning0[n], n, t)
    return m.experience[n, t] == before + m.wafers_started[n, t] + m.learning_other[n, t]


def level_earned(m: Any, n: str, t: str) -> Any:
    r"""A level takes the experience of its threshold, at the start of the period; shared know-how lowers it.

    \[ \sum_l \Bigl( \frac{\text{learning\_wafers}_{n,l}}{1+\text{transfer}} +
       \text{spare\_experience}_{n,l,t} \Bigr) \text{level}_{n,l,t} \le \text{experience}_{n,t-1} \]

    with what a line at that level has beyond the threshold in any plan, which makes the bound of the
    relaxation tight. Units: thousand wafers.
    """
    asked = sum(
        (m.learning_wafers[n, stage] / (1 + m.transfer) + m.spare_experience[n, stage, t])
        * m.level[n, stage, t]
        for stage in m.LEVELS
    )
    return asked <= previous(m, m.experience, m.learning0[n], n, t)


def level_reached(m: Any, n: str, t: str) -> Any:
    r"""The level is the highest one that experience allows.

    \[ \sum_l \frac{\text{next\_threshold}_{n,l}}{1+\text{transfer}}\,\text{level}_{n,l,t} \ge
       \text{experience}_{n,t-1} \]

    with the threshold of the level above; of the last level all the experience that can be had.
    Units: thousand wafers.
    """
    left = sum(m.next_threshold[n, stage] * m.level[n, stage, t] for stage in m.LEVELS)
    return left / (1 + m.transfer) >= previous(m, m.experience, m.learning0[n], n, t)


def level_kept(m: Any, n: str, stage: str, t: str) -> Any:
    r"""What has been learned is not lost. It follows from the rows above, and tightens the relaxation.

    \[ \sum_{l' \ge l} \text{level}_{n,l',t} \ge \sum_{l' \ge l} \text{level}_{n,l',t-1} \]

    Dimensionless.
    """
    before = m.before[t]
    if before is None or stage == m.LEVELS.first():
        return pyo.Constraint.Skip
    upper = [one for one in m.LEVELS if m.LEVELS.ord(one) >= m.LEVELS.ord(stage)]
    return sum(m.level[n, one, t] for one in upper) >= sum(m.level[n, one, before] for one in upper)


def startable_at_level(m: Any, n: str, stage: str, t: str) -> Any:
    r"""Wafers that a line can start at a level: none at the levels where it does not stand.

    \[ \text{startable}_{n,l,t} \le \text{started\_max}_{n,t}\,\text{level}_{n,l,t} \]

    with all that tools and income so far could let the line start, which never binds by itself.
    Units: thousand wafers.
    """
    return m.startable[n, stage, t] <= m.started_max[n, t] * m.level[n, stage, t]


def startable_when_unlocked(m: Any, n: str, t: str) -> Any:
    r"""A line starts nothing before its node is unlocked.

    \[ \sum_l \text{startable}_{n,l,t} \le \text{started\_max}_{n,t}\,\text{unlocked}_{n,t} \]

    Units: thousand wafers.
    """
    startable = sum(m.startable[n, stage, t] for stage in m.LEVELS)
    return startable <= m.started_max[n, t] * m.unlocked[n, t]


def started_of_startable(m: Any, n: str, stage: str, t: str) -> Any:
    r"""Wafers started, at the level at which the line stands.

    \[ \text{started}_{n,l,t} \le \text{startable}_{n,l,t} \]

    Units: thousand wafers.
    """
    return m.started[n, stage, t] <= m.startable[n, stage, t]


def wafers_of_levels(m: Any, n: str, t: str) -> Any:
    r"""Wafers started for AI chips on a line, all levels together.

    \[ \text{wafers\_started}_{n,t} = \sum_l \text{started}_{n,l,t} \]

    Units: thousand wafers.
    """
    return m.wafers_started[n, t] == sum(m.started[n, stage, t] for stage in m.LEVELS)


def earned_wafers(m: Any, n: str, t: str) -> Any:
    r"""Good dies of a line at the yield of its level. An equality: one learns only from wafers whose chips
    exist.

    \[ \sum_k \text{on\_line}_{k,n}\,\text{wafers\_per\_chip}_k\,(\text{domestic} -
       \text{bank\_drawn})_{k,t} = \sum_l \text{yield\_level}_{n,l}\,\text{started}_{n,l,t} \]

    Units: thousand wafers.
    """
    good = sum(m.yield_level[n, stage] * m.started[n, stage, t] for stage in m.LEVELS)
    return wafers_used(m, m.MADE, n, t) == good


def node_progress_balance(m: Any, n: str, t: str) -> Any:
    r"""Research on a node that has come to bear by the end of a period.

    \[ \text{node\_progress}_{n,t} = \text{node\_progress}_{n,t-1} +
       \sum_d \text{node\_arrival}_{n,d}\,\text{node\_rd}_{n,t-d} \]

    Units: USD bn.
    """
    before = previous(m, m.node_progress, 0 * m.node_cost[n], n, t)
    return m.node_progress[n, t] == before + arrivals(m, m.node_arrival, m.node_rd, t, n)


def node_rates(m: Any, n: str, t: str) -> Any:
    r"""Research on a node that finds people and work in a period.

    \[ \text{node\_rd}_{n,t} \le \text{node\_rate\_limit}_{n,t}\,dt \]

    Units: USD bn.
    """
    return m.node_rd[n, t] <= m.node_rate_limit[n, t] * m.dt


def node_paid(m: Any, n: str, t: str) -> Any:
    r"""A node is unlocked when its programme has come to bear; shared know-how lowers its cost.

    \[ \frac{\text{node\_cost}_n}{1+\text{transfer}}\,\text{unlocked}_{n,t} \le
       \text{node\_progress}_{n,t} \]

    Units: USD bn.
    """
    return m.node_cost[n] * m.unlocked[n, t] / (1 + m.transfer) <= m.node_progress[n, t]


def node_within_reach(m: Any, n: str, t: str) -> Any:
    r"""A node whose programme cannot be done by then is left out: it follows from the numbers.

    \[ \text{unlocked}_{n,t} \le \text{openable}_{n,t} \]

    Dimensionless.
    """
    return m.unlocked[n, t] <= m.openable[n, t]


def node_order(m: Any, n: str, t: str) -> Any:
    r"""The node before comes first.

    \[ \text{unlocked}_{n,t} \le \text{unlocked}_{\text{previous}(n),t} \]

    Dimensionless.
    """
    first = sum(m.previous_line[n, other] * (1 - m.unlocked[other, t]) for other in m.STAGED_LINES)
    return m.unlocked[n, t] + first <= 1


def node_kept(m: Any, n: str, t: str) -> Any:
    r"""What is unlocked stays so.

    \[ \text{unlocked}_{n,t} \ge \text{unlocked}_{n,t-1} \]

    Dimensionless.
    """
    before = m.before[t]
    return pyo.Constraint.Skip if before is None else m.unlocked[n, t] >= m.unlocked[n, before]


def fab_modules(m: Any, n: str, t: str) -> Any:
    r"""Fabs are ordered in whole modules.

    \[ \text{wafer\_built}_{n,t} = \text{module}_n\,\text{modules}_{n,t}, \qquad
       \text{modules}_{n,t} \in \{0, 1, 2, \ldots\} \]

    No such row where the module is 0. Units: thousand wafers per month.
    """
    side = m.module_side[n]
    return pyo.inequality(-side, m.wafer_built[n, t] - m.module[n] * m.modules[n, t], side)


def modules_within_reach(m: Any, n: str, t: str) -> Any:
    r"""Modules for which there cannot be the tools or the money by then are left out: it follows from the
    numbers, and makes the bound of the relaxation tight.

    \[ \sum_{s \le t} \text{modules}_{n,s} \le \text{modules\_max}_{n,t} \]

    Dimensionless.
    """
    so_far = (s for s in m.PERIODS if m.PERIODS.ord(s) <= m.PERIODS.ord(t))
    return sum(m.modules[n, s] for s in so_far) <= m.modules_max[n, t]


def class_progress_balance(m: Any, g: str, t: str) -> Any:
    r"""Development of a class of tools at home that has come to bear by the end of a period.

    \[ \text{class\_progress}_{g,t} = \text{class\_progress}_{g,t-1} +
       \sum_d \text{class\_arrival}_{g,d}\,\text{class\_rd}_{g,t-d} \]

    Units: USD bn.
    """
    before = previous(m, m.class_progress, 0 * m.class_cost[g], g, t)
    return m.class_progress[g, t] == before + arrivals(m, m.class_arrival, m.class_rd, t, g)


def class_rates(m: Any, g: str, t: str) -> Any:
    r"""Development of a class of tools that finds people and work in a period.

    \[ \text{class\_rd}_{g,t} \le \text{class\_rate\_limit}_{g,t}\,dt \]

    Units: USD bn.
    """
    return m.class_rd[g, t] <= m.class_rate_limit[g, t] * m.dt


def class_paid(m: Any, g: str, t: str) -> Any:
    r"""Tools of a class can be made at home when their programme has come to bear.

    \[ \frac{\text{class\_cost}_g}{1+\text{transfer}}\,\text{class\_unlocked}_{g,t} \le
       \text{class\_progress}_{g,t} \]

    Units: USD bn.
    """
    return m.class_cost[g] * m.class_unlocked[g, t] / (1 + m.transfer) <= m.class_progress[g, t]


def class_within_reach(m: Any, g: str, t: str) -> Any:
    r"""A class whose programme cannot be done by then is left out: it follows from the numbers.

    \[ \text{class\_unlocked}_{g,t} \le \text{class\_openable}_{g,t} \]

    Dimensionless.
    """
    return m.class_unlocked[g, t] <= m.class_openable[g, t]


def class_kept(m: Any, g: str, t: str) -> Any:
    r"""What is unlocked stays so.

    \[ \text{class\_unlocked}_{g,t} \ge \text{class\_unlocked}_{g,t-1} \]

    Dimensionless.
    """
    before = m.before[t]
    if before is None:
        return pyo.Constraint.Skip
    return m.class_unlocked[g, t] >= m.class_unlocked[g, before]


def class_tools(m: Any, g: str, t: str) -> Any:
    r"""No tools of a class are made at home before it is unlocked; plants may be set up ahead.

    \[ \text{tools\_made}_{g,t} \le \text{tools\_made\_max}_{g,t}\,\text{class\_unlocked}_{g,t} \]

    with all that the toolmakers could make if they set up as fast as they may. Units: thousand wafers per
    month.
    """
    return m.tools_made[g, t] <= m.tools_made_max[g, t] * m.class_unlocked[g, t]


def add_variables(model: Any, units: UnitSystem) -> None:
    """Variables of the staged industry; none in path mode."""
    positive, whole = pyo.NonNegativeReals, pyo.NonNegativeIntegers
    by_level = (model.STAGED_LINES, model.LEVELS, model.PERIODS)
    by_line = (model.STAGED_LINES, model.PERIODS)
    by_class = (model.STAGED_CLASSES, model.PERIODS)
    for name, index, domain, unit in (
        ("level", by_level, pyo.Binary, "1"),
        ("startable", by_level, positive, "kwafer"),
        ("started", by_level, positive, "kwafer"),
        ("experience", by_line, positive, "kwafer"),
        ("unlocked", by_line, pyo.Binary, "1"),
        ("node_rd", by_line, positive, "USD_bn"),
        ("node_progress", by_line, positive, "USD_bn"),
        ("modules", by_line, whole, "1"),
        ("class_unlocked", by_class, pyo.Binary, "1"),
        ("class_rd", by_class, positive, "USD_bn"),
        ("class_progress", by_class, positive, "USD_bn"),
    ):
        model.add_component(name, pyo.Var(*index, within=domain, units=units(unit)))


def add(model: Any, units: UnitSystem) -> None:
    """Rows of the staged industry; none in path mode. The variables are there before: rows of the industry
    use them."""
    by_level = (model.STAGED_LINES, model.LEVELS, model.PERIODS)
    by_line = (model.STAGED_LINES, model.PERIODS)
    by_class = (model.STAGED_CLASSES, model.PERIODS)
    for name, index, rule in (
        ("one_level", by_line, one_level),
        ("level_within_reach", by_level, level_within_reach),
        ("experience_balance", by_line, experience_balance),
        ("level_earned", by_line, level_earned),
        ("level_reached", by_line, level_reached),
        ("level_kept", by_level, level_kept),
        ("startable_at_level", by_level, startable_at_level),
        ("startable_when_unlocked", by_line, startable_when_unlocked),
        ("started_of_startable", by_level, started_of_startable),
        ("wafers_of_levels", by_line, wafers_of_levels),
        ("earned_wafers", by_line, earned_wafers),
        ("node_progress_balance", by_line, node_progress_balance),
        ("node_rates", by_line, node_rates),
        ("node_paid", by_line, node_paid),
        ("node_within_reach", by_line, node_within_reach),
        ("node_order", by_line, node_order),
        ("node_kept", by_line, node_kept),
        ("fab_modules", by_line, fab_modules),
        ("modules_within_reach", by_line, modules_within_reach),
        ("class_progress_balance", by_class, class_progress_balance),
        ("class_rates", by_class, class_rates),
        ("class_paid", by_class, class_paid),
        ("class_within_reach", by_class, class_within_reach),
        ("class_kept", by_class, class_kept),
        ("class_tools", by_class, class_tools),
    ):
        model.add_component(name, pyo.Constraint(*index, rule=rule))
