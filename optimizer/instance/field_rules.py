"""What each field may hold.

Pydantic calls these rules with what stood in the file; each returns the value, or raises one error that
carries every `Problem` of that value, so that one mistake is reported once and in plain words.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date as day
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from optimizer.instance.problem import Problem, bad_year, is_year, nested, number_text, seen
from optimizer.instance.quantity_reader import AN_ID, ID, read_id, read_ids, read_quantity
from optimizer.instance.values import STATUSES, CalendarDate, Quantity, YearMap

PROBLEMS: Final = "kloof"
COUNTRY: Final = re.compile(r"[A-Z]{3}")
MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])")
# a bound times one number over another may be off in its last digits
ROUNDINGS: Final = 4
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class PlainRule(ABC):
    """A rule that reads the raw value itself."""

    @abstractmethod
    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        """The value, or the problems."""

    @abstractmethod
    def json_schema(self) -> JsonSchemaValue:
        """What an editor should know of the field."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.json_schema()

    def _validate(self, raw: object, info: ValidationInfo) -> object:
        value, problems = self.read(raw, info.context)
        if problems:
            raise PydanticCustomError(PROBLEMS, "invalid value", {"problems": problems})
        return value


@dataclass(frozen=True)
class Rule(PlainRule):
    """What a quantity may be: one number or a `series`, its bounds, and whether it may be infinite."""

    series: bool = False
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    infinite: bool = False

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if isinstance(raw, Quantity):
            return raw, self.check(raw, years)
        quantity, problems = read_quantity(raw, self.series, years)
        if quantity is not None and not problems:
            problems = self.check(quantity, years)
        return quantity, problems

    def check(self, quantity: Quantity, years: range | None) -> list[Problem]:
        """Problems of a quantity's numbers: kind, bounds and range."""
        if quantity.is_series and not self.series:
            return [Problem("E108", "must be one number, got a series over years")]
        return self._check_numbers(quantity, years) or self._check_range(quantity, years)

    def fitted(self, quantity: Quantity, years: range) -> Quantity:
        """The quantity with the ends of its range cut off where they leave what is allowed: at the bound, or
        dropped where none is allowed. A value that is not allowed keeps its range."""
        alone = replace(quantity, low=None, high=None)
        if self._check_numbers(alone, years):
            return quantity
        low, high = quantity.low, quantity.high
        lows = () if low is None else (low, *self._last_allowed(alone, self.ge, min, years))
        highs = () if high is None else (high, *self._last_allowed(alone, self.le, max, years))
        return replace(
            quantity,
            low=next((one for one in lows if not self._check_range(replace(alone, low=one), years)), None),
            high=next((one for one in highs if not self._check_range(replace(alone, high=one), years)), None),
        )

    def _last_allowed(
        self,
        quantity: Quantity,
        bound: float | None,
        extreme: Callable[[Iterable[float]], float],
        years: range,
    ) -> Iterator[float]:
        """Where an end of the range may stand at most: so that the `extreme` value is at the bound, and a
        little nearer, as rounding may ask for."""
        if bound is None:
            return
        first = quantity.first_number
        if not quantity.is_series:
            yield bound
            return
        values = [value for value in map(quantity.in_year, years) if math.isfinite(value) and value > 0]
        if first <= 0 or not values:
            return
        end = bound * first / extreme(values)
        for _ in range(ROUNDINGS):
            yield end
            end = math.nextafter(end, first)

    def complaint(self, number: float) -> tuple[str, str, str | None] | None:
        """Code, message and hint where `number` breaks the rule."""
        if math.isnan(number):
            return "E105", "must be a number, got NaN", None
        if math.isinf(number) and not (self.infinite and number > 0):
            return "E106", f"must be finite, got {number_text(number)}", None
        low_broken = (self.ge is not None and number < self.ge) or (self.gt is not None and number <= self.gt)
        high_broken = (self.le is not None and number > self.le) or (
            self.lt is not None and number >= self.lt
        )
        if low_broken or high_broken:
            is_share = self.ge == 0 and 1 in (self.le, self.lt)
            hint = "it is a share: 0.25 is 25%" if is_share and number > 1 else None
            return "E103", f"must {self.allowed()}, got {number_text(number)}", hint
        return None

    def allowed(self) -> str:
        """The bounds in words, after `must`."""
        if self.ge == 0 and self.le is None and self.lt is None:
            return "not be negative"
        if self.gt == 0 and self.le is None and self.lt is None:
            return "be positive"
        if self.ge is not None and self.le is not None:
            return f"lie between {number_text(self.ge)} and {number_text(self.le)}"
        bounds = {"at least": self.ge, "above": self.gt, "at most": self.le, "below": self.lt}
        parts = [f"{words} {number_text(bound)}" for words, bound in bounds.items() if bound is not None]
        return "be " + " and ".join(parts)

    def _check_numbers(self, quantity: Quantity, years: range | None) -> list[Problem]:
        if quantity.kind == "growth" or quantity.changes:
            return self._check_samples(quantity, years)
        problems = []
        for position, number in enumerate(quantity.numbers):
            complaint = self.complaint(number)
            if complaint is not None:
                at, shown = _place(quantity, position)
                problems.append(Problem(*complaint, at=at, shown=shown))
            elif math.isinf(number) and quantity.kind == "anchors":
                at, shown = _place(quantity, position)
                message = "must be finite between years that are interpolated, got .inf"
                problems.append(Problem("E106", message, "give one value per year as a list", at, shown))
        return problems

    def _check_samples(self, quantity: Quantity, years: range | None) -> list[Problem]:
        if quantity.kind == "growth":
            start, growth, _ = quantity.numbers
            for name, number in (("start", start), ("growth", growth)):
                complaint = Rule(gt=-1 if name == "growth" else None).complaint(number)
                if complaint is not None:
                    message = f"{name} {complaint[1]}"
                    return [Problem(complaint[0], message, complaint[2], (name,), f".{name}")]
        for year in years or quantity.years[:1]:
            complaint = self.complaint(quantity.in_year(year))
            if complaint is not None:
                return [Problem(*complaint, shown=f"[{year}]")]
        return []

    def _check_range(self, quantity: Quantity, years: range | None) -> list[Problem]:
        low, high, number = quantity.low, quantity.high, quantity.first_number
        for name, bound in (("low", low), ("high", high)):
            complaint = None if bound is None else self.complaint(bound)
            if complaint is not None:
                message = f"{name}: {complaint[1]}"
                return [Problem(complaint[0], message, complaint[2], (name,), f".{name}")]
        if low is not None and low > number:
            message = f"low must not exceed the value {number_text(number)}, got {number_text(low)}"
            return [Problem("E107", message, at=("low",), shown=".low")]
        if high is not None and high < number:
            message = f"high must not be below the value {number_text(number)}, got {number_text(high)}"
            return [Problem("E107", message, at=("high",), shown=".high")]
        if not quantity.is_series:
            return []
        for name, bound in (("low", low), ("high", high)):
            if bound is None or bound == number:
                continue
            if number == 0 or math.isinf(number) or math.isinf(bound):
                message = f"{name} moves the series by one factor, which a first value of "
                message += f"{number_text(number)} and {name} of {number_text(bound)} do not give"
                return [Problem("E117", message, at=(name,), shown=f".{name}")]
            for year in years or ():
                value = quantity.in_year(year)
                complaint = self.complaint(value * bound / number) if math.isfinite(value) else None
                if complaint is not None:
                    message = (
                        f"{name} moves the whole series by the factor {bound / number:.4g}, and then in "
                    )
                    message += f"{year} it {complaint[1]}"
                    return [Problem("E117", message, at=(name,), shown=f".{name}")]
        return []

    def json_schema(self) -> JsonSchemaValue:
        number = _json_number(self)
        simple: list[JsonSchemaValue] = [number]
        if self.series:
            simple.append({"type": "array", "items": number, "description": "one per calendar year"})
            anchors: JsonSchemaValue = {"type": "object", "minProperties": 1, "additionalProperties": False}
            anchors["patternProperties"] = {"^(19|2[01])[0-9]{2}$": number}
            anchors["description"] = "mid-year values, linear between, flat outside"
            growth = {"start": number, "growth": {"type": "number", "exclusiveMinimum": -1}}
            simple.append(anchors)
            simple.append(_json_object(growth, ["start", "growth"]))
        return {"anyOf": [*simple, _json_table({"anyOf": simple} if self.series else number, number)]}


