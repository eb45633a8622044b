"""Why plans are as they are, and what they come to, as tidy frames: one row per limit, repair or country."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from optimizer.answer.part import InputCell
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.summary import headline

LIMITS: Final = (
    *("country", "policy", "rank", "row", "meaning", "period", "words"),
    *("at_most_percent", "solved_percent", "closed", "inputs"),
)
CONFLICTS: Final = ("country", "policy", "family", "item", "period", "words", "rows", "inputs")
REPAIRS: Final = ("country", "policy", "rank", "kind", "words", "patches", "size", "outcome")
SUMMARY: Final = (
    *("country", "policy", "status", "gap", "period", "capability"),
    *("lag_months", "effective_ratio", "compute_ratio", "spending_usd_bn"),
)


def limits_frame(worlds: Sequence[WorldRun]) -> pd.DataFrame:
    """One row per limit of each plan, dearest first; `LIMITS` names the columns, percents of effective
    compute, nan where not known."""
    rows = [
        (
            run.country,
            world.policy,
            rank,
            fact.row,
            fact.meaning,
            fact.period,
            fact.words,
            fact.eased_percent_at_most,
            math.nan if fact.solved is None else fact.solved.percent_effective_compute,
            fact.closed,
            _paths(fact.inputs),
        )
        for world in worlds
        for run in world.countries.values()
        for rank, fact in enumerate(run.explanation.binding, start=1)
    ]
    return pd.DataFrame(rows, columns=list(LIMITS))


def conflicts_frame(worlds: Sequence[WorldRun]) -> pd.DataFrame:
    """One row per group of limits that exclude each other; `CONFLICTS` names the columns."""
    rows = [
        (
            run.country,
            world.policy,
            group.family,
            group.item,
            group.period,
            group.words,
            group.rows,
            _paths(group.inputs),
        )
        for world, run in _runs(worlds)
        for group in run.explanation.conflict_groups
    ]
    return pd.DataFrame(rows, columns=list(CONFLICTS))


def repairs_frame(worlds: Sequence[WorldRun]) -> pd.DataFrame:
    """One row per verified repair, the least change first; `REPAIRS` names the columns."""
    rows = [
        (
            run.country,
            world.policy,
            rank,
            option.kind,
            option.words,
            tuple(fix.patch for fix in option.patches),
            option.size,
            "" if option.outcome is None else option.outcome.words,
        )
        for world, run in _runs(worlds)
        for rank, option in enumerate(run.explanation.repairs or (), start=1)
    ]
    return pd.DataFrame(rows, columns=list(REPAIRS))


def summary_frame(worlds: Sequence[WorldRun]) -> pd.DataFrame:
    """One row per country and policy with its headline numbers at the horizon; nan where there is none."""
    rows = []
    for world in worlds:
        for run in world.countries.values():
            top = headline(run, world.leader_run)
            gap = math.nan if run.gap is None else run.gap
            known: tuple[Any, ...] = ("", *[math.nan] * 5)
            if top is not None:
                lag = math.nan if top.lag_months is None else top.lag_months[top.last]
                ratios = (_number(top.effective_ratio), _number(top.compute_ratio))
                known = (top.last, top.capability[top.last], lag, *ratios, top.spending_usd_bn)
            rows.append((run.country, world.policy, run.marked_status, gap, *known))
    return pd.DataFrame(rows, columns=list(SUMMARY))


def _runs(worlds: Sequence[WorldRun]) -> list[tuple[WorldRun, CountryRun]]:
    """Every run, a leader's that was not asked for included: it may be why others have no plan."""
    return [(world, run) for world in worlds for run in world.runs]


def _paths(inputs: Sequence[InputCell]) -> tuple[str, ...]:
    return tuple(each.path for each in inputs)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
