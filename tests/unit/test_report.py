"""The parts of a report with known answers: words, digits, differences, values, what fits on the page."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from optimizer.answer import ranges
from optimizer.answer.answer import (
    AppliedAnswer,
    BaseState,
    Bounds,
    CertificateData,
    ConflictingLimit,
    Headline,
    LeaderAnswer,
    PlanAnswer,
    PolicyAnswer,
    Repair,
    SolveAnswer,
    remarks,
)
from optimizer.answer.context import Context, RatedChip, Years
from optimizer.answer.fact import Binding
from optimizer.answer.manifest import Manifest
from optimizer.errors import Diagnostic
from optimizer.tell.page import headline, overview, page, provenance, words
from optimizer.tell.page.charts import CHARTS, templates
from optimizer.tell.page.chip_figures import fleet
from optimizer.tell.page.comparison_sections import what_it_does
from optimizer.tell.page.differences import Difference, lag_cell_of, worth_cell_of
from optimizer.tell.page.figures import Cell, compute_scale
from optimizer.tell.page.labels import chip_labels, labels_of
from optimizer.tell.page.limit_figures import limit_name
from optimizer.tell.page.plan_figures import plan_figures
from optimizer.tell.page.saved import Plan, SavedRun, date

PERIODS = ("2026", "2027", "2028", "2029")
MANIFEST = Manifest(
    command="solve",
    instance="test",
    files={},
    policies=(),
    set=(),
    options={},
    given_policies=(),
    versions={},
    patches=(),
    wall_time_seconds=1.0,
)


def widths(gap: float) -> dict[str, float]:
    """By how much numbers may vary at a gap, as a run saves it."""
    growth = ranges.growth(gap)
    known = {**ranges.MEASURED_WIDTH, **ranges.MEASURED_RELATIVE_WIDTH}
    return {name: width * growth for name, width in known.items()}


def plan(
    months: list[float],
    start: float = 6.0,
    gap: float = 1e-6,
    country: str = "CHN",
    table: dict[tuple[str, str], list[float]] | None = None,
    **told: Any,
) -> Plan:
    """A follower whose lag takes these values; all else is plain."""
    headline = Headline(
        spending_usd_bn=100.0,
        paid_usd_bn=90.0,
        premiums_usd_bn=0.0,
        unspent_usd_bn=0.0,
        split={"research": 0.6, "delivery": 0.4},
        installed_kh100e={"start": 10.0, PERIODS[-1]: 80.0},
        capability={PERIODS[1]: 1.0, PERIODS[-1]: 2.0},
        lag_months={PERIODS[1]: months[1], PERIODS[-1]: months[-1]},
        compute_ratio=0.1,
        effective_ratio=0.2,
        base=BaseState(capability=-1.0, lag_months=start),
        passes_the_leader_in=None,
        ranges={},
        widths=widths(gap),
    )
    nothing = [0.0] * 4
    plain = {
        ("spend_share", "research"): [0.6] * 4,
        ("spend_share", "delivery"): [0.4] * 4,
        ("lag_months", ""): months,
        ("lag_extrapolated", ""): nothing,
        ("lag_beyond", ""): nothing,
        ("capability", ""): [0.5, 1.0, 1.5, 2.0],
        ("effective_ratio", ""): [0.2] * 4,
        ("installed_compute", ""): [10.0, 20.0, 40.0, 80.0],
        ("compute_ratio", ""): [0.1] * 4,
        ("total", ""): [25.0] * 4,
        ("outlays", ""): [22.5] * 4,
    }
    certificate = CertificateData(
        lower=1.0,
        upper=1.0 + gap,
        gap=gap,
        max_row_violation=0.0,
        rows_checked=7,
        rounds=2,
        tangents=3,
        solver="HiGHS",
        solver_version="1",
    )
    answer = PlanAnswer(
        status="optimal",
        objective=Bounds(lower=1.0, upper=1.0 + gap, gap=gap),
        certificate=certificate,
        diagnostics=(),
        headline=headline,
    )
    return Plan(country, "", answer.model_copy(update=told), PERIODS, table or plain)


def binding(row: str, **told: Any) -> Binding:
    """A limit of which nothing is told but this."""
    plain = {"meaning": "", "words": "", "period": "2027", "inputs": (), "ranked_by": 0.0, "closed": False}
    plain |= {"solved": None, "eased_usd_bn": None, "ten_percent_is_bound": True}
    return Binding.model_construct(row=row, **{**plain, **told})


def with_headline(made: Plan, **changes: Any) -> Plan:
    """The plan with some headline numbers changed."""
    assert made.answer is not None
    headline = made.top.model_copy(update=changes)
    return replace(made, answer=made.answer.model_copy(update={"headline": headline}))


def run(*plans: Plan, **more: Any) -> SavedRun:
    names = {each.country: {"name": f"Land of {each.country}", "note": ""} for each in plans}
    return SavedRun(
        directory="run",
        answer=SolveAnswer(
            schema_version=1,
            status="optimal",
            instance=more.pop("instance", "test"),
            policy="",
            leader=LeaderAnswer(country="USA", status="optimal", certificate=None),
            countries={},
            world_demand=(),
            diagnostics=(),
        ),
        manifest=MANIFEST,
        context=Context.model_validate({"countries": names}),
        inputs=more.pop("inputs", ()),
        comparison=None,
        plans={each.country: {"": each} for each in plans},
        **more,
    )


@pytest.mark.parametrize(
    ("months", "start", "expected"),
    [
        ([7, 8, 9, 10], 6, words.GROWS),
        ([5, 4, 3, 2], 6, words.CLOSES),
        ([7, 9, 7, 6.4], 6, words.STAYS),
        ([-1, -2, -3, -4], 0, words.CLOSES),
    ],
)
def test_trend_is_that_between_start_and_horizon(months: list[float], start: float, expected: str) -> None:
    assert words.trend(plan(months, start)) == expected


def test_path_says_lags_trend_turn_and_ratio() -> None:
    china = plan([7, 12, 15, 12], 6)
    assert words.path_of(run(china), china) == (
        "6 months behind at the start, 12 in 2027 and 12 in 2029: the lag grows, from its widest, 15 months "
        "behind in 2028, it closes again; effective compute falls from 37% to 20% of the leader's"
    )


def test_a_lead_is_said_as_such_and_as_a_bound_where_it_is_one() -> None:
    table = dict(plan([1, 0, -2, -5]).table)
    table["lag_beyond", ""] = [0, 0, 0, 1]
    ahead = plan([1, 0, -2, -5], 1, table=table)
    assert "more than 5 months ahead in 2029: it takes the lead" in words.path_of(run(ahead), ahead)
    (figure,) = [each for each in plan_figures(run(ahead), ahead) if each.chart == "lag"]
    assert [row.cells[1] for row in figure.table.rows] == [
        *(Cell("1"), Cell("1"), Cell("0"), Cell("2 ahead", "-2"), Cell(">5 ahead", "-5"))
    ]
    assert figure.title == "Lag: 1 month behind at the start, more than 5 months ahead in 2029"


@pytest.mark.parametrize(
    ("months", "start", "said"),
    [
        (
            [-1, -2, -3, -4],
            -1,
            "1 month ahead at the start, 2 months ahead in 2027 and 4 months ahead in 2029: the lead grows",
        ),
        ([-9, -8, -7, -6], -9, "6 months ahead in 2029: the lead shrinks"),
        ([-9, -8, -9, -9], -9, "9 months ahead in 2029: the lead stays"),
        (
            [-3, -1, 1, 2],
            -5,
            "1 month ahead in 2027 and 2 months behind in 2029: it loses the lead",
        ),
    ],
)
def test_where_a_lead_goes_is_said(months: list[float], start: float, said: str) -> None:
    ahead = plan(months, start)
    assert f"{said}; effective compute" in words.path_of(run(ahead), ahead)


def test_above_a_leader_that_stood_higher_before_is_ahead_without_a_number() -> None:
    table = dict(plan([5, 8, 20, 30]).table)
    table["effective_ratio", ""] = [0.9, 1.1, 1.2, 1.3]
    above = plan([5, 8, 20, 30], table=table)
    assert (
        "6 months behind at the start, ahead in 2027 and ahead in 2029: it takes the lead"
        in words.path_of(run(above), above)
    )
    (figure,) = [each for each in plan_figures(run(above), above) if each.chart == "lag"]
    assert [row.cells[1] for row in figure.table.rows[1:]] == [Cell("5"), *[Cell("ahead")] * 3]
    assert "Not drawn" in figure.note
    countries = overview.countries_table(run(above))
    assert [cell.text for cell in countries.rows[0].cells][1:4] == ["6*", "ahead", "ahead"]


def test_followers_that_pass_the_leader_are_not_counted_among_those_behind() -> None:
    ahead, near, far = (
        plan([1, 0, -2, -5], 1, country="TWI"),
        plan([7, 8, 9, 10], 6),
        plan([30, 29, 28, 27], 31, country="IND"),
    )
    points = words.points(run(far, ahead, near))
    assert points[1].startswith("The lag in months grows for 1, closes for 1 of 2 that stay behind; ")
    assert points[3].startswith(
        "Most advanced: Land of TWI, 1 month behind at the start, 0 months behind in 2027"
    )
    assert points[4].startswith("Least advanced: Land of IND, 31 months behind at the start")
    assert words.points(run(ahead, near))[1].startswith("Most advanced: Land of TWI")


def test_headline_counts_trends_and_names_closest_and_farthest() -> None:
    near, far = plan([7, 8, 9, 10], 6), plan([30, 29, 28, 27], 31, country="IND")
    points = words.points(run(far, near))
    assert points[0] == "Leader: USA; none of the others passes it."
    assert points[1] == (
        "The lag in months grows for 1, closes for 1 of 2 followers; "
        "measured by effective compute, both fall back."
    )
    assert points[2].startswith("The two measures can part")
    assert points[3].startswith("Closest: Land of CHN, 6 months behind at the start")
    assert points[4].startswith("Farthest: Land of IND, 31 months behind at the start")


def with_shares(made: Plan, start: float | None, end: float) -> Plan:
    """The plan with these shares of the leader's effective compute at the start and at the horizon."""
    capability = None if start is None else math.log(start)
    base = BaseState(capability=capability, lag_months=made.top.base.lag_months)
    return with_headline(made, base=base, effective_ratio=end)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0.022, 0.036, "effective compute rises from 2.2% to 3.6% of the leader's"),
        (0.22, 0.10, "effective compute falls from 22% to 10% of the leader's"),
        (0.101, 0.102, "effective compute stays at 10% of the leader's"),
        (None, 0.10, "effective compute ends at 10% of the leader's"),
    ],
)
def test_the_share_of_effective_compute_is_told_beside_the_lag(
    start: float | None, end: float, said: str
) -> None:
    korea = with_shares(plan([20, 30, 40, 50], 18), start, end)
    assert words.path_of(run(korea), korea) == (
        f"18 months behind at the start, 30 in 2027 and 50 in 2029: the lag grows; {said}"
    )


