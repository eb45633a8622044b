"""Plans at given prices that together buy no more than is made, and how much better each could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.study.equilibrium.market import Market
from optimizer.study.equilibrium.sweeps import (
    Buyer,
    Prices,
    Ration,
    Respond,
    Response,
    answers,
    past_the_market,
    within,
)

# a price that goes towards its floor by parts is there when it is so near
AT_FLOOR: Final = 0.01
AT_RATION: Final = 1e-6


@dataclass(frozen=True)
class Settled:
    """Plans at given prices that together buy no more than is made, and what each would gain if it could buy
    as much as it likes at these prices: `regret`, average log units. `sold` counts what reaches buyers past
    the market, too. Of each period in which prices clear, `value` is that of what is sold and `waste` that of
    what stays unsold above its floor: 0 where prices above it are those of scarce goods."""

    answers: tuple[Response, ...]
    regrets: Array
    sold: Array
    value: Array
    waste: Array

    def unsold(self, periods: int | None = None) -> float:
        """What stays unsold above the floor, as a share of the value of what is sold, in so many periods."""
        value = float(self.value[:periods].sum())
        return float(self.waste[:periods].sum()) / value if value > 0 else 0.0


def settle(
    buyers: Sequence[Buyer],
    market: Market,
    prices: Prices,
    rations: Array,
    first: Sequence[Response],
    respond: Respond,
) -> Settled:
    """Plans at these prices, each certified against its best one with no ration.

    The `first` plans are those within the rations; what they leave unsold is offered to those whose ration
    was short, and all plan again. What is offered adds up to no more than is made, so that no good is sold
    twice.
    """
    within_offers = _offers(market, prices, rations, first)
    found = answers(buyers, prices, within_offers, respond)
    market = past_the_market(market, first)
    (leader,) = respond([(buyers[0], prices, None)], None)
    followers = respond([(buyer, prices, None) for buyer in buyers[1:]], found[0])
    bounds = [leader.upper, *(each.upper for each in followers)]
    regrets = np.array([bound - each.lower for bound, each in zip(bounds, found, strict=True)])
    sold = np.array([each.bought + each.grey for each in found]).sum(axis=0)
    above = market.cleared & (prices.goods > market.floor(prices.components) * (1 + AT_FLOOR))
    left = np.maximum(market.made(prices.goods) - sold, 0.0)
    value = np.where(market.cleared, prices.goods * sold, 0.0).sum(axis=0)
    waste = np.where(above, prices.goods * left, 0.0).sum(axis=0)
    return Settled(tuple(found), regrets, sold, value, waste)


def regret_of(
    suspect: int,
    buyers: Sequence[Buyer],
    market: Market,
    prices: Prices,
    rations: Array,
    first: Sequence[Response],
    respond: Respond,
) -> float:
    """What `settle` would find one buyer's regret to be, for the cost of a few plans."""
    offers = _offers(market, prices, rations, first)
    (leader,) = respond([(buyers[0], prices, offers[0])], None)
    seen = leader if suspect else None
    found = leader
    if suspect:
        (found,) = respond([(buyers[suspect], prices, offers[suspect])], seen)
    (bound,) = respond([(buyers[suspect], prices, None)], seen)
    return bound.upper - found.lower


def _offers(market: Market, prices: Prices, rations: Array, first: Sequence[Response]) -> list[Ration]:
    """What each may take in the end."""
    offered = _offered(first, rations, past_the_market(market, first), prices.goods)
    # who found more by other ways now would take it from those to whom it is promised
    return [Ration(each, of.grey) for each, of in zip(offered, first, strict=True)]


def _offered(found: Sequence[Response], rations: Array, market: Market, price: Array) -> Array:
    """What each bought and, in equal parts for all who bought their whole ration, what was left over; of
    what is sold by contract its whole part."""
    supply = market.supply(price)
    bought = np.array([each.bought for each in found])
    most = np.array([each.most for each in found])
    left = np.maximum(supply - bought.sum(axis=0), 0.0)
    short = (bought >= rations * (1 - AT_RATION)) & (rations < most)
    sharing = np.maximum(short.sum(axis=0), 1)
    offered = np.where(short, np.minimum(bought + left / sharing, most), bought)
    # grey markets may have taken more than when rations were made
    return np.asarray(np.where(market.cleared, within(offered, supply), most))
