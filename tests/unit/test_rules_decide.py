"""What rules make of the small world's chips, against numbers worked out by hand.

The buyer is NLD, which gets half of the output: 500, 400, 300 and 200 thousand us_one from 2026 on, 250 and
1000 thousand us_two in 2027 and 2028.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.parameters import TABLE, Array, LeaderPath, PlanParameters
from optimizer.errors import InputError
from optimizer.instance import Instance, load, patch
from optimizer.instance.resolve import plan_sets, resolve
from optimizer.instance.rules.checks import check_rules
from optimizer.instance.rules.law import law
from optimizer.instance.rules.rulebook import READ_OF_CHIPS, READ_OF_LINES, rulebook
from tests.unit.resolve_cells import replaced
from tests.unit.rules_worlds import SMALL_WORLD, rules_world, world_with
from tests.unit.test_resolve_map import path_of

SHIPPED = Path(__file__).parents[2] / "instances" / "world-2026"
ONE, TWO, SOLD = 0, 1, 5
SMALL = load(SMALL_WORLD)
FREE = patch(SMALL, ["rules.large_chips.in_force = never"])


def plan(world: Instance, country: str = "NLD", path: LeaderPath | None = None) -> PlanParameters:
    return resolve(world, country, path or path_of(world.leader, plan_sets(world, country)))


def bought(world: Instance, chip: int = ONE, country: str = "NLD") -> list[float]:
    """What can be bought of a chip in the first three years."""
    return [round(float(value), 9) for value in plan(world, country)["import_limit"][chip, :3]]


def fee_share(world: Instance, chip: int = ONE) -> Array:
    """The fee over the price of the chip alone, first three years."""
    found = plan(world)
    return found["fee"][chip, :3] / (found["unit_cost"][chip, :3] * found["chip_part"][chip])


def test_without_rules_the_share_of_the_supply_is_left(tmp_path: Path) -> None:
    assert bought(FREE) == [500, 400, 300]
    assert bought(FREE, TWO) == [0, 250, 1000]


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("{action: deny}", [0, 0, 0]),
        ("{action: deny, from: 2026-04-01, to: 2026-09-30}", [250, 400, 300]),
        ("{action: deny, from: 2026-04-01, to: 2027-03-31}", [125, 300, 300]),
        ("{action: deny, from: 2026-02-15, to: 2026-02-28}", [500 - 500 / 12 / 2, 400, 300]),
        ("{action: deny, in_force: never}", [500, 400, 300]),
        ("{action: deny, from: 2030-01-01, in_force: always}", [0, 0, 0]),
        ("{action: deny, destinations: CHN}", [500, 400, 300]),
        ("{action: deny, destinations: all, excluded_destinations: NLD}", [500, 400, 300]),
        ("{action: deny, destinations: both}", [0, 0, 0]),
        ("{action: deny, suppliers: CHN}", [500, 400, 300]),
        ("{action: deny, chips: us_two}", [500, 400, 300]),
        ("{action: deny, condition: {tpp: {min: 16000}}}", [0, 0, 0]),
        ("{action: deny, condition: {tpp: {max: 16000}}}", [500, 400, 300]),
        (
            "{action: deny, condition: {tpp: {min: 16000}, memory_bandwidth_gbs: {max: 4000}}}",
            [500, 400, 300],
        ),
        ("{action: deny, condition: {tpp: {min: 99999}}, alternatives: {b: {tpp: {max: 16001}}}}", [0, 0, 0]),
        ("{action: license, approval_share: 0.25}", [125, 100, 75]),
        ("{action: license, approval_share: 1, cap_value: 30, cap_per: chip}", [30, 30, 30]),
        ("{action: cap, cap_value: {2026: 50, 2028: 70}, cap_per: chip}", [50, 60, 70]),
        ("{action: cap, cap_value: 160000, cap_counts: tpp, cap_per: chip}", [10, 10, 10]),
        ("{action: cap, cap_value: 4, cap_counts: usd, cap_per: chip}", [100, 4 / 0.054, 100]),
        ("{action: cap, cap_value: 0.1, cap_basis: share_of_leader_supply}", [30, 22, 15]),
        ("{action: multiply, multiplier: 0.5}", [250, 200, 150]),
        ("{action: deny, test: location}", [100, 80, 60]),
        ("{action: license, approval_share: 0.5, test: location}", [300, 240, 180]),
        ("{action: cap, cap_value: 30, cap_per: chip, test: location}", [130, 110, 90]),
        ("{action: none, reason: nothing follows}", [500, 400, 300]),
    ],
)
def test_one_rule(rule: str, left: list[float], tmp_path: Path) -> None:
    world = world_with(tmp_path, f"a: {rule}", "{both: [CHN, NLD]}")
    world = patch(world, ["countries.NLD.trade.subsidiary_share = 0.2"])
    assert bought(world) == pytest.approx(left)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("a: {action: cap, cap_value: 30, cap_per: chip}\nb: {action: license, approval_share: 0.1}", 30),
        ("a: {action: cap, cap_value: 30, cap_per: chip}\nb: {side: import, action: deny}", 0),
        ("a: {action: deny}\nb: {action: fee, fee_share: 0.1, relaxes: a}", 500),
        ("a: {action: deny}\nb: {action: fee, fee_share: 0.1, relaxes: a, chips: us_two}", 0),
        ("a: {action: deny}\nb: {action: fee, fee_share: 0.1, relaxes: a, from: 2026-07-01}", 250),
        ("a: {action: deny}\nb: {action: suspend, suspends: a, to: 2026-03-31}", 125),
        ("a: {action: deny}\nb: {action: suspend, suspends: a, destinations: CHN}", 0),
        (
            "a: {action: deny}\nb: {action: suspend, suspends: a}\n"
            "c: {action: suspend, suspends: b, from: 2026-07-01}",
            250,
        ),
        ("a: {action: deny}\nb: {action: license, approval_share: 1, relaxes: a, in_force: never}", 0),
    ],
)
def test_several_rules(rules: str, left: float, tmp_path: Path) -> None:
    assert bought(world_with(tmp_path, rules))[0] == pytest.approx(left)


def test_the_makers_own_country_is_free(tmp_path: Path) -> None:
    world = world_with(tmp_path, "a: {action: deny, destinations: all}")
    assert bought(world, ONE, "USA") == bought(FREE, ONE, "USA") == [300, 220, 150]
    assert bought(world, SOLD, "USA") == [0, 0, 0]


def test_a_share_of_what_the_leader_buys(tmp_path: Path) -> None:
    rule = "a: {action: cap, cap_value: 0.5, cap_basis: share_of_leader_purchases}"
    world = patch(world_with(tmp_path, rule), ["horizon.steps_per_year = 4"])
    sets = plan_sets(world, "NLD")
    path = path_of("USA", sets)
    # 2 thousand in each quarter are 8 in the year
    path.imports[ONE, :] = 2.0
    found = plan(world, "NLD", path)
    assert found["import_limit"][ONE, :12] == pytest.approx(4.0)
    assert (plan(world, "USA", None)["import_limit"] == plan(FREE_QUARTERS, "USA")["import_limit"]).all()


FREE_QUARTERS = patch(FREE, ["horizon.steps_per_year = 4"])


def test_fees_of_a_side_are_the_highest_and_both_sides_add(tmp_path: Path) -> None:
    rules = """
        a: {action: fee, fee_share: 0.1}
        b: {action: cap, cap_value: 30, fee_share: {2026: 0.2, 2028: 0.3}}
        c: {side: import, action: fee, fee_share: 0.05, from: 2027-07-01}
    """
    assert fee_share(world_with(tmp_path, rules)) == pytest.approx([0.2, 0.25 + 0.05 / 2, 0.3 + 0.05])


def test_a_fee_counts_as_much_as_what_can_be_bought_under_it(tmp_path: Path) -> None:
    rules = """
        a: {action: deny, to: 2026-06-30}
        b: {action: fee, fee_share: 0.25, from: 2026-07-01, to: 2026-12-31}
        c: {action: license, approval_share: 0.5, fee_share: 0.3, from: 2027-07-01}
    """
    # 2027: 200 thousand without a fee, then 100 thousand at 30%
    assert fee_share(world_with(tmp_path, rules)) == pytest.approx([0.25, 0.1, 0.3])


def test_a_cap_on_several_chips(tmp_path: Path) -> None:
    rules = "a: {action: cap, cap_value: 40, cap_counts: h100e, from: 2026-07-01, chips: [us_one, us_two]}"
    found = plan(world_with(tmp_path, rules))
    row = found.sets.rules.index("a")
    # half of the year's amount and what can be bought in the other half
    assert found["cap"][row, :3] == pytest.approx([20 + 250, 40, 40])
    # us_two is not on sale in 2026, but would count
    assert found["cap_weight"][row, :, 0].tolist() == [1, 2, 0, 0, 0, 0]
    assert np.isinf(found["cap_cumulative"][row]).all()
    assert found["import_limit"][ONE, 0] == pytest.approx(500)


def test_a_cap_in_all_does_not_count_what_came_before_it(tmp_path: Path) -> None:
    window = "from: 2027-04-01, to: 2028-12-31"
    found = plan(world_with(tmp_path, f"a: {{action: cap, cap_value: 70, cap_basis: total, {window}}}"))
    row = found.sets.rules.index("a")
    # what is bought in 2026 counts nothing; of 2027 a quarter of us_one and cn_sold could come before the cap
    before = 400 / 4 + 120 / 4
    assert found["cap_cumulative"][row, :4] == pytest.approx([np.inf, 70 + before, 70 + before, np.inf])
    assert not found["cap_weight"][row][:, [0, 3]].any()


def test_an_exemption_opens_what_is_denied_up_to_its_volume(tmp_path: Path) -> None:
    rules = """
        a: {action: deny, from: 2027-07-01}
        b: {action: exempt, cap_value: 3, consignees: 2, cap_counts: h100e, relaxes: a, from: 2027-10-01}
        c: {action: license, approval_share: 0.5, chips: us_two}
    """
    found = plan(world_with(tmp_path, rules))
    row = found.sets.rules.index("b")
    assert found["import_limit"][ONE, :3] == pytest.approx([500, 200 + 100, 300])
    # us_one and cn_sold could be bought for half a year before the denial, us_two is sold from July only
    assert found["cap"][row, :3] == pytest.approx([np.inf, 6 / 4 + 200 + 60, 6])
    assert found["cap_weight"][row, :2, 2].tolist() == [1, 2]


def test_exemptions_from_one_rule_add_up(tmp_path: Path) -> None:
    rules = """
        a: {action: deny}
        b: {action: exempt, cap_value: 3, relaxes: a, chips: [us_one, us_two]}
        c: {action: exempt, cap_value: 5, relaxes: a, chips: [us_one, us_two]}
        d: {action: exempt, cap_value: 9, relaxes: a, chips: cn_sold}
    """
    found = plan(world_with(tmp_path, rules))
    assert found["cap"][[found.sets.rules.index(name) for name in "bcd"], 1].tolist() == [8, 8, 9]


def test_exemptions_one_after_the_other_share_the_year(tmp_path: Path) -> None:
    rules = """
        a: {action: deny}
        b: {action: exempt, cap_value: 4, relaxes: a, chips: us_one, to: 2026-06-30}
        c: {action: exempt, cap_value: 6, relaxes: a, chips: us_one, from: 2026-07-01}
    """
    found = plan(world_with(tmp_path, rules))
    cap = found["cap"][[found.sets.rules.index(name) for name in "bc"], :2]
    assert cap.tolist() == [[5, np.inf], [5, 6]]


def test_an_exemption_counts_while_there_is_something_to_exempt(tmp_path: Path) -> None:
    rules = """
        a: {action: deny, from: 2027-07-01}
        b: {action: exempt, cap_value: 4, relaxes: a, chips: us_one}
        c: {action: exempt, cap_value: 6, relaxes: a, chips: us_one}
    """
    found = plan(world_with(tmp_path, rules))
    cap = found["cap"][[found.sets.rules.index(name) for name in "bc"], :3]
    # half of 2027's supply is free
    assert cap.tolist() == [[np.inf, 5 + 200, 10], [np.inf, 5 + 200, 10]]


def test_exemptions_from_two_denials_do_not_add_up(tmp_path: Path) -> None:
    rules = """
        a: {action: deny}
        b: {action: exempt, cap_value: 3, relaxes: a}
        c: {side: import, action: deny}
        d: {side: import, action: exempt, cap_value: 5, relaxes: c}
    """
    found = plan(world_with(tmp_path, rules))
    assert found["cap"][[found.sets.rules.index(name) for name in "bd"], 1].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("rules", "place", "says"),
    [
        (
            "a: {action: cap, cap_value: 9, chips: [us_one, us_two]}\n"
            "b: {action: exempt, cap_value: 5, relaxes: a, chips: us_one}",
            "rules.b.relaxes[0]",
            "is for some chips of the cap `a` only, not for us_two",
        ),
        (
            "a: {action: deny}\nb: {action: exempt, cap_value: 1, relaxes: a, chips: [us_one, us_two]}\n"
            "c: {action: exempt, cap_value: 1000, relaxes: a, chips: [us_two, cn_sold]}",
            "rules.c.relaxes[0]",
            "`c` and `b` open some of the same chips, and some that only one of them opens: us_one, cn_sold",
        ),
        (
            "a: {action: cap, cap_value: 9, chips: us_one}\nb: {action: cap, cap_value: 9, chips: us_two}\n"
            "c: {action: exempt, cap_value: 5, relaxes: [a, b]}",
            "rules.c.relaxes[1]",
            "relaxes caps on different chips, and its volume is one for all",
        ),
        (
            "a: {action: cap, cap_value: 9, chips: us_one}\nb: {action: deny, chips: us_two}\n"
            "c: {action: exempt, cap_value: 5, relaxes: [a, b]}",
            "rules.c.relaxes[0]",
            "relaxes rules on different chips",
        ),
        (
            "a: {action: cap, cap_value: 9}\nb: {action: exempt, cap_value: 5, relaxes: a}\n"
            "c: {action: fee, fee_share: 0.1, relaxes: b, chips: us_one}",
            "rules.c.relaxes[0]",
            "`c` relaxes the exemption `b` for some of its chips only, not for us_two, cn_sold",
        ),
        (
            "a: {action: cap, cap_value: 9}\nb: {action: exempt, cap_value: 5, relaxes: a, fee_share: 0.5}",
            "rules.b.fee_share",
            "`b` adds to the cap `a`, and a fee would be paid on all of it",
        ),
    ],
)
def test_a_volume_for_other_chips_is_an_error(rules: str, place: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        world_with(tmp_path, rules)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.path) == ("E317", place)
    assert says in problem.message
    assert (problem.file or "").endswith("rules.yaml")
    assert problem.line is not None


@pytest.mark.parametrize("action", ["cap", "fee"])
def test_a_circle_of_rules_that_give_way_is_an_error(action: str, tmp_path: Path) -> None:
    number = {"cap": "cap_value: 5", "fee": "fee_share: 0.1"}[action]
    rules = f"""
        a: {{action: deny}}
        b: {{action: license, approval_share: 0.5, relaxes: [a, c]}}
        c: {{action: license, approval_share: 0.3, relaxes: [a, d]}}
        d: {{action: {action}, {number}, relaxes: [a, b]}}
    """
    with pytest.raises(InputError, match="`b` relaxes a rule that relaxes it in turn") as caught:
        world_with(tmp_path, rules)
    assert caught.value.diagnostics[0].path == "rules.b.relaxes"


def test_an_exemption_adds_while_it_and_the_cap_hold(tmp_path: Path) -> None:
    rules = """
        a: {action: cap, cap_value: 10, chips: us_one, to: 2026-06-30}
        b: {action: exempt, cap_value: 100, relaxes: [a, c], chips: us_one, from: 2026-07-01, to: 2027-06-30}
        c: {action: cap, cap_value: 20, chips: us_one, from: 2027-01-01}
        e: {action: cap, cap_value: 90, cap_basis: total, chips: us_one}
        f: {action: exempt, cap_value: 7, cap_basis: total, relaxes: e, chips: us_one, to: 2027-12-31}
    """
    found = plan(world_with(tmp_path, rules))
    row = found.sets.rules.index
    # the other half of 2026 has no cap: 250 of the supply, not 100 more
    assert found["cap"][row("a"), :2] == pytest.approx([5 + 250, np.inf])
    assert found["cap"][row("c"), :3] == pytest.approx([np.inf, 20 + 50, 20])
    # what was exempted in all stays so
    assert found["cap_cumulative"][row("e"), :3] == pytest.approx([97, 97, 97])


def test_an_exemption_that_gives_way_adds_nothing(tmp_path: Path) -> None:
    rules = """
        a: {action: cap, cap_value: 10, chips: us_one}
        b: {action: exempt, cap_value: 5, relaxes: a, chips: us_one}
        c: {action: fee, fee_share: 0.1, relaxes: b, from: 2027-07-01}
    """
    found = plan(world_with(tmp_path, rules))
    assert found["cap"][found.sets.rules.index("a"), :3] == pytest.approx([15, 12.5, 10])


@pytest.mark.parametrize("steps", [2, 4, 12])
def test_a_cap_has_the_same_year_in_parts_of_it(steps: int, tmp_path: Path) -> None:
    rules = """
        a: {action: cap, cap_value: 40, chips: us_two}
        b: {action: cap, cap_value: 30, chips: us_two, from: 2027-10-01}
        c: {action: deny, chips: us_two, side: import}
        d: {action: exempt, cap_value: 8, chips: us_two, side: import, relaxes: c}
    """
    own = ["countries.NLD.trade.caps.o = {title: Own, counts: chips, chips: [us_two], per_year: 12}"]
    world = patch(world_with(tmp_path, rules), [*own, f"horizon.steps_per_year = {steps}"])
    found = plan(world)
    could = found["import_limit"][TWO, : 3 * steps] > 0
    # us_two is sold from July 2027
    assert could.tolist() == [False] * (3 * steps // 2) + [True] * (3 * steps // 2)
    for name, yearly in (("a", 40), ("d", 8), ("o", 12)):
        row = np.where(could, found["cap"][found.sets.rules.index(name), : 3 * steps], 0)
        assert row.reshape(3, steps).mean(axis=1) == pytest.approx([0, yearly, yearly]), name
    assert found["cap"][found.sets.rules.index("b"), 2 * steps : 3 * steps] == pytest.approx(30)


def test_an_exemption_adds_to_the_cap_that_it_relaxes(tmp_path: Path) -> None:
    rules = """
        a: {action: cap, cap_value: 40, chips: us_one}
        b: {action: cap, cap_value: 90, cap_basis: total, chips: us_one}
        c: {action: exempt, cap_value: 3, relaxes: [a, b], from: 2027-07-01}
        d: {action: exempt, cap_value: 5, relaxes: [a, b], chips: us_two}
    """
    found = plan(world_with(tmp_path, rules))
    yearly, total = found.sets.rules.index("a"), found.sets.rules.index("b")
    assert found["cap"][yearly, :3] == pytest.approx([40, 41.5, 43])
    assert found["cap_cumulative"][total, :3] == pytest.approx([90, 91.5, 94.5])
    assert found["cap_weight"][found.sets.rules.index("c")].sum() == 0


def test_a_waiver_takes_its_chips_out_of_a_cap(tmp_path: Path) -> None:
    rules = """
        a: {action: cap, cap_value: 40, chips: [us_one, us_two]}
        b: {action: fee, fee_share: 0.1, relaxes: a, chips: us_two}
    """
    found = plan(world_with(tmp_path, rules))
    assert found["cap_weight"][found.sets.rules.index("a"), :2, 1].tolist() == [1, 0]


def test_other_scopes(tmp_path: Path) -> None:
    rules = """
        a: {destinations: CHN, scope: memory, action: license, approval_share: 0.5, from: 2026-07-01}
        b: {destinations: CHN, scope: tools, tool_classes: duv, action: multiply, multiplier: 0.2}
        c: {destinations: CHN, scope: rental, action: deny, from: 2027-04-01}
        d: {destinations: CHN, scope: grey, action: multiply, multiplier: 0.5, side: import}
        e: {destinations: CHN, action: mandate, mandate_share: 0.3, side: import, from: 2026-07-01}
        f: {destinations: CHN, scope: tools, tool_classes: euv, action: deny}
    """
    found, without = plan(world_with(tmp_path, rules), "CHN"), plan(SMALL, "CHN")
    assert found["hbm_import_limit"][:2] == pytest.approx([0.75, 0])
    assert found["tool_import_limit"][0] == pytest.approx(without["tool_import_limit"][0] / 5)
    assert without["tool_import_limit"][1].all()
    assert not found["tool_import_limit"][1].any()
    assert found["rent_limit"][:3] == pytest.approx([250, 62.5, 0])
    assert without["grey_open"].any()
    assert found["grey_open"] == pytest.approx(without["grey_open"] / 2)
    assert found["grey_limit"] == pytest.approx(without["grey_limit"])
    assert found["mandate"][:3] == pytest.approx([0.15, 0.3, 0.4])


def test_the_grey_market_has_what_rules_make_scarce(tmp_path: Path) -> None:
    rules = """
        a: {action: license, approval_share: 1, chips: us_two, from: 2028-04-01, side: import}
        b: {action: fee, fee_share: 0.1}
    """
    leaky = ["countries.NLD.trade.grey.output_share = 0.02"]
    found = plan(patch(world_with(tmp_path, rules), leaky))
    assert not found["grey_open"][ONE].any()
    assert found["grey_open"][TWO, :4] == pytest.approx([0, 0, 0.02 * 2000 * 0.75, 0.02 * 3000])


def test_what_is_lessened_is_scarce(tmp_path: Path) -> None:
    rule = "a: {action: multiply, multiplier: {2026: 1, 2027: 1, 2028: 0.5}, chips: [us_one, us_two]}"
    leaky = ["countries.NLD.trade.grey.output_share = 0.02"]
    found = plan(patch(world_with(tmp_path, rule), leaky))
    assert found["grey_open"][ONE, :3] == pytest.approx([0, 0, 0.02 * 600])


@pytest.mark.parametrize(
    ("scope", "cell"),
    [
        ("rental", "countries.CHN.trade.rent.limit_kh100e"),
        ("tools", "countries.CHN.industry.tools.duv.import_limit_kwpm_per_year"),
        ("memory", "countries.CHN.industry.memory.import_limit_pb_per_year"),
    ],
)
def test_a_part_of_infinity_is_an_error(scope: str, cell: str, tmp_path: Path) -> None:
    rule = "a: {{destinations: CHN, scope: {}, action: {}}}"
    half = world_with(tmp_path, rule.format(scope, "multiply, multiplier: 0.5"))
    with pytest.raises(InputError, match="which is infinite, so that they would do nothing") as caught:
        plan(patch(half, [f"{cell} = .inf"]), "CHN")
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.path) == ("E506", cell)
    # nothing of infinity is nothing
    none = patch(world_with(tmp_path, rule.format(scope, "deny")), [f"{cell} = .inf"])
    names = {
        "rental": "rent_limit",
        "tools": "tool_import_limit",
        "memory": "hbm_import_limit",
    }
    assert not plan(none, "CHN")[names[scope]].any()


def test_a_rule_on_tools_without_classes_concerns_all(tmp_path: Path) -> None:
    rule = "a: {destinations: CHN, scope: tools, action: multiply, multiplier: 0.5}"
    found, without = plan(world_with(tmp_path, rule), "CHN"), plan(SMALL, "CHN")
    assert found["tool_import_limit"] == pytest.approx(without["tool_import_limit"] / 2)
    # tools made at home are nobody else's to deny
    assert found["toolmaking_build_limit"] == pytest.approx(without["toolmaking_build_limit"])


# what must hold of any rules


def same(one: PlanParameters, other: PlanParameters, names: tuple[str, ...] = tuple(TABLE)) -> None:
    for name in names:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("country", ["CHN", "NLD", "USA"])
def test_never_is_as_if_there_were_no_rules(country: str, tmp_path: Path) -> None:
    world = load(rules_world(tmp_path))
    never = patch(world, ["rules.*.in_force = never"])
    found, none = plan(never, country), plan(replaced(world, ("rules",), lambda _: {}), country)
    assert set(found.sets.rules) > set(none.sets.rules)
    caps = [found.sets.rules.index(name) for name in none.sets.rules]
    for name in TABLE:
        rows = found[name][caps] if TABLE[name].index[:1] == ("rules",) else found[name]
        np.testing.assert_array_equal(rows, none[name], err_msg=name)
    added = [row for row, name in enumerate(found.sets.rules) if name not in none.sets.rules]
    assert not found["cap_weight"][added].any()
    assert np.isinf(found["cap"][added]).all()


@pytest.mark.parametrize("country", ["CHN", "NLD"])
def test_a_window_around_everything_is_always(country: str, tmp_path: Path) -> None:
    world = load(rules_world(tmp_path))
    always = patch(world, ["rules.*.in_force = always"])
    around = patch(world, ["rules.*.from = 2000-01-01", "rules.*.to = 2150-12-31"])
    same(plan(always, country), plan(around, country))


@pytest.mark.parametrize("steps", [2, 4, 12])
def test_parts_of_a_year_average_to_the_year(steps: int, tmp_path: Path) -> None:
    world = load(rules_world(tmp_path))
    fine_world = patch(world, [f"horizon.steps_per_year = {steps}"])
    for country in ("CHN", "NLD"):
        coarse, fine = plan(world, country), plan(fine_world, country)
        for name in ("import_limit", "grey_open"):
            years = fine[name][:, : 6 * steps].reshape(len(fine.sets.chips), 6, steps).mean(axis=2)
            np.testing.assert_allclose(years, coarse[name][:, :6], rtol=1e-12, atol=1e-12, err_msg=name)
        # whoever buys all that is open pays the same
        paid = [one["fee"] * one["import_limit"] * one.scalar("dt") for one in (coarse, fine)]
        years = paid[1][:, : 6 * steps].reshape(len(fine.sets.chips), 6, steps).sum(axis=2)
        np.testing.assert_allclose(years, paid[0][:, :6], rtol=1e-12, atol=1e-12)
        laws = [
            law(rulebook(one), country, tuple(2026 + t / n for t in range(6 * n)), 1 / n)
            for one, n in ((world, 1), (fine_world, steps))
        ]
        for scope in ("memory", "tools", "rental", "grey"):
            parts = [one.open_part(scope, lambda _: True) for one in laws]
            np.testing.assert_allclose(parts[1].reshape(6, steps).mean(axis=1), parts[0], rtol=1e-12)


RESTRICTIONS = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["export", "import"]),
        "destinations": st.sampled_from(["NLD", "CHN", "all"]),
        "from": st.sampled_from(["2020-01-01", "2026-05-01", "2026-10-15"]),
        "to": st.sampled_from(["2026-10-31", "2028-02-10", "2040-01-01"]),
        "test": st.sampled_from(["location", "headquarters"]),
        "condition": st.sampled_from(["{}", "{tpp: {min: 16001}}", "{memory_bandwidth_gbs: {max: 5000}}"]),
        "action": st.sampled_from(
            [
                "deny",
                "license, approval_share: 0.3",
                "license, approval_share: 0.8, cap_value: 20, cap_per: chip",
                "cap, cap_value: 25, cap_counts: h100e",
                "cap, cap_value: 0.3, cap_basis: share_of_leader_supply",
                "multiply, multiplier: 0.6",
                "fee, fee_share: 0.2",
                "mandate, mandate_share: 0.6",
            ]
        ),
    }
)


def written(name: str, fields: dict[str, str]) -> str:
    chosen = {key: value for key, value in fields.items() if value != "{}"}
    if chosen["action"].startswith("mandate"):
        chosen.pop("condition", None)
    if chosen["action"].startswith(("mandate", "fee")):
        chosen.pop("test")
    return f"{name}: {{{', '.join(f'{key}: {value}' for key, value in chosen.items())}}}"


@given(rules=st.lists(RESTRICTIONS, min_size=2, max_size=4), country=st.sampled_from(["CHN", "NLD"]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_rule_more_never_raises_a_limit(
    rules: list[dict[str, str]], country: str, tmp_path: Path
) -> None:
    lines = [written(f"r{number}", fields) for number, fields in enumerate(rules)]
    through = [f"countries.{country}.trade.subsidiary_share = 0.1"]
    more = patch(world_with(tmp_path, "\n".join(lines)), through)
    less = patch(more, [f"rules.r{len(rules) - 1}.in_force = never"])
    after, before = plan(more, country), plan(less, country)
    for name in ("import_limit", "cap", "cap_cumulative", "tool_import_limit", "rent_limit", "grey_limit"):
        assert (after[name] <= before[name] * (1 + 1e-12)).all(), name
    for name in ("mandate", "grey_open"):
        assert (after[name] >= before[name] * (1 - 1e-12)).all(), name


# metrics that are missing


IO = "{action: deny, condition: {io_bandwidth_gbs: {min: 600}}}"


def test_a_missing_metric_on_which_a_rule_depends_is_an_error(tmp_path: Path) -> None:
    world = world_with(tmp_path, f"io: {IO}")
    with pytest.raises(InputError) as caught:
        plan(world)
    found = {problem.path: problem for problem in caught.value.diagnostics}
    assert set(found) == {f"chips.{chip}.interconnect_gbs" for chip in ("us_one", "us_two", "cn_sold")}
    problem = found["chips.us_one.interconnect_gbs"]
    assert (problem.code, problem.line) == ("E505", 2)
    assert "NLD could buy us_one, but without its `io_bandwidth_gbs` the rule `io`" in problem.message
    assert problem.hint == (
        "give `interconnect_gbs` of us_one, or switch the rule off: rules.io.in_force = never"
    )


@pytest.mark.parametrize(
    "rules",
    [
        f"io: {IO}\nall: {{action: deny}}",
        "io: {action: deny, condition: {io_bandwidth_gbs: {min: 600}, tpp: {min: 99999}}}",
        f"io: {IO}\nopen: {{action: fee, fee_share: 0, relaxes: io}}",
        "io: {action: deny, condition: {io_bandwidth_gbs: {min: 600}}, in_force: never}",
        "io: {action: deny, condition: {io_bandwidth_gbs: {min: 600}}, to: 2025-12-31, in_force: past}",
        "io: {action: deny, condition: {io_bandwidth_gbs: {min: 600}}, from: 2036-01-01}",
        f"io: {IO}\noff: {{action: suspend, suspends: io}}",
        "io: {action: deny, condition: {io_bandwidth_gbs: {min: 600}}, destinations: USA, suppliers: USA}",
        "io: {action: deny, condition: {tpp: {min: 9}}, alternatives: {io: {io_bandwidth_gbs: {min: 1}}}}",
        "io: {action: none, reason: nothing, condition: {io_bandwidth_gbs: {min: 600}}}",
    ],
)
def test_a_missing_metric_that_decides_nothing_is_none(rules: str, tmp_path: Path) -> None:
    world = world_with(tmp_path, rules)
    assert plan(world)["dt"] == 1
    assert plan(world, "USA")["dt"] == 1


def test_a_missing_metric_of_what_cannot_be_bought_is_none(tmp_path: Path) -> None:
    limits = [f"countries.NLD.trade.limits.{chip} = 0" for chip in ("us_one", "us_two", "cn_sold")]
    assert not plan(patch(world_with(tmp_path, f"io: {IO}"), limits))["import_limit"].any()
    patches = [f"chips.{chip}.interconnect_gbs = 599" for chip in ("us_one", "us_two", "cn_sold")]
    assert bought(patch(world_with(tmp_path, f"io: {IO}"), patches)) == [500, 400, 300]


def test_a_doubt_about_what_gives_way_is_one(tmp_path: Path) -> None:
    rules = """
        a: {action: deny, chips: us_one, condition: {performance_density: {min: 1}}}
        b: {action: fee, fee_share: 0, chips: us_one, condition: {io_bandwidth_gbs: {min: 1}}, relaxes: a}
    """
    # read both ways alike, one chip at a time: only together do the two decide
    with pytest.raises(InputError, match="E505"):
        plan(world_with(tmp_path, rules))


def test_every_reading_of_several_doubts_is_tried(tmp_path: Path) -> None:
    rules = """
        d: {action: deny, chips: us_one}
        l: {action: fee, fee_share: 0, relaxes: d, chips: us_one, condition: {io_bandwidth_gbs: {max: 100}}}
        z: {action: license, approval_share: 0, relaxes: d, chips: us_one, condition: DENSE}
    """.replace("DENSE", "{performance_density: {min: 5}}")
    # only where `l` is met and `z` is not is anything open
    world = world_with(tmp_path, rules)
    with pytest.raises(InputError, match="the rule `l` cannot be decided"):
        plan(world)
    known = patch(world, ["chips.us_one.interconnect_gbs = 100"])
    assert bought(known) == [0, 0, 0]


@pytest.mark.parametrize(("count", "refused"), [(6, False), (7, True)])
def test_more_doubts_than_can_be_read_are_an_error(count: int, refused: bool, tmp_path: Path) -> None:
    condition = "condition: {performance_density: {min: 5}}"
    rules = "\n".join(f"r{n}: {{action: deny, chips: us_one, {condition}}}" for n in range(count))
    world = world_with(tmp_path, f"all: {{action: deny}}\n{rules}")
    if refused:
        with pytest.raises(InputError, match="E505"):
            plan(world)
    else:
        assert bought(world) == [0, 0, 0]


def test_a_doubt_about_what_is_scarce_is_one(tmp_path: Path) -> None:
    world = world_with(tmp_path, f"io: {IO}")
    unsupplied = patch(world, ["countries.NLD.trade.supply_share = 0"])
    assert not plan(unsupplied)["grey_open"].any()
    leaky = patch(unsupplied, ["countries.NLD.trade.grey.output_share = 0.02"])
    with pytest.raises(InputError, match="without its `io_bandwidth_gbs` the rule `io` cannot be decided"):
        plan(leaky)
    # what the country limits itself is scarce anyhow
    limits = [f"countries.NLD.trade.limits.{chip} = 0" for chip in ("us_one", "us_two", "cn_sold")]
    assert plan(patch(leaky, limits))["grey_open"].any()


def test_memory_without_its_density(tmp_path: Path) -> None:
    condition = "{memory_bandwidth_density_gbs_mm2: {min: 2}}"
    rule = f"a: {{destinations: CHN, scope: memory, condition: {condition}, action: deny}}"
    world = world_with(tmp_path, rule)
    with pytest.raises(InputError, match="memory_bandwidth_density_gbs_mm2"):
        plan(world, "CHN")
    assert plan(patch(world, ["memory.bandwidth_density_gbs_mm2 = 1.9"]), "CHN")["hbm_import_limit"][0] == 1
    assert plan(patch(world, ["memory.bandwidth_density_gbs_mm2 = 2"]), "CHN")["hbm_import_limit"][0] == 0
    assert (
        plan(patch(world, ["countries.CHN.industry.memory.import_limit_pb_per_year = 0"]), "CHN")["dt"] == 1
    )


# fields that say nothing


@pytest.mark.parametrize(
    ("rules", "place", "says"),
    [
        ("a: {action: cap, cap_value: 9, consignees: 5}", "consignees", "only an exemption"),
        ("a: {action: deny, cap_basis: total}", "cap_basis", "there is no `cap_value`"),
        ("a: {action: license, approval_share: 1, cap_per: chip}", "cap_per", "there is no `cap_value`"),
        ("a: {action: fee, fee_share: 1, cap_counts: tpp}", "cap_counts", "there is no `cap_value`"),
        *(
            (f"a: {{action: deny, scope: {scope}, suppliers: USA}}", "suppliers", "who designed them")
            for scope in ("memory", "tools", "rental", "grey")
        ),
        ("a: {action: mandate, mandate_share: 0.5, suppliers: USA}", "suppliers", "who designed them"),
        ("a: {action: fee, fee_share: 0.5, test: location}", "test", "denies nothing that subsidiaries"),
        ("a: {action: deny}\nb: {action: suspend, suspends: a, chips: us_one}", "chips", "away whole"),
        ("a: {action: deny, scope: tools}\nb: {action: suspend, suspends: a}", "suspends[0]", "is tools"),
        (
            "a: {action: deny, scope: tools}\nb: {action: fee, fee_share: 0, relaxes: a}",
            "relaxes[0]",
            "the scope of `b` is chips, that of `a` is tools",
        ),
        (
            "a: {action: mandate, mandate_share: 0.5}\nb: {action: fee, fee_share: 0, relaxes: a}",
            "relaxes[0]",
            "and `a` is a mandate",
        ),
        ("a: {action: deny, chips: []}", "chips", "`chips` of `a` lists nothing"),
        (
            "a: {action: deny, scope: tools, tool_classes: []}",
            "tool_classes",
            "`tool_classes` of `a` lists nothing",
        ),
        ("a: {action: deny, suppliers: []}", "suppliers", "`suppliers` of `a` lists nothing"),
        ("a: {action: deny, destinations: []}", "destinations", "no country among its destinations"),
        (
            "a: {action: deny, destinations: CHN, excluded_destinations: CHN}",
            "destinations",
            "no country among its destinations",
        ),
    ],
)
def test_a_field_that_says_nothing_is_an_error(rules: str, place: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        world_with(tmp_path, rules)
    (problem,) = caught.value.diagnostics
    assert problem.path in (f"rules.a.{place}", f"rules.b.{place}")
    assert says in problem.message
    assert problem.line is not None


def test_no_group_is_called_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no group can be called so"):
        world_with(tmp_path, "a: {action: deny, destinations: all}", "{all: [CHN]}")


class Watched:
    """A chip or a line that notes what is read of it."""

    def __init__(self, record: object, read: set[str]) -> None:
        self._record, self._read = record, read

    def __getattr__(self, name: str) -> object:
        self._read.add(name)
        return getattr(self._record, name)


def test_rules_read_of_chips_and_lines_no_more_than_is_declared() -> None:
    world = load(SHIPPED)
    of_chips, of_lines = set[str](), set[str]()
    watched = world.model_copy(
        update={
            "chips": {name: Watched(chip, of_chips) for name, chip in world.chips.items()},
            "lines": {name: Watched(line, of_lines) for name, line in world.lines.items()},
        }
    )
    assert not list(check_rules(watched))
    assert of_chips <= set(READ_OF_CHIPS)
    assert of_lines <= set(READ_OF_LINES)


def test_a_price_leaves_the_rulebook_as_it_is_and_a_rating_does_not() -> None:
    book = rulebook(SMALL)
    assert rulebook(patch(SMALL, ["chips.us_one.unit_price_usd *= 2"])) is book
    assert rulebook(patch(SMALL, ["lines.*.lead_years *= 1.1"])) is book
    assert rulebook(patch(SMALL, ["chips.us_one.memory_bandwidth_gbs *= 2"])) is not book
    assert rulebook(patch(SMALL, ["lines.*.node_nm *= 2"])) is not book
