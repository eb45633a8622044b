"""Base countries for random plans: a few structures, each with every row of the contract alive.

Structures are few, because a compiled program serves every plan of one structure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.parameters import Array
from tests.model.contract import ContractPlan, ContractSets, plan


@dataclass(frozen=True)
class Form:
    """One structure. A home chip is (name, line, designer, performance); one without a line is finished from
    stockpiled dies alone."""

    periods: int
    home: tuple[tuple[str, str, str, float], ...]
    lines: tuple[str, ...]
    tool_classes: tuple[str, ...] = ("duv",)
    designers: tuple[str, ...] = ("first", "second")
    segments: tuple[str, ...] = ("public", "firms")
    rules: tuple[str, ...] = ("quota",)
    steps_per_year: int = 1
    tail: int = 1

    @property
    def in_quarters(self) -> Form:
        """The same country by quarters; the form itself is by years."""
        return replace(self, periods=4 * self.periods, tail=4 * self.tail, steps_per_year=4)


BANKED = ("banked", "", "first", 0.8)
OLDER = ("older", "n7", "first", 1.0)
OTHER = ("other", "n7", "second", 0.9)
NEWER = ("newer", "n5", "first", 1.6)
RIVAL = ("rival", "n5", "second", 1.5)
FORMS = (
    Form(5, (OLDER, OTHER, BANKED), ("n7",)),
    Form(5, (OLDER, OTHER, NEWER, RIVAL), ("n7", "n5"), ("duv", "euv"), rules=("quota", "total")),
    Form(8, (OLDER, OTHER, NEWER), ("n7", "n5"), ("duv",), steps_per_year=4),
    Form(5, (BANKED,), (), tail=2),
    Form(6, (OLDER, NEWER, BANKED), ("n7", "n5"), ("duv", "euv"), segments=("all",), tail=2),
    Form(4, (OLDER, OTHER), ("n7",), ("duv", "euv"), (), ("public", "firms", "state"), ()),
)
FOREIGN = ("big", "small", "denied")


def base_plan(form: Form, **changes: Any) -> ContractPlan:
    """The base country of a structure, with some arrays replaced."""
    return plan(sets_of(form), **{**base_values(form), **changes})


def sets_of(form: Form) -> ContractSets:
    steps, home = form.steps_per_year, tuple(name for name, *_ in form.home)
    labels = (
        str(2026 + t) if steps == 1 else f"{2026 + t // steps}Q{t % steps + 1}" for t in range(form.periods)
    )
    return ContractSets(
        periods=tuple(labels),
        reported=form.periods - form.tail,
        starts=tuple(2026 + t / steps for t in range(form.periods)),
        chips=FOREIGN + home,
        segments=form.segments,
        lines=form.lines,
        rules=form.rules,
        delays=tuple(range(3 * steps + 1)),
        domestic=home,
        tool_classes=form.tool_classes,
        designers=form.designers,
    )


def base_values(form: Form) -> dict[str, Any]:
    dt, segments = 1 / form.steps_per_year, len(form.segments)
    times = (np.arange(form.periods) + 0.5) * dt
    growth = np.exp(0.3 * times)
    after_two_years = np.zeros(3 * form.steps_per_year + 1)
    after_two_years[2 * form.steps_per_year] = 1.0
    after_one_year = np.roll(after_two_years, -form.steps_per_year)
    service_floor = np.linspace(0.2, -0.2, segments)[:, None] + 1.0 * times
    return {
        **_chips(form, times, growth),
        **_industry(form, dt, after_one_year, after_two_years),
        **_research(form, dt, times),
        "dt": dt,
        "discount": 1.05**-times,
        "tail": form.tail,
        "use0": (0.3, 0.7),
        "cap": 150.0,
        "cap_cumulative": 500.0,
        "grey_limit": 150 * growth,
        "rent_limit": 300 * growth,
        "rent_cost": 0.0206,
        "mandate": 0.02 if form.lines else 0.0,
        "power0": 2.4,
        "power_pending": 0.2 * dt,
        "power_build_limit": 5.0,
        "power_arrival": after_two_years,
        "power_cost": 2.0,
        "energy_cost": 0.7,
        "talent0": 50.0,
        "attrition": 0.1,
        "graduates": 8.0,
        "recruit_limit": 5.0,
        "education_limit": 6.0,
        "education_arrival": after_two_years,
        "wage": 0.25,
        "recruit_cost": 0.4,
        "education_cost": 0.2,
        "hiring_cost": 0.05,
        "release_cost": 0.1,
        "segment_ref": 700 / segments,
        "segment_floor": 7 / segments,
        "service_floor": service_floor,
        "service_ceiling": service_floor + 1.0,
        "passthrough": 0.7,
        "w_segment": 0.7 / segments,
        "income": 60 * growth,
        "interest": 0.05,
        "cash0": 10.0,
        "debt_limit": 5.0,
        "carry_limit": 15.0,
        "cost_recovery": 0.1,
        "home_return": 0.1,
        "chip_part": 0.5,
        **_pace(form, growth),
        "supply_elasticity": 0.5,
        "world_spend": 500 * growth,
        "base_value": 9 * growth,
        "w_capability": 1.0,
        "w_autonomy": 0.1,
        "autonomy_floor": 4.0,
        "shortfall_penalty": 1.5,
        "shortfall_weight": shortfall_weights(np.full(segments, 700 / segments), service_floor),
        "terminal": 3.0,
    }


def shortfall_weights(segment_ref: Array, service_floor: Array) -> Array:
    """A segment's share of the compute that is required, at base efficiency."""
    required = segment_ref[:, None] * np.exp(service_floor)
    return np.asarray(required / required.sum(axis=0))


