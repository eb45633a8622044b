"""Plans decided year by year with a view of some years: what they must be, and what they must not know."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.parameters import PlanParameters
from models.simulate import DECISIONS, objective, simulate, weight_of_time
from models.window import first_periods
from optimizer.answer.run import INFEASIBLE, ROLLED, CountryRun
from optimizer.errors import InputError
from optimizer.instance import Instance, load, patch, resolve
from optimizer.study.ask import Ask
from optimizer.study.country import leader_path
from optimizer.study.foresight import Windows, held, roll_leader
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.solve import solve_world
from tests.model.oracle import ACCURACY, best_value
from tests.model.random_plans import random_plan
from tests.model.small_plan import small_plan

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
GAP = 1e-6


# Short leads make a short tail, and fewer windows.
LEADS = (
    *("power.lead_years = 1", "talent.education_lead_years = 1", "packaging.lead_years = 1"),
    *("lines.*.lead_years = 0.5", "tool_classes.*.toolmaking_lead_years = 0.5", "memory.lead_years = 1"),
)


@cache
def world() -> Instance:
    return patch(load(TEMPLATE), LEADS)


_windows: dict[object, Windows] = {}


def rolled(p: PlanParameters, view: int) -> CountryRun:
    """The country alone, as a leader is."""
    structure = p.sets.structure
    if structure not in _windows:
        _windows[structure] = Windows(PlanSolver.compile(p))
    return roll_leader(_windows[structure], world(), p, Ask(world(), view=view, gap=GAP))


# known answers -----------------------------------------------------------------------------------------


def one_chip(**changes: Any) -> PlanParameters:
    """Two years in which one chip is bought with USD 4 bn a year that may be saved, for delivery alone: its
    worth is the log of the chips there are on average in each year."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("fee", "grey_open", "make_limit", "grey_limit", "rent_limit", "mandate", "energy_cost", "wage"),
            *("w_capability", "w_autonomy", "shortfall_penalty", "passthrough", "terminal", "bank0"),
            *("cash0", "interest", "debt_limit", "cost_recovery", "home_return", "leader_efficiency"),
        ),
        0.0,
    )
    one = [0, 1, 0, 0, 0]
    fixed: dict[str, Any] = {
        "survival": 1.0,
        "discount": 1.0,
        "use0": [0, 1],
        "fleet0": [0, 300, 0, 0, 0],
        "import_limit": np.array(one)[:, None] * 1e4,
        "normal_import": np.inf,
        "unit_cost": np.array([[40.0, 10.0]] * 5),
        "power0": 1e3,
        "w_segment": [0, 1],
        "segment_floor": 1e-6,
        "service_ceiling": 50.0,
        "income": 4.0,
        "carry_limit": 1e3,
    }
    return small_plan(2, tail=0, **{**nothing, **fixed, **changes})


def bought(run: CountryRun) -> Any:
    assert run.values is not None
    return run.values["imports"][1]


def test_a_price_that_falls_next_year_is_waited_for_by_those_who_see_it() -> None:
    """By hand: 300 thousand chips are there, the price falls from 40 to 10 thousand dollars. With a bought in
    the first year c1 = 300 + a/2 and c2 = 300 + a + (800 - 4a)/2 are in use on average; log c1 + log c2 is
    largest at c2 = 2 c1, so a = 50, and what is left buys 600. Who sees one year spends it all: 100, 400."""
    p = one_chip()
    assert bought(rolled(p, 2)) == pytest.approx([50, 600], rel=1e-2)
    assert bought(rolled(p, 1)) == pytest.approx([100, 400], rel=1e-6)
    run = rolled(p, 1)
    assert run.rolled is not None
    loss = run.rolled.loss(p)
    assert loss is not None
    by_hand = (np.log(325 * 650) - np.log(350 * 600)) / 2
    assert loss[0] == pytest.approx(by_hand, abs=2e-6)


def test_sales_that_stop_next_year_are_hoarded_against_by_those_who_see_it() -> None:
    """At one price and with debt allowed until the end, whoever sees the stop buys for both incomes at once;
    who sees one year may not end it in debt, and has money in the next that buys nothing."""
    stop = np.zeros((5, 2))
    stop[1, 0] = 1e4
    p = one_chip(import_limit=stop, unit_cost=40.0, debt_limit=100.0)
    assert bought(rolled(p, 2)) == pytest.approx([200, 0], rel=1e-6, abs=1e-6)
    assert bought(rolled(p, 1)) == pytest.approx([100, 0], rel=1e-6, abs=1e-6)


def test_what_arrives_after_the_view_is_not_ordered() -> None:
    p = small_plan(6, tail=2)
    assert p["power_arrival"][2] == 1
    for view, orders in ((1, False), (2, False), (3, True), (6, True)):
        values = rolled(p, view).values
        assert values is not None
        assert bool(values["power_built"].max() > 1e-6) == orders


