"""The shipped policies: each has the effect it states, every patch of it matters, and all of them solve."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from models.parameters import TABLE, Array, LeaderPath, PlanParameters
from models.simulate import simulate, weight_of_time
from optimizer.answer.run import OPTIMAL
from optimizer.errors import InputError
from optimizer.instance import Instance, load, patch, read_policy, resolve, shipped_policies
from optimizer.instance.status import ChipStatus, year_status
from optimizer.solver import Solution
from optimizer.solver.pool import Start
from optimizer.study.country import leader_path
from optimizer.study.plan_solver import PlanSolver

ROOT = Path(__file__).parents[2]
BATCH_GAP = 1e-4
POLICIES = tuple(name for name in shipped_policies() if name != "baseline")
# first those that most policies are about
COUNTRIES = ("CHN", "USA", "ARE", "SAU", "TWN", "IND")
# What a country may do more of can leave its plan no worse, by the value it maximises, and less no better.
BETTER_FOR_CHINA = (
    "no_controls",
    "hbm_lifted",
    "h20_fee_15",
    "h200_fee_25",
    "b30a_allowed",
    "talent_drive",
    "euv_sold",
)
WORSE_FOR_CHINA = (
    "all_sales_stopped",
    "order_cancellation",
    "grey_closed",
    "rental_closed",
    "tools_tightened",
    "closed_collaboration",
    "h20_banned",
)

# policy, country, parameter, member of its first index (None: all), direction of the direct effect
EFFECTS = (
    ("no_controls", "CHN", "import_limit", "nv_gb300", +1),
    ("no_controls", "CHN", "import_limit", "nv_h20", +1),
    ("no_controls", "CHN", "fee", "nv_h200", -1),
    ("no_controls", "CHN", "grey_open", "nv_gb300", -1),
    ("no_controls", "CHN", "tool_import_limit", "duv", +1),
    ("no_controls", "CHN", "hbm_import_limit", None, +1),
    ("no_controls", "ARE", "cap", "us_2025_gulf_ae", +1),
    ("october_2023", "ARE", "import_limit", "nv_gb300", -1),
    ("october_2022", "CHN", "import_limit", "nv_gen2030", +1),
    ("october_2022", "CHN", "hbm_import_limit", None, +1),
    ("october_2022", "SAU", "cap", "us_2025_gulf_sa", +1),
    ("october_2023", "CHN", "import_limit", "nv_h20", +1),
    ("october_2023", "CHN", "import_limit", "nv_h200", -1),
    ("october_2023", "CHN", "fee", "nv_h20", -1),
    ("diffusion_2025", "IND", "cap_cumulative", "us_2025_diff_country", -1),
    ("diffusion_2025", "ARE", "cap", "us_2025_gulf_ae", +1),
    ("h20_banned", "CHN", "import_limit", "nv_h20", -1),
    ("h20_banned", "CHN", "import_limit", "amd_mi308x", -1),
    ("h20_fee_15", "CHN", "import_limit", "nv_h20", +1),
    ("h200_fee_25", "CHN", "import_limit", "nv_h200", +1),
    ("h200_fee_25", "CHN", "cap_cumulative", "cn_2026_h200_quota", +1),
    ("b30a_allowed", "CHN", "import_limit", "nv_b30a", +1),
    ("b30a_allowed", "CHN", "fee", "nv_b30a", +1),
    ("all_sales_stopped", "CHN", "import_limit", "nv_l20", -1),
    ("all_sales_stopped", "CHN", "import_limit", "nv_h200", -1),
    ("grey_closed", "CHN", "grey_open", None, -1),
    ("rental_closed", "CHN", "rent_limit", None, -1),
    ("hbm_lifted", "CHN", "hbm_import_limit", None, +1),
    ("tools_tightened", "CHN", "tool_import_limit", "duv", -1),
    ("full_decoupling", "CHN", "import_limit", None, -1),
    ("full_decoupling", "CHN", "rent_limit", None, -1),
    ("full_decoupling", "CHN", "grey_open", None, -1),
    ("full_decoupling", "CHN", "tool_import_limit", "duv", -1),
    ("full_decoupling", "CHN", "spillover", None, -1),
    ("home_market", "CHN", "mandate", None, +1),
    ("home_market", "CHN", "home_return", None, +1),
    ("order_cancellation", "CHN", "import_limit", "nv_cn2027", -1),
    ("big_fund", "CHN", "income", None, +1),
    ("big_fund", "CHN", "share_floor", "chips", +1),
    ("big_fund", "CHN", "toolmaking_build_limit", "duv", +1),
    ("big_fund", "CHN", "packaging_build_limit", None, +1),
    ("big_fund", "CHN", "hbm_build_limit", None, +1),
    ("euv_sold", "CHN", "tool_import_limit", "euv", +1),
    ("euv_sold", "CHN", "tool_import_limit", "duv", +1),
    ("talent_drive", "CHN", "recruit_limit", None, +1),
    ("talent_drive", "CHN", "attrition", None, -1),
    ("open_collaboration", "CHN", "transfer", None, +1),
    ("open_collaboration", "CHN", "spillover", None, +1),
    ("closed_collaboration", "CHN", "spillover", None, -1),
    ("efficiency_breakthrough", "USA", "returns", None, +1),
    ("memory_shock", "USA", "unit_cost", "nv_rubin_ultra", +1),
    ("memory_shock", "USA", "hbm_price", None, +1),
    ("us_brute_force", "USA", "income", None, +1),
    ("data_wall", "USA", "data_wall", None, -1),
    ("research_agents", "USA", "automation", None, +1),
    ("research_agents", "CHN", "automation", None, +1),
    ("taiwan_shock", "USA", "import_limit", "nv_vr200", -1),
    ("taiwan_shock", "TWN", "ai_share", "n3", -1),
)

# policies of which one does what the other undoes, and a cell in which that shows
CONTRADICTIONS = (
    ("h20_fee_15+h20_banned", "rules.us_2025_h20_resume.in_force"),
    ("h20_fee_15+october_2023", "rules.us_2025_h20_resume.in_force"),
    ("h20_banned+october_2023", "rules.us_2025_h20_letter_1.in_force"),
    ("h200_fee_25+no_controls", "rules.us_2026_case_by_case.in_force"),
    ("h200_fee_25+october_2023", "rules.us_2026_case_by_case.in_force"),
    ("october_2022+october_2023", "rules.us_2023_3a090a_1.in_force"),
    ("october_2022+no_controls", "rules.us_2022_tools.in_force"),
    ("october_2023+no_controls", "rules.us_2023_3a090a_1.in_force"),
    ("order_cancellation+h20_fee_15", "rules.cn_order_cancellation.in_force"),
    ("order_cancellation+h200_fee_25", "rules.cn_order_cancellation.in_force"),
    ("b30a_allowed+no_controls", "rules.us_b30a_allowed.in_force"),
    ("tools_tightened+no_controls", "rules.bill_match.in_force"),
    ("diffusion_2025+no_controls", "rules.us_2025_diff_country.in_force"),
    *(
        (f"all_sales_stopped+{name}", "rules.us_all_sales.in_force")
        for name in (
            "no_controls",
            "october_2022",
            "october_2023",
            "h20_fee_15",
            "h200_fee_25",
            "b30a_allowed",
        )
    ),
)


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(ROOT / "instances" / "world-2026")


@pytest.fixture(scope="module")
def solver(world: Instance) -> PlanSolver:
    return PlanSolver.compile(resolve(world, world.leader))


@pytest.fixture(scope="module")
def path(world: Instance, solver: PlanSolver) -> LeaderPath:
    """The leader's plan of the baseline, the same for all comparisons of parameters."""
    parameters = resolve(world, world.leader)
    solution = solver.solve(parameters, gap=BATCH_GAP)
    return leader_path(world, parameters, simulate(parameters, solver.decisions(solution.x)))


