"""Rules for the domestic chip industry: lines, wafers, yields, designers, packaging."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.power_talent import arrival
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.resolving.windows import time_on_sale

# GB per chip to PB per thousand chips
PB_PER_THOUSAND_GB: Final = 1e3 / 1e6
# USD thousand per wafer to USD bn per thousand wafers
USD_BN_PER_THOUSAND_WAFERS: Final = 1e-3


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


@rule("bank_limit", uses=["bank0", "launched"])
def bank_limit(view: View) -> Array:
    """None of a stockpile while its chip is not made; else the stockpile itself limits."""
    waits = (view["launched"] <= 0) & (view["bank0"] > 0)[:, None]
    return np.where(waits, 0.0, np.inf)


@rule("launched", "chips.*.launch", "chips.*.end_of_sale")
def launched(view: View) -> Array:
    """The share of each period that lies between launch and end of sale, shape (chips, periods)."""
    return time_on_sale(view)


@rule("launch_side", uses=["is_domestic", "launched"])
def launch_side(view: View) -> Array:
    """Rows for home-made chips in the periods in which they are launched or end, and for no others."""
    within = (view["launched"] > 0) & (view["launched"] < 1) & (view["is_domestic"] > 0)[:, None]
    return np.where(within, 0.0, np.inf)


@rule("designed_by", "chips.*.designer", "countries.{country}.industry.designer_ceilings.*.designers")
def designed_by(view: View) -> Array:
    found = np.zeros((len(view.sets.chips), len(view.sets.designers)))
    for column, group in enumerate(view.sets.designers):
        one = view.nation.industry.designer_ceilings.get(group)
        if one is not None:
            found[:, column] = [chip.designer in one.designers for chip in view.chips.values()]
    return found


@rule("designer_ceiling", "countries.{country}.industry.designer_ceilings.*.lines.*")
def designer_ceiling(view: View) -> Array:
    """1 where there is no ceiling, shape (designers, lines, periods)."""
    found = np.ones((len(view.sets.designers), len(view.sets.lines), len(view.sets.periods)))
    for row, group in enumerate(view.sets.designers):
        one = view.nation.industry.designer_ceilings.get(group)
        for column, line in enumerate(view.sets.lines):
            if one is not None and line in one.lines:
                found[row, column] = view.series(one.lines[line])
    return found


@rule("ceiling_side", uses=["designer_ceiling"])
def ceiling_side(view: View) -> Array:
    """A ceiling of 1 says no more than the line's own limit, so it needs no row."""
    return np.where(view["designer_ceiling"] < 1, 0.0, np.inf)


@rule("packages_per_chip", "chips.*.packages_per_chip")
def packages_per_chip(view: View) -> Array:
    """0 for chips that need no advanced packaging at home."""
    return view.chip_numbers("packages_per_chip", lambda chip: chip.packages_per_chip, missing=0.0)


@rule("packaging0", "countries.{country}.industry.packaging.capacity_thousand_per_year")
def packaging0(view: View) -> float:
    own = view.nation.industry.packaging
    return 0.0 if own is None else own.capacity_thousand_per_year.number()


@rule("packaging_pending", "countries.{country}.industry.packaging.pending_thousand_per_year")
def packaging_pending(view: View) -> Array:
    own = view.nation.industry.packaging
    where = f"countries.{view.country}.industry.packaging.pending_thousand_per_year"
    return view.arrivals(None if own is None else own.pending_thousand_per_year, where)


@rule("packaging_build_limit", "countries.{country}.industry.packaging.build_limit_thousand_per_year2")
def packaging_build_limit(view: View) -> Array:
    own = view.nation.industry.packaging
    return view.series(None if own is None else own.build_limit_thousand_per_year2)


@rule("packaging_arrival", "packaging.lead_years")
def packaging_arrival(view: View) -> Array:
    return arrival(view, view.settings.packaging.lead_years.number())


@rule("packaging_cost", "packaging.capacity_cost_usd_bn_per_thousand_per_year")
def packaging_cost(view: View) -> float:
    return view.settings.packaging.capacity_cost_usd_bn_per_thousand_per_year.number()


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


@rule("wafer_run_cost", "lines.*.run_cost_usd_thousand_per_wafer")
def wafer_run_cost(view: View) -> Array:
    costs = [line.run_cost_usd_thousand_per_wafer.number() for line in view.settings.lines.values()]
    return np.array(costs) * USD_BN_PER_THOUSAND_WAFERS
