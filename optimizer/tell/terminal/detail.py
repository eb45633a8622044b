"""One country's plan in full: every section of the strategy by year, what binds, and the certificate."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from rich.console import ConsoleRenderable

from models.parameters import CATEGORIES, USES
from optimizer.answer import beyond, digits, metrics, ranges
from optimizer.answer.explanation import facts
from optimizer.answer.fact import Binding
from optimizer.answer.long_game import stages
from optimizer.answer.rolled import Rolled
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.strategy import derived
from optimizer.answer.summary import AHEAD, lag_in_table, lag_mark, rolled
from optimizer.tell.own import own_tables
from optimizer.tell.terminal.book import Book, Line
from optimizer.tell.terminal.next_dollar_table import next_dollar_lines
from optimizer.tell.terminal.rolled_table import NO_PRICES
from optimizer.tell.terminal.tables import (
    PLAIN_WIDTH,
    grid,
    heading,
    indented,
    notes_of_marks,
)
from optimizer.tell.words import DEAREST, FOR_GOOD

# Between the columns of a table.
GAP: Final = 2
# A stock that is used up as it comes holds what the solver's tolerance leaves.
LEAST_TOOLS: Final = 1e-3
CHANNELS: Final = (("imports", "market"), ("grey", "grey"), ("domestic", "made"))

MARKED: Final = "~ plans within the gap differ in it by more than a fifth: any of them is as good as this one"
CASH: Final = "cash, USD bn"
FIXED: Final = "prices hold with levels, unlocked nodes and fabs as in the plan: others may be worth more"
INDUSTRY: Final = "domestic chip industry"
BALANCED: Final = "rounded so that the books balance: single payments may be off in the last digit"


def detail(run: CountryRun, world: WorldRun, width: int = PLAIN_WIDTH) -> list[ConsoleRenderable | str]:
    """The whole plan of one country on a screen of `width` characters; empty where there is none."""
    parameters, values = run.parameters, run.values
    if parameters is None or values is None:
        return []
    extra = {**derived(run, world.leader_run), "premiums": metrics.premiums(values)}
    book = Book(run, parameters, values, extra)
    sections = [
        ("cost of use, %", _split(book)),
        (CASH, _cash(book)),
        ("chips bought, thousand", _purchases(book)),
        ("fleet at year's end, thousand", _fleet(book)),
        ("compute, kH100e", _compute(book)),
        ("power, GW", _power(book)),
        ("researchers, thousand", _talent(book)),
        ("research", _research(book)),
        ("service, log units", _service(book)),
        (INDUSTRY, _industry(book)),
        (f"against {world.leader}", _against(book) if run.country != world.leader else ()),
    ]
    name = world.instance.countries[run.country].name
    parts: list[ConsoleRenderable | str] = [heading(f"{run.country} {name}: {_verdict(run)}"), ""]
    if (decided := rolled(run)) is not None:
        parts += [f"  {line}" for line in textwrap.wrap(decided.sentence, PLAIN_WIDTH - 2)]
        parts.append("")
    heads = [year.label for year in book.years]
    for title, section in sections:
        lines = list(section)
        parts += _in_parts(title, heads, lines, width)
        notes = notes_of_marks(world, [cell for line in lines for cell in line[1:]])
        parts += [*(f"  {note}" for note in notes), ""] if notes else []
        if title == CASH:
            parts += [f"  {BALANCED}", ""]
        if title == INDUSTRY and (staged := stages(run, world.leader_run)) is not None:
            parts += [*(f"  {line}" for line in staged.words), ""]
    for own in own_tables(run.explanation.own, MOST_OWN):
        parts += _in_parts(own.title, own.heads, own.lines, width)
        parts += [f"  {own.more}", ""] if own.more else []
    if run.solution is not None:
        bound = facts(run, world.instance)
        if bound:
            parts += [indented(grid(BINDING_HEADS, _binding(run, bound), left=2)), ""]
            parts += [f"  {FOR_GOOD}", f"  {DEAREST}", ""]
            parts += [f"  {FIXED}", ""] if parameters.sets.levels else []
        if run.gifts:
            parts += [*(f"  {line}" for line in next_dollar_lines(run.gifts)), ""]
        if run.ranges:
            title = "range over all plans within the gap"
            table = grid([title, *ranges.HEADS[1:]], ranges.range_rows(run, _headline_values(book)), left=2)
            parts += [indented(table), ""]
        if book.is_marked:
            parts += [f"  {MARKED}", ""]
        parts += [f"  {beyond.weight_words(parameters)}", ""]
        parts += [f"  {line}" for line in _certificate(run)]
    elif run.rolled is not None:
        parts += [
            *(f"  {line}" for line in textwrap.wrap(NO_PRICES, PLAIN_WIDTH - 2)),
            "",
        ]
        parts += [f"  {line}" for line in _windows(run.rolled)]
    return parts


def _in_parts(
    title: str, heads: list[str], body: Sequence[Line], width: int
) -> Iterator[ConsoleRenderable | str]:
    """A table as so many below each other as the screen needs; nothing where it has no lines.

    A part leaves out lines that hold nothing in its years.
    """
    abreast = _abreast([[title, *heads], *body], min(width, PLAIN_WIDTH))
    for start in range(0, len(heads) if body else 0, abreast):
        years = slice(start, start + abreast)
        lines = [[line[0], *line[1:][years]] for line in body]
        if abreast < len(heads):
            lines = [line for line in lines if any(cell != digits.NOTHING for cell in line[1:])]
        if lines:
            yield indented(grid([title, *heads[years]], lines))
            yield ""


def _abreast(lines: Sequence[Line], width: int) -> int:
    """How many years stand side by side: all that fit, in parts of one size."""
    widths = [max(map(len, column)) + GAP for column in zip(*lines, strict=True)]
    years, room = len(widths) - 1, width - widths[0]
    for parts in range(1, years):
        size = -(-years // parts)
        if all(sum(widths[1 + start : 1 + start + size]) <= room for start in range(0, years, size)):
            return size
    return 1


BINDING_HEADS: Final = (
    "what binds, dearest first",
    "in",
    "as solved:\neffective\ncompute\nfor good, %",
    "by its\nprice, at\nmost, %",
    "or at most\nUSD bn",
)
MOST_BINDING: Final = 20
MOST_OWN: Final = 20


def _binding(run: CountryRun, found: Sequence[Binding]) -> Iterator[Line]:
    """The dearest limits, in the order and with the figures of `kloof explain`; first several together."""
    for joint in run.together:
        yield [f"together: {joint.words}", "", joint.solved.text, "", ""]
    for fact in found[:MOST_BINDING]:
        usd = "n/a" if fact.eased_usd_bn is None else digits.at_most(fact.eased_usd_bn)
        yield [fact.what, fact.period, fact.worth_cell, fact.most_cell, usd]
    if len(found) > MOST_BINDING:
        yield [f"... and {len(found) - MOST_BINDING} more: kloof explain RUN --verbose", "", "", "", ""]


def _headline_values(book: Book) -> dict[str, float]:
    """The plan's own numbers by the keys of its ranges."""
    share = dict(zip(CATEGORIES, book.values["spend_share"], strict=True))
    lines = {f"spend_share/{name}": share[name] for name in CATEGORIES}
    named = ("capability", "lag_months", *ranges.FLOWS)
    lines |= {name: book.values[name] for name in named if name in book.values}
    return {
        f"{name}/{label}": float(value)
        for name, line in lines.items()
        for label, value in zip(book.labels, line, strict=False)
    }


