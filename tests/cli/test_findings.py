"""What is doubtful about an instance reaches whoever validates, solves or compares it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

LONG = ("--set", "horizon.last_year = 2033")
ENDS = "warning[W101]: `market.output` of nv_vr200, g_tpu_v7 ends in 2036"


def test_validate_warns_and_ends_well(kloof: Run, world: str) -> None:
    done = kloof("validate", world, *LONG)
    assert done.code == 0
    assert done.err.startswith(ENDS)
    assert kloof("validate", world, *LONG, "--quiet").err == ""
    data = kloof("validate", world, *LONG, "--format", "json").data
    assert data["status"] == "valid"
    assert [each["code"] for each in data["diagnostics"]] == ["W101"]


def test_validate_says_in_which_groups_countries_are(kloof: Run, world: str) -> None:
    lines = kloof("validate", world).out.splitlines()
    assert [line.split() for line in lines[3:5]] == [
        ["CHN", "embargoed", "3"],
        ["USA", "in", "no", "group", "0"],
    ]
    assert lines[-1].split() == ["0.9", "in", "2026", "nv_h200,", "nv_b200,", "nv_vr200"]
    data = kloof("validate", world, "--format", "json").data
    assert (data["groups"], data["diagnostics"]) == ({"CHN": ["embargoed"], "USA": []}, [])
    (sums,) = data["share_sums"]
    assert (sums["chips"], sums["year"], sums["total"]) == (["nv_h200", "nv_b200", "nv_vr200"], 2026, 0.9)


@pytest.mark.parametrize("command", ["solve", "compare"])
def test_what_is_solved_is_warned_of_and_saved(kloof: Run, world: str, tmp_path: Path, command: str) -> None:
    policy = ("--policy", "efficiency_breakthrough") if command == "compare" else ()
    done = kloof(command, world, "--country", "USA", *LONG, *policy, "--out", "run")
    assert done.code == 0
    said = done.err if command == "solve" else " ".join(done.out.split())
    assert "nv_vr200, g_tpu_v7 ends in 2036" in said
    saved = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert "W101" in {each["code"] for each in saved["diagnostics"]}


def test_a_decimal_comma_in_a_plan_is_offered_as_what_it_means(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    header = "country,policy,period,metric,item,unit,value\n"
    row = 'CHN,,2026,imports,nv_h200,thousand chips,"0,02"\n'
    (tmp_path / "plan.csv").write_text(header + row)
    done = kloof("evaluate", world, "--country", "CHN", "--plan", "plan.csv", "--format", "json")
    assert done.code == 2
    assert [each["hint"] for each in done.data["diagnostics"] if each["code"] == "E617"] == ["write 0.02"]
