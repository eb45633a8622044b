"""The model's figure beside each observed one, by the name of the observed figure.

A counterpart is a number of the plans of all countries. A figure of `market.observed` whose name is not here
has none; why, says its `cause`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.answer import metrics
from optimizer.instance.rules.metrics import chip_metrics
from optimizer.study.record import HOME, MILLION_USD_PER_BILLION, Keep, Record

# Chips in China that no rule ever allowed there.
SMUGGLED: Final = ("nv_h100_sxm", "nv_h200", "nv_b200", "nv_gb200", "nv_b300", "nv_gb300")
# Dates, in years, at which figures were observed: 20 May, end of July, 8 October.
MAY_2026: Final = 2026 + 139 / 365
JULY_2026: Final = 2026 + 212 / 365
OCTOBER_2026: Final = 2026 + 280 / 365
# The observed cost is that of a gigawatt of machines: 545,000 GB200, whose chips are rated 1,200 W.
MACHINE_POWER_PER_TDP: Final = 1e9 / 545e3 / 1200


def _stock(country: str, date: float | None, record: Record) -> float:
    return record.plans[country].acquired(record.first_year if date is None else date)


def _world_stock(date: float | None, record: Record) -> float:
    return record.acquired(record.first_year if date is None else date)


def _stock_of(group: str, record: Record) -> float:
    china = record.plans["CHN"]
    huawei, cambricon = china.designed("Huawei"), china.designed("Cambricon")
    keep: dict[str, Keep] = {
        "huawei": huawei,
        "cambricon": cambricon,
        "grey": lambda chip: chip in SMUGGLED,
        "legal": lambda chip: record.instance.chips[chip].domestic_in is None and chip not in SMUGGLED,
    }
    return china.acquired(record.first_year, keep[group])


def _huawei_stock(record: Record) -> float:
    china = record.plans["CHN"]
    return china.acquired(record.first_year + 0.5, china.designed("Huawei"))


def _growth(record: Record) -> float:
    first = record.first_year
    return record.acquired(first + 1) / record.acquired(first)


def _power(countries: Iterable[str], record: Record) -> float:
    chosen = [record.plans[country].parameters for country in countries or record.plans]
    return float(sum(p["power_per_chip"] @ p["fleet0"] for p in chosen))


def _spending(country: str, record: Record) -> float:
    plan = record.plans[country]
    return float(metrics.outlays(plan.values) @ plan.periods(record.first_year))


def _research_share(country: str, record: Record) -> float:
    values = record.plans[country].values
    research, delivery = values["research_compute"][0], values["delivery_compute"][0]
    return float(research / (research + delivery))


def _market(year: int, record: Record) -> float:
    return record.plans["CHN"].paid(year)


def _home_market(year: int, record: Record) -> float:
    return record.plans["CHN"].paid(year, HOME)


def _home_share(year: int, record: Record) -> float:
    return _home_market(year, record) / _market(year, record)


def _base_lag(record: Record) -> float:
    run = record.world.countries["CHN"]
    assert run.leader is not None
    return metrics.base_lag_months(record.plans["CHN"].parameters, run.leader)


def _lag(date: float, record: Record) -> float:
    plan, run = record.plans["CHN"], record.world.countries["CHN"]
    assert run.leader is not None
    months = metrics.lag_of_plan(plan.parameters, plan.values["capability"], run.leader).months
    dates = np.concatenate([[record.first_year], metrics.mid_dates(plan.parameters)])
    return float(np.interp(date, dates, np.concatenate([[_base_lag(record)], months])))


def _software(record: Record) -> float:
    """Factor by which the leader's efficiency grows from the base state to the end of the first year."""
    plan = record.plans[record.instance.leader]
    p = plan.parameters
    steps = round(1 / p.scalar("dt"))
    knowledge = plan.values["knowledge"][steps - 1] / p.scalar("knowledge0")
    return float(knowledge ** p.scalar("returns"))


def _made(designer: str, record: Record) -> float:
    plan = record.plans["CHN"]
    return float(plan.mask(plan.designed(designer)) @ plan.came(record.first_year, HOME))


def _made_of(chip: str, record: Record) -> float:
    plan = record.plans["CHN"]
    return float(plan.mask(lambda each: each == chip) @ plan.came(record.first_year, HOME))


def _delivered(designer: str, date: float, record: Record) -> float:
    """Thousand chips of a designer: those of the base state and what was made until the date."""
    plan = record.plans["CHN"]
    chips = plan.parameters["fleet0"] + plan.came_by(date, HOME)
    return float(plan.mask(plan.designed(designer)) @ chips)


