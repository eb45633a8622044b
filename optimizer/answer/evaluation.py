"""A given plan in the true model: its value, the limits that it breaks, and its distance from the optimum.

What the plan states beside its decisions is held against what follows from them (`disagreement`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.indices import BOUNDED
from models.limits import LIMITS
from models.parameters import Array, PlanParameters
from models.quantities import DERIVED, VARIABLES
from models.simulate import DECISIONS, objective, simulate, weight_of_time
from optimizer.answer import strategy
from optimizer.answer.disagreement import Disagreement, disagreements
from optimizer.answer.own import BOUND, VARIABLE_UNIT, is_extended, own_values
from optimizer.answer.plan import GivenPlan
from optimizer.answer.run import CountryRun, WorldRun

if TYPE_CHECKING:
    from optimizer.solver import Solution

# A row counts as broken beyond this share of its own size, which is what the certificate allows.
TOLERANCE: Final = 1e-7
# A cause stands before what follows from it: what cannot be bought cannot be paid, put to use or installed.
AS_PLANNED: Final = "as planned"
NOT_NEGATIVE: Final = "not negative"
NOT_MADE: Final = "made by nobody"
THEMES: Final = (
    "chips",
    "budget",
    "power",
    "wafers",
    "HBM",
    "tools",
    "programmes",
    "packaging",
    "dies",
    "talent",
    "policy",
)
# Average log units below which two plans are the same to any certificate that is asked for.
INDISTINGUISHABLE: Final = 1e-8
OTHER_ROW_UNITS: Final[Mapping[str, str]] = {
    "good_wafers": "thousand wafers",
    "fabrication_not_negative": "thousand chips",
    "segment_supply": "kH100e",
}


@dataclass(frozen=True)
class Broken:
    """A limit that the plan breaks: its row, by how much, in what unit, by what share of the row's own size
    (its largest term, at least 1), and in which period (empty: all)."""

    row: str
    excess: float
    unit: str
    of_size: float

    @property
    def period(self) -> str:
        return self.row.partition("[")[2].partition("]")[0].rpartition(",")[2]

    @property
    def rank(self) -> int:
        """How near to the cause of what is wrong, the nearest first."""
        name, _, rest = self.row.partition("[")
        if rest.endswith(NOT_MADE):
            return -1
        if name not in LIMITS or rest.endswith((AS_PLANNED, NOT_NEGATIVE)):
            return len(THEMES) + 1 + rest.endswith(AS_PLANNED)
        theme = LIMITS[name].theme
        return THEMES.index(theme) if theme in THEMES else len(THEMES)


@dataclass(frozen=True)
class Evaluation:
    """A plan's value beside the optimum.

    `objective` is the plan's; `optimum` the certified bounds of the best plan (None where there is none);
    `run` holds the values of the plan run forward, `disagreements` what the plan states against them. `loss`
    is what the plan gives away against the best plan found, in average log units. `accepted` are limits that
    it breaks by no more than `tolerance` of a row's size; `rounded_to` says what decisions look rounded to.
    """

    run: CountryRun
    objective: float
    optimum: tuple[float, float] | None
    broken: tuple[Broken, ...]
    disagreements: tuple[Disagreement, ...] = ()
    accepted: tuple[Broken, ...] = ()
    tolerance: float = TOLERANCE
    rounded_to: str = ""

    @property
    def status(self) -> str:
        """`broken`, `disagrees` or `kept`."""
        return "broken" if self.broken else "disagrees" if self.disagreements else "kept"

    @property
    def largest(self) -> Broken | None:
        """The row that is off by the largest share of its size, broken or accepted; None where all hold."""
        return max((*self.broken, *self.accepted), key=lambda each: each.of_size, default=None)

    @property
    def loss(self) -> float | None:
        if self.optimum is None or self.run.parameters is None:
            return None
        return (self.optimum[0] - self.objective) / weight_of_time(self.run.parameters)


def evaluate(
    optimum: CountryRun, plan: GivenPlan, leader_run: CountryRun | None, tolerance: float = TOLERANCE
) -> Evaluation:
    """Value a plan under the parameters of `optimum`, the same country's best plan, beside its leader's.
    Limits broken by `tolerance` of a row's size or less are accepted."""
    parameters, solution = optimum.parameters, optimum.solution
    if parameters is None or solution is None:
        raise ValueError("a plan cannot be valued without the program of its country")
    own = own_values(solution.program, plan.own, parameters.sets.periods)
    ceilings = _ceilings(parameters, plan) if is_extended(solution.program) else {}
    values = simulate(parameters, plan.decisions, ceilings=ceilings)
    best = solution.certificate if optimum.solved else None
    tail = parameters.sets.periods[parameters.sets.reported :]
    broken = [*_changed(parameters, plan.decisions, values), *_broken_rows(solution, values | own)]
    broken.sort(key=lambda each: (each.period in tail, each.rank))
    run = replace(optimum, values=values, solution=None, ranges={}, diagnostics=())
    value = objective(parameters, values)
    excess = {each.row: each.excess for each in broken}
    return Evaluation(
        run,
        value,
        None if best is None else (best.lower, best.upper),
        tuple(each for each in broken if each.of_size > tolerance),
        disagreements(plan.stated, run, leader_run, value, excess, tolerance),
        tuple(each for each in broken if each.of_size <= tolerance),
        tolerance,
        plan.rounded_to,
    )


