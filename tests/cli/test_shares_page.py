"""The commands of the page about plans by shares print what it shows, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.case_studies import agree
from tests.cli.console_pages import run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "plans-by-shares.md"


def test_every_command_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = list(run(PAGE, tmp_path))
    assert [command.code for command in commands] == [0, 0, 3, 0]
    for command in commands:
        shown, printed = "\n".join(command.shown), "\n".join(command.printed)
        assert agree(shown, printed), f"{command.text}\nprinted:\n{printed}"
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
