"""What a worker of a cluster does of a study: chunks of its scenarios, by a solver that it makes ready once.

A cluster's scheduler imports this module as well, which is why it imports little; it reads no argument.
"""

from __future__ import annotations

import pickle
import sys
import threading
import zlib
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from typing import Any

_one_at_a_time = threading.Lock()


def code_here() -> str:
    """What the answers of this process come from, in words; what has other words may answer otherwise."""
    from optimizer.solver.highs import VERSION
    from optimizer.study.batch.key import code_digest

    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"Kloof {version('kloof')} (code {code_digest()[:12]}, HiGHS {VERSION}, Python {python})"


def packed(task: Callable[[Any], Any]) -> bytes:
    """A task, and all it refers to, as `work` takes it."""
    import cloudpickle

    return zlib.compress(cloudpickle.dumps(task))


def work(asked: str, task: bytes, chunk: bytes) -> tuple[str, bytes]:
    """`code_here()`, and a pickled list: the task's result of every item of a pickled list. Where the code is
    another than `asked`, nothing is unpickled nor done, and the second is empty."""
    here = code_here()
    if here != asked:
        return here, b""
    # a worker may have several threads, a solver is for one
    with _one_at_a_time:
        ready = _ready(task)
        return here, pickle.dumps([ready(item) for item in pickle.loads(chunk)])


@lru_cache(maxsize=1)
def _ready(task: bytes) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = pickle.loads(zlib.decompress(task))
    return found
