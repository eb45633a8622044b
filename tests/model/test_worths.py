"""What easing a limit is said to be worth, as solved: against prices and against solves of its input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from optimizer.answer.explanation import facts, percent_of, with_facts
from optimizer.answer.fact import Binding
from optimizer.answer.run import OPTIMAL, CountryRun
from optimizer.answer.worth import SolvedWorth, together
from optimizer.instance import Instance, load, patch
from optimizer.solver import Solver
from optimizer.study.ask import Ask
from optimizer.study.easing import eased, with_changes
from optimizer.study.solve import solve_world
from optimizer.study.worths import MOST_SOLVED, Easing, with_worths

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
GAP = 1e-6
CHINA = "countries.CHN."
# more of a line would also mean more of it for a chip that is launched within a year, which has a price apart
WHOLE_YEARS = ["chips.hw_960.launch = 2028-01"]
SCENARIOS: dict[str, tuple[str, list[str]]] = {
    "China": ("CHN", WHOLE_YEARS),
    "the leader": ("USA", []),
    "China under a policy": (
        "CHN",
        [
            *WHOLE_YEARS,
            CHINA + "budget.category_floors.talent = 0.3",
            CHINA + "budget.debt_limit_usd_bn = 2",
            CHINA + "budget.carry_limit_share_of_income = 0.01",
            CHINA + "trade.rent.limit_kh100e = 20",
            CHINA + "trade.home_market_share = 0.3",
            CHINA + "trade.caps.quota = {title: Quota, chips: all, counts: h100e, per_year: 60}",
        ],
    ),
}
# what a tenth moves in proportion to a parameter of which the objective is no linear function
CURVED = 0.15


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(TEMPLATE)


def solved(instance: Instance, country: str, patches: Sequence[str], worths: bool) -> CountryRun:
    changed = patch(instance, patches, stack=True)
    run = solve_world(Ask(changed, (country,), gap=GAP, jobs=1, worths=worths)).countries[country]
    assert run.status == OPTIMAL
    return run


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_limit_is_eased_by_what_its_price_is_told_of(world: Instance, name: str) -> None:
    country, patches = SCENARIOS[name]
    run = solved(world, country, patches, worths=False)
    parameters, values, solution = run.parameters, run.values, run.solution
    assert parameters is not None
    assert values is not None
    assert solution is not None
    program = solution.program
    gradient = Solver(program).sensitivity(solution)
    before = program.parameter_vector(parameters.values)
    seen = set()
    for fact in facts(run, patch(world, patches, stack=True), None):
        changed = eased(parameters, values, fact)
        if changed is None or fact.eased_percent_at_most < 1e-3:
            continue
        after = program.parameter_vector(with_changes(parameters, changed).values)
        moved = np.isfinite(before) & np.isfinite(after) & (before != after)
        gain = float(gradient[moved] @ (after[moved] - before[moved]))
        assert percent_of(gain, parameters) == pytest.approx(
            fact.eased_percent_at_most, rel=CURVED, abs=1e-3
        ), fact.row
        seen.add(fact.family)
    assert len(seen) >= 6, seen


def test_worths_are_those_of_a_solve_and_rank_the_limits(world: Instance) -> None:
    run = solved(world, "CHN", [], worths=True)
    found = facts(run, world, None)
    known = [fact for fact in found if fact.solved is not None]
    assert len(known) == MOST_SOLVED
    assert list(found[: len(known)]) == known
    percents = [fact.solved.percent_effective_compute for fact in known if fact.solved is not None]
    assert percents == sorted(percents, reverse=True)
    for fact, percent in zip(known, percents, strict=True):
        assert percent <= fact.eased_percent_at_most * 1.001 or not fact.ten_percent_is_bound
        assert f"{percent:.2g}"[:3] in fact.words
    income = next(fact for fact in known if fact.family == "budget")
    more = solved(world, "CHN", [CHINA + "budget.income_usd_bn *= 1.1"], worths=False)
    low, high = gain(run, more)
    assert income.solved is not None
    assert income.solved.low <= high
    assert low <= income.solved.high


def test_what_others_deny_is_lifted_together(world: Instance) -> None:
    run = solved(world, "CHN", [], worths=True)
    joint = {each.name: each for each in run.together}
    denials = joint["export_denials"]
    assert "import_control/nv_vr200" in denials.rows
    free = [f"rules.{name}.in_force = never" for name, rule in world.rules.items() if rule.side == "export"]
    free += [CHINA + "trade.limits.nv_h200 = .inf", CHINA + "trade.caps.case_by_case.per_year = .inf"]
    low, high = gain(run, solved(world, "CHN", [*free, "rules.closed_cloud.in_force = never"], worths=False))
    # what rules deny has a grey market, which goes with them
    assert denials.solved.percent_effective_compute >= low
    assert denials.solved.percent_effective_compute == pytest.approx(high, rel=0.05)
    assert denials.solved.percent_effective_compute > max(
        fact.solved.percent_effective_compute for fact in facts(run, world) if fact.solved is not None
    )
    leading = solved(world, "USA", [], worths=True).together
    assert "export_denials" not in {each.name for each in leading}


def gain(one: CountryRun, other: CountryRun) -> tuple[float, float]:
    """What the other plan is worth more than the one, percent of effective compute for good: certified."""
    assert one.solution is not None
    assert other.solution is not None
    assert one.parameters is not None
    before, after = one.solution.certificate, other.solution.certificate
    low = percent_of(after.lower - before.upper, one.parameters)
    high = percent_of(after.upper - before.lower, one.parameters)
    assert low is not None
    assert high is not None
    return low, high


def worth(low: float, percent: float, high: float) -> SolvedWorth:
    return SolvedWorth(percent_effective_compute=percent, low=low, high=high)


def test_what_the_gap_cannot_tell_is_not_ranked(world: Instance) -> None:
    run = with_facts(solved(world, "CHN", [], worths=False), world)
    plain = facts(run, world)
    first, second, third = plain[:3]
    noise, small = worth(-0.01, 0.02, 0.03), worth(0.5, 0.6, 0.7)
    found = [(Easing({}, (first.row,)), noise), (Easing({}, (third.row,)), small)]
    ranked = facts(with_worths(run, [*found, (Easing({}, (second.row,)), None)]), world)
    assert [fact.row for fact in ranked[:2]] == [third.row, second.row]
    last = ranked[-1] if len(plain) < 25 else first
    assert last.row == first.row
    cell = [fact for fact in ranked if fact.row == first.row]
    assert all(fact.worth_cell == "<0.03" for fact in cell)
    assert all("worth less than 0.03%, which the gap cannot tell," in fact.words for fact in cell)
    assert worth(-1e-5, 1e-6, 2e-5).text == "<2e-05"
    joint = together("tools", "all tools", (), noise)
    assert joint.sentence.startswith("all tools: worth less than 0.03%")


def test_steps_fit_the_country(world: Instance) -> None:
    """A tenth of what there is, however small; so many units only where there is nothing."""
    poor = solved(world, "CHN", [CHINA + "budget.income_usd_bn *= 0.1"], worths=False)
    found = {fact.row: fact for fact in facts(poor, world, None)}
    income = found["budget"]
    assert income.eased_words == "10% more income"
    assert income.words.startswith("10% more income in each year 2026-2029 and after is worth at most ")
    assert income.eased_usd_bn == pytest.approx(0.1 * max(income.limits), rel=1e-6)
    for fact in found.values():
        assert _is_natural(fact) == (fact.ten_percent_effective_compute is None), fact.eased_words


def _is_natural(fact: Binding) -> bool:
    return not fact.eased_words.startswith("10% ")
