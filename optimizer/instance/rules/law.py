"""The rules that hold for one country over a stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.rules.decide import Decision
from optimizer.instance.rules.rulebook import Mask, Rulebook
from optimizer.instance.rules.schema import ExportRule, Scope
from optimizer.instance.rules.windows import Pieces, cut, in_force
from optimizer.instance.values import Quantity

# a few policies of every country
REMEMBERED: Final = 256


@dataclass(frozen=True)
class Least:
    """The least `share` that some rules leave of something, shape (pieces,), the positions of the `rules`
    that leave no more at some time, and what those `behind` them leave, which would decide without them."""

    share: Array
    rules: tuple[int, ...]
    behind: Mapping[int, Array]


@dataclass(frozen=True, eq=False)
class Law:
    """What holds for `country`: `live` are the rules in force, shape (rules, pieces), `years` the calendar
    year of each piece."""

    book: Rulebook
    country: str
    pieces: Pieces
    years: NDArray[np.int64]
    live: Mask
    decision: Decision

    def value(self, quantity: Quantity) -> Array:
        """A quantity of calendar years in each piece, shape (pieces,)."""
        return in_years(quantity, self.years)

    def open_share(self, rule: ExportRule) -> Array:
        """The share that a rule leaves of what it concerns, where it holds, shape (pieces,)."""
        if rule.action == "deny":
            return np.zeros(len(self.years))
        for action, share in (("license", rule.approval_share), ("multiply", rule.multiplier)):
            if rule.action == action and share is not None:
                return self.value(share)
        return np.ones(len(self.years))

    def open_part(self, scope: Scope, concerns: Callable[[ExportRule], bool]) -> Array:
        """The least share that the rules of a scope leave open: means over each period, shape (periods,)."""
        return self.pieces.mean(self.least(scope, concerns).share)

    def least(self, scope: Scope, concerns: Callable[[ExportRule], bool]) -> Least:
        """The least share that the rules of a scope leave open in each piece, and which decide it."""
        shares = {
            int(position): np.where(self.live[position], self.open_share(rule), 1.0)
            for position in np.flatnonzero(self.live.any(axis=1))
            if (rule := self.book.rules[position]).scope == scope and concerns(rule)
        }
        least: Array = np.min([np.ones(len(self.years)), *shares.values()], axis=0)
        deciding = [row for row, share in shares.items() if ((share == least) & (share < 1)).any()]
        behind = {row: one for row, one in shares.items() if row not in deciding and (one < 1).any()}
        return Least(least, tuple(deciding), behind)


def in_years(quantity: Quantity, years: NDArray[np.int64]) -> Array:
    """The values of a quantity in calendar years, shape (years,)."""
    if not quantity.is_series:
        return np.full(len(years), quantity.number())
    return quantity.at(years.astype(np.float64) + 0.5)


@lru_cache(maxsize=REMEMBERED)
def law(book: Rulebook, country: str, starts: tuple[float, ...], period_years: float) -> Law:
    """The law for a country over periods that start at `starts` (decimal years) and last `period_years`."""
    concerned = book.concerns(country)
    days = [
        day
        for position in np.flatnonzero(concerned)
        if (rule := book.rules[position]).has_window and rule.action != "none"
        for day in (rule.start, rule.end)
    ]
    pieces = cut(np.array(starts), period_years, days)
    live = book.live(concerned, in_force(book.rules, pieces.middles))
    years = np.floor(pieces.middles).astype(np.int64)
    return Law(book, country, pieces, years, live, Decision(book, country, live, _limiting(book, years)))


def _limiting(book: Rulebook, years: NDArray[np.int64]) -> Mask:
    """Whether each rule makes its chips scarce where it holds, shape (rules, pieces)."""
    found = np.repeat(book.limits[:, None], len(years), axis=1)
    for position, rule in enumerate(book.rules):
        if rule.action == "multiply" and rule.multiplier is not None:
            found[position] &= in_years(rule.multiplier, years) < 1.0
    return found
