"""`kloof solve` in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.conftest import KLOOF, Outcome, Run, interrupted_on_terminal

CATEGORIES = 5


def test_table_has_a_line_per_country_whose_shares_sum_to_100(solved: tuple[Outcome, Path]) -> None:
    text = solved[0].out
    for country in ("USA", "CHN"):
        line = next(line for line in text.splitlines() if line.startswith(country))
        assert sum(int(share.lstrip("~")) for share in line.split()[1 : 1 + CATEGORIES]) == 100
    assert max(len(line) for line in text.splitlines()) <= 120
    assert "\x1b" not in text
    assert text.index("\nUSA") < text.index("\nCHN")
    assert "2 optimal, gap <= " in text
    assert "--country CHN" in text
    assert "shares are of the cost of use" in text


def test_more_money_than_there_is_use_for_leaves_the_split_open(kloof: Run, world: str) -> None:
    patch = "countries.CHN.budget.income_usd_bn *= 3"
    text = kloof("solve", world, "--no-save", "--set", patch).out
    assert text.splitlines()[1] == f"with {patch}"
    assert re.search(r"\nCHN +~\d", text)
    assert "shares are those of the cheapest, in tens" in text


def test_change_that_no_plan_reads_is_warned_of(kloof: Run, world: str) -> None:
    patch = "objectives.capability.autonomy_weight = 0.2"
    done = kloof("solve", world, "--no-save", "--country", "CHN", "--set", patch)
    assert done.code == 0
    assert "warning[S107]: `objectives.capability.autonomy_weight` was changed to no effect" in done.err
    assert "S107" not in kloof("solve", world, "--no-save", "--country", "CHN", "--quiet", "--set", patch).err


def test_numbers_of_which_nothing_is_known_are_not_printed_as_zero(kloof: Run, world: str) -> None:
    text = kloof("solve", world, "--no-save", "--gap", "0.3", COLUMNS="120").out
    numbers = next(line for line in text.splitlines() if line.startswith("CHN")).split()[1 + CATEGORIES :]
    assert "n/a" in numbers
    assert not {"0", "-0", "0*"} & set(numbers)


def test_detail_of_a_country_shows_every_part_ranges_and_the_certificate(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    done = kloof("solve", world, "--out", "run", "--country", "CHN", "--ranges")
    assert done.code == 0
    assert "all plans within the gap" in done.out
    ranges = json.loads((tmp_path / "run" / "summary.json").read_text())["countries"]["CHN"]["headline"][
        "ranges"
    ]
    flows = {"trained", "released", "recruited"}
    assert {key.partition("/")[0] for key in ranges} == {"capability", "lag_months", "spend_share", *flows}
    assert all(low <= high for low, high in ranges.values())
    for part in ("cost of use, %", "cash, USD bn", "fleet", "compute, kH100e", "power, GW", "researchers"):
        assert part in done.out
    for part in ("capability", "service", "against USA", "what binds", "certificate"):
        assert part in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 120
    bound = done.out.partition("what binds")[2]
    assert re.search(r"\n  10% more income +2026-2029 +\d", bound)
    assert re.search(r"\n  closed: 10,000 more nv_vr200 on legal sale +2026-2029 +\d", bound)
    assert "at work on research, at research rating" in done.out
    assert "at work on delivery, at delivery rating" in done.out
    # Chips that nobody sells to the country, and lines that it does not have, deny it nothing.
    assert "n3" not in bound
    assert "CHN China: optimal" in done.out
    leader = kloof("solve", world, "--no-save", "--country", "USA")
    assert "against USA" not in leader.out


def test_follower_above_a_leader_that_fell_is_ahead(kloof: Run, world: str) -> None:
    change = "countries.USA.budget.income_usd_bn = 2"
    done = kloof("solve", world, "--no-save", "--country", "CHN", "--set", change)
    cells = {
        label: re.search(rf"\n  {label} +(\S+) +(\S+) +(\S+) +(\S+) .*\n", done.out)
        for label in ("effective compute, %", "lag, months")
    }
    ratios, lags = (found.groups() if found else () for found in cells.values())
    assert [float(ratio) > 100 for ratio in ratios] == [lag == "ahead" for lag in lags]
    first = 2026 + lags.index("ahead")
    assert f"CHN passes the leader USA in capability in {first}" in done.out
    row = next(line for line in done.out.splitlines() if line.startswith("CHN "))
    assert row.count("ahead") == [lags[1], lags[3]].count("ahead")


def test_months_ahead_have_a_line_of_their_own(kloof: Run, twins: str) -> None:
    change = ("--set", "countries.USA.budget.income_usd_bn = 20", "--gap", "1e-4")
    done = kloof("solve", twins, "--no-save", "--country", "TWI", *change)
    assert done.code == 0, done.err
    lag, ahead = (
        re.search(rf"\n  {label} +(\S+) +(\S+) +(\S+) +(\S+) .*\n", done.out)
        for label in ("lag, months", "ahead by, months")
    )
    assert lag is None
    assert ahead is not None
    beyond = [text[:1] == ">" for text in ahead.groups()]
    assert beyond == sorted(beyond)
    assert set(beyond) == {False, True}
    row = next(line for line in done.out.splitlines() if line.startswith("TWI "))
    assert re.findall(r">?\d+ ahead", row) == [f"{ahead[2]} ahead", f"{ahead[4]} ahead"]
    assert "> beyond all that USA reaches in the horizon: ahead by more than this" in done.out


def test_json_under_policies_and_patches_is_the_contract(kloof: Run, world: str, tmp_path: Path) -> None:
    patch = "countries.CHN.budget.income_usd_bn *= 1.2"
    (tmp_path / "power.yaml").write_text(
        "title: Cheap power\npatches: ['countries.*.power.electricity_price_usd_per_kwh *= 0.9']\n"
    )
    (tmp_path / "tools.yaml").write_text("title: Fees\npatches: ['countries.CHN.trade.fees.nv_h200 *= 2']\n")
    done = kloof(
        *("solve", world, "--format", "json", "--quiet", "--out", "run", "--set", patch),
        *("--policy", "power.yaml", "--policy", "tools.yaml"),
    )
    assert done.code == 0, done.err
    assert done.err == ""
    data = done.data
    assert data["schema_version"] == 1
    assert data["status"] == "optimal"
    assert data["policy"] == "power+tools"
    assert data["leader"]["country"] == "USA"
    assert data["leader"]["certificate"]["gap"] <= 1e-6
    china = data["countries"]["CHN"]
    assert china["status"] == "optimal"
    assert china["objective"]["lower"] <= china["objective"]["upper"] + 1e-12
    assert set(china["certificate"]) == {
        *("upper", "lower", "gap", "max_row_violation", "rows_checked", "rounds", "tangents"),
        *("solver", "solver_version"),
    }
    assert china["certificate"]["max_row_violation"] <= 1e-7
    row = next(row for row in china["strategy"] if row["metric"] == "spend" and row["item"] == "research")
    assert set(row) == {"period", "metric", "item", "unit", "value"}
    assert row["unit"] == "USD bn"
    shares = [row["value"] for row in china["strategy"] if row["metric"] == "spend_share"]
    periods = len({row["period"] for row in china["strategy"] if row["metric"] == "spend_share"})
    assert sum(shares) == pytest.approx(periods)
    assert china["headline"]["base"]["lag_months"] == pytest.approx(7.0, abs=1e-9)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["set"] == [patch]
    assert [policy["name"] for policy in manifest["policies"]] == ["power", "tools"]
    applied = {each["path"]: each for each in manifest["patches"]}
    assert len(applied) == 4
    income = applied["countries.CHN.budget.income_usd_bn"]
    assert income["patch"] == patch
    assert income["old"] != income["new"]


def test_cash_of_the_strategy_balances(saved: Path) -> None:
    with (saved / "strategy.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == "CHN"]
    table = {(row["metric"], row["item"], row["period"]): float(row["value"]) for row in rows}
    periods = [period for metric, _, period in table if metric == "total"]

    def paid(period: str) -> float:
        names = ("buy", "rent", "energy", "chips_cost", "talent_cost", "power_spend", "premium", "bidup")
        outlays = sum(value for (metric, _, at), value in table.items() if metric in names and at == period)
        assert outlays == pytest.approx(table["outlays", "", period])
        return outlays + table["lapsed", "", period]

    for before, now in pairwise(periods):
        opening, closing = table["cash", "", before], table["cash", "", now]
        back = table["recovered", "", now] + table["home_returned", "", now]
        assert table["carried_in", "", now] == opening
        came = opening + table["interest", "", now] + table["income", "", now] + back
        assert closing == pytest.approx(came - paid(now), abs=1e-6)
        assert table["power_drawn", "", now] <= table["power", "", now] * (1 + 1e-6)
        spent = sum(value for (metric, _, at), value in table.items() if metric == "spend" and at == now)
        assert spent == pytest.approx(table["total", "", now])


def test_saved_run_holds_strategy_summary_and_manifest(saved: Path, world: str) -> None:
    names = ["context.json", "inputs.csv", "manifest.json", "strategy.csv", "summary.json"]
    assert sorted(path.name for path in saved.iterdir()) == names
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["program"] == "kloof"
    assert manifest["wall_time_seconds"] > 0
    assert set(manifest["versions"]) >= {"python", "kloof", "highspy", "pyomo"}
    files = manifest["files"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in files.values())
    assert {"instance.yaml", "chips.csv", "countries/CHN.yaml"} <= set(files)
    assert str(Path(world).parent) not in (saved / "manifest.json").read_text()
    summary = json.loads((saved / "summary.json").read_text())
    assert summary["countries"]["CHN"]["headline"]["split"]["talent"] > 0


def test_same_inputs_give_the_same_place_and_bytes(
    kloof: Run, world: str, tmp_path: Path, saved: Path
) -> None:
    done = kloof("solve", world)
    assert done.code == 0
    (place,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch("solve-[0-9a-f]{12}", place.name)
    assert f"runs/{place.name}" in done.err
    for name in ("strategy.csv", "summary.json", "inputs.csv", "context.json"):
        assert (place / name).read_bytes() == (saved / name).read_bytes()
    manifests = [json.loads((run / "manifest.json").read_text()) for run in (place, saved)]
    for manifest in manifests:
        del manifest["wall_time_seconds"]
    assert manifests[0] == manifests[1]


def test_out_refuses_what_is_not_a_run(kloof: Run, world: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    done = kloof("solve", world, "--out", "out")
    assert done.code == 2
    assert "error[E602]" in done.err
    assert (tmp_path / "out" / "thesis.txt").read_text() == "x"


def test_infeasible_country_ends_with_3_and_names_rows_and_inputs(kloof: Run, world: str) -> None:
    done = kloof(
        *("solve", world, "--no-save", "--country", "CHN", "--format", "json"),
        *("--set", "countries.CHN.budget.cash0_usd_bn = -100000"),
    )
    assert done.code == 3
    china = done.data["countries"]["CHN"]
    assert china["status"] == "infeasible"
    assert china["conflict"]
    assert any((each["path"] or "").endswith("cash0_usd_bn") for each in china["diagnostics"])
    assert any("cash0_usd_bn = " in each["words"] for each in china["repairs"])


def test_without_a_leader_to_follow_the_leaders_conflict_is_named(kloof: Run, world: str) -> None:
    patch = "countries.USA.budget.cash0_usd_bn = -100000"
    done = kloof("solve", world, "--no-save", "--country", "CHN", "--set", patch)
    assert done.code == 3
    assert "the leader USA has no plan" in done.out
    assert "error[S106]: USA: cash of USD -100,000 bn at the start in 2026" in done.err


@pytest.mark.parametrize("country", ["CHN", "USA"])
def test_a_plan_that_nothing_bounds_names_the_inputs_that_let_it_grow(
    kloof: Run, world: str, country: str
) -> None:
    patches = {
        "horizon.last_year": "2027",
        "talent.education_lead_years": "1",
        f"countries.{country}.talent.graduates_thousand_per_year": ".inf",
        f"countries.{country}.talent.wage_usd_thousand_per_year": "0",
    }
    given = [part for path, value in patches.items() for part in ("--set", f"{path} = {value}")]
    done = kloof("solve", world, "--no-save", "--country", "CHN", *given)
    assert done.code == 2
    assert f"error[S112]: {country}: nothing bounds `talent`" in done.err
    assert f"`countries.{country}.talent.graduates_thousand_per_year` is infinite" in done.err
    assert f"`countries.{country}.talent.wage_usd_thousand_per_year` is 0" in done.err
    assert "CHN  unbounded" in done.out


def test_mixed_outcomes_end_with_1_and_stand_side_by_side(kloof: Run, world: str) -> None:
    done = kloof("solve", world, "--no-save", "--set", "countries.CHN.budget.cash0_usd_bn = -100000")
    assert done.code == 1
    assert "USA" in done.out
    assert "CHN  infeasible" in done.out


def test_stopped_before_the_gap_ends_with_4(kloof: Run, world: str) -> None:
    done = kloof(
        "solve",
        world,
        "--no-save",
        "--country",
        "USA",
        "--gap",
        "1e-15",
        "--time-limit",
        "1",
        "--format",
        "json",
    )
    assert done.code == 4
    assert done.data["countries"]["USA"]["status"] == "stopped"
    assert done.data["countries"]["USA"]["strategy"]


def test_extension_adds_rows_and_its_faults_are_the_users(kloof: Run, world: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import pyomo.environ as pyo\n\n\n"
        "def no_grey(m):\n"
        "    m.no_grey = pyo.Constraint(m.CHIPS, m.PERIODS, rule=lambda m, k, t: m.grey[k, t] <= 0)\n\n\n"
        "def broken(m):\n"
        "    return m.nothing_of_this_name\n"
    )
    done = kloof(
        "solve", world, "--country", "CHN", "--out", "run", "--format", "csv", "--extend", "mine.py:no_grey"
    )
    assert done.code == 0, done.err
    assert done.out == (tmp_path / "run" / "strategy.csv").read_text()
    grey = [float(row["value"]) for row in csv.DictReader(done.out.splitlines()) if row["metric"] == "grey"]
    assert sum(grey) == pytest.approx(0, abs=1e-6)
    done = kloof("solve", world, "--no-save", "--extend", "mine.py:broken")
    assert done.code == 2
    assert "error[E603]" in done.err
    assert "mine.py:9" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["solve"], "E601", "Missing argument"),
        (["solv"], "E601", "did you mean `solve`?"),
        (["solve", "no-such-world"], "E209", "no-such-world"),
        (["solve", "WORLD", "--no-such-option"], "E601", "--no-such-option"),
        (["solve", "WORLD", "--gap", "0"], "E601", "gap"),
        (["solve", "WORLD", "--country", "CHM"], "E302", "did you mean `CHN`?"),
        (["solve", "WORLD", "--country", "usa,chm"], "E302", "did you mean `CHN`?"),
        (["solve", "WORLD", "--country", ""], "E601", "no country is named"),
        (["rules", "WORLD", "--country", "chm"], "E302", "did you mean `CHN`?"),
        (["solve", "WORLD", "--objective", "balance"], "E604", "did you mean `balanced`?"),
        (["solve", "WORLD", "--set", "countries.CHN.budget.income *= 2"], "E402", "income_usd_bn"),
        (["solve", "WORLD", "--extend", "mine.py"], "E603", "FILE.py:FUNCTION"),
        (["solve", "WORLD", "--out", "a", "--no-save"], "E601", "exclude each other"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_to_do(
    kloof: Run, world: str, arguments: list[str], code: str, said: str
) -> None:
    done = kloof(*(world if argument == "WORLD" else argument for argument in arguments))
    assert done.code == 2
    assert done.out == ""
    assert f"error[{code}]" in done.err
    assert said in done.err


def test_errors_are_data_with_format_json(kloof: Run, world: str) -> None:
    done = kloof("solve", world, "--country", "CHM", "--format", "json")
    assert done.code == 2
    assert done.err == ""
    (problem,) = done.data["diagnostics"]
    assert problem["code"] == "E302"
    assert problem["hint"] == "did you mean `CHN`?"


def test_a_reader_who_goes_away_ends_it_quietly(world: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(KLOOF), "solve", world, "--format", "csv", "--quiet", "--no-save"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait() == 0
    assert errors == b""


@pytest.fixture(scope="module")
def many(world: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance with two dozen followers alike, so that a solve can be interrupted between two of them."""
    place = tmp_path_factory.mktemp("many") / "many"
    shutil.copytree(world, place)
    leader = (
        (place / "countries" / "USA.yaml")
        .read_text()
        .replace("lag_months: 0", "lag_months: 1.3, knowledge0_years: 1.386")
    )
    for letter in "ABCDEFGHIJKLMNOPQRSTVWXY":
        name = letter * 3
        alike = re.sub(r"\bUSA\b", name, leader).replace(f"iso3: {name}", f"iso3: {name}\npart_of: USA")
        (place / "countries" / f"{name}.yaml").write_text(alike)
    return place


@pytest.mark.parametrize(
    ("by", "send"),
    [
        (signal.SIGINT, os.killpg),
        (signal.SIGTERM, os.killpg),
        (signal.SIGTERM, os.kill),
        (signal.SIGHUP, os.killpg),
    ],
)
def test_interrupt_keeps_what_is_done_and_ends_with_130(
    many: Path, tmp_path: Path, by: signal.Signals, send: Callable[[int, int], None]
) -> None:
    code, out, said = interrupted_on_terminal(
        tmp_path, " done (2 of ", "solve", str(many), "--out", "run", by=by, send=send
    )
    assert code == 130
    assert "interrupted: " in out
    assert "saved in run" in said
    assert "Traceback" not in said
    assert "Process" not in said
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert 1 <= len(summary["countries"]) < 26
    assert all(country["status"] == "optimal" for country in summary["countries"].values())
