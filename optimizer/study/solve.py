"""One scenario of a world: the leader's plan first, then every country that follows it.

All countries share one Pyomo model and one compiled program; only the parameter vector differs. The
solution of the relaxation is run forward by `models.simulate`, so that what is reported obeys the true
functions, and the engine certifies that point.
"""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.answer.run import WorldRun
from optimizer.instance import Instance
from optimizer.study.country import leader_path
from optimizer.study.plan_solver import DEFAULT_GAP, Extension, PlanSolver
from optimizer.study.scenarios import Progress, Question, Scenario, solve_scenarios

__all__ = ["DEFAULT_GAP", "Extension", "PlanSolver", "leader_path", "solve_world"]


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
    worths: bool = False,
) -> WorldRun:
    """The optimal strategy of each of `countries` (all of the instance if None).

    The leader is solved first, under the same patches, and its path feeds the others. A country that fails
    does not stop the rest. `time_limit` is seconds per country. `ranges` adds the range of each headline
    number over all plans within the gap, at many times the cost of the plan; `worths` what easing the dearest
    limits is worth, solved, at about the cost of a plan. Followers are solved on `jobs`
    processes (default: one per processor); the result does not depend on it. An interrupt keeps what is
    done. Raises `InputError` where the leader's numbers cannot be resolved.
    """
    question = Question(objective, gap, time_limit, extend, ranges, jobs, worths)
    return solve_scenarios([Scenario(policy, instance)], countries, question, progress)[0]
