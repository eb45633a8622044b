"""Regimes at prices that clear the world's market, for a person: what each changes, and how sure that is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer.cleared import ClearedAnswer, ClearedRegime
from optimizer.answer.controls import AloneAnswer, ControlsAnswer
from optimizer.answer.distinct import distinct
from optimizer.tell.terminal.controls_table import LAG_DIGITS, MONEY_DIGITS, VALUE_DIGITS, WIDTH, signed
from optimizer.tell.terminal.tables import grid, heading, indented

PRICE_DIGITS: Final = 2
BLANK: Final = [""] * 8
# of more unsold above its floor an equilibrium says that it has not converged
UNSOLD_TOLD: Final = 0.05


def cleared_tables(answer: ControlsAnswer) -> list[ConsoleRenderable | str]:
    """What each level alone and each regime of the frontier changes at prices that clear, and notes; nothing
    where that was not asked for."""
    cleared = answer.cleared
    if cleared is None:
        return []
    parts: list[ConsoleRenderable | str] = ["", heading("The same at prices that clear the market"), ""]
    base = cleared.baseline
    if base is None:
        return [*parts, "  Interrupted: no prices of the world as it is were found."]
    if not base.converged:
        parts.append("  The world as it is has no prices that clear, so that no change can be told.")
    else:
        parts += [_table(answer, cleared, base), ""]
    return [*parts, *_notes(answer, cleared)]


def _table(answer: ControlsAnswer, cleared: ClearedAnswer, base: ClearedRegime) -> ConsoleRenderable:
    heads = [
        *("regime", f"lag {answer.period}\nmonths", f"lag {answer.last_period}\nmonths", "value\nlog units"),
        *("all chips\n% dearer", "revenue\nUSD bn", "of it from\ntarget"),
        *("by grey\nmarket", "from all\nothers"),
        "largest\nregret",
    ]
    body = [["as it is", *_numbers(base), _regret(base)]]
    if cleared.again is not None:
        body.append(["the same, cleared again", *_changes(cleared.again, base), _regret(cleared.again)])
    for one in cleared.regimes:
        body.append([name_of(answer.alone, one), *_changes(one, base), _regret(one)])
    return indented(grid(*distinct(heads, body), left=1))


def name_of(alone: Sequence[AloneAnswer], one: ClearedRegime) -> str:
    """A level alone by its name, a regime of the design by its number and levels."""
    single = next((each for each in alone if one.is_of(each.regime)), None)
    if single is not None:
        return f"{single.factor} {single.level}"
    return f"{one.number}: {' '.join(one.levels.values())}"


def _numbers(one: ClearedRegime) -> list[str]:
    assert one.value is not None
    assert one.price_over_list is not None
    assert one.revenue_usd_bn is not None
    assert one.from_target_usd_bn is not None
    return [
        f"{one.lag_months:.{LAG_DIGITS}f}",
        f"{one.lag_last_months:.{LAG_DIGITS}f}",
        f"{one.value:.{VALUE_DIGITS}f}",
        f"{100 * (one.price_over_list - 1):.{PRICE_DIGITS}f}",
        f"{one.revenue_usd_bn:,.{MONEY_DIGITS}f}",
        f"{one.from_target_usd_bn:,.{MONEY_DIGITS}f}",
        f"{one.grey_usd_bn:,.{MONEY_DIGITS}f}",
        f"{elsewhere(one):,.{MONEY_DIGITS}f}",
    ]


def _changes(one: ClearedRegime, base: ClearedRegime) -> list[str]:
    if not one.converged:
        return [told_status(one), *BLANK[1:]]
    assert one.price_over_list is not None
    assert base.price_over_list is not None
    dearer = 100 * (one.price_over_list / base.price_over_list)
    pairs = (
        (one.lag_months, base.lag_months, LAG_DIGITS),
        (one.lag_last_months, base.lag_last_months, LAG_DIGITS),
        (one.value, base.value, VALUE_DIGITS),
        (dearer, 100.0, PRICE_DIGITS),
        (one.revenue_usd_bn, base.revenue_usd_bn, MONEY_DIGITS),
        (one.from_target_usd_bn, base.from_target_usd_bn, MONEY_DIGITS),
        (one.grey_usd_bn, base.grey_usd_bn, MONEY_DIGITS),
        (elsewhere(one), elsewhere(base), MONEY_DIGITS),
    )
    return [signed(after, before, digits) for after, before, digits in pairs]


def told_status(one: ClearedRegime) -> str:
    """How a search for prices ended and, of one that did not converge, what is wrong with them."""
    said = one.status.replace("_", " ")
    if one.converged or one.unsold is None or one.component_residual is None:
        return said
    return f"{said} ({100 * one.unsold:.1f}% unsold)" if one.unsold > UNSOLD_TOLD else said


def elsewhere(one: ClearedRegime) -> float | None:
    """What the controller's side gets from all buyers but the target, USD bn."""
    if one.revenue_usd_bn is None or one.from_target_usd_bn is None or one.grey_usd_bn is None:
        return None
    return one.revenue_usd_bn - one.from_target_usd_bn - one.grey_usd_bn


def _regret(one: ClearedRegime) -> str:
    return "n/a" if one.largest_regret is None else f"{one.largest_regret:.4f}"


def _notes(answer: ControlsAnswer, cleared: ClearedAnswer) -> list[str]:
    counts = [f"{len(cleared.regimes)} regimes cleared to a largest regret of {cleared.tolerance:g}"]
    if cleared.missed:
        counts.append(f"{cleared.missed} of them not: these have regrets and no numbers")
    if cleared.interrupted:
        counts.append("interrupted before the others")
    elif not cleared.every and answer.regimes:
        counts.append("--every clears all")
    return [
        textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
        for text in ("; ".join(counts) + ".", *cleared.notes)
    ]
