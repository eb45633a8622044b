"""Random countries for tests: nearly every group of parameters varies, every switch is on in some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.parameters import Array, PlanParameters
from tests.model.small_plan import small_plan

SUBSTITUTIONS = (0.1, 0.2, 0.25, 0.5, 2 / 3, 0.8, 0.95, 1.0, 1.05, 1.25, 2.0, 4.0, 5.0, 10.0)
"""Through 1; rho = (s-1)/s of each is a small rational."""

POSITIVE = (
    *("fleet0", "unit_cost", "power_per_chip", "research_h100e", "delivery_h100e", "grey_limit", "grey_open"),
    *("rent_limit", "rent_cost", "power0", "power_build_limit", "power_cost", "energy_cost", "talent0"),
    *("graduates", "recruit_limit", "education_limit", "wage", "recruit_cost", "education_cost"),
    *("hiring_cost", "release_cost"),
    *("compute_floor", "knowledge0", "absorption", "returns", "segment_ref", "segment_floor", "cap_weight"),
    *("wafers_per_chip", "hbm_per_chip", "bank0", "wafer_capacity0", "wafer_pending", "tool_limit"),
    *("wafer_cost", "hbm_capacity0", "hbm_pending", "hbm_build_limit", "hbm_cost", "hbm_price"),
    *("hbm_stock0", "hbm_import_limit", "income", "carry_limit", "price", "elasticity", "normal"),
    *("world_spend", "base_value", "supply_elasticity", "autonomy_floor", "shortfall_penalty", "terminal"),
    *("w_segment", "power_pending", "make_limit", "import_limit", "normal_import", "fee", "grey_premium"),
)


def random_plan(seed: int) -> PlanParameters:
    """The plan of country number `seed`; equal seeds give equal plans."""
    rng = np.random.default_rng(seed)
    steps = int(rng.choice([1, 1, 1, 4]))
    periods = int(rng.integers(4, 7)) if steps == 1 else 8
    base = small_plan(periods, steps, tail=1)
    changes: dict[str, Any] = {
        name: base[name] * np.exp(rng.normal(0, 0.3, base[name].shape)) for name in POSITIVE
    }
    changes["substitution"] = SUBSTITUTIONS[seed % len(SUBSTITUTIONS)]
    changes |= {
        "theta": rng.uniform(0.2, 0.8),
        "parallel": rng.choice([1.0, 0.5, rng.uniform(0.3, 0.95)]),
        "survival": rng.uniform(0.8, 1.0, len(base.sets.chips)),
        "use0": (lambda share: [share, 1 - share])(rng.uniform(0.1, 0.6)),
        "attrition": rng.uniform(0, 0.2),
        "transfer": rng.uniform(0, 1),
        "wafer_yield": np.clip(base["wafer_yield"] * rng.uniform(0.5, 1.5), 0, 1),
        "ai_share": rng.uniform(0.1, 0.8),
        "interest": rng.uniform(0, 0.1),
        "cash0": rng.uniform(-4, 10),
        "debt_limit": rng.choice([4.0, 20.0]),
        "cost_recovery": rng.choice([0.0, 0.2]),
        "home_return": rng.choice([0.0, 0.3]),
        "chip_part": rng.uniform(0.3, 0.8, len(base.sets.chips)),
        "w_capability": rng.uniform(0.2, 2),
        "w_autonomy": rng.choice([0.0, 0.3]),
        "passthrough": rng.uniform(0, 1, 2),
        "service_floor": base["service_floor"] + rng.normal(0, 0.3, base["service_floor"].shape),
    }
    changes["service_ceiling"] = changes["service_floor"] + rng.uniform(0.2, 1.5)
    changes["charge"] = changes["unit_cost"] * (changes["interest"] + 1 - changes["survival"][:, None])
    for name in ("power_arrival", "education_arrival", "wafer_arrival", "hbm_arrival"):
        changes[name] = _arrival(rng, base[name])
    if changes["cost_recovery"] == 0 and rng.random() < 0.4:
        changes["automation"] = rng.uniform(0, 0.1, base["automation"].shape)
        changes["agents_limit"] = np.inf
    _leadership(rng, base, changes)
    _switches(rng, base, changes)
    return small_plan(periods, steps, tail=1, **changes)


def _arrival(rng: np.random.Generator, like: Array) -> Array:
    shares = rng.dirichlet(np.full(like.shape[-1], 0.5))
    return np.broadcast_to(shares * rng.choice([1.0, 0.9]), like.shape)


def _leadership(rng: np.random.Generator, base: PlanParameters, changes: dict[str, Any]) -> None:
    """Either a leader, who has nobody to copy, or a follower with some of the four helps."""
    if rng.random() < 0.2:
        changes |= dict.fromkeys(("spillover", "imitation", "openness", "frontier", "catch_up_offset"), 0.0)
        changes["help_ceiling"] = np.inf
        changes |= dict.fromkeys(("leader_capability", "leader_efficiency"), 0.0)
        return
    growth = np.exp(rng.normal(0, 0.2))
    copies = bool(rng.random() < 0.7)
    changes |= {
        "spillover": rng.choice([0.0, rng.uniform(0.1, 3)]),
        "imitation": rng.uniform(0.2, 2) if copies else 0.0,
        "help_ceiling": rng.choice([np.inf, rng.uniform(0, 2)]),
        "catch_up_offset": 0.0 if copies else rng.choice([0.0, rng.uniform(0, 1)]),
        "openness": rng.choice([0.0, rng.uniform(0.1, 1)]),
        "frontier": base["frontier"] * growth,
        "leader_capability": base["leader_capability"] * growth,
        "leader_efficiency": base["leader_efficiency"] * growth,
    }


def _switches(rng: np.random.Generator, base: PlanParameters, changes: dict[str, Any]) -> None:
    """Rules off or binding, limits absent, elasticities without end, walls, mandates and shares."""

    def some(share: float) -> bool:
        return bool(rng.random() < share)

    changes["data_wall"], changes["data_slope"] = (
        (np.inf, 0.4) if some(0.4) else (rng.uniform(300, 4000), rng.uniform(0, 0.9))
    )
    cap_kind = rng.integers(4)
    changes["cap"] = (150.0, 20.0, np.inf, 0.0)[cap_kind]
    changes["cap_cumulative"] = np.inf if some(0.5) else rng.uniform(50, 400)
    if some(0.2):
        changes["cap_weight"] = 0.0
    if some(0.3):
        changes["grey_open"] = 0.0
    for name in ("rent_limit", "tool_limit", "hbm_import_limit", "education_limit"):
        if some(0.15):
            changes[name] = 0.0
    for name in ("grey_limit", "import_limit", "make_limit", "power_build_limit", "hbm_build_limit"):
        if some(0.2):
            changes[name] = np.where(np.asarray(changes[name]) > 0, np.inf, 0.0)
    for name in ("carry_limit", "service_ceiling", "rent_limit", "recruit_limit", "tool_limit"):
        if some(0.15):
            changes[name] = np.inf
    if some(0.3):
        endless = rng.random(base["elasticity"].shape) < 0.5
        changes["elasticity"] = np.where(endless, np.inf, changes["elasticity"])
    if some(0.2):
        changes["supply_elasticity"] = np.inf
    for name in ("normal_import", "normal"):
        if some(0.3):
            endless = rng.random(base[name].shape[0]) < 0.4
            changes[name] = np.where(endless[:, None], np.inf, changes[name])
    if some(0.2):
        changes["normal"] = np.where(
            rng.random(base["normal"].shape[0])[:, None] < 0.4, 1e-3, changes["normal"]
        )
    changes["mandate"] = rng.choice([0.0, 0.0, 0.05, 0.3])
    if some(0.12):
        changes["share_floor"] = (np.array([0.1, 0.1, 0.02, 0.05, 0.0]) * rng.uniform(0.3, 1.5))[:, None]
    if some(0.15):
        changes["share_ceiling"] = np.array([0.6, 0.7, 1.0, 1.0, 1.0])[:, None]
    if some(0.1):
        changes["fleet0"] = 0.0
    if some(0.3):
        waits = np.arange(base["bank_limit"].shape[-1]) < rng.integers(1, 4)
        changes["bank_limit"] = np.where(waits, 0.0, np.inf)
