"""A series as a row of blocks, a character a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

BLOCKS: Final = "▁▂▃▄▅▆▇█"
# Of a series that does not move, which has neither a least nor a most.
LEVEL: Final = "▄"


def sparkline(values: Sequence[float]) -> str:
    """Blocks from the least of the finite `values` to their most; a space for one that is not finite."""
    line = np.array(values, dtype=float)
    known = np.isfinite(line)
    if not known.any():
        return " " * len(line)
    low, high = line[known].min(), line[known].max()
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return "".join(LEVEL if each else " " for each in known)
    places = np.rint((len(BLOCKS) - 1) * (line - low) / (high - low))
    return "".join(BLOCKS[int(place)] if each else " " for place, each in zip(places, known, strict=True))
