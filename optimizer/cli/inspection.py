"""What `kloof inspect` finds out and how it is shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from rich.console import ConsoleRenderable

from models.parameters import TABLE, PlanParameters
from models.units import unit_label
from optimizer.cli.session import SCHEMA_VERSION
from optimizer.instance.cells import cell_map
from optimizer.result import digits
from optimizer.result.store import text_of_infinity
from optimizer.result.tables import grid, heading
from optimizer.study.solve import PlanSolver

if TYPE_CHECKING:
    from optimizer.cli.scenario import Scenario

SETS: Final = (
    *("periods", "chips", "foreign", "domestic", "uses", "segments", "lines", "rules", "supplies"),
    *("categories", "levels", "delays", "base_and_periods"),
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
    the solver sees them and as written in the model's units."""

    parameters: PlanParameters
    inputs: list[Input]
    scaled: tuple[float, float]
    written: tuple[float, float]


def inspect_country(scenario: Scenario, country: str, objective: str | None) -> Inspection:
    """Resolve one country. Raises `InputError` where its data are at fault."""
    instance = scenario.instance
    parameters = scenario.parameters(country, objective)
    program = PlanSolver.compile(parameters, scenario.extension).program
    written, scaled = program.coefficient_range(program.parameter_vector(parameters.values))
    cells = cell_map(instance, country, objective)
    inputs = []
    for cell in instance.cells():
        feeds = cells.feeds(cell.path)
        if not feeds and not cells.shapes(cell.path):
            continue
        inputs.append(
            Input(
                path=cell.path,
                value=_plain(cell.value),
                low=_plain(cell.low),
                high=_plain(cell.high),
                source=list(cell.source or ()),
                status=cell.status,
                note=cell.note,
                feeds=list(feeds),
                file=cell.file,
                line=cell.line,
            )
        )
    return Inspection(parameters, inputs, scaled, written)


def _plain(value: Any) -> Any:
    """A value as JSON holds it: infinity as text, at any depth."""
    if isinstance(value, float):
        return text_of_infinity(value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


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
                "value": _plain(parameters[name].tolist()),
                "meaning": spec.meaning,
            }
            for name, spec in TABLE.items()
        },
        "inputs": [vars(each) for each in found.inputs],
        "coefficients": {
            "smallest": found.scaled[0],
            "largest": found.scaled[1],
            "as_written": {"smallest": found.written[0], "largest": found.written[1]},
        },
    }


def _series(parameters: PlanParameters) -> Iterator[tuple[str, str, list[float]]]:
    """Each parameter's items with their numbers: one, or one per period."""
    for name, spec in TABLE.items():
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
    for name, item, line in _series(found.parameters):
        spec = TABLE[name]
        last = spec.index[-1] if spec.index else ""
        labels = sets.members(last) if last in ("periods", "base_and_periods") else ("",)
        unit = unit_label(spec.unit)
        for label, value in zip(labels, line, strict=True):
            writer.writerow([found.parameters.country, name, item, label, unit, repr(value)])
    return buffer.getvalue()


def inspection_table(found: Inspection, everything: bool) -> list[ConsoleRenderable | str]:
    """The parameters at the first and last reported period, then the inputs."""
    parameters, sets = found.parameters, found.parameters.sets
    first, last = sets.periods[0], sets.periods[sets.reported - 1]
    body, hidden = [], 0
    for name, item, line in _series(parameters):
        if not everything and not any(line):
            hidden += 1
            continue
        shown = [line[0], line[sets.reported - 1]] if len(line) > 1 else line
        cells = [_number(value) for value in shown] + [""] * (2 - len(shown))
        body.append([name, item, unit_label(TABLE[name].unit), *cells])
    heads = ["parameter", "item", "unit", f"value, or {first}", last]
    parts: list[ConsoleRenderable | str] = [
        heading(
            f"{parameters.country}: {first} to {last}, {len(sets.periods) - sets.reported} periods of tail"
        ),
        "",
        grid(heads, body, left=3),
    ]
    if hidden:
        parts.append(f"{hidden} lines that are 0 throughout are left out; --verbose shows them")
    lines = [
        [
            each.path,
            _written(each.value),
            f"{_written(each.low)} to {_written(each.high)}" if each.low is not None else "",
            each.status or "",
            " ".join(each.source),
        ]
        for each in found.inputs
    ]
    parts += [
        "",
        heading("inputs"),
        "",
        grid(["input", "value", "range", "status", "source"], lines, left=5),
        "",
    ]
    parts.append(
        f"coefficients of the program: {digits.scientific(found.scaled[0])} to "
        f"{digits.scientific(found.scaled[1])} as solved, {digits.scientific(found.written[0])} to "
        f"{digits.scientific(found.written[1])} as written"
    )
    return parts


def _number(value: float) -> str:
    return f"{value:.6g}"


def _written(value: Any) -> str:
    """A value as a person writes it, long series shortened."""
    if value is None:
        return ""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        shown = [_written(each) for each in value[:4]]
        return "[" + ", ".join(shown) + (", ..." if len(value) > len(shown) else "") + "]"
    if isinstance(value, dict):
        pairs = [f"{key}: {_written(each)}" for key, each in list(value.items())[:4]]
        return "{" + ", ".join(pairs) + (", ..." if len(value) > len(pairs) else "") + "}"
    return str(value)
