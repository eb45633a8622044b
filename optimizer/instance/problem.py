"""What can be wrong with a value, and how it is put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

FIRST_YEAR_EVER: Final = 1990
LAST_YEAR_EVER: Final = 2200


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a value. `at` leads to it from the value as written (keys and list positions),
    `shown` is the same for a person, `on_key` points at the key instead of what follows it."""

    code: str
    message: str
    hint: str | None = None
    at: tuple[str | int, ...] = ()
    shown: str = ""
    on_key: bool = False


def nearest(word: str, allowed: list[str] | tuple[str, ...]) -> str | None:
    """The word of `allowed` closest to `word`, if one is close."""
    close = get_close_matches(word, allowed, n=1, cutoff=0.6)
    return close[0] if close else None


def seen(raw: object) -> str:
    """What stood in the file, short enough for a message."""
    if raw is None:
        return "nothing"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float | int):
        return number_text(float(raw))
    if isinstance(raw, str):
        return f"the text `{raw if len(raw) <= 40 else raw[:37] + '...'}`"
    if isinstance(raw, list):
        return f"a list of {len(raw)}"
    if isinstance(raw, Mapping):
        return "a table"
    return f"`{raw}`"


def number_text(number: float) -> str:
    """A number as a person writes it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def is_year(key: object) -> bool:
    return isinstance(key, int) and not isinstance(key, bool) and FIRST_YEAR_EVER <= key <= LAST_YEAR_EVER


def nested(problem: Problem, key: str | int, shown: str) -> Problem:
    """A problem of a part, as one of the whole it stands in."""
    at, path = (key, *problem.at), shown + problem.shown
    return Problem(problem.code, problem.message, problem.hint, at, path, problem.on_key)


def bad_year(key: object) -> Problem:
    """A key that is no calendar year."""
    message = f"must be listed by calendar year, got the key {seen(key)}"
    at = (key,) if isinstance(key, str | int) else ()
    return Problem("E110", message, "write {2026: 1, 2030: 2}", at, "", True)
