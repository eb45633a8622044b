"""All countries side by side: the table that a reader sorts first, and three charts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from optimizer.answer import digits
from optimizer.answer.run import OPTIMAL
from optimizer.answer.summary import EXTRAPOLATED
from optimizer.tell.page import words
from optimizer.tell.page.figures import (
    COUNTRY,
    MISSING,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    amount,
    exact,
    lag_cell,
    shares,
    text,
)
from optimizer.tell.page.lag_figures import all_lags
from optimizer.tell.page.means_figures import across
from optimizer.tell.page.money_figures import SPLIT_READ
from optimizer.tell.page.saved import Plan, SavedRun


def countries_table(run: SavedRun) -> Table:
    """One line per country, the leader first and then the closest."""
    plans = ranked(run)
    known = [plan for plan in plans if plan.solved]
    categories = list(known[0].top.split) if known else []
    middle, last = (known[0].top.middle, known[0].top.last) if known else ("", "")
    columns = [
        Column("Country", text=True),
        Column("behind, start", "months"),
        Column(f"behind, {middle}", "months"),
        Column(f"behind, {last}", "months"),
        Column(f"effective compute, {last}", "% of the leader's"),
        Column("compute, start", "million H100e"),
        Column(f"compute, {last}", "million H100e"),
        *(Column(name, "%") for name in categories),
        Column("paid", "USD bn"),
        Column("of it premiums", "USD bn"),
        Column("unspent", "USD bn"),
    ]
    width = len(columns)
    lines = [_line(run, plan, width, last) for plan in plans]
    # Where all is as it should be, a column that says so would only be in the way; else it stands first,
    # as the end of a wide table is out of sight.
    if any(plan.told_status != OPTIMAL for plan in plans):
        columns.insert(1, Column("status", text=True))
        lines = [[line[0], line[-1], *line[1:-1]] for line in lines]
    else:
        lines = [line[:-1] for line in lines]
    return Table("countries", columns, [Row(line) for line in lines])


def ranked(run: SavedRun) -> list[Plan]:
    """The plans, the leader's first, then by what they reach; those without a plan last."""
    plans = [run.base(country) for country in run.plans]
    return sorted(
        plans,
        key=lambda plan: (
            not plan.solved,
            plan.country != run.leader,
            -(plan.top.effective_ratio or 0.0) if plan.solved else 0.0,
        ),
    )


def _line(run: SavedRun, plan: Plan, width: int, last: str) -> list[Cell]:
    """What is told of a country, its status last."""
    name = text(run.name(plan.country))
    if not plan.solved:
        return [name, *[Cell(MISSING)] * (width - 1), text(plan.told_status)]
    top, precision = plan.top, plan.precision
    installed = top.installed_kh100e
    found = words.lags(plan)
    if found is None:
        behind = [Cell(MISSING)] * 3
    else:
        marks = [EXTRAPOLATED if found[0] > 0 else "", *map(plan.lag_mark_in, (top.middle, last))]
        behind = [
            lag_cell(months, precision.lag_decimals, mark, starred=True)
            for months, mark in zip(found, marks, strict=True)
        ]
    ratio = top.effective_ratio
    ratio_width = 0.0 if plan.country == run.leader else precision.ratio_width
    return [
        name,
        *behind,
        Cell(MISSING)
        if ratio is None
        else Cell(amount(100 * ratio, 2, ratio_width).text, exact(100 * ratio)),
        amount(installed["start"] / 1000, 3),
        amount(installed[last] / 1000, 2, precision.compute_width),
        *shares(plan, list(top.split.values())),
        amount(top.paid_usd_bn, 3, precision.paid_width),
        *(_beside_paid(value, top.paid_usd_bn) for value in (top.premiums_usd_bn, top.unspent_usd_bn)),
        text(plan.told_status),
    ]


