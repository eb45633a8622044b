"""How a value may be written: a number, a series in one of three forms, or either in a table with its range.

Each reader returns the value and the problems; with problems the value means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from optimizer.errors import number_hint
from optimizer.instance.problem import Problem, bad_year, is_year, nearest, nested, seen
from optimizer.instance.values import STATUSES, Quantity

ID: Final = re.compile(r"[A-Za-z0-9_-]+")
AN_ID: Final = "an identifier of letters, digits, _ and -"
TABLE_KEYS: Final = ("value", "low", "high", "source", "status", "note")


def read_quantity(raw: object, series: bool, years: range | None) -> tuple[Quantity | None, list[Problem]]:
    """A quantity, a `series` if the field allows one; `years` of the horizon, `None` if it is not known."""
    if isinstance(raw, Mapping) and not is_series_table(raw):
        return _read_table(raw, series, years)
    return _read_value(raw, series, years)


def read_id(
    raw: object, pattern: re.Pattern[str] = ID, example: str = AN_ID
) -> tuple[str | None, list[Problem]]:
    """An identifier that matches `pattern`, described by `example`."""
    if isinstance(raw, str) and pattern.fullmatch(raw):
        return raw, []
    if isinstance(raw, str):
        return None, [Problem("E115", f"must be {example}, got {seen(raw)}")]
    hint = f'quote it: "{raw}"' if isinstance(raw, int) and not isinstance(raw, bool) else None
    return None, [Problem("E104", f"must be text, {example}, got {seen(raw)}", hint)]


def read_ids(raw: object) -> tuple[tuple[str, ...], list[Problem]]:
    """One identifier or a list of them."""
    if not isinstance(raw, list | tuple):
        one, problems = read_id(raw)
        return (one or "",), problems
    problems = []
    for position, item in enumerate(raw):
        problems += [nested(problem, position, f"[{position}]") for problem in read_id(item)[1]]
    return tuple(str(item) for item in raw), problems


def is_series_table(raw: Mapping[object, object]) -> bool:
    """Whether a table is a series, and not a value with its range."""
    return any(isinstance(key, int) for key in raw) or "start" in raw or "growth" in raw


def _read_value(raw: object, series: bool, years: range | None) -> tuple[Quantity | None, list[Problem]]:
    if isinstance(raw, list | Mapping) and not series:
        kind = "a list" if isinstance(raw, list) else "a series over years"
        return None, [Problem("E108", f"must be one number, got {kind}", "this value cannot vary over time")]
    if isinstance(raw, list):
        return _read_yearly(raw, years)
    if isinstance(raw, Mapping):
        reader = _read_growth if "start" in raw or "growth" in raw else _read_anchors
        return reader(raw, years)
    number, problem = _read_number(raw)
    return (None, [problem]) if problem else (Quantity("constant", (number,)), [])


def _read_number(raw: object) -> tuple[float, Problem | None]:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        try:
            return float(raw), None
        except OverflowError:
            return 0.0, Problem("E214", "is too large a number")
    return 0.0, Problem("E104", f"must be a number, got {seen(raw)}", _number_hint(raw))


def _number_hint(raw: object) -> str | None:
    if isinstance(raw, bool):
        return "write 1 or 0"
    if isinstance(raw, Mapping):
        return "a table of a value has the keys " + ", ".join(TABLE_KEYS)
    return number_hint(raw) if isinstance(raw, str) else None


def _read_yearly(raw: list[object], years: range | None) -> tuple[Quantity | None, list[Problem]]:
    if years is None:
        return None, []
    if len(raw) != len(years):
        message = f"must list one number per calendar year, {len(years)} for {years[0]}-{years[-1]}, "
        return None, [Problem("E109", message + f"got {len(raw)}")]
    numbers, problems = _read_numbers(list(enumerate(raw)), [f"[{year}]" for year in years])
    return Quantity("yearly", numbers, tuple(years)), problems


def _read_anchors(raw: Mapping[object, object], years: range | None) -> tuple[Quantity | None, list[Problem]]:
    bad = [bad_year(key) for key in raw if not is_year(key)]
    if bad:
        return None, bad
    items = sorted((key, value) for key, value in raw.items() if isinstance(key, int))
    anchors = tuple(year for year, _ in items)
    numbers, problems = _read_numbers(list(items), [f"[{year}]" for year in anchors])
    if years is not None and (anchors[-1] < years[0] or anchors[0] > years[-1]):
        message = f"has no year within the horizon {years[0]}-{years[-1]}, only {_year_span(anchors)}"
        problems.append(Problem("E110", message, "for a value that does not change write one number"))
    return Quantity("anchors", numbers, anchors), problems


def _year_span(anchors: tuple[int, ...]) -> str:
    return str(anchors[0]) if len(anchors) == 1 else f"{anchors[0]} to {anchors[-1]}"


def _read_growth(raw: Mapping[object, object], years: range | None) -> tuple[Quantity | None, list[Problem]]:
    problems = _key_problems(raw, ("start", "growth"), ("start", "growth"))
    if problems or years is None:
        return None, problems
    items: list[tuple[str | int, object]] = [(key, raw[key]) for key in ("start", "growth")]
    numbers, problems = _read_numbers(items, [".start", ".growth"])
    return Quantity("growth", (*numbers, 0.0), (years[0],)), problems


def _read_numbers(
    items: list[tuple[Any, object]], shown: list[str]
) -> tuple[tuple[float, ...], list[Problem]]:
    numbers, problems = [], []
    for (key, value), path in zip(items, shown, strict=True):
        number, problem = _read_number(value)
        numbers.append(number)
        if problem is not None:
            problems.append(nested(problem, key, path))
    return tuple(numbers), problems


def _key_problems(
    raw: Mapping[object, object], allowed: tuple[str, ...], needed: tuple[str, ...]
) -> list[Problem]:
    """Unknown and missing keys; a misspelled needed key counts once."""
    missing = [key for key in needed if key not in raw]
    problems = []
    for key in raw:
        if key in allowed:
            continue
        close = nearest(str(key), tuple(missing)) or nearest(str(key), allowed)
        if close in missing:
            missing.remove(close)
        hint = f"did you mean `{close}`?" if close else "allowed: " + ", ".join(allowed)
        at = (key,) if isinstance(key, str | int) else ()
        problems.append(Problem("E101", f"has an unknown key `{key}`", hint, at, f".{key}", True))
    problems += [Problem("E102", f"lacks `{key}`") for key in missing]
    return problems


def _read_table(
    raw: Mapping[object, object], series: bool, years: range | None
) -> tuple[Quantity | None, list[Problem]]:
    problems = _key_problems(raw, TABLE_KEYS, ("value",))
    if problems:
        return None, problems
    quantity, found = _read_value(raw["value"], series, years)
    problems += [nested(problem, "value", "") for problem in found]
    bounds: dict[str, float | None] = {"low": None, "high": None}
    for name in bounds:
        if name in raw:
            number, problem = _read_number(raw[name])
            bounds[name] = number
            if problem is not None:
                problems.append(nested(problem, name, f".{name}"))
    source, found = read_ids(raw["source"]) if "source" in raw else ((), [])
    problems += [nested(problem, "source", ".source") for problem in found]
    status, found = _read_status(raw, bool(source))
    problems += found
    note = raw.get("note", "")
    if not isinstance(note, str):
        problems.append(Problem("E104", f"note must be text, got {seen(note)}", None, ("note",), ".note"))
    if quantity is None or problems or not isinstance(note, str) or not isinstance(source, tuple):
        return None, problems
    kind = quantity.kind
    low, high = bounds["low"], bounds["high"]
    return Quantity(kind, quantity.numbers, quantity.years, low, high, source, status, note), []


def _read_status(raw: Mapping[object, object], has_source: bool) -> tuple[Any, list[Problem]]:
    status = raw.get("status", "sourced" if has_source else "assumed")
    if status not in STATUSES:
        close = nearest(status, STATUSES) if isinstance(status, str) else None
        hint = f"did you mean `{close}`?" if close else None
        message = f"status must be one of {', '.join(STATUSES)}, got {seen(status)}"
        return status, [Problem("E111", message, hint, ("status",), ".status")]
    if status == "sourced" and not has_source:
        hint = "name a source, or write recalled or assumed"
        return status, [Problem("E114", "is marked sourced without a source", hint, ("status",), ".status")]
    return status, []
