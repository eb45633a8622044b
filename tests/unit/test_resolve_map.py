"""The map from cells to parameters tells the truth: what a parameter does not declare cannot move it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from models.parameters import TABLE, LeaderPath, PlanParameters, PlanSets
from optimizer.instance.cells import FROM_LEADER_PLAN, STAGED, cell_map, matches
from optimizer.instance.instance import Instance
from optimizer.instance.load import load
from optimizer.instance.resolve import plan_sets, resolve
from optimizer.instance.resolving.rules import INTERMEDIATE, find_rule, patterns
from optimizer.instance.resolving.view import View
from optimizer.instance.values import CalendarDate, constant
from tests.unit.resolve_cells import number_changes, replaced, word_changes
from tests.unit.rules_worlds import rules_world

WORLD = Path(__file__).parent / "resolve_world"
STAGED_CELL = re.compile(r"(^|\.)staged\.")


def path_of(leader: str, sets: PlanSets) -> LeaderPath:
    periods = np.arange(len(sets.periods), dtype=float)
    knowledge = 1.5 + np.arange(len(periods) + 1)
    imports = np.zeros((len(sets.chips), len(periods)))
    return LeaderPath(leader, 2 * periods, periods, knowledge, imports, 1000 * periods, 0.0, 2.0)


def resolved(instance: Instance, country: str) -> PlanParameters:
    return resolve(instance, country, path_of(instance.leader, plan_sets(instance, country)))


def changed(before: PlanParameters, after: PlanParameters) -> set[str]:
    one, other = (np.concatenate([each[name].ravel() for name in TABLE]) for each in (before, after))
    # most cells move nothing of most plans
    if np.array_equal(one, other):
        return set()
    return {name for name in TABLE if not np.array_equal(before[name], after[name])}


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(WORLD)


@pytest.fixture(scope="module")
def other_world(world: Instance) -> Instance:
    """The same with what is absent or idle in the first: fallbacks of the ratings, the data wall, own values
    of a follower, caps alone in the way of purchases, a default for cash, a leader that also makes chips."""
    changes = [
        (("research", "data_wall_kh100e"), constant(20)),
        (("research", "automation_researchers_per_h100e"), constant(0)),
        (("rules", "large_chips", "in_force"), "never"),
        (("countries", "CHN", "trade", "limits"), {"us_two": constant(np.inf)}),
        (("countries", "CHN", "trade", "caps", "half_of_sales", "chips"), ["us_old"]),
        (("countries", "CHN", "trade", "caps", "in_all", "counts"), "h100e"),
        (("countries", "CHN", "trade", "caps", "in_all", "total"), constant(np.inf)),
        (("countries", "CHN", "budget", "cash0_usd_bn"), None),
        (("countries", "CHN", "budget", "income_usd_bn"), constant(0.25)),
        (("countries", "CHN", "research", "knowledge0_years"), constant(1.25)),
        (("countries", "CHN", "power", "available_gw"), constant(2)),
        (("chips", "us_one", "dense_fp16_tflops"), None),
        (("chips", "us_one", "dense_fp8_tflops"), None),
        (("chips", "us_old", "dense_fp16_tflops"), None),
        (("chips", "us_old", "dense_fp8_tflops"), None),
        (("chips", "us_old", "tpp"), None),
        (("chips", "us_old", "dense_fp4_tflops"), constant(500)),
        # any stockpile of it would have to wait
        (("chips", "cn_sold", "launch"), CalendarDate("2027-07", 2027.5, 2027.5 + 1 / 12)),
        (("countries", "CHN", "industry", "stockpiled_dies", "cn_sold"), constant(0)),
    ]
    for where, value in changes:
        world = replaced(world, where, lambda _, value=value: value)
    return world


def with_efficiency(world: Instance) -> Instance:
    """The same with observed lags read as efficiency."""
    return replaced(world, ("research", "catch_up"), lambda _: "efficiency")


@pytest.fixture(scope="module")
def ruled_world(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """The same with rules of every kind, most of them for the country without compute, and chips whose
    every figure decides one of them."""
    world = load(rules_world(tmp_path_factory.mktemp("ruled")))
    trade = ("countries", "NLD", "trade")
    changes: list[tuple[tuple[str, ...], object]] = [
        ((*trade, "grey", "output_share"), constant(0.1)),
        ((*trade, "subsidiary_share"), constant(0.125)),
        ((*trade, "supply_shares"), {"us_two": constant(0.375), "m_line": constant(0.4)}),
        ((*trade, "limits"), {"us_old": constant(50), "m_tpp": constant(45)}),
        (("countries", "USA", "trade", "supply_shares"), {"us_two": constant(0.4375), "m_io": constant(0.4)}),
        (("chips", "us_old", "sale"), "market"),
        # rated by its 4-bit figure, and one that is better at research
        (("chips", "m_fp4", "dense_fp16_tflops"), None),
        (("chips", "us_two", "software_maturity"), constant(1.25)),
    ]
    for where, value in changes:
        world = replaced(world, where, lambda _, value=value: value)
    return world


def variations(world: Instance) -> Iterator[tuple[str, Instance]]:
    return chain(number_changes(world), word_changes(world))


def concerns_rules(cell: str) -> bool:
    """Whether rules, or what they decide on, could read the cell; of chips only those made for them."""
    top, *below = cell.split(".")
    if top in ("chips", "market"):
        return any(name.startswith("m_") or name == "us_two" for name in below) or len(below) == 1
    return top in ("rules", "destination_groups", "lines", "memory", "compute") or "trade" in below


def test_a_cell_moves_only_what_declares_it_and_every_declaration_is_needed(
    world: Instance, other_world: Instance, ruled_world: Instance
) -> None:
    moved: dict[str, set[str]] = {name: set() for name in TABLE}
    for base in (world, other_world, ruled_world, with_efficiency(world), with_efficiency(other_world)):
        before = {country: resolved(base, country) for country in base.countries}
        for cell, after_change in variations(base):
            # a chip without its line cannot be told apart by node
            if base is ruled_world and not (concerns_rules(cell) and after_change.chips["m_line"].line):
                continue
            # the follower with everything, and the country whose cell it is
            owner = [cell.split(".")[1]] if cell.startswith("countries.") else list(base.countries)
            for country in dict.fromkeys(["CHN", "NLD", *owner] if base is ruled_world else ["CHN", *owner]):
                cells = cell_map(base, country)
                after = resolved(after_change, country)
                if after.sets.structure != before[country].sets.structure:
                    assert cells.shapes(cell), f"{cell} changes the sets"
                    continue
                for name in changed(before[country], after):
                    assert name in cells.feeds(cell), f"{cell} moves {name} of {country}"
                    moved[name].update(
                        pattern
                        for pattern in patterns(name)
                        if matches(pattern.format(country=country, leader="USA", objective="balanced"), cell)
                    )
    # those of staged mode have tests of their own
    idle = {
        (name, pattern)
        for name in TABLE
        if name not in STAGED
        for pattern in patterns(name)
        if pattern not in moved[name] and not STAGED_CELL.search(pattern)
    }
    # who leads decides between two rules; a test below changes it
    assert {pair for pair in idle if pair[1] != "leader"} == set()


@pytest.mark.parametrize(
    "cell", ["leader", "default_objective", "horizon.steps_per_year", "power.lead_years"]
)
def test_cells_that_change_whole_plans(world: Instance, cell: str) -> None:
    value = {
        "leader": "CHN",
        "default_objective": "service",
        "horizon.steps_per_year": 4,
        "power.lead_years": constant(4),
    }[cell]
    after = replaced(world, tuple(cell.split(".")), lambda _: value)
    for country in ("USA", "CHN", "NLD"):
        cells = cell_map(world, country)
        before_plan, after_plan = resolved(world, country), resolved(after, country)
        if before_plan.sets.structure != after_plan.sets.structure:
            assert cells.shapes(cell)
        else:
            assert not cells.shapes(cell)
            assert changed(before_plan, after_plan) - set(FROM_LEADER_PLAN) <= set(cells.feeds(cell))


def test_lookups_in_both_directions_agree(world: Instance) -> None:
    cells = cell_map(world, "CHN")
    for one in world.cells():
        declared = [
            name for name in TABLE if any(matches(pattern, one.path) for pattern in cells.reads(name))
        ]
        assert cells.feeds(one.path) == tuple(declared)


def test_every_number_feeds_something(world: Instance) -> None:
    maps = [
        cell_map(world, country, objective) for country in world.countries for objective in world.objectives
    ]
    idle = {one.path for one in world.cells() if not any(cells.feeds(one.path) for cells in maps)}
    assert idle == set()


def test_lookups_by_hand(world: Instance) -> None:
    cells = cell_map(world, "CHN")
    shared = ("fee", "import_limit", "cap", "cap_cumulative")
    assert cells.feeds("countries.CHN.trade.supply_share") == (
        *("fee", "import_limit", "normal_import", "cap", "cap_cumulative", "base_value"),
    )
    assert cells.feeds("rules.large_chips.mandate_share") == ("mandate",)
    assert cells.feeds("rules.large_chips.title") == ()
    assert set(shared) < set(cells.feeds("rules.large_chips"))
    assert cells.shapes("rules.large_chips")
    assert not cells.shapes("rules.large_chips.in_force")
    assert cells.feeds("countries.CHN.power.pending_gw.2026") == ("power_pending",)
    assert cells.feeds("countries.CHN.budget.income_usd_bn[2027:2029]") == ("income", "cash0", "carry_limit")
    assert cells.feeds("countries.NLD.budget.income_usd_bn") == ()
    assert cells.feeds("objectives.service.terminal_years") == ()
    assert cells.reads("chip_part") == ("chips.*.system_price_multiplier",)
    assert cells.reads("talent_ref") == ("countries.USA.talent.researchers_thousand", "leader")
    assert cells.shapes("memory.lead_years")
    assert not cells.shapes("economy.discount_rate_per_year")
    with pytest.raises(KeyError):
        cells.reads("no_such_parameter")


def test_a_rule_cannot_use_what_it_does_not_declare(world: Instance) -> None:
    view = View(world, "USA", plan_sets(world, "USA"), None, "balanced")
    view._running.append(find_rule("chip_part"))
    with pytest.raises(LookupError, match="chip_part"):
        view["unit_cost"]
    with pytest.raises(LookupError, match="chip_part"):
        view.of_leader("talent0")


def test_rules_cover_the_table_and_what_they_share_is_used() -> None:
    used = {
        name for one in (*TABLE, *INTERMEDIATE) for name in find_rule(one).uses | find_rule(one).leader_uses
    }
    assert set(INTERMEDIATE) <= used
    assert not set(INTERMEDIATE) & set(TABLE)
