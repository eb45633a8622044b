"""Which regimes are not dominated, where neither delay nor revenue is one number but a range.

The plans of a regime within the gap are equally good to the target; a regime is called dominated only where
another one is at least as good on both counts whichever of its plans the target takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.answer.controls import (
    DELAY_DIGITS,
    DOMINATED,
    FRONTIER,
    REVENUE_DIGITS,
    UNDECIDED,
    Delay,
    Range,
    RegimeAnswer,
    Verdict,
)


@dataclass(frozen=True)
class Candidate:
    """A regime by its delay, shown to so many digits, and its revenue; of both more is better."""

    number: int
    delay: Range
    revenue: Range
    delay_digits: int = DELAY_DIGITS["lag"]

    def surely_beats(self, other: Candidate) -> bool:
        """At least as good on both counts for every value in the ranges, and better on one."""
        mine = self.delay.least, self.revenue.least
        theirs = other.delay.greatest, other.revenue.greatest
        return mine[0] >= theirs[0] and mine[1] >= theirs[1] and mine != theirs

    def beats(self, other: Candidate) -> bool:
        """The same of the plans found alone, to the digits that are shown: less is chance."""
        mine, theirs = self._shown, other._shown
        return mine[0] >= theirs[0] and mine[1] >= theirs[1] and mine != theirs

    @property
    def _shown(self) -> tuple[float, float]:
        return round(self.delay.at, self.delay_digits), round(self.revenue.at, REVENUE_DIGITS)


def candidate(regime: RegimeAnswer, delay: Delay) -> Candidate:
    """A regime that is solved as a candidate."""
    assert regime.revenue_usd_bn is not None
    return Candidate(regime.number, regime.delay(delay), regime.revenue_usd_bn, DELAY_DIGITS[delay])


def verdicts(candidates: Sequence[Candidate]) -> list[Verdict]:
    """What is to be said of every candidate, in order. Regimes with the same numbers stay side by side."""
    found = []
    for one in candidates:
        sure = next((other for other in candidates if other.surely_beats(one)), None)
        if sure is not None:
            found.append(Verdict(number=one.number, verdict=DOMINATED, by=sure.number))
            continue
        likely = next((other for other in candidates if other.beats(one)), None)
        if likely is not None:
            found.append(Verdict(number=one.number, verdict=UNDECIDED, by=likely.number))
        else:
            found.append(Verdict(number=one.number, verdict=FRONTIER))
    return found
