"""Pydantic's errors in the words of the person who wrote the file: one diagnostic per mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from optimizer.errors import Diagnostic, number_hint
from optimizer.instance.field_rules import PROBLEMS
from optimizer.instance.moved import moved_hint
from optimizer.instance.problem import Problem, nearest, number_text, seen
from optimizer.instance.shape import Record, Shape, shape_at
from optimizer.instance.yaml_reader import Document, Where, dotted

TYPES: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "mapping_type": "a table",
}
BAND_HINT: Final = (
    "give `low` and `high`: the source's range, or a convention told in the note, as 10% either way"
)
NUMBERS: Final = ("int_type", "float_type")
BOUNDS: Final = {
    "greater_than_equal": ("ge", "be at least"),
    "greater_than": ("gt", "be above"),
    "less_than_equal": ("le", "be at most"),
    "less_than": ("lt", "be below"),
}


@dataclass(frozen=True)
class Found:
    """A problem and the place of the value it belongs to."""

    where: Where
    problem: Problem

    def message(self) -> str:
        """The problem as a sentence about the value's name."""
        names = [key for key in self.where if isinstance(key, str)]
        subject = f"`{names[-1]}`" if names else "the file"
        return f"{subject} {self.problem.message}"


def find_problems(
    error: ValidationError, root: Shape, is_known: Callable[[Where], bool] = lambda _: False
) -> list[Found]:
    """The mistakes behind a validation error of the model of `root`, without those at places `is_known`."""
    details = error.errors(include_url=False)
    renamed = _renamed(details, root)
    found = []
    missing: dict[Where, list[str]] = {}
    for detail in details:
        where = tuple(detail["loc"])
        if detail["type"] == PROBLEMS and where[-1:] != ("[key]",):
            found += [Found(where, problem) for problem in detail["ctx"]["problems"]]
        elif detail["type"] != "missing":
            found.append(_explain(detail, where, root, renamed))
        elif where not in renamed.values() and not is_known(where):
            missing.setdefault(where[:-1], []).append(str(where[-1]))
    return found + [_missing_keys(where, keys) for where, keys in missing.items()]


def diagnose(error: ValidationError, root: Shape, document: Document) -> list[Diagnostic]:
    """The mistakes behind a validation error of a document, without those already reported."""
    return [
        place(item, document)
        for item in find_problems(error, root, document.is_broken)
        if not document.is_broken((*item.where, *item.problem.at))
    ]


def place(item: Found, document: Document) -> Diagnostic:
    """A diagnostic with the place in the document."""
    problem = item.problem
    mark = document.mark((*item.where, *problem.at), problem.on_key)
    path = (dotted((*document.prefix, *item.where)) + problem.shown).lstrip(".") or None
    return Diagnostic(
        problem.code, item.message(), "error", document.file, mark.line, mark.column, path, problem.hint
    )


def _renamed(details: Sequence[ErrorDetails], root: Shape) -> dict[Where, Where]:
    """Unknown keys that are misspellings of a missing one, with that one."""
    missing = {tuple(detail["loc"]) for detail in details if detail["type"] == "missing"}
    renamed: dict[Where, Where] = {}
    for detail in details:
        where = tuple(detail["loc"])
        if detail["type"] != "extra_forbidden":
            continue
        absent = tuple(str(other[-1]) for other in missing if other[:-1] == where[:-1])
        close = nearest(str(where[-1]), absent)
        if close is not None:
            renamed[where] = (*where[:-1], close)
            missing.discard(renamed[where])
    return renamed


def _explain(detail: ErrorDetails, where: Where, root: Shape, renamed: dict[Where, Where]) -> Found:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(where, root, renamed)
    if where and where[-1] == "[key]":
        return Found(where[:-2], _bad_key(detail, where[-2]))
    return Found(where, _bad_value(detail))


