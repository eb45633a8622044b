"""Which regimes are looser than others, as their numbers prove, and what that spares.

A looser regime lets every plan of a tighter one through at no more cost, so that neither the target's value
nor what it can reach is smaller. Lag at a date and revenue have no such order: nothing is spared on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import PlanParameters

# Upper limits and normal paces: where they are larger, all that was allowed still is, at no more cost.
LARGER_IS_LOOSER: Final = frozenset(
    {
        *("import_limit", "normal_import", "cap", "cap_cumulative", "grey_open", "grey_limit", "rent_limit"),
        *("tool_import_limit", "hbm_import_limit", "normal"),
    }
)
# What purchases cost beyond the price of the chip, what counts under a cap, and what must be bought at home.
# Prices that shares of the budget are counted at are none: a cheaper thing may break a floor.
SMALLER_IS_LOOSER: Final = frozenset({"fee", "grey_premium", "cap_weight", "mandate"})


def looser(one: PlanParameters, other: PlanParameters) -> bool:
    """Whether the numbers prove that every plan under `other` can be had under `one`, for no more money.

    False where they differ in anything of which the sign is not known, though it may be so.
    """
    if one.sets != other.sets or one.country != other.country:
        return False
    # a fee on what nobody may buy is no fee
    sold = other["import_limit"] > 0
    for name, after in one.values.items():
        before = other.values[name]
        if np.array_equal(after, before):
            continue
        if name in LARGER_IS_LOOSER:
            right = after >= before
        elif name == "fee":
            right = (after <= before) | ~sold
        elif name in SMALLER_IS_LOOSER:
            right = after <= before
        else:
            return False
        if not right.all():
            return False
    return True


def order(regimes: Sequence[PlanParameters]) -> NDArray[np.bool_]:
    """Whether regime i is looser than regime j and not the same, shape (regimes, regimes)."""
    found = np.zeros((len(regimes), len(regimes)), dtype=np.bool_)
    for i, one in enumerate(regimes):
        for j, other in enumerate(regimes):
            found[i, j] = i != j and looser(one, other)
    # two that are each looser than the other are the same
    return found & ~found.T


def layers(above: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """The regimes by layers: each only looser than some of earlier layers; the tightest come first."""
    left = np.ones(len(above), dtype=np.bool_)
    found = []
    while left.any():
        ready = left & ~(above & left[None, :]).any(axis=1)
        found.append(np.flatnonzero(ready))
        left &= ~ready
    return found
