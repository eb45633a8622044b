"""Drawings of the scenarios themselves: quantiles over time, and the outcome over each factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.values import Array
from optimizer.study.sampling.indices import importance
from optimizer.study.sampling.quantiles import Band, band
from optimizer.tell.page.figures import Cell, Column, Figure, Row, Table, amount, exact, slug
from optimizer.tell.plot.drawings import FAN_LEVELS, Drawing, Names, fan, sample_words, unit_words
from optimizer.tell.plot.names import split_outcome
from optimizer.tell.plot.study import LAG, StoredStudy

MOST_FACTORS: Final = 6
MOST_POINTS: Final = 400
FEWEST_RANKED: Final = 4
BEYOND: Final = "lag_beyond"


def fan_of(study: StoredStudy, country: str, stem: str, names: Names) -> Drawing:
    """Quantiles of an outcome in every period that the study keeps it in. Raises `InputError` (E711) where no
    draw has it."""
    bands: dict[str, Band] = {}
    bases: dict[str, float | None] = {}
    unit = ""
    for outcome in study.sample.outcomes:
        found, period = split_outcome(outcome)
        if found != stem:
            continue
        told = study.conclusion(country, outcome)
        flag = f"{BEYOND}/{period}"
        beyond = study.column(country, flag) if stem == LAG and flag in study.sample.outcomes else None
        bands[period] = band(study.column(country, outcome), FAN_LEVELS, beyond=beyond)
        bases[period], unit = told.base, told.unit
    return fan(stem, country, bands, bases, unit, names)


def scatter_of(study: StoredStudy, country: str, outcome: str, names: Names) -> Drawing:
    """The outcome over the axes that it goes with most, by rank correlation; over all where they are few.

    Raises `InputError` (E711) where no scenario has the outcome, or no axis is a number.
    """
    numbers = study.column(country, outcome)
    kept = np.flatnonzero(np.isfinite(numbers))
    values = study.values()
    numeric = [at for at in range(len(study.sample.axes)) if not np.isnan(values[:, at]).all()]
    if not len(kept) or not numeric:
        message = "no scenario has the outcome" if numeric else "no axis of the study has numbers"
        hint = "`kloof study status` says why scenarios have no plan" if numeric else None
        raise InputError(Diagnostic("E711", message, hint=hint))
    ranks = _correlations(values, numbers, study.sample.names)
    chosen = sorted(numeric, key=lambda at: -abs(ranks[at]) if math.isfinite(ranks[at]) else 0.0)
    chosen = chosen[:MOST_FACTORS]
    shown = _thinned(kept.tolist())
    label, unit = names.outcome(outcome), unit_words(study.conclusion(country, outcome).unit)
    columns = [Column(label, unit, field="outcome")]
    columns += [Column(_head(study.sample.names[at], ranks[at], names), series=True) for at in chosen]
    rows = [
        Row([Cell(exact(float(numbers[row]))), *(amount(float(values[row, at]), 4) for at in chosen)])
        for row in shown
    ]
    left = len(study.sample.axes) - len(chosen)
    lines = [
        sample_words(len(numbers), len(numbers) - len(kept), names),
        *([f"{len(shown):,} of them, evenly chosen, are shown"] if len(shown) < len(kept) else []),
        f"Upright: {label}, {unit}",
        *(
            [f"{left:,} more {'factor goes' if left == 1 else 'factors go'} with it less, or have no numbers"]
            if left
            else []
        ),
    ]
    figure = Figure(
        title=f"{names.country}: {label}, by factor",
        table=Table(slug("scatter", country, outcome), columns, rows),
        chart="scatter",
        alt="; ".join(column.title for column in columns[1:]),
        unit=unit,
        note=". ".join(lines) + ".",
    )
    return Drawing(figure, lines=tuple(lines))


def _head(axis: str, rank: float, names: Names) -> str:
    told = f"; rank correlation {rank:+.2f}" if math.isfinite(rank) else ""
    return f"{names.short(axis)}{told}"


def _correlations(values: Array, numbers: Array, names: Sequence[str]) -> list[float]:
    """Rank correlations of the axes with an outcome, nan where there are too few scenarios or no numbers."""
    ranked = [math.nan] * len(names)
    known = [at for at in range(len(names)) if not np.isnan(values[:, at]).any()]
    if int(np.isfinite(numbers).sum()) < FEWEST_RANKED or not known:
        return ranked
    table, _ = importance(values[:, known], numbers, [names[at] for at in known])
    for at, value in zip(known, table["spearman"], strict=True):
        ranked[at] = float(value)
    return ranked


def _thinned(kept: list[int]) -> list[int]:
    """Some of many scenarios, at equal distances in the design's order."""
    if len(kept) <= MOST_POINTS:
        return kept
    return [kept[at] for at in np.linspace(0, len(kept) - 1, MOST_POINTS).round().astype(int)]
