"""Why a plan is as it is: its dearest limits and the inputs behind them, or what excludes what, and repairs.

It is worked out where the plan is solved and kept with the run, so that it can be told without a solve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from optimizer.answer.answer import Explained
from optimizer.answer.explanation import facts, with_facts
from optimizer.answer.own_lines import own_lines
from optimizer.answer.run import INFEASIBLE, UNBOUNDED, CountryRun, WorldRun
from optimizer.errors import Diagnostic, SolverError
from optimizer.instance import Instance
from optimizer.solver import Solver
from optimizer.study.conflict import conflict_groups
from optimizer.study.endless import endless_diagnostics
from optimizer.study.inputs import Inputs
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.repair import repairs


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
            why, own = explain_plan(run, inputs, most), own_lines(run)
            return replace(run, explanation=why.model_copy(update={"own": own}) if own else why)
        found = explain_conflict(run, inputs, _solver(run), objective)
        diagnostics = (*run.diagnostics, *_diagnostics(run.country, found))
        return replace(run, explanation=found, diagnostics=diagnostics)

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


def _diagnostics(country: str, why: Explained) -> Iterator[Diagnostic]:
    """One for each limit of a conflict; the last says the least that repairs it."""
    least = why.repairs[0].words if why.repairs else None
    last = len(why.conflict_groups) - 1
    for number, group in enumerate(why.conflict_groups):
        first = group.inputs[0] if group.inputs else None
        when = f" in {group.period}" if group.period else ""
        others = "; ".join(f"{one.path}  {one.place}" for one in group.inputs[1:])
        hints = [f"and {others}"] if others else []
        if least is not None and number == last:
            hints.append(f"{country} has a plan with {least}")
        yield Diagnostic(
            "S106",
            f"{country}: {group.words}{when} cannot hold together with the others named here",
            file=None if first is None else first.read_from,
            line=None if first is None else first.line,
            path=None if first is None else first.path,
            hint="; ".join(hints) or None,
        )


def explain_plan(run: CountryRun, inputs: Inputs, most: int | None = None) -> Explained:
    """The dearest limits of a country's plan, at most so many, and the inputs behind them; `inputs` are its
    instance's."""
    found = []
    for fact in facts(run, inputs.instance)[:most]:
        amounts = {}
        years = [int(period[:4]) for period in fact.periods]
        if run.parameters is not None:
            a_year = [limit / run.parameters.scalar("dt") for limit in fact.limits]
            amounts = dict(zip(years, a_year, strict=False))
        behind = inputs.that_decide(run.country, fact.family, fact.item, years, amounts)
        if fact.closed and fact.family == "import_control":
            # a share of nothing: the rules deny the chip, or its own limit of 0 does
            behind = [one for one in behind if fact.item in one.path.split(".") and "limits" in one.path]
        found.append(fact.model_copy(update={"inputs": tuple(behind)}))
    said: dict[str, Any] = {"binding": tuple(found)} if found else {}
    # what says nothing is left out of the answer's text
    said |= {"binding_together": run.together} if run.together else {}
    said |= {"next_dollar": run.gifts} if run.gifts else {}
    return Explained(**said)


def explain_conflict(
    run: CountryRun, inputs: Inputs, plan_solver: PlanSolver | None, objective: str | None
) -> Explained:
    """Why a country has no plan, and what would give it one.

    Without a `plan_solver`, of the structure of the run's program, no repairs are looked for.
    """
    if run.parameters is None or run.solution is None:
        return Explained()
    groups = conflict_groups(run.solution.conflict, run.parameters, inputs)
    if not groups:
        return Explained()
    if plan_solver is None:
        return Explained(conflict_groups=groups)
    follows = None if run.country == inputs.instance.leader else run.leader
    try:
        options = repairs(plan_solver, run.parameters, inputs, follows, objective)
    except SolverError:
        # a repair is a help: without one the conflict still stands
        options = []
    return Explained(conflict_groups=groups, repairs=tuple(options))
