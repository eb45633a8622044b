"""Every field of `countries/ISO3.yaml`, as in `optimizer.instance.schema`.

`instance.countries["CHN"].budget.income_usd_bn` is a `Quantity`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from optimizer.instance.field_rules import Rule
from optimizer.instance.fields import (
    Category,
    CountryId,
    Id,
    Ids,
    IdsOrAll,
    Record,
    Scalar,
    ScalarNonNegative,
    ScalarPositive,
    ScalarRate,
    ScalarShare,
    SeriesLimit,
    SeriesNonNegative,
    SeriesShare,
    Text,
    Texts,
    Years,
)
from optimizer.instance.staged_schema import CountryStaged
from optimizer.instance.values import Quantity, YearMap, constant


class Budget(Record):
    """What the plan may spend; money in 2026 USD."""

    income_usd_bn: SeriesNonNegative
    interest_per_year: ScalarRate
    cash0_usd_bn: Scalar | None = None
    debt_limit_usd_bn: SeriesLimit
    carry_limit_share_of_income: SeriesLimit
    cost_recovery: Annotated[Quantity, Rule(ge=0, lt=1)]
    home_return: Annotated[Quantity, Rule(ge=0, lt=1)]
    category_floors: Mapping[Category, SeriesShare] = Field(default_factory=dict)
    category_ceilings: Mapping[Category, SeriesShare] = Field(default_factory=dict)


class Fleet(Record):
    """Chips installed at the end of the year before the horizon, thousand, and their use."""

    chips: Mapping[Id, ScalarNonNegative]
    research_share: ScalarShare


class Cap(Record):
    """A cap on purchases of several chips, per year or in total since the first period."""

    title: Text
    counts: Literal["chips", "tpp", "h100e", "usd"]
    chips: IdsOrAll
    per_year: SeriesLimit | None = None
    total: SeriesLimit | None = None
    source: Ids = ()
    note: str = ""


class Grey(Record):
    """The grey market of chips that a rule limits: a share of what the world makes of them; up to
    `normal_share` of that nothing is paid for the pace."""

    limit_kh100e_per_year: SeriesLimit = constant(math.inf)
    output_share: SeriesShare
    delay_years: ScalarNonNegative
    premium_share: SeriesNonNegative
    normal_share: SeriesShare = constant(1.0)


class Rent(Record):
    """Offshore compute that can be rented: an amount, or a share of what the leader has installed; up to
    `normal_share` of that nothing is paid for the pace."""

    limit_kh100e: SeriesLimit | None = None
    share_of_leader_compute: SeriesShare | None = None
    normal_share: SeriesShare = constant(1.0)


class Trade(Record):
    """What can be bought abroad. `limits` are thousand chips per year, `fees` shares of the price."""

    supply_share: SeriesShare
    supply_shares: Mapping[Id, SeriesShare] = Field(default_factory=dict)
    subsidiary_share: SeriesShare = constant(0.0)
    limits: Mapping[Id, SeriesLimit] = Field(default_factory=dict)
    fees: Mapping[Id, SeriesShare] = Field(default_factory=dict)
    caps: Mapping[Id, Cap] = Field(default_factory=dict)
    grey: Grey
    rent: Rent
    home_market_share: SeriesShare = constant(0.0)


class Power(Record):
    """Electric power for compute. Without `available_gw` it is what the fleet draws and a tenth more."""

    available_gw: ScalarNonNegative | None = None
    pending_gw: Years = YearMap({})
    build_limit_gw_per_year: SeriesLimit
    electricity_price_usd_per_kwh: SeriesNonNegative


class Talent(Record):
    """Researchers, thousand."""

    researchers_thousand: ScalarPositive
    attrition_per_year: Annotated[Quantity, Rule(ge=0, lt=1)]
    graduates_thousand_per_year: SeriesLimit
    recruit_limit_thousand_per_year: SeriesLimit
    recruit_normal_thousand_per_year: ScalarPositive
    education_limit_thousand_per_year: SeriesLimit
    wage_usd_thousand_per_year: ScalarNonNegative
    recruit_cost_usd_thousand: ScalarNonNegative


class CountryResearch(Record):
    """The country's lag behind the leader, and its own values in place of the world-wide ones."""

    lag_months: ScalarNonNegative
    knowledge0_years: ScalarPositive | None = None
    spillover_per_year: ScalarNonNegative | None = None
    openness: ScalarShare | None = None


class Delivery(Record):
    """What delivery must reach, as a multiple of what is observed."""

    required_multiple: ScalarPositive = constant(1.0)
    demand_growth_per_year: Scalar | None = None


class CountryLine(Record):
    """The country's capacity on one line, thousand wafers per month."""

    capacity_kwpm: ScalarNonNegative
    pending_kwpm: Years = YearMap({})
    ai_share: SeriesShare
    # `yield` is a word of the language
    yield_: SeriesShare = Field(alias="yield")
    normal_kwpm_per_year: ScalarPositive


class CountryMemory(Record):
    """The country's high-bandwidth memory, PB."""

    capacity_pb_per_year: ScalarNonNegative
    pending_pb_per_year: Years = YearMap({})
    build_limit_pb_per_year2: SeriesLimit
    import_limit_pb_per_year: SeriesLimit
    stock_pb: ScalarNonNegative
    normal_pb_per_year2: ScalarPositive


class CountryTools(Record):
    """The country's tools of a class, in the wafer capacity (thousand per month) that they equip."""

    stock_kwpm: ScalarNonNegative = constant(0.0)
    import_limit_kwpm_per_year: SeriesLimit
    normal_kwpm_per_year: ScalarPositive


class CountryToolmaking(Record):
    """What the country's own toolmakers make of a class, in the wafer capacity that it equips a year."""

    capacity_kwpm_per_year: ScalarNonNegative
    pending_kwpm_per_year: Years = YearMap({})
    build_limit_kwpm_per_year2: SeriesLimit


class CountryPackaging(Record):
    """The country's advanced packaging, thousand packages of the reference chip per year."""

    capacity_thousand_per_year: ScalarNonNegative
    pending_thousand_per_year: Years = YearMap({})
    build_limit_thousand_per_year2: SeriesLimit
    normal_thousand_per_year2: ScalarPositive


class DesignerCeiling(Record):
    """The largest shares of lines that a group of designers, as named in `chips.csv`, can have."""

    designers: Texts
    lines: Mapping[Id, SeriesShare]


class Industry(Record):
    """Chip making at home. `make_limits` are thousand chips per year, of known bottlenecks only."""

    know_how_transfer: ScalarShare
    lines: Mapping[Id, CountryLine] = Field(default_factory=dict)
    tools: Mapping[Id, CountryTools] = Field(default_factory=dict)
    toolmaking: Mapping[Id, CountryToolmaking] = Field(default_factory=dict)
    packaging: CountryPackaging | None = None
    designer_ceilings: Mapping[Id, DesignerCeiling] = Field(default_factory=dict)
    make_limits: Mapping[Id, SeriesLimit] = Field(default_factory=dict)
    stockpiled_dies: Mapping[Id, ScalarNonNegative] = Field(default_factory=dict)
    memory: CountryMemory
    staged: CountryStaged | None = None


class Country(Record):
    """`countries/ISO3.yaml`. `part_of` names the bloc that counts this country, too."""

    iso3: CountryId
    name: Text
    note: str = ""
    part_of: CountryId | None = None
    budget: Budget
    fleet: Fleet
    trade: Trade
    power: Power
    talent: Talent
    research: CountryResearch
    delivery: Delivery
    industry: Industry
