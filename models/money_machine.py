"""Whether a chip brings back what it cost, so that money would make money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def money_machine(
    v: Mapping[str, NDArray[np.float64]], chips: Sequence[str], periods: Sequence[str]
) -> str | None:
    """What is wrong where a chip brings back its price, None where none does: what the users of delivery pay
    for its use to the end of the plan, and what returns of its price where it is made at home."""
    dt = float(v["dt"])
    kept = v["survival"] ** dt
    paid = np.zeros_like(v["charge"])
    later = np.zeros(len(chips))
    for t in reversed(range(len(periods))):
        later = paid[:, t] = v["charge"][:, t] * dt + kept * later
    returned = v["home_return"] * v["chip_part"][:, None] * v["unit_cost"]
    back = v["cost_recovery"] * paid + returned
    gains = np.argwhere((back >= v["unit_cost"]) & (back > 0))
    if not len(gains):
        return None
    chip, period = gains[0]
    share = back[chip, period] / v["unit_cost"][chip, period]
    return (
        f"with home_return would bring back {share:.0%} of the price of {chips[chip]} bought in "
        f"{periods[period]}, and money would make money"
    )
