"""Rules for the domestic chip industry: lines, wafers, yields, memory."""

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
from optimizer.instance.resolving.windows import ROUNDING
from optimizer.instance.rules.conditions import UNKNOWN, YES, meets
from optimizer.instance.rules.schema import ExportRule

# GB per chip to PB per thousand chips
PB_PER_THOUSAND_GB: Final = 1e3 / 1e6
DENSITY: Final = "memory_bandwidth_density_gbs_mm2"


@rule(
    "make_limit",
    "chips.*.domestic_in",
    "chips.*.sale",
    "countries.{country}.industry.make_limits.*",
    uses=["is_domestic", "sale_pace"],
)
def make_limit(view: View) -> Array:
    """Without a limit of its own a chip is limited by wafers and memory only, once it is launched."""
    pace = view["sale_pace"]
    limits = np.where(pace > 0, np.inf, 0.0)
    for chip, quantity in view.nation.industry.make_limits.items():
        position = view.chip_position[chip]
        finite = view.to_periods(view.by_year(quantity))
        # no pace turns a limit of infinity into a number
        limits[position] = np.where(np.isinf(finite), limits[position], finite * pace[position])
    made = np.array([chip.sale != "legacy" for chip in view.chips.values()]) & (view["is_domestic"] > 0)
    limits[~made] = 0.0
    return limits


@rule("on_line", "chips.*.line")
def on_line(view: View) -> Array:
    chips = view.chips.values()
    return np.array([[float(chip.line == line) for line in view.sets.lines] for chip in chips]).reshape(
        len(view.sets.chips), len(view.sets.lines)
    )


@rule("wafers_per_chip", "chips.*.dies_per_chip", "chips.*.gross_dies_per_wafer")
def wafers_per_chip(view: View) -> Array:
    """0 for chips without data: those that are not made on a line of the instance."""
    dies = view.chip_numbers("dies_per_chip", lambda chip: chip.dies_per_chip)
    per_wafer = view.chip_numbers("gross_dies_per_wafer", lambda chip: chip.gross_dies_per_wafer)
    return np.nan_to_num(dies / per_wafer)


@rule("hbm_per_chip", "chips.*.hbm_gb")
def hbm_per_chip(view: View) -> Array:
    return view.chip_numbers("hbm_gb", lambda chip: chip.hbm_gb) * PB_PER_THOUSAND_GB


@rule("bank0", "countries.{country}.industry.stockpiled_dies.*")
def bank0(view: View) -> Array:
    return view.chip_map(view.nation.industry.stockpiled_dies)


@rule("bank_limit", "chips.*.launch", uses=["bank0"])
def bank_limit(view: View) -> Array:
    """None of a stockpile in periods that end before launch; in the others the stockpile itself limits."""
    launches = np.array([chip.launch.start for chip in view.chips.values()])
    waits = launches[:, None] >= view.calendar.starts + view.calendar.dt - ROUNDING
    return np.where(waits & (view["bank0"] > 0)[:, None], 0.0, np.inf)


@rule("transfer", "countries.{country}.industry.know_how_transfer")
def transfer(view: View) -> float:
    return view.nation.industry.know_how_transfer.number()


@rule("wafer_capacity0", "countries.{country}.industry.lines.*.capacity_kwpm")
def wafer_capacity0(view: View) -> Array:
    lines = view.nation.industry.lines
    return view.line_numbers(lambda line: lines[line].capacity_kwpm.number())


@rule("wafer_pending", "countries.{country}.industry.lines.*.pending_kwpm")
def wafer_pending(view: View) -> Array:
    lines, where = view.nation.industry.lines, f"countries.{view.country}.industry.lines"
    return view.line_numbers(
        lambda line: view.arrivals(lines[line].pending_kwpm, f"{where}.{line}.pending_kwpm"),
        view.calendar.mid.shape,
    )


@rule(
    "tool_limit",
    "countries.{country}.industry.lines.*.tool_limit_kwpm_per_year",
    "rules.*.lines",
    "rules.*.condition",
    "rules.*.alternatives",
    "lines.*.node_nm",
    *OF_A_SCOPE,
)
def tool_limit(view: View) -> Array:
    lines = view.nation.industry.lines
    return view.line_numbers(
        lambda line: lessened(
            view,
            f"countries.{view.country}.industry.lines.{line}.tool_limit_kwpm_per_year",
            lines[line].tool_limit_kwpm_per_year,
            tools_open(view, line),
        ),
        view.calendar.mid.shape,
    )


def tools_open(view: View, line: str) -> Array:
    """The part of the tools for a line that rules leave, shape (periods,)."""
    return view.law.open_part("tools", tools_concern(view, line))


def tools_concern(view: View, line: str) -> Callable[[ExportRule], bool]:
    """Whether a rule on tools is about those for a line."""
    metrics = {"node_nm": np.array([view.settings.lines[line].node_nm.number()])}

    def concerns(one: ExportRule) -> bool:
        return (not one.lines or line in one.lines) and bool(meets(one, metrics, 1)[0] == YES)

    return concerns


@rule("ai_share", "countries.{country}.industry.lines.*.ai_share")
def ai_share(view: View) -> Array:
    lines = view.nation.industry.lines
    return view.line_numbers(lambda line: view.series(lines[line].ai_share), view.calendar.mid.shape)


@rule("wafer_yield", "countries.{country}.industry.lines.*.yield")
def wafer_yield(view: View) -> Array:
    lines = view.nation.industry.lines
    return view.line_numbers(lambda line: view.series(lines[line].yield_), view.calendar.mid.shape)


@rule("wafer_arrival", "lines.*.lead_years")
def wafer_arrival(view: View) -> Array:
    leads = [line.lead_years.number() for line in view.settings.lines.values()]
    rows = [arrival(view, lead) for lead in leads]
    return np.array(rows).reshape(len(leads), len(view.sets.delays))


@rule("wafer_cost", "lines.*.fab_cost_usd_bn_per_kwpm")
def wafer_cost(view: View) -> Array:
    return np.array([line.fab_cost_usd_bn_per_kwpm.number() for line in view.settings.lines.values()])


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
