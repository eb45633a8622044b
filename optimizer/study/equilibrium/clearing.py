"""The market step: prices at which what buyers would like meets what is made.

Each buyer is stood for by a local demand with constant elasticity of substitution: at its bids it takes what
it has, and shifts between goods as their prices leave its bids.

\\[ x_k(p) = x_k \\Bigl(\\frac{p_k}{W_k}\\Bigr)^{-s} P^{s-1}, \\qquad
   P = \\Bigl( \\sum_k \\theta_k \\bigl(p_k/W_k\\bigr)^{1-s} \\Bigr)^{1/(1-s)} \\]

with \\(W\\) the bids, \\(\\theta\\) the shares in the value of what it has at its bids, and \\(s\\) the
elasticity. Of a good of which rules allow no more than it has, or than this, it takes what they allow;
\\(\\theta\\) and \\(P\\) are of the others, which have what the value of all that may grow leaves of
those that reached their limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.study.equilibrium.bids import at_most
from optimizer.study.equilibrium.market import Market

TINY: Final = float(np.finfo(float).tiny)
MOST_STEPS: Final = 2000
CLOSE: Final = 1e-8
# one step moves a price by at most this factor, e to this
LARGEST_STEP: Final = 1.0
COMPONENT_STEP: Final = 0.2
LARGEST_EXPONENT: Final = 60.0
# a bid of nothing is taken for one of so little, that logarithms stay finite
LEAST_BID: Final = 1e-12


@dataclass(frozen=True)
class Bids:
    """What buyers have and would pay: `held` units and `worth` thousand USD per unit, `most` what rules let
    them buy; shape (buyers, goods, periods)."""

    held: Array
    worth: Array
    most: Array


@dataclass(frozen=True)
class Cleared:
    """Prices, and what each buyer takes at them, shape (buyers, goods, periods). `residual` is the largest
    relative change of the last step."""

    price: Array
    component_price: Array
    taken: Array
    residual: float


def demands(bids: Bids, price: Array, substitution: float) -> Array:
    """What every buyer would take at a price, shape (buyers, goods, periods).

    Of a good of which it would take more than rules allow it takes that much, and what it does not spend on
    it goes to the others: else a good that it cannot have more of would draw its money away from them.
    """
    value = bids.held * bids.worth
    at_rule = at_most(bids.held, bids.most)
    free, full = ~at_rule, np.zeros(value.shape, dtype=bool)
    # a good of which no more is allowed takes what it costs, and has no part in what is left for the others
    left = (value * free).sum(axis=1, keepdims=True)
    # of logarithms: small ratios to the power of eight are nothing, and to minus eight infinite
    log_ratio = np.log(np.maximum(price / np.maximum(bids.worth, LEAST_BID), TINY))
    while True:
        budget = (value * free).sum(axis=1, keepdims=True)
        share = np.divide(value * free, budget, out=np.zeros(value.shape), where=budget > 0)
        more = np.divide(left, budget, out=np.zeros(left.shape), where=budget > 0)
        log_index = _log_index(share, log_ratio, substitution)
        exponent = (substitution - 1.0) * np.where(at_rule, 0.0, log_index) - substitution * log_ratio
        taken = bids.held * np.exp(np.clip(exponent, -LARGEST_EXPONENT, LARGEST_EXPONENT))
        taken = np.where(free, more * taken, taken)
        over = free & (taken >= bids.most) & (value > 0)
        if not over.any():
            break
        free, full = free & ~over, full | over
        spent = np.where(over, price * bids.most, 0.0).sum(axis=1, keepdims=True)
        left = np.maximum(left - spent, 0.0)
    taken = np.where(full, bids.most, np.minimum(taken, bids.most))
    # to whom nothing has a worth, nothing is sold
    return np.where(value.sum(axis=1, keepdims=True) > 0, taken, 0.0)


def _log_index(share: Array, log_ratio: Array, substitution: float) -> Array:
    """The logarithm of the price index \\(P\\), shape (buyers, 1, periods)."""
    if substitution == 1.0:
        return np.zeros((share.shape[0], 1, share.shape[2]))
    power = (1.0 - substitution) * log_ratio
    top = np.where(share > 0, power, -np.inf).max(axis=1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = (share * np.exp(np.minimum(power - top, 0.0))).sum(axis=1, keepdims=True)
    found: Array = (np.log(np.maximum(total, TINY)) + top) / (1.0 - substitution)
    return found


def clear(
    market: Market, bids: Bids, price: Array, component_price: Array, others: Array, substitution: float
) -> Cleared:
    """The prices nearest to `price` at which supply meets demand, good by good: below its floor none is sold,
    and what nobody wants at the floor stays unsold. `others` is what is taken of components beside the goods,
    shape (components, periods)."""
    cleared = market.cleared
    # one good of several is bought with an elasticity between that of substitution and 1
    slope = max(substitution, 1.0) + market.output_elasticity
    residual = np.inf
    taken = demands(bids, price, substitution)
    for _ in range(MOST_STEPS):
        demand = np.maximum(taken.sum(axis=0), TINY)
        supply = np.maximum(market.supply(price), TINY)
        step = np.clip(np.log(demand / supply), -LARGEST_STEP, LARGEST_STEP) / slope
        asked = np.maximum(price * np.exp(step), market.floor(component_price))
        following = np.where(cleared, asked, price)
        wanted = market.components.content @ np.minimum(demand, supply) + others
        target = market.component_price(wanted)
        moved = component_price * (target / component_price) ** COMPONENT_STEP
        changes = [
            np.abs(np.log(following[cleared] / price[cleared])),
            np.abs(np.log(moved / component_price)),
        ]
        residual = max((float(each.max()) for each in changes if each.size), default=0.0)
        price, component_price = following, moved
        taken = demands(bids, price, substitution)
        if residual < CLOSE:
            break
    return Cleared(price, component_price, taken, residual)
