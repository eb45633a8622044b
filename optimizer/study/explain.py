"""Why a plan is as it is: its dearest limits and the inputs behind them, or what excludes what, and repairs.

It is worked out where the plan is solved and kept with the run, so that it can be told without a solve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.answer.answer import Explained
from optimizer.answer.explanation import Fact, facts
from optimizer.answer.run import CountryRun
from optimizer.answer.worth import Joint
from optimizer.errors import SolverError
from optimizer.study.conflict import ConflictGroup, conflict_groups
from optimizer.study.fixes import RepairOption
from optimizer.study.inputs import Inputs
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.repair import repairs


@dataclass(frozen=True)
class Explanation:
    """Why a country's plan is as it is: `facts` where there is one, and the worth of limits eased `together`
    where that was solved; where there is none, `conflict`, the limits that exclude each other, and `repairs`,
    verified changes that give it one, the cheapest first (None where none were looked for)."""

    country: str
    facts: tuple[Fact, ...] = ()
    conflict: tuple[ConflictGroup, ...] = ()
    repairs: tuple[RepairOption, ...] | None = None
    together: tuple[Joint, ...] = ()

    def answer(self) -> Explained:
        """The explanation as it is told, without what it says nothing of."""
        if self.conflict:
            groups = tuple(group.answer() for group in self.conflict)
            if self.repairs is None:
                return Explained(conflict_groups=groups)
            return Explained(
                conflict_groups=groups, repairs=tuple(option.answer() for option in self.repairs)
            )
        if not self.facts:
            return Explained()
        binding = tuple(fact.answer() for fact in self.facts)
        if not self.together:
            return Explained(binding=binding)
        return Explained(binding=binding, binding_together=tuple(joint.answer() for joint in self.together))


def explain_plan(run: CountryRun, inputs: Inputs, most: int | None = None) -> Explanation:
    """The dearest limits of a country's plan, at most so many, and the inputs behind them; `inputs` are its
    instance's."""
    found = []
    for fact in facts(run, inputs.instance)[:most]:
        amounts = {}
        years = [int(period[:4]) for period in fact.periods]
        if fact.limits is not None and run.parameters is not None:
            amounts = {
                year: limit / run.parameters.scalar("dt")
                for year, limit in zip(years, fact.limits, strict=False)
            }
        behind = inputs.that_decide(run.country, fact.family, fact.item, years, amounts)
        if fact.closed and fact.family == "import_control":
            # a share of nothing: the rules deny the chip, or its own limit of 0 does
            behind = [one for one in behind if fact.item in one.path.split(".") and "limits" in one.path]
        found.append(replace(fact, inputs=tuple(one.answer() for one in behind)))
    together = () if run.worths is None else run.worths.together
    return Explanation(run.country, tuple(found), together=together)


def explain_conflict(
    run: CountryRun, inputs: Inputs, plan_solver: PlanSolver | None, objective: str | None
) -> Explanation:
    """Why a country has no plan, and what would give it one.

    Without a `plan_solver`, of the structure of the run's program, no repairs are looked for.
    """
    if run.parameters is None or run.solution is None:
        return Explanation(run.country)
    groups = conflict_groups(run.solution.conflict, run.parameters, inputs)
    if plan_solver is None:
        return Explanation(run.country, conflict=groups)
    follows = None if run.country == inputs.instance.leader else run.leader
    try:
        options = repairs(plan_solver, run.parameters, inputs, follows, objective)
    except SolverError:
        # a repair is a help: without one the conflict still stands
        options = []
    return Explanation(run.country, conflict=groups, repairs=tuple(options))
