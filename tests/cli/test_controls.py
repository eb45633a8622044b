"""`kloof controls`: regimes of a design on the small world."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from optimizer.instance.template import write_template
from tests.cli.conftest import Outcome, run_kloof

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
