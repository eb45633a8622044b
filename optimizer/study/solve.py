"""One scenario of a world: the leader's plan first, then every country that follows it.

All countries share one Pyomo model and one compiled program; only the parameter vector differs. The
solution of the relaxation is run forward by `models.simulate`, so that what is reported obeys the true
functions, and the engine certifies that point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from models.national import build, nominal_sizes
from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import DECISIONS, simulate, weight_of_time
from optimizer.errors import Diagnostic, InputError, KloofError, SolverError
from optimizer.instance import Instance, resolve
from optimizer.instance.cells import cell_map
from optimizer.program import Program, compile_model
from optimizer.result import metrics
from optimizer.result.run import FAILED, INFEASIBLE, OPTIMAL, STOPPED, CountryRun, WorldRun
from optimizer.solver import Solution, Solver
from optimizer.study.runner import available_jobs, run_each

Extension = Callable[[Any], None]
Progress = Callable[[str], None]
DEFAULT_GAP = 1e-6
# Settings that choose what is solved rather than feed a parameter.
WORLD_WIDE = frozenset({"leader", "default_objective", "horizon"})


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
    ranges: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> WorldRun:
    """The optimal strategy of each of `countries` (all of the instance if None).

    The leader is solved first, under the same patches, and its path feeds the others. A country that fails
    does not stop the rest. `time_limit` is seconds per country. `ranges` adds the range of each headline
    number over all plans within the gap, at many times the cost of the plan. Followers are solved on `jobs`
    processes (default: one per processor); the result does not depend on it. An interrupt keeps what is
    done. Raises `InputError` where the leader's numbers cannot be resolved.
    """
    asked = list(instance.countries) if countries is None else list(dict.fromkeys(countries))
    leader = instance.leader
    tell = progress or (lambda text: None)
    parameters = resolve(instance, leader, None, objective)
    plan_solver = PlanSolver.compile(parameters, extend)
    tell(leader)
    leader_run = _run(plan_solver, parameters, gap, time_limit)
    runs: dict[str, CountryRun] = {}
    interrupted = False
    if leader_run.values is None:
        message = f"the leader {leader} has no plan that others could follow"
        for country in asked:
            failure = Diagnostic("S104", message)
            status = leader_run.status if leader_run.status in (STOPPED, INFEASIBLE) else FAILED
            runs[country] = CountryRun(country, status, diagnostics=(failure,))
    else:
        path = leader_path(instance, parameters, leader_run.values)
        leader_run = _finished(plan_solver, leader_run, path, ranges)

        def follow(country: str) -> tuple[CountryRun, dict[str, Any]]:
            try:
                own = resolve(instance, country, path, objective)
            except InputError as error:
                return CountryRun(country, FAILED, leader=path, diagnostics=error.diagnostics), {}
            run = _run(plan_solver, own, gap, time_limit)
            return _sent(_finished(plan_solver, run, path, ranges))

        followers = [country for country in asked if country != leader]
        try:
            for sent in run_each(follow, followers, available_jobs() if jobs is None else jobs):
                run = _received(plan_solver, sent)
                tell(run.country)
                runs[run.country] = run
        except KeyboardInterrupt:
            interrupted = True
    if leader in asked:
        runs[leader] = leader_run
    runs = {country: runs[country] for country in asked if country in runs}
    return WorldRun(
        instance,
        policy,
        instance.applied,
        leader,
        runs,
        diagnostics=unread_changes(instance, {leader, *asked}, objective),
        leader_run=leader_run,
        interrupted=interrupted,
    )


def unread_changes(instance: Instance, countries: set[str], objective: str | None) -> tuple[Diagnostic, ...]:
    """A warning for every change of the instance that no plan solved here reads."""
    maps = [cell_map(instance, country, objective) for country in sorted(countries)]
    unread = [
        change
        for change in instance.applied
        if change.path.split(".")[0] not in WORLD_WIDE
        and not any(each.feeds(change.path) or each.shapes(change.path) for each in maps)
    ]
    hint = "no plan solved here reads this value, so the result is as without the change"
    return tuple(
        Diagnostic("S107", f"`{change.path}` was changed to no effect", severity="warning", hint=hint)
        for change in unread
    )


def leader_path(instance: Instance, parameters: PlanParameters, values: Mapping[str, Array]) -> LeaderPath:
    """What others see of the leader's plan. Its base state is the zero of all indices."""
    return LeaderPath(
        country=parameters.country,
        capability=values["capability"],
        efficiency=values["efficiency"],
        knowledge=np.concatenate([[parameters.scalar("knowledge0")], values["knowledge"]]),
        imports=values["imports"],
        base_capability=0.0,
        growth_before_base=instance.research.capability_growth_per_year.number(),
    )


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


def _finished(plan_solver: PlanSolver, run: CountryRun, path: LeaderPath, ranges: bool) -> CountryRun:
    """The run with its leader, what a reader should be warned of and, if wanted, its headline ranges."""
    if run.parameters is None or run.values is None or run.solution is None:
        return replace(run, leader=path)
    warnings = passes_leader(run, path)
    found: Mapping[str, tuple[float, float]] = {}
    if ranges:
        try:
            found = headline_ranges(plan_solver, run.parameters, run.values, run.solution, path)
        except SolverError as error:
            warnings += tuple(replace(problem, severity="warning") for problem in error.diagnostics)
    return replace(run, leader=path, ranges=found, diagnostics=run.diagnostics + warnings)


def _sent(run: CountryRun) -> tuple[CountryRun, dict[str, Any]]:
    """The run in two parts without the compiled program, which every process has."""
    if run.solution is None:
        return run, {}
    names = [field.name for field in fields(run.solution) if field.name not in ("program", "start")]
    return replace(run, solution=None), {name: getattr(run.solution, name) for name in names}


def _received(plan_solver: PlanSolver, sent: tuple[CountryRun, dict[str, Any]]) -> CountryRun:
    run, parts = sent
    return replace(run, solution=Solution(plan_solver.program, **parts)) if parts else run


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
    sets, periods = parameters.sets, len(parameters.sets.periods)
    functionals: dict[str, Array] = {}
    shares: dict[str, float] = {}
    for t in headline_periods(sets.reported):
        period, total = sets.periods[t], float(values["total"][t])
        unit = np.zeros(periods)
        unit[t] = 1.0
        functionals[f"capability/{period}"] = plan_solver.direction({"capability": unit})
        for c, category in enumerate(sets.categories if total > 0 else ()):
            share = float(values["spend"][c, t]) / total
            spend = np.zeros((len(sets.categories), periods))
            spend[c, t] = 1 / total
            key = f"spend_share/{category}/{period}"
            shares[key] = share
            functionals[key] = plan_solver.direction({"spend": spend, "total": -share / total * unit})
    found = plan_solver.solver.ranges(solution, list(functionals.values()))
    ranges = dict(zip(functionals, found, strict=True))
    for key, share in shares.items():
        low, high = ranges[key]
        ranges[key] = (max(share + low, 0.0), min(share + high, 1.0))
    if parameters.country != path.country:
        for t in headline_periods(sets.reported):
            low, high = ranges[f"capability/{sets.periods[t]}"]
            bounds = np.repeat(values["capability"][None, :], 2, axis=0)
            bounds[0, t], bounds[1, t] = low, high
            behind = [metrics.lag_of_plan(parameters, bound, path).months[t] for bound in bounds]
            ranges[f"lag_months/{sets.periods[t]}"] = (float(min(behind)), float(max(behind)))
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