def test_lags_that_grow_while_shares_rise_are_counted_apart() -> None:
    lagging = [plan([20, 30, 40, 50], 18, country=country) for country in ("CHN", "IND", "KOR", "ARE")]
    found = [with_shares(each, 0.2, end) for each, end in zip(lagging, (0.1, 0.1, 0.3, 0.4), strict=True)]
    counts, why = words.points(run(*found))[1:3]
    assert counts == (
        "The lag in months grows for all 4 followers; measured by effective compute, "
        "2 (Land of CHN, Land of IND) fall back and 2 (Land of KOR, Land of ARE) come closer."
    )
    assert "a lag may grow while the ratio of effective compute rises" in why
    falling = words.points(run(*(with_shares(each, 0.2, 0.1) for each in lagging)))
    assert falling[1].endswith("measured by effective compute, all 4 fall back.")
    assert falling[2].startswith("Closest")


def without_plan(country: str = "CHN") -> Plan:
    nothing: dict[str, Any] = {"periods": (), "rows": (), "inputs": (), "item": "", "category": "budget"}
    limits = [
        ConflictingLimit(family=family, words=words, period="2026", **nothing)
        for family, words in (("budget", "an income of 1"), ("debt", "a debt of 2"))
    ]
    loan = Repair(kind="", words="a loan", size=1.0, verified=True, patches=(), outcome=None)
    answer = PlanAnswer(
        status="infeasible",
        objective=None,
        certificate=None,
        diagnostics=(),
        headline=None,
        conflict_groups=tuple(limits),
        repairs=(loan,),
    )
    return Plan(country, "", answer, (), {})


