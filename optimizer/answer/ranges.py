"""How far a headline number may vary over all plans within the certified gap, and so which digits to print.

With the range of a number computed, that range decides. Without, a rule of thumb does: the widest ranges
measured on the shipped world (docs/metrics.md), which grow with the square root of the gap. Where money has
no price, shares may be anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from models.quantities import QUANTITIES
from optimizer.answer import digits
from optimizer.answer.run import CountryRun
from optimizer.answer.shadow import NEGLIGIBLE

# Widest range, from the least to the greatest value, at a gap of `MEASURED_GAP`.
MEASURED_WIDTH: Final[Mapping[str, float]] = MappingProxyType(
    {"spend_share": 0.005, "capability": 0.008, "lag_months": 0.1}
)
# The same of the money paid over the horizon and of the compute at its end, relative to the number.
MEASURED_RELATIVE_WIDTH: Final[Mapping[str, float]] = MappingProxyType({"paid": 0.0003, "compute": 0.0012})
# Lines of a plan that others within the gap do not share: the widest range at that gap over the largest
# number of the line. Where graduates have no price, those taken on may be let go again at no cost.
MEASURED_LINE_WIDTH: Final[Mapping[str, float]] = MappingProxyType(
    {"talent": 0.1, "rented": 0.05, "wafer_built": 0.05, "hbm_built": 0.02}
)
EXCHANGED: Final = ("trained", "released")
# Flows of which `headline_ranges` computes the range.
FLOWS: Final = (*EXCHANGED, "recruited")
# A number that may vary by more than this share of it is marked.
UNSURE: Final = 0.2
MARK: Final = "~"
# By how much, average log units, a follower's objective may be off where another plan of its leader, within
# the leader's gap, could have been followed.
MEASURED_LED: Final = 1e-4
MEASURED_GAP: Final = 1e-6
# A gap of a whole log unit says nothing of any number; beyond it there is nothing left to say less of.
LARGEST_GAP: Final = 1.0

DECIMALS: Final[Mapping[str, int]] = MappingProxyType({"spend_share": 0, "capability": 2, "lag_months": 0})
CERTIFIED_DECIMALS: Final[Mapping[str, int]] = MappingProxyType(
    {"spend_share": 1, "capability": 3, "lag_months": 1}
)
HEADS: Final = ("number", "in", "this plan", "least", "greatest", "unit")


def width(run: CountryRun, metric: str) -> float:
    """By how much a headline metric may vary: the widest of its computed ranges, else the rule of thumb.

    A share of 1, log units or months.
    """
    found = [high - low for key, (low, high) in run.ranges.items() if key.partition("/")[0] == metric]
    if found:
        return max(found)
    if metric == "spend_share" and not _money_is_scarce(run):
        return 1.0
    return MEASURED_WIDTH[metric] * _growth(run)


def relative_width(run: CountryRun, number: str) -> float:
    """By how much `paid` or `compute` may vary, relative to it, by the rule of thumb."""
    return MEASURED_RELATIVE_WIDTH[number] * _growth(run)


def unsure(run: CountryRun, metric: str, line: Array) -> NDArray[np.bool_]:
    """In which periods plans within the gap do not share a number of a line, shape of `line` (periods,).

    By its computed range in the periods that have one, else by the rule of thumb.
    """
    widths = np.full(len(line), MEASURED_LINE_WIDTH.get(metric, 0.0) * _growth(run) * np.abs(line).max())
    parameters, solution = run.parameters, run.solution
    if parameters is None or solution is None or not len(solution.row_duals):
        return np.zeros(len(line), dtype=np.bool_)
    # what a plan does nothing of, dearer plans do little of
    widths[line == 0] = 0.0
    if metric in (*EXCHANGED, "talent"):
        price = np.nan_to_num(np.abs(solution.dual("schools")))
        free = (price <= NEGLIGIBLE * price.max()) & (parameters["graduates"] > 0)
        free = free[: len(line)]
        widths = np.where(free, widths if metric == "talent" else np.inf, 0.0)
    for t, period in enumerate(parameters.sets.periods[: len(line)]):
        if f"{metric}/{period}" in run.ranges:
            low, high = run.ranges[f"{metric}/{period}"]
            widths[t] = high - low if high - low > NEGLIGIBLE * np.abs(line).max() else 0.0
    return np.asarray(widths > UNSURE * np.abs(line))


def led(leader_run: CountryRun) -> float:
    """By how much a follower's objective may be off, average log units, as its leader's plan is known only
    up to its gap; by the rule of thumb."""
    return MEASURED_LED * _growth(leader_run)


def growth(gap: float) -> float:
    """How much wider ranges are at a certified gap than those measured."""
    return math.sqrt(min(max(gap, MEASURED_GAP), LARGEST_GAP) / MEASURED_GAP)


def _growth(run: CountryRun) -> float:
    return growth(MEASURED_GAP if run.gap is None else run.gap)


def _money_is_scarce(run: CountryRun) -> bool:
    """Whether money has a price in every reported period; where not, plans as good may spend it anyhow."""
    if run.parameters is None or run.solution is None or not len(run.solution.row_duals):
        return True
    price = np.abs(run.solution.dual("budget"))
    return bool((price[: run.parameters.sets.reported] > NEGLIGIBLE * price.max()).all())


def finest(run: CountryRun, metric: str) -> int:
    """The most decimals that are ever printed of a headline metric (of a share: of its percents)."""
    return (CERTIFIED_DECIMALS if run.ranges else DECIMALS)[metric]


def decimals(run: CountryRun, metric: str) -> int:
    """The decimals of capability or lag, none finer than what it may vary by."""
    return digits.decimals_within(finest(run, metric), width(run, metric))


def range_rows(run: CountryRun, values: Mapping[str, float]) -> list[list[str]]:
    """The computed ranges under `HEADS`; `values` holds the plan's own numbers by the same keys."""
    rows = []
    for key, (low, high) in run.ranges.items():
        metric, *item, period = key.split("/")
        share = metric == "spend_share"
        scale, unit = (100.0, "%") if share else (1.0, QUANTITIES[metric].unit)
        places = digits.decimals_for([scale * (high - low)], 2) if high > low else 4
        name = f"{'/'.join(item)} share" if share else metric.partition("_")[0]
        numbers = [values[key], low, high]
        rows.append([name, period, *(digits.fixed(scale * number, places) for number in numbers), unit])
    return rows


def widest(run: CountryRun) -> list[str]:
    """Half the widest computed range of a share (points), of capability and of the lag, as text."""
    texts = []
    for metric in MEASURED_WIDTH:
        scale = 100.0 if metric == "spend_share" else 1.0
        computed = any(key.startswith(f"{metric}/") for key in run.ranges)
        texts.append(f"±{digits.about(scale * width(run, metric) / 2)}" if computed else "n/a")
    return texts
