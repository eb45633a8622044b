"""Time: periods cut at the days on which rules start or end, and the rules in force in each piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.rules.schema import ExportRule

# a day this near to the start of a period is that start: about three hundredths of a second
ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Pieces:
    """Consecutive stretches of time, in decimal years, none of which a rule's first or last day divides.

    `starts`, `ends` and `period` (the position of the period around it) have shape (pieces,); `first` holds
    the position of each period's first piece, shape (periods,).
    """

    starts: Array
    ends: Array
    period: NDArray[np.int64]
    first: NDArray[np.int64]

    @property
    def lengths(self) -> Array:
        """Length of each piece in years, shape (pieces,)."""
        return self.ends - self.starts

    @property
    def middles(self) -> Array:
        """The middle of each piece, decimal years, shape (pieces,)."""
        return (self.starts + self.ends) / 2

    def total(self, values: Array) -> Array:
        """Sums over the pieces of each period: the last axis (pieces) becomes (periods)."""
        return np.add.reduceat(values, self.first, axis=-1)

    def mean(self, values: Array) -> Array:
        """Means over time in each period: the last axis (pieces) becomes (periods)."""
        lengths = self.lengths
        return self.total(values * lengths) / self.total(lengths)


def cut(starts: Array, period_years: float, days: Sequence[float]) -> Pieces:
    """Periods that start at `starts`, shape (periods,), cut at those of `days` that lie within one."""
    end = starts[-1] + period_years
    inside = np.array([day for day in sorted(set(days)) if starts[0] < day < end], dtype=np.float64)
    edges = np.append(starts, end)
    nearest = np.abs(inside[:, None] - edges).min(axis=1, initial=np.inf)
    inside = inside[nearest > ROUNDING]
    pieces = np.sort(np.concatenate([starts, inside]))
    period = np.searchsorted(starts, pieces, side="right") - 1
    return Pieces(pieces, np.append(pieces[1:], end), period, np.searchsorted(pieces, starts))


def in_force(rules: Sequence[ExportRule], dates: Array) -> NDArray[np.bool_]:
    """Which rules are in force at decimal years `dates`, suspended or not, shape (rules, dates)."""
    found = np.zeros((len(rules), len(dates)), dtype=bool)
    for position, rule in enumerate(rules):
        if rule.in_force == "always":
            found[position] = True
        elif rule.has_window:
            found[position] = (dates >= rule.start) & (dates < rule.end)
    return found