def test_a_run_without_any_plan_says_so_in_its_title_and_shows_no_empty_table() -> None:
    broke = run(without_plan())
    assert page.title(broke) == "test: no plan for Land of CHN"
    assert page.subtitle(broke) == ["No plan for Land of CHN; leader: USA"]
    overview, country = page.sections(broke)
    assert overview.points[0] == (
        "No plan for Land of CHN: these cannot hold together: an income of 1 in 2026; a debt of 2 in 2026. "
        "It has a plan with a loan"
    )
    assert not overview.tables
    assert country.title == "Land of CHN (CHN): no plan"
    known = replace(broke, context=Context(horizon=Years(first_year=2026, last_year=2035)))
    assert page.title(known) == "test, 2026 to 2035: no plan for CHN"


def test_a_status_that_is_not_optimal_stands_right_behind_the_country() -> None:
    certified = overview.countries_table(run(plan([6.0, 7.0])))
    assert "status" not in [column.title for column in certified.columns]
    mixed = overview.countries_table(run(plan([6.0, 7.0]), without_plan("GBR")))
    assert [column.title for column in mixed.columns[:2]] == ["Country", "status"]
    assert [row.cells[1].text for row in mixed.rows] == ["optimal", "infeasible"]
    assert {len(row.cells) for row in mixed.rows} == {len(mixed.columns)} == {len(certified.columns) + 1}


