"""Instances as workbooks and back: the same numbers, and every fault at its sheet and cell."""

from __future__ import annotations

import datetime
import re
import shutil
import string
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, load
from optimizer.instance.shipped import shipped_directory
from optimizer.instance.template import TEMPLATE
from optimizer.instance.workbook.grid import reference
from optimizer.instance.workbook.load import import_workbook
from optimizer.instance.workbook.of_instance import instance_workbook

Change = Callable[[Any], None]
USA, WORLD = "USA", "instance"


def plain(instance: Instance) -> Instance:
    """An instance without where it was read."""
    return instance.remember(files={}, directory="")


def cell_of(page: Any, path: str, column: str) -> Any:
    """The cell of a path under a column."""
    columns = {cell.value: cell.column for cell in page[1]}
    (row,) = [row for row in range(2, page.max_row + 1) if page.cell(row, columns["path"]).value == path]
    return page.cell(row, columns[column])


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbook") / "small.xlsx"
    path.write_bytes(instance_workbook(TEMPLATE))
    return path


@pytest.fixture
def problems_of(workbook: Path, tmp_path: Path) -> Callable[..., tuple[Diagnostic, ...]]:
    """What is wrong with the small world's workbook after some changes; nothing is written then."""

    def problems(*changes: Change) -> tuple[Diagnostic, ...]:
        book = load_workbook(workbook)
        for change in changes:
            change(book)
        book.save(tmp_path / "b.xlsx")
        with pytest.raises(InputError) as caught:
            import_workbook(tmp_path / "b.xlsx", tmp_path / "new")
        assert [path.name for path in tmp_path.iterdir()] == ["b.xlsx"]
        return caught.value.diagnostics

    return problems


def put(sheet: str, path: str, column: str, value: object) -> Change:
    def change(book: Any) -> None:
        cell_of(book[sheet], path, column).value = value

    return change


@pytest.mark.parametrize(
    "origin", [TEMPLATE, *(shipped_directory() / name for name in ("world-2022", "world-2026"))]
)
def test_there_and_back_is_the_very_same_instance(origin: Path, tmp_path: Path) -> None:
    content = instance_workbook(origin)
    assert content == instance_workbook(origin)
    (tmp_path / "w.xlsx").write_bytes(content)
    files = import_workbook(tmp_path / "w.xlsx", tmp_path / "back")
    assert {path.relative_to(tmp_path / "back").as_posix() for path in files} == set(load(origin).files)
    before, after = load(origin), load(tmp_path / "back")
    assert plain(before) == plain(after)
    assert before.sources == after.sources
    ranges = [
        [(one.path, one.value, one.low, one.high, one.source, one.note) for one in world.cells()]
        for world in (before, after)
    ]
    assert ranges[0] == ranges[1]


def test_a_changed_number_arrives_and_nothing_else(workbook: Path, tmp_path: Path) -> None:
    book = load_workbook(workbook)
    cell_of(book["CHN"], "budget.interest_per_year", "value").value = 0.07
    book.save(tmp_path / "b.xlsx")
    import_workbook(tmp_path / "b.xlsx", tmp_path / "new")
    places = (TEMPLATE, tmp_path / "new")
    before, after = ({one.path: one.value for one in load(place).cells()} for place in places)
    changed = {path: after[path] for path in before if before[path] != after[path]}
    assert changed == {"countries.CHN.budget.interest_per_year": 0.07}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.floats(min_value=0, max_value=0.5, exclude_max=True),
    note=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp"))),
    title=st.text(string.printable.strip() + " éß漢'\"#:{}[],&*!|>%@`", min_size=1).filter(str.strip),
)
def test_any_number_and_text_comes_back(tmp_path: Path, number: float, note: str, title: str) -> None:
    world, back = tmp_path / "w", tmp_path / "back"
    for place in (world, back):
        shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(TEMPLATE, world)
    (tmp_path / "w.xlsx").write_bytes(instance_workbook(world))
    book = load_workbook(tmp_path / "w.xlsx")
    page = book["CHN"]
    values = {
        ("budget.interest_per_year", "value"): number,
        ("budget.income_usd_bn", "note"): note or None,
        ("name", "value"): title,
    }
    for (path, column), value in values.items():
        cell = cell_of(page, path, column)
        cell.value = value
        cell.data_type = "s" if isinstance(value, str) else cell.data_type
    book.save(tmp_path / "w.xlsx")
    import_workbook(tmp_path / "w.xlsx", back)
    first = load(back)
    assert first.countries["CHN"].budget.interest_per_year.number() == pytest.approx(number, rel=1e-15)
    assert first.countries["CHN"].budget.income_usd_bn.note == note
    assert first.countries["CHN"].name == title
    # once more, now by Kloof's own writer: every digit and letter
    (tmp_path / "w.xlsx").write_bytes(instance_workbook(back))
    again = tmp_path / "again"
    shutil.rmtree(again, ignore_errors=True)
    import_workbook(tmp_path / "w.xlsx", again)
    assert plain(load(again)) == plain(first)