def _beside_paid(value: float, paid: float) -> Cell:
    """Money that is part of what is paid or stands beside it: to the digits that are printed of that."""
    if not value:
        return Cell("0")
    places = digits.decimals_for([paid])
    shown = digits.fixed(value, places)
    if not float(shown.replace(",", "")):
        shown = f"<{10.0**-places:.{places}f}"
    return Cell(shown, exact(value))


MARKS: Final = (
    (re.compile(r"\*$"), "* reaches back before the leader's base state, extended by its growth until then"),
    (re.compile(r"^>"), "> beyond all that the leader reaches: at least this far ahead"),
    (re.compile(r"^~"), "~ plans as good split otherwise"),
    (re.compile(r"^<"), "< not nothing, but less than this"),
)


def marks_notes(table: Table) -> list[str]:
    """What the marks beside numbers of a table mean, those that stand in it."""
    shown = {cell.text for row in table.rows for cell in row.cells[1:]}
    meant = [meaning for mark, meaning in MARKS if any(mark.search(each) for each in shown)]
    return [f"{'; '.join(meant)}."] if meant else []


def overview_figures(run: SavedRun) -> list[Figure]:
    """Charts of all countries with a plan, as far as there are several to compare."""
    plans = [plan for plan in ranked(run) if plan.solved]
    found = [
        all_lags(run, words.closest_first(run)),
        _effective(run, plans),
        *([_splits(run, plans), *across(run, plans)] if plans else []),
    ]
    return [figure for figure in found if figure is not None and len(figure.table.rows) > 1]


def _effective(run: SavedRun, plans: Sequence[Plan]) -> Figure | None:
    followers = [
        (plan, ratio) for plan in plans if plan.country != run.leader and (ratio := plan.top.effective_ratio)
    ]
    if not followers:
        return None
    last = plans[0].top.last
    rows = []
    for plan, ratio in followers:
        base, width = plan.top.base.capability, plan.precision.ratio_width
        start = Cell(MISSING) if base is None else amount(100 * math.exp(base), 2, width)
        end = amount(100 * ratio, 2, width)
        compute = plan.top.compute_ratio
        whole = math.nan if compute is None else 100 * compute
        chips = amount(whole, 2) if math.isfinite(whole) else Cell(MISSING)
        rows.append(Row([text(run.name(plan.country)), start, end, chips]))
    unit = "% of the leader's"
    names = ("effective compute, start", f"effective compute, {last}", f"installed compute, {last}")
    return Figure(
        title="How much compute each country has, beside the leader's",
        table=Table("ratios", [COUNTRY, *(Column(name, unit, series=True) for name in names)], rows),
        chart="dumbbell-log",
        alt="; ".join(
            f"{row.cells[0].text} from {row.cells[1].text}% to {row.cells[2].text}%" for row in rows[:5]
        )
        + ".",
        unit=f"% of the leader's, {run.name(run.leader)}; log axis",
        note="Effective compute is that for research, better algorithms counted: where it is above installed "
        "compute, efficiency, imitation and the share for research make up for chips.",
    )


def _splits(run: SavedRun, plans: Sequence[Plan]) -> Figure:
    categories = list(plans[0].top.split)
    rows = [
        Row(
            [
                text(run.name(plan.country)),
                *shares(plan, list(plan.top.split.values())),
            ]
        )
        for plan in plans
    ]
    columns = [COUNTRY, *(Column(name, "%", series=True) for name in categories)]
    first, last = plans[0].periods[0], plans[0].periods[-1]
    most = max(plans, key=lambda plan: plan.top.split[categories[0]])
    share = most.precision.shares(list(most.top.split.values()))[0]
    return Figure(
        title="What each country's budget is used for",
        table=Table("splits", columns, rows),
        chart="bars-across",
        alt=f"One stacked bar per country; {run.name(most.country)} puts the largest share into "
        f"{categories[0]}, {share}%.",
        unit=f"% of the cost of use, {first} to {last}",
        note=SPLIT_READ,
    )
