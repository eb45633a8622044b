"""Every field an instance may hold: closed, strict, with its unit in its name.

Python access mirrors the files: `instance.countries["CHN"].budget.income_usd_bn` is a `Quantity`.
Fields that may be left out are `None`, or an empty mapping. Paths of patches follow the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from optimizer.instance.field_rules import COUNTRY_RULE, ID_RULE, DateRule, IdsRule, Rule, YearMapRule
from optimizer.instance.values import CalendarDate, Quantity, YearMap, constant

Id = Annotated[str, ID_RULE]
CountryId = Annotated[str, COUNTRY_RULE]
Ids = Annotated[tuple[str, ...], IdsRule()]
IdsOrAll = Annotated[tuple[str, ...] | Literal["all"], IdsRule("all")]
Category = Literal["research", "delivery", "chips", "talent", "power"]
Text = Annotated[str, Field(min_length=1, pattern=r"^[^\n]*\n?$")]
Year = Annotated[int, Field(ge=1990, le=2200)]
Date = Annotated[CalendarDate, DateRule()]

Scalar = Annotated[Quantity, Rule()]
ScalarPositive = Annotated[Quantity, Rule(gt=0)]
ScalarNonNegative = Annotated[Quantity, Rule(ge=0)]
ScalarShare = Annotated[Quantity, Rule(ge=0, le=1)]
ScalarLimit = Annotated[Quantity, Rule(ge=0, infinite=True)]
ScalarElasticity = Annotated[Quantity, Rule(gt=0, infinite=True)]
ScalarRate = Annotated[Quantity, Rule(gt=-1)]
ScalarLead = Annotated[Quantity, Rule(ge=0, le=30)]
Series = Annotated[Quantity, Rule(series=True)]
SeriesPositive = Annotated[Quantity, Rule(series=True, gt=0)]
SeriesNonNegative = Annotated[Quantity, Rule(series=True, ge=0)]
SeriesShare = Annotated[Quantity, Rule(series=True, ge=0, le=1)]
SeriesLimit = Annotated[Quantity, Rule(series=True, ge=0, infinite=True)]
Years = Annotated[YearMap, YearMapRule()]
PastYears = Annotated[YearMap, YearMapRule(past=True)]


class Record(BaseModel):
    """A closed, immutable group of fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


# instance.yaml


class Horizon(Record):
    """The reported years, both included, and the number of periods in a year."""

    first_year: Year
    last_year: Year
    steps_per_year: Literal[1, 2, 4, 12]

    @property
    def years(self) -> range:
        return range(self.first_year, self.last_year + 1)


class Objective(Record):
    """Weights of one preset of the objective."""

    title: Text
    capability_weight: ScalarNonNegative
    autonomy_weight: ScalarNonNegative
    autonomy_floor_kh100e: ScalarPositive
    shortfall_penalty_per_log_unit: ScalarNonNegative
    terminal_years: ScalarNonNegative
    segment_weights: Mapping[Id, ScalarNonNegative]


class Economy(Record):
    """Discounting."""

    discount_rate_per_year: ScalarRate


class Compute(Record):
    """What chips deliver, live and draw, and what offshore compute costs."""

    survival_per_year: Annotated[Quantity, Rule(gt=0, le=1)]
    serving_compute_share: Annotated[Quantity, Rule(gt=0, lt=1)]
    facility_power_per_tdp: ScalarPositive
    rent_cost_usd_per_h100e_hour: SeriesNonNegative
    reference_tflops_8bit: ScalarPositive
    reference_bandwidth_gbs: ScalarPositive


class Research(Record):
    """How compute and people become knowledge and capability, the same everywhere."""

    compute_weight: Annotated[Quantity, Rule(gt=0, lt=1)]
    substitution_elasticity: Annotated[Quantity, Rule(ge=0.1, le=10)]
    parallel_returns: Annotated[Quantity, Rule(gt=0, le=1)]
    compute_floor_share: ScalarPositive
    software_returns: ScalarPositive
    software_growth_per_year: ScalarPositive
    capability_growth_per_year: ScalarPositive
    spillover_per_year: ScalarNonNegative
    absorption: ScalarNonNegative
    data_wall_kh100e: ScalarElasticity
    data_slope: ScalarShare
    openness: ScalarShare


class Segment(Record):
    """One group of users of delivery compute."""

    title: Text
    delivery_share: Annotated[Quantity, Rule(gt=0, le=1)]
    floor_share: ScalarPositive
    passthrough: ScalarNonNegative
    demand_growth_per_year: Scalar
    demand_saturation_multiple: Annotated[Quantity, Rule(gt=1)]
    satiation_multiple: Annotated[Quantity, Rule(gt=1, infinite=True)]


class PowerSupply(Record):
    """Generation and grid connection, the same everywhere."""

    lead_years: ScalarLead
    cost_usd_bn_per_gw: ScalarNonNegative
    energy_load_factor: Annotated[Quantity, Rule(gt=0, le=1)]


class Education(Record):
    """Extra graduates."""

    education_lead_years: ScalarLead
    education_cost_usd_bn_per_thousand: ScalarNonNegative


