"""The figures of one country's plan: split, fleet, purchases, compute and capability, lag, what binds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from optimizer.answer import metrics
from optimizer.answer.summary import ABOVE, BEYOND, EXTRAPOLATED
from optimizer.tell.fitted import FITTED_SENTENCE
from optimizer.tell.page.figures import (
    MISSING,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    amount,
    compute_scale,
    exact,
    lag_cell,
    lag_words,
    shares,
    slug,
    text,
)
from optimizer.tell.page.limit_figures import limits_figure
from optimizer.tell.page.saved import Plan, SavedRun, date
from optimizer.tell.page.stage_figures import stage_figures

CHIPS_NAMED: Final = 7
CHANNELS: Final[Mapping[str, str]] = {
    "imports": "legal imports",
    "grey": "grey market",
    "domestic": "made at home",
}
MARKS: Final[Mapping[str, str]] = {
    "": "read off the leader's path",
    EXTRAPOLATED: "extrapolated before the leader's base state",
    BEYOND: "ahead of all that the leader reaches: at least this much",
    ABOVE: "above the leader, which has itself stood higher before",
}
EXTRAPOLATED_NOTE: Final = (
    "Dashed and hollow: reaches back before the leader's base state, extended by its growth until then."
)
ABOVE_NOTE: Final = (
    "Not drawn: where the country is ahead of a leader that has itself stood higher before, and no number of "
    "months says by how much."
)
PERIOD: Final = Column("Period", field="period", text=True)


def plan_figures(run: SavedRun, plan: Plan) -> list[Figure]:
    """All figures of a plan that has one, in reading order; those that would be empty are left out."""
    leads = plan.country == run.leader
    found = [
        None if leads else lag(run, plan),
        effective(run, plan),
        installed(run, plan),
        split(plan),
        money(plan),
        fleet(run, plan),
        purchases(run, plan),
        *stage_figures(run, plan),
        limits_figure(run, plan),
    ]
    return [figure for figure in found if figure is not None]


def split(plan: Plan) -> Figure:
    """The cost of use by category and period, in percent."""
    categories = plan.items("spend_share")
    lines = [plan.series("spend_share", category) for category in categories]
    total, paid = plan.series("total"), plan.series("outlays")
    width = plan.precision.paid_width
    rows = []
    for t, period in enumerate(plan.periods):
        cells = shares(plan, [line[t] for line in lines])
        money = [amount(total[t], 3, width), amount(paid[t], 3, width)]
        rows.append(Row([text(period), *cells, *money], date(period)))
    columns = [PERIOD, *(Column(name, "%", series=True) for name in categories)]
    columns += [Column("cost of use", "USD bn"), Column("paid", "USD bn")]
    changes = [
        f"{name} from {rows[0].cells[k + 1].text}% to {rows[-1].cells[k + 1].text}%"
        for k, name in enumerate(categories)
        if max(lines[k]) > 0
    ]
    return Figure(
        title="How the budget splits",
        table=Table(_key(plan, "split"), columns, rows),
        chart="stack-share",
        alt=f"Stacked bars, {plan.periods[0]} to {plan.periods[-1]}: {', '.join(changes)}.",
        unit="% of the cost of use",
        note="Capital charge, rent and energy of what is used; wages and investment as paid. "
        f"{FITTED_SENTENCE} Only digits that hold for every plan within the gap are printed.",
    )


def money(plan: Plan) -> Figure | None:
    """What is paid, what of it for pace, and the income left unused; none where there is nothing beside."""
    paid = plan.series("outlays")
    for_pace = _sum([plan.series("premium", item) for item in plan.items("premium")])
    beside = (for_pace or [0.0] * len(paid), plan.series("lapsed"))
    premiums, unspent = (metrics.without_round_off(line, sum(paid)).tolist() for line in beside)
    if not any((*premiums, *unspent)):
        return None
    width = plan.precision.paid_width
    lines = {
        "paid, without premiums": [whole - part for whole, part in zip(paid, premiums, strict=True)],
        "premiums for pace": premiums,
        "unspent": unspent,
    }
    rows = [
        Row([text(period), *(amount(line[t], 3, width) for line in lines.values())], date(period))
        for t, period in enumerate(plan.periods)
    ]
    columns = [PERIOD, *(Column(name, "USD bn", series=True) for name in lines)]
    totals = [f"{name} {amount(sum(line), 3, width).text}" for name, line in lines.items()]
    return Figure(
        title="Money paid and unspent",
        table=Table(_key(plan, "money"), columns, rows),
        chart="stack",
        alt=f"Stacked bars, USD bn over {plan.periods[0]} to {plan.periods[-1]}: {', '.join(totals)}.",
        unit="USD bn",
        note="Premiums are what buying faster than the normal pace costs on top; those of the grey market "
        "and of rent are in no category of the split. Unspent: income not used and not carried over.",
    )


def fleet(run: SavedRun, plan: Plan) -> Figure | None:
    """Installed chips in H100-equivalents by chip, the largest by name."""
    lines = _by_chip(run, plan, "fleet")
    if not lines:
        return None
    total, width = plan.series("installed_compute"), plan.precision.compute_width
    named, rest = lines[:CHIPS_NAMED], lines[CHIPS_NAMED:]
    if rest:
        named.append((f"{len(rest)} others", _sum([values for _, values in rest])))
    scale = compute_scale(total)
    rows = [
        Row(
            [
                text(period),
                *(amount(values[t] / scale.divisor, 3, width) for _, values in named),
                amount(total[t] / scale.divisor, 3, width),
            ],
            date(period),
        )
        for t, period in enumerate(plan.periods)
    ]
    columns = [PERIOD, *(Column(name, scale.unit, series=True) for name, _ in named)]
    columns.append(Column("whole fleet", scale.unit))
    last = max(named, key=lambda line: line[1][-1])
    return Figure(
        title="The fleet by chip",
        table=Table(_key(plan, "fleet"), columns, rows),
        chart="stack",
        alt=f"Stacked bars: the fleet grows from {rows[0].cells[-1].text} to {rows[-1].cells[-1].text} "
        f"{scale.unit}; at the end most of it is {last[0]}.",
        unit=f"{scale.unit}, end of period",
        note="Every chip at its research rating.",
    )


def purchases(run: SavedRun, plan: Plan) -> Figure | None:
    """Chips bought per period by channel, in H100-equivalents."""
    lines = []
    for metric, name in CHANNELS.items():
        found = [values for _, values in _by_chip(run, plan, metric)]
        lines.append((name, _sum(found)))
    if not any(any(values) for _, values in lines):
        return None
    nothing = [0.0] * len(plan.periods)
    lines = [(name, values) for name, values in lines if any(values)]
    rented = [plan.series("rented", use) for use in plan.items("rented")]
    rent = _sum(rented) or nothing
    scale, width = compute_scale(_sum([values for _, values in lines])), plan.precision.compute_width
    rows = [
        Row(
            [
                text(period),
                *(amount(values[t] / scale.divisor, 3, width) for _, values in lines),
                amount(rent[t] / scale.divisor, 3, width),
            ],
            date(period),
        )
        for t, period in enumerate(plan.periods)
    ]
    columns = [PERIOD, *(Column(name, scale.unit, series=True) for name, _ in lines)]
    columns.append(Column("rented abroad", scale.unit))
    whole = sum(sum(values) for _, values in lines)
    parts = [f"{name} {100 * sum(values) / whole:.0f}%" for name, values in lines if any(values)]
    rents = (
        f" Rented abroad on top: up to {amount(max(rent) / scale.divisor, 3, width).text} {scale.unit}."
        if any(rent)
        else ""
    )
    return Figure(
        title="New chips by channel",
        table=Table(_key(plan, "channels"), columns, rows),
        chart="stack",
        alt=f"Stacked bars of compute bought per period; over the horizon {', '.join(parts)}.{rents}",
        unit=f"{scale.unit} a period",
        note=f"Every chip at its research rating.{rents}",
    )


def installed(run: SavedRun, plan: Plan) -> Figure:
    """Installed compute beside the leader's, log axis."""
    own, ratio = plan.series("installed_compute"), plan.series("compute_ratio")
    start = plan.top.installed_kh100e["start"]
    leads = plan.country == run.leader or not plan.has("compute_ratio")
    leading = [a / b if b > 0 and math.isfinite(b) else math.nan for a, b in zip(own, ratio, strict=True)]
    before = math.nan
    if not leads and run.leader in run.plans and run.base(run.leader).answer.headline is not None:
        before = run.base(run.leader).top.installed_kh100e["start"]
    scale = compute_scale([*own, start])
    width = plan.precision.compute_width
    first = Row(
        [text("start"), amount(start / scale.divisor)]
        + ([] if leads else [amount(before / scale.divisor), _percent(start / before)]),
        date(plan.periods[0], 0.0),
    )
    rows = [first]
    for t, period in enumerate(plan.periods):
        cells = [text(period), amount(own[t] / scale.divisor, 3, width)]
        if not leads:
            cells += [amount(leading[t] / scale.divisor, 3, width), _percent(ratio[t], width)]
        rows.append(Row(cells, date(period, 1.0)))
    return Figure(
        title="Installed compute" if leads else "Installed compute against the leader",
        table=Table(_key(plan, "compute"), _against(run, plan, leads, scale.unit), rows),
        chart="lines-log",
        alt=_path(run, plan, leads, rows, scale.unit, "Installed compute"),
        unit=f"{scale.unit}, end of period (years are marked where they start), log axis",
    )