def test_countries_are_counted_by_whether_they_have_a_plan() -> None:
    one, two = plan([7, 8, 9, 10]), plan([7, 8, 9, 10], country="IND")
    assert page.subtitle(run(one)) == ["Optimal strategy of Land of CHN; leader: USA"]
    assert page.subtitle(run(one, two)) == ["Optimal strategies of 2 countries; leader: USA"]
    assert page.subtitle(run(one, without_plan("IND"))) == [
        "Optimal strategies of 1 of 2 countries; leader: USA"
    ]


def test_a_chip_goes_by_its_name_and_never_by_its_id() -> None:
    named = {"nv_vr200": "Vera Rubin VR200 (per GPU)", "plain": "plain", "bare": ""}
    chips = {chip: RatedChip(name=name) for chip, name in named.items()}
    world = replace(run(), context=Context(chips=chips))
    names = [world.chip(chip) for chip in ("nv_vr200", "plain", "bare", "unknown")]
    assert names == ["Vera Rubin VR200", "plain", "bare", "unknown"]
    said = "10,000 more Vera Rubin VR200 (nv_vr200) on sale are worth 3%."
    fact = binding("import_control/nv_vr200", meaning="legal purchases", words=said, ranked_by=3.0)
    dear = plan([7, 8, 9, 10], binding=[fact])
    known = replace(run(dear), context=Context(chips=chips))
    plainly = "10,000 more Vera Rubin VR200 on sale are worth 3%."
    assert f"Dearest limit: {plainly}" in words.country_points(known, dear)
    (figure,) = [each for each in plan_figures(known, dear) if each.chart == "bars"]
    assert [cell.text for cell in figure.table.rows[0].cells[:4]] == [
        *("legal purchases: Vera Rubin VR200", "2027", "≤3.0", plainly)
    ]
    assert chip_labels({"a": "H20 (96 GB)", "b": "H20 (141 GB)", "c": "B200", "d": "B200", "e": "A (x)"}) == {
        **{"a": "H20 (96 GB)", "b": "H20 (141 GB)", "c": "B200 (c)", "d": "B200 (d)", "e": "A"}
    }


