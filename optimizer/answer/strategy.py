"""A plan as a tidy table: one row per country, policy, period, metric and item.

Decisions are listed for every period, tail included, so that the table alone reproduces the plan; all other
metrics for the reported periods only. Chips that a country cannot have at all are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.indices import BOUNDED
from models.parameters import Array, PlanParameters, PlanSets
from models.quantities import (
    DERIVED,
    LINE_FLOW_UNIT,
    SUPPLY_FLOW_UNITS,
    VARIABLES,
    MetricSpec,
    Series,
)
from models.simulate import DECISIONS
from optimizer.answer import metrics
from optimizer.answer.long_game import staged_metrics
from optimizer.answer.own import is_extended, own_series
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.shadow import ShadowPrices, shadow_prices

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("country", "policy", "period", "metric", "item", "unit", "value")
# What shadow prices are counted in, per unit of their limit.
SHADOW_UNITS: Final = {
    "shadow_price": "objective",
    "shadow_price_compute": "% effective compute",
    "shadow_price_usd": "USD bn",
}
# added to these in staged mode: the prices are those of the program with its integers fixed
STEPS_HELD: Final = ", levels, unlocked nodes and fabs held"


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


def obtainable(parameters: PlanParameters) -> NDArray[np.bool_]:
    """Which chips the country can have at all, shape (chips,): some limit or the inherited fleet is above 0.

    The rows of the others are left out of a strategy, and read as 0 where a plan is read back.
    """
    limits = [parameters[name].max(axis=1) for name in ("import_limit", "grey_open", "make_limit")]
    return np.asarray(sum([*limits, parameters["fleet0"], parameters["bank0"]]) > 0)


def _metric_series(
    parameters: PlanParameters, spec: MetricSpec, array: Array, count: int, had: NDArray[np.bool_]
) -> Iterator[Series]:
    labels = parameters.sets.periods[:count]
    names = items(parameters.sets, spec)
    if not names:
        return
    # Adding 0 turns the -0.0 that a solver may leave into 0.0, which prints without a sign.
    # (A set without members leaves no number to tell -1 from.)
    grid = np.asarray(array, dtype=np.float64).reshape(len(names), np.shape(array)[-1])[:, :count] + 0.0
    shown = np.ones(len(names), dtype=np.bool_)
    if spec.index[:1] == ("chips",):
        shown = grid.any(axis=1) | np.repeat(had, len(names) // len(had))
    for item, line, show in zip(names, grid.tolist(), shown.tolist(), strict=True):
        if show:
            yield Series(spec.name, item, unit_of(spec, item), labels, line)


def _shadow_series(known: Iterable[ShadowPrices], whole_steps: bool) -> Iterator[Series]:
    """The shadow prices of the limits that bind; `item` is `row/index`. Of a plan in whole steps the units
    say that these are held."""
    held = STEPS_HELD if whole_steps else ""
    for prices in known:
        item = "/".join(part for part in (prices.limit.name, prices.item) if part)
        units = {metric: f"{of} per {prices.limit.unit}{held}" for metric, of in SHADOW_UNITS.items()}
        price = prices.price.tolist()
        yield Series("shadow_price", item, units["shadow_price"], prices.periods, price)
        if prices.compute_percent is not None:
            worth = prices.compute_percent.tolist()
            unit = units["shadow_price_compute"]
            yield Series("shadow_price_compute", item, unit, prices.periods, worth)
        priced = np.flatnonzero(~np.isnan(prices.usd_bn))
        if priced.size:
            labels = [prices.periods[t] for t in priced]
            usd = prices.usd_bn[priced].tolist()
            yield Series("shadow_price_usd", item, units["shadow_price_usd"], labels, usd)


def derived(run: CountryRun, leader_run: CountryRun | None) -> dict[str, Array]:
    """The metrics of `DERIVED` other than shadow prices, arrays shaped by their index, periods last.

    Those against the leader are left out where there is no leader's plan. Empty where there is no plan.
    """
    if run.parameters is None or run.values is None:
        return {}
    installed = metrics.installed_compute(run.parameters, run.values["fleet"])
    carried_in = metrics.carried_in(run.parameters, run.values["cash"])
    found = {
        "spend_share": metrics.shares(run.values["spend"]),
        "outlays": metrics.outlays(run.values),
        "income": metrics.income(run.parameters),
        "carried_in": carried_in,
        "interest": metrics.interest(run.parameters, carried_in),
        "power_drawn": metrics.power_drawn(run.parameters, run.values["fleet"]),
        "installed_compute": installed,
    }
    if leader_run is not None and leader_run.parameters is not None and leader_run.values is not None:
        of_leader = metrics.installed_compute(leader_run.parameters, leader_run.values["fleet"])
        found["compute_ratio"] = metrics.ratio(installed, of_leader)
    found |= staged_metrics(run, leader_run)
    if run.leader_gap is not None:
        found["leader_gap"] = np.full(len(run.parameters.sets.periods), run.leader_gap)
    if run.leader is not None:
        behind = metrics.lag_of_plan(run.parameters, run.values["capability"], run.leader)
        found |= {
            "effective_ratio": metrics.effective_ratio(run.values["capability"], run.leader),
            "lag_months": behind.months,
            "lag_extrapolated": behind.extrapolated.astype(np.float64),
            "lag_beyond": behind.beyond.astype(np.float64),
        }
    return found


def series(run: CountryRun, leader_run: CountryRun | None = None, *, priced: bool = True) -> Iterator[Series]:
    """All that is told of one country's plan, in a fixed order; its shadow prices if `priced`. Empty where
    there is no plan."""
    parameters, values = run.parameters, run.values
    if parameters is None or values is None:
        return
    sets, had = parameters.sets, obtainable(parameters)
    # an index that a row of the user's own holds down does not follow from decisions
    held = BOUNDED if run.solution is not None and is_extended(run.solution.program) else ()
    for name, spec in VARIABLES.items():
        count = len(sets.periods) if name in DECISIONS or name in held else sets.reported
        yield from _metric_series(parameters, spec, values[name], count, had)
    for name, array in derived(run, leader_run).items():
        yield from _metric_series(parameters, DERIVED[name], array, sets.reported, had)
    if run.solution is not None:
        yield from own_series(run.solution, sets.periods)
        if priced:
            known = shadow_prices(parameters, run.solution) if run.prices is None else run.prices
            yield from _shadow_series(known, bool(run.solution.program.integer.any()))


def rows(run: CountryRun, leader_run: CountryRun | None = None) -> Iterator[Row]:
    """The tidy rows of one country's plan, in a fixed order. Empty where there is no plan."""
    for metric, item, unit, periods, values in series(run, leader_run):
        for period, value in zip(periods, values, strict=True):
            yield Row(period, metric, item, unit, value)


def csv_text(world: WorldRun) -> str:
    """The strategies of all countries that have a plan as CSV text with full-precision numbers."""
    lines = [",".join(COLUMNS) + "\n"]
    for country, run in world.countries.items():
        before = csv_fields(country, world.policy)
        for metric, item, unit, periods, values in series(run, world.leader_run):
            between = csv_fields(metric, item, unit)
            lines += [
                f"{before},{period},{between},{value!r}\n"
                for period, value in zip(periods, values, strict=True)
            ]
    return "".join(lines)


def csv_fields(*texts: str) -> str:
    """Texts as fields of a line of CSV, quoted where they must be."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(texts)
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