AMOUNT: Final = Rule(ge=0)
"""What a year map may hold for a year."""


@dataclass(frozen=True)
class YearMapRule(PlainRule):
    """Amounts of single calendar years, not negative. `past`: years before the horizon may be listed."""

    past: bool = False

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if isinstance(raw, YearMap):
            raw = dict(raw.entries)
        if not isinstance(raw, Mapping):
            hint = "write {2027: 1.5, 2028: 2}; a year that is not listed is 0"
            return None, [Problem("E104", f"must be a table of years, got {seen(raw)}", hint)]
        entries: dict[int, Quantity] = {}
        problems: list[Problem] = []
        for year, value in raw.items():
            problem = self._year_problem(year, years)
            if problem is not None:
                problems.append(problem)
                continue
            quantity, found = AMOUNT.read(value, years)
            problems += [nested(problem, year, f"[{year}]") for problem in found]
            if isinstance(quantity, Quantity):
                entries[year] = quantity
        return YearMap(dict(sorted(entries.items()))), problems

    def _year_problem(self, year: object, years: range | None) -> Problem | None:
        if not is_year(year):
            return bad_year(year)
        if years is not None and not self.past and isinstance(year, int) and year < years[0]:
            message = f"lists {year}, before the horizon that starts in {years[0]}"
            return Problem("E110", message, at=(year,), shown=f"[{year}]", on_key=True)
        return None

    def json_schema(self) -> JsonSchemaValue:
        number = {"type": "number", "minimum": 0}
        value = {"anyOf": [number, _json_table(number, number)]}
        pattern = {"^(19|2[01])[0-9]{2}$": value}
        return {"type": "object", "patternProperties": pattern, "additionalProperties": False}


