"""The JSON documents that commands print and save; keys are only ever added."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from optimizer.answer import summary
from optimizer.answer.answer import Demand, LeaderAnswer, PlanAnswer, SolveAnswer, remarks
from optimizer.answer.bands import Bands
from optimizer.answer.beyond import beyond_data
from optimizer.answer.disagreement import Disagreement
from optimizer.answer.equilibrium import EquilibriumAnswer
from optimizer.answer.evaluation import Broken, Evaluation
from optimizer.answer.part import json_value, text_of_infinity
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.strategy import rows
from optimizer.study.ask import Ask
from optimizer.tell import SCHEMA_VERSION
from optimizer.tell.files.store import PROGRAM

PACKAGES: Final = ("kloof", "highspy", "numpy", "pyomo", "pydantic")


def plan_answer(run: CountryRun, leader_run: CountryRun | None, **more: Any) -> PlanAnswer:
    """What is said of one country's plan, and what else there is to say of it."""
    told = summary.ending(run).said() | run.explanation.said()
    if (rolled := summary.rolled(run)) is not None:
        told["rolled"] = rolled
    return PlanAnswer(**told, headline=summary.headline(run, leader_run), **more)


def _leader(world: WorldRun) -> LeaderAnswer:
    run = world.leader_run
    explanation = {} if run is None or run.solved else run.explanation.said()
    if run is not None and (rolled := summary.rolled(run)) is not None:
        explanation["rolled"] = rolled
    return LeaderAnswer(
        country=world.leader,
        status=run.status if run else None,
        certificate=summary.certificate(run) if run else None,
        **explanation,
    )


def solve_answer(
    world: WorldRun,
    demand: Sequence[Demand],
    bands: Bands | None = None,
    equilibrium: EquilibriumAnswer | None = None,
) -> SolveAnswer:
    """What `kloof solve` answers, and `summary.json` holds: certificates, headline numbers, explanations, and
    bands where there are some; what `kloof equilibrium` does, with how good it is."""
    more = {"bands": bands, "equilibrium": equilibrium}
    told: dict[str, Any] = {name: part for name, part in more.items() if part is not None}
    views = {run.rolled.view_years for run in world.countries.values() if run.rolled is not None}
    told |= {"view_years": max(views)} if views else {}
    return SolveAnswer(
        schema_version=SCHEMA_VERSION,
        status=summary.status_at_prices(summary.status(world), [equilibrium] if equilibrium else ()),
        instance=world.instance.name,
        policy=world.policy,
        leader=_leader(world),
        countries={
            country: plan_answer(run, world.leader_run, beyond=beyond_data(run, world.leader_run))
            for country, run in world.countries.items()
        },
        world_demand=tuple(demand),
        diagnostics=remarks(world.diagnostics),
        **told,
    )


def solve_document(
    world: WorldRun,
    demand: Sequence[Demand],
    bands: Bands | None = None,
    equilibrium: EquilibriumAnswer | None = None,
) -> dict[str, Any]:
    """What `kloof solve --format json` prints: the answer with whole strategies."""
    document = solve_answer(world, demand, bands, equilibrium).data()
    for country, run in world.countries.items():
        plan = document["countries"][country]
        del plan["beyond"]
        plan["strategy"] = [
            {**row._asdict(), "value": text_of_infinity(row.value)} for row in rows(run, world.leader_run)
        ]
    return document


def evaluate_document(evaluation: Evaluation, world: WorldRun) -> dict[str, Any]:
    """What `kloof evaluate --format json` prints."""
    strategy = rows(evaluation.run, world.leader_run)
    optimum = world.countries[evaluation.run.country]
    return {
        "schema_version": SCHEMA_VERSION,
        "status": evaluation.status,
        "country": evaluation.run.country,
        "objective": text_of_infinity(evaluation.objective),
        "optimum": summary.ending(optimum).data() | optimum.explanation.data(),
        "loss_average_log_units": evaluation.loss,
        "broken": [_broken(each) for each in evaluation.broken],
        "accepted": [_broken(each) for each in evaluation.accepted],
        "tolerance": evaluation.tolerance,
        "rounded_to": evaluation.rounded_to,
        "disagreements": [_disagreement(each) for each in evaluation.disagreements],
        "strategy": [{**row._asdict(), "value": text_of_infinity(row.value)} for row in strategy],
    }


def _broken(each: Broken) -> dict[str, Any]:
    return {"row": each.row, "excess": each.excess, "unit": each.unit, "of_size": each.of_size}


def _disagreement(each: Disagreement) -> dict[str, Any]:
    numbers = {"stated": each.stated.value, "follows": each.follows, "difference": each.difference}
    return {
        **{name: getattr(each.stated, name) for name in ("line", "metric", "item", "period", "unit")},
        **{name: text_of_infinity(value) for name, value in numbers.items()},
    }


def manifest_document(
    command: str, written: dict[str, Any], ask: Ask, world: WorldRun, wall: float
) -> dict[str, Any]:
    """What `manifest.json` holds: how the run came about. The only place where a time appears."""
    gaps = {country: run.gap if run.solved else None for country, run in world.countries.items()}
    return asked_manifest(command, written, ask, gaps, wall)


def asked_manifest(
    command: str, written: dict[str, Any], ask: Ask, gaps: Mapping[str, float | None], wall: float
) -> dict[str, Any]:
    """The same of a run that is of no one world: `gaps` are those of its plans, by name."""
    return {
        "program": PROGRAM,
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        **written,
        "key": ask.key,
        "patches": [
            {"path": each.path, "old": json_value(each.old), "new": json_value(each.new), "patch": each.text}
            for each in ask.instance.applied
        ],
        "gap": {name: None if gap is None else text_of_infinity(gap) for name, gap in gaps.items()},
        "wall_time_seconds": round(wall, 3),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