def _verdict(run: CountryRun) -> str:
    if run.solution is None:
        return run.marked_status
    gap = run.solution.certificate.gap
    shown = digits.scientific(gap)
    if run.status == "optimal":
        led = ", beside a leader that is not certified" if run.provisional else ""
        return f"optimal{led}; no plan is better by more than {shown} average log units of effective compute"
    most = f"at most {shown} average log units" if math.isfinite(gap) else "an unknown amount"
    return f"stopped; a better plan may exist, by {most}"


def _split(book: Book) -> Iterator[Line]:
    spending = np.array([book.by_year("spend", c) for c in range(len(CATEGORIES))])
    width, finest = ranges.width(book.run, "spend_share"), ranges.finest(book.run, "spend_share")
    columns = [digits.split_percents(column, width, finest) for column in spending.T.tolist()]
    for c, name in enumerate(CATEGORIES):
        yield [name, *(column[c] for column in columns)]
    yield book.line("cost of use, USD bn", "total")
    yield book.line("paid, USD bn", "outlays")
    yield from book.some("of it premiums for pace, USD bn", "premiums")
    yield from book.some("unspent, USD bn", "lapsed")


PAID: Final = (
    ("chips bought and made", "buy"),
    ("offshore rent", "rent"),
    ("energy", "energy"),
    ("domestic chip investment", "chips_cost"),
    ("talent", "talent_cost"),
    ("power", "power_spend"),
    ("premiums for pace", "premium"),
    ("market prices bid up", "bidup"),
    ("lapsed", "lapsed"),
)