def test_segments_lines_tools_and_rules_go_by_their_titles() -> None:
    titles = {"segments": {"agents": "Coding and other agents"}, "rules": {"us_2025": "Authorisation of G42"}}
    known = replace(run(), context=Context(titles=titles))
    service = binding("requirement/agents", meaning="required service", unit="", category="")
    assert limit_name(known, service) == "required service: Coding and other agents"
    cap = binding("yearly_cap/us_2025", meaning="yearly cap", unit="", category="")
    assert limit_name(known, cap) == "yearly cap: Authorisation of G42"
    assert limit_name(known, binding("tool_imports/old_duv", meaning="tools")) == "tools: old duv"
    assert known.plain("10% more under the cap us_2025 in 2026") == (
        "10% more under the cap “Authorisation of G42” in 2026"
    )


POLICY: dict[str, Any] = {
    **dict.fromkeys(("name", "given", "title", "description", "leader"), ""),
    **{"sources": (), "structure": None},
}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"description": "No chip is sold. Rent stays."}, "No chip is sold."),
        ({"description": "A fifth\n of 0.5 bn, as of U.S. law"}, "A fifth of 0.5 bn, as of U.S. law."),
        ({"applied": [{"text": "a = 1"}]}, "a = 1"),
        ({"applied": [{"text": "a = 1"}, {"text": "b = 2"}]}, "a = 1 and 1 more change"),
        ({"applied": [{"text": f"{name} = 1"} for name in "aabc"]}, "a = 1 and 2 more changes"),
        ({"name": "a+b", "description": "No chip is sold. Rent\n stays."}, "No chip is sold. Rent stays."),
        ({}, "Nothing is changed."),
    ],
)
def test_a_policy_in_one_sentence(policy: dict[str, Any], said: str) -> None:
    applied = [AppliedAnswer(path="a", old=0, new=1, **each) for each in policy.pop("applied", [])]
    told = {**POLICY, **policy, "applied": applied}
    assert what_it_does(PolicyAnswer(**told)) == said


def test_digits_follow_the_gap() -> None:
    sharp, blunt = plan([7, 8, 9, 10.4]), plan([7, 8, 9, 10.4], gap=1e-2)
    assert words.lag_text(sharp, 10.4) == "10 months behind"
    assert words.lag_text(blunt, 64.0) == "60 months behind"
    assert sharp.precision.shares([0.612, 0.388]) == ["61", "39"]
    assert blunt.precision.shares([0.612, 0.388]) == ["~60", "~40"]
    assert sharp.precision.shares([0.998, 0.002]) == ["100", "<1"]


def test_digits_are_those_that_the_run_tells_whatever_it_lists_of_what_binds() -> None:
    loose = plan([1, 2, 3, 4], binding=[binding("power")])
    assert loose.precision.shares([0.612, 0.388]) == ["61", "39"]
    loose = with_headline(loose, widths={**widths(1e-6), "spend_share": 1.0})
    assert loose.precision.shares([0.612, 0.388]) == ["~60", "~40"]
    ranged = with_headline(loose, ranges={"lag_months/2029": (3.97, 4.03)}, widths=widths(1e-7))
    assert words.lag_text(ranged, 4.04) == "4.0 months behind"


def test_the_fleet_has_no_digit_that_the_gap_does_not_give() -> None:
    table = dict(plan([1, 2, 3, 4]).table)
    table |= {("installed_compute", ""): [1431.6e3] * 4, ("fleet", "a"): [1431.6] * 4}
    made = plan([1, 2, 3, 4], gap=1e-5, table=table)
    known = replace(run(made), context=Context(chips={"a": RatedChip(name="A", research_h100e=1000.0)}))
    figure = fleet(known, made)
    assert figure is not None
    assert [cell.text for cell in figure.table.rows[0].cells] == ["2026", "1,430", "1,430"]


def test_the_certificate_counts_rounds_and_rows_in_whole_numbers() -> None:
    cells = [cell.text for cell in provenance.certificates(run(plan([1, 2, 3, 4]))).rows[0].cells]
    assert cells[-3:-1] == ["7", "2"]


@pytest.mark.parametrize(
    ("period", "where", "expected"),
    [
        ("2026", 0.5, 2026.5),
        ("2026", 1.0, 2027.0),
        ("2026H2", 0.0, 2026.5),
        ("2026Q3", 0.5, 2026.625),
        ("2026M12", 1.0, 2027.0),
    ],
)
def test_dates_of_periods(period: str, where: float, expected: float) -> None:
    assert date(period, where) == pytest.approx(expected)


