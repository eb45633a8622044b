"""What a buyer would pay for one more of each good, read from the duals of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array

# A buyer takes away from other uses at the most half of what it spends on goods: where money has no use left
# its dual is 0, and a bid in money would be infinite.
SHIFTED: Final = 0.5
# Below this, in units of the objective, the worth of all that a buyer has is noise of the solver.
LEAST_VALUE: Final = 1e-5
# a buyer has money to spare where more than this share of what it pays stays unspent
TO_SPARE: Final = 1e-3
# So near to what rules allow, a buyer can have no more. Rations come there by parts, and what has some room
# left for ever would count as what there is more of.
AT_MOST: Final = 1e-2
TINY: Final = 1e-12


@dataclass(frozen=True)
class Valued:
    """A plan's purchases and what they are worth to it.

    `bought` units, `cost` what one costs the buyer, `fee` the part of it that no seller gets, `limit_dual`
    the objective per unit by which a limit on purchases is eased (0 where none binds), `shortfall_dual` what
    one unit would cost the objective where none is bought (0 or negative), shape (goods, periods).
    `money_dual` is the objective per unit of money, `unspent` the money left over and `elsewhere` that which
    other things take, shape (periods,).
    """

    bought: Array
    cost: Array
    fee: Array
    limit_dual: Array
    shortfall_dual: Array
    money_dual: Array
    unspent: Array
    elsewhere: Array


def worth(plan: Valued, held: Array, most: Array) -> Array:
    """What a seller gets for one more unit at the most, shape (goods, periods), where `held` is bought or
    nearly so and rules allow `most`: what money is worth in other uses says it, but nobody pays more than it
    has.

    \\[ W_k = \\frac{v_k}{\\mu'} - \\text{fee}_k, \\qquad v_k = \\lambda_k + \\mu\\,c_k + \\rho_k, \\qquad
       \\mu' = \\max\\Bigl(\\mu,\\ \\frac{\\sum_{k \\in F} v_k x_k}{\\sum_{k \\in F} c_k x_k + \\text{unspent}
       + \\min(\\tfrac12 \\sum_k c_k x_k,\\ \\text{elsewhere})}\\Bigr) \\]

    with F the goods of which rules allow more: however dear one of the others is to the buyer, it takes no
    more money than it does. Those are bid for as if they were alone: with all that the buyer has.
    """
    value = np.maximum(plan.limit_dual + plan.money_dual * plan.cost + plan.shortfall_dual, 0.0)
    paying = plan.cost * plan.bought
    spent, free = paying.sum(axis=0), ~at_most(held, most)
    more = plan.unspent + np.minimum(SHIFTED * spent, plan.elsewhere)
    money = np.where(
        free,
        _worth_of_money(plan, (value * held * free).sum(axis=0), (paying * free).sum(axis=0) + more),
        _worth_of_money(plan, (value * held * ~free).sum(axis=0), spent + more),
    )
    paid = value / money
    spare = (plan.unspent > TO_SPARE * spent) | ((value * held).sum(axis=0) < LEAST_VALUE)
    paid = np.where(spare & (plan.bought > 0), np.maximum(paid, plan.cost), paid)
    return np.asarray(np.maximum(paid - plan.fee, 0.0))


def _worth_of_money(plan: Valued, value: Array, has: Array) -> Array:
    """What money brings, so that what is worth so much costs no more than a buyer has, (periods,)."""
    return np.asarray(np.maximum(plan.money_dual, np.maximum(value, LEAST_VALUE) / np.maximum(has, TINY)))


def at_most(held: Array, most: Array) -> NDArray[np.bool_]:
    """Of which goods rules allow no more than is held."""
    return np.asarray(held >= most * (1 - AT_MOST))
