"""Plans at given prices that together buy no more than is made, and how much better each could be.

Two ways to share out what is made are tried. Either everyone gets its ration; or all but the leader buy what
they like, up to a few times their ration, and the leader gets what is left: rations of small buyers are
coarse, and to a large one the goods are near-perfect substitutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.study.equilibrium.market import Market
from optimizer.study.equilibrium.sweeps import Buyer, Prices, Respond, Response, State, answers

# so many times its ration is open to a small buyer
OPEN: Final = 4.0
AT_FLOOR: Final = 1e-6


@dataclass(frozen=True)
class Settled:
    """Plans at given prices that together buy no more than is made, and what each would gain if it could buy
    as much as it likes at these prices: `regret`, average log units. `unsold` is the value of what stays
    unsold above the floor over that of what is sold: 0 where prices above it are those of scarce goods."""

    answers: tuple[Response, ...]
    regrets: Array
    sold: Array
    unsold: float


def settle(
    buyers: Sequence[Buyer], market: Market, state: State, respond: Respond, enough: float = 0.0
) -> Settled:
    """Plans at the prices of `state`, of the two ways to share that of which the largest regret is smaller;
    the second is tried where the first is above `enough`."""
    assert state.rations is not None
    prices, supply = state.prices, market.supply(state.prices.goods)
    rations = list(state.rations)
    last = answers(buyers, prices, list(rations), respond)
    (leader_open,) = respond([(buyers[0], prices, None)], None)
    first = _settled(market, prices, last, [leader_open, *_open(buyers, prices, last[0], respond)])
    if first.regrets.max() <= enough or len(buyers) == 1:
        return first
    wide = [
        (buyer, prices, np.minimum(OPEN * ration, supply))
        for buyer, ration in zip(buyers[1:], rations[1:], strict=True)
    ]
    liked = np.array([each.bought for each in respond(wide, last[0])])
    total = liked.sum(axis=0)
    kept = liked * np.divide(supply, total, out=np.ones(total.shape), where=total > supply)
    left = np.maximum(supply - kept.sum(axis=0), 0.0)
    last = answers(buyers, prices, [left, *kept], respond)
    second = _settled(market, prices, last, [leader_open, *_open(buyers, prices, last[0], respond)])
    return second if second.regrets.max() < first.regrets.max() else first


def _open(buyers: Sequence[Buyer], prices: Prices, leader: Response, respond: Respond) -> list[Response]:
    """The best plans of all but the leader, who buy as much as rules allow."""
    return list(respond([(buyer, prices, None) for buyer in buyers[1:]], leader))


def _settled(market: Market, prices: Prices, found: Sequence[Response], open_: Sequence[Response]) -> Settled:
    regrets = np.array([best.upper - each.lower for best, each in zip(open_, found, strict=True)])
    sold = np.array([each.bought for each in found]).sum(axis=0)
    supply = market.supply(prices.goods)
    above = market.traded & (prices.goods > market.floor(prices.components) * (1 + AT_FLOOR))
    value = float((prices.goods * sold)[market.traded].sum())
    waste = float((prices.goods * np.maximum(supply - sold, 0.0))[above].sum())
    return Settled(tuple(found), regrets, sold, waste / value if value > 0 else 0.0)
