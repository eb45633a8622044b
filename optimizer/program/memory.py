"""A pause of the garbage collector while millions of objects are made, of which none is garbage yet."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Building or walking a model makes objects faster than any of them dies: the collector would only look
    at all of them again and again, at about the cost of the work itself."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
