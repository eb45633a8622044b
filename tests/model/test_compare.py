"""Policies beside a baseline: what is solved, what is shared, and when a difference counts."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.answer.comparison import Comparison, unique_names
from optimizer.answer.comparison_numbers import Number
from optimizer.answer.digits import percents_not_nothing
from optimizer.answer.run import INFEASIBLE, CountryRun, WorldRun
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, Policy, load, parse_patch
from optimizer.study.ask import Ask
from optimizer.study.compare import compare_scenarios
from optimizer.study.solve import solve_world
from optimizer.tell.terminal.comparison_tables import signed_percent, tables
from optimizer.tell.terminal.tables import Screen

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
GAP = 1e-4
POLICIES = {
    "rich": ["countries.CHN.budget.income_usd_bn *= 1.02"],
    "brute": ["countries.USA.budget.income_usd_bn *= 1.5"],
    "nothing": [],
    "broke": ["countries.CHN.budget.cash0_usd_bn = -100000"],
    "short": ["horizon.last_year = 2028"],
    "weights": ["objectives.balanced.autonomy_weight = 0.2"],
    "nudge": ["countries.USA.budget.income_usd_bn *= 1.0001"],
    "twin": ["leader = TWI"],
    "china": ["leader = CHN", "countries.TWI.research.lag_months = 0"],  # the twin is ahead of China
    "hardly": ["countries.CHN.budget.income_usd_bn[2029] *= 1.0000001"],
}


def policies(*names: str) -> tuple[Policy, ...]:
    return tuple(Policy(name, name, "", (), tuple(map(parse_patch, POLICIES[name]))) for name in names)


def compared(world: Instance, *names: str, jobs: int = 1) -> Comparison:
    return compare_scenarios(Ask(world, policies=policies(*names), gap=GAP, jobs=jobs))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """The template with one country more, the leader's twin with what the leader knew three months ago."""
    place = tmp_path_factory.mktemp("three") / "three"
    shutil.copytree(TEMPLATE, place)
    leader = (
        (place / "countries" / "USA.yaml")
        .read_text()
        .replace("lag_months: 0", "lag_months: 1.3, knowledge0_years: 1.386")
    )
    twin = re.sub(r"\bUSA\b", "TWI", leader).replace("iso3: TWI", "iso3: TWI\npart_of: USA")
    (place / "countries" / "TWI.yaml").write_text(twin)
    return load(place)


@pytest.fixture(scope="module")
def comparison(world: Instance) -> Comparison:
    return compared(world, *POLICIES, "rich")


def of(comparison: Comparison, name: str) -> WorldRun:
    return next(world for world in comparison.worlds if world.policy == name)


def same_plan(one: CountryRun, two: CountryRun) -> bool:
    assert one.values is not None
    assert two.values is not None
    return all(np.array_equal(array, two.values[name]) for name, array in one.values.items())


def test_columns_do_not_depend_on_processes_nor_on_each_other(
    world: Instance, comparison: Comparison
) -> None:
    other = compared(world, "weights", "brute", "rich", jobs=2)
    for name in ("baseline", "weights", "brute", "rich"):
        for country, run in of(other, name).countries.items():
            assert same_plan(run, of(comparison, name).countries[country]), (name, country)


def test_a_column_is_what_solving_that_policy_gives(world: Instance, comparison: Comparison) -> None:
    for scenario in Ask(world, policies=policies("rich", "brute")).scenarios:
        alone = solve_world(Ask(scenario.instance, gap=GAP))
        for country, run in of(comparison, scenario.name).countries.items():
            one, two = run.solution, alone.countries[country].solution
            assert one is not None
            assert two is not None
            gaps = sum(each.certificate.upper - each.certificate.lower for each in (one, two))
            # Another plan of the leader within its gap moves what its followers can attain.
            led = scenario.name == "brute" and country != "USA"
            slack = gaps + (0.002 * abs(two.objective) if led else 0.0)
            assert abs(one.objective - two.objective) <= slack


