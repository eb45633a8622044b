"""`kloof new --xlsx` and `kloof import`: an instance as a workbook, and back."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from optimizer.instance import load
from tests.cli.conftest import Run


def test_a_workbook_to_start_from_becomes_an_instance(kloof: Run, tmp_path: Path) -> None:
    made = kloof("new", "small", "--xlsx")
    assert (made.code, made.out) == (0, "small.xlsx\n")
    assert made.err == "next: kloof import small.xlsx small\n"
    assert kloof("import", "small.xlsx", "small").err == "next: kloof solve small\n"
    assert kloof("new", "same").code == 0
    one, two = (load(tmp_path / name).remember(files={}, directory="") for name in ("small", "same"))
    assert one == two
    assert kloof("validate", "small").code == 0


def test_an_instance_can_be_copied_or_written_as_a_workbook(kloof: Run, tmp_path: Path) -> None:
    done = kloof("new", "world", "--from", "world-2022", "--format", "json")
    assert (done.code, len(done.data["files"])) == (0, 7)
    assert load(tmp_path / "world").files == load("world-2022").files
    assert kloof("new", "book.xlsx", "--xlsx", "--from", "world").out == "book.xlsx\n"
    done = kloof("import", "book.xlsx", "back", "--format", "csv")
    assert done.out.splitlines()[:2] == ["file", "back/instance.yaml"]
    assert kloof("new", "other", "--from", "wurld-2022").code == 2


def test_nothing_is_overwritten(kloof: Run, tmp_path: Path) -> None:
    assert kloof("new", "small", "--xlsx").code == 0
    before = (tmp_path / "small.xlsx").read_bytes()
    done = kloof("new", "small", "--xlsx")
    assert (done.code, "E215" in done.err) == (2, True)
    assert (tmp_path / "small.xlsx").read_bytes() == before
    assert kloof("import", "small.xlsx", "small").code == 0
    done = kloof("import", "small.xlsx", "small")
    assert (done.code, "E215" in done.err) == (2, True)


def test_faults_are_told_with_sheet_and_cell(kloof: Run, tmp_path: Path) -> None:
    assert kloof("new", "small", "--xlsx").code == 0
    book = load_workbook(tmp_path / "small.xlsx")
    page = book["CHN"]
    (row,) = [cell.row for cell in page["A"] if cell.value == "budget.interest_per_year"]
    page[f"C{row}"].value = "0,05"
    book["USA"].cell(1, 40).value = "path"
    (name,) = [cell.row for cell in page["A"] if cell.value == "name"]
    page[f"C{name}"].value = 2026
    book.save(tmp_path / "small.xlsx")
    done = kloof("import", "small.xlsx", "small")
    assert done.code == 2
    assert f"--> small.xlsx:CHN!C{row}  countries.CHN.budget.interest_per_year" in done.err
    assert "hint: write 0.05, in a cell with the format of a number" in done.err
    assert "--> small.xlsx:USA!AN1" in done.err
    assert f"--> small.xlsx:CHN!C{name}  countries.CHN.name" in done.err
    assert "hint: give the cell the format of a text" in done.err
    assert not (tmp_path / "small").exists()
    told = kloof("import", "small.xlsx", "small", "--format", "json")
    assert [each["code"] for each in told.data["diagnostics"]] == ["E104", "E230", "E224"]
