"""Rules for the budget: income, credit, supplies that cost more when bought faster, shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.parameters import CATEGORIES, COMMON_SUPPLIES, LEAST_NORMAL_PACE, Array
from optimizer.instance.fields import Category
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.values import Quantity

THOUSAND: Final = 1000.0


@rule("income", "countries.{country}.budget.income_usd_bn")
def income(view: View) -> Array:
    return view.series(view.nation.budget.income_usd_bn)


@rule("interest", "countries.{country}.budget.interest_per_year")
def interest(view: View) -> float:
    return view.nation.budget.interest_per_year.number()


@rule(
    "cash0",
    "countries.{country}.budget.cash0_usd_bn",
    uses=["wage", "talent0", "release_cost", "energy_cost", "draw0", "income"],
)
def cash0(view: View) -> float:
    given = view.nation.budget.cash0_usd_bn
    # who is let go and what is switched off in the first period still cost half of that period, and letting
    # go costs as well, whatever the income: with less there may be no plan at all
    yearly = view["wage"] * view["talent0"] + view["energy_cost"][0] * view["draw0"]
    released = view["release_cost"] * view["talent0"]
    least = float(view.calendar.dt * (yearly / 2 - view["income"][0]) + released)
    if given is None:
        return max(0.0, least)
    # how debt at the start ends is for the rows to say, and what excludes what with it
    if 0 <= given.number() < least:
        view.problem(
            "E508",
            f"{view.country} starts with USD {given.number():.4g} bn, but to let all its researchers go and "
            f"switch its fleet off in the first period takes USD {least:.4g} bn beside its income",
            f"countries.{view.country}.budget.cash0_usd_bn",
            given.location,
            hint="give at least that much, or leave the field out, which means just that much",
        )
    return given.number()


@rule("debt_limit", "countries.{country}.budget.debt_limit_usd_bn")
def debt_limit(view: View) -> Array:
    return view.series(view.nation.budget.debt_limit_usd_bn)


@rule("carry_limit", "countries.{country}.budget.carry_limit_share_of_income", uses=["income"])
def carry_limit(view: View) -> Array:
    share = view.series(view.nation.budget.carry_limit_share_of_income)
    limits = np.full(share.shape, np.inf)
    # a share of infinity means no limit, in a year without income too
    np.multiply(share, view["income"], out=limits, where=np.isfinite(share))
    return limits


@rule("cost_recovery", "countries.{country}.budget.cost_recovery")
def cost_recovery(view: View) -> float:
    return view.nation.budget.cost_recovery.number()


@rule("home_return", "countries.{country}.budget.home_return")
def home_return(view: View) -> float:
    return view.nation.budget.home_return.number()


@rule("sold", uses=["output", "sale_pace", "on_market"])
def sold(view: View) -> Array:
    """What the world makes of chips that are sold to anybody, thousand per year, shape (chips, periods)."""
    return view.to_periods(view["output"]) * view["sale_pace"] * view["on_market"][:, None]


@rule("better_rating", uses=["research_h100e", "delivery_h100e"])
def better_rating(view: View) -> Array:
    """The better of a chip's ratings, in which compute of the grey market is counted, shape (chips,)."""
    return np.maximum(view["research_h100e"], view["delivery_h100e"])


@rule("market_price", uses=["sold", "better_rating", "unit_cost"])
def market_price(view: View) -> Array:
    """What compute costs on the market, all-in, USD bn per kH100e: the value of all chips then sold over
    their compute. While none is sold the price of the last ones holds."""
    value = (view["sold"] * view["unit_cost"]).sum(axis=0) / THOUSAND
    compute = view["better_rating"] @ view["sold"]
    prices = np.divide(value, compute, out=np.zeros(value.shape), where=compute > 0)
    last = np.maximum.accumulate(np.where(compute > 0, np.arange(len(prices)), 0))
    return np.asarray(prices[last])


@rule(
    "price",
    uses=[
        *("market_price", "rent_cost", "recruit_cost", "hbm_cost", "packaging_cost"),
        *("tool_price", "wafer_cost"),
    ],
)
def price(view: View) -> Array:
    common = {
        "grey": view["market_price"],
        "rent": view["rent_cost"],
        "recruit": view["recruit_cost"],
        "hbm": view["hbm_cost"],
        "packaging": view["packaging_cost"],
    }
    return _by_period(view, common, view["tool_price"], view["wafer_cost"])


