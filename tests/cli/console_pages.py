"""Pages whose `console` blocks show what commands print.

A `yaml` or `csv` block that begins with `# NAME.yaml` or `# NAME.csv` is that file. Below a command stands
what it writes to standard output, nothing, or its first lines and `...`.
`python -m tests.cli.console_pages PAGE ...` runs each page's commands in an empty directory and rewrites as
many lines as it shows of them.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import run_kloof

FILE = re.compile(r"```(?P<kind>yaml|csv)\n# (?P<name>[\w-]+\.(?P=kind))\n(?P<text>.*?)```", re.DOTALL)
CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
MORE = "..."


@dataclass(frozen=True)
class Command:
    """A command of a page, its exit code, the lines that are shown of it and those that it printed, as many
    as are shown where more are left out."""

    text: str
    code: int
    shown: list[str]
    printed: list[str]


def run(page: Path, place: Path) -> Iterator[Command]:
    """Every command of a page, run in order in `place`."""
    text = page.read_text()
    for found in FILE.finditer(text):
        (place / found["name"]).write_text(found["text"])
    for block in CONSOLE.findall(text):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            written, *shown = re.sub(r" \\\n +", " ", part).splitlines()
            program, *arguments = shlex.split(written)
            assert program == "kloof"
            done = run_kloof(place, *arguments)
            printed = done.out.splitlines()
            if shown[-1:] == [MORE]:
                shown = shown[:-1]
                printed = printed[: len(shown)]
            yield Command(part, done.code, shown, printed if shown else [])


def rewrite(page: Path) -> None:
    """Put what the commands print into the page."""
    text = page.read_text()
    with tempfile.TemporaryDirectory() as place:
        for command in run(page, Path(place)):
            if command.shown:
                old, new = ("\n".join(lines) for lines in (command.shown, command.printed))
                text = text.replace(command.text, command.text.replace(old, new))
    page.write_text(text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name))
