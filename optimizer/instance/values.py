"""What a number in an instance may look like, and how it varies over time.

A `Quantity` is one number or a series over calendar time, with its range, source and status. How it may be
written is in `optimizer.instance.quantity_reader`; here is what it means. Dates are decimal years
(`2026.5` is mid-2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["constant", "yearly", "anchors", "growth"]
Status = Literal["sourced", "recalled", "assumed"]
Operation = Literal["=", "*=", "+="]
Written = float | list[float] | dict[int, float] | dict[str, float] | dict[str, object]

STATUSES: Final = ("sourced", "recalled", "assumed")
FOREVER: Final = 9999


class Location(NamedTuple):
    """Where a value stands: file as the user named it, line and column counted from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YearChange:
    """A patch of some calendar years: `operation` with `number` from `first` to `last`, both included."""

    first: int
    last: int
    operation: Operation
    number: float

    @property
    def years(self) -> str:
        """The years as a selector: `[2027]`, `[2027:2030]`, or `[2027:]` without end."""
        if self.last == self.first:
            return f"[{self.first}]"
        return f"[{self.first}:{'' if self.last == FOREVER else self.last}]"

    @property
    def action(self) -> str:
        return f"{self.operation} {self.number:.12g}"

    def apply(self, years: NDArray[np.int64], values: Array) -> Array:
        """`values` of calendar `years` (arrays of one shape) after the change."""
        chosen = (years >= self.first) & (years <= self.last)
        changed = np.array(values)
        if self.operation == "=":
            changed[chosen] = self.number
        elif self.operation == "*=":
            changed[chosen] *= self.number
        else:
            changed[chosen] += self.number
        return changed


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or a series, with its range, source and status.

    `kind` says how `numbers` are read: `constant` (one number), `yearly` (one per calendar year of `years`,
    the first and last holding outside), `anchors` (mid-year values at `years`, linear between, flat
    outside) or `growth` (`numbers` = start at mid-`years[0]`, growth per year, and what patches added since).
    `low` and `high` are the range of the number, for a series that of its first number: the whole series
    moves by the same factor.
    """

    kind: Kind
    numbers: tuple[float, ...]
    years: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    source: tuple[str, ...] = ()
    status: Status = "assumed"
    note: str = ""
    location: Location | None = field(default=None, compare=False)
    changes: tuple[YearChange, ...] = ()

    @property
    def is_series(self) -> bool:
        return self.kind != "constant" or bool(self.changes)

    @property
    def value(self) -> Written:
        """The value as it would be written, with what patches did to chosen years beside it."""
        if self.changes:
            base = replace(self, changes=()).value
            shown: dict[str, object] = {"base": base}
            return shown | {change.years: change.action for change in self.changes}
        if self.kind == "yearly":
            return list(self.numbers)
        if self.kind == "anchors":
            return dict(zip(self.years, self.numbers, strict=True))
        if self.kind == "growth":
            start, growth, added = self.numbers
            written = {"start": start, "growth": growth}
            return {**written, "added": added} if added else written
        return self.numbers[0]

    def number(self) -> float:
        """The one number of a quantity that does not vary. Raises `ValueError` for a series."""
        if self.is_series:
            raise ValueError("a series has no single number; use at(dates)")
        return self.numbers[0]

    def at(self, dates: Array) -> Array:
        """The value at decimal years `dates`, an array of the same shape."""
        dates = np.asarray(dates, dtype=np.float64)
        if self.kind == "constant":
            values = np.full(dates.shape, self.numbers[0])
        elif self.kind == "yearly":
            position = np.floor(dates).astype(np.int64) - self.years[0]
            values = np.asarray(self.numbers)[np.clip(position, 0, len(self.numbers) - 1)]
        elif self.kind == "anchors":
            values = np.interp(dates, np.asarray(self.years) + 0.5, np.asarray(self.numbers))
        else:
            start, growth, added = self.numbers
            # growth without end overflows to infinity, which the rules of a field then refuse
            with np.errstate(over="ignore"):
                values = start * (1.0 + growth) ** (dates - (self.years[0] + 0.5)) + added
        for change in self.changes:
            values = change.apply(np.floor(dates).astype(np.int64), values)
        return values

    def in_year(self, year: int) -> float:
        """The value at the middle of a calendar year."""
        return self.numbers[0] if not self.is_series else float(self.at(np.array(year + 0.5)))

    def low_at(self, dates: Array) -> Array:
        """The low end at `dates`: a series times `low` over its first number, unchanged without a range."""
        return self._bound(self.low, dates)

    def high_at(self, dates: Array) -> Array:
        """The high end at `dates`, likewise."""
        return self._bound(self.high, dates)

    def scaled(self, factor: float) -> Quantity:
        """Value, low and high times `factor`."""
        if self.kind == "growth":
            start, growth, added = self.numbers
            numbers: tuple[float, ...] = (start * factor, growth, added * factor)
        else:
            numbers = tuple(number * factor for number in self.numbers)
        return self._moved(numbers, lambda bound: bound * factor)

    def shifted(self, amount: float) -> Quantity:
        """Value, low and high plus `amount`."""
        if self.kind == "growth":
            start, growth, added = self.numbers
            numbers: tuple[float, ...] = (start, growth, added + amount)
        else:
            numbers = tuple(number + amount for number in self.numbers)
        return self._moved(numbers, lambda bound: bound + amount)

    def changed(self, change: YearChange) -> Quantity:
        """The quantity with some calendar years changed. The range keeps its factor, unless years are set:
        then it is dropped."""
        kept = self if change.operation != "=" else replace(self, low=None, high=None)
        changes = (*self.changes, change)
        if not any(change.first <= other.last and other.first <= change.last for other in self.changes):
            # changes of different years commute: one order, so that equal quantities compare equal
            changes = tuple(sorted(changes, key=lambda one: one.first))
        return replace(kept, changes=changes)

    @property
    def first_number(self) -> float:
        """The number that `low` and `high` belong to."""
        return self.numbers[0] + self.numbers[2] if self.kind == "growth" else self.numbers[0]

    def _moved(self, numbers: tuple[float, ...], move: Callable[[float], float]) -> Quantity:
        low = None if self.low is None else move(self.low)
        high = None if self.high is None else move(self.high)
        return replace(self, numbers=numbers, low=low, high=high)

    def _bound(self, bound: float | None, dates: Array) -> Array:
        values = self.at(dates)
        if bound is None or bound == self.first_number:
            return values
        if not self.is_series:
            return np.full(values.shape, bound)
        return values * (bound / self.first_number)


@dataclass(frozen=True, slots=True)
class YearMap(Mapping[int, Quantity]):
    """Amounts of single calendar years, each a `Quantity`; a year that is not listed is 0."""

    entries: Mapping[int, Quantity]
    location: Location | None = field(default=None, compare=False)

    def __getitem__(self, year: int) -> Quantity:
        return self.entries[year]

    def __iter__(self) -> Iterator[int]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def number(self, year: int) -> float:
        """The amount of a calendar year, 0 where none is listed."""
        entry = self.entries.get(year)
        return 0.0 if entry is None else entry.number()

    def numbers(self, years: NDArray[np.int64]) -> Array:
        """The amounts of calendar `years`, an array of the same shape."""
        years = np.asarray(years)
        return np.array([self.number(int(year)) for year in years.ravel()]).reshape(years.shape)


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A day (`2026-03-15`), month (`2026-03`) or quarter (`2026-Q1`); `start` and `end` in decimal years."""

    text: str
    start: float
    end: float

    def __str__(self) -> str:
        return self.text


def constant(number: float, *, note: str = "", location: Location | None = None) -> Quantity:
    """A plain assumed number."""
    return Quantity("constant", (float(number),), note=note, location=location)
