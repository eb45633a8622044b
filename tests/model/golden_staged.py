"""The rows of the staged industry, written out by hand with the numbers of `STAGED_CHANGES`."""

from __future__ import annotations

from typing import Any

STAGED_LEVELS = ("l1", "l2", "l3")
STAGED_CHANGES: dict[str, Any] = {
    "yield_level": [[0.3, 0.5, 0.7]],
    "learning_wafers": [[0, 44, 132]],
    "next_threshold": [[44, 132, 990]],
    "reachable": [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]],
    "spare_experience": [[[5, 6, 7, 8], [0, 1, 2, 3], [0, 0, 0, 4]]],
    "started_max": [[50, 60, 70, 80]],
    "learning0": [12],
    "learning_other": [[1, 2, 3, 4]],
    "node_cost": [3.3],
    "node_arrival": [[0.25, 0.75] + 11 * [0]],
    "node_rate_limit": [[4, 8, 12, 16]],
    "openable": [[0.1, 0.2, 0.3, 0.4]],
    "previous_line": [[0.5]],
    "module": [2],
    "modules_max": [[1, 3, 4, 6]],
    "module_side": [0.5],
    "class_cost": [2.2],
    "class_arrival": [[0.4, 0.6] + 11 * [0]],
    "class_rate_limit": [[20, 24, 28, 32]],
    "class_openable": [[0.6, 0.7, 0.8, 0.9]],
    "tools_made_max": [[5, 6, 7, 8]],
}
_GOOD = "(0.3 * startable[n7,l1,2026Q2] + 0.5 * startable[n7,l2,2026Q2] + 0.7 * startable[n7,l3,2026Q2])"

