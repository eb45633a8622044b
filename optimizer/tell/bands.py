"""Bands in words and cells, alike for the terminal and the page."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from optimizer.answer import digits
from optimizer.answer.bands import (
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
from optimizer.answer.summary import BEYOND as BEYOND_MARK
from optimizer.answer.summary import lag_in_table

OPEN: Final = "open"
REASONS: Final = 3
FEW_COUNTRIES: Final = 3
NO_REASON: Final = "no reason given"
NUMBERS: Final = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(?![\w])")
# Of fewer draws an end of the interval of the 5 or 95% quantile may lie beyond all of them.
ENOUGH_DRAWS: Final = 128
WHAT: Final = (
    "ranges of the inputs are assumed for the most part, and drawn independently of each other: no forecast",
    "the gap is another thing: what a better plan for the very same inputs could still bring",
)


@dataclass(frozen=True)
class BandLine:
    """One number of a country: what it is called, in which unit, its quantiles and their intervals as text
    and the numbers themselves in that unit, and how many draws have it and have not."""

    country: str
    name: str
    unit: str
    values: tuple[str, ...]
    intervals: tuple[tuple[str, str], ...]
    exact: tuple[float, ...]
    draws: int
    missing: int


def span(band: NumberBand | None, decimals: int) -> str:
    """The outermost quantiles of a lag, as `18-45`; nothing where there are none."""
    if band is None or band.ends is None:
        return ""
    low, high = (_lag(each, decimals) for each in band.ends)
    plain = low.replace(",", "").replace(".", "").isdigit()
    return f"{low}-{high}" if plain else f"{low} to {high}"


def of_draws(bands: Bands, countries: Sequence[str], name: Callable[[str], str] = str) -> str:
    """Of what the outermost quantiles of some countries are: how many draws have no number of them and why,
    and whether so few draws tell them. Countries are called by their `name`, else by their codes."""
    absent = {one: total for one in countries if (total := sum(each.draws for each in _reasons(bands, one)))}
    few = bands.draws - max(absent.values(), default=0) < ENOUGH_DRAWS
    told = f"5 to 95% of {bands.draws:,} draws over the ranges of the inputs"
    if absent:
        whose = [f"{total:,} of {name(country)}" for country, total in absent.items()]
        if len(whose) > FEW_COUNTRIES:
            whose = [f"up to {max(absent.values()):,} of {len(whose)} countries"]
        why = dict.fromkeys(_first_part(each) for one in absent for each in _reasons(bands, one))
        told += f", without {' and '.join(whose)} ({'; '.join(_some(list(why)))})"
    return told + (", too few to tell either end" if few else "")


def lines(bands: Bands, countries: Sequence[str], leader: str, short: bool) -> list[BandLine]:
    """What is told of some countries; `short`: of each the number that a headline ends with."""
    return [_line(each, leader) for country in countries for each in _chosen(bands.of(country), short)]


def _chosen(numbers: Sequence[NumberBand], short: bool) -> Sequence[NumberBand]:
    if not short:
        return numbers
    first = [each for each in numbers if each.metric == LAG] or [
        each for each in numbers if each.metric == CAPABILITY
    ]
    return first[-1:]


def _line(band: NumberBand, leader: str) -> BandLine:
    name, unit, scale = _words(band, leader)
    found = [scale * each.value for each in band.quantiles]
    write = _writer(band, found)
    return BandLine(
        band.country,
        name,
        unit,
        tuple(
            _lag(each, 0) if band.metric == LAG else write(value)
            for each, value in zip(band.quantiles, found, strict=True)
        ),
        tuple((_end(each.low, scale, write), _end(each.high, scale, write)) for each in band.quantiles),
        tuple(found),
        band.draws,
        band.missing,
    )


def _words(band: NumberBand, leader: str) -> tuple[str, str, float]:
    """What a number is called, its unit as it is told, and what that makes of it."""
    if band.metric == LAG:
        return f"behind, {band.item}", "months", 1.0
    if band.metric == RATIO:
        return f"effective compute, {band.item}", f"% of {leader}", 100.0
    if band.metric == CAPABILITY:
        return f"capability, {band.item}", "log units", 1.0
    if band.metric == COMPUTE:
        return f"compute, {band.item}", "million H100e", 0.001
    assert band.metric == SPLIT
    return f"share of {band.item}", "%", 100.0


def _writer(band: NumberBand, values: Sequence[float]) -> Callable[[float], str]:
    """How all numbers of a line are written: with the same decimals."""
    if band.metric == LAG:
        return lambda value: lag_in_table(value, 0)
    places = 0 if band.metric == SPLIT else 2 if band.metric == CAPABILITY else digits.decimals_for(values, 2)
    return lambda value: digits.fixed(value, places)


def _lag(each: BandQuantile, decimals: int) -> str:
    return lag_in_table(each.value, decimals, BEYOND_MARK if each.beyond else "")


def _end(value: float, scale: float, write: Callable[[float], str]) -> str:
    return write(scale * value) if math.isfinite(value) else OPEN


def drawn(bands: Bands, leader: str) -> str:
    """What was drawn."""
    return f"{bands.draws:,} draws of {bands.inputs:,} inputs, each over its own range; {leader} answers"


def kept(bands: Bands) -> str:
    """What the draws are known by."""
    return f"draws certified to a gap of {digits.scientific(bands.gap)}; study {bands.key[:12]}"


def missing(bands: Bands, country: str, name: Callable[[str], str] = str) -> list[str]:
    """Which draws of a country have no number, and why."""
    found = _reasons(bands, country)
    if not found:
        return []
    total = sum(each.draws for each in found)
    told = _some([f"{each.draws:,} {each.status}: {each.reason or NO_REASON}" for each in found])
    return [f"{name(country)}: {total:,} of {bands.draws:,} draws are missing ({'; '.join(told)})"]


def _reasons(bands: Bands, country: str) -> list[MissingDraws]:
    """The draws of a country that have no number by why, most first. Reasons that differ in their numbers
    alone are one, told by those of the first."""
    alike: dict[tuple[str, str], list[MissingDraws]] = {}
    for each in bands.missing:
        if each.country == country:
            alike.setdefault((each.status, NUMBERS.sub("0", each.reason)), []).append(each)
    found = [
        first.model_copy(
            update={
                "draws": first.draws + sum(each.draws for each in others),
                "reason": f"{first.reason}, and the like" if others else first.reason,
            }
        )
        for first, *others in alike.values()
    ]
    return sorted(found, key=lambda each: -each.draws)


def _first_part(each: MissingDraws) -> str:
    """Why in a few words: what an error says before it goes into numbers."""
    return NUMBERS.sub("so many", each.reason.partition(": ")[0]) or NO_REASON


def _some(reasons: Sequence[str]) -> list[str]:
    rest = len(reasons) - REASONS
    more = [f"{rest:,} more {'reason' if rest == 1 else 'reasons'}"] if rest > 0 else []
    return [*reasons[:REASONS], *more]
