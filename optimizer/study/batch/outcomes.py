"""The numbers that a study keeps of every plan.

They are named `metric/period` or `metric/item/period` as in `strategy.csv`; `split/CATEGORY` is a category's
share over all reported periods, `binding` the rows that bind.

They are read from the plan itself: of a thousand plans nobody wants the whole table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array, PlanSets
from models.quantities import DERIVED, VARIABLES, MetricSpec
from optimizer.answer.explanation import every_fact
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import derived, items
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.problem import nearest

BINDING: Final = "binding"
SPLIT: Final = "split"
# What a solve tells anyway, or what belongs to other commands.
NOT_OF_A_PLAN: Final = frozenset({"plan_value", "plan_loss", "limit_broken", "row_disagrees", "leader_gap"})
METRICS: Final[Mapping[str, MetricSpec]] = {
    name: spec
    for name, spec in {**VARIABLES, **DERIVED}.items()
    if name not in NOT_OF_A_PLAN and not name.startswith("shadow_price")
}


@dataclass(frozen=True)
class Outcome:
    """One number of a plan: entry `place` of all entries of `metric`, or a category's share of all spending;
    `binding` is a text. `unit` is that of the number."""

    name: str
    metric: str
    place: int
    unit: str


def outcomes_of(names: Iterable[str], sets: PlanSets) -> tuple[Outcome, ...]:
    """The outcomes of these names, each once. Raises `InputError` (E321) with all that are no outcome of
    plans over these sets, and the nearest that are."""
    found: list[Outcome] = []
    problems: list[Diagnostic] = []
    for name in dict.fromkeys(names):
        try:
            found.append(_outcome(name, sets))
        except LookupError as error:
            problems.append(
                Diagnostic("E710", f"there is no outcome `{name}`: {error.args[0]}", hint=error.args[1])
            )
    if problems:
        raise InputError(problems)
    return tuple(found)


def _outcome(name: str, sets: PlanSets) -> Outcome:
    metric, *rest = name.split("/")
    if metric == BINDING:
        _require(name, (BINDING,), "name")
        return Outcome(name, BINDING, 0, "")
    if metric == SPLIT:
        category = "/".join(rest)
        _require(category, sets.categories, "category")
        return Outcome(name, SPLIT, sets.categories.index(category), "1")
    _require(metric, tuple(METRICS), "metric")
    spec = METRICS[metric]
    known = items(sets, spec)
    period = rest[-1] if rest else ""
    item = "/".join(rest[:-1])
    _require(item, tuple(known), f"item of `{metric}`")
    _require(period, sets.periods[: sets.reported], "period")
    place = known.index(item) * len(sets.periods) + sets.periods.index(period)
    return Outcome(name, metric, place, spec.unit)


def _require(name: str, known: Sequence[str], kind: str) -> None:
    """Raises `LookupError` with what is wrong and what to write instead."""
    if name in known:
        return
    close = nearest(name, tuple(known))
    given = f"`{name}` is no {kind}" if name else f"it names no {kind}"
    shown = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
    if known == [""] or known == ("",):
        raise LookupError(f"`{name}` is too much: the metric has no items", "write METRIC/PERIOD")
    raise LookupError(given, f"did you mean `{close}`?" if close else f"known: {shown}")


class Reader:
    """Reads outcomes from plans of one instance's sets."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = tuple(outcomes)
        self._derived = any(outcome.metric in DERIVED for outcome in outcomes)

    def read(
        self, run: CountryRun, leader_run: CountryRun | None, instance: Instance
    ) -> dict[str, float | str]:
        """Every outcome of a plan by name; none where there is no plan, nor those against the leader where
        that has none."""
        if run.values is None or run.parameters is None:
            return {}
        arrays: dict[str, Array] = dict(run.values)
        if self._derived:
            arrays |= derived(run, leader_run)
        special: Mapping[str, Callable[[Outcome], float | str]] = {
            BINDING: lambda outcome: " ".join(fact.row for fact in every_fact(run, instance)),
            SPLIT: lambda outcome: _split(run, outcome.place),
        }
        found: dict[str, float | str] = {}
        for outcome in self.outcomes:
            if outcome.metric in special:
                found[outcome.name] = special[outcome.metric](outcome)
            elif outcome.metric in arrays:
                # adding 0 turns the -0.0 that a solver may leave into 0.0
                found[outcome.name] = float(arrays[outcome.metric].ravel()[outcome.place]) + 0.0
        return found


def _split(run: CountryRun, category: int) -> float:
    """A category's share of the cost of use over all reported periods, 0 where nothing is spent."""
    assert run.parameters is not None
    assert run.values is not None
    spent = run.values["spend"][:, : run.parameters.sets.reported].sum(axis=1)
    total = float(np.sum(spent))
    return float(spent[category]) / total if total > 0 else 0.0
