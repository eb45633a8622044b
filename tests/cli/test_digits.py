"""How numbers are printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.answer import digits, ranges
from optimizer.answer.run import CountryRun
from optimizer.solver import Solution, solve_model


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
                tenths = digits.percents(parts.tolist(), width, decimals=1)
                assert sum(float(text) for text in tenths) == pytest.approx(100)
    assert digits.percents([0.4, 0.6], 0.03) == ["40", "60"]
    assert digits.percents([0.41, 0.59], 1.0) == ["~40", "~60"]
    assert digits.percents([0.412, 0.588], 0.001, decimals=1) == ["41.2", "58.8"]
    assert digits.percents([0.412, 0.588], 0.002, decimals=1) == ["41", "59"]


@pytest.fixture(scope="module")
def solved_lp() -> Solution:
    model = pyo.ConcreteModel()
    model.x, model.y = pyo.Var(bounds=(0, 1)), pyo.Var(bounds=(0, 1))
    model.both = pyo.Constraint(expr=model.x + model.y <= 1)
    model.value = pyo.Objective(expr=2 * model.x + model.y, sense=pyo.maximize)
    return solve_model(model)


RunWith = Callable[..., CountryRun]


@pytest.fixture
def run_with(solved_lp: Solution) -> RunWith:
    """A run whose certificate has a given gap."""

    def make(gap: float, found: dict[str, tuple[float, float]] | None = None) -> CountryRun:
        solution = replace(solved_lp, certificate=replace(solved_lp.certificate, gap=gap))
        return CountryRun("CHN", "optimal", solution=solution, ranges=found or {})

    return make


def test_without_ranges_digits_follow_the_gap(run_with: RunWith) -> None:
    fine, loose, none = run_with(3e-7), run_with(1e-4), run_with(float("inf"))
    assert ranges.width(fine, "capability") == ranges.MEASURED_WIDTH["capability"]
    assert [ranges.decimals(fine, metric) for metric in ("capability", "lag_months")] == [2, 0]
    assert ranges.width(loose, "spend_share") == pytest.approx(10 * ranges.MEASURED_WIDTH["spend_share"])
    assert [ranges.decimals(loose, metric) for metric in ("capability", "lag_months")] == [1, 0]
    assert ranges.decimals(none, "lag_months") == -2


def test_with_ranges_the_widest_decides(run_with: RunWith) -> None:
    run = run_with(
        1e-6, {"capability/2030": (1.0, 1.0005), "capability/2035": (2.0, 2.03), "lag_months/2030": (7, 7)}
    )
    assert ranges.decimals(run, "capability") == 1
    assert ranges.decimals(run, "lag_months") == 1


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


def test_without_a_bound_nothing_is_known() -> None:
    assert digits.scientific(float("inf")) == "unknown"
    assert digits.fixed(3.2, digits.decimals_within(2, float("inf"))) == "n/a"


def test_a_change_of_nothing_has_no_sign_of_its_own() -> None:
    assert digits.signed(-0.0, 0.1, 1) == digits.signed(0.0, 0.1, 1) == "+0.0"