@dataclass(frozen=True)
class DateRule(PlainRule):
    """A month or a quarter."""

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if isinstance(raw, CalendarDate):
            return raw, []
        hint = "write a month as 2026-03 or a quarter as 2026-Q1"
        if not isinstance(raw, str):
            return None, [Problem("E112", f"must be a month or quarter, got {seen(raw)}", hint)]
        for pattern, parts in ((MONTH, 12), (QUARTER, 4)):
            match = pattern.fullmatch(raw)
            if match and is_year(int(match[1])):
                start = int(match[1]) + (int(match[2]) - 1) / parts
                end = int(match[1]) + int(match[2]) / parts
                return CalendarDate(raw, start, end), []
        return None, [Problem("E112", f"must be a month or quarter, got {seen(raw)}", hint)]

    def json_schema(self) -> JsonSchemaValue:
        return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$"}


@dataclass(frozen=True)
class DayRule(PlainRule):
    """A day, from its first moment to its last. Months are twelfths of a year, as for months themselves."""

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if isinstance(raw, CalendarDate):
            return raw, []
        if isinstance(raw, str) and DAY.fullmatch(raw):
            try:
                found = day.fromisoformat(raw)
            except ValueError:
                return None, [Problem("E112", f"must be a day of the calendar, got {seen(raw)}")]
            if is_year(found.year):
                length = monthrange(found.year, found.month)[1]
                months = [found.month - 1 + number / length for number in (found.day - 1, found.day)]
                return CalendarDate(raw, *(found.year + month / 12 for month in months)), []
        return None, [Problem("E112", f"must be a day, got {seen(raw)}", "write a day as 2026-01-15")]

    def json_schema(self) -> JsonSchemaValue:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


@dataclass(frozen=True)
class IdRule(PlainRule):
    """An identifier, matched by `pattern`; `example` says how it looks."""

    pattern: re.Pattern[str]
    example: str

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        return read_id(raw, self.pattern, self.example)

    def json_schema(self) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{self.pattern.pattern}$"}


ID_RULE: Final = IdRule(ID, AN_ID)


class LineRule(IdRule):
    """The line of a chip: one identifier, and not the several that a generation may be made on."""

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        several = re.split(r"[\s;,/+]+", raw.strip()) if isinstance(raw, str) else []
        if len(several) > 1 and all(self.pattern.fullmatch(one) for one in several):
            hint = "write a row for each line, with an `id` of its own"
            return None, [Problem("E115", f"must be one line, got {seen(raw)}", hint)]
        return super().read(raw, years)


LINE_RULE: Final = LineRule(ID, AN_ID)
COUNTRY_RULE: Final = IdRule(COUNTRY, "a country code of three capital letters")


@dataclass(frozen=True)
class IdsRule(PlainRule):
    """One identifier or a list of them, read as a tuple; or the one `word`, kept as it is."""

    word: str | None = None

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if self.word is not None and raw == self.word:
            return raw, []
        return read_ids(raw)

    def json_schema(self) -> JsonSchemaValue:
        one = ID_RULE.json_schema()
        return {"anyOf": [one, {"type": "array", "items": one}]}


def _place(quantity: Quantity, position: int) -> tuple[tuple[str | int, ...], str]:
    if quantity.kind == "constant":
        return (), ""
    year = quantity.years[0] + position if quantity.kind == "yearly" else quantity.years[position]
    return (position if quantity.kind == "yearly" else year,), f"[{year}]"


def _json_number(rule: Rule) -> JsonSchemaValue:
    names: dict[str, float | None] = {"minimum": rule.ge, "exclusiveMinimum": rule.gt}
    names |= {"maximum": rule.le, "exclusiveMaximum": rule.lt}
    return {"type": "number", **{name: bound for name, bound in names.items() if bound is not None}}


def _json_object(properties: Mapping[str, object], required: list[str]) -> JsonSchemaValue:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def _json_table(value: JsonSchemaValue, number: JsonSchemaValue) -> JsonSchemaValue:
    properties: dict[str, object] = {"value": value, "low": number, "high": number}
    properties["source"] = IdsRule().json_schema()
    properties["status"] = {"enum": list(STATUSES)}
    properties["note"] = {"type": "string"}
    return _json_object(properties, ["value"])
