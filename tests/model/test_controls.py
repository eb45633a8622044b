"""Export regimes of the small world, solved: identities, and the same numbers come to in other ways."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from models.parameters import LeaderPath
from models.simulate import weight_of_time
from optimizer.answer.controls import PRUNED, ControlsAnswer, RegimeAnswer
from optimizer.answer.run import OPTIMAL, STOPPED
from optimizer.instance import Instance, load, parse_patch, patch
from optimizer.instance.template import TEMPLATE
from optimizer.solver import Solver
from optimizer.study.ask import Ask
from optimizer.study.controls.design import Choice, Design
from optimizer.study.controls.frontier import candidate, verdicts
from optimizer.study.controls.neighbours import Left
from optimizer.study.controls.play import play
from optimizer.study.controls.regimes import Question, RegimeSolver
from optimizer.study.controls.work import Work
from optimizer.study.solve import solve_world

WORLD = load(TEMPLATE)
YEAR = WORLD.settings.horizon.last_year
GAP = 1e-5
QUESTION = Question("CHN", YEAR, gap=GAP)


def design(**factors: dict[str, list[str]]) -> Design:
    read = {
        factor: {level: tuple(parse_patch(text) for text in texts) for level, texts in levels.items()}
        for factor, levels in factors.items()
    }
    return Design("A design", read)


SALES: dict[str, list[str]] = {
    "deny": ["rules.h200_class.in_force = never"],
    "few": ["countries.CHN.trade.limits.nv_h200 = 20"],
    "now": [],
}
SMALL = design(
    sales=SALES,
    rent={"closed": ["countries.CHN.trade.rent.limit_kh100e = 0"], "now": []},
    tools={"now": [], "free": ["countries.CHN.industry.tools.duv.import_limit_kwpm_per_year *= 2"]},
)


@pytest.fixture(scope="module")
def answer() -> ControlsAnswer:
    return play(WORLD, SMALL, QUESTION)


def numbers(answer: ControlsAnswer) -> set[int]:
    return {each.number for each in answer.verdicts}


def levels_of(answer: ControlsAnswer) -> dict[tuple[str, ...], RegimeAnswer]:
    return {tuple(one.levels.values()): one for one in answer.regimes}


def solved_alone(instance: Instance) -> tuple[float, float, float, np.ndarray]:
    """Bounds of the target's value, its lag, and what it imports, as `kloof solve` has them."""
    from optimizer.answer.metrics import lag_of_plan

    run = solve_world(Ask(instance, ("CHN",), jobs=1)).countries["CHN"]
    assert run.parameters is not None
    assert run.values is not None
    assert run.solution is not None
    assert run.leader is not None
    weight = weight_of_time(run.parameters)
    certificate = run.solution.certificate
    last = run.parameters.sets.reported - 1
    lag = float(lag_of_plan(run.parameters, run.values["capability"], run.leader).months[last])
    return certificate.lower / weight, certificate.upper / weight, lag, run.values["imports"]


def test_every_regime_is_certified_and_none_lies_above_its_reach(answer: ControlsAnswer) -> None:
    assert len(answer.regimes) == SMALL.count == 12
    assert answer.status == "done"
    for one in (answer.baseline, *answer.regimes):
        assert one.status == OPTIMAL
        assert one.gap is not None
        assert one.gap <= GAP
        assert one.value is not None
        assert one.value[0] <= one.value[1]
        assert one.guaranteed_lag_months is not None
        assert one.lag_months is not None
        assert one.guaranteed_lag_months <= one.lag_months + 1e-6
        assert one.revenue_usd_bn is not None
        assert one.revenue_usd_bn.least <= one.revenue_usd_bn.at <= one.revenue_usd_bn.greatest