STAGED_ROWS: dict[str, list[str]] = {
    "wafer_supply[n7,2026Q1]": [
        "startable[n7,l1,2026Q1] + startable[n7,l2,2026Q1] + startable[n7,l3,2026Q1]",
        "<= 3 * 0.4 * (8 + wafer_capacity[n7,2026Q1]) / 2",
    ],
    "designer_share[makers,n7,2026Q2]": [
        f"0.026 * (domestic[home,2026Q2] - bank_drawn[home,2026Q2]) - 0.7 * {_GOOD} <= 2"
    ],
    "launch_wafers[home,2026Q2]": [
        f"0.026 * (domestic[home,2026Q2] - bank_drawn[home,2026Q2]) - 0.5 * {_GOOD} <= 6"
    ],
    "chips_paid[2026Q2]": [
        "chips_cost[2026Q2] == 0.1 * wafer_built[n7,2026Q2] + 0.0045 * wafers_started[n7,2026Q2]",
        "+ 0.2 * (tools_bought[duv,2026Q2] + tools_made[duv,2026Q2]) + 0.5 * toolmaking_built[duv,2026Q2]",
        "+ 0.002 * packaging_built[2026Q2] + 0.05 * hbm_built[2026Q2] + 0.016 * hbm_imports[2026Q2]",
        "+ node_rd[n7,2026Q2] + class_rd[duv,2026Q2]",
    ],
    "one_level[n7,2026Q2]": ["level[n7,l1,2026Q2] + level[n7,l2,2026Q2] + level[n7,l3,2026Q2] == 1"],
    "level_within_reach[n7,l2,2026Q3]": ["level[n7,l2,2026Q3] <= 7"],
    "experience_balance[n7,2026Q1]": ["experience[n7,2026Q1] == 12 + wafers_started[n7,2026Q1] + 1"],
    "experience_balance[n7,2026Q2]": [
        "experience[n7,2026Q2] == experience[n7,2026Q1] + wafers_started[n7,2026Q2] + 2"
    ],
    "level_earned[n7,2026Q1]": [
        "5 * level[n7,l1,2026Q1] + 40 * level[n7,l2,2026Q1] + 120 * level[n7,l3,2026Q1] <= 12"
    ],
    "level_earned[n7,2026Q2]": [
        "6 * level[n7,l1,2026Q2] + 41 * level[n7,l2,2026Q2] + 120 * level[n7,l3,2026Q2]",
        "<= experience[n7,2026Q1]",
    ],
    "level_reached[n7,2026Q1]": [
        "40 * level[n7,l1,2026Q1] + 120 * level[n7,l2,2026Q1] + 900 * level[n7,l3,2026Q1] >= 12"
    ],
    "level_reached[n7,2026Q2]": [
        "40 * level[n7,l1,2026Q2] + 120 * level[n7,l2,2026Q2] + 900 * level[n7,l3,2026Q2]",
        ">= experience[n7,2026Q1]",
    ],
    "level_kept[n7,l2,2026Q2]": [
        "level[n7,l2,2026Q2] + level[n7,l3,2026Q2] >= level[n7,l2,2026Q1] + level[n7,l3,2026Q1]"
    ],
    "level_kept[n7,l3,2026Q2]": ["level[n7,l3,2026Q2] >= level[n7,l3,2026Q1]"],
    "startable_at_level[n7,l2,2026Q2]": ["startable[n7,l2,2026Q2] <= 60 * level[n7,l2,2026Q2]"],
    "startable_when_unlocked[n7,2026Q2]": [
        "startable[n7,l1,2026Q2] + startable[n7,l2,2026Q2] + startable[n7,l3,2026Q2]",
        "<= 60 * unlocked[n7,2026Q2]",
    ],
    "started_of_startable[n7,l2,2026Q2]": ["started[n7,l2,2026Q2] <= startable[n7,l2,2026Q2]"],
    "wafers_of_levels[n7,2026Q2]": [
        "wafers_started[n7,2026Q2] == started[n7,l1,2026Q2] + started[n7,l2,2026Q2] + started[n7,l3,2026Q2]"
    ],
    "earned_wafers[n7,2026Q2]": [
        "0.3 * started[n7,l1,2026Q2] + 0.5 * started[n7,l2,2026Q2] + 0.7 * started[n7,l3,2026Q2]",
        "== 0.026 * (domestic[home,2026Q2] - bank_drawn[home,2026Q2])",
        "+ 0.013 * (domestic[banked,2026Q2] - bank_drawn[banked,2026Q2])",
    ],
    "node_progress_balance[n7,2026Q1]": ["node_progress[n7,2026Q1] == 0.25 * node_rd[n7,2026Q1]"],
    "node_progress_balance[n7,2026Q2]": [
        "node_progress[n7,2026Q2] == node_progress[n7,2026Q1] + 0.25 * node_rd[n7,2026Q2]",
        "+ 0.75 * node_rd[n7,2026Q1]",
    ],
    "node_rates[n7,2026Q2]": ["node_rd[n7,2026Q2] <= 2"],
    "node_paid[n7,2026Q2]": ["3 * unlocked[n7,2026Q2] <= node_progress[n7,2026Q2]"],
    "node_within_reach[n7,2026Q2]": ["unlocked[n7,2026Q2] <= 0.2"],
    "node_order[n7,2026Q2]": ["unlocked[n7,2026Q2] + 0.5 * (1 - unlocked[n7,2026Q2]) <= 1"],
    "node_kept[n7,2026Q2]": ["unlocked[n7,2026Q2] >= unlocked[n7,2026Q1]"],
    "fab_modules[n7,2026Q2]": ["-0.5 <= wafer_built[n7,2026Q2] - 2 * modules[n7,2026Q2] <= 0.5"],
    "modules_within_reach[n7,2026Q2]": ["modules[n7,2026Q1] + modules[n7,2026Q2] <= 3"],
    "class_progress_balance[duv,2026Q1]": ["class_progress[duv,2026Q1] == 0.4 * class_rd[duv,2026Q1]"],
    "class_progress_balance[duv,2026Q2]": [
        "class_progress[duv,2026Q2] == class_progress[duv,2026Q1] + 0.4 * class_rd[duv,2026Q2]",
        "+ 0.6 * class_rd[duv,2026Q1]",
    ],
    "class_rates[duv,2026Q2]": ["class_rd[duv,2026Q2] <= 6"],
    "class_paid[duv,2026Q2]": ["2 * class_unlocked[duv,2026Q2] <= class_progress[duv,2026Q2]"],
    "class_within_reach[duv,2026Q2]": ["class_unlocked[duv,2026Q2] <= 0.7"],
    "class_kept[duv,2026Q2]": ["class_unlocked[duv,2026Q2] >= class_unlocked[duv,2026Q1]"],
    "class_tools[duv,2026Q2]": ["tools_made[duv,2026Q2] <= 6 * class_unlocked[duv,2026Q2]"],
}
