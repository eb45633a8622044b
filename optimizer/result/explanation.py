"""The limits that bind, dearest first, in words: what a natural step of each is worth.

A price is that of the first unit. A plan's best value is concave in every limit, so a step more is worth at
most its price, and a step less costs at least as much. An input holds in the years after the reported ones
too, so their prices count. Worths are percent of effective compute; prices are in log percent, so several
steps compound. Limits in different units are ranked by what a tenth more of each can be worth. Of a limit
that is closed there is no tenth, and so no such measure: it is ranked by the most that a step can be worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, expm1, inf, isfinite, log
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.limits import LIMITS
from models.parameters import CATEGORIES, Array, PlanParameters
from optimizer.result import metrics
from optimizer.result.binding import Bound, bounds, span
from optimizer.result.digits import decimals_for, fixed, scientific, significant
from optimizer.result.own import own_prices, own_sizes
from optimizer.result.store import text_of_infinity

if TYPE_CHECKING:
    from optimizer.result.run import CountryRun, InstanceLike
    from optimizer.solver import Solution

PLURAL: Final = re.compile(r"\d[\d,]* (M )?more|Tools|Stockpiled")
REMARK: Final = re.compile(r" *\([^)]*\)|, per .*")
MOST_FACTS: Final = 25
MOST_YEARS: Final = 4
TENTH_MORE: Final = log(1.1)
TENTH_LESS: Final = -log(0.9)
# Limits that ask for something: less of them is worth something, not more.
ASKED: Final = ("requirement", "home_market", "least_share")
# Limits that are a share of what the plan decides: a tenth is that of this plan, another one may have more.
SHARES_OF_THE_PLAN: Final = ("home_market", "least_share", "largest_share", "wafer_supply")
THOUSAND: Final = 1000.0
ROUNDING: Final = 1e-9
# Less than so many percent is what the solver's tolerance leaves.
LEAST_WORTH: Final = 1e-6
# e to more than this is no number any more
LARGEST_EXPONENT: Final = 700.0
HOLDS: Final = "a step more is worth at most this, a step less costs at least as much; steps compound"
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
    "last_debt": (1, "USD 1 bn more debt allowed at the end"),
    "carry_over": (1, "USD 1 bn more that may be carried over"),
    "requirement": (TENTH_LESS, "a tenth less service required in {item}"),
    "satiation": (TENTH_MORE, "a tenth more service in {item} before demand is met"),
    "data_bottleneck": (TENTH_MORE, "data for a tenth more compute"),
}
# What a step is called where there is less of the limit than that.
SMALLER: Final[Mapping[str, tuple[tuple[float, str], ...]]] = {
    "one GW ": ((0.1, "100 MW "), (0.01, "10 MW ")),
    "1,000 ": ((0.1, "100 "), (0.01, "10 ")),
    "USD 1 bn ": ((0.1, "USD 100 M "), (0.01, "USD 10 M ")),
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
    where capability has no weight) are those of easing it in each of `periods` and of those `after` what is
    reported at once, as `then` says in words; `prices` has one per period, `usd_bn` what a step is worth in
    money of the period in which it is worth most. `tenth` is what a tenth more of it is worth at most in
    percent, about where it is a share of what the plan decides, a tenth less of what is asked; None for a
    limit of zero. `limits` is how much of it there is (None: no amount). `inputs` are the cells behind it.
    """

    family: str
    item: str
    meaning: str
    theme: str
    periods: tuple[str, ...]
    after: tuple[str, ...]
    span: str
    then: str
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
        """What limits are ranked by: what a tenth more can be worth, of a closed one the most of a step."""
        return self.tenth or self.percent or 0.0

    @property
    def tenth_words(self) -> str:
        """What a tenth more of the limit is worth, in words; empty for a limit of zero."""
        if self.tenth is None:
            return ""
        change = "10% less" if self.family in ASKED else "10% more"
        if self.family not in LIMITS:
            change = "room for 10% of its largest term"
        worth = f"about {significant(self.tenth)}" if self.is_about else f"at most {at_most(self.tenth)}"
        return f"{change}: {worth}%"

    @property
    def tenth_cell(self) -> str:
        """The same in a table: `closed`, or the percent with a `~` where it is no bound."""
        if self.closed:
            return "closed"
        if self.tenth is None:
            return "n/a"
        return f"~{significant(self.tenth)}" if self.is_about else at_most(self.tenth)

    @property
    def is_about(self) -> bool:
        """Whether `tenth` is no bound: it is of a share of what the plan decides."""
        return self.family in SHARES_OF_THE_PLAN

    @property
    def words(self) -> str:
        """What easing the limit by a step is worth, as a sentence."""
        step = self.step_words[0].upper() + self.step_words[1:]
        when = f" {self._when()}" if self._when() else ""
        if self.percent is None:
            worth = f"at most {at_most(self.price * self.step)} log unit years of the objective"
        else:
            worth = f"at most {at_most(self.percent)}% more effective compute for good"
        most = ""
        if self.best is not None and len(self.periods) > 1:
            most = f" (most in {self.best[0]}: {at_most(self.best[1])}%)"
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
            when = f"in {self.periods[0]}"
        elif "-" in self.span:
            when = f"in each year {self.span}" if len(self.periods[0]) == 4 else f"in each of {self.span}"
        elif len(self.periods) <= MOST_YEARS:
            when = f"in each of {', '.join(self.periods[:-1])} and {self.periods[-1]}"
        else:
            when = f"in each of the {self.span} in which it binds"
        return when + self.then

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
            "meaning": self.meaning,
            "category": self.theme,
            "period": self.span,
            "periods": list(self.periods),
            "periods_after": list(self.after),
            "price": self.price,
            "prices": list(self.prices),
            "price_after": self.price - sum(self.prices),
            "unit": self.unit,
            "words": self.words,
            "step": self.step,
            "step_words": self.step_words,
            "percent_effective_compute": _text(self.percent),
            "ten_percent_effective_compute": _text(self.tenth),
            "ten_percent_words": self.tenth_words,
            "ten_percent_is_bound": not self.is_about,
            "ranked_by": _text(self.most),
            "usd_bn": self.usd_bn,
            "limit": limit[0] if limit and len(set(limit)) == 1 else limit,
            "limit_words": self.amount(),
            "slack": 0.0,
            "closed": self.closed,
            "holds": HOLDS,
            "inputs": [dict(each) for each in self.inputs],
        }


