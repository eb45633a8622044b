"""Studies: files read strictly, factors bound to an instance, scenarios that are valid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, load, patch, shipped_studies
from optimizer.instance.instance import quantities
from optimizer.instance.template import TEMPLATE
from optimizer.instance.values import Quantity
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.sampling.interaction import interaction
from optimizer.study.sampling.outcomes import column
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import factors_of, read_study, study_from
from optimizer.study.sampling.validity import scenario_patches

WORLD = load(TEMPLATE)
INCOME = "countries.CHN.budget.income_usd_bn"
POWER = "countries.CHN.power.build_limit_gw_per_year"
SHARE = "countries.CHN.trade.supply_share"
GRID = {"method": "grid"}


def document(factors: object, design: Mapping[str, Any] = GRID, **more: Any) -> dict[str, Any]:
    return {
        "format_version": 1,
        "title": "A study",
        "instance": str(TEMPLATE),
        "countries": ["CHN"],
        "design": dict(design),
        "factors": factors,
        "outcomes": ["lag_months/2029"],
        **more,
    }


def sample(factors: object, design: Mapping[str, Any] = GRID, **more: Any) -> Sample:
    return prepare(study_from(document(factors, design, **more)), WORLD)


def refused(factors: object, design: Mapping[str, Any] = GRID, **more: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        sample(factors, design, **more)
    return caught.value.diagnostics


def income(instance: Instance) -> Quantity:
    return instance.countries["CHN"].budget.income_usd_bn


def scenario(found: Sample, row: Row) -> Instance:
    return patch(found.base, scenario_patches(row))


# files

GOOD = """\
format_version: 1
title: Income and power
instance: TEMPLATE
countries: chn
design: {method: latin_hypercube, draws: 8}
factors:
  income: countries.CHN.budget.income_usd_bn ~ own
  power:
    - countries.CHN.power.build_limit_gw_per_year *= 0.5:2
    - countries.CHN.power.electricity_price_usd_per_kwh *= 0.5:2
correlations:
  - [income, power, 0.5]
