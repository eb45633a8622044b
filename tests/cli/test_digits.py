"""How numbers are printed."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.result import digits


@pytest.mark.parametrize(
    ("decimals", "width", "expected"),
    [(2, 0.0, 2), (2, 0.004, 2), (2, 0.02, 1), (2, 0.1, 1), (2, 0.5, 0), (0, 3.0, -1), (1, 40.0, -2)],
)
def test_no_digit_finer_than_the_range(decimals: int, width: float, expected: int) -> None:
    assert digits.decimals_within(decimals, width) == expected


def test_percents_sum_to_100_whatever_the_range() -> None:
    random = np.random.default_rng(7)
    for width in (0.0, 0.004, 0.03):
        for _ in range(100):
            parts = random.random(5) * (random.random(5) > 0.3)
            if parts.sum() > 0:
                assert sum(int(text) for text in digits.percents(parts.tolist(), width)) == 100
    assert digits.percents([0.4, 0.6], 0.03) == ["40", "60"]


def test_printed_books_balance() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        received, paid = random.random(4) * 100, random.random(7) * 50
        closing = float(received.sum() - paid.sum())
        inflow, outflow, end = digits.balanced(received.tolist(), paid.tolist(), closing, 1)
        assert round(sum(inflow) - sum(outflow) - end, 6) == 0
        assert np.abs(np.array(outflow) - paid).max() < 0.25


def test_a_gap_is_rounded_up() -> None:
    assert digits.scientific(3.1e-7) == "4e-07"
    assert digits.scientific(9.5e-7) == "1e-06"
    assert digits.scientific(1e-6) == "1e-06"
    assert digits.scientific(0.0) == "0"


def test_fixed_rounds_to_tens_and_drops_the_sign_of_nothing() -> None:
    assert digits.fixed(1234.5, -1) == "1,230"
    assert digits.fixed(-0.004, 2) == "0.00"
    assert digits.fixed(float("inf"), 1) == "inf"