@rule("elasticity", "supplies.*.elasticity")
def elasticity(view: View) -> Array:
    supplies = view.settings.supplies
    common = {
        "grey": supplies.grey.elasticity.number(),
        "rent": supplies.rent.elasticity.number(),
        "recruit": supplies.recruit.elasticity.number(),
        "hbm": supplies.hbm.elasticity.number(),
        "packaging": supplies.packaging.elasticity.number(),
    }
    tools = np.full(len(view.sets.tool_classes), supplies.tools.elasticity.number())
    lines = np.full(len(view.sets.lines), supplies.lines.elasticity.number())
    return np.array([*(common[supply] for supply in COMMON_SUPPLIES), *tools, *lines])


@rule(
    "normal",
    "countries.{country}.trade.grey.normal_share",
    "countries.{country}.trade.rent.normal_share",
    "countries.{country}.talent.recruit_normal_thousand_per_year",
    "countries.{country}.industry.memory.normal_pb_per_year2",
    "countries.{country}.industry.packaging.normal_thousand_per_year2",
    "countries.{country}.industry.tools.*.normal_kwpm_per_year",
    "countries.{country}.industry.lines.*.normal_kwpm_per_year",
    uses=["grey_open", "rent_limit", "better_rating"],
)
def normal(view: View) -> Array:
    """Of the grey market and of renting a share of what is on offer there; a country buys nothing of a supply
    that it does not have, at any price, but the model needs a pace above 0."""
    nation, trade, packaging = view.nation, view.nation.trade, view.nation.industry.packaging
    rented = view.series(trade.rent.normal_share)
    common = {
        "grey": view.series(trade.grey.normal_share) * (view["better_rating"] @ view["grey_open"]),
        "rent": np.multiply(rented, view["rent_limit"], out=np.zeros(rented.shape), where=rented > 0),
        "recruit": np.array(nation.talent.recruit_normal_thousand_per_year.number()),
        "hbm": np.array(nation.industry.memory.normal_pb_per_year2.number()),
        "packaging": np.array(0.0 if packaging is None else packaging.normal_thousand_per_year2.number()),
    }
    tools, lines = nation.industry.tools, nation.industry.lines
    of_tools = [
        tools[one].normal_kwpm_per_year.number() if one in tools else 0.0 for one in view.sets.tool_classes
    ]
    of_lines = [
        lines[line].normal_kwpm_per_year.number() if line in lines else 0.0 for line in view.sets.lines
    ]
    return np.maximum(_by_period(view, common, np.array(of_tools), np.array(of_lines)), LEAST_NORMAL_PACE)


@rule("supply_elasticity", "market.supply_elasticity")
def supply_elasticity(view: View) -> float:
    return view.market.supply_elasticity.number()


@rule("world_spend", "market.world_spend_usd_bn")
def world_spend(view: View) -> Array:
    return view.series(view.market.world_spend_usd_bn)


@rule("base_value", "countries.{country}.trade.supply_share", uses=["world_spend"])
def base_value(view: View) -> Array:
    return view.series(view.nation.trade.supply_share) * view["world_spend"]


@rule("share_floor", "countries.{country}.budget.category_floors.*")
def share_floor(view: View) -> Array:
    return _shares(view, view.nation.budget.category_floors, missing=0.0)


@rule("share_ceiling", "countries.{country}.budget.category_ceilings.*")
def share_ceiling(view: View) -> Array:
    return _shares(view, view.nation.budget.category_ceilings, missing=1.0)


def _shares(view: View, given: Mapping[Category, Quantity], missing: float) -> Array:
    """One row per category of the budget, shape (categories, periods)."""
    return np.array([view.series(given.get(category), missing) for category in CATEGORIES])


def _by_period(view: View, common: Mapping[str, Array], tools: Array, lines: Array) -> Array:
    """Numbers of the common supplies, then of the classes of tools and the lines, each of all time or by
    period: shape (supplies, periods)."""
    shape = view.calendar.mid.shape
    rows = [*(common[supply] for supply in COMMON_SUPPLIES), *tools, *lines]
    return np.array([np.broadcast_to(row, shape) for row in rows])
