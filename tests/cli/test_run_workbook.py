"""`kloof report RUN --out FILE.xlsx`: a saved run as a workbook."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from optimizer.errors import OutputError, visible
from optimizer.instance.workbook.writing import LONGEST, Sheet, workbook_bytes
from tests.cli.conftest import Run

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def copied(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(saved, tmp_path_factory.mktemp("workbook") / "copied"))


def sheets_of(content: bytes) -> dict[str, Rows]:
    book = load_workbook(BytesIO(content), read_only=True)
    return {page.title: list(page.iter_rows(values_only=True)) for page in book}


def test_holds_all_that_the_run_says(kloof: Run, copied: Path, tmp_path: Path) -> None:
    done = kloof("report", str(copied), "--out", "run.xlsx")
    assert (done.code, done.out, done.err) == (0, "", "wrote run.xlsx\n")
    sheets = sheets_of((tmp_path / "run.xlsx").read_bytes())
    assert list(sheets) == ["summary", "results", "charts", "assumptions", "sources", "manifest"]
    with (copied / "strategy.csv").open() as file:
        header, *rows = csv.reader(file)
    assert sheets["results"][0] == tuple(header)
    assert len(sheets["results"]) == 1 + len(rows)
    for told, row in zip(sheets["results"][1:], rows, strict=True):
        assert ["" if each is None else each for each in told[:-1]] == row[:-1]
        assert repr(float(told[-1])) == repr(float(row[-1]))
    with (copied / "inputs.csv").open() as file:
        inputs = {each["path"]: each for each in csv.DictReader(file)}
    told = sheets["assumptions"]
    assert {each[0] for each in told[1:]} == set(inputs)
    (interest,) = [each for each in told if each[0] == "countries.CHN.budget.interest_per_year"]
    said = inputs[interest[0]]
    assert interest[2:4] == (json.loads(said["value"]), "per year")
    manifest = {each[0]: each[1:] for each in sheets["manifest"][1:]}
    saved = json.loads((copied / "manifest.json").read_text())
    assert manifest["key"] == (saved["key"],)
    assert "wall_time_seconds" not in manifest
    assert any("months behind" in str(each[0]) for each in sheets["summary"] if each)
    assert any(str(row[0]).startswith("CHN: ") for row in sheets["charts"] if row)


def test_the_same_run_gives_the_same_bytes_whenever_it_was_solved(
    kloof: Run, copied: Path, tmp_path: Path
) -> None:
    assert kloof("report", str(copied), "--out", "one.xlsx").code == 0
    manifest = copied / "manifest.json"
    later = Path(shutil.copytree(copied, tmp_path / "copied"))
    changed = json.loads(manifest.read_text()) | {"wall_time_seconds": 1.5}
    (later / "manifest.json").write_text(json.dumps(changed))
    assert kloof("report", "copied", "--out", "two.xlsx").code == 0
    one, two = ((tmp_path / name).read_bytes() for name in ("one.xlsx", "two.xlsx"))
    assert one == two
    with zipfile.ZipFile(BytesIO(one)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
    assert kloof("report", "copied", "--out", "two.xlsx").err.startswith("kept")


def test_a_comparison_has_its_changes_too(kloof: Run, world: str, tmp_path: Path) -> None:
    column = "more: countries.CHN.budget.income_usd_bn *= 1.2"
    assert kloof("compare", world, "--set-column", column, "--out", "cmp", "-q").code == 0
    assert kloof("report", "cmp", "--out", "cmp.xlsx").code == 0
    sheets = sheets_of((tmp_path / "cmp.xlsx").read_bytes())
    with (tmp_path / "cmp" / "comparison.csv").open() as file:
        rows = list(csv.reader(file))
    assert [row[:6] for row in rows] == [
        ["" if each is None else each for each in row[:6]] for row in sheets["comparison"]
    ]
    changed = [row for row in sheets["summary"] if "countries.CHN.budget.income_usd_bn" in row]
    assert len(changed) == 1


def test_another_ending_and_a_study_are_refused(kloof: Run, copied: Path, tmp_path: Path) -> None:
    done = kloof("report", str(copied), "--out", "run.ods")
    assert (done.code, "--out must end in .html or .xlsx" in done.err) == (2, True)
    (tmp_path / "some.study").write_bytes(b"")
    done = kloof("report", "some.study", "--out", "some.xlsx")
    assert (done.code, "kloof study export" in done.err) == (2, True)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@A1", '=HYPERLINK("x")', "'=1"])
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    content = workbook_bytes([Sheet("s", [("name",), (text,)])])
    cell = load_workbook(BytesIO(content))["s"]["A2"]
    assert (cell.data_type, cell.value) == ("s", text)
    assert cell.quotePrefix is (not text.startswith("'"))


def test_a_text_too_long_for_a_cell_is_refused_and_not_cut() -> None:
    assert workbook_bytes([Sheet("s", [("x" * LONGEST,)])])
    with pytest.raises(OutputError, match="too long for a cell"):
        workbook_bytes([Sheet("s", [("x" * (LONGEST + 1),)])])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53))
    )
)
def test_every_value_comes_back_as_it_was(values: list[str | float]) -> None:
    content = workbook_bytes([Sheet("s", [(0, each) for each in values], bold=frozenset())])
    told = [row[1] for row in load_workbook(BytesIO(content))["s"].iter_rows(values_only=True)]
    wanted = [(visible(each) or None) if isinstance(each, str) else each for each in values]
    assert [repr(each) if isinstance(each, str) else each for each in told] == [
        repr(each) if isinstance(each, str) else each for each in wanted
    ]
