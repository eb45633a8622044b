"""The years after the reported ones, wherever a country is shown in full."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_two_later_years_and_their_weight_are_shown_in_brackets(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    shown = kloof("solve", world, "--country", "CHN", "--out", "run").out
    heads = re.findall(r"^  (cost of use, %|power, GW|against USA) .*$", shown, re.MULTILINE)
    assert len(heads) == 3
    for line in shown.splitlines():
        if line.startswith(("  cost of use, %  ", "  power, GW  ", "  against USA  ")):
            assert line.split()[-6:] == ["2026", "2027", "2028", "2029", "(2030)", "(2031)"]
    weight = re.search(r"^  (\d+)% of what the objective weighs lies beyond 2029: ", shown, re.MULTILINE)
    assert weight is not None
    assert max(map(len, shown.splitlines())) <= 120

    data = json.loads((tmp_path / "run" / "summary.json").read_text())["countries"]["CHN"]
    beyond = data["beyond"]
    assert beyond["periods"] == ["2030", "2031"]
    assert 100 * beyond["weight_share"] == pytest.approx(int(weight[1]), abs=0.5)
    numbers = beyond["numbers"]
    assert sum(numbers[f"spend_share/{name}"][0] for name in data["headline"]["split"]) == pytest.approx(1)
    assert numbers["capability"][1] > numbers["capability"][0] > data["headline"]["capability"]["2029"]
    with (tmp_path / "run" / "strategy.csv").open() as file:
        rows = [
            row for row in csv.DictReader(file) if row["metric"] in ("capability", "spend_share", "outlays")
        ]
    assert {row["period"] for row in rows} == {"2026", "2027", "2028", "2029"}

    assert kloof("report", "run", "--out", "page.html").code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"{weight[1]}% of what the objective weighs lies there" in page
    assert "(2030)" in page
    assert "(2031)" in page


def test_periods_of_a_quarter_are_shown_as_two_whole_years(kloof: Run, world: str, tmp_path: Path) -> None:
    asked = ("solve", world, "--country", "USA", "--out", "run", "--set", "horizon.steps_per_year = 2")
    shown = kloof(*asked).out
    assert re.search(r"^  power, GW .* 2029 +\(2030\) +\(2031\)$", shown, re.MULTILINE)
    beyond = json.loads((tmp_path / "run" / "summary.json").read_text())["countries"]["USA"]["beyond"]
    assert beyond["periods"] == ["2030H1", "2030H2", "2031H1", "2031H2"]