def test_a_view_of_all_years_is_the_plan_with_foresight() -> None:
    p = small_plan(5, tail=2)
    best = PlanSolver.compile(p).solve(p, gap=GAP)
    for view in (5, 6, 50):
        run = rolled(p, view)
        assert run.rolled is not None
        assert len(run.rolled.windows) == 1
        assert run.rolled.value == best.objective


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate:UserWarning")
@pytest.mark.parametrize("seed", [0, 1, 4])
def test_the_first_year_is_that_of_an_independent_statement_of_what_is_in_view(seed: int) -> None:
    """A plan that keeps the first year and goes on well is worth as much as the best plan in view, which a
    conic program finds without the engine."""
    p = random_plan(seed)
    year = round(1 / p.scalar("dt"))
    in_view = first_periods(p, 2 * year)
    in_view.check()
    run = rolled(in_view, 2)
    assert run.rolled is not None
    gap = GAP * weight_of_time(in_view)
    assert run.rolled.value == pytest.approx(
        best_value(in_view), abs=gap + ACCURACY * weight_of_time(in_view)
    )
    values, longer = run.values, rolled(p, 2).values
    assert values is not None
    assert longer is not None
    for name in DECISIONS:
        assert longer[name][..., :year] == pytest.approx(values[name][..., :year], rel=1e-9, abs=1e-12), name


# identities --------------------------------------------------------------------------------------------

PLANS = {
    "yearly": lambda: small_plan(5, tail=2),
    "quarterly": lambda: small_plan(12, 4, tail=4),
    # its last year in view is not whole
    "ragged": lambda: small_plan(10, 4, tail=2),
    "poor": lambda: small_plan(5, tail=2, income=25.0),
}


@pytest.mark.parametrize("view", [1, 2, 3])
@pytest.mark.parametrize("name", PLANS)
def test_a_rolled_plan_is_one_plan_that_obeys_every_row_and_gives_something_away(
    name: str, view: int
) -> None:
    p = PLANS[name]()
    run = rolled(p, view)
    assert run.status == ROLLED
    assert run.rolled is not None
    assert run.values is not None
    assert run.solution is None
    foresight = run.rolled.foresight
    assert foresight is not None
    assert run.rolled.gap <= GAP
    assert run.rolled.max_row_violation <= 1e-7
    assert run.rolled.value <= foresight.upper + 1e-9 * abs(foresight.upper)
    # it is its decisions run forward, and worth what they are
    forward = simulate(p, run.values)
    for array in DECISIONS:
        assert forward[array] == pytest.approx(run.values[array], rel=1e-9, abs=1e-9), array
    assert objective(p, forward) == pytest.approx(run.rolled.value, rel=1e-12)
    balance(p, run.values)
    labels, year = p.sets.periods, round(1 / p.scalar("dt"))
    starts = range(0, max(len(labels) - view * year, 0) + year, year)
    ends = [min(start + view * year, len(labels)) for start in starts]
    seen = [(each.first, each.last) for each in run.rolled.windows]
    assert seen == [(labels[start], labels[end - 1]) for start, end in zip(starts, ends, strict=True)]
    assert seen[-1][1] == labels[-1]


@pytest.mark.parametrize(("seed", "view"), [(77, 2), (79, 1)])
def test_rounding_of_what_was_decided_leaves_a_way_on(seed: int, view: int) -> None:
    """Under shares of the budget the forward run meets its rows to the certificate's tolerance and no better;
    held to the last digit, these decisions would leave the next year without any plan."""
    p = random_plan(seed)
    run = roll_leader(Windows(PlanSolver.compile(p)), world(), p, Ask(world(), view=view, gap=1e-5))
    assert run.status == ROLLED
    assert run.rolled is not None
    assert run.rolled.max_row_violation <= 1e-7
    assert run.rolled.foresight is not None
    assert run.rolled.value <= run.rolled.foresight.upper + 1e-6 * abs(run.rolled.foresight.upper)


