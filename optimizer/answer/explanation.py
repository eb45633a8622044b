"""The limits that bind, dearest first, in words: what a tenth more of each is worth, a step of a closed one.

A price is that of the first unit. A plan's best value is concave in every limit, so a step more is worth at
most its price, and a step less costs at least as much. An input holds in the years after the reported ones
too, so their prices count. Worths are percent of effective compute; prices are in log percent, so several
steps compound. Where a limit was also solved with the step, it is ranked by that; the others come after, by
the most that their step can be worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, expm1, inf, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from models.limits import LIMITS, LimitSpec
from models.parameters import Array, PlanParameters
from optimizer.answer import metrics
from optimizer.answer.answer import Binding, InputCell
from optimizer.answer.binding import Bound, bounds, span
from optimizer.answer.digits import decimals_for, fixed, scientific, significant
from optimizer.answer.own import own_prices, own_sizes
from optimizer.answer.shadow import shadow_prices
from optimizer.answer.steps import natural_step
from optimizer.answer.worth import Worth

if TYPE_CHECKING:
    from optimizer.answer.run import CountryRun, InstanceLike
    from optimizer.solver import Solution

REMARK: Final = re.compile(r" *\([^)]*\)|, per .*")
MOST_FACTS: Final = 25
MOST_YEARS: Final = 4
TENTH: Final = "10%"
ROUNDING: Final = 1e-9
# Less than so many percent is what the solver's tolerance leaves.
LEAST_WORTH: Final = 1e-6
# e to more than this is no number any more
LARGEST_EXPONENT: Final = 700.0
HOLDS: Final = "a step more is worth at most this, a step less costs at least as much; steps compound"
HOLDS_FOR_INTEGERS: Final = "a step is worth this with integers as they are; other integers may be worth more"
Values = Mapping[str, Array]


@dataclass(frozen=True)
class Fact:
    """One binding limit over the periods in which it binds.

    `price` (objective units per `unit`) and `percent` (of effective compute for good, per `step` units, by
    name `size`; None where capability has no weight) are those of easing it in each of `periods` and of
    those `after` what is reported at once, as `then` says in words; `prices` has one per period, `usd_bn` is
    what a step is worth in money of the period in which it is worth most. `tenth` is what a tenth more of it
    is worth at most in percent, about where it is a share of what the plan decides, a tenth less of what is
    asked; None for a limit of zero. The limit is eased by a tenth, else by a step: `best` and `eased_usd_bn`
    are of that in the period in which it is worth most, `worth` what it was solved to be worth (None where it
    was not). `integers`: prices are those of a plan's integers as they are, and bound nothing. `limits` is
    how much of it there is (None: no amount). `inputs` are the cells behind it.
    """

    limit: LimitSpec
    item: str
    periods: tuple[str, ...]
    after: tuple[str, ...]
    span: str
    then: str
    unit: str
    price: float
    prices: tuple[float, ...]
    step: float
    size: str
    thing: str
    item_name: str
    percent: float | None
    best: tuple[str, float] | None
    usd_bn: float | None
    eased_usd_bn: float | None
    tenth: float | None
    limits: tuple[float, ...] | None
    closed: bool
    worth: Worth | None = None
    integers: bool = False
    inputs: tuple[InputCell, ...] = ()

    @property
    def family(self) -> str:
        """The limit's own name."""
        return self.limit.name

    @property
    def row(self) -> str:
        """The limit's name, `row/index` as in `strategy.csv`."""
        return "/".join(part for part in (self.family, self.item) if part)

    @property
    def most(self) -> float:
        """What easing it can be worth by its price: a tenth, of a closed one a step."""
        return self.tenth or self.percent or 0.0

    @property
    def rank(self) -> tuple[float, ...]:
        """Where the limit stands, the least first: those solved by that, then the others by price; last those
        of which the gap says nothing."""
        place = 1 if self.worth is None else 0 if self.worth.is_known else 2
        solved = 0.0 if self.worth is None else -self.worth.rank
        return (place, solved, -self.most, -self.price * self.step)

    @property
    def step_words(self) -> str:
        """The natural step in words."""
        return self._change(self.size, self.item_name)

    @property
    def eased(self) -> str:
        """What the limit is eased by, in words."""
        return self._change(self.size if self.tenth is None else TENTH, self.item_name)

    @property
    def what(self) -> str:
        """The same in a few words, for a table: items by their ids."""
        closed = "closed: " if self.closed else ""
        return closed + self._change(self.size if self.tenth is None else TENTH, self.item)

    def _change(self, size: str, item: str) -> str:
        more = "less" if self.limit.asks else "more"
        return f"{size} {more} {self.thing.replace('{item}', item)}"

    @property
    def tenth_words(self) -> str:
        """What a tenth more of the limit is worth, in words; empty for a limit of zero."""
        if self.tenth is None:
            return ""
        change = "10% less" if self.limit.asks else "10% more"
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
        """Whether its worths by price are no bounds: they are of a share of what the plan decides, or of
        integers as they are."""
        return self.integers or (self.limit.of_the_plan and self.tenth is not None)

    @property
    def most_cell(self) -> str:
        """What it is worth by its price, in a table; with a `~` where it is no bound."""
        if self.percent is None and self.tenth is None:
            return "n/a"
        return f"~{significant(self.most)}" if self.is_about else at_most(self.most)

    @property
    def worth_cell(self) -> str:
        """What it was solved to be worth, in a table."""
        return "not solved" if self.worth is None else self.worth.text

    @property
    def words(self) -> str:
        """What easing the limit is worth, as a sentence: solved where it was, and by its price."""
        when = f" {self._when()}" if self._when() else ""
        verb = "are" if self.limit.counted else "is"
        most = ""
        if self.best is not None and len(self.periods) > 1:
            most = f"most in {self.best[0]}: {at_most(self.best[1])}%"
        by_price = f"about {significant(self.most)}%" if self.is_about else f"at most {at_most(self.most)}%"
        if self.percent is None:
            worth = f"worth at most {at_most(self.price * self.step)} log unit years of the objective"
        elif self.worth is None:
            worth = f"worth {by_price} more effective compute for good" + (f" ({most})" if most else "")
        else:
            price = f"by its price {by_price}" + (f", {most}" if most else "")
            worth = f"worth {self.worth.words} more effective compute for good, as solved ({price})"
        return f"{self.eased[0].upper()}{self.eased[1:]}{when} {verb} {worth}."

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

    def answer(self) -> Binding:
        """The fact as it is told."""
        limits = None if self.limits is None else tuple(map(float, self.limits))
        return Binding(
            row=self.row,
            meaning=self.limit.meaning,
            category=self.limit.theme,
            period=self.span,
            periods=self.periods,
            periods_after=self.after,
            price=self.price,
            prices=self.prices,
            price_after=self.price - sum(self.prices),
            unit=self.unit,
            words=self.words,
            step=self.step,
            step_words=self.step_words,
            eased_words=self.eased,
            eased_percent_at_most=self.most,
            eased_usd_bn=self.eased_usd_bn,
            solved=None if self.worth is None else self.worth.answer(),
            percent_effective_compute=self.percent,
            ten_percent_effective_compute=self.tenth,
            ten_percent_words=self.tenth_words,
            ten_percent_is_bound=not self.is_about,
            ranked_by=self.most if self.worth is None else self.worth.rank,
            usd_bn=self.usd_bn,
            limit=limits[0] if limits and len(set(limits)) == 1 else limits,
            limit_words=self.amount(),
            slack=0.0,
            closed=self.closed,
            holds=HOLDS_FOR_INTEGERS if self.integers else HOLDS,
            inputs=self.inputs,
        )


