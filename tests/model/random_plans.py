"""Random countries for tests: nearly every group of parameters varies, every switch is on in some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.parameters import Array, PlanParameters
from tests.model.contract import ContractPlan, parameters, plan
from tests.model.random_forms import FORMS, Form, base_plan, launch_shares, sets_of, shortfall_weights

SUBSTITUTIONS = (0.1, 0.2, 0.25, 0.5, 2 / 3, 0.8, 0.95, 1.0, 1.05, 1.25, 2.0, 4.0, 5.0, 10.0)
"""Through 1; rho = (s-1)/s of each is a small rational."""

POSITIVE = (
    *("fleet0", "unit_cost", "power_per_chip", "research_h100e", "delivery_h100e", "grey_limit", "grey_open"),
    *("rent_limit", "rent_cost", "power0", "power_build_limit", "power_cost", "energy_cost", "talent0"),
    *("graduates", "recruit_limit", "education_limit", "wage", "recruit_cost", "education_cost"),
    *("hiring_cost", "release_cost", "compute_floor", "knowledge0", "absorption", "returns", "segment_ref"),
    *("segment_floor", "cap_weight", "wafers_per_chip", "hbm_per_chip", "packages_per_chip", "bank0"),
    *("wafer_capacity0", "wafer_pending", "wafer_cost", "wafer_run_cost", "tools_per_wafer", "tool_stock0"),
    *("tool_import_limit", "tool_price", "toolmaking0", "toolmaking_pending", "toolmaking_build_limit"),
    *("toolmaking_cost", "packaging0", "packaging_pending", "packaging_build_limit", "packaging_cost"),
    *("hbm_capacity0", "hbm_pending", "hbm_build_limit", "hbm_cost", "hbm_price", "hbm_stock0"),
    *("hbm_import_limit", "income", "carry_limit", "price", "elasticity", "normal", "normal_import"),
    *("world_spend", "base_value", "supply_elasticity", "autonomy_floor", "shortfall_penalty", "terminal"),
    *("w_segment", "power_pending", "import_limit", "fee", "grey_premium"),
)
ARRIVALS = (
    *("power_arrival", "education_arrival", "wafer_arrival", "hbm_arrival", "packaging_arrival"),
    "toolmaking_arrival",
)


def random_plan(seed: int) -> PlanParameters:
    """The plan of country number `seed`; equal seeds give equal plans."""
    return parameters(contract_plan(seed))


def contract_plan(seed: int) -> ContractPlan:
    """The same by the names of the contract alone, whatever the code has of them."""
    rng = np.random.default_rng(seed)
    form = FORMS[int(rng.choice(len(FORMS), p=[0.2, 0.25, 0.1, 0.15, 0.15, 0.15]))]
    base = base_plan(form)
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
        "debt_limit": rng.choice([4.0, 20.0]),
        "cost_recovery": rng.choice([0.0, 0.2]),
        "home_return": rng.choice([0.0, 0.3]),
        "chip_part": rng.uniform(0.3, 0.8, len(base.sets.chips)),
        "w_capability": rng.uniform(0.2, 2),
        "w_autonomy": rng.choice([0.0, 0.3]),
        "passthrough": rng.uniform(0, 1, len(base.sets.segments)),
        "service_floor": base["service_floor"] + rng.normal(0, 0.3, base["service_floor"].shape),
    }
    changes["service_ceiling"] = changes["service_floor"] + rng.uniform(0.2, 1.5)
    for name in ARRIVALS:
        changes[name] = _arrival(rng, base[name])
    _leadership(rng, base, changes)
    _launches(rng, form, base, changes)
    _limits(rng, base, changes)
    _policies(rng, form, base, changes)
    _industry(rng, form, base, changes)
    return _consistent(rng, plan(sets_of(form), **{**base.values, **changes}))


def _arrival(rng: np.random.Generator, like: Array) -> Array:
    shares = rng.dirichlet(np.full(like.shape[-1], 0.5))
    return np.broadcast_to(shares * rng.choice([1.0, 0.9]), like.shape)


def _leadership(rng: np.random.Generator, base: ContractPlan, changes: dict[str, Any]) -> None:
    """Either a leader, who has nobody to copy, or a follower with some of the five helps."""
    if rng.random() < 0.2:
        changes |= dict.fromkeys(("spillover", "imitation", "openness", "frontier"), 0.0)
        changes |= dict.fromkeys(("leader_capability", "leader_efficiency"), 0.0)
        changes["help_ceiling"] = np.inf
        return
    growth = np.exp(rng.normal(0, 0.2))
    changes |= {
        "spillover": rng.choice([0.0, rng.uniform(0.1, 3)]),
        "imitation": rng.choice([0.0, rng.uniform(0.2, 2)]),
        "help_ceiling": rng.choice([0.0, rng.uniform(0.2, 1.5), rng.uniform(1.1, 2.3), np.inf]),
        "openness": rng.choice([0.0, rng.uniform(0.1, 1)]),
        "frontier": base["frontier"] * growth,
        "leader_capability": base["leader_capability"] * growth,
        "leader_efficiency": base["leader_efficiency"] * growth,
    }
    if rng.random() < 0.15:  # the other reading of an observed lag: no imitation
        changes |= {"imitation": 0.0, "catch_up_offset": rng.uniform(0, 1.5)}


def _launches(rng: np.random.Generator, form: Form, base: ContractPlan, changes: dict[str, Any]) -> None:
    """Chips launched before the plan, in it (in the midst of a period, too) or after it."""
    years = form.periods / form.steps_per_year
    launch = rng.choice([0.0, 0.0, 0.0, 1.0, 1.5], len(base.sets.chips)) * rng.uniform(0.1, 1.3)
    if rng.random() < 0.15:
        launch[-1] = years + 1
    changes["launched"] = launch_shares(form, launch)
    for name in ("import_limit", "grey_open", "normal_import"):
        changes[name] = changes[name] * (changes["launched"] if name != "normal_import" else 1.0)


def _limits(rng: np.random.Generator, base: ContractPlan, changes: dict[str, Any]) -> None:
    """Channels closed, limits absent, elasticities without end, normal shares of nothing and of all."""

    def some(share: float) -> bool:
        return bool(rng.random() < share)

    changes["make_limit"] = np.where(base["make_limit"] > 0, np.inf if some(0.8) else 400.0, 0.0)
    for name in ("rent_limit", "hbm_import_limit", "education_limit", "packaging_build_limit"):
        if some(0.15):
            changes[name] = 0.0
    if some(0.3):
        changes["grey_open"] = 0.0
    for name in ("grey_limit", "import_limit", "power_build_limit", "hbm_build_limit"):
        if some(0.2):
            changes[name] = np.where(np.asarray(changes[name]) > 0, np.inf, 0.0)
    for name in ("carry_limit", "service_ceiling", "rent_limit", "recruit_limit", "packaging_build_limit"):
        if some(0.15):
            changes[name] = np.inf
    if some(0.3):
        endless = rng.random(base["elasticity"].shape) < 0.5
        changes["elasticity"] = np.where(endless, np.inf, changes["elasticity"])
    if some(0.15):
        changes["supply_elasticity"] = np.inf
    owned = rng.random(len(base.sets.chips)) < 0.2
    changes["normal_import"] = np.where(owned[:, None], np.inf, changes["normal_import"])
    if some(0.15):
        changes["normal_import"] = 0.0
    if some(0.1):
        changes["normal"] = np.maximum(1e-3, 0.01 * changes["normal"])


def _policies(rng: np.random.Generator, form: Form, base: ContractPlan, changes: dict[str, Any]) -> None:
    """Rules off or binding, walls, mandates, shares, research by agents, and what a country starts with."""

    def some(share: float) -> bool:
        return bool(rng.random() < share)

    changes["data_wall"], changes["data_slope"] = (
        (np.inf, 0.4) if some(0.4) else (rng.uniform(300, 4000), rng.uniform(0, 0.9))
    )
    changes["cap"] = (150.0, 20.0, np.inf, 0.0)[rng.integers(4)]
    changes["cap_cumulative"] = np.inf if some(0.5) else rng.uniform(50, 400)
    if some(0.2):
        changes["cap_weight"] = 0.0
    mandate = rng.choice([0.0, 0.0, 0.05, 0.2])
    changes["mandate"] = mandate if form.lines else 0.0
    automated = some(0.2)
    if automated:
        changes |= {"automation": rng.uniform(0.01, 0.3), "cost_recovery": 0.0}
    # The cost of agents stands under research in reports; the shares that a policy acts on are by chip.
    if some(0.15) and not automated:
        changes["share_floor"] = (np.array([0.1, 0.1, 0.01, 0.05, 0.0]) * rng.uniform(0.5, 2.0))[:, None]
    if some(0.15) and not automated:
        changes["share_ceiling"] = np.array([0.6, 0.7, 1.0, 1.0, 1.0])[:, None]
    if some(0.1):
        changes["fleet0"] = 0.0


def _industry(rng: np.random.Generator, form: Form, base: ContractPlan, changes: dict[str, Any]) -> None:
    """Lines without history, tools denied or plenty, packaging that is the bottleneck, no designer alone."""

    def some(share: float) -> bool:
        return bool(rng.random() < share)

    lines, tools = len(form.lines), len(form.tool_classes)
    if lines and some(0.3):  # the last line starts from nothing
        for name in ("wafer_capacity0", "wafer_pending"):
            changes[name] = np.array(changes[name])
            changes[name][-1] = 0.0
    if some(0.25):  # a control on the last class of tools
        changes["tool_import_limit"] = np.array(changes["tool_import_limit"])
        changes["tool_import_limit"][-1, 1:] = 0.0
    if some(0.2):
        for name in ("tool_stock0", "toolmaking0", "toolmaking_pending"):
            changes[name] = np.array(changes[name])
            changes[name][-1] = 0.0
    if some(0.15):
        changes["tool_import_limit"] = np.inf
    if some(0.2):
        changes["toolmaking_build_limit"] = rng.choice([0.0, np.inf])
    if some(0.3):
        scale = rng.uniform(0.05, 0.5)
        changes |= {name: scale * changes[name] for name in ("packaging0", "packaging_pending")}
    if some(0.1):
        changes["packaging0"] = 0.0
    if some(0.1):
        changes |= dict.fromkeys(("hbm_capacity0", "hbm_stock0"), 0.0)
    if some(0.3):
        changes["wafer_run_cost"] = 0.0
    if some(0.3):
        changes["tools_per_wafer"] = rng.uniform(0.1, 1.5, (lines, tools))
    ceiling = rng.uniform(0.5, 1.0, (len(form.designers), lines, 1))
    changes["designer_ceiling"] = 1.0 if some(0.3) else ceiling


def _consistent(rng: np.random.Generator, p: ContractPlan) -> ContractPlan:
    """What follows from other numbers, and the least cash that the contract allows a country."""
    charge = p["unit_cost"] * (p["interest"] + 1 - p["survival"][:, None])
    weights = shortfall_weights(p["segment_ref"], p["service_floor"])
    p = p.changed(charge=charge, shortfall_weight=weights)
    draw = p["power_per_chip"] @ p["fleet0"]
    running = (p["wage"] * p["talent0"] + p["energy_cost"][0] * draw) / 2 - p["income"][0]
    needed = p["dt"] * running + p["release_cost"] * p["talent0"]
    # Debt at the start only where the first income pays for it.
    least = max(float(needed), -0.5 * float(p["debt_limit"].min()))
    p = p.changed(cash0=least + rng.uniform(0, 10))
    if money_machine(p):
        p = p.changed(cost_recovery=0.0)
    return p


def money_machine(p: ContractPlan) -> bool:
    """Whether some chip returns as much as it costs."""
    dt, periods = p.scalar("dt"), len(p.sets.periods)
    later = np.arange(periods) - np.arange(periods)[:, None]  # t, s
    kept = np.where(later >= 0, p["survival"][:, None, None] ** (np.maximum(later, 0) * dt), 0.0)
    charged = dt * np.einsum("kts,ks->kt", kept, p["charge"])
    back = p["cost_recovery"] * charged + p["home_return"] * p["chip_part"][:, None] * p["unit_cost"]
    return bool((back >= p["unit_cost"]).any())
