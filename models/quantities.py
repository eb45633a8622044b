"""What every reported quantity is called, indexed by, measured in and means: the rows of docs/metrics.md.

`VARIABLES` are the components of the model; `DERIVED` are computed from a plan and its leader. Index names
are those of `models.parameters.PlanSets`; the period always comes last and is not repeated in `item`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["flow", "stock", "level"]


@dataclass(frozen=True)
class MetricSpec:
    """One metric. `kind`: a `flow` adds up over periods, a `stock` is what stands at the end of a period, a
    `level` holds during it. `adds_to` is the stock or level that a flow adds to or takes from, `title` the
    head of its column in a comparison (with `{leader}`), `relative`: a change in percent says something.
    """

    name: str
    index: tuple[str, ...]
    unit: str
    kind: Kind
    meaning: str
    adds_to: str = ""
    title: str = ""
    relative: bool = False


class Series(NamedTuple):
    """One metric's item over some periods."""

    metric: str
    item: str
    unit: str
    periods: Sequence[str]
    values: list[float]


def _metric(name: str, index: str, unit: str, kind: Kind, meaning: str, **more: Any) -> MetricSpec:
    return MetricSpec(name, tuple(index.split()), unit, kind, meaning, **more)


def _named(*metrics: MetricSpec) -> Mapping[str, MetricSpec]:
    return MappingProxyType({metric.name: metric for metric in metrics})


