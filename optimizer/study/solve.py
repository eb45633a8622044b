"""One scenario of a world: the leader's plan first, then every country that follows it.

All countries share one Pyomo model and one compiled program; only the parameter vector differs. The
solution of the relaxation is run forward by `models.simulate`, so that what is reported obeys the true
functions, and the engine certifies that point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.national import build, nominal_sizes
from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import DECISIONS, simulate, weight_of_time
from optimizer.errors import Diagnostic, InputError, KloofError
from optimizer.instance import Instance, resolve
from optimizer.program import Program, compile_model
from optimizer.result import metrics
from optimizer.result.run import FAILED, OPTIMAL, STOPPED, CountryRun, WorldRun
from optimizer.solver import Solution, Solver

Extension = Callable[[Any], None]
Progress = Callable[[str], None]
DEFAULT_GAP = 1e-6


@dataclass
class PlanSolver:
    """A compiled national plan: solves any parameters of its structure. `extend` adds rows of the user's."""

    program: Program
    solver: Solver

    @classmethod
    def compile(cls, parameters: PlanParameters, extend: Extension | None = None) -> PlanSolver:
        """Build and compile the plan of `parameters`; the numbers may be changed in every solve."""
        model = build(parameters)
        if extend is not None:
            extend(model)
        program = compile_model(model, tie_breaker="least_spending")
        return cls(program, Solver(program))

    def solve(
        self,
        parameters: PlanParameters,
        *,
        gap: float = DEFAULT_GAP,
        time_limit: float | None = None,
    ) -> Solution:
        """The certified plan; `gap` is in average log units."""
        return self.solver.solve(
            self.program.parameter_vector(parameters.values),
            gap=gap,
            gap_scale=weight_of_time(parameters),
            restore=lambda point: self.restored(parameters, point),
            nominal=self.nominal(parameters),
            time_limit=time_limit,
        )

    def nominal(self, parameters: PlanParameters) -> Array:
        """The size of every column in an ordinary plan of the country."""
        sizes = self.program.at().nominal.copy()
        for name, size in nominal_sizes(parameters).items():
            sizes[self.program.variables[name].slice] = size.ravel()
        return sizes

    def decisions(self, point: Array) -> dict[str, Array]:
        """The decisions in a point of the program, shaped by their index sets; rounding below 0 removed."""
        blocks = self.program.variables
        return {
            name: np.maximum(point[blocks[name].slice], 0).reshape(blocks[name].shape) for name in DECISIONS
        }

    def restored(self, parameters: PlanParameters, point: Array) -> Array:
        """The point whose decisions are `point`'s and whose other variables obey the true functions."""
        values = simulate(parameters, self.decisions(point), settle=True)
        restored = point.copy()
        for name, block in self.program.variables.items():
            if name in values:
                restored[block.slice] = values[name].ravel()
        return restored

    def direction(self, weights: Mapping[str, Array]) -> Array:
        """A linear functional over the program's columns from arrays by variable name."""
        coefficients = np.zeros(self.program.columns)
        for name, array in weights.items():
            coefficients[self.program.variables[name].slice] += array.ravel()
        return coefficients


def solve_world(
    instance: Instance,
    countries: Sequence[str] | None = None,
    *,
    objective: str | None = None,
    gap: float = DEFAULT_GAP,
    time_limit: float | None = None,
    extend: Extension | None = None,
    policy: str = "",
    progress: Progress | None = None,
) -> WorldRun:
    """The optimal strategy of each of `countries` (all of the instance if None).

    The leader is solved first, under the same patches, and its path feeds the others. A country that fails
    does not stop the rest. `time_limit` is seconds per country. Raises `InputError` for an unknown country
    and where the leader has no plan for the others to follow.
    """
    asked = list(instance.countries) if countries is None else list(dict.fromkeys(countries))
    leader = instance.leader
    parameters = resolve(instance, leader, None, objective)
    plan_solver = PlanSolver.compile(parameters, extend)
    tell = progress or (lambda text: None)
    tell(leader)
    leader_run = _run(plan_solver, parameters, gap, time_limit)
    path: LeaderPath | None = None
    if leader_run.values is not None:
        path = leader_path(instance, parameters, leader_run.values)
        leader_run = _with_ranges(plan_solver, leader_run, path)
    runs: dict[str, CountryRun] = {}
    for country in asked:
        if country == leader:
            runs[country] = leader_run
            continue
        if path is None:
            message = f"the leader {leader} has no plan that {country} could follow"
            runs[country] = CountryRun(country, FAILED, diagnostics=(Diagnostic("S104", message),))
            continue
        tell(country)
        runs[country] = _follower(plan_solver, instance, country, path, objective, gap, time_limit)
    return WorldRun(instance, policy, instance.applied, leader, runs, leader_run=leader_run)


