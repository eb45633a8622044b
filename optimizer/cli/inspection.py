"""What `kloof inspect` finds out and how it is shown."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from models.parameters import TABLE, PlanParameters
from models.units import unit_label
from optimizer.answer.part import json_value
from optimizer.cli.session import SCHEMA_VERSION
from optimizer.errors import Diagnostic, InputError
from optimizer.instance.cells import cell_map
from optimizer.study.ask import Ask
from optimizer.study.single import compiled

SETS: Final = (
    *(
        "periods",
        "chips",
        "foreign",
        "domestic",
        "made",
        "uses",
        "segments",
        "lines",
        "tool_classes",
        "designers",
    ),
    *("rules", "supplies", "categories", "levels", "delays", "base_and_periods"),
    *("path_lines", "staged_lines", "staged_classes"),
)


@dataclass(frozen=True)
class Input:
    """One cell of the instance that a parameter of the plan reads."""

    path: str
    value: Any
    low: Any
    high: Any
    source: list[str]
    status: str | None
    note: str
    feeds: list[str]
    file: str | None
    line: int | None


@dataclass(frozen=True)
class Inspection:
    """One country's parameters, the inputs behind them, and the extreme coefficients of its program, as
    the solver sees them and as written in the model's units. `shown` names the parameters to show."""

    parameters: PlanParameters
    inputs: list[Input]
    scaled: tuple[float, float]
    written: tuple[float, float]
    shown: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


def inspect_country(ask: Ask, only: Sequence[str] = ()) -> Inspection:
    """Resolve the country; `only` some parameters and what feeds them. Raises `InputError` where its data are
    at fault or a parameter is unknown."""
    _check_names(only)
    instance = ask.instance
    plan_solver, parameters, warnings = compiled(ask)
    program = plan_solver.program
    vector = program.parameter_vector(parameters.values)
    written, scaled = program.coefficient_range(vector, plan_solver.nominal(parameters))
    cells = cell_map(instance, ask.country, ask.objective)
    inputs = []
    for cell in instance.cells():
        feeds = cells.feeds(cell.path)
        if not set(feeds) & set(only) if only else not feeds and not cells.shapes(cell.path):
            continue
        inputs.append(
            Input(
                path=cell.path,
                value=json_value(cell.value),
                low=json_value(cell.low),
                high=json_value(cell.high),
                source=list(cell.source or ()),
                status=cell.status,
                note=cell.note,
                feeds=list(feeds),
                file=_beside(cell.file, instance.directory),
                line=cell.line,
            )
        )
    return Inspection(parameters, inputs, scaled, written, tuple(only) or tuple(TABLE), warnings)


def _check_names(names: Sequence[str]) -> None:
    problems = []
    for name in names:
        if name not in TABLE:
            near = difflib.get_close_matches(name, list(TABLE), n=1)
            hint = f"did you mean `{near[0]}`?" if near else "see docs/mathematics.md for their names"
            problems.append(Diagnostic("E606", f"unknown parameter `{name}`", path="--parameter", hint=hint))
    if problems:
        raise InputError(problems)


def _beside(file: str | None, directory: str) -> str | None:
    """A file of the instance from the directory that holds it: the same on every machine."""
    if file is None or not Path(file).is_relative_to(directory):
        return file
    return str(Path(Path(directory).resolve().name) / Path(file).relative_to(directory))


def inspection_document(found: Inspection) -> dict[str, Any]:
    """What `kloof inspect --format json` prints."""
    parameters, sets = found.parameters, found.parameters.sets
    return {
        "schema_version": SCHEMA_VERSION,
        "country": parameters.country,
        "sets": {"reported": sets.reported, **{name: list(sets.members(name)) for name in SETS}},
        "parameters": {
            name: {
                "index": list(spec.index),
                "unit": unit_label(spec.unit),
                "value": json_value(parameters[name].tolist()),
                "meaning": spec.meaning,
            }
            for name, spec in TABLE.items()
            if name in found.shown
        },
        "inputs": [vars(each) for each in found.inputs],
        "coefficients": {
            "smallest": found.scaled[0],
            "largest": found.scaled[1],
            "as_written": {"smallest": found.written[0], "largest": found.written[1]},
        },
    }


def series(parameters: PlanParameters, shown: Sequence[str]) -> Iterator[tuple[str, str, list[float]]]:
    """Each parameter's items with their numbers: one, or one per period."""
    for name in (name for name in TABLE if name in shown):
        spec = TABLE[name]
        by_period = spec.index[-1:] in (("periods",), ("base_and_periods",))
        inner = spec.index[:-1] if by_period else spec.index
        keys = [
            "/".join(map(str, key)) for key in product(*(parameters.sets.members(part) for part in inner))
        ]
        array = parameters[name].reshape(len(keys), -1) if keys else parameters[name].reshape(0, 1)
        for key, line in zip(keys, array.tolist(), strict=True):
            yield name, key, line


def inspection_csv(found: Inspection) -> str:
    """Every number as a tidy table: parameter, item, period, unit, value."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["country", "parameter", "item", "period", "unit", "value"])
    sets = found.parameters.sets
    for name, item, line in series(found.parameters, found.shown):
        spec = TABLE[name]
        last = spec.index[-1] if spec.index else ""
        labels = sets.members(last) if last in ("periods", "base_and_periods") else ("",)
        unit = unit_label(spec.unit)
        for label, value in zip(labels, line, strict=True):
            writer.writerow([found.parameters.country, name, item, label, unit, repr(value)])
    return buffer.getvalue()