def effective(run: SavedRun, plan: Plan) -> Figure:
    """Effective research compute, exp(capability), beside the leader's, log axis."""
    own, ratio = plan.series("capability"), plan.series("effective_ratio")
    leads = plan.country == run.leader or not plan.has("effective_ratio")
    base = plan.top.base.capability
    width = plan.precision.ratio_width
    rows = []
    if base is not None:
        cells = [text("start"), amount(math.exp(base), 3, width)]
        rows.append(
            Row(
                cells + ([] if leads else [amount(1.0), _percent(math.exp(base), width)]),
                date(plan.periods[0], 0.0),
            )
        )
    for t, period in enumerate(plan.periods):
        cells = [text(period), amount(math.exp(own[t]), 3, width)]
        if not leads:
            cells += [amount(math.exp(own[t]) / ratio[t], 3, width), _percent(ratio[t], width)]
        rows.append(Row(cells, date(period)))
    unit = "times the leader's at the start"
    return Figure(
        title="Capability" if leads else "Capability against the leader",
        table=Table(_key(plan, "capability"), _against(run, plan, leads, unit), rows),
        chart="lines-log",
        alt=_path(run, plan, leads, rows, unit, "Effective compute"),
        unit=f"effective research compute, algorithms included, {unit}, log axis",
        note="Capability in log units is the natural logarithm of this.",
    )


