"""What binds, one entry per limit over the reported periods where it is of interest.

A limit of zero is kept as closed where it denies something: not for a chip that nobody sells, nor for a line
that the country does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array, PlanParameters
from optimizer.result.shadow import ShadowPrices, shadow_prices

if TYPE_CHECKING:
    from optimizer.result.run import InstanceLike
    from optimizer.solver import Solution

CAP_UNITS: Final[Mapping[str, str]] = {
    "chips": "thousand chips",
    "tpp": "thousand TPP",
    "h100e": "kH100e",
    "usd": "USD bn",
}
Values = Mapping[str, Array]
# Limits of which zero means that there is nothing to have, not that it is denied.
NOTHING_TO_HAVE: Final = (
    *("grey_offer", "packaging", "die_bank", "bank_launch"),
    *("memory_balance", "schools", "power_supply"),
)


def _wafers(p: PlanParameters, v: Values) -> Array:
    before = np.concatenate([p["wafer_capacity0"][:, None], v["wafer_capacity"][:, :-1]], axis=1)
    good = 1 - (1 - p["wafer_yield"]) / (1 + p["transfer"])
    return np.asarray(12 * p["dt"] * p["ai_share"] * good * (before + v["wafer_capacity"]) / 2)


# How much of each limit there is, shaped like its row. Limits not listed are not amounts (a share, a level).
AMOUNTS: Final[Mapping[str, Callable[[PlanParameters, Values], Array]]] = {
    "import_control": lambda p, v: p["import_limit"] * p["dt"],
    "yearly_cap": lambda p, v: p["cap"] * p["dt"],
    "cumulative_cap": lambda p, v: p["cap_cumulative"],
    "grey_offer": lambda p, v: p["grey_open"] * p["dt"],
    "grey_size": lambda p, v: p["grey_limit"] * p["dt"],
    "rent_available": lambda p, v: p["rent_limit"],
    "power_supply": lambda p, v: v["power"],
    "power_orders": lambda p, v: p["power_build_limit"] * p["dt"],
    "schools": lambda p, v: v["trained"],
    "recruiting": lambda p, v: p["recruit_limit"] * p["dt"],
    "education_places": lambda p, v: p["education_limit"] * p["dt"],
    "tools": lambda p, v: np.cumsum(p["tool_limit"], axis=1) * p["dt"],
    "wafer_supply": _wafers,
    "packaging": lambda p, v: p["make_limit"] * p["dt"],
    "die_bank": lambda p, v: p["bank0"],
    "bank_launch": lambda p, v: p["bank_limit"],
    "memory_orders": lambda p, v: p["hbm_build_limit"] * p["dt"],
    "memory_imports": lambda p, v: p["hbm_import_limit"] * p["dt"],
    "memory_balance": lambda p, v: p["hbm_per_chip"] @ v["domestic"],
    "budget": lambda p, v: p["income"] * p["dt"],
}


def bounds(
    parameters: PlanParameters, values: Values, solution: Solution, instance: InstanceLike
) -> list[Bound]:
    """Every limit that binds in a reported period and denies something, in the order of `LIMITS`."""
    sold = on_sale(parameters, instance)
    every = shadow_prices(parameters, solution)
    binding = {prices.limit.name for prices in every}
    amounts = {name: of(parameters, values) for name, of in AMOUNTS.items() if name in binding}
    return [
        Bound(prices, kept, parameters, instance)
        for prices in every
        if (kept := _Kept(prices, parameters, values, amounts, sold)).meant
    ]


def on_sale(parameters: PlanParameters, instance: InstanceLike) -> NDArray[np.bool_]:
    """Which chips somebody sells to other countries, or to this one as its own, shape (chips, periods)."""
    sets, country, dt = parameters.sets, parameters.country, parameters.scalar("dt")
    found = np.zeros((len(sets.chips), len(sets.periods)), dtype=np.bool_)
    for k, name in enumerate(sets.chips):
        chip = instance.chips[name]
        owned = chip.sale == "owner" and chip.designer_country == country
        if name not in instance.market.output or not (chip.sale == "market" or owned):
            continue
        end = np.inf if chip.end_of_sale is None else chip.end_of_sale.end
        for t, start in enumerate(sets.starts):
            made = instance.market.output[name].number(int(start + dt / 2))
            found[k, t] = made > 0 and chip.launch.start < start + dt and end > start
    return found


class _Kept:
    """In which periods a limit's price is of interest, and how much of it there is, both shape (periods,), of
    a limit over all (1,).

    A limit that is open in some periods is shown for those. `meant` is False where nothing remains of the
    reported ones. `amount` is None where the limit is no amount.
    """

    def __init__(
        self,
        prices: ShadowPrices,
        parameters: PlanParameters,
        values: Values,
        amounts: Values,
        sold: NDArray[np.bool_],
    ) -> None:
        name, reported = prices.limit.name, parameters.sets.reported
        kept = prices.every > 0
        self.amount: Array | None = None
        self.closed = False
        if name in ("import_control", "grey_offer"):
            kept &= sold[parameters.sets.chips.index(prices.item)]
        if name in amounts:
            inner = [index for index in prices.limit.index if index != "periods"]
            members = [str(member) for member in parameters.sets.members(inner[0])] if inner else [""]
            item = members.index(prices.item)
            amount = amounts[name].reshape(len(members), -1)[item]
            self.closed = not amount[:reported][kept[:reported]].any()
            if self.closed and not _denies(name, item, values):
                kept[:] = False
            elif not self.closed:
                kept &= amount > 0
            self.amount = amount
        self.reported, self.tail = np.flatnonzero(kept[:reported]), reported + np.flatnonzero(kept[reported:])
        self.meant = len(self.reported) > 0


def _denies(name: str, item: int, values: Values) -> bool:
    """Whether a limit of zero keeps the country from something, rather than there being nothing to have."""
    if name in ("wafer_supply", "tools"):
        return bool(values["wafer_capacity"][item].any())
    if name in ("memory_orders", "memory_imports"):
        return bool(values["hbm_capacity"].any())
    return name not in (
        "grey_offer",
        "packaging",
        "die_bank",
        "bank_launch",
        "memory_balance",
        "schools",
        "power_supply",
    )


class Bound:
    """One limit with its prices over the periods where they are of interest.

    Arrays over `periods`: `price` in objective units per `unit`; `usd_bn` the same over the price of money
    (nan where it has none); `amount` how much of the limit there is (None where it is no amount). `closed`:
    it is zero in all of them. `positions` are those of `periods`, `tail` those of the periods after the
    reported ones where the prices are of interest too: inputs hold beyond what is reported. `every` and
    `amounts` are prices and amounts in all periods of the model, shape (periods,), of a limit over all (1,).
    """

    def __init__(
        self, prices: ShadowPrices, kept: _Kept, parameters: PlanParameters, instance: InstanceLike
    ) -> None:
        self.limit, self.item = prices.limit, prices.item
        labels, found = parameters.sets.periods, kept.reported
        self.over_all = self.limit.index[-1:] != ("periods",)
        self.periods = prices.periods if self.over_all else tuple(labels[t] for t in found)
        self.price = prices.every[found]
        at = found if self.over_all else np.array([prices.periods.index(period) for period in self.periods])
        self.usd_bn = prices.usd_bn[at]
        self.positions, self.tail = found, kept.tail
        self.every, self.amounts = prices.every, kept.amount
        self.amount = None if kept.amount is None else kept.amount[found]
        self.closed = kept.closed
        self.unit = self.limit.unit
        if self.limit.index[:1] == ("rules",):
            self.unit = cap_unit(instance, parameters.country, self.item)
        self.span = "all together" if self.over_all else span(self.periods, parameters)


def cap_unit(instance: InstanceLike, country: str, name: str) -> str:
    """What a cap counts, in words."""
    own = instance.countries[country].trade.caps.get(name)
    return CAP_UNITS[instance.rules[name].cap_counts if own is None else own.counts]


def span(periods: Sequence[str], parameters: PlanParameters) -> str:
    """First and last of some reported periods where they are all between, else how many of all they are."""
    if len(periods) == 1:
        return periods[0]
    labels = parameters.sets.periods[: parameters.sets.reported]
    if labels.index(periods[-1]) - labels.index(periods[0]) == len(periods) - 1:
        return f"{periods[0]}-{periods[-1]}"
    return f"{len(periods)} of {len(labels)} {'years' if parameters.scalar('dt') == 1 else 'periods'}"
