"""Rules for the staged industry: levels of learning, and programmes for nodes and classes of tools.

In path mode all of them are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.power_talent import arrival
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.staged_schema import CountryStagedLine, CountryStagedTools, StagedLine

_LINE: Final = "countries.{country}.industry.staged.lines.*"
_TOOLS: Final = "countries.{country}.industry.staged.tools.*"


def staged_lines(view: View) -> dict[str, tuple[StagedLine, CountryStagedLine]]:
    """What is said of each line that the country has, in staged mode."""
    shared, own = view.settings.staged, view.nation.industry.staged
    if shared is None or own is None:
        return {}
    return {
        line: (shared.lines[line], own.lines[line])
        for line in view.sets.staged_lines
        if line in view.nation.industry.lines and line in shared.lines and line in own.lines
    }


def staged_tools(view: View) -> dict[str, CountryStagedTools]:
    """What the country says of each class of tools that a programme opens, in staged mode."""
    own = view.nation.industry.staged
    tools = {} if own is None else own.tools
    return {one: tools[one] for one in view.sets.staged_classes if one in tools}


def _by_line(
    view: View,
    read: Callable[[StagedLine, CountryStagedLine], Array | float],
    shape: tuple[int, ...] = (),
    missing: float = 0.0,
) -> Array:
    """`read` of each line that the country has, `missing` for the others."""
    values = np.full((len(view.sets.staged_lines), *shape), missing)
    for line, (shared, own) in staged_lines(view).items():
        values[view.sets.staged_lines.index(line)] = read(shared, own)
    return values


def _by_class(
    view: View,
    read: Callable[[str, CountryStagedTools], Array | float],
    shape: tuple[int, ...] = (),
    missing: float = 0.0,
) -> Array:
    values = np.full((len(view.sets.staged_classes), *shape), missing)
    for one, own in staged_tools(view).items():
        values[view.sets.staged_classes.index(one)] = read(one, own)
    return values


def _of_levels(view: View, column: str) -> Array:
    """A number of each level of each line, that of the last one where a line has fewer."""
    shared = view.settings.staged
    values = np.zeros((len(view.sets.staged_lines), len(view.sets.levels)))
    for row, line in enumerate(view.sets.staged_lines):
        one = None if shared is None else shared.lines.get(line)
        if one is not None:
            numbers = [getattr(level, column).number() for level in one.levels.values()]
            values[row] = [*numbers, *([numbers[-1]] * (len(view.sets.levels) - len(numbers)))]
    return values


@rule("yield_level", "staged.lines.*.levels.*.yield")
def yield_level(view: View) -> Array:
    return _of_levels(view, "yield_")


@rule("learning_wafers", "staged.lines.*.levels.*.experience_thousand_wafers")
def learning_wafers(view: View) -> Array:
    return _of_levels(view, "experience_thousand_wafers")


@rule("learning0", f"{_LINE}.experience_thousand_wafers")
def learning0(view: View) -> Array:
    return _by_line(view, lambda _, own: own.experience_thousand_wafers.number())


@rule("learning_other", f"{_LINE}.other_learning_thousand_wafers_per_year")
def learning_other(view: View) -> Array:
    dt = view.calendar.dt
    return _by_line(
        view,
        lambda _, own: view.series(own.other_learning_thousand_wafers_per_year) * dt,
        view.calendar.mid.shape,
    )


@rule("node_cost", "staged.lines.*.programme.cost_usd_bn", f"{_LINE}.programme_left")
def node_cost(view: View) -> Array:
    return _by_line(
        view, lambda shared, own: shared.programme.cost_usd_bn.number() * own.programme_left.number()
    )


@rule("node_arrival", "staged.lines.*.programme.lag_years")
def node_arrival(view: View) -> Array:
    delays = (len(view.sets.delays),)
    return _by_line(view, lambda shared, _: arrival(view, shared.programme.lag_years.number()), delays)


@rule("node_rate_limit", f"{_LINE}.research_limit_usd_bn_per_year")
def node_rate_limit(view: View) -> Array:
    return _by_line(
        view, lambda _, own: view.series(own.research_limit_usd_bn_per_year), view.calendar.mid.shape
    )


@rule("previous_line", "lines.*.previous", f"{_LINE}.previous")
def previous_line(view: View) -> Array:
    """Of each line the one to master first: the country's own word, else the nearest before it that the
    country has."""
    lines = view.sets.staged_lines
    known = staged_lines(view)
    values = np.zeros((len(lines), len(lines)))
    for line, (_, own) in known.items():
        first = own.previous or _nearest_before(view, line, known)
        if first in known:
            values[lines.index(line), lines.index(first)] = 1.0
    return values


def _nearest_before(view: View, line: str, known: dict[str, tuple[StagedLine, CountryStagedLine]]) -> str:
    seen = {line}
    before = view.settings.lines[line].previous
    while before is not None and before not in known and before not in seen:
        seen.add(before)
        before = view.settings.lines[before].previous
    return before or ""


@rule("module", "staged.lines.*.module_kwpm")
def module(view: View) -> Array:
    return _by_line(view, lambda shared, _: shared.module_kwpm.number())


@rule("module_side", uses=["module"])
def module_side(view: View) -> Array:
    """Rows for fabs in modules, and none where they have any size."""
    return np.where(view["module"] > 0, 0.0, np.inf)


@rule("class_cost", "staged.tools.*.programme.cost_usd_bn", f"{_TOOLS}.programme_left")
def class_cost(view: View) -> Array:
    shared = view.settings.staged
    return _by_class(
        view,
        lambda one, own: (
            0.0
            if shared is None or one not in shared.tools
            else shared.tools[one].programme.cost_usd_bn.number() * own.programme_left.number()
        ),
    )


@rule("class_arrival", "staged.tools.*.programme.lag_years")
def class_arrival(view: View) -> Array:
    shared = view.settings.staged
    return _by_class(
        view,
        lambda one, _: (
            np.zeros(len(view.sets.delays))
            if shared is None or one not in shared.tools
            else arrival(view, shared.tools[one].programme.lag_years.number())
        ),
        (len(view.sets.delays),),
    )


@rule("class_rate_limit", f"{_TOOLS}.development_limit_usd_bn_per_year")
def class_rate_limit(view: View) -> Array:
    return _by_class(
        view, lambda _, own: view.series(own.development_limit_usd_bn_per_year), view.calendar.mid.shape
    )