def test_a_label_that_is_no_period_is_refused() -> None:
    with pytest.raises(ValueError, match="no period"):
        date("soon")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (110.0, "110"),
        (0.05, "0.05"),
        (2_500_000, "2,500,000"),
        ({"2026": 110, "2027": 140}, "110 (2026), 140 (2027)"),
        ({"start": 5.0, "growth": 0.2}, "start 5, growth 0.2"),
        ({"base": [1.0, 2.0], "[2027]": "*= 2"}, "base 1, 2, [2027] *= 2"),
        ([1.0] * 10, "1, 1, 1, 1, 1, 1, 1, 1 and 2 more"),
        (None, "–"),
        (True, "yes"),
        ("inf", "inf"),
    ],
)
def test_values_as_text(value: object, expected: str) -> None:
    assert provenance.value_text(value) == expected


def test_changes_carry_their_sign_and_enough_digits() -> None:
    def difference(change: float, within: float = 0.1, told: bool = True, worth: bool = False) -> Difference:
        return Difference(change, within, told, worth)

    assert [difference(each).text(0) for each in (12.3, -12.3, 0.42, -0.0421)] == [
        *("+12", "-12", "+0.4", "-0.04"),
    ]
    assert [difference(-61.2, within).text(0) for within in (0.1, 9.0, 11.0)] == ["-61", "-60", "-60"]
    assert [difference(each, 0.01, worth=True).text(1) for each in (5.234, -99.96, -100.0)] == [
        *("+5.2", "<-99.9", "<-99.9"),
    ]
    assert lag_cell_of(difference(-8.0), 0) == Cell("-8", "-8", "c2")
    assert lag_cell_of(difference(2.0), 0) == Cell("+2", "2", "f1")
    assert worth_cell_of(difference(2.0, worth=True)) == Cell("+2.0", "2", "b1")
    assert worth_cell_of(difference(-8.0, worth=True)) == Cell("-8.0", "-8", "w2")
    assert lag_cell_of(difference(-8.0, told=False), 0).text == "≈"
    assert lag_cell_of(difference(0.0, told=False), 0).text == "≈"
    assert lag_cell_of(difference(0.0, told=False), 0, same=True).text == "="
    assert lag_cell_of(None, 0).text == "–"


def test_cash_balances_and_shows_what_is_unspent() -> None:
    table = dict(plan([1, 2, 3, 4], 1).table)
    table |= {
        **{("income", ""): [30.0] * 4, ("carried_in", ""): [0.0, 5.0, -1.0, 0.0]},
        **{("interest", ""): [0.0, 0.25, -0.05, 0.0], ("cash", ""): [5.0, -1.0, 0.0, 0.0]},
        **{("buy", ""): [20.0, 30.0, 20.0, 20.0], ("energy", "research"): [1.0] * 4},
        **{("energy", "delivery"): [1.0] * 4, ("premium", "rent"): [1.0] * 4, ("premium", "grey"): [0.5] * 4},
        ("lapsed", ""): [1.5, 2.75, 5.45, 6.5],
        ("outlays", ""): [23.5, 33.5, 23.5, 23.5],
    }
    saving = plan([1, 2, 3, 4], 1, table=table)
    saving = with_headline(saving, premiums_usd_bn=6.0, unspent_usd_bn=16.2)
    said = " ".join(words.country_points(run(saving), saving))
    assert "USD 6.00 bn of what is paid are premiums for pace and USD 16.2 bn of income are left" in said
    (figure,) = [each for each in plan_figures(run(saving), saving) if each.key.endswith("money")]
    heads = [column.title for column in figure.table.columns]
    assert heads == [
        *("Period", "chips bought and made", "energy", "premiums for pace", "unspent", "carried over"),
        *("carried in", "interest", "income"),
    ]
    for row in figure.table.rows:
        numbers = [float(cell.text.replace(",", "")) for cell in row.cells[1:]]
        assert sum(numbers[:5]) == pytest.approx(sum(numbers[5:]), abs=1e-9)
    assert [cell.text for cell in figure.table.rows[0].cells[1:6]] == ["20.0", "2.0", "1.5", "1.5", "5.0"]
    drawn = [column.title for column in figure.table.columns if column.series]
    assert drawn == heads[1:6]
    assert [column.title for column in figure.table.columns if column.field == "level"] == ["income"]
    assert "USD 104 bn paid, USD 16.2 bn left unspent" in figure.title
    assert "Below zero: debt" in figure.note
    shown = overview.countries_table(run(saving))
    places = [column.title for column in shown.columns]
    assert shown.rows[0].cells[places.index("of it premiums")].text == "6.0"
    assert shown.rows[0].cells[places.index("unspent")].text == "16.2"


