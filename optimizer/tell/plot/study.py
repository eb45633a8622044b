"""A stored study read to be drawn, and which kinds of charts fit it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.problem import nearest
from optimizer.instance.values import Array
from optimizer.study.batch.header import Header
from optimizer.study.batch.outcomes import BINDING
from optimizer.study.batch.rows import RowResult
from optimizer.study.batch.store import Counts, Store
from optimizer.study.batch.studying import sample_of
from optimizer.study.sampling.conclude import conclude
from optimizer.study.sampling.conclusion import Conclusion
from optimizer.study.sampling.outcomes import column
from optimizer.study.sampling.sample import Sample
from optimizer.tell.plot.names import listed, split_outcome

TORNADO: Final = "tornado"
INDICES: Final = "indices"
FAN: Final = "fan"
SCATTER: Final = "scatter"
HEAT: Final = "heat"
KINDS: Final = (TORNADO, INDICES, FAN, SCATTER, HEAT)
FEWEST_PERIODS: Final = 2
LAG: Final = "lag_months"
# Flags beside another outcome, which nobody asks for by themselves.
FLAGS: Final = ("lag_beyond", "lag_extrapolated")


@dataclass(frozen=True)
class StoredStudy:
    """A store as it stood when it was read. `sample` is made anew from what the store says of its study;
    `base` has the results of the study's base by country, where they are known beside the store."""

    name: str
    header: Header
    counts: Counts
    sample: Sample
    results: tuple[RowResult, ...]
    base: Mapping[str, RowResult] | None = None

    def column(self, country: str, outcome: str) -> Array:
        """One outcome of one country over the scenarios, shape (rows,), nan where it is missing."""
        return column(self.results, len(self.sample.rows), country, outcome)

    @cached_property
    def conclusions(self) -> dict[tuple[str, str], Conclusion]:
        """What the study says, by country and outcome."""
        return {(each.country, each.outcome): each for each in conclude(self.sample, self.results, self.base)}

    def conclusion(self, country: str, outcome: str) -> Conclusion:
        """What it says of one outcome of one country. Raises `KeyError` for one that is no number."""
        return self.conclusions[country, outcome]

    def values(self) -> Array:
        """Where each axis stands, shape (rows, axes): a factor's number, of several that move together their
        place from 0 to 1, nan for words."""
        found = np.full((len(self.sample.rows), len(self.sample.axes)), math.nan)
        for at, axis in enumerate(self.sample.axes):
            cells = [row.values[axis.members[0]] for row in self.sample.rows]
            if len(axis.members) > 1 and self.sample.unit is not None:
                found[:, at] = self.sample.unit[:, at]
            elif not any(isinstance(each, str) for each in cells):
                found[:, at] = cells
        return found


@dataclass(frozen=True)
class Choice:
    """What is drawn: a kind, a country, an outcome; of a fan an outcome without its period."""

    kind: str
    country: str
    outcome: str


def read_stored(path: Path, base: Mapping[str, RowResult] | None = None) -> StoredStudy:
    """Read a store; its base is not solved. Raises as `Store.open` and `sample_of` do."""
    with Store.open(path, writing=False) as store:
        header, counts, results = store.header, store.counts(), tuple(store.results())
    return StoredStudy(path.stem, header, counts, sample_of(header), results, base)


def kinds_of(sample: Sample) -> tuple[str, ...]:
    """The kinds that fit a study's design, its own first."""
    method = sample.study.design.method
    if method == "one_at_a_time":
        return (TORNADO,)
    if method in ("morris", "saltelli"):
        return (INDICES, SCATTER)
    if method == "grid":
        if len(sample.axes) > 1:
            return (HEAT, SCATTER)
        return (SCATTER, HEAT) if all(isinstance(each, float) for each in sample.labels[0]) else (HEAT,)
    return (FAN, SCATTER) if stems(sample) else (SCATTER,)


def choose(
    sample: Sample, kind: str | None = None, country: str | None = None, outcome: str | None = None
) -> Choice:
    """What to draw of a study, as far as it is asked for; else the chart of its design, of its first country
    and of the lag at its last period, or its first outcome.

    Raises `InputError`: E718 for a kind that does not fit, E302 for an unknown country, E710 for an outcome
    that the study does not keep.
    """
    known = kinds_of(sample)
    if not numbers(sample):
        message = "the study keeps no outcome that is a number"
        raise InputError(Diagnostic("E718", message, hint="keep one, such as lag_months/2035"))
    if kind is not None and kind not in known:
        message = f"`{kind}` does not fit {_design(sample)}"
        raise InputError(Diagnostic("E718", message, path="--kind", hint=f"known: {', '.join(known)}"))
    chosen = kind or known[0]
    if country is not None and country not in sample.countries:
        hint = f"its countries: {listed(sample.countries)}"
        message = f"the study has no plans of `{country}`"
        raise InputError(Diagnostic("E302", message, path="--country", hint=hint))
    return Choice(chosen, country or sample.countries[0], _outcome(sample, chosen, outcome))


def _design(sample: Sample) -> str:
    """What of a study decides which charts fit."""
    axes = f"{len(sample.axes)} {'axis' if len(sample.axes) == 1 else 'axes'}"
    periods = "" if stems(sample) else ", no outcome in several periods"
    return f"a study of design `{sample.study.design.method}` ({axes}{periods})"


def stems(sample: Sample) -> tuple[str, ...]:
    """Outcomes that the study keeps in several periods, without the periods."""
    found: dict[str, int] = {}
    for outcome in sample.outcomes:
        stem, period = split_outcome(outcome)
        if period:
            found[stem] = found.get(stem, 0) + 1
    return tuple(stem for stem, count in found.items() if count >= FEWEST_PERIODS and stem not in FLAGS)


def numbers(sample: Sample) -> tuple[str, ...]:
    """Outcomes that are numbers in their own right."""
    return tuple(
        outcome
        for outcome in sample.outcomes
        if outcome != BINDING and split_outcome(outcome)[0] not in FLAGS
    )


def _outcome(sample: Sample, kind: str, asked: str | None) -> str:
    known = stems(sample) if kind == FAN else numbers(sample)
    if asked is None:
        return _usual(kind, known)
    named = split_outcome(asked)[0] if kind == FAN and asked not in known else asked
    if named in known:
        return named
    close = nearest(asked, known)
    hint = f"did you mean `{close}`?" if close else f"it has {listed(known)}"
    what = "in several periods" if kind == FAN else "as a number"
    message = f"the study does not keep `{asked}` {what}"
    raise InputError(Diagnostic("E710", message, path="--outcome", hint=hint))


def _usual(kind: str, known: tuple[str, ...]) -> str:
    if kind == FAN:
        return LAG if LAG in known else known[0]
    lags = [outcome for outcome in known if split_outcome(outcome)[0] == LAG]
    return lags[-1] if lags else known[0]
