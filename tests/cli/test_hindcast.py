"""`world-2022` by its name: valid without a warning, certified, and a lag that nothing reaches refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from optimizer.instance.shipped import shipped_directory
from tests.cli.conftest import Run


def test_the_hindcast_is_valid_and_solves_from_its_name(kloof: Run) -> None:
    valid = kloof("validate", "world-2022")
    assert valid.code == 0
    assert "world-2022 is valid: 2 countries" in valid.out
    assert "warning" not in valid.out + valid.err
    solved = kloof("solve", "world-2022", "--no-save", "--format", "json")
    assert solved.code == 0
    assert {each["status"] for each in solved.data["countries"].values()} == {"optimal"}


def test_a_lag_that_no_base_state_reaches_is_an_error_with_its_line(kloof: Run, tmp_path: Path) -> None:
    shutil.copytree(shipped_directory() / "world-2022", tmp_path / "far")
    file = tmp_path / "far" / "countries" / "CHN.yaml"
    text = file.read_text()
    line = text[: text.index("{value: 12, low: 6, high: 19")].count("\n") + 1
    file.write_text(text.replace("{value: 12, low: 6, high: 19", "{value: 60, low: 6, high: 90"))
    for command in (("validate", "far"), ("solve", "far", "--country", "CHN", "--no-save")):
        refused = kloof(*command)
        assert refused.code != 0
        told = refused.out + refused.err
        assert "no base state lies 60 months behind the leader" in told
    refused = kloof("validate", "far")
    assert "error[E504]" in refused.err
    assert f"far/countries/CHN.yaml:{line}" in refused.err
    assert re.search(r"hint: a lag of 0.1 to [\d.]+ months can be reached", refused.err)
