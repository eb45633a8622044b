"""Case studies: pages whose Python blocks print the text blocks that follow them, or, where the code is an
appendix, the tables before it: in their order, an empty line between two of a block.

`python -m tests.cli.case_studies PAGE ...` runs the blocks of each page in order and rewrites their output.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parents[2] / "docs" / "case-studies"
APPENDIX = "\n## Appendix: the code\n"
TABLE = re.compile(r"```text\n(.*?)```\n", re.DOTALL)
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<output>.*?)```\n)?", re.DOTALL)
# with its sign: a number near zero may have either on another processor
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.(\d+))?")


@dataclass(frozen=True)
class Block:
    """A block of code, the output that the page shows for it, and what it printed."""

    code: str
    shown: str
    printed: str


def run(page: Path) -> Iterator[Block]:
    """Every block of a page, run in order with the names of those before it.

    Raises `ValueError` where a page with an appendix has other than as many tables as its code prints.
    """
    text = page.read_text()
    tables = TABLE.findall(text.partition(APPENDIX)[0]) if APPENDIX in text else None
    names: dict[str, object] = {}
    for found in BLOCK.finditer(text):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(found["code"], str(page), "exec"), names)
        printed, shown = output.getvalue(), found["output"] or ""
        if tables is not None:
            count = len(printed.split("\n\n")) if printed else 0
            shown, tables = "\n".join(tables[:count]), tables[count:]
        yield Block(found["code"], shown, printed)
    if tables:
        raise ValueError(f"{page}: no code prints {tables[0]}")


def agree(shown: str, printed: str) -> bool:
    """Whether two texts have the same words, and numbers that differ by at most one in the last digit."""
    if NUMBER.sub("#", shown).split() != NUMBER.sub("#", printed).split():
        return False
    for one, other in zip(NUMBER.finditer(shown), NUMBER.finditer(printed), strict=True):
        unit = 10.0 ** -len(one[1] or "")
        difference = float(one[0].replace(",", "")) - float(other[0].replace(",", ""))
        if len(one[1] or "") != len(other[1] or "") or abs(difference) > 1.01 * unit:
            return False
    return True


def rewrite(page: Path) -> None:
    """Put what the blocks print into the page: below each, or in its tables where the code is an appendix."""
    text = page.read_text()
    blocks = list(run(page))
    if APPENDIX in text:
        tables = iter([part.rstrip("\n") for block in blocks for part in block.printed.split("\n\n") if part])
        before, mark, code = text.partition(APPENDIX)
        page.write_text(TABLE.sub(lambda _: f"```text\n{next(tables)}\n```\n", before) + mark + code)
        return
    printed = iter([block.printed for block in blocks])

    def replaced(found: re.Match[str]) -> str:
        output = next(printed)
        return f"```python\n{found['code']}```\n" + (f"\n```text\n{output}```\n" if output else "")

    page.write_text(BLOCK.sub(replaced, text))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name))
