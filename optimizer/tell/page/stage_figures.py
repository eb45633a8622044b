"""The long game of a plan in staged mode, as figures: what lines can make, how well, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.tell.page.figures import PERIOD, Column, Figure, Row, Table, amount, compute_scale, slug, text
from optimizer.tell.page.saved import Plan, SavedRun, date


def stage_figures(run: SavedRun, plan: Plan) -> list[Figure]:
    """Three figures of a plan in staged mode; none in path mode."""
    stages = plan.top.stages
    if stages is None or not plan.has("home_added"):
        return []
    lines = list(stages.reached)
    if not lines:
        return [_added(run, plan)]
    return [_added(run, plan), _capacity(run, plan, lines), _good(run, plan, lines)]


def _added(run: SavedRun, plan: Plan) -> Figure:
    """Home-made compute added against all that the country and the leader add."""
    lines = {"made at home": plan.series("home_added"), "all of its own": plan.series("all_added")}
    if plan.has("leader_added"):
        lines[f"all of {run.name(run.leader)}"] = plan.series("leader_added")
    scale = compute_scale([value for line in lines.values() for value in line])
    stages = plan.top.stages

    def named(item: str) -> str:
        return run.item("lines" if item in run.context.titles.get("lines", {}) else "tool_classes", item)

    return _figure(
        plan,
        "Compute added: made at home against all",
        "added",
        {name: [value / scale.divisor for value in line] for name, line in lines.items()},
        f"{scale.unit} a period, research rating",
        " ".join(f"{words[0].upper()}{words[1:]}." for words in (stages.told(named) if stages else ())),
        chart="lines-across-log",
    )


def _capacity(run: SavedRun, plan: Plan, lines: Sequence[str]) -> Figure:
    values = {run.item("lines", line): plan.series("wafer_capacity", line) for line in lines}
    note = "All products; what AI chips get of a line is an input."
    return _figure(plan, "Wafer capacity by line", "capacity", values, "thousand wafers a month", note)


def _good(run: SavedRun, plan: Plan, lines: Sequence[str]) -> Figure:
    values = {
        run.item("lines", line): [100 * share for share in plan.series("good_share", line)] for line in lines
    }
    note = "The yield of the level of learning where the line stands: a step each time a level is reached."
    return _figure(plan, "Good dies by line", "yield", values, "% of dies", note)


def _figure(
    plan: Plan,
    title: str,
    name: str,
    lines: dict[str, list[float]],
    unit: str,
    note: str,
    chart: str = "lines",
) -> Figure:
    rows = [
        Row([text(period), *(amount(line[t]) for line in lines.values())], date(period))
        for t, period in enumerate(plan.periods)
    ]
    columns = [PERIOD, *(Column(one, unit, series=True) for one in lines)]
    ends = [f"{one} from {amount(line[0]).text} to {amount(line[-1]).text}" for one, line in lines.items()]
    return Figure(
        title=title,
        table=Table(slug(plan.country, plan.policy, name), columns, rows),
        chart=chart,
        alt=f"Lines, {plan.periods[0]} to {plan.periods[-1]}, {unit}: {'; '.join(ends)}.",
        unit=unit,
        note=note,
    )
