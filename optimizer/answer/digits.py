"""How numbers are printed: no digit beyond what is certain, shares that sum to 100, books that balance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from optimizer.answer.metrics import largest_remainder

NOTHING: Final = "·"
# decimals of a number of which nothing is known
NO_DIGIT: Final = -300
ROUNDING: Final = 1e-9


def decimals_within(decimals: int, width: float) -> int:
    """The most decimals, up to `decimals`, whose last digit is not finer than `width`; negative: tens, ..."""
    if width <= 0:
        return decimals
    if not math.isfinite(width):
        return NO_DIGIT
    return min(decimals, -math.ceil(math.log10(width) - ROUNDING))


def fixed(value: float, decimals: int) -> str:
    """A number with that many decimals and thousands separators; rounded to tens, ... where negative.

    `n/a` where the number is smaller than the finest such digit: then nothing of it is known.
    """
    if not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else "n/a"
    if decimals < 0 and 0 < abs(value) < 10.0**-decimals:
        return "n/a"
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return text.lstrip("-") if not any(digit in text for digit in "123456789") else text


def decimals_for(values: Sequence[float], significant: int = 3) -> int:
    """Decimals that give the largest of `values` about `significant` digits, at least all whole ones."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    if largest <= 0:
        return 0
    return min(max(significant - 1 - math.floor(math.log10(largest)), 0), 4)


def significant(value: float, count: int = 2, width: float = 0.0) -> str:
    """A number with about `count` significant digits, whole digits kept, none finer than `width` times the
    number; very small ones as powers of ten."""
    if value != 0 and abs(value) < 1e-4:
        return f"{value:.0e}"
    places = decimals_within(decimals_for([value], count), width * abs(value))
    return "0" if value == 0 else "n/a" if 10.0**-places > abs(value) and width else fixed(value, places)


def cells(values: Sequence[float], decimals: int | None = None, width: float = 0.0) -> list[str]:
    """A row of numbers with the same decimals; a dot where there is exactly nothing."""
    places = decimals_within(decimals_for(values) if decimals is None else decimals, width)
    return [NOTHING if value == 0 else fixed(value, places) for value in values]


def percents(parts: Sequence[float], width: float = 0.0, decimals: int = 0) -> list[str]:
    """Shares of a whole in percent that sum to 100 exactly, with up to `decimals` decimals.

    No digit is finer than `width`, by which a share may vary; at the coarsest they are in tens, marked `~`
    where `width` is more than that.
    """
    places = max(decimals_within(decimals, 100 * width), -1)
    mark = "~" if 100 * width > 10 else ""
    step = 10.0**-places
    return [
        f"{mark}{step * count:.{max(places, 0)}f}" for count in largest_remainder(parts, round(100 / step))
    ]


def percents_not_nothing(parts: Sequence[float], width: float, finest: int) -> list[str]:
    """Shares in percent that sum to 100; one that is rounded to 0 and is not nothing by what it is below."""
    texts = percents(parts, width, finest)
    for position, (part, text) in enumerate(zip(parts, texts, strict=True)):
        bound = next((each for each in (1, 5, 10) if 100 * (part + width / 2) < each), 15)
        if text == "0" and part > 0:
            texts[position] = f"<{bound}"
    return texts


def split_percents(parts: Sequence[float], width: float, finest: int) -> list[str]:
    """Shares in percent that sum to 100; where they are known to tens only, one that is rounded to 0 and is
    not nothing by what it is below."""
    coarse = decimals_within(finest, 100 * width) < 0
    return percents_not_nothing(parts, width, finest) if coarse else percents(parts, width, finest)


def signed(change: float, within: float, finest: int) -> str:
    """A change with its sign, to the digit that is about as large as what it may be off by (`within`), at
    most `finest` decimals; one that would be rounded to nothing keeps its first digit."""
    places = finest
    if within > 0 and math.isfinite(within):
        places = min(finest, -round(math.log10(within)))
    if change != 0 and round(change, places) == 0:
        places = -math.floor(math.log10(abs(change)))
    return f"{round(change, places):+z,.{max(places, 0)}f}"


def balanced(
    received: Sequence[float], paid: Sequence[float], closing: float, decimals: int
) -> tuple[list[float], list[float], float]:
    """Rounded books that still balance: `sum(received) - sum(paid) = closing` holds for what is printed.

    Received amounts and the closing balance are rounded as they are; the payments take up the difference by
    largest remainders.
    """
    scale = 10.0**decimals
    inflow = [round(value * scale) for value in received]
    end = round(closing * scale)
    exact = [value * scale for value in paid]
    outflow = [math.floor(value) for value in exact]
    rest = sum(inflow) - end - sum(outflow)
    order = sorted(range(len(exact)), key=lambda i: outflow[i] - exact[i])
    used = [i for i in order if paid[i] > 0] or order
    for turn in range(abs(rest)):
        outflow[used[turn % len(used)]] += 1 if rest > 0 else -1
    return [v / scale for v in inflow], [v / scale for v in outflow], end / scale


def about(value: float) -> str:
    """A width as a plain number with one digit, rounded up; `unknown` where it is not finite."""
    return f"{float(scientific(value)):g}" if math.isfinite(value) else scientific(value)


def scientific(value: float) -> str:
    """A gap or tolerance with one digit, rounded up: a certificate must not look better than it is; `unknown`
    where there is no bound."""
    if value <= 0 or not math.isfinite(value):
        return "0" if value <= 0 else "unknown"
    exponent = math.floor(math.log10(value))
    digit = math.ceil(value / 10.0**exponent - ROUNDING)
    return f"1e{exponent + 1:+03d}" if digit == 10 else f"{digit}e{exponent:+03d}"


def at_most(value: float) -> str:
    """A bound with about two significant digits, rounded up: less would not be one."""
    if value < 1e-4:
        return scientific(value)
    if not math.isfinite(value):
        return fixed(value, 0)
    places = decimals_for([value], 2)
    return fixed(math.ceil(value * 10**places * (1 - ROUNDING)) / 10**places, places)
