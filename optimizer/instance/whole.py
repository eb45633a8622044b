"""A directory that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optimizer.errors import Diagnostic, InputError, OutputError


def refuse_taken(target: Path, hint: str) -> None:
    """Raises InputError (E215) where something stands that would be lost or mixed with what is written."""
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        message = "exists already and is not empty"
        raise InputError(Diagnostic("E215", message, file=str(target), hint=hint))


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A directory beside `target` to fill, which becomes `target` at the end; nothing is left of it after an
    error. Raises OutputError (E605) where it cannot be written."""
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        try:
            yield unfinished
            if target.exists():
                target.rmdir()
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except OSError as error:
        message = f"the instance cannot be written: {error.strerror or error}"
        raise OutputError(Diagnostic("E605", message, file=str(target))) from error
