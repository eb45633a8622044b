"""What is doubtful about a valid instance is said, and nothing is said of those that are shipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from optimizer.errors import Diagnostic
from optimizer.instance import Instance, load, patch, read_policy, shipped_policies
from optimizer.instance.findings import findings
from optimizer.instance.plausible import TABLE, spans, table_text
from optimizer.instance.rules.membership import Membership, memberships, ungrouped
from optimizer.instance.template import TEMPLATE

WORLD_2022 = Path(__file__).parents[2] / "instances" / "world-2022"


@pytest.fixture(scope="module")
def shipped() -> Instance:
    return load("world-2026")


@pytest.fixture(scope="module")
def small() -> Instance:
    return load(TEMPLATE)


def changed(tmp_path: Path, file: str, before: str, after: str) -> Instance:
    """The small instance with one text of a file replaced."""
    directory = shutil.copytree(TEMPLATE, tmp_path / "w")
    text = (directory / file).read_text()
    assert before in text
    (directory / file).write_text(text.replace(before, after, 1))
    return load(directory)


def messages(found: Iterable[Diagnostic], code: str) -> list[str]:
    found = list(found)
    assert all(each.severity == "warning" for each in found)
    return [each.message for each in found if each.code == code]


def test_nothing_is_said_of_what_is_shipped(shipped: Instance, small: Instance) -> None:
    assert findings(small) == ()
    assert findings(shipped) == ()
    assert findings(patch(shipped, ["horizon.steps_per_year = 4"])) == ()
    for name in shipped_policies():
        assert findings(patch(shipped, read_policy(name).patches)) == (), name


# data that end


def test_series_that_the_horizon_and_its_tail_outrun_are_told_in_one_line(shipped: Instance) -> None:
    (found,) = findings(patch(shipped, ["horizon.last_year = 2050"]))
    assert found.code == "W101"
    assert "nv_gen2039, nv_cn2033, amd_gen2038, tpu_gen2036 and 1 more ends in 2044" in found.message
    assert "runs to 2057" in found.message
    assert "no chip at all can be bought from 2045" in found.message
    assert found.file is not None
    assert found.file.endswith("market.yaml")
    assert found.line is not None


def test_the_tail_alone_may_outrun_a_series(small: Instance) -> None:
    assert messages(findings(patch(small, ["talent.education_lead_years = 6"])), "W101")


def test_an_output_that_ends_while_the_chip_is_sold_is_told(tmp_path: Path) -> None:
    world = changed(tmp_path, "chips.csv", "2024-11,2028-12", "2024-11,2030-12")
    (message,) = messages(findings(world), "W101")
    assert message.startswith("`market.output` of nv_h200 ends in 2028,")
    assert message.endswith(": none can be bought from 2029")
    # a year that is listed as 0 is meant
    listed = {f"market.output.nv_h200[{year}] = 0" for year in range(2029, 2037)}
    assert not findings(patch(world, listed))


def test_a_market_that_ends_with_its_last_sale_is_told(small: Instance) -> None:
    ends = [f"chips.{chip}.end_of_sale = '2030-12'" for chip in ("nv_vr200", "g_tpu_v7")]
    output = [f"market.output.{chip} = {{2026: 900, 2030: 900}}" for chip in ("nv_vr200", "g_tpu_v7")]
    (message,) = messages(findings(patch(small, [*ends, *output])), "W101")
    assert message.startswith("`market.output` ends in 2030")
    assert "no chip at all" in message


def test_a_chip_on_sale_that_the_market_does_not_list_is_told(tmp_path: Path) -> None:
    world = changed(tmp_path, "market.yaml", "  nv_b200: ", "  # nv_b200: ")
    (message,) = messages(findings(world), "W101")
    assert message == "`market.output` lists no year of nv_b200, on sale by 2036: none can be bought"


# values in another unit


def test_stored_spans_are_those_of_the_shipped_world(shipped: Instance) -> None:
    assert TABLE.read_text() == table_text(spans(shipped))


UNIT_SLIPS = {
    "chips.nv_h200.dense_fp16_tflops *= 1e12": "FLOP/s or GFLOP/s",
    "chips.nv_h200.dense_fp8_tflops *= 1000": "FLOP/s or GFLOP/s",
    "chips.nv_h200.dense_fp16_tflops *= 0.001": "PFLOP/s",
    "chips.nv_h200.tdp_w *= 0.001": "kW",
    "chips.nv_h200.memory_bandwidth_gbs *= 0.001": "TB/s",
    "chips.nv_h200.hbm_gb *= 0.001": "TB",
    "chips.nv_h200.unit_price_usd *= 0.001": "thousand USD",
    "countries.CHN.budget.income_usd_bn *= 1000": "million USD or USD",
    "countries.NLD.budget.income_usd_bn *= 1000": "million USD or USD",
    "countries.CHN.budget.interest_per_year *= 100": "percent",
    "countries.CHN.fleet.chips.nv_h20 *= 1000": "single chips",
    "countries.CHN.trade.limits.nv_h20 *= 1000": "single chips",
    "countries.NLD.talent.researchers_thousand *= 1000": "people",
    "countries.CHN.talent.wage_usd_thousand_per_year *= 1000": "USD",
    "countries.CHN.power.build_limit_gw_per_year *= 1000": "MW",
    "countries.CHN.power.electricity_price_usd_per_kwh *= 1000": "USD per MWh or cents",
    "countries.CHN.industry.lines.n7.capacity_kwpm *= 1000": "wafers a month",
    "countries.CHN.industry.packaging.capacity_thousand_per_year *= 1000": "packages",
    "countries.CHN.industry.staged.lines.n7.experience_thousand_wafers *= 1000": "wafers",
    "market.output.nv_gb300 *= 1000": "single chips",
    "market.world_spend_usd_bn *= 1000": "million USD or USD",
}


@pytest.mark.parametrize("slip", UNIT_SLIPS)
def test_a_value_in_another_unit_is_told_with_its_place(shipped: Instance, slip: str) -> None:
    found = [each for each in findings(patch(shipped, [slip])) if each.code == "W102"]
    path = slip.split()[0]
    assert {str(each.path).partition("[")[0] for each in found} == {path}
    assert all(each.file and each.line for each in found)
    assert str(found[0].hint).endswith(f"was it given in {UNIT_SLIPS[slip]}?")


def test_the_span_of_the_shipped_world_is_told(shipped: Instance) -> None:
    (found,) = findings(patch(shipped, ["countries.NLD.budget.income_usd_bn *= 1000"]))
    assert found.message == (
        "`countries.NLD.budget.income_usd_bn` 3700 is 1,000 times the greatest that the shipped world has "
        "for NLD: 1.12 to 3.7"
    )


def test_choices_are_no_measurements(small: Instance) -> None:
    chosen = ["objectives.*.capability_weight = 100", "countries.CHN.trade.grey.limit_kh100e_per_year = .inf"]
    assert findings(patch(small, chosen)) == ()


# figures of a chip that contradict each other


def test_performance_that_throughput_contradicts_is_told(tmp_path: Path) -> None:
    world = changed(tmp_path, "chips.csv", "2028-12,989.5,1979,,15832", "2028-12,989.5,1979,,1583")
    (found,) = (each for each in findings(world) if each.code == "W103")
    assert "`tpp` 1583 of nv_h200 contradicts `dense_fp16_tflops` 989.5" in found.message
    assert "times 16 bits is 15832" in found.message
    assert (str(found.file).endswith("chips.csv"), found.line) == (True, 3)


@pytest.mark.parametrize(
    ("patches", "column"),
    [
        (["chips.nv_h200.dense_fp16_tflops = 1979"], "tpp"),
        (["chips.nv_h200.tpp = 31664"], "tpp"),
        (["chips.nv_h200.tpp = null", "chips.nv_h200.dense_fp8_tflops = 19790"], "dense_fp16_tflops"),
    ],
    ids=["sparse throughput", "sparse performance", "one format off by ten"],
)
def test_sparse_and_slipped_figures_are_told(small: Instance, patches: list[str], column: str) -> None:
    (found,) = findings(patch(small, patches))
    assert (found.code, found.path) == ("W103", f"chips.nv_h200.{column}")
    assert found.line == 3


# countries that no group holds


def test_groups_and_rules_of_each_country_are_known(shipped: Instance) -> None:
    found = memberships(shipped)
    assert found["ISR"].groups == ("D4", "A5_A6", "tier2")
    assert found["USA"].groups == ()
    assert found["CHN"].rules > found["EUR"].rules > 0
    assert not list(ungrouped(shipped))


def test_a_new_country_outside_every_group_is_noted(tmp_path: Path) -> None:
    directory = shutil.copytree(TEMPLATE, tmp_path / "w")
    text = (directory / "countries" / "CHN.yaml").read_text()
    industry = text.index("  lines:\n"), text.index("  memory:\n")
    text = text[: industry[0]] + text[industry[1] :]
    text = text.replace("iso3: CHN", "iso3: IRN").replace(
        "supply_share: {value: 0.15,", "supply_share: {value: 0.1,"
    )
    (directory / "countries" / "IRN.yaml").write_text(text)
    world = load(directory)
    assert memberships(world)["IRN"] == Membership((), 0)
    (found,) = ungrouped(world)
    assert (found.code, found.severity) == ("W104", "note")
    assert found.message.startswith("IRN is in no group of countries")
    assert found.hint == "add it to its groups in rules.yaml: embargoed"
    assert not list(ungrouped(patch(world, ["destination_groups.embargoed = [CHN, IRN]"])))


# tools that nobody needs


def test_a_class_of_tools_that_no_line_needs_is_told(small: Instance, tmp_path: Path) -> None:
    assert messages(findings(small), "W107") == []
    other = "tool_classes:\n  euv:\n    title: EUV\n    price_usd_bn_per_kwpm: 0.1\n"
    other += "    toolmaking_lead_years: 2\n    toolmaking_cost_usd_bn_per_kwpm_per_year: 2\n"
    world = changed(tmp_path, "instance.yaml", "tool_classes:\n", other)
    (found,) = findings(world)
    assert (found.code, found.path) == ("W107", "tool_classes.euv")
    assert found.line is not None
    assert "no line needs tools of the class `euv`" in found.message


# rules that no reported year heeds


def test_a_rule_that_starts_after_the_horizon_is_told(tmp_path: Path) -> None:
    """A year that was mistyped: the plan is one without the rule."""
    directory = shutil.copytree(WORLD_2022, tmp_path / "w")
    rules = directory / "rules.yaml"
    rules.write_text(rules.read_text().replace("from: 2023-11-17", "from: 2032-11-17", 1))
    assert messages(findings(load("world-2022")), "W108") == []
    (said,) = messages(findings(load(directory)), "W108")
    assert "the rule `us_2023_3a090a_1` starts on 2032-11-17, after the horizon that ends in 2025" in said
    off = patch(load(directory), ["rules.us_2023_3a090a_1.in_force = never"])
    assert messages(findings(off), "W108") == []
