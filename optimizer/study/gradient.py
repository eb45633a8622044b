"""What every input of a plan is worth at the margin: all derivatives of the objective from one solve.

By the envelope theorem the derivative of the best objective by a parameter is that of the Lagrangian at the
optimum; the derivative of the parameters by an input follows from resolving it a little moved. The leader's
path is held: what an input does through the leader's answer is no part of it. Derivatives are one-sided where
the optimum has a kink.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.parameters import Array, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.metrics import lag_of_plan
from optimizer.answer.run import CountryRun
from optimizer.errors import Diagnostic, InputError, SolverError
from optimizer.instance import Instance, patch, resolve_again
from optimizer.instance.cells import cell_map
from optimizer.instance.instance import quantities
from optimizer.instance.values import Quantity
from optimizer.instance.yaml_reader import dotted
from optimizer.study.country import solve_country
from optimizer.study.plan_solver import PlanSolver

if TYPE_CHECKING:
    import pandas as pd

# an input is moved by this share of itself, or of its range where it is 0
STEP: Final = 1e-4
# and by this share of its range where a plan is solved again
SOLVED_STEP: Final = 0.1
# inputs that say what counts, and how much
VALUING: Final = ("objectives.", "economy.discount_rate_per_year")
COLUMNS: Final = (
    "input",
    "value",
    "low",
    "high",
    "status",
    "per_unit",
    "per_percent",
    "at_low",
    "at_high",
    "swing",
    "values_plans",
    "source",
)


@dataclass(frozen=True)
class Slope:
    """The derivative of a country's objective by one input, in average log units.

    `value` is the input's first number where it is a series, which moves as a whole; `per_unit` the
    derivative by it, `per_percent` that by 1% of it. `at_low` and `at_high` are what the slope makes of the
    ends of the input's own range, None where it has none. `swing` is the larger of both without its sign:
    what ranks.
    """

    path: str
    value: float
    low: float | None
    high: float | None
    status: str
    per_unit: float
    source: tuple[str, ...] = ()

    @property
    def values_plans(self) -> bool:
        """Whether the input says what a plan is worth, not what the world is like: the objective is another
        one where it moves, so that neither end of its range is better."""
        return self.path.startswith(VALUING)

    @property
    def per_percent(self) -> float:
        return self.per_unit * self.value / 100.0

    @property
    def at_low(self) -> float | None:
        return None if self.low is None else self.per_unit * (self.low - self.value)

    @property
    def at_high(self) -> float | None:
        return None if self.high is None else self.per_unit * (self.high - self.value)

    @property
    def swing(self) -> float | None:
        ends = [abs(end) for end in (self.at_low, self.at_high) if end is not None and math.isfinite(end)]
        return max(ends) if ends else None


@dataclass(frozen=True)
class Gradient:
    """All slopes of a country's objective, the largest swing first, then those without a range by what a
    percent is worth. `left_out` says of inputs that feed the plan why they have none. `gap` is that of the
    plan, average log units."""

    country: str
    slopes: tuple[Slope, ...]
    left_out: dict[str, str]
    gap: float

    def frame(self) -> pd.DataFrame:
        """One row per input: `COLUMNS`; effects in average log units, what is not known missing."""
        import pandas as pd

        cells = [
            (
                one.path,
                one.value,
                one.low,
                one.high,
                one.status,
                one.per_unit,
                one.per_percent,
                one.at_low,
                one.at_high,
                one.swing,
                one.values_plans,
                " ".join(one.source),
            )
            for one in self.slopes
        ]
        return pd.DataFrame(cells, columns=list(COLUMNS)).astype(
            dict.fromkeys(("low", "high", "at_low", "at_high", "swing"), "float64")
        )


def gradient(
    plan_solver: PlanSolver,
    run: CountryRun,
    instance: Instance,
    objective: str | None = None,
    only: Collection[str] | None = None,
) -> Gradient:
    """The slopes of the objective by every input that feeds the country's plan (of them `only` those at these
    paths), its leader's path held.

    Raises `SolverError` (S103) where the country has no plan, or one with integers, which has no derivative.
    """
    if run.solution is None or run.parameters is None or run.values is None:
        raise SolverError(Diagnostic("S103", f"{run.country} has no plan, so nothing has a derivative"))
    program = plan_solver.program
    by_parameter = plan_solver.solver.sensitivity(run.solution) / weight_of_time(run.parameters)
    here = program.parameter_vector(run.parameters.values)
    slopes: list[Slope] = []
    left_out: dict[str, str] = {}
    for path, quantity in feeding(instance, run.country, objective):
        if only is not None and path not in only:
            continue
        step = _step(quantity)
        if step is None:
            left_out[path] = "it is infinite, or 0 without a range"
            continue
        found = _moved(run, instance, path, quantity, step, objective)
        if found is None:
            left_out[path] = "it cannot be moved alone: the instance would be invalid"
            continue
        parameters, moved = found
        there = program.parameter_vector(parameters.values)
        changed = np.flatnonzero(there != here)
        change = float(by_parameter[changed] @ (there[changed] - here[changed]))
        if not math.isfinite(change):
            left_out[path] = "it feeds what has no finite derivative here"
            continue
        slopes.append(
            Slope(
                path,
                quantity.first_number,
                quantity.low,
                quantity.high,
                quantity.status,
                change / moved + 0.0,
                quantity.source,
            )
        )
    slopes.sort(key=lambda one: (one.swing is None, -(one.swing or 0.0), -abs(one.per_percent), one.path))
    return Gradient(run.country, tuple(slopes), left_out, float(run.solution.certificate.gap))


def feeding(instance: Instance, country: str, objective: str | None) -> Iterator[tuple[str, Quantity]]:
    """Every number of the instance that feeds the country's plan without changing what it is made of."""
    cells = cell_map(instance, country, objective)
    for where, quantity in quantities(instance, ()):
        path = dotted(where)
        if cells.feeds(path) and not cells.shapes(path):
            yield path, quantity


