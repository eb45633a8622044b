"""A country's plan on one screen: the answer, how it goes year by year, and what limits it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
from rich.console import ConsoleRenderable

from models.parameters import CATEGORIES
from optimizer.answer import digits, metrics, ranges
from optimizer.answer.answer import Headline
from optimizer.answer.bands import CAPABILITY, LAG, Bands
from optimizer.answer.explanation import facts
from optimizer.answer.fact import Binding
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.strategy import derived
from optimizer.answer.summary import lag_in_table, lag_mark, lag_mark_in, rolled
from optimizer.answer.worth import BindingTogether
from optimizer.tell.bands import of_draws, span
from optimizer.tell.fitted import FITTED
from optimizer.tell.terminal.book import Book
from optimizer.tell.terminal.rolled_table import NO_PRICES
from optimizer.tell.terminal.sparkline import sparkline
from optimizer.tell.terminal.tables import (
    by_rank,
    ended,
    gap_cell,
    heading,
    notes_of_marks,
    notes_of_plans,
    reason,
)
from optimizer.tell.words import FOR_GOOD, LOG_UNIT

WIDTH: Final = 100
# Limits of each kind that one screen has room for.
MOST_TOGETHER: Final = 3
MOST_ALONE: Final = 4
LABEL: Final = 15
AGAINST: Final = (LAG, "effective_ratio", "lag_beyond", "lag_extrapolated")
NO_RANGE: Final = "range not computed (--bands)"
BINDS: Final = "what binds, % more effective compute for good if eased so (max: by its price, else as solved)"
SPARK: Final = "a block a year, from a line's own least to its own most; compute is at research rating"


def brief(
    world: WorldRun, bands: Bands | None, more_notes: Sequence[str] = (), width: int = WIDTH
) -> list[ConsoleRenderable | str]:
    """A screen a country, the leader first; below all of them what a reader must know. `width` is that of the
    screen, of which no more than 100 columns are used."""
    width = min(width, WIDTH)
    parts: list[ConsoleRenderable | str] = []
    plans = by_rank(world)
    for run, top in plans:
        parts += [*_screen(run, top, world, bands, width), ""]
    failed = [run for run in world.countries.values() if not run.solved]
    for run in failed:
        parts += folded(f"{run.country}  {run.marked_status}: {reason(run)}", width)
    parts += ["", ended([world])] if failed or world.interrupted else []
    notes = [SPARK, FITTED] if plans else []
    notes += [FOR_GOOD] if any(run.facts or run.together for run, _ in plans) else []
    notes += [LOG_UNIT] if any(run.country == world.leader for run, _ in plans) else []
    if bands is not None and plans:
        notes.append(f"in brackets: {of_draws(bands, [run.country for run, _ in plans])}")
    notes += notes_of_marks(world, [part for part in parts if isinstance(part, str)])
    for note in [*notes, *notes_of_plans(world), *more_notes]:
        parts += folded(note, width)
    return parts


def _screen(
    run: CountryRun, top: Headline, world: WorldRun, bands: Bands | None, width: int
) -> list[ConsoleRenderable | str]:
    assert run.parameters is not None
    assert run.values is not None
    first = run.parameters.sets.periods[0]
    name = world.instance.countries[run.country].name
    lines: list[ConsoleRenderable | str] = [
        heading(f"{run.country} {name}, {first} to {top.last}: {run.status}, gap {gap_cell(run)}"),
        "",
        *_said("cost of use, %", _split(run, top), width),
        *_said(*_answer(run, top, world, bands), width),
        *_said("cash, USD bn", _cash(run, top), width),
        "",
        *_sparklines(run, world),
    ]
    if (decided := rolled(run)) is not None:
        return [*lines, "", *folded(f"{decided.sentence}; {NO_PRICES}", width)]
    found = facts(run, world.instance)
    if found or run.together:
        limits = limit_lines(found, run.together, MOST_ALONE, width, "in kloof explain RUN")
        lines += ["", *folded(BINDS, width), *limits]
    return lines


def limit_lines(
    found: Sequence[Binding], together: Sequence[BindingTogether], most: int, width: int, elsewhere: str
) -> list[str]:
    """What limits a plan jointly, then the `most` dearest limits each by itself, a line each, and how many
    more there are `elsewhere`."""
    told = [(each.solved.text, f"together: {each.words}") for each in together[:MOST_TOGETHER]]
    for fact in found[:most]:
        when = f", {fact.period}" if fact.period else ""
        closed = " (now closed)" if fact.closed else ""
        worth = f"max {fact.most_cell}" if fact.solved is None else fact.worth_cell
        told.append((worth, f"{fact.eased_words}{when}{closed}"))
    column = max((len(worth) for worth, _ in told), default=0)
    lines = []
    for worth, words in told:
        indent = " " * (column + 4)
        lines += textwrap.wrap(
            words, width, initial_indent=f"  {worth:>{column}}  ", subsequent_indent=indent
        )
    if len(found) > most:
        lines.append(f"{' ' * (column + 4)}and {len(found) - most} more limits {elsewhere}")
    return lines


def _split(run: CountryRun, top: Headline) -> str:
    shares = digits.split_percents(
        list(top.split.values()), top.widths["spend_share"], ranges.finest(run, "spend_share")
    )
    return ", ".join(f"{name} {share}" for name, share in zip(CATEGORIES, shares, strict=True))


def _answer(run: CountryRun, top: Headline, world: WorldRun, bands: Bands | None) -> tuple[str, str]:
    """The lag of a follower and the capability of the leader at mid-horizon and horizon, with their bands."""
    leads = run.country == world.leader or top.lag_months is None
    places = ranges.decimals(run, CAPABILITY if leads else LAG)
    told = []
    for period in dict.fromkeys((top.middle, top.last)):
        if leads:
            text = digits.fixed(top.capability[period], places)
        else:
            assert top.lag_months is not None
            text = lag_in_table(top.lag_months[period], places, lag_mark_in(run, period))
        number = f"{CAPABILITY if leads else LAG}/{period}"
        band = None if bands is None else bands.band(run.country, number)
        if not leads:
            found = span(band, max(places, 0))
        elif band is not None and band.ends is not None:
            found = "-".join(digits.fixed(end.value, places) for end in band.ends)
        else:
            found = ""
        told.append(f"{text} ({found}) in {period}" if found else f"{text} in {period}")
    unit = " log units" if leads else f", behind {world.leader}"
    said = ", ".join(told) + unit + ("" if bands is not None or run.rolled is not None else f"; {NO_RANGE}")
    return ("capability" if leads else "months behind"), said


def _cash(run: CountryRun, top: Headline) -> str:
    assert run.parameters is not None
    assert run.values is not None
    cash = metrics.without_round_off(
        run.values["cash"][: run.parameters.sets.reported], max(top.paid_usd_bn, 1.0)
    )
    debt, left = max(-float(cash.min()), 0.0), max(float(cash[-1]), 0.0)
    paid = digits.significant(top.paid_usd_bn, 3, top.widths["paid"])
    unspent = digits.significant(top.unspent_usd_bn)
    return (
        f"paid {paid}, unspent and lapsed {unspent}, left at the end {digits.significant(left)}, "
        f"debt at most {digits.significant(debt)}"
    )


def _sparklines(run: CountryRun, world: WorldRun) -> list[str]:
    """The answer, the share of research and installed compute by year, first and last with their numbers."""
    assert run.parameters is not None
    assert run.values is not None
    book = Book(run, run.parameters, run.values, derived(run, world.leader_run))
    shown = [place for place, year in enumerate(book.years) if year.label.isdigit()]
    spent = np.array([book.by_year("spend", c) for c in range(len(CATEGORIES))])
    research = 100 * metrics.shares(spent)[CATEGORIES.index("research")]
    compute = np.array(book.by_year("installed_compute")) / 1000
    if run.country == world.leader or "lag_months" not in book.values:
        places = ranges.decimals(run, CAPABILITY)
        level = book.by_year(CAPABILITY)
        first = ("capability", level, [digits.fixed(value, places) for value in level])
    else:
        found = {name: book.by_year(name) for name in AGAINST}
        level, places = found[LAG], ranges.decimals(run, LAG)
        texts = [lag_in_table(months, places, lag_mark(found, t)) for t, months in enumerate(level)]
        first = ("months behind", level, texts)
    rows = [
        first,
        ("research, %", research, digits.cells(research.tolist(), 0)),
        ("compute, MH100e", compute, [digits.significant(value) for value in compute.tolist()]),
    ]
    begins, ends = ([texts[place] for _, _, texts in rows] for place in (shown[0], shown[-1]))
    wide = [max(map(len, each)) for each in (begins, ends)]
    lines = []
    for (label, values, _), begin, end in zip(rows, begins, ends, strict=True):
        blocks = sparkline([float(values[place]) for place in shown])
        lines.append(f"{label:<{LABEL}}  {begin:>{wide[0]}} {blocks} {end:>{wide[1]}}")
    return lines


def _said(label: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"{label:<{LABEL}}  ",
        subsequent_indent=" " * (LABEL + 2),
        break_on_hyphens=False,
    )


def folded(text: str, width: int = WIDTH) -> list[str]:
    """Words in lines of a width."""
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)
