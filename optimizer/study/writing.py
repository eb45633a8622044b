"""Files that are there whole, or as they were before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from optimizer.errors import Diagnostic, OutputError


@contextmanager
def written_whole(target: Path, what: str) -> Iterator[Path]:
    """A place beside `target` to write `what` to, as `the page`; it takes the target's place at the end.

    Raises `OutputError` (E605) where that cannot be written.
    """
    place = target.resolve()
    fresh = place.with_name(f".{place.name}.new-{os.getpid()}")
    try:
        yield fresh
        fresh.replace(place)
    except OSError as error:
        message = f"{what} cannot be written: {error.strerror or error}"
        raise OutputError(Diagnostic("E605", message, file=str(target))) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
