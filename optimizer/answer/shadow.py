"""What binds, and what easing it is worth: shadow prices of the model's limits.

A price is the gain in the objective per unit by which a limit is eased: never negative. Equal gains are also
stated as permanent log percent of effective compute, and over the price of a dollar in the same period.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.limits import LIMITS, LimitSpec
from models.parameters import Array, PlanParameters
from optimizer.answer import metrics
from optimizer.answer.own import own_limits, own_prices

if TYPE_CHECKING:
    from optimizer.solver import Solution

# Prices below this share of the largest of their kind are what the solver's tolerance leaves.
NEGLIGIBLE: Final = 1e-7


@dataclass(frozen=True)
class ShadowPrices:
    """The prices of one limit's item in the periods where it binds (the first one for a limit over all).

    Arrays over those periods: `price` in objective units per `limit.unit`; `compute_percent` the permanent
    gain in effective compute worth the same, log percent per unit (None where the objective gives capability
    no weight); `usd_bn` the same over the price of USD 1 bn of income in that period (nan where money has no
    price). `every` is `price` over all periods of the model, the tail included, 0 where the limit does not
    bind; shape (periods,), (1,) for a limit over all.
    """

    limit: LimitSpec
    item: str
    periods: tuple[str, ...]
    price: Array
    compute_percent: Array | None
    usd_bn: Array
    every: Array


def shadow_prices(parameters: PlanParameters, solution: Solution) -> list[ShadowPrices]:
    """Every limit that binds in a reported period, in the order of `LIMITS`.

    Empty where there is no plan.
    """
    if not len(solution.row_duals):
        return []
    sets = parameters.sets
    labels = np.array(sets.periods[: sets.reported])
    money = np.abs(solution.dual("budget"))
    money[money == 0] = np.nan
    # what one objective unit is worth in percent, None where capability has no weight
    worth = metrics.effective_compute_percent(np.ones(1), parameters)
    found: list[ShadowPrices] = []
    for limit in (*LIMITS.values(), *own_limits(solution, sets.periods)):
        names, grid = _prices(parameters, solution, limit)
        if grid.size == 0:
            continue
        meant = _meant(parameters, limit, names)
        binds = grid > NEGLIGIBLE * grid.max()
        for i in np.flatnonzero(binds[:, : sets.reported].any(axis=1) & meant):
            at = np.flatnonzero(binds[i, : sets.reported])
            price = grid[i, at]
            percent = None if worth is None else worth * price
            periods, every = tuple(labels[at].tolist()), np.where(binds[i], grid[i], 0.0)
            found.append(ShadowPrices(limit, names[i], periods, price, percent, price / money[at], every))
    return found


def _prices(parameters: PlanParameters, solution: Solution, limit: LimitSpec) -> tuple[list[str], Array]:
    """The items of a limit and its prices, shape (items, periods), (items, 1) for a limit over all."""
    sets = parameters.sets
    if limit.name not in LIMITS:
        return own_prices(solution, limit, sets.periods)
    duals = np.nan_to_num(np.abs(solution.dual(limit.name)))
    if limit.silent_at is not None:
        # policy rows are always there: no spending is below a floor of 0
        duals = np.where(parameters[limit.parameters[0]] == limit.silent_at, 0.0, duals)
    by_period = limit.index[-1:] == ("periods",)
    inner = limit.index[:-1] if by_period else limit.index
    names = ["/".join(map(str, key)) for key in product(*(sets.members(name) for name in inner))]
    return names, duals.reshape(len(names), -1) if names else duals.reshape(0, 1)


def _meant(parameters: PlanParameters, limit: LimitSpec, names: list[str]) -> NDArray[np.bool_]:
    """Which items of a limit are meant at all: no country makes foreign chips, or buys its own abroad."""
    if limit.chips == "all":
        return np.ones(len(names), dtype=np.bool_)
    makes = dict(zip(parameters.sets.chips, parameters["is_domestic"] > 0, strict=True))
    return np.array([makes[name] == (limit.chips == "home") for name in names], dtype=np.bool_)
