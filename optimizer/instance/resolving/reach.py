"""Which lags behind the leader a base state can have at all, given its fleets and what it knows."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Final

MONTHS_PER_YEAR: Final = 12.0
LONGEST_MONTHS: Final = 240
STEPS_PER_MONTH: Final = 10


def reachable_lags(
    own_level: Callable[[float], float], growth_per_year: float
) -> tuple[tuple[float, float], ...]:
    """Spans of lags, months to one decimal, at which a country's own level is not above the level that the
    lag asks for: help can only lift it.

    `own_level` gives the own level in log units, the leader's being 0, for a lag in years, on which what the
    country knows may depend; `growth_per_year` is the leader's log rate. Looked for up to 20 years.
    """
    lags = [step / STEPS_PER_MONTH for step in range(1, LONGEST_MONTHS * STEPS_PER_MONTH + 1)]
    reached = [lag for lag in lags if behind(own_level, growth_per_year, lag / MONTHS_PER_YEAR) >= 0]
    if not reached:
        return ()
    # a span ends where the next lag that is reached is more than a step away
    gaps = [(low, high) for low, high in pairwise(reached) if high - low > 1.5 / STEPS_PER_MONTH]
    starts = [reached[0], *(high for _, high in gaps)]
    ends = [*(low for low, _ in gaps), reached[-1]]
    return tuple(zip(starts, ends, strict=True))


def behind(own_level: Callable[[float], float], growth_per_year: float, lag_years: float) -> float:
    """How far the own level lies below what the lag asks for, log units; negative where it lies above."""
    return -own_level(lag_years) - growth_per_year * lag_years


def spans_text(spans: tuple[tuple[float, float], ...]) -> str:
    """The spans in words: `0.1 to 9.8 or 13.2 to 36 months`."""
    ends = [
        f"{low:g} and more" if math.isclose(high, LONGEST_MONTHS) else f"{low:g} to {high:g}"
        for low, high in spans
    ]
    return f"{' or '.join(ends)} months"
