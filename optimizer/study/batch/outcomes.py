"""The numbers that a study keeps of every plan.

They are named `metric/period` or `metric/item/period` as in `strategy.csv`; `split/CATEGORY` is a category's
share over all reported periods, `binding` the rows that bind, and `objective` a number of every result. They
are read from the plan itself: of a thousand plans nobody wants the whole table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array, PlanSets
from models.quantities import DERIVED, VARIABLES, MetricSpec
from optimizer.answer.explanation import facts
from optimizer.answer.run import CountryRun
from optimizer.answer.shadow import shadow_prices
from optimizer.answer.strategy import SHADOW_UNITS, derived, items
from optimizer.instance import Instance

BINDING: Final = "binding"
OBJECTIVE: Final = "objective"
SPLIT: Final = "split"
# What belongs to other commands.
NOT_OF_A_PLAN: Final = frozenset({"plan_value", "plan_loss", "limit_broken", "row_disagrees", "leader_gap"})
METRICS: Final[Mapping[str, MetricSpec]] = {
    name: spec for name, spec in {**VARIABLES, **DERIVED}.items() if name not in NOT_OF_A_PLAN
}


@dataclass(frozen=True)
class _Outcome:
    """One number: entry `place` of a metric's array, or a category; of a shadow price its row and period."""

    name: str
    metric: str
    place: int = 0
    item: str = ""
    period: str = ""


class Reader:
    """Reads the outcomes of these names from plans over some sets. `lacking` are those that such plans do not
    have, as of a year beyond their horizon."""

    def __init__(self, names: Iterable[str], sets: PlanSets) -> None:
        wanted = [name for name in dict.fromkeys(names) if name != OBJECTIVE]
        found = [_outcome(name, sets) for name in wanted]
        self._outcomes = tuple(outcome for outcome in found if outcome is not None)
        self.lacking = tuple(name for name, outcome in zip(wanted, found, strict=True) if outcome is None)
        self._derived = any(outcome.metric in DERIVED for outcome in self._outcomes)
        self._priced = any(outcome.metric in SHADOW_UNITS for outcome in self._outcomes)

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
        prices = _prices(run) if self._priced else {}
        found: dict[str, float | str] = {}
        for outcome in self._outcomes:
            if outcome.metric == BINDING:
                found[outcome.name] = " ".join(fact.row for fact in facts(run, instance, None))
            elif outcome.metric == SPLIT:
                found[outcome.name] = _split(run, outcome.place)
            elif outcome.metric in SHADOW_UNITS:
                # a limit that does not bind is worth nothing more
                found[outcome.name] = prices.get((outcome.metric, outcome.item, outcome.period), 0.0)
            elif outcome.metric in arrays:
                # adding 0 turns the -0.0 that a solver may leave into 0.0
                found[outcome.name] = float(arrays[outcome.metric].ravel()[outcome.place]) + 0.0
        return found


def _outcome(name: str, sets: PlanSets) -> _Outcome | None:
    metric, *rest = name.split("/")
    item, period = "/".join(rest[:-1]), rest[-1] if rest else ""
    if name == BINDING:
        return _Outcome(name, BINDING)
    if metric == SPLIT and "/".join(rest) in sets.categories:
        return _Outcome(name, SPLIT, sets.categories.index("/".join(rest)))
    if metric in SHADOW_UNITS:
        return _Outcome(name, metric, 0, item, period)
    if metric in METRICS and period in sets.periods[: sets.reported]:
        known = items(sets, METRICS[metric])
        if item in known:
            return _Outcome(name, metric, known.index(item) * len(sets.periods) + sets.periods.index(period))
    return None


def _prices(run: CountryRun) -> dict[tuple[str, str, str], float]:
    """The shadow prices of every limit that binds, by metric, row and period."""
    assert run.parameters is not None
    assert run.solution is not None
    found: dict[tuple[str, str, str], float] = {}
    for one in shadow_prices(run.parameters, run.solution):
        row = "/".join(part for part in (one.limit.name, one.item) if part)
        worth = one.compute_percent
        columns: Sequence[Sequence[float] | Array] = (
            one.price,
            [] if worth is None else worth,
            one.usd_bn,
        )
        for metric, column in zip(SHADOW_UNITS, columns, strict=True):
            for period, value in zip(one.periods, column, strict=False):
                if np.isfinite(value):
                    found[metric, row, period] = float(value)
    return found


def _split(run: CountryRun, category: int) -> float:
    """A category's share of the cost of use over all reported periods, 0 where nothing is spent."""
    assert run.parameters is not None
    assert run.values is not None
    spent = run.values["spend"][:, : run.parameters.sets.reported].sum(axis=1)
    total = float(np.sum(spent))
    return float(spent[category]) / total if total > 0 else 0.0
