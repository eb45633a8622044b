"""Why the plans of a comparison are as they are, worked out once per plan and on several processes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from optimizer.answer.answer import Explained
from optimizer.answer.comparison import Comparison
from optimizer.answer.explanation import facts
from optimizer.answer.fact import Binding
from optimizer.answer.run import INFEASIBLE, CountryRun
from optimizer.errors import Diagnostic
from optimizer.study.ask import Ask
from optimizer.study.explained import explained, unexplained
from optimizer.study.runner import process_ended, run_each

# How many binding limits of each plan are told, dearest first.
MOST_BINDING: Final = 10

# Its explanation, what was reported of it, and its dearest limits.
Told = tuple[Explained, tuple[Diagnostic, ...], tuple[Binding, ...] | None]


def explain_comparison(comparison: Comparison, ask: Ask) -> Comparison:
    """The comparison in which every plan says what limits it, and every country without one what conflicts;
    `ask` is what it answers."""
    worlds, objective = comparison.worlds, ask.objective
    instances = [each.instance for each in ask.scenarios]

    def explain(position: int) -> dict[str, Told]:
        world = worlds[position]
        own = {
            country: run
            for country, run in world.countries.items()
            if comparison.shares_plan_with(world, country) is None
        }
        leader = world.leader_run
        failed = leader is not None and leader.status == INFEASIBLE
        tried = replace(world, countries=own, leader_run=leader if failed else None)
        plans = explained(tried, instances[position], objective, MOST_BINDING)
        return {
            run.country: (run.explanation, run.diagnostics, tuple(facts(run, instances[position])))
            for run in plans.runs
        }

    def lost(position: int, how: str) -> dict[str, Told]:
        world = unexplained(worlds[position])
        problem = process_ended(f"what limits the plans of {world.policy}", how, "warning")
        return {run.country: (run.explanation, (*run.diagnostics, problem), None) for run in world.runs}

    done = list(run_each(explain, range(len(worlds)), ask.processes, lost))
    by_name = dict(zip((world.policy for world in worlds), done, strict=True))

    def told(run: CountryRun, position: int) -> CountryRun:
        earlier = comparison.shares_plan_with(worlds[position], run.country)
        source = done[position] if earlier is None else by_name[earlier.policy]
        if run.country not in source:
            return run
        explanation, diagnostics, found = source[run.country]
        return replace(run, explanation=explanation, diagnostics=diagnostics, facts=found)

    return replace(
        comparison,
        worlds=tuple(
            replace(
                world,
                countries={country: told(run, position) for country, run in world.countries.items()},
                leader_run=None if world.leader_run is None else told(world.leader_run, position),
            )
            for position, world in enumerate(worlds)
        ),
    )