def test_what_a_policy_leaves_alone_is_not_solved_again(comparison: Comparison) -> None:
    baseline, rich = comparison.baseline, of(comparison, "rich")
    assert rich.leader_run is baseline.leader_run
    assert rich.countries["TWI"] is baseline.countries["TWI"]
    assert rich.countries["CHN"] is not baseline.countries["CHN"]
    assert comparison.shares_plan_with(rich, "TWI") is baseline
    assert comparison.shares_plan_with(rich, "CHN") is None
    assert of(comparison, "brute").countries["TWI"] is not baseline.countries["TWI"]


def test_a_policy_for_others_is_no_mistake_but_a_change_that_nobody_reads_is(world: Instance) -> None:
    idle = Policy("idle", "", "", (), (parse_patch("objectives.capability.autonomy_weight = 0.2"),))
    found = compare_scenarios(Ask(world, ("TWI",), policies=(*policies("rich"), idle), gap=GAP, jobs=1))
    codes = [[each.code for each in one.diagnostics] for one in found.worlds]
    assert codes == [[], [], ["S107"]]
    assert all(each.rank == 1 for each in found.ranking("TWI"))


def test_no_change_and_the_same_policy_twice_differ_by_exactly_nothing(comparison: Comparison) -> None:
    rows = list(comparison.rows())
    nothing = [row for row in rows if row.policy == "nothing"]
    assert len(nothing) == 3 * 28
    assert all(row.change == 0 and row.indistinguishable for row in nothing)
    first, second = ([row[2:] for row in rows if row.policy == name] for name in ("rich", "rich (2)"))
    assert [repr(row) for row in first] == [repr(row) for row in second]
    assert comparison.shares_plan_with(of(comparison, "rich (2)"), "CHN") is of(comparison, "rich")


def test_gain_of_more_money_lies_between_its_prices_before_and_after(comparison: Comparison) -> None:
    """The best value is concave in income, so the gain is bracketed by shadow prices, up to the gaps."""
    before, after = (of(comparison, name).countries["CHN"] for name in ("baseline", "rich"))
    assert before.parameters is not None
    assert after.parameters is not None
    assert before.solution is not None
    assert after.solution is not None
    more = (after.parameters["income"] - before.parameters["income"]) * before.parameters.scalar("dt")
    gain, alike = comparison.change(of(comparison, "rich"), "CHN", ("objective", "", ""))
    gaps = sum(run.certificate.upper - run.certificate.lower for run in (before.solution, after.solution))
    assert alike is False
    assert gain <= before.solution.dual("budget") @ more + gaps
    assert gain >= after.solution.dual("budget") @ more - gaps
    worth = comparison.worth(of(comparison, "rich"), "CHN")
    assert worth is not None
    assert worth > 0


def test_a_change_smaller_than_the_gap_is_indistinguishable(comparison: Comparison) -> None:
    hardly = of(comparison, "hardly")
    assert comparison.shares_plan_with(hardly, "CHN") is None
    rows = [row for row in comparison.rows() if row.policy == "hardly" and row.country == "CHN"]
    assert rows
    assert all(row.indistinguishable for row in rows)
    places = {each.policy: each.rank for each in comparison.ranking("CHN")}
    assert places["hardly"] == places["baseline"] == places["nothing"]
    assert places["rich"] < places["baseline"]


def test_a_country_without_a_plan_hides_nothing(comparison: Comparison) -> None:
    broke = of(comparison, "broke")
    assert broke.countries["CHN"].status == INFEASIBLE
    assert broke.countries["TWI"].solved
    assert not [row for row in comparison.rows() if row.policy == "broke" and row.country == "CHN"]
    assert "broke" not in {each.policy for each in comparison.ranking("CHN")}
    assert comparison.worth(broke, "CHN") is None


