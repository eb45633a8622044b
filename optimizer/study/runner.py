"""Independent pieces of work, one after the other or on several processes; results do not depend on which."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
T = TypeVar("T")

_task: Callable[[Any], Any] | None = None


def available_jobs() -> int:
    """The number of processors this process may use; 1 where processes cannot be forked."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_each(task: Callable[[Item], T], items: Sequence[Item], jobs: int) -> Iterator[T]:
    """`task` of every item, in order. With several jobs, forked processes inherit `task` and all it refers
    to, so only results are sent between them."""
    if jobs <= 1 or len(items) <= 1:
        yield from map(task, items)
        return
    context = multiprocessing.get_context("fork")
    # Looking for garbage among what was there before would copy all of it into every process.
    gc.freeze()
    try:
        pool = context.Pool(min(jobs, len(items)), _inherit, (task,))
    finally:
        gc.unfreeze()
    with pool:
        yield from pool.imap(_call, items)


def _inherit(task: Callable[[Any], Any]) -> None:
    global _task
    _task = task
    # An interrupt is for the parent, which ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _call(item: Any) -> Any:
    assert _task is not None
    return _task(item)
