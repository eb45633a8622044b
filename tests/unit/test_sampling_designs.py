"""Designs: strata, balance, seeds, trajectories, and rank correlations that are reached."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from optimizer.errors import InputError
from optimizer.study.sampling import designs
from optimizer.study.sampling.correlation import by_copula, by_reordering, matrix_of


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_each_column_of_a_latin_hypercube_is_stratified(draws: int, axes: int, seed: int) -> None:
    unit = designs.latin_hypercube(draws, axes, seed)
    for column in unit.T:
        assert sorted(np.ceil(column * draws).astype(int).tolist()) == list(range(1, draws + 1))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_each_column_of_a_sobol_design_is_stratified(power: int, axes: int, seed: int) -> None:
    unit = designs.sobol(2**power, axes, seed)
    for column in unit.T:
        assert sorted(np.floor(column * 2**power).astype(int).tolist()) == list(range(2**power))


@pytest.mark.parametrize("draws", [0, 3, 100])
def test_sobol_takes_powers_of_two_only(draws: int) -> None:
    with pytest.raises(InputError, match="power of 2") as caught:
        designs.sobol(draws, 2, 0)
    assert (draws != 100) or "64 or 128" in str(caught.value)
    with pytest.raises(InputError, match="power of 2"):
        designs.saltelli(draws, 2, True, 0)


def test_more_dimensions_than_are_known_are_refused() -> None:
    with pytest.raises(InputError, match="dimensions"):
        designs.sobol(2, 30_000, 0)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_gives_the_same_positions_and_another_others(seed: int) -> None:
    def made(chosen: int) -> list[np.ndarray]:
        return [
            designs.latin_hypercube(16, 3, chosen),
            designs.sobol(16, 3, chosen),
            designs.morris(5, 3, 4, chosen),
            designs.saltelli(8, 3, True, chosen),
        ]

    for first, second, other in zip(made(seed), made(seed), made(seed + 1), strict=True):
        assert first.tolist() == second.tolist()
        assert first.tolist() != other.tolist()


def test_positions_are_those_of_any_machine() -> None:
    # written down once; integers of the generator do not depend on the machine
    assert designs.latin_hypercube(4, 2, 5)[0].tolist() == pytest.approx(
        [0.14922038109388955, 0.06160205463129942], rel=1e-15
    )
    assert designs.sobol(4, 2, 5)[0].tolist() == pytest.approx(
        [0.33724048361182213, 0.7226601177826524], rel=1e-15
    )


def test_trajectories_of_morris_move_one_axis_at_a_time() -> None:
    unit = designs.morris(6, 4, 4, 1).reshape(6, 5, 4)
    steps = np.diff(unit, axis=1)
    assert ((steps != 0).sum(axis=2) == 1).all()
    # every axis once
    assert ((steps != 0).sum(axis=1) == 1).all()
    assert np.unique(np.round(unit * 3, 9)).tolist() == [0.0, 1.0, 2.0, 3.0]


def test_blocks_of_saltelli_swap_one_axis_of_two_points() -> None:
    unit = designs.saltelli(8, 3, True, 1).reshape(8, designs.block_size(3, True), 3)
    first, last = unit[:, 0], unit[:, -1]
    for axis in range(3):
        swapped = first.copy()
        swapped[:, axis] = last[:, axis]
        assert unit[:, 1 + axis].tolist() == swapped.tolist()


def test_a_grid_is_the_product_with_the_last_axis_fastest() -> None:
    assert designs.grid([2, 3]).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    with pytest.raises(InputError, match="scenarios"):
        designs.grid([100] * 6)


NAMES = ("a", "b", "c", "d")


@settings(max_examples=10, deadline=None)
@given(st.floats(-0.9, 0.9), st.floats(-0.4, 0.4), st.integers(0, 1000))
def test_rank_correlations_are_reached_and_columns_keep_their_values(
    first: float, second: float, seed: int
) -> None:
    matrix, columns = matrix_of([("a", "c", first), ("c", "d", second)], NAMES)
    assert columns == [0, 2, 3]
    unit = designs.latin_hypercube(512, 4, seed)
    found = by_reordering(unit, matrix, columns)
    assert np.sort(found, axis=0).tolist() == np.sort(unit, axis=0).tolist()
    assert found[:, 1].tolist() == unit[:, 1].tolist()
    sobol = by_copula(designs.sobol(512, 4, seed), matrix, columns)
    for sample in (found, sobol):
        ranks = spearmanr(sample).statistic
        assert ranks[0, 2] == pytest.approx(first, abs=0.05)
        assert ranks[2, 3] == pytest.approx(second, abs=0.05)
        assert ranks[0, 3] == pytest.approx(0, abs=0.08)
        assert abs(ranks[0, 1]) < 0.15
    # each column alone stays uniform
    assert np.sort(sobol[:, 2]).tolist() == pytest.approx(((np.arange(512) + 0.5) / 512).tolist(), abs=0.05)


@pytest.mark.parametrize("rank", [-1.0, 1.0])
def test_whole_correlations_move_factors_as_one(rank: float) -> None:
    matrix, columns = matrix_of([("a", "b", rank)], NAMES)
    for found in (
        by_reordering(designs.latin_hypercube(64, 4, 1), matrix, columns),
        by_copula(designs.sobol(64, 4, 1), matrix, columns),
    ):
        assert spearmanr(found[:, 0], found[:, 1]).statistic == pytest.approx(rank)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", -0.9)], "contradict each other"),
        ([("a", "a", 0.5)], "with itself"),
        ([("a", "b", 0.5), ("b", "a", 0.5)], "given twice"),
    ],
)
def test_correlations_that_cannot_be_had_are_refused(pairs: list[tuple[str, str, float]], says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        matrix_of(pairs, NAMES)
    assert caught.value.diagnostics[0].code == "E706"


def test_too_few_draws_carry_no_correlation() -> None:
    matrix, columns = matrix_of([("a", "b", 0.5)], NAMES)
    with pytest.raises(InputError, match="3 draws"):
        by_reordering(designs.latin_hypercube(3, 4, 1), matrix, columns)
