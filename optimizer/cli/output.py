"""Where tables are printed: the width and colour of standard output."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from optimizer.cli.streams import is_terminal

if TYPE_CHECKING:
    from optimizer.tell.terminal.tables import Screen


def screen() -> Screen:
    """The terminal's width and colour; 120 columns of plain text where output goes elsewhere."""
    from optimizer.tell.terminal.tables import PLAIN_WIDTH, Screen

    if not is_terminal(sys.stdout):
        return Screen(int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else PLAIN_WIDTH)
    return Screen(shutil.get_terminal_size().columns, "NO_COLOR" not in os.environ)