def _step(quantity: Quantity) -> float | None:
    """By how much to move an input: a share of it, or of its range where it is 0."""
    first, low, high = quantity.first_number, quantity.low, quantity.high
    if not math.isfinite(first):
        return None
    if first != 0:
        return STEP * abs(first)
    width = high - low if low is not None and high is not None else 0.0
    return STEP * width if 0 < width < math.inf else None


def _moved(
    run: CountryRun, instance: Instance, path: str, quantity: Quantity, step: float, objective: str | None
) -> tuple[PlanParameters, float] | None:
    """The parameters with the input moved up, or where that is not allowed down, and by how much."""
    assert run.parameters is not None
    first = quantity.first_number
    for signed in (step, -step):
        text = f"{path} *= {1 + signed / first!r}" if first != 0 else f"{path} += {signed!r}"
        try:
            changed = patch(instance, [text], stack=True)
            return resolve_again(run.parameters, changed, [path], run.leader, objective, True), signed
        except InputError:
            continue
    return None


@dataclass(frozen=True)
class SolvedSlope:
    """What moving an input by `step` of its first number does as solved: a one-sided difference, leader held.

    `objective` in average log units, `capability` in log units and `lag_months` in months, each in the period
    asked for, per `step`; `within` is what the two gaps leave open of the objective.
    """

    path: str
    step: float
    objective: float
    capability: float
    lag_months: float | None
    within: float


def solved_slopes(
    plan_solver: PlanSolver,
    run: CountryRun,
    instance: Instance,
    slopes: Sequence[Slope],
    period: str,
    gap: float,
    objective: str | None = None,
) -> list[SolvedSlope]:
    """The plan solved anew, warm, with each input moved by a tenth of its range (of itself where it has none)
    towards the end where the objective rises. Inputs for which there is no such plan are left out.

    Raises `SolverError` where the country has no plan, `ValueError` for a period that is not reported.
    """
    if run.solution is None or run.parameters is None or run.values is None or run.leader is None:
        raise SolverError(Diagnostic("S103", f"{run.country} has no plan"))
    before, values, weight = run.solution, run.values["capability"], weight_of_time(run.parameters)
    place = run.parameters.sets.periods.index(period)
    lag = None if run.country == run.leader.country else _lag(run, place)
    found = []
    for slope in slopes:
        low, high = slope.low, slope.high
        width = high - low if low is not None and high is not None else abs(slope.value)
        width = width if math.isfinite(width) else abs(slope.value)
        step = math.copysign(SOLVED_STEP * width, slope.per_unit)
        moved = _moved_by(run, instance, slope, step, objective)
        if moved is None:
            continue
        other = solve_country(plan_solver, moved, gap, None, before.start)
        if other.values is None or other.solution is None:
            continue
        found.append(
            SolvedSlope(
                slope.path,
                step,
                (other.solution.objective - before.objective) / weight,
                float(other.values["capability"][place] - values[place]),
                None if lag is None else _lag(replace(other, leader=run.leader), place) - lag,
                float(other.solution.certificate.gap + before.certificate.gap),
            )
        )
    return found


def _moved_by(
    run: CountryRun, instance: Instance, slope: Slope, step: float, objective: str | None
) -> PlanParameters | None:
    assert run.parameters is not None
    first = slope.value
    text = f"{slope.path} *= {1 + step / first!r}" if first != 0 else f"{slope.path} += {step!r}"
    try:
        changed = patch(instance, [text], stack=True)
        return resolve_again(run.parameters, changed, [slope.path], run.leader, objective, True)
    except InputError:
        return None


def _lag(run: CountryRun, place: int) -> float:
    assert run.parameters is not None
    assert run.values is not None
    assert run.leader is not None
    behind: Array = lag_of_plan(run.parameters, run.values["capability"], run.leader).months
    return float(behind[place])
