"""Bids, the market step, rations, and who may be on a market."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from optimizer.answer.equilibrium import EquilibriumAnswer, least_prices
from optimizer.errors import InputError
from optimizer.study.equilibrium.bids import Valued, worth
from optimizer.study.equilibrium.clearing import Bids, clear, demands
from optimizer.study.equilibrium.market import Components, Market
from optimizer.study.equilibrium.membership import (
    Members,
    check_looked_at,
    check_path_mode,
    check_same,
    reordered,
)
from optimizer.study.equilibrium.settling import settle
from optimizer.study.equilibrium.sweeps import (
    Prices,
    Ration,
    Response,
    State,
    one_by_one,
    rationed,
    sweep,
)

PLAN = Valued(
    bought=np.array([[2.0], [1.0], [0.0]]),
    cost=np.array([[10.0], [20.0], [30.0]]),
    fee=np.array([[0.0], [2.0], [0.0]]),
    limit_dual=np.array([[5.0], [0.0], [0.0]]),
    shortfall_dual=np.array([[0.0], [0.0], [-12.0]]),
    money_dual=np.array([1.0]),
    unspent=np.array([0.0]),
    elsewhere=np.array([100.0]),
)
NO_RULE = np.full((3, 1), np.inf)


def test_a_bid_is_what_money_is_worth_elsewhere():
    # the ration of the first is worth 5 more; the second is bought freely, less the fee; the third lacks 12
    assert worth(PLAN, PLAN.bought, NO_RULE)[:, 0] == pytest.approx([15, 18, 18])


def test_nobody_bids_more_than_it_has():
    for unspent, elsewhere in ((0.0, 100.0), (30.0, 0.0), (0.0, 5.0)):
        dear = replace(
            PLAN,
            money_dual=np.array([0.001]),
            unspent=np.array([unspent]),
            elsewhere=np.array([elsewhere]),
            fee=np.zeros((3, 1)),
        )
        bid = float((worth(dear, dear.bought, NO_RULE) * dear.bought).sum())
        spent = 40.0
        spare_pays_what_it_costs = 20.0 if unspent else 0.0
        assert bid <= spent + unspent + min(20, elsewhere) + spare_pays_what_it_costs + 1e-9


def test_who_has_money_to_spare_bids_what_it_pays():
    capped = replace(
        PLAN,
        limit_dual=np.zeros((3, 1)),
        shortfall_dual=np.zeros((3, 1)),
        money_dual=np.array([0.0]),
        unspent=np.array([50.0]),
    )
    assert worth(capped, capped.bought, NO_RULE)[:, 0] == pytest.approx([10, 18, 0])


def test_what_a_rule_bounds_takes_no_more_money_than_it_costs():
    # dear to the buyer as the first is, it may have no more of it; of the second its ration is short
    bound = replace(
        PLAN,
        bought=np.array([[2.0], [0.01], [0.0]]),
        limit_dual=np.array([[1000.0], [100.0], [0.0]]),
    )
    most = np.array([[2.0], [50.0], [50.0]])
    assert worth(bound, bound.bought, most)[:, 0] == pytest.approx([20.2 * 1.5 / 2, 118, 18])
    poor = replace(bound, elsewhere=np.zeros(1))
    # ... for which it has what it spends on it alone
    assert worth(poor, poor.bought, most)[1, 0] * 0.01 == pytest.approx(0.2 - 2 * 0.01)


@pytest.mark.parametrize(("unspent", "elsewhere"), [(0.0, 0.0), (0.0, 1.0), (500.0, 0.0)])
def test_where_rules_bound_all_that_is_bought_all_money_is_bid_for_it(unspent, elsewhere):
    bound = replace(
        PLAN,
        fee=np.zeros((3, 1)),
        limit_dual=np.array([[0.01], [0.02], [0.0]]),
        shortfall_dual=np.zeros((3, 1)),
        money_dual=np.array([0.0]),
        unspent=np.array([unspent]),
        elsewhere=np.array([elsewhere]),
    )
    spare_pays_what_it_costs = 20.0 if unspent else 0.0
    bid = float((worth(bound, bound.bought, bound.bought) * bound.bought).sum())
    assert 40 <= bid <= 40 + unspent + elsewhere + spare_pays_what_it_costs + 1e-9


@pytest.mark.parametrize("regret", [np.inf, np.nan])
def test_a_search_whose_regrets_are_not_known_is_nothing_to_hold_against(regret):
    with pytest.raises(InputError, match="before any of its regrets"):
        check_looked_at(regret)
    check_looked_at(0.004)


def test_what_a_rule_bounds_takes_no_money_from_other_goods():
    bids = Bids(np.ones((1, 2, 1)), np.array([[[100.0], [1.0]]]), np.array([[[1.0], [9.0]]]))
    taken = demands(bids, np.ones((2, 1)), 8.0)[0, :, 0]
    assert taken == pytest.approx([1, 1])
    dearer = demands(bids, np.array([[200.0], [0.5]]), 8.0)[0, :, 0]
    assert dearer == pytest.approx([2**-8, 2]), "each by its own price"


def test_a_good_that_is_nearly_all_that_rules_allow_draws_no_money_from_the_others():
    # the first is far below its bid: no more of it than 1 can be had, which costs 1 of what 0.9 * 3 + 2 buys
    bids = Bids(np.array([[[0.9], [1.0]]]), np.array([[[3.0], [2.0]]]), np.array([[[1.0], [50.0]]]))
    taken = demands(bids, np.ones((2, 1)), 16.0)[0, :, 0]
    assert taken == pytest.approx([1, 0.9 * 3 + 2 - 1])
    # as near to the limit as it can be, and with none
    assert demands(bids, np.array([[3.0], [2.0]]), 16.0)[0, :, 0] == pytest.approx([0.9, 1])


def goods(supply, floor_share=1e-6, components=None):
    names = tuple(map(str, range(len(supply))))
    nothing = Components((), np.zeros((0, len(supply))), np.zeros((0, 1)), np.zeros((0, 1)))
    prices = np.ones((len(supply), 1))
    return Market(names, prices, np.array(supply)[:, None], floor_share, 0.0, components or nothing)


def test_two_buyers_who_split_their_money_clear_at_money_over_supply():
    market = goods([2.0, 4.0])
    held, paid = np.ones((2, 2, 1)), np.array([[[3.0], [1.0]], [[1.0], [5.0]]])
    bids = Bids(held, paid, np.full((2, 2, 1), np.inf))
    cleared = clear(market, bids, np.ones((2, 1)), np.zeros((0, 1)), np.zeros((0, 1)), 1.0)
    assert cleared.price[:, 0] == pytest.approx([4 / 2, 6 / 4], rel=1e-6)
    assert cleared.taken.sum(axis=0)[:, 0] == pytest.approx([2, 4], rel=1e-6)


def test_what_nobody_wants_at_the_floor_stays_unsold():
    market = goods([2.0, 4.0], floor_share=0.5)
    bids = Bids(np.ones((1, 2, 1)), np.array([[[4.0], [0.1]]]), np.full((1, 2, 1), np.inf))
    cleared = clear(market, bids, np.ones((2, 1)), np.zeros((0, 1)), np.zeros((0, 1)), 8.0)
    assert cleared.price[1, 0] == pytest.approx(0.5)
    assert cleared.taken[0, 1, 0] < 4.0
    assert cleared.price[0, 0] > 0.5
    nobody = replace(bids, worth=np.zeros((1, 2, 1)))
    assert demands(nobody, np.ones((2, 1)), 8.0).sum() == 0


def test_a_scarce_component_makes_what_holds_it_dearer():
    components = Components(
        ("hbm",), np.array([[0.1, 0.0]]), np.ones((1, 1)), np.array([[0.5]]), np.full((1, 1), 0.1)
    )
    market = goods([2.0, 4.0], floor_share=0.5, components=components)
    bids = Bids(np.ones((1, 2, 1)), np.array([[[4.0], [4.0]]]), np.full((1, 2, 1), np.inf))
    cleared = clear(market, bids, np.ones((2, 1)), np.ones((1, 1)), np.zeros((1, 1)), 8.0)
    used = 0.1 * min(cleared.taken[0, 0, 0], 2.0)
    assert cleared.component_price[0, 0] == pytest.approx((used / 0.1) ** 2, rel=1e-3)
    floor = market.floor(cleared.component_price)
    assert floor[0, 0] == pytest.approx(0.5 + 0.1 * (cleared.component_price[0, 0] - 1))
    assert floor[1, 0] == 0.5


def test_rations_share_out_what_is_made_and_no_more():
    taken = np.array([[[1.0], [0.0]], [[3.0], [0.0]]])
    most = np.array([[[10.0], [10.0]], [[2.0], [10.0]]])
    shares = rationed(taken, np.full((2, 2, 1), 0.1), most, np.array([[8.0], [5.0]]))
    assert shares[:, 0, 0] == pytest.approx([2, 2])
    assert shares[:, 1, 0] == pytest.approx([0.1, 0.1])
    crowded = rationed(taken, np.full((2, 2, 1), 4.0), most, np.array([[4.0], [5.0]]))
    assert crowded.sum(axis=0)[:, 0] == pytest.approx([4, 5])


def test_what_is_sold_by_contract_keeps_its_price():
    components = Components(
        ("hbm",), np.array([[0.1, 0.0]]), np.ones((1, 2)), np.array([[0.5]]), np.full((1, 2), 0.1)
    )
    market = Market(
        ("a", "b"),
        np.ones((2, 2)),
        np.array([[2.0, 2], [4, 4]]),
        np.array([[0.5], [1.0]]),
        0.0,
        components,
        1,
    )
    bids = Bids(np.ones((1, 2, 2)), np.array([[[4.0, 4.0], [0.1, 0.1]]]), np.full((1, 2, 2), np.inf))
    cleared = clear(market, bids, np.ones((2, 2)), np.ones((1, 2)), np.zeros((1, 2)), 8.0)
    assert cleared.price[:, 0].tolist() == [1, 1]
    assert cleared.component_price[0, 0] == 1
    assert cleared.price[0, 1] > 1
    assert cleared.price[1, 1] == 1, "what is made to order is not sold below list"
    assert cleared.component_price[0, 1] != 1


class Taker:
    """Somebody who wants so much of a good on the market, and past it more each time."""

    def __init__(self, name, wanted, grey):
        self.name, self.wanted, self.grey = name, wanted, grey

    def respond(self, prices, ration, leader):
        shape = prices.goods.shape
        grey = np.full(shape, self.grey)
        self.grey *= 1.5
        if ration is not None and ration.grey is not None:
            grey = np.minimum(grey, ration.grey)
        bought = np.full(shape, self.wanted) if ration is None else np.minimum(ration.market, self.wanted)
        nothing = np.zeros(shape)
        valued = Valued(bought, prices.goods, nothing, nothing, nothing, *[np.zeros(shape[1])] * 3)
        most = np.full(shape, self.wanted)
        return Response(valued, most, np.zeros((0, shape[1])), grey, 0.0, 0.0, None)


def test_chips_of_grey_markets_come_out_of_what_is_made():
    market = goods([10.0])
    takers = [Taker("USA", 8.0, 0.0), Taker("CHN", 8.0, 1.0)]
    rations = np.array([[[6.0]], [[4.0]]])
    state = State(1, Prices(np.ones((1, 1)), np.zeros((0, 1))), rations)
    found = [
        each.respond(state.prices, Ration(ration), None) for each, ration in zip(takers, rations, strict=True)
    ]
    after, _ = sweep(market, state, found)
    assert after.rations is not None
    assert after.rations.sum() == pytest.approx(9), "one of ten is promised to the grey market"
    first = [
        each.respond(after.prices, Ration(ration), None)
        for each, ration in zip(takers, after.rations, strict=True)
    ]
    settled = settle(takers, market, after.prices, after.rations, first, one_by_one)
    assert settled.sold[0, 0] <= 10 + 1e-9
    assert settled.sold[0, 0] == pytest.approx(sum(each.bought + each.grey for each in settled.answers)[0, 0])
    assert settled.answers[1].grey[0, 0] > 1


def test_a_search_of_another_market_is_refused():
    here = Members("w", {"a": "1"}, ("USA", "EUR"), ("x",), (), ("2026",))
    check_same(here, replace(here, countries=("EUR", "USA")))
    with pytest.raises(InputError, match="E535"):
        check_same(here, replace(here, files={"a": "2"}))
    with pytest.raises(InputError, match="its objective is the instance's own, not frontier"):
        check_same(here, replace(here, objective="frontier"))
    with pytest.raises(InputError, match="of chips it has x more and lacks y"):
        check_same(here, replace(here, chips=("y",)))
    state = State(3, Prices(np.ones((1, 1)), np.zeros((0, 1))), np.array([[[1.0]], [[2.0]]]))
    turned = reordered(state, here, replace(here, countries=("EUR", "USA")))
    assert turned.rations is not None
    assert turned.rations[:, 0, 0].tolist() == [2, 1]


def test_fabs_opened_one_by_one_are_refused():
    check_path_mode(SimpleNamespace(industry="path"))
    with pytest.raises(InputError, match="E534"):
        check_path_mode(SimpleNamespace(industry="staged"))


def test_a_component_that_costs_the_least_it_may_is_told():
    components = Components(
        ("hbm",), np.ones((1, 1)), np.full((1, 2), 2.0), np.array([[0.3]]), np.ones((1, 2))
    )
    price = components.at(np.array([[0.2, 0.9]]))
    assert price[0] == pytest.approx([0.2, 2 * 0.9 ** (1 / 0.3)])
    said = EquilibriumAnswer.model_construct(
        base_regret=0.001,
        periods=("2027", "2028"),
        component_titles={"hbm": "Memory"},
        component_price_ratios={"hbm": tuple(price[0] / 2)},
    )
    (line,) = least_prices(said)
    assert line.startswith("In 2027 these cost the least that a component may, a tenth of the base price")
    assert line.endswith(": Memory.")
    assert least_prices(said.model_copy(update={"component_price_ratios": {"hbm": (0.2, 0.7)}})) == []