def _revenue(designer: str, record: Record) -> float:
    plan = record.plans["CHN"]
    return plan.paid(record.first_year, HOME, plan.designed(designer))


def _acquired_ratio(record: Record) -> float:
    """H100e that the United States acquire in the first year over China's, legal exports left out."""
    usa, china = record.plans["USA"], record.plans["CHN"]
    year = record.first_year
    return float((usa.dense @ usa.came(year)) / (china.dense @ china.came(year, ("domestic", "grey"))))


def _acquired(country: str, unit_chip: str, record: Record) -> float:
    """What a country acquires in the first year, thousand chips of the kind that is the unit."""
    plan = record.plans[country]
    return float(plan.dense @ plan.came(record.first_year) / plan.dense[plan.chips.index(unit_chip)])


def _service_growth(country: str, record: Record) -> float:
    """Service of the second year over that of the first, segments by their share of the base state."""
    shares = [each.delivery_share.number() for each in record.instance.settings.segments.values()]
    amounts = np.array(shares) @ np.exp(record.plans[country].values["service"])
    dates = metrics.mid_dates(record.plans[country].parameters)
    first = record.first_year + 0.5
    return float(np.interp(first + 1, dates, amounts) / np.interp(first, dates, amounts))


def _compute_share(record: Record) -> float:
    """Cost of all compute at work over that and of researchers, in the leader's first year."""
    plan = record.plans[record.instance.leader]
    year = plan.periods(record.first_year)
    compute = float(plan.values["use_cost"].sum(axis=0) @ year)
    return compute / (compute + float(plan.values["talent_cost"] @ year))


def _cost_of_power(record: Record) -> float:
    """All-in cost of the leader's purchases of the first year and of their power, per GW of machines."""
    plan = record.plans[record.instance.leader]
    p, year = plan.parameters, plan.periods(record.first_year)
    bought = plan.values["imports"]
    money = float((p["unit_cost"] * bought).sum(axis=0) @ year) / MILLION_USD_PER_BILLION
    facility = float(p["power_per_chip"] @ bought @ year)
    machines = (
        facility * MACHINE_POWER_PER_TDP / record.instance.settings.compute.facility_power_per_tdp.number()
    )
    return (money + float(p.scalar("power_cost")) * facility) / machines


def _points(record: Record) -> float:
    """The leader's gain of capability in a year, in points; those observed are its gain a year before."""
    figure = record.instance.market.observed["eci_growth_per_year"]
    before = record.instance.settings.research.capability_growth_per_year.number()
    first = record.first_year + 0.5
    plan = record.plans[record.instance.leader]
    gain = plan.at_mid("capability", first + 1) - plan.at_mid("capability", first)
    return figure.value * gain / before


def made_by(designer: str, year: int, weight: Array, record: Record) -> float:
    """What a designer's chips of a year come to, each times its `weight` (chips of the instance): those of
    `market.output`, and those made in China's plan."""
    chips = record.instance.chips
    output, plan = record.instance.market.output, record.plans["CHN"]
    made = dict(zip(plan.chips, plan.came(year, HOME), strict=True))
    return float(
        sum(
            factor * (made.get(chip, 0.0) + (output[chip].number(year) if chip in output else 0.0))
            for chip, factor in zip(chips, weight, strict=True)
            if chips[chip].designer == designer
        )
    )


def _huawei_over_nvidia(year: int, record: Record) -> float:
    performance = np.nan_to_num(chip_metrics(record.instance.chips, record.instance.lines)["tpp"])
    huawei, nvidia = (made_by(one, year, performance, record) for one in ("Huawei", "Nvidia"))
    return huawei / nvidia


def _output(chip: str, record: Record) -> float:
    return record.instance.market.output[chip].number(record.first_year)


Counterpart = Callable[[Record], float]


@dataclass(frozen=True)
class Told:
    """How the model's figure is come to: in words, and the function."""

    words: str
    of: Counterpart


