"""The figures of one country's plan: where it stands, what it spends, and what it has and builds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from optimizer.tell.page.chip_figures import fleet, purchases
from optimizer.tell.page.figures import (
    MISSING,
    PERIOD,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    amount,
    compute_scale,
    exact,
    slug,
    text,
)
from optimizer.tell.page.lag_figures import lag
from optimizer.tell.page.limit_figures import limits_figure
from optimizer.tell.page.means_figures import power, researchers
from optimizer.tell.page.money_figures import cash, split
from optimizer.tell.page.saved import Plan, SavedRun, date
from optimizer.tell.page.stage_figures import stage_figures


def plan_figures(run: SavedRun, plan: Plan) -> list[Figure]:
    """All figures of a plan that has one, in reading order; those that would be empty are left out."""
    leads = plan.country == run.leader
    found = [
        None if leads else lag(run, plan),
        effective(run, plan),
        installed(run, plan),
        split(plan),
        cash(plan),
        purchases(run, plan),
        fleet(run, plan),
        researchers(plan),
        power(plan),
        *stage_figures(run, plan),
        limits_figure(run, plan),
    ]
    return [figure for figure in found if figure is not None]


def installed(run: SavedRun, plan: Plan) -> Figure:
    """Installed compute beside the leader's, log axis."""
    own, ratio = plan.series("installed_compute"), plan.series("compute_ratio")
    start, of_start = plan.top.installed_kh100e["start"], plan.top.base.compute_ratio or math.nan
    leads = plan.country == run.leader or not plan.has("compute_ratio")
    scale = compute_scale([*own, start])
    width = plan.precision.compute_width
    rows = []
    points = [("start", date(plan.periods[0], 0.0), start, of_start, 0.0)]
    points += [(period, date(period, 1.0), own[t], ratio[t], width) for t, period in enumerate(plan.periods)]
    for label, when, value, share, within in points:
        cells = [text(label), amount(value / scale.divisor, 3, within)]
        if not leads:
            known = share > 0 and math.isfinite(share)
            cells.append(amount(value / share / scale.divisor if known else math.nan, 3, within))
            cells.append(_percent(share, within))
        # the axis names a year where it ends
        rows.append(Row(cells, when - 1))
    first, last = rows[0].cells, rows[-1].cells
    moved = f"{first[1].text} to {last[1].text} {scale.unit}"
    return Figure(
        title=f"Installed compute goes from {moved}"
        if leads
        else f"Installed compute: {last[3].text}% of the leader's in {plan.periods[-1]}",
        table=Table(slug(plan.country, "compute"), _against(run, plan, leads, scale.unit), rows),
        chart="lines-log",
        alt=_path(run, plan, leads, rows, scale.unit, "Installed compute"),
        unit=f"{scale.unit}, end of year, log axis",
        note="The whole fleet, for research and for delivery, every chip at as many H100 as it replaces in "
        "research. The first point is the fleet at the start.",
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
        cells += [] if leads else [amount(1.0), _percent(math.exp(base), width)]
        rows.append(Row(cells, date(plan.periods[0], 0.0)))
    for t, period in enumerate(plan.periods):
        cells = [text(period), amount(math.exp(own[t]), 3, width)]
        if not leads:
            cells += [amount(math.exp(own[t]) / ratio[t], 3, width), _percent(ratio[t], width)]
        rows.append(Row(cells, date(period)))
    unit = "times the leader's at the start"
    last = rows[-1].cells
    before = "" if leads or base is None else f", {rows[0].cells[3].text}% at the start"
    return Figure(
        title=f"Effective compute for research reaches {last[1].text} times that at the start"
        if leads
        else f"Effective compute for research: {last[3].text}% of the leader's in {plan.periods[-1]}{before}",
        table=Table(slug(plan.country, "capability"), _against(run, plan, leads, unit), rows),
        chart="lines-log",
        alt=_path(run, plan, leads, rows, unit, "Effective compute"),
        unit=f"{unit}, log axis",
        note="Compute for research times what better algorithms make of it; its natural logarithm is "
        "capability. Points stand at the middle of each period.",
    )


def _against(run: SavedRun, plan: Plan, leads: bool, unit: str) -> list[Column]:
    own, leader = run.name(plan.country), run.name(run.leader)
    columns = [PERIOD, Column(own, unit, series=True)]
    if leads:
        return columns
    return [*columns, Column(leader, unit, series=True), Column("of the leader's", "%")]


def _path(run: SavedRun, plan: Plan, leads: bool, rows: Sequence[Row], unit: str, what: str) -> str:
    first, last = rows[0].cells, rows[-1].cells
    moved = f"{what} of {run.name(plan.country)} goes from {first[1].text} to {last[1].text} ({unit})"
    if leads:
        return f"{moved}."
    return f"{moved}, that of {run.name(run.leader)} to {last[2].text}: {last[3].text}% of it."


def _percent(ratio: float, width: float = 0.0) -> Cell:
    if not math.isfinite(ratio):
        return Cell(MISSING)
    shown = amount(100 * ratio, 2, width)
    return Cell(shown.text, exact(100 * ratio))