def launch_shares(form: Form, launch: Array) -> Array:
    """Share of every period after the chip's launch; `launch` in years after the start."""
    ends = (np.arange(form.periods) + 1) / form.steps_per_year
    return np.clip((ends - launch[:, None]) * form.steps_per_year, 0.0, 1.0)


def _chips(form: Form, times: Array, growth: Array) -> dict[str, Any]:
    home = len(form.home)
    better = np.array([performance for *_, performance in form.home])
    cost = np.concatenate([[60.0, 25.0, 70.0], 38 * better])[:, None] * np.exp(-0.05 * times)
    survival = np.concatenate([np.full(3, 0.91), np.full(home, 0.9)])
    on_line = np.array([[line == n for n in form.lines] for _, line, *_ in form.home], dtype=float)
    designed_by = np.array([[designer == q for q in form.designers] for *_, designer, _ in form.home])
    launch = np.array(
        [0.0, 0.0, 0.0] + [1.3 if name in ("newer", "rival") else 0.0 for name, *_ in form.home]
    )
    import_limit = np.array([200.0, 400.0] + [0.0] * (1 + home))[:, None] * growth
    foreign = np.zeros((3, 1))
    return {
        "is_domestic": [0, 0, 0] + [1] * home,
        "survival": survival,
        "research_h100e": np.concatenate([[2.3, 0.15, 2.5], 0.4 * better]),
        "delivery_h100e": np.concatenate([[2.0, 0.9, 2.2], 0.5 * better]),
        "power_per_chip": np.concatenate([[0.003, 0.001, 0.003], 0.0015 * better]),
        "fleet0": [100.0, 300.0, 50.0] + [400.0 / home] * home,
        "unit_cost": cost,
        "fee": np.array([6.0] + [0.0] * (2 + home))[:, None],
        "grey_premium": np.array([0, 0, 30.0] + [0.0] * home)[:, None],
        "charge": cost * (0.05 + 1 - survival[:, None]),
        "import_limit": import_limit,
        "normal_import": 0.4 * import_limit,
        "grey_open": np.array([0, 0, 100.0] + [0.0] * home)[:, None] * growth,
        "make_limit": np.concatenate([[0.0] * 3, [np.inf if line else 0.0 for _, line, *_ in form.home]])[
            :, None
        ],
        "launched": launch_shares(form, launch),
        "cap_weight": np.array([1.0, 0.2, 0.0] + [0.0] * home)[:, None],
        "on_line": np.concatenate([np.zeros((3, len(form.lines))), on_line.reshape(home, len(form.lines))]),
        "wafers_per_chip": np.concatenate([[0.03, 0.02, 0.03], 0.026 * np.ones(home)]),
        "hbm_per_chip": np.concatenate([[0.14, 0.08, 0.14], 0.1 * better]),
        "packages_per_chip": np.concatenate([[1.0, 0.5, 1.0], better]),
        "bank0": [0.0] * 3 + [0.0 if line else 120.0 for _, line, *_ in form.home],
        "designed_by": np.concatenate(
            [np.broadcast_to(foreign, (3, len(form.designers))), designed_by.reshape(home, -1)]
        )
        if form.designers
        else 0.0,
        "designer_ceiling": 0.7,
    }


