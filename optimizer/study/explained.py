"""Why plans are as they are, worked out after a solve, and what is said where a country has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from optimizer.answer.answer import Explained
from optimizer.answer.explanation import with_facts
from optimizer.answer.own_lines import own_lines
from optimizer.answer.run import INFEASIBLE, UNBOUNDED, CountryRun, WorldRun
from optimizer.errors import Diagnostic
from optimizer.instance import Instance
from optimizer.solver import Solver
from optimizer.study.endless import endless_diagnostics
from optimizer.study.explain import Explanation, explain_conflict, explain_plan
from optimizer.study.inputs import Inputs
from optimizer.study.plan_solver import PlanSolver


def explained(
    world: WorldRun, instance: Instance, objective: str | None, most: int | None = None
) -> WorldRun:
    """The run in which every plan says what limits it (the `most` dearest), and every country without one
    what conflicts: one diagnostic per limit, and the repairs found."""
    inputs = Inputs(instance, objective)

    def told(run: CountryRun) -> CountryRun:
        if run.status == UNBOUNDED:
            return replace(run, diagnostics=(*run.diagnostics, *endless_diagnostics(run, inputs)))
        if run.status != INFEASIBLE:
            run = with_facts(run, instance)
            explanation, own = explain_plan(run, inputs, most).answer(), own_lines(run)
            return replace(
                run, explanation=explanation.model_copy(update={"own": own}) if own else explanation
            )
        found = explain_conflict(run, inputs, _solver(run), objective)
        return replace(run, explanation=found.answer(), diagnostics=(*run.diagnostics, *_diagnostics(found)))

    # of a leader that was not asked for, only why it has no plan is told
    told_of = [run for run in world.runs if run.country in world.countries or not run.solved]
    done = {run.country: told(run) for run in told_of}
    leader = None if world.leader_run is None else done.get(world.leader, world.leader_run)
    return replace(world, countries={name: done[name] for name in world.countries}, leader_run=leader)


def unexplained(world: WorldRun) -> WorldRun:
    """The run as it is where an interrupt came before `explained` was done."""

    def untold(run: CountryRun) -> CountryRun:
        return replace(run, explanation=Explained(explained=False))

    countries = {name: untold(run) for name, run in world.countries.items()}
    leader = None if world.leader_run is None else countries.get(world.leader, untold(world.leader_run))
    return replace(world, countries=countries, leader_run=leader, interrupted=True)


def _solver(run: CountryRun) -> PlanSolver | None:
    """The solver of the program that the run was tried with, rows of the user's included."""
    if run.solution is None:
        return None
    return PlanSolver(run.solution.program, Solver(run.solution.program))


def _diagnostics(explanation: Explanation) -> Iterator[Diagnostic]:
    least = explanation.repairs[0].words if explanation.repairs else None
    last = len(explanation.conflict) - 1
    for number, group in enumerate(explanation.conflict):
        first = group.inputs[0] if group.inputs else None
        place = None if first is None else first.location
        when = f" in {group.span}" if group.span else ""
        others = "; ".join(f"{one.path}  {one.place}" for one in group.inputs[1:])
        hints = [f"and {others}"] if others else []
        if least is not None and number == last:
            hints.append(f"{explanation.country} has a plan with {least}")
        yield Diagnostic(
            "S106",
            f"{explanation.country}: {group.words}{when} cannot hold together with the others named here",
            file=None if place is None else place.file,
            line=None if place is None else place.line,
            path=None if first is None else first.path,
            hint="; ".join(hints) or None,
        )
