"""How far a search is, for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Bound and plan of a search in the model's sense and units (infinite where there is none yet), the gap
    between them in units of the certificate's, nodes of the integer program at hand, and seconds until the
    time limit (infinite without one)."""

    bound: float
    plan: float
    gap: float
    nodes: int
    seconds_left: float


Tell = Callable[[Progress], None]
