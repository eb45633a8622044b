"""The search for an equilibrium, on markets of which the prices are known from elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.study.equilibrium.settling import regret_of, settle
from optimizer.study.equilibrium.sweeps import Prices, Ration, State, answers, one_by_one, sweep
from tests.unit.small_markets import Consumer, cournot_firm, eisenberg_gale, market


def searched(buyers, goods, rounds, substitution, damping=1.0):
    """The state after so many rounds."""
    state = State(0, Prices(goods.list_price, np.zeros((0, 1))))
    for _ in range(rounds):
        within = [goods.output] * len(buyers) if state.rations is None else state.rations
        found = answers(buyers, state.prices, [Ration(each) for each in within], one_by_one)
        state, _ = sweep(goods, state, found, lambda round_: substitution, lambda round_: damping)
    return state


def settled_at(buyers, goods, state):
    """The plans that the search is judged by, and whether each regret is what it is alone."""
    rations = [Ration(each) for each in state.rations]
    looked_at = buyers, goods, state.prices, state.rations
    found = answers(buyers, state.prices, rations, one_by_one)
    settled = settle(*looked_at, found, one_by_one)
    alone = [regret_of(suspect, *looked_at, found, one_by_one) for suspect in range(len(buyers))]
    assert alone == pytest.approx(settled.regrets, abs=1e-6)
    return settled


def test_linear_fisher_market_has_the_prices_of_eisenberg_and_gale():
    rng = np.random.default_rng(7)
    values, money = rng.uniform(0.5, 2.0, (4, 6)), rng.uniform(1.0, 3.0, 4)
    supply = rng.uniform(0.5, 1.5, 6)
    known = eisenberg_gale(values, money, supply)
    assert known @ supply == pytest.approx(money.sum(), rel=1e-4)
    goods = market(supply, np.full(6, money.sum() / supply.sum()))
    buyers = [Consumer(str(b), "linear", values[b], money=money[b]) for b in range(4)]
    state = searched(buyers, goods, 20, substitution=32.0)
    assert state.prices.goods[:, 0] == pytest.approx(known, rel=1e-3)
    settled = settled_at(buyers, goods, state)
    assert settled.regrets.max() < 1e-3
    assert (settled.sold <= goods.output * (1 + 1e-9)).all()


def test_who_is_bound_by_a_rule_bids_for_other_goods_with_all_its_money():
    # the second may have one of the first good, which costs a little and is worth a lot, and has 9.99 left
    goods = replace(
        market(np.array([2.0, 19.0]), np.array([0.01, 0.5])), floor_share=np.array([[1.0], [1e-6]])
    )
    buyers = [
        Consumer("0", "linear", np.array([0.0, 1.0]), money=10.0),
        Consumer("1", "linear", np.array([100.0, 3.0]), money=10.0, most=np.array([1.0, 1e3])),
    ]
    state = searched(buyers, goods, 20, substitution=8.0)
    assert state.prices.goods[:, 0] == pytest.approx([0.01, 19.99 / 19], rel=1e-3)
    assert settled_at(buyers, goods, state).regrets.max() < 1e-3


def test_cobb_douglas_exchange():
    endowments = np.array([[1.0, 0.2], [0.3, 2.0]])
    buyers = [
        Consumer(str(b), "cobb-douglas", np.array([share, 1 - share]), endowment=endowments[b])
        for b, share in enumerate((0.7, 0.4))
    ]
    goods = market(endowments.sum(axis=0), np.ones(2))
    state = searched(buyers, goods, 20, substitution=1.0)
    first, second = state.prices.goods[:, 0]
    # (0.7*0.2 + 0.4*2) / (0.3*1 + 0.6*0.3), by hand
    assert first / second == pytest.approx(1.958333333, rel=1e-6)
    assert settled_at(buyers, goods, state).regrets.max() < 1e-5


def test_scarf_is_told_as_not_converged():
    buyers = [
        Consumer(str(b), "leontief", np.roll([1.0, 1.0, 0.0], b), endowment=np.roll([1.0, 0.0, 0.0], b))
        for b in range(3)
    ]
    goods = market(np.ones(3), np.array([0.2, 0.3, 0.5]))
    state = searched(buyers, goods, 10, substitution=8.0, damping=0.7)
    settled = settled_at(buyers, goods, state)
    # complements: rations do not lead to prices of a third each; what counts is that nobody is told they did
    assert settled.regrets.max() > 0.005
    assert (settled.sold <= goods.output * (1 + 1e-9)).all()


def test_cournot_of_murphy_sherali_and_soyster():
    known = np.array([36.9325, 41.8182, 43.7066, 42.6592, 39.1790])
    firms = [cournot_firm(c, b) for c, b in zip((10, 8, 6, 4, 2), (1.2, 1.1, 1.0, 0.9, 0.8), strict=True)]
    made = np.full(5, 30.0)
    for _ in range(12):
        for i, firm in enumerate(firms):
            others = made.sum() - made[i]
            solution = firm.solve(firm.program.parameter_vector({"others": np.array(others)}), gap=1e-8)
            assert solution.status == "optimal"
            made[i] = float(solution.value("q"))
    assert made == pytest.approx(known, rel=1e-3)
