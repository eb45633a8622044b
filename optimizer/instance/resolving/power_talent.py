"""Rules for power and talent, and for what arrives after a lead time."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View

THOUSAND: Final = 1000.0
# kWh in a GW-year times USD per kWh, in USD bn
USD_BN_PER_GW_YEAR: Final = 8760.0 * 1e6 / 1e9
# a country without a figure has the power its fleet draws and a tenth more
POWER_OVER_DRAW: Final = 1.1
ROUNDING: Final = 1e-9


def arrival_profile(lead_years: float, steps_per_year: int, delays: int) -> Array:
    """Shares of an order that arrive after 0, 1, ... `delays - 1` periods; mean exactly `lead_years`.

    The order is split between the two whole delays around the lead: 2.5 years in yearly periods arrive
    half after 2 and half after 3.
    """
    position = lead_years * steps_per_year
    if abs(position - round(position)) < ROUNDING:
        position = float(round(position))
    before = math.floor(position)
    shares = np.zeros(delays)
    shares[before] = 1.0 - (position - before)
    if position > before:
        shares[before + 1] = position - before
    return shares


def arrival(view: View, lead_years: float) -> Array:
    """The arrival profile of a lead on the plan's delays, shape (delays,)."""
    return arrival_profile(lead_years, view.steps_per_year, len(view.sets.delays))


@rule("power0", "countries.{country}.power.available_gw", uses=["draw0"])
def power0(view: View) -> float:
    available = view.nation.power.available_gw
    return POWER_OVER_DRAW * float(view["draw0"]) if available is None else available.number()


@rule("power_pending", "countries.{country}.power.pending_gw")
def power_pending(view: View) -> Array:
    return view.arrivals(view.nation.power.pending_gw, f"countries.{view.country}.power.pending_gw")


@rule("power_build_limit", "countries.{country}.power.build_limit_gw_per_year")
def power_build_limit(view: View) -> Array:
    return view.series(view.nation.power.build_limit_gw_per_year)


@rule("power_arrival", "power.lead_years")
def power_arrival(view: View) -> Array:
    return arrival(view, view.settings.power.lead_years.number())


@rule("power_cost", "power.cost_usd_bn_per_gw")
def power_cost(view: View) -> float:
    return view.settings.power.cost_usd_bn_per_gw.number()


@rule("energy_cost", "countries.{country}.power.electricity_price_usd_per_kwh", "power.energy_load_factor")
def energy_cost(view: View) -> Array:
    price = view.series(view.nation.power.electricity_price_usd_per_kwh)
    return price * view.settings.power.energy_load_factor.number() * USD_BN_PER_GW_YEAR


@rule("talent0", "countries.{country}.talent.researchers_thousand")
def talent0(view: View) -> float:
    return view.nation.talent.researchers_thousand.number()


@rule("attrition", "countries.{country}.talent.attrition_per_year")
def attrition(view: View) -> float:
    return view.nation.talent.attrition_per_year.number()


@rule("graduates", "countries.{country}.talent.graduates_thousand_per_year")
def graduates(view: View) -> Array:
    return view.series(view.nation.talent.graduates_thousand_per_year)


@rule("recruit_limit", "countries.{country}.talent.recruit_limit_thousand_per_year")
def recruit_limit(view: View) -> Array:
    return view.series(view.nation.talent.recruit_limit_thousand_per_year)


@rule("education_limit", "countries.{country}.talent.education_limit_thousand_per_year")
def education_limit(view: View) -> Array:
    return view.series(view.nation.talent.education_limit_thousand_per_year)


@rule("education_arrival", "talent.education_lead_years")
def education_arrival(view: View) -> Array:
    return arrival(view, view.settings.talent.education_lead_years.number())


@rule("wage", "countries.{country}.talent.wage_usd_thousand_per_year")
def wage(view: View) -> float:
    return view.nation.talent.wage_usd_thousand_per_year.number() / THOUSAND


@rule("recruit_cost", "countries.{country}.talent.recruit_cost_usd_thousand")
def recruit_cost(view: View) -> float:
    return view.nation.talent.recruit_cost_usd_thousand.number() / THOUSAND


@rule("hiring_cost", "talent.hiring_cost_years_of_wage", uses=["wage"])
def hiring_cost(view: View) -> Array:
    return view.settings.talent.hiring_cost_years_of_wage.number() * view["wage"]


@rule("release_cost", "talent.release_cost_years_of_wage", uses=["wage"])
def release_cost(view: View) -> Array:
    return view.settings.talent.release_cost_years_of_wage.number() * view["wage"]


@rule("education_cost", "talent.education_cost_usd_bn_per_thousand")
def education_cost(view: View) -> float:
    return view.settings.talent.education_cost_usd_bn_per_thousand.number()
