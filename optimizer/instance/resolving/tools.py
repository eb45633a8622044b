"""Rules for chip tools: what lines need of each class, what can be bought and what is made at home."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.power_talent import arrival
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.sets import toolmaking_lead_years, toolmaking_limit
from optimizer.instance.resolving.trade import OF_A_SCOPE, lessened
from optimizer.instance.resolving.view import View
from optimizer.instance.rules.schema import ExportRule


@rule("tools_per_wafer", "lines.*.tools_per_wafer.*")
def tools_per_wafer(view: View) -> Array:
    lines, classes = view.settings.lines.values(), view.sets.tool_classes
    needs = [
        [line.tools_per_wafer[one].number() if one in line.tools_per_wafer else 0.0 for one in classes]
        for line in lines
    ]
    return np.array(needs).reshape(len(view.sets.lines), len(classes))


@rule("tool_stock0", "countries.{country}.industry.tools.*.stock_kwpm")
def tool_stock0(view: View) -> Array:
    tools = view.nation.industry.tools
    return _by_class(view, lambda one: tools[one].stock_kwpm.number() if one in tools else 0.0)


@rule(
    "tool_import_limit",
    "countries.{country}.industry.tools.*.import_limit_kwpm_per_year",
    "rules.*.tool_classes",
    *OF_A_SCOPE,
)
def tool_import_limit(view: View) -> Array:
    tools = view.nation.industry.tools
    return _by_class(
        view,
        lambda one: (
            lessened(
                view,
                f"countries.{view.country}.industry.tools.{one}.import_limit_kwpm_per_year",
                tools[one].import_limit_kwpm_per_year,
                view.law.open_part("tools", tools_concern(one)),
            )
            if one in tools
            else np.zeros(view.calendar.mid.shape)
        ),
        view.calendar.mid.shape,
    )


def tools_concern(tool_class: str) -> Callable[[ExportRule], bool]:
    """Whether a rule on tools is about those of a class."""
    return lambda one: not one.tool_classes or tool_class in one.tool_classes


@rule("tool_price", "tool_classes.*.price_usd_bn_per_kwpm")
def tool_price(view: View) -> Array:
    classes = view.settings.tool_classes
    return _by_class(
        view, lambda one: view.series(classes[one].price_usd_bn_per_kwpm), view.calendar.mid.shape
    )


@rule("toolmaking0", "countries.{country}.industry.toolmaking.*.capacity_kwpm_per_year")
def toolmaking0(view: View) -> Array:
    own = view.nation.industry.toolmaking
    return _by_class(view, lambda one: own[one].capacity_kwpm_per_year.number() if one in own else 0.0)


@rule("toolmaking_pending", "countries.{country}.industry.toolmaking.*.pending_kwpm_per_year")
def toolmaking_pending(view: View) -> Array:
    own, where = view.nation.industry.toolmaking, f"countries.{view.country}.industry.toolmaking"
    return _by_class(
        view,
        lambda one: view.arrivals(
            own[one].pending_kwpm_per_year if one in own else None, f"{where}.{one}.pending_kwpm_per_year"
        ),
        view.calendar.mid.shape,
    )


@rule(
    "toolmaking_build_limit",
    "countries.{country}.industry.toolmaking.*.build_limit_kwpm_per_year2",
    "countries.{country}.industry.staged.tools.*.build_limit_kwpm_per_year2",
)
def toolmaking_build_limit(view: View) -> Array:
    return _by_class(
        view,
        lambda one: view.series(toolmaking_limit(view.settings, view.nation, one)),
        view.calendar.mid.shape,
    )


@rule(
    "toolmaking_arrival",
    "tool_classes.*.toolmaking_lead_years",
    "staged.tools.*.toolmaking_lead_years",
)
def toolmaking_arrival(view: View) -> Array:
    return _by_class(
        view,
        lambda one: arrival(view, toolmaking_lead_years(view.settings, one)),
        (len(view.sets.delays),),
    )


@rule("toolmaking_cost", "tool_classes.*.toolmaking_cost_usd_bn_per_kwpm_per_year")
def toolmaking_cost(view: View) -> Array:
    classes = view.settings.tool_classes
    return _by_class(view, lambda one: classes[one].toolmaking_cost_usd_bn_per_kwpm_per_year.number())


def _by_class(view: View, read: Callable[[str], Array | float], shape: tuple[int, ...] = ()) -> Array:
    """`read` for each class of tools, stacked."""
    values = np.zeros((len(view.sets.tool_classes), *shape))
    for position, one in enumerate(view.sets.tool_classes):
        values[position] = read(one)
    return values
