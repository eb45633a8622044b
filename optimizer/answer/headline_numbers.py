"""The numbers of a saved headline, each with the range that it may lie in over all plans within the gap."""

from __future__ import annotations

import math
from typing import NamedTuple

from optimizer.answer.answer import Bounds, Headline
from optimizer.answer.comparison_numbers import Number
from optimizer.answer.metrics import MONTHS_PER_YEAR
from optimizer.answer.ranges import MEASURED_LED, MEASURED_WIDTH


class Named(NamedTuple):
    """What a number is: its metric, item and period, as in `strategy.csv`, and its unit."""

    metric: str
    item: str
    period: str
    unit: str


def headline_numbers(
    top: Headline, objective: Bounds | None, slack: float, years: float
) -> dict[Named, Number]:
    """The numbers by name. `slack` is by how much the leader's own capability may vary, log units, where two
    runs have different leaders' plans, and `years` the time to the last period: it adds to what is measured
    against the leader. A number that is an input has no range.
    """
    last, widths = top.last, top.widths
    lags = top.lag_months or {}
    leads = not any(lags.values())
    found: dict[Named, Number] = {}
    if objective is not None:
        led = 0.0 if leads else _led(objective, slack)
        bounds = Number(objective.lower, objective.lower - led, objective.upper + led)
        found[Named("objective", "", "", "log unit years")] = bounds
    paid = widths["paid"] * top.paid_usd_bn
    for field in ("spending_usd_bn", "paid_usd_bn", "premiums_usd_bn", "unspent_usd_bn"):
        found[Named(field.removesuffix("_usd_bn"), "", "", "USD bn")] = _around(getattr(top, field), paid)
    for category, share in top.split.items():
        found[Named("spend_share", category, "", "1")] = _around(share, widths["spend_share"])
    for period, compute in top.installed_kh100e.items():
        width = widths["compute"] * compute if period == last else 0.0
        found[Named("installed_compute", "", period, "kH100e")] = _around(compute, width)
    for period, level in top.capability.items():
        name = Named("capability", "", period, "log units")
        found[name] = _ranged(top, name, level, widths["capability"])
    slack = 0.0 if leads else slack
    for period, months in lags.items():
        name = Named("lag_months", "", period, "months")
        own = _ranged(top, name, months, 0.0 if leads else widths["lag_months"])
        found[name] = own.wider(_months(top, slack, years)) if slack else own
    if top.compute_ratio is not None:
        width = 0.0 if leads else widths["compute"] * top.compute_ratio
        found[Named("compute_ratio", "", last, "1")] = _around(top.compute_ratio, width)
    if top.effective_ratio is not None:
        half = 0.0 if leads else (widths["capability"] + slack) / 2
        ratio = top.effective_ratio
        found[Named("effective_ratio", "", last, "1")] = Number(
            ratio, ratio * math.exp(-half), ratio * math.exp(half)
        )
    return found


def _led(objective: Bounds, slack: float) -> float:
    """How much what the leader's gap leaves open moves a follower's objective at the most."""
    if not slack:
        return 0.0
    years = math.inf if objective.years is None else objective.years
    return years * MEASURED_LED * slack / MEASURED_WIDTH["capability"]


def _months(top: Headline, slack: float, years: float) -> float:
    """What so many log units are in months of the leader, at its average pace until the last period."""
    reached = top.capability[top.last] - math.log(top.effective_ratio or 1.0)
    return MONTHS_PER_YEAR * slack * years / reached if reached > 0 else math.inf


def _around(value: float, width: float) -> Number:
    return Number(value, value - width / 2, value + width / 2)


def _ranged(top: Headline, name: Named, value: float, width: float) -> Number:
    found = top.ranges.get(f"{name.metric}/{name.period}")
    return _around(value, width) if found is None else Number(value, *found)
