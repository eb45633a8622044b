"""A plan as a tidy table: one row per country, policy, period, metric and item.

Decisions are listed for every period, tail included, so that the table alone reproduces the plan; all other
metrics for the reported periods only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models.parameters import Array, PlanSets
from models.simulate import DECISIONS
from optimizer.result import metrics
from optimizer.result.run import CountryRun, WorldRun
from optimizer.result.shadow import shadow_rows
from optimizer.result.vocabulary import DERIVED, LINE_FLOW_UNIT, SUPPLY_FLOW_UNITS, VARIABLES, MetricSpec

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("country", "policy", "period", "metric", "item", "unit", "value")


class Row(NamedTuple):
    """One number of a strategy. `item` joins the indices other than the period with `/`."""

    period: str
    metric: str
    item: str
    unit: str
    value: float


def items(sets: PlanSets, spec: MetricSpec) -> list[str]:
    """Every item of a metric, in index order; one empty item where only the period varies."""
    return ["/".join(map(str, key)) for key in product(*(sets.members(name) for name in spec.index))]


def unit_of(spec: MetricSpec, item: str) -> str:
    """The unit of a metric's item: only that of `flow` depends on the item."""
    if spec.name == "flow":
        return SUPPLY_FLOW_UNITS.get(item, LINE_FLOW_UNIT)
    return spec.unit


def _metric_rows(sets: PlanSets, spec: MetricSpec, array: Array, count: int) -> Iterator[Row]:
    labels = sets.periods[:count]
    names = items(sets, spec)
    # Adding 0 turns the -0.0 that a solver may leave into 0.0, which prints without a sign.
    lines = (np.asarray(array, dtype=np.float64).reshape(len(names), -1)[:, :count] + 0.0).tolist()
    for item, line in zip(names, lines, strict=True):
        unit = unit_of(spec, item)
        for label, value in zip(labels, line, strict=True):
            yield Row(label, spec.name, item, unit, value)


def derived(run: CountryRun, leader_run: CountryRun | None) -> dict[str, Array]:
    """The metrics of `DERIVED` other than shadow prices, arrays shaped by their index, periods last.

    Those against the leader are left out where there is no leader's plan. Empty where there is no plan.
    """
    if run.parameters is None or run.values is None:
        return {}
    installed = metrics.installed_compute(run.parameters, run.values["fleet"])
    found = {"spend_share": metrics.shares(run.values["spend"]), "installed_compute": installed}
    if leader_run is not None and leader_run.parameters is not None and leader_run.values is not None:
        of_leader = metrics.installed_compute(leader_run.parameters, leader_run.values["fleet"])
        found["compute_ratio"] = metrics.ratio(installed, of_leader)
    if run.leader is not None:
        behind = metrics.lag_of_plan(run.parameters, run.values["capability"], run.leader)
        found |= {
            "effective_ratio": metrics.effective_ratio(run.values["capability"], run.leader),
            "lag_months": behind.months,
            "lag_extrapolated": behind.extrapolated.astype(np.float64),
            "lag_beyond": behind.beyond.astype(np.float64),
        }
    return found


def rows(run: CountryRun, leader_run: CountryRun | None = None) -> list[Row]:
    """The tidy rows of one country's plan, in a fixed order. Empty where there is no plan."""
    if run.parameters is None or run.values is None:
        return []
    sets = run.parameters.sets
    table: list[Row] = []
    for name, spec in VARIABLES.items():
        count = len(sets.periods) if name in DECISIONS else sets.reported
        table.extend(_metric_rows(sets, spec, run.values[name], count))
    for name, array in derived(run, leader_run).items():
        table.extend(_metric_rows(sets, DERIVED[name], array, sets.reported))
    if run.solution is not None:
        table.extend(Row(*row) for row in shadow_rows(run.parameters, run.solution))
    return table


def csv_text(world: WorldRun) -> str:
    """The strategies of all countries that have a plan as CSV text with full-precision numbers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for country, run in world.countries.items():
        writer.writerows(
            (country, world.policy, row.period, row.metric, row.item, row.unit, repr(row.value))
            for row in rows(run, world.leader_run)
        )
    return buffer.getvalue()


def frame(worlds: Iterable[WorldRun]) -> pd.DataFrame:
    """The strategies of several scenarios as one tidy data frame with the columns of `COLUMNS`."""
    import pandas as pd

    table = [
        (country, world.policy, *row)
        for world in worlds
        for country, run in world.countries.items()
        for row in rows(run, world.leader_run)
    ]
    return pd.DataFrame(table, columns=list(COLUMNS))