def facts(run: CountryRun, instance: InstanceLike) -> list[Fact]:
    """The dearest limits of a country's plan, dearest first; none where there is no plan."""
    return every_fact(run, instance)[:MOST_FACTS]


def every_fact(run: CountryRun, instance: InstanceLike) -> list[Fact]:
    """All limits that bind, dearest first: as solved, where the run knows worths."""
    found = list(with_facts(run, instance).facts or ())
    if run.worths is not None:
        found = [replace(fact, worth=run.worths.alone.get(fact.row)) for fact in found]
    return sorted(found, key=lambda fact: fact.rank)


def with_facts(run: CountryRun, instance: InstanceLike) -> CountryRun:
    """The run with its shadow prices and every limit that binds; what it has of them is kept."""
    parameters, values, solution = run.parameters, run.values, run.solution
    if run.facts is not None:
        return run
    if parameters is None or values is None or solution is None:
        return replace(run, prices=(), facts=())
    prices = tuple(shadow_prices(parameters, solution)) if run.prices is None else run.prices
    reference = _Reference(parameters, values, solution)
    carried = _by_carrying(parameters, solution)
    found = [
        _fact(bound, reference.of(bound), carried, parameters, instance)
        for bound in bounds(parameters, values, prices, instance)
    ]
    if any(fact.family == "memory_imports" for fact in found):
        # memory that is short is worth the same whether it is made or bought: once is enough
        found = [fact for fact in found if fact.family != "memory_balance"]
    found = [fact for fact in found if fact.percent is None or fact.most > LEAST_WORTH]
    if solution.program.integer.any():
        found = [replace(fact, integers=True) for fact in found]
    return replace(run, prices=prices, facts=tuple(found))