_USA: Final = "USA"
_CHN: Final = "CHN"
_BASE_FLEET: Final = "the fleet of the base state"
_POWER_MADE: Final = "TPP of China's plan over that of market.output"
_MADE: Final = "made at home in the first year"
COUNTERPARTS: Final[Mapping[str, Told]] = MappingProxyType(
    {
        "stock_world_h100e": Told("the fleets of the base state", partial(_world_stock, None)),
        "stock_usa_h100e": Told(_BASE_FLEET, partial(_stock, _USA, None)),
        "stock_china_h100e": Told(_BASE_FLEET, partial(_stock, _CHN, None)),
        "stock_china_huawei_h100e": Told(f"{_BASE_FLEET}, Ascend", partial(_stock_of, "huawei")),
        "stock_china_grey_h100e": Told(f"{_BASE_FLEET}, chips never allowed", partial(_stock_of, "grey")),
        "stock_china_legal_h100e": Told(f"{_BASE_FLEET}, other foreign chips", partial(_stock_of, "legal")),
        "stock_china_cambricon_h100e": Told(f"{_BASE_FLEET}, Cambricon", partial(_stock_of, "cambricon")),
        "stock_world_mid2026_h100e": Told("all fleets, in mid-2026", partial(_world_stock, 2026.5)),
        "stock_usa_july2026_h100e": Told("its fleet, end of July", partial(_stock, _USA, JULY_2026)),
        "stock_china_july2026_h100e": Told("its fleet, end of July", partial(_stock, _CHN, JULY_2026)),
        "stock_china_huawei_mid2026_h100e": Told("its Ascend chips, in mid-2026", _huawei_stock),
        "stock_growth": Told("all fleets, end over start of the first year", _growth),
        "stock_world_end2027_h100e": Told("all fleets, end of 2027", partial(_world_stock, 2028.0)),
        "research_share_usa": Told("of compute at work in the first year", partial(_research_share, _USA)),
        "research_share_china": Told("of compute at work in the first year", partial(_research_share, _CHN)),
        "ai_power_usa_gw": Told(f"what {_BASE_FLEET} draws", partial(_power, (_USA,))),
        "ai_power_china_gw": Told(f"what {_BASE_FLEET} draws", partial(_power, (_CHN,))),
        "ai_power_world_gw": Told("what the fleets of the base state draw", partial(_power, ())),
        "ai_spending_usa_2026_usd_bn": Told("all outlays of the first year", partial(_spending, _USA)),
        "ai_spending_china_usd_bn": Told("all outlays of the first year", partial(_spending, _CHN)),
        "accelerator_market_china_2027_usd_bn": Told(
            "chips of any origin, at the price of the chip alone", partial(_market, 2027)
        ),
        "accelerator_market_china_2028_usd_bn": Told(
            "chips of any origin, at the price of the chip alone", partial(_market, 2028)
        ),
        "self_sufficiency_china_2030": Told("home-made chips, by value", partial(_home_share, 2030)),
        "lag_china_months": Told("lag of the base state", _base_lag),
        "lag_china_oct2026_months": Told("lag of 8 October", partial(_lag, OCTOBER_2026)),
        "software_progress_first_year": Told("the leader's algorithmic efficiency", _software),
        "huawei_units_2026_thousand": Told(_MADE, partial(_made, "Huawei")),
        "cambricon_units_2026_thousand": Told(_MADE, partial(_made, "Cambricon")),
        "ascend_950pr_units_2026_thousand": Told(_MADE, partial(_made_of, "hw_950pr")),
        "thead_units_may2026_thousand": Told(
            "of the base state, and made until 20 May", partial(_delivered, "Alibaba T-Head", MAY_2026)
        ),
        "huawei_revenue_2026_usd_bn": Told(f"{_MADE}, at the price of the chip", partial(_revenue, "Huawei")),
        "compute_ratio_acquired_2026": Told(
            "H100e that came in the first year, without legal exports", _acquired_ratio
        ),
        "compute_acquired_china_2026_thousand_b300e": Told(
            "H100e that came in the first year, over those of a B300", partial(_acquired, _CHN, "nv_b300")
        ),
        "tokens_china_growth": Told("service, second year over first", partial(_service_growth, _CHN)),
        "tokens_google_growth": Told("service, second year over first", partial(_service_growth, _USA)),
        "compute_share_of_lab_costs": Told(
            "compute over compute and researchers, USA, first year", _compute_share
        ),
        "capex_per_gw_usd_bn": Told("the leader's purchases and power of the first year", _cost_of_power),
        "eci_growth_per_year": Told(
            "the leader's gain 2026 to 2027; 14 points were its gain a year before", _points
        ),
        "huawei_over_nvidia_2026": Told(_POWER_MADE, partial(_huawei_over_nvidia, 2026)),
        "huawei_over_nvidia_2027": Told(_POWER_MADE, partial(_huawei_over_nvidia, 2027)),
        "rubin_units_2026_thousand": Told("VR200 of market.output", partial(_output, "nv_vr200")),
    }
)
