"""Quantiles of an outcome over draws, each with an interval of its own.

Quantiles are order statistics, so that open ends (`inf`, "more than") are ordered like any number and never
averaged. The interval of a quantile runs between two order statistics that hold it with at least the stated
confidence whatever the distribution (the number of draws below a quantile is binomial). It is exact for
independent draws; Sobol' draws fill the cube more evenly, and their quantiles vary less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.values import Array

LEVELS: Final = (0.05, 0.5, 0.95)
CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Quantile:
    """One quantile. `low` and `high` are its interval, infinite where too few draws lie beyond it. Where
    `beyond` is set the value is only a bound, such as the lag of a country ahead of all that is known."""

    level: float
    value: float
    low: float
    high: float
    beyond: bool = False


@dataclass(frozen=True)
class Band:
    """Quantiles of one outcome over `draws` scenarios that have it, out of `draws` + `missing`."""

    quantiles: tuple[Quantile, ...]
    draws: int
    missing: int
    confidence: float

    def at(self, level: float) -> Quantile:
        """The quantile of a level. Raises `KeyError`."""
        for one in self.quantiles:
            if one.level == level:
                return one
        raise KeyError(level)


def band(
    numbers: Array,
    levels: Sequence[float] = LEVELS,
    confidence: float = CONFIDENCE,
    beyond: Array | None = None,
) -> Band:
    """Quantiles of `numbers` (draws,), nan where the outcome is missing; `beyond` (draws,) is not 0 where a
    number is only a bound, as `lag_beyond` says of `lag_months`.

    Raises `InputError` where no draw has the outcome, `ValueError` for a level that is not between 0 and 1.
    """
    if any(not 0 < level < 1 for level in (*levels, confidence)):
        raise ValueError(f"{levels} are not all between 0 and 1")
    kept = ~np.isnan(numbers)
    count = int(kept.sum())
    if count == 0:
        message = f"none of {len(numbers)} scenarios has the outcome"
        raise InputError(
            Diagnostic("E711", message, hint="look at why they failed, or choose another outcome")
        )
    order = np.argsort(numbers[kept], kind="stable")
    ordered = numbers[kept][order]
    bounds = np.zeros(count, dtype=bool) if beyond is None else (np.asarray(beyond)[kept] != 0)[order]
    found = []
    for level in levels:
        place = rank(count, level)
        first, last = interval(count, level, confidence)
        low = float(ordered[first - 1]) if first > 0 else -math.inf
        high = float(ordered[last - 1]) if last <= count else math.inf
        value = float(ordered[place - 1])
        found.append(Quantile(level, value, low, high, bool(bounds[place - 1]) or math.isinf(value)))
    return Band(tuple(found), count, len(numbers) - count, confidence)


def rank(count: int, level: float) -> int:
    """The place, from 1, of the draw that is the quantile: the first with at least that share at or below."""
    return min(max(math.ceil(count * level - 1e-9), 1), count)


@cache
def interval(count: int, level: float, confidence: float) -> tuple[int, int]:
    """Places, from 1, of the draws between which the true quantile lies; 0 and `count` + 1 are open ends.

    Each side is missed with at most half of what the confidence leaves.
    """
    from scipy.stats import binom

    tail = (1.0 - confidence) / 2.0
    below = binom(count, level)
    # the draw of place r lies at or below the quantile with the probability that r or more draws do
    first = int(below.ppf(tail))
    while first > 0 and below.cdf(first - 1) > tail:
        first -= 1
    # where a probability is the tail itself, one place further in still holds
    while below.cdf(first) <= tail:
        first += 1
    last = int(below.ppf(1.0 - tail)) + 1
    while last <= count and below.sf(last - 1) > tail:
        last += 1
    while below.sf(last - 2) <= tail:
        last -= 1
    return first, last
