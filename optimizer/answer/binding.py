"""What binds, one entry per limit over the reported periods where it is of interest.

A limit of zero is kept as closed where it denies something: not for a chip that nobody sells, nor for a line
that the country does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.limits import LimitSpec
from models.parameters import Array, PlanParameters
from optimizer.answer.shadow import ShadowPrices

if TYPE_CHECKING:
    from optimizer.answer.run import InstanceLike

CAP_UNITS: Final[Mapping[str, str]] = {
    "chips": "thousand chips",
    "tpp": "thousand TPP",
    "h100e": "kH100e",
    "usd": "USD bn",
}
Values = Mapping[str, Array]


def bounds(
    parameters: PlanParameters, values: Values, every: Sequence[ShadowPrices], instance: InstanceLike
) -> list[Bound]:
    """Every limit that binds in a reported period and denies something, in the order of its prices."""
    sold = on_sale(parameters, instance)
    limits = {prices.limit.name: prices.limit for prices in every}
    amounts = {name: one.amount(parameters, values) for name, one in limits.items() if one.amount}
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
        if prices.limit.chips == "foreign":
            kept &= sold[parameters.sets.chips.index(prices.item)]
        if name in amounts:
            inner = [index for index in prices.limit.index if index != "periods"]
            members = [str(member) for member in parameters.sets.members(inner[0])] if inner else [""]
            item = members.index(prices.item)
            amount = amounts[name].reshape(len(members), -1)[item]
            self.closed = not amount[:reported][kept[:reported]].any()
            if self.closed and not _denies(prices.limit, item, values):
                kept[:] = False
            elif not self.closed:
                kept &= amount > 0
            self.amount = amount
        self.reported, self.tail = np.flatnonzero(kept[:reported]), reported + np.flatnonzero(kept[reported:])
        self.meant = len(self.reported) > 0


def _denies(limit: LimitSpec, item: int, values: Values) -> bool:
    """Whether a limit of zero keeps the country from something, rather than there being nothing to have."""
    if limit.zero in values:
        stock = values[limit.zero]
        return bool((stock[item] if stock.ndim > 1 else stock).any())
    return limit.zero != "nothing"


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
