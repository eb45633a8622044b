"""Models written as files, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import highspy

_LAST_LINE: Final = {"mps": b"ENDATA", "lp": b"end"}


def write_model(highs: Any, path: str) -> None:
    """Write a model as .mps or .lp. Raises `OSError` where the file is not whole: HiGHS does not say."""
    refused = highs.writeModel(path) == highspy.HighsStatus.kError
    if refused or not _is_whole(Path(path)):
        raise OSError("HiGHS could not write all of the file")


def _is_whole(path: Path) -> bool:
    """Whether a file ends as its format says."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - len(_LAST_LINE["mps"]) - 2, 0))
        end = file.read().rstrip()
    return end.endswith(b"\n" + _LAST_LINE[path.suffix.lstrip(".")])
