"""A plan read back from a strategy table, strictly: nothing is guessed, filled in or dropped silently."""

from __future__ import annotations

import csv
import difflib
import io
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from models.parameters import Array, PlanParameters, PlanSets
from models.simulate import DECISIONS
from optimizer.errors import Diagnostic, InputError, number_hint
from optimizer.result.strategy import COLUMNS, items, obtainable, unit_of
from optimizer.result.vocabulary import DERIVED, VARIABLES

REQUIRED: Final = ("country", "period", "metric", "item", "value")
# Larger numbers overflow on the way to the objective.
LARGEST: Final = 1e12
MOST_PROBLEMS: Final = 50


@dataclass
class _Reader:
    """Collects decisions and problems of one file."""

    file: str
    country: str
    countries: Collection[str]
    sets: PlanSets
    never: frozenset[str]
    values: dict[tuple[str, str, str], float] = field(default_factory=dict)
    lines: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.items = {name: items(self.sets, VARIABLES[name]) for name in DECISIONS}

    def problem(self, code: str, message: str, line: int | None = None, hint: str | None = None) -> None:
        self.problems.append(Diagnostic(code, message, file=self.file, line=line, hint=hint))

    def unknown(self, code: str, what: str, name: str, known: Collection[str], line: int) -> None:
        near = difflib.get_close_matches(name, list(known), n=1)
        self.problem(code, f"unknown {what} `{name}`", line, f"did you mean `{near[0]}`?" if near else None)

    def row(self, line: int, row: Mapping[str, str]) -> None:
        country, metric, period, item = row["country"], row["metric"], row["period"], row["item"]
        if country not in self.countries:
            self.unknown("E614", "country", country, self.countries, line)
            return
        if country != self.country:
            return
        if metric not in VARIABLES and metric not in DERIVED:
            self.unknown("E613", "metric", metric, [*VARIABLES, *DERIVED], line)
            return
        if period not in self.sets.periods:
            self.unknown("E615", "period", period, self.sets.periods, line)
            return
        if metric not in DECISIONS:
            return
        known = self.items[metric]
        if item not in known:
            self.unknown("E616", f"item of `{metric}`", item, known, line)
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
        unit = unit_of(VARIABLES[metric], item)
        if row.get("unit", unit) != unit:
            self.problem("E621", f"`{_name(metric, item)}` is in {unit}, not in `{row['unit']}`", line)
        self.values[metric, item, period] = self.number(line, metric, row["value"])

    def number(self, line: int, metric: str, text: str) -> float:
        try:
            # float() takes 1_000 for 1000; a plan may not.
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or abs(value) > LARGEST:
            what = f"a number up to {LARGEST:g}"
            hint = None if math.isinf(value) else number_hint(text)
            self.problem("E617", f"`{metric}` must be {what}, got `{text}`", line, hint)
        elif value < 0:
            self.problem("E618", f"`{metric}` must not be negative, got {text}", line)
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


def read_plan(path: Path, parameters: PlanParameters, countries: Collection[str]) -> dict[str, Array]:
    """The decisions of a country in a strategy file, arrays shaped by their index sets, periods last.

    `parameters` are the country's: they say which chips it cannot have at all, whose rows may be missing and
    then are 0. Rows of other countries and of metrics that are not decisions are checked for their names
    only. Raises `InputError` with every problem (the first 50), each with its line.
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
    reader = _Reader(str(path), country, countries, sets, never)
    try:
        header = next(lines, [])
        if missing := [name for name in REQUIRED if name not in header]:
            raise InputError(
                Diagnostic(
                    "E611",
                    f"the plan has no column {', '.join(f'`{name}`' for name in missing)}",
                    file=str(path),
                    line=1,
                    hint=f"columns of a strategy: {','.join(COLUMNS)}",
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
    return reader.arrays()
