"""Quantiles over draws: known order statistics, coverage, open ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from optimizer.errors import InputError
from optimizer.study.sampling.quantiles import band, interval, rank


def test_the_median_of_a_hundred_has_the_textbook_interval() -> None:
    # Conover, Practical Nonparametric Statistics: places 40 and 61 of 100
    assert interval(100, 0.5, 0.95) == (40, 61)
    found = band(np.arange(1.0, 101.0)).at(0.5)
    assert (found.value, found.low, found.high) == (50.0, 40.0, 61.0)


@settings(max_examples=150, deadline=None)
@example(1, 0.75, 0.5)
@example(1, 0.25, 0.5)
@given(st.integers(1, 600), st.floats(0.02, 0.98), st.sampled_from([0.5, 0.9, 0.95]))
def test_intervals_are_the_narrowest_that_hold_their_confidence(
    count: int, level: float, confidence: float
) -> None:
    first, last = interval(count, level, confidence)
    tail = (1 - confidence) / 2
    draws = binom(count, level)
    assert 0 <= first <= rank(count, level) <= last <= count + 1
    # the draw of place r lies above the quantile where fewer than r draws lie below
    assert first == 0 or draws.cdf(first - 1) <= tail
    assert last == count + 1 or draws.sf(last - 1) <= tail
    assert draws.cdf(first) > tail
    assert draws.sf(last - 2) > tail


def test_intervals_hold_the_true_quantile_as_often_as_they_say() -> None:
    generator = np.random.default_rng(3)
    hits = np.zeros(3)
    for _ in range(2000):
        found = band(generator.random(200))
        hits += [one.low <= one.level <= one.high for one in found.quantiles]
    assert (hits / 2000 > 0.945).all()


def test_few_draws_leave_the_ends_open() -> None:
    found = band(np.arange(10.0))
    assert found.at(0.05).low == -math.inf
    assert found.at(0.95).high == math.inf


def test_missing_draws_are_counted_and_open_ends_ordered() -> None:
    numbers = np.array([*range(1, 91), *[math.inf] * 10, *[math.nan] * 5], dtype=float)
    found = band(numbers)
    assert (found.draws, found.missing, found.confidence) == (100, 5, 0.95)
    assert found.at(0.5).value == 50.0
    assert found.at(0.95).value == math.inf
    assert found.at(0.95).beyond
    assert not found.at(0.5).beyond


def test_a_quantile_that_is_only_a_bound_says_so() -> None:
    numbers = np.array([-6.0, -6.0, *range(18)], dtype=float)
    beyond = np.array([1.0, 1.0, *[0.0] * 18])
    found = band(numbers, beyond=beyond)
    assert found.at(0.05).beyond
    assert not found.at(0.5).beyond


def test_nothing_but_missing_draws_is_an_error() -> None:
    with pytest.raises(InputError, match="none of 3 scenarios"):
        band(np.full(3, math.nan))
    with pytest.raises(ValueError, match="between 0 and 1"):
        band(np.arange(3.0), levels=(0.0,))
