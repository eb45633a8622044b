"""Ration, read the bids, clear: rounds of best responses that bring prices and plans together.

In a round every buyer makes its best plan at the prices of the round, with no more of each good than its
ration; the first one leads, and the others see its plan. From what each would pay for one more of its
ration the market step finds new prices and quantities; those, damped, are the next round's prices and
rations. Prices alone would not do: goods are near-perfect substitutes, so that a best response to prices
jumps from one to another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np

from models.parameters import Array
from optimizer.study.equilibrium.bids import Valued, worth
from optimizer.study.equilibrium.clearing import Bids, clear
from optimizer.study.equilibrium.market import Market

# Between goods; once steps are short, more of it: who lacks little of a good would wait long.
SUBSTITUTION: Final = 8.0
LATER_SUBSTITUTION: Final = 16.0
LATER_FROM: Final = 24
FIRST_STEP: Final = 0.7
# Those of prices of components at the most: supply that hardly answers to prices makes them swing about where
# they lead, for as long as steps are longer.
LONGEST_COMPONENT_STEP: Final = 0.35
# from this round on steps grow shorter
SHORTER_FROM: Final = 8
# who has nothing of a good is left so much of its output, to find out what that is worth
REENTRY: Final = 1e-3


@dataclass(frozen=True)
class Response:
    """A buyer's best plan: what it buys and what that is worth to it, and `most`, what rules let it buy,
    shape (goods, periods). `grey` is what it gets of goods past the market, and `components` what it takes
    of components in those and beside the goods, shape (components, periods). `lower` and `upper` hold its
    value between them, average log units. `plan` is all there is to know of it."""

    valued: Valued
    most: Array
    components: Array
    grey: Array
    lower: float
    upper: float
    plan: Any

    @property
    def bought(self) -> Array:
        """Units of each good, shape (goods, periods)."""
        return self.valued.bought


@dataclass(frozen=True)
class Ration:
    """The most that a buyer may take of each good, shape (goods, periods): on the market and, where that is
    bounded too, past it."""

    market: Array
    grey: Array | None = None


class Buyer(Protocol):
    """Somebody who answers prices with a best plan."""

    @property
    def name(self) -> str: ...

    def respond(self, prices: Prices, ration: Ration | None, leader: Response | None) -> Response:
        """The best plan at `prices` within a `ration`, None for as much as rules allow."""


@dataclass(frozen=True)
class Prices:
    """Of goods, shape (goods, periods), and of components, shape (components, periods), thousand USD."""

    goods: Array
    components: Array


@dataclass(frozen=True)
class State:
    """Where the search stands: `rounds` done, the prices and, once there are some, the rations of the next,
    shape (buyers, goods, periods)."""

    rounds: int
    prices: Prices
    rations: Array | None = None


Respond = Callable[[Sequence[tuple[Buyer, Prices, Ration | None]], "Response | None"], Iterable[Response]]
"""Answers of several buyers who see the same leader, in order, on however many processes."""


def one_by_one(
    asked: Sequence[tuple[Buyer, Prices, Ration | None]], leader: Response | None
) -> Iterable[Response]:
    """Answers of several buyers, one after the other."""
    return [buyer.respond(prices, ration, leader) for buyer, prices, ration in asked]


def answers(
    buyers: Sequence[Buyer], prices: Prices, rations: Sequence[Ration | None], respond: Respond
) -> list[Response]:
    """The leader's answer, then those of all who see it."""
    (leader,) = respond([(buyers[0], prices, rations[0])], None)
    asked = [(buyer, prices, ration) for buyer, ration in zip(buyers[1:], rations[1:], strict=True)]
    return [leader, *respond(asked, leader)]


def step_of(round_: int) -> float:
    """How far the prices and rations go towards those that clear: less and less."""
    return FIRST_STEP if round_ < SHORTER_FROM else FIRST_STEP * SHORTER_FROM / (round_ + 1)


def substitution_of(round_: int) -> float:
    """The elasticity between goods of the demands on which the market clears."""
    return SUBSTITUTION if round_ < LATER_FROM else LATER_SUBSTITUTION


def reentry_of(round_: int) -> float:
    """The share of what is made that anybody may buy who has none."""
    return REENTRY if round_ < SHORTER_FROM else REENTRY * (SHORTER_FROM / (round_ + 1)) ** 2


def sweep(
    market: Market,
    state: State,
    found: Sequence[Response],
    substitution: Callable[[int], float] = substitution_of,
    damping: Callable[[int], float] = step_of,
) -> tuple[State, Array]:
    """The next state from the answers of this round, and by how much each component's price still wants to
    move, |log|, shape (components, periods)."""
    most = np.array([each.most for each in found])
    bought = np.array([each.bought for each in found])
    market = past_the_market(market, found)
    floor = np.where(market.traded, np.minimum(reentry_of(state.rounds) * market.output, most), 0.0)
    held = np.maximum(bought, floor)
    paid = np.array([worth(each.valued, *had) for each, *had in zip(found, held, most, strict=True)])
    others = sum((each.components for each in found), np.zeros(market.components.price.shape))
    prices = state.prices
    elasticity = substitution(state.rounds)
    cleared = clear(market, Bids(held, paid, most), prices.goods, prices.components, others, elasticity)
    step = damping(state.rounds)
    goods = _towards(prices.goods, cleared.price, step)
    components = _towards(prices.components, cleared.component_price, min(step, LONGEST_COMPONENT_STEP))
    rations = rationed(cleared.taken, floor, most, market.supply(cleared.price))
    if state.rations is not None:
        rations = (1 - step) * state.rations + step * rations
    rations = np.where(market.cleared, within(rations, market.supply(goods)), most)
    moved = np.abs(np.log(cleared.component_price / prices.components))
    return State(state.rounds + 1, Prices(goods, components), rations), moved


def past_the_market(market: Market, found: Sequence[Response]) -> Market:
    """The market without what buyers get of its goods by other ways."""
    aside = sum((each.grey for each in found), np.zeros(market.output.shape))
    return replace(market, aside=aside)


def rationed(taken: Array, floor: Array, most: Array, supply: Array) -> Array:
    """Shares of what is made in proportion to what each takes, no less than the floor; what nobody takes is
    shared out so, too."""
    total = taken.sum(axis=0)
    scaled = taken * np.divide(supply, total, out=np.zeros(total.shape), where=total > 0)
    return within(np.minimum(np.maximum(scaled, floor), most), supply)


def within(rations: Array, supply: Array) -> Array:
    """Rations that together are no more than is made."""
    total = rations.sum(axis=0)
    return np.asarray(rations * np.divide(supply, total, out=np.ones(total.shape), where=total > supply))


def _towards(old: Array, new: Array, step: float) -> Array:
    """Part of the way, by factors."""
    return np.asarray(old * (new / old) ** step)
