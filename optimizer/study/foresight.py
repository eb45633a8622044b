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
from optimizer.answer.rolled import Foresight, Rolled, Window, view_words
from optimizer.answer.run import FAILED, OPTIMAL, ROLLED, STOPPED, CountryRun
from optimizer.errors import Diagnostic, KloofError
from optimizer.instance import Instance, resolve
from optimizer.solver import Solution
from optimizer.study.ask import Ask
from optimizer.study.conflict import conflict_groups
from optimizer.study.country import leader_path
from optimizer.study.inputs import Inputs
from optimizer.study.plan_solver import PlanSolver

Seen = Callable[[int, int], PlanParameters]
Keep = Callable[[PlanParameters, Mapping[str, Array]], None]


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


def roll_leader(windows: Windows, instance: Instance, whole: PlanParameters, ask: Ask) -> CountryRun:
    """The leader's plan, decided year by year; what others see of it in each window is in its `rolled`."""
    periods = len(whole.sets.periods)
    paths: list[LeaderPath] = []

    def seen(number: int, end: int) -> PlanParameters:
        return first_periods(whole, end)

    def keep(parameters: PlanParameters, values: Mapping[str, Array]) -> None:
        paths.append(held(leader_path(instance, parameters, values), periods))

    run = _decided(windows, instance, whole, ask, seen, keep)
    return run if run.rolled is None else replace(run, rolled=replace(run.rolled, paths=tuple(paths)))


def roll_follower(
    windows: Windows, instance: Instance, whole: PlanParameters, leader_run: CountryRun, ask: Ask
) -> CountryRun:
    """A follower's plan, decided year by year beside what the leader has done so far and then plans."""
    assert leader_run.rolled is not None
    paths = leader_run.rolled.paths

    def seen(number: int, end: int) -> PlanParameters:
        return first_periods(resolve(instance, whole.country, paths[number], ask.objective), end)

    return _decided(windows, instance, whole, ask, seen, lambda parameters, values: None)


def held(path: LeaderPath, periods: int) -> LeaderPath:
    """A leader's path over all periods, held at its last numbers after those that it has. No number of a
    plan's first periods depends on what a path says after them."""

    def long(array: Array, count: int) -> Array:
        last = np.repeat(array[..., -1:], count - array.shape[-1], axis=-1)
        return np.concatenate([array, last], axis=-1)

    return replace(
        path,
        capability=long(path.capability, periods),
        efficiency=long(path.efficiency, periods),
        # the base state comes first
        knowledge=long(path.knowledge, periods + 1),
        imports=long(path.imports, periods),
        installed=long(path.installed, periods),
    )


def _decided(
    windows: Windows, instance: Instance, whole: PlanParameters, ask: Ask, seen: Seen, keep: Keep
) -> CountryRun:
    """The plan of a country whose parameters over all periods are `whole`, decided window by window: `seen`
    gives the parameters of a window by its number and end, `keep` is told of each plan."""
    assert ask.view is not None
    country, labels, year = whole.country, whole.sets.periods, max(round(1 / whole.scalar("dt")), 1)
    kept: dict[str, Array] = {}
    found: list[Window] = []
    first = end = 0
    try:
        while end < len(labels):
            end = min(first + ask.view * year, len(labels))
            parameters = seen(len(found), end)
            program = windows.program(parameters, len(labels))
            solution = program.solve_on(parameters, kept, gap=ask.gap, time_limit=ask.time_limit)
            if solution.status not in (OPTIMAL, STOPPED) or not solution.has_plan:
                problem = _no_plan(
                    parameters, labels[first:end], solution, Inputs(instance, ask.objective), ask
                )
                return CountryRun(country, solution.status, whole, diagnostics=(problem,))
            found.append(Window(labels[first], labels[end - 1], solution.status, solution.certificate.gap))
            values = program.values(parameters, solution)
            keep(parameters, values)
            first += year
            kept = {name: values[name][..., :first] for name in DECISIONS}
    except KloofError as error:
        return CountryRun(country, FAILED, whole, diagnostics=error.diagnostics)
    # the last window's program is that of all periods, and holds all that was decided before
    rolled = Rolled(
        ask.view,
        tuple(found),
        solution.objective,
        solution.certificate.max_row_violation,
        _foresight(windows, whole, ask, solution if len(found) == 1 else None),
    )
    stopped = any(each.status == STOPPED for each in found)
    return CountryRun(country, STOPPED if stopped else ROLLED, whole, values, rolled=rolled)


def _foresight(
    windows: Windows, whole: PlanParameters, ask: Ask, solution: Solution | None
) -> Foresight | None:
    """The plan that sees all years, beside the same leader, solved where it is not known; None where a solve
    finds none."""
    if solution is None:
        try:
            solution = windows.whole.solve(whole, gap=ask.gap, time_limit=ask.time_limit)
        except KloofError:
            # a plan that was decided stands without one to hold it against
            return None
    if not solution.has_plan:
        return None
    bounds = solution.certificate
    capability = windows.whole.values(whole, solution)["capability"]
    return Foresight(solution.status, bounds.lower, bounds.upper, bounds.gap, capability)


def _no_plan(
    parameters: PlanParameters, in_view: tuple[str, ...], solution: Solution, inputs: Inputs, ask: Ask
) -> Diagnostic:
    """That a window has no plan, what in view excludes what, and what may be done about it."""
    assert ask.view is not None
    groups = conflict_groups(solution.conflict, parameters, inputs)
    told = [f"{each.words} in {each.period}" for each in groups if set(each.periods) & set(in_view)]
    why = f"these cannot hold together: {'; '.join(told)}" if told else solution.message or solution.status
    when = " to ".join(dict.fromkeys((in_view[0], in_view[-1])))
    decided = (
        f", after what was decided before {in_view[0]}" if in_view[0] != parameters.sets.periods[0] else ""
    )
    return Diagnostic(
        "S114",
        f"with {view_words(ask.view)} {parameters.country} has no plan for {when}{decided}: {why}",
        hint="look further ahead with a longer --view, or solve without one",
    )