def test_another_horizon_is_compiled_anew_and_compared_in_the_years_it_has(comparison: Comparison) -> None:
    short = of(comparison, "short")
    (note,) = [each for each in short.diagnostics if each.code == "S108"]
    assert "`short` changes the years shown (4 before, 3 now), periods (" in note.message
    numbers = comparison.numbers(short, "CHN")
    assert ("capability", "", comparison.periods.middle) in numbers
    assert ("capability", "", comparison.periods.last) not in numbers
    assert not comparison.comparable(short, "CHN")
    assert comparison.worth(short, "CHN") is None


def test_other_weights_have_no_worth_but_a_lag(comparison: Comparison) -> None:
    weights = of(comparison, "weights")
    change, alike = comparison.change(weights, "CHN", ("objective", "", ""))
    assert np.isnan(change)
    assert alike is None
    assert "weights" not in {each.policy for each in comparison.ranking("CHN")}
    change, _ = comparison.change(weights, "CHN", ("lag_months", "", comparison.periods.last))
    assert np.isfinite(change)


def test_a_leader_that_moves_makes_its_followers_less_certain(comparison: Comparison) -> None:
    key = ("lag_months", "", comparison.periods.last)
    here = comparison.numbers(of(comparison, "brute"), "CHN")[key]
    there = comparison.numbers(comparison.baseline, "CHN")[key]
    assert comparison.leader_moved(of(comparison, "brute"))
    assert here.high - here.low > there.high - there.low


def test_followers_of_a_leader_that_moves_are_worth_what_a_finer_gap_says(world: Instance) -> None:
    """Where the leader ends up within its gap decides what others attain, however well they are solved."""
    key = ("objective_average", "", "")
    asked = Ask(world, ("CHN", "TWI"), policies=policies("nudge", "brute"), jobs=1)
    coarse, fine = (compare_scenarios(replace(asked, gap=gap)) for gap in (1e-5, 1e-9))
    for before, after in zip(coarse.policies, fine.policies, strict=True):
        for country in ("CHN", "TWI"):
            change, truth = (one.change(at, country, key)[0] for one, at in ((coarse, before), (fine, after)))
            certain = coarse.change_within(before, country, key)
            assert abs(change - truth) <= certain + fine.change_within(after, country, key)
            gaps = [each.countries[country].solution for each in (coarse.baseline, before)]
            assert certain > sum(each.certificate.gap for each in gaps if each is not None) + 1e-4
    assert coarse.change(coarse.policies[0], "CHN", key)[1] is True
    assert coarse.change(coarse.policies[1], "CHN", key)[1] is False


def test_the_leader_itself_is_known_up_to_its_gap(comparison: Comparison) -> None:
    brute = of(comparison, "brute")
    solution = brute.countries["USA"].solution
    assert solution is not None
    loss = solution.certificate.upper - solution.certificate.lower
    number = comparison.numbers(brute, "USA")["objective", "", ""]
    assert number.high - number.low == pytest.approx(2 * loss)


def test_another_leader_leaves_nothing_to_compare_against(comparison: Comparison) -> None:
    last = comparison.periods.last
    china = of(comparison, "china")
    assert comparison.other_leader(china)
    for country in ("USA", "CHN", "TWI"):
        for metric in ("lag_months", "effective_ratio", "compute_ratio", "capability", "objective"):
            key = (metric, "", "" if metric == "objective" else last)
            change, alike = comparison.change(china, country, key)
            assert np.isnan(change), (country, metric)
            assert alike is None
        assert np.isfinite(comparison.change(china, country, ("installed_compute", "", last))[0])
    # The twin has the leader's compute at the start, so that capability is counted from the same.
    twin = of(comparison, "twin")
    assert np.isnan(comparison.change(twin, "CHN", ("lag_months", "", last))[0])
    assert np.isfinite(comparison.change(twin, "CHN", ("capability", "", last))[0])
    text = shown(Comparison((comparison.baseline, china)), detailed=True)
    assert "china (CHN leads)" in text
    assert "\n! china: CHN leads, not USA: " in text
    assert "% leader" in text
    assert "% USA" not in text
    assert "no policy has a worth that is defined: " in text