def _text(value: float | None) -> float | str | None:
    return None if value is None else text_of_infinity(value)


def facts(run: CountryRun, instance: InstanceLike) -> list[Fact]:
    """The dearest limits of a country's plan, dearest first; none where there is no plan."""
    parameters, values, solution = run.parameters, run.values, run.solution
    if parameters is None or values is None or solution is None:
        return []
    reference = _Reference(parameters, values, solution)
    carried = _by_carrying(parameters, solution)
    found = [
        _fact(bound, reference.of(bound), carried, parameters, instance)
        for bound in bounds(parameters, values, solution, instance)
    ]
    if any(fact.family == "memory_imports" for fact in found):
        # memory that is short is worth the same whether it is made or bought: once is enough
        found = [fact for fact in found if fact.family != "memory_balance"]
    found = [fact for fact in found if fact.percent is None or fact.most > LEAST_WORTH]
    found.sort(key=lambda fact: (-fact.most, -fact.price * fact.step))
    return found[:MOST_FACTS]


def at_most(value: float) -> str:
    """A bound with about two significant digits, rounded up: less would not be one."""
    if value < 1e-4:
        return scientific(value)
    if not isfinite(value):
        return fixed(value, 0)
    places = decimals_for([value], 2)
    return fixed(ceil(value * 10**places * (1 - ROUNDING)) / 10**places, places)


def _small_enough(step: float, words: str, amounts: Array) -> tuple[float, str]:
    """The step and its words, smaller where there is less of the limit than that."""
    most = float(amounts[np.isfinite(amounts)].max(initial=0.0))
    sizes = [(step, words)]
    for start, smaller in SMALLER.items():
        if most > 0 and words.startswith(start):
            sizes += [(step * part, words.replace(start, name, 1)) for part, name in smaller]
    return next((size for size in sizes if size[0] <= most), sizes[-1])


def _by_carrying(parameters: PlanParameters, solution: Solution) -> Array:
    """What USD 1 bn more income is worth because a share of income may be carried over: objective units,
    shape (periods,)."""
    limit, income = parameters["carry_limit"], parameters["income"]
    known = np.isfinite(limit) & (income > 0)
    share = np.zeros(len(income))
    np.divide(limit, income * parameters.scalar("dt"), out=share, where=known)
    return np.asarray(share * np.nan_to_num(np.abs(solution.dual("carry_over"))))


def percent_of(price: float, parameters: PlanParameters) -> float | None:
    """Objective units as percent of effective compute for good; None where capability has no weight."""
    log_percent = metrics.effective_compute_percent(np.array(price), parameters)
    if log_percent is None:
        return None
    exponent = float(log_percent) / 100
    return 100 * expm1(exponent) if exponent < LARGEST_EXPONENT else inf


