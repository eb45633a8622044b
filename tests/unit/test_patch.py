"""Patches: one grammar, every form of value, order that does not matter, and plain errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import (
    Instance,
    Policy,
    compose,
    load,
    parse_patch,
    patch,
    read_draft,
    read_policy,
)
from optimizer.instance.policy import policies_of
from optimizer.instance.template import TEMPLATE
from optimizer.instance.values import Quantity

WORLD = load(TEMPLATE)
DATES = np.linspace(2026.125, 2033.875, 32)
INCOME = "countries.CHN.budget.income_usd_bn"
PRICE = "chips.nv_h200.unit_price_usd"
NUMBERS = {
    cell.path
    for cell in WORLD.cells()
    if isinstance(cell.value, float)
    and cell.value > 0
    and "[" not in cell.path
    # shares that must go on summing to 1
    and not cell.path.endswith("delivery_share")
}


def income(world: Instance, country: str = "CHN") -> Quantity:
    return world.countries[country].budget.income_usd_bn


def cell_values(world: Instance) -> dict[str, object]:
    return {cell.path: (cell.value, cell.low, cell.high) for cell in world.cells()}


def problems_of(*texts: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        patch(WORLD, texts)
    return caught.value.diagnostics


def test_factors_and_amounts_move_value_and_range() -> None:
    changed = patch(WORLD, [f"{INCOME} *= 2", f"{PRICE} += 5000"])
    assert income(changed).at(DATES).tolist() == pytest.approx((income(WORLD).at(DATES) * 2).tolist())
    assert (income(changed).low, income(changed).high) == (60, 120)
    price = changed.chips["nv_h200"].unit_price_usd
    assert (price.number(), price.low, price.high) == (32000, 30000, 37000)
    assert price.source == ("epoch_chips",)


def test_a_plain_number_drops_range_and_source_and_a_table_brings_its_own() -> None:
    price = patch(WORLD, [f"{PRICE} = 30000"]).chips["nv_h200"].unit_price_usd
    assert (price.number(), price.low, price.source, price.status) == (30000, None, (), "assumed")
    assert PRICE in price.note
    text = f"{PRICE} = {{value: 30000, low: 20000, high: 40000, source: epoch_chips}}"
    price = patch(WORLD, [text]).chips["nv_h200"].unit_price_usd
    assert (price.low, price.high, price.status) == (20000, 40000, "sourced")


def test_a_series_may_be_set_in_any_form() -> None:
    for text, expected in [
        ("100", [100, 100, 100, 100]),
        ("[1, 2, 3, 4]", [1, 2, 3, 4]),
        ("{2026: 10, 2028: 30}", [10, 20, 30, 30]),
        ("{start: 10, growth: 1}", [10, 20, 40, 80]),
    ]:
        changed = patch(WORLD, [f"{INCOME} = {text}"])
        assert [income(changed).in_year(year) for year in range(2026, 2030)] == pytest.approx(expected)


def test_chosen_years() -> None:
    changed = patch(WORLD, [f"{INCOME}[2027] = 50", f"{INCOME}[2028:2029] *= 0.5"])
    before = income(WORLD)
    after = income(changed)
    assert after.in_year(2026) == before.in_year(2026)
    assert after.in_year(2027) == 50
    assert after.in_year(2028) == before.in_year(2028) / 2
    # the last year of the horizon stands for what follows
    assert after.in_year(2035) == before.in_year(2035) / 2
    assert [item.path for item in changed.applied] == [f"{INCOME}[2027]", f"{INCOME}[2028:2029]"]


def test_years_of_a_year_map() -> None:
    texts = ["market.output.nv_h200[2026:2027] *= 2", "market.output.nv_h200[2031] = 7"]
    output = patch(WORLD, texts).market.output["nv_h200"]
    assert {year: output.number(year) for year in output} == {2026: 1800, 2027: 1800, 2028: 500, 2031: 7}
    whole = patch(WORLD, ["market.output.nv_h200 = {2030: 5}"]).market.output["nv_h200"]
    assert {year: whole.number(year) for year in whole} == {2030: 5}


def test_entries_and_optional_fields_can_be_added() -> None:
    changed = patch(
        WORLD,
        [
            "countries.USA.trade.limits.nv_h200 = 10",
            "countries.CHN.budget.cash0_usd_bn = -20",
            "countries.CHN.budget.category_floors.talent = 0.1",
            "countries.CHN.trade.caps.extra = {title: Ten, counts: chips, chips: [nv_b200], total: 10}",
            "countries.CHN.power.pending_gw[2030] = 3",
            "horizon.steps_per_year = 4",
        ],
    )
    assert changed.countries["USA"].trade.limits["nv_h200"].number() == 10
    cash = changed.countries["CHN"].budget.cash0_usd_bn
    assert cash is not None
    assert cash.number() == -20
    cap = changed.countries["CHN"].trade.caps["extra"]
    assert cap.chips == ("nv_b200",)
    assert cap.total is not None
    assert cap.total.number() == 10
    assert changed.countries["CHN"].power.pending_gw.number(2030) == 3
    assert changed.horizon.steps_per_year == 4
    assert WORLD.countries["USA"].trade.limits == {}
    assert (
        patch(changed, ["countries.CHN.budget.cash0_usd_bn = null"], stack=True)
        .countries["CHN"]
        .budget.cash0_usd_bn
        is None
    )


def test_words_can_be_set() -> None:
    changed = patch(
        WORLD, ["leader = CHN", "rules.large_chips.in_force = never", "chips.nv_h200.launch = 2027-Q2"]
    )
    assert changed.leader == "CHN"
    assert changed.rules["large_chips"].in_force == "never"
    assert changed.chips["nv_h200"].launch.start == 2027.25


def test_star_stands_for_one_segment() -> None:
    changed = patch(WORLD, ["countries.*.budget.income_usd_bn *= 2", "chips.*.unit_price_usd *= 1.5"])
    assert income(changed, "USA").in_year(2026) == 900
    assert income(changed, "CHN").in_year(2026) == 90
    assert len(changed.applied) == 2 + len(WORLD.chips)
    only = patch(WORLD, ["countries.*.industry.lines.n7.capacity_kwpm *= 2"])
    assert [item.path for item in only.applied] == ["countries.CHN.industry.lines.n7.capacity_kwpm"]
    grey = patch(WORLD, ["countries.CHN.trade.grey.* *= 0.5"])
    assert len(grey.applied) == 5
    assert grey.countries["CHN"].trade.grey.premium_share.high == 0.5


def test_what_was_applied_is_kept_old_and_new() -> None:
    first = patch(WORLD, [f"{PRICE} += 1000"])
    second = patch(first, ["leader = CHN"])
    assert [(item.path, item.old, item.new, item.text) for item in second.applied] == [
        (PRICE, 27000.0, 28000.0, f"{PRICE} += 1000"),
        ("leader", "USA", "CHN", "leader = CHN"),
    ]
    assert WORLD.applied == ()


def test_the_horizon_is_patched_before_what_depends_on_it() -> None:
    changed = patch(
        WORLD, [f"{INCOME} = [1, 2, 3, 4, 5]", "horizon.last_year = 2030", "research.openness = 0.1"]
    )
    assert income(changed).in_year(2030) == 5
    assert [item.path for item in changed.applied] == [INCOME, "horizon.last_year", "research.openness"]


@given(st.sampled_from(sorted(NUMBERS)), st.floats(0.97, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_factor_and_its_inverse_undo_each_other(path: str, factor: float) -> None:
    there = patch(WORLD, [f"{path} *= {factor!r}"])
    back = patch(there, [f"{path} *= {1 / factor!r}"], stack=True)
    for before, middle, after in zip(WORLD.cells(), there.cells(), back.cells(), strict=True):
        if before.path != path:
            assert before == after
            continue
        assert after.value == pytest.approx(before.value)
        for old, moved, new in [(before.low, middle.low, after.low), (before.high, middle.high, after.high)]:
            # an end that the patch had to cut off at a bound does not come back
            if old is None or moved == pytest.approx(old * factor):
                assert new == pytest.approx(old)


def test_a_moved_range_is_cut_off_at_the_bound() -> None:
    changed = patch(WORLD, ["countries.CHN.fleet.research_share *= 2.5", "research.compute_weight *= 1.8"])
    share = changed.countries["CHN"].fleet.research_share
    assert (share.number(), share.low, share.high) == (0.75, 0.375, 1)
    # a weight must stay below 1: the bound itself is no end of a range
    assert changed.research.compute_weight.high is None
    elasticity = patch(WORLD, ["research.substitution_elasticity *= 0.5"]).research.substitution_elasticity
    assert (elasticity.number(), elasticity.low, elasticity.high) == (0.45, 0.1, 1.29)
    ratio = patch(WORLD, ["countries.CHN.industry.lines.n7.ai_share *= 2"]).countries["CHN"]
    years = np.arange(2026, 2030) + 0.5
    assert ratio.industry.lines["n7"].ai_share.high_at(years).max() == pytest.approx(1)
    assert ratio.industry.lines["n7"].ai_share.at(years).tolist() == [0.6, 0.7, 0.8, 0.8]


DISJOINT = [
    f"{INCOME}[2026] *= 1.5",
    f"{INCOME}[2027] = 7",
    f"{INCOME}[2028:2029] += 3",
    f"{PRICE} *= 1.25",
    "countries.*.talent.researchers_thousand *= 1.1",
    "countries.USA.trade.limits.nv_b200 = 5",
    "market.output.nv_h200[2026] += 5",
    "market.output.nv_h200[2029] = 5",
    "horizon.last_year = 2031",
    "research.openness = {value: 0.3, low: 0.1, high: 0.4}",
]


@given(st.permutations(DISJOINT))
@settings(max_examples=30, deadline=None)
def test_the_order_of_disjoint_patches_does_not_matter(texts: list[str]) -> None:
    expected = patch(WORLD, DISJOINT)
    found = patch(WORLD, texts)
    assert cell_values(found) == cell_values(expected)
    assert found.horizon == expected.horizon
    assert income(found) == income(expected)


@pytest.mark.parametrize(
    "texts",
    [
        (f"{INCOME} *= 2", f"{INCOME} += 1"),
        (f"{INCOME} *= 2", f"{INCOME} *= 2"),
        (f"{INCOME} *= 2", f"{INCOME}[2027] = 1"),
        (f"{INCOME}[2026:2028] *= 2", f"{INCOME}[2028] = 1"),
        ("countries.*.budget.income_usd_bn *= 2", f"{INCOME} *= 2"),
        ("countries.CHN.trade.limits.nv_b200 = 3", "countries.CHN.trade.limits.* *= 3"),
        (
            "countries.CHN.trade.caps.case_by_case = {title: A, counts: usd, chips: all, total: 1}",
            "countries.CHN.trade.caps.case_by_case.per_year *= 2",
        ),
        ("countries.CHN.trade.limits = {}", "countries.CHN.trade.limits.nv_h200 *= 2"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_overlapping_patches_are_an_error_that_names_both(texts: tuple[str, str], turned: bool) -> None:
    first, second = reversed(texts) if turned else texts
    (problem,) = problems_of(first, second)
    assert problem.code == "E404"
    assert first in problem.message
    assert second in problem.message


def test_overlap_with_an_earlier_call_is_an_error_unless_stacked() -> None:
    first = patch(WORLD, [f"{INCOME} *= 2"])
    with pytest.raises(InputError) as caught:
        patch(first, [f"{INCOME}[2027] *= 2"])
    assert caught.value.diagnostics[0].code == "E404"
    stacked = patch(first, [f"{INCOME}[2027] *= 2"], stack=True)
    assert income(stacked).in_year(2027) == pytest.approx(4 * income(WORLD).in_year(2027))


def test_what_an_earlier_call_set_may_be_set_to_the_same_again() -> None:
    texts = [f"{INCOME}[2027] = 5", f"{PRICE} = {{value: 2, low: 1, high: 3}}"]
    first = patch(WORLD, texts)
    again = patch(first, [*texts, "leader = CHN"])
    assert [item.text for item in again.applied] == [*texts, "leader = CHN"]
    assert patch(first, texts) is first
    for other in (f"{INCOME}[2027] = 6", f"{INCOME} = 5", f"{INCOME}[2027:2028] = 5", f"{INCOME}[2027] *= 1"):
        with pytest.raises(InputError) as caught:
            patch(first, [other])
        assert [problem.code for problem in caught.value.diagnostics] == ["E404"]
    # what was changed once more since is no longer the same
    moved = patch(first, [f"{INCOME}[2027] *= 2"], stack=True)
    with pytest.raises(InputError):
        patch(moved, [texts[0]])


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("nonsense", "E401", "PATH = VALUE"),
        ("", "E401", "PATH = VALUE"),
        (f"{INCOME} -= 3", "E401", "+= -5"),
        (f"{INCOME} /= 3", "E401", "*= 0.5"),
        (f"{INCOME}[2027-2030] = 1", "E401", "x.y[2027:2030]"),
        (f"{INCOME}[2027:] *= 2", "E401", "x.y[2027:2030]"),
        (f"{INCOME}@2027 += 1", "E401", "x.y[2027]"),
        (f"{INCOME} =", "E401", "PATH"),
        (f"{INCOME} = [1, 2", "E401", ""),
        (f"{INCOME} = *x", "E401", ""),
        (f"{INCOME}[27] = 1", "E401", ""),
        ("countries..CHN = 1", "E401", ""),
        (
            "countries.CHN.budget.incme_usd_bn *= 2",
            "E402",
            "did you mean `countries.CHN.budget.income_usd_bn`?",
        ),
        (
            "countries.CNH.budget.income_usd_bn *= 2",
            "E402",
            "did you mean `countries.CHN.budget.income_usd_bn`?",
        ),
        ("countries.*.budget.incme_usd_bn *= 2", "E402", "income_usd_bn"),
        (f"{INCOME}.value *= 2", "E402", f"the path ends at `{INCOME}`"),
        ("countries.CHN.trade.limits.nv_h20 *= 2", "E402", "nv_h200"),
        ("countries.USA.trade.limits.nv_h200 *= 2", "E402", "add one"),
        ("countries.CHN.budget.category_floors.reserch = 0.1", "E402", "`research`"),
        ("countries.USA.trade.limits.* *= 2", "E403", "exactly one segment"),
        ("market.output.nv_h200[2035] *= 2", "E403", "2026, 2027, 2028"),
        ("sources.epoch_chips.title = x", "E405", ""),
        ("countries.CHN.trade.grey *= 2", "E405", "limit_kh100e_per_year"),
        ("leader *= 2", "E406", "leader = VALUE"),
        ("countries.CHN.budget.cash0_usd_bn *= 2", "E406", "= VALUE"),
        (f"{INCOME} *= much", "E406", ""),
        (f"{INCOME} += .inf", "E406", ""),
        (f"{INCOME} *= true", "E406", ""),
        (f"{PRICE}[2027] *= 2", "E407", "leave the [years] out"),
        (f"{INCOME}[2031] *= 2", "E407", ""),
        (f"{INCOME}[2028:2027] *= 2", "E407", ""),
        (f"{INCOME}[2028] = [1, 2]", "E407", ""),
        ("countries.USA.power.available_gw[2027] = 2", "E407", ""),
        (f"{INCOME} = -1", "E408", ""),
        (f"{INCOME}[2027] += -1000", "E408", ""),
        (f"{INCOME} = cheap", "E408", ""),
        (f"{INCOME} = null", "E408", ""),
        ("countries.CHN.industry.lines.n7.yield *= 2", "E408", ""),
        ("rules.large_chips.in_force = nevr", "E408", "did you mean `never`?"),
        ("horizon.steps_per_year = 3", "E408", ""),
        ("horizon.last_year = 2020", "E408", ""),
        ("leader = FRA", "E408", "FRA.yaml"),
        ("countries.USA.trade.limits.nv_h20O = 10", "E408", "did you mean `nv_h200`?"),
        (f"{INCOME} = {{value: 5, source: nobody}}", "E408", "known"),
        ("lines.n7.previous = n5", "E408", "previous: null"),
        ("segments.public.delivery_share = 0.4", "E408", ""),
        ("countries.CHN.trade.caps.x = {title: A, counts: chips, chips: all}", "E408", ""),
        ("countries.CHN.trade.caps.x = {titel: A, counts: chips, chips: all, total: 1}", "E408", "`title`"),
        ("countries.CHN.trade.caps.x y = 1", "E401", ""),
        ("countries.CHN.trade.fees.nv_h200 = 25", "E408", "it is a share: 0.25 is 25%"),
        ("countries.CHN.trade.fees.nv_h200 = {value: 0.5, high: 25}", "E408", "0.25 is 25%"),
        ("countries.CHN.trade.supply_share[2027] = 17", "E408", "0.25 is 25%"),
        ("rules.large_chips.fee_share = 25", "E408", "0.25 is 25%"),
    ],
)
def test_a_bad_patch_gives_one_diagnostic_with_its_text(text: str, code: str, hint: str) -> None:
    (problem,) = problems_of(text)
    assert problem.code == code
    assert text.strip() in problem.message
    assert hint in (problem.hint or "")
    assert "Traceback" not in problem.render()


def test_all_bad_patches_are_reported_at_once() -> None:
    texts = [f"{INCOME} = -1", "leader = 5", f"{PRICE} = x"]
    assert [problem.code for problem in problems_of(*texts)] == ["E408"] * 3
    texts = ["a b", "c", "leader *= 2", f"{INCOME}[2027] = -1", "rules.large_chips.to = 2001-01-01"]
    assert [problem.code for problem in problems_of(*texts)] == ["E401", "E401", "E406", "E408", "E408"]


def test_all_problems_of_a_file_come_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    patches = [
        "rules.large_chips.to = 2001-01-01",
        "countries.CHN.trade.fees.nv_h200 = 15",
        f"{PRICE} *= 2",
        "foo bar",
        "countries.CHN.budget.incme_usd_bn *= 2",
        f"{PRICE} += 1",
        "countries.CHN.trade.limits.nv_h20O = 1",
    ]
    path.write_text("title: Wrong\npatches:\n" + "".join(f"  - {text}\n" for text in patches))
    draft = read_draft(path)
    with pytest.raises(InputError) as caught:
        policies_of([draft], WORLD, [draft.patches])
    found = [(problem.line, problem.code) for problem in caught.value.diagnostics]
    codes = ["E408", "E408", None, "E401", "E402", "E404", "E408"]
    assert found == [(line, code) for line, code in enumerate(codes, 3) if code]


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        # the share that is missing to the sum of 1 is the one that cannot be read
        (("segments.public.delivery_share = 0.4", "segments.business.delivery_share = -0.6"), ["E408"]),
        (("segments.public.delivery_share = 0.4", "segments.busines.delivery_share = 0.6"), ["E402"]),
        (("rules.new = {title: A}", "rules.large_chips.suspends = new"), ["E408", "E408"]),
        (("rules.large_chips.to = 2022-05-01", "rules.large_chips.form = 2022-01-01"), ["E402"]),
        (("rules.large_chips.to = 2022-05-01", "rules.large_chips.from = 2022-13-01"), ["E408"]),
        # the years of the others are those of the horizon meant
        ((f"{INCOME}[2031] *= 2", "horizon.last_yaer = 2032"), ["E402"]),
        ((f"{INCOME} = [1, 2, 3, 4, 5]", "horizn.last_year = 2030"), ["E402"]),
        ((f"{INCOME}[2031] *= 2", "horizon.last_year = soon", f"{PRICE} = -1"), ["E408", "E408"]),
        ((f"{INCOME}[2031] *= 2", "horizon.last_year = 2020", f"{PRICE} = -1"), ["E408", "E408"]),
        ((f"{INCOME}[2031] *= 2", "horizon.last_year = 2032", "horizon.last_year = 2033"), ["E404"]),
        (("segments = {public: {title: 1}}",), ["E408", "E408"]),
        (("rules = {}", "rules.large_chips.form = 2022-01-01"), ["E402"]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_follows_from_a_bad_patch_is_not_said(
    texts: tuple[str, ...], codes: list[str], turned: bool
) -> None:
    found = problems_of(*(reversed(texts) if turned else texts))
    assert [problem.code for problem in found] == codes


def draft_policy(name: str) -> Policy:
    return Policy(name, name, " More of it!\n", (), ())


POLICY = """\
title: Half the chips
description: Limits the H200.
sources: ["A law of 2026"]
patches:
  - countries.CHN.trade.limits.nv_h200 *= 0.5
  - "countries.CHN.trade.fees.nv_h200 = 0.3"