def with_range(world: WorldRun, key: str, low: float, high: float) -> WorldRun:
    run = replace(world.countries["CHN"], ranges={key: (low, high)})
    return replace(world, countries={**world.countries, "CHN": run})


def test_computed_ranges_decide_where_there_are_some(comparison: Comparison) -> None:
    last = comparison.periods.last
    key = ("capability", "", last)
    pair = (comparison.baseline, of(comparison, "rich"))
    here, there = (comparison.numbers(each, "CHN")[key].value for each in pair)
    for low, alike in ((there - 1e-9, False), (here, True)):
        worlds = (
            with_range(pair[0], f"capability/{last}", here - 1e-9, here + 1e-9),
            with_range(pair[1], f"capability/{last}", low, there + 1e-9),
        )
        change, found = Comparison(worlds).change(worlds[1], "CHN", key)
        assert change == there - here
        assert found is alike


def without(world: WorldRun, country: str) -> WorldRun:
    left = {name: run for name, run in world.countries.items() if name != country}
    return replace(world, countries=left, interrupted=True)


def shown(comparison: Comparison, *, detailed: bool = False) -> str:
    screen = Screen()
    return screen.render(tables(comparison, screen, detailed))


def row(text: str, head: str, policy: str) -> list[str]:
    """The cells of a policy's line in the table with that head."""
    block = next(block for block in text.split("\n\n") if block.startswith(head))
    return next(line.split()[1:] for line in block.splitlines() if line.split()[:1] == [policy])


def test_what_was_not_solved_is_not_what_has_no_plan(comparison: Comparison) -> None:
    baseline, rich, broke = (of(comparison, name) for name in ("baseline", "rich", "broke"))
    text = shown(Comparison((baseline, without(rich, "TWI"), without(broke, "TWI"))))
    heads = row(text, "worth", "for")[1:]
    assert sorted(heads) == ["CHN", "TWI", "USA"]
    for head, of_china in (("worth", "n/a"), ("months", "n/a")):
        cells = dict(zip(heads[-len(row(text, head, "broke")) :], row(text, head, "broke"), strict=True))
        assert (cells["CHN"], cells["TWI"]) == (of_china, "…")
    assert "\n… not solved: interrupted with 7 of 9 solved\n" in text
    assert Comparison((baseline, without(rich, "TWI")), ("CHN",)).progress == (5, 2)
    whole = shown(Comparison((baseline, without(rich, "TWI"), broke)))
    assert "interrupted with 8 of 9 solved" in whole
    assert "…" not in shown(Comparison((baseline, rich, broke)))


def test_countries_that_no_policy_touches_are_named_in_a_line(comparison: Comparison) -> None:
    text = shown(Comparison((comparison.baseline, of(comparison, "rich"), of(comparison, "nothing"))))
    (untouched,) = re.findall(r"\nno policy touches: (.*)\n", text)
    assert set(untouched.split(", ")) == {"USA", "TWI"}
    best = next(block for block in text.split("\n\n") if "best for it" in block)
    assert [line.split()[0] for line in best.splitlines()[2:]] == ["CHN"]
    assert "one country under every policy: --country CHN" in text
    alone = shown(Comparison((comparison.baseline, of(comparison, "hardly"))))
    assert "no policy is known to be worth anything, good or bad, at this gap: CHN" in alone
    assert "best for it" not in alone


