"""Pieces of work on the workers of a Dask cluster: each worker gets what solves them once, pieces in chunks.

A chunk is given to one worker by its address, and the next one when that is answered, so that a worker's
tasks never run beside each other and it is known whose chunk is lost. Dask carries bytes and says who is
there.
"""

from __future__ import annotations

import logging
import pickle
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from optimizer.errors import ClusterError, Diagnostic, InputError
from optimizer.study.batch.worker import code_here, packed, work

Item = TypeVar("Item")
T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.5
ROLL_CALL_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 10.0
WORKER_SECONDS: Final = 60.0
# A chunk long enough to hide the way there and back, short enough to be lost.
CHUNK_SECONDS: Final = 2.0
CHUNK_MOST: Final = 200
NO_ANSWER: Final = "ended without an answer"
WHY_MOST: Final = 200
# what answers no longer may close no longer
CLOSE_SECONDS: Final = 2.0


@contextmanager
def connected(address: str, warn: Callable[[str], None]) -> Iterator[Cluster]:
    """The cluster of the scheduler at `address`, as `tcp://10.0.0.5:8786`; `warn` is told of workers that
    are refused.

    Raises `InputError` E671 where no scheduler answers, E708 where the package is missing.
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        message = f"--scheduler needs the package `{error.name}`, which is not installed"
        raise InputError(Diagnostic("E708", message, hint="pip install 'kloof[cluster]'")) from None
    # What it has to say of a lost connection is said here.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = _client(distributed.Client, address)
    except Exception as error:
        # any kind, by what else it is that answers there
        why = " ".join(str(error).split())[:WHY_MOST] or type(error).__name__
        hint = "start one with `dask scheduler`, and give the address that it prints"
        message = f"no scheduler of Dask answers at {address}: {why}"
        raise InputError(Diagnostic("E671", message, path="--scheduler", hint=hint)) from None
    try:
        yield Cluster(client, address, warn)
    finally:
        with suppress(Exception):
            client.close(timeout=CLOSE_SECONDS)


def _client(connect: Any, address: str) -> Any:
    """A client of a scheduler. Dask waits without end for what takes the connection and then says nothing."""
    made = queue.SimpleQueue[Any]()

    def make() -> None:
        try:
            made.put(connect(address, timeout=ANSWER_SECONDS, set_as_default=False))
        except Exception as error:
            made.put(error)

    threading.Thread(target=make, daemon=True).start()
    try:
        found = made.get(timeout=ANSWER_SECONDS + CLOSE_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no word in {ANSWER_SECONDS + CLOSE_SECONDS:.0f} s") from None
    if isinstance(found, Exception):
        raise found
    return found


class Cluster:
    """Workers that come and go, by the scheduler that is asked about them."""

    def __init__(self, client: Any, address: str, warn: Callable[[str], None]) -> None:
        self._client, self.address, self._warn = client, address, warn

    def workers(self) -> dict[str, str]:
        """The address of every worker that is there, by an identity that no other process ever has.

        Raises `ClusterError` (E672) where the scheduler does not say."""
        client = self._client
        try:
            if client.status != "running":
                raise ConnectionError(client.status)
            asking = client.scheduler.identity
            found = client.sync(asking, n_workers=-1, callback_timeout=ANSWER_SECONDS)
        except Exception as error:
            raise self._lost() from error
        return {str(each["id"]): address for address, each in found["workers"].items()}

    def run_as_they_end(
        self,
        task: Callable[[Item], T],
        items: Iterable[Item],
        lost: Callable[[Item, str], T],
        ending: Callable[[], bool],
    ) -> Generator[tuple[int, T]]:
        """As `runner.run_as_they_end`, on workers. The items of a worker that is lost are tried once more,
        each by itself.

        Raises `ClusterError` E672 where the scheduler is lost and E674 where there has been no worker for a
        minute, `InputError` E673 where all workers there are have another code.
        """
        crew = _Crew(self._client, packed(task))
        waiting = enumerate(items)
        again, tried = deque[tuple[int, Item]](), set[int]()
        following = next(waiting, None)
        called = 0.0
        try:
            while True:
                stop = ending()
                if time.monotonic() - called >= ROLL_CALL_SECONDS:
                    crew.meet(self.workers())
                    called = time.monotonic()
                while not stop and crew.idle and (again or following is not None):
                    # one that has been lost is by itself, so that it fails alone
                    chunk = [again.popleft()] if again else []
                    while not (chunk and chunk[0][0] in tried) and len(chunk) < crew.size and following:
                        chunk.append(following)
                        following = next(waiting, None)
                    crew.give(chunk)
                if not crew.at_work and (stop or (not again and following is None)):
                    return
                self._have_someone(crew)
                for chunk, results, how in crew.answers():
                    if not how:
                        yield from (
                            (position, one) for (position, _), one in zip(chunk, results, strict=True)
                        )
                        continue
                    for position, item in chunk:
                        if position in tried:
                            yield position, lost(item, how)
                        else:
                            tried.add(position)
                            again.append((position, item))
                if crew.cut_off or self._client.status != "running":
                    raise self._lost()
        finally:
            crew.leave()

    def _have_someone(self, crew: _Crew) -> None:
        """Raise where nobody does the work, nor will."""
        if crew.ever_accepted:
            while crew.refused:
                hint = "it gets no work; start it again with the Kloof of this process"
                message = f"a worker is refused: {crew.refused.pop()}"
                self._warn(Diagnostic("E673", message, severity="warning", hint=hint).render())
        elif crew.refused and not crew.asked:
            message = f"no worker of {self.address} may do the work: {'; '.join(crew.refused[:3])}"
            hint = "install this Kloof and this Python where workers and scheduler run, and start them again"
            raise InputError(Diagnostic("E673", message, path="--scheduler", hint=hint))
        alone = time.monotonic() - crew.someone_at
        if alone >= WORKER_SECONDS:
            message = f"{self.address} has had no worker for this study for {alone:.0f} s"
            hint = f"start some: dask worker {self.address} --nthreads 1; what was committed is kept"
            raise ClusterError(Diagnostic("E674", message, path="--scheduler", hint=hint))

    def _lost(self) -> ClusterError:
        message = f"the scheduler at {self.address} was lost while the study was at work"
        hint = "what was committed is kept; go on with another scheduler, or without one"
        return ClusterError(Diagnostic("E672", message, path="--scheduler", hint=hint))


@dataclass
class _Worker:
    """A worker, what it has been given and not answered yet, and whether it may work; `None` is not known."""

    address: str
    accepted: bool | None = None
    future: Any = None
    unread_since: float | None = None
    chunk: list[tuple[int, Any]] = field(default_factory=list)


class _Crew:
    """The workers of a study: who is there, and who does what."""

    def __init__(self, client: Any, task: bytes) -> None:
        self._client = client
        self._code = code_here()
        # As a result, it is copied from worker to worker, once to each, and made again when it is lost.
        self._task = client.submit(bytes, task, key=f"kloof-study-{uuid.uuid4()}", pure=False)
        self._workers: dict[str, _Worker] = {}
        self._ended = queue.SimpleQueue[Any]()
        self._lost: list[list[tuple[int, Any]]] = []
        self._seconds = self._items = 0.0
        # why, of each that is refused and not told of yet
        self.refused: list[str] = []
        self.ever_accepted = self.cut_off = False
        self.someone_at = time.monotonic()

    @property
    def idle(self) -> list[_Worker]:
        """Those that may work and have nothing to do."""
        return [each for each in self._workers.values() if each.accepted and each.future is None]

    @property
    def at_work(self) -> bool:
        """Whether an item has been given that is not answered yet."""
        return bool(self._lost) or any(each.chunk for each in self._workers.values())

    @property
    def asked(self) -> bool:
        """Whether a worker has still to say what code it has."""
        return any(each.accepted is None for each in self._workers.values())

    @property
    def size(self) -> int:
        """How many items make a chunk: one, until it is known how long they take."""
        if not self._items:
            return 1
        each = max(self._seconds / self._items, CHUNK_SECONDS / CHUNK_MOST)
        return max(1, int(CHUNK_SECONDS / each))

    def meet(self, there: dict[str, str]) -> None:
        """Ask those who have come for their code, and take back the work of those who have gone."""
        for identity in set(self._workers) - set(there):
            worker = self._workers.pop(identity)
            if worker.future is not None:
                worker.future.release()
            if worker.chunk:
                self._lost.append(worker.chunk)
        for identity, address in there.items():
            if identity not in self._workers:
                self._workers[identity] = worker = _Worker(address)
                self._send(worker, [])
        if any(each.accepted is not False for each in self._workers.values()):
            self.someone_at = time.monotonic()

    def give(self, chunk: list[tuple[int, Any]]) -> None:
        """Let one that is idle begin with a chunk."""
        self._send(self.idle[0], chunk)

    def _send(self, worker: _Worker, chunk: list[tuple[int, Any]]) -> None:
        data = pickle.dumps([item for _, item in chunk])
        worker.chunk, sent = chunk, time.monotonic()
        worker.future = future = self._client.submit(
            work, self._code, self._task, data, key=f"kloof-chunk-{uuid.uuid4()}", pure=False,
            workers=[worker.address], allow_other_workers=False,
        )  # fmt: skip
        future.add_done_callback(lambda done: self._ended.put((done, sent, time.monotonic())))

    def answers(self) -> Iterator[tuple[list[tuple[int, Any]], list[Any], str]]:
        """Wait a while for some worker; chunk and results and, where it was lost instead, how."""
        while self._lost:
            yield self._lost.pop(), [], NO_ANSWER
        try:
            done, sent, ended = self._ended.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            return
        worker = next((each for each in self._workers.values() if each.future is done), None)
        # of one that is gone the chunk is with another
        if worker is None:
            return
        # A client that loses its scheduler cancels everything, even if it finds the scheduler again.
        self.cut_off |= done.cancelled()
        if self.cut_off:
            return
        if done.status == "error":
            yield from self._faulty(worker, done.exception())
            return
        try:
            code, data = done.result(timeout=ANSWER_SECONDS)
        except Exception as error:
            # with a worker that ends just now; if it does, the roll call finds out
            worker.unread_since = worker.unread_since or time.monotonic()
            if time.monotonic() - worker.unread_since < WORKER_SECONDS:
                self._ended.put((done, sent, ended))
            else:
                yield from self._faulty(worker, error)
            return
        worker.unread_since = None
        chunk, worker.future, worker.chunk = worker.chunk, None, []
        if code != self._code:
            worker.accepted = False
            self.refused.append(f"{worker.address} has {code}, this process {self._code}")
        elif worker.accepted is None:
            worker.accepted = self.ever_accepted = True
        if chunk:
            if code == self._code:
                self._seconds += ended - sent
                self._items += len(chunk)
            yield chunk, pickle.loads(data) if data else [], "" if data else NO_ANSWER

    def _faulty(
        self, worker: _Worker, error: BaseException
    ) -> Iterator[tuple[list[tuple[int, Any]], list[Any], str]]:
        """What to do of a worker that Dask could not let work, or of one whose process keeps dying."""
        why = " ".join(f"{type(error).__name__}: {error}".split())[:WHY_MOST]
        chunk, worker.future, worker.chunk = worker.chunk, None, []
        if worker.accepted is None:
            worker.accepted = False
            self.refused.append(f"{worker.address} cannot do the work of {self._code}: {why}")
        if chunk:
            # that its process kept dying is Dask's way to say the same
            yield chunk, [], NO_ANSWER if type(error).__name__ == "KilledWorker" else f"ended with {why}"

    def leave(self) -> None:
        """Let go of all that workers hold; what they are at comes to nothing."""
        for future in (self._task, *(each.future for each in self._workers.values())):
            if future is not None:
                with suppress(Exception):
                    future.release()
