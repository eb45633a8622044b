"""The parameter table: each number of the model once, with its index sets, unit and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class ParameterSpec:
    """One row of the parameter table: its name, index sets (names of `PlanSets`), unit and meaning, and the
    section of the table that it stands in."""

    name: str
    index: tuple[str, ...]
    unit: str
    meaning: str
    section: str


def _table() -> Mapping[str, ParameterSpec]:
    # a name by itself begins a section
    rows: list[str | tuple[str, str, str, str]] = [
        "time",
        ("dt", "", "year", "length of a period"),
        ("discount", "periods", "1", "discount factor at mid-period"),
        ("tail", "", "1", "periods solved beyond the reported ones"),
        "fleet",
        ("is_domestic", "chips", "1", "1 where the country makes the chip on its own lines"),
        ("survival", "chips", "1", "share of a fleet that survives a year"),
        ("research_h100e", "chips", "kH100e/kchip", "rating for research, H100e per chip"),
        ("delivery_h100e", "chips", "kH100e/kchip", "rating for delivery, H100e per chip"),
        ("power_per_chip", "chips", "GW/kchip", "facility power drawn by a thousand chips"),
        ("fleet0", "chips", "kchip", "fleet at the start of the first period"),
        ("use0", "uses", "1", "share of the first fleet in each use"),
        ("unit_cost", "chips periods", "USD_mn/kchip", "all-in cost of a chip (thousand USD per chip)"),
        ("fee", "chips periods", "USD_mn/kchip", "tariff or revenue share on legal purchases"),
        ("grey_premium", "chips periods", "USD_mn/kchip", "premium on grey-market purchases"),
        ("charge", "chips periods", "USD_mn/kchip/year", "capital charge of a chip in use"),
        "trade",
        ("import_limit", "chips periods", "kchip/year", "most that can be bought legally"),
        ("normal_import", "chips periods", "kchip/year", "the country's normal share of a chip's supply"),
        ("grey_open", "chips periods", "kchip/year", "most of a chip that the grey market offers"),
        ("make_limit", "chips periods", "kchip/year", "most that can be made at home"),
        ("cap_weight", "rules chips periods", "cap_unit/kchip", "what a thousand chips count under a cap"),
        ("cap", "rules periods", "cap_unit/year", "yearly cap"),
        ("cap_cumulative", "rules periods", "cap_unit", "cap on the total since the first period"),
        ("grey_limit", "periods", "kH100e/year", "size of the grey market"),
        ("rent_limit", "periods", "kH100e", "offshore compute that can be rented"),
        ("rent_cost", "periods", "USD_bn/kH100e/year", "rent of offshore compute"),
        ("mandate", "periods", "1", "home-made share of compute purchases, by value, required"),
        "power",
        ("power0", "", "GW", "power available at the start"),
        ("power_pending", "periods", "GW", "power already under construction, by period of arrival"),
        ("power_build_limit", "periods", "GW/year", "most that can be ordered"),
        ("power_arrival", "delays", "1", "share of an order that arrives after d periods"),
        ("power_cost", "", "USD_bn/GW", "generation and grid connection"),
        ("energy_cost", "periods", "USD_bn/GW/year", "energy of a GW drawn all year"),
        "talent",
        ("talent0", "", "kperson", "researchers at the start"),
        ("attrition", "", "1", "share of researchers who leave in a year"),
        ("graduates", "periods", "kperson/year", "most that the schools deliver without a programme"),
        ("recruit_limit", "periods", "kperson/year", "most that can be recruited abroad"),
        ("education_limit", "periods", "kperson/year", "most extra graduates that can be ordered"),
        ("education_arrival", "delays", "1", "share of ordered graduates who arrive after d periods"),
        ("wage", "", "USD_bn/kperson/year", "cost of a thousand researchers"),
        ("recruit_cost", "", "USD_bn/kperson", "cost of recruiting a thousand"),
        ("education_cost", "", "USD_bn/kperson", "cost of educating a thousand more"),
        ("hiring_cost", "", "USD_bn/kperson", "cost of taking on a thousand graduates"),
        ("release_cost", "", "USD_bn/kperson", "cost of letting a thousand researchers go"),
        "research",
        ("theta", "", "1", "weight of compute in research effort"),
        ("substitution", "", "1", "elasticity of substitution between compute and researchers"),
        ("parallel", "", "1", "returns to parallel effort"),
        ("compute_ref", "", "kH100e", "the leader's research compute in the base state"),
        ("compute_floor", "", "kH100e", "compute that every country has"),
        ("talent_ref", "", "kperson", "the leader's researchers in the base state"),
        ("knowledge0", "", "year", "knowledge at the start, leader-effort years"),
        ("knowledge_ref", "", "year", "the leader's knowledge in the base state, leader-effort years"),
        ("spillover", "", "1/year", "rate at which the knowledge gap closes by itself"),
        ("absorption", "", "1", "knowledge that can be absorbed per unit of own effort"),
        ("frontier", "base_and_periods", "year", "the leader's knowledge, base state first"),
        ("returns", "", "1", "returns of efficiency to knowledge"),
        ("data_wall", "", "kH100e", "research compute beyond which data is short"),
        ("data_slope", "", "1", "returns to compute beyond the data wall"),
        ("imitation", "", "1", "weight of the leader's level in the country's own"),
        ("help_ceiling", "", "1", "most that copying the leader adds to the country's own level, log units"),
        ("catch_up_offset", "", "1", "lead in efficiency that an observed lag is read as, log units"),
        ("leader_capability", "periods", "1", "the leader's capability, log units"),
        ("leader_efficiency", "periods", "1", "the leader's algorithmic efficiency, log units"),
        ("openness", "", "1", "share of efficiency in delivery that is the leader's, published"),
        ("automation", "periods", "kperson/kH100e", "researchers whom agents on that much compute stand for"),
        (
            "agents_limit",
            "periods",
            "kH100e",
            "compute that research agents may use: none without automation",
        ),
        "delivery",
        ("segment_ref", "segments", "kH100e", "delivery compute of the segment in the base state"),
        ("segment_floor", "segments", "kH100e", "service that exists without AI compute"),
        ("service_floor", "segments periods", "1", "service required, log units"),
        ("service_ceiling", "segments periods", "1", "service beyond which more is worth nothing, log units"),
        ("passthrough", "segments", "1", "share of efficiency that serves the segment"),
        ("w_segment", "segments", "1", "weight of the segment's service in the objective"),
        ("shortfall_weight", "segments periods", "1", "the segment's share of the compute that is required"),
        "industry",
        ("on_line", "chips lines", "1", "1 where the chip is made on the line"),
        ("wafers_per_chip", "chips", "kwafer/kchip", "wafers per chip at full yield"),
        ("hbm_per_chip", "chips", "PB/kchip", "high-bandwidth memory of a thousand chips"),
        ("bank0", "chips", "kchip", "chips whose dies were stockpiled before a control"),
        (
            "bank_limit",
            "chips periods",
            "kchip",
            "stockpiled dies that can be finished",
        ),
        ("launched", "chips periods", "1", "share of the period in which the chip is made"),
        ("launch_side", "chips periods", "1", "0 in the period of launch or end, infinite in others"),
        ("designed_by", "chips designers", "1", "1 where the chip is of the group of designers"),
        (
            "designer_ceiling",
            "designers lines periods",
            "1",
            "largest share of a line for a group of designers",
        ),
        (
            "ceiling_side",
            "designers lines periods",
            "kwafer",
            "0 where a designers' ceiling holds, else infinite",
        ),
        ("packages_per_chip", "chips", "kpackage/kchip", "packages of the reference chip"),
        ("packaging0", "", "kpackage/year", "packaging capacity at the start"),
        (
            "packaging_pending",
            "periods",
            "kpackage/year",
            "packaging under construction, by period of arrival",
        ),
        ("packaging_build_limit", "periods", "kpackage/year/year", "most packaging that can be ordered"),
        ("packaging_arrival", "delays", "1", "share of an order that arrives after d periods"),
        ("packaging_cost", "", "USD_bn*year/kpackage", "cost of packaging capacity of a thousand per year"),
        ("wafer_capacity0", "lines", "kwpm", "wafer capacity at the start"),
        ("wafer_pending", "lines periods", "kwpm", "capacity under construction, by period of arrival"),
        ("wafer_arrival", "lines delays", "1", "share of an order that arrives after d periods"),
        ("wafer_cost", "lines", "USD_bn/kwpm", "cost of a thousand wafers per month, tools left out"),
        ("wafer_run_cost", "lines", "USD_bn/kwafer", "cost of starting a thousand wafers"),
        ("ai_share", "lines periods", "1", "share of the line for AI chips"),
        ("wafer_yield", "lines periods", "1", "share of dies that are good"),
        ("transfer", "", "1", "know-how shared by foreign partners, 0 to 1"),
        ("tools_per_wafer", "lines tool_classes", "1", "tools of a class per wafer capacity of a line"),
        ("tool_stock0", "tool_classes", "kwpm", "tools in stock at the start"),
        ("tool_import_limit", "tool_classes periods", "kwpm/year", "tools that can be bought abroad"),
        (
            "tool_price",
            "tool_classes periods",
            "USD_bn/kwpm",
            "price of tools for a thousand wafers per month",
        ),
        (
            "toolmaking0",
            "tool_classes",
            "kwpm/year",
            "tools that toolmakers at home make a year at the start",
        ),
        (
            "toolmaking_pending",
            "tool_classes periods",
            "kwpm/year",
            "toolmaking being set up, by period of arrival",
        ),
        (
            "toolmaking_build_limit",
            "tool_classes periods",
            "kwpm/year/year",
            "most toolmaking that can be set up",
        ),
        ("toolmaking_arrival", "tool_classes delays", "1", "share of an order that arrives after d periods"),
        ("toolmaking_cost", "tool_classes", "USD_bn*year/kwpm", "cost of toolmaking for a kwpm a year"),
        # staged mode
        ("yield_level", "staged_lines levels", "1", "share of dies that are good at a level of learning"),
        ("learning_wafers", "staged_lines levels", "kwafer", "experience that a level takes"),
        ("next_threshold", "staged_lines levels", "kwafer", "experience at which the level above is reached"),
        (
            *("reachable", "staged_lines levels periods", "1"),
            "1 where a line may stand at the level by then",
        ),
        (
            *("spare_experience", "staged_lines levels periods", "kwafer"),
            "experience beyond a level's own that a line has by then in any plan",
        ),
        ("started_max", "staged_lines periods", "kwafer", "wafers that no plan can exceed"),
        ("learning0", "staged_lines", "kwafer", "experience at the start"),
        ("learning_other", "staged_lines periods", "kwafer", "experience from other products and firms"),
        ("node_cost", "staged_lines", "USD_bn", "research still to be paid for a node"),
        ("node_arrival", "staged_lines delays", "1", "share of research that bears after d periods"),
        ("node_rate_limit", "staged_lines periods", "USD_bn/year", "most research on a node"),
        ("openable", "staged_lines periods", "1", "1 where the node can be unlocked by then"),
        ("previous_line", "staged_lines staged_lines", "1", "1 where the second line comes before the first"),
        ("module", "staged_lines", "kwpm", "size of a fab's module, 0 for any size"),
        ("modules_max", "staged_lines periods", "1", "modules ordered by then that no plan can exceed"),
        ("module_side", "staged_lines", "kwpm", "0 where fabs come in modules, else infinite"),
        ("class_cost", "staged_classes", "USD_bn", "development still to be paid for a class of tools"),
        ("class_arrival", "staged_classes delays", "1", "share of development that bears after d periods"),
        ("class_rate_limit", "staged_classes periods", "USD_bn/year", "most development of a class"),
        ("class_openable", "staged_classes periods", "1", "1 where the class can be unlocked by then"),
        ("tools_made_max", "staged_classes periods", "kwpm", "tools that toolmakers at home cannot exceed"),
        # memory
        ("hbm_capacity0", "", "PB/year", "memory capacity at the start"),
        ("hbm_pending", "periods", "PB/year", "memory capacity under construction, by period of arrival"),
        ("hbm_build_limit", "periods", "PB/year/year", "most memory capacity that can be ordered"),
        ("hbm_arrival", "delays", "1", "share of an order that arrives after d periods"),
        ("hbm_cost", "", "USD_bn*year/PB", "cost of memory capacity of a PB per year"),
        ("hbm_price", "periods", "USD_bn/PB", "price of imported memory"),
        ("hbm_stock0", "", "PB", "memory stockpiled"),
        ("hbm_import_limit", "periods", "PB/year", "memory that can be imported"),
        "budget",
        ("income", "periods", "USD_bn/year", "what the plan may spend"),
        ("interest", "", "1", "interest on cash, per year"),
        ("cash0", "", "USD_bn", "cash at the start"),
        ("debt_limit", "periods", "USD_bn", "most debt"),
        ("carry_limit", "periods", "USD_bn", "most cash that can be carried over"),
        ("cost_recovery", "", "1", "share of the cost of delivery that users pay"),
        ("home_return", "", "1", "share of the value of home-made chips that returns to the plan"),
        ("chip_part", "chips", "1", "the chip's share of the all-in cost"),
        ("price", "supplies periods", "USD_bn/flow", "price at the normal pace of a supply"),
        ("elasticity", "supplies", "1", "price elasticity of a supply"),
        ("normal", "supplies periods", "flow/year", "normal pace of a supply: up to it no premium"),
        ("supply_elasticity", "", "1", "price elasticity of the world's chip supply"),
        ("world_spend", "periods", "USD_bn/year", "world spending on chips"),
        ("base_value", "periods", "USD_bn/year", "spending of the country that market prices reflect"),
        ("share_floor", "categories periods", "1", "least share of the budget"),
        ("share_ceiling", "categories periods", "1", "largest share of the budget"),
        "objective",
        ("w_capability", "", "1", "weight of capability"),
        ("w_autonomy", "", "1", "weight of autonomy"),
        ("autonomy_floor", "", "kH100e", "floor of home-made compute in the logarithm"),
        ("shortfall_penalty", "", "1", "penalty per log unit by which all of delivery is short"),
        ("terminal", "", "year", "years for which the last value counts on"),
    ]
    table: dict[str, ParameterSpec] = {}
    section = ""
    for row in rows:
        if isinstance(row, str):
            section = row
        else:
            name, index, unit, meaning = row
            table[name] = ParameterSpec(name, tuple(index.split()), unit, meaning, section)
    return MappingProxyType(table)


TABLE: Final = _table()
