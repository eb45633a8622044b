"""What binds, one entry per limit over the reported periods where it is of interest.

A limit of zero is kept as closed where it denies something: not for a chip that nobody sells, nor for a line
that the country does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.limits import LimitSpec
from models.parameters import Array, PlanParameters
from models.quantities import VARIABLES
from optimizer.answer.instance_like import InstanceLike
from optimizer.answer.shadow import ShadowPrices

CAP_UNITS: Final[Mapping[str, str]] = {
    "chips": "thousand chips",
    "tpp": "thousand TPP",
    "h100e": "kH100e",
    "usd": "USD bn",
}
Values = Mapping[str, Array]


@dataclass(frozen=True)
class Bound:
    """One limit with its prices over the periods where they are of interest.

    `periods` are the reported ones where it is open, or closed in all of them (empty for a limit over all),
    `span` those in words. `positions` are theirs, `tail` those of the periods after the reported ones where
    the prices are of interest too: inputs hold beyond what is reported. `usd_bn` has at each position the
    price of a `unit` over the price of money (nan where it has none). `every` and `amounts` are prices, in
    objective units, and amounts in all periods of the model, shape (periods,), of a limit over all (1,);
    `amounts` is None where the limit is no amount. `closed`: it is zero in all of `periods`.
    """

    limit: LimitSpec
    item: str
    unit: str
    periods: tuple[str, ...]
    span: str
    positions: NDArray[np.intp]
    tail: NDArray[np.intp]
    usd_bn: Array
    every: Array
    amounts: Array | None
    closed: bool


def bounds(
    parameters: PlanParameters, values: Values, every: Sequence[ShadowPrices], instance: InstanceLike
) -> list[Bound]:
    """Every limit that binds in a reported period and denies something, in the order of its prices."""
    sold = on_sale(parameters, instance)
    limits = {prices.limit.name: prices.limit for prices in every}
    amounts = {name: one.amount(parameters, values) for name, one in limits.items() if one.amount}
    found = (_bound(prices, parameters, values, amounts, sold, instance) for prices in every)
    return [bound for bound in found if bound is not None]


def _bound(
    prices: ShadowPrices,
    parameters: PlanParameters,
    values: Values,
    amounts: Values,
    sold: NDArray[np.bool_],
    instance: InstanceLike,
) -> Bound | None:
    """A limit where its price is of interest; None where nothing remains of the reported periods. One that is
    open in some periods is shown for those."""
    limit, sets, reported = prices.limit, parameters.sets, parameters.sets.reported
    kept = prices.every > 0
    amount, closed = None, False
    if limit.chips == "foreign":
        kept &= sold[sets.chips.index(prices.item)]
    if limit.name in amounts:
        members = sets.items(limit.index)
        item = members.index(prices.item)
        amount = amounts[limit.name].reshape(len(members), -1)[item]
        closed = not amount[:reported][kept[:reported]].any()
        if closed and not _denies(limit, item, values):
            return None
        kept &= closed | (amount > 0)
    positions = np.flatnonzero(kept[:reported])
    if not len(positions):
        return None
    over_all = limit.index[-1:] != ("periods",)
    periods = () if over_all else tuple(sets.periods[t] for t in positions)
    at = positions if over_all else np.array([prices.periods.index(period) for period in periods])
    is_cap = limit.index[:1] == ("rules",)
    return Bound(
        limit=limit,
        item=prices.item,
        unit=cap_unit(instance, parameters.country, prices.item) if is_cap else limit.unit,
        periods=periods,
        span="all together" if over_all else span(periods, parameters),
        positions=positions,
        tail=reported + np.flatnonzero(kept[reported:]),
        usd_bn=prices.usd_bn[at],
        every=prices.every,
        amounts=amount,
        closed=closed,
    )


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


def _denies(limit: LimitSpec, item: int, values: Values) -> bool:
    """Whether a limit of zero keeps the country from something, rather than there being nothing to have."""
    if limit.zero in values:
        # of a stock that is counted by something else, as fabs by line and tools by class, any of it will do
        is_its_own = VARIABLES[limit.zero].index == limit.index[:-1]
        return bool((values[limit.zero][item] if is_its_own else values[limit.zero]).any())
    return limit.zero != "nothing"


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
