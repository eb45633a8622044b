"""The domestic chip industry: wafer lines, packaging, and the chips made from them."""

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


def wafer_starts(m: Any, n: str, t: str) -> Any:
    """Wafers that a line can start for AI chips (thousand wafers)."""
    capacity = mid(m, m.wafer_capacity, m.wafer_capacity0[n], n, t)
    return m.wafers_per_capacity * m.dt * m.ai_share[n, t] * capacity


def used_yield(m: Any, n: str, t: str) -> Any:
    """The share of a line's dies that are good; shared know-how raises it."""
    return 1 - (1 - m.wafer_yield[n, t]) / (1 + m.transfer)


def good_starts(m: Any, n: str, t: str) -> Any:
    """The good wafers of all that a line can start for AI chips (thousand wafers)."""
    if n in m.STAGED_LINES:
        return sum(m.yield_level[n, stage] * m.startable[n, stage, t] for stage in m.LEVELS)
    return used_yield(m, n, t) * wafer_starts(m, n, t)


def wafer_supply(m: Any, n: str, t: str) -> Any:
    r"""Wafers started for AI chips on a line.

    \[ \text{wafers\_started}_{n,t} \le 12\,dt\;\text{ai\_share}_{n,t}\,
       \overline{\text{wafer\_capacity}}_{n,t} \]

    In staged mode the sum over levels of what can be started stands for the wafers started, which are no
    more. Units: thousand wafers.
    """
    staged = n in m.STAGED_LINES
    wafers = sum(m.startable[n, stage, t] for stage in m.LEVELS) if staged else m.wafers_started[n, t]
    return wafers <= wafer_starts(m, n, t)


def fabricated(m: Any, k: str, t: str) -> Any:
    """Home-made chips that the country's lines made, stockpiled dies left out (thousand chips)."""
    return m.domestic[k, t] - m.bank_drawn[k, t]


def wafers_used(m: Any, chips: Any, n: str, t: str) -> Any:
    """Good wafers of a line that some chips take (thousand wafers)."""
    return sum(m.on_line[k, n] * m.wafers_per_chip[k] * fabricated(m, k, t) for k in chips)


def good_wafers(m: Any, n: str, t: str) -> Any:
    r"""Good dies of a line; shared know-how raises its yield.

    \[ \sum_k \text{on\_line}_{k,n}\,\text{wafers\_per\_chip}_k\,(\text{domestic} -
       \text{bank\_drawn})_{k,t} \le \Bigl( 1 - \frac{1-\text{wafer\_yield}_{n,t}}{1+\text{transfer}}
       \Bigr)\,\text{wafers\_started}_{n,t} \]

    In staged mode the yield is that of the level reached (`earned_wafers`). Units: thousand wafers.
    """
    return wafers_used(m, m.MADE, n, t) <= used_yield(m, n, t) * m.wafers_started[n, t]


def designer_share(m: Any, q: str, n: str, t: str) -> Any:
    r"""No group of designers gets a whole line.

    \[ \sum_k \text{designed\_by}_{k,q}\,\text{on\_line}_{k,n}\,\text{wafers\_per\_chip}_k\,
       (\text{domestic} - \text{bank\_drawn})_{k,t} - \text{designer\_ceiling}_{q,n,t}\,
       \text{good\_wafers}_{n,t} \le \text{ceiling\_side}_{q,n,t} \]

    with the good wafers of all that the line can start. The side is 0 where the ceiling holds and infinite,
    so that there is no row, where there is none. Units: thousand wafers.
    """
    used = sum(
        m.designed_by[k, q] * m.on_line[k, n] * m.wafers_per_chip[k] * fabricated(m, k, t) for k in m.MADE
    )
    return used - m.designer_ceiling[q, n, t] * good_starts(m, n, t) <= m.ceiling_side[q, n, t]


def fabrication_not_negative(m: Any, k: str, t: str) -> Any:
    r"""Stockpiled dies are part of what is made.

    \[ \text{domestic}_{k,t} - \text{bank\_drawn}_{k,t} \ge 0 \]

    Units: thousand chips.
    """
    return fabricated(m, k, t) >= 0


def bottleneck(m: Any, k: str, t: str) -> Any:
    r"""Nothing is made before launch, and no more than a known bottleneck lets through.

    \[ \text{domestic}_{k,t} - \text{bank\_drawn}_{k,t} \le \text{make\_limit}_{k,t}\,dt \]

    Units: thousand chips.
    """
    return fabricated(m, k, t) <= m.make_limit[k, t] * m.dt


