"""Rows and variables of a user's own: priced, named and reported like those of the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.answer.explanation import facts, with_facts
from optimizer.answer.own_lines import own_lines
from optimizer.answer.run import OPTIMAL, CountryRun, WorldRun
from optimizer.answer.strategy import frame
from optimizer.errors import InputError
from optimizer.instance import Instance, load
from optimizer.study.ask import Ask
from optimizer.study.solve import solve_world
from optimizer.tell.own import own_tables, own_words

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
GAP = 1e-7
ROOM = 1.0


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(TEMPLATE)


def half(room: float) -> Any:
    def extend(m: Any) -> None:
        def row(m: Any, t: str) -> Any:
            return m.delivery_compute[t] <= 0.5 * m.research_compute[t] + room

        m.half = pyo.Constraint(m.PERIODS, rule=row)

    return extend


def solved(world: Instance, extend: Any) -> tuple[WorldRun, CountryRun]:
    run = solve_world(Ask(world, ("USA",), extension=extend, gap=GAP, jobs=1))
    leader = with_facts(run.countries["USA"], world)
    assert leader.status == OPTIMAL
    return run, leader


def test_an_own_row_that_binds_is_priced_and_named(world: Instance) -> None:
    run, tight = solved(world, half(0.0))
    _, eased = solved(world, half(ROOM))
    assert tight.solution is not None
    assert eased.solution is not None
    gained = eased.solution.objective - tight.solution.objective
    table = frame([run])
    rows = table[(table.metric == "shadow_price") & (table["item"] == "half")]
    assert len(rows) >= 2
    (fact,) = [fact for fact in facts(tight, world) if fact.family == "half"]
    # the objective is concave in the room: the price of the first unit is the most that it is worth
    assert 0.9 * fact.price * ROOM < gained < fact.price * ROOM + 1e-6
    assert fact.step_words == "one unit more room in own row half"
    assert fact.ten_percent_effective_compute is not None
    assert "room for 10% of its largest term" in fact.ten_percent_words


def test_an_index_that_an_own_row_bounds_is_reported_as_bounded(world: Instance) -> None:
    def treaty(m: Any) -> None:
        m.treaty = pyo.Constraint(
            m.PERIODS, rule=lambda m, t: m.capability[t] <= 0.4, doc="ceiling of a treaty"
        )

    _, free = solved(world, None)
    run, held = solved(world, treaty)
    assert free.values is not None
    assert held.values is not None
    assert free.values["capability"].max() > 1
    assert held.values["capability"].max() <= 0.4 + 1e-6
    table = frame([run])
    reported = table[table.metric == "capability"].value.to_numpy()
    assert reported.max() <= 0.4 + 1e-6
    told = {fact.family: fact.step_words for fact in facts(held, world)}
    assert told["treaty"] == "one unit more room in ceiling of a treaty"


def test_own_variables_are_in_the_strategy_and_their_bounds_priced(world: Instance) -> None:
    def reserve(m: Any) -> None:
        m.reserve = pyo.Var(m.USES, m.PERIODS, bounds=(0, None))
        m.share = pyo.Var(bounds=(0.25, 1))
        m.kept = pyo.Constraint(
            m.PERIODS,
            rule=lambda m, t: m.reserve["research", t] + m.reserve["delivery", t] >= 100 * m.share,
        )
        m.held = pyo.Constraint(
            m.PERIODS,
            rule=lambda m, t: m.reserve["research", t] + m.reserve["delivery", t] <= m.lapsed[t],
        )

    run, leader = solved(world, reserve)
    table = frame([run])
    assert leader.parameters is not None
    own = table[table.metric.isin(["reserve", "share"])]
    assert set(own[own.metric == "reserve"]["item"]) == {"research", "delivery"}
    assert set(own[own.metric == "reserve"].period) == set(leader.parameters.sets.periods)
    assert own[own.metric == "share"].value.tolist() == pytest.approx([0.25])
    by_period = own[own.metric == "reserve"].groupby("period").value.sum()
    assert (by_period >= 25 - 1e-5).all()
    prices = table[(table.metric == "shadow_price") & (table["item"] == "share (own bound)")]
    assert len(prices) == 1
    assert np.isfinite(prices.value).all()


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (lambda m: setattr(m, "talent", pyo.Var(m.PERIODS)), "replaces `talent`"),
        (lambda m: m.del_component("budget"), "removes `budget`"),
        (lambda m: m.budget.deactivate(), "changes `budget"),
        (lambda m: m.budget["2027"].deactivate(), "changes `budget"),
        (lambda m: m.budget["2027"].set_value(m.cash["2027"] <= 1), "changes `budget"),
        (lambda m: m.imports["nv_h200", "2027"].setub(0), "changes `imports"),
        (lambda m: m.talent["2027"].fix(3), "changes `talent"),
        (lambda m: m.income["2027"].set_value(1e6), "changes `income"),
        (lambda m: m.value_of_plan.set_value(m.capability["2027"]), "changes `value_of_plan"),
        (lambda m: setattr(m.value_of_plan, "sense", pyo.minimize), "changes `value_of_plan"),
        (lambda m: m.least_spending.activate(), "changes `least_spending"),
    ],
)
def test_an_extension_may_only_add(world: Instance, done: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        solve_world(Ask(world, ("USA",), extension=done, jobs=1))


def test_a_bound_of_zero_from_above_is_a_limit(world: Instance) -> None:
    def capped(m: Any) -> None:
        m.y = pyo.Var(m.PERIODS, bounds=(None, 0), doc="treaty")
        m.held = pyo.Constraint(m.PERIODS, rule=lambda m, t: m.capability[t] <= m.y[t])

    _, leader = solved(world, capped)
    assert "y (own bound)" in {fact.family for fact in facts(leader, world)}


def test_prices_beside_own_integers_are_no_bounds(world: Instance) -> None:
    def staged(m: Any) -> None:
        m.built = pyo.Var(within=pyo.Binary)
        m.held = pyo.Constraint(m.PERIODS, rule=lambda m, t: m.capability[t] <= 0.5 + 0.2 * m.built)

    _, leader = solved(world, staged)
    found = facts(leader, world)
    assert found
    assert all(
        not fact.ten_percent_is_bound and "at most" not in fact.words
        for fact in found
        if fact.percent_effective_compute is not None
    )


@pytest.mark.parametrize(("name", "amount", "side"), [("trained", 0.1, "above"), ("released", 1.0, "below")])
def test_an_equality_says_on_which_side_room_helps(
    world: Instance, name: str, amount: float, side: str
) -> None:
    def agreed(more: float) -> Any:
        def extend(m: Any) -> None:
            m.agreed = pyo.Constraint(
                m.PERIODS, rule=lambda m, t: getattr(m, name)[t] == amount + more, doc="people agreed on"
            )

        return extend

    _, leader = solved(world, agreed(0.0))
    _, more = solved(world, agreed(0.05))
    assert leader.solution is not None
    assert more.solution is not None
    assert (more.solution.objective > leader.solution.objective) == (side == "above")
    (fact,) = [fact for fact in facts(leader, world) if fact.family == "agreed"]
    assert fact.step_words == f"one unit more room {side} the equality people agreed on"
    (line,) = [each for each in own_lines(leader) if each.kind == "equality"]
    assert {value > 0 for value in line.values} == {side == "above"}
    (words,) = own_words([line])
    assert words.startswith("people agreed on (agreed): binds; a unit of room is worth ")
    assert f" {side} in 2026, " in words


def test_own_lines_hold_what_the_strategy_holds(world: Instance) -> None:
    def several(m: Any) -> None:
        m.share = pyo.Var(bounds=(0.25, 1), doc="a share")
        m.split = pyo.Var(m.USES, m.PERIODS, bounds=(0, 1))
        m.least = pyo.Constraint(expr=m.share >= 0.3)
        m.half = pyo.Constraint(
            m.PERIODS, rule=lambda m, t: m.delivery_compute[t] <= 0.5 * m.research_compute[t]
        )

    run, leader = solved(world, several)
    parameters = leader.parameters
    assert parameters is not None
    reported = parameters.sets.periods[: parameters.sets.reported]
    lines = {line.name: line for line in own_lines(leader)}
    assert set(lines) == {"share", "split/research", "split/delivery", "least", "half"}
    assert (lines["share"].words, lines["share"].periods) == ("a share", ())
    assert lines["split/research"].periods == reported
    table = frame([run])
    table = table[table.period.isin(reported)]
    split = table[(table.metric == "split") & (table["item"] == "research")]
    assert lines["split/research"].values == tuple(split.value)
    prices = table[(table.metric == "shadow_price_compute") & (table["item"] == "half")]
    binding = [value for value in lines["half"].values if value]
    assert binding == pytest.approx(prices.value.tolist())
    assert lines["least"].values == (0.0,)
    first, second = own_tables(list(lines.values()), most=2)
    assert first.heads == ["over all", *reported]
    assert first.left_out == 1
    assert [len(line) for line in first.lines] == [2 + len(reported)] * 2
    assert second.lines[0][0] == "least: does not bind"


def test_there_are_no_own_lines_without_an_extension(world: Instance) -> None:
    _, leader = solved(world, None)
    assert own_lines(leader) == ()
    assert own_tables((), most=1) == []
