"""The page of a run of export regimes: the frontier drawn, what each factor alone changes, every regime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import altair as alt

from optimizer.answer.cleared import ClearedAnswer, ClearedRegime
from optimizer.answer.controls import (
    DELAY_DIGITS,
    FRONTIER,
    REVENUE_DIGITS,
    UNDECIDED,
    ControlsAnswer,
    Delay,
    RegimeAnswer,
)
from optimizer.answer.distinct import distinct
from optimizer.tell.controls_words import notes, sentences
from optimizer.tell.page.charts import COLOURS, MUTED
from optimizer.tell.page.figures import Cell, Column, Figure, Row, Section, Table, amount, rounded, text
from optimizer.tell.page.page import LARGEST_BYTES, Closing, assembled
from optimizer.tell.terminal.cleared_table import elsewhere, name_of, told_status

MONEY: Final = "USD bn"
DELAYS: Final[Mapping[Delay, tuple[str, str]]] = {
    "lag": ("Lag", "months"),
    "reach": ("Lag that is certain", "months"),
    "value": ("Loss of the target's value", "log units"),
}
CLOSING: Final = (
    "The value of each best response, and what can be reached at most, lie between certified bounds; a "
    "regime is called dominated only where another one is as good for every number in the ranges of both."
)
DIGITS: Final = "All digits are in regimes.csv and summary.json of the run."


def controls_html(answer: ControlsAnswer, manifest: Mapping[str, Any]) -> str:
    """The page as one HTML text of at most `LARGEST_BYTES`: where not all regimes fit, the last are left out
    and counted."""
    kept = len(answer.regimes)
    while True:
        page = _render(answer, manifest, kept)
        if len(page.encode()) <= LARGEST_BYTES or not kept:
            return page
        kept //= 2


def _render(answer: ControlsAnswer, manifest: Mapping[str, Any], kept: int) -> str:
    return assembled(
        {"frontier": _chart()},
        title=f"{answer.target} under the regimes of {answer.controller}",
        subtitle=[answer.design],
        sections=_sections(answer),
        closing=Closing("Every regime", "Regimes", CLOSING, DIGITS, [_regimes(answer, kept)]),
        facts=_facts(answer, manifest, kept),
        changes=None,
        groups=[],
        left_out=0,
        sources=[],
        known_sources=set(),
    )


def _sections(answer: ControlsAnswer) -> list[Section]:
    said = sentences(answer)
    first = Section(
        key="overview",
        title="What regimes buy, and for what",
        short="Overview",
        answer=said[0] if said else "No regime was solved.",
        points=said[1:],
        figures=[_frontier(answer)] if answer.verdicts else [],
        tables=[("What each factor alone changes, from the world as it is", _alone(answer))],
        notes=[*notes(answer), *([answer.description] if answer.description else [])],
        warnings=["Interrupted: not all regimes are here."] if answer.half else [],
    )
    return [first, *(_cleared(answer, answer.cleared) if answer.cleared is not None else [])]


def _chart() -> dict[str, Any]:
    """Regimes by revenue and delay, those of the frontier joined and named."""
    rows = alt.Chart(alt.NamedData("rows"))
    x = alt.X("revenue:Q", title="revenue, USD bn", axis=alt.Axis(tickCount=6, grid=False))
    scale = alt.Scale(zero=False, padding=12)
    y = alt.Y("delay:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5))
    tip = [alt.Tooltip(f"{name}:N") for name in ("name", "delay", "revenue")]
    best = rows.transform_filter(f"datum.mark == '{FRONTIER}'")
    base = rows.transform_filter("datum.mark == 'base'")
    layers = [
        rows.transform_filter("datum.mark == ''")
        .mark_point(size=30, color=MUTED, filled=True, opacity=0.6)
        .encode(x=x, y=y, tooltip=tip),
        best.mark_line(color=COLOURS[0], strokeWidth=2).encode(x=x, y=y, order=alt.Order("revenue:Q")),
        best.mark_point(size=80, color=COLOURS[0], filled=True, opacity=1).encode(x=x, y=y, tooltip=tip),
        base.mark_point(size=110, color=COLOURS[1], shape="diamond", filled=True, opacity=1).encode(
            x=x, y=y, tooltip=tip
        ),
        base.mark_text(align="left", dx=9, dy=-7, fontWeight="bold").encode(
            x=x, y=y, text=alt.value("as it is")
        ),
    ]
    found: dict[str, Any] = alt.layer(*layers).properties(height=320).to_dict(validate=True)
    found.pop("config", None)
    found.pop("$schema", None)
    return found


def _frontier(answer: ControlsAnswer) -> Figure:
    title, unit = DELAYS[answer.delay]
    verdicts = {one.number: one.verdict for one in answer.verdicts}
    digits = DELAY_DIGITS[answer.delay]
    rows = [
        _point("as it is", answer.baseline, answer.delay, digits, "base"),
        *(
            _point(
                f"{one.number}: {' '.join(one.levels.values())}",
                one,
                answer.delay,
                digits,
                FRONTIER if verdicts[one.number] == FRONTIER else "",
            )
            for one in answer.regimes
            if one.number in verdicts
        ),
    ]
    columns = [
        Column("Regime", field="name", text=True),
        Column(f"{title} {answer.period}", unit, field="delay"),
        Column("Revenue", MONEY, field="revenue"),
    ]
    count = sum(each == FRONTIER for each in verdicts.values())
    unsure = sum(each == UNDECIDED for each in verdicts.values())
    return Figure(
        title="Delay against revenue, and the regimes that no other beats",
        table=Table("frontier", columns, rows),
        chart="frontier",
        alt=f"{len(verdicts)} regimes, {count} of them on the frontier, {unsure} undecided.",
        unit=f"{title.lower()} in {answer.period}, {unit}, over revenue at list price, {MONEY}",
        note="The line joins the frontier; grey: regimes that are dominated or undecided.",
        wide=True,
    )


def _point(name: str, one: RegimeAnswer, delay: Delay, digits: int, style: str) -> Row:
    assert one.revenue_usd_bn is not None
    cells = [
        text(name),
        rounded(one.delay(delay).at, digits),
        rounded(one.revenue_usd_bn.at, REVENUE_DIGITS),
    ]
    return Row(cells, style=style)


def _heads(answer: ControlsAnswer) -> list[Column]:
    return [
        Column(f"Lag {answer.period}", "months"),
        Column(f"Certain {answer.period}", "months"),
        Column(f"Lag {answer.last_period}", "months"),
        Column("Value", "log units"),
        Column("Revenue", MONEY),
        Column("Fees", MONEY),
        Column("Grey", MONEY),
        Column("Memory", MONEY),
        Column("Rent", MONEY),
    ]


def _once(name: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    """A table in which the last year stands once, where it is the year asked about, too."""
    heads, cells = distinct(columns, [row.cells for row in rows])
    return Table(name, heads, [replace(row, cells=each) for row, each in zip(rows, cells, strict=True)])


def _numbers(one: RegimeAnswer) -> list[tuple[float | None, int]]:
    revenue = None if one.revenue_usd_bn is None else one.revenue_usd_bn.at
    money = REVENUE_DIGITS
    return [
        (one.lag_months, DELAY_DIGITS["lag"]),
        (one.guaranteed_lag_months, DELAY_DIGITS["reach"]),
        (one.lag_last_months, DELAY_DIGITS["lag"]),
        (None if one.value is None else one.value[0], DELAY_DIGITS["value"]),
        (revenue, money),
        (one.fees_usd_bn, money),
        (one.grey_usd_bn, money),
        (one.memory_usd_bn, money),
        (one.rent_usd_bn, money),
    ]


def _alone(answer: ControlsAnswer) -> Table:
    base = _numbers(answer.baseline)
    rows = [Row([text("as it is"), *(rounded(value, digits) for value, digits in base)])]
    for one in answer.alone:
        changes = [
            _change(value, before, digits)
            for (value, digits), (before, _) in zip(_numbers(one.regime), base, strict=True)
        ]
        rows.append(Row([text(f"{one.factor} {one.level}"), *changes]))
    return _once("alone", [Column("Level", text=True), *_heads(answer)], rows)


def _change(after: float | None, before: float | None, digits: int) -> Cell:
    if after is None or before is None:
        return rounded(None, digits)
    shown = round(after - before, digits)
    return Cell(f"{shown:+.{digits}f}" if shown else f"{0.0:.{digits}f}")


def _cleared(answer: ControlsAnswer, cleared: ClearedAnswer) -> list[Section]:
    base = cleared.baseline
    if base is None:
        return []
    rows = [_cleared_row("as it is", base, None)]
    if cleared.again is not None:
        rows.append(_cleared_row("the same, cleared again", cleared.again, base))
    rows += [_cleared_row(name_of(answer.alone, one), one, base) for one in cleared.regimes]
    columns = [
        Column("Regime", text=True),
        Column("Prices", text=True),
        Column(f"Lag {answer.period}", "months"),
        Column(f"Lag {answer.last_period}", "months"),
        Column("Value", "log units"),
        Column("All chips", "% over list"),
        Column("Revenue", f"{MONEY}, all buyers"),
        Column("From the target", MONEY),
        Column("By the grey market", MONEY),
        Column("From all others", MONEY),
        Column("Largest regret", "log units"),
    ]
    return [
        Section(
            key="market",
            title="The same at prices that clear the market",
            short="Market",
            tables=[("The world as it is, and what each regime changes", _once("cleared", columns, rows))],
            notes=["Of a regime without prices that clear only the regret is told."],
        )
    ]


def _cleared_row(name: str, one: ClearedRegime, base: ClearedRegime | None) -> Row:
    money = REVENUE_DIGITS
    pairs = []
    for of, digits in (
        (lambda each: each.lag_months, DELAY_DIGITS["lag"]),
        (lambda each: each.lag_last_months, DELAY_DIGITS["lag"]),
        (lambda each: each.value, DELAY_DIGITS["value"]),
        (_over_list, 2),
        (lambda each: each.revenue_usd_bn, money),
        (lambda each: each.from_target_usd_bn, money),
        (lambda each: each.grey_usd_bn, money),
        (elsewhere, money),
    ):
        pairs.append(
            rounded(of(one), digits) if base is None else _change(of(one), of(base), digits),
        )
    said = text(told_status(one))
    return Row([text(name), said, *pairs, amount(one.largest_regret, 2)])


def _over_list(one: ClearedRegime) -> float | None:
    return None if one.price_over_list is None else 100 * (one.price_over_list - 1)


def _regimes(answer: ControlsAnswer, kept: int) -> tuple[str, Table]:
    verdicts = {one.number: one.verdict for one in answer.verdicts}
    shown: Iterable[RegimeAnswer] = answer.regimes[:kept]
    columns = [
        Column("Regime", text=True),
        *(Column(factor, text=True) for factor in answer.factors),
        Column("Verdict", text=True),
        *_heads(answer),
    ]
    rows = [
        Row(
            [
                text(one.number),
                *(text(one.levels[factor]) for factor in answer.factors),
                text(verdicts.get(one.number, one.status)),
                *(rounded(value, digits) for value, digits in _numbers(one)),
            ]
        )
        for one in shown
    ]
    return "Regimes of the design", _once("regimes", columns, rows)


def _facts(answer: ControlsAnswer, manifest: Mapping[str, Any], kept: int) -> list[tuple[str, str]]:
    left = len(answer.regimes) - kept
    found = [
        ("Instance", answer.instance),
        ("Policy", answer.policy),
        ("Design", str((manifest.get("design") or {}).get("name", ""))),
        ("Key", str(manifest.get("key", ""))),
        ("Year", answer.period),
        ("Delay", DELAYS[answer.delay][0]),
        ("Gap", f"{answer.gap:g} average log units"),
        ("At least", "" if answer.at_least is None else f"{answer.at_least:g}"),
        ("Regimes without room on the page", str(left) if left else ""),
    ]
    return [(name, value) for name, value in found if value]
