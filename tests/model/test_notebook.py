"""What results show of themselves in a notebook: well-formed, with their numbers, and a chart of them."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Protocol

import pandas as pd
import pytest

from optimizer.answer.controls import ControlsAnswer
from optimizer.answer.digits import significant
from optimizer.api import Limits, Result, compare, load, solve
from optimizer.api_plans import evaluate
from optimizer.api_studies import Controlled, gradient, sensitivity, sweep
from optimizer.instance.template import TEMPLATE
from optimizer.study.controls.play import play
from optimizer.tell.notebook import charts
from tests.model.test_controls import QUESTION, SALES, WORLD, design

SVG = "{http://www.w3.org/2000/svg}"
INCOME, CHIPS = "countries.CHN.budget.income_usd_bn", "countries.CHN.fleet.chips.nv_h100"


class Shown(Protocol):
    def _repr_html_(self) -> str: ...


def shown(result: Shown) -> tuple[str, list[str]]:
    """The text of a result's tables, and that of each of its charts."""
    root = ET.fromstring(result._repr_html_())
    drawn = list(root.iter(f"{SVG}svg"))
    tables = " ".join("".join(table.itertext()) for table in root.iter("table"))
    assert len(re.findall(r'id="([^"]+)"', result._repr_html_())) == len(
        set(re.findall(r'id="([^"]+)"', result._repr_html_()))
    )
    return tables, [" ".join("".join(each.itertext()).split("\n")) for each in drawn]


@pytest.fixture(scope="module")
def solved() -> Result:
    return solve(load(TEMPLATE))


def test_plans(solved: Result) -> None:
    table, (chart,) = shown(solved)
    lag = solved.strategy.query("metric == 'lag_months' and country == 'CHN' and period == '2029'")
    assert f"{float(lag['value'].iloc[0]):.4g}" in table
    assert "months behind the leader" in chart
    assert all(year in chart for year in ("2026", "2029"))
    alone, (capability,) = shown(solve(load(TEMPLATE), ["usa"]))
    assert "USA" in alone
    assert "capability, log units" in capability


def test_limits(solved: Result) -> None:
    found = solved.explain("chn")
    assert isinstance(found, Limits)
    table, (chart,) = shown(found)
    assert found["words"].iloc[0] in table
    assert significant(found["at_most_percent"].iloc[0], 3) in chart
    assert "CHN: % more effective compute" in chart
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(solved.explain("CHN")))


def test_a_plan_by_shares() -> None:
    found = evaluate(load(TEMPLATE), "chn", at_least=["research=30%"])
    table, (chart,) = shown(found)
    assert f"{found.loss:.4g}" in table
    assert f"{float(found.costs['per_point_average_log_units'].iloc[0]):.4g}" in table
    assert "months behind the leader" in chart
    assert "CHN" in repr(found)


def test_policies() -> None:
    patches = {"half & half": [f"{INCOME} *= 0.5"]}
    compared = compare(load(TEMPLATE), patches, ["chn"], jobs=1)
    table, (chart,) = shown(compared)
    worth = compared.ranking.query("policy == 'half & half'")["worth_percent"].iloc[0]
    assert f"{worth:.4g}" in table
    assert "half & half" in table
    assert "half & half" in chart
    assert "CHN: months behind" in chart


def test_studies() -> None:
    slopes = gradient(load(TEMPLATE), "chn", factors=[INCOME, CHIPS])
    table, (chart,) = shown(slopes)
    assert f"{slopes.results['at_low'].iloc[0]:.4g}" in table
    assert INCOME in chart
    alone = sensitivity(TEMPLATE, "chn", factors=[INCOME, CHIPS], jobs=1)
    table, drawn = shown(alone)
    assert f"{alone.conclusions[0].effects[0].high:.4g}" in table
    assert all(INCOME in each for each in drawn)
    grid = sweep(TEMPLATE, [f"{INCOME}*=0.5:1.5:2"], ["chn"], outcomes=["lag_months/2029"], jobs=1)
    table, (matrix,) = shown(grid)
    for value in grid.results["lag_months/2029"]:
        assert significant(value, 3) in matrix


def test_regimes() -> None:
    answer: ControlsAnswer = play(WORLD, design(sales=SALES), QUESTION)
    controlled = Controlled(answer)
    table, (chart,) = shown(controlled)
    assert f"{controlled.frontier['revenue_usd_bn'].iloc[0]:.4g}" in table
    assert "regimes that no other dominates" in chart


def test_charts_of_gaps_and_marks() -> None:
    drawn = charts.bars(["a <b> & c", "gone"], [1234.5, math.nan], "title & more")
    text = "".join(ET.fromstring(drawn).itertext())
    assert "a <b> & c" in text
    assert "1,234" in text
    assert "gone" not in text
