"""Why the plans of a comparison are as they are, worked out once per plan and on several processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from optimizer.errors import Diagnostic
from optimizer.instance import Instance
from optimizer.result.comparison import Comparison
from optimizer.result.run import INFEASIBLE, CountryRun
from optimizer.study.explained import explained
from optimizer.study.runner import available_jobs, run_each

# How many binding limits of each plan are told, dearest first.
MOST_BINDING: Final = 10

Told = tuple[Mapping[str, Any], tuple[Diagnostic, ...]]


def explain_comparison(
    comparison: Comparison, instances: Sequence[Instance], objective: str | None, jobs: int | None
) -> Comparison:
    """The comparison in which every plan says what limits it, and every country without one what conflicts.

    `instances` are those of the comparison's worlds.
    """
    worlds = comparison.worlds

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
        done = explained(tried, instances[position], objective, MOST_BINDING)
        return {run.country: (run.explanation, run.diagnostics) for run in done.runs}

    processes = available_jobs() if jobs is None else jobs
    found = list(run_each(explain, range(len(worlds)), processes))
    by_name = dict(zip((world.policy for world in worlds), found, strict=True))

    def told(run: CountryRun, position: int) -> CountryRun:
        earlier = comparison.shares_plan_with(worlds[position], run.country)
        source = found[position] if earlier is None else by_name[earlier.policy]
        explanation, diagnostics = source.get(run.country, (run.explanation, run.diagnostics))
        return replace(run, explanation=explanation, diagnostics=diagnostics)

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
