"""`kloof runs` and `kloof diff`: saved runs side by side."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, run_kloof
from tests.unit.staged_world import write_staged_world

MORE_MONEY = "countries.CHN.budget.income_usd_bn *= 1.2"


@pytest.fixture(scope="module")
def place(world: str, saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with runs of both countries, of China alone with more money and at a wide gap, and a
    comparison."""
    place = tmp_path_factory.mktemp("several")
    shutil.copytree(saved, place / "runs" / "first")
    china = ("solve", world, "--country", "CHN")
    for arguments in (
        (*china, "--set", MORE_MONEY, "--out", "runs/money"),
        (*china, "--gap", "1e-4", "--out", "runs/wide"),
        (
            "compare",
            world,
            "--country",
            "CHN",
            "--set-column",
            f"money: {MORE_MONEY}",
            "--out",
            "runs/columns",
        ),
        ("solve", world, "--country", "USA", "--out", "runs/leader"),
    ):
        assert run_kloof(place, *arguments, "-q").code == 0
    return place


@pytest.fixture
def copied(place: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place / "runs", tmp_path / "runs"))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_lists_what_was_asked_and_how_it_ended(kloof: Run, copied: Path) -> None:
    told = {Path(each["run"]).name: each for each in kloof("runs", "--format", "json").data["runs"]}
    assert list(told) == ["columns", "first", "leader", "money", "wide"]
    for name, each in told.items():
        manifest = json.loads((copied / name / "manifest.json").read_text())
        assert (each["state"], each["status"], each["key"]) == ("whole", "optimal", manifest["key"])
        assert each["gap"] == max(manifest["gap"].values())
        assert each["version"] == manifest["versions"]["kloof"]
    assert told["columns"]["command"] == "compare"
    assert told["columns"]["policies"] == ["money"]
    assert told["money"]["changes"] == [MORE_MONEY]
    assert told["wide"]["countries"] == ["CHN"]
    done = kloof("runs")
    assert done.code == 0
    assert all(f"runs/{name}" in done.out for name in told)
    assert "countries.CHN.budget" in done.out
    assert max(map(len, done.out.splitlines())) <= 160
    listed = rows_of(kloof("runs", "--format", "csv").out)
    assert {Path(each["run"]).name: each["changes"] for each in listed}["money"] == MORE_MONEY
    assert [each["key"] for each in listed] == [each["key"] for each in told.values()]
    assert kloof("runs", "runs/wide").out.count("\n") == 3


def test_runs_that_cannot_be_told_are_listed_with_the_reason(kloof: Run, copied: Path) -> None:
    shutil.copytree(copied / "first", copied / "same")
    (copied / "first" / "summary.json").write_text("{")
    manifest = json.loads((copied / "money" / "manifest.json").read_text())
    (copied / "money" / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 0}))
    (copied / "wide" / "manifest.json").write_bytes(b"\xff\xfe{")
    (copied / "leader" / "manifest.json").unlink()
    summary = json.loads((copied / "columns" / "summary.json").read_text())
    del summary["countries"]
    (copied / "columns" / "summary.json").write_text(json.dumps(summary))
    (copied / "notes").mkdir()
    (copied / "notes" / "manifest.json").write_text('{"program": "another"}')
    (copied / "text.md").write_text("mine")
    (copied / "same" / "strategy.csv").write_text("")
    told = {Path(each["run"]).name: each for each in kloof("runs", "--format", "json").data["runs"]}
    states = {name: each["state"] for name, each in told.items()}
    assert states == {
        "columns": "older",
        "first": "damaged",
        "leader": "damaged",
        "money": "older",
        "same": "damaged",
        "wide": "damaged",
    }
    assert all(each["reason"] for each in told.values())
    done = kloof("runs")
    assert done.code == 0
    assert "runs/leader: damaged: manifest.json is missing" in done.out


def test_a_directory_without_runs_says_so_and_a_missing_one_is_an_error(kloof: Run, tmp_path: Path) -> None:
    assert kloof("runs").out == "no saved run in runs\n"
    (tmp_path / "other").mkdir()
    assert kloof("runs", "other").out == "no saved run in other\n"
    done = kloof("runs", "nowhere")
    assert (done.code, "E201" in done.err) == (2, True)


