"""For a country without a plan: which rows exclude each other, and the input cells behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pyomo.core.expr.visitor import identify_mutable_parameters
from pyomo.environ import Constraint

from models.national import build
from models.parameters import TABLE
from optimizer.cli.scenario import Extension
from optimizer.errors import Diagnostic
from optimizer.instance import Instance
from optimizer.instance.cells import cell_map, matches
from optimizer.instance.load import Cell
from optimizer.result.run import INFEASIBLE, CountryRun, WorldRun

CELLS_PER_ROW: Final = 6


def explain_conflicts(
    world: WorldRun, instance: Instance, objective: str | None, extension: Extension | None
) -> WorldRun:
    """The run in which every infeasible country says what conflicts, one diagnostic per row."""
    explained = {
        run.country: replace(
            run, diagnostics=(*run.diagnostics, *_explain(run, instance, objective, extension))
        )
        for run in world.runs
        if run.status == INFEASIBLE
    }
    return replace(
        world,
        countries={country: explained.get(country, run) for country, run in world.countries.items()},
        leader_run=explained.get(world.leader, world.leader_run),
    )


def _explain(
    run: CountryRun, instance: Instance, objective: str | None, extension: Extension | None
) -> Iterator[Diagnostic]:
    if run.parameters is None or run.solution is None:
        return
    model = build(run.parameters)
    if extension is not None:
        extension(model)
    for row in run.solution.conflict:
        cells = list(_cells(model, row, instance, run.country, objective))
        named = [f"{cell.path} ({cell.file}:{cell.line})" if cell.file else cell.path for cell in cells]
        more = f" and {len(named) - CELLS_PER_ROW} more" if len(named) > CELLS_PER_ROW else ""
        first = cells[0] if cells else None
        yield Diagnostic(
            "S106",
            f"{run.country}: `{row}` cannot hold together with the other rows named here",
            file=first.file if first else None,
            line=first.line if first else None,
            path=first.path if first else None,
            hint=f"it follows from {', '.join(named[:CELLS_PER_ROW])}{more}" if named else None,
        )


def _cells(model: Any, row: str, instance: Instance, country: str, objective: str | None) -> Iterator[Cell]:
    """The cells behind a row's numbers: those of the country first, then those that all share."""
    name, _, labels = row.rstrip("]").partition("[")
    component = model.component(name)
    key: Any = tuple(labels.split(",")) if "," in labels else labels or None
    if component is None or component.ctype is not Constraint or key not in component:
        return
    names = {data.parent_component().local_name for data in identify_mutable_parameters(component[key].expr)}
    feeding = cell_map(instance, country, objective)
    # The patterns that a parameter reads itself come first, so one of each says most.
    patterns = dict.fromkeys(
        feeding.reads(name)[0] for name in TABLE if name in names and feeding.reads(name)
    )
    found = [cell for pattern in patterns for cell in instance.cells() if matches(pattern, cell.path)]
    unique = {cell.path: cell for cell in found}
    yield from sorted(unique.values(), key=lambda cell: not cell.path.startswith(f"countries.{country}."))
