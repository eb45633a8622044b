"""`kloof migrate` as a shell runs it, and the page about it."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run

OLD = Path(__file__).parents[1] / "unit" / "world_version_1"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "migrate.md"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    shutil.copytree(OLD, tmp_path / "my-world")
    return tmp_path


def test_example_of_the_page(place: Path, kloof: Run, kloof_process: Run) -> None:
    example = PAGE.read_text().split("```console\n")[1].split("```")[0]
    commands = [line.split()[2:] for line in example.splitlines() if line.startswith("$ kloof ")]
    assert [arguments[0] for arguments in commands] == ["migrate", "validate"]
    migrated = kloof_process(*commands[0])
    assert migrated.code == 0, migrated.err
    assert migrated.err == "written to my-world-format-2; next: kloof validate my-world-format-2\n"
    shown = [line for line in example.splitlines() if not line.startswith(("$", "..."))]
    assert migrated.out.splitlines()[: len(shown)] == shown
    assert kloof(*commands[1]).code == 0
    solved = kloof("solve", "my-world-format-2", "--no-save")
    assert solved.code == 0, solved.err


def test_json_and_csv(place: Path, kloof_process: Run) -> None:
    done = kloof_process("migrate", "my-world", "--to", "a", "--format", "json", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert (done.data["status"], done.data["directory"]) == ("written", "a")
    listed = kloof_process("migrate", "my-world", "--to", "b", "--format", "csv", "--quiet")
    rows = list(csv.DictReader(io.StringIO(listed.out)))
    assert rows == done.data["moves"]
    assert {row["kind"] for row in rows} == {"moved", "changed", "assumed"}


def test_a_world_of_format_1_leads_to_the_command(place: Path, kloof_process: Run) -> None:
    refused = kloof_process("validate", "my-world")
    assert refused.code == 2
    assert refused.err.count("error[") == 1
    assert "hint: `kloof migrate my-world` writes the instance anew in format 2" in refused.err
    assert "migrate " in kloof_process("--help").out


def test_what_is_refused(place: Path, kloof_process: Run) -> None:
    assert kloof_process("migrate", "my-world", "--quiet").code == 0
    again = kloof_process("migrate", "my-world")
    assert (again.code, again.out) == (2, "")
    assert "error[E215]" in again.err
    assert "hint: name another with --to" in again.err
    twice = kloof_process("migrate", "my-world-format-2", "--to", "third")
    assert twice.code == 2
    assert "it is of format 2 already" in twice.err
    assert not (place / "third").exists()


def test_in_the_directory_itself(place: Path, kloof_process: Run) -> None:
    done = kloof_process("migrate", str(place / "my-world" / "."))
    assert done.code == 0, done.err
    assert (place / "my-world-format-2" / "instance.yaml").exists()


def test_a_world_that_was_wrong_before(place: Path, kloof_process: Run) -> None:
    path = place / "my-world" / "countries" / "CHN.yaml"
    path.write_text(path.read_text().replace("interest_per_year: 0.02", "interest_per_year: much"))
    done = kloof_process("migrate", "my-world")
    assert done.code == 2
    assert "written to my-world-format-2" in done.err
    assert "my-world-format-2/countries/CHN.yaml:7:" in done.err
