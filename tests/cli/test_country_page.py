"""The commands of the page about a country of one's own print what it shows."""

from __future__ import annotations

from pathlib import Path

from tests.cli.case_studies import agree
from tests.cli.console_pages import run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-country.md"


def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    commands = list(run(PAGE, tmp_path))
    assert len(commands) >= 4
    for command in commands:
        assert command.code == 0, command.text
        shown, printed = "\n".join(command.shown), "\n".join(command.printed)
        assert agree(shown, printed), f"{command.text}\nprinted:\n{printed}"