def test_a_looser_regime_is_worth_no_less_and_reaches_no_less(answer: ControlsAnswer) -> None:
    known = levels_of(answer)
    rank = {"deny": 0, "few": 1, "closed": 1, "now": 2, "free": 3}
    pairs = 0
    for one in known.values():
        for other in known.values():
            steps = [rank[one.levels[name]] - rank[other.levels[name]] for name in SMALL.factors]
            if min(steps) < 0 or sum(step != 0 for step in steps) != 1:
                continue
            pairs += 1
            assert one.value is not None
            assert other.value is not None
            assert one.reach_log_units is not None
            assert other.reach_log_units is not None
            assert one.value[1] >= other.value[0] - 1e-9
            assert one.reach_log_units[1] >= other.reach_log_units[0] - 1e-9
    assert pairs == 3 * 4 + 6 + 6


def test_the_regime_that_changes_nothing_is_the_baseline(answer: ControlsAnswer) -> None:
    same = levels_of(answer)["now", "now", "now"]
    assert same.same_as_baseline
    told = {"number", "levels", "same_as_baseline"}
    assert same.model_dump(exclude=told) == answer.baseline.model_dump(exclude=told)
    assert sum(one.same_as_baseline for one in answer.regimes) == 1


def test_regimes_have_the_plans_that_solve_has(answer: ControlsAnswer) -> None:
    known = levels_of(answer)
    for choice in (("now", "now", "now"), ("few", "closed", "free")):
        patches = SMALL.patches(tuple(zip(SMALL.factors, choice, strict=True)))
        lower, upper, lag, imports = solved_alone(patch(WORLD, patches))
        one = known[choice]
        assert one.value is not None
        assert one.value[0] <= upper + 1e-9
        assert lower <= one.value[1] + 1e-9
        assert one.lag_months == pytest.approx(lag, abs=0.1)
        # by hand: what is sold at the price of chips.csv, and a quarter of it as fee
        chip = WORLD.chips["nv_h200"]
        years = np.arange(len(WORLD.settings.horizon.years))
        discount = (1 + WORLD.settings.economy.discount_rate_per_year.number()) ** -(years + 0.5)
        bought = imports[list(WORLD.chips).index("nv_h200"), : len(years)]
        sold = float(discount @ bought) * chip.unit_price_usd.number() / 1e6
        assert one.revenue_usd_bn is not None
        revenue = one.revenue_usd_bn
        assert revenue.least - 0.01 <= 1.25 * sold <= revenue.greatest + 0.01
        assert one.fees_usd_bn == pytest.approx(0.2 * float(revenue.at), rel=1e-9)


def test_reach_is_the_best_of_a_program_with_that_objective() -> None:
    import pyomo.environ as pyo

    from models.national import build
    from optimizer.solver import solve_model

    solver = RegimeSolver(WORLD, QUESTION)
    found = solver.baseline.reach_log_units
    assert found is not None
    model = build(solver.parameters(()))
    model.value_of_plan.deactivate()
    model.only = pyo.Objective(expr=model.capability[solver.periods[0]], sense=pyo.maximize)
    certificate = solve_model(model, gap=1e-5, gap_scale=1.0).certificate
    assert found[0] <= certificate.upper + 1e-6
    assert certificate.lower <= found[1] + 1e-6
    assert found[1] - found[0] <= 1e-4


def test_denying_what_the_plan_does_not_buy_changes_nothing(answer: ControlsAnswer) -> None:
    *_, imports = solved_alone(WORLD)
    bought = imports[list(WORLD.chips).index("nv_h200")]
    first = WORLD.settings.horizon.first_year
    limits = ", ".join(f"{first + t}: {amount!r}" for t, amount in enumerate(map(float, bought)))
    level = [f"countries.CHN.trade.limits.nv_h200 = {{{limits}}}"]
    found = play(WORLD, design(sales={"as bought": level}), QUESTION)
    (one,), base = found.regimes, answer.baseline
    assert one.value is not None
    assert base.value is not None
    assert one.value[0] <= base.value[1] + 1e-9
    assert one.value[1] >= base.value[0] - GAP
    assert one.lag_months == pytest.approx(base.lag_months, abs=0.1)
    assert one.revenue_usd_bn is not None
    assert base.revenue_usd_bn is not None
    assert one.revenue_usd_bn.at == pytest.approx(base.revenue_usd_bn.at, rel=0.01)


