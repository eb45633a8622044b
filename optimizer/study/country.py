"""One country's plan: solved, run forward, and made ready to send between processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np

from models.parameters import Array, LeaderPath, PlanParameters
from optimizer.answer import digits, metrics
from optimizer.answer.ranges import FLOWS
from optimizer.answer.run import FAILED, OPTIMAL, STOPPED, CountryRun
from optimizer.answer.summary import middle_position, passing_periods
from optimizer.errors import Diagnostic, KloofError, SolverError
from optimizer.instance import Instance
from optimizer.instance.resolve import leader_base_level
from optimizer.solver import Solution, Start
from optimizer.solver.progress import Tell
from optimizer.study.plan_solver import AnchoredPlan, PlanSolver

Sent = tuple[CountryRun, dict[str, Any]]
# numbers without a range that a warning names
SHOWN: Final = 3


def solve_country(
    plan_solver: PlanSolver,
    parameters: PlanParameters,
    gap: float,
    time_limit: float | None,
    start: Start | None = None,
    tell: Tell | None = None,
) -> CountryRun:
    """Solve one country and run its plan forward; `tell` hears how far a tree over whole steps is."""
    return _run(
        plan_solver,
        parameters,
        lambda: plan_solver.solve(parameters, gap=gap, time_limit=time_limit, start=start, tell=tell),
    )


def solve_near(
    anchored: AnchoredPlan,
    parameters: PlanParameters,
    gap: float,
    time_limit: float | None,
    leaving: bool = False,
) -> CountryRun:
    """Solve one country from an anchor and run its plan forward; `leaving` a start of its own."""

    def solve() -> Solution:
        return anchored.solve(parameters, gap=gap, time_limit=time_limit, leaving=leaving)

    return _run(anchored.plans, parameters, solve)


def certified_near(anchored: AnchoredPlan, parameters: PlanParameters, gap: float) -> CountryRun | None:
    """The anchor's decisions at these parameters where they are proven good enough, None where not."""
    try:
        solution = anchored.certified(parameters, gap=gap)
    except KloofError:
        # the ordinary solve says what is wrong
        return None
    return None if solution is None else _run(anchored.plans, parameters, lambda: solution)


def _run(plan_solver: PlanSolver, parameters: PlanParameters, solve: Callable[[], Solution]) -> CountryRun:
    country = parameters.country
    try:
        solution = solve()
    except KloofError as error:
        return CountryRun(country, FAILED, parameters, diagnostics=error.diagnostics)
    if solution.status not in (OPTIMAL, STOPPED) or not solution.has_plan:
        return CountryRun(country, solution.status, parameters, solution=solution)
    values = plan_solver.values(parameters, solution)
    return CountryRun(country, solution.status, parameters, values, solution)


def finished(
    plan_solver: PlanSolver,
    run: CountryRun,
    path: LeaderPath,
    ranges: bool,
    leader_gap: float | None = None,
    time_limit: float | None = None,
) -> CountryRun:
    """The run with its leader, what a reader should be warned of and, if wanted, its headline ranges, as many
    of them as are known after `time_limit` seconds.

    `leader_gap`: that of the leader's plan where it is not certified to the gap asked for.
    """
    uncertified = () if leader_gap is None else (uncertified_leader(path.country, leader_gap),)
    run = replace(run, leader=path, leader_gap=leader_gap, diagnostics=run.diagnostics + uncertified)
    if run.parameters is None or run.values is None:
        return run
    warnings = passes_leader(run, path)
    found: Mapping[str, tuple[float, float]] = {}
    if ranges and run.solution is not None:
        try:
            found, late = headline_ranges(
                plan_solver, run.parameters, run.values, run.solution, path, time_limit
            )
            warnings += late
        except SolverError as error:
            warnings += tuple(replace(problem, severity="warning") for problem in error.diagnostics)
    return replace(run, ranges=found, diagnostics=run.diagnostics + warnings)


def gap_of_stopped(leader_run: CountryRun | None) -> float | None:
    """The gap of a leader's plan that stopped above the gap asked for; None where it did not."""
    if leader_run is None or leader_run.status != STOPPED:
        return None
    return leader_run.gap


def uncertified_leader(country: str, gap: float) -> Diagnostic:
    """The warning that every follower of such a leader comes with."""
    known = "without any bound" if math.isinf(gap) else f"at a gap of {digits.scientific(gap)} log units"
    return Diagnostic(
        "S110",
        f"the leader {country} stopped {known}, not at the gap asked for",
        severity="warning",
        hint="its followers' plans are certified beside that plan only; beside a better one they may differ",
    )


def leader_path(instance: Instance, parameters: PlanParameters, values: Mapping[str, Array]) -> LeaderPath:
    """What others see of the leader's plan. Its observed base state is the zero of all indices."""
    return LeaderPath(
        country=parameters.country,
        capability=values["capability"],
        efficiency=values["efficiency"],
        knowledge=np.concatenate([[parameters.scalar("knowledge0")], values["knowledge"]]),
        imports=values["imports"],
        installed=_installed(parameters, values),
        base_capability=leader_base_level(parameters),
        growth_before_base=instance.research.capability_growth_per_year.number(),
    )


