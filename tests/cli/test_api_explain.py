"""Why plans are as they are, asked from Python."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pandas as pd
import pytest

import optimizer
from optimizer import compare, load, patch, solve


def test_a_plan_says_what_limits_it(world: str) -> None:
    result = solve(load(world), ["CHN"])
    limits = result.explain("CHN")
    assert list(limits["rank"]) == list(range(1, len(limits) + 1))
    assert len(limits) > 3
    assert limits["inputs"].map(len).any()
    assert result.conflicts().empty
    assert len(repr(result)) < 1000
    assert "lag_months" in result._repr_html_()
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.explain(), result.explain())
    # the leader was solved, but nobody asked for its limits
    for country in ("XYZ", "USA"):
        with pytest.raises(ValueError, match=f"no plan of `{country}` was asked for; known: CHN"):
            result.explain(country)


def test_each_policy_says_what_limits_it(world: str) -> None:
    compared = compare(load(world), {"more": ["countries.CHN.budget.income_usd_bn *= 1.5"]}, ["CHN"], jobs=1)
    assert set(compared.explain("CHN")["policy"]) == {"baseline", "more"}
    assert "more" in repr(compared)
    assert compared.conflicts().empty
    assert list(compared.repairs().columns)[:2] == ["country", "policy"]


def test_the_api_is_listed_and_the_module_runs() -> None:
    assert set(optimizer.__all__) <= set(dir(optimizer))
    command = [sys.executable, "-m", "optimizer", "--version"]
    assert optimizer.__version__ in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_country_without_a_plan_says_what_would_repair_it(world: str) -> None:
    broke = patch(load(world), ["countries.CHN.budget.cash0_usd_bn = -100000"])
    result = solve(broke, ["CHN"])
    assert list(result.certificates["status"]) == ["infeasible"]
    assert result.explain("CHN").empty
    assert not result.conflicts("CHN").empty
    first = result.repairs("CHN").iloc[0]
    repaired = solve(patch(broke, first["patches"]), ["CHN"])
    assert list(repaired.certificates["status"]) == ["optimal"]
