"""The input cells behind a limit: which numbers of the instance say how much of it there is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from models.limits import CAUSES
from optimizer.answer.part import InputCell, json_value
from optimizer.instance import Instance
from optimizer.instance.cells import CellMap, cell_map
from optimizer.instance.instance import quantities
from optimizer.instance.shape import children
from optimizer.instance.values import Location, Quantity
from optimizer.instance.yaml_reader import Where, dotted
from optimizer.study.deciding import Deciders

MOST_INPUTS: Final = 3


@dataclass(frozen=True)
class Input:
    """One number of the instance: its path, its value, its file in the instance's directory, and the patch
    that set it (empty: none did)."""

    path: str
    quantity: Quantity
    file: str | None
    patch: str = ""

    def answer(self) -> InputCell:
        """The input as it is told."""
        place = self.quantity.location
        return InputCell(
            path=self.path,
            value=json_value(self.quantity.value),
            source=tuple(self.quantity.source),
            status=self.quantity.status,
            file=self.file,
            line=None if place is None else place.line,
            patch=self.patch,
            read_from=None if place is None else place.file,
        )

    @property
    def location(self) -> Location | None:
        """Where it was read; None for a default."""
        return self.quantity.location


def parameters_of(family: str) -> tuple[str, ...]:
    """The parameters that say how much of a limit there is."""
    return CAUSES[family].parameters if family in CAUSES else ()


class Inputs:
    """The numbers of an instance by path, and which of them stand behind a limit."""

    def __init__(self, instance: Instance, objective: str | None = None) -> None:
        self.instance = instance
        self.objective = objective
        self._maps: dict[str, CellMap] = {}
        self._known: dict[str, list[Input]] = {}
        self._deciders = Deciders(instance)
        self._patches = {each.where: each.text for each in instance.applied}

    def at(self, path: str) -> list[Input]:
        """The inputs at and below a path."""
        if path not in self._known:
            self._known[path] = [
                self._input(place, quantity)
                for where, value in _places(self.instance, path)
                for place, quantity in quantities(value, where)
            ]
        return self._known[path]

    def _input(self, where: Where, quantity: Quantity) -> Input:
        patch = ""
        for length in range(1, len(where) + 1):
            patch = self._patches.get(where[:length], patch)
        place = quantity.location
        file = None if place is None else place.file.removeprefix(f"{self.instance.directory}/")
        return Input(dotted(where), quantity, file, patch)

    def behind(self, country: str, parameter: str, item: str) -> list[Input]:
        """The inputs that a parameter's entries of one item read: those named after the item first, then the
        country's own, then those that all countries share."""
        if country not in self._maps:
            self._maps[country] = cell_map(self.instance, country, self.objective)
        found: dict[str, tuple[int, Input]] = {}
        own = f"countries.{country}."
        for pattern in self._maps[country].reads(parameter):
            path, named = _filled(pattern, item)
            if path is None:
                continue
            for one in self.at(path):
                rank = 0 if named else 1 if one.path.startswith(own) else 2
                found.setdefault(one.path, (rank, one))
        return [one for _, one in sorted(found.values(), key=lambda pair: pair[0])]

    def of_limit(
        self, country: str, family: str, item: str, amounts: Mapping[int, float] = MappingProxyType({})
    ) -> list[Input]:
        """The inputs behind a limit, the ones that say most first.

        One that holds the very amount per year that the limit has in one of the years of `amounts` decides
        alone.
        """
        # what a default is computed from moves other things too, some the other way: it is none of them
        said_most = CAUSES[family].inputs if family in CAUSES else ()
        paths = (CAUSES[family].told_of(path, item).replace("{country}", country) for path in said_most)
        found = {one.path: one for path in paths for one in self.at(path)}
        for parameter in () if said_most else parameters_of(family):
            for one in self.behind(country, parameter, item):
                found.setdefault(one.path, one)
        every = list(found.values())
        if amounts and len(every) > 1:
            equal = [one for one in every if _equals(one.quantity, amounts)]
            every = equal[:1] or every
        own = [one for one in every if _is_near(one.path, country, item)]
        return (own or every)[:MOST_INPUTS]

    def that_decide(
        self,
        country: str,
        family: str,
        item: str,
        years: Sequence[int],
        amounts: Mapping[int, float] = MappingProxyType({}),
    ) -> list[InputCell]:
        """The inputs behind a limit as `of_limit` has them, and the rules that decide it in these years: in
        place of the country's own input where that does nothing."""
        decided = self._deciders.of_limit(country, family, item, tuple(years))
        own = self.of_limit(country, family, item, amounts) if decided.own_counts else ()
        found = [one.answer() for one in own]
        for name in decided.rules:
            cell = self._deciders.cell_of(name)
            ruled = [] if cell is None else self.at(cell)
            found += [self._deciders.action_of(name)] if cell is None else [one.answer() for one in ruled]
        return found


def _places(value: object, path: str, where: Where = ()) -> Iterator[tuple[Where, object]]:
    """What stands at a path, below `value` at `where`. A key may itself hold dots."""
    for key, child in children(value):
        here = (*where, key)
        written = dotted(here)
        if written == path:
            yield here, child
        elif path.startswith((f"{written}.", f"{written}[")):
            yield from _places(child, path, here)


def _is_near(path: str, country: str, item: str) -> bool:
    """Whether an input is the country's own or called after the item, not shared by all."""
    return path.startswith(f"countries.{country}.") or (bool(item) and item in path.split("."))


def _equals(quantity: Quantity, amounts: Mapping[int, float]) -> bool:
    return any(math.isclose(quantity.in_year(year), amount) for year, amount in amounts.items())


def _filled(pattern: str, item: str) -> tuple[str | None, bool]:
    """A pattern with its `*` replaced by the item (its last part where there are several), None where there
    is none to put there; and whether it names the item."""
    segments = pattern.split(".")
    stars = segments.count("*")
    if stars == 0:
        return pattern, bool(item) and item in segments
    if stars > 1 or not item:
        return None, False
    return ".".join(item if segment == "*" else segment for segment in segments), True
