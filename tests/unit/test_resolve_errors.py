"""Values that contradict each other only once they become parameters: each named, with its cells."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import CODES, Diagnostic, InputError
from optimizer.instance.instance import Instance
from optimizer.instance.load import load
from optimizer.instance.patch import patch
from optimizer.instance.resolve import base_state, plan_sets, resolve
from optimizer.instance.resolving.reach import reachable_lags, spans_text
from optimizer.instance.values import YearMap, constant
from tests.unit.resolve_cells import replaced
from tests.unit.test_resolve_map import path_of

WORLD = Path(__file__).parent / "resolve_world"


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(WORLD)


def set_to(world: Instance, path: str, value: Any) -> Instance:
    return replaced(world, tuple(path.split(".")), lambda _: value)


def problems(world: Instance, country: str = "CHN") -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        resolve(world, country, path_of(world.leader, plan_sets(world, country)))
    assert all(one.code in CODES for one in caught.value.diagnostics)
    return caught.value.diagnostics


def test_unknown_country_and_objective(world: Instance) -> None:
    with pytest.raises(InputError, match="E302"):
        resolve(world, "CHI")
    with pytest.raises(InputError, match="E306"):
        resolve(world, "USA", None, "balance")


def test_money_that_would_make_money_names_its_cells(world: Instance) -> None:
    budget = world.countries["CHN"].budget
    for name, number in (("home_return", 0.9), ("cost_recovery", 0.1)):
        world = set_to(
            world, f"countries.CHN.budget.{name}", replace(getattr(budget, name), numbers=(number,))
        )
    (one,) = problems(world)
    assert one.code == "E501"
    assert "cost_recovery" in one.message
    assert "CHN" in one.message
    assert one.path == "countries.CHN.budget.cost_recovery"
    assert one.file is not None
    assert one.file.endswith("CHN.yaml")
    lines = Path(one.file).read_text(encoding="utf-8").splitlines()
    assert one.line is not None
    assert lines[one.line - 1].strip().startswith("cost_recovery")
    assert "countries.CHN.budget.home_return" in (one.hint or "")


def test_cash_that_cannot_pay_for_letting_all_go_is_refused(world: Instance) -> None:
    least = 0.12 * 2 / 2 + 0.4 * 0.12 * 2
    (one,) = problems(set_to(world, "countries.NLD.budget.cash0_usd_bn", constant(0.99 * least)), "NLD")
    assert (one.code, one.path) == ("E508", "countries.NLD.budget.cash0_usd_bn")
    enough = set_to(world, "countries.NLD.budget.cash0_usd_bn", constant(1.01 * least))
    path = path_of(world.leader, plan_sets(world, "NLD"))
    assert resolve(enough, "NLD", path).scalar("cash0") == 1.01 * least


def test_the_input_that_a_patch_changed_comes_first() -> None:
    changed = patch(load(WORLD), ["research.data_slope = 1", "research.data_wall_kh100e = .inf"])
    (one,) = problems(changed)
    assert (one.code, one.path) == ("E501", "research.data_slope")
    assert one.hint == "it follows from research.data_slope (changed by `research.data_slope = 1`)"


def test_cells_alike_are_named_together(world: Instance) -> None:
    (one,) = problems(set_to(world, "countries.USA.fleet.research_share", constant(0)), "USA")
    assert "compute_ref" in one.message
    assert "None" not in str(one.hint)
    assert "countries.USA.fleet.chips.*, countries.USA.fleet.research_share, chips.*.soft" in str(one.hint)


def test_a_leader_without_compute(world: Instance) -> None:
    (one, *_) = problems(set_to(world, "countries.USA.fleet.chips", {}), "USA")
    assert one.code == "E501"
    assert "compute_ref" in one.message


def test_every_early_arrival_is_named(world: Instance) -> None:
    early = YearMap({2024: constant(1), 2027: constant(2)})
    changed = set_to(world, "countries.CHN.power.pending_gw", early)
    changed = set_to(changed, "countries.CHN.industry.memory.pending_pb_per_year", early)
    changed = set_to(changed, "countries.CHN.industry.lines.n7.pending_kwpm", early)
    found = problems(changed)
    assert {one.code for one in found} == {"E502"}
    assert {one.path for one in found} == {
        "countries.CHN.power.pending_gw.2024",
        "countries.CHN.industry.memory.pending_pb_per_year.2024",
        "countries.CHN.industry.lines.n7.pending_kwpm.2024",
    }
    assert resolve(changed, "USA").country == "USA"


def test_a_chip_without_any_throughput(world: Instance) -> None:
    row = world.chips["us_old"]
    blank = row.model_copy(update={"dense_fp16_tflops": None, "tpp": None})
    (one,) = problems(set_to(world, "chips.us_old", blank))
    assert one.code == "E503"
    assert one.path == "chips.us_old.dense_fp8_tflops"
    assert (one.file or "").endswith("chips.csv")
    assert one.line == 5


def test_a_lag_of_nothing_with_less_compute(world: Instance) -> None:
    (one,) = problems(set_to(world, "countries.CHN.research.lag_months", constant(0)))
    assert one.code == "E504"
    assert one.path == "countries.CHN.research.lag_months"


def test_a_lag_that_no_base_state_reaches_is_told_with_those_that_can_be(world: Instance) -> None:
    far = set_to(world, "countries.CHN.research.lag_months", constant(120))
    (one,) = problems(far)
    assert one.code == "E504"
    assert "no base state lies 120 months behind the leader" in one.message
    assert one.path == "countries.CHN.research.lag_months"
    assert one.hint is not None
    longest = float(one.hint.split(" to ")[1].split(" months")[0])
    path = path_of("USA", plan_sets(world, "CHN"))
    for lag, reached in ((longest, True), (longest + 0.1, False)):
        changed = set_to(world, "countries.CHN.research.lag_months", constant(lag))
        if reached:
            state = base_state(resolve(changed, "CHN", path))
            growth = world.settings.research.capability_growth_per_year.number()
            assert 12 * state.lag_years(growth) == pytest.approx(lag, rel=1e-9)
        else:
            assert problems(changed)[0].code == "E504"


def test_knowledge_that_is_given_leaves_one_span(world: Instance) -> None:
    known = set_to(world, "countries.CHN.research.knowledge0_years", constant(1))
    level = float(base_state(resolve(known, "CHN", path_of("USA", plan_sets(world, "CHN")))).own)
    (one,) = problems(set_to(known, "countries.CHN.research.lag_months", constant(120)))
    longest = -12 * level / world.settings.research.capability_growth_per_year.number()
    assert f"a lag of 0.1 to {int(10 * longest) / 10:g} months can be reached" in (one.hint or "")


def test_spans_of_lags_may_have_a_hole() -> None:
    def own(lag_years: float) -> float:
        return -0.5 + 1.79 * math.log(max(0.05, 1 - lag_years / 1.63))

    spans = reachable_lags(own, 2.6)
    assert len(spans) == 2
    for low, high in spans:
        for month, holds in ((low, True), (high, True), (high + 0.1, False)):
            assert (-own(month / 12) >= 2.6 * month / 12) is holds
    assert spans_text(spans).count(" or ") == 1
    assert reachable_lags(lambda _: 1.0, 2.6) == ()
    assert spans_text(reachable_lags(lambda _: -100.0, 2.6)) == "0.1 and more months"


def test_a_follower_ahead_needs_no_help_and_no_lag(world: Instance) -> None:
    changed = set_to(world, "countries.CHN.research.lag_months", constant(0))
    changed = set_to(changed, "countries.CHN.fleet.chips", {"us_one": constant(4000)})
    plan = resolve(changed, "CHN", path_of("USA", plan_sets(world, "CHN")))
    assert plan.scalar("imitation") == 0


def test_paths_that_are_not_the_leaders(world: Instance) -> None:
    path = path_of("USA", plan_sets(world, "CHN"))
    with pytest.raises(ValueError, match="needs the path of USA"):
        resolve(world, "CHN")
    with pytest.raises(ValueError, match="USA leads"):
        resolve(world, "CHN", replace(path, country="NLD"))
    with pytest.raises(ValueError, match="capability has 7 values"):
        resolve(world, "CHN", replace(path, capability=path.capability[1:]))
    with pytest.raises(ValueError, match="knowledge has 8 values"):
        resolve(world, "CHN", replace(path, knowledge=path.knowledge[1:]))
