"""Where output goes: full disks, closed streams, and streams that cannot encode what tables are made of."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from optimizer.cli.streams import encodable
from tests.cli.conftest import KLOOF, run_kloof, start_kloof

CLI = Path(__file__).parents[2] / "optimizer" / "cli"


def printing(world: str, saved: Path) -> list[tuple[str, ...]]:
    """Every form of output of commands that are quick."""
    return [
        *(("validate", world, "--format", form) for form in ("table", "json", "csv")),
        *(("explain", str(saved), "--format", form) for form in ("table", "json", "csv")),
        ("rules", world, "--country", "CHN", "--year", "2026"),
        ("schema",),
        ("--help",),
    ]


def test_output_that_cannot_be_written_is_one_error_line_and_exit_code_74(world: str, saved: Path) -> None:
    for arguments in [*printing(world, saved), ("solve", world, "--no-save", "-q", "--format", "json")]:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [str(KLOOF), *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert done.returncode == 74, arguments
        said = "error[E607]: standard output cannot be written: No space left on device\n"
        assert done.stderr == said, arguments


def test_a_run_is_saved_where_its_table_cannot_be_printed(world: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(KLOOF), "solve", world, "--country", "USA", "--out", "run"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 74
    assert "saved in run" in done.stderr
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "optimal"


def test_an_error_that_cannot_be_printed_as_data_is_said_all_the_same() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(KLOOF), "validate", "nowhere", "--format", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 74
    assert "error[E209]" in done.stderr
    assert "error[E607]" in done.stderr


@pytest.mark.parametrize(("closing", "code"), [(">&-", 74), ("2>&-", 0), ("2>/dev/full", 0)])
def test_streams_that_are_not_there(world: str, closing: str, code: int) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" validate "$1" {closing}', str(KLOOF), world],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_only_one_module_writes_to_standard_output() -> None:
    for path in CLI.glob("*.py"):
        if path.name != "streams.py":
            assert "sys.stdout.write" not in path.read_text(), path
            assert "print(" not in path.read_text(), path


def test_tables_go_to_streams_of_few_characters(world: str, tmp_path: Path) -> None:
    (tmp_path / "same.yaml").write_text("title: Même\npatches: []\n")
    (tmp_path / "dear.yaml").write_text(
        "title: Dear\npatches: ['countries.CHN.power.electricity_price_usd_per_kwh *= 1.0001']\n"
    )
    columns = ("--policy", "same.yaml", "--policy", "dear.yaml")
    done = start_kloof(
        *(tmp_path, "compare", world, "--country", "CHN", *columns, "--out", "run"), PYTHONIOENCODING="ascii"
    )
    assert done.code == 0, done.err
    assert "   ? a difference that the gaps allow" in done.out
    assert "\n  -----" in done.out
    for arguments in (
        ("policies", world),
        ("rules", world, "--country", "CHN", "--year", "2026"),
        ("inspect", world, "--country", "USA"),
        ("explain", "run"),
        ("report", "run"),
        ("solve", world, "--no-save", "--country", "USA"),
    ):
        done = run_kloof(tmp_path, *arguments, charset="ascii")
        assert done.code == 0, (arguments, done.err)
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert start_kloof(tmp_path, "explain", "run", **plain).code == 0


def test_what_cannot_be_encoded_keeps_its_place_or_its_number() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert encodable("─ · ≈ …", stream) == "- . ? _"
    assert encodable("中 é", stream) == "\\u4e2d \\xe9"
    assert encodable("≈ é", io.TextIOWrapper(io.BytesIO(), encoding="cp1252")) == "? é"
    assert encodable("≈ é", io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) == "≈ é"


def test_json_for_such_a_stream_holds_every_character(world: str, tmp_path: Path) -> None:
    (tmp_path / "same.yaml").write_text("title: 'Même ≈'\npatches: []\n")
    listed = start_kloof(tmp_path, "policies", world, "--format", "json", PYTHONIOENCODING="ascii")
    assert listed.code == 0
    assert listed.data["policies"]
    compared = (
        "compare",
        world,
        "--country",
        "USA",
        "--policy",
        "same.yaml",
        "--no-save",
        "--format",
        "json",
    )
    done = start_kloof(tmp_path, *compared, PYTHONIOENCODING="ascii")
    assert done.data["policies"][0]["title"] == "Même ≈"
