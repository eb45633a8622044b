"""Prices against differences of certified objectives, and repairs against a solve of what they propose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from models.limits import LIMITS, OPENING
from models.national import build
from models.parameters import TABLE, PlanParameters
from optimizer.answer.answer import Explained
from optimizer.answer.explanation import percent_of, when_words
from optimizer.answer.fact import Binding
from optimizer.answer.run import INFEASIBLE, OPTIMAL, CountryRun
from optimizer.instance import Instance, load, patch, resolve
from optimizer.program import compile_model
from optimizer.solver import Solution, Solver, Start
from optimizer.study.ask import Ask
from optimizer.study.explained import explain_conflict, explain_plan
from optimizer.study.inputs import Inputs
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.solve import solve_world

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
GAP = 1e-7
# What is moved through a parameter: the row that it stands in has no inequality of its own to loosen, or the
# forward run reads it.
THROUGH_PARAMETERS = {"budget": "income", "debt": "debt_limit", "carry_over": "carry_limit"}
BUDGET = "countries.CHN.budget."
TRADE = "countries.CHN.trade."
SCENARIOS: dict[str, tuple[str, list[str]]] = {
    "China as it is": ("CHN", []),
    "the leader as it is": ("USA", []),
    "China under a policy": (
        "CHN",
        [
            BUDGET + "category_floors.talent = 0.3",
            BUDGET + "category_ceilings.chips = 0.05",
            BUDGET + "debt_limit_usd_bn = 2",
            BUDGET + "carry_limit_share_of_income = 0.01",
            TRADE + "rent.limit_kh100e = 20",
            TRADE + "home_market_share = 0.3",
            TRADE + "grey.limit_kh100e_per_year = 20",
            TRADE + "caps.quota = {title: Quota, chips: all, counts: h100e, per_year: 60}",
        ],
    ),
}
# Families of limits that have a price in each of these; 19 different ones in all.
AT_LEAST = 8


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(TEMPLATE)


def loosened_rows(model: Any) -> None:
    """Every limit again with room to spare that a parameter gives, in place of the limit itself."""
    for family in LIMITS:
        row = getattr(model, family)
        if not len(row) or family in ("budget", "last_debt"):
            continue
        room = pyo.Param(row.index_set(), mutable=True, initialize=0.0, within=pyo.Reals)
        model.add_component(f"room_{family}", room)

        def with_room(_: Any, *key: Any, row: Any = row, room: Any = room) -> Any:
            one = row[key if len(key) > 1 else key[0]]
            spare = room[key if len(key) > 1 else key[0]]
            if one.upper is not None:
                return one.body <= one.upper + spare
            return one.body >= one.lower - spare

        again = pyo.Constraint(list(row.keys()), rule=with_room)
        model.add_component(f"loosened_{family}", again)
        row.deactivate()


class Loosened:
    """The plan of a country whose limits can be moved without building anything anew."""

    def __init__(self, parameters: PlanParameters) -> None:
        self.parameters = parameters
        model = build(parameters)
        loosened_rows(model)
        self.program = compile_model(model, tie_breaker="least_spending")
        self.plan_solver = PlanSolver(self.program, Solver(self.program))
        self.start: Start | None = None

    def bounds(self, fact: Binding, step: float) -> tuple[float, float] | None:
        """Certified bounds of the objective with a limit moved in all its periods, those after the reported
        ones included; None without a plan."""
        p, values = self.parameters, dict(self.parameters.values)
        sets = p.sets
        at = [sets.periods.index(period) for period in (*fact.periods, *fact.periods_after)]
        rooms: dict[str, np.ndarray[Any, Any]] = {}
        if fact.family in THROUGH_PARAMETERS:
            name = THROUGH_PARAMETERS[fact.family]
            moved = values[name].copy()
            moved[at] += step / (p.scalar("dt") if name == "income" else 1.0)
            if name == "income":
                # a share of income may be carried over
                values["carry_limit"] = values["carry_limit"] * moved / values[name]
            values[name] = moved
        else:
            name = f"room_{fact.family}"
            block = self.program.parameters[name]
            room = np.zeros(block.shape)
            inner = [index for index in LIMITS[fact.family].index if index != "periods"]
            members = [str(member) for member in sets.members(inner[0])] if inner else []
            if not inner:
                room[at] = step
            elif fact.periods:
                room[members.index(fact.item), at] = step
            else:
                room[members.index(fact.item)] = step
            rooms[name] = room
        changed = replace(p, values=values)
        solution = self.plan_solver.solver.solve(
            self.program.parameter_vector({**changed.values, **rooms}),
            gap=GAP,
            gap_scale=1.0,
            restore=lambda point: self.plan_solver.restored(changed, point),
            nominal=self.plan_solver.nominal(changed),
            start=self.start,
        )
        self.start = self.start or solution.start
        if solution.status == INFEASIBLE:
            return None
        assert solution.has_plan, solution.message
        return solution.certificate.lower, solution.certificate.upper


def solved(instance: Instance, country: str, patches: Sequence[str]) -> tuple[Instance, CountryRun]:
    changed = patch(instance, patches, stack=True)
    run = solve_world(Ask(changed, (country,), gap=GAP, jobs=1)).countries[country]
    assert run.status == OPTIMAL
    return changed, run


@pytest.mark.parametrize("name", SCENARIOS)
def test_prices_are_those_of_finite_differences(world: Instance, name: str) -> None:
    country, patches = SCENARIOS[name]
    instance, run = solved(world, country, patches)
    assert run.parameters is not None
    plan = Loosened(run.parameters)
    facts = explain_plan(run, Inputs(instance)).binding
    worths = [fact.eased_percent_at_most for fact in facts]
    assert worths == sorted(worths, reverse=True)
    # what may be owed at the end is what is owed at the start: no parameter moves it alone
    # and where no debt is allowed the limit of that year says the same, so that neither is eased alone
    ends = ("last_debt", "reported_debt")
    dearest = {fact.family: fact for fact in reversed(facts) if fact.family not in ends}
    assert len(dearest) >= AT_LEAST, sorted(dearest)
    here = plan.bounds(facts[0], 0.0)
    assert here is not None
    for fact in dearest.values():
        largest = max(fact.limits) if fact.limits and max(fact.limits) > 0 else fact.step
        step = 0.02 * min(largest, 5 * fact.step)
        gain = fact.price * step
        more = plan.bounds(fact, step)
        assert more is not None
        # concave: the price promises at least what more brings, within the certified bounds
        assert more[0] - here[1] <= gain + 1e-9, fact.words
        assert more[1] - here[0] >= 0.3 * gain, fact.words
        if not fact.closed:
            less = plan.bounds(fact, -step)
            if less is not None:
                assert gain <= here[1] - less[0] + 1e-9, fact.words


TENTHS: dict[str, tuple[str, list[str], str, str]] = {
    "income of the leader": ("USA", [], "countries.USA.budget.income_usd_bn", "budget"),
    "income of a follower": ("CHN", [], "countries.CHN.budget.income_usd_bn", "budget"),
    "power orders": ("USA", [], "countries.USA.power.build_limit_gw_per_year", "power_orders"),
    "recruiting": ("USA", [], "countries.USA.talent.recruit_limit_thousand_per_year", "recruiting"),
    "graduates": ("USA", [], "countries.USA.talent.graduates_thousand_per_year", "schools"),
    "an import limit": (
        "CHN",
        [TRADE + "limits.nv_h200 = 40"],
        TRADE + "limits.nv_h200",
        "import_control/nv_h200",
    ),
    "a yearly cap": (
        "CHN",
        [TRADE + "caps.quota = {title: Quota, chips: all, counts: h100e, per_year: 60}"],
        TRADE + "caps.quota.per_year",
        "yearly_cap/quota",
    ),
    "a cap on the total": (
        "CHN",
        [TRADE + "caps.quota = {title: Quota, chips: all, counts: h100e, total: 200}"],
        TRADE + "caps.quota.total",
        "cumulative_cap/quota",
    ),
    "credit": ("CHN", [BUDGET + "debt_limit_usd_bn = 2"], BUDGET + "debt_limit_usd_bn", "debt"),
    "offshore cloud": (
        "CHN",
        # the normal pace follows the offer: with all of it normal, a tenth more moves the limit alone
        [TRADE + "rent.limit_kh100e = 20", TRADE + "rent.normal_share = 1"],
        TRADE + "rent.limit_kh100e",
        "rent_available",
    ),
}


@pytest.mark.parametrize("name", TENTHS)
def test_a_tenth_more_of_an_input_is_worth_at_most_what_is_said(world: Instance, name: str) -> None:
    country, patches, path, row = TENTHS[name]
    instance, run = solved(world, country, patches)
    (fact,) = [each for each in explain_plan(run, Inputs(instance)).binding if each.row == row]
    assert fact.ten_percent_effective_compute is not None
    assert fact.ten_percent_words.startswith("10% more: at most ")
    _, more = solved(instance, country, [f"{path} *= 1.1"])
    low, high = gain_percent(run, more)
    assert low <= fact.ten_percent_effective_compute
    assert high >= 0.7 * fact.ten_percent_effective_compute


def gain_percent(one: CountryRun, other: CountryRun) -> tuple[float, float]:
    """What the other plan is worth more than the one, percent of effective compute for good: certified."""
    assert one.solution is not None
    assert other.solution is not None
    before, after = one.solution.certificate, other.solution.certificate
    low, high = (
        percent_of(gain, parameters)
        for parameters in (one.parameters,)
        if parameters is not None
        for gain in (after.lower - before.upper, after.upper - before.lower)
    )
    assert low is not None
    assert high is not None
    return low, high


def test_a_share_of_what_the_plan_decides_is_no_bound(world: Instance) -> None:
    floor = BUDGET + "category_floors.talent"
    instance, run = solved(world, "CHN", [f"{floor} = 0.3"])
    facts = {each.row: each for each in explain_plan(run, Inputs(instance)).binding}
    fact = facts["least_share/talent"]
    assert fact.ten_percent_effective_compute is not None
    assert fact.ten_percent_words.startswith("10% less: about ")
    assert fact.tenth_cell.startswith("~")
    _, less = solved(instance, "CHN", [f"{floor} *= 0.9"])
    assert gain_percent(run, less)[1] == pytest.approx(fact.ten_percent_effective_compute, rel=0.3)
    required = facts["requirement/business"]
    assert required.ten_percent_words.startswith("10% less: at most ")
    assert required.ten_percent_effective_compute == pytest.approx(required.percent_effective_compute)


def test_rules_that_decide_are_named(world: Instance) -> None:
    shipped = load("world-2026")
    inputs = Inputs(shipped)

    def named(family: str, item: str = "", years: Sequence[int] = (2027,)) -> list[str]:
        return [one.path for one in inputs.that_decide("CHN", family, item, years)]

    assert named("home_market") == ["rules.cn_2025_state_dc.mandate_share"]
    tools = "countries.CHN.industry.tools.duv.import_limit_kwpm_per_year"
    assert named("tool_imports", "duv") == [tools, "rules.us_2022_tools.multiplier"]
    assert named("tool_imports", "euv") == ["rules.us_2020_smic.action", "rules.nl_2019_euv.action"]
    (ceiling,) = named("designer_share", "huawei/n7")
    assert ceiling == "countries.CHN.industry.designer_ceilings.huawei.lines.n7"
    assert named("memory_imports") == ["rules.us_2024_hbm.action"]
    assert named("cumulative_cap", "cn_2026_h200_quota") == ["rules.cn_2026_h200_quota.cap_value"]
    (denial,) = inputs.that_decide("CHN", "memory_imports", "", (2027,))
    line = Path(shipped.directory, "rules.yaml").read_text().splitlines()[(denial.line or 0) - 1]
    assert (denial.value, denial.file, line.strip()) == ("deny", "rules.yaml", "action: deny")
    # the country's own share is named where it is the larger one, or no rule holds
    own = "countries.CHN.trade.home_market_share"
    larger = Inputs(patch(shipped, [f"{own} = 0.5"]))
    assert [one.path for one in larger.that_decide("CHN", "home_market", "", (2027,))] == [own]
    assert [one.path for one in Inputs(world).that_decide("CHN", "home_market", "", (2027,))] == [own]


def test_a_default_that_follows_from_other_inputs_has_none_behind_it() -> None:
    shipped = load("world-2026")
    own = "countries.NLD.power.available_gw"
    inputs = Inputs(shipped)
    assert inputs.of_limit("NLD", "power_supply", "") == []
    assert inputs.of_limit("NLD", "last_debt", "") == inputs.of_limit("NLD", OPENING.name, "") == []
    assert {one.path.partition("[")[0] for one in inputs.of_limit("CHN", "power_supply", "")} == {
        "countries.CHN.power.pending_gw"
    }
    given = Inputs(patch(shipped, [f"{own} = 0.5", "countries.NLD.budget.cash0_usd_bn = 1"]))
    assert [one.path for one in given.of_limit("NLD", "power_supply", "")] == [own]
    for family in ("last_debt", OPENING.name):
        assert [one.path for one in given.of_limit("NLD", family, "")] == [
            "countries.NLD.budget.cash0_usd_bn"
        ]


def test_facts_name_their_inputs_and_say_what_they_mean(world: Instance) -> None:
    instance, run = solved(world, "CHN", ["countries.CHN.trade.limits.nv_h200 = 40"])
    facts = {fact.row: fact for fact in explain_plan(run, Inputs(instance)).binding}
    income = facts["budget"]
    assert [one.path for one in income.inputs] == ["countries.CHN.budget.income_usd_bn"]
    assert (income.inputs[0].file or "").endswith("CHN.yaml")
    assert re.match(r"10% more income in each year 2026-2029 and after is worth at most \d", income.words)
    assert income.words.count("%") == 3
    often = when_words([str(year) for year in range(2026, 2035)], "9 of 10 years")
    assert often == " in each of the 9 of 10 years in which it binds"
    limited = facts["import_control/nv_h200"]
    assert limited.limits
    assert max(limited.limits) == 40.0
    (cell,) = limited.inputs
    assert (cell.path, cell.value) == ("countries.CHN.trade.limits.nv_h200", 40.0)
    assert cell.patch == "countries.CHN.trade.limits.nv_h200 = 40"
    denied = facts["import_control/nv_vr200"]
    assert denied.closed
    assert denied.inputs == ()
    assert denied.limit_words == "none at all"


# infeasible -------------------------------------------------------------------------------------------------

CONFLICTS: dict[str, tuple[list[str], set[str]]] = {
    "floor above what can be bought": (
        [BUDGET + "category_floors.chips = 0.99"],
        {"countries.CHN.budget.category_floors.chips"},
    ),
    "floor on what cannot be built": (
        [BUDGET + "category_floors.power = 0.5", "countries.CHN.power.build_limit_gw_per_year = 0"],
        {"countries.CHN.budget.category_floors.power", "countries.CHN.power.build_limit_gw_per_year"},
    ),
    "ceiling below the staff there is": (
        [BUDGET + "category_ceilings.talent = 0"],
        {"countries.CHN.budget.category_ceilings.talent", "countries.CHN.talent.researchers_thousand"},
    ),
    "ceilings that do not add up": (
        [
            BUDGET + f"category_ceilings.{name} = 0.1"
            for name in ("research", "delivery", "chips", "talent", "power")
        ],
        {
            f"countries.CHN.budget.category_ceilings.{name}"
            for name in ("research", "delivery", "chips", "talent", "power")
        },
    ),
    "debt that nobody lends": (
        [BUDGET + "cash0_usd_bn = -300", BUDGET + "debt_limit_usd_bn = 0"],
        {"countries.CHN.budget.cash0_usd_bn", "countries.CHN.budget.debt_limit_usd_bn"},
    ),
    "no money in the first year": (
        [
            BUDGET + "cash0_usd_bn = -0.1",
            BUDGET + "income_usd_bn[2026] = 0.1",
            BUDGET + "debt_limit_usd_bn = 0",
        ],
        {"countries.CHN.budget.income_usd_bn", "countries.CHN.budget.debt_limit_usd_bn"},
    ),
    "research floor beside a fleet at work": (
        [BUDGET + "category_floors.research = 0.9"],
        {"countries.CHN.budget.category_floors.research"},
    ),
    "talent floor beyond what schools give": (
        [BUDGET + "category_floors.talent = 0.95"],
        {"countries.CHN.budget.category_floors.talent", "countries.CHN.talent.graduates_thousand_per_year"},
    ),
    "chips without tools or memory": (
        [
            BUDGET + "category_floors.chips = 0.5",
            "countries.CHN.industry.tools.duv.import_limit_kwpm_per_year = 0",
            "countries.CHN.industry.toolmaking.duv.build_limit_kwpm_per_year2 = 0",
            "countries.CHN.industry.packaging.build_limit_thousand_per_year2 = 0",
            "countries.CHN.industry.memory.build_limit_pb_per_year2 = 0",
        ],
        {
            "countries.CHN.budget.category_floors.chips",
            "countries.CHN.industry.tools.duv.import_limit_kwpm_per_year",
        },
    ),
}


def explained(instance: Instance, country: str) -> tuple[CountryRun, Explained]:
    run = solve_world(Ask(instance, (country,), jobs=1)).countries[country]
    assert run.status == INFEASIBLE
    assert run.solution is not None
    program = run.solution.program
    plan_solver = PlanSolver(program, Solver(program))
    return run, explain_conflict(run, Inputs(instance), plan_solver, None)


def plan_with(instance: Instance, run: CountryRun, patches: Sequence[str]) -> Solution:
    """The country solved with patches in force, from scratch."""
    follows = None if run.country == instance.leader else run.leader
    parameters = resolve(patch(instance, patches, stack=True), run.country, follows)
    # under a ceiling the forward run comes no nearer to the bound
    return PlanSolver.compile(parameters).solve(parameters, gap=2e-3)


@pytest.mark.parametrize("name", CONFLICTS)
def test_conflict_is_named_by_its_inputs_and_repaired(world: Instance, name: str) -> None:
    patches, named = CONFLICTS[name]
    instance = patch(world, patches)
    run, explanation = explained(instance, "CHN")
    found = {one.path for group in explanation.conflict_groups for one in group.inputs}
    assert named <= found
    assert explanation.repairs
    sizes = [option.size for option in explanation.repairs]
    assert sizes == sorted(sizes)
    for option in explanation.repairs:
        texts = [fix.patch for fix in option.patches]
        assert plan_with(instance, run, texts).status == OPTIMAL, texts
        # and as it is pasted: in place of the patches that it replaces
        replaced = {text for fix in option.patches for text in fix.replaces}
        pasted = patch(world, [*(text for text in patches if text not in replaced), *texts])
        stacked = patch(instance, texts, stack=True)
        one, other = (resolve(each, "CHN", run.leader) for each in (pasted, stacked))
        assert all(np.allclose(one[table], other[table]) for table in TABLE)


def test_repair_is_the_least_that_helps(world: Instance) -> None:
    instance = patch(world, [BUDGET + "cash0_usd_bn = -100"])
    run, explanation = explained(instance, "CHN")
    assert explanation.repairs
    option = next(each for each in explanation.repairs if each.kind == "income alone")
    (fix,) = option.patches
    assert fix.patch == f"countries.CHN.budget.income_usd_bn[2026] = {fix.new:.10g}"
    less = [f"countries.CHN.budget.income_usd_bn[2026] = {fix.old + 0.99 * (fix.new - fix.old)!r}"]
    assert plan_with(instance, run, less).status == INFEASIBLE


def test_share_repair_is_the_least_that_helps(world: Instance) -> None:
    instance = patch(world, [BUDGET + "category_ceilings.talent = 0"])
    run, explanation = explained(instance, "CHN")
    assert explanation.repairs
    (fix,) = explanation.repairs[0].patches
    assert 0 < fix.new < 0.1
    less = [f"countries.CHN.budget.category_ceilings.talent = [{0.98 * fix.new!r}, 0, 0, 0]"]
    assert plan_with(instance, run, less).status == INFEASIBLE


def test_infeasible_leader_is_repaired(world: Instance) -> None:
    instance = patch(world, ["countries.USA.budget.cash0_usd_bn = -2000"])
    run, explanation = explained(instance, "USA")
    assert explanation.repairs
    texts = [fix.patch for fix in explanation.repairs[0].patches]
    assert all("USA" in text for text in texts)
    assert plan_with(instance, run, texts).status == OPTIMAL


def test_a_row_of_the_users_own_is_named_and_the_inputs_beside_it_repaired(world: Instance) -> None:
    def much_research(model: Any) -> None:
        model.much_research = pyo.Constraint(
            model.PERIODS, rule=lambda m, t: m.research_compute[t] >= 1e7 * m.dt
        )

    run = solve_world(Ask(world, ("USA",), extension=much_research, jobs=1)).countries["USA"]
    assert run.status == INFEASIBLE
    assert run.solution is not None
    program = run.solution.program
    explanation = explain_conflict(run, Inputs(world), PlanSolver(program, Solver(program)), None)
    assert "the row `much_research`" in [group.words for group in explanation.conflict_groups]