class Line(Record):
    """A class of chip fabrication; `previous` is the line to master first."""

    title: Text
    node_nm: ScalarPositive
    lead_years: ScalarLead
    fab_cost_usd_bn_per_kwpm: ScalarNonNegative
    previous: Id | None = None


class MemorySupply(Record):
    """High-bandwidth memory, the same everywhere."""

    lead_years: ScalarLead
    capacity_cost_usd_bn_per_pb_per_year: ScalarNonNegative
    price_usd_bn_per_pb: SeriesNonNegative
    bandwidth_density_gbs_mm2: ScalarPositive | None = None


class Supply(Record):
    """A supply that costs more when bought faster; `.inf` switches that off."""

    elasticity: ScalarElasticity


class GreySupply(Supply):
    """The grey market; its price has no premium."""

    price_usd_bn_per_kh100e: ScalarNonNegative


class Supplies(Record):
    """Supplies that cost more when bought faster."""

    grey: GreySupply
    rent: Supply
    recruit: Supply
    hbm: Supply
    lines: Supply


class Settings(Record):
    """`instance.yaml`: the horizon, the leader, objectives and world-wide values."""

    format_version: Literal[1]
    name: Id
    title: Text
    description: str
    horizon: Horizon
    leader: CountryId
    default_objective: Id
    objectives: Mapping[Id, Objective]
    economy: Economy
    compute: Compute
    research: Research
    segments: Mapping[Id, Segment]
    power: PowerSupply
    talent: Education
    lines: Mapping[Id, Line]
    memory: MemorySupply
    supplies: Supplies


class Observed(Record):
    """A figure that calibration compares with; nothing is computed from it."""

    value: Annotated[float, Field(allow_inf_nan=False)]
    low: Annotated[float, Field(allow_inf_nan=False)] | None = None
    high: Annotated[float, Field(allow_inf_nan=False)] | None = None
    unit: Text
    source: Ids = ()
    note: str = ""


class Market(Record):
    """`market.yaml`: the world's supply. `output` is thousand chips per calendar year for all buyers."""

    world_spend_usd_bn: SeriesPositive
    supply_elasticity: ScalarElasticity
    price_index: SeriesPositive = constant(1.0)
    memory_price_index: SeriesPositive = constant(1.0)
    output: Mapping[Id, PastYears]
    observed: Mapping[Id, Observed] = Field(default_factory=dict)


# chips.csv and sources.csv


class Chip(Record):
    """A row of `chips.csv`: ranges from columns NAME_low and NAME_high, source and status from the row."""

    id: Id
    name: Text
    designer: Text
    designer_country: CountryId
    domestic_in: CountryId | None = None
    line: Id | None = None
    sale: Literal["market", "owner", "home", "legacy"]
    launch: Date
    end_of_sale: Date | None = None
    dense_fp16_tflops: ScalarPositive
    dense_fp8_tflops: ScalarPositive | None = None
    dense_fp4_tflops: ScalarPositive | None = None
    tpp: ScalarPositive | None = None
    die_area_mm2: ScalarPositive | None = None
    hbm_gb: ScalarNonNegative
    memory_bandwidth_gbs: ScalarPositive
    interconnect_gbs: ScalarNonNegative | None = None
    tdp_w: ScalarPositive
    unit_price_usd: ScalarNonNegative
    system_price_multiplier: Annotated[Quantity, Rule(ge=1)]
    memory_cost_share: Annotated[Quantity, Rule(ge=0, lt=1)]
    software_maturity: ScalarPositive
    dies_per_chip: ScalarPositive | None = None
    gross_dies_per_wafer: ScalarPositive | None = None
    status: Literal["sourced", "recalled", "assumed", "extrapolated"]
    source: Id | None = None
    note: str = ""


class Source(Record):
    """A row of `sources.csv`."""

    id: Id
    title: Text
    url: str = ""
    date: str = ""
    confidence: str = ""


# countries/ISO3.yaml


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
    """The grey market of chips that a rule limits."""

    limit_kh100e_per_year: SeriesLimit
    output_share: SeriesShare
    delay_years: ScalarNonNegative
    premium_share: SeriesNonNegative
    normal_kh100e_per_year: ScalarPositive


class Rent(Record):
    """Offshore compute that can be rented."""

    limit_kh100e: SeriesLimit
    normal_kh100e: ScalarPositive


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
    tool_limit_kwpm_per_year: SeriesLimit
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


class Industry(Record):
    """Chip making at home. `make_limits` are thousand chips per year."""

    know_how_transfer: ScalarShare
    lines: Mapping[Id, CountryLine] = Field(default_factory=dict)
    make_limits: Mapping[Id, SeriesLimit] = Field(default_factory=dict)
    stockpiled_dies: Mapping[Id, ScalarNonNegative] = Field(default_factory=dict)
    memory: CountryMemory


class Country(Record):
    """`countries/ISO3.yaml`."""

    iso3: CountryId
    name: Text
    note: str = ""
    budget: Budget
    fleet: Fleet
    trade: Trade
    power: Power
    talent: Talent
    research: CountryResearch
    delivery: Delivery
    industry: Industry