def _unknown_key(where: Where, root: Shape, renamed: dict[Where, Where]) -> Found:
    key = where[-1]
    shape = shape_at(root, where[:-1])
    allowed = tuple(shape.fields) if isinstance(shape, Record) else ()
    close = str(renamed[where][-1]) if where in renamed else nearest(str(key), allowed)
    hint = f"did you mean `{close}`?" if close else "allowed: " + ", ".join(allowed)
    hint = moved_hint(str(key)) or hint
    return Found(where[:-1], Problem("E101", f"has an unknown key `{key}`", hint, (key,), f".{key}", True))


def _missing_keys(where: Where, keys: list[str]) -> Found:
    names = ", ".join(f"`{key}`" for key in keys)
    hint = BAND_HINT if where[:1] == ("observed",) and {"low", "high"} & set(keys) else None
    if len(keys) > 1:
        return Found(where, Problem("E102", f"lacks {names}", hint))
    return Found(where, Problem("E102", f"lacks {names}", hint, at=(keys[0],), shown=f".{keys[0]}"))


def _bad_key(detail: ErrorDetails, key: str | int) -> Problem:
    raw = int(key) if isinstance(key, str) and isinstance(detail["input"], int) else key
    at, shown = (raw,), f".{key}"
    if detail["type"] == PROBLEMS:
        (problem,) = detail["ctx"]["problems"]
        return Problem(problem.code, f"key {problem.message}", problem.hint, at, shown, True)
    allowed = _expected(detail)
    close = nearest(str(key), allowed)
    hint = f"did you mean `{close}`?" if close else "allowed: " + ", ".join(allowed)
    return Problem("E101", f"has an unknown key `{key}`", hint, at, shown, True)


def _expected(detail: ErrorDetails) -> tuple[str, ...]:
    """The allowed words of a `literal_error`."""
    text = str(detail.get("ctx", {}).get("expected", ""))
    return tuple(word.strip(" '") for word in text.replace(" or ", ",").split(","))


def _bad_value(detail: ErrorDetails) -> Problem:
    kind, raw = detail["type"], detail["input"]
    handler = HANDLERS.get(kind)
    if handler is not None:
        return handler(detail)
    if kind in TYPES:
        hint = f'quote it: "{raw}"' if kind == "string_type" and isinstance(raw, int | float) else None
        if kind in NUMBERS and isinstance(raw, str):
            hint = number_hint(raw)
        return Problem("E104", f"must be {TYPES[kind]}, got {seen(raw)}", hint)
    if kind in BOUNDS:
        name, words = BOUNDS[kind]
        bound = float(detail["ctx"][name])
        return Problem("E103", f"must {words} {number_text(bound)}, got {seen(raw)}")
    return Problem("E104", f"is not valid, got {seen(raw)}", detail["msg"])


def _not_a_word(detail: ErrorDetails) -> Problem:
    allowed = _expected(detail)
    raw = detail["input"]
    close = nearest(raw, allowed) if isinstance(raw, str) else None
    hint = f"did you mean `{close}`?" if close else None
    words = allowed[0] if len(allowed) == 1 else ", ".join(allowed[:-1]) + " or " + allowed[-1]
    code = "E113" if detail["loc"] == ("format_version",) else "E111"
    return Problem(code, f"must be {words}, got {seen(raw)}", hint)


def _too_short(detail: ErrorDetails) -> Problem:
    return Problem("E104", "must not be empty text")


def _empty_list(detail: ErrorDetails) -> Problem:
    return Problem("E104", "must list at least one")


def _several_lines(detail: ErrorDetails) -> Problem:
    return Problem("E118", "must stand on one line", "write a longer text under `note` or `description`")


def _not_finite(detail: ErrorDetails) -> Problem:
    raw = detail["input"]
    code = "E105" if raw != raw else "E106"
    return Problem(code, f"must be a finite number, got {'NaN' if raw != raw else seen(raw)}")


HANDLERS: Final[dict[str, Callable[[Any], Problem]]] = {
    "literal_error": _not_a_word,
    "string_too_short": _too_short,
    "too_short": _empty_list,
    "string_pattern_mismatch": _several_lines,
    "finite_number": _not_finite,
}
