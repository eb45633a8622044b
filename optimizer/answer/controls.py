"""What `kloof controls` answers, typed: regimes, what each factor alone changes, what is not dominated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from optimizer.answer.cleared import ClearedAnswer
from optimizer.answer.distinct import distinct
from optimizer.answer.part import Number, Part

Delay = Literal["lag", "reach", "value"]
# To so many digits they are shown. The lag of a best response is known less well than what is certain.
DELAY_DIGITS: Final[Mapping[Delay, int]] = {"lag": 1, "reach": 2, "value": 3}
REVENUE_DIGITS: Final = 1
FRONTIER: Final = "frontier"
DOMINATED: Final = "dominated"
UNDECIDED: Final = "undecided"
PRUNED: Final = "pruned"
NOT_MODELLED: Final = (
    "Revenue is at list price, discounted as the target's plan is, over the reported years. On a world "
    "market chips not sold to the target are sold elsewhere: what is really forgone is a lower price, not "
    "the sale.",
    "Not in revenue: what the controller's designers get for chips that come through the grey market, or "
    "that others buy to rent out. Counted as a fee: also one that the target itself levies.",
    "Not modelled: what enforcing a regime costs the controller, and the research that its firms pay from "
    "this revenue.",
    "The target's own rules and what its buyers get in practice (countries.*.trade.limits) may bind before "
    "the controller's: a level that opens something must lift both, or it measures the target's.",
)


class Range(Part):
    """A number of the plan found, and its least and greatest value over all plans within the gap."""

    at: Number
    least: Number
    greatest: Number


class RegimeAnswer(Part):
    """What a regime does to the target.

    `value` is between what the target's objective lies, average log units, and `gap` the difference.
    `lag_months` is that of its best response in the year asked for, of the optimal plans the one that spends
    least, and `lag_range_months` its least and greatest value over all plans within the gap, where that was
    asked for; `lag_last_months` is the lag in the last reported period. `reach_log_units` is between what the
    highest capability of that year lies that any plan can reach, `guaranteed_lag_months` the lag at its upper
    end (-inf where that is beyond all that the leader reaches), and `surely_reached_lag_months` that at its
    lower end. `revenue_usd_bn` is what the controller's firms and tariffs get for chips, `fees_usd_bn` the
    part of it that is a tariff or a share of revenue. Apart from it: `grey_usd_bn`, what the same firms got
    from whoever bought the chips that come through the grey market, at list price; memory and rent, whoever
    sells them. Money is discounted, over the reported periods. `leader_changed`: the regime reaches the
    leader's own plan.
    """

    number: int
    levels: Mapping[str, str]
    status: str
    message: str = ""
    same_as_baseline: bool = False
    leader_changed: bool = False
    value: tuple[Number, Number] | None = None
    gap: Number | None = None
    lag_months: Number | None = None
    lag_range_months: tuple[Number, Number] | None = None
    lag_last_months: Number | None = None
    reach_log_units: tuple[Number, Number] | None = None
    guaranteed_lag_months: Number | None = None
    surely_reached_lag_months: Number | None = None
    revenue_usd_bn: Range | None = None
    fees_usd_bn: Number | None = None
    grey_usd_bn: Number | None = None
    memory_usd_bn: Number | None = None
    rent_usd_bn: Number | None = None

    @property
    def solved(self) -> bool:
        """Whether there is a plan of the target, and a bound on what it can reach."""
        return self.lag_months is not None and self.reach_log_units is not None

    def delay(self, kind: Delay) -> Range:
        """The delay of a regime that is solved: months, of `value` average log units below 0."""
        assert self.lag_months is not None
        assert self.value is not None
        assert self.guaranteed_lag_months is not None
        assert self.surely_reached_lag_months is not None
        if kind == "lag":
            least, greatest = self.lag_range_months or (self.lag_months, self.lag_months)
            return Range(at=self.lag_months, least=least, greatest=greatest)
        if kind == "reach":
            least = self.guaranteed_lag_months
            return Range(at=least, least=least, greatest=self.surely_reached_lag_months)
        lower, upper = self.value
        return Range(at=-lower, least=-upper, greatest=-lower)


class AloneAnswer(Part):
    """One level of one factor, all else as it is: the regime of the design, or one solved for this."""

    factor: str
    level: str
    regime: RegimeAnswer


class Verdict(Part):
    """Whether another regime gives at least as much delay for at least as much revenue, and more of one.

    `dominated` where that is so for every number in the ranges of both (the lag has one only where ranges of
    it were asked for, and counts as found otherwise), `undecided` where only for the plans found, to the
    digits that are shown; `by` is one such regime.
    """

    number: int
    verdict: str
    by: int | None = None


class ControlsAnswer(Part):
    """What came of the regimes of a design. Regime 0 is the baseline, the instance as it is; verdicts are of
    the regimes that were certified to the gap. `at_least` is the delay that regimes had to give,
    `interrupted` whether an interrupt came before all were done: before those at list price were, there are
    no verdicts. `cleared` are some of the regimes at prices that clear the world's market, where that was
    asked for."""

    status: str
    instance: str
    policy: str
    controller: str
    target: str
    period: str
    last_period: str
    delay: Delay
    gap: Number
    at_least: Number | None
    interrupted: bool
    cleared: ClearedAnswer | None = None
    design: str
    description: str
    factors: Mapping[str, tuple[str, ...]]
    baseline: RegimeAnswer
    alone: tuple[AloneAnswer, ...]
    regimes: tuple[RegimeAnswer, ...]
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]

    @property
    def tried(self) -> tuple[RegimeAnswer, ...]:
        """The regimes of the design, and what was solved of levels alone beside them."""
        return (*(one.regime for one in self.alone if one.regime.number == 0), *self.regimes)

    @property
    def half(self) -> bool:
        """Whether an interrupt came before all regimes of the design were solved at list price."""
        return self.interrupted and self.cleared is None

    @property
    def frontier(self) -> tuple[RegimeAnswer, ...]:
        """The regimes that no other dominates, the longest delay first."""
        best = {one.number for one in self.verdicts if one.verdict == FRONTIER}
        found = [one for one in self.regimes if one.number in best]
        return tuple(sorted(found, key=lambda one: (-one.delay(self.delay).at, one.number)))

    def table(self, regimes: Iterable[RegimeAnswer]) -> tuple[tuple[str, ...], list[list[object]]]:
        """The heads of the table of regimes, the factors, then numbers with their units, and its rows; None
        where there is no number."""
        heads = (
            *("regime", *self.factors, "status", "verdict", "dominated_by"),
            *("value_lower_average_log_units", "value_upper_average_log_units"),
            *(f"lag_months_{self.period}", "lag_least_months", "lag_greatest_months"),
            *(f"lag_months_{self.last_period}", f"guaranteed_lag_months_{self.period}"),
            *(f"reach_lower_log_units_{self.period}", f"reach_upper_log_units_{self.period}"),
            *("revenue_usd_bn", "revenue_least_usd_bn", "revenue_greatest_usd_bn"),
            *("fees_usd_bn", "grey_usd_bn", "memory_usd_bn", "rent_usd_bn"),
            *("same_as_baseline", "leader_changed", "message"),
        )
        return distinct(heads, [self._row(one) for one in regimes])

    def _row(self, one: RegimeAnswer) -> tuple[object, ...]:
        verdict = {each.number: each for each in self.verdicts}.get(one.number)
        revenue = one.revenue_usd_bn
        return (
            one.number,
            *(one.levels.get(factor, "") for factor in self.factors),
            *(one.status, verdict.verdict if verdict else "", verdict.by if verdict else None),
            *(one.value or (None, None)),
            one.lag_months,
            *(one.lag_range_months or (None, None)),
            *(one.lag_last_months, one.guaranteed_lag_months),
            *(one.reach_log_units or (None, None)),
            *((revenue.at, revenue.least, revenue.greatest) if revenue else (None,) * 3),
            *(one.fees_usd_bn, one.grey_usd_bn, one.memory_usd_bn, one.rent_usd_bn),
            *(one.same_as_baseline, one.leader_changed, one.message),
        )
