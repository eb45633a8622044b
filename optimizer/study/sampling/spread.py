"""Over what a factor spreads: levels, ranges, an input's own range, distributions, policies.

A position `u` runs from 0 to 1. Sampled designs take values at quantiles `u`; designs of single values take
the `stops`. Values are rounded to `DIGITS` significant digits before they are clipped, so that a design does
not depend on the last digits of a machine's logarithm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from optimizer.instance.values import Array

DIGITS: Final = 12
EVERYTHING: Final = (-math.inf, math.inf)
# the quantiles that `lognormal` names, and between which designs of single values stay
TAIL: Final = 0.05
# quantiles nearer to 0 and 1 than this are those of an unbounded distribution in double precision
LEAST: Final = 1e-12

Window = tuple[float, float]
Level = float | str | bool


@dataclass(frozen=True)
class Levels:
    """Single values, numbers or words."""

    values: tuple[Level, ...]

    def stops(self) -> tuple[Level, ...]:
        return self.values

    def index(self, positions: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Which value each position falls on, all equally likely."""
        count = len(self.values)
        return np.minimum((np.asarray(positions) * count).astype(np.int64), count - 1)


@dataclass(frozen=True)
class Discrete(Levels):
    """Single values with probabilities that add up to 1."""

    weights: tuple[float, ...] = ()

    def index(self, positions: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        ends = np.cumsum(self.weights)[:-1]
        return np.searchsorted(ends, np.asarray(positions), side="right").astype(np.int64)


@dataclass(frozen=True)
class Policies(Levels):
    """Policies, each several composed with `+`; `found` are the same as they are read from where Kloof was
    started, where that is not how they are written."""

    found: tuple[str, ...] = ()

    @property
    def names(self) -> list[tuple[str, str]]:
        """Each policy as written, and as it is read."""
        written = [str(value) for value in self.values]
        return list(zip(written, self.found or written, strict=True))


@dataclass(frozen=True)
class Own:
    """The input's own range: stops low, value and high, sampled triangular on these."""


@dataclass(frozen=True)
class Continuous:
    """A spread between two ends; `window` cuts off what an input may not be, and what is left of the
    distribution fills the positions from 0 to 1."""

    low: float
    high: float

    @property
    def support(self) -> Window:
        """Where values may lie at all, before any cut."""
        return self.low, self.high


@dataclass(frozen=True)
class Range(Continuous):
    """Uniform between two numbers, or their logarithms; `count` stops at equal distances."""

    count: int | None = None
    logarithmic: bool = False
    window: Window = EVERYTHING

    def stops(self) -> tuple[Level, ...]:
        return tuple(float(each) for each in self.at(np.linspace(0.0, 1.0, self.count or 2)))

    def at(self, positions: Array) -> Array:
        """Values at positions, an array of the same shape."""
        low, high = max(self.low, self.window[0]), min(self.high, self.window[1])
        if self.logarithmic:
            values = np.exp(math.log(low) + np.asarray(positions) * (math.log(high) - math.log(low)))
        else:
            values = low + np.asarray(positions) * (high - low)
        return clipped(values, (low, high))


@dataclass(frozen=True)
class Triangular(Continuous):
    """Triangular on `low`, `mode` and `high`."""

    mode: float = math.nan
    window: Window = EVERYTHING

    def stops(self) -> tuple[Level, ...]:
        return _cut((self.low, self.mode, self.high), self.window)

    def at(self, positions: Array) -> Array:
        """Values at positions, an array of the same shape."""
        from scipy import stats

        width = self.high - self.low
        whole = stats.triang(c=(self.mode - self.low) / width, loc=self.low, scale=width)
        window = max(self.low, self.window[0]), min(self.high, self.window[1])
        return _quantiles(whole, window, positions)


@dataclass(frozen=True)
class Lognormal(Continuous):
    """Lognormal; `low` and `high` are its 5 and 95% quantiles."""

    window: Window = EVERYTHING

    @property
    def support(self) -> Window:
        return 0.0, math.inf

    @property
    def median(self) -> float:
        return math.sqrt(self.low) * math.sqrt(self.high)

    def stops(self) -> tuple[Level, ...]:
        return _cut((self.low, float(_rounded(np.array(self.median))), self.high), self.window)

    def at(self, positions: Array) -> Array:
        """Values at positions, an array of the same shape; those of 0 and 1 are finite."""
        from scipy import stats

        width = math.log(self.high / self.low) / (2.0 * float(stats.norm.ppf(1.0 - TAIL)))
        inside = np.clip(positions, LEAST, 1.0 - LEAST)
        return _quantiles(stats.lognorm(s=width, scale=self.median), self.window, inside)


Spread = Levels | Own | Range | Triangular | Lognormal
Numeric = Range | Triangular | Lognormal


def within(spread: Numeric, window: Window) -> Numeric:
    """The spread without what lies outside the window."""
    return replace(spread, window=window)


def clipped(values: Array, window: Window) -> Array:
    """Values rounded to `DIGITS` significant digits, and none outside the window, whose ends stay exact."""
    return np.asarray(np.clip(_rounded(values), *window), dtype=np.float64)


def _rounded(values: Array) -> Array:
    flat = [float(f"{value:.{DIGITS}g}") for value in np.asarray(values, dtype=np.float64).ravel().tolist()]
    return np.array(flat).reshape(np.shape(values))


def _quantiles(whole: Any, window: Window, positions: Array) -> Array:
    """Quantiles of what is left within a window of a frozen distribution of scipy.stats."""
    first, last = (float(whole.cdf(end)) for end in window)
    return clipped(whole.ppf(first + np.asarray(positions) * (last - first)), window)


def _cut(values: tuple[float, ...], window: Window) -> tuple[Level, ...]:
    return tuple(dict.fromkeys(min(max(value, window[0]), window[1]) for value in values))
