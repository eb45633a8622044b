"""The best plan under shares of the budget, against a conic statement of the plan and another solver."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.parameters import PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.answer import ConflictingLimit, Explained
from optimizer.answer.run import CountryRun
from optimizer.instance import Instance, load, patch
from optimizer.instance.template import write_template
from optimizer.study.ask import Ask
from optimizer.study.shares import SharedPlan, conflict_words, normal_shares, plan_with_shares
from optimizer.study.shares_asked import parse_shares
from optimizer.study.solve import solve_world
from tests.model.oracle import ACCURACY, best_value

pytestmark = pytest.mark.filterwarnings("ignore:Solution may be inaccurate:UserWarning")
WANTED = {"at_least": ["research=40%@2028:"], "at_most": ["delivery=38%@:2028"], "fix": ["talent=0.15"]}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    place: Path = tmp_path_factory.mktemp("shares") / "small"
    write_template(place)
    return load(str(place))


def under(instance: Instance, wanted: dict[str, list[str]]) -> SharedPlan:
    ask = Ask(instance, ("CHN",))
    world = solve_world(ask)
    return plan_with_shares(ask, world.countries["CHN"], world.leader_run, parse_shares(wanted, instance))


def under_unpriced(instance: Instance, wanted: dict[str, list[str]]) -> SharedPlan:
    ask = Ask(instance, ("CHN",))
    world = solve_world(ask)
    shares = parse_shares(wanted, instance)
    return plan_with_shares(ask, world.countries["CHN"], world.leader_run, shares, priced=False)


@pytest.fixture(scope="module")
def found(small: Instance) -> SharedPlan:
    return under(small, WANTED)


def numbers(run: CountryRun) -> PlanParameters:
    assert run.parameters is not None
    return run.parameters


def test_both_optima_are_those_of_the_conic_program(found: SharedPlan) -> None:
    for run in (found.plan, found.optimum):
        assert run.status == "optimal"
        assert run.solution is not None
        certificate, p = run.solution.certificate, numbers(run)
        room = ACCURACY * weight_of_time(p)
        assert certificate.max_row_violation <= 1e-7
        assert certificate.lower - room <= best_value(p) <= certificate.upper + room
    assert found.loss is not None
    assert found.loss > 0


def test_the_plan_keeps_its_shares_and_the_optimum_does_not(found: SharedPlan) -> None:
    def shares(run: CountryRun) -> np.ndarray:
        assert run.values is not None
        return normal_shares(numbers(run), run.values)

    research, delivery, _, talent, _ = shares(found.plan)
    assert research[2:].min() >= 0.4 - 1e-6  # the tail included
    assert delivery[:3].max() <= 0.38 + 1e-6
    assert np.abs(talent - 0.15).max() <= 1e-6
    research, delivery, _, talent, _ = shares(found.optimum)
    assert research[2] < 0.4
    assert delivery[:3].max() > 0.38
    assert np.abs(talent[:4] - 0.15).min() > 0.01


def test_a_price_per_point_is_the_slope_that_another_solver_finds(found: SharedPlan) -> None:
    p = numbers(found.plan)
    row = {"research": 0, "delivery": 1, "talent": 3}
    assert {each.share.category for each in found.costs} == set(row)
    for cost in found.costs:
        share, values = cost.share, []
        at = slice(2, None) if share.category == "research" else slice(0, 3)
        at = slice(None) if share.category == "talent" else at
        for step in (-0.005, 0.005):
            moved = dict(p.values)
            for name in ("share_floor", "share_ceiling"):
                changed = p[name].copy()
                asked = share.kind == "fix" or (name == "share_floor") == (share.kind == "at_least")
                changed[row[share.category], at] += step if asked else 0.0
                moved[name] = changed
            values.append(best_value(replace(p, values=moved)) / weight_of_time(p))
        slope = (values[0] - values[1]) * (-1 if share.kind == "at_most" else 1)
        assert cost.per_point == pytest.approx(slope, rel=0.1, abs=2e-5), share.words


def test_dropping_a_share_gives_back_what_the_rest_alone_do_not_cost(
    small: Instance, found: SharedPlan
) -> None:
    rest = under(small, {**WANTED, "fix": []})
    cost = next(each for each in found.costs if each.share.kind == "fix")
    assert found.loss is not None
    assert rest.loss is not None
    assert cost.gives_back == pytest.approx(found.loss - rest.loss, abs=5e-6)
    assert cost.gives_back_low is not None
    assert cost.gives_back_high is not None
    assert cost.gives_back_low <= cost.gives_back <= cost.gives_back_high


def test_the_next_point_solved_agrees_with_its_price(found: SharedPlan) -> None:
    for cost in found.costs:
        assert cost.per_point is not None
        assert cost.point_cost is not None
        assert cost.point_cost_low is not None
        assert cost.point_cost_high is not None
        assert cost.point_cost_low <= cost.point_cost <= cost.point_cost_high
        # what is concave costs no less than its slope says
        assert cost.point_cost_high >= cost.per_point - 1e-6
        assert cost.point_cost == pytest.approx(cost.per_point, rel=0.25, abs=2e-4)
        assert cost.point_lag_months is not None


def own_shares(run: CountryRun) -> np.ndarray:
    assert run.values is not None
    return normal_shares(numbers(run), run.values)


def test_the_optimum_under_shares_of_its_own_is_worth_the_same(small: Instance, found: SharedPlan) -> None:
    shares = own_shares(found.optimum)
    # floors as high as the optimum's own shares, but for the last digits: the sums stay below 100%
    wanted = [
        f"{category}={100 * max(shares[row, t] - 1e-6, 0):.8f}%@{2026 + t}"
        for row, category in enumerate(numbers(found.optimum).sets.categories)
        for t in range(3)
    ]
    again = under_unpriced(small, {"at_least": wanted})
    assert again.costs_nothing
    assert again.loss == pytest.approx(0, abs=2e-5)


def test_tightening_never_helps_and_exact_is_at_least_and_at_most(small: Instance) -> None:
    floors = [
        under_unpriced(small, {"at_least": [f"research={share}%"]}).plan.solution for share in (35, 40, 45)
    ]
    for looser, tighter in pairwise(floors):
        assert looser is not None
        assert tighter is not None
        assert tighter.certificate.lower <= looser.certificate.upper
    exact = under_unpriced(small, {"fix": ["talent=16%@2027:"]})
    both = under_unpriced(small, {"at_least": ["talent=16%@2027:"], "at_most": ["talent=16%@2027:"]})
    assert exact.loss == pytest.approx(both.loss, abs=1e-9)


def test_shares_of_a_year_hold_in_each_of_its_quarters(small: Instance) -> None:
    quarters = patch(small, ["horizon.steps_per_year = 4"])
    run = under_unpriced(quarters, {"fix": ["talent=16%@2027"]}).plan
    talent = own_shares(run)[3]
    assert np.abs(talent[4:8] - 0.16).max() <= 1e-6
    assert np.abs(talent[[3, 8]] - 0.16).min() > 1e-3


def limit(family: str, item: str, words: str, period: str) -> ConflictingLimit:
    return ConflictingLimit(
        family=family,
        item=item,
        category="start",
        period=period,
        periods=(period,),
        words=words,
        rows=(family,),
        inputs=(),
    )


def test_a_conflict_that_names_no_share_is_told_with_those_asked_for(found: SharedPlan) -> None:
    start = limit("staff", "", "the researchers there at the start", "2026")
    why = Explained(conflict_groups=(start,))
    plan = replace(found.plan, status="infeasible", explanation=why)
    said = replace(found, plan=plan).conflicts
    assert said[: len(found.shares)] == tuple(each.words for each in found.shares)
    assert said[-1] == "the researchers there at the start in 2026"


def test_limits_that_say_the_same_of_several_chips_are_one_line() -> None:
    alike = [
        limit("import_control", chip, f"at most 0 thousand {chip} bought", "") for chip in ("one", "two")
    ]
    assert conflict_words(alike) == ["at most 0 thousand each of one, two bought"]


def test_shares_that_no_plan_keeps_are_told_with_the_least_repair(small: Instance) -> None:
    found = under(small, {"fix": ["talent=1%"]})
    assert found.plan.status == "infeasible"
    words = [group.words for group in found.plan.explanation.conflict_groups]
    assert "at most 1% of the cost of use for talent" in words
    repair = found.repairs[0]
    assert "talent at most" in repair.words
    assert repair.shares
    # what the repair says is enough, and a little less is not: it is the least to three digits
    least = repair.shares[0].value
    first = f"talent={100 * least:.10g}%@2026"
    assert under(small, {"at_most": [first]}).plan.status == "optimal"
    tighter = f"talent={100 * least - 0.1:.10g}%@2026"
    assert under(small, {"at_most": [tighter]}).plan.status == "infeasible"
