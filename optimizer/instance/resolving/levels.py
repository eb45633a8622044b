"""Levels of efficiency and capability from knowledge and compute: one statement for all base states."""

from __future__ import annotations

import math


def efficiency_level(knowledge: float, knowledge_ref: float, returns: float) -> float:
    """Algorithmic efficiency, log units; `knowledge` and `knowledge_ref` in leader-effort years."""
    return returns * math.log(knowledge / knowledge_ref)


def own_level(efficiency: float, compute_index: float, wall_index: float, data_slope: float) -> float:
    """Effective research compute of the country's own, log units, where no lag is read as efficiency.

    `compute_index` is research compute (floor included) and `wall_index` the data wall, both over the
    leader's base-year research compute; a wall of infinity binds nobody.
    """
    level = math.log(compute_index)
    if math.isfinite(wall_index):
        level = min(level, data_slope * level + (1.0 - data_slope) * math.log(wall_index))
    return efficiency + level


def capability_level(own: float, leader_capability: float, imitation: float, help_ceiling: float) -> float:
    """Capability, log units, where a level already reached by the leader is cheap to reach again."""
    return min((own + imitation * leader_capability) / (1.0 + imitation), own + help_ceiling)