def launch_wafers(m: Any, k: str, t: str) -> Any:
    r"""In the period in which a chip is launched or ends, it gets its line for part of the time.

    \[ \text{wafers\_per\_chip}_k\,(\text{domestic} - \text{bank\_drawn})_{k,t} -
       \text{launched}_{k,t} \sum_n \text{on\_line}_{k,n}\,\text{good\_wafers}_{n,t} \le
       \text{launch\_side}_{k,t} \]

    with the good wafers of all that the line can start. The side is 0 in such a period and infinite, so that
    there is no row, in the others. Units: thousand wafers.
    """
    good = sum(m.on_line[k, n] * good_starts(m, n, t) for n in m.LINES)
    side = m.launch_side[k, t] * m.kwafer
    return m.wafers_per_chip[k] * fabricated(m, k, t) - m.launched[k, t] * good <= side


def packages(m: Any, t: str) -> Any:
    """Chips that can be packaged, in packages of the reference chip (thousand)."""
    return m.dt * mid(m, m.packaging_capacity, m.packaging0, t)


def launch_packages(m: Any, k: str, t: str) -> Any:
    r"""In the period in which a chip is launched or ends, it gets the packaging lines for part of the time.

    \[ \text{packages\_per\_chip}_k\,\text{domestic}_{k,t} - \text{launched}_{k,t}\,dt\,
       \overline{\text{packaging\_capacity}}_t \le \text{launch\_side}_{k,t} \]

    Units: thousand packages.
    """
    taken = m.packages_per_chip[k] * m.domestic[k, t]
    return taken - m.launched[k, t] * packages(m, t) <= m.launch_side[k, t] * m.kpackage


def packaging(m: Any, t: str) -> Any:
    r"""Advanced packaging for home-made chips, stockpiled dies included.

    \[ \sum_k \text{packages\_per\_chip}_k\,\text{domestic}_{k,t} \le
       dt\,\overline{\text{packaging\_capacity}}_t \]

    Units: thousand packages of the reference chip.
    """
    return sum(m.packages_per_chip[k] * m.domestic[k, t] for k in m.MADE) <= packages(m, t)


def packaging_balance(m: Any, t: str) -> Any:
    r"""Packaging capacity at the end of a period.

    \[ \text{packaging\_capacity}_t = \text{packaging\_capacity}_{t-1} + \text{packaging\_pending}_t +
       \sum_d \text{packaging\_arrival}_d\,\text{packaging\_built}_{t-d} \]

    Units: thousand packages per year.
    """
    arrived = m.packaging_pending[t] + arrivals(m, m.packaging_arrival, m.packaging_built, t)
    return m.packaging_capacity[t] == previous(m, m.packaging_capacity, m.packaging0, t) + arrived


def packaging_orders(m: Any, t: str) -> Any:
    r"""Packaging capacity that can be ordered.

    \[ \text{packaging\_built}_t \le \text{packaging\_build\_limit}_t\,dt \]

    Units: thousand packages per year.
    """
    return m.packaging_built[t] <= m.packaging_build_limit[t] * m.dt


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


def add(model: Any, units: UnitSystem) -> None:
    """Variables and rows of the chip industry, tools and memory apart."""
    positive = pyo.NonNegativeReals
    by_line: tuple[Any, ...] = (model.LINES, model.PERIODS)
    by_chip: tuple[Any, ...] = (model.MADE, model.PERIODS)
    by_period: tuple[Any, ...] = (model.PERIODS,)
    model.wafers_per_capacity = units.constant(12, "kwafer/kwpm/year")
    model.kwafer, model.kpackage = units.constant(1, "kwafer"), units.constant(1, "kpackage")
    for name, index, unit in (
        ("wafer_built", by_line, "kwpm"),
        ("wafer_capacity", by_line, "kwpm"),
        ("wafers_started", by_line, "kwafer"),
        ("packaging_built", by_period, "kpackage/year"),
        ("packaging_capacity", by_period, "kpackage/year"),
        ("bank_drawn", (model.CHIPS, model.PERIODS), "kchip"),
    ):
        model.add_component(name, pyo.Var(*index, within=positive, units=units(unit)))
    for k in set(model.CHIPS) - set(model.MADE):
        for t in model.PERIODS:
            model.domestic[k, t].fix(0)
            model.bank_drawn[k, t].fix(0)
    for name, index, rule in (
        ("wafer_balance", by_line, wafer_balance),
        ("wafer_supply", by_line, wafer_supply),
        ("good_wafers", (model.PATH_LINES, model.PERIODS), good_wafers),
        ("designer_share", (model.DESIGNERS, *by_line), designer_share),
        ("fabrication_not_negative", by_chip, fabrication_not_negative),
        ("bottleneck", by_chip, bottleneck),
        ("launch_wafers", by_chip, launch_wafers),
        ("launch_packages", by_chip, launch_packages),
        ("packaging", by_period, packaging),
        ("packaging_balance", by_period, packaging_balance),
        ("packaging_orders", by_period, packaging_orders),
        ("die_bank", (model.MADE,), die_bank),
        ("bank_launch", by_chip, bank_launch),
    ):
        model.add_component(name, pyo.Constraint(*index, rule=rule))