def test_what_round_off_leaves_of_unspent_income_is_nothing() -> None:
    plain = plan([1, 2, 3, 4], 1)
    round_off = plan([1, 2, 3, 4], 1, table={**plain.table, ("lapsed", ""): [4e-14, 0.0, 0.0, 0.0]})
    (figure,) = [each for each in plan_figures(run(round_off), round_off) if each.key.endswith("money")]
    assert figure.title.endswith("nothing left unspent")
    assert "premiums" not in " ".join(words.country_points(run(plain), plain))


def test_researchers_and_power_stand_beside_their_limit_and_across_countries() -> None:
    table = dict(plan([1, 2, 3, 4], 1).table)
    table |= {
        **{("talent", ""): [10.0, 12.0, 14.0, 16.0], ("recruited", ""): [0.0, 2.0, 2.0, 2.0]},
        **{("power", ""): [5.0, 6.0, 7.0, 8.0], ("power_drawn", ""): [4.0, 5.0, 6.0, 8.0]},
    }
    one, other = plan([1, 2, 3, 4], 1, table=table), plan([2, 3, 4, 5], 1, country="IND", table=table)
    figures = {each.key: each for each in plan_figures(run(one), one)}
    people, power = figures["chn-researchers"], figures["chn-power"]
    assert [column.title for column in people.table.columns] == ["Period", "researchers", "recruited abroad"]
    assert power.title == "Power for compute: 8.00 of 8.00 GW in use in 2029"
    assert [cell.text for cell in power.table.rows[0].cells] == ["2026", "4.00", "5.00"]
    found = {each.key: each for each in overview.overview_figures(run(one, other))}
    marked = [column.title for column in found["power-of-all"].table.columns if column.series]
    assert marked == ["in use, 2026", "in use, 2029", "limit, 2029"]
    assert len(found["researchers-of-all"].table.columns) == 5
    assert [column.title for column in found["lags"].table.columns] == [
        "Period",
        "Land of CHN",
        "Land of IND",
    ]
    assert [cell.text for cell in found["lags"].table.rows[0].cells] == ["start", "1*", "1*"]


def test_the_leaders_line_begins_at_the_start_even_where_the_leader_has_no_plan_here() -> None:
    made = plan([7, 8, 9, 10])
    base = made.top.base.model_copy(update={"compute_ratio": 0.25})
    (figure,) = [
        each
        for each in plan_figures(run(made), with_headline(made, base=base))
        if each.key.endswith("compute")
    ]
    first, second = figure.table.rows[:2]
    assert [cell.text for cell in first.cells] == ["start", "10.0", "40.0", "25"]
    assert (first.date, second.date) == (2025.0, 2026.0)


def test_the_answer_is_one_sentence_with_its_range_or_that_there_is_none() -> None:
    near, far = plan([7, 8, 9, 10], 6), plan([30, 29, 28, 27], 31, country="IND")
    assert headline.answer(run(far, near)) == (
        "USA leads to 2029: the closest of 2 others, Land of CHN, is 6 months behind at the start and "
        "10 months behind in 2029 (range of the inputs not computed: kloof solve ... --bands)."
    )