def at_most(value: float) -> str:
    """A bound with about two significant digits, rounded up: less would not be one."""
    if value < 1e-4:
        return scientific(value)
    if not isfinite(value):
        return fixed(value, 0)
    places = decimals_for([value], 2)
    return fixed(ceil(value * 10**places * (1 - ROUNDING)) / 10**places, places)


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
    natural = natural_step(bound.limit, bound.item, bound.unit)
    natural = natural.small_enough(reference[bound.positions])
    step = natural.units
    if name == "data_bottleneck":
        step *= 1 - parameters.scalar("data_slope")
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
    known = np.isfinite(reference)
    tenth = percent_of(float((0.1 * reference * every)[known].sum()), parameters)
    tenth = None if bound.closed else tenth or None
    eased = np.full(len(every), step) if tenth is None else np.where(known, 0.1 * reference, 0.0)
    shown = (eased * every)[bound.positions]
    dearest = int(shown.argmax())
    most = percent_of(float(shown[dearest]), parameters)
    best = None if most is None else (bound.periods[dearest], most)
    priced = ~np.isnan(bound.usd_bn)
    usd = (eased[bound.positions] * bound.usd_bn)[priced]
    return Fact(
        limit=bound.limit,
        item=bound.item,
        periods=() if bound.over_all else bound.periods,
        after=tuple(parameters.sets.periods[t] for t in bound.tail),
        span=bound.span if bound.over_all else span(bound.periods, parameters),
        then=then,
        unit=bound.unit,
        price=price,
        prices=tuple(bound.price.tolist()),
        step=step,
        size=natural.size,
        thing=natural.thing,
        item_name=item,
        percent=percent_of(step * price, parameters),
        best=best,
        usd_bn=step * float(bound.usd_bn[priced].max()) if priced.any() else None,
        eased_usd_bn=float(usd.max()) if priced.any() else None,
        tenth=tenth,
        limits=None if bound.amount is None else tuple(bound.amount.tolist()),
        closed=bound.closed,
    )


class _Reference:
    """How much of each limit there is, in its own unit over the periods of the model."""

    def __init__(self, parameters: PlanParameters, values: Values, solution: Solution) -> None:
        self.p, self.v, self.solution = parameters, values, solution

    def of(self, bound: Bound) -> Array:
        """The amount in each period of the model, of a limit over all the one; nan where nothing can be
        said."""
        limit = bound.limit
        if limit.name not in LIMITS:
            labels = self.p.sets.periods
            items, _ = own_prices(self.solution, limit, labels)
            sizes: Array = own_sizes(self.solution, limit, labels)[items.index(bound.item)]
            return sizes
        if limit.tenth_of is not None:
            grid = limit.tenth_of(self.p, self.v).reshape(-1, len(bound.every))
            inner = [str(each) for name in limit.index[:-1] for each in self.p.sets.members(name)]
            return np.asarray(grid[inner.index(bound.item) if len(grid) > 1 else 0])
        return np.full(len(bound.every), np.nan) if bound.amounts is None else bound.amounts