def _industry(form: Form, dt: float, one_year: Array, two_years: Array) -> dict[str, Any]:
    newer = np.array([line == "n5" for line in form.lines], dtype=float)
    extreme = np.array([name == "euv" for name in form.tool_classes], dtype=float)
    return {
        "wafer_capacity0": 8 - 6 * newer,
        "wafer_pending": ((2 - newer) * dt)[:, None],
        "wafer_arrival": two_years,
        "wafer_cost": 0.2 + 0.1 * newer,
        "wafer_run_cost": 0.005 + 0.005 * newer,
        "ai_share": 0.4,
        "wafer_yield": (0.4 - 0.1 * newer)[:, None],
        "transfer": 0.1,
        # only the newer node needs extreme ultraviolet, and less of it
        "tools_per_wafer": np.where(extreme[None, :] > 0, 0.3 * newer[:, None], 1.0),
        "tool_stock0": 8 - 6 * extreme,
        "tool_import_limit": (10 - 8 * extreme)[:, None],
        "tool_price": (0.1 + 0.2 * extreme)[:, None],
        "toolmaking0": 2 - 1.5 * extreme,
        "toolmaking_pending": ((1 - extreme) * dt)[:, None],
        "toolmaking_build_limit": 4.0,
        "toolmaking_arrival": one_year,
        "toolmaking_cost": 0.1 + 0.1 * extreme,
        "packaging0": 500.0,
        "packaging_pending": 100.0 * dt,
        "packaging_build_limit": 400.0,
        "packaging_arrival": one_year,
        "packaging_cost": 0.002,
        "hbm_capacity0": 40.0,
        "hbm_pending": 8.0 * dt,
        "hbm_build_limit": 60.0,
        "hbm_arrival": two_years,
        "hbm_cost": 0.05,
        "hbm_price": 0.015,
        "hbm_stock0": 40.0,
        "hbm_import_limit": 10.0,
    }


def _research(form: Form, dt: float, times: Array) -> dict[str, Any]:
    return {
        "theta": 0.5,
        "substitution": 0.8,
        "parallel": 0.7,
        "compute_ref": 4000.0,
        "compute_floor": 0.4,
        "talent_ref": 63.0,
        "knowledge0": 0.8,
        "knowledge_ref": 1.4,
        "spillover": 1.0,
        "absorption": 3.0,
        "frontier": 1.4 + 1.3 * dt * np.arange(form.periods + 1),
        "returns": 1.5,
        "data_wall": 2500.0,
        "data_slope": 0.4,
        "imitation": 0.8,
        "help_ceiling": 1.5,
        "leader_capability": 2.2 * times,
        "leader_efficiency": 1.0 * times,
        "openness": 0.3,
    }


def _pace(form: Form, growth: Array) -> dict[str, Any]:
    """Prices, normal paces and elasticities in the order of the supplies."""
    tools, lines = len(form.tool_classes), len(form.lines)
    price = np.array([30e-3, 20e-3, 0.4, 0.05, 0.002] + [0.1] * tools + [0.2] * lines)
    normal = np.array([60.0, 100.0, 2.0, 10.0, 100.0] + [4.0] * tools + [4.0] * lines)
    growing = np.ones((len(price), 1)) * growth
    growing[2:] = 1.0
    return {
        "price": price[:, None] * np.where(growing > 1, growth**-0.2, 1.0),
        "normal": normal[:, None] * growing,
        "elasticity": np.array([0.8, 1.5, 1.0, 1.0, 1.0] + [1.0] * tools + [1.5] * lines),
    }
