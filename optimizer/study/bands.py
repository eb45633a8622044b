"""How far headline numbers move with the inputs: a study of draws of all of them, and its quantiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from models.parameters import PlanSets
from optimizer.answer.bands import (
    BEYOND,
    CAPABILITY,
    COMPUTE,
    LAG,
    RATIO,
    SPLIT,
    BandQuantile,
    Bands,
    MissingDraws,
    NumberBand,
)
from optimizer.answer.run import OPTIMAL
from optimizer.answer.summary import middle_position
from optimizer.instance import Instance
from optimizer.instance.resolving.sets import plan_sets
from optimizer.study.ask import Ask
from optimizer.study.batch.drain import drain
from optimizer.study.batch.outcomes import METRICS
from optimizer.study.batch.rows import RowResult
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import new_store, solver_of
from optimizer.study.sampling.outcomes import column
from optimizer.study.sampling.quantiles import CONFIDENCE, band
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import study_from

DRAWS: Final = 512
SEED: Final = 0
# A finer gap moves a lag by far less than the draws do, and takes a third longer.
FINEST_GAP: Final = 1e-4


def bands_sample(
    ask: Ask, instance: Instance, place: str, policy: str = "", patches: Sequence[str] = ()
) -> Sample:
    """The draws: every input with low and high that reaches a country asked about or its leader.

    `instance` is as loaded from `place`, where `policy` and `patches` make of it the instance of the ask;
    without both it is that itself. Raises `InputError` where no input has a range (E709), or Sobol' cannot
    use the number of draws (E705).
    """
    sets = plan_sets(ask.instance, ask.asked[0])
    document: dict[str, Any] = {
        "format_version": 1,
        "title": f"Ranges of the inputs of {ask.instance.name}",
        "instance": place,
        "countries": list(ask.asked),
        "policy": policy,
        "patches": list(patches),
        "leader": "answer",
        "gap": min(max(ask.gap, FINEST_GAP), 1.0),
        "seed": SEED,
        "design": {"method": "sobol", "draws": ask.draws or DRAWS},
        "factors": "all",
        "outcomes": _outcomes(sets),
    }
    if ask.objective is not None:
        document["objective"] = ask.objective
    return prepare(study_from(document, "bands"), instance, ask.time_limit)


def _outcomes(sets: PlanSets) -> list[str]:
    told = [f"{metric}/{period}" for metric in (LAG, BEYOND, RATIO, CAPABILITY) for period in _periods(sets)]
    return [*told, f"{COMPUTE}/{_periods(sets)[-1]}", f"{SPLIT}/*"]


def _periods(sets: PlanSets) -> list[str]:
    """The periods that a headline tells: mid-horizon and the last one."""
    return list(dict.fromkeys(sets.periods[t] for t in (middle_position(sets), sets.reported - 1)))


def bands_of(store: Store, sample: Sample) -> Bands:
    """The quantiles of what a store of all draws holds."""
    results = list(store.results())
    numbers = [
        _band(results, len(sample.rows), country, number)
        for country in sample.countries
        for number in _numbers(sample, country)
    ]
    missing = Counter((each.country, each.status, each.message) for each in results if each.status != OPTIMAL)
    return Bands(
        key=store.header.key,
        draws=len(sample.rows),
        inputs=len(sample.factors),
        seed=SEED,
        gap=store.header.gap,
        confidence=CONFIDENCE,
        left_out=sample.notes,
        numbers=tuple(numbers),
        missing=tuple(
            MissingDraws(country=country, status=status, reason=reason, draws=count)
            for (country, status, reason), count in sorted(missing.items(), key=lambda one: (-one[1], one[0]))
        ),
    )


def _numbers(sample: Sample, country: str) -> list[str]:
    """What is told of a country: the leader's effective compute by itself, that of others against it."""
    unused = {BEYOND, LAG, RATIO} if country == sample.base.leader else {BEYOND, CAPABILITY}
    return [name for name in sample.outcomes if name.partition("/")[0] not in unused]


def _band(results: Sequence[RowResult], rows: int, country: str, number: str) -> NumberBand:
    metric, _, rest = number.partition("/")
    values = column(results, rows, country, number)
    beyond = column(results, rows, country, f"{BEYOND}/{rest}") if metric == LAG else None
    unit = "1" if metric == SPLIT else METRICS[metric].unit
    known = int((~np.isnan(values)).sum())
    found = band(values, beyond=beyond).quantiles if known else ()
    return NumberBand(
        country=country,
        number=number,
        unit=unit,
        draws=known,
        missing=rows - known,
        quantiles=tuple(BandQuantile(**vars(each)) for each in found),
    )


def solved_bands(ask: Ask) -> Bands:
    """The bands of an ask from a study that is not kept. Raises as `bands_sample` and `RowSolver` do, and
    `KeyboardInterrupt`."""
    sample = bands_sample(ask, ask.instance, ask.instance.name)
    solver = solver_of(sample)
    with (
        TemporaryDirectory(prefix="kloof-bands-") as place,
        new_store(Path(place) / "bands.study", sample) as store,
    ):
        if drain(store, solver.solve, ask.jobs).interrupted:
            raise KeyboardInterrupt
        return bands_of(store, sample)
