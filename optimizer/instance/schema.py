"""Every field of an instance but those of its countries: closed, strict, with its unit in its name.

Python access mirrors the files: `instance.market.supply_elasticity` is a `Quantity`.
Fields that may be left out are `None`, or an empty mapping. Paths of patches follow the same names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from optimizer.instance.field_rules import Rule
from optimizer.instance.fields import (
    CountryId,
    Date,
    Id,
    Ids,
    LineId,
    PastYears,
    Record,
    Scalar,
    ScalarElasticity,
    ScalarLead,
    ScalarNonNegative,
    ScalarPositive,
    ScalarRate,
    ScalarShare,
    SeriesNonNegative,
    SeriesPositive,
    Text,
    Year,
)
from optimizer.instance.staged_schema import Staged
from optimizer.instance.values import Quantity, constant

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
    """How compute and people become knowledge and capability, the same everywhere.

    `help_ceiling_ratio` is the factor of compute that copying the leader saves at most; `catch_up` is what an
    observed lag is read as, where a country's own means do not explain it; `automation_researchers_per_h100e`
    is for how many researchers agents on one H100e of delivery compute stand.
    """

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
    help_ceiling_ratio: Annotated[Quantity, Rule(ge=1, infinite=True)] = constant(math.inf)
    catch_up: Literal["imitation", "efficiency"] = "imitation"
    automation_researchers_per_h100e: SeriesNonNegative = constant(0.0)


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
    """Extra graduates, and what hiring and letting go cost, in years of the country's wage."""

    education_lead_years: ScalarLead
    education_cost_usd_bn_per_thousand: ScalarNonNegative
    hiring_cost_years_of_wage: ScalarNonNegative = constant(0.25)
    release_cost_years_of_wage: ScalarNonNegative = constant(0.5)


class Line(Record):
    """A class of chip fabrication; `previous` is the line to master first.

    `fab_cost_usd_bn_per_kwpm` is the fab without the tools of `tools_per_wafer`: how much capacity, by the
    tools' own measure, a wafer of capacity takes of each class.
    """

    title: Text
    node_nm: ScalarPositive
    lead_years: ScalarLead
    fab_cost_usd_bn_per_kwpm: ScalarNonNegative
    run_cost_usd_thousand_per_wafer: ScalarNonNegative = constant(0.0)
    tools_per_wafer: Mapping[Id, ScalarNonNegative] = Field(default_factory=dict)
    previous: Id | None = None


class ToolClass(Record):
    """A class of chip tools, measured by the wafer capacity (thousand per month) that they equip."""

    title: Text
    price_usd_bn_per_kwpm: SeriesNonNegative
    toolmaking_lead_years: ScalarLead
    toolmaking_cost_usd_bn_per_kwpm_per_year: ScalarNonNegative


class PackagingSupply(Record):
    """Advanced packaging, the same everywhere."""

    lead_years: ScalarLead
    capacity_cost_usd_bn_per_thousand_per_year: ScalarNonNegative


class MemorySupply(Record):
    """High-bandwidth memory, the same everywhere."""

    lead_years: ScalarLead
    capacity_cost_usd_bn_per_pb_per_year: ScalarNonNegative
    price_usd_bn_per_pb: SeriesNonNegative
    bandwidth_density_gbs_mm2: ScalarPositive | None = None


class Supply(Record):
    """A supply that costs more when bought faster; `.inf` switches that off."""

    elasticity: ScalarElasticity


class Supplies(Record):
    """Supplies that cost more when bought faster."""

    grey: Supply
    rent: Supply
    recruit: Supply
    hbm: Supply
    packaging: Supply = Supply(elasticity=constant(float("inf")))
    tools: Supply = Supply(elasticity=constant(float("inf")))
    lines: Supply


class Settings(Record):
    """`instance.yaml`: the horizon, the leader, objectives and world-wide values."""

    format_version: Literal[2]
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
    tool_classes: Mapping[Id, ToolClass] = Field(default_factory=dict)
    packaging: PackagingSupply = PackagingSupply(
        lead_years=constant(0.0), capacity_cost_usd_bn_per_thousand_per_year=constant(0.0)
    )
    memory: MemorySupply
    supplies: Supplies
    industry: Literal["path", "staged"] = "path"
    staged: Staged | None = None


class Observed(Record):
    """A figure that calibration sets the model's beside; nothing is computed from it.

    `kind` says what the model's figure is worth beside it: the same number (`input`), one that an input was
    set to reach (`fitted`), what comes out (`outcome`), or none that could be judged (`context`). `cause` is
    why the model's figure lies outside the band, or why none is judged: one line, empty where it lies inside.
    """

    value: Annotated[float, Field(allow_inf_nan=False)]
    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]
    unit: Text
    kind: Literal["input", "fitted", "outcome", "context"] = "outcome"
    cause: str = ""
    source: Ids = ()
    note: str = ""


class Component(Record):
    """What chips are made of and what is scarce itself. A chip holds `content` units for each of what it is
    counted `per`; `supply_index` is what is made at `price_usd`, over what the base world's equilibrium
    takes. The component `hbm` has the price of `memory`, and none of its own."""

    title: Text
    unit: Text
    per: Literal["hbm_gb", "tdp_w", "chip"]
    content: ScalarPositive
    price_usd: SeriesPositive | None = None
    supply_elasticity: ScalarPositive
    supply_index: SeriesPositive = constant(1.0)


class Clearing(Record):
    """How supply answers to prices, for `kloof equilibrium` alone: nobody sells a chip below
    `floor_share_of_list_price`, or one `made_to_order` below list, and what is made of one grows with its
    price over list by `output_elasticity`. Before `first_year` chips are sold by contract: at list price,
    to each country its share of supply."""

    floor_share_of_list_price: Annotated[Quantity, Rule(gt=0, le=1)]
    output_elasticity: ScalarNonNegative
    first_year: Year | None = None
    made_to_order: Ids = ()
    components: Mapping[Id, Component] = Field(default_factory=dict)


class Market(Record):
    """`market.yaml`: the world's supply. `output` is thousand chips per calendar year for all buyers;
    `contestable` is the part of what others normally buy that money can win."""

    world_spend_usd_bn: SeriesPositive
    supply_elasticity: ScalarElasticity
    contestable: ScalarShare = constant(0.0)
    price_index: SeriesPositive = constant(1.0)
    memory_price_index: SeriesPositive = constant(1.0)
    output: Mapping[Id, PastYears]
    clearing: Clearing | None = None
    observed: Mapping[Id, Observed] = Field(default_factory=dict)


# chips.csv and sources.csv


class Chip(Record):
    """A row of `chips.csv`: ranges from columns NAME_low and NAME_high, source and status from the row."""

    id: Id
    name: Text
    designer: Text
    designer_country: CountryId
    domestic_in: CountryId | None = None
    line: LineId | None = None
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
    packages_per_chip: ScalarNonNegative | None = None
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
