"""The parameters of the staged industry, worked out by hand, and the cells that they follow from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.parameters import TABLE, Array, LeaderPath, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.explanation import HOLDS_FOR_INTEGERS, facts
from optimizer.answer.stages import Stages
from optimizer.errors import Diagnostic, InputError
from optimizer.instance.cells import PATH_ONLY, STAGED, cell_map, matches
from optimizer.instance.instance import Instance
from optimizer.instance.load import load
from optimizer.instance.patch import patch
from optimizer.instance.resolve import plan_sets, resolve
from optimizer.instance.resolving.rules import find_rule
from optimizer.instance.values import constant
from optimizer.study.country import solve_country
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.single import standing_leader
from tests.model.plan_solver import solve_plan
from tests.unit.resolve_cells import number_changes, replaced
from tests.unit.staged_world import OF_CHINA, SHARED, write_staged_world

ELSEWHERE = ("chips.", "market.", "rules.", "countries.USA", "countries.NLD", "segments", "objectives")


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return load(write_staged_world(tmp_path_factory.mktemp("staged") / "world"))


def of_china(world: Instance) -> PlanParameters:
    sets = plan_sets(world, "CHN")
    periods = np.arange(len(sets.periods), dtype=float)
    imports = np.zeros((len(sets.chips), len(periods)))
    path = LeaderPath(
        "USA", 2 * periods, periods, np.arange(len(periods) + 1) + 1.5, imports, periods, 0.0, 2.0
    )
    return resolve(world, "CHN", path)


@pytest.fixture(scope="module")
def plan(staged: Instance) -> PlanParameters:
    return of_china(staged)


# three reported; as tail a year for the programme of EUV tools, one for their plants, one and a quarter for a
# fab of n5 and two more
PERIODS = 9


def held(*numbers: float) -> Array:
    """Numbers by period, the last of them from there on."""
    return np.array([*numbers, *([numbers[-1]] * (PERIODS - len(numbers)))], dtype=float)


def once(*numbers: float) -> Array:
    """Numbers by period, and nothing after them."""
    return held(*numbers, 0)


# know-how of 0.5 divides what a level and a programme take by 1.5
GOLDEN: dict[str, Any] = {
    "yield_level": [[0.25, 0.5, 0.75], [0.125, 0.375, 0.375]],
    "learning_wafers": [[0, 150, 600], [0, 30, 30]],
    "learning0": [120, 3],
    "learning_other": [held(10, 20, 30), held(0)],
    "node_cost": [0, 4.5],
    "node_rate_limit": [held(0), held(1, 2)],
    "previous_line": [[0, 0], [1, 0]],
    "module": [2.5, 0],
    "module_side": [0, np.inf],
    "class_cost": [0, 6],
    "class_rate_limit": [held(0), held(2.5)],
    # 4 of 6 are left after know-how: 2.5 come to bear in 2027, 5 by 2028
    "class_openable": [held(1), held(0, 0, 1)],
    # 3 of 4.5 are left: half of a year's research bears after one year, half after two
    "openable": [held(1), held(0, 0, 0, 1)],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_parameters_by_hand(plan: PlanParameters, name: str) -> None:
    np.testing.assert_allclose(plan[name], GOLDEN[name], rtol=1e-12)


def test_profiles_of_programmes(plan: PlanParameters) -> None:
    assert plan["node_arrival"][:, :3].tolist() == [[0, 1, 0], [0, 0.5, 0.5]]
    assert plan["class_arrival"][:, :3].tolist() == [[0, 0, 0], [0, 1, 0]]
    # plants alone take a year in staged mode, a year and a half with the development before
    assert plan["toolmaking_arrival"][1, :3].tolist() == [0, 1, 0]
    assert plan["toolmaking_build_limit"][1].tolist() == [0.5] * PERIODS


def test_tools_that_toolmakers_cannot_exceed(plan: PlanParameters) -> None:
    # DUV: 2 at the start, 1 of 2027, and 1, 2, 2 ... set up a year before
    ends = 2 + np.cumsum(held(0, 1 + 1, 2))
    assert plan["tools_made_max"][0] == pytest.approx((np.append(2, ends[:-1]) + ends) / 2, rel=1e-8)


def test_wafers_that_no_line_can_exceed(plan: PlanParameters) -> None:
    """All DUV tools on n7, bounded by imports and toolmakers, and fabs in modules of 2.5: money is plenty in
    this world."""
    made = plan["tools_made_max"][0]
    tools = 4 + np.cumsum(held(10, 8, 6) + made)
    assert plan["modules_max"][0] == pytest.approx(np.floor(tools / 2.5))
    assert (tools / 2.5 % 1 > 0.01).any()
    ends = 20 + np.cumsum(once(5, 8))
    ends = ends + np.concatenate([[0, 0], 2.5 * plan["modules_max"][0, :-2]])
    expected = 12 * 0.4 * (np.append(20, ends[:-1]) + ends) / 2
    assert plan["started_max"][0] == pytest.approx(expected, rel=1e-7)


def test_levels_within_reach(plan: PlanParameters) -> None:
    """Of n7 the middle level takes 100 after know-how, and it is left at 400: 120 at the start is above the
    lowest level from the first period on."""
    reach = plan["reachable"][0]
    assert reach[0].tolist() == [0] * PERIODS
    most = 120 + np.cumsum(plan["started_max"][0] + plan["learning_other"][0])
    least = 120 + np.cumsum(plan["learning_other"][0])
    assert reach[1].tolist() == [1, *(least[:-1] <= 400)]
    assert reach[2].tolist() == [0, *(most[:-1] >= 400)]
    assert plan["next_threshold"][0] == pytest.approx([150, 600, 1.5 * most[-1]], rel=1e-7)
    # a line has no more levels than it says
    assert plan["reachable"][1, 2].tolist() == [0] * PERIODS


def test_a_level_asks_for_what_a_line_has_learned_without_a_wafer(plan: PlanParameters) -> None:
    """120 at the start; the middle level of n7 takes 100 after know-how, the highest 400."""
    before = 120 + np.concatenate([[0.0], np.cumsum(plan["learning_other"][0])[:-1]])
    spare = plan["spare_experience"]
    assert spare[0, 0] == pytest.approx(before, rel=1e-8)
    assert spare[0, 1] == pytest.approx(before - 100, rel=1e-7)
    assert not spare[0, 2].any()
    # of n5 the first level takes nothing, the second 20
    assert spare[1].tolist() == [pytest.approx([3] * PERIODS), [0] * PERIODS, [0] * PERIODS]


def test_lines_without_modules_have_no_count_of_them(plan: PlanParameters) -> None:
    assert np.isinf(plan["modules_max"][1]).all()


def test_money_bounds_what_is_built_where_tools_do_not(staged: Instance) -> None:
    """With tools without end a fab costs 0.3 a kwpm, and nothing on top at an infinite elasticity."""
    free = replaced(
        staged,
        ("countries", "CHN", "industry", "tools", "duv", "import_limit_kwpm_per_year"),
        lambda _: constant(np.inf),
    )
    free = replaced(free, ("tool_classes", "duv", "price_usd_bn_per_kwpm"), lambda _: constant(0))
    plan = of_china(free)
    money = []
    before = 5.0
    for income, credit in zip(plan["income"], plan["debt_limit"], strict=True):
        money.append(1.03 * before + income + credit)
        before = min(money[-1], 0.5 * income)
    built = 2.5 * np.floor(np.cumsum(np.array(money) / 0.3) / 2.5)
    ends = 20 + np.cumsum(once(5, 8)) + np.concatenate([[0, 0], built[:-2]])
    expected = 12 * 0.4 * (np.append(20, ends[:-1]) + ends) / 2
    assert plan["started_max"][0] == pytest.approx(expected, rel=1e-7)


def test_a_country_that_nothing_bounds_is_refused(staged: Instance) -> None:
    tools = ("countries", "CHN", "industry", "tools", "duv", "import_limit_kwpm_per_year")
    free = replaced(staged, tools, lambda _: constant(np.inf))
    free = replaced(free, ("countries", "CHN", "budget", "home_return"), lambda _: constant(0.1))
    with pytest.raises(InputError) as refused:
        of_china(free)
    assert refused.value.diagnostics[0].code == "E509"
    assert "fabs of n7" in refused.value.diagnostics[0].message


def test_in_path_mode_there_is_nothing_of_it(staged: Instance) -> None:
    path = replaced(staged, ("industry",), lambda _: "path")
    plan = of_china(path)
    assert plan.sets.levels == ()
    assert all(plan[name].size == 0 for name in STAGED)
    # the limit and the lead of path mode
    assert plan["toolmaking_build_limit"][1].tolist() == [0.0] * len(plan.sets.periods)
    cells = cell_map(path, "CHN")
    assert cells.reads("started_max") == ()
    assert cells.shapes("industry")


def test_cells_of_the_other_mode_are_read_by_no_plan(staged: Instance) -> None:
    """What is patched in a mode that does not read it is said to be without effect."""
    path = cell_map(replaced(staged, ("industry",), lambda _: "path"), "CHN")
    own = "countries.CHN.industry.staged.tools.euv.build_limit_kwpm_per_year2"
    for cell in ("staged.lines.n5.programme.lag_years", "staged.tools.euv.toolmaking_lead_years", own):
        assert not path.feeds(cell)
        assert not path.shapes(cell)
        assert cell_map(staged, "CHN").shapes(cell)
    given = "countries.CHN.industry.lines.n7.yield"
    assert path.feeds(given) == ("wafer_yield",)
    assert cell_map(staged, "CHN").feeds(given) == ()


def test_a_cell_moves_only_what_declares_it_and_every_cell_of_its_own_is_needed(
    staged: Instance, plan: PlanParameters
) -> None:
    cells = cell_map(staged, "CHN")
    moved: set[tuple[str, str]] = set()
    for cell, changed in number_changes(staged):
        # the lowest level takes nothing, whatever it is called
        if cell.startswith(ELSEWHERE) or cell.endswith("young.experience_thousand_wafers"):
            continue
        after = of_china(changed)
        if after.sets.structure != plan.sets.structure:
            assert cells.shapes(cell), f"{cell} changes the sets"
            continue
        for name in TABLE:
            if name not in PATH_ONLY and not np.array_equal(plan[name], after[name]):
                assert name in cells.feeds(cell), f"{cell} moves {name}"
                moved |= {(name, one) for one in find_rule(name).reads if _is(one, cell)}
    declared = {(name, one) for name in STAGED for one in find_rule(name).reads}
    # a word, not a number; how many levels there are is told by the sets
    words = {("previous_line", "lines.*.previous"), ("reachable", "staged.lines.*.levels")}
    words |= {("previous_line", "countries.{country}.industry.staged.lines.*.previous")}
    # what shifts a lag shifts the sets with it
    leads = {(name, one) for name, one in declared if one.endswith("lag_years")}
    assert declared - moved - words - leads == set()


def _is(pattern: str, cell: str) -> bool:
    return matches(pattern.format(country="CHN", leader="USA", objective="balanced"), cell)


def test_the_line_before_is_the_countrys_own_word_where_it_gives_one(staged: Instance) -> None:
    path = ("countries", "CHN", "industry", "staged", "lines")
    other = replaced(staged, ("lines", "n5", "previous"), lambda _: None)
    assert not of_china(other)["previous_line"].any()
    said = replaced(other, (*path, "n5", "previous"), lambda _: "n7")
    assert of_china(said)["previous_line"].tolist() == [[0, 0], [1, 0]]


def refused_with(staged: Instance, directory: Path, file: str, old: str, new: str) -> Diagnostic:
    """The one problem of the staged world in which a text of a file is another."""
    world = directory / "world"
    shutil.copytree(staged.directory, world)
    path = world / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError) as refused:
        load(world)
    (problem,) = refused.value.diagnostics
    assert problem.file is not None
    assert problem.line is not None
    assert problem.file.endswith((file, "CHN.yaml"))
    return problem


CHINA = "countries/CHN.yaml"
N7_LEARNED = "        experience_thousand_wafers: 120\n"
N5_STAGED = OF_CHINA[OF_CHINA.index("      n5:") : OF_CHINA.index("    tools:")]
RATE = "research_limit_usd_bn_per_year:"
EUV_SHARED = SHARED[SHARED.index("      programme: {cost_usd_bn: 8") :]
EUV = "      euv:\n        programme_left"
MISTAKES = {
    "nothing learned": (CHINA, N5_STAGED, "", "E322", "nothing says of `n5` what CHN has learned on it"),
    "no experience": (CHINA, N7_LEARNED, "", "E102", "`experience_thousand_wafers`"),
    "no ladder": (
        *("instance.yaml", SHARED[SHARED.index("    n5:") : SHARED.index("  tools:")], "", "E322"),
        "nothing says of `n5` how it learns",
    ),
    "no rate can finish": (
        *(
            CHINA,
            "research_limit_usd_bn_per_year: {2026: 1, 2027: 2}",
            "research_limit_usd_bn_per_year: 0.1",
            "E323",
        ),
        "takes USD 3 bn, and no more than 0.8 can be spent",
    ),
    "no rate": (
        *(CHINA, f"        {RATE} {{2026: 1, 2027: 2}}\n", "", "E323"),
        "no more than 0 can be spent",
    ),
    "no programme": (
        *(CHINA, EUV, EUV.replace("euv", "duv"), "E322"),
        "what it takes to master `duv` tools",
    ),
    "a level that yields nothing": (
        *("instance.yaml", "yield: 0.125", "yield: 0", "E324"),
        "`young` of `n5` yields nothing",
    ),
    "toolmakers without a programme": (
        *("instance.yaml", EUV_SHARED, f"{EUV_SHARED}    duv:\n{EUV_SHARED}", "E322"),
        "nothing says what CHN has still to pay to master `duv` tools",
    ),
    "a node that waits for itself": (
        *(CHINA, N7_LEARNED, f"{N7_LEARNED}        previous: n5\n", "E309"),
        "n7 -> n5 -> n7",
    ),
    "no such line before": (
        *(CHINA, N7_LEARNED, f"{N7_LEARNED}        previous: n4\n", "E303"),
        "unknown line `n4`",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_once_with_its_place(staged: Instance, tmp_path: Path, mistake: str) -> None:
    file, old, new, code, says = MISTAKES[mistake]
    problem = refused_with(staged, tmp_path, file, old, new)
    assert problem.code == code
    assert says in problem.message
    assert problem.hint or code in ("E102", "E303")


def test_toolmaking_that_a_programme_replaces_is_not_read(staged: Instance) -> None:
    replaced = (
        "tool_classes.euv.toolmaking_lead_years",
        "countries.CHN.industry.toolmaking.euv.build_limit_kwpm_per_year2",
    )
    path_mode = patch(staged, ["industry = path"])
    for path in replaced:
        assert cell_map(path_mode, "CHN").shapes(path)
        assert not cell_map(staged, "CHN").feeds(path)
        assert not cell_map(staged, "CHN").shapes(path)
    # of a class without a programme, and of the programme's own, it is
    assert cell_map(staged, "CHN").feeds("tool_classes.duv.toolmaking_lead_years")
    assert cell_map(staged, "CHN").feeds("staged.tools.euv.toolmaking_lead_years")
    before = resolve(staged, "CHN", standing_leader(staged))
    after = resolve(patch(staged, [f"{replaced[0]} = 4"]), "CHN", standing_leader(staged))
    assert all(np.array_equal(before[name], after[name]) for name in before.values)


def test_no_bound_of_the_staged_industry_binds(plan: PlanParameters) -> None:
    """With bounds five times as wide, every level a line has within reach and every node openable at any time
    the optimum is the same: they shape the relaxation, and cut off no plan."""
    wide = dict(plan.values)
    for name in ("started_max", "tools_made_max"):
        wide[name] = 5 * plan[name] + 1000.0
    wide["next_threshold"] = np.where(
        plan["next_threshold"] == plan["next_threshold"].max(axis=1, keepdims=True),
        1e5,
        plan["next_threshold"],
    )
    wide["reachable"] = np.broadcast_to(np.array([[1, 1, 1], [1, 1, 0]])[:, :, None], plan["reachable"].shape)
    wide["spare_experience"] = 0 * plan["spare_experience"]
    wide["modules_max"] = 5 * plan["modules_max"] + 100.0
    wide["openable"], wide["class_openable"] = np.ones((2, PERIODS)), np.ones((2, PERIODS))
    loose = PlanParameters(plan.country, plan.sets, {**wide, "reachable": wide["reachable"].astype(float)})
    loose.check()
    near, far = (solve_plan(each, 1e-6) for each in (plan, loose))
    assert near.status == far.status == "optimal"
    tolerance = 2e-6 * weight_of_time(plan)
    assert near.certificate.upper >= far.certificate.lower - tolerance
    assert far.certificate.upper >= near.certificate.lower - tolerance


@pytest.mark.parametrize(
    ("ratio", "shown"), [(0.0123, "1.2%"), (0.994, "99%"), (0.996, "100%"), (1.234, "123%")]
)
def test_a_country_that_passes_the_leader_is_told_without_powers_of_ten(ratio: float, shown: str) -> None:
    told = Stages(
        unlocked={},
        reached={},
        ordered_kwpm={},
        home_share_from=None,
        matches_leader_from=None,
        home_share=1.0,
        home_ratio=ratio,
    )
    assert f"at the end: {shown} of all that the leader adds" in told.words[-1]


def test_a_price_of_fixed_integers_is_no_bound_where_capability_has_no_weight(staged: Instance) -> None:
    world = patch(staged, ["objectives.balanced.capability_weight=0"])
    plan = of_china(world)
    told = facts(solve_country(PlanSolver.compile(plan), plan, 1e-3, None), world)
    assert told
    assert all(" worth about " in fact.words and fact.holds == HOLDS_FOR_INTEGERS for fact in told)
