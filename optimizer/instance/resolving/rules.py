"""The registry with every module of rules loaded: import it from here."""

from __future__ import annotations

from typing import Final

from models.parameters import TABLE
from optimizer.instance.resolving import (
    budget,
    control,
    delivery,
    fleet,
    industry,
    memory,
    objective,
    power_talent,
    research,
    staged,
    staged_reach,
    tools,
    trade,
    windows,
)
from optimizer.instance.resolving.registry import all_rules, find_rule, is_from_leader_plan, patterns

__all__ = ["INTERMEDIATE", "MODULES", "find_rule", "is_from_leader_plan", "patterns"]

MODULES: Final = (
    objective,
    fleet,
    windows,
    control,
    trade,
    power_talent,
    research,
    delivery,
    industry,
    tools,
    staged,
    staged_reach,
    memory,
    budget,
)
INTERMEDIATE: Final = tuple(one.name for one in all_rules() if one.name not in TABLE)
"""Quantities that several parameters share and that are no parameters themselves."""
