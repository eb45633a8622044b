"""Export regimes of the small world at prices that clear: what is counted, and what an interrupt keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.answer.cleared import ClearedAnswer
from optimizer.answer.controls import ControlsAnswer
from optimizer.answer.run import FAILED
from optimizer.instance import Instance, load, patch
from optimizer.instance.template import write_template
from optimizer.solver import Solution, Solver
from optimizer.study.ask import Ask, Scenario
from optimizer.study.controls.cleared import WARM_ROUND, Market, clear
from optimizer.study.controls.play import play
from optimizer.study.controls.regimes import Question
from optimizer.study.equilibrium.equilibrium import Equilibrium, Prepared, find, prepare
from optimizer.study.plan_solver import PlanSolver
from tests.cli.test_equilibrium import CLEARING
from tests.model.test_controls import design

TOLERANCE = 0.02
ROUNDS = 16
REGIMES = design(
    sales={"deny": ["rules.h200_class.in_force = never"], "now": []},
    rent={"closed": ["countries.CHN.trade.rent.limit_kh100e = 0"], "now": []},
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    directory: Path = tmp_path_factory.mktemp("cleared") / "world"
    write_template(directory)
    with (directory / "market.yaml").open("a") as file:
        file.write(CLEARING)
    return load(directory)


@pytest.fixture(scope="module")
def answer(world: Instance) -> ControlsAnswer:
    return play(world, REGIMES, Question("CHN", 2029))


@pytest.fixture(scope="module")
def market(world: Instance) -> Market:
    ask = Ask(world, jobs=1)
    base = find(ask, Scenario("", world), tolerance=TOLERANCE).last
    assert base.converged
    return Market(ask, base, TOLERANCE, ROUNDS)


@pytest.fixture(scope="module")
def cleared(market: Market, answer: ControlsAnswer) -> ClearedAnswer:
    return clear(market, REGIMES, answer)


def test_revenue_is_of_all_that_designers_sell_on_the_market(
    world: Instance, market: Market, cleared: ClearedAnswer
) -> None:
    base = market.base
    found = find(
        market.ask,
        Scenario("", world),
        tolerance=TOLERANCE,
        base=base,
        begun=WARM_ROUND,
        prepared=prepare(market.ask, base),
        most_rounds=ROUNDS,
    )
    names, prices = found.goods.market.names, found.state.prices.goods
    legal, grey, fees = 0.0, 0.0, 0.0
    for plan in found.settled.answers:
        parameters, values = plan.plan.parameters, plan.plan.values
        for place, chip in enumerate(parameters.sets.chips):
            spec = world.chips[chip]
            if spec.designer_country != "USA" or chip not in names:
                continue
            part = 1 / spec.system_price_multiplier.number()
            for period in range(parameters.sets.reported):
                weight = parameters["discount"][period] / 1000
                price = weight * part * prices[names.index(chip), period]
                fee = weight * parameters["fee"][place, period]
                legal += price * values["imports"][place, period]
                fees += fee * values["imports"][place, period]
                grey += price * values["grey"][place, period]
    assert grey > 0
    told = cleared.baseline
    assert told is not None
    assert told.grey_usd_bn == pytest.approx(grey, rel=1e-9)
    assert told.fees_usd_bn == pytest.approx(fees, abs=1e-9)
    assert told.revenue_usd_bn == pytest.approx(legal + fees + grey, rel=1e-9)


def test_regimes_are_cleared_near_the_plans_of_the_base_and_as_well_as_without(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(market.ask, market.base)
    assert set(prepared.near) == set(market.base.members.countries)
    calls: list[float] = []
    solve, compile_ = Solver.solve, PlanSolver.compile

    def solved(self: Solver, *arguments: Any, **named: Any) -> Solution:
        calls.append(1.0)
        return solve(self, *arguments, **named)

    def compiled(*arguments: Any) -> PlanSolver:
        calls.append(2.0)
        return compile_(*arguments)

    world = patch(market.ask.instance, REGIMES.factors["sales"]["deny"])

    def found(prepared: Prepared | None) -> Equilibrium:
        return find(
            replace(market.ask, instance=world),
            Scenario("", world),
            tolerance=TOLERANCE,
            base=market.base,
            begun=WARM_ROUND,
            prepared=prepared,
            most_rounds=ROUNDS,
        )

    monkeypatch.setattr(Solver, "solve", solved)
    monkeypatch.setattr(PlanSolver, "compile", compiled)
    near = found(prepared)
    # no ordinary solve, and nothing compiled anew
    assert calls == []
    assert near.converged
    again = found(prepared)
    assert again.state.prices.goods.tobytes() == near.state.prices.goods.tobytes()
    without = found(None)
    assert calls
    assert without.converged
    lowers = [[each.lower for each in one.settled.answers] for one in (near, without)]
    assert lowers[0] == pytest.approx(lowers[1], abs=2 * TOLERANCE)


def test_what_is_prepared_for_other_years_is_not_used(market: Market) -> None:
    prepared = prepare(market.ask, market.base)
    other = replace(prepared, sets=replace(prepared.sets, reported=1))
    one, two = (
        find(
            market.ask,
            Scenario("", market.ask.instance),
            tolerance=TOLERANCE,
            base=market.base,
            begun=WARM_ROUND,
            prepared=each,
            most_rounds=1,
        )
        for each in (other, None)
    )
    assert one.state.prices.goods.tobytes() == two.state.prices.goods.tobytes()


def test_an_interrupt_keeps_what_is_cleared_and_the_rest_comes_out_the_same(
    market: Market, answer: ControlsAnswer, cleared: ClearedAnswer
) -> None:
    def stop(done: int, count: int) -> None:
        raise KeyboardInterrupt

    first = cleared.model_copy(update={"regimes": ()})
    half = clear(market, REGIMES, answer, known=first, tell=stop)
    assert half.interrupted
    assert (half.baseline, half.again) == (cleared.baseline, cleared.again)
    assert len(half.regimes) == 1 < len(cleared.regimes)
    solved: list[int] = []
    whole = clear(market, REGIMES, answer, known=half, tell=lambda done, count: solved.append(done))
    assert whole == cleared
    assert solved == list(range(3, 2 + len(cleared.regimes)))
    # asked for fewer, none that is there is lost; one that failed is tried again
    failed = half.regimes[0].model_copy(update={"status": FAILED, "message": "its process ended"})
    known = cleared.model_copy(update={"every": True, "regimes": (failed, *cleared.regimes[1:])})
    none = answer.model_copy(update={"alone": answer.alone[:1], "regimes": (), "verdicts": ()})
    kept = clear(market, REGIMES, none, known=known)
    assert kept.missed == 0
    assert {one.number for one in kept.regimes} == {one.number for one in cleared.regimes}


def test_where_the_base_has_not_converged_no_regime_is_looked_at(
    market: Market, answer: ControlsAnswer
) -> None:
    bad = replace(market, base=replace(market.base, converged=False), rounds=1)
    found = clear(bad, REGIMES, answer)
    assert found.regimes == ()
    assert found.baseline is not None
    assert not found.baseline.converged
    assert found.baseline.revenue_usd_bn is None
