"""The rows of the domestic chip industry, written out by hand with the numbers of `golden_rows.CHANGES`."""

from __future__ import annotations

INDUSTRY_ROWS: dict[str, list[str]] = {
    # domestic chip industry
    "wafer_balance[n7,2026Q1]": ["wafer_capacity[n7,2026Q1] == 8 + 1 + 0.25 * wafer_built[n7,2026Q1]"],
    "wafer_balance[n7,2026Q2]": [
        "wafer_capacity[n7,2026Q2] == wafer_capacity[n7,2026Q1] + 2 + 0.25 * wafer_built[n7,2026Q2]",
        "+ 0.75 * wafer_built[n7,2026Q1]",
    ],
    "fabrication_not_negative[home,2026Q2]": ["domestic[home,2026Q2] - bank_drawn[home,2026Q2] >= 0"],
    "bottleneck[home,2026Q2]": ["domestic[home,2026Q2] - bank_drawn[home,2026Q2] <= 227.5"],
    "bank_launch[banked,2026Q2]": ["bank_drawn[banked,2026Q2] <= 45"],
    "die_bank[banked]": [
        "bank_drawn[banked,2026Q1] + bank_drawn[banked,2026Q2] + bank_drawn[banked,2026Q3]",
        "+ bank_drawn[banked,2026Q4] <= 120",
    ],
    "wafer_supply[n7,2026Q1]": ["wafers_started[n7,2026Q1] <= 3 * 0.4 * (8 + wafer_capacity[n7,2026Q1]) / 2"],
    "wafer_supply[n7,2026Q2]": [
        "wafers_started[n7,2026Q2] <= 3 * 0.5 * (wafer_capacity[n7,2026Q1] + wafer_capacity[n7,2026Q2]) / 2"
    ],
    "good_wafers[n7,2026Q2]": [
        "0.026 * (domestic[home,2026Q2] - bank_drawn[home,2026Q2])",
        "+ 0.013 * (domestic[banked,2026Q2] - bank_drawn[banked,2026Q2])",
        "<= (1 - 0.6 / 1.1) * wafers_started[n7,2026Q2]",
    ],
    "designer_share[makers,n7,2026Q1]": [
        "0.026 * (domestic[home,2026Q1] - bank_drawn[home,2026Q1])",
        "- 0.6 * (1 - 0.65 / 1.1) * 3 * 0.4 * (8 + wafer_capacity[n7,2026Q1]) / 2 <= 1",
    ],
    "designer_share[makers,n7,2026Q2]": [
        "0.026 * (domestic[home,2026Q2] - bank_drawn[home,2026Q2])",
        "- 0.7 * (1 - 0.6 / 1.1) * 3 * 0.5 * (wafer_capacity[n7,2026Q1] + wafer_capacity[n7,2026Q2]) / 2",
        "<= 2",
    ],
    "launch_wafers[banked,2026Q1]": [
        "0.013 * (domestic[banked,2026Q1] - bank_drawn[banked,2026Q1])",
        "- 0.5 * (1 - 0.65 / 1.1) * 3 * 0.4 * (8 + wafer_capacity[n7,2026Q1]) / 2 <= 6",
    ],
    "launch_wafers[home,2026Q2]": [
        "0.026 * (domestic[home,2026Q2] - bank_drawn[home,2026Q2])",
        "- 0.5 * (1 - 0.6 / 1.1) * 3 * 0.5 * (wafer_capacity[n7,2026Q1] + wafer_capacity[n7,2026Q2]) / 2",
        "<= 6",
    ],
    "launch_wafers[denied,2026Q2]": ["0.03 * (domestic[denied,2026Q2] - bank_drawn[denied,2026Q2]) <= 1"],
    "launch_packages[banked,2026Q1]": [
        "0.5 * domestic[banked,2026Q1] - 0.5 * 0.125 * (600 + packaging_capacity[2026Q1]) <= 6"
    ],
    "launch_packages[home,2026Q2]": [
        "domestic[home,2026Q2] - 0.5 * 0.125 * (packaging_capacity[2026Q1] + packaging_capacity[2026Q2]) <= 6"
    ],
    "packaging[2026Q1]": [
        "0.3 * domestic[denied,2026Q1]",
        "+ domestic[home,2026Q1] + 0.5 * domestic[banked,2026Q1]",
        "<= 0.125 * (600 + packaging_capacity[2026Q1])",
    ],
    "packaging[2026Q2]": [
        "0.3 * domestic[denied,2026Q2]",
        "+ domestic[home,2026Q2] + 0.5 * domestic[banked,2026Q2]",
        "<= 0.125 * (packaging_capacity[2026Q1] + packaging_capacity[2026Q2])",
    ],
    "packaging_balance[2026Q1]": ["packaging_capacity[2026Q1] == 600 + 15 + 0.2 * packaging_built[2026Q1]"],
    "packaging_balance[2026Q2]": [
        "packaging_capacity[2026Q2] == packaging_capacity[2026Q1] + 16 + 0.2 * packaging_built[2026Q2]",
        "+ 0.8 * packaging_built[2026Q1]",
    ],
    "packaging_orders[2026Q2]": ["packaging_built[2026Q2] <= 55"],
    # tools
    "tool_balance[duv,2026Q1]": [
        "tool_stock[duv,2026Q1] == 4 + tools_bought[duv,2026Q1] + tools_made[duv,2026Q1]",
        "- 1.2 * wafer_built[n7,2026Q1]",
    ],
    "tool_balance[duv,2026Q2]": [
        "tool_stock[duv,2026Q2] == tool_stock[duv,2026Q1] + tools_bought[duv,2026Q2]",
        "+ tools_made[duv,2026Q2] - 1.2 * wafer_built[n7,2026Q2]",
    ],
    "tool_imports[duv,2026Q2]": ["tools_bought[duv,2026Q2] <= 6"],
    "tool_production[duv,2026Q1]": ["tools_made[duv,2026Q1] <= 0.125 * (4 + toolmaking[duv,2026Q1])"],
    "tool_production[duv,2026Q2]": [
        "tools_made[duv,2026Q2] <= 0.125 * (toolmaking[duv,2026Q1] + toolmaking[duv,2026Q2])"
    ],
    "toolmaking_balance[duv,2026Q1]": [
        "toolmaking[duv,2026Q1] == 4 + 0.5 + 0.3 * toolmaking_built[duv,2026Q1]"
    ],
    "toolmaking_balance[duv,2026Q2]": [
        "toolmaking[duv,2026Q2] == toolmaking[duv,2026Q1] + 0.6 + 0.3 * toolmaking_built[duv,2026Q2]",
        "+ 0.7 * toolmaking_built[duv,2026Q1]",
    ],
    "toolmaking_orders[duv,2026Q2]": ["toolmaking_built[duv,2026Q2] <= 1.25"],
    # memory
    "memory_capacity[2026Q1]": ["hbm_capacity[2026Q1] == 10 + 2 + 0.1 * hbm_built[2026Q1]"],
    "memory_capacity[2026Q2]": [
        "hbm_capacity[2026Q2] == hbm_capacity[2026Q1] + 3 + 0.1 * hbm_built[2026Q2]",
        "+ 0.9 * hbm_built[2026Q1]",
    ],
    "memory_orders[2026Q2]": ["hbm_built[2026Q2] <= 16"],
    "memory_imports[2026Q2]": ["hbm_imports[2026Q2] <= 3"],
    "memory_balance[2026Q1]": [
        "hbm_stock[2026Q1] == 40 + 0.125 * (10 + hbm_capacity[2026Q1]) + hbm_imports[2026Q1]",
        "- 0.14 * domestic[denied,2026Q1]",
        "- 0.12 * domestic[home,2026Q1] - 0.06 * domestic[banked,2026Q1]",
    ],
    "memory_balance[2026Q2]": [
        "hbm_stock[2026Q2] == hbm_stock[2026Q1] + hbm_imports[2026Q2]",
        "+ 0.125 * (hbm_capacity[2026Q1] + hbm_capacity[2026Q2])",
        "- 0.14 * domestic[denied,2026Q2]",
        "- 0.12 * domestic[home,2026Q2] - 0.06 * domestic[banked,2026Q2]",
    ],
}
