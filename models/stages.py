"""The staged industry run forward: what its levels, programmes and modules lead to, in plain numpy.

In path mode every array here is empty, and the yield is the given one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.indices import mid
from models.parameters import Array, PlanParameters

# what a plan in staged mode decides beside the decisions of every plan
STAGED_DECISIONS: Final = ("level", "unlocked", "modules", "node_rd", "class_unlocked", "class_rd")
# those of them that come in whole steps
WHOLE_STEPS: Final = ("level", "unlocked", "modules", "class_unlocked")
MONTHS: Final = 12
# how near to whole is whole, and what is rounded up
WHOLE: Final = 1e-6
HALF: Final = 0.5


def decided_stages(p: PlanParameters, decisions: Mapping[str, Array]) -> dict[str, Array]:
    """The decisions of staged mode; empty in path mode, whatever is given."""
    if p.sets.levels:
        return {name: np.array(decisions[name], dtype=float) for name in STAGED_DECISIONS}
    none = np.zeros((0, len(p.sets.periods)))
    return dict.fromkeys(STAGED_DECISIONS, none) | {"level": np.zeros((0, *none.shape))}


def good_share(p: PlanParameters, decided: Mapping[str, Array]) -> Array:
    """The share of each line's dies that are good, shape (lines, periods): that of the level at which the
    plan says the line stands, or the given one in path mode."""
    if not p.sets.levels:
        return used_yield(p)
    return np.asarray(np.einsum("nl,nlt->nt", p["yield_level"], decided["level"]))


def used_yield(p: PlanParameters) -> Array:
    """The given share of each line's dies that are good; shared know-how raises it."""
    return np.asarray(1 - (1 - p["wafer_yield"]) / (1 + p.scalar("transfer")))


def programmes_cost(decided: Mapping[str, Array]) -> Array:
    """What the programmes for nodes and classes of tools cost in each period, USD bn; zeros in path mode."""
    return np.asarray(decided["node_rd"].sum(axis=0) + decided["class_rd"].sum(axis=0))


def wafer_starts(p: PlanParameters, wafer_capacity: Array) -> Array:
    """Wafers that each line can start for AI chips in each period, thousand."""
    capacity = mid(p["wafer_capacity0"][:, None], wafer_capacity)
    return np.asarray(MONTHS * p["dt"] * p["ai_share"] * capacity)


def arrived(arrival: Array, order: Array) -> Array:
    """Orders (periods last) turned into arrivals by their profile (delays last)."""
    periods = order.shape[-1]
    total = np.zeros_like(order)
    for delay in range(min(arrival.shape[-1], periods)):
        total[..., delay:] += arrival[..., delay, None] * order[..., : periods - delay]
    return total


def outcome(p: PlanParameters, values: Mapping[str, Array]) -> dict[str, Array]:
    """Wafers by level, experience, progress of programmes and what they open; empty in path mode."""
    staged, periods = bool(p.sets.levels), len(p.sets.periods)
    wafers = values["wafers_started"] if staged else np.zeros((0, periods))
    starts = wafer_starts(p, values["wafer_capacity"]) if staged else wafers
    learned = np.cumsum(wafers + p["learning_other"], axis=1)
    nodes = np.cumsum(arrived(p["node_arrival"], values["node_rd"]), axis=1)
    classes = np.cumsum(arrived(p["class_arrival"], values["class_rd"]), axis=1)
    unlocked = np.maximum(values["unlocked"], _paid(p, "node_cost", nodes) * p["openable"])
    for _ in p.sets.staged_lines:
        closed = np.einsum("np,pt->nt", p["previous_line"], 1 - unlocked)
        unlocked = np.minimum(unlocked, 1 - closed)
    return {
        "started": values["level"] * wafers[:, None, :],
        "startable": values["level"] * (starts * unlocked)[:, None, :],
        "experience": p["learning0"][:, None] + learned,
        "node_progress": nodes,
        "class_progress": classes,
        "unlocked": unlocked,
        "class_unlocked": np.maximum(
            values["class_unlocked"], _paid(p, "class_cost", classes) * p["class_openable"]
        ),
    }


def broken(p: PlanParameters, decisions: Mapping[str, Array]) -> bool:
    """Whether a decision of staged mode that is one of whole steps is not whole."""
    parts = (decisions[name] for name in WHOLE_STEPS) if p.sets.levels else ()
    return any(np.abs(part - np.round(part)).max(initial=0.0) > WHOLE for part in parts)


def whole_steps(p: PlanParameters, values: Mapping[str, Array]) -> dict[str, Array]:
    """Whole steps of a plan near `values`, in which steps are broken: what is open for more than half is
    open, modules are ordered once so many are due, and a line stands at the level that its wafers then earn.
    """
    opened = {}
    for name, within in (("class_unlocked", "class_openable"), ("unlocked", "openable")):
        reached = np.maximum.accumulate(values[name], axis=1) >= HALF
        opened[name] = reached * np.floor(p[within] + WHOLE)
    for _ in p.sets.staged_lines:
        closed = np.einsum("np,pt->nt", p["previous_line"], 1 - opened["unlocked"])
        opened["unlocked"] = np.maximum(np.minimum(opened["unlocked"], 1 - closed), 0.0)
    due = np.floor(np.cumsum(values["modules"], axis=1) + HALF) * opened["unlocked"][:, -1:]
    most = np.minimum.accumulate(np.floor(p["modules_max"] + WHOLE)[:, ::-1], axis=1)[:, ::-1]
    modules = np.diff(np.minimum(due, most), axis=1, prepend=0.0)
    module = p["module"][:, None]
    built = np.where(module > 0, module * modules, values["wafer_built"])
    capacity = np.cumsum(p["wafer_pending"] + arrived(p["wafer_arrival"], built), axis=1)
    most_started = wafer_starts(p, p["wafer_capacity0"][:, None] + capacity) * opened["unlocked"]
    started = np.clip(values["started"].sum(axis=1), 0.0, most_started)
    experience = p["learning0"][:, None] + np.cumsum(started + p["learning_other"], axis=1)
    before = np.concatenate([p["learning0"][:, None], experience[:, :-1]], axis=1)
    asked = p["learning_wafers"] / (1 + p.scalar("transfer"))
    stage = (before[:, None, :] >= asked[:, :, None] * (1 - WHOLE)).sum(axis=1) - 1
    level = np.arange(len(p.sets.levels))[None, :, None] == stage[:, None, :]
    return {**opened, "modules": modules, "level": level.astype(float)}


def _paid(p: PlanParameters, cost: str, progress: Array) -> Array:
    """1 where a programme has come to bear: what is paid for is open, whether a plan uses it or not."""
    return np.asarray(progress * (1 + p.scalar("transfer")) >= p[cost][:, None], dtype=float)
