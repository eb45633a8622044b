"""A comparison as CSV: every number with its change, and the plans themselves."""

from __future__ import annotations

import csv
import io
import math
from typing import Final

from optimizer.result.comparison import Comparison
from optimizer.result.run import CountryRun, WorldRun
from optimizer.result.strategy import COLUMNS, csv_fields, series

COMPARED: Final = (
    *("country", "policy", "metric", "item", "period", "unit"),
    *("value", "baseline", "change", "change_percent", "indistinguishable"),
)


def comparison_text(comparison: Comparison) -> str:
    """`comparison.csv`: full precision; empty where a number is not defined."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COMPARED)
    for row in comparison.rows():
        *names, value, before, change, percent, alike = row
        numbers = ["" if math.isnan(number) else repr(number) for number in (value, before, change, percent)]
        writer.writerow([*names, *numbers, "" if alike is None else int(alike)])
    return buffer.getvalue()


def strategy_text(comparison: Comparison) -> str:
    """`strategy.csv`: the plans of all countries under every policy over the reported periods.

    Shadow prices and what is nothing throughout are left out, or a large comparison would fill the disk.
    """
    lines = [",".join(COLUMNS) + "\n"]
    known: dict[int, list[tuple[str, str]]] = {}
    for world in comparison.worlds:
        for country, run in world.countries.items():
            if run.values is None:
                continue
            # The very same plan has the very same lines, the policy's name apart.
            ends = known.get(id(run.values))
            if ends is None:
                ends = known[id(run.values)] = _ends(run, world)
            before = csv_fields(country, world.policy)
            lines += [f"{before},{period},{end}" for period, end in ends]
    return "".join(lines)


def _ends(run: CountryRun, world: WorldRun) -> list[tuple[str, str]]:
    """Period and the rest of each line of a plan."""
    reported = 0 if run.parameters is None else run.parameters.sets.reported
    ends: list[tuple[str, str]] = []
    for metric, item, unit, periods, values in series(run, world.leader_run):
        if metric.startswith("shadow_price"):
            break  # they come last
        if any(values[:reported]):
            between = csv_fields(metric, item, unit)
            shown = zip(periods[:reported], values[:reported], strict=True)
            ends += [(period, f"{between},{value!r}\n") for period, value in shown]
    return ends
