"""A small country for tests: five chips, two segments, one line, its tools and a group of designers, one cap.

Its sizes keep every row alive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.parameters import TABLE, Array, PlanParameters, PlanSets

CHIPS = ("big", "small", "denied", "home", "banked")


def small_sets(
    periods: int = 4,
    steps_per_year: int = 1,
    tail: int = 1,
    delays: int = 4,
    levels: tuple[str, ...] = (),
) -> PlanSets:
    labels = tuple(
        str(2026 + t) if steps_per_year == 1 else f"{2026 + t // 4}Q{t % 4 + 1}" for t in range(periods)
    )
    return PlanSets(
        periods=labels,
        reported=periods - tail,
        starts=tuple(2026 + t / steps_per_year for t in range(periods)),
        chips=CHIPS,
        segments=("public", "firms"),
        lines=("n7",),
        tool_classes=("duv",),
        designers=("makers",),
        rules=("quota",),
        delays=tuple(range(delays)),
        domestic=("home", "banked"),
        made=("denied", "home", "banked"),
        levels=levels,
    )


def required_shares(segment_ref: Any, service_floor: Any) -> Array:
    """Each segment's share of the compute that is required, shape (segments, periods)."""
    required = np.asarray(segment_ref)[:, None] * np.exp(np.asarray(service_floor))
    return np.asarray(required / required.sum(axis=0))


