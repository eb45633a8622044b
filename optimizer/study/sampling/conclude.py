"""From the results of a study to what it says: quantiles, effects, indices or matrices, by its design."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from models.quantities import OBJECTIVES
from optimizer.answer.metrics import MONTHS_PER_YEAR
from optimizer.answer.strategy import unit_of
from optimizer.instance.resolving.sets import plan_sets
from optimizer.instance.values import Array
from optimizer.study.batch.outcomes import BINDING, METRICS, OBJECTIVE, SPLIT
from optimizer.study.batch.rows import RowResult
from optimizer.study.sampling.conclusion import Conclusion, Effect
from optimizer.study.sampling.indices import morris_indices, sobol_indices
from optimizer.study.sampling.interaction import Interaction, base_stop, interaction
from optimizer.study.sampling.moves import BASE, WORDS
from optimizer.study.sampling.outcomes import column
from optimizer.study.sampling.quantiles import band
from optimizer.study.sampling.sample import Sample, second_order

LAG: Final = "lag_months"
LAG_BEYOND: Final = "lag_beyond"
BASELINE: Final = "baseline"
# Of fewer blocks or trajectories an interval is the spread of a handful of numbers.
# What two solves of one program may differ by, of the size of the number.
ROUNDING: Final = 1e-9
ENOUGH_BLOCKS: Final = 16


def conclude(
    sample: Sample, results: Iterable[RowResult], base: Mapping[str, RowResult] | None = None
) -> list[Conclusion]:
    """What the results of a study say of each country and outcome, in the study's order.

    `base` has the result of the study's base by country, for designs without a scenario of it; where one of
    the scenarios is the base, it is that one. Scenarios without a result count as missing. `binding` is no
    number and has no conclusion; `lag_beyond` has none where it only marks the lag of the same period.
    """
    by_country: dict[str, list[RowResult]] = {country: [] for country in sample.countries}
    for result in results:
        by_country[result.country].append(result)
    at_base = _base_row(sample)
    found = []
    for country in sample.countries:
        own = by_country[country]
        here = next((one for one in own if one.number == at_base), None) or (base or {}).get(country)
        for outcome in sample.outcomes:
            if outcome != BINDING and not _is_mark(outcome, sample.outcomes):
                found.append(_conclusion(sample, own, here, country, outcome))
    return found


def cautions(conclusions: Iterable[Conclusion]) -> list[str]:
    """What to know of conclusions that rest on little: indices of so few blocks that resampling them says
    little of how far they are off, and lags that had to be extrapolated."""
    found, listed = [], list(conclusions)
    blocks = [each.indices.blocks for each in listed if each.indices is not None]
    fewest = min(blocks, default=ENOUGH_BLOCKS)
    if fewest < ENOUGH_BLOCKS:
        few = f"indices of {fewest} {'block' if fewest == 1 else 'blocks'} may be far off"
        found.append(f"{few}, and their intervals too narrow: take more samples")
    early = [
        f"{each.country} {each.outcome} in {each.extrapolated:,} of {each.rows:,}"
        for each in listed
        if each.extrapolated
    ]
    if early:
        text = (
            "lags that reach back before the leader's base state are extrapolated, by its growth until then: "
        )
        found.append(text + ", ".join(early))
    return found


def base_needed(sample: Sample) -> bool:
    """Whether none of the scenarios is the study's base."""
    return _base_row(sample) is None


def _base_row(sample: Sample) -> int | None:
    """The number of the scenario that changes nothing."""
    for row in sample.rows:
        if not row.patches and set(row.policy.split("+")) <= {"", BASELINE}:
            return row.number
    return None


def _is_mark(outcome: str, outcomes: Sequence[str]) -> bool:
    metric, _, period = outcome.partition("/")
    return metric == LAG_BEYOND and f"{LAG}/{period}" in outcomes


def _conclusion(
    sample: Sample, results: Sequence[RowResult], base: RowResult | None, country: str, outcome: str
) -> Conclusion:
    numbers = column(results, len(sample.rows), country, outcome)
    missing = int(np.isnan(numbers).sum())
    here = None if base is None else _number_of(base, outcome)
    plain = Conclusion(
        *(country, outcome, unit(outcome), here, len(sample.rows), missing),
        extrapolated=_extrapolated(sample, numbers, outcome),
    )
    study, names = sample.study, sample.names
    method, seed = study.design.method, study.file.seed
    if method == "grid":
        return replace(plain, matrices=tuple(_matrices(sample, numbers)))
    if method == "one_at_a_time":
        return _with_effects(sample, plain, numbers, results, base)
    if method == "morris":
        assert sample.unit is not None
        return replace(plain, indices=morris_indices(sample.unit, numbers, names, seed))
    if method == "saltelli":
        return replace(plain, indices=sobol_indices(numbers, names, second_order(study), seed))
    if missing == len(numbers):
        return plain
    return replace(plain, band=band(numbers, beyond=_beyond(sample, results, country, outcome)))


def unit(outcome: str) -> str:
    """What an outcome is measured in."""
    if outcome == OBJECTIVE:
        return OBJECTIVES[OBJECTIVE].unit
    metric, *rest = outcome.split("/")
    return "1" if metric == SPLIT else unit_of(METRICS[metric], "/".join(rest[:-1]))


def _number_of(result: RowResult, outcome: str) -> float | None:
    (number,) = column([replace(result, number=0)], 1, result.country, outcome)
    return None if math.isnan(number) else float(number)


