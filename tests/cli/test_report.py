"""`kloof report` and the files that it reads."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from optimizer.cli.context import feeding_cells
from optimizer.instance import load
from optimizer.instance.cells import cell_map
from optimizer.report.page import LARGEST_BYTES
from tests.cli.conftest import Run

DOCS = Path(__file__).parents[2] / "docs" / "report.md"


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    """A copy of the run in a place of its own."""
    return Path(shutil.copytree(saved, tmp_path / "copied"))


def test_writes_one_page_into_the_run_without_the_instance(kloof: Run, copied: Path) -> None:
    done = kloof("report", "copied")
    assert done.code == 0
    assert done.err == f"wrote {Path('copied/report.html')}\n"
    assert done.out == ""
    text = (copied / "report.html").read_text()
    assert text.startswith("<!doctype html>")
    assert len(text.encode()) < LARGEST_BYTES
    headline = json.loads((copied / "summary.json").read_text())["countries"]["CHN"]["headline"]
    first, last = (f"{headline['lag_months'][year]:.0f}" for year in ("2027", "2029"))
    assert f"months behind at the start, {first} in 2027 and {last} in 2029: the gap grows" in text


def test_json_names_the_file_and_its_size(kloof: Run, copied: Path, tmp_path: Path) -> None:
    done = kloof("report", "copied", "--out", "page.html", "--format", "json")
    assert done.data["file"] == "page.html"
    assert done.data["bytes"] == (tmp_path / "page.html").stat().st_size
    assert not (copied / "report.html").exists()


def test_solving_again_replaces_a_run_with_its_page(kloof: Run, world: str, copied: Path) -> None:
    assert kloof("report", "copied").code == 0
    assert kloof("solve", world, "--country", "USA", "--out", "copied").code == 0
    assert not (copied / "report.html").exists()


def test_a_run_without_inputs_and_names_still_has_a_page(kloof: Run, copied: Path) -> None:
    for name in ("inputs.csv", "context.json"):
        (copied / name).unlink()
    assert kloof("report", "copied").code == 0
    text = (copied / "report.html").read_text()
    assert "Assumptions" not in text
    assert 'id="country-chn"' in text


def test_a_country_without_a_plan_says_why_and_what_repairs_it(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    patch = "countries.CHN.budget.cash0_usd_bn = -100000"
    assert kloof("solve", world, "--set", patch, "--out", "broke").code == 1
    assert kloof("report", "broke").code == 0
    text = (tmp_path / "broke" / "report.html").read_text()
    assert "Without a plan (infeasible): China" in text
    assert "These cannot hold together: cash of USD -100,000 bn at the start in 2026" in text
    assert "It has a plan with " in text
    assert patch in text


def test_quarters_have_a_page(kloof: Run, world: str, tmp_path: Path) -> None:
    quarters = ("--set", "horizon.steps_per_year = 4", "--gap", "1e-4", "--out", "quarters")
    assert kloof("solve", world, *quarters).code == 0
    assert kloof("report", "quarters").code == 0
    text = (tmp_path / "quarters" / "report.html").read_text()
    assert 'data-x="2026.125"' in text
    assert "in 2029Q4" in text


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("manifest.json", "{}", "E641", "no saved run here"),
        ("manifest.json", '{"program": "kloof", "command": "sweep"}', "E641", "`sweep` has no report"),
        ("summary.json", "{", "E642", "cannot be read"),
        ("summary.json", "{}", "E642", "cannot be understood"),
        ("context.json", "[]", "E642", "does not hold one JSON object"),
        ("strategy.csv", "a,b\n1,2\n", "E642", "cannot be read"),
        ("strategy.csv", None, "E642", "No such file"),
        ("inputs.csv", "path,value\nx,1\n", "E642", "column low, high, status, sources, note is missing"),
    ],
)
def test_a_damaged_run_is_refused_with_its_file(
    kloof: Run, copied: Path, name: str, content: str | None, code: str, said: str
) -> None:
    (copied / name).unlink()
    if content is not None:
        (copied / name).write_text(content)
    done = kloof("report", "copied")
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert said in done.err
    assert "--> copied" in done.err
    assert not (copied / "report.html").exists()


def test_wrong_places_are_refused(kloof: Run, copied: Path) -> None:
    missing = kloof("report", "nowhere")
    assert missing.code == 2
    assert "error[E641]: no such directory" in missing.err
    wrong = kloof("report", "copied", "--out", "page.pdf")
    assert wrong.code == 2
    assert "--out must end in .html" in wrong.err
    unwritable = kloof("report", "copied", "--out", "none/page.html")
    assert unwritable.code == 2
    assert "error[E605]" in unwritable.err


def test_inputs_are_the_cells_that_feed_the_plans(saved: Path, world: str) -> None:
    instance = load(world)
    maps = [cell_map(instance, country) for country in instance.countries]
    feeding = [
        cell.path
        for cell in instance.cells()
        if any(each.feeds(cell.path) or each.shapes(cell.path) for each in maps)
    ]
    with (saved / "inputs.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["path"] for line in lines] == feeding
    income = next(line for line in lines if line["path"] == "countries.CHN.budget.income_usd_bn")
    assert json.loads(income["value"]) == {"2026": 45.0, "2029": 65.0}
    cited = {source for line in lines for source in line["sources"].split()}
    assert cited
    context = json.loads((saved / "context.json").read_text())
    assert set(context["sources"]) == cited
    assert context["countries"]["CHN"]["name"] == "China"
    assert all(chip["research_h100e"] > 0 for chip in context["chips"].values())


def test_inputs_of_one_country_leave_out_the_others() -> None:
    instance = load("world-2026")
    paths = [cell.path for cell in feeding_cells(instance, ["USA", "CHN"], None)]
    countries = {found[1] for path in paths if (found := re.match(r"countries\.(\w+)", path))}
    assert countries == {"USA", "CHN"}


def test_inputs_are_as_changed(kloof: Run, world: str, tmp_path: Path) -> None:
    patch = "countries.USA.budget.interest_per_year = 0.07"
    assert kloof("solve", world, "--country", "USA", "--set", patch, "--out", "run").code == 0
    with (tmp_path / "run" / "inputs.csv").open() as file:
        values = {line["path"]: line["value"] for line in csv.DictReader(file)}
    assert values["countries.USA.budget.interest_per_year"] == "0.07"


def test_every_command_of_the_documentation_runs(kloof: Run, tmp_path: Path) -> None:
    blocks = re.findall(r"```console\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)
    commands = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 5
    for line in commands:
        done = kloof(*shlex.split(line)[1:])
        assert done.code == 0, f"{line}\n{done.err}"
    assert (tmp_path / "runs" / "first" / "report.html").exists()
    assert (tmp_path / "policies.html").exists()
