"""The commands of the page about workbooks print what it shows, and so does the workbook that it spoils."""

from __future__ import annotations

import re
from pathlib import Path

from openpyxl import load_workbook

from tests.cli.case_studies import agree
from tests.cli.conftest import run_kloof
from tests.cli.console_pages import run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "workbooks.md"


def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    commands = list(run(PAGE, tmp_path))
    assert len(commands) >= 9
    for command in commands:
        assert command.code == 0, command.text
        shown, printed = "\n".join(command.shown), "\n".join(command.printed)
        assert agree(shown, printed), f"{command.text}\nprinted:\n{printed}"


def test_the_spoilt_workbook_is_told_as_the_page_shows(tmp_path: Path) -> None:
    assert run_kloof(tmp_path, "new", "my-world", "--xlsx").code == 0
    book = load_workbook(tmp_path / "my-world.xlsx")
    china = book["CHN"]
    rows = {cell.value: cell.row for cell in china["A"]}
    china[f"C{rows['budget.interest_per_year']}"].value = "0,05"
    china[f"B{rows['budget.debt_limit_usd_bn']}"].value = "EUR bn"
    book["USA"]["T9"].value = 40
    book.save(tmp_path / "my-world.xlsx")
    done = run_kloof(tmp_path, "import", "my-world.xlsx", "my-world")
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert (done.code, done.err) == (2, shown)