def test_no_two_policies_look_alike_even_where_a_chart_cuts_their_names() -> None:
    told = {"a": "Chips", "b": "Power"}
    assert labels_of(told, "Baseline") == told
    assert labels_of({"a": "Chips", "b": "chips ", "c": "Power"}, "Baseline") == {
        **{"a": "a", "b": "b", "c": "c"},
    }
    assert labels_of({"a": "Grey market closed", "b": "Rent", "c": "Grey market closed and rent"}) == {
        **{"a": "1. Grey market closed", "b": "Rent", "c": "3. Grey market closed and rent"},
    }
    assert labels_of({"a": "Baseline"}, "Baseline") == {"a": "1. Baseline"}
    assert labels_of({"half": "Same", "half (2)": "Same"}) == {"half": "half", "half (2)": "half (2)"}
    long = {f"policy of one beginning {k}": "Same title" for k in range(12)}
    shown = [label[:12] for label in labels_of(long, "Baseline").values()]
    assert len(set(shown)) == len(shown)


def test_compute_is_told_in_millions_where_there_are_that_many() -> None:
    assert compute_scale([999.0]).unit == "thousand H100e"
    assert compute_scale([2.0, 1000.0]) == (1000.0, "million H100e")


def test_charts_hold_no_data_and_no_colour_of_their_own() -> None:
    made = templates()
    assert set(made) == set(CHARTS)
    text = json.dumps(made)
    assert "var(--s1)" in text
    assert not re.search(r"#[0-9a-fA-F]{6}", text)
    assert '"rows": [' not in text


class Elements(HTMLParser):
    """Elements of a page with their attributes, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


def test_nothing_in_the_page_can_be_loaded_and_no_other_script_can_run() -> None:
    text = page.report_html(run(plan([7, 8, 9, 10])))
    elements = Elements(text)
    loading = [
        (tag, name, value)
        for tag, attributes in elements.found
        for name, value in attributes.items()
        if name in ("src", "srcset", "action", "data", "poster") or (name == "href" and tag != "a")
    ]
    assert loading == [("link", "href", "data:,")]
    policy = next(found["content"] for tag, found in elements.found if found.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    allowed = re.findall(r"sha256-([^']+)'", policy)
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in elements.scripts]
    # data, the runtime compressed, and the one script that the policy lets run
    assert [digest in allowed for digest in digests] == [False, False, True]
    names = [found["id"] for _, found in elements.found if "id" in found]
    assert len(names) == len(set(names))


def test_what_is_in_a_run_is_only_text_in_the_page() -> None:
    hostile = "</td><script>alert(1)</script>"
    warning = remarks([Diagnostic("S105", hostile, severity="warning")])
    evil = plan([7, 8, 9, 10], diagnostics=warning)
    context = {
        "countries": {"CHN": {"name": hostile, "note": hostile}},
        "sources": {"x": {"title": hostile, "url": "javascript:alert(1)", "date": "", "confidence": ""}},
    }
    line = {"path": f"countries.CHN.{hostile}", "value": json.dumps(hostile), "low": "", "high": ""}
    line |= {"status": "sourced", "sources": "x", "note": hostile}
    made = page.report_html(
        replace(run(evil, inputs=[line], instance=hostile), context=Context.model_validate(context))
    )
    elements = Elements(made)
    assert len(elements.scripts) == 3
    assert made.count("&lt;script&gt;alert(1)") >= 5
    assert not [found for tag, found in elements.found if "javascript" in str(found.get("href"))]


def test_a_page_stays_small_and_says_what_it_leaves_out() -> None:
    line = {"low": "1", "high": "3", "status": "assumed", "sources": "", "note": "n" * 100, "value": "2"}
    inputs = [{**line, "path": f"chips.c{k}.tdp_w"} for k in range(8000)]
    inputs.append({**line, "path": "countries.CHN.budget.income_usd_bn"})
    text = page.report_html(run(plan([7, 8, 9, 10]), inputs=inputs))
    assert len(text.encode()) <= page.LARGEST_BYTES
    left_out = re.search(r"(\d+) more, of chips", text)
    assert left_out is not None
    assert text.count('<tr><th scope="row">c') + int(left_out[1]) == 8000
    assert "budget.income_usd_bn" in text


def test_the_same_run_gives_the_same_page() -> None:
    world = run(plan([7, 8, 9, 10]))
    assert page.report_html(world) == page.report_html(world)
