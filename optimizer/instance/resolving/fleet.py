"""Rules for chips and the fleet: ratings, power, prices, what is installed."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.rules.metrics import BITS_4, BITS_8, BITS_16, processing_performance

THOUSAND: Final = 1000.0
# a thousand chips of one watt draw a kilowatt, a millionth of a GW
GW_PER_THOUSAND_WATTS: Final = 1e-6

THROUGHPUT: Final = (
    "chips.*.dense_fp16_tflops",
    "chips.*.dense_fp8_tflops",
    "chips.*.dense_fp4_tflops",
    "chips.*.tpp",
)


def _throughput(view: View) -> tuple[Array, Array, Array]:
    """Published dense 16-, 8- and 4-bit throughput, TFLOP/s, not a number where there is none."""
    return (
        view.chip_numbers("dense_fp16_tflops", lambda chip: chip.dense_fp16_tflops),
        view.chip_numbers("dense_fp8_tflops", lambda chip: chip.dense_fp8_tflops),
        view.chip_numbers("dense_fp4_tflops", lambda chip: chip.dense_fp4_tflops),
    )


@rule("compute_rating", *THROUGHPUT, "compute.reference_tflops_8bit")
def compute_rating(view: View) -> Array:
    """Dense 8-bit throughput over that of an H100, before software maturity, shape (chips,).

    Without an 8-bit format: 16-bit times 2, else 4-bit over 2, else TPP over 8 (the same rule, since TPP
    is throughput times bits).
    """
    fp16, fp8, fp4 = _throughput(view)
    tpp = view.chip_numbers("tpp", lambda chip: chip.tpp)
    tflops = np.where(np.isfinite(fp8), fp8, fp16 * BITS_16 / BITS_8)
    tflops = np.where(np.isfinite(tflops), tflops, fp4 * BITS_4 / BITS_8)
    tflops = np.where(np.isfinite(tflops), tflops, tpp / BITS_8)
    for position in np.flatnonzero(np.isnan(tflops)):
        chip = view.chips[view.sets.chips[position]]
        view.problem(
            "E503",
            f"{chip.id} has no throughput to rate it by",
            f"chips.{chip.id}.dense_fp8_tflops",
            chip.tdp_w.location,
            hint="give dense_fp8_tflops, dense_fp16_tflops, dense_fp4_tflops or tpp",
        )
        tflops[position] = 0.0
    return tflops / view.settings.compute.reference_tflops_8bit.number()


@rule("tpp", *THROUGHPUT)
def tpp(view: View) -> Array:
    """Total processing performance, (chips,): as published, else the largest of throughput times bits."""
    return processing_performance(*_throughput(view), view.chip_numbers("tpp", lambda chip: chip.tpp))


@rule("is_domestic", "chips.*.domestic_in")
def is_domestic(view: View) -> Array:
    home = set(view.sets.domestic)
    return np.array([float(chip in home) for chip in view.sets.chips])


@rule("survival", "compute.survival_per_year")
def survival(view: View) -> float:
    return view.settings.compute.survival_per_year.number()


@rule("research_h100e", "chips.*.software_maturity", uses=["compute_rating"])
def research_h100e(view: View) -> Array:
    maturity = view.chip_numbers("software_maturity", lambda chip: chip.software_maturity)
    return view["compute_rating"] * maturity


@rule(
    "delivery_h100e",
    "chips.*.memory_bandwidth_gbs",
    "compute.reference_bandwidth_gbs",
    "compute.serving_compute_share",
    uses=["compute_rating"],
)
def delivery_h100e(view: View) -> Array:
    """Roofline: the two phases of serving follow each other, each at the speed of what bounds it."""
    bandwidth = view.chip_numbers("memory_bandwidth_gbs", lambda chip: chip.memory_bandwidth_gbs)
    relative_bandwidth = bandwidth / view.settings.compute.reference_bandwidth_gbs.number()
    compute_bound = view.settings.compute.serving_compute_share.number()
    compute = view["compute_rating"]
    # written without dividing by compute, which is 0 for a chip that could not be rated
    return (
        compute * relative_bandwidth / (compute_bound * relative_bandwidth + (1.0 - compute_bound) * compute)
    )


@rule("power_per_chip", "chips.*.tdp_w", "compute.facility_power_per_tdp")
def power_per_chip(view: View) -> Array:
    watts = view.chip_numbers("tdp_w", lambda chip: chip.tdp_w)
    return watts * view.settings.compute.facility_power_per_tdp.number() * GW_PER_THOUSAND_WATTS


@rule("fleet0", "countries.{country}.fleet.chips.*")
def fleet0(view: View) -> Array:
    return view.chip_map(view.nation.fleet.chips)


@rule("use0", "countries.{country}.fleet.research_share")
def use0(view: View) -> Array:
    research = view.nation.fleet.research_share.number()
    return np.array([research, 1.0 - research])


@rule("draw0", uses=["fleet0", "power_per_chip"])
def draw0(view: View) -> float:
    """Power that the first fleet draws, GW."""
    return float(view["power_per_chip"] @ view["fleet0"])


@rule(
    "chip_price",
    "chips.*.unit_price_usd",
    "chips.*.memory_cost_share",
    "market.price_index",
    "market.memory_price_index",
)
def chip_price(view: View) -> Array:
    """Price of a chip alone, thousand USD, shape (chips, periods)."""
    price = view.chip_numbers("unit_price_usd", lambda chip: chip.unit_price_usd) / THOUSAND
    memory = view.chip_numbers("memory_cost_share", lambda chip: chip.memory_cost_share)
    level = view.series(view.market.price_index)
    memory_level = view.series(view.market.memory_price_index)
    return price[:, None] * (1.0 + memory[:, None] * (memory_level - 1.0)) * level


@rule("unit_cost", "chips.*.system_price_multiplier", uses=["chip_price"])
def unit_cost(view: View) -> Array:
    multiplier = view.chip_numbers("system_price_multiplier", lambda chip: chip.system_price_multiplier)
    return view["chip_price"] * multiplier[:, None]


@rule("chip_part", "chips.*.system_price_multiplier")
def chip_part(view: View) -> Array:
    multiplier = view.chip_numbers("system_price_multiplier", lambda chip: chip.system_price_multiplier)
    return 1.0 / multiplier


@rule("grey_premium", "countries.{country}.trade.grey.premium_share", uses=["chip_price"])
def grey_premium(view: View) -> Array:
    return view["chip_price"] * view.series(view.nation.trade.grey.premium_share)


@rule("charge", uses=["unit_cost", "interest", "survival"])
def charge(view: View) -> Array:
    rate = view["interest"] + 1.0 - view["survival"]
    return view["unit_cost"] * rate[:, None]