def test_a_number_typed_in_the_place_of_infinity_is_one(workbook: Path) -> None:
    """A cell in the format of text would make a text of it."""
    cells = [cell for page in load_workbook(workbook) for row in page.iter_rows(min_row=2) for cell in row]
    texts = [cell for cell in cells if cell.data_type == "s" and cell.parent.title != "read me"]
    assert {cell.number_format for cell in texts if cell.value == ".inf"} == {"General"}
    assert {cell.number_format for cell in texts if cell.value != ".inf"} == {"@"}
    assert {cell.number_format for cell in cells if cell.data_type == "n"} == {"General"}


def test_every_fault_is_told_at_once_with_sheet_and_cell(problems_of: Any) -> None:
    found = problems_of(
        put("CHN", "budget.interest_per_year", "value", "0,05"),
        put("CHN", "budget.debt_limit_usd_bn", "unit", "EUR bn"),
        put(USA, "budget.interest_per_year", "value", datetime.datetime(2026, 5, 1)),
        put(USA, "budget.debt_limit_usd_bn", "value", "=1+"),
        put(USA, "fleet.research_share", "value", 1.4),
        put(USA, "name", "path", "nname"),
    )
    told = [(one.code, (one.file or "").rsplit("/", 1)[-1].partition("!")[0]) for one in found]
    assert told == [
        ("E230", "b.xlsx:CHN"),
        ("E225", "b.xlsx:CHN"),
        ("E101", "b.xlsx:USA"),
        ("E227", "b.xlsx:USA"),
        ("E226", "b.xlsx:USA"),
        ("E103", "b.xlsx:USA"),
    ]
    assert all(one.line is None and one.hint for one in found if one.code != "E103")
    assert found[0].hint == "write 0.05, in a cell with the format of a number"
    assert found[1].hint == "convert the numbers, and write `USD bn` here again"
    assert found[2].hint == "did you mean `name`?"


def test_places_are_those_of_the_spreadsheet(problems_of: Any, workbook: Path) -> None:
    cell = cell_of(load_workbook(workbook)["CHN"], "budget.interest_per_year", "high")
    (problem,) = problems_of(put("CHN", "budget.interest_per_year", "high", "abc"))
    assert (problem.code, str(problem.file).partition("!")[2]) == ("E104", cell.coordinate)
    assert problem.path == "countries.CHN.budget.interest_per_year.high"
    assert [reference(1, column) for column in (1, 26, 27, 702, 703)] == ["A1", "Z1", "AA1", "ZZ1", "AAA1"]


def header(sheet: str, column: int, name: object, below: object = None) -> Change:
    def change(book: Any) -> None:
        book[sheet].cell(1, column).value = name
        if below is not None:
            book[sheet].cell(3, column).value = below

    return change


