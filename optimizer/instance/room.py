"""Shares of the world's chips when a country is added: all give way alike, so that none is sold twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from optimizer.instance.blocs import SHARE_TOLERANCE, market_shares
from optimizer.instance.instance import Instance

NOTHING: Final = 1.0


def general_and_own(instance: Instance) -> tuple[float, Mapping[str, float]]:
    """Factors, 1 or less, that leave no chip oversold: one for every `supply_share`, and one for each chip's
    `supply_shares`.

    The first is what chips without shares of their own need; those that have them keep what the others leave.
    """
    general, own = NOTHING, {}
    over = {}
    for chip, shares in market_shares(instance):
        if np.max(np.sum(list(shares.values()), axis=0)) > 1 + SHARE_TOLERANCE:
            named = [chip in instance.countries[country].trade.supply_shares for country in shares]
            each = np.array(list(shares.values()))
            over[chip] = (
                each[np.logical_not(named)].sum(axis=0, initial=0.0),
                each[named].sum(axis=0, initial=0.0),
            )
    for rest, given in over.values():
        most = np.max(np.where(rest > 1, rest + given, rest))
        general = min(general, NOTHING / most) if most > 1 else general
    for chip, (rest, given) in over.items():
        left = (1 - general * rest)[given > 0] / given[given > 0]
        if left.size and left.min() < NOTHING:
            own[chip] = float(max(left.min(), 0.0))
    return general, own