def test_another_plan_is_not_the_same_however_alike_it_is(comparison: Comparison) -> None:
    nothing = of(comparison, "nothing")
    values = comparison.baseline.countries["CHN"].values
    assert values is not None
    again = replace(nothing.countries["CHN"], values=dict(values))
    other = replace(nothing, countries={**nothing.countries, "CHN": again})
    text = shown(Comparison((comparison.baseline, other)))
    heads = row(text, "worth", "for")[-3:]
    cells = dict(zip(heads, row(text, "worth", "nothing"), strict=True))
    assert cells == {"USA": "=", "TWI": "=", "CHN": "≈"}
    assert "no policy is known to be worth anything, good or bad, at this gap: CHN" in text
    assert "= the very same plan as in the baseline   ≈ a difference" in text
    assert "≈" not in shown(Comparison((comparison.baseline, nothing)))
    alone = shown(Comparison((comparison.baseline, of(comparison, "hardly")), ("CHN",)))
    assert "≈ a difference" in alone


def test_a_warning_names_every_column_that_it_is_about(comparison: Comparison) -> None:
    warning = Diagnostic("S105", "CHN passes the leader USA", severity="warning", hint="let it lead")

    def warned(world: WorldRun) -> WorldRun:
        run = replace(world.countries["CHN"], diagnostics=(warning,))
        return replace(world, countries={**world.countries, "CHN": run})

    baseline, rich, brute = (of(comparison, name) for name in ("baseline", "rich", "brute"))
    said = "CHN passes the leader USA: let it lead\n"
    assert f"\n! rich, brute: {said}" in shown(Comparison((baseline, warned(rich), warned(brute))))
    assert f"\n! every column: {said}" in shown(Comparison((warned(baseline), warned(rich))))


def test_a_fall_is_not_rounded_to_one_that_leaves_nothing() -> None:
    assert signed_percent(-99.97, 0.02, 1) == "<-99.9"
    assert signed_percent(-99.7, 0.02, 0) == "<-99"
    assert signed_percent(-96.0, 12.0, 0) == "<-90"
    assert signed_percent(-99.7, 0.02, 1) == "-99.7"
    assert signed_percent(-100.0, 0.02, 1) == "-100.0"


def test_a_number_behind_a_name_is_free() -> None:
    assert unique_names(["a (2)", "a", "a", "a"]) == ["a (2)", "a", "a (3)", "a (4)"]
    assert unique_names(["a", "a", "a (2)"]) == ["a", "a (3)", "a (2)"]
    assert unique_names(["baseline", "b"]) == ["baseline (2)", "b"]


def test_what_a_smaller_gap_would_tell_is_said_where_something_is_not_told(comparison: Comparison) -> None:
    text = shown(Comparison((comparison.baseline, of(comparison, "hardly"))))
    (months,) = re.findall(
        r"\n≈ months behind are known to about ([\d.]+) at this gap; --gap 1e-6 tells", text
    )
    assert 0.1 < float(months) <= 1
    assert "known to about" not in shown(Comparison((comparison.baseline, of(comparison, "nothing"))))


def test_a_share_below_the_last_digit_is_not_nothing() -> None:
    parts = [0.3, 0.31, 0.2, 0.16, 0.03]
    assert percents_not_nothing(parts, 0.05, 0) == ["30", "30", "20", "20", "<10"]
    assert percents_not_nothing([0.304, 0.31, 0.2, 0.184, 0.002], 0.01, 0)[-1] == "<1"
    assert percents_not_nothing([0.5, 0.5, 0.0], 0.05, 0) == ["50", "50", "0"]


def test_numbers_meet_where_their_ranges_do() -> None:
    assert Number(1.0, 0.5, 1.5).meets(Number(2.0, 1.5, 2.5))
    assert not Number(1.0, 0.5, 1.4).meets(Number(2.0, 1.5, 2.5))


def test_overlapping_patches_of_all_columns_are_named_at_once(world: Instance) -> None:
    twice = Policy("a+b", "", "", (), tuple(map(parse_patch, POLICIES["rich"] + POLICIES["rich"])))
    unknown = Policy("c", "", "", (), (parse_patch("countries.CHN.budget.incom = 1"),))
    with pytest.raises(InputError) as caught:
        _ = Ask(world, policies=(twice, unknown)).scenarios
    assert [each.code for each in caught.value.diagnostics] == ["E404", "E402"]
