"""Regimes at prices that clear the world's market, each from those of the world as it is.

An equilibrium costs some thirty times a regime at list price, so that by default only those are cleared that
a reader looks at. Each depends on its own numbers and on where the base's search ended alone: plans at the
prices found there are made once, and every search starts from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from optimizer.answer.cleared import (
    CLEARED_NOTES,
    CONVERGED,
    NOT_CONVERGED,
    ClearedAnswer,
    ClearedRegime,
)
from optimizer.answer.controls import ControlsAnswer, RegimeAnswer
from optimizer.answer.metrics import lag_of_plan
from optimizer.answer.run import FAILED
from optimizer.errors import Diagnostic, InputError, KloofError
from optimizer.instance import Instance, patch
from optimizer.study.ask import Ask, Scenario
from optimizer.study.controls.design import Choice, Design
from optimizer.study.controls.revenue import discounted, of_chips, of_fees, of_legal, of_memory
from optimizer.study.equilibrium.equilibrium import Calibration, Equilibrium, Prepared, find, prepare
from optimizer.study.equilibrium.goods import goods_of
from optimizer.study.equilibrium.membership import buyers_of
from optimizer.study.runner import process_ended, run_as_they_end

Item = tuple[int, Choice]
Cleared = tuple[ClearedRegime, ...]
Tell = Callable[[int, int], None]
BASE: Final[Item] = (0, ())
# A regime moves little of a market that has cleared: with the steps of a first round the search would leave
# what it had found, with those of its end it would take long to where the regime moves it.
WARM_ROUND: Final = 24


@dataclass(frozen=True)
class Market:
    """All countries, at which market their regimes are cleared: the ask, where the search of the base ended,
    and how good an equilibrium must be."""

    ask: Ask
    base: Calibration
    tolerance: float
    rounds: int


def check_market(ask: Ask, target: str) -> None:
    """Raise `InputError` where the instance does not say how its market clears, or (E749) where the target
    is no buyer of its own on it."""
    goods_of(ask.instance, ask.instance.leader)
    _, left_out = buyers_of((), ask.instance)
    if target in left_out:
        message = f"{target} is no buyer on the world's market: {left_out[target]} counts it"
        hint = "name the bloc, or leave --equilibrium out"
        raise InputError(Diagnostic("E749", message, path="--target", hint=hint))


def looked_at(answer: ControlsAnswer, every: bool) -> list[RegimeAnswer]:
    """The regimes to clear, in order: each level alone, the frontier, and those that are worth least and most
    to the target; or every one that was solved."""
    solved = [one for one in answer.regimes if one.solved]
    worth = sorted(solved, key=lambda one: (one.value or (0.0,))[0])
    ends = [*worth[:1], *worth[-1:]]
    wanted = [*(one.regime for one in answer.alone), *(solved if every else [*answer.frontier, *ends])]
    found: dict[Item, RegimeAnswer] = {}
    for one in wanted:
        if one.solved and not one.same_as_baseline:
            found.setdefault(_item(one), one)
    return list(found.values())


def clear(
    market: Market,
    design: Design,
    answer: ControlsAnswer,
    *,
    every: bool = False,
    known: ClearedAnswer | None = None,
    tell: Tell = lambda done, count: None,
) -> ClearedAnswer:
    """Regimes of an answer at prices that clear, on as many processes as the ask says.

    Nothing `known` is lost or solved again, but for what failed. Whatever goes wrong is a regime that failed,
    with the reason; an interrupt keeps what is done. Where the base of the market has not converged, no
    regime can: then the world as it is alone is told.
    """
    waiting = [_item(one) for one in looked_at(answer, every)] if market.base.converged else []
    before = () if known is None else known.regimes
    found = {(one.number, tuple(one.levels.items())): one for one in before if one.status != FAILED}
    first = (known.baseline, known.again) if known else (None, None)
    items = [*([BASE] if None in first else []), *(item for item in waiting if item not in found)]
    waiting += [item for item in found if item not in waiting]
    count = len(found) + len(items)

    def solve(item: Item) -> Cleared:
        return _solved(market, prepared, design, answer, item)

    def lost(item: Item, how: str) -> Cleared:
        message = process_ended(f"regime {item[0]}", how).message
        return (_failed(item, message),)

    interrupted, prepared = False, None
    try:
        # before processes begin, so that all have it; what keeps it from being made, searches say themselves
        with suppress(KloofError):
            prepared = prepare(market.ask, market.base) if items else None
        for position, cleared in _as_they_end(solve, items, market.ask.processes, lost):
            item = items[position]
            if item == BASE:
                first = cleared[0], cleared[1] if len(cleared) > 1 else None
            else:
                (found[item],) = cleared
            tell(len(found) + (first[0] is not None), count)
    except KeyboardInterrupt:
        interrupted = True
    return ClearedAnswer(
        tolerance=market.tolerance,
        rounds=market.rounds,
        every=every,
        interrupted=interrupted,
        baseline=first[0],
        again=first[1],
        regimes=tuple(found[item] for item in waiting if item in found),
        notes=CLEARED_NOTES,
    )


def nothing_cleared(tolerance: float, rounds: int, every: bool) -> ClearedAnswer:
    """What is known where an interrupt came before the base was cleared."""
    return ClearedAnswer(
        tolerance=tolerance,
        rounds=rounds,
        every=every,
        interrupted=True,
        baseline=None,
        again=None,
        regimes=(),
        notes=CLEARED_NOTES,
    )


def with_cleared(answer: ControlsAnswer, cleared: ClearedAnswer) -> ControlsAnswer:
    """The answer with its regimes cleared, and the status of both."""
    status = "interrupted" if cleared.interrupted else "findings" if cleared.missed else answer.status
    interrupted = answer.interrupted or cleared.interrupted
    return answer.model_copy(update={"cleared": cleared, "status": status, "interrupted": interrupted})


def _as_they_end(
    solve: Callable[[Item], Cleared], items: Sequence[Item], jobs: int, lost: Callable[[Item, str], Cleared]
) -> Iterator[tuple[int, Cleared]]:
    """Position and result of every item as each is done, so that an interrupt loses none."""
    if jobs <= 1:
        yield from enumerate(map(solve, items))
        return
    with closing(run_as_they_end(solve, items, jobs, lost)) as ended:
        yield from ended


def _item(one: RegimeAnswer) -> Item:
    return one.number, tuple(one.levels.items())


def _failed(item: Item, message: str) -> ClearedRegime:
    return ClearedRegime(number=item[0], levels=dict(item[1]), status=FAILED, message=message)


def _solved(
    market: Market, prepared: Prepared | None, design: Design, answer: ControlsAnswer, item: Item
) -> tuple[ClearedRegime, ...]:
    """The regime; of the base also the same once more, from where the first ended."""
    try:
        patches = design.patches(item[1])
        instance = patch(market.ask.instance, patches) if patches else market.ask.instance
        first = _found(market, prepared, instance, market.base)
        told = _told(first, instance, answer, item)
        if item != BASE:
            return (told,)
        again = _found(market, prepared, instance, replace(market.base, state=first.last.state))
        return told, _told(again, instance, answer, item)
    except KloofError as error:
        return (_failed(item, "; ".join(each.message for each in error.diagnostics)),)


def _found(market: Market, prepared: Prepared | None, instance: Instance, base: Calibration) -> Equilibrium:
    return find(
        replace(market.ask, instance=instance, jobs=1),
        Scenario("", instance),
        tolerance=market.tolerance,
        base=base,
        begun=WARM_ROUND,
        prepared=prepared,
        most_rounds=market.rounds,
    )


def _told(found: Equilibrium, instance: Instance, answer: ControlsAnswer, item: Item) -> ClearedRegime:
    """How good an equilibrium is and, of one that converged, its numbers."""
    target = found.countries.index(answer.target)
    own = found.settled.answers[target]
    parameters, values = own.plan.parameters, own.plan.values
    quality = ClearedRegime(
        number=item[0],
        levels=dict(item[1]),
        status=CONVERGED if found.converged else NOT_CONVERGED,
        rounds=found.state.rounds - WARM_ROUND,
        largest_regret=found.largest_regret,
        regret_of_target=float(found.settled.regrets[target]),
        component_residual=float(found.residuals.max(initial=0.0)),
        unsold=found.settled.unsold(parameters.sets.reported),
    )
    if not found.converged:
        return quality
    rows = found.goods.rows
    legal, fees, grey = {}, [], {}
    for name, each in zip(found.countries, found.settled.answers, strict=True):
        theirs, bought = each.plan.parameters, each.plan.values["imports"]
        legal[name] = float((of_legal(instance, theirs) * bought)[rows].sum())
        fees.append(float((of_fees(instance, theirs) * bought)[rows].sum()))
        # who sells on paid the designer first
        grey[name] = float((of_chips(instance, theirs)[rows] * each.grey).sum())
    lags = lag_of_plan(parameters, values["capability"], own.plan.leader).months
    when = discounted(parameters)
    prices, goods = found.state.prices.goods, found.goods.market
    made = goods.output * when
    return quality.model_copy(
        update={
            "value": own.lower,
            "lag_months": float(lags[parameters.sets.periods.index(answer.period)]),
            "lag_last_months": float(lags[parameters.sets.reported - 1]),
            "price_over_list": float((made * prices).sum() / (made * goods.list_price).sum()),
            "revenue_usd_bn": sum(legal.values()) + sum(grey.values()),
            "from_target_usd_bn": legal[answer.target],
            "fees_usd_bn": float(np.sum(fees)),
            "grey_usd_bn": grey[answer.target],
            "memory_usd_bn": of_memory(parameters, values["hbm_imports"]),
            "rent_usd_bn": float((when * values["rent"]).sum()),
        }
    )