def small_plan(
    periods: int = 4,
    steps_per_year: int = 1,
    tail: int = 1,
    levels: tuple[str, ...] = (),
    **changes: Any,
) -> PlanParameters:
    """Parameters of the small country; `changes` replace arrays by name (broadcast to their shape). With
    `levels` of learning it is in staged mode: its line is unlocked, at the lowest level and learns nothing,
    and fabs have any size."""
    dt = 1 / steps_per_year
    delays = 3 * steps_per_year + 1
    sets = small_sets(periods, steps_per_year, tail, delays, levels)
    times = (np.arange(periods) + 0.5) * dt
    year = np.exp(0.3 * times)
    arrival = np.zeros(delays)
    arrival[2 * steps_per_year] = 1.0
    unit_cost = np.array([60.0, 25.0, 70.0, 40.0, 35.0])[:, None] * np.exp(-0.05 * times)
    survival = np.array([0.91, 0.91, 0.91, 0.9, 0.9])
    launched = np.ones((5, periods))
    launched[4, 0] = 0.75
    base: dict[str, Any] = {
        "dt": dt,
        "discount": 1.05**-times,
        "tail": tail,
        "is_domestic": [0, 0, 0, 1, 1],
        "survival": survival,
        "research_h100e": [2.3, 0.15, 2.5, 0.4, 0.3],
        "delivery_h100e": [2.0, 0.9, 2.2, 0.5, 0.4],
        "power_per_chip": [0.003, 0.001, 0.003, 0.0015, 0.001],
        "fleet0": [100, 300, 50, 400, 100],
        "use0": [0.3, 0.7],
        "unit_cost": unit_cost,
        "fee": np.array([6.0, 0, 0, 0, 0])[:, None] + 0 * times,
        "grey_premium": np.array([0, 0, 30.0, 0, 0])[:, None] + 0 * times,
        "charge": unit_cost * (0.05 + 1 - survival[:, None]),
        "import_limit": np.array([200.0, 400.0, 0, 0, 0])[:, None] * year,
        "normal_import": np.array([90.0, 250.0, 0, np.inf, np.inf])[:, None] * year,
        "grey_open": np.array([0, 0, 100.0, 0, 0])[:, None] * year,
        "make_limit": np.array([0, 0, 0, 900.0, 50.0])[:, None] * year,
        "cap_weight": np.array([1.0, 0, 0, 0, 0])[None, :, None] + 0 * times,
        "cap": 150.0 + 0 * times,
        "cap_cumulative": 500.0 + 0 * times,
        "grey_limit": 150 * year,
        "rent_limit": 300 * year,
        "rent_cost": 0.0206,
        "mandate": 0.05,
        "power0": 2.4,
        "power_pending": 0.2 * dt,
        "power_build_limit": 5.0,
        "power_arrival": arrival,
        "power_cost": 2.0,
        "energy_cost": 0.7,
        "talent0": 50,
        "attrition": 0.1,
        "graduates": 8,
        "recruit_limit": 5,
        "education_limit": 6,
        "education_arrival": arrival,
        "wage": 0.25,
        "recruit_cost": 0.4,
        "education_cost": 0.2,
        "hiring_cost": 0.06,
        "release_cost": 0.12,
        "theta": 0.5,
        "substitution": 0.8,
        "parallel": 0.7,
        "compute_ref": 4000,
        "compute_floor": 0.4,
        "talent_ref": 63,
        "knowledge0": 0.8,
        "knowledge_ref": 1.4,
        "spillover": 1.0,
        "absorption": 3.0,
        "frontier": 1.4 + np.concatenate([[0], np.cumsum(np.full(periods, 1.3 * dt))]),
        "returns": 1.5,
        "data_wall": 2500,
        "data_slope": 0.4,
        "imitation": 0.8,
        "help_ceiling": 1.2,
        "catch_up_offset": 0.05,
        "leader_capability": 2.2 * times,
        "leader_efficiency": 1.0 * times,
        "openness": 0.3,
        "automation": 0.0,
        "agents_limit": 0.0,
        "segment_ref": [400, 300],
        "segment_floor": [4, 3],
        "service_floor": np.array([0.2, -0.1])[:, None] + 1.0 * times,
        "service_ceiling": np.array([1.2, 0.9])[:, None] + 1.0 * times,
        "passthrough": [0.8, 0.6],
        "w_segment": [0.3, 0.4],
        "on_line": np.array([0, 0, 0, 1, 1.0])[:, None],
        "wafers_per_chip": [0.03, 0.02, 0.03, 0.026, 0.013],
        "hbm_per_chip": [0.14, 0.08, 0.14, 0.12, 0.06],
        "bank0": [0, 0, 0, 0, 120],
        "bank_limit": np.inf,
        "launched": launched,
        "launch_side": np.where(launched < 1, 0.0, np.inf),
        "designed_by": np.array([0, 0, 0, 1, 0.0])[:, None],
        "designer_ceiling": 0.8,
        "ceiling_side": 0.0,
        "packages_per_chip": [0, 0, 0, 1, 0.5],
        "packaging0": 600,
        "packaging_pending": 60.0 * dt,
        "packaging_build_limit": 600,
        "packaging_arrival": arrival,
        "packaging_cost": 0.002,
        "wafer_capacity0": [8],
        "wafer_pending": 2.0 * dt,
        "wafer_arrival": arrival[None, :],
        "wafer_cost": [0.1],
        "wafer_run_cost": [0.0045],
        "ai_share": 0.4,
        "wafer_yield": 0.35,
        "transfer": 0.1,
        "tools_per_wafer": 1.2,
        "tool_stock0": 4,
        "tool_import_limit": 20.0,
        "tool_price": 0.2,
        "toolmaking0": 4,
        "toolmaking_pending": 1.0 * dt,
        "toolmaking_build_limit": 5.0,
        "toolmaking_arrival": arrival[None, :],
        "toolmaking_cost": 0.5,
        "yield_level": 0.35,
        "learning_wafers": [0.0, *(1e4 * (1 + np.arange(len(levels) - 1)))][: len(levels)],
        "next_threshold": 1e4 * (1 + np.arange(len(levels))),
        "reachable": (np.arange(len(levels)) == 0)[None, :, None],
        "spare_experience": 0.0,
        "started_max": 1000.0,
        "learning0": 0.0,
        "learning_other": 0.0,
        "node_cost": 0.0,
        "node_arrival": arrival[None, :],
        "node_rate_limit": 2.0,
        "openable": 1.0,
        "previous_line": 0.0,
        "module": 0.0,
        "modules_max": np.inf,
        "module_side": np.inf,
        "class_cost": 0.0,
        "class_arrival": arrival[None, :],
        "class_rate_limit": 2.0,
        "class_openable": 1.0,
        "tools_made_max": 100.0,
        "hbm_capacity0": 10,
        "hbm_pending": 8.0 * dt,
        "hbm_build_limit": 100,
        "hbm_arrival": arrival,
        "hbm_cost": 0.05,
        "hbm_price": 0.015,
        "hbm_stock0": 40,
        "hbm_import_limit": 10,
        "income": 60 * year,
        "interest": 0.05,
        "cash0": 2,
        "debt_limit": 5,
        "carry_limit": 15,
        "cost_recovery": 0.1,
        "home_return": 0.1,
        "chip_part": 0.5,
        "price": np.array([30e-3, 20e-3, 0.4, 0.05, 0.002, 0.2, 0.1])[:, None],
        "elasticity": [0.8, 1.5, 1.0, 1.0, 1.0, 1.2, 1.5],
        "normal": np.array([50, 70, 1, 5, 75, 5, 4.0])[:, None] * year,
        "supply_elasticity": 0.5,
        "world_spend": 500 * year,
        "base_value": 9 * year,
        "share_floor": 0.0,
        "share_ceiling": 1.0,
        "w_capability": 1.0,
        "w_autonomy": 0.1,
        "autonomy_floor": 4,
        "shortfall_penalty": 3.0,
        "terminal": 3,
    }
    base.update(changes)
    if "shortfall_weight" not in changes:
        base["shortfall_weight"] = required_shares(base["segment_ref"], base["service_floor"])
    values = {
        name: np.array(np.broadcast_to(np.asarray(base[name], dtype=float), sets.shape(spec.index)))
        for name, spec in TABLE.items()
    }
    return PlanParameters("SML", sets, values)
