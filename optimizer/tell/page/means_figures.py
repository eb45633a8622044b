"""What plans have beside compute: researchers and power, of one country and of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from optimizer.tell.page.figures import (
    COUNTRY,
    MISSING,
    PERIOD,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    amount,
    slug,
    text,
)
from optimizer.tell.page.saved import Plan, SavedRun, date

TALENT_COLOUR: Final = 3
POWER_COLOUR: Final = 4
TURNOVER: Final = {"trained": "graduates taken on", "recruited": "recruited abroad", "released": "let go"}


def researchers(plan: Plan) -> Figure | None:
    """Researchers at the end of each period, and who came and went; none where there are none."""
    people = plan.series("talent")
    if not any(people):
        return None
    flows = {name: plan.series(metric) for metric, name in TURNOVER.items()}
    flows = {name: line for name, line in flows.items() if any(line)}
    rows = [
        Row(
            [text(period), amount(people[t]), *(amount(line[t]) for line in flows.values())],
            date(period),
        )
        for t, period in enumerate(plan.periods)
    ]
    unit = "thousand"
    columns = [PERIOD, Column("researchers", unit, series=True, colour=TALENT_COLOUR)]
    columns += [Column(name, unit) for name in flows]
    before, after = rows[0].cells[1].text, rows[-1].cells[1].text
    ends = f"{before} thousand in {plan.periods[0]}, {after} in {plan.periods[-1]}"
    return Figure(
        title=f"Researchers: {ends}",
        table=Table(slug(plan.country, "researchers"), columns, rows),
        chart="stack",
        alt=f"Bars: {ends}.",
        unit="thousand people, end of period",
        note="Who does research on AI in the country. The table also says how many came and went.",
    )


def power(plan: Plan) -> Figure | None:
    """Power that the fleet draws, and what there is; none where there is none."""
    drawn, there = plan.series("power_drawn"), plan.series("power")
    if not any(there):
        return None
    rows = [
        Row([text(period), amount(drawn[t]), amount(there[t])], date(period))
        for t, period in enumerate(plan.periods)
    ]
    columns = [
        PERIOD,
        Column("in use", "GW", series=True, colour=POWER_COLOUR),
        Column("limit", "GW", field="level"),
    ]
    last = rows[-1].cells
    return Figure(
        title=f"Power for compute: {last[1].text} of {last[2].text} GW in use in {plan.periods[-1]}",
        table=Table(slug(plan.country, "power"), columns, rows),
        chart="stack",
        alt=f"Bars of power in use, from {rows[0].cells[1].text} to {last[1].text} GW, each below a line "
        f"at the limit, from {rows[0].cells[2].text} to {last[2].text} GW.",
        unit="GW, end of period",
        note="Bars: what the fleet draws. Line: all the power there is for it; a bar that reaches it has no "
        "power left for more chips.",
    )


def across(run: SavedRun, plans: Sequence[Plan]) -> list[Figure]:
    """Researchers and power of all countries with a plan, those first and those last shown."""
    return [
        _across(
            run,
            plans,
            "researchers",
            "How many researchers each country has",
            "thousand",
            {"researchers": lambda plan: plan.series("talent")},
            "Hollow: the end of the first period; square: of the last.",
        ),
        _across(
            run,
            plans,
            "power",
            "How much power each country's compute draws, and how much there is",
            "GW",
            {"in use": lambda plan: plan.series("power_drawn"), "limit": lambda plan: plan.series("power")},
            "Where the last two marks meet, power is what holds back the fleet in the end.",
        ),
    ]


def _across(
    run: SavedRun,
    plans: Sequence[Plan],
    name: str,
    title: str,
    unit: str,
    lines: dict[str, Callable[[Plan], list[float]]],
    note: str,
) -> Figure:
    """One line of marks per country, the table with all periods. Of the first quantity the first and the last
    period are drawn, of others the last."""
    periods = plans[0].periods
    columns = [COUNTRY]
    for position, head in enumerate(lines):
        drawn = {periods[-1]} if position else {periods[0], periods[-1]}
        for period in periods:
            said = f"{head}, {period}" if len(lines) > 1 else period
            columns.append(Column(said, unit, series=period in drawn))
    rows = []
    for plan in plans:
        values = [value for line in lines.values() for value in line(plan)]
        cells = (
            [amount(value) for value in values] if plan.periods == periods else [Cell(MISSING)] * len(values)
        )
        rows.append(Row([text(run.name(plan.country)), *cells]))
    first, last = rows[0].cells[1], rows[0].cells[len(periods)]
    return Figure(
        title=title,
        table=Table(f"{name}-of-all", columns, rows),
        chart="dumbbell-log",
        alt=f"{len(rows)} countries; {rows[0].cells[0].text} from {first.text} in {periods[0]} to "
        f"{last.text} {unit} in {periods[-1]}.",
        unit=f"{unit}, end of period, log axis",
        note=note,
    )
