"""What a user's own rows and variables come to in a plan, kept with what explains it.

Of a `variable` its values over the reported periods, of a `row`, an `equality` or a `bound` what one unit of
room is worth: 0 where it does not bind, less than 0 where that is room below an equality. No periods: over
all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from optimizer.answer import metrics
from optimizer.answer.answer import OwnLine
from optimizer.answer.own import (
    BOUND,
    is_equality,
    is_extended,
    own_limits,
    own_prices,
    own_series,
    own_sides,
    own_variables,
)

if TYPE_CHECKING:
    from models.parameters import PlanParameters
    from optimizer.answer.run import CountryRun
    from optimizer.answer.shadow import ShadowPrices
    from optimizer.program import Program
    from optimizer.solver import Solution

PERCENT: Final = "% effective compute for good per unit"
OBJECTIVE: Final = "log unit years of the objective per unit"


def own_lines(run: CountryRun) -> tuple[OwnLine, ...]:
    """Every own variable, then every own row and every own bound that binds, by item; none where there is no
    plan or nothing of the user's own. `run` has its shadow prices."""
    if run.parameters is None or run.solution is None or not run.solution.has_plan:
        return ()
    if not is_extended(run.solution.program):
        return ()
    known = {(each.limit.name, each.item): each for each in run.prices or ()}
    return (*_variables(run.parameters, run.solution), *_limits(run.parameters, run.solution, known))


def _variables(parameters: PlanParameters, solution: Solution) -> Iterator[OwnLine]:
    sets = parameters.sets
    blocks = own_variables(solution.program)
    for name, item, unit, periods, values in own_series(solution, sets.periods):
        timed = len(periods) > 1
        yield OwnLine(
            kind="variable",
            name=_name(name, item),
            words=blocks[name].doc,
            unit=unit,
            periods=tuple(periods[: sets.reported]) if timed else (),
            values=tuple(values[: sets.reported]),
        )


def _limits(
    parameters: PlanParameters, solution: Solution, known: Mapping[tuple[str, str], ShadowPrices]
) -> Iterator[OwnLine]:
    if not len(solution.row_duals):
        return
    sets = parameters.sets
    percent = metrics.effective_compute_percent(np.ones(1), parameters)
    program = solution.program
    for limit in own_limits(solution, sets.periods):
        items, grid = own_prices(solution, limit, sets.periods)
        kind, sides = "bound", np.ones_like(grid)
        if not limit.name.endswith(BOUND):
            kind = "equality" if is_equality(program, program.rows[limit.name]) else "row"
            sides = own_sides(solution, limit.name, sets.periods)
        for item, side in zip(items, sides, strict=True):
            prices = known.get((limit.name, item))
            if prices is None and kind == "bound":
                continue
            worth = np.zeros(len(side)) if prices is None else side * prices.every
            if percent is not None:
                worth = worth * percent
            yield OwnLine(
                kind=kind,
                name=_name(limit.name, item),
                words=_doc(program, limit.name),
                unit=OBJECTIVE if percent is None else PERCENT,
                periods=sets.periods[: sets.reported] if limit.index == ("periods",) else (),
                values=tuple((worth[: sets.reported] + 0.0).tolist()),
            )


def _name(name: str, item: str) -> str:
    return f"{name}/{item}" if item else name


def _doc(program: Program, name: str) -> str:
    if name.endswith(BOUND):
        return program.variables[name.removesuffix(BOUND)].doc
    return program.rows[name].doc
