"""From an instance to the parameters of one country's plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from models.parameters import TABLE, Array, LeaderPath, ParameterError, PlanParameters, PlanSets
from optimizer.errors import Diagnostic, InputError
from optimizer.instance.cells import FROM_LEADER_PLAN, CellMap, cell_map, matches
from optimizer.instance.instance import Cell, Instance
from optimizer.instance.resolving.levels import capability_level, efficiency_level, own_level
from optimizer.instance.resolving.sets import plan_sets
from optimizer.instance.resolving.view import View

__all__ = [
    "BaseState",
    "base_state",
    "plan_sets",
    "quantity_of",
    "resolve",
    "resolve_again",
    "resolve_at",
]

CELLS_NAMED_IN_A_HINT: Final = 6
# settings that choose what is solved rather than feed a parameter
WORLD_WIDE: Final = frozenset({"leader", "default_objective"})
CHECKED_TOGETHER: Final = {
    "cost_recovery": ("home_return",),
    "share_floor": ("share_ceiling",),
    "service_ceiling": ("service_floor",),
}
"""Parameters that the contract compares with the one that it names."""


def resolve(
    instance: Instance, country: str, leader: LeaderPath | None = None, objective: str | None = None
) -> PlanParameters:
    """Every parameter of `country`'s plan, under the preset `objective` (the default one if none is named).

    `leader` is the solved path of the instance's leader; the leader itself needs none. Raises `InputError`
    with all that is wrong in the data (E302, E306, E5xx), and `ValueError` if `leader` is missing or is not
    the path of this instance's leader.
    """
    settings = instance.settings
    objective = settings.default_objective if objective is None else objective
    _require(country, tuple(instance.countries), "E302", "country")
    _require(objective, tuple(settings.objectives), "E306", "objective")
    return _resolved(instance, plan_sets(instance, country), country, leader, objective, {})


def resolve_at(
    instance: Instance,
    country: str,
    leader: LeaderPath | None,
    objective: str | None,
    known: Mapping[str, Array],
) -> PlanParameters:
    """What `resolve` gives where the quantities `known` are these instead of what the instance says:
    parameters, or what parameters are made of. Raises as `resolve` does."""
    objective = instance.settings.default_objective if objective is None else objective
    return _resolved(instance, plan_sets(instance, country), country, leader, objective, known)


def quantity_of(instance: Instance, country: str, name: str) -> Array:
    """A quantity that parameters are made of, as the country's own data give it: none that hangs on the
    plan of the leader, unless the country leads."""
    settings = instance.settings
    sets = plan_sets(instance, settings.leader)
    leading = View(instance, settings.leader, sets, None, settings.default_objective)
    if country == settings.leader:
        return leading[name]
    return View(instance, country, sets, None, settings.default_objective, leading)[name]


def resolve_again(
    before: PlanParameters,
    instance: Instance,
    changed: Iterable[str],
    leader: LeaderPath | None,
    objective: str | None,
    same_leader: bool,
) -> PlanParameters:
    """What `resolve` gives for the country of `before`, which it gave before the cells at the paths `changed`
    were: only what they feed is computed anew, and what comes out of the leader's plan unless that is the
    `same_leader`'s. Raises as `resolve` does."""
    country, settings = before.country, instance.settings
    cells = cell_map(instance, country, objective)
    paths = list(changed)
    # a lag that is given says that all fleets are as observed, the changed ones too
    observed_anew = instance.observed_fleets and any(_may_give_lag(path, country) for path in paths)
    if observed_anew or any(cells.shapes(path) or path in WORLD_WIDE for path in paths):
        return resolve(instance, country, leader, objective)
    fed = {name for path in paths for name in cells.feeds(path)}
    fed.update(() if same_leader or country == settings.leader else FROM_LEADER_PLAN)
    if not fed:
        return before
    kept = {name: array for name, array in before.values.items() if name not in fed}
    return _resolved(instance, before.sets, country, leader, cells.objective, kept)


def _may_give_lag(path: str, country: str) -> bool:
    return matches(path, f"countries.{country}.research.lag_months")


def _resolved(
    instance: Instance,
    sets: PlanSets,
    country: str,
    leader: LeaderPath | None,
    objective: str,
    known: Mapping[str, Array],
) -> PlanParameters:
    """Every parameter, those that are known as they are."""
    settings = instance.settings
    if country == settings.leader:
        view = View(instance, country, sets, None, objective, known=known)
    else:
        _check_path(leader, settings.leader, len(sets.periods))
        leading = View(instance, settings.leader, sets, None, objective)
        view = View(instance, country, sets, leader, objective, leading, known)
    parameters = PlanParameters(country, sets, {name: view[name] for name in TABLE})
    if view.problems:
        raise InputError(sorted(view.problems, key=lambda one: (one.file or "", one.line or 0)))
    try:
        parameters.check()
    except ParameterError as error:
        raise InputError(_explain(error, instance, cell_map(instance, country, objective))) from error
    return parameters


