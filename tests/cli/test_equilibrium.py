"""`kloof equilibrium` and `kloof compare --equilibrium` on the small instance, with a market."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Run, interrupted_on_terminal, run_kloof

CLEARING = """
clearing:
  floor_share_of_list_price: 0.5
  output_elasticity: 0.1
  components:
    hbm: {title: Memory, unit: GB, per: hbm_gb, content: 1, supply_elasticity: 0.3}
"""
FILES = ("prices.csv", "strategy.csv", "summary.json", "search.json")
LOOSE = ("--tolerance", "0.02", "--jobs", "1")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, world: str) -> str:
    """The small instance, which says how supply answers to prices."""
    place = tmp_path_factory.mktemp("market") / "small"
    shutil.copytree(world, place)
    with (place / "market.yaml").open("a") as file:
        file.write(CLEARING)
    return str(place)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, market: str) -> tuple[Outcome, Path]:
    place = tmp_path_factory.mktemp("equilibrium")
    done = run_kloof(place, "equilibrium", market, *LOOSE, "--out", "base")
    assert done.code == 0, done.out + done.err
    return done, place / "base"


def prices(directory: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((directory / "prices.csv").read_text().splitlines()))


def told(directory: Path) -> dict:
    return json.loads((directory / "summary.json").read_text())["equilibrium"]


def test_prices_lie_above_floors_and_nothing_is_sold_twice(base: tuple[Outcome, Path]) -> None:
    done, directory = base
    chips = [row for row in prices(directory) if row["kind"] == "chip"]
    assert chips
    for row in chips:
        assert float(row["price_usd"]) >= float(row["floor_usd"]) * (1 - 1e-9)
        assert float(row["sold_thousand"]) <= float(row["made_thousand"]) * (1 + 1e-9)
    found = told(directory)
    assert found["converged"]
    assert found["largest_regret"] == max(found["regrets"].values()) <= 0.02
    assert set(found["component_price_ratios"]["hbm"]) == {1.0}, "the base is calibrated"
    for period in zip(*found["value_shares"].values(), strict=True):
        assert sum(period) == pytest.approx(1)
    summary = json.loads((directory / "summary.json").read_text())
    for country, plan in summary["countries"].items():
        assert plan["certificate"]["gap"] == pytest.approx(max(found["regrets"][country], 0))
    told_of = run_kloof(directory.parent, "explain", "base", "--country", "CHN")
    assert told_of.code == 0, told_of.err
    assert "nothing limits the plan" not in told_of.out
    assert "converged after" in done.out
    assert "What the market asks" in done.out


def test_the_number_of_processes_changes_no_byte(
    kloof: Run, market: str, base: tuple[Outcome, Path], tmp_path: Path
) -> None:
    done = kloof("equilibrium", market, "--tolerance", "0.02", "--jobs", "2", "--out", "again")
    assert done.code == 0, done.err
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (base[1] / name).read_bytes(), name


def test_a_larger_budget_makes_chips_and_their_memory_dearer(
    kloof: Run, market: str, base: tuple[Outcome, Path], tmp_path: Path
) -> None:
    richer = ("--set", "countries.USA.budget.income_usd_bn *= 1.5")
    done = kloof("equilibrium", market, *richer, *LOOSE, "--against", str(base[1]), "--out", "rich")
    assert done.code == 0, done.out + done.err
    before, after = told(base[1]), told(tmp_path / "rich")
    assert after["base_regret"] == before["largest_regret"]
    pairs = zip(before["compute_price_usd"], after["compute_price_usd"], strict=True)
    assert sum(new for _, new in pairs) > sum(before["compute_price_usd"])
    assert max(after["component_price_ratios"]["hbm"]) > 1


def test_what_has_not_converged_is_not_shown_and_can_be_resumed(
    kloof: Run, market: str, tmp_path: Path
) -> None:
    arguments = ("equilibrium", market, "--jobs", "1", "--out", "run", "--rounds", "1")
    done = kloof(*arguments, "--tolerance", "1e-6")
    assert done.code == 4
    assert "NOT CONVERGED after 1 rounds" in done.out
    assert "What the market asks" not in done.out
    assert not (tmp_path / "run" / "prices.csv").exists()
    assert not (tmp_path / "run" / "strategy.csv").exists()
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["countries"] == {}
    kept = told(tmp_path / "run")
    assert kept["regrets"]
    for name in ("compute_price_usd", "compute_list_price_usd", "component_price_ratios", "value_shares"):
        assert not kept[name], name
    refused = kloof("report", "run", "--out", "page.html")
    assert (refused.code, "error[E646]" in refused.err) == (2, True)
    assert "prices have not converged" in kloof("explain", "run").out
    again = kloof(*arguments, "--tolerance", "1e-6", "--resume", "--format", "json")
    assert again.code == 4
    assert again.data["equilibrium"]["rounds"] == 2
    assert not again.data["equilibrium"]["converged"]


def test_other_markets_and_broken_searches_are_refused(
    kloof: Run, world: str, twins: str, market: str, base: tuple[Outcome, Path], tmp_path: Path
) -> None:
    against = ("--against", str(base[1]))
    assert "error[E531]" in kloof("equilibrium", world).err
    other = kloof(
        "equilibrium", market, *against, "--set", "horizon.last_year = 2028", "--policy", "baseline"
    )
    assert other.code == 2
    assert "error[E535]" in other.err
    assert "of periods it has" in other.err
    one = kloof("equilibrium", market, *against, "--country", "USA")
    assert "error[E535]" in one.err
    assert "of countries it has CHN more" in one.err
    assert "error[E641]" in kloof("equilibrium", market, "--against", str(tmp_path)).err
    broken = tmp_path / "broken"
    shutil.copytree(base[1], broken)
    (broken / "search.json").write_text((base[1] / "search.json").read_text().replace("[", "[-", 1))
    assert "error[E642]" in kloof("equilibrium", market, "--against", str(broken)).err
    shutil.copytree(twins, tmp_path / "twins")
    both = ("--country", "USA", "--country", "TWI")
    assert "error[E533]" in kloof("equilibrium", str(tmp_path / "twins"), *both).err
    zero = kloof("equilibrium", market, "--set", "market.clearing.components.hbm.supply_elasticity = 0")
    assert zero.code == 2
    assert "must be positive, got 0" in zero.err
    for patch, said in (
        ("market.clearing.components.hbm.price_usd = 13", "has a price of its own beside"),
        ("memory.price_usd_bn_per_pb = 0", "costs nothing in some period"),
    ):
        refused = kloof("equilibrium", market, "--set", patch)
        assert refused.code == 2
        assert "error[E536]" in refused.err
        assert said in refused.err
    empty = kloof("equilibrium", market, "--set", "chips.*.hbm_gb = 0")
    assert "error[E532]" in empty.err


def test_policies_are_compared_at_prices_that_clear(kloof: Run, market: str, tmp_path: Path) -> None:
    policy = tmp_path / "rich.yaml"
    policy.write_text("title: Rich\npatches: ['countries.USA.budget.income_usd_bn *= 1.5']\n")
    arguments = ("compare", market, "--equilibrium", *LOOSE, "--policy", str(policy))
    refused = kloof(*arguments, "--ranges")
    assert refused.code == 2
    assert "exclude each other" in refused.err
    done = kloof(*arguments, "--out", "both")
    assert done.code == 0, done.err
    assert "What an H100-equivalent costs" in done.out
    found = json.loads((tmp_path / "both" / "summary.json").read_text())
    assert set(found["equilibria"]) == {"baseline", "rich"}
    assert all(each["converged"] for each in found["equilibria"].values())
    assert {row["policy"] for row in prices(tmp_path / "both")} == {"baseline", "rich"}
    page = kloof("report", "both", "--out", "page.html")
    assert page.code == 0, page.err
    assert "What the market asks" in (tmp_path / "page.html").read_text()


def test_a_comparison_shows_no_plan_at_prices_that_do_not_clear_and_can_be_resumed(
    kloof: Run, market: str, tmp_path: Path
) -> None:
    policy = tmp_path / "rich.yaml"
    policy.write_text("title: Rich\npatches: ['countries.USA.budget.income_usd_bn *= 1.5']\n")
    asked = ("compare", market, "--equilibrium", "--jobs", "1", "--policy", str(policy), "--out", "both")
    done = kloof(*asked, "--rounds", "1", "--tolerance", "1e-6")
    assert done.code == 4, done.err
    found = json.loads((tmp_path / "both" / "summary.json").read_text())
    assert found["status"] == "not_converged"
    assert found["countries"] == {}
    for each in found["equilibria"].values():
        assert not each["converged"]
        assert set(each["regrets"]) == {"USA", "CHN"}
        assert each["compute_price_usd"] == []
    assert not found["equilibria"]["rich"]["base_converged"]
    assert prices(tmp_path / "both") == []
    for name in ("strategy.csv", "comparison.csv"):
        assert len((tmp_path / "both" / name).read_text().splitlines()) == 1, name
    assert "NOT CONVERGED, nor its base" in done.out
    assert "months behind" not in done.out
    again = kloof(*asked, "--rounds", "1", "--tolerance", "1e-6", "--resume", "--format", "json")
    assert again.code == 4
    assert {each["rounds"] for each in again.data["equilibria"].values()} == {2}
    refused = kloof("compare", market, "--resume", "--policy", str(policy))
    assert refused.code == 2
    assert "--resume goes with --equilibrium" in refused.err


def test_a_year_that_is_over_is_sold_by_contract(kloof: Run, market: str, tmp_path: Path) -> None:
    shutil.copytree(market, tmp_path / "small")
    file = tmp_path / "small" / "market.yaml"
    contracts = "clearing:\n  first_year: 2027\n  made_to_order: [nv_h200]\n"
    file.write_text(file.read_text().replace("clearing:\n", contracts))
    done = kloof("equilibrium", str(tmp_path / "small"), *LOOSE, "--out", "run")
    assert done.code == 0, done.out + done.err
    assert "until 2026 chips are sold by contract" in done.out
    assert told(tmp_path / "run")["contracted"] == ["2026"]
    chips = [row for row in prices(tmp_path / "run") if row["kind"] == "chip"]
    for row in chips:
        at_list = float(row["price_usd"]) / float(row["list_price_usd"])
        if row["period"] == "2026":
            assert at_list == pytest.approx(1)
        if row["item"] == "nv_h200":
            assert at_list >= 1 - 1e-9
    assert any(float(row["price_usd"]) < 0.9 * float(row["list_price_usd"]) for row in chips)
    file.write_text(file.read_text().replace("[nv_h200]", "[nv_none]"))
    unknown = kloof("equilibrium", str(tmp_path / "small"))
    assert "error[E301]" in unknown.err


def test_shares_above_the_whole_and_fabs_one_by_one_are_refused(kloof: Run, market: str, twins: str) -> None:
    more = kloof("equilibrium", market, "--set", "countries.USA.trade.supply_share = 0.99")
    assert more.code == 2
    assert "error[E537]" in more.err
    assert "which country a bloc counts" in more.err
    policy = ("--policy", "grey_closed")
    for command in (("equilibrium",), ("compare", "--equilibrium", *policy)):
        staged = kloof(command[0], market, *command[1:], "--set", "industry = staged")
        assert staged.code == 2, staged.out
        assert "error[E534]" in staged.err or "staged" in staged.err


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_keeps_where_the_search_stands(market: str, tmp_path: Path, by: signal.Signals) -> None:
    asked = ("equilibrium", market, "--jobs", "2", "--rounds", "400", "--out", "run")
    code, out, said = interrupted_on_terminal(tmp_path, "round 3", *asked, "--tolerance", "1e-9", by=by)
    assert code == 130
    assert out == ""
    assert "prices do not clear yet, and no plan at them is told" in said
    assert "to go on from here: the same command with --resume" in said
    assert "Traceback" not in said
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["status"] == "not_converged"
    assert summary["countries"] == {}
    for name in ("prices.csv", "strategy.csv"):
        assert not (tmp_path / "run" / name).exists()
    kept = json.loads((tmp_path / "run" / "search.json").read_text())
    assert kept["rounds"] >= 3
    richer = ("--set", "countries.USA.budget.income_usd_bn *= 1.5")
    refused = run_kloof(tmp_path, "equilibrium", market, *richer, "--against", "run")
    assert refused.code == 2
    assert "error[E538]" in refused.err
    done = run_kloof(tmp_path, *asked, "--tolerance", "0.02", "--resume")
    assert done.code == 0, done.err
    assert told(tmp_path / "run")["rounds"] > kept["rounds"]


def test_an_interrupt_of_a_base_or_a_policy_is_gone_on_with_as_such(market: str, tmp_path: Path) -> None:
    asked = ("equilibrium", market, "--jobs", "1", "--rounds", "400", "--out", "run")
    richer = ("--set", "countries.USA.budget.income_usd_bn *= 1.5", "--tolerance", "0.02")
    code, _, said = interrupted_on_terminal(tmp_path, "round 3", *asked, *richer)
    assert code == 130
    assert "of the instance as it is: prices do not clear yet" in said
    first = json.loads((tmp_path / "run" / "search.json").read_text())
    assert first["waited_for"]
    finer = ("--tolerance", "1e-9", "--resume")
    code, _, said = interrupted_on_terminal(tmp_path, f"round {first['rounds'] + 2}", *asked, *richer, *finer)
    assert code == 130
    again = json.loads((tmp_path / "run" / "search.json").read_text())
    assert again["waited_for"]
    assert again["rounds"] > first["rounds"]
    done = run_kloof(tmp_path, *asked, *richer, "--resume")
    assert done.code == 0, done.err
    assert "first the instance as it is" in done.err
    found = told(tmp_path / "run")
    assert found["base_converged"]
    assert max(found["component_price_ratios"]["hbm"]) > 1
    kept = (tmp_path / "run" / "prices.csv").read_bytes()
    # at the tolerance that it has met it would end at once
    code, _, said = interrupted_on_terminal(tmp_path, "round", *asked, *richer, *finer)
    assert code == 130
    assert "--resume and --out run-interrupted" in said
    assert (tmp_path / "run" / "prices.csv").read_bytes() == kept, "plans that were found are not lost"
    beside = json.loads((tmp_path / "run-interrupted" / "search.json").read_text())
    assert beside["converged"], "what it is held against"


def test_a_comparison_that_is_interrupted_keeps_every_search(market: str, tmp_path: Path) -> None:
    policy = tmp_path / "rich.yaml"
    policy.write_text("title: Rich\npatches: ['countries.USA.budget.income_usd_bn *= 1.5']\n")
    asked = ("compare", market, "--equilibrium", *LOOSE, "--policy", str(policy), "--out", "both")
    code, out, said = interrupted_on_terminal(tmp_path, "rich: round 2", *asked)
    assert code == 130
    assert "saved in both" in said
    assert "to go on from here" in said
    assert "interrupted" in out
    kept = json.loads((tmp_path / "both" / "search.json").read_text())["policies"]
    assert set(kept) == {"baseline", "rich"}
    found = json.loads((tmp_path / "both" / "summary.json").read_text())
    assert found["status"] == "interrupted"
    assert all(set(plans) == {"baseline"} for plans in found["countries"].values())
    # a second interrupt, before the first column is there again, leaves it where it is
    before = (tmp_path / "both" / "strategy.csv").read_bytes()
    finer = ("--tolerance", "1e-9", "--resume")
    code, _, said = interrupted_on_terminal(tmp_path, "baseline: round", *asked, *finer)
    assert code == 130
    assert "--resume and --out both-interrupted" in said
    assert (tmp_path / "both" / "strategy.csv").read_bytes() == before
    assert set(json.loads((tmp_path / "both-interrupted" / "search.json").read_text())["policies"]) == set(
        kept
    )
    done = run_kloof(tmp_path, *asked, "--resume")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "both" / "summary.json").read_text())
    assert found["equilibria"]["rich"]["rounds"] > kept["rich"]["rounds"]
    other = tmp_path / "other"
    other.mkdir()
    code, _, said = interrupted_on_terminal(other, "baseline: round 2", *asked)
    assert code == 130
    assert "interrupted before the baseline's prices were found" in said
    kept = json.loads((other / "both" / "search.json").read_text())["policies"]
    assert set(kept) == {"baseline"}
    page = run_kloof(other, "report", "both", "--out", "page.html")
    assert page.code == 0, page.err
