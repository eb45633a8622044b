"""The table that the README shows is the one that its main command prints."""

from __future__ import annotations

import re
from pathlib import Path

from optimizer.cli import COMMANDS
from tests.cli.case_studies import agree
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
COUNTRIES = 14


def test_the_table_of_the_readme_is_what_is_printed(kloof: Run) -> None:
    readme = (ROOT / "README.md").read_text()
    printed = kloof("solve", str(ROOT / "instances" / "world-2026"), "--no-save", COLUMNS="120").out
    shown = readme[readme.index("world-2026, 2026 to 2035:") :]
    lines = [text.split("14 optimal")[0].splitlines() for text in (shown, printed)]
    assert len(lines[0]) == len(lines[1])
    assert sum(line[:3].isupper() for line in lines[1]) >= COUNTRIES
    for one, other in zip(*lines, strict=True):
        # the gap that is reached differs from machine to machine
        ends = [line.rsplit(maxsplit=1)[0] if "e-0" in line else line for line in (one, other)]
        assert agree(*ends), f"{one}\n{other}"


def test_the_index_names_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\]\((docs/[\w/-]+\.md)\)", readme[readme.index("The pages of `docs/`:") :]))
    assert named == {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")}


def test_the_table_has_every_command_in_the_order_of_the_help() -> None:
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `kloof ")]
    named = [name for row in rows for name in re.findall(r"`kloof ([a-z]+)", row.split(" | ")[0])]
    assert list(dict.fromkeys(named)) == list(COMMANDS)