@dataclass(frozen=True)
class BaseState:
    """Where a country stands before the first period.

    Compute in kH100e, power in GW, knowledge in leader-effort years, the levels in log units.
    """

    research_compute: float
    delivery_compute: float
    power_draw: float
    knowledge: float
    efficiency: float
    own: float
    capability: float

    def lag_years(self, growth_per_year: float) -> float:
        """How long ago the leader stood there, at its capability growth before the base state."""
        return -self.capability / growth_per_year


def base_state(parameters: PlanParameters) -> BaseState:
    """The base state that `parameters` describe; the leader's own base state is the zero of capability."""
    fleet, use = parameters["fleet0"], parameters["use0"]
    reference = parameters.scalar("compute_ref")
    research_compute = float(parameters["research_h100e"] @ fleet * use[0])
    knowledge = parameters.scalar("knowledge0")
    efficiency = efficiency_level(knowledge, parameters.scalar("knowledge_ref"), parameters.scalar("returns"))
    own = parameters.scalar("catch_up_offset") + own_level(
        efficiency,
        (research_compute + parameters.scalar("compute_floor")) / reference,
        parameters.scalar("data_wall") / reference,
        parameters.scalar("data_slope"),
    )
    return BaseState(
        research_compute=research_compute,
        delivery_compute=float(parameters["delivery_h100e"] @ fleet * use[1]),
        power_draw=float(parameters["power_per_chip"] @ fleet),
        knowledge=knowledge,
        efficiency=efficiency,
        own=own,
        capability=capability_level(
            own, 0.0, parameters.scalar("imitation"), parameters.scalar("help_ceiling")
        ),
    )


def leader_base_level(parameters: PlanParameters) -> float:
    """How far the leader's base state lies above the observed one, log units: 0 unless a patch changed its
    fleet."""
    base, reference = base_state(parameters), parameters.scalar("compute_ref")
    if base.research_compute == reference:
        return 0.0
    observed = own_level(
        base.efficiency,
        (reference + parameters.scalar("compute_floor")) / reference,
        parameters.scalar("data_wall") / reference,
        parameters.scalar("data_slope"),
    )
    return base.own - observed


def _require(name: str, known: tuple[str, ...], code: str, kind: str) -> None:
    if name not in known:
        raise InputError(Diagnostic(code, f"unknown {kind} `{name}`", hint=f"known: {', '.join(known)}"))


def _check_path(path: LeaderPath | None, leader: str, periods: int) -> None:
    """Raise `ValueError` unless `path` is the leader's, over the same periods."""
    if path is None:
        raise ValueError(f"a country that follows needs the path of {leader}")
    if path.country != leader:
        raise ValueError(f"the path is that of {path.country}, but {leader} leads")
    lengths = {
        "capability": (len(path.capability), periods),
        "efficiency": (len(path.efficiency), periods),
        "installed": (len(path.installed), periods),
        "knowledge": (len(path.knowledge), periods + 1),
    }
    for name, (found, wanted) in lengths.items():
        if found != wanted:
            raise ValueError(f"the leader's {name} has {found} values, the horizon needs {wanted}")


def _explain(error: ParameterError, instance: Instance, cells: CellMap) -> Diagnostic:
    """What breaks the contract of the parameters, at the cell that it most likely comes from: one that a
    patch changed, else the first of the country's own."""
    together = (error.parameter, *CHECKED_TOGETHER.get(error.parameter, ()))
    reads = dict.fromkeys(pattern for name in together for pattern in cells.reads(name))
    known = list(instance.cells())
    changes = {one.path.partition("[")[0]: one.text for one in instance.applied}
    behind: dict[str, list[Cell]] = {}
    for pattern in reads:
        found = [cell for cell in known if matches(pattern, cell.path)]
        changed = [cell for cell in found if cell.path.partition("[")[0] in changes]
        for cell in changed:
            behind.setdefault(cell.path, [cell])
        if len(found) > len(changed):
            behind.setdefault(pattern, [cell for cell in found if cell not in changed])

    def doubt(item: tuple[str, list[Cell]]) -> tuple[bool, bool]:
        path = item[1][0].path
        own = path.startswith(f"countries.{cells.country}.")
        return path.partition("[")[0] not in changes, not own

    ordered = dict(sorted(behind.items(), key=doubt))
    named = [_named(pattern, found, changes) for pattern, found in ordered.items()]
    more = f" and {len(named) - CELLS_NAMED_IN_A_HINT} more" if len(named) > CELLS_NAMED_IN_A_HINT else ""
    hint = f"it follows from {', '.join(named[:CELLS_NAMED_IN_A_HINT])}{more}" if named else None
    message = f"{cells.country}: the parameter {error}"
    if not ordered:
        return Diagnostic("E501", message, hint=hint)
    first = next(iter(ordered.values()))[0]
    return Diagnostic("E501", message, file=first.file, line=first.line, path=first.path, hint=hint)


def _named(pattern: str, found: list[Cell], changes: Mapping[str, str]) -> str:
    """A cell with its place or the patch that changed it; of several, what their paths have in common."""
    if len(found) > 1:
        return pattern
    (cell,) = found
    patch = changes.get(cell.path.partition("[")[0])
    if patch is not None:
        return f"{cell.path} (changed by `{patch}`)"
    return cell.path if cell.file is None else f"{cell.path} ({cell.file}:{cell.line})"
