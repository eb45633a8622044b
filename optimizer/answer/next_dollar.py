"""What the next money for a country's chip industry brings, by what it is given for, as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.answer.digits import significant
from optimizer.answer.part import Number, Part
from optimizer.answer.worth import SolvedWorth

CASH: Final = "cash"
RESEARCH: Final = "research"
PROGRAMME: Final = "programme"
FAB: Final = "fab"
MEMORY: Final = "memory"
PACKAGING: Final = "packaging"


class GiftWorth(Part):
    """A gift to a country, and what it was solved to be worth.

    `kind`: `cash`; so much `research` on a node or class of tools done, or the whole `programme`; a `fab` of
    a line with its tools, `memory` or `packaging` plants, as if ordered in the first period. `usd_bn` is what
    the country would pay for it; `amount` is it in its own `unit`.
    """

    kind: str
    item: str
    words: str
    usd_bn: Number
    amount: Number
    unit: str
    solved: SolvedWorth

    @property
    def per_usd_bn(self) -> tuple[float, float, float]:
        """Percent of effective compute for good per USD bn: least, as solved, most."""
        worth, cost = self.solved, float(self.usd_bn)
        percents = (worth.low, worth.percent_effective_compute, worth.high)
        least, percent, most = (float(each) / cost for each in percents)
        return least, percent, most

    @property
    def per_text(self) -> str:
        """The same in about two digits, or below what it is."""
        _, percent, most = self.per_usd_bn
        if not self.solved.is_known:
            return "0" if most <= 0 else f"<{significant(most, 1)}"
        return significant(percent, 2, (self.solved.high - self.solved.low) / (percent * float(self.usd_bn)))

    def told_from(self, other: GiftWorth) -> bool:
        """Whether the gaps leave no doubt which of the two brings more per dollar."""
        own, others = self.per_usd_bn, other.per_usd_bn
        return own[0] > others[2] or others[0] > own[2]


def ranked(gifts: Sequence[GiftWorth]) -> tuple[GiftWorth, ...]:
    """Gifts by what they bring per dollar, most first; those that the gaps cannot tell from nothing last."""
    known = [gift for gift in gifts if gift.solved.is_known]
    rest = [gift for gift in gifts if not gift.solved.is_known]
    return (*sorted(known, key=lambda gift: -gift.per_usd_bn[1]), *rest)


def sentences(gifts: Sequence[GiftWorth]) -> tuple[str, ...]:
    """The best research and the best fab against each other, and both against cash."""
    best = {kind: next((gift for gift in ranked(gifts) if gift.kind in kinds), None) for kind, kinds in SIDES}
    research, fab, cash = best["research"], best["fab"], best["cash"]
    said = []
    if research is not None and fab is not None:
        said.append(_against(fab, research))
    for one in (research, fab):
        if one is not None and cash is not None:
            said.append(_against(one, cash))
    return tuple(said)


SIDES: Final = (("research", (RESEARCH, PROGRAMME)), ("fab", (FAB,)), ("cash", (CASH,)))


def _against(one: GiftWorth, other: GiftWorth) -> str:
    if not one.told_from(other):
        return f"per dollar, {one.words} and {other.words} cannot be told apart at these gaps"
    more, less = (one, other) if one.per_usd_bn[1] > other.per_usd_bn[1] else (other, one)
    per = f"{more.per_text} against {less.per_text}% per USD bn"
    return f"a dollar of {more.words} brings more than one of {less.words}: {per}"
