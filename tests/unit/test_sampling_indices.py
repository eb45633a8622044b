"""Indices with known answers: Ishigami, Sobol' G, a linear function; and what missing scenarios do."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from optimizer.errors import InputError
from optimizer.instance.values import Array
from optimizer.study.sampling import designs
from optimizer.study.sampling.indices import Indices, importance, morris_indices, sobol_indices

NAMES = ("x", "y", "z")


def ishigami(unit: Array) -> Array:
    x = np.pi * (2.0 * unit - 1.0)
    return np.asarray(np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def values(found: Indices, index: str) -> list[float]:
    return found.table.loc[found.table["index"] == index, "value"].tolist()


def holds(found: Indices, index: str, expected: list[float]) -> bool:
    rows = found.table[found.table["index"] == index]
    return bool(((rows["low"] <= expected) & (expected <= rows["high"])).all())


def test_ishigami_has_its_known_indices() -> None:
    found = sobol_indices(ishigami(designs.saltelli(2048, 3, True, 1)), NAMES)
    assert (found.blocks, found.dropped, found.reason) == (2048, 0, "")
    assert values(found, "S1") == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert values(found, "ST") == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    assert values(found, "S2") == pytest.approx([0.0, 0.2437, 0.0], abs=0.03)
    pairs = found.table[found.table["index"] == "S2"]
    assert list(zip(pairs["axis"], pairs["other"], strict=True)) == [("x", "y"), ("x", "z"), ("y", "z")]


def test_sobol_g_has_its_known_indices() -> None:
    weights = np.array([0.0, 1.0, 4.5, 9.0])
    unit = designs.saltelli(2048, 4, False, 2)
    numbers = np.prod((np.abs(4 * unit - 2) + weights) / (1 + weights), axis=1)
    found = sobol_indices(numbers, list("abcd"), second_order=False)
    parts = 1 / (3 * (1 + weights) ** 2)
    whole = np.prod(1 + parts) - 1
    total = [parts[i] * np.prod(1 + np.delete(parts, i)) / whole for i in range(4)]
    assert values(found, "S1") == pytest.approx((parts / whole).tolist(), abs=0.02)
    assert values(found, "ST") == pytest.approx(total, abs=0.03)


def test_a_linear_function_has_indices_of_its_squares_and_no_interactions() -> None:
    slopes = np.array([3.0, -2.0, 0.0])
    found = sobol_indices(designs.saltelli(1024, 3, True, 3) @ slopes, NAMES)
    expected = (slopes**2 / (slopes**2).sum()).tolist()
    assert values(found, "S1") == pytest.approx(expected, abs=0.01)
    assert values(found, "ST") == pytest.approx(expected, abs=0.01)
    assert holds(found, "ST", expected)
    effects = morris_indices(unit := designs.morris(8, 3, 4, 3), unit @ slopes, NAMES)
    assert values(effects, "mu") == pytest.approx(slopes.tolist())
    assert values(effects, "mu_star") == pytest.approx(np.abs(slopes).tolist())
    assert values(effects, "sigma") == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_morris_agrees_with_salib() -> None:
    from SALib.analyze import morris

    unit = designs.morris(20, 3, 4, 5)
    numbers = ishigami(unit)
    found = morris_indices(unit, numbers, NAMES)
    other = morris.analyze(designs.problem_of(NAMES), unit, numbers, num_levels=4)
    for index in ("mu", "mu_star", "sigma"):
        assert values(found, index) == pytest.approx(np.asarray(other[index]).tolist())
    rows = found.table
    assert (rows["low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["high"]).all()


def test_a_missing_scenario_takes_its_whole_block_away_and_is_counted() -> None:
    numbers = ishigami(designs.saltelli(256, 3, True, 4))
    whole = numbers.copy()
    size = designs.block_size(3, True)
    numbers[[5, 3 * size, 3 * size + 1]] = [np.nan, np.inf, np.nan]
    found = sobol_indices(numbers, NAMES)
    assert (found.blocks, found.dropped) == (254, 2)
    kept = np.delete(whole.reshape(-1, size), [0, 3], axis=0).ravel()
    pd.testing.assert_frame_equal(found.table, sobol_indices(kept, NAMES).table)
    unit = designs.morris(10, 3, 4, 4)
    numbers = ishigami(unit)
    numbers[6] = np.nan
    effects = morris_indices(unit, numbers, NAMES)
    assert (effects.blocks, effects.dropped) == (9, 1)
    others = np.r_[0:4, 8:40]
    pd.testing.assert_frame_equal(
        effects.table, morris_indices(unit[others], ishigami(unit)[others], NAMES).table
    )


def test_what_says_nothing_says_why() -> None:
    missing = sobol_indices(np.full(16 * 8, np.nan), NAMES)
    assert missing.table["value"].isna().all()
    assert (missing.blocks, missing.dropped) == (0, 16)
    assert "0 blocks" in missing.reason
    flat = sobol_indices(np.ones(16 * 8), NAMES)
    assert flat.table["value"].isna().all()
    assert "same in all" in flat.reason
    few = morris_indices(designs.morris(2, 3, 4, 1), np.array([*[1.0] * 7, np.nan]), NAMES)
    assert "1 trajectories" in few.reason
    with pytest.raises(ValueError, match="no blocks of 8"):
        sobol_indices(np.ones(15), NAMES)


def test_the_same_seed_gives_the_same_intervals() -> None:
    numbers = ishigami(designs.saltelli(64, 3, True, 4))
    for seed in (0, 1):
        found = [sobol_indices(numbers, NAMES, seed=seed).table for _ in range(2)]
        pd.testing.assert_frame_equal(*found)


def test_importance_is_by_ranks() -> None:
    unit = designs.sobol(256, 3, 1)
    # any rising function of a factor ranks like the factor
    numbers = np.exp(5 * unit[:, 0]) - 2 * unit[:, 1]
    numbers[[3, 9]] = np.nan
    numbers[7] = np.inf
    table, dropped = importance(unit, numbers, NAMES)
    assert dropped == 2
    kept = ~np.isnan(numbers)
    expected = [spearmanr(unit[kept, column], numbers[kept]).statistic for column in range(3)]
    assert table["spearman"].tolist() == pytest.approx(expected)
    assert (table["low"] < table["spearman"]).all()
    assert (table["spearman"] < table["high"]).all()
    # an oracle for the partial ones: correlate what a regression on the others leaves
    ranks = np.column_stack([unit[kept], numbers[kept]]).argsort(axis=0).argsort(axis=0).astype(float)
    ranks -= ranks.mean(axis=0)
    others = ranks[:, 1:3]
    left = [ranks[:, k] - others @ np.linalg.lstsq(others, ranks[:, k], rcond=None)[0] for k in (0, 3)]
    assert table["partial"][0] == pytest.approx(np.corrcoef(left)[0, 1])
    assert importance(unit[:4], np.arange(4.0), NAMES)[0]["partial"].isna().all()
    with pytest.raises(InputError, match="3 scenarios"):
        importance(unit[:3], np.arange(3.0), NAMES)


def test_without_salib_the_way_to_get_it_is_told() -> None:
    code = """
import sys
sys.modules["SALib"] = None
from optimizer.errors import InputError
from optimizer.study.sampling.designs import morris, sobol
assert sobol(8, 2, 0).shape == (8, 2)
try:
    morris(4, 2, 4, 0)
except InputError as error:
    sys.exit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "E708" in done.stderr
    assert "pip install" in done.stderr
