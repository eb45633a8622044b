"""What a store says of its study, beside the scenarios and their results."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from optimizer.answer.part import text_of_infinity
from optimizer.errors import Diagnostic, InputError

# Columns of every table of results, before and behind those of the factors.
BEFORE: Final = ("number", "country", "policies")
BEHIND: Final = ("status", "how", "objective", "bound", "gap", "message")
TEXTS: Final = ("country", "policies", "status", "how", "message")


@dataclass(frozen=True)
class Header:
    """A study. `key` is the hash of all that its answers depend on: same key, same scenarios and answers.
    `document` is the normalized study as JSON data; `gap` is in average log units; `leader` is `answer` or
    `hold`; `total` counts the scenarios of the whole study; `shard` names the parts that the store holds, as
    `2/4` or `1/4 2/4`, and is empty for all.

    Raises `InputError` (E662) where two columns of its table would have one name.
    """

    key: str
    kloof_version: str
    schema_version: int
    document: Mapping[str, Any]
    factors: tuple[str, ...]
    countries: tuple[str, ...]
    outcomes: tuple[str, ...]
    gap: float
    leader: str
    total: int
    shard: str = ""

    def __post_init__(self) -> None:
        twice = [name for name, count in Counter(self.columns).items() if count > 1]
        if twice:
            hint = f"give the factor another name; taken are {', '.join((*BEFORE, *BEHIND))} and the outcomes"
            message = f"two columns of the study's table would be called `{twice[0]}`"
            raise InputError(Diagnostic("E662", message, hint=hint))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table of results."""
        return (*BEFORE, *self.factors, *BEHIND, *self.outcomes)


def check_same(stored: Header, asked: Header, file: str, again: str) -> None:
    """Raise `InputError` (E657) unless a store's study is the one that is asked for; `again` is the command
    that makes a new store of that one."""
    if stored.key != asked.key:
        message = f"the store is of another study: {'; '.join(differences(stored, asked))}"
        raise InputError(Diagnostic("E657", message, file=file, hint=f"make a new one: {again}"))


def differences(stored: Header, asked: Header, here: str = "in the store", there: str = "now") -> list[str]:
    """In words, what differs between two studies whose keys do."""
    found = [
        f"{words} is {ours} {here}, {theirs} {there}"
        for words, ours, theirs in (
            ("the version of Kloof", stored.kloof_version, asked.kloof_version),
            ("the version of its data", stored.schema_version, asked.schema_version),
            ("the gap", stored.gap, asked.gap),
            ("the number of scenarios", stored.total, asked.total),
            ("--leader", stored.leader, asked.leader),
            ("the list of countries", ", ".join(stored.countries), ", ".join(asked.countries)),
        )
        if ours != theirs
    ]
    names = [*stored.document, *(name for name in asked.document if name not in stored.document)]
    changed = [name for name in names if stored.document.get(name) != asked.document.get(name)]
    if changed:
        found.append(f"the study differs in {', '.join(f'`{name}`' for name in changed)}")
    return found or ["inputs of the instance have changed since"]


def compact(data: object) -> str:
    """JSON of one line, keys sorted."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def values_text(values: Iterable[float | str]) -> str:
    """Values of factors as JSON."""
    return compact([_storable(value) for value in values])


def outcomes_text(outcomes: Mapping[str, float | str]) -> str:
    """Outcomes as JSON."""
    return compact({name: _storable(value) for name, value in outcomes.items()})


def restored(value: float | str) -> float | str:
    """A value as it was before it became JSON."""
    return float(value) if value in ("inf", "-inf", "nan") else value


def _storable(value: float | str) -> float | str:
    if isinstance(value, str):
        return value
    number = float(value)
    return "nan" if math.isnan(number) else text_of_infinity(number)
