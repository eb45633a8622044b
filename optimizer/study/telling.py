"""What is told while plans are solved, to whoever waits for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from optimizer.solver.progress import Progress as TreeProgress


@dataclass(frozen=True)
class Solved:
    """How far a country is: so many `plans` of its `of` columns are solved."""

    country: str
    plans: int
    of: int


@dataclass(frozen=True)
class Searching:
    """How far the `tree` of a country's plan over whole steps is, in a scenario with a name or without."""

    country: str
    scenario: str
    tree: TreeProgress


Progress = Callable[[Solved | Searching], None]
