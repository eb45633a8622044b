"""The Python API: an instance in, tidy frames out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optimizer.instance import Instance
from optimizer.instance import load as _load
from optimizer.instance import patch as _patch
from optimizer.result.run import WorldRun
from optimizer.result.strategy import frame
from optimizer.study.solve import DEFAULT_GAP, Extension, solve_world


@dataclass(frozen=True)
class Result:
    """Plans of one scenario.

    `strategy` is tidy: country, policy, period, metric, item, unit, value. `certificates` has one row per
    country: country, status, lower, upper, gap. `ranges`, empty unless asked for, has the least and greatest
    value of headline numbers over all plans within the gap: country, metric, item, period, low, high. `run`
    holds all detail.
    """

    strategy: pd.DataFrame
    certificates: pd.DataFrame
    ranges: pd.DataFrame
    run: WorldRun


def load(instance: str | Path) -> Instance:
    """An instance from a directory, or a shipped one by name. Raises `InputError` with all its problems."""
    return _load(instance)


def patch(instance: Instance, patches: Iterable[str]) -> Instance:
    """The instance with values changed, each patch `PATH OP VALUE`. Raises `InputError`."""
    return _patch(instance, list(patches))


def solve(
    instance: Instance,
    countries: Sequence[str] | None = None,
    *,
    objective: str | None = None,
    gap: float = DEFAULT_GAP,
    time_limit: float | None = None,
    extend: Extension | None = None,
    ranges: bool = False,
) -> Result:
    """The optimal strategy of each country (all if None), certified to `gap` average log units.

    `time_limit` is in seconds per country. `extend` receives the Pyomo model before it is compiled and may
    add rows. `ranges` adds those of headline numbers, at many times the cost of the plans. Raises
    `InputError`; a country without a plan raises nothing: its status says so.
    """
    run = solve_world(
        instance,
        countries,
        objective=objective,
        gap=gap,
        time_limit=time_limit,
        extend=extend,
        ranges=ranges,
    )
    if run.interrupted:
        raise KeyboardInterrupt
    rows = []
    for country, plan in run.countries.items():
        certificate = plan.solution.certificate if plan.solution is not None else None
        bounds = (
            (certificate.lower, certificate.upper, certificate.gap)
            if certificate is not None
            else (float("nan"),) * 3
        )
        rows.append((country, plan.status, *bounds))
    certificates = pd.DataFrame(rows, columns=["country", "status", "lower", "upper", "gap"])
    return Result(frame([run]), certificates, _ranges(run), run)


def _ranges(run: WorldRun) -> pd.DataFrame:
    rows = []
    for country, plan in run.countries.items():
        for key, (low, high) in plan.ranges.items():
            metric, *item, period = key.split("/")
            rows.append((country, metric, "/".join(item), period, low, high))
    return pd.DataFrame(rows, columns=["country", "metric", "item", "period", "low", "high"])
