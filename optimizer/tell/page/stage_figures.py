"""The long game of a plan in staged mode, as figures: what lines can make, how well, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from optimizer.tell.page.figures import PERIOD, Column, Figure, Row, Table, amount, compute_scale, slug, text
from optimizer.tell.page.saved import Plan, SavedRun, date


def stage_figures(run: SavedRun, plan: Plan) -> list[Figure]:
    """The figures of a plan in staged mode; none in path mode."""
    stages = plan.top.stages
    if stages is None or not plan.has("home_added"):
        return []
    found = [_added(run, plan)]
    # a run of an earlier version does not say what could be bought
    found += [_supply(run, plan)] if plan.has("market_supply") and any(plan.series("home_added")) else []
    lines = list(stages.reached)
    if not lines:
        return found
    found += [_capacity(run, plan, lines), _good(run, plan, lines)]
    ordered = [line for line in lines if any(plan.series("wafer_built", line))]
    return [*found, _ordered(run, plan, ordered)] if ordered else found


def _added(run: SavedRun, plan: Plan) -> Figure:
    """Home-made compute added against all that the country and the leader add."""
    lines = {"made at home": plan.series("home_added"), "all of its own": plan.series("all_added")}
    if plan.has("leader_added"):
        lines[f"all of {run.name(run.leader)}"] = plan.series("leader_added")
    scale = compute_scale([value for line in lines.values() for value in line])
    stages = plan.top.stages
    said = stages.told(partial(_named, run)) if stages else ()

    return _figure(
        plan,
        "Compute added: made at home against all",
        "added",
        {name: [value / scale.divisor for value in line] for name, line in lines.items()},
        f"{scale.unit} a period, research rating",
        " ".join(f"{words[0].upper()}{words[1:]}." for words in said),
        chart="lines-across-log",
    )


def _named(run: SavedRun, item: str) -> str:
    """A line or class of tools as readers call it."""
    return run.item("lines" if item in run.context.titles.get("lines", {}) else "tool_classes", item)


def _supply(run: SavedRun, plan: Plan) -> Figure:
    """What lines at home make against what the market abroad offers, and what of that is bought."""
    home, every = plan.series("home_added"), plan.series("all_added")
    lines = {
        "made at home": home,
        "bought abroad": [whole - own for whole, own in zip(every, home, strict=True)],
        "within reach abroad": plan.series("market_supply"),
    }
    scale = compute_scale([value for line in lines.values() for value in line])
    note = (
        "Within reach: chips from abroad that rules allow, up to the country's share of their supply; money "
        "and caps on several chips together are left out. The grey market counts as bought, beyond that."
    )
    shown = {name: [value / scale.divisor for value in line] for name, line in lines.items()}
    unit = f"{scale.unit} a period, research rating"
    title = "Output at home against market supply"
    return _figure(plan, title, "supply", shown, unit, note, chart="lines-across-log")


def _ordered(run: SavedRun, plan: Plan, lines: Sequence[str]) -> Figure:
    values = {run.item("lines", line): plan.series("wafer_built", line) for line in lines}
    stages = plan.top.stages
    note = "In the period of the order; they stand after their lead time."
    opened = [
        f"{_named(run, name)} {when}" for name, when in (stages.unlocked if stages else {}).items() if when
    ]
    note += f" Unlocked: {'; '.join(opened)}." if opened else ""
    return _figure(
        plan,
        "Fabs ordered by line",
        "ordered",
        values,
        "thousand wafers a month ordered",
        note,
        chart="stack",
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
        Row([text(period), *(amount(line[t]) for line in lines.values())], date(period, 0.0))
        for t, period in enumerate(plan.periods)
    ]
    columns = [PERIOD, *(Column(one, unit, series=True) for one in lines)]
    drawn = "Bars" if chart == "stack" else "Lines"
    ends = [f"{one} from {amount(line[0]).text} to {amount(line[-1]).text}" for one, line in lines.items()]
    return Figure(
        title=title,
        table=Table(slug(plan.country, plan.policy, name), columns, rows),
        chart=chart,
        alt=f"{drawn}, {plan.periods[0]} to {plan.periods[-1]}, {unit}: {'; '.join(ends)}.",
        unit=unit,
        note=note,
    )
