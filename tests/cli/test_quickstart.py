"""The commands of the quickstart run as they stand, in order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.conftest import Run

QUICKSTART = Path(__file__).parents[2] / "docs" / "quickstart.md"


def test_every_command_of_the_quickstart_runs(kloof: Run) -> None:
    blocks = re.findall(r"```console\n(.*?)```", QUICKSTART.read_text(), flags=re.DOTALL)
    commands = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 8
    for line in commands:
        program, *arguments = shlex.split(line)
        assert program == "kloof"
        done = kloof(*arguments)
        assert done.code == 0, f"{line}\n{done.err}"
        assert done.out or done.err
