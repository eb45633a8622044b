"""Bars of text: what each input does to an outcome, in both directions from the base."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from optimizer.answer import digits
from optimizer.study.sampling.conclusion import Conclusion, Effect

LOW_MARK: Final = "░"
HIGH_MARK: Final = "█"
BASE_MARK: Final = "│"
LEGEND: Final = f"{LOW_MARK} at the least value, {HIGH_MARK} at the greatest, {BASE_MARK} the base"
# The least widths of a value and of an outcome, and those of a bar.
VALUE: Final = 8
OUTCOME: Final = 8
WIDEST: Final = 51
NARROWEST: Final = 21
MOST_DECIMALS: Final = 6


def tornado(conclusion: Conclusion, effects: Sequence[Effect], names: Sequence[str], width: int) -> list[str]:
    """A line per effect, or two where the name does not fit beside the bar: its least value and the outcome
    there, the bar, the outcome at the greatest value and that value. Names and values are never cut: without
    long ones no line is wider than `width`, from 80."""
    if not effects:
        return []
    longest = max(map(len, names))
    values = max(VALUE, *(len(value(each)) for one in effects for each in (one.low_value, one.high_value)))
    beside = 2 * (values + OUTCOME) + 6
    inline = longest + 1 + beside + NARROWEST <= width
    room = width - beside - (longest + 1 if inline else 0)
    bars = max(min(room, WIDEST), NARROWEST)
    numbers = [each for one in effects for each in (one.low, one.high)]
    numbers += [] if conclusion.base is None else [conclusion.base]
    finite = [each for each in numbers if math.isfinite(each)]
    ends = (min(finite), max(finite)) if finite else (0.0, 0.0)
    places = decimals(numbers, conclusion.unit)
    margin = " " * (longest + 1 if inline else 0)
    head = f"{'least':>{values}} {'outcome':>{OUTCOME}}  {' ' * bars}  {'outcome':<{OUTCOME}} greatest"
    lines = [margin + head]
    for effect, name in zip(effects, names, strict=True):
        bar = _bar(effect, conclusion.base, ends, bars)
        low, high = (digits.fixed(each, places) for each in (effect.low, effect.high))
        text = (
            f"{value(effect.low_value):>{values}} {low:>{OUTCOME}}  {bar}  "
            f"{high:<{OUTCOME}} {value(effect.high_value)}"
        )
        lines += [f"{name:<{longest}} {text}"] if inline else [name, text]
    return lines


def decimals(numbers: Sequence[float], unit: str) -> int:
    """Decimals with which differences between the numbers have about three digits; of months at most one,
    which is what plans near the optimum differ by."""
    most = 1 if unit == "months" else MOST_DECIMALS
    finite = [each for each in numbers if math.isfinite(each)]
    spread = max(finite) - min(finite) if finite else 0.0
    if spread <= 0:
        return min(digits.decimals_for(finite or [0.0]), most)
    return min(max(2 - math.floor(math.log10(spread)), 0), most)


def value(label: float | str) -> str:
    """A value of an axis: a number in four digits, a name as it is."""
    return f"{label:.4g}" if isinstance(label, float | int) else label


def _bar(effect: Effect, base: float | None, ends: tuple[float, float], width: int) -> str:
    least, most = ends

    def place(number: float) -> int:
        if math.isinf(number) or most <= least:
            return width - 1 if number > least else 0
        return round((number - least) / (most - least) * (width - 1))

    cells = [" "] * width
    known = [
        (each, mark)
        for each, mark in ((effect.low, LOW_MARK), (effect.high, HIGH_MARK))
        if not math.isnan(each)
    ]
    if base is None:
        for each, mark in known:
            cells[place(each)] = mark
        return "".join(cells)
    middle = place(base)
    # the longer first, so that the shorter one on the same side stays in sight
    for each, mark in sorted(known, key=lambda pair: -abs(place(pair[0]) - middle)):
        first, last = sorted((place(each), middle))
        cells[first : last + 1] = mark * (last + 1 - first)
    cells[middle] = BASE_MARK
    return "".join(cells)
