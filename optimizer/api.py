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
    """Plans of one scenario. `strategy` is tidy: country, policy, period, metric, item, unit, value;
    `certificates` has one row per country: status, lower, upper, gap. `run` holds all detail."""

    strategy: pd.DataFrame
    certificates: pd.DataFrame
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
) -> Result:
    """The optimal strategy of each country (all if None), certified to `gap` average log units.

    `extend` receives the Pyomo model before it is compiled and may add rows. Raises `InputError`.
    """
    run = solve_world(instance, countries, objective=objective, gap=gap, time_limit=time_limit, extend=extend)
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
    return Result(frame([run]), certificates, run)
