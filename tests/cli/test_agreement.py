"""The comparison of two saved runs finds what differs and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.agreement import differences
from tests.cli.conftest import Run


def test_runs_agree_until_something_is_changed(kloof: Run, world: str, tmp_path: Path) -> None:
    policy = tmp_path / "richer.yaml"
    policy.write_text(
        "title: richer\ndescription: More income.\nsources: []\n"
        "patches:\n  - countries.CHN.budget.income_usd_bn *= 1.2\n"
    )
    asked = ("compare", world, "--policy", str(policy))
    for jobs in ("1", "2"):
        assert kloof(*asked, "--jobs", jobs, "--out", str(tmp_path / jobs)).code == 0
    first, changed = tmp_path / "1", tmp_path / "changed"
    assert differences(first, tmp_path / "2") == []

    shutil.copytree(first, changed)
    rows = (first / "strategy.csv").read_text().splitlines()
    digit = str((int(rows[-2][-1]) + 1) % 10)
    (changed / "strategy.csv").write_text("\n".join([*rows[:-2], rows[-2][:-1] + digit]) + "\n")
    summary = json.loads((first / "summary.json").read_text())
    gone = next(iter(summary))
    del summary[gone]
    (changed / "summary.json").write_text(json.dumps(summary))

    found = differences(first, changed)
    places = len(rows[0].split(","))
    value = rows[-2].rpartition(",")[2]
    assert f"strategy.csv: line {len(rows) - 1}, column {places}: {value} -> {value[:-1]}{digit}" in found
    assert sum(line.startswith(f"strategy.csv: line {len(rows)}, ") for line in found) == places
    assert any(line.startswith(f"summary.json: .{gone}: ") and line.endswith("(absent)") for line in found)
