"""`kloof controls`: regimes of a design on the small world."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from optimizer.instance.template import write_template
from tests.cli.conftest import Outcome, run_kloof
from tests.cli.test_equilibrium import CLEARING

DESIGN = """\
format_version: 1
title: Sales of the H200
factors:
  sales:
    deny: rules.h200_class.in_force = never
    now: []
  rent:
    closed: [countries.CHN.trade.rent.limit_kh100e = 0]
    now: []
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("controls")
    write_template(directory / "world")
    with (directory / "world" / "market.yaml").open("a") as file:
        file.write(CLEARING)
    (directory / "sales.yaml").write_text(DESIGN)
    return directory


@pytest.fixture(scope="module")
def done(place: Path) -> Outcome:
    return run(place, "--out", "run", "--jobs", "1")


def run(
    place: Path, *more: str, design: str = "sales.yaml", target: str = "CHN", year: str = "2029"
) -> Outcome:
    asked = ("--target", target, "--design", design, "--year", year)
    return run_kloof(place, "controls", "world", *asked, *more)


def test_it_says_what_each_factor_changes_and_what_is_not_beaten(done: Outcome) -> None:
    assert done.code == 0
    assert done.err == "saved in run\n"
    lines = done.out.splitlines()
    assert lines[0] == "CHN under the regimes of USA: Sales of the H200"
    alone = [line.split() for line in lines if line.startswith(("  sales", "  rent"))]
    assert [line[:2] for line in alone] == [["sales", "deny"], ["rent", "closed"]]
    # who may not rent falls back and pays no rent; what is sold then brings about as much
    assert float(alone[1][2]) > 0
    assert float(alone[1][-1]) < 0
    assert float(alone[0][6]) < 0
    assert "4 regimes, " in done.out
    assert "Not modelled: what enforcing a regime costs" in done.out


def test_a_run_holds_regimes_frontier_summary_and_manifest(done: Outcome, place: Path) -> None:
    saved = place / "run"
    assert sorted(path.name for path in saved.iterdir()) == [
        *("frontier.csv", "manifest.json", "regimes.csv", "summary.json")
    ]
    regimes = list(csv.DictReader(io.StringIO((saved / "regimes.csv").read_text())))
    assert [row["regime"] for row in regimes] == ["0", "1", "2", "3", "4"]
    assert [(row["sales"], row["rent"]) for row in regimes] == [
        *(("", ""), ("deny", "closed"), ("deny", "now"), ("now", "closed"), ("now", "now"))
    ]
    assert regimes[4]["same_as_baseline"] == "yes"
    assert regimes[4]["lag_months_2029"] == regimes[0]["lag_months_2029"]
    assert float(regimes[1]["revenue_usd_bn"]) == 0.0
    frontier = list(csv.DictReader(io.StringIO((saved / "frontier.csv").read_text())))
    assert {row["regime"] for row in frontier} == {
        row["regime"] for row in regimes if row["verdict"] == "frontier"
    }
    lags = [float(row["lag_months_2029"]) for row in frontier]
    assert lags == sorted(lags, reverse=True)
    summary = json.loads((saved / "summary.json").read_text())
    assert (summary["schema_version"], summary["command"], summary["status"]) == (1, "controls", "done")
    assert summary["factors"] == {"sales": ["deny", "now"], "rent": ["closed", "now"]}
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["asked"] == {"year": 2029, "delay": "lag", "only": [], "at_least": None}
    assert set(manifest["gap"]) == {"0", "1", "2", "3", "4"}


def test_the_last_year_has_one_column_where_it_is_the_year_asked_about(
    done: Outcome, cleared: Outcome, place: Path
) -> None:
    assert done.out.count("lag 2029") == 2, "once in each table"
    assert cleared.out.count("lag 2029") == 3
    for file in ("market/regimes.csv", "market/cleared.csv", "run/frontier.csv"):
        heads = (place / file).read_text().splitlines()[0].split(",")
        assert heads.count("lag_months_2029") == 1, file
        assert len(heads) == len(set(heads)), file
    both = run(place, "--no-save", "--jobs", "1", "--format", "csv", year="2028")
    heads, row, *_ = csv.reader(io.StringIO(both.out))
    assert {"lag_months_2028", "lag_months_2029"} <= set(heads)
    assert len(heads) == len(row)
    page = run_kloof(place, "report", "market", "--out", "page.html")
    assert page.code == 0, page.err
    tables = re.findall("<thead>.*?<tbody", (place / "page.html").read_text(), flags=re.DOTALL)
    assert [each.count("Lag 2029") for each in tables if "Lag 2029" in each] == [1] * 4


