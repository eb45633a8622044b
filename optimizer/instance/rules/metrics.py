"""The published metrics of chips that rules are written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.schema import Chip, Line
from optimizer.instance.values import Quantity

BITS_16: Final = 16.0
BITS_8: Final = 8.0
BITS_4: Final = 4.0

COLUMNS: Final[Mapping[str, str]] = {
    "tpp": "tpp",
    "performance_density": "die_area_mm2",
    "memory_bandwidth_gbs": "memory_bandwidth_gbs",
    "io_bandwidth_gbs": "interconnect_gbs",
    "total_bandwidth_gbs": "interconnect_gbs",
    "node_nm": "line",
}
"""The column of `chips.csv` whose empty cell leaves a metric unknown."""


def processing_performance(fp16: Array, fp8: Array, fp4: Array, published: Array) -> Array:
    """Total processing performance, shape (chips,): as published, else the largest of throughput in TFLOP/s
    (two operations for each multiplication and addition) times the length of the operands in bits.

    Arrays of shape (chips,), not a number where there is no figure; 0 where there is none at all.
    """
    formats = np.nan_to_num(np.stack([BITS_16 * fp16, BITS_8 * fp8, BITS_4 * fp4]))
    return np.where(np.isfinite(published), published, formats.max(axis=0))


def chip_metrics(chips: Mapping[str, Chip], lines: Mapping[str, Line]) -> Mapping[str, Array]:
    """Every metric of every chip, arrays of shape (chips,), not a number where it is not known.

    Performance density is TPP over the area of the logic dies in mm2.
    """

    def column(read: Callable[[Chip], Quantity | None]) -> Array:
        found = [read(chip) for chip in chips.values()]
        return np.array([np.nan if one is None else one.number() for one in found], dtype=np.float64)

    performance = processing_performance(
        column(lambda chip: chip.dense_fp16_tflops),
        column(lambda chip: chip.dense_fp8_tflops),
        column(lambda chip: chip.dense_fp4_tflops),
        column(lambda chip: chip.tpp),
    )
    performance = np.where(performance > 0, performance, np.nan)
    memory = column(lambda chip: chip.memory_bandwidth_gbs)
    io = column(lambda chip: chip.interconnect_gbs)
    return {
        "tpp": performance,
        "performance_density": performance / column(lambda chip: chip.die_area_mm2),
        "memory_bandwidth_gbs": memory,
        "io_bandwidth_gbs": io,
        "total_bandwidth_gbs": memory + io,
        "node_nm": column(lambda chip: lines[chip.line].node_nm if chip.line is not None else None),
    }
