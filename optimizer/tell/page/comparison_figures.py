"""What policies do to one country: changes of the lag, its path under each, the split, and the ranking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from optimizer.answer.answer import CompareAnswer
from optimizer.answer.run import OPTIMAL
from optimizer.tell.page import words
from optimizer.tell.page.differences import Differences, lag_cell_of, worth_cell_of
from optimizer.tell.page.figures import (
    MISSING,
    PERIOD,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    exact,
    lag_cell,
    lag_words,
    rounded,
    shares,
    slug,
    text,
)
from optimizer.tell.page.limit_figures import limit_name
from optimizer.tell.page.money_figures import SPLIT_READ
from optimizer.tell.page.saved import Plan, SavedRun, date

NAME: Final = Column("Policy", field="name", text=True)
LAG_DOTS: Final = "negative: closer or more ahead"
CAPABILITY_DOTS: Final = "positive: more capable"
DOTS: Final = "The line in the middle is the baseline; hollow: a change that the gaps cannot tell from none."
# a path is drawn where it leaves the baseline's by this much, months or log units
VISIBLE: Final = {"lag_months": (1.0, "a month"), "capability": (0.05, "0.05 log units")}


def country_figures(run: SavedRun, found: Differences, base: Plan, last: str) -> list[Figure]:
    """The charts of one country under all policies; those without anything to show are left out."""
    plans = [run.plans[base.country][each.name] for each in run.policies]
    plans = [plan for plan in plans if plan.solved]
    metric, unit = ("capability", "log units") if base.country == run.leader else ("lag_months", "months")
    moved = [plan for plan in plans if found.of(plan, metric, last) is not None and not found.is_same(plan)]
    if not any((difference := found.of(plan, metric, last)) and difference.told for plan in moved):
        moved = []
    told = [plan for plan in plans if found.told(plan)]
    figures = [
        _changes(run, found, base, moved, metric, unit, last),
        _splits(run, found, base, told),
        _paths(run, found, base, told, metric, unit),
    ]
    return [figure for figure in figures if figure is not None]


def _what(run: SavedRun, metric: str) -> str:
    return "lag behind the leader" if metric == "lag_months" else "capability"


def _changes(
    run: SavedRun,
    found: Differences,
    base: Plan,
    moved: Sequence[Plan],
    metric: str,
    unit: str,
    last: str,
) -> Figure | None:
    """A dot per policy: by how much it moves the lag (the leader: capability)."""
    if not moved:
        return None
    precision = base.precision
    lagging = metric == "lag_months"
    places = precision.lag_decimals if lagging else precision.capability_decimals
    finest = precision.finest[metric]
    rows = []
    for plan in sorted(moved, key=lambda each: _change(found, each, metric, last)):
        difference = found.of(plan, metric, last)
        if difference is None:
            continue
        mark = "" if difference.told else "same"
        shown = Cell(difference.text(finest) if difference.told else "≈", exact(difference.change))
        known = "told from the baseline" if difference.told else "cannot be told from the baseline"
        there = found.value(plan, metric, last)
        reached = math.nan if there is None else there.number
        value = lag_cell(reached, places, plan.lag_mark_in(last)) if lagging else rounded(reached, places)
        rows.append(Row([text(found.names[plan.policy]), shown, value, text(known)], style=mark))
    columns = [
        NAME,
        Column("change", unit, field="change"),
        Column(_what(run, metric), unit),
        Column("how sure", text=True),
    ]
    plans = [run.plans[base.country][each.name] for each in run.policies]
    same = sum(found.is_same(plan) for plan in plans)
    leave = words.counted(same, "more policy leaves", "more policies leave")
    rest = [*([f"{leave} it exactly as it is"] if same else []), *_left_out(run, found, plans, lagging)]
    note = _sentence(rest)
    what = _what(run, metric)
    return Figure(
        title=f"By how much each policy moves the {what} in {last}",
        table=Table(slug(base.country, "changes"), columns, rows),
        chart="changes" if lagging else "changes-up",
        alt=f"A dot per policy, from {rows[0].cells[0].text} {rows[0].cells[1].text} to "
        f"{rows[-1].cells[0].text} {rows[-1].cells[1].text} {unit}.",
        unit=f"{unit}; {LAG_DOTS if lagging else CAPABILITY_DOTS}",
        note=f"{DOTS} {note}".strip(),
    )


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _left_out(run: SavedRun, found: Differences, plans: Sequence[Plan], lagging: bool) -> list[str]:
    """Which policies a picture leaves out: those without a plan, and of lags those under which another
    country leads."""
    lack = sum(plan.tried and not plan.solved for plan in plans)
    late = sum(not plan.tried for plan in plans)
    others = [found.names[policy] for policy in found.leaders] if lagging else []
    return [
        *([f"{lack} without a plan here"] if lack else []),
        *([f"{late} not solved"] if late else []),
        *([f"not under {words.listed_names(others)}: another country leads"] if others else []),
    ]


def _against(cell: Cell, leader: str | None) -> Cell:
    """A number against the leader, which is named where it is another than in the baseline."""
    return cell if leader is None else Cell(f"{cell.text} of {leader}", "")


def _change(found: Differences, plan: Plan, metric: str, last: str) -> float:
    difference = found.of(plan, metric, last)
    return math.inf if difference is None else difference.change


def _paths(
    run: SavedRun, found: Differences, base: Plan, told: Sequence[Plan], metric: str, unit: str
) -> Figure | None:
    """Small multiples: the path under each policy that moves it by what can be seen."""
    (seen, less), before = VISIBLE[metric], base.series(metric)
    lagging = metric == "lag_months"
    told = [
        plan
        for plan in told
        if not (lagging and plan.policy in found.leaders)
        and max(abs(a - b) for a, b in zip(plan.series(metric), before, strict=True)) >= seen
    ]
    if not told:
        return None
    policies = [each.name for each in run.policies]
    precision = base.precision
    places = precision.lag_decimals if lagging else precision.capability_decimals
    lines = [(plan.series(metric), plan.lag_marks()) for plan in (base, *told)]
    rows = [
        Row(
            [
                text(period),
                *(
                    lag_cell(line[t], places, marks[t]) if lagging else rounded(line[t], places)
                    for line, marks in lines
                ),
            ],
            date(period),
        )
        for t, period in enumerate(base.periods)
    ]
    ends = [
        lag_words(line[-1], places, marks[-1]) if lagging else f"{rounded(line[-1], places).text} {unit}"
        for line, marks in lines
    ]
    names = ["Baseline", *(found.names[plan.policy] for plan in told)]
    columns = [PERIOD, *(Column(name, unit, series=True) for name in names)]
    plans = [
        run.plans[base.country][policy] for policy in policies if not (lagging and policy in found.leaders)
    ]
    less_moved = sum(plan.solved for plan in plans) - len(told)
    move = words.counted(less_moved, "more policy moves", "more policies move")
    parts = [
        *([f"{move} it by less than {less} throughout"] if less_moved else []),
        *_left_out(run, found, plans, lagging),
    ]
    note = _sentence(parts)
    what = _what(run, metric)
    return Figure(
        title=f"The {what} under each policy",
        table=Table(slug(base.country, "paths"), columns, rows),
        chart="multiples",
        alt=f"{len(told)} small charts of the {what}, each with the baseline dashed; at the end "
        + ", ".join(f"{name} {end}" for name, end in list(zip(names, ends, strict=True))[:4])
        + ".",
        unit=f"{unit}{'; negative: ahead' if lagging else ''}, {base.periods[0]} to {base.periods[-1]}",
        note=f"Solid: under the policy named; dashed: the baseline. {note}".strip(),
    )


def _splits(run: SavedRun, found: Differences, base: Plan, told: Sequence[Plan]) -> Figure | None:
    """One bar per policy: the split of the cost of use over the horizon."""
    if not told:
        return None
    categories = list(base.top.split)
    rows = [
        Row(
            [
                text(found.names[plan.policy]),
                *shares(plan, list(plan.top.split.values())),
            ]
        )
        for plan in [base, *told]
    ]
    columns = [NAME, *(Column(name, "%", series=True) for name in categories)]
    return Figure(
        title="What the budget is used for under each policy",
        table=Table(slug(base.country, "splits"), columns, rows),
        chart="bars-across",
        alt=f"One stacked bar per policy; the share of {categories[0]} is between "
        f"{min(float(row.cells[1].value or row.cells[1].text.strip('~')) for row in rows):.0f}% and "
        f"{max(float(row.cells[1].value or row.cells[1].text.strip('~')) for row in rows):.0f}%.",
        unit="% of the cost of use over the horizon",
        note=SPLIT_READ,
    )


def ranking_table(run: SavedRun, found: Differences, base: Plan, last: str) -> Table:
    """The policies of one country, best for it first, with the headline numbers and what binds dearest."""
    country = base.country
    middle = base.top.middle
    leads = country == run.leader
    columns = [Column("Policy", text=True), Column("rank"), Column("worth", "% effective compute for good")]
    if not leads:
        columns += [Column(f"behind, {middle}", "months"), Column(f"behind, {last}", "months")]
        columns += [Column(f"change, {last}", "months")]
    columns += [
        Column(f"compute, {last}", "million H100e"),
        Column(f"capability, {last}", "log units"),
        Column(f"effective compute, {last}", "% of the leader's"),
        Column("dearest limit", text=True),
    ]
    order = list(run.answer.ranking[country]) if isinstance(run.answer, CompareAnswer) else []
    order += [policy for policy in run.plans[country] if policy not in order]
    rows = [_ranked(run, found, base, policy, leads, last) for policy in order]
    return Table(slug(country, "ranking"), columns, rows)


def _ranked(run: SavedRun, found: Differences, base: Plan, policy: str, leads: bool, last: str) -> Row:
    plan = run.plans[base.country][policy]
    name = text(found.names.get(policy, policy))
    if not plan.solved:
        return Row(
            [name, *[Cell(MISSING if plan.tried else "")] * (5 if leads else 8), text(plan.told_status)]
        )
    top, precision = plan.top, plan.precision
    place = found.places.get((base.country, policy))
    baseline = policy == run.baseline
    same = found.is_same(plan)
    worth = found.worth_of(plan)
    worth_shown = Cell("0") if baseline else worth_cell_of(worth, same)
    other = found.leaders.get(policy)
    lags = words.lags(plan)
    behind: list[Cell] = []
    if not leads:
        months = (math.nan, math.nan) if lags is None else lags[1:]
        change = found.of(plan, "lag_months", last)
        behind = [
            _against(lag_cell(each, precision.lag_decimals, plan.lag_mark_in(period)), other)
            for each, period in zip(months, (top.middle, top.last), strict=True)
        ]
        behind.append(Cell("0") if baseline else lag_cell_of(change, precision.finest["lag_months"], same))
    compute, ratio = (found.value(plan, metric, last) for metric in ("installed_compute", "effective_ratio"))
    limit = next((f"{limit_name(run, fact)}, {fact.period}" for fact in plan.answer.binding), "")
    stopped = "" if plan.told_status == OPTIMAL else f" ({plan.told_status})"
    return Row(
        [
            Cell(f"{name.text}{f' ({other} leads)' if other else ''}{stopped}"),
            Cell(MISSING if place is None else str(place)),
            worth_shown,
            *behind,
            Cell(MISSING) if compute is None else compute.cell(2, 1e-3),
            rounded(top.capability[last], precision.capability_decimals),
            Cell(MISSING) if ratio is None else _against(ratio.cell(2, 100.0), other),
            text(limit),
        ]
    )
