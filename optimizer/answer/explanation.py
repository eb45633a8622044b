"""The limits that bind, dearest first, in words: what a tenth more of each is worth, a step of a closed one.

A price is that of the first unit. A plan's best value is concave in every limit, so a step more is worth at
most its price, and a step less costs at least as much. An input holds in the years after the reported ones
too, so their prices count. Worths are percent of effective compute; prices are in log percent, so several
steps compound. Where a limit was also solved with the step, it is ranked by that; the others come after, by
the most that their step can be worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import expm1, inf
from typing import TYPE_CHECKING, Final

import numpy as np

from models.limits import LIMITS, LimitSpec
from models.parameters import Array, PlanParameters
from optimizer.answer import metrics
from optimizer.answer.binding import Bound, bounds
from optimizer.answer.digits import at_most, significant
from optimizer.answer.fact import Binding, bounded
from optimizer.answer.instance_like import InstanceLike
from optimizer.answer.own import own_prices, own_sizes
from optimizer.answer.run import CountryRun
from optimizer.answer.shadow import shadow_prices
from optimizer.answer.steps import natural_step

if TYPE_CHECKING:
    from optimizer.solver import Solution

REMARK: Final = re.compile(r" *\([^)]*\)|, per .*")
MOST_FACTS: Final = 25
MOST_YEARS: Final = 4
TENTH: Final = "10%"
# Less than so many percent is what the solver's tolerance leaves.
LEAST_WORTH: Final = 1e-6
# e to more than this is no number any more
LARGEST_EXPONENT: Final = 700.0
HOLDS: Final = "a step more is worth at most this, a step less costs at least as much; steps compound"
HOLDS_FOR_INTEGERS: Final = "a step is worth this with integers as they are; other integers may be worth more"
Values = Mapping[str, Array]


def _more(limit: LimitSpec) -> str:
    """What eases a limit: less of what is asked, else more."""
    return "less" if limit.asks else "more"


def when_words(periods: Sequence[str], span: str) -> str:
    """In which periods a limit binds, in words; empty for one over all of them."""
    if not periods:
        return ""
    if len(periods) == 1:
        return f" in {periods[0]}"
    if "-" in span:
        return f" in each year {span}" if len(periods[0]) == 4 else f" in each of {span}"
    if len(periods) <= MOST_YEARS:
        return f" in each of {', '.join(periods[:-1])} and {periods[-1]}"
    return f" in each of the {span} in which it binds"


def facts(run: CountryRun, instance: InstanceLike, most: int | None = MOST_FACTS) -> Sequence[Binding]:
    """The limits that bind a country's plan (the `most` dearest, None: all), dearest first: as solved, where
    the run knows that; none where there is no plan."""
    return (with_facts(run, instance).facts or ())[:most]


def with_facts(run: CountryRun, instance: InstanceLike) -> CountryRun:
    """The run with its shadow prices and every limit that binds; what it has of them is kept."""
    parameters, values, solution = run.parameters, run.values, run.solution
    if run.facts is not None:
        return run
    if parameters is None or values is None or solution is None:
        return replace(run, prices=(), facts=())
    prices = tuple(shadow_prices(parameters, solution)) if run.prices is None else run.prices
    carried = _by_carrying(parameters, solution)
    integers = bool(solution.program.integer.any())
    found = [
        _fact(bound, _reference(bound, parameters, values, solution), carried, parameters, instance, integers)
        for bound in bounds(parameters, values, prices, instance)
    ]
    if any(fact.family == "memory_imports" for fact in found):
        # memory that is short is worth the same whether it is made or bought: once is enough
        found = [fact for fact in found if fact.family != "memory_balance"]
    found = [
        fact
        for fact in found
        if fact.percent_effective_compute is None or fact.eased_percent_at_most > LEAST_WORTH
    ]
    return replace(run, prices=prices, facts=tuple(sorted(found, key=lambda fact: fact.rank)))


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
    bound: Bound,
    reference: Array,
    carried: Array,
    parameters: PlanParameters,
    instance: InstanceLike,
    integers: bool,
) -> Binding:
    """The limit as it is told. `integers`: prices are those of the plan's integers as they are, and bound
    nothing."""
    limit, item = bound.limit, bound.item
    natural = natural_step(limit, item, bound.unit)
    natural = natural.small_enough(reference[bound.positions])
    step = natural.units
    if limit.name == "data_bottleneck":
        step *= 1 - parameters.scalar("data_slope")
    if item in instance.chips:
        name_of_chip = REMARK.sub("", instance.chips[item].name)
        item = f"{name_of_chip} ({item})" if name_of_chip not in ("", item) else item
    every = bound.every + carried if limit.name == "budget" else bound.every
    price = float(every[bound.positions].sum() + every[bound.tail].sum())
    periods = bound.periods
    when = when_words(periods, bound.span)
    if periods and len(bound.tail):
        last = parameters.sets.periods[parameters.sets.reported - 1]
        when += " and after" if periods[-1] == last else f" and after {last}"
    known = np.isfinite(reference)
    tenth = percent_of(float((0.1 * reference * every)[known].sum()), parameters)
    tenth = None if bound.closed else tenth or None
    percent = percent_of(step * price, parameters)
    most = tenth or percent or 0.0
    is_bound = not (integers or (limit.of_the_plan and tenth is not None))
    eased = np.full(len(every), step) if tenth is None else np.where(known, 0.1 * reference, 0.0)
    priced = ~np.isnan(bound.usd_bn)
    usd = (eased[bound.positions] * bound.usd_bn)[priced]
    more, thing = _more(limit), limit.told_of(natural.thing, item)
    size = natural.size if tenth is None else TENTH
    eased_words = f"{size} {more} {thing}"
    closed = "closed: " if bound.closed else ""
    subject = f"{eased_words[0].upper()}{eased_words[1:]}{when} {'are' if limit.counted else 'is'}"
    most_in = _most_in((eased * every)[bound.positions], periods, parameters)
    if percent is None:
        most_words = "about" if integers else "at most"
        worth = f"{most_words} {at_most(price * step)} log unit years of the objective"
    else:
        worth = f"{bounded(most, is_bound, 'about ', 'at most ')}% more effective compute for good"
        worth += f" ({most_in})" if most_in else ""
    prices = tuple(bound.every[bound.positions].tolist())
    limits = None if bound.amounts is None else tuple(bound.amounts[bound.positions].tolist())
    return Binding(
        row="/".join(part for part in (limit.name, bound.item) if part),
        meaning=limit.meaning,
        category=limit.theme,
        period=bound.span,
        periods=periods,
        periods_after=tuple(parameters.sets.periods[t] for t in bound.tail),
        price=price,
        prices=prices,
        price_after=price - sum(prices),
        unit=bound.unit,
        words=f"{subject} worth {worth}.",
        step=step,
        step_words=f"{natural.size} {more} {thing}",
        eased_words=eased_words,
        eased_percent_at_most=most,
        eased_usd_bn=float(usd.max()) if priced.any() else None,
        solved=None,
        percent_effective_compute=percent,
        ten_percent_effective_compute=tenth,
        ten_percent_words="" if tenth is None else _tenth_words(limit, tenth, is_bound),
        ten_percent_is_bound=is_bound,
        ranked_by=most,
        usd_bn=step * float(bound.usd_bn[priced].max()) if priced.any() else None,
        limit=limits[0] if limits and len(set(limits)) == 1 else limits,
        limit_words=_amount_words(limits, bound),
        slack=0.0,
        closed=bound.closed,
        holds=HOLDS_FOR_INTEGERS if integers else HOLDS,
        inputs=(),
        subject=subject,
        most_in=most_in,
        what=f"{closed}{size} {more} {limit.told_of(natural.thing, bound.item)}",
    )


def _most_in(worths: Array, periods: Sequence[str], parameters: PlanParameters) -> str:
    """In which of several periods easing is worth most, objective units, in words."""
    dearest = int(worths.argmax())
    most = percent_of(float(worths[dearest]), parameters)
    return "" if most is None or len(periods) < 2 else f"most in {periods[dearest]}: {at_most(most)}%"


def _tenth_words(limit: LimitSpec, tenth: float, is_bound: bool) -> str:
    """What a tenth more of a limit is worth, in words."""
    change = f"{TENTH} {_more(limit)}" if limit.name in LIMITS else "room for 10% of its largest term"
    return f"{change}: {bounded(tenth, is_bound, 'about ', 'at most ')}%"


def _amount_words(limits: Sequence[float] | None, bound: Bound) -> str:
    """How much of a limit there is, in words."""
    if bound.closed:
        return "none at all"
    if limits is None:
        return ""
    least, most = significant(min(limits), 3), significant(max(limits), 3)
    return f"{least if least == most else f'{least} to {most}'} {bound.unit}"


def _reference(bound: Bound, parameters: PlanParameters, values: Values, solution: Solution) -> Array:
    """How much of a limit there is, in its own unit, in each period of the model, of a limit over all the
    one; nan where nothing can be said."""
    limit, sets = bound.limit, parameters.sets
    if limit.name not in LIMITS:
        items, _ = own_prices(solution, limit, sets.periods)
        sizes: Array = own_sizes(solution, limit, sets.periods)[items.index(bound.item)]
        return sizes
    if limit.tenth_of is not None:
        grid = limit.tenth_of(parameters, values).reshape(-1, len(bound.every))
        inner = [str(each) for name in limit.index[:-1] for each in sets.members(name)]
        return np.asarray(grid[inner.index(bound.item) if len(grid) > 1 else 0])
    return np.full(len(bound.every), np.nan) if bound.amounts is None else bound.amounts
