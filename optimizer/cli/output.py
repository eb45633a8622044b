"""How results are printed: the width and colour of standard output, and files that were written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.cli.streams import emit, emit_json, is_terminal, note

if TYPE_CHECKING:
    from optimizer.cli.options import Output
    from optimizer.tell.terminal.tables import Screen


def screen() -> Screen:
    """The terminal's width and colour; 120 columns of plain text where output goes elsewhere."""
    from optimizer.tell.terminal.tables import PLAIN_WIDTH, Screen

    if not is_terminal(sys.stdout):
        return Screen(int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else PLAIN_WIDTH)
    return Screen(shutil.get_terminal_size().columns, "NO_COLOR" not in os.environ)


def tell_files(files: Sequence[str], directory: Path, following: str, output: Output) -> None:
    """Name the files that were written, and the command that usually follows."""
    if output.form == "json":
        emit_json({"schema_version": 1, "status": "written", "directory": str(directory), "files": [*files]})
    elif output.form == "csv":
        emit("file\n" + "".join(f"{name}\n" for name in files))
    else:
        emit("".join(f"{name}\n" for name in files))
    if not output.quiet:
        note(f"next: {following}")
