"""Changing one cell of an instance, whatever it holds: for tests of the map from cells to parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from optimizer.instance.instance import Instance, quantities
from optimizer.instance.shape import field_names
from optimizer.instance.values import CalendarDate, Quantity, YearMap

Path = tuple[str | int, ...]
CHOICES: dict[str, tuple[object, ...]] = {
    "sale": ("market", "owner", "home", "legacy"),
    "counts": ("chips", "tpp", "h100e", "usd"),
    "domestic_in": ("USA", "CHN", "NLD", None),
    "designer_country": ("USA", "CHN", "NLD"),
    "line": ("n7", "n5", None),
    "side": ("export", "import"),
    "destinations": ((), "all"),
    "excluded_destinations": (("USA",), ("CHN", "NLD")),
    "test": ("headquarters", "location"),
    "suppliers": (("CHN",), ("NLD",)),
    "in_force": ("always", "never"),
    "scope": ("rental", "grey"),
    "tool_classes": ((), ("euv",)),
    "designer": ("Maker", "Seller"),
    "designers": (("Maker", "Seller"),),
    "action": ("deny", "none"),
    "cap_counts": ("chips", "tpp", "usd"),
    "cap_basis": ("per_year", "total", "share_of_leader_supply"),
    "suspends": ((),),
    "relaxes": ((),),
    "catch_up": ("imitation", "efficiency"),
}
"""Words that decide something, by field."""

DATES = (CalendarDate("2026-12", 2026 + 11 / 12, 2027.0), CalendarDate("2027-04", 2027.25, 2027.25 + 1 / 12))


def replaced(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy of `value` with what stands at `path` below it changed."""
    if not path:
        return change(value)
    key, rest = path[0], path[1:]
    if isinstance(value, YearMap):
        return replace(value, entries={**value.entries, key: replaced(value[int(key)], rest, change)})
    if isinstance(value, Mapping):
        return {**value, key: replaced(value.get(key), rest, change)}
    assert isinstance(value, BaseModel)
    name = dict(field_names(type(value)))[str(key)]
    return value.model_copy(update={name: replaced(getattr(value, name), rest, change)})


def moved(quantity: Quantity) -> Quantity:
    """Another number close by; a finite one for infinity."""
    if not all(math.isfinite(number) for number in quantity.numbers):
        return replace(quantity, kind="constant", numbers=(123.0,), years=())
    if not any(quantity.numbers):
        return quantity.shifted(0.0625)
    return quantity.scaled(0.96875)


def number_changes(instance: Instance) -> Iterator[tuple[str, Instance]]:
    """The path of every quantity, with the instance in which it has moved."""
    for where, _ in quantities(instance, ()):
        yield ".".join(map(str, where)), replaced(instance, where, moved)


def word_changes(instance: Instance) -> Iterator[tuple[str, Instance]]:
    """The path of every word, list and date that rules read, with the instance in which it is another."""
    for where, value in _leaves(instance, ()):
        name = str(where[-1])
        if isinstance(value, CalendarDate):
            others: tuple[object, ...] = DATES
        else:
            others = CHOICES.get(name, ())
        for other in others:
            if other != value:
                yield ".".join(map(str, where)), replaced(instance, where, lambda _, other=other: other)
    for country, nation in instance.countries.items():
        for cap in nation.trade.caps:
            where: Path = ("countries", country, "trade", "caps", cap, "chips")
            yield ".".join(map(str, where)), replaced(instance, where, lambda _: ["cn_home"])
    for rule in instance.rules:
        where = ("rules", rule, "chips")
        yield ".".join(map(str, where)), replaced(instance, where, lambda _: ("us_own",))
    for group in instance.destination_groups:
        where = ("destination_groups", group)
        yield ".".join(map(str, where)), replaced(instance, where, lambda _: ("USA",))


def _leaves(value: object, where: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, BaseModel):
        for key, name in field_names(type(value)):
            yield from _leaves(getattr(value, name), (*where, key))
    elif isinstance(value, Mapping) and not isinstance(value, YearMap):
        for key, child in value.items():
            yield from _leaves(child, (*where, key))
    else:
        yield where, value
