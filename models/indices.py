"""Indices run forward: the capability, service and autonomy that a plan's compute, people and chips give.

Part of the forward run (`models.simulate`): sections 5, 6 and 9 of the formulation by their true functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.parameters import (
    COBB_DOUGLAS_RANGE,
    SMALLEST_INDEX,
    SMALLEST_SPILLOVER,
    Array,
    PlanParameters,
)

# The indices that rows hold below their true function, in the order in which one follows from another.
BOUNDED: Final = ("effort", "absorbed", "efficiency", "own", "capability", "service", "autonomy")
_SMALLEST_STOCK: Final = 1e-12
Values = Mapping[str, Array]


def indices(p: PlanParameters, out: Values, ceilings: Values) -> dict[str, Array]:
    """Every index of the stocks, decisions and compute in `out`; arrays shaped by their index, periods last.

    `ceilings` holds, for some of `BOUNDED`, the most that each may be: a row that the plan does not know of
    may hold an index below what its function gives, and with it what follows.
    """
    found = research(p, out, ceilings)
    found |= delivery(p, out, found["efficiency"], ceilings)
    autonomy = np.log((out["home_compute"] + p["autonomy_floor"]) / p["compute_ref"])
    found["autonomy"] = _held(autonomy, ceilings, "autonomy")
    weight = np.einsum("rkt,kt->rt", p["cap_weight"], out["imports"])
    found["counted"] = np.cumsum(weight, axis=1)
    return found


def research(p: PlanParameters, out: Values, ceilings: Values) -> dict[str, Array]:
    """Effort, knowledge, efficiency and capability."""
    dt = p.scalar("dt")
    x = (out["research_compute"] + p["compute_floor"]) / p["compute_ref"]
    people = mid(p["talent0"], out["talent"]) + p["automation"] * out["research_agents"]
    y = people / p["talent_ref"] + SMALLEST_INDEX
    effort = _held(_constant_elasticity(p, x, y) ** p.scalar("parallel"), ceilings, "effort")
    rate = max(p.scalar("spillover"), SMALLEST_SPILLOVER)
    gain = (1 - np.exp(-rate * dt)) / rate
    reach = 1 - np.exp(-p.scalar("spillover") * dt)
    frontier = (p["frontier"][:-1] + p["frontier"][1:]) / 2
    most = ceilings.get("absorbed", np.full(len(x), np.inf))
    knowledge, absorbed = np.zeros_like(x), np.zeros_like(x)
    before = p.scalar("knowledge0")
    for t in range(len(x)):
        capacity = ((1 + p.scalar("absorption")) * dt - gain) * effort[t]
        absorbed[t] = min(reach * (frontier[t] - before), capacity, most[t])
        before = knowledge[t] = before + gain * effort[t] + absorbed[t]
    efficiency = p["returns"] * np.log(mid(p["knowledge0"], knowledge) / p["knowledge_ref"])
    efficiency = _held(efficiency, ceilings, "efficiency")
    advanced = efficiency + p["catch_up_offset"]
    own = advanced + np.log(x)
    with np.errstate(invalid="ignore"):
        wall = (1 - p["data_slope"]) * np.log(p["data_wall"] / p["compute_ref"])
    if np.isfinite(wall):
        own = np.minimum(own, advanced + p["data_slope"] * np.log(x) + wall)
    own = _held(own, ceilings, "own")
    capability = (own + p["imitation"] * p["leader_capability"]) / (1 + p["imitation"])
    capability = np.minimum(capability, own + p["help_ceiling"])
    return {
        "research_index": x,
        "talent_index": y,
        "effort": effort,
        "knowledge": knowledge,
        "absorbed": absorbed,
        "efficiency": efficiency,
        "own": own,
        "capability": _held(capability, ceilings, "capability"),
    }


def delivery(p: PlanParameters, out: Values, efficiency: Array, ceilings: Values) -> dict[str, Array]:
    """Service by segment; compute that is short is short for every segment alike."""
    used = out["segment_compute"].sum(axis=0)
    left = out["delivery_compute"] - out["research_agents"]
    share = np.minimum(1.0, left / np.maximum(used, _SMALLEST_STOCK))
    segment_compute = out["segment_compute"] * share
    helped = (1 - p["openness"]) * efficiency + p["openness"] * p["leader_efficiency"]
    compute = segment_compute + p["segment_floor"][:, None]
    service = np.log(compute / p["segment_ref"][:, None]) + p["passthrough"][:, None] * helped
    service = _held(np.minimum(service, p["service_ceiling"]), ceilings, "service")
    return {
        "segment_compute": segment_compute,
        "service": service,
        "shortfall": np.maximum(p["service_floor"] - service, 0.0),
    }


def mid(initial: Array, stock: Array) -> Array:
    """The mean of an end-of-period stock (periods last) over each period."""
    before = np.concatenate([np.broadcast_to(initial, stock[..., :1].shape), stock[..., :-1]], axis=-1)
    return (before + stock) / 2


def _held(index: Array, ceilings: Values, name: str) -> Array:
    return np.minimum(index, ceilings[name]) if name in ceilings else index


def _constant_elasticity(p: PlanParameters, x: Array, y: Array) -> Array:
    theta = p.scalar("theta")
    rho = (p.scalar("substitution") - 1) / p.scalar("substitution")
    if abs(rho) < COBB_DOUGLAS_RANGE:
        return np.asarray(np.exp(theta * np.log(x) + (1 - theta) * np.log(y)))
    terms = np.logaddexp(np.log(theta) + rho * np.log(x), np.log(1 - theta) + rho * np.log(y))
    return np.asarray(np.exp(terms / rho))