def test_a_regime_that_reaches_the_leader_lets_it_answer() -> None:
    levels = {"more": ["countries.USA.budget.income_usd_bn *= 1.2"], "now": []}
    found = play(WORLD, design(money=levels), QUESTION)
    more, now = found.regimes
    assert (more.leader_changed, now.leader_changed) == (True, False)
    lower, upper, lag, _ = solved_alone(patch(WORLD, levels["more"]))
    assert more.value is not None
    # the leader's plan is known up to a gap, and who follows another of its plans does a little differently
    assert more.value[0] <= upper + 1e-4
    assert lower <= more.value[1] + 1e-4
    assert more.lag_months == pytest.approx(lag, abs=0.1)
    assert more.lag_months is not None
    assert now.lag_months is not None
    assert more.lag_months > now.lag_months + 0.05


@pytest.mark.parametrize(
    "text", ["horizon.last_year = 2030", "objectives.balanced.capability_weight *= 2", "leader = CHN"]
)
def test_what_is_no_regime_fails_and_says_why(text: str) -> None:
    found = play(WORLD, design(odd={"x": [text], "now": []}), QUESTION)
    odd, now = found.regimes
    assert (odd.status, now.status) == ("failed", OPTIMAL)
    assert odd.message
    assert found.status == "findings"
    assert [each.number for each in found.verdicts] == [2]


