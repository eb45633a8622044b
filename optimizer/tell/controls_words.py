"""A run of export regimes in a few sentences: for `kloof explain` and the page."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.answer.cleared import ClearedAnswer, ClearedRegime
from optimizer.answer.controls import (
    DELAY_DIGITS,
    PRUNED,
    REVENUE_DIGITS,
    UNDECIDED,
    AloneAnswer,
    ControlsAnswer,
    RegimeAnswer,
)

MONTHS = DELAY_DIGITS["lag"]


def sentences(answer: ControlsAnswer) -> list[str]:
    """The frontier first, then what single levels do, at list price and at prices that clear, and what was
    not solved."""
    found = [_interrupted(answer)] if answer.half else []
    found += _frontier(answer)
    found += _alone(answer)
    if answer.cleared is not None:
        found += _cleared(answer, answer.cleared)
    return [*found, *_unsolved(answer)]


def levels_of(answer: ControlsAnswer, one: RegimeAnswer | ClearedRegime) -> str:
    """A regime by the levels of its factors."""
    return ", ".join(f"{factor} {one.levels[factor]}" for factor in answer.factors if factor in one.levels)


def _interrupted(answer: ControlsAnswer) -> str:
    count = 1
    for levels in answer.factors.values():
        count *= len(levels)
    return f"Interrupted: {len(answer.regimes)} of {count} regimes are here."


def _frontier(answer: ControlsAnswer) -> list[str]:
    best, base = answer.frontier, answer.baseline
    if not best or base.lag_months is None or base.revenue_usd_bn is None:
        return []
    first, last = best[0], best[-1]
    found = [
        f"Of {len(answer.regimes)} regimes {len(best)} are beaten by no other in delay and revenue together. "
        f"As it is, {answer.target} lags {base.lag_months:.{MONTHS}f} months behind {answer.controller} in "
        f"{answer.period}, and {answer.controller}'s side gets {_money(base)} at list price. "
    ]
    found[0] += f"The longest delay on the frontier: {_point(answer, first)}."
    if first is not last:
        found[0] += f" The most revenue: {_point(answer, last)}."
    return found


def _point(answer: ControlsAnswer, one: RegimeAnswer) -> str:
    return (
        f"{one.lag_months:.{MONTHS}f} months, {one.guaranteed_lag_months:.{MONTHS}f} of them certain, and "
        f"{_money(one)} ({levels_of(answer, one)})"
    )


def _money(one: RegimeAnswer) -> str:
    assert one.revenue_usd_bn is not None
    return f"{one.revenue_usd_bn.at:,.{REVENUE_DIGITS}f} USD bn"


def _alone(answer: ControlsAnswer) -> list[str]:
    base = answer.baseline
    known = [one for one in answer.alone if one.regime.solved and not one.regime.same_as_baseline]
    if not known or base.guaranteed_lag_months is None:
        return []
    delay = max(known, key=lambda one: _delay(one, base))
    money = max(known, key=lambda one: abs(_revenue(one, base)))
    return [
        f"Alone, {_name(delay)} buys the most delay: {_delay(delay, base):+z.{MONTHS}f} months in "
        f"{answer.period}, and {_certain(delay, base):+z.{MONTHS}f} of what is certain, for "
        f"{_revenue(delay, base):+z,.{REVENUE_DIGITS}f} USD bn.",
        f"Alone, {_name(money)} moves the most revenue: {_revenue(money, base):+z,.{REVENUE_DIGITS}f} USD "
        f"bn, for {_delay(money, base):+z.{MONTHS}f} months of lag and "
        f"{_certain(money, base):+z.{MONTHS}f} of what is certain.",
    ]


def _name(one: AloneAnswer) -> str:
    return f"{one.factor} {one.level}"


def _delay(one: AloneAnswer, base: RegimeAnswer) -> float:
    return (one.regime.lag_months or 0.0) - (base.lag_months or 0.0)


def _certain(one: AloneAnswer, base: RegimeAnswer) -> float:
    return (one.regime.guaranteed_lag_months or 0.0) - (base.guaranteed_lag_months or 0.0)


def _revenue(one: AloneAnswer, base: RegimeAnswer) -> float:
    assert one.regime.revenue_usd_bn is not None
    assert base.revenue_usd_bn is not None
    return one.regime.revenue_usd_bn.at - base.revenue_usd_bn.at


def _cleared(answer: ControlsAnswer, cleared: ClearedAnswer) -> list[str]:
    base, again = cleared.baseline, cleared.again
    if base is None or not base.converged:
        return [
            "At prices that clear the market nothing is known: those of the world as it is were not found."
        ]
    known: list[tuple[ClearedRegime, float]] = [
        (one, (one.revenue_usd_bn or 0.0) - (base.revenue_usd_bn or 0.0))
        for one in cleared.regimes
        if one.converged
    ]
    said = "At prices that clear, where chips not sold to the target go to others, "
    if not known:
        return [f"{said}no regime was found."]
    least, most = (pick(known, key=lambda pair: pair[1]) for pick in (min, max))
    digits = REVENUE_DIGITS
    noise = ""
    if again is not None and again.converged and again.revenue_usd_bn is not None:
        size = abs(again.revenue_usd_bn - (base.revenue_usd_bn or 0.0))
        noise = f" The same world cleared again differs by {size:,.{digits}f}: less says nothing."
    ends = [f"{change:+z,.{digits}f} ({levels_of(answer, one)})" for one, change in (least, most)]
    between = f"lie between {ends[0]} and {ends[1]}" if len(known) > 1 else f"come to {ends[0]}"
    return [
        f"{said}{answer.controller}'s designers get {base.revenue_usd_bn:,.{digits}f} USD bn from all "
        f"buyers; of {len(known)} cleared the changes {between}.{noise}"
    ]


def _unsolved(answer: ControlsAnswer) -> list[str]:
    found = []
    pruned = sum(one.status == PRUNED for one in answer.regimes)
    unsure = sum(one.verdict == UNDECIDED for one in answer.verdicts)
    failed = [one for one in answer.tried if not one.solved and one.status != PRUNED]
    if unsure:
        found.append(
            f"{unsure} more are beaten by the plans found, not by every plan within the gap: undecided."
        )
    if pruned:
        found.append(f"{pruned} were spared unsolved, as looser than one that surely gives too little delay.")
    if failed:
        found.append(f"{len(failed)} have no certified plan and are in no comparison.")
    if answer.cleared is not None and answer.cleared.missed:
        found.append(f"{answer.cleared.missed} found no prices that clear, and have no numbers there.")
    return found


def notes(answer: ControlsAnswer) -> Sequence[str]:
    """What a reader must know of the numbers."""
    return (*answer.notes, *(answer.cleared.notes if answer.cleared is not None else ()))
