"""Which rules hold for which chips of one buyer, and what they leave of each: the strictest decides.

For a chip and a moment, the rules that hold are those in force for the buyer whose subject the chip is, less
those that are suspended and those that give way to another that holds. Of what is left the least limit
counts, on each side the highest fee, and the fees of both sides add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.rules.conditions import UNKNOWN, YES
from optimizer.instance.rules.rulebook import Mask, Rulebook

SIDES: Final = ("export", "import")
# relative: two readings of the law that differ by less are one
TOLERANCE: Final = 1e-12
# rules in doubt on one chip, of which each reading is tried: 64 at most
READ_IN_EVERY_WAY: Final = 6
Effects = Callable[[Mask | None, NDArray[np.int64]], Array]
"""What a decision on some chips consists of, where those rules in doubt that it is given are met."""


@dataclass(frozen=True)
class Terms:
    """What the rules allow, in numbers by piece of time.

    `open_share`, of what is within reach of a chip, `beside_share`, of its normal supply besides, and `fee`,
    of its price, have shape (rules, pieces). `chip_limits` holds for each rule that limits chips one by one,
    by its position, thousand chips per calendar year, shape (chips, pieces). `reach` is what the buyer could
    have without rules, `normal` its normal share of the supply, and `practice` its own limits, likewise.
    """

    open_share: Array
    beside_share: Array
    fee: Array
    chip_limits: Mapping[int, Array]
    reach: Array
    normal: Array
    practice: Array

    def left(self, row: int) -> Array:
        """What a rule leaves of each chip by shares, thousand chips per calendar year, (chips, pieces)."""
        found: Array = self.open_share[row] * self.reach + self.beside_share[row] * self.normal
        return found


@dataclass(frozen=True)
class Holding:
    """The rules that hold, shape (rows, chips, pieces). `shut` is the law without its exemptions."""

    held: Mask
    shut: Mask


@dataclass(frozen=True)
class Outcome:
    """What the rules leave of each chip, by piece of time: shape (chips, pieces).

    `open_limit` (with exemptions) and `shut_limit` (without) are thousand chips per calendar year, `fee` is a
    share of the price.
    """

    open_limit: Array
    shut_limit: Array
    fee: Array


@dataclass(frozen=True)
class Doubt:
    """A rule whose answer on a chip matters and is not known; both by position. `pieces` tells when."""

    rule: int
    chip: int
    pieces: Mask


class Decision:
    """The decisions for one buyer. `live` are the rules in force for it and `limiting` those that make chips
    scarce where they hold, shape (rules, pieces); `rows` the positions of those of them that decide on single
    chips. A rule in doubt is read as not met."""

    def __init__(self, book: Rulebook, country: str, live: Mask, limiting: Mask) -> None:
        self.book = book
        self.rows: NDArray[np.int64] = np.flatnonzero(live.any(axis=1) & book.on_chips)
        self.rules = [book.rules[row] for row in self.rows]
        self._live = live[self.rows]
        self._foreign: Mask = book.designers != country
        self._verdicts = book.verdicts[self.rows]
        self._relaxes = book.relaxes[np.ix_(self.rows, self.rows)]
        self._exempts = book.exempts[self.rows]
        self._shared = book.shared[self.rows]
        self._limiting = limiting[self.rows]

    @cached_property
    def holding(self) -> Holding:
        """The rules that hold for each chip."""
        return self._holding()

    @cached_property
    def scarce(self) -> Mask:
        """Whether a rule denies, licenses, caps or lessens the chip, shape (chips, pieces)."""
        return self._scarce(self.holding)

    @cached_property
    def members(self) -> Mapping[int, Mask]:
        """The chips under each shared cap and those that each exemption opens, by the rule's position, shape
        (chips, pieces)."""
        return self._members(self.holding)

    def held(self, row: int) -> Mask:
        """The chips for which a rule holds, by its position among all rules, shape (chips, pieces)."""
        found: Mask = self.holding.held[int(np.searchsorted(self.rows, row))]
        return found

    def outcome(self, terms: Terms) -> Outcome:
        """What the rules leave of every chip."""
        return self._outcome(self.holding, terms)

    def doubts(self, terms: Terms, possible: Mask) -> Iterator[Doubt]:
        """Rules that are not known to be met although it matters: one for each chip.

        `possible` says which chips the buyer could have in each piece, shape (chips, pieces).
        """

        def effects(read: Mask | None, chips: NDArray[np.int64]) -> Array:
            return self._effects(self._holding(read, chips), _of_chips(terms, chips))

        return self._doubts(effects, possible)

    def scarcity_doubts(self, possible: Mask) -> Iterator[Doubt]:
        """Rules that are not known to be met although whether a chip is scarce hangs on it, likewise.

        `possible` says which chips the buyer could have if they were scarce.
        """

        def effects(read: Mask | None, chips: NDArray[np.int64]) -> Array:
            return self._scarce(self._holding(read, chips))[None].astype(np.float64)

        return self._doubts(effects, possible)

    def _doubts(self, effects: Effects, possible: Mask) -> Iterator[Doubt]:
        """The doubts under which `effects` differ: with one reading of the rules in doubt, met or not, and
        with another. Where these are too many to be read in every way, that is a doubt, too."""
        doubtful = (self._verdicts == UNKNOWN) & self._foreign & possible.any(axis=1)
        chips = np.flatnonzero(doubtful.any(axis=0))
        if not len(chips):
            return
        doubtful = doubtful[:, chips]
        count = doubtful.sum(axis=0)
        base = effects(None, chips)
        matters = np.repeat((count > READ_IN_EVERY_WAY)[:, None], possible.shape[1], axis=1)
        # the number of each rule among those in doubt of its chip: the bit of a reading that says it is met
        bits = np.where(doubtful, np.cumsum(doubtful, axis=0) - 1, 0)
        for reading in range(1, 1 << min(int(count.max()), READ_IN_EVERY_WAY)):
            matters |= _differ(base, effects(doubtful & ((reading >> bits) & 1 > 0), chips))
        matters &= possible[chips]
        for place in np.flatnonzero(matters.any(axis=1)):
            culprit = self._culprit(effects, chips[place : place + 1], np.flatnonzero(doubtful[:, place]))
            yield Doubt(culprit, int(chips[place]), matters[place])

    def _culprit(self, effects: Effects, chip: NDArray[np.int64], doubtful: NDArray[np.int64]) -> int:
        """The first of the rules `doubtful` that by itself changes the decision on a chip, else the first of
        all."""
        base = effects(None, chip)
        for place in doubtful:
            alone = np.zeros((len(self.rows), 1), dtype=bool)
            alone[place] = True
            if _differ(base, effects(alone, chip)).any():
                return int(self.rows[place])
        return int(self.rows[doubtful[0]])

    def _holding(self, read: Mask | None = None, chips: NDArray[np.int64] | None = None) -> Holding:
        """The rules that hold for `chips` (all, if left out), where those in `read` (rows, chips) count as
        met if that is not known."""
        verdicts, foreign = self._verdicts, self._foreign
        if chips is not None:
            verdicts, foreign = verdicts[:, chips], foreign[chips]
        met = verdicts == YES
        if read is not None:
            met |= (verdicts == UNKNOWN) & read
        applies: Mask = (met & foreign)[:, :, None] & self._live[:, None, :]
        if not self._relaxes.any():
            return Holding(applies, applies)
        shut: Mask = applies & ~_reached(self._relaxes & ~self._exempts[:, None], applies)
        # an exemption adds to a shared cap instead of lifting it
        lifts = self._relaxes & self._exempts[:, None] & ~self._shared
        return Holding(shut & ~_reached(lifts, applies), shut) if lifts.any() else Holding(shut, shut)

    def _scarce(self, holding: Holding) -> Mask:
        return np.asarray((holding.shut & self._limiting[:, None, :]).any(axis=0), dtype=bool)

    def _members(self, holding: Holding) -> dict[int, Mask]:
        found: dict[int, Mask] = {}
        for place in np.flatnonzero(self._shared):
            under = holding.held[place]
            if self._exempts[place]:
                targets = self._relaxes[place] & ~self._shared
                under = np.logical_and(under, holding.shut[targets].any(axis=0))
            found[int(self.rows[place])] = np.asarray(under, dtype=bool)
        return found

    def _outcome(self, holding: Holding, terms: Terms) -> Outcome:
        limit = self._limit(holding.held, terms)
        shut = limit if holding.held is holding.shut else self._limit(holding.shut, terms)
        return Outcome(limit, shut, self._fee(holding.held, terms))

    def _limit(self, held: Mask, terms: Terms) -> Array:
        """The least limit of the rules `held` and of the buyer's own, shape (chips, pieces)."""
        limit = np.minimum(terms.reach, terms.practice)
        shares = terms.open_share[self.rows]
        for place in np.flatnonzero((shares < 1.0).any(axis=1)):
            left = terms.left(int(self.rows[place]))
            limit = np.where(held[place], np.minimum(limit, left), limit)
        places = {int(row): place for place, row in enumerate(self.rows)}
        for row, own in terms.chip_limits.items():
            limit = np.where(held[places[row]], np.minimum(limit, own), limit)
        return limit

    def _fee(self, held: Mask, terms: Terms) -> Array:
        """The highest fee of each side, both sides added, shape (chips, pieces)."""
        total: Array = np.zeros(terms.reach.shape)
        for side in SIDES:
            highest: Array = np.zeros(terms.reach.shape)
            for place, rule in enumerate(self.rules):
                if rule.side == side and rule.fee_share is not None:
                    fee = terms.fee[self.rows[place]]
                    highest = np.maximum(highest, np.where(held[place], fee, 0.0))
            total = total + highest
        return total

    def _effects(self, holding: Holding, terms: Terms) -> Array:
        """All that a decision on what can be bought consists of, one number after the other, shape (effects,
        chips, pieces)."""
        found = self._outcome(holding, terms)
        # what is paid and counted does not matter of a chip that cannot be had
        had = found.open_limit > 0
        members = [mask & had for mask in self._members(holding).values()]
        return np.stack([found.open_limit, found.shut_limit, found.fee * had, *members])


def _reached(relaxes: Mask, applies: Mask) -> Mask:
    """Where a rule that applies relaxes each rule, shape (rows, chips, pieces)."""
    flat = applies.reshape(len(applies), -1).astype(np.float32)
    reached: Mask = (relaxes.T.astype(np.float32) @ flat).reshape(applies.shape) > 0
    return reached


def _of_chips(terms: Terms, chips: NDArray[np.int64]) -> Terms:
    limits = {row: limit[chips] for row, limit in terms.chip_limits.items()}
    amounts = (terms.reach[chips], terms.normal[chips], terms.practice[chips])
    return Terms(terms.open_share, terms.beside_share, terms.fee, limits, *amounts)


def _differ(one: Array, other: Array) -> Mask:
    """Where two decisions are not the same, shape (chips, pieces)."""
    with np.errstate(invalid="ignore"):
        distance = np.abs(one - other)
    same = (one == other) | (distance <= TOLERANCE * np.abs(one))
    differs: Mask = ~same.all(axis=0)
    return differs
