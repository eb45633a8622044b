"""`kloof new ISO3 --like ISO3`: what it says and writes, that the result solves, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from optimizer.instance import load
from optimizer.instance.shipped import find_instance
from tests.cli.conftest import run_kloof


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def test_a_country_is_made_and_has_a_plan(tmp_path: Path) -> None:
    run_kloof(tmp_path, "new", "my-world")
    made = run_kloof(tmp_path, "new", "bra", "--like", "chn", "--scale", "0.2", "--in", "my-world")
    assert made.code == 0
    assert "budget.income_usd_bn" in made.out
    assert "what must be looked up for BRA" in made.out
    assert "groups: BRA stands beside CHN in embargoed (rules.yaml)" in made.out
    assert "written: my-world/countries/BRA.yaml; changed: sources.csv, rules.yaml" in made.err
    assert run_kloof(tmp_path, "validate", "my-world").code == 0
    solved = run_kloof(tmp_path, "solve", "my-world", "--country", "bra,chn", "--no-save", "--format", "json")
    found = json.loads(solved.out)["countries"]
    assert {name: one["status"] for name, one in found.items()} == {"BRA": "optimal", "CHN": "optimal"}


def test_as_data(tmp_path: Path) -> None:
    run_kloof(tmp_path, "new", "my-world")
    arguments = ("--like", "CHN", "--scale", "0.2", "--in", "my-world", "--name", "Brazil: the south")
    made = json.loads(run_kloof(tmp_path, "new", "BRA", *arguments, "--format", "json").out)
    factors = {one["path"]: one["factor"] for one in made["figures"]}
    assert factors["countries.BRA.budget.income_usd_bn"] == 0.2
    assert factors["countries.BRA.talent.wage_usd_thousand_per_year"] == 1
    assert made["look_up"][0]["path"] == "countries.BRA.budget.income_usd_bn"
    assert load(tmp_path / "my-world").countries["BRA"].name == "Brazil: the south"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("BRA", "--like", "CHM", "--in", "my-world"), "E302", "did you mean `CHN`?"),
        (("BRA", "--like", "CHN", "--in", "my-world", "--scale", "0"), "E601", "above 0, got 0"),
        (("BRA", "--like", "CHN", "--in", "my-world", "--scale", "-1"), "E601", "above 0, got -1"),
        (("BRA", "--like", "CHN", "--in", "my-world", "--scale", "nan"), "E601", "above 0, got nan"),
        (("BRA", "--like", "CHN", "--in", "my-world", "--scale", "inf"), "E601", "above 0, got inf"),
        (("USA", "--like", "CHN", "--in", "my-world"), "E215", "USA is a country"),
        (("BR", "--like", "CHN", "--in", "my-world"), "E115", "three capital letters"),
        (("BRA", "--like", "CHN", "--in", "nowhere"), "E209", "nowhere"),
        (("BRA", "--like", "CHN", "--in", "empty"), "E201", "instance.yaml"),
        (("BRA", "--like", "CHN", "--in", "world-2026"), "E216", "cp -r"),
        (("BRA", "--like", "CHN"), "E601", "--in is missing"),
        (("BRA", "--scale", "2", "--in", "my-world"), "E601", "--like is missing"),
        (("BRA", "--like", "CHN", "--in", "my-world", "--scale", "1e6"), "E504", "nothing was written"),
    ],
)
def test_refused_with_nothing_written(
    tmp_path: Path, arguments: tuple[str, ...], code: str, said: str
) -> None:
    run_kloof(tmp_path, "new", "my-world")
    (tmp_path / "empty").mkdir()
    before, shipped = contents(tmp_path), contents(find_instance("world-2026"))
    done = run_kloof(tmp_path, "new", *arguments)
    assert (done.code, done.out) == (2, "")
    assert f"error[{code}]" in done.err
    assert said in done.err
    assert contents(tmp_path) == before
    assert contents(find_instance("world-2026")) == shipped


@pytest.mark.parametrize("linked", ["rules.yaml", "countries"])
def test_what_a_link_leads_to_is_not_changed(tmp_path: Path, linked: str) -> None:
    run_kloof(tmp_path, "new", "my-world")
    shared = (tmp_path / "my-world" / linked).rename(tmp_path / "shared")
    (tmp_path / "my-world" / linked).symlink_to(shared)
    before = contents(tmp_path)
    done = run_kloof(tmp_path, "new", "BRA", "--like", "CHN", "--scale", "0.2", "--in", "my-world")
    assert done.code == 2
    assert "error[E216]" in done.err
    assert "other instances may share" in done.err
    assert (tmp_path / "my-world" / linked).is_symlink()
    assert contents(tmp_path) == before


def test_a_size_that_is_nearly_nothing_is_a_number(tmp_path: Path) -> None:
    run_kloof(tmp_path, "new", "my-world")
    done = run_kloof(tmp_path, "new", "BRA", "--like", "CHN", "--scale", "1e-320", "--in", "my-world")
    assert done.code == 0
    assert run_kloof(tmp_path, "validate", "my-world").code == 0


@pytest.mark.parametrize("layout", ["tabs", "other ends of lines"])
def test_a_layout_stays(tmp_path: Path, layout: str) -> None:
    run_kloof(tmp_path, "new", "my-world")
    place = tmp_path / "my-world" / "countries" / "CHN.yaml"
    text = place.read_text(encoding="utf-8")
    tabs = text.replace("interest_per_year: ", "interest_per_year:\t")
    other = tabs if layout == "tabs" else text.replace("\n", "\r\n")
    place.write_text(other, encoding="utf-8", newline="")
    assert run_kloof(tmp_path, "new", "BRA", "--like", "CHN", "--scale", "0.2", "--in", "my-world").code == 0
    made = place.with_name("BRA.yaml").read_bytes()
    assert b"interest_per_year:\t{value" in made or layout != "tabs"
    assert (b"\r\n" in made, made.replace(b"\r\n", b"").count(b"\n") > 0) == (
        (False, True) if layout == "tabs" else (True, False)
    )


def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    run_kloof(tmp_path, "new", "my-world")
    before = (tmp_path / "my-world" / "sources.csv").read_bytes()
    (tmp_path / "my-world" / "countries" / ".BRA.yaml.unfinished").mkdir()
    done = run_kloof(tmp_path, "new", "BRA", "--like", "CHN", "--scale", "0.2", "--in", "my-world")
    assert done.code == 74
    assert "error[E605]" in done.err
    assert run_kloof(tmp_path, "validate", "my-world").code == 0
    assert (tmp_path / "my-world" / "sources.csv").read_bytes().startswith(before)
    shutil.rmtree(tmp_path / "my-world" / "countries" / ".BRA.yaml.unfinished")
    assert run_kloof(tmp_path, "new", "BRA", "--like", "CHN", "--scale", "0.2", "--in", "my-world").code == 0