def headline(place: Path, run: str, country: str = "CHN") -> Any:
    return json.loads((place / "runs" / run / "summary.json").read_text())["countries"][country]["headline"]


def test_inputs_and_answers_that_differ(place: Path) -> None:
    found = run_kloof(place, "diff", "runs/first", "runs/money", "--format", "json").data
    assert found["status"] == "different"
    assert {"name": "--set", "old": None, "new": MORE_MONEY} in found["asked"]
    assert {each["path"] for each in found["inputs"]} == {"countries.CHN.budget.income_usd_bn"}
    for each in found["inputs"]:
        assert each["new"] == pytest.approx(1.2 * each["old"])
        assert each["unit"] == "USD bn"
    assert (found["only_in_old"], found["only_in_new"]) == (["USA"], [])
    answers = {(each["metric"], each["item"], each["period"]): each for each in found["answers"]}
    old, new = headline(place, "first"), headline(place, "money")
    paid = answers["paid", "", ""]
    assert (paid["old"], paid["new"]) == (old["paid_usd_bn"], new["paid_usd_bn"])
    assert not paid["indistinguishable"]
    for category, share in old["split"].items():
        one = answers["spend_share", category, ""]
        assert (one["old"], one["new"]) == (share, new["split"][category])
    for period, months in old["lag_months"].items():
        assert answers["lag_months", "", period]["change"] == new["lag_months"][period] - months
    text = run_kloof(place, "diff", "runs/first", "runs/money")
    assert (text.code, "only in runs/first: USA" in text.out) == (0, True)
    table = rows_of(run_kloof(place, "diff", "runs/first", "runs/money", "--format", "csv").out)
    assert {each["kind"] for each in table} == {"asked", "input", "answer"}
    (row,) = [each for each in table if each["kind"] == "answer" and each["name"] == "paid"]
    assert float(row["change"]) == paid["change"]


def test_what_certificates_leave_open_is_no_difference(place: Path) -> None:
    wide = headline(place, "wide")
    assert wide["paid_usd_bn"] != headline(place, "first")["paid_usd_bn"]
    found = run_kloof(place, "diff", "runs/first", "runs/wide", "--format", "json").data
    assert [each["name"] for each in found["asked"]] == ["countries", "gap"]
    assert found["inputs"] == []
    assert all(each["indistinguishable"] for each in found["answers"])
    text = run_kloof(place, "diff", "runs/first", "runs/wide").out
    assert "CHN: none of" in text
    assert "no input differs" in text


def test_a_run_does_not_differ_from_itself(place: Path) -> None:
    found = run_kloof(place, "diff", "runs/money", "runs/money", "--format", "json").data
    assert (found["status"], found["asked"], found["inputs"]) == ("same", [], [])
    assert all(each["change"] == 0 and each["indistinguishable"] for each in found["answers"])
    assert "both runs asked the very same" in run_kloof(place, "diff", "runs/money", "runs/money").out


def test_comparisons_are_compared_policy_by_policy(place: Path, world: str) -> None:
    column = "money: countries.CHN.budget.income_usd_bn *= 1.3"
    told = run_kloof(
        place, "compare", world, "--country", "CHN", "--set-column", column, "--out", "more", "-q"
    )
    assert told.code == 0
    found = run_kloof(place, "diff", "runs/columns", "more", "--format", "json").data
    assert found["inputs"] == []
    name = "money: countries.CHN.budget.income_usd_bn"
    assert [each["name"] for each in found["asked"]] == [name]
    differ = {each["policy"] for each in found["answers"] if not each["indistinguishable"]}
    assert differ == {"money"}


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        ("first", "columns", "runs of `solve` and `compare` have nothing to compare"),
        ("leader", "money", "no plan in common: USA against CHN"),
    ],
)
def test_runs_with_nothing_in_common_are_refused(place: Path, one: str, two: str, words: str) -> None:
    done = run_kloof(place, "diff", f"runs/{one}", f"runs/{two}")
    assert (done.code, "error[E645]" in done.err, words in done.err) == (2, True, True)


def test_what_is_no_run_is_refused(place: Path) -> None:
    done = run_kloof(place, "diff", "runs/first", "runs/none")
    assert (done.code, "error[E641]" in done.err) == (2, True)


