"""Known facts of export control, as the shipped world's rules decide them."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from optimizer.instance import load, patch
from optimizer.instance.rules.metrics import chip_metrics, processing_performance
from optimizer.instance.status import ChipStatus, Side, Verdict, YearStatus, day_of, year_status
from optimizer.instance.values import Quantity

WORLD = load("world-2026")


@cache
def year(number: int, country: str = "CHN") -> YearStatus:
    return year_status(WORLD, country, number)


def chip(name: str, number: int, country: str = "CHN") -> ChipStatus:
    return next(one for one in year(number, country).chips if one.chip == name)


def on(day: date, name: str, side: Side = "export", country: str = "CHN") -> Verdict:
    """The decision on a chip on a day."""
    spans = chip(name, day.year, country).of_side(side)
    return next(span.verdicts[side] for span in spans if span.first <= day <= span.last)


@pytest.mark.parametrize(
    ("name", "day", "status", "rule"),
    [
        ("nv_a100_80", date(2022, 10, 20), "free", None),
        ("nv_a100_80", date(2022, 10, 21), "denied", "us_2022_3a090"),
        ("nv_h100_sxm", date(2022, 12, 31), "denied", "us_2022_3a090"),
        # the Chinese variants of the rule of October 2022, until that of October 2023
        ("nv_a800", date(2022, 11, 15), "free", None),
        ("nv_a800", date(2023, 11, 16), "free", None),
        ("nv_a800", date(2023, 11, 17), "denied", "us_2023_3a090a_1"),
        ("nv_h800", date(2023, 11, 16), "free", None),
        ("nv_h800", date(2023, 11, 17), "denied", "us_2023_3a090a_1"),
        # that of the rule of October 2023, until the letters of April 2025
        ("nv_h20", date(2024, 7, 1), "free", None),
        ("nv_h20", date(2025, 4, 8), "free", None),
        ("nv_h20", date(2025, 4, 9), "denied", "us_2025_h20_letter_1"),
        ("nv_h20", date(2025, 8, 8), "fee", "us_2025_h20_resume"),
        # denied until the rule of January 2026
        ("nv_h200", date(2024, 12, 1), "denied", "us_2023_3a090a_1"),
        ("nv_h200", date(2026, 1, 14), "denied", "us_2023_3a090a_1"),
        ("nv_h200", date(2026, 1, 15), "capped", "us_2026_case_by_case"),
        ("nv_h200", date(2026, 12, 31), "capped", "us_2026_case_by_case"),
        ("amd_mi325x", date(2026, 6, 1), "capped", "us_2026_case_by_case"),
        # Blackwell throughout
        ("nv_b200", date(2025, 1, 1), "denied", "us_2023_3a090a_1"),
        ("nv_b200", date(2026, 7, 1), "denied", "us_2023_3a090a_1"),
        ("nv_b30a", date(2026, 12, 31), "denied", "us_2023_3a090a_1"),
        ("nv_gb300", date(2027, 12, 31), "denied", "us_2023_3a090a_1"),
        # below every threshold
        ("nv_l20", date(2026, 1, 1), "free", None),
    ],
)
def test_export_side(name: str, day: date, status: str, rule: str | None) -> None:
    found = on(day, name)
    assert (found.status, found.rule) == (status, rule)


def test_h200_pays_a_quarter_from_january_2026() -> None:
    assert on(date(2026, 1, 14), "nv_h200").fee == 0
    assert on(date(2026, 1, 15), "nv_h200").fee == 0.25
    assert on(date(2026, 1, 15), "nv_h200").fee_rule == "us_2026_s232_1"
    assert on(date(2025, 8, 8), "nv_h20").fee == 0.15


def test_allies_are_free() -> None:
    for country in ("NLD", "JPN", "GBR"):
        assert {on(date(2026, 6, 1), name, "both", country).status for name in ("nv_b200", "nv_h200")} == {
            "free"
        }
    assert on(date(2026, 6, 1), "nv_b200", "export", "ARE").rule == "us_2025_gulf_ae"


def test_the_sides_are_decided_separately() -> None:
    day = date(2026, 1, 20)
    assert on(day, "nv_h200", "export").status == "capped"
    assert on(day, "nv_h200", "import").rule == "cn_2026_h200_customs"
    assert on(day, "nv_h200", "both").status == "denied"
    assert on(date(2026, 6, 1), "nv_rtxpro6000d", "export").status == "free"
    assert on(date(2026, 6, 1), "nv_rtxpro6000d", "both").rule == "cn_2025_6000d_ban"


def test_the_country_itself_decides_where_it_buys_less() -> None:
    assert on(date(2026, 6, 1), "nv_l20", "both").rule == "trade.limits"
    assert chip("nv_l20", 2026).limit == 30


def test_the_diffusion_cap_in_h100s() -> None:
    tier_two = patch(WORLD, ["rules.us_2025_diff_country.in_force = always"])
    (cap,) = [one for one in year_status(tier_two, "IND", 2026).caps if one.rule == "us_2025_diff_country"]
    assert (cap.amount, cap.counts, cap.basis) == (790_000, "tpp", "total")
    tpp = WORLD.chips["nv_h100_sxm"].tpp
    assert tpp is not None
    # 49,901 as published; the cap itself is rounded to millions of TPP
    assert cap.amount / tpp.number() == pytest.approx(49.901, rel=1e-4)
    assert on(date(2026, 6, 1), "nv_b200", "export", "IND").status == "free"


def test_published_performance_agrees_with_the_figures_of_the_chip() -> None:
    """Within a rounding of the figures; extrapolated chips follow the same definition."""
    chips = WORLD.chips

    def column(values: list[Quantity | None]) -> np.ndarray:
        return np.array([np.nan if one is None else one.number() for one in values])

    published = column([one.tpp for one in chips.values()])
    computed = processing_performance(
        column([one.dense_fp16_tflops for one in chips.values()]),
        column([one.dense_fp8_tflops for one in chips.values()]),
        column([one.dense_fp4_tflops for one in chips.values()]),
        np.full(len(published), np.nan),
    )
    given = np.isfinite(published)
    assert given.sum() > 40
    np.testing.assert_allclose(computed[given], published[given], rtol=0.005)


def test_the_published_performance_counts() -> None:
    metrics = chip_metrics(WORLD.chips, WORLD.lines)
    position = list(WORLD.chips).index("nv_rtxpro6000d")
    assert metrics["tpp"][position] == 2390
    position = list(WORLD.chips).index("nv_h20")
    assert metrics["performance_density"][position] == pytest.approx(2368 / 814)
    assert metrics["total_bandwidth_gbs"][position] == 4900


def test_every_row_of_the_record_is_a_rule() -> None:
    assert len(WORLD.rules) >= 45
    assert {rule.side for rule in WORLD.rules.values()} == {"export", "import"}
    assert all(rule.source or rule.status == "hypothetical" for rule in WORLD.rules.values())


def tools_left(day_year: int, *off: str) -> tuple[float, tuple[str, ...], dict[str, float]]:
    """The part of DUV tools that the rules leave China, which decide it, and what those behind leave."""
    world = patch(WORLD, [f"rules.{name}.in_force = never" for name in off])
    (found,) = [
        one
        for one in year_status(world, "CHN", day_year).beside
        if one.what == "duv tools from abroad" and one.side == "both"
    ]
    return found.open_part, found.rules, dict(found.behind)


def test_each_state_holds_tools_back_by_itself() -> None:
    """Of the American, Dutch and Japanese rules the strictest decides, and one can be lifted alone."""
    states = ("us_2022_tools", "nl_2023_duv", "jp_2023_tools")
    left = [WORLD.rules[name].multiplier for name in states]
    parts = [one.number() for one in left if one is not None]
    assert parts == sorted(parts)
    assert tools_left(2026) == (parts[0], states[:1], dict(zip(states[1:], parts[1:], strict=True)))
    assert tools_left(2026, *states[:1]) == (parts[1], states[1:2], {states[2]: parts[2]})
    assert tools_left(2026, *states[:2]) == (parts[2], states[2:], {})
    # the American rule alone before the summer of 2023; a window in a year counts by its length
    assert tools_left(2022)[0] == pytest.approx(1 - 0.82 * (2 + 25 / 31) / 12)
    assert tools_left(2022)[1:] == (states[:1], {})
    assert tools_left(2023, states[0], states[1])[0] == pytest.approx(1 - 0.5 * (5 + 9 / 31) / 12)
    assert not [
        one
        for one in year_status(
            patch(WORLD, [f"rules.{name}.in_force = never" for name in states]), "CHN", 2026
        ).beside
        if one.what == "duv tools from abroad"
    ]


def test_the_dutch_and_japanese_parts_never_undercut_the_american() -> None:
    """So that telling them apart moved no plan, wherever in its range the American part lies."""
    american = WORLD.rules["us_2022_tools"].multiplier
    assert american is not None
    assert american.high is not None
    for name in ("nl_2023_duv", "jp_2023_tools"):
        other = WORLD.rules[name].multiplier
        assert other is not None
        assert other.number() >= american.high


def test_extreme_ultraviolet_is_denied_twice_since_smic_is_listed() -> None:
    for number, rules in ((2020, ("us_2020_smic", "nl_2019_euv")), (2019, ("nl_2019_euv",))):
        (found,) = [
            one for one in year(number).beside if one.what == "euv tools from abroad" and one.side == "both"
        ]
        assert found.rules == rules
    assert (year(2021).beside[0].open_part, WORLD.rules["us_2020_smic"].from_.text) == (0, "2020-12-18")


def test_the_window_is_for_chips_that_were_on_sale_when_it_opened() -> None:
    """A chip inside both bounds that was launched after 15 January 2026 stays denied."""
    window = WORLD.rules["us_2026_case_by_case"]
    for name in window.chips:
        assert WORLD.chips[name].launch.start < window.start, name
        assert WORLD.chips[name].designer_country == "USA"
    late = patch(WORLD, ["chips.nv_vr200.tpp = 15832", "chips.nv_vr200.memory_bandwidth_gbs = 4800"])
    (span,) = {
        one.verdicts["export"].rule
        for chip in year_status(late, "CHN", 2027).chips
        if chip.chip == "nv_vr200"
        for one in chip.spans
    }
    assert span == "us_2023_3a090a_1"


@pytest.mark.parametrize("text", ["2023-11-17", "2024-02-29", "2026-01-01", "2026-12-31"])
def test_days_and_moments(text: str, tmp_path: Path) -> None:
    changed = patch(WORLD, [f"rules.us_all_sales.from = {text}"])
    rule = changed.rules["us_all_sales"]
    assert day_of(rule.start) == date.fromisoformat(text)
    assert day_of(rule.from_.end).toordinal() == date.fromisoformat(text).toordinal() + 1