@pytest.mark.parametrize("sheet", ["CHN", "chips"])
def test_columns_need_a_name_each_and_one_of_their_own(problems_of: Any, sheet: str) -> None:
    (problem,) = problems_of(header(sheet, 60, None, below=5))
    assert problem.code == "E224"
    assert "a column without a name holds something, first in BH3" in problem.message
    first = "path" if sheet == "CHN" else "id"
    (problem,) = problems_of(header(sheet, 60, first))
    assert (problem.code, problem.message) == ("E224", f"column `{first}` stands twice, first in A1")
    (problem,) = problems_of(header(sheet, 60, "sorce"))
    assert (problem.code, problem.hint) == ("E224", "did you mean `source`?")
    (problem,) = problems_of(header(sheet, 1, f"{first} "))
    assert (problem.code, "does not show" in problem.message) == ("E228", True)
    found = problems_of(header(sheet, 1, "other"))
    assert [one.message for one in found] == ["unknown column `other`", f"column `{first}` is missing"]


def test_blanks_that_do_not_show_are_told(problems_of: Any) -> None:
    found = problems_of(
        put("CHN", "budget.interest_per_year", "path", "budget.interest_per_year\u00a0"),
        put("CHN", "budget.debt_limit_usd_bn", "status", " assumed"),
        put("instance", "leader", "value", "USA\u200b"),
        lambda book: setattr(book["chips"]["A2"], "value", book["chips"]["A2"].value + " "),
    )
    assert [one.code for one in found].count("E228") == 4


def drop(sheet: str) -> Change:
    return lambda book: book.remove(book[sheet])


def test_sheets_are_known_and_none_is_missing(problems_of: Any) -> None:
    (problem,) = problems_of(drop("market"))
    assert (problem.code, problem.message) == ("E223", "the sheet `market` is missing")
    (problem,) = problems_of(lambda book: book.create_sheet("Rulez").append(["path", "value"]))
    assert (problem.code, "belongs to no part" in problem.message) == ("E223", True)
    found = problems_of(drop("USA"), drop("CHN"))
    assert [one.code for one in found] == ["E223"] * 3
    assert "no country" in found[-1].message


@pytest.mark.parametrize("sheet", ["rules", "CHN"])
def test_a_sheet_that_files_could_lack_is_missed(problems_of: Any, sheet: str) -> None:
    (problem,) = [one for one in problems_of(drop(sheet)) if one.code == "E223"]
    assert problem.message == f"the sheet `{sheet}` is not there"
    assert "read me" in (problem.hint or "")


def test_rules_are_missed_where_the_list_of_sheets_is_gone_too(problems_of: Any) -> None:
    (problem,) = [one for one in problems_of(drop("rules"), drop("read me")) if one.code == "E223"]
    assert "no list of sheets says that it never was" in problem.message


def test_the_list_of_sheets_is_found_where_a_column_moved_it(problems_of: Any) -> None:
    found = problems_of(drop("CHN"), lambda book: book["read me"].insert_cols(1))
    (problem,) = [one for one in found if one.code == "E223"]
    assert problem.message == "the sheet `CHN` is not there"


def test_rules_that_are_gone_from_their_sheet_are_missed(problems_of: Any) -> None:
    def delete(book: Any, first: str = "") -> None:
        for row in range(book["rules"].max_row, 1, -1):
            if book["rules"].cell(row, 1).value.startswith(first):
                book["rules"].delete_rows(row)

    for first in ("", "rules."):
        (problem,) = problems_of(partial(delete, first=first))
        assert (problem.code, problem.message) == ("E207", "the sheet holds no rule")
        assert (problem.file or "").endswith("b.xlsx:rules!A1")
        assert "the path `rules` and the value `{}`" in (problem.hint or "")


@pytest.mark.parametrize("text", ["{}", "rules: {}", "destination_groups: {embargoed: [CHN]}"])
def test_a_world_that_says_that_it_has_no_rules_has_none(tmp_path: Path, text: str) -> None:
    shutil.copytree(TEMPLATE, tmp_path / "old")
    (tmp_path / "old" / "rules.yaml").write_text(text)
    (tmp_path / "b.xlsx").write_bytes(instance_workbook(tmp_path / "old"))
    assert "{}" in [row[2].value for row in load_workbook(tmp_path / "b.xlsx")["rules"].iter_rows()]
    import_workbook(tmp_path / "b.xlsx", tmp_path / "new")
    assert plain(load(tmp_path / "new")) == plain(load(tmp_path / "old"))