def lag(run: SavedRun, plan: Plan) -> Figure | None:
    """Months behind the leader; the part that had to be extrapolated is marked."""
    if not plan.has("lag_months"):
        return None
    months, marks, places = plan.series("lag_months"), plan.lag_marks(), plan.precision.lag_decimals
    rows = []
    base = plan.top.base.lag_months
    if base is not None:
        mark = EXTRAPOLATED if base > 0 else ""
        rows.append(
            Row([text("start"), lag_cell(base, places), text(MARKS[mark])], date(plan.periods[0], 0.0), mark)
        )
    for period, value, mark in zip(plan.periods, months, marks, strict=True):
        cells = [text(period), lag_cell(value, places, mark), text(MARKS[mark])]
        rows.append(Row(cells, date(period), "" if mark == ABOVE else mark))
    columns = [PERIOD, Column("behind", "months", field="lag"), Column("how it is known", text=True)]
    guessed = (
        "; dashed and hollow where extrapolated" if any(row.style == EXTRAPOLATED for row in rows) else ""
    )
    first = months[0] if base is None else base
    return Figure(
        title=f"Months behind {run.leader}",
        table=Table(_key(plan, "lag"), columns, rows),
        chart="lag",
        alt=f"Line: {lag_words(first, places)} at the start, {lag_words(months[-1], places, marks[-1])} in "
        f"{plan.periods[-1]}{guessed}.",
        unit="months; negative: ahead",
        note=" ".join([*([EXTRAPOLATED_NOTE] if guessed else []), *([ABOVE_NOTE] if ABOVE in marks else [])]),
    )


def _sum(lines: Sequence[Sequence[float]]) -> list[float]:
    """Lines added up, period by period."""
    return [sum(values) for values in zip(*lines, strict=True)]


def _by_chip(run: SavedRun, plan: Plan, metric: str) -> list[tuple[str, list[float]]]:
    """Each chip's values in kH100e, largest peak first; chips of no known rating are left out."""
    lines = []
    for chip in plan.items(metric):
        rating = run.rating(chip)
        values = plan.series(metric, chip)
        if rating is not None and any(values):
            lines.append((run.chip(chip), [rating * value for value in values]))
    lines.sort(key=lambda line: -max(line[1]))
    return lines


def _against(run: SavedRun, plan: Plan, leads: bool, unit: str) -> list[Column]:
    columns = [PERIOD, Column(plan.country, unit, series=True)]
    if leads:
        return columns
    return [*columns, Column(run.leader, unit, series=True), Column(f"{plan.country} of {run.leader}", "%")]


def _path(run: SavedRun, plan: Plan, leads: bool, rows: Sequence[Row], unit: str, what: str) -> str:
    first, last = rows[0].cells, rows[-1].cells
    moved = f"{what} of {plan.country} goes from {first[1].text} to {last[1].text} ({unit})"
    if leads:
        return f"{moved}."
    return f"{moved}, that of {run.leader} to {last[2].text}: {last[3].text}% of it."


def _percent(ratio: float, width: float = 0.0) -> Cell:
    if not math.isfinite(ratio):
        return Cell(MISSING)
    shown = amount(100 * ratio, 2, width)
    return Cell(shown.text, exact(100 * ratio))


def _key(plan: Plan, kind: str) -> str:
    return slug(plan.country, kind)
