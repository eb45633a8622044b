"""A plan read back from a strategy table, strictly: nothing is guessed, filled in or dropped silently."""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from models.limits import LIMITS
from models.parameters import Array, PlanParameters, PlanSets
from models.quantities import DERIVED, VARIABLES
from models.simulate import DECISIONS
from optimizer.answer.strategy import COLUMNS, SHADOW_UNITS, STEPS_HELD, items, obtainable, unit_of
from optimizer.errors import Diagnostic, InputError, number_hint

REQUIRED: Final = ("country", "period", "metric", "item", "value")
# Larger numbers overflow on the way to the objective.
LARGEST: Final = 1e12
MOST_PROBLEMS: Final = 50
# A plan whose decisions all have so few is one that something rounded: `solve` saves every digit.
MOST_ROUNDED_DIGITS: Final = 9
MOST_ROUNDED_DECIMALS: Final = 6
# Metrics whose items are rows of the model as this very plan breaks or contradicts them: any text.
EXTEND: Final = "a variable of your own is known with --extend FILE.py:FUNCTION, as in the solve"
OF_ANY_ROW: Final = frozenset({"limit_broken", "row_disagrees"})


class Stated(NamedTuple):
    """A number that a plan states beside its decisions, which follow from nothing, while this one follows
    from them."""

    line: int
    metric: str
    item: str
    period: str
    unit: str
    value: float


@dataclass(frozen=True)
class GivenPlan:
    """A plan as it was given: its decisions, arrays shaped by their index sets, periods last, all that it
    states beside them, and what it says of variables of the user's own, by metric, item and period. Where its
    decisions look as a spreadsheet rounds them, `rounded_to` says to what, as `3 digits`."""

    decisions: Mapping[str, Array]
    stated: tuple[Stated, ...]
    own: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    rounded_to: str = ""


