"""The rows of the model, written out by hand with numbers for one small quarterly plan.

Each row was derived from the mathematics in docs/mathematics.md and the numbers in `CHANGES` (and, for what
does not appear there, in `small_plan`), with chip prices in thousand USD and money in USD bn. Every
Constraint has at least one row here; those that look back have one in the first period as well, where the
initial stock stands for the period before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.model.golden_industry import INDUSTRY_ROWS

STEP = np.arange(4)


def _grow(*start: float, by: float) -> Any:
    """Numbers by period that grow by equal steps: shape (len(start), 4)."""
    return np.array(start)[:, None] + by * STEP


CHANGES: dict[str, Any] = {
    "discount": [0.99, 0.98, 0.97, 0.96],
    "unit_cost": _grow(60, 25, 70, 40, 35, by=1),
    "fee": _grow(6, 2, 1, 3, 4, by=0),
    "grey_premium": _grow(5, 7, 30, 8, 9, by=0),
    "charge": _grow(9, 4, 10, 6, 5, by=0.1),
    "import_limit": _grow(200, 400, 10, 20, 30, by=10),
    "normal_import": _grow(90, 250, 0, 40, 50, by=8),
    "grey_open": _grow(0, 0, 100, 0, 0, by=4),
    "make_limit": _grow(0, 0, 0, 900, 50, by=10),
    "bank_limit": _grow(0, 0, 0, 0, 40, by=5),
    "cap_weight": _grow(1, 0.5, 0, 0, 0, by=0.1)[None],
    "cap": [[150, 160, 170, 180]],
    "cap_cumulative": [[500, 510, 520, 530]],
    "grey_limit": [150, 160, 170, 180],
    "rent_limit": [300, 310, 320, 330],
    "rent_cost": [0.02, 0.03, 0.04, 0.05],
    "mandate": [0.05, 0.1, 0.15, 0.2],
    "power_pending": [0.1, 0.2, 0.3, 0.4],
    "power_build_limit": [5, 6, 7, 8],
    "power_arrival": [0.5, 0.3, 0.2] + 10 * [0],
    "energy_cost": [0.7, 0.8, 0.9, 1.0],
    "graduates": [8, 9, 10, 11],
    "recruit_limit": [5, 6, 7, 8],
    "education_limit": [3, 4, 5, 6],
    "education_arrival": [0, 0.4, 0.6] + 10 * [0],
    "theta": 0.6,
    "spillover": 2.0,
    "frontier": [1.4, 1.5, 1.7, 2.0, 2.4],
    "leader_capability": [0.1, 0.2, 0.3, 0.4],
    "leader_efficiency": [0.05, 0.15, 0.25, 0.35],
    "automation": [0.01, 0.02, 0.03, 0.04],
    "agents_limit": [100, 110, 120, 130],
    "service_floor": _grow(0.2, -0.1, by=0.3),
    "service_ceiling": _grow(1.2, 0.9, by=0.3),
    "shortfall_weight": [[0.1, 0.3, 0.4, 0.6], [0.9, 0.7, 0.6, 0.4]],
    "launched": _grow(0.2, 0.2, 0.2, 0.4, 0.5, by=0.1),
    "launch_side": _grow(0, 0, 0, 5, 6, by=1),
    "designer_ceiling": [[[0.6, 0.7, 0.8, 0.9]]],
    "ceiling_side": [[[1, 2, 3, 4]]],
    "packages_per_chip": [0.1, 0.2, 0.3, 1, 0.5],
    "packaging_pending": [15, 16, 17, 18],
    "packaging_build_limit": [200, 220, 240, 260],
    "packaging_arrival": [0.2, 0.8] + 11 * [0],
    "wafer_pending": [[1, 2, 3, 4]],
    "tool_import_limit": [[20, 24, 28, 32]],
    "toolmaking_pending": [[0.5, 0.6, 0.7, 0.8]],
    "toolmaking_build_limit": [[4, 5, 6, 7]],
    "toolmaking_arrival": [[0.3, 0.7] + 11 * [0]],
    "wafer_arrival": [[0.25, 0.75] + 11 * [0]],
    "ai_share": [[0.4, 0.5, 0.6, 0.7]],
    "wafer_yield": [[0.35, 0.4, 0.45, 0.5]],
    "hbm_pending": [2, 3, 4, 5],
    "hbm_build_limit": [60, 64, 68, 72],
    "hbm_arrival": [0.1, 0.9] + 11 * [0],
    "hbm_price": [0.015, 0.016, 0.017, 0.018],
    "hbm_import_limit": [10, 12, 14, 16],
    "income": [60, 70, 80, 90],
    "cash0": -2,
    "debt_limit": [5, 6, 7, 8],
    "carry_limit": [15, 16, 17, 18],
    "chip_part": [0.1, 0.2, 0.3, 0.5, 0.6],
    "price": _grow(0.03, 0.02, 0.4, 0.05, 0.002, 0.2, 0.3, by=0.01),
    "normal": _grow(50, 70, 1, 5, 75, 5, 4, by=2),
    "world_spend": [500, 520, 540, 560],
    "base_value": [9, 10, 11, 12],
    "share_floor": _grow(0.01, 0.02, 0.03, 0.04, 0.05, by=0.01),
    "share_ceiling": _grow(0.5, 0.6, 0.7, 0.8, 0.9, by=0.01),
}

ROWS: dict[str, list[str]] = {
    # compute fleet
    "fleet_balance[big,2026Q1]": [
        "stock[big,research,2026Q1] + stock[big,delivery,2026Q1] == 0.91**0.25 * 100",
        "+ 0.91**0.125 * (imports[big,2026Q1] + grey[big,2026Q1])",
        "- retired[big,2026Q1]",
    ],
    "fleet_balance[home,2026Q2]": [
        "stock[home,research,2026Q2] + stock[home,delivery,2026Q2]",
        "== 0.9**0.25 * (stock[home,research,2026Q1] + stock[home,delivery,2026Q1])",
        "+ 0.9**0.125 * (imports[home,2026Q2] + grey[home,2026Q2] + domestic[home,2026Q2])",
        "- retired[home,2026Q2]",
    ],
    "fleet_use[small,2026Q3]": [
        "stock[small,research,2026Q3] + stock[small,delivery,2026Q3] == fleet[small,2026Q3]"
    ],
    "compute_for_research[2026Q1]": [
        "research_compute[2026Q1] == 1.15 * (30 + stock[big,research,2026Q1])",
        "+ 0.075 * (90 + stock[small,research,2026Q1]) + 1.25 * (15 + stock[denied,research,2026Q1])",
        "+ 0.2 * (120 + stock[home,research,2026Q1]) + 0.15 * (30 + stock[banked,research,2026Q1])",
        "+ rented[research,2026Q1]",
    ],
    "compute_for_research[2026Q2]": [
        "research_compute[2026Q2] == 1.15 * (stock[big,research,2026Q1] + stock[big,research,2026Q2])",
        "+ 0.075 * (stock[small,research,2026Q1] + stock[small,research,2026Q2])",
        "+ 1.25 * (stock[denied,research,2026Q1] + stock[denied,research,2026Q2])",
        "+ 0.2 * (stock[home,research,2026Q1] + stock[home,research,2026Q2])",
        "+ 0.15 * (stock[banked,research,2026Q1] + stock[banked,research,2026Q2])",
        "+ rented[research,2026Q2]",
    ],
    "compute_for_delivery[2026Q1]": [
        "delivery_compute[2026Q1] == 1.0 * (70 + stock[big,delivery,2026Q1])",
        "+ 0.45 * (210 + stock[small,delivery,2026Q1]) + 1.1 * (35 + stock[denied,delivery,2026Q1])",
        "+ 0.25 * (280 + stock[home,delivery,2026Q1]) + 0.2 * (70 + stock[banked,delivery,2026Q1])",
        "+ rented[delivery,2026Q1]",
    ],
    "compute_for_delivery[2026Q2]": [
        "delivery_compute[2026Q2] == 1.0 * (stock[big,delivery,2026Q1] + stock[big,delivery,2026Q2])",
        "+ 0.45 * (stock[small,delivery,2026Q1] + stock[small,delivery,2026Q2])",
        "+ 1.1 * (stock[denied,delivery,2026Q1] + stock[denied,delivery,2026Q2])",
        "+ 0.25 * (stock[home,delivery,2026Q1] + stock[home,delivery,2026Q2])",
        "+ 0.2 * (stock[banked,delivery,2026Q1] + stock[banked,delivery,2026Q2])",
        "+ rented[delivery,2026Q2]",
    ],
    "rent_available[2026Q2]": ["rented[research,2026Q2] + rented[delivery,2026Q2] <= 310"],
    # trade
    "import_control[big,2026Q2]": ["imports[big,2026Q2] <= 52.5"],
    "normal_share[big,2026Q2]": ["0 <= imports[big,2026Q2] - beyond[big,2026Q2] <= 24.5"],
    "cap_count[quota,2026Q1]": [
        "counted[quota,2026Q1] == 1.0 * imports[big,2026Q1] + 0.5 * imports[small,2026Q1]"
    ],
    "cap_count[quota,2026Q2]": [
        "counted[quota,2026Q2] == counted[quota,2026Q1] + 1.1 * imports[big,2026Q2]",
        "+ 0.6 * imports[small,2026Q2] + 0.1 * imports[denied,2026Q2] + 0.1 * imports[home,2026Q2]",
        "+ 0.1 * imports[banked,2026Q2]",
    ],
    "yearly_cap[quota,2026Q1]": ["counted[quota,2026Q1] <= 37.5"],
    "yearly_cap[quota,2026Q2]": ["counted[quota,2026Q2] - counted[quota,2026Q1] <= 40"],
    "cumulative_cap[quota,2026Q2]": ["counted[quota,2026Q2] <= 510"],
    "grey_offer[denied,2026Q2]": ["grey[denied,2026Q2] <= 26"],
    "grey_size[2026Q2]": [
        "2.3 * grey[big,2026Q2] + 0.9 * grey[small,2026Q2] + 2.5 * grey[denied,2026Q2]",
        "+ 0.5 * grey[home,2026Q2] + 0.4 * grey[banked,2026Q2] <= 40",
    ],
    "home_market[2026Q2]": [
        "71 * domestic[denied,2026Q2]",
        "+ 41 * domestic[home,2026Q2] + 36 * domestic[banked,2026Q2] >= 0.1 * (",
        "61 * (imports[big,2026Q2] + grey[big,2026Q2])",
        "+ 26 * (imports[small,2026Q2] + grey[small,2026Q2])",
        "+ 71 * (domestic[denied,2026Q2] + imports[denied,2026Q2] + grey[denied,2026Q2])",
        "+ 41 * (domestic[home,2026Q2] + imports[home,2026Q2] + grey[home,2026Q2])",
        "+ 36 * (domestic[banked,2026Q2] + imports[banked,2026Q2] + grey[banked,2026Q2])",
        "+ 7.5 * (rented[research,2026Q2] + rented[delivery,2026Q2]))",
    ],
    # power
    "power_balance[2026Q1]": ["power[2026Q1] == 2.4 + 0.1 + 0.5 * power_built[2026Q1]"],
    "power_balance[2026Q3]": [
        "power[2026Q3] == power[2026Q2] + 0.3 + 0.5 * power_built[2026Q3]",
        "+ 0.3 * power_built[2026Q2] + 0.2 * power_built[2026Q1]",
    ],
    "power_supply[2026Q2]": [
        "0.003 * (stock[big,research,2026Q2] + stock[big,delivery,2026Q2])",
        "+ 0.001 * (stock[small,research,2026Q2] + stock[small,delivery,2026Q2])",
        "+ 0.003 * (stock[denied,research,2026Q2] + stock[denied,delivery,2026Q2])",
        "+ 0.0015 * (stock[home,research,2026Q2] + stock[home,delivery,2026Q2])",
        "+ 0.001 * (stock[banked,research,2026Q2] + stock[banked,delivery,2026Q2]) <= power[2026Q2]",
    ],
    "power_orders[2026Q2]": ["power_built[2026Q2] <= 1.5"],
    # talent
    "talent_balance[2026Q1]": [
        "talent[2026Q1] == 0.9**0.25 * 50 + trained[2026Q1] + recruited[2026Q1] - released[2026Q1]"
    ],
    "talent_balance[2026Q2]": [
        "talent[2026Q2] == 0.9**0.25 * talent[2026Q1] + trained[2026Q2] + recruited[2026Q2]",
        "- released[2026Q2]",
    ],
    "schools[2026Q3]": ["trained[2026Q3] <= 2.5 + 0.4 * education[2026Q2] + 0.6 * education[2026Q1]"],
    "recruiting[2026Q2]": ["recruited[2026Q2] <= 1.5"],
    "education_places[2026Q2]": ["education[2026Q2] <= 1"],
    # research
    "research_index_row[2026Q2]": ["research_index[2026Q2] == (research_compute[2026Q2] + 0.4) / 4000"],
    "talent_index_row[2026Q1]": [
        "talent_index[2026Q1] == (50 + talent[2026Q1] + 0.02 * research_agents[2026Q1]) / 126 + 1e-9"
    ],
    "talent_index_row[2026Q2]": [
        "talent_index[2026Q2] == (talent[2026Q1] + talent[2026Q2] + 0.04 * research_agents[2026Q2]) / 126",
        "+ 1e-9",
    ],
    "agents_open[2026Q2]": ["research_agents[2026Q2] <= 110"],
    "research_effort[2026Q2]": [
        "effort[2026Q2] <= (0.6 * research_index[2026Q2]**-0.25 + 0.4 * talent_index[2026Q2]**-0.25)**-2.8"
    ],
    "knowledge_balance[2026Q1]": [
        "knowledge[2026Q1] == 0.8 + (1 - exp(-0.5)) / 2 * effort[2026Q1] + absorbed[2026Q1]"
    ],
    "knowledge_balance[2026Q2]": [
        "knowledge[2026Q2] == knowledge[2026Q1] + (1 - exp(-0.5)) / 2 * effort[2026Q2] + absorbed[2026Q2]"
    ],
    "spillover_from_frontier[2026Q1]": ["absorbed[2026Q1] <= (1 - exp(-0.5)) * (1.45 - 0.8)"],
    "spillover_from_frontier[2026Q2]": ["absorbed[2026Q2] <= (1 - exp(-0.5)) * (1.6 - knowledge[2026Q1])"],
    "absorptive_capacity[2026Q2]": ["absorbed[2026Q2] <= (4 * 0.25 - (1 - exp(-0.5)) / 2) * effort[2026Q2]"],
    "efficiency_of_knowledge[2026Q1]": ["efficiency[2026Q1] <= 1.5 * log((0.8 + knowledge[2026Q1]) / 2.8)"],
    "efficiency_of_knowledge[2026Q2]": [
        "efficiency[2026Q2] <= 1.5 * log((knowledge[2026Q1] + knowledge[2026Q2]) / 2.8)"
    ],
    "own_level[2026Q2]": ["own[2026Q2] <= efficiency[2026Q2] + 0.05 + log(research_index[2026Q2])"],
    "data_bottleneck[2026Q2]": [
        "own[2026Q2] - efficiency[2026Q2] - 0.4 * log(research_index[2026Q2]) <= 0.6 * log(0.625) + 0.05"
    ],
    "capability_level[2026Q2]": ["1.8 * capability[2026Q2] <= own[2026Q2] + 0.16"],
    "help_from_copying[2026Q2]": ["capability[2026Q2] <= own[2026Q2] + 1.2"],
    # delivery
    "segment_supply[2026Q2]": [
        "segment_compute[public,2026Q2] + segment_compute[firms,2026Q2] + research_agents[2026Q2]",
        "<= delivery_compute[2026Q2]",
    ],
    "service_level[firms,2026Q2]": [
        "service[firms,2026Q2] <= log((segment_compute[firms,2026Q2] + 3) / 300)",
        "+ 0.6 * (0.7 * efficiency[2026Q2] + 0.045)",
    ],
    "satiation[firms,2026Q2]": ["service[firms,2026Q2] <= 1.2"],
    "requirement[firms,2026Q2]": ["service[firms,2026Q2] >= 0.2 - shortfall[firms,2026Q2]"],
    # budget
    "purchases[2026Q2]": [
        "buy[2026Q2] == 0.067 * imports[big,2026Q2] + 0.028 * imports[small,2026Q2]",
        "+ 0.072 * imports[denied,2026Q2] + 0.044 * imports[home,2026Q2] + 0.040 * imports[banked,2026Q2]",
        "+ 0.066 * grey[big,2026Q2] + 0.033 * grey[small,2026Q2] + 0.101 * grey[denied,2026Q2]",
        "+ 0.049 * grey[home,2026Q2] + 0.045 * grey[banked,2026Q2]",
        "+ 0.071 * domestic[denied,2026Q2]",
        "+ 0.041 * domestic[home,2026Q2] + 0.036 * domestic[banked,2026Q2]",
    ],
    "rent_paid[2026Q2]": ["rent[2026Q2] == 0.0075 * (rented[research,2026Q2] + rented[delivery,2026Q2])"],
    "energy_paid[delivery,2026Q1]": [
        "energy[delivery,2026Q1] == 0.0875 * (0.003 * (70 + stock[big,delivery,2026Q1])",
        "+ 0.001 * (210 + stock[small,delivery,2026Q1]) + 0.003 * (35 + stock[denied,delivery,2026Q1])",
        "+ 0.0015 * (280 + stock[home,delivery,2026Q1]) + 0.001 * (70 + stock[banked,delivery,2026Q1]))",
    ],
    "energy_paid[research,2026Q2]": [
        "energy[research,2026Q2] == 0.1 * (0.003 * (stock[big,research,2026Q1] + stock[big,research,2026Q2])",
        "+ 0.001 * (stock[small,research,2026Q1] + stock[small,research,2026Q2])",
        "+ 0.003 * (stock[denied,research,2026Q1] + stock[denied,research,2026Q2])",
        "+ 0.0015 * (stock[home,research,2026Q1] + stock[home,research,2026Q2])",
        "+ 0.001 * (stock[banked,research,2026Q1] + stock[banked,research,2026Q2]))",
    ],
    "chips_paid[2026Q2]": [
        "chips_cost[2026Q2] == 0.1 * wafer_built[n7,2026Q2] + 0.0045 * wafers_started[n7,2026Q2]",
        "+ 0.2 * tools_bought[duv,2026Q2] + 0.2 * tools_made[duv,2026Q2]",
        "+ 0.5 * toolmaking_built[duv,2026Q2] + 0.002 * packaging_built[2026Q2]",
        "+ 0.05 * hbm_built[2026Q2] + 0.016 * hbm_imports[2026Q2]",
    ],
    "talent_paid[2026Q1]": [
        "talent_cost[2026Q1] == 0.03125 * (50 + talent[2026Q1]) + 0.4 * recruited[2026Q1]",
        "+ 0.2 * education[2026Q1] + 0.06 * trained[2026Q1] + 0.12 * released[2026Q1]",
    ],
    "talent_paid[2026Q2]": [
        "talent_cost[2026Q2] == 0.03125 * (talent[2026Q1] + talent[2026Q2]) + 0.4 * recruited[2026Q2]",
        "+ 0.2 * education[2026Q2] + 0.06 * trained[2026Q2] + 0.12 * released[2026Q2]",
    ],
    "power_paid[2026Q2]": ["power_spend[2026Q2] == 2 * power_built[2026Q2]"],
    "supply_flow[grey,2026Q2]": [
        "flow[grey,2026Q2] == 2.3 * grey[big,2026Q2] + 0.9 * grey[small,2026Q2]",
        "+ 2.5 * grey[denied,2026Q2] + 0.5 * grey[home,2026Q2] + 0.4 * grey[banked,2026Q2]",
    ],
    "supply_flow[rent,2026Q2]": [
        "flow[rent,2026Q2] == 0.25 * (rented[research,2026Q2] + rented[delivery,2026Q2])"
    ],
    "supply_flow[recruit,2026Q2]": ["flow[recruit,2026Q2] == recruited[2026Q2]"],
    "supply_flow[hbm,2026Q2]": ["flow[hbm,2026Q2] == hbm_built[2026Q2]"],
    "supply_flow[packaging,2026Q2]": ["flow[packaging,2026Q2] == packaging_built[2026Q2]"],
    "supply_flow[duv,2026Q2]": ["flow[duv,2026Q2] == tools_bought[duv,2026Q2]"],
    "supply_flow[n7,2026Q2]": ["flow[n7,2026Q2] == wafer_built[n7,2026Q2]"],
    "pace_beyond_normal[grey,2026Q2]": ["0 <= flow[grey,2026Q2] - over[grey,2026Q2] <= 13"],
    "pace_beyond_normal[n7,2026Q3]": ["0 <= flow[n7,2026Q3] - over[n7,2026Q3] <= 2"],
    "premium_for_pace[grey,2026Q2]": ["premium[grey,2026Q2] >= 0.04 * over[grey,2026Q2]**2 / 20.8"],
    "premium_for_pace[packaging,2026Q2]": [
        "premium[packaging,2026Q2] >= 0.012 * over[packaging,2026Q2]**2 / 38.5"
    ],
    "premium_for_pace[duv,2026Q2]": ["premium[duv,2026Q2] >= 0.21 * over[duv,2026Q2]**2 / 4.2"],
    "premium_for_pace[n7,2026Q2]": ["premium[n7,2026Q2] >= 0.31 * over[n7,2026Q2]**2 / 4.5"],
    "excess_demand[2026Q2]": [
        "excess[2026Q2] >= 0.061 * beyond[big,2026Q2] + 0.026 * beyond[small,2026Q2]",
        "+ 0.071 * beyond[denied,2026Q2] + 0.041 * beyond[home,2026Q2] + 0.036 * beyond[banked,2026Q2]",
    ],
    "bid_up[2026Q2]": ["bidup[2026Q2] >= (2.5 * excess[2026Q2] + excess[2026Q2]**2) / 65"],
    "budget[2026Q1]": [
        "cash[2026Q1] == 1.05**0.25 * -2 + 15 + recovered[2026Q1] + home_returned[2026Q1] - buy[2026Q1]",
        "- rent[2026Q1] - energy[research,2026Q1] - energy[delivery,2026Q1] - chips_cost[2026Q1]",
        "- talent_cost[2026Q1] - power_spend[2026Q1] - premium[grey,2026Q1] - premium[rent,2026Q1]",
        "- premium[recruit,2026Q1] - premium[hbm,2026Q1] - premium[packaging,2026Q1] - premium[duv,2026Q1]",
        "- premium[n7,2026Q1] - bidup[2026Q1] - lapsed[2026Q1]",
    ],
    "budget[2026Q2]": [
        "cash[2026Q2] == 1.05**0.25 * cash[2026Q1] + 17.5 + recovered[2026Q2] + home_returned[2026Q2]",
        "- buy[2026Q2] - rent[2026Q2] - energy[research,2026Q2] - energy[delivery,2026Q2]",
        "- chips_cost[2026Q2] - talent_cost[2026Q2] - power_spend[2026Q2] - premium[grey,2026Q2]",
        "- premium[rent,2026Q2] - premium[recruit,2026Q2] - premium[hbm,2026Q2] - premium[packaging,2026Q2]",
        "- premium[duv,2026Q2] - premium[n7,2026Q2] - bidup[2026Q2] - lapsed[2026Q2]",
    ],
    "debt[2026Q2]": ["cash[2026Q2] >= -6"],
    "carry_over[2026Q2]": ["cash[2026Q2] <= 16"],
    "reported_debt": ["cash[2026Q3] >= -2"],
    "last_debt": ["cash[2026Q4] >= -2"],
    "recovery[2026Q2]": ["recovered[2026Q2] == 0.1 * use_cost[delivery,2026Q2]"],
    "home_returns[2026Q2]": [
        "home_returned[2026Q2] == 0.1 * (0.0213 * domestic[denied,2026Q2] + 0.0205 * domestic[home,2026Q2]",
        "+ 0.0216 * domestic[banked,2026Q2])",
    ],
    "cost_of_use[delivery,2026Q1]": [
        "use_cost[delivery,2026Q1] == 0.25 * (0.009 * (70 + stock[big,delivery,2026Q1]) / 2",
        "+ 0.004 * (210 + stock[small,delivery,2026Q1]) / 2",
        "+ 0.010 * (35 + stock[denied,delivery,2026Q1]) / 2",
        "+ 0.006 * (280 + stock[home,delivery,2026Q1]) / 2",
        "+ 0.005 * (70 + stock[banked,delivery,2026Q1]) / 2",
        "+ 0.02 * rented[delivery,2026Q1]) + energy[delivery,2026Q1]",
    ],
    "cost_of_use[research,2026Q2]": [
        "use_cost[research,2026Q2] == 0.125 * (",
        "0.0091 * (stock[big,research,2026Q1] + stock[big,research,2026Q2])",
        "+ 0.0041 * (stock[small,research,2026Q1] + stock[small,research,2026Q2])",
        "+ 0.0101 * (stock[denied,research,2026Q1] + stock[denied,research,2026Q2])",
        "+ 0.0061 * (stock[home,research,2026Q1] + stock[home,research,2026Q2])",
        "+ 0.0051 * (stock[banked,research,2026Q1] + stock[banked,research,2026Q2]))",
        "+ 0.0075 * rented[research,2026Q2] + energy[research,2026Q2]",
    ],
    "agents_paid[2026Q2]": ["agents_cost[2026Q2] <= 110"],
    "category_spending[research,2026Q2]": [
        "spend[research,2026Q2] == use_cost[research,2026Q2] + agents_cost[2026Q2]",
    ],
    "category_spending[delivery,2026Q2]": [
        "spend[delivery,2026Q2] == use_cost[delivery,2026Q2] - agents_cost[2026Q2]",
    ],
    "category_spending[chips,2026Q2]": [
        "spend[chips,2026Q2] == chips_cost[2026Q2] + premium[hbm,2026Q2] + premium[packaging,2026Q2]",
        "+ premium[duv,2026Q2] + premium[n7,2026Q2]",
    ],
    "category_spending[talent,2026Q2]": [
        "spend[talent,2026Q2] == talent_cost[2026Q2] + premium[recruit,2026Q2]"
    ],
    "category_spending[power,2026Q2]": ["spend[power,2026Q2] == power_spend[2026Q2]"],
    "total_spending[2026Q2]": [
        "total[2026Q2] == spend[research,2026Q2] + spend[delivery,2026Q2] + spend[chips,2026Q2]",
        "+ spend[talent,2026Q2] + spend[power,2026Q2]",
    ],
    "least_share[chips,2026Q2]": [
        "chips_cost[2026Q2] - 0.0045 * wafers_started[n7,2026Q2]",
        ">= 0.04 * use_cost[research,2026Q2] + 0.04 * use_cost[delivery,2026Q2]",
        "+ 0.04 * chips_cost[2026Q2] - 0.04 * 0.0045 * wafers_started[n7,2026Q2]",
        "+ 0.04 * talent_cost[2026Q2] + 0.04 * power_spend[2026Q2]",
    ],
    "largest_share[chips,2026Q2]": [
        "chips_cost[2026Q2] - 0.0045 * wafers_started[n7,2026Q2]",
        "<= 0.71 * use_cost[research,2026Q2] + 0.71 * use_cost[delivery,2026Q2]",
        "+ 0.71 * chips_cost[2026Q2] - 0.71 * 0.0045 * wafers_started[n7,2026Q2]",
        "+ 0.71 * talent_cost[2026Q2] + 0.71 * power_spend[2026Q2]",
    ],
    # objective
    "home_made_compute[2026Q1]": [
        "home_compute[2026Q1] == 0.2 * (400 + stock[home,research,2026Q1] + stock[home,delivery,2026Q1])",
        "+ 0.15 * (100 + stock[banked,research,2026Q1] + stock[banked,delivery,2026Q1])",
    ],
    "home_made_compute[2026Q2]": [
        "home_compute[2026Q2] == 0.2 * (stock[home,research,2026Q1] + stock[home,delivery,2026Q1])",
        "+ 0.2 * (stock[home,research,2026Q2] + stock[home,delivery,2026Q2])",
        "+ 0.15 * (stock[banked,research,2026Q1] + stock[banked,delivery,2026Q1])",
        "+ 0.15 * (stock[banked,research,2026Q2] + stock[banked,delivery,2026Q2])",
    ],
    "autonomy_level[2026Q2]": ["autonomy[2026Q2] <= log((home_compute[2026Q2] + 4) / 4000)"],
}
ROWS |= INDUSTRY_ROWS


WEIGHTS = {"2026Q1": (0.1, 0.9), "2026Q2": (0.3, 0.7), "2026Q3": (0.4, 0.6), "2026Q4": (0.6, 0.4)}


def _value_of(period: str) -> str:
    public, firms = WEIGHTS[period]
    return (
        f"(capability[{period}] + 0.3 * service[public,{period}] + 0.4 * service[firms,{period}]"
        f" + 0.1 * autonomy[{period}]"
        f" - 3 * ({public} * shortfall[public,{period}] + {firms} * shortfall[firms,{period}]))"
    )


OBJECTIVES: dict[str, str] = {
    "value_of_plan": (
        f"0.2475 * {_value_of('2026Q1')} + 0.245 * {_value_of('2026Q2')} + 0.2425 * {_value_of('2026Q3')}"
        f" + (0.24 + 3 * 0.96) * {_value_of('2026Q4')}"
    ),
    "least_spending": " + ".join(
        f"{discount} * (buy[{q}] + rent[{q}] + energy[research,{q}] + energy[delivery,{q}] + chips_cost[{q}]"
        f" + talent_cost[{q}] + power_spend[{q}] + premium[grey,{q}] + premium[rent,{q}]"
        f" + premium[recruit,{q}] + premium[hbm,{q}] + premium[packaging,{q}] + premium[duv,{q}]"
        f" + premium[n7,{q}] + bidup[{q}])"
        for discount, q in ((0.99, "2026Q1"), (0.98, "2026Q2"), (0.97, "2026Q3"), (0.96, "2026Q4"))
    ),
}
