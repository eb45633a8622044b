"""What limits are called, and the step that each is eased by: a tenth, or so much where there is no tenth."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Final, NamedTuple

import numpy as np

from models.limits import LimitSpec
from models.parameters import Array

TENTH_MORE: Final = log(1.1)
TENTH_LESS: Final = -log(0.9)
# Limits that ask for something: less of them is worth something, not more.
ASKED: Final = ("requirement", "home_market", "least_share")
THOUSAND: Final = 1000.0

# Each limit in words, and a natural step of it where there is nothing to take a tenth of: how many of its
# units, and their name.
STEPS: Final[Mapping[str, tuple[float, str, str]]] = {
    "import_control": (10, "10,000", "{item} on legal sale"),
    "grey_offer": (10, "10,000", "{item} on offer in the grey market"),
    "grey_size": (10, "10,000 H100e", "room in the grey market"),
    "rent_available": (100, "100,000 H100e", "offshore cloud on offer"),
    "power_supply": (1, "one GW", "power at hand"),
    "power_orders": (1, "one GW", "power that may be ordered"),
    "schools": (1, "1,000", "graduates"),
    "recruiting": (1, "1,000", "researchers to be won abroad"),
    "education_places": (1, "1,000", "places for extra graduates"),
    "tools": (10, "10,000 wafers a month", "tools for {item}"),
    "wafer_supply": (10, "10,000", "good wafers of {item} for AI chips"),
    "packaging": (10, "10,000", "{item} packaged"),
    "die_bank": (10, "10,000", "stockpiled dies of {item}"),
    "bank_launch": (10, "10,000", "stockpiled dies of {item} before its launch"),
    "memory_orders": (1, "one PB a year", "memory capacity that may be ordered"),
    "memory_imports": (1, "one PB", "imported memory"),
    "memory_balance": (1, "one PB", "memory"),
    "home_market": (THOUSAND, "USD 1 bn", "that the mandate asks of home-made chips"),
    "least_share": (1, "USD 1 bn", "that must go to {item}"),
    "largest_share": (1, "USD 1 bn", "that may go to {item}"),
    "budget": (1, "USD 1 bn", "income"),
    "debt": (1, "USD 1 bn", "debt allowed"),
    "last_debt": (1, "USD 1 bn", "debt allowed at the end"),
    "carry_over": (1, "USD 1 bn", "that may be carried over"),
    "requirement": (TENTH_LESS, "10%", "service required in {item}"),
    "satiation": (TENTH_MORE, "10%", "service in {item} before demand is met"),
    "data_bottleneck": (TENTH_MORE, "10%", "data for training"),
}
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
# Limits of things that are counted.
COUNTED: Final = (
    *("import_control", "grey_offer", "schools", "recruiting", "education_places"),
    *("tools", "wafer_supply", "packaging", "die_bank", "bank_launch"),
)


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
    if limit.name not in STEPS:
        return Step(1.0, "one unit", f"room in {limit.meaning}" + (" of {item}" if item else ""))
    return Step(*STEPS[limit.name])
