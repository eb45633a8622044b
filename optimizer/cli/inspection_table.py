"""How `kloof inspect` shows a country's parameters and inputs on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import ConsoleRenderable

from models.parameters import TABLE, PlanParameters
from models.units import unit_label
from optimizer.answer import digits
from optimizer.cli.inspection import Input, Inspection, series
from optimizer.tell.terminal.tables import grid, heading

# A parameter with more different items is told by the least and the most of them.
MOST_ITEMS: Final = 4
ITEMS_NAMED: Final = 2
EACH: Final = "--all lists every item and input, --parameter NAME those of one parameter"


def short_table(found: Inspection) -> list[ConsoleRenderable | str]:
    """The parameters by section, items of the same numbers in one line and of a constant series one number;
    then the country's own inputs, and how many others there are."""
    parameters, sets = found.parameters, found.parameters.sets
    first, last = sets.periods[0], sets.periods[sets.reported - 1]
    parts: list[ConsoleRenderable | str] = [heading(f"{parameters.country}: {first} to {last}"), ""]
    hidden = 0
    for section, names in groupby(found.shown, lambda name: TABLE[name].section):
        body = []
        for name in names:
            lines, zeros = _lines(parameters, name)
            body += lines
            hidden += zeros
        if body:
            parts += [grid([section, "item", "unit", f"value, or {first}", last], body, left=3), ""]
    if hidden:
        parts += [f"{hidden} parameters that are 0 throughout are left out; --verbose shows them", ""]
    own = f"countries.{parameters.country}."
    for section, inputs in groupby(found.inputs, lambda each: _section(each.path, own)):
        mine = list(inputs)
        if mine[0].path.startswith(own):
            parts += [heading(f"inputs: {section}"), "", _inputs(mine), ""]
    others = Counter(each.path.split(".")[0] for each in found.inputs if not each.path.startswith(own))
    if others:
        parts.append(f"other inputs: {', '.join(f'{name} {count:,}' for name, count in others.items())}")
    return [*parts, EACH, "", _coefficients(found)]


def _section(path: str, own: str) -> str:
    """The part of a country's file that an input stands in; one name for all of the rest."""
    return path.removeprefix(own).split(".")[0].split("[")[0] if path.startswith(own) else ""


def _lines(parameters: PlanParameters, name: str) -> tuple[list[list[str]], int]:
    """A parameter's lines, and 1 where it has none as it is 0 throughout."""
    spec, reported = TABLE[name], parameters.sets.reported
    begin = 1 if spec.index[-1:] == ("base_and_periods",) else 0
    items: dict[tuple[float, ...], list[str]] = {}
    count = 0
    for _, item, whole in series(parameters, (name,)):
        count += 1
        shown = whole[: begin + reported] if len(whole) > 1 else whole
        if any(shown):
            items.setdefault(tuple(shown), []).append(item)
    if not items:
        return [], 1
    unit, things = unit_label(spec.unit), "/".join(_inner(spec.index))
    if len(items) > MOST_ITEMS:
        named = _counted(sum(map(len, items.values())), count, things)
        return [[name, named, unit, _spread([value for line in items for value in line]), ""]], 0
    lines = []
    for line, names in items.items():
        label = ", ".join(names) if len(names) <= ITEMS_NAMED else _counted(len(names), count, things)
        if all(value == line[0] for value in line):
            cells = [_number(line[0]), ""]
        elif line[0] == line[-1]:
            # what lies between would else be taken for as much
            cells = [_spread(line), ""]
        else:
            cells = [_number(line[0]), _number(line[-1])]
        lines.append([name, label, unit, *cells])
    return lines, 0


def _counted(named: int, count: int, things: str) -> str:
    return f"all {count} {things}" if named == count else f"{named} of {count} {things}"


def _spread(values: Sequence[float]) -> str:
    return f"{_number(min(values))} to {_number(max(values))}"


def _inner(index: Sequence[str]) -> Iterator[str]:
    """The sets of a parameter's items: all but the periods."""
    return (each.replace("_", " ") for each in index if each not in ("periods", "base_and_periods"))


def full_table(found: Inspection, zeros: bool) -> list[ConsoleRenderable | str]:
    """Every parameter at the first and last reported period, a line an item, then every input; without
    `zeros` no line of what is 0 throughout."""
    parameters, sets = found.parameters, found.parameters.sets
    first, last = sets.periods[0], sets.periods[sets.reported - 1]
    body, hidden = [], 0
    for name, item, line in series(parameters, found.shown):
        if not zeros and not any(line):
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
    return [*parts, "", heading("inputs"), "", _inputs(found.inputs), "", _coefficients(found)]


def _inputs(inputs: Sequence[Input]) -> ConsoleRenderable:
    lines = [
        [
            each.path,
            _written(each.value),
            f"{_written(each.low)} to {_written(each.high)}" if each.low is not None else "",
            each.status or "",
            " ".join(each.source),
        ]
        for each in inputs
    ]
    return grid(["input", "value", "range", "status", "source"], lines, left=5)


def _coefficients(found: Inspection) -> str:
    return (
        f"coefficients of the program: {digits.scientific(found.scaled[0])} to "
        f"{digits.scientific(found.scaled[1])} as solved, {digits.scientific(found.written[0])} to "
        f"{digits.scientific(found.written[1])} as written"
    )


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
