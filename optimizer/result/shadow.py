"""What binds, and what easing it is worth: shadow prices of the model's limits.

A price is the gain in the objective per unit by which a limit is eased: never negative. Equal gains are also
stated as permanent log percent of effective compute, and over the price of a dollar in the same period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from models.parameters import PlanParameters
from optimizer.result import metrics
from optimizer.result.vocabulary import LIMITS, LimitSpec

if TYPE_CHECKING:
    from optimizer.solver import Solution

# Prices below this share of the largest of their kind are what the solver's tolerance leaves.
NEGLIGIBLE: Final = 1e-7


@dataclass(frozen=True)
class ShadowPrice:
    """The price of one limit in one period (`period` is the first for a limit over all periods).

    `price` in objective units per `limit.unit`; `compute_percent` the permanent gain in effective compute
    worth the same, log percent per unit (None where the objective gives capability no weight);
    `usd_bn` the same over the price of USD 1 bn of income in that period (None where money has no price).
    """

    limit: LimitSpec
    item: str
    period: str
    price: float
    compute_percent: float | None
    usd_bn: float | None


def shadow_prices(parameters: PlanParameters, solution: Solution) -> list[ShadowPrice]:
    """Every limit that binds in a reported period, in the order of `LIMITS`.

    Empty where there is no plan.
    """
    if not len(solution.row_duals):
        return []
    sets = parameters.sets
    money = np.abs(solution.dual("budget"))
    found: list[ShadowPrice] = []
    for limit in LIMITS.values():
        duals = np.nan_to_num(np.abs(solution.dual(limit.name)))
        if duals.size == 0:
            continue
        by_period = limit.index[-1:] == ("periods",)
        grid = duals.reshape(-1, len(sets.periods)) if by_period else duals.reshape(-1, 1)
        inner = limit.index[:-1] if by_period else limit.index
        names = ["/".join(map(str, key)) for key in product(*(sets.members(name) for name in inner))]
        percent = metrics.effective_compute_percent(grid, parameters)
        smallest = NEGLIGIBLE * grid.max()
        meant = _meant(parameters, limit)
        for i, t in zip(*np.nonzero(grid > smallest), strict=True):
            if t >= sets.reported or not meant[i]:
                continue
            found.append(
                ShadowPrice(
                    limit,
                    names[i],
                    sets.periods[t],
                    float(grid[i, t]),
                    None if percent is None else float(percent[i, t]),
                    float(grid[i, t] / money[t]) if money[t] > 0 else None,
                )
            )
    return found


def _meant(parameters: PlanParameters, limit: LimitSpec) -> list[bool]:
    """Which items of a limit are meant at all: no country makes foreign chips, or buys its own abroad."""
    home = parameters["is_domestic"] > 0
    if limit.name in ("packaging", "die_bank"):
        return list(home)
    if limit.name in ("import_control", "grey_offer"):
        return list(~home)
    inner = [name for name in limit.index if name != "periods"]
    return [True] * int(np.prod(parameters.sets.shape(tuple(inner))))


def shadow_rows(parameters: PlanParameters, solution: Solution) -> Iterator[tuple[str, str, str, str, float]]:
    """The shadow prices as tidy rows (period, metric, item, unit, value); `item` is `row/index`."""
    for price in shadow_prices(parameters, solution):
        item = "/".join(part for part in (price.limit.name, price.item) if part)
        per = f"per {price.limit.unit}"
        yield price.period, "shadow_price", item, f"objective {per}", price.price
        if price.compute_percent is not None:
            yield (
                price.period,
                "shadow_price_compute",
                item,
                f"% effective compute {per}",
                price.compute_percent,
            )
        if price.usd_bn is not None:
            yield price.period, "shadow_price_usd", item, f"USD bn {per}", price.usd_bn
