"""The budget: what is paid for, cash, and the split by use."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models.fleet import stock_during
from models.periods import mid, per_period, previous
from models.units import UnitSystem


def purchases(m: Any, t: str) -> Any:
    r"""Chips bought and made, all-in, with fees and the grey-market premium.

    \[ \text{buy}_t = \tfrac1{1000} \sum_k \bigl( (c+\text{fee})\,\text{imports} +
       (c+\text{grey\_premium})\,\text{grey} + c\,\text{domestic} \bigr)_{k,t} \]

    with \(c\) the all-in cost. Units: USD bn.
    """
    paid = sum(
        (m.unit_cost[k, t] + m.fee[k, t]) * m.imports[k, t]
        + (m.unit_cost[k, t] + m.grey_premium[k, t]) * m.grey[k, t]
        for k in m.CHIPS
    )
    made = sum(m.unit_cost[k, t] * m.domestic[k, t] for k in m.MADE)
    return m.buy[t] == (paid + made) / m.million_per_billion


def rent_paid(m: Any, t: str) -> Any:
    r"""Rent of offshore compute.

    \[ \text{rent}_t = \text{rent\_cost}_t\,dt \sum_u \text{rented}_{u,t} \]

    Units: USD bn.
    """
    return m.rent[t] == m.rent_cost[t] * m.dt * sum(m.rented[u, t] for u in m.USES)


def energy_paid(m: Any, u: str, t: str) -> Any:
    r"""Energy drawn by the fleet in a use.

    \[ \text{energy}_{u,t} = \text{energy\_cost}_t\,dt \sum_k \text{power\_per\_chip}_k\,
       \overline{\text{stock}}_{k,u,t} \]

    Units: USD bn.
    """
    drawn = sum(m.power_per_chip[k] * stock_during(m, k, u, t) for k in m.CHIPS)
    return m.energy[u, t] == m.energy_cost[t] * m.dt * drawn


def chips_paid(m: Any, t: str) -> Any:
    r"""Domestic chip investment: fabs and the wafers they start, tools and toolmaking, packaging, memory,
    and in staged mode the programmes for nodes and classes of tools.

    \[ \text{chips\_cost}_t = \sum_n \bigl( \text{wafer\_cost}_n\,\text{wafer\_built}_{n,t} +
       \text{wafer\_run\_cost}_n\,\text{wafers\_started}_{n,t} \bigr) + \sum_g \bigl(
       \text{tool\_price}_{g,t}\,(\text{tools\_bought} + \text{tools\_made})_{g,t} +
       \text{toolmaking\_cost}_g\,\text{toolmaking\_built}_{g,t} \bigr) +
       \text{packaging\_cost}\,\text{packaging\_built}_t + \text{hbm\_cost}\,\text{hbm\_built}_t +
       \text{hbm\_price}_t\,\text{hbm\_imports}_t + \sum_n \text{node\_rd}_{n,t} +
       \sum_g \text{class\_rd}_{g,t} \]

    Units: USD bn.
    """
    fabs = sum(
        m.wafer_cost[n] * m.wafer_built[n, t] + m.wafer_run_cost[n] * m.wafers_started[n, t] for n in m.LINES
    )
    tools = sum(
        m.tool_price[g, t] * (m.tools_bought[g, t] + m.tools_made[g, t])
        + m.toolmaking_cost[g] * m.toolmaking_built[g, t]
        for g in m.TOOL_CLASSES
    )
    memory = m.hbm_cost * m.hbm_built[t] + m.hbm_price[t] * m.hbm_imports[t]
    programmes = sum(m.node_rd[n, t] for n in m.STAGED_LINES)
    programmes += sum(m.class_rd[g, t] for g in m.STAGED_CLASSES)
    paid = fabs + tools + m.packaging_cost * m.packaging_built[t] + memory
    return m.chips_cost[t] == paid + programmes


def talent_paid(m: Any, t: str) -> Any:
    r"""Wages, recruiting and education; taking people on and letting them go cost money, too.

    \[ \text{talent\_cost}_t = \text{wage}\,dt\,\overline{\text{talent}}_t +
       \text{recruit\_cost}\,\text{recruited}_t + \text{education\_cost}\,\text{education}_t +
       \text{hiring\_cost}\,\text{trained}_t + \text{release\_cost}\,\text{released}_t \]

    Units: USD bn.
    """
    wages = m.wage * m.dt * mid(m, m.talent, m.talent0, t)
    programmes = m.recruit_cost * m.recruited[t] + m.education_cost * m.education[t]
    turnover = m.hiring_cost * m.trained[t] + m.release_cost * m.released[t]
    return m.talent_cost[t] == wages + programmes + turnover


def power_paid(m: Any, t: str) -> Any:
    r"""Generation and grid connection.

    \[ \text{power\_spend}_t = \text{power\_cost}\,\text{power\_built}_t \]

    Units: USD bn.
    """
    return m.power_spend[t] == m.power_cost * m.power_built[t]


def outlays(m: Any, t: str) -> Any:
    """Everything paid in a period (USD bn)."""
    return (
        m.buy[t]
        + m.rent[t]
        + sum(m.energy[u, t] for u in m.USES)
        + m.chips_cost[t]
        + m.talent_cost[t]
        + m.power_spend[t]
        + sum(m.premium[s, t] for s in m.SUPPLIES)
        + m.bidup[t]
    )


def budget(m: Any, t: str) -> Any:
    r"""Cash at the end of a period: income, what users and home-made chips bring back, less all outlays.

    \[ \text{cash}_t = (1+\text{interest})^{dt}\,\text{cash}_{t-1} + \text{income}_t\,dt +
       \text{recovered}_t + \text{home\_returned}_t - \text{outlays}_t - \text{lapsed}_t \]

    Units: USD bn.
    """
    before = per_period(m, 1 + m.interest) * previous(m, m.cash, m.cash0, t)
    received = m.income[t] * m.dt + m.recovered[t] + m.home_returned[t]
    return m.cash[t] == before + received - outlays(m, t) - m.lapsed[t]


def debt(m: Any, t: str) -> Any:
    r"""The limit on debt.

    \[ \text{cash}_t \ge -\text{debt\_limit}_t \]

    Units: USD bn.
    """
    return m.cash[t] >= -m.debt_limit[t]


def carry_over(m: Any, t: str) -> Any:
    r"""Budgets lapse: only so much is carried over.

    \[ \text{cash}_t \le \text{carry\_limit}_t \]

    Units: USD bn.
    """
    return m.cash[t] <= m.carry_limit[t]


def last_debt(m: Any) -> Any:
    r"""No more debt at the end of the tail than at the start.

    \[ \text{cash}_{T-1} \ge \min(\text{cash0}, 0) \]

    Units: USD bn.
    """
    return m.cash[m.labels[-1]] >= (m.cash0 - abs(m.cash0)) / 2


def reported_debt(m: Any) -> Any:
    r"""No more debt at the end of the last reported period than at the start: what is shown is paid for.

    \[ \text{cash}_{T-1-\text{tail}} \ge \min(\text{cash0}, 0) \]

    Units: USD bn.
    """
    return m.cash[m.last_reported] >= (m.cash0 - abs(m.cash0)) / 2


def cost_recovery(m: Any, t: str) -> Any:
    r"""What the users of services pay.

    \[ \text{recovered}_t = \text{cost\_recovery}\;\text{use\_cost}_{\text{delivery},t} \]

    Units: USD bn.
    """
    return m.recovered[t] == m.cost_recovery * m.use_cost["delivery", t]


def home_returns(m: Any, t: str) -> Any:
    r"""What a home market returns to the plan.

    \[ \text{home\_returned}_t = \text{home\_return} \cdot \tfrac1{1000} \sum_k \text{chip\_part}_k\,
       c_{k,t}\,\text{domestic}_{k,t} \]

    Units: USD bn.
    """
    value = sum(m.chip_part[k] * m.unit_cost[k, t] * m.domestic[k, t] for k in m.MADE)
    return m.home_returned[t] == m.home_return * value / m.million_per_billion


def cost_of_use(m: Any, u: str, t: str) -> Any:
    r"""What a use costs: the capital charge of its fleet, its rent and its energy.

    \[ \text{use\_cost}_{u,t} = dt \Bigl( \tfrac1{1000} \sum_k \text{charge}_{k,t}\,
       \overline{\text{stock}}_{k,u,t} + \text{rent\_cost}_t\,\text{rented}_{u,t} \Bigr) +
       \text{energy}_{u,t} \]

    Units: USD bn.
    """
    capital = sum(m.charge[k, t] * stock_during(m, k, u, t) for k in m.CHIPS) / m.million_per_billion
    return m.use_cost[u, t] == m.dt * (capital + m.rent_cost[t] * m.rented[u, t]) + m.energy[u, t]


def agents_paid(m: Any, t: str) -> Any:
    r"""The cost of delivery's fleet that falls on the agents that do research: theirs as a share of delivery
    compute, as the forward run counts it; here only that there is none without agents.

    \[ \text{agents\_cost}_t \le \text{agents\_limit}_t \cdot 1\,\text{USD bn}/\text{kH100e} \]

    Units: USD bn.
    """
    return m.agents_cost[t] <= m.agents_limit[t] * m.unit_system.constant(1, "USD_bn/kH100e")


def category_spending(m: Any, c: str, t: str) -> Any:
    r"""The split by use. Premiums for pace stand with their category; those of the grey market and of rent
    belong to no use and are in the cash view only.

    \[ \text{spend}_{\text{research},t} = \text{use\_cost}_{\text{research},t} + \text{agents\_cost}_t, \quad
       \text{spend}_{\text{delivery},t} = \text{use\_cost}_{\text{delivery},t} - \text{agents\_cost}_t, \quad
       \text{spend}_{\text{chips},t} = \text{chips\_cost}_t + \text{premium}_{\text{hbm},t} +
       \text{premium}_{\text{packaging},t} + \sum_g \text{premium}_{g,t} + \sum_n \text{premium}_{n,t} \]
    \[ \text{spend}_{\text{talent},t} = \text{talent\_cost}_t + \text{premium}_{\text{recruit},t}, \quad
       \text{spend}_{\text{power},t} = \text{power\_spend}_t \]

    Units: USD bn.
    """
    if c in m.USES:
        moved = m.agents_cost[t] if c == "research" else -m.agents_cost[t]
        return m.spend[c, t] == m.use_cost[c, t] + moved
    if c == "chips":
        paces = sum(m.premium[s, t] for s in ("hbm", "packaging", *m.TOOL_CLASSES, *m.LINES))
        return m.spend[c, t] == m.chips_cost[t] + paces
    if c == "talent":
        return m.spend[c, t] == m.talent_cost[t] + m.premium["recruit", t]
    return m.spend[c, t] == m.power_spend[t]


def total_spending(m: Any, t: str) -> Any:
    r"""The budget by use.

    \[ \text{total}_t = \sum_c \text{spend}_{c,t} \]

    Units: USD bn.
    """
    return m.total[t] == sum(m.spend[c, t] for c in m.CATEGORIES)


def category_cost(m: Any, c: str, t: str) -> Any:
    """A category's spending without what could be overpaid, premiums and the running of wafers (USD bn)."""
    if c in m.USES:
        return m.use_cost[c, t]
    if c == "chips":
        return m.chips_cost[t] - sum(m.wafer_run_cost[n] * m.wafers_started[n, t] for n in m.LINES)
    return {"talent": m.talent_cost, "power": m.power_spend}[c][t]


