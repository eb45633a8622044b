"""The limits of the national plan: the rows that hold something back, each declared once.

Every row of the model is a limit or a definition, which says what a quantity is. Rows that a user adds are
neither; they are told in generic words (`optimizer.answer.own`).
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

from models import amounts
from models.definitions import DEFINITIONS as DEFINITIONS
from models.limit import Group
from models.limit import LimitSpec as LimitSpec
from models.limits_of_industry import INDUSTRY_LIMITS

_BY_CHIP, _BY_RULE = ("chips", "periods"), ("rules", "periods")
_OPENING_CASH = ("countries.{country}.budget.cash0_usd_bn",)
_BY_CATEGORY, _BY_SEGMENT, _BY_PERIOD = ("categories", "periods"), ("segments", "periods"), ("periods",)

LIMITS: Final[Mapping[str, LimitSpec]] = MappingProxyType(
    {
        limit.name: limit
        for limit in (
            LimitSpec(
                *("import_control", _BY_CHIP, "thousand chips", "chips", "legal purchases"),
                *(
                    10,
                    "10,000",
                    "{item} on legal sale",
                    "at most {amount} thousand {item} bought legally a year",
                ),
                parameters=("import_limit",),
                added=True,
                amount=lambda p, v: p["import_limit"] * p["dt"],
                counted=True,
                chips="foreign",
                inputs=(
                    "countries.{country}.trade.limits.{item}",
                    "countries.{country}.trade.supply_share",
                    "market.contestable",
                    "market.output.{item}",
                ),
            ),
            LimitSpec(
                *("yearly_cap", _BY_RULE, "cap unit", "chips", "yearly cap on purchases"),
                conflict="the yearly cap {item}",
                parameters=("cap",),
                added=True,
                amount=lambda p, v: p["cap"] * p["dt"],
                inputs=("countries.{country}.trade.caps.{item}.per_year", "rules.{item}.cap_value"),
            ),
            LimitSpec(
                *("cumulative_cap", _BY_RULE, "cap unit", "chips", "cap on purchases over the years"),
                conflict="the cap {item} on the total",
                parameters=("cap_cumulative",),
                added=True,
                per_year=False,
                amount=lambda p, v: p["cap_cumulative"],
                inputs=(
                    "countries.{country}.trade.caps.{item}.total",
                    "rules.{item}.cap_value",
                    "rules.{item}.consignees",
                ),
            ),
            LimitSpec(
                *("grey_offer", _BY_CHIP, "thousand chips", "chips", "grey-market offer"),
                *(10, "10,000", "{item} on offer in the grey market"),
                conflict="at most {amount} thousand {item} on the grey market a year",
                parameters=("grey_open",),
                added=True,
                amount=lambda p, v: p["grey_open"] * p["dt"],
                counted=True,
                chips="foreign",
                zero="nothing",
                inputs=("countries.{country}.trade.grey.output_share", "market.output.{item}"),
                lessened="the grey market",
            ),
            LimitSpec(
                *("grey_size", _BY_PERIOD, "kH100e", "chips", "size of the grey market"),
                *(10, "10,000 H100e", "room in the grey market"),
                conflict="a grey market of at most {amount} kH100e a year",
                parameters=("grey_limit",),
                added=True,
                amount=lambda p, v: p["grey_limit"] * p["dt"],
            ),
            LimitSpec(
                *("rent_available", _BY_PERIOD, "kH100e", "chips", "offshore cloud on offer"),
                *(100, "100,000 H100e", "offshore cloud on offer"),
                conflict="at most {amount} kH100e of offshore cloud",
                parameters=("rent_limit",),
                added=True,
                per_year=False,
                amount=lambda p, v: p["rent_limit"],
                lessened="renting abroad",
            ),
            LimitSpec(
                *("power_supply", _BY_PERIOD, "GW", "power", "power available"),
                *(1, "one GW", "power at hand", "no more power drawn than there is"),
                parameters=("power0", "power_pending"),
                eased=amounts.more_power,
                amount=lambda p, v: v["power"],
                zero="nothing",
                inputs=("countries.{country}.power.available_gw", "countries.{country}.power.pending_gw"),
            ),
            LimitSpec(
                *("power_orders", _BY_PERIOD, "GW", "power", "orders of power"),
                *(1, "one GW", "power that may be ordered", "at most {amount} GW of power ordered a year"),
                parameters=("power_build_limit",),
                added=True,
                amount=lambda p, v: p["power_build_limit"] * p["dt"],
            ),
            LimitSpec(
                *("schools", _BY_PERIOD, "thousand people", "talent", "graduates"),
                *(1, "1,000", "graduates"),
                conflict="at most {amount} thousand graduates a year, and those ordered before",
                parameters=("graduates",),
                eased=amounts.more_graduates,
                amount=lambda p, v: v["trained"],
                counted=True,
                zero="nothing",
            ),
            LimitSpec(
                *("recruiting", _BY_PERIOD, "thousand people", "talent", "recruiting abroad"),
                *(1, "1,000", "researchers to be won abroad"),
                conflict="at most {amount} thousand researchers won abroad a year",
                parameters=("recruit_limit",),
                added=True,
                amount=lambda p, v: p["recruit_limit"] * p["dt"],
                counted=True,
            ),
            LimitSpec(
                *("education_places", _BY_PERIOD, "thousand people", "talent", "orders of extra graduates"),
                *(1, "1,000", "places for extra graduates"),
                conflict="at most {amount} thousand extra graduates ordered a year",
                parameters=("education_limit",),
                added=True,
                amount=lambda p, v: p["education_limit"] * p["dt"],
                counted=True,
            ),
            LimitSpec(
                *("agents_open", _BY_PERIOD, "kH100e", "talent", "agents that do research"),
                *(100, "100,000 H100e", "compute on which agents may do research"),
                conflict="no agents that do research",
                parameters=("agents_limit",),
                added=True,
                per_year=False,
                amount=lambda p, v: p["agents_limit"],
                zero="nothing",
                inputs=("research.automation_researchers_per_h100e",),
            ),
            *INDUSTRY_LIMITS,
            LimitSpec(
                *("home_market", _BY_PERIOD, "USD mn", "policy", "home-made share that a mandate requires"),
                *(amounts.THOUSAND, "USD 1 bn", "that the mandate asks of home-made chips"),
                conflict="at least {amount}% of compute bought from makers at home",
                parameters=("mandate",),
                tenth_of=amounts.mandated,
                asks=True,
                of_the_plan=True,
                silent_at=0.0,
                kind="share",
            ),
            LimitSpec(
                *("least_share", _BY_CATEGORY, "USD bn", "policy", "floor on a category of the budget"),
                *(
                    1,
                    "USD 1 bn",
                    "that must go to {item}",
                    "at least {amount}% of the cost of use for {item}",
                ),
                parameters=("share_floor",),
                tenth_of=lambda p, v: v["spend"],
                asks=True,
                of_the_plan=True,
                silent_at=0.0,
                kind="share",
            ),
            LimitSpec(
                *("largest_share", _BY_CATEGORY, "USD bn", "policy", "ceiling on a category of the budget"),
                *(1, "USD 1 bn", "that may go to {item}", "at most {amount}% of the cost of use for {item}"),
                parameters=("share_ceiling",),
                tenth_of=lambda p, v: v["spend"],
                of_the_plan=True,
                silent_at=1.0,
                kind="share",
            ),
            LimitSpec(
                *("budget", _BY_PERIOD, "USD bn", "budget", "income"),
                *(1, "USD 1 bn", "income", "an income of USD {amount} bn"),
                parameters=("income",),
                added=True,
                amount=lambda p, v: p["income"] * p["dt"],
                kind="money",
            ),
            LimitSpec(
                *("debt", _BY_PERIOD, "USD bn", "budget", "limit on debt"),
                *(1, "USD 1 bn", "debt allowed", "a debt of at most USD {amount} bn"),
                parameters=("debt_limit",),
                added=True,
                per_year=False,
                tenth_of=lambda p, v: p["debt_limit"],
                kind="money",
            ),
            LimitSpec(
                *("reported_debt", (), "USD bn", "budget", "limit on debt at the end of the years shown"),
                *(1, "USD 1 bn", "debt allowed at the end of the years shown"),
                conflict="no more debt at the end of the years shown than at the start",
                parameters=("cash0",),
                kind="money",
                inputs=_OPENING_CASH,
            ),
            LimitSpec(
                *("last_debt", (), "USD bn", "budget", "limit on debt at the end"),
                *(1, "USD 1 bn", "debt allowed at the end", "no more debt at the end than at the start"),
                parameters=("cash0",),
                kind="money",
                inputs=_OPENING_CASH,
            ),
            LimitSpec(
                *("carry_over", _BY_PERIOD, "USD bn", "budget", "cash that can be carried over"),
                *(1, "USD 1 bn", "that may be carried over", "at most USD {amount} bn carried over"),
                parameters=("carry_limit",),
                added=True,
                per_year=False,
                tenth_of=lambda p, v: p["carry_limit"],
                kind="money",
            ),
            LimitSpec(
                *("requirement", _BY_SEGMENT, "log units", "service", "required service"),
                *(-amounts.TENTH_LESS, "10%", "service required in {item}"),
                parameters=("service_floor",),
                tenth_of=amounts.level(-amounts.TENTH_LESS),
                asks=True,
                is_level=True,
                kind="soft",
                inputs=(
                    "countries.{country}.delivery.required_multiple",
                    "segments.{item}.demand_growth_per_year",
                ),
            ),
            LimitSpec(
                *("satiation", _BY_SEGMENT, "log units", "service", "satiation"),
                *(amounts.TENTH_MORE, "10%", "service in {item} before demand is met"),
                parameters=("service_ceiling",),
                tenth_of=amounts.level(amounts.TENTH_MORE),
                is_level=True,
                kind="soft",
                inputs=("segments.{item}.satiation_multiple",),
            ),
            LimitSpec(
                *("help_from_copying", _BY_PERIOD, "log units", "imitation", "what copying the leader saves"),
                *(amounts.TENTH_MORE, "10%", "of compute that copying saves"),
                parameters=("help_ceiling",),
                tenth_of=amounts.level(amounts.TENTH_MORE),
                is_level=True,
                kind="soft",
                inputs=("research.help_ceiling_ratio",),
            ),
            LimitSpec(
                *("data_bottleneck", _BY_PERIOD, "log units", "data", "data for training at scale"),
                *(amounts.TENTH_MORE, "10%", "data for training"),
                parameters=("data_wall",),
                eased=amounts.more_data,
                tenth_of=amounts.level(amounts.TENTH_MORE, weight="data_slope"),
                kind="soft",
            ),
        )
    }
)


# Cash at the start is no row of its own: it stands in the budget of the first period.
OPENING: Final = LimitSpec(
    *("opening", (), "USD bn", "budget", "cash at the start"),
    conflict="cash of USD {amount} bn at the start",
    parameters=("cash0",),
    kind="money",
    inputs=_OPENING_CASH,
)
# What may be to blame where there is no plan.
CAUSES: Final[Mapping[str, LimitSpec]] = MappingProxyType({**LIMITS, OPENING.name: OPENING})

GROUPS: Final = (
    Group(
        "export_denials",
        "every foreign chip as far as money reaches",
        ("import_control", "yearly_cap", "cumulative_cap"),
        lifted=True,
    ),
    Group("memory", "10% more of all memory", ("memory_orders", "memory_imports")),
    Group(
        "tools",
        "10% more tools for all lines",
        ("tool_imports", "tool_production", "toolmaking_orders"),
    ),
    Group(
        "industry",
        "10% more of all that limits chip making",
        (
            *("tool_imports", "tool_production", "toolmaking_orders", "wafer_supply"),
            *("packaging", "packaging_orders", "bottleneck", "die_bank"),
            *("memory_orders", "memory_imports"),
        ),
    ),
)


def limit_named(name: str) -> LimitSpec:
    """A declared limit."""
    return CAUSES[name]


def _sent(limit: LimitSpec) -> tuple[Any, ...]:
    """A declared limit is found again by its name: what it computes cannot be sent between processes."""
    if CAUSES.get(limit.name) is limit:
        return limit_named, (limit.name,)
    return LimitSpec, tuple(getattr(limit, each.name) for each in fields(limit))


copyreg.pickle(LimitSpec, _sent)