VARIABLES: Final = _named(
    _metric(
        "imports", "chips", "thousand chips", "flow", "chips bought legally on the market", adds_to="fleet"
    ),
    _metric(
        "beyond",
        "chips",
        "thousand chips",
        "flow",
        "legal purchases beyond the normal share of a chip's supply",
    ),
    _metric(
        "grey",
        "chips",
        "thousand chips",
        "flow",
        "rule-limited chips bought on the grey market",
        adds_to="fleet",
    ),
    _metric(
        "domestic",
        "chips",
        "thousand chips",
        "flow",
        "chips made on the country's own lines",
        adds_to="fleet",
    ),
    _metric(
        "retired",
        "chips",
        "thousand chips",
        "flow",
        "chips taken out of the fleet before they fail",
        adds_to="fleet",
    ),
    _metric("fleet", "chips", "thousand chips", "stock", "chips installed"),
    _metric("stock", "chips uses", "thousand chips", "stock", "the fleet by use", adds_to="fleet"),
    _metric("rented", "uses", "kH100e", "level", "offshore cloud rented", adds_to="research_compute"),
    _metric("research_compute", "", "kH100e", "level", "compute at work on research, at its research rating"),
    _metric("delivery_compute", "", "kH100e", "level", "compute at work on delivery, at its delivery rating"),
    _metric("power_built", "", "GW", "flow", "power ordered", adds_to="power"),
    _metric("power", "", "GW", "stock", "power available"),
    _metric("talent", "", "thousand people", "stock", "researchers"),
    _metric("trained", "", "thousand people", "flow", "graduates taken on", adds_to="talent"),
    _metric("recruited", "", "thousand people", "flow", "researchers recruited abroad", adds_to="talent"),
    _metric("released", "", "thousand people", "flow", "researchers let go", adds_to="talent"),
    _metric("education", "", "thousand people", "flow", "extra graduates ordered", adds_to="talent"),
    _metric("research_agents", "", "kH100e", "level", "delivery compute on which agents do research"),
    _metric("research_index", "", "1", "level", "research compute over the leader's in the base year"),
    _metric("talent_index", "", "1", "level", "researchers over the leader's in the base year"),
    _metric("effort", "", "1", "level", "research effort, the leader's in the base year = 1"),
    _metric("knowledge", "", "leader-effort years", "stock", "research effort accumulated"),
    _metric("absorbed", "", "leader-effort years", "flow", "knowledge absorbed from the frontier"),
    _metric("efficiency", "", "log units", "level", "algorithmic efficiency"),
    _metric("own", "", "log units", "level", "effective research compute by the country's own means"),
    _metric(
        "capability",
        "",
        "log units",
        "level",
        "effective research compute, imitation included",
        title="capability\nlog units",
    ),
    _metric("segment_compute", "segments", "kH100e", "level", "delivery compute of a segment"),
    _metric("service", "segments", "log units", "level", "service delivered over the base state's"),
    _metric("shortfall", "segments", "log units", "level", "service missing to what operations require"),
    _metric("wafer_built", "lines", "kwpm", "flow", "wafer capacity ordered", adds_to="wafer_capacity"),
    _metric("wafer_capacity", "lines", "kwpm", "stock", "wafer capacity"),
    _metric("wafers_started", "lines", "thousand wafers", "flow", "wafers started for AI chips"),
    _metric("level", "staged_lines levels", "0/1", "level", "1 at the level of learning where a line stands"),
    _metric(
        *("startable", "staged_lines levels", "thousand wafers", "flow"),
        "wafers that a line can start for AI chips, at the level where it stands",
    ),
    _metric(
        *("started", "staged_lines levels", "thousand wafers", "flow"),
        "wafers started for AI chips, at the level where the line stands",
    ),
    _metric("experience", "staged_lines", "thousand wafers", "stock", "wafers that a line has learned from"),
    _metric("unlocked", "staged_lines", "0/1", "level", "1 where a node is unlocked"),
    _metric("node_rd", "staged_lines", "USD bn", "flow", "research on a node", adds_to="node_progress"),
    _metric("node_progress", "staged_lines", "USD bn", "stock", "research on a node that has come to bear"),
    _metric(
        "modules", "staged_lines", "modules", "flow", "modules of fabs ordered", adds_to="wafer_capacity"
    ),
    _metric(
        *("class_unlocked", "staged_classes", "0/1", "level"),
        "1 where a class of tools can be made at home",
    ),
    _metric(
        *("class_rd", "staged_classes", "USD bn", "flow", "development of a class of tools at home"),
        adds_to="class_progress",
    ),
    _metric(
        *("class_progress", "staged_classes", "USD bn", "stock"),
        "development of a class of tools that has come to bear",
    ),
    _metric(
        *("packaging_built", "", "thousand packages/year", "flow", "packaging capacity ordered"),
        adds_to="packaging_capacity",
    ),
    _metric("packaging_capacity", "", "thousand packages/year", "stock", "packaging capacity"),
    _metric(
        *("tools_bought", "tool_classes", "kwpm", "flow", "tools bought abroad, by the capacity they equip"),
        adds_to="tool_stock",
    ),
    _metric(
        *("tools_made", "tool_classes", "kwpm", "flow", "tools made at home, by the capacity they equip"),
        adds_to="tool_stock",
    ),
    _metric("tool_stock", "tool_classes", "kwpm", "stock", "tools that wait for a fab"),
    _metric(
        *("toolmaking_built", "tool_classes", "kwpm/year", "flow", "toolmaking ordered"),
        adds_to="toolmaking",
    ),
    _metric("toolmaking", "tool_classes", "kwpm/year", "stock", "tools that toolmakers can make a year"),
    _metric("hbm_built", "", "PB/year", "flow", "memory capacity ordered", adds_to="hbm_capacity"),
    _metric("hbm_capacity", "", "PB/year", "stock", "memory capacity"),
    _metric("hbm_imports", "", "PB", "flow", "memory imported", adds_to="hbm_stock"),
    _metric("hbm_stock", "", "PB", "stock", "memory in store"),
    _metric(
        "bank_drawn",
        "chips",
        "thousand chips",
        "flow",
        "chips finished from stockpiled dies",
        adds_to="fleet",
    ),
    _metric("counted", "rules", "cap unit", "stock", "what counts under a cap since the first period"),
    _metric("home_compute", "", "kH100e", "level", "home-made chips installed, at their research rating"),
    _metric(
        "autonomy",
        "",
        "log units",
        "level",
        "home-made compute over the leader's research compute in the base year",
    ),
    _metric("buy", "", "USD bn", "flow", "purchases of chips, fees and premiums included"),
    _metric("rent", "", "USD bn", "flow", "rent of offshore cloud"),
    _metric("energy", "uses", "USD bn", "flow", "energy"),
    _metric("use_cost", "uses", "USD bn", "flow", "capital charge, rent and energy of the compute in a use"),
    _metric(
        "agents_cost",
        "",
        "USD bn",
        "flow",
        "what the compute of agents that do research costs, under research",
    ),
    _metric(
        "chips_cost",
        "",
        "USD bn",
        "flow",
        "fabs, tools, packaging and memory for home-made chips, and the running of wafers",
    ),
    _metric("talent_cost", "", "USD bn", "flow", "wages, recruiting, education, hiring and letting go"),
    _metric("power_spend", "", "USD bn", "flow", "generation and grid connection"),
    _metric(
        "flow",
        "supplies",
        "by supply",
        "flow",
        "what is bought of a supply that costs more when bought faster",
    ),
    _metric("over", "supplies", "by supply", "flow", "what of it is beyond the normal pace"),
    _metric("premium", "supplies", "USD bn", "flow", "what buying faster than the normal pace costs on top"),
    _metric("excess", "", "USD bn", "flow", "legal purchases beyond normal shares, all-in"),
    _metric("bidup", "", "USD bn", "flow", "what the country's own demand adds to market prices"),
    _metric("recovered", "", "USD bn", "flow", "cost of delivery that its users pay"),
    _metric("home_returned", "", "USD bn", "flow", "value of home-made chips that returns to the plan"),
    _metric("lapsed", "", "USD bn", "flow", "income not used and not carried over"),
    _metric("cash", "", "USD bn", "stock", "cash carried over; negative: debt"),
    _metric("total", "", "USD bn", "flow", "cost of use, all categories"),
    _metric("spend", "categories", "USD bn", "flow", "cost of use"),
)