def _cash(book: Book) -> Iterator[Line]:
    values = book.values
    received: list[tuple[str, list[float]]] = [
        ("carried in", [float(values["carried_in"][year.periods][0]) for year in book.years]),
        ("interest", book.by_year("interest")),
        ("income", book.by_year("income")),
        ("recovered from users", book.by_year("recovered")),
        ("returned by home-made chips", book.by_year("home_returned")),
    ]
    paid: list[tuple[str, list[float]]] = []
    for label, name in PAID:
        lines = values[name].reshape(-1, values[name].shape[-1]).sum(axis=0)
        paid.append((label, [float(lines[year.periods].sum()) for year in book.years]))
    closing = book.by_year("cash")
    places = digits.decimals_for([amount for _, line in paid for amount in line])
    columns = [
        digits.balanced([line[y] for _, line in received], [line[y] for _, line in paid], closing[y], places)
        for y in range(len(book.years))
    ]
    for i, (label, _) in enumerate(received):
        if any(rounded := [column[0][i] for column in columns]):
            yield [label, *digits.cells(rounded, places)]
    for i, (label, _) in enumerate(paid):
        if any(rounded := [column[1][i] for column in columns]):
            yield [f"- {label}", *digits.cells(rounded, places)]
    yield ["= carried over", *digits.cells([column[2] for column in columns], places)]


def _purchases(book: Book) -> Iterator[Line]:
    for k, chip in enumerate(book.parameters.sets.chips):
        for name, channel in CHANNELS:
            yield from book.some(f"{chip}, {channel}", name, k)
        yield from book.some(f"{chip}, of it from stockpiled dies", "bank_drawn", k)


def _fleet(book: Book) -> Iterator[Line]:
    for k, chip in enumerate(book.parameters.sets.chips):
        for u, use in enumerate(USES):
            yield from book.some(f"{chip}, {use}", "stock", (k, u))
    lines = [book.by_year("retired", k) for k in range(len(book.parameters.sets.chips))]
    retired = np.sum(lines, axis=0).tolist()
    if any(retired):
        yield ["retired early, all chips", *digits.cells(retired)]


def _compute(book: Book) -> Iterator[Line]:
    yield book.line("installed, end of year, at research rating", "installed_compute")
    yield book.line("at work on research, at research rating", "research_compute")
    yield book.line("at work on delivery, at delivery rating", "delivery_compute")
    for u, use in enumerate(USES):
        yield from book.some(f"of it rented for {use}, at {use} rating", "rented", u)
    yield from book.some("home-made, installed, at research rating", "home_compute")
    yield from book.some("of delivery, on which agents do research", "research_agents")
    yield book.line("autonomy, log units", "autonomy", decimals=2)


def _power(book: Book) -> Iterator[Line]:
    yield book.line("available, end of year", "power")
    yield ["drawn by the fleet", *digits.cells(book.by_year("power_drawn"))]
    yield from book.some("ordered", "power_built")


def _talent(book: Book) -> Iterator[Line]:
    yield book.line("at the end of the year", "talent")
    for label, name in (
        ("graduates taken on", "trained"),
        ("recruited abroad", "recruited"),
        ("let go", "released"),
        ("extra graduates ordered", "education"),
    ):
        yield from book.some(label, name)


def _research(book: Book) -> Iterator[Line]:
    yield book.line("effort, leader at start = 1", "effort")
    yield book.line("knowledge, leader-effort years", "knowledge")
    places = ranges.decimals(book.run, "capability")
    yield book.line("efficiency, log units", "efficiency", decimals=places)
    yield book.line("capability, log units", "capability", decimals=places)


def _service(book: Book) -> Iterator[Line]:
    for j, segment in enumerate(book.parameters.sets.segments):
        yield book.line(segment, "service", j, decimals=2)
        if any(amount > 5e-3 for amount in book.by_year("shortfall", j)):
            yield book.line(f"{segment}, short of need", "shortfall", j, decimals=2)


