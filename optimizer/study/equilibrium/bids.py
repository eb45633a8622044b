"""What a buyer would pay for one more of each good, read from the duals of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array

# Nobody bids more than half again of what it spends, plus what it leaves unspent: where money has no use
# left its dual is 0, and a bid in money would be infinite.
OVERBID: Final = 1.5
TINY: Final = 1e-12


@dataclass(frozen=True)
class Valued:
    """A plan's purchases and what they are worth to it.

    `bought` units, `limit_dual` the objective per unit by which a limit on purchases is eased (0 where none
    binds), `shortfall_dual` what one unit would cost the objective where none is bought (0 or negative),
    shape (goods, periods). `money_dual` is the objective per unit of money and `unspent` the money left
    over, shape (periods,).
    """

    bought: Array
    limit_dual: Array
    shortfall_dual: Array
    money_dual: Array
    unspent: Array


def worth(plan: Valued, cost: Array) -> Array:
    """What one more unit is worth, in money, shape (goods, periods); `cost` is what a unit costs the buyer.

    \\[ W_k = \\frac{\\lambda_k + \\mu\\,c_k + \\rho_k}{\\mu'}, \\qquad
       \\mu' = \\max\\Bigl(\\mu,\\ \\frac{\\sum_k (\\lambda_k + \\mu c_k)\\,x_k}{1.5 \\sum_k c_k x_k +
       \\text{unspent}}\\Bigr) \\]
    """
    value = np.maximum(plan.limit_dual + plan.money_dual * cost + plan.shortfall_dual, 0.0)
    spent = (cost * plan.bought).sum(axis=0)
    most = np.maximum(OVERBID * spent + plan.unspent, TINY)
    money = np.maximum(plan.money_dual, (value * plan.bought).sum(axis=0) / most)
    return np.asarray(np.divide(value, money, out=np.zeros(value.shape), where=money > 0))