DERIVED: Final = _named(
    _metric("spend_share", "categories", "1", "level", "share of the cost of use"),
    _metric("outlays", "", "USD bn", "flow", "money paid, whatever it is used for", relative=True),
    _metric("income", "", "USD bn", "flow", "what the plan may spend, cash carried over apart"),
    _metric("carried_in", "", "USD bn", "level", "cash at the start of the period; negative: debt"),
    _metric("interest", "", "USD bn", "flow", "interest on it"),
    _metric("power_drawn", "", "GW", "stock", "power that the fleet draws"),
    _metric("plan_value", "", "log unit years", "level", "objective of a plan that is evaluated"),
    _metric(
        "plan_loss", "", "log units", "level", "what it gives away on average against the best plan found"
    ),
    _metric("limit_broken", "row", "by row", "level", "by how much it breaks a limit"),
    _metric("row_disagrees", "row", "by row", "level", "by how much a row of it is off from what follows"),
    _metric(
        "installed_compute",
        "",
        "kH100e",
        "stock",
        "the whole fleet at its research rating",
        title="compute\nMH100e",
        relative=True,
    ),
    _metric(
        "compute_ratio",
        "",
        "1",
        "level",
        "installed compute over the leader's",
        title="compute\n% {leader}",
        relative=True,
    ),
    _metric(
        *("good_share", "staged_lines", "1", "level"),
        "share of good dies at the level of learning where a line stands",
    ),
    _metric("home_added", "", "kH100e", "flow", "chips made at home, at their research rating"),
    _metric("all_added", "", "kH100e", "flow", "all chips bought and made, at their research rating"),
    _metric("leader_added", "", "kH100e", "flow", "what the leader buys and makes, at its research rating"),
    _metric(
        "market_supply", "", "kH100e", "flow", "what may be bought abroad by rules and by share of supply"
    ),
    _metric("leader_gap", "", "log units", "level", "gap of a leader's plan that is not certified"),
    _metric(
        "effective_ratio",
        "",
        "1",
        "level",
        "effective compute over the leader's, exp(capability difference)",
        title="effective\n% {leader}",
        relative=True,
    ),
    _metric(
        "lag_months",
        "",
        "months",
        "level",
        "time since the leader stood at this capability; negative: ahead",
        title="months\nbehind",
    ),
    _metric(
        "lag_extrapolated", "", "0/1", "level", "1 where the lag reaches back before the leader's base state"
    ),
    _metric("lag_beyond", "", "0/1", "level", "1 where the country is beyond the leader's horizon"),
    _metric(
        "shadow_price", "row", "by row", "level", "gain in the objective per unit by which a limit is eased"
    ),
    _metric(
        "shadow_price_compute",
        "row",
        "by row",
        "level",
        "the same as permanent log percent of effective compute",
    ),
    _metric(
        "shadow_price_usd", "row", "by row", "level", "the same over the price of a dollar in that period"
    ),
)

# What a comparison counts beside them.
OBJECTIVES: Final = _named(
    _metric("objective", "", "log unit years", "level", "what the plan attains"),
    _metric("objective_average", "", "average log units", "level", "the same over discounted years"),
)
QUANTITIES: Final[Mapping[str, MetricSpec]] = MappingProxyType({**VARIABLES, **DERIVED, **OBJECTIVES})

SUPPLY_FLOW_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "grey": "kH100e",
        "rent": "kH100e-years",
        "recruit": "thousand people",
        "hbm": "PB/year",
        "packaging": "thousand packages/year",
    }
)
LINE_FLOW_UNIT: Final = "kwpm"