@dataclass
class _Reader:
    """Collects decisions, what is stated beside them, and problems of one file. `extended`: with rows and
    variables of the user's own, whose names only the model knows."""

    file: str
    country: str
    countries: Collection[str]
    sets: PlanSets
    never: frozenset[str]
    extended: bool
    own: dict[tuple[str, str, str], float] = field(default_factory=dict)
    values: dict[tuple[str, str, str], float] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)
    lines: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    extend_said: bool = False
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.items = {name: items(self.sets, VARIABLES[name]) for name in DECISIONS}
        self.known = {**self.items, **_stated_items(self.sets)}

    def problem(self, code: str, message: str, line: int | None = None, hint: str | None = None) -> None:
        self.problems.append(Diagnostic(code, message, file=self.file, line=line, hint=hint))

    def unknown(self, code: str, what: str, name: str, known: Collection[str], line: int) -> None:
        near = difflib.get_close_matches(name, list(known), n=1)
        self.problem(code, f"unknown {what} `{name}`", line, f"did you mean `{near[0]}`?" if near else None)

    def _say_extend(self) -> None:
        """Once, at a metric that is like none of Kloof's: it may be a variable of the user's own."""
        if self.problems[-1].hint is None and not self.extend_said:
            self.problems[-1] = replace(self.problems[-1], hint=EXTEND)
            self.extend_said = True

    def row(self, line: int, row: Mapping[str, str]) -> None:
        """Every row is read, those of other countries too: only what is whole and unambiguous is a plan."""
        country, metric, period, item = row["country"], row["metric"], row["period"], row["item"]
        if country not in self.countries:
            self.unknown("E614", "country", country, self.countries, line)
            return
        known = metric in VARIABLES or metric in DERIVED
        if not known and not self.extended:
            self.unknown("E613", "metric", metric, [*VARIABLES, *DERIVED], line)
            self._say_extend()
            return
        if period not in self.sets.periods:
            self.unknown("E615", "period", period, self.sets.periods, line)
            return
        if known and not self._of_any_row(metric) and item not in self.known[metric]:
            self.unknown("E616", f"item of `{metric}`", item, self.known[metric], line)
            return
        key = (country, metric, period, item)
        if key in self.lines:
            self.problem(
                "E619",
                f"`{_name(metric, item)}` of {period} is given on line {self.lines[key]} already",
                line,
            )
            return
        self.lines[key] = line
        if not known:
            value = self.number(line, metric, row["value"])
            self.own |= {(metric, item, period): value} if country == self.country else {}
            return
        unit = _unit(metric, item, row.get("unit", ""))
        if row.get("unit", unit) != unit:
            self.problem("E621", f"`{_name(metric, item)}` is in {unit}, not in `{row['unit']}`", line)
        decided = metric in DECISIONS
        value = (
            self.decision(line, metric, row["value"]) if decided else self.number(line, metric, row["value"])
        )
        if country != self.country:
            return
        if decided:
            self.values[metric, item, period] = value
            self.texts.append(row["value"])
        else:
            self.stated.append(Stated(line, metric, item, period, unit, value))

    def _of_any_row(self, metric: str) -> bool:
        return metric in OF_ANY_ROW or (self.extended and metric in SHADOW_UNITS)

    def decision(self, line: int, metric: str, text: str) -> float:
        value = _parsed(text)
        if not abs(value) <= LARGEST:
            what = f"a number up to {LARGEST:g}"
            hint = None if math.isinf(value) else number_hint(text)
            self.problem("E617", f"`{metric}` must be {what}, got `{text}`", line, hint)
        elif value < 0:
            self.problem("E618", f"`{metric}` must not be negative, got {text}", line)
        return value

    def number(self, line: int, metric: str, text: str) -> float:
        """What follows from decisions may be negative, or infinite as a ratio to nothing is."""
        value = _parsed(text)
        if math.isnan(value):
            self.problem("E617", f"`{metric}` must be a number, got `{text}`", line)
        return value

    def missing(self) -> None:
        """One problem per decision that lacks periods, unless it is of a chip that cannot be had at all."""
        for metric, names in self.items.items():
            of_chips = VARIABLES[metric].index[:1] == ("chips",)
            for item in names:
                absent = [p for p in self.sets.periods if (metric, item, p) not in self.values]
                if len(absent) == len(self.sets.periods) and of_chips and item.split("/")[0] in self.never:
                    self.values |= {(metric, item, p): 0.0 for p in absent}
                elif absent:
                    which = "every period" if len(absent) == len(self.sets.periods) else ", ".join(absent)
                    self.problem(
                        "E620",
                        f"no value of `{_name(metric, item)}` for {which}",
                        hint="a plan names every decision in every period, tail included; write 0 for none "
                        "(only chips that the country cannot have under the rules at hand may be left out)",
                    )

    def arrays(self) -> dict[str, Array]:
        return {
            metric: np.array(
                [[self.values[metric, item, period] for period in self.sets.periods] for item in names]
            ).reshape(*self.sets.shape(VARIABLES[metric].index), len(self.sets.periods))
            for metric, names in self.items.items()
        }


def _name(metric: str, item: str) -> str:
    return f"{metric}/{item}" if item else metric


def _rounded_to(texts: Collection[str]) -> str:
    """What decisions are rounded to, as far as all of them look so; nothing where some has more."""
    mantissas = [text.strip().lower().partition("e") for text in texts]
    plain = [number.lstrip("+-").replace(".", "").strip("0") for number, *_ in mantissas]
    most = max(map(len, plain), default=0)
    if 0 < most <= MOST_ROUNDED_DIGITS:
        return f"{most} digit{'s' if most > 1 else ''}"
    decimals = max((len(number.partition(".")[2]) for number, *_ in mantissas), default=0)
    if not any(exponent for *_, exponent in mantissas) and decimals <= MOST_ROUNDED_DECIMALS:
        return f"{decimals} decimal{'s' if decimals != 1 else ''}"
    return ""