"""


def test_a_policy_file_is_a_list_of_patches(tmp_path: Path) -> None:
    path = tmp_path / "half.yaml"
    path.write_text(POLICY)
    policy = read_policy(path)
    assert (policy.name, policy.title, policy.sources) == ("half", "Half the chips", ("A law of 2026",))
    changed = patch(WORLD, policy.patches)
    assert changed.countries["CHN"].trade.fees["nv_h200"].number() == 0.3
    assert changed.countries["CHN"].trade.limits["nv_h200"].high == 500


def test_policies_compose_and_their_overlap_is_found_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "half.yaml"
    path.write_text(POLICY)
    other = tmp_path / "tax.yaml"
    other.write_text("title: Tax\npatches:\n  - countries.CHN.trade.fees.nv_h200 = 0.5\n")
    both = compose([read_policy(path), read_policy(other)])
    assert (both.name, both.title, len(both.patches)) == ("half+tax", "Half the chips and Tax", 3)
    assert both.description == "Limits the H200."
    assert read_policy(f"{path}+{other}").patches == both.patches
    third = compose([read_policy(path), draft_policy("more"), read_policy(path)])
    assert third.description == "Limits the H200. More of it! Limits the H200."
    with pytest.raises(InputError) as caught:
        patch(WORLD, both.patches)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.file, problem.line) == ("E404", str(other), 3)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("title: A\n", "E102", 1),
        ("title: A\npatchs: []\n", "E101", 2),
        ("title: A\npatches:\n  - x\n", "E401", 3),
        ("title: A\npatches:\n  - {a: 1}\n", "E104", 3),
        ("title: A\npatches: [\n", "E204", 3),
        ("", "E207", 1),
    ],
)
def test_malformed_policies(content: str, code: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_policy(path)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.file, problem.line) == (code, str(path), line)


def test_unknown_policies(tmp_path: Path) -> None:
    for name, code in [("no-such-policy", "E209"), (str(tmp_path / "x.yaml"), "E201"), ("a+b", "E209")]:
        with pytest.raises(InputError) as caught:
            read_policy(name)
        assert caught.value.diagnostics[0].code == code


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "no policy is named"),
        (" ", "no policy is named"),
        ("h20_banned+", "no policy is named after the + in `h20_banned+`"),
        ("+ h20_banned", "no policy is named before the + in `+ h20_banned`"),
        ("a++b", "no policy is named after the + in `a++b`"),
        ("+", "no policy is named before the + in `+`"),
    ],
)
def test_a_policy_without_a_name(name: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_policy(name)
    assert [(problem.code, problem.message) for problem in caught.value.diagnostics] == [("E209", says)]


def test_a_patch_is_read_into_its_parts() -> None:
    one = parse_patch("  countries.*.budget.income_usd_bn [2027:2030]  *= 1.5 ")
    assert one.segments == ("countries", "*", "budget", "income_usd_bn")
    assert (one.years, one.operation, one.value) == ((2027, 2030), "*=", 1.5)
    star = parse_patch("chips.*=3")
    assert (star.segments, star.operation) == (("chips", "*"), "=")


SUBSTITUTION = "research.substitution_elasticity"


@given(st.floats(0.12, 10))
@settings(max_examples=200, deadline=None)
def test_a_range_is_cut_where_its_value_may_go_on(factor: float) -> None:
    """Cut at the bound itself: never refused for what rounding leaves of it."""
    moved = patch(WORLD, [f"{SUBSTITUTION} *= {factor!r}"]).research.substitution_elasticity
    assert moved.low is not None
    assert 0.1 <= moved.low <= moved.number() <= (moved.high or 10) <= 10


def test_the_end_of_a_range_that_cannot_follow_its_value_is_cut_or_dropped() -> None:
    changed = patch(WORLD, [f"{SUBSTITUTION} *= 0.7327398146600881"])
    assert changed.research.substitution_elasticity.low == 0.1
    # a value of 0 whose range leaves the shares
    recovery = "countries.CHN.budget.cost_recovery"
    assert patch(WORLD, [f"{recovery} *= 3"]).countries["CHN"].budget.cost_recovery.high is None
    # a series that falls to 0
    share = "countries.CHN.industry.lines.n7.ai_share"
    falling = patch(WORLD, [f"{share} = {{value: {{2026: 0.5, 2030: 0}}, low: 0.1, high: 0.9}}"])
    moved = patch(falling, [f"{share} *= 1.5"], stack=True).countries["CHN"].industry.lines["n7"].ai_share
    assert moved.low == pytest.approx(0.15)
    assert moved.high == pytest.approx(1)
    # a series whose first number becomes 0 has no factor
    rising = patch(WORLD, [f"{share} = {{value: {{2026: 0.25, 2030: 0.75}}, low: 0.125, high: 0.375}}"])
    moved = patch(rising, [f"{share} += -0.25"], stack=True).countries["CHN"].industry.lines["n7"].ai_share
    assert (moved.low, moved.high) == (None, None)
    # an amount of a single year
    amount = patch(WORLD, ["market.output.nv_b200[2026] += -5000"]).market.output["nv_b200"][2026]
    assert (amount.number(), amount.low, amount.high) == (1000, 0, 2200)


def test_only_the_value_is_refused() -> None:
    (problem,) = problems_of(f"{SUBSTITUTION} *= 0.1")
    assert problem.path == SUBSTITUTION
    assert "must lie between 0.1 and 10" in problem.message


@pytest.mark.parametrize("text", ["countries.CHN.name = \x1b[31mChina", "countries.CHN.\u202ename = China"])
def test_a_patch_that_does_not_show_what_it_says_is_refused(text: str) -> None:
    (problem,) = problems_of(text)
    assert problem.code == "E401"
    assert "holds the character U+" in problem.message
    assert not {"\x1b", "\u202e"} & set(problem.render())


def test_a_patch_cannot_set_what_a_file_may_not_hold() -> None:
    (problem,) = problems_of('countries.CHN.name = "Chi\\e[31mna"')
    assert (problem.code, "U+001B" in problem.message) == ("E401", True)


def test_a_policy_may_not_hold_hidden_characters(tmp_path: Path) -> None:
    path = tmp_path / "hidden.yaml"
    path.write_text('title: "Quiet \\e]0;x\\a"\npatches:\n  - horizon.last_year = 2028\n')
    with pytest.raises(InputError) as caught:
        read_policy(path)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.line, problem.path) == ("E118", 1, "title")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("countries.CHN.industry.lines.n7.tool_limit_kwpm_per_year", "industry.tools.CLASS"),
        ("countries.CHN.trade.rent.normal_kh100e", "trade.rent.normal_share"),
        ("countries.CHN.trade.grey.normal_kh100e_per_year", "trade.grey.normal_share"),
    ],
)
def test_a_field_of_format_1_is_told_where_it_went(path: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        patch(load("world-2026"), [f"{path} *= 2"])
    (one,) = caught.value.diagnostics
    assert one.code == "E402"
    assert "a field of format 1" in (one.hint or "")
    assert said in (one.hint or "")
