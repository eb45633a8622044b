"""The world's market in Python: prices and plans where they clear, and neither where they do not."""

from __future__ import annotations

import pickle
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

import optimizer
from optimizer.api import load, patch
from optimizer.api_markets import Cleared, equilibrium
from optimizer.api_studies import controls
from optimizer.errors import InputError
from optimizer.instance import Instance
from optimizer.instance.template import TEMPLATE
from tests.cli.test_controls import DESIGN
from tests.cli.test_equilibrium import CLEARING

RICHER = ["countries.USA.budget.income_usd_bn *= 1.5"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    place = tmp_path_factory.mktemp("market") / "small"
    shutil.copytree(TEMPLATE, place)
    with (place / "market.yaml").open("a") as file:
        file.write(CLEARING)
    return load(place)


@pytest.fixture(scope="module")
def base(world: Instance) -> Cleared:
    return equilibrium(world, tolerance=0.02, jobs=1)


def test_prices_plans_and_how_good_they_are(base: Cleared) -> None:
    assert base.converged
    (quality,) = base.quality.itertuples()
    assert quality.largest_regret == base.regrets["regret"].iloc[0] <= 0.02
    assert quality.of == base.regrets["country"].iloc[0]
    chips = base.prices[base.prices["kind"] == "chip"]
    assert (chips["price_usd"] >= chips["floor_usd"] * (1 - 1e-9)).all()
    assert (chips["sold_thousand"] <= chips["made_thousand"] * (1 + 1e-9)).all()
    assert list(base.compute.columns) == ["period", "usd", "list_price_usd"], "a base moves no component"
    assert base.shares.groupby("period")["share"].sum().to_numpy() == pytest.approx(1)
    assert set(base.certificates["country"]) == set(base.regrets["country"])
    regrets = base.regrets.set_index("country")["regret"]
    gaps = base.certificates.set_index("country")["gap"]
    assert (gaps - regrets.clip(lower=0)).abs().max() == pytest.approx(0)
    assert {"lag_months", "capability"} <= set(base.strategy["metric"])
    assert len(base.explain("chn"))
    assert "converged" in repr(base)
    shown = ET.fromstring(base._repr_html_())
    tables = ["".join(each.itertext()) for each in shown.iter("table")]
    assert len(tables) == 3
    assert "largest_regret" in tables[0]
    assert "list_price_usd" in tables[1]
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(base)).prices, base.prices)


def test_a_patched_world_is_held_against_the_world_as_it_is(world: Instance, base: Cleared) -> None:
    richer = patch(world, RICHER)
    with pytest.raises(ValueError, match="give `against`"):
        equilibrium(richer, tolerance=0.02, jobs=1)
    found = equilibrium(richer, against=base, tolerance=0.02, jobs=1)
    assert found.converged
    assert found.compute["usd"].sum() > base.compute["usd"].sum()
    assert found.compute["hbm_over_base"].max() > 1
    assert found.quality["base_converged"].tolist() == [True]
    again = equilibrium(richer, against=base, tolerance=0.02, jobs=1, resume=found)
    assert again.converged
    assert again.answer.rounds == found.answer.rounds + 1
    with pytest.raises(InputError, match="E535"):
        equilibrium(world, ["USA"], against=base)
    # which years are looked at is no change
    shorter = equilibrium(patch(world, ["horizon.last_year = 2028"]), rounds=1, jobs=1)
    assert len(shorter.regrets) == 2


def test_what_has_not_converged_shows_no_plan_and_is_gone_on_with(world: Instance) -> None:
    first = equilibrium(world, tolerance=1e-9, rounds=1, jobs=1)
    assert not first.converged
    assert len(first.regrets) == 2
    for frame in (first.prices, first.compute, first.shares, first.strategy, first.certificates):
        assert not len(frame)
        assert len(frame.columns)
    assert first.run.countries == {}
    assert first.run.leader_run is None
    assert "NOT CONVERGED" in repr(first)
    assert "list_price" not in first._repr_html_()
    with pytest.raises(ValueError, match="no plan"):
        first.explain()
    with pytest.raises(ValueError, match="no plan"):
        first.conflicts("CHN")
    again = equilibrium(world, tolerance=1e-9, rounds=1, jobs=1, resume=first)
    assert again.answer.rounds == 2


def test_a_search_that_is_resumed_is_looked_at_first(world: Instance, base: Cleared) -> None:
    again = equilibrium(world, tolerance=0.02, jobs=1, resume=base)
    assert again.converged
    assert again.answer.rounds == base.answer.rounds + 1, "it held, and nothing more was looked for"
    finer = equilibrium(world, tolerance=1e-9, rounds=2, jobs=1, resume=base)
    assert finer.answer.rounds == base.answer.rounds + 2


def test_regimes_are_cleared(world: Instance, base: Cleared, tmp_path: Path) -> None:
    (tmp_path / "sales.yaml").write_text(DESIGN)
    asked = (world, "chn", tmp_path / "sales.yaml", 2029)
    at_list = controls(*asked, only=["sales=now"], jobs=1)
    assert not len(at_list.cleared)
    found = controls(*asked, only=["sales=now"], equilibrium=True, against=base, tolerance=0.02, jobs=1)
    assert found.regimes.equals(at_list.regimes)
    assert list(found.cleared["status"]) == ["converged"] * 3
    assert list(found.cleared["rent"])[2] == "closed"
    assert found.cleared["rent_usd_bn"].iloc[2] == 0
    assert list(found.cleared.columns).count("lag_months_2029") == 1
    assert "price_over_list" in found._repr_html_()
    with pytest.raises(InputError, match="E531"):
        controls(load(TEMPLATE), *asked[1:], equilibrium=True)


def test_the_package_has_them() -> None:
    assert {"equilibrium", "controls", "Cleared"} <= set(dir(optimizer))
    assert optimizer.equilibrium is equilibrium