def leader_path(instance: Instance, parameters: PlanParameters, values: Mapping[str, Array]) -> LeaderPath:
    """What others see of the leader's plan."""
    knowledge = np.concatenate([[parameters.scalar("knowledge0")], values["knowledge"]])
    growth = instance.research.capability_growth_per_year.number()
    path = LeaderPath(
        country=parameters.country,
        capability=values["capability"],
        efficiency=values["efficiency"],
        knowledge=knowledge,
        imports=values["imports"],
        base_capability=0.0,
        growth_before_base=growth,
    )
    return LeaderPath(**{**vars(path), "base_capability": metrics.base_capability(parameters, path)})


def _follower(
    plan_solver: PlanSolver,
    instance: Instance,
    country: str,
    path: LeaderPath,
    objective: str | None,
    gap: float,
    time_limit: float | None,
) -> CountryRun:
    try:
        parameters = resolve(instance, country, path, objective)
    except InputError as error:
        return CountryRun(country, FAILED, leader=path, diagnostics=error.diagnostics)
    run = _run(plan_solver, parameters, gap, time_limit)
    return _with_ranges(plan_solver, run, path) if run.values is not None else run


def _run(
    plan_solver: PlanSolver, parameters: PlanParameters, gap: float, time_limit: float | None
) -> CountryRun:
    """Solve one country and run its plan forward."""
    country = parameters.country
    try:
        solution = plan_solver.solve(parameters, gap=gap, time_limit=time_limit)
    except KloofError as error:
        return CountryRun(country, FAILED, parameters, diagnostics=error.diagnostics)
    if solution.status not in (OPTIMAL, STOPPED) or not solution.has_plan:
        return CountryRun(country, solution.status, parameters, solution=solution)
    values = simulate(parameters, plan_solver.decisions(solution.x))
    return CountryRun(country, solution.status, parameters, values, solution)


def _with_ranges(plan_solver: PlanSolver, run: CountryRun, path: LeaderPath) -> CountryRun:
    """The run with its leader, the ranges of its headline numbers, and what a reader should be warned of."""
    assert run.parameters is not None
    assert run.values is not None
    assert run.solution is not None
    ranges = headline_ranges(plan_solver, run.parameters, run.values, run.solution, path)
    return CountryRun(
        country=run.country,
        status=run.status,
        parameters=run.parameters,
        values=run.values,
        solution=run.solution,
        leader=path,
        ranges=ranges,
        diagnostics=run.diagnostics + passes_leader(run, path),
    )


def headline_periods(reported: int) -> tuple[int, int]:
    """Positions of mid-horizon and of the last reported period."""
    return (reported - 1) // 2, reported - 1


def headline_ranges(
    plan_solver: PlanSolver,
    parameters: PlanParameters,
    values: Mapping[str, Array],
    solution: Solution,
    path: LeaderPath,
) -> dict[str, tuple[float, float]]:
    """Least and greatest value of the headline numbers over all plans within the certified gap.

    Keys: `capability/PERIOD`, `lag_months/PERIOD` and `spend_share/CATEGORY/PERIOD` at mid-horizon and the
    last reported period. A share's range is that of spending less its share of the total, over the total.
    """
    sets = parameters.sets
    ranges: dict[str, tuple[float, float]] = {}
    for t in headline_periods(sets.reported):
        period = sets.periods[t]
        unit = np.zeros(len(sets.periods))
        unit[t] = 1.0
        low, high = plan_solver.solver.range(solution, plan_solver.direction({"capability": unit}))
        ranges[f"capability/{period}"] = (low, high)
        if parameters.country != path.country:
            bounds = np.repeat(values["capability"][None, :], 2, axis=0)
            bounds[0, t], bounds[1, t] = low, high
            behind = [metrics.lag_of_plan(parameters, bound, path).months[t] for bound in bounds]
            ranges[f"lag_months/{period}"] = (float(min(behind)), float(max(behind)))
        total = float(values["total"][t])
        if total <= 0:
            continue
        for c, category in enumerate(sets.categories):
            share = float(values["spend"][c, t]) / total
            spend = np.zeros((len(sets.categories), len(sets.periods)))
            spend[c, t] = 1 / total
            weights = {"spend": spend, "total": -share / total * unit}
            low, high = plan_solver.solver.range(solution, plan_solver.direction(weights))
            ranges[f"spend_share/{category}/{period}"] = (share + low, share + high)
    return ranges


def passes_leader(run: CountryRun, path: LeaderPath) -> tuple[Diagnostic, ...]:
    """A warning where a follower's knowledge or own level passes the leader's: the help it gets is void."""
    if run.country == path.country or run.values is None or run.parameters is None:
        return ()
    sets = run.parameters.sets
    ahead = (run.values["knowledge"] > path.knowledge[1:]) | (run.values["own"] > path.capability)
    first = np.flatnonzero(ahead[: sets.reported])
    if first.size == 0:
        return ()
    period = sets.periods[int(first[0])]
    message = f"{run.country} passes the leader {path.country} in {period}"
    hint = f"solve again with `--set leader={run.country}`: a country ahead has nobody to learn from"
    return (Diagnostic("S105", message, severity="warning", hint=hint),)