def test_a_threshold_spares_the_looser_and_finds_the_same(answer: ControlsAnswer) -> None:
    certain = sorted(float(one.delay("reach").at) for one in answer.regimes)
    at_least = certain[len(certain) // 2] + 1e-3
    spared = play(WORLD, SMALL, QUESTION, "reach", at_least=at_least)
    pruned = {one.number for one in spared.regimes if one.status == PRUNED}
    assert pruned
    assert all(one.delay("reach").at < at_least for one in answer.regimes if one.number in pruned)
    wanted = [one for one in answer.regimes if one.delay("reach").at >= at_least]
    assert list(spared.verdicts) == verdicts([candidate(one, "reach") for one in wanted])
    kept = {one.number: one for one in spared.regimes}
    assert all(kept[one.number] == one for one in answer.regimes if one.number not in pruned)


def test_a_threshold_on_value_is_counted_from_the_baseline(answer: ControlsAnswer) -> None:
    base = answer.baseline
    assert base.value is not None
    few = design(sales=SALES, rent={"closed": ["countries.CHN.trade.rent.limit_kh100e = 0"], "now": []})
    found = play(WORLD, few, QUESTION, "value", at_least=0.05)
    met = {tuple(one.levels.values()) for one in found.regimes if one.number in numbers(found)}
    assert met
    for one in answer.regimes:
        assert one.value is not None
        sales, rent, tools = one.levels.values()
        if tools == "now":
            assert ((sales, rent) in met) is (base.value[0] - one.value[1] >= 0.05)


def test_ranges_of_the_lag_hold_the_lag_and_narrow_that_of_revenue(answer: ControlsAnswer) -> None:
    found = play(WORLD, design(sales=SALES), replace(QUESTION, ranges=True))
    before = levels_of(answer)
    for one in found.regimes:
        wide = before[one.levels["sales"], "now", "now"].revenue_usd_bn
        assert one.lag_range_months is not None
        assert one.lag_months is not None
        assert one.lag_range_months[0] <= one.lag_months <= one.lag_range_months[1]
        assert one.lag_range_months[1] - one.lag_range_months[0] < 1.0
        assert one.revenue_usd_bn is not None
        assert wide is not None
        width = float(one.revenue_usd_bn.greatest) - float(one.revenue_usd_bn.least)
        assert width <= float(wide.greatest) - float(wide.least) + 1e-6
        assert math.isfinite(width)


def test_the_answer_does_not_depend_on_the_number_of_processes(answer: ControlsAnswer) -> None:
    assert play(WORLD, SMALL, QUESTION, jobs=2) == answer


def test_nor_on_the_order_and_after_the_baseline_no_solve_is_an_ordinary_one(
    answer: ControlsAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    solver = RegimeSolver(WORLD, QUESTION, SMALL)
    ordinary: list[int] = []
    monkeypatch.setattr(Solver, "solve", lambda *arguments, **named: ordinary.append(1))
    work = Work(solver, SMALL, 1, lambda done, count: None, SMALL.count, {})
    items = list(enumerate(SMALL.choices(), start=1))
    found = {}
    # the regime that changes most comes first, and one by one
    for item in (items[0], items[-1], *reversed(items[1:-1])):
        for _, one in work.solved([item]):
            found[one.number] = one
    assert tuple(found[number] for number, _ in items) == answer.regimes
    assert ordinary == []
    assert work.done == SMALL.count


def test_a_regime_has_the_same_numbers_whichever_are_asked_for(answer: ControlsAnswer) -> None:
    found = play(WORLD, SMALL.only(["tools=free", "sales=few,deny"]), QUESTION)
    known = levels_of(answer)
    for one in found.regimes:
        before = known[tuple(one.levels.values())]
        assert one.model_dump(exclude={"number"}) == before.model_dump(exclude={"number"})


def test_an_interrupt_keeps_what_is_done_and_says_nothing_of_the_best(answer: ControlsAnswer) -> None:
    def stop(done: int, count: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    found = play(WORLD, design(sales=SALES, tools={"now": []}), QUESTION, tell=stop)
    assert found.interrupted
    assert found.status == "interrupted"
    assert 0 < len(found.regimes) < 3
    assert found.verdicts == ()
    assert found.frontier == ()


def test_a_regime_that_stopped_early_is_judged_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    solve = RegimeSolver.solve_beside

    def stopped_first(
        self: RegimeSolver, number: int, choice: Choice, of: Design, left: Left | None, leaving: bool
    ) -> tuple[RegimeAnswer, Left | None]:
        found, to_others = solve(self, number, choice, of, left, leaving)
        return (found.model_copy(update={"status": STOPPED}) if choice else found), to_others

    monkeypatch.setattr(RegimeSolver, "solve_beside", stopped_first)
    found = play(WORLD, design(sales={"deny": SALES["deny"], "now": []}), QUESTION)
    assert found.regimes[0].solved
    assert numbers(found) == {2}
    assert found.status == "findings"


def test_what_is_beyond_the_leader_guarantees_nothing() -> None:
    solver = RegimeSolver(WORLD, QUESTION)
    own = solver.parameters(())
    path = LeaderPath(
        "USA",
        capability=np.arange(1.0, len(own.sets.periods) + 1),
        efficiency=np.zeros(len(own.sets.periods)),
        knowledge=np.zeros(len(own.sets.periods) + 1),
        imports=np.zeros((1, len(own.sets.periods))),
        installed=np.zeros(len(own.sets.periods)),
        base_capability=0.0,
        growth_before_base=1.0,
    )
    # a year ago the leader was one log unit lower
    assert solver.lag_at(own, float(path.capability[solver.period]) - 1, path) == pytest.approx(12.0)
    assert solver.lag_at(own, 100.0, path) == -math.inf


def test_an_interrupt_keeps_what_is_done_and_the_rest_comes_out_the_same(answer: ControlsAnswer) -> None:
    def stop(done: int, count: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    half = play(WORLD, SMALL, QUESTION, tell=stop)
    assert (half.status, half.interrupted, half.verdicts) == ("interrupted", True, ())
    assert 0 < len(half.tried) < len(answer.tried)
    solved: list[int] = []
    whole = play(WORLD, SMALL, QUESTION, known=half, tell=lambda done, count: solved.append(done))
    assert whole == answer