def _extrapolated(sample: Sample, numbers: Array, outcome: str) -> int:
    """How many lags reach back before the base state: further than the middle of their period lies behind
    it."""
    metric, _, period = outcome.partition("/")
    if metric != LAG:
        return 0
    sets, horizon = plan_sets(sample.base, sample.countries[0]), sample.base.horizon
    years = sets.starts[sets.periods.index(period)] + 0.5 / horizon.steps_per_year - horizon.first_year
    with np.errstate(invalid="ignore"):
        return int((numbers > MONTHS_PER_YEAR * years).sum())


def _beyond(sample: Sample, results: Sequence[RowResult], country: str, outcome: str) -> Array | None:
    """Which lags are only bounds, where the study keeps that."""
    metric, _, period = outcome.partition("/")
    mark = f"{LAG_BEYOND}/{period}"
    if metric != LAG or mark not in sample.outcomes:
        return None
    return np.nan_to_num(column(results, len(sample.rows), country, mark))


def _with_effects(
    sample: Sample, plain: Conclusion, numbers: Array, results: Sequence[RowResult], base: RowResult | None
) -> Conclusion:
    """Effects, the widest first, those without a number last; of the objective only those that the gaps of
    both plans can tell from nothing."""
    by_number = {result.number: result for result in results}
    told, within = [], []
    for place, name in enumerate(sample.names):
        ends = _ends(sample, place, numbers, plain.base)
        if ends is None:
            continue
        (low_value, low, low_row), (high_value, high, high_row) = ends
        rows = [by_number.get(row) for row in (low_row, high_row) if row is not None]
        if plain.outcome == OBJECTIVE and base is not None and not any(_tells(one, base) for one in rows):
            within.append(name)
        else:
            told.append(Effect(name, low_value, high_value, low, high))
    told.sort(key=lambda one: (-width(one, plain.base), one.axis))
    return replace(plain, effects=tuple(told), within_gap=tuple(within))


def width(effect: Effect, base: float | None) -> float:
    """How far apart the outcomes of an effect and the base lie, 0 within `ROUNDING`; -1 where it has none."""
    known = [each for each in (effect.low, effect.high) if not math.isnan(each)]
    if not known:
        return -1.0
    known += [] if base is None else [base]
    low, high = min(known), max(known)
    alike = low == high or high - low <= ROUNDING * max(abs(low), abs(high), 1.0)
    return 0.0 if alike else high - low


def _tells(result: RowResult | None, base: RowResult) -> bool:
    """Whether a scenario's objective differs from the base's by more than both certified gaps. One without a
    number says nothing, and is told as missing."""
    if result is None or result.objective is None or result.bound is None:
        return True
    if base.objective is None or base.bound is None:
        return True
    gaps = (result.bound - result.objective) + (base.bound - base.objective)
    return abs(result.objective - base.objective) > gaps


End = tuple[float | str, float, int | None]
"""A value of an axis, the outcome there, and the scenario that has it (None: the base)."""


def _ends(sample: Sample, place: int, numbers: Array, base: float | None) -> tuple[End, End] | None:
    """An axis at its least and its greatest value; where values have no order, at those of its least and
    greatest outcome. None where the axis has no scenario of its own."""
    assert sample.stops is not None
    labels = sample.labels[place]
    rows = {int(sample.stops[row, place]): int(row) for row in np.flatnonzero(sample.stops[:, place] >= 0)}
    if not rows:
        return None
    at_base = math.nan if base is None else base
    known: list[End] = [
        (label, float(numbers[rows[stop]]) if stop in rows else at_base, rows.get(stop))
        for stop, label in enumerate(labels)
    ]
    if all(row is not None for _, _, row in known):
        known.append((sample.factors[sample.axes[place].members[0]].base.value, at_base, None))
    plain = [each for each in known if isinstance(each[0], float | int)]
    if len(plain) >= 2:
        plain.sort(key=lambda each: float(each[0]))
        return plain[0], plain[-1]
    words = {value: each for each in known if (value := each[0]) in WORDS}
    if {WORDS[0], WORDS[-1]} & words.keys():
        return words.get(WORDS[0], (BASE, at_base, None)), words.get(WORDS[-1], (BASE, at_base, None))
    ordered = sorted((each for each in known if not math.isnan(each[1])), key=lambda each: each[1])
    return (ordered[0], ordered[-1]) if ordered else (known[0], known[-1])


def _matrices(sample: Sample, numbers: Array) -> list[Interaction]:
    """A matrix for every pair of axes, all others held at the base, or at their first value where the base is
    none of theirs; of a single axis one with a single column."""
    names = sample.names
    if len(names) == 1:
        assert sample.stops is not None
        values = np.full(len(sample.labels[0]), math.nan)
        values[sample.stops[:, 0]] = numbers
        index = pd.Index(sample.labels[0], name=names[0])
        return [Interaction(names[0], "", pd.DataFrame({"": values}, index=index), None, {}, _nans(values))]
    held = {
        name: sample.labels[place][0] for place, name in enumerate(names) if base_stop(sample, place) is None
    }
    return [
        interaction(
            sample, numbers, one, other, {name: held[name] for name in held if name not in (one, other)}
        )
        for one, other in combinations(names, 2)
    ]


def _nans(values: Array) -> int:
    return int(np.isnan(values).sum())