def _industry(book: Book) -> Iterator[Line]:
    for n, line in enumerate(book.parameters.sets.lines):
        if any(book.by_year("wafer_capacity", n)):
            yield book.line(f"{line} capacity, kwpm", "wafer_capacity", n)
            yield from book.some(f"{line} ordered, kwpm", "wafer_built", n)
            if book.parameters.sets.levels:
                yield from _learning(book, n, line)
    for g, tools in enumerate(book.parameters.sets.tool_classes):
        yield from book.some(f"{tools} tools bought, kwpm", "tools_bought", g)
        yield from book.some(f"{tools} tools made, kwpm", "tools_made", g)
        if max(book.by_year("tool_stock", g)) > LEAST_TOOLS:
            yield book.line(f"{tools} tools in store, kwpm", "tool_stock", g)
        yield from book.some(f"{tools} toolmaking ordered, kwpm/year", "toolmaking_built", g)
        if book.parameters.sets.levels:
            yield from book.some(f"{tools} tool development, USD bn", "class_rd", g)
    for label, name in (
        ("packaging capacity, thousand/year", "packaging_capacity"),
        ("packaging ordered, thousand/year", "packaging_built"),
        ("HBM capacity, PB/year", "hbm_capacity"),
        ("HBM capacity ordered, PB/year", "hbm_built"),
        ("HBM imported, PB", "hbm_imports"),
        ("HBM in store, PB", "hbm_stock"),
    ):
        yield from book.some(label, name)


def _learning(book: Book, n: int, line: str) -> Iterator[Line]:
    """What a line has learned, in staged mode; its level is that of the year's last period."""
    yield from book.some(f"{line} wafers started for AI, thousand", "wafers_started", n)
    level = book.values["level"][n].argmax(axis=0)
    last = [int(level[year.periods][-1]) for year in book.years]
    yield [f"{line} level of learning", *(str(one + 1) for one in last)]
    good = book.parameters["yield_level"][n]
    yield [f"{line} good dies, %", *(digits.significant(100 * float(good[one])) for one in last)]
    yield from book.some(f"{line} node research, USD bn", "node_rd", n)


def _against(book: Book) -> Iterator[Line]:
    for label, name in (
        ("installed compute, %", "compute_ratio"),
        ("effective compute, %", "effective_ratio"),
    ):
        if name in book.values:
            width = ranges.width(book.run, "capability") if name == "effective_ratio" else 0.0
            yield [label, *(digits.significant(100 * value, width=width) for value in book.by_year(name))]
    if "lag_months" in book.values:
        yield from _lags(book)


def _lags(book: Book) -> Iterator[Line]:
    """Months behind the leader, and on a line of their own the months by which the country is ahead."""
    names = ("lag_months", "effective_ratio", "lag_beyond", "lag_extrapolated")
    found = {name: book.by_year(name) for name in names}
    places = ranges.decimals(book.run, "lag_months")
    texts = [lag_in_table(months, places, lag_mark(found, t)) for t, months in enumerate(found["lag_months"])]
    leads = [text.endswith(f" {AHEAD}") for text in texts]
    if not all(leads):
        yield [
            "lag, months",
            *(digits.NOTHING if is_lead else text for text, is_lead in zip(texts, leads, strict=True)),
        ]
    if any(leads):
        yield [
            "ahead by, months",
            *(
                text.removesuffix(f" {AHEAD}") if is_lead else digits.NOTHING
                for text, is_lead in zip(texts, leads, strict=True)
            ),
        ]


def _windows(found: Rolled) -> Sequence[str]:
    first, last, count = found.windows[0], found.windows[-1], len(found.windows)
    windows = f"{count} windows, from {first.first}-{first.last} to {last.first}-{last.last}, each certified"
    if count == 1:
        windows = f"one window, {first.first}-{first.last}, certified"
    return [
        f"{windows}: gap at most {digits.scientific(found.gap)} average log units",
        f"  objective {found.value:.9g} log unit years; every row of the true model checked, worst off by "
        f"{digits.scientific(found.max_row_violation)} of its size",
    ]


def _certificate(run: CountryRun) -> Sequence[str]:
    if run.solution is None:
        return []
    c = run.solution.certificate
    return [
        f"certificate: objective between {c.lower:.9g} (plan) and {c.upper:.9g} (bound) log unit years; "
        f"gap {digits.scientific(c.gap)} average log units",
        f"  {c.rows_checked} rows of the true model checked, worst off by "
        f"{digits.scientific(c.max_row_violation)} of its size; {c.rounds} rounds, {c.tangents} tangents, "
        f"{c.solver} {c.solver_version}",
    ]
