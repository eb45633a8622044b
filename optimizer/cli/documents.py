"""The JSON documents that commands print and save; keys are only ever added."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from optimizer.cli.demand import Demand
from optimizer.cli.session import SCHEMA_VERSION, diagnostic_data
from optimizer.result import summary
from optimizer.result.beyond import beyond_data
from optimizer.result.disagreement import Disagreement
from optimizer.result.evaluation import Evaluation
from optimizer.result.run import CountryRun, WorldRun
from optimizer.result.store import PROGRAM, text_of_infinity
from optimizer.result.strategy import rows

PACKAGES: Final = ("kloof", "highspy", "numpy", "pyomo", "pydantic")


def country_data(run: CountryRun) -> dict[str, Any]:
    """How one country's solve ended and why, as JSON data."""
    data: dict[str, Any] = {
        "status": run.status,
        "objective": summary.objective_data(run),
        "certificate": summary.certificate_data(run),
        "diagnostics": [diagnostic_data(diagnostic) for diagnostic in run.diagnostics],
    }
    if run.leader_gap is not None:
        data["leader_gap"] = text_of_infinity(run.leader_gap)
    if run.solution is not None and run.solution.conflict:
        data["conflict"] = list(run.solution.conflict)
    return {**data, **run.explanation}


def _leader(world: WorldRun) -> dict[str, Any]:
    run = world.leader_run
    data: dict[str, Any] = {
        "country": world.leader,
        "status": run.status if run else None,
        "certificate": summary.certificate_data(run) if run else None,
    }
    return data if run is None or run.solved else {**data, **run.explanation}


def _head(world: WorldRun) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "status": summary.status(world),
        "instance": world.instance.name,
        "policy": world.policy,
        "leader": _leader(world),
    }


def _tail(world: WorldRun, demand: list[Demand]) -> dict[str, Any]:
    return {
        "world_demand": [{**vars(each), "ratio": text_of_infinity(each.ratio)} for each in demand],
        "diagnostics": [diagnostic_data(diagnostic) for diagnostic in world.diagnostics],
    }


def solve_document(world: WorldRun, demand: list[Demand]) -> dict[str, Any]:
    """What `kloof solve --format json` prints: certificates and whole strategies."""
    countries = {}
    for country, run in world.countries.items():
        strategy = [
            {**row._asdict(), "value": text_of_infinity(row.value)} for row in rows(run, world.leader_run)
        ]
        headline = summary.headline_data(run, world.leader_run)
        countries[country] = {**country_data(run), "headline": headline, "strategy": strategy}
    return {**_head(world), "countries": countries, **_tail(world, demand)}


def summary_document(world: WorldRun, demand: list[Demand]) -> dict[str, Any]:
    """What `summary.json` holds: certificates, headline numbers and explanations, without the strategies."""
    countries = {
        country: {
            **country_data(run),
            "headline": summary.headline_data(run, world.leader_run),
            "beyond": beyond_data(run, world.leader_run),
        }
        for country, run in world.countries.items()
    }
    return {**_head(world), "countries": countries, **_tail(world, demand)}


def evaluate_document(evaluation: Evaluation, world: WorldRun) -> dict[str, Any]:
    """What `kloof evaluate --format json` prints."""
    strategy = rows(evaluation.run, world.leader_run)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "broken" if evaluation.broken else "disagrees" if evaluation.disagreements else "kept",
        "country": evaluation.run.country,
        "objective": text_of_infinity(evaluation.objective),
        "optimum": country_data(world.countries[evaluation.run.country]),
        "loss_average_log_units": evaluation.loss,
        "broken": [{"row": each.row, "excess": each.excess, "unit": each.unit} for each in evaluation.broken],
        "disagreements": [_disagreement(each) for each in evaluation.disagreements],
        "strategy": [{**row._asdict(), "value": text_of_infinity(row.value)} for row in strategy],
    }


def _disagreement(each: Disagreement) -> dict[str, Any]:
    numbers = {"stated": each.stated.value, "follows": each.follows, "difference": each.difference}
    return {
        **{name: getattr(each.stated, name) for name in ("line", "metric", "item", "period", "unit")},
        **{name: text_of_infinity(value) for name, value in numbers.items()},
    }


def manifest_document(
    command: str, inputs: dict[str, Any], applied: list[dict[str, Any]], world: WorldRun, wall: float
) -> dict[str, Any]:
    """What `manifest.json` holds: how the run came about. The only place where a time appears."""
    gaps = {
        country: (summary.objective_data(run) or {}).get("gap") for country, run in world.countries.items()
    }
    return {
        "program": PROGRAM,
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        **inputs,
        "patches": applied,
        "gap": gaps,
        "wall_time_seconds": round(wall, 3),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