def test_a_sheet_taken_out_on_purpose_is_not_missed(workbook: Path, tmp_path: Path) -> None:
    changed = load_workbook(workbook)
    changed.remove(changed["rules"])
    for row in changed["read me"].iter_rows():
        if row[0].value == "sheets that may not go":
            assert "rules" in row[1].value
            row[1].value = row[1].value.replace(", rules", "")
    changed.save(tmp_path / "without.xlsx")
    import_workbook(tmp_path / "without.xlsx", tmp_path / "world")
    assert not (tmp_path / "world" / "rules.yaml").exists()


@pytest.mark.parametrize(
    ("path", "column", "value", "code", "words"),
    [
        ("budget.interest_per_year", "series", "lines", "E111", "`series` must be one of"),
        ("budget.interest_per_year", "2027", 0.1, "E231", "`series` is empty"),
        ("budget.interest_per_year", "growth", 0.1, "E231", "would be ignored"),
        ("name", "low", 0.1, "E231", "would be ignored"),
        ("budget.interest_per_year", "path", "budget.debt_limit_usd_bn", "E229", "has a value already"),
        ("budget.interest_per_year", "path", "budget/interest", "E229", "is no path"),
        ("budget.interest_per_year", "path", "budget", "E229", "has a value already"),
        (
            "budget.interest_per_year",
            "path",
            "budget.interest_per_year[2027]",
            "E229",
            "no path of single years",
        ),
        ("budget.interest_per_year", "value", True, "E104", "must be a number, got true"),
        ("budget.interest_per_year", "value", "1 000", "E230", "got the text"),
        ("budget.interest_per_year", "value", "#REF!", "E226", "holds the error #REF!"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(
    problems_of: Any, path: str, column: str, value: object, code: str, words: str
) -> None:
    column_name: Any = int(column) if column.isdigit() else column
    found = problems_of(put("CHN", path, column_name, value))
    assert [one for one in found if one.code == code and words in one.message], found


def test_formulas_count_by_their_saved_values(workbook: Path, tmp_path: Path) -> None:
    """A spreadsheet program saves a value beside a formula; openpyxl, which saves none, is helped here."""
    book = load_workbook(workbook)
    cell_of(book["CHN"], "budget.interest_per_year", "value").value = "=0.01+0.02"
    book.save(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx") as old, zipfile.ZipFile(tmp_path / "c.xlsx", "w") as new:
        for name in old.namelist():
            saved = re.sub(rb"(<f>0.01\+0.02</f>)<v ?/?>(</v>)?", rb"\1<v>0.03</v>", old.read(name))
            new.writestr(name, saved)
    import_workbook(tmp_path / "c.xlsx", tmp_path / "new")
    assert load(tmp_path / "new").countries["CHN"].budget.interest_per_year.number() == 0.03


def test_macros_and_what_is_no_workbook_are_refused(workbook: Path, tmp_path: Path) -> None:
    def code_of(path: Path) -> str:
        with pytest.raises(InputError) as caught:
            import_workbook(path, tmp_path / "new")
        (problem,) = caught.value.diagnostics
        return problem.code

    renamed, inside = tmp_path / "a.xlsm", tmp_path / "b.xlsx"
    for path in (renamed, inside):
        shutil.copy(workbook, path)
    with zipfile.ZipFile(inside, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"")
    assert [code_of(path) for path in (renamed, inside)] == ["E222", "E222"]
    texts = {"old.xls": b"\xd0\xcf\x11\xe0more", "text.xlsx": b"path,value\n", "empty.xlsx": b""}
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
        assert code_of(tmp_path / name) == "E221"
    with zipfile.ZipFile(tmp_path / "zip.xlsx", "w") as archive:
        archive.writestr("a", b"b")
    (tmp_path / "cut.xlsx").write_bytes(workbook.read_bytes()[:5000])
    assert [code_of(tmp_path / name) for name in ("zip.xlsx", "cut.xlsx")] == ["E221", "E221"]
    assert code_of(tmp_path / "none.xlsx") == "E201"


def test_nothing_is_overwritten(workbook: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("mine")
    with pytest.raises(InputError) as caught:
        import_workbook(workbook, tmp_path / "new")
    assert [one.code for one in caught.value.diagnostics] == ["E215"]
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "mine.txt"]
