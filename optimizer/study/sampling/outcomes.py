"""Which numbers of a plan a study keeps: names checked and spread out, and columns of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from models.parameters import PlanSets
from optimizer.answer.strategy import items
from optimizer.errors import Diagnostic, InputError
from optimizer.instance.problem import nearest
from optimizer.instance.values import Array
from optimizer.study.batch.outcomes import BINDING, METRICS, OBJECTIVE, SPLIT
from optimizer.study.batch.rows import RowResult

OPEN_ENDS: Final = {"more than": math.inf, "less than": -math.inf}
"""What a text says of a number that lies beyond all that was looked at: it is ordered, not dropped."""
PLAIN: Final = (OBJECTIVE, BINDING)
"""Outcomes of a whole plan, without a period."""
# Items that are names of limits, known only once a plan is there.
UNLISTED: Final = "row"


def expanded(outcomes: Sequence[str], sets: PlanSets, reported: int) -> tuple[str, ...]:
    """Outcomes as strategy.csv names them, `metric/item/period`, each once; `*` stands for every item, or
    every one of the `reported` first periods. `objective` and `binding` stand alone.

    `split/CATEGORY` is of all reported periods. Raises `InputError` for a metric, item or period that no plan
    has, with the nearest name.
    """
    found: dict[str, None] = {}
    problems: list[Diagnostic] = []
    for outcome in outcomes:
        try:
            found |= dict.fromkeys(_expanded(outcome, sets, sets.periods[:reported]))
        except InputError as error:
            problems += error.diagnostics
    if problems:
        raise InputError(problems)
    return tuple(found)


def _expanded(outcome: str, sets: PlanSets, periods: Sequence[str]) -> list[str]:
    if outcome in PLAIN:
        return [outcome]
    metric, *rest = outcome.split("/")
    if metric == SPLIT:
        return [f"{SPLIT}/{category}" for category in _categories(outcome, "/".join(rest), sets)]
    spec = METRICS.get(metric)
    if spec is None:
        raise _unknown(outcome, f"there is no metric `{metric}`", metric, [*METRICS, *PLAIN, SPLIT])
    has_item = bool(spec.index)
    if len(rest) < 1 + has_item:
        form = "METRIC/ITEM/PERIOD" if has_item else "METRIC/PERIOD"
        example = f"{metric}/{'*/' if has_item else ''}{periods[-1]}"
        message = f"the outcome `{outcome}` is no {form}"
        raise InputError(Diagnostic("E710", message, path="outcomes", hint=f"write {example}"))
    item, period = "/".join(rest[:-1]), rest[-1]
    chosen = [period]
    if period == "*":
        chosen = list(periods)
    elif period not in periods:
        raise _unknown(outcome, f"no plan has the period `{period}`", period, periods)
    named = [item]
    if spec.index[:1] != (UNLISTED,):
        known = items(sets, spec)
        if item == "*":
            named = known
        elif item not in known:
            raise _unknown(
                outcome,
                f"`{metric}` has no item `{item}`" if item else f"`{metric}` lacks an item",
                item,
                known,
            )
    elif item == "*":
        message = f"the items of `{metric}` are the limits that bind, which no one knows beforehand"
        raise InputError(Diagnostic("E710", message, path="outcomes", hint="name one, or take `binding`"))
    return ["/".join(part for part in (metric, name, label) if part) for name in named for label in chosen]


def _categories(outcome: str, category: str, sets: PlanSets) -> Sequence[str]:
    """The categories of spending that an outcome means."""
    if category == "*":
        return sets.categories
    if category not in sets.categories:
        raise _unknown(outcome, f"`{SPLIT}` has no category `{category}`", category, sets.categories)
    return [category]


def _unknown(outcome: str, message: str, name: str, known: Sequence[str]) -> InputError:
    close = nearest(name, tuple(known))
    hint = f"did you mean `{close}`?" if close else f"known: {', '.join(known[:12])}"
    return InputError(Diagnostic("E710", f"{message} (in `{outcome}`)", path="outcomes", hint=hint))


def column(results: Iterable[RowResult], rows: int, country: str, outcome: str) -> Array:
    """One outcome of one country over all rows of a design, shape (rows,), nan where it is missing.

    It is missing where there is no plan, where the solve stopped before the gap, and where the row was
    certified without a solve: then only the objective is its own. Open ends are infinite. Raises
    `InputError` where it is no number, as `binding` is not.
    """
    found = np.full(rows, math.nan)
    for result in results:
        if result.country != country or result.status != "optimal":
            continue
        if outcome == OBJECTIVE:
            found[result.number] = math.nan if result.objective is None else result.objective
        elif result.how != "certified" and (value := result.outcomes.get(outcome)) is not None:
            found[result.number] = _number(value, outcome)
    return found


def _number(value: float | str, outcome: str) -> float:
    if isinstance(value, str):
        for words, end in OPEN_ENDS.items():
            if value.startswith(words):
                return end
        try:
            return float(value)
        except ValueError:
            message = f"`{outcome}` is no number: `{value[:40]}`"
            raise InputError(Diagnostic("E710", message, hint="choose another outcome")) from None
    return float(value)
