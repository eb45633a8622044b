"""The instance as loaded: all files as one immutable tree, and its quantities one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, PrivateAttr

from optimizer.instance.country_schema import Country, Fleet
from optimizer.instance.fields import CountryId, Id, Ids
from optimizer.instance.patch_grammar import Patch
from optimizer.instance.rules.schema import ExportRule
from optimizer.instance.schema import Chip, Market, Settings, Source
from optimizer.instance.shape import children, record
from optimizer.instance.values import Location, Quantity, Written, YearMap
from optimizer.instance.yaml_reader import Where, dotted


@dataclass(frozen=True)
class Cell:
    """One quantity of an instance: where it is, what it says and where it comes from.

    `value` is as written (`Quantity.value`). `file`, `line` and `column` are `None` for a default that no
    file mentions.
    """

    path: str
    value: Written
    low: float | None
    high: float | None
    source: tuple[str, ...]
    status: str
    note: str
    file: str | None
    line: int | None
    column: int | None = None


@dataclass(frozen=True)
class Applied:
    """One cell that a patch changed, old and new as they would be written. `text` is the patch, `origin` its
    place in a policy file (None: it was given as an option)."""

    path: str
    old: object
    new: object
    patch: Patch
    where: Where

    @property
    def text(self) -> str:
        return self.patch.text

    @property
    def years(self) -> tuple[int, int] | None:
        return self.patch.years

    @property
    def origin(self) -> Location | None:
        return self.patch.origin


class Instance(Settings):
    """A world: the fields of `instance.yaml` themselves, and the other files under their names.

    It is never changed; `optimizer.instance.patch` makes another one.
    """

    market: Market
    chips: Mapping[Id, Chip]
    countries: Mapping[CountryId, Country]
    destination_groups: Mapping[Id, Ids]
    rules: Mapping[Id, ExportRule]
    sources: Mapping[Id, Source] = Field(exclude=True)
    _applied: tuple[Applied, ...] = PrivateAttr(default=())
    _files: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _directory: str = PrivateAttr(default="")
    _observed: Mapping[str, Fleet] = PrivateAttr(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The fields of `instance.yaml`."""
        return self

    @property
    def applied(self) -> tuple[Applied, ...]:
        """What patches changed, in the order they were given."""
        return self._applied

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of every file read, by its name in the directory."""
        return self._files

    @property
    def directory(self) -> str:
        """The directory it was loaded from, as shown in messages."""
        return self._directory

    @property
    def observed_fleets(self) -> Mapping[str, Fleet]:
        """The fleets, as they were before any patch, of the countries whose fleets patches changed."""
        return self._observed

    def observed_fleet(self, country: str, lagging: str) -> Fleet:
        """The fleet of `country` with which the lag of `lagging` was observed: as it was before a patch
        changed it, unless a patch says (`=`) how far behind `lagging` is with the new one."""
        fleet = self.countries[country].fleet
        return fleet if self._gives_lag(lagging) else self._observed.get(country, fleet)

    def held_calibrations(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each country whose base state stays as observed in the world before patches, with the countries
        whose fleets patches changed."""
        return tuple(
            (lagging, changed)
            for lagging in self.countries
            if lagging != self.leader
            and not self._gives_lag(lagging)
            and (
                changed := tuple(
                    one for one in dict.fromkeys((lagging, self.leader)) if one in self._observed
                )
            )
        )

    def _gives_lag(self, country: str) -> bool:
        """Whether a patch says how far behind the leader the country is."""
        lag = ("countries", country, "research", "lag_months")
        return any(one.patch.operation == "=" and lag[: len(one.where)] == one.where for one in self._applied)

    def cells(self) -> Iterator[Cell]:
        """Every quantity, in the order of the schema; years of a year map one by one."""
        for where, quantity in quantities(self, ()):
            yield _cell(where, quantity)

    def remember(
        self,
        *,
        applied: tuple[Applied, ...] | None = None,
        files: Mapping[str, str] | None = None,
        directory: str | None = None,
        observed: Mapping[str, Fleet] | None = None,
    ) -> Instance:
        """A copy that remembers where it comes from, and the fleets from before patches changed them."""
        copy = self.model_copy()
        copy._applied = self._applied if applied is None else applied
        copy._files = self._files if files is None else files
        copy._directory = self._directory if directory is None else directory
        copy._observed = self._observed if observed is None else observed
        return copy


def quantities(value: object, where: Where) -> Iterator[tuple[Where, Quantity]]:
    """Every quantity at and below `value`, which stands at `where`, with its place."""
    if isinstance(value, Quantity):
        yield where, value
        return
    for key, child in children(value):
        yield from quantities(child, (*where, key))


def locate(value: object, file: str, places: Mapping[Where, tuple[int, int]], where: Where = ()) -> None:
    """Tell each quantity at and below `value` where it stands. Only for values no one else holds yet."""
    if isinstance(value, Quantity | YearMap):
        mark = places.get(where)
        if mark is not None:
            object.__setattr__(value, "location", Location(file, *mark))
    for key, child in children(value):
        locate(child, file, places, (*where, key))


def _cell(where: Where, quantity: Quantity) -> Cell:
    place = quantity.location
    file, line, column = (None, None, None) if place is None else place
    return Cell(
        dotted(where),
        quantity.value,
        quantity.low,
        quantity.high,
        quantity.source,
        quantity.status,
        quantity.note,
        file,
        line,
        column,
    )


def value_at(root: Instance, where: Where) -> object:
    """The value at a place, `None` where a table has no such entry yet."""
    value: Any = root
    for key in where:
        if isinstance(value, BaseModel):
            value = getattr(value, record(type(value)).fields[str(key)][0])
        else:
            value = None if value is None else value.get(key)
    return value
