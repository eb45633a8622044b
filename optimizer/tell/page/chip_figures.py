"""The chips of a plan: the fleet by chip, and new chips by channel."""

from __future__ import annotations

from typing import Final

from optimizer.tell.page.figures import (
    PERIOD,
    Column,
    Figure,
    Row,
    Table,
    added,
    amount,
    compute_scale,
    slug,
    text,
)
from optimizer.tell.page.saved import Plan, SavedRun, date

CHIPS_NAMED: Final = 7
# Of what comes, below which a channel is not named in the title.
LEAST_NAMED: Final = 0.005
# How chips are come by, and the colour: what is bought and what is made at home as in the chart of cash.
CHANNELS: Final = (
    ("imports", "legal imports", 8),
    ("grey", "grey market", 6),
    ("domestic", "made at home", 2),
)


def fleet(run: SavedRun, plan: Plan) -> Figure | None:
    """Installed chips in H100-equivalents by chip, the largest by name."""
    lines = _by_chip(run, plan, "fleet")
    if not lines:
        return None
    total, width = plan.series("installed_compute"), plan.precision.compute_width
    named, rest = lines[:CHIPS_NAMED], lines[CHIPS_NAMED:]
    if rest:
        named.append((f"{len(rest)} others", added([values for _, values in rest], len(plan.periods))))
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
    largest = max(lines, key=lambda line: line[1][-1])[0]
    before, after = rows[0].cells[-1].text, rows[-1].cells[-1].text
    most = "the largest part" if len(lines) > 1 else "all of it"
    return Figure(
        title=f"The fleet in {plan.periods[-1]}: {after} {scale.unit}, {most} {largest}",
        table=Table(slug(plan.country, "fleet"), columns, rows),
        chart="stack",
        alt=f"Stacked bars: the fleet goes from {before} to {after} {scale.unit}; at the end {most} is "
        f"{largest}.",
        unit=f"{scale.unit}, end of period",
        note="Every chip counts for as many H100 as it replaces in research.",
    )


def purchases(run: SavedRun, plan: Plan) -> Figure | None:
    """Chips bought per period by channel, in H100-equivalents."""
    count = len(plan.periods)
    known = [
        (name, added([values for _, values in _by_chip(run, plan, metric)], count), hue)
        for metric, name, hue in CHANNELS
    ]
    lines = [each for each in known if any(each[1])]
    if not lines:
        return None
    rent = added([plan.series("rented", use) for use in plan.items("rented")], count)
    bought = added([values for _, values, _ in lines], count)
    scale, width = compute_scale(bought), plan.precision.compute_width
    rows = [
        Row(
            [
                text(period),
                *(amount(values[t] / scale.divisor, 3, width) for _, values, _ in lines),
                amount(rent[t] / scale.divisor, 3, width),
            ],
            date(period),
        )
        for t, period in enumerate(plan.periods)
    ]
    columns = [PERIOD, *(Column(name, scale.unit, series=True, colour=hue) for name, _, hue in lines)]
    columns.append(Column("rented abroad", scale.unit))
    parts = [
        f"{name} {100 * share:.0f}%"
        for name, values, _ in lines
        if (share := sum(values) / sum(bought)) >= LEAST_NAMED
    ]
    rents = (
        f" Rented abroad on top: up to {amount(max(rent) / scale.divisor, 3, width).text} {scale.unit}."
        if any(rent)
        else ""
    )
    return Figure(
        title=f"Where new chips come from: {', '.join(parts)}",
        table=Table(slug(plan.country, "channels"), columns, rows),
        chart="stack",
        alt=f"Stacked bars of compute that comes in each period.{rents}",
        unit=f"{scale.unit} a period",
        note=f"Every chip counts for as many H100 as it replaces in research.{rents}",
    )


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