def test_a_regime_without_a_certified_plan_is_a_finding(place: Path) -> None:
    text = DESIGN.replace("now: []", "odd: leader = CHN", 1)
    (place / "odd.yaml").write_text(text)
    found = run(
        place, "--no-save", "--only", "rent=now", "--format", "json", "--jobs", "1", design="odd.yaml"
    )
    assert found.code == 1
    assert "the regime makes CHN lead" in found.err
    statuses = [one["status"] for one in found.data["regimes"]]
    assert statuses == ["optimal", "failed"]
    assert [each["number"] for each in found.data["verdicts"]] == [1]


@pytest.mark.parametrize(
    ("more", "changed", "code"),
    [
        ((), {"target": "USA"}, "E742"),
        ((), {"target": "FRA"}, "E302"),
        ((), {"year": "2050"}, "E745"),
        ((), {"design": "nothing"}, "E209"),
        (("--only", "sale=now"), {}, "E744"),
        (("--only", "sales=no"), {}, "E744"),
        (("--at-least", "3"), {}, "E748"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    place: Path, more: tuple[str, ...], changed: dict[str, str], code: str
) -> None:
    found = run(place, "--no-save", *more, **changed)
    assert found.code == 2
    assert f"error[{code}]" in found.err
    assert found.out == ""


def test_one_cell_in_two_factors_and_stages_are_refused(place: Path) -> None:
    cell = "countries.CHN.trade.rent.limit_kh100e"
    text = DESIGN.replace("rules.h200_class.in_force = never", f"{cell} = 1")
    (place / "twice.yaml").write_text(text)
    found = run(place, "--no-save", design="twice.yaml")
    assert found.code == 2
    assert f"both change `{cell}`" in found.err
    assert "E741" in found.err
    found = run_kloof(
        place, "controls", "world-2026", "--target", "CHN", "--design", "china-export", "--year", "2030",
        "--set", "industry = staged", "--no-save", "--equilibrium",
    )  # fmt: skip
    assert (found.code, "E746" in found.err) == (2, True)


def test_the_market_must_be_asked_for_and_the_target_buy_on_it(place: Path) -> None:
    assert run(place, "--no-save", "--every").code == 2
    found = run_kloof(
        place, "controls", "world-2026", "--target", "NLD", "--design", "china-export", "--year", "2030",
        "--no-save", "--equilibrium",
    )  # fmt: skip
    assert (found.code, "E749" in found.err) == (2, True)


def test_explain_and_report_tell_of_regimes(done: Outcome, place: Path) -> None:
    told = run_kloof(place, "explain", "run")
    assert told.code == 0
    assert "Of 4 regimes" in told.out
    assert "Alone, rent closed buys the most delay" in told.out
    frontier = (place / "run" / "frontier.csv").read_text()
    assert run_kloof(place, "explain", "run", "--format", "csv").out == frontier
    page = run_kloof(place, "report", "run", "--out", "page.html")
    assert (page.code, page.err) == (0, "wrote page.html\n")
    text = (place / "page.html").read_text()
    assert "What each factor alone changes" in text
    assert 'data-chart="frontier"' in text
    assert text.count('data-mark="frontier"') == len(frontier.splitlines()) - 1


def test_resuming_solves_no_regime_again_and_only_of_the_same_question(done: Outcome, place: Path) -> None:
    saved = place / "run"
    summary = json.loads((saved / "summary.json").read_text())
    # a number that no solve would give says that it was kept
    summary["regimes"][0]["message"] = "kept"
    (place / "half").mkdir()
    for name in ("manifest.json", "regimes.csv", "frontier.csv"):
        (place / "half" / name).write_text((saved / name).read_text())
    del summary["regimes"][1]
    (place / "half" / "summary.json").write_text(json.dumps(summary))
    found = run(place, "--out", "half", "--resume", "--jobs", "1")
    assert found.code == 0
    rows = list(csv.DictReader(io.StringIO((place / "half" / "regimes.csv").read_text())))
    before = list(csv.DictReader(io.StringIO((saved / "regimes.csv").read_text())))
    assert rows[1].pop("message") == "kept"
    before[1].pop("message")
    assert rows == before
    other = run(place, "--out", "half", "--resume", "--delay", "reach")
    assert (other.code, "E750" in other.err) == (2, True)
    assert "E641" in run(place, "--out", "nowhere", "--resume").err


@pytest.fixture(scope="module")
def cleared(place: Path) -> Outcome:
    loose = ("--equilibrium", "--tolerance", "0.02", "--jobs", "1")
    return run(place, "--only", "sales=now", *loose, "--out", "market")


def test_regimes_are_cleared_beside_the_same_world_again(cleared: Outcome, place: Path) -> None:
    assert cleared.code == 0, cleared.out + cleared.err
    rows = list(csv.DictReader(io.StringIO((place / "market" / "cleared.csv").read_text())))
    known = {row["regime"]: row for row in rows}
    assert list(known)[:2] == ["0", "0 again"]
    base, again = known["0"], known["0 again"]
    assert {base["status"], again["status"]} == {"converged"}
    # two equilibria of one world
    for name in ("revenue_all_buyers_usd_bn", "value_average_log_units", "price_over_list"):
        assert float(again[name]) == pytest.approx(float(base[name]), rel=1e-3)
    closed = known["1"]
    assert (closed["rent"], closed["status"]) == ("closed", "converged")
    assert float(closed["rent_usd_bn"]) == 0.0
    assert float(closed["value_average_log_units"]) < float(base["value_average_log_units"])
    assert "the same, cleared again" in cleared.out


def test_of_what_found_no_prices_only_the_quality_is_told(cleared: Outcome, place: Path) -> None:
    hard = ("--equilibrium", "--against", "market", "--rounds", "1", "--tolerance", "1e-9", "--jobs", "1")
    found = run(place, "--only", "sales=now", *hard, "--out", "hard")
    assert found.code == 1
    assert "at no prices that clear" in found.err
    summary = json.loads((place / "hard" / "summary.json").read_text())
    assert summary["status"] == "findings"
    said = summary["cleared"]
    for one in (said["baseline"], said["again"], *said["regimes"]):
        assert (one["status"], one["rounds"]) == ("not_converged", 1)
        assert one["largest_regret"] > 1e-9
        assert "revenue_usd_bn" not in one
        assert "lag_months" not in one
    assert "no change can be told" in found.out
    assert "nothing is known" in run_kloof(place, "explain", "hard").out


def test_what_was_cleared_is_kept_when_a_run_goes_on(cleared: Outcome, place: Path) -> None:
    shutil.copytree(place / "market", place / "kept")
    text = (place / "kept" / "cleared.csv").read_text()
    on = ("--only", "sales=now", "--jobs", "1", "--out", "kept", "--resume")
    assert run(place, *on).code == 0
    assert (place / "kept" / "cleared.csv").read_text() == text
    # nothing is left to clear: the base's search is that of the run
    every = run(place, *on, "--equilibrium", "--tolerance", "0.02", "--every")
    assert (every.code, every.err) == (0, "saved in kept\n")
    assert (place / "kept" / "cleared.csv").read_text() == text
    # what is held against is read before anything is solved
    (place / "bad").mkdir()
    shutil.copytree(place / "market", place / "unseen")
    search = json.loads((place / "market" / "search.json").read_text())
    (place / "unseen" / "search.json").write_text(json.dumps(search | {"regret": "inf"}))
    unseen = run(place, "--no-save", "--equilibrium", "--against", "unseen")
    assert (unseen.code, unseen.out, "error[E538]" in unseen.err) == (2, "", True)
    bad = run(place, "--no-save", "--equilibrium", "--against", "bad")
    assert (bad.code, bad.out) == (2, "")
