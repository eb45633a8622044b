"""One country's numbers and program, for what goes on from there without its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.parameters import LeaderPath, PlanParameters
from optimizer.errors import Diagnostic, InfeasibleError, InputError, StoppedError
from optimizer.instance import Instance, resolve
from optimizer.instance.resolve import plan_sets
from optimizer.study.ask import Ask

if TYPE_CHECKING:
    from optimizer.solver import Solution
    from optimizer.study.plan_solver import PlanSolver


def own_parameters(ask: Ask) -> PlanParameters:
    """The country's parameters beside a leader that stands still, found without a solve.

    Index sets and all that the country's own data say are those of its plan. Raises `InputError`.
    """
    leader = None if ask.country == ask.instance.leader else standing_leader(ask.instance)
    return resolve(ask.instance, ask.country, leader, ask.objective)


def parameters_of(ask: Ask) -> tuple[PlanParameters, tuple[Diagnostic, ...]]:
    """The country's parameters and warnings as `compiled` gives them; the leader's without a program."""
    if ask.country == ask.instance.leader:
        return resolve(ask.instance, ask.country, None, ask.objective), ()
    return compiled(ask)[1:]


def compiled(ask: Ask) -> tuple[PlanSolver, PlanParameters, tuple[Diagnostic, ...]]:
    """The program that all countries share, the country's parameters, and a warning where they rest on a
    leader that is not certified; for a follower the leader is solved first.

    Raises `InputError`, and `SolverError` where the leader has no plan to follow.
    """
    from optimizer.answer.run import STOPPED
    from optimizer.study.country import leader_path, uncertified_leader
    from optimizer.study.plan_solver import PlanSolver

    instance = ask.instance
    leading = resolve(instance, instance.leader, None, ask.objective)
    plan_solver = PlanSolver.compile(leading, ask.extension)
    if ask.country == instance.leader:
        return plan_solver, leading, ()
    solution = plan_solver.solve(leading, gap=ask.gap, time_limit=ask.time_limit)
    if not solution.has_plan:
        require_certified(f"the leader {leading.country}", solution)
    path = leader_path(instance, leading, plan_solver.values(leading, solution))
    stopped = solution.status == STOPPED
    warnings = (uncertified_leader(path.country, solution.certificate.gap),) if stopped else ()
    return plan_solver, resolve(instance, ask.country, path, ask.objective), warnings


def require_certified(who: str, solution: Solution) -> None:
    """Raise `SolverError` where a solve ended without a plan, or before the gap asked for."""
    if solution.status == "infeasible":
        raise InfeasibleError(Diagnostic("S104", f"{who} has no plan: {solution.message}"))
    if solution.status == "unbounded":
        raise InputError(Diagnostic("S112", f"{who} has no best plan: {solution.message}"))
    if solution.status != "optimal":
        raise StoppedError(Diagnostic("S111", f"{who} is not certified: {solution.message}"))


def standing_leader(instance: Instance) -> LeaderPath:
    """A leader that stands still, for what of a follower does not depend on the leader's plan."""
    sets = plan_sets(instance, instance.leader)
    periods = len(sets.periods)
    return LeaderPath(
        country=instance.leader,
        capability=np.zeros(periods),
        efficiency=np.zeros(periods),
        knowledge=np.ones(periods + 1),
        imports=np.zeros((len(sets.chips), periods)),
        installed=np.zeros(periods),
        base_capability=0.0,
        growth_before_base=instance.research.capability_growth_per_year.number(),
    )
