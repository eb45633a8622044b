"""Rules for the budget: income, credit, supplies that cost more when bought faster, shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.parameters import CATEGORIES, COMMON_SUPPLIES, Array
from optimizer.instance.fields import Category
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.values import Quantity

NORMAL_OF_A_SUPPLY_NOT_USED: Final = 1e-3
"""A country without a line buys nothing for it, at any price; the model still needs a pace above 0."""


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
            "E507",
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


@rule(
    "price",
    "supplies.grey.price_usd_bn_per_kh100e",
    uses=["rent_cost", "recruit_cost", "hbm_cost", "wafer_cost"],
)
def price(view: View) -> Array:
    common = {
        "grey": view.settings.supplies.grey.price_usd_bn_per_kh100e.number(),
        "rent": float(view["rent_cost"][0]),
        "recruit": float(view["recruit_cost"]),
        "hbm": float(view["hbm_cost"]),
    }
    return _supplies(common, view["wafer_cost"])


@rule("elasticity", "supplies.*.elasticity")
def elasticity(view: View) -> Array:
    supplies = view.settings.supplies
    common = {
        "grey": supplies.grey.elasticity.number(),
        "rent": supplies.rent.elasticity.number(),
        "recruit": supplies.recruit.elasticity.number(),
        "hbm": supplies.hbm.elasticity.number(),
    }
    return _supplies(common, np.full(len(view.sets.lines), supplies.lines.elasticity.number()))


@rule(
    "normal",
    "countries.{country}.trade.grey.normal_kh100e_per_year",
    "countries.{country}.trade.rent.normal_kh100e",
    "countries.{country}.talent.recruit_normal_thousand_per_year",
    "countries.{country}.industry.memory.normal_pb_per_year2",
    "countries.{country}.industry.lines.*.normal_kwpm_per_year",
)
def normal(view: View) -> Array:
    nation = view.nation
    common = {
        "grey": nation.trade.grey.normal_kh100e_per_year.number(),
        "rent": nation.trade.rent.normal_kh100e.number(),
        "recruit": nation.talent.recruit_normal_thousand_per_year.number(),
        "hbm": nation.industry.memory.normal_pb_per_year2.number(),
    }
    lines = nation.industry.lines
    of_lines = [
        lines[line].normal_kwpm_per_year.number() if line in lines else NORMAL_OF_A_SUPPLY_NOT_USED
        for line in view.sets.lines
    ]
    return _supplies(common, np.array(of_lines))


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


def _supplies(common: Mapping[str, float], lines: Array) -> Array:
    """Numbers of the common supplies, then of the lines, shape (supplies,)."""
    return np.array([*(common[supply] for supply in COMMON_SUPPLIES), *lines])