def balance(p: PlanParameters, v: Any) -> None:
    """Money, chips and people come from somewhere and go somewhere."""
    dt = p.scalar("dt")
    before = np.concatenate([[p.scalar("cash0")], v["cash"][:-1]])
    single = ("buy", "rent", "chips_cost", "talent_cost", "power_spend", "bidup", "lapsed")
    paid = sum(v[name] for name in single) + v["energy"].sum(axis=0) + v["premium"].sum(axis=0)
    received = p["income"] * dt + v["recovered"] + v["home_returned"]
    grown = (1 + p.scalar("interest")) ** dt * before
    assert v["cash"] == pytest.approx(grown + received - paid, abs=1e-9)
    kept = p["survival"][:, None] ** dt
    fleet = np.concatenate([p["fleet0"][:, None], v["fleet"][:, :-1]], axis=1)
    new = v["imports"] + v["grey"] + v["domestic"]
    assert v["fleet"] == pytest.approx(kept * fleet + np.sqrt(kept) * new - v["retired"], abs=1e-8)
    people = np.concatenate([[p.scalar("talent0")], v["talent"][:-1]])
    stayed = (1 - p.scalar("attrition")) ** dt * people
    assert v["talent"] == pytest.approx(stayed + v["trained"] + v["recruited"] - v["released"], abs=1e-9)
    tools = v["tools_bought"] + v["tools_made"] - p["tools_per_wafer"].T @ v["wafer_built"]
    assert v["tool_stock"] == pytest.approx(p["tool_stock0"][:, None] + np.cumsum(tools, axis=1), abs=1e-9)


# what is not known -------------------------------------------------------------------------------------


def decided(instance: Instance, country: str, view: int, years: int) -> dict[str, Any]:
    run = solve_world(Ask(instance, (country,), view=view, jobs=1)).countries[country]
    assert run.values is not None, run.diagnostics
    return {name: run.values[name][..., :years] for name in DECISIONS}


@pytest.mark.parametrize(
    "later",
    [
        "countries.CHN.budget.income_usd_bn[2028] *= 3",
        "countries.USA.budget.income_usd_bn[2028] *= 3",
        "horizon.last_year = 2028",
    ],
)
def test_nothing_that_comes_after_the_view_moves_a_decision(later: str) -> None:
    """With two years in view 2026 is decided without 2028, of the leader too; 2027 is not."""
    before, after = (decided(each, "CHN", 2, 2) for each in (world(), patch(world(), [later])))
    for name in DECISIONS:
        assert before[name][..., :1] == pytest.approx(after[name][..., :1], rel=1e-9, abs=1e-12), name
    if "last_year" not in later:
        assert any(not np.allclose(before[name], after[name], rtol=1e-4) for name in DECISIONS)


@pytest.mark.parametrize("name", ["", "world-2026"])
def test_no_number_depends_on_what_a_leader_does_later(name: str) -> None:
    instance = load(name) if name else world()
    leading = resolve(instance, instance.leader)
    zeros = simulate(leading, {each: np.zeros(block(leading, each)) for each in DECISIONS})
    path = leader_path(instance, leading, zeros)
    periods = len(leading.sets.periods)
    cut = first_periods(leading, 3)
    short = held(leader_path(instance, cut, {each: array[..., :3] for each, array in zeros.items()}), periods)
    for country in instance.countries:
        if country != instance.leader:
            one, other = (first_periods(resolve(instance, country, each), 3) for each in (path, short))
            assert one.sets == other.sets
            for each, array in one.values.items():
                assert array == pytest.approx(other.values[each], rel=1e-12), (country, each)


def block(p: PlanParameters, name: str) -> tuple[int, ...]:
    from models.quantities import VARIABLES

    return (*p.sets.shape(VARIABLES[name].index), len(p.sets.periods))


def test_who_does_not_see_a_year_without_income_coming_may_have_no_way_on() -> None:
    poor = patch(world(), ["countries.CHN.budget.income_usd_bn[2028] = 0"])
    found = solve_world(Ask(poor, ("CHN",), view=1))
    run = found.countries["CHN"]
    assert run.status == INFEASIBLE
    (problem,) = run.diagnostics
    assert problem.code == "S114"
    assert "has no plan for 2028, after what was decided before 2028" in problem.message
    assert "income" in problem.message
    assert solve_world(Ask(poor, ("CHN",), view=3)).countries["CHN"].status == ROLLED


@pytest.mark.parametrize("view", [0, -1, 1.5, True, "2"])
def test_a_view_is_a_whole_number_of_years(view: Any) -> None:
    with pytest.raises(InputError, match="whole number of years"):
        Ask(world(), view=view)


@pytest.mark.parametrize("beside", [{"ranges": True}, {"bands": True}, {"extension": print}])
def test_a_view_excludes_what_asks_one_program(beside: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="exclude each other"):
        Ask(world(), view=2, **beside)


def test_results_do_not_depend_on_the_number_of_processes() -> None:
    one, two = (solve_world(Ask(world(), view=2, jobs=jobs)) for jobs in (1, 2))
    for country, run in one.countries.items():
        other = two.countries[country]
        assert run.values is not None
        assert other.values is not None
        assert all(np.array_equal(array, other.values[name]) for name, array in run.values.items())
        assert run.rolled is not None
        assert other.rolled is not None
        assert run.rolled.value == other.rolled.value
