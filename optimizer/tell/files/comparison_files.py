"""A comparison as CSV: every number with its change, and the plans themselves."""

from __future__ import annotations

import csv
import io
import math
from functools import lru_cache
from typing import Final

from optimizer.answer.comparison import Comparison
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.strategy import COLUMNS, csv_fields, series

COMPARED: Final = (
    *("country", "policy", "metric", "item", "period", "unit"),
    *("value", "baseline", "change", "change_percent", "indistinguishable", "value_within"),
)

# No text holds it.
WHOSE: Final = "\0"


def comparison_text(comparison: Comparison) -> str:
    """`comparison.csv`: full precision; empty where a number is not defined."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COMPARED)
    for row in comparison.rows():
        *names, value, before, change, percent, alike, within = row
        first, last = (
            ["" if math.isnan(number) else repr(number) for number in numbers]
            for numbers in ((value, before, change, percent), (within,))
        )
        writer.writerow([*names, *first, "" if alike is None else int(alike), *last])
    return buffer.getvalue()


def strategy_text(comparison: Comparison) -> str:
    """`strategy.csv`: the plans of all countries under every policy over the reported periods.

    Shadow prices and what is nothing throughout are left out, or a large comparison would fill the disk.
    """
    texts = [",".join(COLUMNS) + "\n"]
    known: dict[int, str] = {}
    for world in comparison.worlds:
        for country, run in world.countries.items():
            if run.values is None:
                continue
            # The very same plan has the very same lines, the policy's name apart.
            text = known.get(id(run.values))
            if text is None:
                text = known[id(run.values)] = _plan_text(run, world)
            texts.append(text.replace(WHOSE, csv_fields(country, world.policy)))
    return "".join(texts)


def _plan_text(run: CountryRun, world: WorldRun) -> str:
    """The lines of a plan, with `WHOSE` in the place of its country and policy."""
    reported = 0 if run.parameters is None else run.parameters.sets.reported
    parts: list[str] = []
    for metric, item, unit, periods, values in series(run, world.leader_run, priced=False):
        if any(values[:reported]):
            between = _fields(metric, item, unit)
            shown = zip(periods[:reported], values[:reported], strict=True)
            parts += [f"{WHOSE},{period},{between},{value!r}\n" for period, value in shown]
    return "".join(parts)


# The same few thousand names come in every plan.
_fields = lru_cache(maxsize=10_000)(csv_fields)
