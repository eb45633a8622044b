"""The limits that bind, dearest first, in words: what a natural step of each is worth.

A price is that of the first unit. A plan's best value is concave in every limit, so more is worth at most in
proportion, and less costs at least in proportion. Limits in different units are ranked by the most that a
tenth more of each can be worth, which is no more than a tenth of what all of it is worth. Of a limit that is
closed there is no tenth, and so no such measure: it is ranked by the most that a step can be worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.parameters import CATEGORIES, Array, PlanParameters
from optimizer.result.binding import Bound, bounds, span
from optimizer.result.digits import significant
from optimizer.result.store import text_of_infinity

if TYPE_CHECKING:
    from optimizer.result.run import CountryRun, InstanceLike

PLURAL: Final = re.compile(r"\d[\d,]* (M )?more|Tools|Stockpiled")
REMARK: Final = re.compile(r" *\([^)]*\)|, per .*")
MOST_FACTS: Final = 25
MOST_YEARS: Final = 4
TENTH_MORE: Final = log(1.1)
THOUSAND: Final = 1000.0
Values = Mapping[str, Array]

# A natural step of each limit: how many of its units, and what it is called.
STEPS: Final[Mapping[str, tuple[float, str]]] = {
    "import_control": (10, "10,000 more {item} on legal sale"),
    "grey_offer": (10, "10,000 more {item} on offer in the grey market"),
    "grey_size": (10, "a grey market larger by 10,000 H100e"),
    "rent_available": (100, "100,000 more H100e of offshore cloud on offer"),
    "power_supply": (1, "one GW more of power at hand"),
    "power_orders": (1, "one GW more of power that may be ordered"),
    "schools": (1, "1,000 more graduates"),
    "recruiting": (1, "1,000 more researchers to be won abroad"),
    "education_places": (1, "1,000 more places for extra graduates"),
    "tools": (10, "tools for 10,000 more wafers a month on {item}, of all years so far,"),
    "wafer_supply": (10, "10,000 more good wafers of {item} for AI chips"),
    "packaging": (10, "packaging for 10,000 more {item}"),
    "die_bank": (10, "stockpiled dies for 10,000 more {item}"),
    "memory_orders": (1, "one PB a year more of memory capacity that may be ordered"),
    "memory_imports": (1, "one PB more of imported memory"),
    "memory_balance": (1, "one PB more of memory"),
    "home_market": (THOUSAND, "USD 1 bn less that the mandate asks of home-made chips"),
    "least_share": (1, "USD 1 bn less that must go to {item}"),
    "largest_share": (1, "USD 1 bn more that may go to {item}"),
    "budget": (1, "USD 1 bn more income"),
    "debt": (1, "USD 1 bn more debt allowed"),
    "carry_over": (1, "USD 1 bn more that may be carried over"),
    "requirement": (TENTH_MORE, "a tenth less service required in {item}"),
    "satiation": (TENTH_MORE, "a tenth more service in {item} before demand is met"),
    "data_bottleneck": (TENTH_MORE, "data for a tenth more compute"),
}
CAP_STEPS: Final[Mapping[str, tuple[float, str]]] = {
    "thousand chips": (10, "10,000 more chips"),
    "kH100e": (10, "10,000 more H100e"),
    "thousand TPP": (1e5, "100 M more TPP"),
    "USD bn": (1, "USD 1 bn more"),
}


@dataclass(frozen=True)
class Fact:
    """One binding limit over the periods in which it binds.

    `price` (objective units per `unit`) and `percent` (of effective compute for good, per `step` units; None
    where capability has no weight) are those of easing it in each of `periods` at once; `prices` has one per
    period, `usd_bn` what a step is worth in money of the period in which it is worth most. `tenth` is the
    most that a tenth more can be worth in percent, None for a limit of zero. `limits` is how much of it there
    is (None: no amount). `inputs` are the cells behind it.
    """

    family: str
    item: str
    theme: str
    periods: tuple[str, ...]
    span: str
    unit: str
    price: float
    prices: tuple[float, ...]
    step: float
    step_words: str
    percent: float | None
    best: tuple[str, float] | None
    usd_bn: float | None
    tenth: float | None
    limits: tuple[float, ...] | None
    closed: bool
    inputs: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def row(self) -> str:
        """The limit's name, `row/index` as in `strategy.csv`."""
        return "/".join(part for part in (self.family, self.item) if part)

    @property
    def most(self) -> float:
        """What limits are ranked by: the most that a tenth more can be worth, of a closed one a step."""
        return self.tenth or self.percent or 0.0

    @property
    def words(self) -> str:
        """What easing the limit by a step is worth, as a sentence."""
        step = self.step_words[0].upper() + self.step_words[1:]
        when = f" {self._when()}" if self._when() else ""
        if self.percent is None:
            worth = f"at most {significant(self.price * self.step)} log unit years of the objective"
        else:
            worth = f"at most {significant(self.percent)}% more effective compute for good"
        most = ""
        if self.best is not None and len(self.periods) > 1:
            most = f" (most in {self.best[0]}: {significant(self.best[1])}%)"
        verb = "are" if PLURAL.match(step) else "is"
        return f"{step}{when} {verb} worth {worth}{most}."

    @property
    def what(self) -> str:
        """A step of the limit in a few words."""
        return self.step_words.removesuffix(",").removesuffix(", of all years so far")

    def _when(self) -> str:
        if not self.periods:
            return ""
        if len(self.periods) == 1:
            return f"in {self.periods[0]}"
        if "-" in self.span:
            return f"in each year {self.span}" if len(self.periods[0]) == 4 else f"in each of {self.span}"
        if len(self.periods) <= MOST_YEARS:
            return f"in each of {', '.join(self.periods[:-1])} and {self.periods[-1]}"
        return f"in each of {self.span}"

    def amount(self) -> str:
        """How much of the limit there is, in words."""
        if self.closed:
            return "none at all"
        if self.limits is None:
            return ""
        low, high = min(self.limits), max(self.limits)
        least, most = significant(low, 3), significant(high, 3)
        return f"{least if least == most else f'{least} to {most}'} {self.unit}"

    def data(self) -> dict[str, Any]:
        """The fact as JSON data."""
        limit = None if self.limits is None else [text_of_infinity(each) for each in self.limits]
        return {
            "row": self.row,
            "category": self.theme,
            "period": self.span,
            "periods": list(self.periods),
            "price": self.price,
            "prices": list(self.prices),
            "unit": self.unit,
            "words": self.words,
            "step": self.step,
            "step_words": self.step_words,
            "percent_effective_compute": self.percent,
            "ten_percent_effective_compute": self.tenth,
            "ranked_by": self.most,
            "usd_bn": self.usd_bn,
            "limit": limit[0] if limit and len(set(limit)) == 1 else limit,
            "limit_words": self.amount(),
            "slack": 0.0,
            "closed": self.closed,
            "holds": "more is worth at most in proportion, less costs at least in proportion",
            "inputs": [dict(each) for each in self.inputs],
        }


