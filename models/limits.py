"""The limits of the national plan: the rows that hold something back, and what easing each one means.

Every row of the model is a limit or a definition, which says what a quantity is. Rows that a user adds are
neither; they are told in generic words (`optimizer.result.limits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class LimitSpec:
    """A row of the model whose shadow price is reported: its index, the unit of its right-hand side, the
    line of the budget or scarce thing that it stands for, and what easing it by one unit means."""

    name: str
    index: tuple[str, ...]
    unit: str
    theme: str
    meaning: str


def _limits(rows: list[tuple[str, str, str, str, str]]) -> Mapping[str, LimitSpec]:
    return MappingProxyType(
        {
            name: LimitSpec(name, tuple(index.split()), unit, theme, text)
            for name, index, unit, theme, text in rows
        }
    )


LIMITS: Final = _limits(
    [
        ("import_control", "chips periods", "thousand chips", "chips", "legal purchases"),
        ("yearly_cap", "rules periods", "cap unit", "chips", "yearly cap on purchases"),
        ("cumulative_cap", "rules periods", "cap unit", "chips", "cap on purchases over the years"),
        ("grey_offer", "chips periods", "thousand chips", "chips", "grey-market offer"),
        ("grey_size", "periods", "kH100e", "chips", "size of the grey market"),
        ("rent_available", "periods", "kH100e", "chips", "offshore cloud on offer"),
        ("power_supply", "periods", "GW", "power", "power available"),
        ("power_orders", "periods", "GW", "power", "orders of power"),
        ("schools", "periods", "thousand people", "talent", "graduates"),
        ("recruiting", "periods", "thousand people", "talent", "recruiting abroad"),
        ("education_places", "periods", "thousand people", "talent", "orders of extra graduates"),
        ("tools", "lines periods", "kwpm", "tools", "tools for new wafer capacity"),
        ("wafer_supply", "lines periods", "thousand wafers", "wafers", "good wafers of a line"),
        ("packaging", "chips periods", "thousand chips", "packaging", "packaging"),
        ("die_bank", "chips", "thousand chips", "dies", "stockpiled dies"),
        ("bank_launch", "chips periods", "thousand chips", "dies", "stockpiled dies before their launch"),
        ("memory_orders", "periods", "PB/year", "HBM", "orders of memory capacity"),
        ("memory_imports", "periods", "PB", "HBM", "imports of memory"),
        ("memory_balance", "periods", "PB", "HBM", "memory for home-made chips"),
        ("home_market", "periods", "USD mn", "policy", "home-made share that a mandate requires"),
        ("least_share", "categories periods", "USD bn", "policy", "floor on a category of the budget"),
        ("largest_share", "categories periods", "USD bn", "policy", "ceiling on a category of the budget"),
        ("budget", "periods", "USD bn", "budget", "income"),
        ("debt", "periods", "USD bn", "budget", "limit on debt"),
        ("last_debt", "", "USD bn", "budget", "limit on debt at the end"),
        ("carry_over", "periods", "USD bn", "budget", "cash that can be carried over"),
        ("requirement", "segments periods", "log units", "service", "required service"),
        ("satiation", "segments periods", "log units", "service", "satiation"),
        ("data_bottleneck", "periods", "log units", "data", "data for training at scale"),
    ]
)

# Rows that say what a quantity is: they hold whatever is decided, and nobody can ease them.
DEFINITIONS: Final = frozenset(
    (
        *("fleet_balance", "fleet_use", "compute_for_research", "compute_for_delivery", "cap_count"),
        *("power_balance", "talent_balance", "research_index_row", "talent_index_row", "research_effort"),
        *("knowledge_balance", "spillover_from_frontier", "absorptive_capacity", "efficiency_of_knowledge"),
        *("own_level", "capability_level", "segment_supply", "service_level", "wafer_balance"),
        *("fabrication_not_negative", "memory_capacity", "purchases", "rent_paid", "energy_paid"),
        *("chips_paid", "talent_paid", "power_paid", "supply_flow", "premium_for_pace", "imports_at_cost"),
        *("excess_demand", "bid_up", "recovery", "home_returns", "cost_of_use", "category_spending"),
        *("total_spending", "home_made_compute", "autonomy_level"),
    )
)
