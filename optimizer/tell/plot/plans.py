"""Pictures of saved plans: where a country stands, what it spends and has, and its long game in staged mode;
of a comparison the same under each policy."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from optimizer.answer.answer import CompareAnswer
from optimizer.tell.page.comparison_figures import country_figures
from optimizer.tell.page.differences import differences
from optimizer.tell.page.figures import PERIOD, Column, Figure, Row, Table, amount, compute_scale, slug, text
from optimizer.tell.page.lag_figures import lag
from optimizer.tell.page.money_figures import split
from optimizer.tell.page.plan_figures import effective, installed
from optimizer.tell.page.saved import Plan, SavedRun, date
from optimizer.tell.page.stage_figures import stage_figures
from optimizer.tell.plot.drawings import Drawing

MOST_COUNTRIES: Final = 3
COLUMNS: Final = 2
LETTERS: Final = 92
MOST_LINES: Final = 6


def plan_drawings(run: SavedRun) -> list[Drawing]:
    """The drawings of a run of at most `MOST_COUNTRIES` countries; those without a plan have none."""
    found: list[Drawing] = []
    compared = isinstance(run.answer, CompareAnswer)
    for country in run.plans:
        found += _compared(run, country) if compared else _of(run, run.base(country))
    return found


def _of(run: SavedRun, plan: Plan) -> list[Drawing]:
    """The drawings of one plan."""
    if not plan.solved:
        return []
    leads = plan.country == run.leader
    stands = [split(plan), installed(run, plan), None if leads else lag(run, plan), effective(run, plan)]
    plain = [replace(figure, note="") for figure in stands if figure is not None]
    return [_drawing(plan.country, figure) for figure in (*plain, *stage_figures(run, plan))]


def _compared(run: SavedRun, country: str) -> list[Drawing]:
    """The drawings of one country under all policies."""
    base = run.base(country)
    if not base.solved:
        return []
    figures = country_figures(run, differences(run), base, base.top.last)
    plans = [base, *(run.plans[country][each.name] for each in run.policies)]
    games = _long_games(run, [plan for plan in plans if plan.solved])
    return [_drawing(country, figure) for figure in (*figures, *games)]


def _long_games(run: SavedRun, plans: Sequence[Plan]) -> Iterator[Figure]:
    """Home-made compute under each policy, and fabs and yields where they end; nothing in path mode."""
    plans = [plan for plan in plans if plan.top.stages is not None and plan.has("home_added")]
    if not plans:
        return
    names = run.policy_names
    every = [plan.series("home_added") for plan in plans]
    scale = compute_scale([value for line in every for value in line])
    first = plans[0]
    for start in range(0, len(plans), MOST_LINES):
        some = plans[start : start + MOST_LINES]
        rows = [
            Row(
                [text(period), *(amount(plan.series("home_added")[t] / scale.divisor) for plan in some)],
                date(period),
            )
            for t, period in enumerate(first.periods)
        ]
        columns = [PERIOD, *(Column(names[plan.policy], scale.unit, series=True) for plan in some)]
        unit = f"{scale.unit} a period, research rating"
        yield Figure(
            title="Compute made at home under each policy",
            table=Table(slug(first.country, "home", str(start)), columns, rows),
            chart="lines",
            alt=f"Lines of compute made at home, {unit}.",
            unit=unit,
            note=" ".join(_unlocked(plan, names[plan.policy]) for plan in some),
        )


def _unlocked(plan: Plan, name: str) -> str:
    stages = plan.top.stages
    opened = {} if stages is None else stages.unlocked
    told = ", ".join(f"{thing} {when}" for thing, when in opened.items() if when)
    return f"{name}: unlocks {told or 'nothing'}."


def _drawing(country: str, figure: Figure) -> Drawing:
    """A figure with its country, unit and note at its top, as a picture has no text beside it."""
    lines = [figure.unit, *textwrap.wrap(figure.note, LETTERS)]
    titled = replace(figure, title=f"{country}: {figure.title}")
    return Drawing(titled, lines=tuple(line for line in lines if line), group=country)