def facts(run: CountryRun, instance: InstanceLike) -> list[Fact]:
    """The dearest limits of a country's plan, dearest first; none where there is no plan."""
    parameters, values, solution = run.parameters, run.values, run.solution
    if parameters is None or values is None or solution is None:
        return []
    reference = _Reference(parameters, values)
    found = [
        _fact(bound, reference.of(bound), parameters, instance)
        for bound in bounds(parameters, values, solution, instance)
    ]
    if any(fact.family == "memory_imports" for fact in found):
        # memory that is short is worth the same whether it is made or bought: once is enough
        found = [fact for fact in found if fact.family != "memory_balance"]
    found.sort(key=lambda fact: (-fact.most, -fact.price * fact.step))
    return found[:MOST_FACTS]


def _fact(bound: Bound, reference: Array, parameters: PlanParameters, instance: InstanceLike) -> Fact:
    name = bound.limit.name
    step, words = CAP_STEPS[bound.unit] if bound.limit.index[:1] == ("rules",) else STEPS[name]
    if bound.limit.index[:1] == ("rules",):
        words = f"{words} under the cap {bound.item}"
    if name == "data_bottleneck":
        step *= 1 - parameters.scalar("data_slope")
    item = bound.item
    if item in instance.chips:
        name_of_chip = REMARK.sub("", instance.chips[item].name)
        item = f"{name_of_chip} ({item})" if name_of_chip not in ("", item) else item
    percent, best, tenth = None, None, None
    if bound.percent is not None:
        percent = step * float(bound.percent.sum())
        dearest = int(bound.percent.argmax())
        best = (bound.periods[dearest], step * float(bound.percent[dearest]))
        known = np.isfinite(reference)
        tenth = float((0.1 * reference * bound.percent)[known].sum()) or None
    priced = ~np.isnan(bound.usd_bn)
    return Fact(
        family=name,
        item=bound.item,
        theme=bound.limit.theme,
        periods=() if bound.over_all else bound.periods,
        span=bound.span if bound.over_all else span(bound.periods, parameters),
        unit=bound.unit,
        price=float(bound.price.sum()),
        prices=tuple(bound.price.tolist()),
        step=step,
        step_words=words.format(item=item),
        percent=percent,
        best=best,
        usd_bn=step * float(bound.usd_bn[priced].max()) if priced.any() else None,
        tenth=tenth,
        limits=None if bound.amount is None else tuple(bound.amount.tolist()),
        closed=bound.closed,
    )


class _Reference:
    """How much of each limit there is, in its own unit over its periods."""

    def __init__(self, parameters: PlanParameters, values: Values) -> None:
        self.p, self.v = parameters, values
        self.no_amount: Mapping[str, Callable[[Bound], Array]] = {
            "home_market": lambda _: self._mandated(),
            "least_share": lambda b: values["spend"][CATEGORIES.index(b.item)],
            "largest_share": lambda b: values["spend"][CATEGORIES.index(b.item)],
            "debt": lambda _: parameters["debt_limit"],
            "carry_over": lambda _: parameters["carry_limit"],
        }

    def of(self, bound: Bound) -> Array:
        """The amount in each of the bound's periods; nan where nothing can be said."""
        labels = self.p.sets.periods
        at = [labels.index(period) for period in bound.periods]
        name = bound.limit.name
        if name in self.no_amount:
            return self.no_amount[name](bound)[at]
        if name in ("requirement", "satiation", "data_bottleneck"):
            per_period = TENTH_MORE / 0.1
            if name == "data_bottleneck":
                per_period *= 1 - self.p.scalar("data_slope")
            return np.full(len(at), per_period)
        return np.full(len(at), np.nan) if bound.amount is None else bound.amount

    def _mandated(self) -> Array:
        """The value that the mandate asks of home-made chips, USD mn per period."""
        p, v = self.p, self.v
        value = (p["unit_cost"] * (v["domestic"] + v["imports"] + v["grey"])).sum(axis=0)
        rented = THOUSAND * p["rent_cost"] * p.scalar("dt") * v["rented"].sum(axis=0)
        return np.asarray(p["mandate"] * (value + rented))


def data_of(found: Sequence[Fact]) -> list[dict[str, Any]]:
    """Facts as JSON data, in their order."""
    return [fact.data() for fact in found]
