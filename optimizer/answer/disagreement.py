"""What a given plan states beside its decisions, held against what follows from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.quantities import DERIVED, VARIABLES
from optimizer.answer.plan import Stated
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import SHADOW_UNITS, derived, items

# A saved strategy holds every digit, so that this forgives one whose numbers were rounded to seven of them.
RELATIVE: Final = 1e-6
# Below this, in the unit of the number, is what a solver's tolerance leaves of nothing.
NOTHING: Final = 1e-7
# Not of the plan itself but of the best plan there is, of the leader's, or of an earlier evaluation.
OF_ANOTHER_PLAN: Final = frozenset({*SHADOW_UNITS, "plan_loss", "leader_gap", "row_disagrees"})


@dataclass(frozen=True)
class Disagreement:
    """A row of a plan that its decisions contradict: what it states and what follows."""

    stated: Stated
    follows: float

    @property
    def name(self) -> str:
        """Metric and item as `metric/item`."""
        return "/".join(part for part in (self.stated.metric, self.stated.item) if part)

    @property
    def difference(self) -> float:
        return self.stated.value - self.follows


def disagreements(
    stated: Iterable[Stated],
    run: CountryRun,
    leader_run: CountryRun | None,
    objective: float,
    broken: Mapping[str, float],
    tolerance: float = RELATIVE,
) -> tuple[Disagreement, ...]:
    """The rows that disagree with the plan run forward, in the order of the file.

    `run` holds the values of the plan run forward, `objective` is its value and `broken` says by how much it
    breaks limits, by row. Shadow prices are those of the best plan and are not compared. With a `tolerance`
    beyond the usual one numbers agree that differ by no more than this part of the largest of their unit, a
    year.
    """
    if run.parameters is None or run.values is None:
        return ()
    sets = run.parameters.sets
    grids = {**run.values, **derived(run, leader_run)}
    places = {
        metric: {item: place for place, item in enumerate(items(sets, spec))}
        for metric, spec in {**VARIABLES, **DERIVED}.items()
        if metric in grids
    }

    def follows(row: Stated) -> float:
        if row.metric == "plan_value":
            return objective
        if row.metric == "limit_broken":
            return broken.get(row.item, 0.0)
        grid = np.asarray(grids[row.metric], dtype=np.float64).reshape(len(places[row.metric]), -1)
        return float(grid[places[row.metric][row.item], sets.periods.index(row.period)])

    found = [Disagreement(row, follows(row)) for row in stated if row.metric not in OF_ANOTHER_PLAN]
    room: dict[str, float] = {}
    if tolerance > RELATIVE:
        # what is left of large numbers is off by a part of those, and a stock adds up its years
        for each in found:
            if math.isfinite(each.follows):
                unit = each.stated.unit
                off = tolerance * len(sets.periods) * abs(each.follows)
                room[unit] = max(off, room.get(unit, 0.0))
    return tuple(
        each
        for each in found
        if not _agree(each.stated.value, each.follows, room.get(each.stated.unit, NOTHING))
    )


def _agree(one: float, two: float, room: float) -> bool:
    if math.isinf(one) or math.isinf(two):
        return one == two
    return abs(one - two) <= max(RELATIVE * max(abs(one), abs(two)), room)
