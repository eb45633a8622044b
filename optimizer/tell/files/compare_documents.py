"""What `kloof compare` prints and saves as JSON; keys are only ever added."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from optimizer.answer import summary
from optimizer.answer.answer import AppliedAnswer, CompareAnswer, PlanAnswer, PlanEnding, PolicyAnswer, Remark
from optimizer.answer.comparison import BASELINE, Comparison
from optimizer.answer.equilibrium import EquilibriumAnswer
from optimizer.answer.part import json_value, text_of_infinity
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.errors import diagnostic_data
from optimizer.instance import Policy
from optimizer.study.ask import Ask
from optimizer.tell import SCHEMA_VERSION
from optimizer.tell.files.documents import plan_answer

OTHER_STRUCTURE: Final = "S108"


def comparison_document(
    comparison: Comparison,
    ask: Ask,
    named: Sequence[str],
    patches: Sequence[str],
    left_out: Mapping[str, str],
    equilibria: Mapping[str, EquilibriumAnswer] | None = None,
) -> dict[str, Any]:
    """What `summary.json` holds: per country and policy how it ended, headline numbers and what binds.

    `named` are the texts that named its policies. `left_out`: why some policies were not compared, by name.
    `equilibria`, only where there are some: prices, and how good they are, by policy.
    `leaders`, only where there are some: leaders that were not asked for and have no plan, by policy.
    """
    baseline = comparison.baseline
    leaders = {
        world.policy: PlanEnding(**summary.ending(run).said(), **run.explanation.said())
        for world in comparison.worlds
        if (run := _planless(world))
    }
    rankings = {country: comparison.ranking(country) for country in comparison.countries}
    told: dict[str, Any] = {"leaders": leaders} if leaders else {}
    told |= {"equilibria": equilibria} if equilibria else {}
    return CompareAnswer(
        schema_version=SCHEMA_VERSION,
        command="compare",
        status=summary.status_at_prices(overall_status(comparison), (equilibria or {}).values()),
        instance=baseline.instance.name,
        leader=baseline.leader,
        gap=ask.gap,
        set=tuple(patches),
        baseline=BASELINE,
        policies=tuple(
            _policy(world, policy, given)
            for world, policy, given in zip(comparison.policies, ask.policies or (), named, strict=True)
        ),
        countries={
            country: {
                world.policy: _country(comparison, world, country)
                for world in comparison.worlds
                if country in world.countries
            }
            for country in comparison.countries
        },
        ranking={country: tuple(each.policy for each in ranked) for country, ranked in rankings.items()},
        ranking_detail={country: tuple(ranked) for country, ranked in rankings.items()},
        left_out=dict(left_out),
        diagnostics=tuple(
            Remark(**diagnostic_data(diagnostic), policy=world.policy)
            for world in comparison.worlds
            for diagnostic in world.diagnostics
        ),
        **told,
    ).data()


def with_numbers(document: dict[str, Any], comparison: Comparison) -> dict[str, Any]:
    """What `--format json` prints: the summary and every number compared."""
    rows = [{name: _number(value) for name, value in row._asdict().items()} for row in comparison.rows()]
    return {**document, "comparison": rows}


def overall_status(comparison: Comparison) -> str:
    """`interrupted`, or the status that all countries share under all policies, else `mixed`."""
    found = {summary.status(world) for world in comparison.worlds if world.countries or world.interrupted}
    if summary.INTERRUPTED in found:
        return summary.INTERRUPTED
    return found.pop() if len(found) == 1 else summary.MIXED


def _planless(world: WorldRun) -> CountryRun | None:
    """The leader's run, where it was not asked for and has no plan that others could follow."""
    run = world.leader_run
    return None if run is None or run.solved or run.country in world.countries else run


def _country(comparison: Comparison, world: WorldRun, country: str) -> PlanAnswer:
    earlier = comparison.shares_plan_with(world, country)
    shared = None if earlier is None else earlier.policy
    return plan_answer(world.countries[country], world.leader_run, shares_plan_with=shared)


def _policy(world: WorldRun, policy: Policy, given: str) -> PolicyAnswer:
    texts = {patch.text for patch in policy.patches}
    return PolicyAnswer(
        name=world.policy,
        given=given,
        title=policy.title,
        description=policy.description,
        sources=tuple(policy.sources),
        applied=tuple(
            AppliedAnswer(path=each.path, old=json_value(each.old), new=json_value(each.new), text=each.text)
            for each in world.applied
            if each.text in texts
        ),
        leader=world.leader,
        structure=next((each.message for each in world.diagnostics if each.code == OTHER_STRUCTURE), None),
    )


def _number(value: object) -> object:
    """JSON has no word for what is not defined but null, and none for infinity but a text."""
    if isinstance(value, float):
        return None if math.isnan(value) else text_of_infinity(value)
    return value
