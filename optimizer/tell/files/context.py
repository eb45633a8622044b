"""What a run directory says of the world it came from: the inputs behind its plans, and what names mean.

`inputs.csv` and `context.json` let a report cite every number on a machine that does not have the instance.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Final

from optimizer.answer.context import CitedSource, Context, NamedCountry, RatedChip, Years
from optimizer.answer.part import json_value
from optimizer.answer.run import WorldRun
from optimizer.instance import Instance
from optimizer.instance.cells import CellMap, cell_map
from optimizer.instance.instance import Cell
from optimizer.instance.rules.schema import ExportRule
from optimizer.instance.schema import Line, Segment, ToolClass
from optimizer.study.ask import Ask
from optimizer.tell import SCHEMA_VERSION
from optimizer.tell.files.store import CONTEXT, json_text

INPUTS: Final = "inputs.csv"
COLUMNS: Final = ("path", "value", "low", "high", "status", "sources", "note")


def context_files(world: WorldRun, ask: Ask) -> dict[str, str]:
    """The two files of a run, name -> text.

    `inputs.csv` has one line per input that feeds one of the plans, as it is after all changes: a value as
    JSON (a number, a list or a map of years), its range, status and the ids of its sources. `context.json`
    has the names of countries and chips, the chips' ratings in H100-equivalents, titles of segments, lines,
    classes of tools and rules, and the sources cited.
    """
    instance = ask.instance
    cells = feeding_cells(instance, [run.country for run in world.runs], ask.objective)
    return {INPUTS: _inputs_text(cells), CONTEXT: json_text(_context(world, instance, cells).data())}


def feeding_cells(instance: Instance, countries: list[str], objective: str | None) -> list[Cell]:
    """The cells that some of the `countries`' plans read, in the order of the schema.

    A country's own cells are looked up in its own map; all others feed every country alike, so that one map
    answers for them.
    """
    maps = {country: cell_map(instance, country, objective) for country in countries}
    shared = next(iter(maps.values()), cell_map(instance, instance.leader, objective))

    def reader(path: str) -> CellMap | None:
        top, _, rest = path.partition(".")
        return maps.get(rest.partition(".")[0]) if top == "countries" else shared

    found = []
    for cell in instance.cells():
        reads = reader(cell.path)
        if reads is not None and (reads.feeds(cell.path) or reads.shapes(cell.path)):
            found.append(cell)
    return found


def _inputs_text(cells: list[Cell]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in cells:
        bounds = ["" if bound is None else repr(bound) for bound in (cell.low, cell.high)]
        value = json.dumps(json_value(cell.value), ensure_ascii=False)
        writer.writerow([cell.path, value, *bounds, cell.status, " ".join(cell.source), cell.note])
    return buffer.getvalue()


def _context(world: WorldRun, instance: Instance, cells: list[Cell]) -> Context:
    cited = dict.fromkeys(source for cell in cells for source in cell.source)
    countries = {run.country: instance.countries[run.country] for run in world.runs}
    return Context(
        schema_version=SCHEMA_VERSION,
        horizon=Years(first_year=instance.horizon.first_year, last_year=instance.horizon.last_year),
        countries={key: NamedCountry(name=one.name, note=one.note) for key, one in countries.items()},
        chips=_chips(world, instance),
        titles=_titles(instance),
        sources={
            name: CitedSource(
                title=source.title, url=source.url, date=source.date, confidence=source.confidence
            )
            for name in cited
            if (source := instance.sources.get(name)) is not None
        },
    )


def _titles(instance: Instance) -> dict[str, dict[str, str]]:
    named: dict[str, Mapping[str, Segment | Line | ToolClass | ExportRule]] = {
        "segments": instance.segments,
        "lines": instance.lines,
        "tool_classes": instance.tool_classes,
        "rules": instance.rules,
    }
    return {kind: {key: one.title for key, one in known.items()} for kind, known in named.items()}


def _chips(world: WorldRun, instance: Instance) -> dict[str, RatedChip]:
    """Every chip with its ratings; none where no plan was posed."""
    parameters = next((run.parameters for run in world.runs if run.parameters is not None), None)
    if parameters is None:
        return {}
    rated = [parameters[name].tolist() for name in ("research_h100e", "delivery_h100e")]
    return {
        chip: RatedChip(
            name=instance.chips[chip].name,
            designer=instance.chips[chip].designer,
            research_h100e=research,
            delivery_h100e=delivery,
        )
        for chip, research, delivery in zip(parameters.sets.chips, *rated, strict=True)
    }