def least_share(m: Any, c: str, t: str) -> Any:
    r"""A policy's floor on a category, at normal prices: a premium could be overpaid to meet it, and wafers
    started for nothing.

    \[ \text{cost}_{c,t} \ge \text{share\_floor}_{c,t} \sum_{c'} \text{cost}_{c',t} \]

    with cost the category's spending less its premiums and the running of wafers. Units: USD bn.
    """
    total = sum(category_cost(m, other, t) for other in m.CATEGORIES)
    return category_cost(m, c, t) >= m.share_floor[c, t] * total


def largest_share(m: Any, c: str, t: str) -> Any:
    r"""A policy's ceiling on a category, at normal prices.

    \[ \text{cost}_{c,t} \le \text{share\_ceiling}_{c,t} \sum_{c'} \text{cost}_{c',t} \]

    with cost the category's spending less its premiums and the running of wafers. Units: USD bn.
    """
    total = sum(category_cost(m, other, t) for other in m.CATEGORIES)
    return category_cost(m, c, t) <= m.share_ceiling[c, t] * total


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of the budget."""
    money, positive = units("USD_bn"), pyo.NonNegativeReals
    for name in (
        "buy",
        "rent",
        "chips_cost",
        "talent_cost",
        "power_spend",
        "agents_cost",
        "recovered",
        "home_returned",
        "lapsed",
        "total",
    ):
        model.add_component(name, pyo.Var(model.PERIODS, within=positive, units=money))
    model.cash = pyo.Var(model.PERIODS, within=pyo.Reals, units=money)
    model.energy = pyo.Var(model.USES, model.PERIODS, within=positive, units=money)
    model.use_cost = pyo.Var(model.USES, model.PERIODS, within=positive, units=money)
    model.spend = pyo.Var(model.CATEGORIES, model.PERIODS, within=positive, units=money)
    by_period, by_use = (model.PERIODS,), (model.USES, model.PERIODS)
    by_category = (model.CATEGORIES, model.PERIODS)
    for name, index, rule in (
        ("purchases", by_period, purchases),
        ("rent_paid", by_period, rent_paid),
        ("energy_paid", by_use, energy_paid),
        ("chips_paid", by_period, chips_paid),
        ("talent_paid", by_period, talent_paid),
        ("power_paid", by_period, power_paid),
        ("budget", by_period, budget),
        ("debt", by_period, debt),
        ("carry_over", by_period, carry_over),
        ("recovery", by_period, cost_recovery),
        ("home_returns", by_period, home_returns),
        ("cost_of_use", by_use, cost_of_use),
        ("agents_paid", by_period, agents_paid),
        ("category_spending", by_category, category_spending),
        ("total_spending", by_period, total_spending),
        ("least_share", by_category, least_share),
        ("largest_share", by_category, largest_share),
    ):
        model.add_component(name, pyo.Constraint(*index, rule=rule))
    model.reported_debt = pyo.Constraint(rule=reported_debt)
    model.last_debt = pyo.Constraint(rule=last_debt)
