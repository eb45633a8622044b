"""The size of every variable in an ordinary plan, by which the engine scales the model's columns."""

from __future__ import annotations

import numpy as np

from models.parameters import USES, Array, PlanParameters


def nominal_sizes(parameters: PlanParameters) -> dict[str, Array]:
    """The size that each variable has in an ordinary plan of this country, shaped like the variable.

    Chips are sized by the compute they give, money by income, people by the first staff; a country that
    has nothing is sized by a thousandth of the leader.
    """
    p, sets = parameters, parameters.sets
    compute = max(float((p["research_h100e"] * p["fleet0"]).sum()), 1e-3 * p.scalar("compute_ref"))
    money = max(float(p["income"].mean()) * p.scalar("dt"), 1e-3)
    people = max(p.scalar("talent0"), 1e-3 * p.scalar("talent_ref"))
    ratings = np.maximum(np.maximum(p["research_h100e"], p["delivery_h100e"]), 1e-2)
    chips = np.broadcast_to((0.1 * compute / ratings)[:, None], (len(sets.chips), len(sets.periods)))
    gigawatts = max(float((p["power_per_chip"] * p["fleet0"]).sum()), 1e-3)
    stacks = max(p.scalar("hbm_capacity0"), p.scalar("hbm_stock0"), 1.0)
    wafers = max(float(p["wafer_capacity0"].max(initial=0)), 1.0)
    packaged = max(p.scalar("packaging0"), 1.0)
    weight = p["cap_weight"].max(axis=(1, 2), initial=0)
    index = max(compute / p.scalar("compute_ref"), 1e-3)

    def fill(size: float, *names: str) -> Array:
        return np.full(sets.shape(names), size)

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
        "stock": np.repeat(chips[:, None, :], len(USES), axis=1),
        "rented": fill(compute, "uses", t),
        "counted": np.repeat(
            np.where(weight > 0, weight * float(np.median(chips)), 1.0)[:, None], len(sets.periods), axis=1
        ),
        "segment_compute": fill(compute, "segments", t),
        **dict.fromkeys(("flow", "over"), np.stack([fill(flows[name], t) for name in sets.supplies])),
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
