"""What other programs make of files: byte order marks, separators, cells of several lines, hidden files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import load, read_policy
from optimizer.instance.template import TEMPLATE

MARK = b"\xef\xbb\xbf"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATE, tmp_path / "w"))


def problems_of(world: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        load(world)
    return caught.value.diagnostics


def test_a_byte_order_mark_is_accepted_in_every_file(world: Path, tmp_path: Path) -> None:
    for file in world.rglob("*.*"):
        file.write_bytes(MARK + file.read_bytes())
    marked = load(world)
    assert [cell.path for cell in marked.cells()] == [cell.path for cell in load(TEMPLATE).cells()]
    (tmp_path / "half.yaml").write_bytes(MARK + b"title: Half\npatches: ['horizon.last_year = 2028']\n")
    assert read_policy(tmp_path / "half.yaml").title == "Half"


def test_places_are_right_behind_a_byte_order_mark(world: Path) -> None:
    file = world / "countries" / "USA.yaml"
    file.write_bytes(MARK + file.read_bytes().replace(b"iso3: USA", b"iso4: USA", 1))
    (problem,) = problems_of(world)
    assert (problem.code, problem.line, problem.column) == ("E101", 1, 1)


@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")], ids=lambda text: text.strip()
)
@pytest.mark.parametrize("file", ["chips.csv", "sources.csv"])
def test_another_separator_is_one_error_that_names_it(
    world: Path, file: str, separator: str, name: str
) -> None:
    text = (world / file).read_text()
    (world / file).write_text(text.replace(",", separator))
    (problem,) = problems_of(world)
    assert (problem.code, problem.line) == ("E210", 1)
    assert problem.message == f"cells are separated by {name} here; commas are needed"


def test_a_line_that_announces_a_separator_is_named(world: Path) -> None:
    file = world / "chips.csv"
    file.write_text("sep=;\n" + file.read_text().replace(",", ";"))
    (problem,) = problems_of(world)
    assert "semicolons" in problem.message


def test_a_quoted_cell_of_several_lines_is_read(world: Path) -> None:
    file = world / "chips.csv"
    text = file.read_text()
    note = "The reference unit: 1 H100e"
    assert note in text
    several = '"The reference unit,\r\n\r\nin ""H100e"""'
    file.write_text(text.replace(note, several, 1), newline="")
    chips = load(world).chips
    assert chips["nv_h100"].note == 'The reference unit, in "H100e"'
    # later rows keep their lines
    row = file.read_text().splitlines().index(next(t for t in text.splitlines() if t.startswith("nv_b200")))
    location = chips["nv_b200"].tdp_w.location
    assert location is not None
    assert location.line == row + 1


def test_cells_after_one_of_several_lines_stand_where_they_stand(world: Path) -> None:
    file = world / "chips.csv"
    text = file.read_text()
    file.write_text(
        text.replace("nv_h200,H200 SXM,Nvidia,USA,,,market", 'nv_h200,"H200\nSXM",Nvidia,USA,,,market,x', 1)
    )
    (problem,) = (one for one in problems_of(world) if one.code == "E212")
    assert problem.line == 4


@pytest.mark.parametrize("cell", ['"a note', '"a "note"', '"a note" more'])
def test_a_quote_that_is_not_closed_costs_one_row(world: Path, cell: str) -> None:
    file = world / "chips.csv"
    file.write_text(file.read_text().replace("The reference unit: 1 H100e", cell, 1))
    problems = problems_of(world)
    assert [(one.code, one.line) for one in problems] == [("E210", 2)]


def test_a_quote_within_a_plain_cell_is_text(world: Path) -> None:
    file = world / "chips.csv"
    file.write_text(file.read_text().replace("The reference unit: 1 H100e", '12" wafer', 1))
    assert load(world).chips["nv_h100"].note == '12" wafer'


def test_hidden_files_are_no_part_of_an_instance(world: Path) -> None:
    for name in ("countries/._CHN.yaml", "._chips.csv", "countries/.#USA.yaml"):
        (world / name).write_bytes(b"\x00\x05\x16\x07")
    assert list(load(world).countries) == ["CHN", "USA"]
    (world / "countries" / "CHM.yml").touch()
    assert [one.code for one in problems_of(world)] == ["E208"]
