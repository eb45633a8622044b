"""Where regimes start: from neighbours, whichever are asked for, in layers that need earlier ones alone."""

from __future__ import annotations

import numpy as np

from models.parameters import PlanParameters
from optimizer.instance import load, parse_patch, resolve
from optimizer.instance.template import TEMPLATE
from optimizer.study.controls.design import Choice, Design
from optimizer.study.controls.neighbours import changing, has_neighbours, in_turn, start_of
from optimizer.study.plan_solver import widest

CHANGE = (parse_patch("rules.h200_class.in_force = never"),)
DESIGN = Design(
    "A design",
    {
        "sales": {"deny": CHANGE, "now": (), "full": CHANGE},
        "tools": {"now": (), "free": CHANGE},
        "rent": {"closed": CHANGE, "now": ()},
    },
)
EVERY = [changing(DESIGN, choice) for choice in DESIGN.choices()]
DENY, FULL = ("sales", "deny"), ("sales", "full")
FREE, CLOSED = ("tools", "free"), ("rent", "closed")


def test_a_regime_is_what_it_changes() -> None:
    assert changing(DESIGN, (("sales", "now"), ("tools", "free"), ("rent", "now"))) == (FREE,)
    assert changing(DESIGN, (("rent", "closed"),)) == (CLOSED,)
    assert len(set(EVERY)) == DESIGN.count == 12


def test_a_regime_starts_from_the_one_without_its_first_change() -> None:
    assert start_of((DENY, FREE, CLOSED), {(FREE, CLOSED), (CLOSED,)}) == (FREE, CLOSED)
    # one that left nothing is passed over
    assert start_of((DENY, FREE, CLOSED), {(CLOSED,)}) == (CLOSED,)
    assert start_of((DENY, FREE, CLOSED), ()) == ()
    assert start_of((), ()) == ()


def test_what_a_regime_starts_from_is_solved_before_it_whatever_is_asked_for() -> None:
    generator = np.random.default_rng(5)
    for count in (1, 3, 7, len(EVERY)):
        wanted = [EVERY[place] for place in generator.permutation(len(EVERY))[:count]]
        layers = in_turn(wanted, ())
        solved: set[Choice] = set()
        for layer in layers:
            for changes in layer:
                assert changes not in solved
                assert start_of(changes, EVERY) == start_of(changes, solved)
            solved |= set(layer)
        assert set(wanted) <= solved
        needed = {each[place:] for each in wanted for place in range(1, len(each))}
        assert solved == set(wanted) | needed - {()}
        assert all(has_neighbours(DESIGN, each) for each in needed - {()})


def test_what_is_known_is_not_solved_again_to_start_from() -> None:
    assert in_turn([(DENY, FREE, CLOSED)], {(FREE, CLOSED), (CLOSED,)}) == [[(DENY, FREE, CLOSED)]]
    assert in_turn([(DENY, FREE, CLOSED)], {(CLOSED,)}) == [[(FREE, CLOSED)], [(DENY, FREE, CLOSED)]]


def test_the_last_layer_holds_neighbours_beside_each_other() -> None:
    last = in_turn(EVERY, ())[-1]
    starts = [changes[1:] for changes in last]
    assert [each for place, each in enumerate(starts) if each not in starts[:place]] == sorted(set(starts))
    assert not any(has_neighbours(DESIGN, each) for each in last if each)
    assert has_neighbours(DESIGN, (FREE,))
    assert not has_neighbours(DESIGN, (DENY,))
    assert not has_neighbours(DESIGN, ())


def test_a_design_held_to_fewer_levels_starts_where_the_whole_one_does() -> None:
    held = DESIGN.only(["sales=deny"]).only(["tools=free"])
    assert held.count == 2
    assert held.all_levels is DESIGN
    assert DESIGN.all_levels is DESIGN


def test_the_widest_numbers_have_every_limit_and_all_that_is_open() -> None:
    world = load(TEMPLATE)
    base = resolve(world, world.leader)

    def with_rent(*limits: float) -> PlanParameters:
        changed = np.resize(np.array(limits), base["rent_limit"].shape)
        return PlanParameters(base.country, base.sets, {**base.values, "rent_limit": changed})

    found = widest([with_rent(0.0, 3.0), with_rent(2.0, np.inf), with_rent(np.inf, 1.0)])
    assert np.array_equal(found["rent_limit"], np.resize([2.0, 3.0], base["rent_limit"].shape))
    opened = widest([with_rent(0.0), with_rent(np.inf)])
    assert (opened["rent_limit"] == 1.0).all()
    endless = widest([with_rent(np.inf), with_rent(np.inf, np.inf)])
    assert np.isinf(endless["rent_limit"]).all()
    assert all(np.array_equal(found[name], base[name]) for name in base.values if name != "rent_limit")
