"""Rolling foresight: each year planned with a view of some years, its decisions kept, then the next.

A window is the plan's own program over the first periods alone, up to the end of what is in view, with the
decisions of the years before it fixed: so whatever was ordered, learnt or saved comes to it as it did. It has
no tail: nothing that comes after the view is in it, and the last period in view counts on for the objective's
terminal years. Where a window reaches the end of the program nothing new would come into view any more: its
plan is kept whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import DECISIONS
from models.window import first_periods
from optimizer.answer.rolled import Foresight, Rolled, Window
from optimizer.answer.run import FAILED, OPTIMAL, ROLLED, STOPPED, CountryRun
from optimizer.errors import Diagnostic, KloofError
from optimizer.instance import Instance, resolve
from optimizer.solver import Solution
from optimizer.study.ask import Ask
from optimizer.study.country import leader_path
from optimizer.study.plan_solver import PlanSolver

# What of a leader's path has one number more, that of the base state.
FROM_BASE = frozenset({"knowledge"})


@dataclass
class Windows:
    """The programs of one structure: that of all periods, and those of the first so many, compiled once."""

    whole: PlanSolver
    programs: dict[int, PlanSolver] = field(default_factory=dict)

    def program(self, seen: PlanParameters, all_periods: int) -> PlanSolver:
        """The program of what is seen."""
        count = len(seen.sets.periods)
        if count == all_periods:
            return self.whole
        if count not in self.programs:
            self.programs[count] = PlanSolver.compile(seen)
        return self.programs[count]


class WindowError(Exception):
    """A window without a plan."""

    def __init__(self, status: str, problem: Diagnostic) -> None:
        super().__init__(problem.message)
        self.status = status
        self.problem = problem


def roll_leader(windows: Windows, instance: Instance, whole: PlanParameters, ask: Ask) -> CountryRun:
    """The leader's plan, decided year by year; what others see of it in each window is in its `rolled`."""
    periods = len(whole.sets.periods)
    paths: list[LeaderPath] = []

    def seen(number: int, end: int) -> PlanParameters:
        return first_periods(whole, end)

    def keep(parameters: PlanParameters, values: Mapping[str, Array]) -> None:
        paths.append(held(leader_path(instance, parameters, values), periods))

    run = _rolled(windows, whole, seen, ask, keep)
    return run if run.rolled is None else replace(run, rolled=replace(run.rolled, paths=tuple(paths)))


def roll_follower(
    windows: Windows, instance: Instance, whole: PlanParameters, leader_run: CountryRun, ask: Ask
) -> CountryRun:
    """A follower's plan, decided year by year beside what the leader has done and then plans."""
    assert leader_run.rolled is not None
    paths = leader_run.rolled.paths

    def seen(number: int, end: int) -> PlanParameters:
        return first_periods(resolve(instance, whole.country, paths[number], ask.objective), end)

    return _rolled(windows, whole, seen, ask, lambda parameters, values: None)


def held(path: LeaderPath, periods: int) -> LeaderPath:
    """A leader's path over all periods, held at its last numbers after those that it has. No number of a
    plan's first periods depends on what a path says after them."""

    def long(name: str) -> Array:
        array: Array = getattr(path, name)
        more = periods + (name in FROM_BASE) - array.shape[-1]
        return np.concatenate([array, np.repeat(array[..., -1:], more, axis=-1)], axis=-1)

    return replace(
        path,
        capability=long("capability"),
        efficiency=long("efficiency"),
        knowledge=long("knowledge"),
        imports=long("imports"),
        installed=long("installed"),
    )


def _rolled(
    windows: Windows,
    whole: PlanParameters,
    seen: Callable[[int, int], PlanParameters],
    ask: Ask,
    keep: Callable[[PlanParameters, Mapping[str, Array]], None],
) -> CountryRun:
    """The plan of a country whose parameters over all periods are `whole`, decided window by window."""
    try:
        return _decided(windows, whole, seen, ask, keep)
    except KloofError as error:
        return CountryRun(whole.country, FAILED, whole, diagnostics=error.diagnostics)
    except WindowError as error:
        return CountryRun(whole.country, error.status, whole, diagnostics=(error.problem,))


def _decided(
    windows: Windows,
    whole: PlanParameters,
    seen: Callable[[int, int], PlanParameters],
    ask: Ask,
    keep: Callable[[PlanParameters, Mapping[str, Array]], None],
) -> CountryRun:
    assert ask.view is not None
    labels, year = whole.sets.periods, max(round(1 / whole.scalar("dt")), 1)
    kept: dict[str, Array] = {}
    found: list[Window] = []
    first = end = 0
    while end < len(labels):
        end = min(first + ask.view * year, len(labels))
        parameters = seen(len(found), end)
        program = windows.program(parameters, len(labels))
        solution = program.solve_on(parameters, kept, gap=ask.gap, time_limit=ask.time_limit)
        if solution.status not in (OPTIMAL, STOPPED) or not solution.has_plan:
            raise _no_plan(whole.country, ask.view, labels[first], labels[end - 1], solution)
        found.append(Window(labels[first], labels[end - 1], solution.status, solution.certificate.gap))
        values = program.values(parameters, solution)
        keep(parameters, values)
        first += year
        kept = {name: values[name][..., :first] for name in DECISIONS}
    # the last window's program is that of all periods, and holds all that was decided before
    with_foresight = solution if len(found) == 1 else _foresight(windows, whole, ask)
    rolled = Rolled(
        ask.view,
        tuple(found),
        solution.objective,
        solution.certificate.max_row_violation,
        None if with_foresight is None else _told(windows, whole, with_foresight),
    )
    stopped = any(each.status == STOPPED for each in found)
    return CountryRun(whole.country, STOPPED if stopped else ROLLED, whole, values, rolled=rolled)


def _foresight(windows: Windows, whole: PlanParameters, ask: Ask) -> Solution | None:
    """The plan that sees all years, beside the same leader; None where a solve finds none."""
    try:
        solution = windows.whole.solve(whole, gap=ask.gap, time_limit=ask.time_limit)
    except KloofError:
        # a plan that was decided stands without one to hold it against
        return None
    return solution if solution.has_plan else None


def _told(windows: Windows, whole: PlanParameters, solution: Solution) -> Foresight:
    bounds = solution.certificate
    capability = windows.whole.values(whole, solution)["capability"]
    return Foresight(solution.status, bounds.lower, bounds.upper, bounds.gap, capability)


def _no_plan(country: str, years: int, first: str, last: str, solution: Solution) -> WindowError:
    """That a window has no plan, and what may be done about it."""
    view = f"a view of {years} {'year' if years == 1 else 'years'}"
    problem = Diagnostic(
        "S114",
        f"with {view} {country} has no plan for {first} to {last}: {solution.message or solution.status}",
        hint="what was decided before may leave no way on: look further ahead, or solve without a view, "
        "which says what excludes what",
    )
    return WindowError(solution.status, problem)
