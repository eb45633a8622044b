"""Plans at given prices that together buy no more than is made, and how much better each could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.study.equilibrium.market import Market
from optimizer.study.equilibrium.sweeps import Buyer, Respond, Response, State, answers

AT_FLOOR: Final = 1e-6
AT_RATION: Final = 1e-6


@dataclass(frozen=True)
class Settled:
    """Plans at given prices that together buy no more than is made, and what each would gain if it could buy
    as much as it likes at these prices: `regret`, average log units. `unsold` is the value of what stays
    unsold above the floor over that of what is sold: 0 where prices above it are those of scarce goods."""

    answers: tuple[Response, ...]
    regrets: Array
    sold: Array
    unsold: float


def settle(buyers: Sequence[Buyer], market: Market, state: State, respond: Respond) -> Settled:
    """Plans at the prices of `state`, each certified against its best one with no ration.

    Everyone plans within its ration; what then stays unsold is offered to those whose ration was short, and
    all plan again. Rations add up to no more than is made, so that no good is sold twice.
    """
    assert state.rations is not None
    prices, supply = state.prices, market.supply(state.prices.goods)
    first = answers(buyers, prices, list(state.rations), respond)
    found = answers(buyers, prices, list(_offered(first, state.rations, supply)), respond)
    (leader,) = respond([(buyers[0], prices, None)], None)
    followers = respond([(buyer, prices, None) for buyer in buyers[1:]], found[0])
    bounds = [leader.upper, *(each.upper for each in followers)]
    regrets = np.array([bound - each.lower for bound, each in zip(bounds, found, strict=True)])
    sold = np.array([each.bought for each in found]).sum(axis=0)
    above = market.traded & (prices.goods > market.floor(prices.components) * (1 + AT_FLOOR))
    value = float((prices.goods * sold)[market.traded].sum())
    waste = float((prices.goods * np.maximum(supply - sold, 0.0))[above].sum())
    return Settled(tuple(found), regrets, sold, waste / value if value > 0 else 0.0)


def _offered(found: Sequence[Response], rations: Array, supply: Array) -> Array:
    """What each bought and, in equal parts for all who bought their whole ration, what was left over."""
    bought = np.array([each.bought for each in found])
    most = np.array([each.most for each in found])
    left = np.maximum(supply - bought.sum(axis=0), 0.0)
    short = (bought >= rations * (1 - AT_RATION)) & (rations < most)
    sharing = np.maximum(short.sum(axis=0), 1)
    return np.asarray(np.where(short, np.minimum(bought + left / sharing, most), bought))
