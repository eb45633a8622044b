"""Rules for export and import control: what may be bought where, caps, the grey market, renting.

Amounts of single chips and caps are amounts of calendar years: the value of a year is spread over the
year's periods, so that a year's total is the same for any length of period.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.schema import Cap
from optimizer.instance.values import Quantity

THOUSAND: Final = 1000.0
HOURS_PER_YEAR: Final = 8760.0
# USD per H100e and hour to USD bn per thousand H100e and year
RENT_USD_BN_PER_YEAR: Final = HOURS_PER_YEAR * 1e3 / 1e9


@rule("output", "market.output.*")
def output(view: View) -> Array:
    """World output on sale, thousand chips per calendar year, shape (chips, years)."""
    years = view.calendar.years
    values = np.zeros((len(view.sets.chips), len(years)))
    for chip, amounts in view.market.output.items():
        values[view.chip_position[chip]] = amounts.numbers(years)
    return values


@rule("on_market", "chips.*.sale", "chips.*.domestic_in")
def on_market(view: View) -> Array:
    """1 for chips that are sold to anybody and not made at home, shape (chips,)."""
    country = view.country
    return np.array([chip.sale == "market" and chip.domestic_in != country for chip in view.chips.values()])


@rule("own_brand", "chips.*.sale", "chips.*.domestic_in", "chips.*.designer_country")
def own_brand(view: View) -> Array:
    """1 for chips that only their designers, of this country, buy, shape (chips,)."""
    country = view.country
    return np.array(
        [
            chip.sale == "owner" and chip.designer_country == country and chip.domestic_in != country
            for chip in view.chips.values()
        ]
    )


@rule("rule_limit", "countries.{country}.trade.access", "countries.{country}.trade.limits.*")
def rule_limit(view: View) -> Array:
    """What rules allow of each chip that others sell, thousand per calendar year, shape (chips, years)."""
    return _limits(view, np.inf if view.nation.trade.access == "open" else 0.0)


@rule(
    "import_limit",
    "countries.{country}.trade.supply_share",
    "countries.{country}.trade.limits.*",
    uses=["on_market", "own_brand", "rule_limit", "output", "sale_pace"],
)
def import_limit(view: View) -> Array:
    share = view.by_year(view.nation.trade.supply_share)
    bought = np.minimum(view["rule_limit"], share * view["output"]) * view["on_market"][:, None]
    # denied access is about what others sell, not about what the country's own firms make for themselves
    own = np.minimum(_limits(view, np.inf), view["output"]) * view["own_brand"][:, None]
    return view.to_periods(bought + own) * view["sale_pace"]


@rule(
    "grey_open",
    "countries.{country}.trade.grey.output_share",
    uses=["on_market", "rule_limit", "capped", "output", "grey_pace"],
)
def grey_open(view: View) -> Array:
    limited = np.isfinite(view["rule_limit"]) | (view["capped"] > 0)
    leaked = view.by_year(view.nation.trade.grey.output_share) * view["output"]
    return view.to_periods(leaked * limited * view["on_market"][:, None]) * view["grey_pace"]


@rule("cap", "countries.{country}.trade.caps.*.per_year")
def cap(view: View) -> Array:
    return _caps(view, lambda one: one.per_year)


@rule("cap_cumulative", "countries.{country}.trade.caps.*.total")
def cap_cumulative(view: View) -> Array:
    return _caps(view, lambda one: one.total)


@rule(
    "cap_weight",
    "countries.{country}.trade.caps.*.counts",
    "countries.{country}.trade.caps.*.chips",
    uses=["tpp", "compute_rating", "unit_cost"],
)
def cap_weight(view: View) -> Array:
    weights = np.zeros((len(view.sets.rules), *view["unit_cost"].shape))
    per_chip = {
        "chips": np.ones_like(view["unit_cost"]),
        "tpp": np.broadcast_to(view["tpp"][:, None], view["unit_cost"].shape),
        "h100e": np.broadcast_to(view["compute_rating"][:, None], view["unit_cost"].shape),
        "usd": view["unit_cost"] / THOUSAND,
    }
    for position, name in enumerate(view.sets.rules):
        one = view.nation.trade.caps.get(name)
        if one is not None:
            members = _members(view, one)
            weights[position, members] = per_chip[one.counts][members]
    return weights


@rule("capped", "countries.{country}.trade.caps.*")
def capped(view: View) -> Array:
    """1 where a cap limits a chip, shape (chips, years)."""
    found = np.zeros((len(view.sets.chips), len(view.calendar.years)))
    for one in view.nation.trade.caps.values():
        for quantity in (one.per_year, one.total):
            if quantity is not None:
                found[_members(view, one)] += np.isfinite(view.by_year(quantity))
    return np.minimum(found, 1.0)


@rule("grey_limit", "countries.{country}.trade.grey.limit_kh100e_per_year")
def grey_limit(view: View) -> Array:
    return view.series(view.nation.trade.grey.limit_kh100e_per_year)


@rule("rent_limit", "countries.{country}.trade.rent.limit_kh100e")
def rent_limit(view: View) -> Array:
    return view.series(view.nation.trade.rent.limit_kh100e)


@rule("rent_cost", "compute.rent_cost_usd_per_h100e_hour")
def rent_cost(view: View) -> Array:
    return view.series(view.settings.compute.rent_cost_usd_per_h100e_hour) * RENT_USD_BN_PER_YEAR


@rule("mandate", "countries.{country}.trade.home_market_share")
def mandate(view: View) -> Array:
    return view.series(view.nation.trade.home_market_share)


def _limits(view: View, not_listed: float) -> Array:
    """The country's limits of single chips, thousand per calendar year, shape (chips, years)."""
    values = np.full((len(view.sets.chips), len(view.calendar.years)), not_listed)
    for chip, quantity in view.nation.trade.limits.items():
        values[view.chip_position[chip]] = view.by_year(quantity)
    return values


def _caps(view: View, read: Callable[[Cap], Quantity | None]) -> Array:
    """Amounts of the country's caps by calendar year, infinite where it has none, shape (rules, periods)."""
    limits = np.full((len(view.sets.rules), len(view.sets.periods)), np.inf)
    for position, name in enumerate(view.sets.rules):
        one = view.nation.trade.caps.get(name)
        quantity = None if one is None else read(one)
        if quantity is not None:
            limits[position] = view.to_periods(view.by_year(quantity))
    return limits


def _members(view: View, one: Cap) -> list[int]:
    """Positions of the chips that a cap counts."""
    if isinstance(one.chips, str):
        return list(range(len(view.sets.chips)))
    return [view.chip_position[chip] for chip in one.chips]
