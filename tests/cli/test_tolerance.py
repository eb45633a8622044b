"""A plan whose numbers a spreadsheet rounded is told as such, and `--tolerance` accepts it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.test_plans import rows_of, written


def rounded(saved: Path, place: Path, digits: int) -> Path:
    rows = [{**row, "value": f"{float(row['value']):.{digits}g}"} for row in rows_of(saved)]
    return written(place / "rounded.csv", rows)


def test_a_rounded_plan_is_told_as_such_and_accepted_within_the_tolerance_that_is_named(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    plan = str(rounded(saved, tmp_path, 3))
    asked = ("evaluate", world, "--country", "CHN", "--plan", plan)
    done = kloof(*asked)
    assert done.code == 1
    assert "look rounded to 3 digits" in done.out
    assert "limits broken" in done.err
    named = re.search(r"--tolerance (\S+) accepts", done.out)
    assert named is not None
    done = kloof(*asked, "--tolerance", named[1])
    assert done.code == 0, done.out
    assert f"accepted by --tolerance {named[1]}" in done.err
    # half of what is needed accepts some rows and not all
    half = kloof(*asked, "--tolerance", str(float(named[1]) / 2), "--format", "json")
    assert half.code == 1
    sizes = [each["of_size"] for each in half.data["broken"]]
    assert min(sizes) > half.data["tolerance"] >= max(each["of_size"] for each in half.data["accepted"])
    assert half.data["rounded_to"] == "3 digits"
    assert max(sizes) <= float(named[1])


def test_a_plan_with_every_digit_is_not_told_as_rounded(kloof: Run, world: str, saved: Path) -> None:
    plan = str(saved / "strategy.csv")
    done = kloof("evaluate", world, "--country", "CHN", "--plan", plan, "--format", "json")
    assert done.code == 0
    assert (done.data["rounded_to"], done.data["accepted"]) == ("", [])
    wrong = kloof("evaluate", world, "--country", "CHN", "--plan", plan, "--tolerance", "0.5")
    assert wrong.code == 2
