"""Independent pieces of work, one after the other or on several processes; results do not depend on which."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

Item = TypeVar("Item")
T = TypeVar("T")

# Only where processes can be forked, and there all of them are known.
ENDINGS: Final = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

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
    # A process that has only just begun would take a signal as its parent does, and say so.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        pool = context.Pool(min(jobs, len(items)), _inherit, (task, before))
    finally:
        gc.unfreeze()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with pool:
        yield from pool.imap(_call, items)


def _inherit(task: Callable[[Any], Any], mask: set[signal.Signals]) -> None:
    global _task
    _task = task
    # What interrupts is for the parent, which ends the workers; SIGTERM is how it does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _call(item: Any) -> Any:
    assert _task is not None
    return _task(item)
