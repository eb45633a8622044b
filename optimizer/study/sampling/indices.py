"""Which axes drive an outcome: Morris' elementary effects and Sobol' indices, with intervals.

A scenario without the outcome never enters: for Morris its whole trajectory is left out, for Saltelli its
whole block, and how many were is part of the answer. An open end (infinite) has no variance, and counts as
missing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.values import Array
from optimizer.study.sampling.designs import block_size, problem_of, salib

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 500
FEWEST_RESAMPLES: Final = 100
# Numbers that SALib holds at once while it resamples: of very many blocks fewer samples are drawn.
MOST_HELD: Final = 2**23
# fewer blocks than this have no interval worth its name
LEAST_BLOCKS: Final = 2


STATISTICS: Final[Mapping[str, Callable[[Array], Array]]] = {
    "mu": lambda effects: effects.mean(axis=-1),
    "mu_star": lambda effects: np.abs(effects).mean(axis=-1),
    "sigma": lambda effects: effects.std(axis=-1, ddof=1),
}


@dataclass(frozen=True)
class Indices:
    """Indices of one outcome.

    `table` has the columns axis, other (empty but for pairs), index (`mu`, `mu_star`, `sigma`, or `S1`, `ST`,
    `S2`), value, low, high: an interval of that `confidence` by resampling trajectories or blocks. Of
    these `blocks` were used, and `dropped` left out for a missing number. All values are nan where
    `reason` says why nothing can be told.
    """

    method: str
    table: pd.DataFrame
    blocks: int
    dropped: int
    confidence: float
    reason: str = ""


def morris_indices(
    unit: Array, numbers: Array, names: Sequence[str], seed: int = 0, confidence: float = CONFIDENCE
) -> Indices:
    """Mean, mean absolute value and standard deviation of the elementary effects of each axis, in units of
    the outcome per whole range of the axis.

    `unit` (rows, axes) is the Morris design and `numbers` (rows,) the outcome, nan where it is missing.
    Raises `ValueError` where shapes do not fit.
    """
    count = len(names)
    _check_shape(numbers, count + 1)
    points = unit.reshape(-1, count + 1, count)
    outcomes = numbers.reshape(-1, count + 1)
    kept = np.isfinite(outcomes).all(axis=1)
    effects = _elementary_effects(points[kept], outcomes[kept])
    dropped = int((~kept).sum())
    if len(effects) < LEAST_BLOCKS:
        return _nothing("morris", names, ("mu", "mu_star", "sigma"), len(effects), dropped, confidence)
    drawn = np.random.default_rng(seed).integers(len(effects), size=(RESAMPLES, len(effects)))
    tails = [50.0 * (1.0 - confidence), 50.0 * (1.0 + confidence)]
    rows = []
    for index, statistic in STATISTICS.items():
        for name, own in zip(names, effects.T, strict=True):
            low, high = np.percentile(statistic(own[drawn]), tails)
            rows.append((name, "", index, float(statistic(own)), float(low), float(high)))
    return Indices("morris", _table(rows), len(effects), dropped, confidence)


def _elementary_effects(points: Array, outcomes: Array) -> Array:
    """Effects by trajectory and axis, shape (trajectories, axes): each step moves one axis."""
    steps = np.diff(points, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    size = np.take_along_axis(steps, moved[:, :, None], axis=2)[:, :, 0]
    effects = np.empty((len(points), points.shape[2]))
    np.put_along_axis(effects, moved, np.diff(outcomes, axis=1) / size, axis=1)
    return effects


def sobol_indices(
    numbers: Array,
    names: Sequence[str],
    second_order: bool = True,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> Indices:
    """First-order, total and second-order Sobol' indices of each axis from a Saltelli design.

    `numbers` (rows,) is the outcome in the design's order, nan where it is missing. Estimates may lie a
    little below 0 or above 1. Raises `InputError` where SALib is missing, `ValueError` where shapes do
    not fit.
    """
    size = block_size(len(names), second_order)
    _check_shape(numbers, size)
    blocks = numbers.reshape(-1, size)
    kept = blocks[np.isfinite(blocks).all(axis=1)]
    dropped = len(blocks) - len(kept)
    indices = ("S1", "ST", "S2") if second_order else ("S1", "ST")
    if len(kept) < LEAST_BLOCKS:
        return _nothing("sobol", names, indices, len(kept), dropped, confidence)
    if np.ptp(kept) == 0:
        reason = "the outcome is the same in all scenarios"
        return _nothing("sobol", names, indices, len(kept), dropped, confidence, reason)
    found: Any = salib("SALib.analyze.sobol").analyze(
        problem_of(names),
        kept.ravel(),
        calc_second_order=second_order,
        num_resamples=max(min(RESAMPLES, MOST_HELD // len(kept)), FEWEST_RESAMPLES),
        conf_level=confidence,
        # SALib takes 0 for no seed
        seed=seed + 1,
    )
    rows = []
    for index in ("S1", "ST"):
        for n, name in enumerate(names):
            rows.append(_around(name, "", index, found[index][n], found[f"{index}_conf"][n]))
    for i, j in _pairs(len(names)) if second_order else ():
        rows.append(_around(names[i], names[j], "S2", found["S2"][i, j], found["S2_conf"][i, j]))
    return Indices("sobol", _table(rows), len(kept), dropped, confidence)


def _around(
    name: str, other: str, index: str, value: float, half: float
) -> tuple[str, str, str, float, float, float]:
    return name, other, index, float(value), float(value - half), float(value + half)


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(count) for j in range(i + 1, count)]


def _check_shape(numbers: Array, size: int) -> None:
    if numbers.ndim != 1 or len(numbers) % size or not len(numbers):
        raise ValueError(f"{numbers.shape} numbers are no blocks of {size}")


def _nothing(
    method: str,
    names: Sequence[str],
    indices: Sequence[str],
    blocks: int,
    dropped: int,
    confidence: float,
    reason: str = "",
) -> Indices:
    nan = float("nan")
    rows = [(name, "", index, nan, nan, nan) for index in indices if index != "S2" for name in names]
    if "S2" in indices:
        rows += [(names[i], names[j], "S2", nan, nan, nan) for i, j in _pairs(len(names))]
    what = "trajectories" if method == "morris" else "blocks"
    why = reason or f"{blocks} {what} have the outcome in every scenario, and {LEAST_BLOCKS} are needed"
    return Indices(method, _table(rows), blocks, dropped, confidence, why)


def _table(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["axis", "other", "index", "value", "low", "high"])


def importance(
    unit: Array, numbers: Array, names: Sequence[str], confidence: float = CONFIDENCE
) -> tuple[pd.DataFrame, int]:
    """How far an outcome goes with each axis in a Latin hypercube or Sobol' sample, by ranks: Spearman's
    correlation and the partial one (all other axes held, ranks regressed), each from -1 to 1.

    `unit` (rows, axes), `numbers` (rows,). Columns axis, spearman, low, high, partial; the interval is
    Fisher's. `partial` is nan where there are no more scenarios than axes. Infinite numbers are ranked at
    their end. Also returns how many scenarios were left out for a missing number. Raises `InputError` where
    fewer than 4 are left.
    """
    from scipy import stats

    kept = ~np.isnan(numbers)
    count = int(kept.sum())
    if count < 4:
        message = f"{count} scenarios have the outcome, and 4 are needed to rank anything"
        raise InputError(Diagnostic("E711", message, hint="draw more"))
    ranks = stats.rankdata(np.column_stack([unit[kept], numbers[kept]]), axis=0)
    ranks -= ranks.mean(axis=0)
    spread = ranks.std(axis=0)
    scale = np.where(spread > 0, spread, np.nan)
    spearman = (ranks[:, :-1] * ranks[:, -1:]).mean(axis=0) / (scale[:-1] * scale[-1])
    half = float(stats.norm.ppf((1.0 + confidence) / 2.0)) / np.sqrt(count - 3)
    bent = np.arctanh(np.clip(spearman, -1 + 1e-15, 1 - 1e-15))
    table = pd.DataFrame(
        {
            "axis": list(names),
            "spearman": spearman,
            "low": np.tanh(bent - half),
            "high": np.tanh(bent + half),
            "partial": _partial(ranks, scale),
        }
    )
    return table, len(numbers) - count


def _partial(ranks: Array, scale: Array) -> Array:
    """Partial rank correlations of the last column with each other one, from the inverse of all."""
    count = ranks.shape[1]
    if len(ranks) <= count + 1 or np.isnan(scale).any():
        return np.full(count - 1, np.nan)
    together = (ranks / scale).T @ (ranks / scale) / len(ranks)
    if np.linalg.matrix_rank(together) < count:
        return np.full(count - 1, np.nan)
    inverse = np.linalg.inv(together)
    return np.asarray(-inverse[:-1, -1] / np.sqrt(np.diag(inverse)[:-1] * inverse[-1, -1]), dtype=np.float64)
