"""Rules for high-bandwidth memory: capacity, orders, imports, stock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.resolving.power_talent import arrival
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.trade import OF_A_SCOPE, lessened
from optimizer.instance.resolving.view import View
from optimizer.instance.rules.conditions import UNKNOWN, YES, meets
from optimizer.instance.rules.schema import ExportRule

DENSITY: Final = "memory_bandwidth_density_gbs_mm2"


@rule("hbm_capacity0", "countries.{country}.industry.memory.capacity_pb_per_year")
def hbm_capacity0(view: View) -> float:
    return view.nation.industry.memory.capacity_pb_per_year.number()


@rule("hbm_pending", "countries.{country}.industry.memory.pending_pb_per_year")
def hbm_pending(view: View) -> Array:
    where = f"countries.{view.country}.industry.memory.pending_pb_per_year"
    return view.arrivals(view.nation.industry.memory.pending_pb_per_year, where)


@rule("hbm_build_limit", "countries.{country}.industry.memory.build_limit_pb_per_year2")
def hbm_build_limit(view: View) -> Array:
    return view.series(view.nation.industry.memory.build_limit_pb_per_year2)


@rule("hbm_arrival", "memory.lead_years")
def hbm_arrival(view: View) -> Array:
    return arrival(view, view.settings.memory.lead_years.number())


@rule("hbm_cost", "memory.capacity_cost_usd_bn_per_pb_per_year")
def hbm_cost(view: View) -> float:
    return view.settings.memory.capacity_cost_usd_bn_per_pb_per_year.number()


@rule("hbm_price", "memory.price_usd_bn_per_pb")
def hbm_price(view: View) -> Array:
    return view.series(view.settings.memory.price_usd_bn_per_pb)


@rule("hbm_stock0", "countries.{country}.industry.memory.stock_pb")
def hbm_stock0(view: View) -> float:
    return view.nation.industry.memory.stock_pb.number()


@rule(
    "hbm_import_limit",
    "countries.{country}.industry.memory.import_limit_pb_per_year",
    "rules.*.condition",
    "rules.*.alternatives",
    "memory.bandwidth_density_gbs_mm2",
    *OF_A_SCOPE,
)
def hbm_import_limit(view: View) -> Array:
    whole = view.nation.industry.memory.import_limit_pb_per_year
    path = f"countries.{view.country}.industry.memory.import_limit_pb_per_year"
    return lessened(view, path, whole, memory_open(view, view.series(whole) > 0))


def memory_open(view: View, matters: NDArray[np.bool_]) -> Array:
    """The part of memory imports that rules leave; its metric is needed in the periods in which it `matters`.
    Both have shape (periods,)."""
    sure = view.law.open_part("memory", memory_concerns(view))
    perhaps = view.law.open_part("memory", memory_concerns(view, UNKNOWN))
    if ((sure != perhaps) & matters).any():
        view.problem(
            "E505",
            f"{view.country} could import memory, but without its `{DENSITY}` rules on it cannot be decided",
            "memory.bandwidth_density_gbs_mm2",
            view.settings.memory.lead_years.location,
            hint="give memory.bandwidth_density_gbs_mm2 in instance.yaml",
        )
    return sure


def memory_concerns(view: View, at_least: int = YES) -> Callable[[ExportRule], bool]:
    """Whether a rule on memory is about that of the instance, or may be."""
    density = view.settings.memory.bandwidth_density_gbs_mm2
    metrics = {DENSITY: np.array([np.nan if density is None else density.number()])}
    return lambda one: bool(meets(one, metrics, 1)[0] >= at_least)
