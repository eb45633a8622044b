"""The rows of the national plan that are no limits."""

from __future__ import annotations

from typing import Final

# Rows that say what a quantity is: they hold whatever is decided, and nobody can ease them.
DEFINITIONS: Final = frozenset(
    (
        *("fleet_balance", "fleet_use", "compute_for_research", "compute_for_delivery", "cap_count"),
        *("power_balance", "talent_balance", "research_index_row", "talent_index_row", "research_effort"),
        *("knowledge_balance", "spillover_from_frontier", "absorptive_capacity", "efficiency_of_knowledge"),
        *("own_level", "capability_level", "segment_supply", "service_level", "wafer_balance"),
        *(
            "good_wafers",
            "packaging_balance",
            "tool_balance",
            "toolmaking_balance",
            "fabrication_not_negative",
        ),
        *("one_level", "level_within_reach", "experience_balance", "level_earned", "level_reached"),
        *("level_kept", "startable_at_level", "startable_when_unlocked", "started_of_startable"),
        *("wafers_of_levels", "earned_wafers", "node_progress_balance", "node_paid", "node_within_reach"),
        *("node_order", "node_kept", "fab_modules", "modules_within_reach", "class_progress_balance"),
        *("class_paid", "class_within_reach", "class_kept", "class_tools"),
        *("memory_capacity", "purchases", "rent_paid", "energy_paid", "chips_paid", "talent_paid"),
        *("power_paid", "supply_flow", "pace_beyond_normal", "premium_for_pace", "normal_share"),
        *("excess_demand", "bid_up", "recovery", "home_returns", "cost_of_use", "category_spending"),
        *("total_spending", "home_made_compute", "autonomy_level", "agents_paid"),
    )
)