def parameters_of(instance: Instance, country: str, path: LeaderPath) -> PlanParameters:
    return resolve(instance, country, None if country == instance.leader else path)


def resolved(instance: Instance, path: LeaderPath) -> dict[str, PlanParameters] | str:
    """The parameters of `COUNTRIES`, or what is wrong with them."""
    try:
        return {country: parameters_of(instance, country, path) for country in COUNTRIES}
    except InputError as error:
        return "\n".join(problem.message for problem in error.diagnostics)


def differ(one: dict[str, PlanParameters] | str, other: dict[str, PlanParameters] | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one != other
    return any(
        not np.array_equal(array, other[country].values[name])
        for country, parameters in one.items()
        for name, array in parameters.values.items()
    )


def slice_of(parameters: PlanParameters, name: str, member: str | None) -> Array:
    """The values of a parameter, of one member of its first index if that is named."""
    if member is None:
        return parameters[name]
    chosen: Array = parameters[name][parameters.sets.members(TABLE[name].index[0]).index(member)]
    return chosen


def group_of(world: Instance, text: str) -> str | None:
    """The group of the rule that a patch switches, if it switches one."""
    table, *rest = text.split(" ")[0].split(".")
    return world.rules[rest[0]].group if table == "rules" and rest[1] == "in_force" else None


def says_what_holds(world: Instance, text: str) -> bool:
    """Whether a patch switches a rule to what it is in the baseline over the whole horizon."""
    cell, _, value = text.split(" ")
    table, name, field = cell.split(".")[:3]
    if (table, field) != ("rules", "in_force"):
        return False
    one = world.rules[name]
    first_year = world.horizon.first_year
    holds = {
        "never": one.in_force == "never",
        "always": one.in_force == "dated" and one.start <= first_year and one.to is None,
    }
    return holds[value]


def test_there_are_twenty_eight_and_each_says_what_it_is() -> None:
    assert len(shipped_policies()) == 28
    for name in shipped_policies():
        policy = read_policy(name)
        assert policy.title
        assert policy.sources, name
        sentences = re.split(r"(?<=[a-z0-9)])\. (?=[A-Z])", policy.description)
        assert len(sentences) == 2, (name, sentences)
        assert policy.description.endswith(".")
        assert bool(policy.patches) == (name != "baseline")


@pytest.mark.parametrize("name", POLICIES)
def test_every_patch_matters(name: str, world: Instance, path: LeaderPath) -> None:
    """Alone against the baseline, or left out of the policy.

    Only a row of a rule that is switched as a whole may be idle: one that reaches no chip here, as 3A090.b.
    So may one that says what holds anyway, so that a policy to the contrary conflicts.
    """
    patches = [one.text for one in read_policy(name).patches]
    before, after = resolved(world, path), resolved(patch(world, patches), path)
    assert not isinstance(after, str), after
    assert differ(before, after)
    idle, groups = [], set()
    for one in patches if len(patches) > 1 else ():
        rest = [text for text in patches if text != one]
        left_out = differ(resolved(patch(world, rest), path), after)
        if left_out or differ(resolved(patch(world, [one]), path), before):
            groups.add(group_of(world, one))
        else:
            idle.append(one)
    unexplained = [one for one in idle if group_of(world, one) not in groups - {None}]
    assert [one for one in unexplained if not says_what_holds(world, one)] == []


@pytest.mark.parametrize(("name", "country", "parameter", "member", "direction"), EFFECTS)
def test_direct_effect_has_its_sign(
    name: str,
    country: str,
    parameter: str,
    member: str | None,
    direction: int,
    world: Instance,
    path: LeaderPath,
) -> None:
    changed = patch(world, read_policy(name).patches)
    before = slice_of(parameters_of(world, country, path), parameter, member)
    after = slice_of(parameters_of(changed, country, path), parameter, member)
    assert np.all(direction * after >= direction * before)
    assert np.any(after != before)


def test_every_policy_has_a_direct_effect_that_is_checked() -> None:
    assert {effect[0] for effect in EFFECTS} == set(POLICIES)


def test_rules_of_the_past_are_told_apart(world: Instance, path: LeaderPath) -> None:
    """What each regime let through of one chip of every kind."""
    chips = {"l20": "nv_l20", "h20": "nv_h20", "h200": "nv_h200", "b30a": "nv_b30a", "gb300": "nv_gb300"}
    expected = {
        "no_controls": {"l20", "h20", "h200", "b30a", "gb300"},
        "october_2022": {"l20", "h20", "h200", "b30a", "gb300"},
        "october_2023": {"l20", "h20"},
        "baseline": {"l20", "h20", "h200"},
        "h20_banned": {"l20", "h200"},
        "b30a_allowed": {"l20", "h20", "h200", "b30a"},
        "all_sales_stopped": set(),
        "order_cancellation": set(),
    }
    for name, allowed in expected.items():
        parameters = parameters_of(patch(world, read_policy(name).patches), "CHN", path)
        bought = {kind for kind, chip in chips.items() if slice_of(parameters, "import_limit", chip).any()}
        assert bought == allowed, name


def status_of(instance: Instance, country: str, year: int, chip: str) -> ChipStatus:
    return next(one for one in year_status(instance, country, year).chips if one.chip == chip)


def export_rules(instance: Instance, country: str, year: int, chip: str) -> list[tuple[str, str | None]]:
    """What the export side makes of a chip in the course of a year, and by which rule."""
    spans = status_of(instance, country, year, chip).of_side("export")
    return [(span.verdicts["export"].status, span.verdicts["export"].rule) for span in spans]


def test_the_gulf_needed_licences_before_its_authorisations(world: Instance) -> None:
    licence = ("licensed", "us_2023_3a090a_d4")
    for country, authorisation in (("ARE", "us_2025_gulf_ae"), ("SAU", "us_2025_gulf_sa")):
        assert export_rules(world, country, 2023, "nv_h100_sxm") == [("free", None), licence]
        assert export_rules(world, country, 2024, "nv_h100_sxm") == [licence]
        assert export_rules(world, country, 2024, "nv_h20") == [("free", None)]
        assert export_rules(world, country, 2025, "nv_gb300") == [licence, ("capped", authorisation)]
        assert export_rules(world, country, 2026, "nv_gb300") == [("capped", authorisation)]
        past = patch(world, read_policy("october_2023").patches)
        assert export_rules(past, country, 2027, "nv_gb300") == [licence]
    assert export_rules(world, "ISR", 2024, "nv_h100_sxm") == [("free", None)]


def test_authorisations_of_the_gulf_count_only_what_needs_a_licence(
    world: Instance, path: LeaderPath
) -> None:
    weight = slice_of(parameters_of(world, "ARE", path), "cap_weight", "us_2025_gulf_ae")
    counted = {chip for chip, row in zip(world.chips, weight, strict=True) if row.any()}
    assert {"nv_gb300", "nv_h200", "intel_gaudi3"} <= counted
    assert not counted & {"nv_h20", "nv_l20", "nv_rtxpro6000d", "amd_mi308x", "nv_cn2027"}


def test_chips_that_their_owner_keeps_were_never_on_sale(world: Instance) -> None:
    for chip in ("g_tpu_v5e", "g_tpu_v5p"):
        assert status_of(world, "CHN", 2023, chip).why == "kept by its designer"


def test_small_dies_reach_the_window_of_january_2026(world: Instance) -> None:
    small = patch(world, [f"chips.{chip}.die_area_mm2 = 300" for chip in ("nv_l20", "amd_mi325x")])
    small = patch(small, ["chips.amd_mi325x.tpp = 1912"])
    for chip in ("nv_l20", "amd_mi325x"):
        assert export_rules(small, "CHN", 2024, chip)[-1] == ("denied", "us_2023_3a090a_2")
    assert export_rules(small, "CHN", 2027, "amd_mi325x") == [("capped", "us_2026_case_by_case")]
    # made for China: not on sale in the United States when the rule came
    assert export_rules(small, "CHN", 2027, "nv_l20") == [("denied", "us_2023_3a090a_2")]


@pytest.mark.parametrize("chip", ["nv_h200", "amd_mi325x"])
def test_half_of_american_purchases_and_they_themselves_fit_the_output(
    chip: str, world: Instance, path: LeaderPath
) -> None:
    opened = patch(world, read_policy("h200_fee_25").patches)
    china = slice_of(parameters_of(opened, "CHN", path), "import_limit", chip)
    # what is normal there: more is within reach, at a price
    america = slice_of(parameters_of(opened, "USA", path), "normal_import", chip)
    made = world.market.output[chip].numbers(np.arange(len(china)) + world.horizon.first_year)
    assert china.any()
    assert np.all(china <= 0.5 * america + 1e-9)
    assert np.all(china + america <= 1.001 * made)


def test_nobody_else_has_what_is_made_for_china(world: Instance, path: LeaderPath) -> None:
    for country in (country for country in COUNTRIES if country != "CHN"):
        parameters = parameters_of(world, country, path)
        for chip in ("nv_h20", "nv_l20", "nv_rtxpro6000d", "nv_b30a", "amd_mi308x", "nv_cn2027", "nv_cn2033"):
            assert not slice_of(parameters, "import_limit", chip).any(), (country, chip)


def test_no_policy_gives_a_chip_faster_links(world: Instance) -> None:
    for name in POLICIES:
        for chip, changed in patch(world, read_policy(name).patches).chips.items():
            before, after = world.chips[chip].interconnect_gbs, changed.interconnect_gbs
            if before is None:
                assert after is None, (name, chip)
            else:
                assert after is not None, (name, chip)
                assert after.number() <= before.number(), (name, chip)


def test_policies_compose_and_overlaps_are_refused(world: Instance) -> None:
    both = read_policy("hbm_lifted+tools_tightened")
    changed = patch(world, both.patches)
    assert {item.path for item in changed.applied} == {
        "rules.us_2024_hbm.in_force",
        "rules.bill_match.in_force",
    }
    with pytest.raises(InputError) as caught:
        patch(world, read_policy("full_decoupling+closed_collaboration").patches)
    assert [problem.code for problem in caught.value.diagnostics] == ["E404"]
    assert caught.value.diagnostics[0].path == "research.spillover_per_year"


@pytest.mark.parametrize(("names", "cell"), CONTRADICTIONS)
def test_policies_that_contradict_each_other_conflict(names: str, cell: str, world: Instance) -> None:
    with pytest.raises(InputError) as caught:
        patch(world, read_policy(names).patches)
    assert {problem.code for problem in caught.value.diagnostics} == {"E404"}
    assert cell in {problem.path for problem in caught.value.diagnostics}


def test_every_policy_solves_for_both_rivals(world: Instance, solver: PlanSolver) -> None:
    starts: dict[str, Start | None] = {}
    leading: dict[bytes, LeaderPath] = {}
    objective: dict[str, float] = {}

    def solve(parameters: PlanParameters) -> Solution:
        solution = solver.solve(parameters, gap=BATCH_GAP, start=starts.get(parameters.country))
        assert solution.status == OPTIMAL, (name, parameters.country)
        assert solution.certificate.gap <= BATCH_GAP, (name, parameters.country)
        starts.setdefault(parameters.country, solution.start)
        return solution

    for name in ("baseline", *POLICIES):
        changed = patch(world, read_policy(name).patches)
        parameters = resolve(changed, "USA")
        key = b"".join(array.tobytes() for array in parameters.values.values())
        if key not in leading:
            values = simulate(parameters, solver.decisions(solve(parameters).x))
            leading[key] = leader_path(changed, parameters, values)
        objective[name] = solve(resolve(changed, "CHN", leading[key])).objective
    tolerance = 2 * BATCH_GAP * weight_of_time(resolve(world, "USA"))
    for better in BETTER_FOR_CHINA:
        assert objective[better] >= objective["baseline"] - tolerance, better
    for worse in WORSE_FOR_CHINA:
        assert objective[worse] <= objective["baseline"] + tolerance, worse
    assert objective["full_decoupling"] < min(objective[part] for part in WORSE_FOR_CHINA) - tolerance
    assert objective["no_controls"] > max(objective[part] for part in BETTER_FOR_CHINA[1:]) + tolerance


def test_the_page_lists_every_policy_and_what_it_patches() -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    rows = {match[1]: match[0] for match in re.finditer(r"^\| `([a-z0-9_]+)` \|.*$", page, re.MULTILINE)}
    assert set(rows) == set(shipped_policies())
    for name, row in rows.items():
        policy = read_policy(name)
        assert policy.title in row, name
        for one in policy.patches:
            assert one.segments[-2 if one.segments[-1] == "in_force" else -1] in row, (name, one.text)
