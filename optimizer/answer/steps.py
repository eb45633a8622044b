"""The natural step of a limit, by which it is eased where there is nothing to take a tenth of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from models.limits import LimitSpec
from models.parameters import Array

# What a step is called where there is less of the limit than that.
SMALLER: Final[Mapping[str, tuple[tuple[float, str], ...]]] = {
    "one GW": ((0.1, "100 MW"), (0.01, "10 MW")),
    "1,000": ((0.1, "100"), (0.01, "10")),
    "USD 1 bn": ((0.1, "USD 100 M"), (0.01, "USD 10 M")),
}
CAP_STEPS: Final[Mapping[str, tuple[float, str]]] = {
    "thousand chips": (10, "10,000 chips"),
    "kH100e": (10, "10,000 H100e"),
    "thousand TPP": (1e5, "100 M TPP"),
    "USD bn": (1, "USD 1 bn"),
}


class Step(NamedTuple):
    """A natural step of a limit: how many of its units, their name, and what there is more or less of."""

    units: float
    size: str
    thing: str

    def small_enough(self, amounts: Array) -> Step:
        """The step, smaller where there is less of the limit than that."""
        most = float(amounts[np.isfinite(amounts)].max(initial=0.0))
        steps = [self]
        if most > 0:
            steps += [Step(self.units * part, name, self.thing) for part, name in SMALLER.get(self.size, ())]
        return next((step for step in steps if step.units <= most), steps[-1])


def natural_step(limit: LimitSpec, item: str, unit: str) -> Step:
    """The natural step of a limit; that of a cap is in what it counts, that of an own row one unit of it."""
    if limit.index[:1] == ("rules",):
        return Step(*CAP_STEPS[unit], f"under the cap {item}")
    if not limit.thing:
        return Step(limit.step, limit.size, f"room in {limit.meaning}" + (" of {item}" if item else ""))
    return Step(limit.step, limit.size, limit.thing)