outcomes: [lag_months/2029]
"""


def problems(tmp_path: Path, text: str) -> tuple[Diagnostic, ...]:
    path = tmp_path / "study.yaml"
    path.write_text(text.replace("TEMPLATE", str(TEMPLATE)))
    with pytest.raises(InputError) as caught:
        prepare(read_study(path), WORLD)
    assert all(each.file == str(path) for each in caught.value.diagnostics)
    return caught.value.diagnostics


def test_a_file_and_the_same_keys_make_the_same_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(GOOD.replace("TEMPLATE", str(TEMPLATE)).replace("chn", "CHN"))
    study = read_study(path)
    assert study.name == "study"
    found = prepare(study, load(study.instance))
    assert len(found.rows) == 8
    assert found.names == ("income", "power")
    power = "countries.CHN.power.build_limit_gw_per_year *= 0.5:2"
    price = "countries.CHN.power.electricity_price_usd_per_kwh *= 0.5:2"
    again = sample(
        {"income": f"{INCOME} ~ own", "power": [power, price]},
        {"method": "latin_hypercube", "draws": 8},
        correlations=[["income", "power", 0.5]],
    )
    assert again.rows == found.rows
    assert again.document() == found.document()


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "says"),
    [
        ("countries: chn", "countries: chn", "E302", 4, "did you mean `CHN`"),
        ("draws: 8", "drawz: 8", "E101", 5, "did you mean `draws`"),
        ("draws: 8", "levels: 4", "E705", 5, "lacks `draws`"),
        ("draws: 8", "draws: 0", "E103", 5, "at least 1"),
        ("latin_hypercube", "latin_hypercubes", "E111", 5, "did you mean `latin_hypercube`"),
        ("latin_hypercube", "sobol", "E705", 5, "power of 2"),
        ("title: Income and power\n", "", "E102", 1, "lacks `title`"),
        ("budget.income_usd_bn ~ own", "budget.incom_usd_bn ~ own", "E402", 7, "income_usd_bn"),
        ("build_limit_gw_per_year *= 0.5:2", "build_limit_gw_per_year *= 2:1", "E701", 9, "from 2 to 1"),
        ("[income, power, 0.5]", "[income, powers, 0.5]", "E707", 12, "did you mean `power`"),
        ("[income, power, 0.5]", "[income, power, 1.5]", "E103", 12, "between -1 and 1"),
        ("[income, power, 0.5]", "[income, 0.5]", "E104", 12, "two factors"),
        ("lag_months/2029", "lag_month/2029", "E710", 13, "did you mean `lag_months`"),
        ("outcomes:", "outcome:", "E101", 13, "did you mean `outcomes`"),
        ("format_version: 1", "format_version: 2", "E113", 1, "must be 1"),
        ("  income:", "  income: []\n  income2:", "E104", 7, "axis"),
    ],
)
def test_mistakes_of_a_file_name_line_and_remedy(
    tmp_path: Path, old: str, new: str, code: str, line: int, says: str
) -> None:
    text = GOOD if old == new else GOOD.replace("chn", "CHN")
    assert old in text
    if code == "E705" and "sobol" in new:
        text = text.replace("draws: 8", "draws: 12")
    found = problems(tmp_path, text.replace(old, new))
    (first,) = [each for each in found if each.code == code and says in f"{each.message} {each.hint}"]
    assert first.line == line


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("draws: 8", "draws: 8, levels: 4").replace("0.5:2", "0.5:x").replace("chn", "CHN")
    assert [(each.code, each.line) for each in problems(tmp_path, text)] == [
        ("E705", 5),
        ("E701", 9),
        ("E701", 10),
    ]


def test_shipped_studies_are_ready() -> None:
    world = load("world-2026")
    found = {name: prepare(read_study(name), world) for name in shipped_studies()}
    for each in found.values():
        assert each.study.instance == "world-2026"
        assert each.study.file.sources
        assert not each.notes
    drivers = found["china-drivers"]
    assert (len(drivers.factors), len(drivers.rows)) == (32, 512)
    assert "lag_months/2035" in drivers.outcomes
    limits = found["china-money-and-limits"]
    assert limits.names == ("money", "industrial_limits")
    assert len(limits.rows) == 9


def test_an_unknown_study_names_those_that_ship() -> None:
    with pytest.raises(InputError, match="did you mean the shipped `china-drivers`"):
        read_study("china-driver")


# factors


def test_values_of_a_range_reach_the_instance() -> None:
    found = sample(factors_of([f"{INCOME} *= 0.5:2:3:log", f"{POWER} = [10, 30]"]))
    assert [row.values for row in found.rows] == [(f, p) for f in (0.5, 1.0, 2.0) for p in (10.0, 30.0)]
    for row in found.rows:
        changed = scenario(found, row)
        assert income(changed).in_year(2026) == pytest.approx(45 * float(row.values[0]))
        assert changed.countries["CHN"].power.build_limit_gw_per_year.number() == row.values[1]
    assert found.rows[2].patches == (f"{POWER} = 10",)


def test_own_ranges_move_a_series_as_a_whole_and_end_exactly() -> None:
    found = sample(
        factors_of([f"{INCOME} ~ own", "countries.CHN.industry.lines.n7.* ~ own"]),
        {"method": "one_at_a_time"},
    )
    assert [row.values for row in found.rows] == [
        (45.0, "base"),
        (30.0, "base"),
        (60.0, "base"),
        (45.0, "low"),
        (45.0, "high"),
    ]
    low = scenario(found, found.rows[1])
    assert income(low).in_year(2026) == pytest.approx(30)
    assert income(low).in_year(2029) == pytest.approx(65 * 30 / 45)
    line = scenario(found, found.rows[4]).countries["CHN"].industry.lines["n7"]
    assert line.capacity_kwpm.number() == 50
    assert line.ai_share.in_year(2026) == pytest.approx(0.4)
    # what has no range stays, and is told
    assert "normal_kwpm_per_year" in found.notes[0]


def test_years_of_a_table_are_inputs_of_their_own() -> None:
    pending = "countries.CHN.power.pending_gw[2026]"
    found = sample(factors_of([f"{pending} *= [0.5, 2]"]))
    assert scenario(found, found.rows[1]).countries["CHN"].power.pending_gw.number(2026) == 8
    (problem,) = refused(factors_of([f"{pending} ~ own"]))
    assert problem.code == "E704"


def test_a_range_is_cut_to_what_the_schema_allows_and_told() -> None:
    # a share of 0.15 may be multiplied by 6.67 at most
    found = sample(factors_of([f"{SHARE} *= 0.5:10:3"]))
    (note,) = found.notes
    assert "cut to what the schema allows, at most 6.66667" in note
    assert [row.values[0] for row in found.rows] == [0.5, 3.58333333333, pytest.approx(1 / 0.15)]
    assert scenario(found, found.rows[2]).countries["CHN"].trade.supply_share.number() == pytest.approx(1)
    # of several cells each is cut by itself
    both = sample(factors_of([f"shares: {SHARE}, countries.USA.trade.supply_share *= 1:10:2"]))
    last = scenario(both, both.rows[1])
    assert [last.countries[name].trade.supply_share.number() for name in ("CHN", "USA")] == pytest.approx(
        [1, 1]
    )
    assert float(both.rows[1].values[0]) == pytest.approx(1 / 0.15)


CELLS = [
    (".".join(map(str, where)), quantity)
    for where, quantity in quantities(WORLD, ())
    if not isinstance(where[-1], int) and "delivery_share" not in where and "budget" not in where
]


REFUSED = ("makes the instance invalid", "is no valid instance", "leaves what is allowed everywhere")


def cut(axis: str) -> Sample | None:
    """The sample over one range, None where a condition between cells, a scale that makes nothing of
    infinity, or a range that lies outside in all of its length refuses it in words."""
    study = study_from(document(factors_of([axis])))
    try:
        return prepare(study, WORLD)
    except InputError as error:
        problems = error.diagnostics
    for each in problems:
        assert each.code == "E703"
        assert any(words in each.message for words in REFUSED)
    return None


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CELLS),
    st.sampled_from(["*=", "+="]),
    st.floats(0.01, 0.99),
    st.floats(1.01, 1e4),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_a_cut_range_never_leaves_the_schema(
    cell: tuple[str, Quantity], operation: str, low: float, high: float, positions: list[float]
) -> None:
    path = cell[0]
    found = cut(f"{path} {operation} {low!r}:{high!r}:2")
    if found is None:
        return
    states = found.factors[0].at(np.array(positions))
    assert len(states) == len(positions)
    for state in states:
        # checked as a whole, which raises where some value is not allowed
        assert {one.path for one in patch(WORLD, state.patches).applied} <= {path}


@pytest.mark.parametrize(
    ("axes", "code", "says"),
    [
        ([f"{INCOME} *= [0.5, 2]", f"b: {INCOME} ~ own"], "E702", "both move"),
        ([f"{INCOME}[2026] *= [0.5, 2]", f"{INCOME}[2026:2027] *= [0.5, 2]"], "E702", "both move"),
        ([f"a: {INCOME} *= [0.5, 2]", f"a: {INCOME} += [5, 6]"], "E702", "moves twice"),
        ([f"{SHARE} *= [0.5, 10]"], "E703", "invalid at 10"),
        ([f"{SHARE} = 0.5:1.5:3"], "E703", "lie between 0 and 1"),
        ([f"{SHARE} *= 8:10:3"], "E703", "leaves what is allowed everywhere"),
        ([f"{POWER} ~ own"], "E704", "has none"),
        ([f"{INCOME}[2026] ~ own"], "E704", "leave the [years] out"),
        (["segments.business.delivery_share *= [0.5, 1]"], "E703", "must sum to 1"),
        (["segments.business.delivery_share += -0.2:0:2"], "E703", "must sum to 1"),
        (["countries.CHN.budget *= 0.5:2:3"], "E405", "table"),
        ([f"{INCOME} *= 0.5:2"], "E705", "without a number of values"),
        ([f"a: {INCOME} *= [0.5, 2]", f"a: {POWER} *= [0.5, 1, 2]"], "E705", "2 and 3 values"),
        (["rules.us_tools.in_force = 0:1:2"], "E402", "unknown path"),
        (["policy = [no_such_policy]"], "E209", "neither a path nor the name"),
    ],
)
def test_factors_that_cannot_be_are_refused_before_any_solve(axes: list[str], code: str, says: str) -> None:
    found = refused(factors_of(axes))
    assert found[0].code == code
    assert says in f"{found[0].message} {found[0].hint}"


def test_a_policy_of_the_base_is_no_level_of_an_axis() -> None:
    axis = factors_of(["policy = [baseline, talent_drive, talent_drive+hbm_lifted]"])
    found = refused(axis, policy="talent_drive")
    assert [each.code for each in found] == ["E702"]
    assert "`talent_drive` is part of every scenario already" in found[0].message
    assert "`baseline` is the base" in str(found[0].hint)


def test_years_that_do_not_meet_are_no_overlap() -> None:
    assert (
        len(sample(factors_of([f"{INCOME}[2026] *= [0.5, 2]", f"{INCOME}[2027:2028] *= [0.5, 2]"])).rows) == 4
    )


def test_a_factor_and_the_base_may_not_move_one_cell() -> None:
    (problem,) = refused(
        factors_of([f"{INCOME} ~ own"]), patches=[f"{INCOME} += 5"], design={"method": "one_at_a_time"}
    )
    assert problem.code == "E702"
    assert "the base changes" in problem.message


def test_policies_are_an_axis_and_may_not_meet_a_factor(tmp_path: Path) -> None:
    path = tmp_path / "richer.yaml"
    path.write_text(f"title: Richer\npatches: ['{INCOME} *= 1.5']\n")
    found = sample(factors_of([f"policy = [{path}]", f"{POWER} *= [0.5, 1]"]))
    assert [row.policy for row in found.rows] == [str(path)] * 2
    assert income(scenario(found, found.rows[0])).in_year(2026) == pytest.approx(67.5)
    assert found.document()["policies"] == {"richer": [f"{INCOME} *= 1.5"]}
    (problem,) = refused(factors_of([f"policy = [{path}]", f"{INCOME} *= [0.5, 1]"]))
    assert problem.code == "E702"
    assert str(path) in problem.message


def test_files_that_a_study_names_stand_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "richer.yaml").write_text(f"title: Richer\npatches: ['{INCOME} *= 1.5']\n")
    (tmp_path / "mine").symlink_to(TEMPLATE)
    text = (
        GOOD.replace("TEMPLATE", "mine")
        .replace("chn", "CHN")
        .replace("design:", "policy: richer.yaml\ndesign:")
    )
    text = text.replace(f"income: {INCOME} ~ own", "income: policy = [richer.yaml]").split("correlations")[0]
    path = tmp_path / "study.yaml"
    path.write_text(f"{text}outcomes: [objective]\n")
    monkeypatch.chdir(tmp_path.parent)
    study = read_study(Path(tmp_path.name) / "study.yaml")
    assert income(load(study.instance)).in_year(2026) == 45
    # the base and the axis have the same policy, which is told by the place where it was found
    with pytest.raises(InputError, match="is part of every scenario already"):
        prepare(study, load(study.instance))
    path.write_text(path.read_text().replace("policy: richer.yaml\n", ""))
    found = prepare(read_study(path), WORLD)
    assert found.rows[0].values[0] == "richer.yaml"
    assert income(scenario(found, found.rows[0])).in_year(2026) == pytest.approx(67.5)


def test_two_axes_of_one_path_need_a_name() -> None:
    with pytest.raises(InputError, match="give both one name"):
        factors_of([f"{INCOME} *= [0.5, 2]", f"{INCOME} *= [1, 3]"])


def test_no_factor_and_no_country_are_errors() -> None:
    assert refused({})[0].code == "E709"
    assert refused(factors_of([f"{POWER} *= [0.5, 1]"]), countries=[])[0].code == "E302"


def test_all_takes_every_input_with_a_range_that_reaches_the_country() -> None:
    found = sample("all", {"method": "one_at_a_time"})
    names = set(found.names)
    assert INCOME in names
    # the leader answers, so what reaches it counts; shares that add up to 1 cannot move alone
    assert any(name.startswith("countries.USA.") for name in names)
    assert not any("delivery_share" in name for name in names)
    assert any("delivery_share" in note for note in found.notes)
    held = sample("all", {"method": "one_at_a_time"}, leader="hold")
    assert not any(name.startswith("countries.USA.budget") for name in held.names)
    changed = sample("all", {"method": "one_at_a_time"}, patches=[f"{INCOME} += 5"])
    assert INCOME not in changed.names
    assert any(INCOME in note for note in changed.notes)
    ranged = {cell.path for cell in WORLD.cells() if cell.low is not None and cell.low != cell.high}
    assert names < ranged
    # every end is another scenario, and the first changes nothing
    assert found.rows[0].patches == ()
    assert all(len(row.patches) == 1 for row in found.rows[1:])


def test_draws_of_own_ranges_are_triangular() -> None:
    found = sample(factors_of([f"{INCOME} ~ own"]), {"method": "latin_hypercube", "draws": 400})
    drawn = np.array([row.values[0] for row in found.rows])
    assert drawn.min() >= 30
    assert drawn.max() <= 60
    assert drawn.mean() == pytest.approx((30 + 45 + 60) / 3, abs=0.2)
    assert drawn.var() == pytest.approx((30**2 + 45**2 + 60**2 - 30 * 45 - 30 * 60 - 45 * 60) / 18, rel=0.03)


def test_correlations_belong_to_draws_of_numbers() -> None:
    axes = factors_of([f"a: {INCOME} ~ own", f"b: {POWER} *= 0.5:2:3"])
    pairs = [["a", "b", 0.5]]
    assert refused(axes, correlations=pairs)[0].code == "E706"
    words = factors_of([f"a: {INCOME} ~ own", "b: policy = [baseline, hbm_lifted]"])
    sobol = {"method": "sobol", "draws": 8}
    assert "no order" in refused(words, sobol, correlations=pairs)[0].message


# groups and matrices


def grouped() -> Sample:
    axes = [
        f"income: {INCOME} *= [0.5, 1, 2]",
        f"power: {POWER} *= [0.5, 1, 2]",
        f"share: {SHARE} *= [0.5, 1]",
    ]
    factors = {
        **factors_of(axes),
        "limits": ["countries.CHN.industry.packaging.build_limit_thousand_per_year2 *= [0.2, 1, 3]"],
    }
    return sample(factors, groups={"industry": ["power", "limits"]})


def test_factors_of_a_group_move_together() -> None:
    found = grouped()
    assert found.names == ("income", "industry", "share")
    assert len(found.rows) == 3 * 3 * 2
    assert {(row.values[1], row.values[3]) for row in found.rows} == {(0.5, 0.2), (1.0, 1.0), (2.0, 3.0)}


def test_a_matrix_tells_what_two_axes_do_together() -> None:
    found = grouped()
    numbers = np.array(
        [float(row.values[0]) * float(row.values[1]) + 10 * float(row.values[2]) for row in found.rows]
    )
    made = interaction(found, numbers, "income", "industry")
    assert made.outcomes.loc[2.0, 0.5] == 2 * 0.5 + 10
    assert made.outcomes.loc[0.5, 2.0] == 1 + 10
    assert made.held == {"share": 1.0}
    assert made.together is not None
    # x y - x - y + 1
    assert made.together.loc[2.0, 2.0] == pytest.approx(1.0)
    assert made.together.loc[1.0, 2.0] == 0
    halved = interaction(found, numbers, "income", "industry", {"share": 0.5})
    assert halved.outcomes.loc[2.0, 0.5] == 2 * 0.5 + 5
    numbers[0] = np.nan
    assert interaction(found, numbers, "income", "industry", {"share": 0.5}).missing == 1


def test_a_matrix_asks_for_axes_that_are_there() -> None:
    found = grouped()
    numbers = np.zeros(len(found.rows))
    for rows, columns, held, says in (
        ("incomes", "industry", {}, "did you mean `income`"),
        ("income", "income", {}, "rows and columns"),
        ("income", "industry", {"share": 0.7}, "no value 0.7"),
        ("income", "industry", {"income": 0.5}, "cannot be held"),
    ):
        with pytest.raises(InputError, match=says):
            interaction(found, numbers, rows, columns, held)
    once = sample(factors_of([f"{INCOME} ~ own"]), {"method": "one_at_a_time"})
    with pytest.raises(InputError, match="needs a grid"):
        interaction(once, np.zeros(3), INCOME, INCOME)


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ({"g": ["income", "powers"]}, "did you mean `power`"),
        ({"income": ["power"]}, "a factor and a group"),
        ({"g": ["income"], "h": ["income"]}, "in two groups"),
        ({"g": ["income", "power"]}, "different numbers of values"),
    ],
)
def test_bad_groups_are_refused(groups: dict[str, list[str]], says: str) -> None:
    axes = factors_of([f"income: {INCOME} *= [0.5, 2]", f"power: {POWER} *= [0.5, 1, 2]"])
    assert says in str(InputError(refused(axes, groups=groups)))


# outcomes


def answered(number: int, **more: Any) -> RowResult:
    known: dict[str, Any] = {
        "number": number,
        "country": "CHN",
        "status": "optimal",
        "how": "solved",
        "objective": 5.0,
        "bound": 5.1,
        "gap": 1e-5,
        "message": "",
        "outcomes": {"lag_months/2029": 12.0, "binding": "budget"},
        "seconds": 0.1,
        "host": "here",
    }
    return RowResult(**{**known, **more})


def test_a_row_without_an_outcome_of_its_own_is_missing() -> None:
    results = [
        answered(0),
        answered(1, how="certified"),
        answered(2, status="infeasible", objective=None, outcomes={}),
        answered(3, status="stopped"),
        answered(4, country="USA"),
        answered(5, outcomes={"lag_months/2029": "more than 120"}),
        answered(6, how="same"),
    ]
    lag = column(results, 8, "CHN", "lag_months/2029")
    assert lag.tolist() == pytest.approx([12, *[np.nan] * 4, np.inf, 12, np.nan], nan_ok=True)
    objective = column(results, 8, "CHN", "objective")
    assert np.isnan(objective).tolist() == [False, False, True, True, True, False, False, True]
    with pytest.raises(InputError, match="is no number"):
        column(results, 8, "CHN", "binding")


def test_outcomes_are_spread_out_and_checked() -> None:
    axes = factors_of([f"{POWER} *= [0.5, 1]"])
    found = sample(
        axes, outcomes=["lag_months/*", "spend_share/*/2027", "objective", "binding", "lag_months/2029"]
    )
    lags = [f"lag_months/{year}" for year in range(2026, 2030)]
    assert found.outcomes[:4] == tuple(lags)
    assert "spend_share/research/2027" in found.outcomes
    assert found.outcomes[-2:] == ("objective", "binding")
    for outcome, says in (
        ("lag_months", "write lag_months/2029"),
        ("lag_months/2055", "no plan has the period"),
        ("spend_share/2027", "METRIC/ITEM/PERIOD"),
        ("spend_share/researh/2027", "did you mean `research`"),
        ("shadow_price/*/2027", "no one knows beforehand"),
    ):
        (problem,) = refused(axes, outcomes=[outcome])
        assert problem.code == "E710"
        assert says in f"{problem.message} {problem.hint}"


def test_a_factor_that_a_held_leader_keeps_from_every_plan_is_told() -> None:
    american = {
        "american": ["countries.USA.budget.income_usd_bn *= [0.5, 1]"],
        **factors_of([f"{POWER} *= [1, 2]"]),
    }
    (note,) = sample(american, leader="hold").notes
    assert note == "`american` reaches no plan of CHN: the leader's path is held"
    assert not sample(american).notes
    assert not sample(american, leader="hold", countries=["CHN", "USA"]).notes
