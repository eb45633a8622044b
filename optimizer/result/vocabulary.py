"""What every reported metric is called, indexed by, measured in and means: the rows of docs/metrics.md.

`VARIABLES` are the components of the model; `DERIVED` are computed from a plan and its leader. Index names
are those of `models.parameters.PlanSets`; the period always comes last and is not repeated in `item`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Kind = Literal["flow", "stock", "level"]


@dataclass(frozen=True)
class MetricSpec:
    """One metric. `kind`: a `flow` adds up over periods, a `stock` is what stands at the end of a period, a
    `level` holds during it."""

    name: str
    index: tuple[str, ...]
    unit: str
    kind: Kind
    meaning: str


class Series(NamedTuple):
    """One metric's item over some periods."""

    metric: str
    item: str
    unit: str
    periods: Sequence[str]
    values: list[float]


def _specs(rows: list[tuple[str, str, str, Kind, str]]) -> Mapping[str, MetricSpec]:
    return MappingProxyType(
        {
            name: MetricSpec(name, tuple(index.split()), unit, kind, text)
            for name, index, unit, kind, text in rows
        }
    )


VARIABLES: Final = _specs(
    [
        ("imports", "chips", "thousand chips", "flow", "chips bought legally on the market"),
        ("grey", "chips", "thousand chips", "flow", "rule-limited chips bought on the grey market"),
        ("domestic", "chips", "thousand chips", "flow", "chips made on the country's own lines"),
        ("retired", "chips", "thousand chips", "flow", "chips taken out of the fleet before they fail"),
        ("fleet", "chips", "thousand chips", "stock", "chips installed"),
        ("stock", "chips uses", "thousand chips", "stock", "the fleet by use"),
        ("rented", "uses", "kH100e", "level", "offshore cloud rented"),
        ("research_compute", "", "kH100e", "level", "compute at work on research, at its research rating"),
        ("delivery_compute", "", "kH100e", "level", "compute at work on delivery, at its delivery rating"),
        ("power_built", "", "GW", "flow", "power ordered"),
        ("power", "", "GW", "stock", "power available"),
        ("talent", "", "thousand people", "stock", "researchers"),
        ("trained", "", "thousand people", "flow", "graduates taken on"),
        ("recruited", "", "thousand people", "flow", "researchers recruited abroad"),
        ("released", "", "thousand people", "flow", "researchers let go"),
        ("education", "", "thousand people", "flow", "extra graduates ordered"),
        ("research_index", "", "1", "level", "research compute over the leader's in the base year"),
        ("talent_index", "", "1", "level", "researchers over the leader's in the base year"),
        ("effort", "", "1", "level", "research effort, the leader's in the base year = 1"),
        ("knowledge", "", "leader-effort years", "stock", "research effort accumulated"),
        ("absorbed", "", "leader-effort years", "flow", "knowledge absorbed from the frontier"),
        ("efficiency", "", "log units", "level", "algorithmic efficiency"),
        ("own", "", "log units", "level", "effective research compute by the country's own means"),
        ("capability", "", "log units", "level", "effective research compute, imitation included"),
        ("segment_compute", "segments", "kH100e", "level", "delivery compute of a segment"),
        ("service", "segments", "log units", "level", "service delivered over the base state's"),
        ("shortfall", "segments", "log units", "level", "service missing to what operations require"),
        ("wafer_built", "lines", "kwpm", "flow", "wafer capacity ordered"),
        ("wafer_capacity", "lines", "kwpm", "stock", "wafer capacity"),
        ("hbm_built", "", "PB/year", "flow", "memory capacity ordered"),
        ("hbm_capacity", "", "PB/year", "stock", "memory capacity"),
        ("hbm_imports", "", "PB", "flow", "memory imported"),
        ("hbm_stock", "", "PB", "stock", "memory in store"),
        ("bank_drawn", "chips", "thousand chips", "flow", "chips finished from stockpiled dies"),
        ("counted", "rules", "cap unit", "stock", "what counts under a cap since the first period"),
        ("home_compute", "", "kH100e", "level", "home-made chips installed, at their research rating"),
        (
            "autonomy",
            "",
            "log units",
            "level",
            "home-made compute over the leader's research compute in the base year",
        ),
        ("buy", "", "USD bn", "flow", "purchases of chips, fees and premiums included"),
        ("rent", "", "USD bn", "flow", "rent of offshore cloud"),
        ("energy", "uses", "USD bn", "flow", "energy"),
        ("use_cost", "uses", "USD bn", "flow", "capital charge, rent and energy of the compute in a use"),
        ("chips_cost", "", "USD bn", "flow", "investment in domestic chips: fabs, memory, node research"),
        ("talent_cost", "", "USD bn", "flow", "wages, recruiting and education"),
        ("power_spend", "", "USD bn", "flow", "generation and grid connection"),
        (
            "flow",
            "supplies",
            "by supply",
            "flow",
            "what is bought of a supply that costs more when bought faster",
        ),
        ("premium", "supplies", "USD bn", "flow", "what buying faster than the normal pace costs on top"),
        ("imports_value", "", "USD bn", "flow", "legal purchases at the market's prices"),
        ("excess", "", "USD bn", "flow", "purchases beyond those that market prices already reflect"),
        ("bidup", "", "USD bn", "flow", "what the country's own demand adds to market prices"),
        ("recovered", "", "USD bn", "flow", "cost of delivery that its users pay"),
        ("home_returned", "", "USD bn", "flow", "value of home-made chips that returns to the plan"),
        ("lapsed", "", "USD bn", "flow", "income not used and not carried over"),
        ("cash", "", "USD bn", "stock", "cash carried over; negative: debt"),
        ("total", "", "USD bn", "flow", "cost of use, all categories"),
        ("spend", "categories", "USD bn", "flow", "cost of use"),
    ]
)