def _fact(
    bound: Bound, reference: Array, carried: Array, parameters: PlanParameters, instance: InstanceLike
) -> Fact:
    name = bound.limit.name
    if bound.limit.index[:1] == ("rules",):
        step, words = CAP_STEPS[bound.unit]
    else:
        # nobody said what a natural step of a row of the user's own is
        of_item = " of {item}" if bound.item else ""
        step, words = STEPS.get(name, (1.0, f"one unit more room in {bound.limit.meaning}{of_item}"))
    if bound.limit.index[:1] == ("rules",):
        words = f"{words} under the cap {bound.item}"
    if name == "data_bottleneck":
        step *= 1 - parameters.scalar("data_slope")
    step, words = _small_enough(step, words, reference[bound.positions])
    item = bound.item
    if item in instance.chips:
        name_of_chip = REMARK.sub("", instance.chips[item].name)
        item = f"{name_of_chip} ({item})" if name_of_chip not in ("", item) else item
    every = bound.every + carried if name == "budget" else bound.every
    price = float(every[bound.positions].sum() + every[bound.tail].sum())
    then = ""
    if not bound.over_all and len(bound.tail):
        last = parameters.sets.periods[parameters.sets.reported - 1]
        then = " and after" if bound.periods[-1] == last else f" and after {last}"
    shown = every[bound.positions]
    dearest = int(shown.argmax())
    most = percent_of(step * float(shown[dearest]), parameters)
    best = None if most is None else (bound.periods[dearest], most)
    known = np.isfinite(reference)
    tenth = percent_of(float((0.1 * reference * every)[known].sum()), parameters)
    priced = ~np.isnan(bound.usd_bn)
    return Fact(
        family=name,
        item=bound.item,
        meaning=bound.limit.meaning,
        theme=bound.limit.theme,
        periods=() if bound.over_all else bound.periods,
        after=tuple(parameters.sets.periods[t] for t in bound.tail),
        span=bound.span if bound.over_all else span(bound.periods, parameters),
        then=then,
        unit=bound.unit,
        price=price,
        prices=tuple(bound.price.tolist()),
        step=step,
        step_words=words.replace("{item}", item),
        percent=percent_of(step * price, parameters),
        best=best,
        usd_bn=step * float(bound.usd_bn[priced].max()) if priced.any() else None,
        tenth=None if bound.closed else tenth or None,
        limits=None if bound.amount is None else tuple(bound.amount.tolist()),
        closed=bound.closed,
    )


class _Reference:
    """How much of each limit there is, in its own unit over the periods of the model."""

    def __init__(self, parameters: PlanParameters, values: Values, solution: Solution) -> None:
        self.p, self.v, self.solution = parameters, values, solution
        self.no_amount: Mapping[str, Callable[[Bound], Array]] = {
            "home_market": lambda _: self._mandated(),
            "least_share": lambda b: values["spend"][CATEGORIES.index(b.item)],
            "largest_share": lambda b: values["spend"][CATEGORIES.index(b.item)],
            "debt": lambda _: parameters["debt_limit"],
            "carry_over": lambda _: parameters["carry_limit"],
        }

    def of(self, bound: Bound) -> Array:
        """The amount in each period of the model, of a limit over all the one; nan where nothing can be
        said."""
        name = bound.limit.name
        if name not in LIMITS:
            labels = self.p.sets.periods
            items, _ = own_prices(self.solution, bound.limit, labels)
            sizes: Array = own_sizes(self.solution, bound.limit, labels)[items.index(bound.item)]
            return sizes
        if name in self.no_amount:
            return self.no_amount[name](bound)
        if name in ("requirement", "satiation", "data_bottleneck"):
            per_period = (TENTH_LESS if name in ASKED else TENTH_MORE) / 0.1
            if name == "data_bottleneck":
                per_period *= 1 - self.p.scalar("data_slope")
            return np.full(len(bound.every), per_period)
        return np.full(len(bound.every), np.nan) if bound.amounts is None else bound.amounts

    def _mandated(self) -> Array:
        """The value that the mandate asks of home-made chips, USD mn per period."""
        p, v = self.p, self.v
        value = (p["unit_cost"] * (v["domestic"] + v["imports"] + v["grey"])).sum(axis=0)
        rented = THOUSAND * p["rent_cost"] * p.scalar("dt") * v["rented"].sum(axis=0)
        return np.asarray(p["mandate"] * (value + rented))