def _parsed(text: str) -> float:
    """The number that a text says, nan where it says none."""
    try:
        # float() takes 1_000 for 1000; a plan may not.
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def _stated_items(sets: PlanSets) -> dict[str, list[str]]:
    """The items of every metric that is not a decision and whose items the index sets know."""
    found = {
        name: items(sets, spec)
        for name, spec in {**VARIABLES, **DERIVED}.items()
        if name not in DECISIONS and spec.index != ("row",)
    }
    limits = [
        "/".join((limit.name, *map(str, key)))
        for limit in LIMITS.values()
        for key in product(*(sets.members(name) for name in limit.index if name != "periods"))
    ]
    return {**found, **dict.fromkeys(SHADOW_UNITS, limits)}


def _unit(metric: str, item: str, given: str) -> str:
    """The unit that a row must have; of rows of the model that this plan breaks the one that it has."""
    if metric in OF_ANY_ROW:
        return given
    if metric in SHADOW_UNITS:
        limit = LIMITS.get(item.partition("/")[0])
        unit = "" if limit is None else f"{SHADOW_UNITS[metric]} per {limit.unit}"
        return given if limit is None or given == unit + STEPS_HELD else unit
    return unit_of(VARIABLES[metric] if metric in VARIABLES else DERIVED[metric], item)


def read_plan(
    path: Path, parameters: PlanParameters, countries: Collection[str], extended: bool = False
) -> GivenPlan:
    """A country's plan in a strategy file: its decisions, and what else the file says of the country.

    `parameters` are the country's: they say which chips it cannot have at all, whose rows may be missing and
    then are 0. `extended`: metrics that Kloof does not know are variables of the user's own. Rows of other
    countries are checked alike and then left. Raises `InputError` with every problem (the first 50), each
    with its line.
    """
    country, sets = parameters.country, parameters.sets
    never = frozenset(chip for chip, had in zip(sets.chips, obtainable(parameters), strict=True) if not had)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(Diagnostic("E201", "no such file", file=str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError(Diagnostic("E203", "the plan is not UTF-8 text", file=str(path))) from error
    except OSError as error:
        raise InputError(
            Diagnostic("E202", f"the plan cannot be read: {error.strerror or error}", file=str(path))
        ) from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    reader = _Reader(str(path), country, countries, sets, never, extended)
    try:
        header = next(lines, [])
        if missing := [name for name in REQUIRED if name not in header]:
            raise InputError(
                Diagnostic(
                    "E611",
                    f"the plan has no column {', '.join(f'`{name}`' for name in missing)}",
                    file=str(path),
                    line=1,
                    hint=f"columns of a strategy: {','.join(COLUMNS)}; a sheet of shares begins with `year`",
                )
            )
        if repeated := sorted({name for name in header if header.count(name) > 1}):
            raise InputError(
                Diagnostic("E611", f"the plan has column `{repeated[0]}` twice", file=str(path), line=1)
            )
        for row in lines:
            if not row:
                continue
            if len(row) != len(header):
                reader.problem(
                    "E612", f"{len(row)} fields where there are {len(header)} columns", lines.line_num
                )
                continue
            reader.row(lines.line_num, dict(zip(header, row, strict=True)))
    except csv.Error as error:
        raise InputError(Diagnostic("E210", str(error), file=str(path), line=lines.line_num)) from error
    if not reader.problems:
        if not reader.values:
            reader.problem("E614", f"the plan holds no row of {country}")
        else:
            reader.missing()
    if reader.problems:
        shown = reader.problems[:MOST_PROBLEMS]
        if len(reader.problems) > len(shown):
            more = f"and {len(reader.problems) - len(shown)} problems more"
            shown.append(Diagnostic(reader.problems[-1].code, more, file=str(path)))
        raise InputError(shown)
    return GivenPlan(reader.arrays(), tuple(reader.stated), reader.own, _rounded_to(reader.texts))