DERIVED: Final = _specs(
    [
        ("spend_share", "categories", "1", "level", "share of the cost of use"),
        ("outlays", "", "USD bn", "flow", "money paid, whatever it is used for"),
        ("plan_value", "", "log unit years", "level", "objective of a plan that is evaluated"),
        ("plan_loss", "", "log units", "level", "what it gives away on average against the best plan found"),
        ("limit_broken", "row", "by row", "level", "by how much it breaks a limit"),
        ("row_disagrees", "row", "by row", "level", "by how much a row of it is off from what follows"),
        ("installed_compute", "", "kH100e", "stock", "the whole fleet at its research rating"),
        ("compute_ratio", "", "1", "level", "installed compute over the leader's"),
        ("leader_gap", "", "log units", "level", "gap of a leader's plan that is not certified"),
        (
            "effective_ratio",
            "",
            "1",
            "level",
            "effective compute over the leader's, exp(capability difference)",
        ),
        (
            "lag_months",
            "",
            "months",
            "level",
            "time since the leader stood at this capability; negative: ahead",
        ),
        (
            "lag_extrapolated",
            "",
            "0/1",
            "level",
            "1 where the lag reaches back before the leader's base state",
        ),
        ("lag_beyond", "", "0/1", "level", "1 where the country is beyond the leader's horizon"),
        (
            "shadow_price",
            "row",
            "by row",
            "level",
            "gain in the objective per unit by which a limit is eased",
        ),
        (
            "shadow_price_compute",
            "row",
            "by row",
            "level",
            "the same as permanent log percent of effective compute",
        ),
        ("shadow_price_usd", "row", "by row", "level", "the same over the price of a dollar in that period"),
    ]
)

SUPPLY_FLOW_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {"grey": "kH100e", "rent": "kH100e-years", "recruit": "thousand people", "hbm": "PB/year"}
)
LINE_FLOW_UNIT: Final = "kwpm"