def _ceilings(parameters: PlanParameters, plan: GivenPlan) -> dict[str, Array]:
    """What the plan states of the indices that rows of the user's own may hold down."""
    periods = parameters.sets.periods
    found: dict[str, Array] = {}
    for name in BOUNDED:
        names = strategy.items(parameters.sets, VARIABLES[name])
        grid = np.full((len(names), len(periods)), np.inf)
        for row in plan.stated:
            if row.metric == name:
                grid[names.index(row.item), periods.index(row.period)] = row.value
        found[name] = grid.reshape(*parameters.sets.shape(VARIABLES[name].index), len(periods))
    return found


def _changed(
    parameters: PlanParameters, decisions: Mapping[str, Array], values: Mapping[str, Array]
) -> Iterator[Broken]:
    """Decisions that cannot be carried out as they are: more than there is to retire, use or release."""
    for name in DECISIONS:
        spec = VARIABLES[name]
        asked = decisions[name].reshape(-1, len(parameters.sets.periods))
        done = values[name].reshape(asked.shape)
        size = np.maximum(np.abs(asked), np.abs(done))
        off = np.abs(asked - done)
        # A use of less than a thousandth of a chip is rounding of the table, not a plan.
        floor = 1e-6 if spec.unit == "thousand chips" else 1e-9
        for i, t in zip(*np.nonzero(off > np.maximum(TOLERANCE * size, floor)), strict=True):
            item = strategy.items(parameters.sets, spec)[i]
            label = ",".join(part for part in (*item.split("/"), parameters.sets.periods[t]) if part)
            yield Broken(
                f"{name}[{label}] {AS_PLANNED}",
                float(off[i, t]),
                spec.unit,
                float(off[i, t] / max(1.0, size[i, t])),
            )


def _broken_rows(solution: Solution, values: Mapping[str, Array]) -> Iterator[Broken]:
    """Rows and bounds of the program that do not hold at `values`, by the certificate's own measure."""
    program = solution.program
    numbers = program.at(solution.parameters)
    point = np.full(program.user_columns, np.nan)
    for name, block in program.variables.items():
        if name in values:
            point[block.slice] = values[name].ravel()
    size = TOLERANCE * np.maximum(1.0, np.abs(point))
    low, high = numbers.column_lower - point, point - numbers.column_upper
    for column in np.flatnonzero(np.fmax(low, high) > size):
        name = program.column_name(int(column))
        spec = VARIABLES.get(name.partition("[")[0])
        why = NOT_MADE if numbers.column_upper[column] == 0 else NOT_NEGATIVE
        label = f"{name} {why}" if spec is not None else f"{name}{BOUND}"
        excess_here = float(max(low[column], high[column]))
        unit = VARIABLE_UNIT if spec is None else spec.unit
        yield Broken(label, excess_here, unit, TOLERANCE * excess_here / float(size[column]))
    with np.errstate(invalid="ignore"):
        body, largest = numbers.body(point)
        excess = np.fmax(numbers.lower - body, body - numbers.upper)
    for row in np.flatnonzero(excess > TOLERANCE * np.fmax(1.0, largest)):
        label = program.row_name(int(row))
        share = float(excess[row] / np.fmax(1.0, largest[row]))
        yield Broken(label, float(excess[row]), _unit(label.partition("[")[0]), share)


def _unit(row: str) -> str:
    return LIMITS[row].unit if row in LIMITS else OTHER_ROW_UNITS.get(row, "unit of the row")


def evaluation_csv(evaluation: Evaluation, world: WorldRun) -> str:
    """The plan run forward as a tidy table, like a strategy, with its value, loss and broken limits."""
    run = evaluation.run
    first = "" if run.parameters is None else run.parameters.sets.periods[0]
    found = [(first, "plan_value", "", DERIVED["plan_value"].unit, evaluation.objective)]
    if evaluation.loss is not None:
        found.append((first, "plan_loss", "", DERIVED["plan_loss"].unit, evaluation.loss))
    found += [
        (
            each.period if each.period in _periods(run) else first,
            "limit_broken",
            each.row,
            each.unit,
            each.excess,
        )
        for each in evaluation.broken
    ]
    found += [
        (each.stated.period, "row_disagrees", each.name, each.stated.unit, each.difference)
        for each in evaluation.disagreements
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((run.country, world.policy, *row[:-1], repr(row[-1])) for row in found)
    return strategy.csv_text(replace(world, countries={run.country: run})) + text.getvalue()


def _periods(run: CountryRun) -> tuple[str, ...]:
    return () if run.parameters is None else run.parameters.sets.periods
