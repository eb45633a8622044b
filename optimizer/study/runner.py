"""Independent pieces of work, one after the other or on several processes; results do not depend on which.

A process that is killed takes only what it was at with it. Its item is tried once more on a new one.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, Final, TypeVar

from optimizer.errors import Diagnostic

Item = TypeVar("Item")
T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.5

# Not every system has all.
ENDINGS: Final = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def available_jobs() -> int:
    """The number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_ended(what: str, how: str, severity: str = "error") -> Diagnostic:
    """What to say of work that its processes did not survive."""
    message = f"{what}: the process at work on it {how}, and so did the next one"
    hint = "most often memory has run out: ask for fewer countries, or for fewer processes at a time"
    return Diagnostic("S113", message, severity=severity, hint=hint)


def run_each(
    task: Callable[[Item], T], items: Sequence[Item], jobs: int, lost: Callable[[Item, str], T]
) -> Iterator[T]:
    """`task` of every item, in order; `lost` of an item and of how its process ended where two did not
    survive it.

    With several jobs, forked processes inherit `task` and all it refers to. Where processes cannot be forked,
    or another start method has been set, it is sent to each once.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(task, items)
        return
    done, wanted = dict[int, T](), 0
    with closing(run_as_they_end(task, items, jobs, lost)) as answers:
        for position, result in answers:
            done[position] = result
            while wanted in done:
                yield done.pop(wanted)
                wanted += 1


def run_as_they_end(
    task: Callable[[Item], T],
    items: Iterable[Item],
    jobs: int,
    lost: Callable[[Item, str], T],
    ending: Callable[[], bool] = lambda: False,
) -> Generator[tuple[int, T]]:
    """Position and result of every item as each is done, always in processes of their own; an item is taken
    when a process is free for it. `ending` is asked at least every half second; once it says so, no item is
    begun, nor tried again.
    """
    team = _Team(task)
    waiting = enumerate(items)
    at_work, again, tried = dict[int, Item](), deque[int](), set[int]()
    try:
        while True:
            # asked also while every process is busy
            stop = ending()
            while len(team.busy) < jobs and not stop:
                if again:
                    position = again.popleft()
                elif (following := next(waiting, None)) is not None:
                    position, at_work[following[0]] = following
                else:
                    break
                team.give(position, at_work[position])
            if not team.busy:
                return
            for position, result, how in team.answers():
                if not how:
                    del at_work[position]
                    yield position, result
                elif position in tried:
                    yield position, lost(at_work.pop(position), how)
                else:
                    tried.add(position)
                    again.append(position)
    finally:
        team.stop()


class _Team:
    """Processes that do one task, started as they are needed. `busy` gives the position of the item that each
    of them is at by this end of its pipe."""

    def __init__(self, task: Callable[[Any], Any]) -> None:
        method = multiprocessing.get_start_method(allow_none=True)
        if method is None:
            method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        self._task: Any = task
        self.busy: dict[Connection, int] = {}
        self._idle: list[Connection] = []
        self._processes: dict[Connection, BaseProcess] = {}
        if method != "fork":
            import cloudpickle

            self._task = cloudpickle.dumps(task)
            if os.name == "posix":
                # Starting with the first process, it would let signals through that are held until that one
                # has begun.
                resource_tracker.ensure_running()

    def give(self, position: int, item: Any) -> None:
        """Let a process begin with an item."""
        if not self._idle:
            self._start()
        connection = self._idle.pop()
        self.busy[connection] = position
        # one that has ended while it had nothing to do says so in its answer
        with suppress(OSError):
            connection.send(item)

    def answers(self) -> Iterator[tuple[int, Any, str]]:
        """Wait a while for some process; position, result and, where a process has ended instead, how. Raises
        what the task raised."""
        ready: list[Any] = wait(list(self.busy), PATIENCE_SECONDS)
        for connection in ready:
            position = self.busy.pop(connection)
            try:
                result, error = connection.recv()
            except (EOFError, OSError):
                yield position, None, self._buried(connection)
                continue
            self._idle.append(connection)
            if error is not None:
                raise error
            yield position, result, ""

    def stop(self) -> None:
        """End every process."""
        for process in self._processes.values():
            process.terminate()
        for connection, process in self._processes.items():
            process.join()
            connection.close()

    def _start(self) -> None:
        here, there = self._context.Pipe()
        forked = self._context.get_start_method() == "fork"
        # A process that has only just begun would take a signal as its parent does, and say so.
        before = _mask(signal.SIG_BLOCK, ENDINGS)
        # Looking for garbage among what was there before would copy all of it into every process.
        gc.freeze()
        # One that is spawned would run the user's script again, of which the task brings what it needs.
        main = sys.modules["__main__"]
        if not forked:
            sys.modules["__main__"] = ModuleType("__main__")
        try:
            given = (self._task, there, here if forked else None, before)
            process = self._context.Process(target=_serve, args=given, daemon=True)
            process.start()
            self._processes[here] = process
            self._idle.append(here)
        finally:
            sys.modules["__main__"] = main
            gc.unfreeze()
            there.close()
            _mask(signal.SIG_SETMASK, before)

    def _buried(self, connection: Connection) -> str:
        """How a process has ended, which nothing is left of."""
        process = self._processes.pop(connection)
        process.join()
        connection.close()
        code = process.exitcode or 0
        return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with exit code {code}"


def _mask(how: int, signals: Iterable[int]) -> set[int]:
    """Change which signals are held, where a system can hold them; which were before."""
    return set(signal.pthread_sigmask(how, signals)) if hasattr(signal, "pthread_sigmask") else set()


def _serve(task: Any, connection: Connection, other_end: Connection | None, mask: set[int]) -> None:
    """Do the task for every item that comes, until the parent has ended."""
    # What interrupts is for the parent, which ends the workers; SIGTERM is how it does.
    for each in ENDINGS:
        signal.signal(each, signal.SIG_DFL if each == signal.SIGTERM else signal.SIG_IGN)
    _mask(signal.SIG_SETMASK, mask)
    if other_end is not None:
        other_end.close()
    if isinstance(task, bytes):
        if os.name == "posix":
            # Pyomo makes a lock when it is imported; one fit for spawning is left behind, and complained of,
            # where SIGTERM ends its process.
            multiprocessing.set_start_method("fork", force=True)
        task = pickle.loads(task)
    with suppress(EOFError, OSError):
        while True:
            connection.send_bytes(_answer(task, connection.recv()))


def _answer(task: Callable[[Any], Any], item: Any) -> bytes:
    """The result, or the error that there is instead of one, ready to be sent."""
    try:
        return pickle.dumps((task(item), None))
    except BaseException as error:
        error.add_note("".join(traceback.format_exception(error)))
        return pickle.dumps((None, error))