def _installed(parameters: PlanParameters, values: Mapping[str, Array]) -> Array:
    """The compute of the fleet during each period, kH100e at its research rating."""
    rating = parameters["research_h100e"]
    ends = np.concatenate([[rating @ parameters["fleet0"]], rating @ values["fleet"]])
    return np.asarray((ends[:-1] + ends[1:]) / 2)


def sent(run: CountryRun, with_start: bool = False) -> Sent:
    """The run in two parts without the compiled program, which every process has."""
    if run.solution is None:
        return run, {}
    left_out = ("program",) if with_start else ("program", "start")
    names = [field.name for field in fields(run.solution) if field.name not in left_out]
    return replace(run, solution=None), {name: getattr(run.solution, name) for name in names}


def received(plan_solver: PlanSolver, parts: Sent) -> CountryRun:
    """The run that `sent` took apart."""
    run, solution = parts
    return replace(run, solution=Solution(plan_solver.program, **solution)) if solution else run


def headline_ranges(
    plan_solver: PlanSolver,
    parameters: PlanParameters,
    values: Mapping[str, Array],
    solution: Solution,
    path: LeaderPath,
    time_limit: float | None = None,
) -> tuple[dict[str, tuple[float, float]], tuple[Diagnostic, ...]]:
    """Least and greatest value of the headline numbers over all plans within the certified gap, and a warning
    of those left out, as they were not known after `time_limit` seconds.

    Keys: `capability/PERIOD`, `lag_months/PERIOD`, `spend_share/CATEGORY/PERIOD` and, for
    researchers taken on and let go, `trained`, `released` and `recruited/PERIOD`, at mid-horizon and the last
    reported period. A share's range is that of spending less its share of the total, over the total.
    """
    sets, periods = parameters.sets, len(parameters.sets.periods)
    positions = (middle_position(sets), sets.reported - 1)
    functionals: dict[str, Array] = {}
    shares: dict[str, float] = {}
    for t in positions:
        period, total = sets.periods[t], float(values["total"][t])
        unit = np.zeros(periods)
        unit[t] = 1.0
        functionals[f"capability/{period}"] = plan_solver.direction({"capability": unit})
        functionals |= {f"{flow}/{period}": plan_solver.direction({flow: unit}) for flow in FLOWS}
        for c, category in enumerate(sets.categories if total > 0 else ()):
            share = float(values["spend"][c, t]) / total
            spend = np.zeros((len(sets.categories), periods))
            spend[c, t] = 1 / total
            key = f"spend_share/{category}/{period}"
            shares[key] = share
            functionals[key] = plan_solver.direction({"spend": spend, "total": -share / total * unit})
    found = plan_solver.solver.ranges(solution, list(functionals.values()), time_limit=time_limit)
    ranges = {key: ends for key, ends in zip(functionals, found, strict=True) if np.isfinite(ends).all()}
    for key in ranges:
        if key.partition("/")[0] in FLOWS:
            # the solver's tolerance may leave an end just below nothing
            ranges[key] = (max(ranges[key][0], 0.0), max(ranges[key][1], 0.0))
    for key, share in shares.items():
        if key not in ranges:
            continue
        low, high = ranges[key]
        ranges[key] = (max(share + low, 0.0), min(share + high, 1.0))
    if parameters.country != path.country:
        for t in positions:
            if f"capability/{sets.periods[t]}" not in ranges:
                continue
            low, high = ranges[f"capability/{sets.periods[t]}"]
            bounds = np.repeat(values["capability"][None, :], 2, axis=0)
            bounds[0, t], bounds[1, t] = low, high
            behind = [metrics.lag_of_plan(parameters, bound, path).months[t] for bound in bounds]
            ranges[f"lag_months/{sets.periods[t]}"] = (float(min(behind)), float(max(behind)))
    return ranges, _unknown_ranges(parameters.country, [key for key in functionals if key not in ranges])


def _unknown_ranges(country: str, left_out: list[str]) -> tuple[Diagnostic, ...]:
    """A warning of headline numbers whose range is not known."""
    if not left_out:
        return ()
    shown = ", ".join(left_out[:SHOWN]) + (" ..." if len(left_out) > SHOWN else "")
    message = f"{country}: no range was found of {len(left_out)} headline numbers within the time: {shown}"
    hint = "more time with --time-limit, which ranges get once more than the plan itself"
    return (Diagnostic("S115", message, severity="warning", hint=hint),)


def passes_leader(run: CountryRun, path: LeaderPath) -> tuple[Diagnostic, ...]:
    """A warning where a follower passes its leader: the help it gets is void from then on."""
    level, knowledge = passing_periods(run, path)
    by_level = f"in capability in {level}" if level else ""
    by_knowledge = f"in accumulated knowledge in {knowledge}" if knowledge else ""
    both = " and ".join(part for part in (by_level, by_knowledge) if part)
    if not both:
        return ()
    message = f"{run.country} passes the leader {path.country} {both}"
    hint = (
        f"`kloof solve` with `--set leader={run.country}` lets it lead: who is ahead has nobody to learn from"
    )
    return (Diagnostic("S105", message, severity="warning", hint=hint),)
