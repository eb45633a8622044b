"""The commands of the page about policies of one's own print what it shows."""

from __future__ import annotations

from pathlib import Path

from tests.cli.case_studies import agree
from tests.cli.console_pages import run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "policies-of-your-own.md"


def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    commands = list(run(PAGE, tmp_path))
    assert len(commands) >= 4
    for command in commands:
        assert command.code == 0, command.text
        shown, printed = "\n".join(command.shown), "\n".join(command.printed)
        assert agree(shown, printed), f"{command.text}\nprinted:\n{printed}"
    # a column from a file and the same one written on the line have the very same numbers
    compared = next(command for command in commands if "--policy research_floor.yaml" in command.text)
    file, line = (
        next(row for row in compared.printed if row.startswith(f"  {name} "))
        for name in ("research_floor", "by hand")
    )
    assert file.split()[1:] == line.split()[2:]
