"""What a quantity means over time: interpolation, ranges, and changes of chosen years."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.instance.field_rules import Rule
from optimizer.instance.values import FOREVER, Quantity, YearChange, YearMap, constant

YEARS = range(2026, 2032)
SERIES = Rule(series=True)
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
POSITIVE = st.floats(1e-3, 1e6)
DATES = st.floats(2020, 2040)
MID_YEARS = np.array(YEARS) + 0.5


def read(raw: object) -> Quantity:
    quantity, problems = SERIES.read(raw, YEARS)
    assert problems == []
    assert isinstance(quantity, Quantity)
    return quantity


@given(NUMBERS, DATES)
def test_a_number_is_the_same_at_all_times(number: float, date: float) -> None:
    assert read(number).at(np.array([date])) == [number]


@given(st.lists(NUMBERS, min_size=6, max_size=6), DATES)
def test_a_list_holds_through_each_calendar_year_and_outside(numbers: list[float], date: float) -> None:
    position = min(max(int(np.floor(date)) - 2026, 0), 5)
    assert read(numbers).at(np.array([date])) == [numbers[position]]


@given(st.dictionaries(st.integers(2024, 2034), NUMBERS, min_size=1), DATES)
def test_anchors_are_met_linear_between_and_flat_outside(anchors: dict[int, float], date: float) -> None:
    anchors = {2026: 1.0, **anchors}
    quantity = read(anchors)
    years = sorted(anchors)
    assert quantity.at(np.array(years) + 0.5).tolist() == pytest.approx([anchors[year] for year in years])
    value = float(quantity.at(np.array([date]))[0])
    before = [year for year in years if year + 0.5 <= date]
    after = [year for year in years if year + 0.5 > date]
    if before and after:
        first, last = before[-1], after[0]
        share = (date - first - 0.5) / (last - first)
        expected = anchors[first] * (1 - share) + anchors[last] * share
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-6)
    else:
        assert value == anchors[before[-1] if before else after[0]]


@given(POSITIVE, st.floats(-0.5, 2), st.integers(0, 5))
def test_growth_compounds_from_the_middle_of_the_first_year(start: float, growth: float, year: int) -> None:
    value = read({"start": start, "growth": growth}).in_year(2026 + year)
    assert value == pytest.approx(start * (1 + growth) ** year)


@given(st.one_of(NUMBERS, st.lists(NUMBERS, min_size=6, max_size=6)), st.floats(0.1, 10))
def test_scaling_scales_every_date_and_the_range(raw: object, factor: float) -> None:
    quantity = read(raw)
    dates = np.linspace(2025, 2033, 17)
    assert np.allclose(quantity.scaled(factor).at(dates), quantity.at(dates) * factor)


@given(POSITIVE, st.floats(-0.3, 0.5), st.floats(0.2, 5), st.floats(0, 100))
def test_growth_can_be_scaled_and_shifted(start: float, growth: float, factor: float, amount: float) -> None:
    quantity = read({"value": {"start": start, "growth": growth}, "low": start / 2})
    changed = quantity.shifted(amount).scaled(factor)
    assert np.allclose(changed.at(MID_YEARS), (quantity.at(MID_YEARS) + amount) * factor)
    assert changed.low == pytest.approx((start / 2 + amount) * factor)
    assert changed.first_number == pytest.approx((start + amount) * factor)


def test_a_range_moves_a_series_by_the_factor_of_its_first_number() -> None:
    quantity = read({"value": {2026: 100, 2028: 300}, "low": 80, "high": 150})
    assert quantity.low_at(MID_YEARS).tolist() == pytest.approx([80, 160, 240, 240, 240, 240])
    assert quantity.high_at(MID_YEARS).tolist() == pytest.approx([150, 300, 450, 450, 450, 450])
    number = read({"value": 100, "low": 80})
    assert number.low_at(MID_YEARS).tolist() == [80] * 6
    assert number.high_at(MID_YEARS).tolist() == [100] * 6


def test_chosen_years_change_whole_calendar_years() -> None:
    quantity = constant(10).changed(YearChange(2027, 2028, "*=", 2))
    dates = np.array([2026.9, 2027.1, 2028.9, 2029.1])
    assert quantity.at(dates).tolist() == [10, 20, 20, 10]
    assert quantity.is_series
    assert quantity.value == {"base": 10.0, "[2027:2028]": "*= 2"}
    with pytest.raises(ValueError, match="series"):
        quantity.number()


def test_a_change_of_the_last_year_holds_on() -> None:
    quantity = constant(10).changed(YearChange(2031, FOREVER, "=", 4))
    assert quantity.at(np.array([2030.5, 2031.5, 2040.5])).tolist() == [10, 4, 4]
    assert quantity.value == {"base": 10.0, "[2031:]": "= 4"}


def test_setting_years_drops_the_range_and_other_changes_keep_it() -> None:
    quantity = read({"value": 10, "low": 5, "high": 20})
    assert quantity.changed(YearChange(2027, 2027, "*=", 2)).high == 20
    assert quantity.changed(YearChange(2027, 2027, "=", 2)).high is None


def test_infinity_survives_a_change_of_other_years() -> None:
    quantity = Quantity("constant", (float("inf"),)).changed(YearChange(2027, 2027, "=", 5))
    assert quantity.at(np.array([2026.5, 2027.5])).tolist() == [float("inf"), 5]


def test_a_single_date_may_be_asked_for() -> None:
    quantity = constant(10).changed(YearChange(2027, 2027, "+=", 1))
    assert quantity.at(np.array(2027.5)) == 11
    assert quantity.at(np.array(2027.5)).shape == ()


def test_a_year_map_is_zero_where_nothing_is_listed() -> None:
    years = YearMap({2027: constant(5), 2029: constant(7)})
    assert years.numbers(np.array([[2026, 2027], [2028, 2029]])).tolist() == [[0, 5], [0, 7]]
    assert list(years) == [2027, 2029]
    assert years[2029].number() == 7


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(ge=0), "not be negative"),
        (Rule(gt=0), "be positive"),
        (Rule(ge=0, le=1), "lie between 0 and 1"),
        (Rule(gt=0, lt=1), "be above 0 and below 1"),
        (Rule(gt=-1), "be above -1"),
    ],
)
def test_bounds_are_put_into_words(rule: Rule, words: str) -> None:
    assert rule.allowed() == words


def test_an_assumed_value_may_cite_what_it_leans_on() -> None:
    quantity = read({"value": 3, "source": ["a", "b"], "status": "assumed", "note": "rounded"})
    assert (quantity.source, quantity.status, quantity.note) == (("a", "b"), "assumed", "rounded")
