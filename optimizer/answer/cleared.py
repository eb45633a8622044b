"""What regimes come to at prices that clear the world's market, typed: of some of them, as each is dear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from optimizer.answer.distinct import distinct
from optimizer.answer.part import Number, Part

CONVERGED: Final = "converged"
NOT_CONVERGED: Final = "not_converged"
NUMBERS: Final = (
    *("lag_months", "lag_last_months", "value", "price_over_list", "revenue_usd_bn"),
    *("from_target_usd_bn", "fees_usd_bn", "grey_usd_bn", "memory_usd_bn", "rent_usd_bn"),
)
NOBODY: Final[Mapping[int, str]] = {}
LOSS: Final = (
    "Every country plans at prices that clear the market, so that chips not sold to the target are sold to "
    "others at a lower price: what a regime costs the controller's side is the change of what it gets for "
    "chips from all buyers, its own country's among them."
)
AGAIN: Final = (
    "The world as it is is cleared twice, the second time from where the first ended: by so much two "
    "equilibria of one world differ, and a change of that size, or within the regrets, says nothing."
)
BESIDE: Final = (
    "Each regime is cleared from the prices of the world as it is, as of which components cost what they "
    "cost. Chips of the grey market come out of what is made and are counted, at what their first buyer "
    "pays. Rented compute is beside the market: closing it frees no chips for others, and what designers get "
    "for those that are rented out is in no number."
)


class AtListPrice(Protocol):
    """A regime at list price, as far as it says which one it is."""

    @property
    def number(self) -> int: ...

    @property
    def levels(self) -> Mapping[str, str]: ...

    @property
    def same_as_baseline(self) -> bool: ...


class ClearedRegime(Part):
    """A regime at prices that clear the market.

    `largest_regret` is by how much a country's plan could be better at these prices, average log units, and
    `regret_of_target` that of the target; `component_residual` by how much the price of a component is off,
    |log|, and `unsold` the value of what stays unsold above its floor over that of what is sold. Only of one
    that `converged` are there numbers: `value` of the target's plan and its lags as in a regime at list
    price; `price_over_list`, what all chips made would cost at these prices over list; `revenue_usd_bn` what
    the controller's designers get from all buyers on the market, with fees on these chips,
    and for chips that grey markets sell on; of it `from_target_usd_bn` is what the target buys legally,
    `fees_usd_bn` the fees, and `grey_usd_bn` chips that come to the target through the grey market.
    `memory_usd_bn` and `rent_usd_bn` are what the target pays for memory and rent. Money is at these prices,
    discounted, over the reported periods.
    """

    number: int
    levels: Mapping[str, str]
    status: str
    message: str = ""
    rounds: int | None = None
    largest_regret: Number | None = None
    regret_of_target: Number | None = None
    component_residual: Number | None = None
    unsold: Number | None = None
    value: Number | None = None
    lag_months: Number | None = None
    lag_last_months: Number | None = None
    price_over_list: Number | None = None
    revenue_usd_bn: Number | None = None
    from_target_usd_bn: Number | None = None
    fees_usd_bn: Number | None = None
    grey_usd_bn: Number | None = None
    memory_usd_bn: Number | None = None
    rent_usd_bn: Number | None = None

    @property
    def converged(self) -> bool:
        return self.status == CONVERGED

    def is_of(self, regime: AtListPrice) -> bool:
        """Whether this is the same regime as one at list price."""
        return self.number == regime.number and dict(self.levels) == dict(regime.levels)


class ClearedAnswer(Part):
    """The regimes that were cleared. `baseline` is the world as it is and `again` the same once more, from
    where that ended: what they differ by is no change. `every`: all regimes were asked for, else the levels
    alone, the frontier and the regimes that are worth least and most to the target. `interrupted`: not all of
    these are here, and those that are not converged are among the rest."""

    tolerance: Number
    rounds: int
    every: bool
    interrupted: bool
    baseline: ClearedRegime | None
    again: ClearedRegime | None
    regimes: tuple[ClearedRegime, ...]
    notes: tuple[str, ...]

    @property
    def all(self) -> tuple[ClearedRegime, ...]:
        """The baseline, that once more, then the regimes."""
        first = [one for one in (self.baseline, self.again) if one is not None]
        return (*first, *self.regimes)

    @property
    def missed(self) -> int:
        """How many have no prices that clear."""
        return sum(not one.converged for one in self.all)

    def of(self, regime: AtListPrice) -> ClearedRegime | None:
        """The regime at these prices, where it was cleared; one that changes nothing is the baseline."""
        if regime.same_as_baseline:
            return self.baseline
        return next((one for one in self.regimes if one.is_of(regime)), None)

    def table(
        self, factors: Sequence[str], period: str, last_period: str, named: Mapping[int, str] = NOBODY
    ) -> tuple[tuple[str, ...], list[list[object]]]:
        """The heads of the table, factors, then numbers with their units, and a row of each regime, the
        baseline first; `named` has names in place of numbers, by the place of the row."""
        heads = (
            *("regime", *factors, "status", "rounds"),
            *("largest_regret_average_log_units", "regret_of_target_average_log_units"),
            *("component_residual_log", "unsold_share"),
            *(f"lag_months_{period}", f"lag_months_{last_period}", "value_average_log_units"),
            *("price_over_list", "revenue_all_buyers_usd_bn", "revenue_from_target_usd_bn", "fees_usd_bn"),
            *("grey_usd_bn", "memory_usd_bn", "rent_usd_bn", "message"),
        )
        rows: list[Sequence[object]] = [
            (
                named.get(place) or one.number,
                *(one.levels.get(factor, "") for factor in factors),
                *(one.status, one.rounds, one.largest_regret, one.regret_of_target),
                *(one.component_residual, one.unsold),
                *(getattr(one, each) for each in NUMBERS),
                one.message,
            )
            for place, one in enumerate(self.all)
        ]
        return distinct(heads, rows)


CLEARED_NOTES: Final = (LOSS, AGAIN, BESIDE)
