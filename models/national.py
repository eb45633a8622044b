"""The national plan: one country's program, assembled from the sections of the formulation.

The same build serves every country, policy and scenario of equal `PlanSets.structure`: all numbers are
mutable parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models import (
    budget,
    delivery,
    fleet,
    industry,
    industry_staged,
    memory,
    objective,
    pace,
    periods,
    power,
    research,
    talent,
    tools,
    trade,
)
from models.parameters import Array, PlanParameters
from models.units import UnitSystem


def build(parameters: PlanParameters, units: bool = False) -> Any:
    """The plan as an ordinary Pyomo `ConcreteModel`: linear rows, concave `<=` and convex `>=` rows.

    With `units=True` every component carries its `pyomo.units` (needs pint). Raises `ParameterError` where
    `parameters` break their contract. Each variable's nominal size stands in the `scaling_factor` suffix.
    """
    parameters.check()
    system = UnitSystem(units)
    model = pyo.ConcreteModel(name=f"national plan of {parameters.country}")
    model.million_per_billion = system.constant(1000, "USD_mn/USD_bn")
    periods.declare(model, parameters, system)
    industry_staged.add_variables(model, system)
    for section in (
        *(fleet, trade, power, talent, research, delivery),
        *(industry, tools, industry_staged, memory, pace, budget, objective),
    ):
        section.add(model, system)
    model.scaling_factor = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    for name, size in nominal_sizes(parameters).items():
        component = getattr(model, name)
        for data, nominal in zip(component.values(), size.ravel(), strict=True):
            model.scaling_factor[data] = 1 / float(nominal)
    return model


def nominal_sizes(parameters: PlanParameters) -> dict[str, Array]:
    """The size that each variable has in an ordinary plan of this country, shaped like the variable.

    Chips are sized by the compute they give, money by income, people by the first staff; a country that
    has nothing is sized by a thousandth of the leader.
    """
    p, sets = parameters, parameters.sets
    counts = {name: len(sets.members(name)) for name in periods.SET_NAMES}
    compute = max(float((p["research_h100e"] * p["fleet0"]).sum()), 1e-3 * p.scalar("compute_ref"))
    money = max(float(p["income"].mean()) * p.scalar("dt"), 1e-3)
    people = max(p.scalar("talent0"), 1e-3 * p.scalar("talent_ref"))
    ratings = np.maximum(np.maximum(p["research_h100e"], p["delivery_h100e"]), 1e-2)
    chips = np.broadcast_to((0.1 * compute / ratings)[:, None], (counts["chips"], counts["periods"]))
    gigawatts = max(float((p["power_per_chip"] * p["fleet0"]).sum()), 1e-3)
    stacks = max(p.scalar("hbm_capacity0"), p.scalar("hbm_stock0"), 1.0)
    wafers = max(float(p["wafer_capacity0"].max(initial=0)), 1.0)
    packaged = max(p.scalar("packaging0"), 1.0)
    weight = p["cap_weight"].max(axis=(1, 2), initial=0)
    index = max(compute / p.scalar("compute_ref"), 1e-3)

    def fill(size: float, *names: str) -> Array:
        return np.full([counts[name] for name in names], size)

    t = "periods"
    flows = {
        "grey": compute,
        "rent": compute * p.scalar("dt"),
        "recruit": people,
        "hbm": stacks,
        "packaging": packaged,
        **dict.fromkeys((*sets.tool_classes, *sets.lines), wafers),
    }
    sizes: dict[str, Array] = {
        **dict.fromkeys(("imports", "beyond", "grey", "domestic", "retired", "fleet", "bank_drawn"), chips),
        "stock": np.repeat(chips[:, None, :], counts["uses"], axis=1),
        "rented": fill(compute, "uses", t),
        "counted": np.repeat(
            np.where(weight > 0, weight * float(np.median(chips)), 1.0)[:, None], counts[t], axis=1
        ),
        "segment_compute": fill(compute, "segments", t),
        **dict.fromkeys(("flow", "over"), np.array([[flows[name]] * counts[t] for name in sets.supplies])),
        "wafer_built": fill(wafers, "lines", t),
        "wafer_capacity": fill(wafers, "lines", t),
        "wafers_started": fill(wafers, "lines", t),
        "packaging_built": fill(packaged, t),
        "packaging_capacity": fill(packaged, t),
        "energy": fill(0.1 * money, "uses", t),
        "use_cost": fill(money, "uses", t),
        "premium": fill(0.1 * money, "supplies", t),
        "spend": fill(money, "categories", t),
        "research_index": fill(index, t),
        "talent_index": fill(people / p.scalar("talent_ref"), t),
        "knowledge": fill(p.scalar("knowledge_ref"), t),
        "absorbed": fill(0.1 * p.scalar("knowledge_ref"), t),
    }
    sizes |= {
        **dict.fromkeys(("startable", "started"), fill(wafers, "staged_lines", "levels", t)),
        "experience": fill(10 * wafers, "staged_lines", t),
        **dict.fromkeys(("node_rd", "node_progress"), fill(0.1 * money, "staged_lines", t)),
        **dict.fromkeys(("class_rd", "class_progress"), fill(0.1 * money, "staged_classes", t)),
    }
    sizes |= {
        name: fill(wafers, "tool_classes", t)
        for name in ("tools_bought", "tools_made", "tool_stock", "toolmaking", "toolmaking_built")
    }
    sizes |= {
        name: fill(compute, t)
        for name in ("research_compute", "delivery_compute", "home_compute", "research_agents")
    }
    sizes |= {name: fill(gigawatts, t) for name in ("power", "power_built")}
    sizes |= {name: fill(people, t) for name in ("talent", "trained", "recruited", "released", "education")}
    sizes |= {name: fill(stacks, t) for name in ("hbm_built", "hbm_capacity", "hbm_imports", "hbm_stock")}
    sizes |= {
        name: fill(money, t)
        for name in (
            *("buy", "rent", "chips_cost", "talent_cost", "power_spend", "excess", "bidup"),
            *("recovered", "home_returned", "lapsed", "total", "cash", "agents_cost"),
        )
    }
    return sizes