def test_inputs_that_are_missing_are_no_difference(place: Path) -> None:
    shutil.copytree(place / "runs" / "first", place / "bare")
    (place / "bare" / "inputs.csv").unlink()
    done = run_kloof(place, "diff", "runs/first", "bare")
    assert (done.code, done.out, "error[E642]" in done.err) == (2, "", True)
    assert "nothing can be said of the inputs" in done.err


def test_a_plan_that_one_run_does_not_have_is_told(place: Path, world: str) -> None:
    floor = ("--set", "countries.CHN.budget.cash0_usd_bn = -100000")
    assert run_kloof(place, "solve", world, "--country", "CHN", *floor, "--out", "none", "-q").code == 3
    found = run_kloof(place, "diff", "runs/money", "none", "--format", "json").data
    assert found["statuses"] == [{"name": "CHN", "old": "optimal", "new": "infeasible"}]
    assert found["answers"] == []
    text = run_kloof(place, "diff", "runs/money", "none")
    assert (text.code, "CHN: without a plan in one of the runs" in text.out) == (0, True)
    (listed,) = rows_of(run_kloof(place, "runs", "none", "--format", "csv").out)
    assert (listed["state"], listed["status"], listed["gap"]) == ("whole", "infeasible", "")
    rolled = run_kloof(place, "solve", world, "--country", "CHN", "--view", "2", "--out", "rolled", "-q")
    assert rolled.code == 0
    assert run_kloof(place, "diff", "runs/money", "rolled").code == 0


def test_objectives_that_are_not_one_sum_and_inputs_of_one_run_are_told_in_a_line(tmp_path: Path) -> None:
    write_staged_world(tmp_path / "world")
    solve = ("solve", "world", "--country", "CHN", "-q")
    assert run_kloof(tmp_path, *solve, "--out", "staged").code == 0
    assert run_kloof(tmp_path, *solve, "--set", "industry=path", "--out", "path").code == 0
    done = run_kloof(tmp_path, "diff", "path", "staged")
    assert done.code == 0, done.err
    (line,) = [line for line in done.out.splitlines() if "objective" in line]
    assert re.fullmatch(
        r"the objective is not compared, as it sums 4\.10 years .* and 4\.17 in the other: CHN", line
    )
    lines = [line for line in done.out.splitlines() if " only in " in line]
    assert len(lines) == 2
    assert lines[0].startswith("3 inputs are only in path: countries.CHN.industry.lines (2), ")
    assert lines[1].startswith("30 inputs are only in staged: staged.lines (16), ")
    assert "staged.lines.n7.levels" not in done.out
    assert "staged.lines.n7.levels" in run_kloof(tmp_path, "diff", "path", "staged", "--verbose").out
    found = run_kloof(tmp_path, "diff", "path", "staged", "--format", "json").data
    assert "objective" not in {each["metric"] for each in found["answers"]}
    assert [each["country"] for each in found["objectives_not_compared"]] == ["CHN"]
    assert len(found["inputs_only_in_new"]) == 30
    told = rows_of(run_kloof(tmp_path, "diff", "path", "staged", "--format", "csv").out)
    assert [each["name"] for each in told if each["kind"] == "not compared"] == ["objective"]
    # whatever the certificates are, and where nothing says it
    rewrite_objective(tmp_path / "staged", lambda said: said | {"lower": said["upper"], "gap": 0.0})
    assert line in run_kloof(tmp_path, "diff", "path", "staged").out.splitlines()
    rewrite_objective(tmp_path / "staged", lambda said: {k: v for k, v in said.items() if k != "years"})
    (line,) = [
        line for line in run_kloof(tmp_path, "diff", "path", "staged").out.splitlines() if "objective" in line
    ]
    assert "a run of an earlier version does not say how many years it sums: CHN" in line


def rewrite_objective(run: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    summary = json.loads((run / "summary.json").read_text())
    china = summary["countries"]["CHN"]
    china["objective"] = change(china["objective"])
    (run / "summary.json").write_text(json.dumps(summary))


def test_objectives_of_one_sum_are_compared(place: Path) -> None:
    found = run_kloof(place, "diff", "runs/first", "runs/wide", "--format", "json").data
    assert found["objectives_not_compared"] == []
    assert {"objective"} <= {each["metric"] for each in found["answers"]}
