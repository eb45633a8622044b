"""A store's pending scenarios solved to the end, on processes that may die; this process alone writes."""

from __future__ import annotations

import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, Final

from optimizer.answer.run import FAILED, INFEASIBLE, OPTIMAL, STOPPED
from optimizer.errors import EXIT_INFEASIBLE, EXIT_INTERRUPTED, EXIT_STOPPED, ClusterError, KloofError
from optimizer.study.batch.cluster import Cluster
from optimizer.study.batch.header import Header
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.store import Counts, Store, check_results
from optimizer.study.runner import ENDINGS, available_jobs, run_as_they_end

COMMIT_SECONDS: Final = 0.5
COMMIT_RESULTS: Final = 200
EXIT_DONE: Final = 0
EXIT_FINDINGS: Final = 1

Solve = Callable[[Row], Sequence[RowResult]]


@dataclass(frozen=True)
class Progress:
    """How far a batch is: scenarios done (of them `failed` for some country) and left, of the whole store;
    scenarios per second since this batch began, and seconds left at that rate, `None` before the first is
    done; whether it only waits for those at work."""

    done: int
    failed: int
    left: int
    per_second: float | None
    seconds_left: float | None
    ending: bool


@dataclass(frozen=True)
class Drained:
    """How a batch ended: what the store holds, whether it was interrupted, and the exit code."""

    counts: Counts
    interrupted: bool
    exit_code: int


def drain(
    store: Store,
    solve: Solve,
    jobs: int | None = None,
    fail_fast: bool = False,
    tell: Callable[[Progress], None] = lambda progress: None,
    cluster: Cluster | None = None,
) -> Drained:
    """Solve what is pending in a store that is open for writing, and commit it as it is done.

    `solve` gives a result per country of the study; it runs in `jobs` processes (as many as there are
    processors), or on the workers of a `cluster`, to which the scenario is sent, and must not use the store.
    What it raises, and a process that twice does not survive its scenario, is a result of status `failed`
    with the reason. `fail_fast`: begin no scenario after one that failed. `tell` is called at least every
    half second.

    The first SIGINT, SIGTERM or SIGHUP lets the scenarios at work end, the second does not. Committed results
    stay with everything that ends a batch; results depend neither on `jobs` nor on how often it was resumed.

    Raises `OutputError` E655 or E656 where results cannot be committed, `InputError` E652 where the file is
    damaged; with a cluster what `Cluster.run_as_they_end` does, once what was done by then is committed.
    """
    batch = _Batch(store, tell)
    lost = partial(_lost, store.header)
    rows = (store.row(number) for number in store.pending())
    with _signals() as signals:

        def ending() -> bool:
            signals.ending |= batch.has_failed and fail_fast
            batch.look(signals.ending)
            return signals.ending

        task = partial(_answered, solve, store.header)
        if cluster is None:
            answers = run_as_they_end(task, rows, jobs or available_jobs(), lost, ending)
        else:
            answers = cluster.run_as_they_end(task, rows, lost, ending)
        gone: ClusterError | None = None
        try:
            with closing(answers):
                for _, results in answers:
                    batch.add(results)
        except KeyboardInterrupt:
            # what was done by then is kept as well
            pass
        except ClusterError as error:
            gone = error
        signals.ignored = True
        batch.commit()
    batch.look(signals.ending)
    if gone is not None:
        raise gone
    counts = store.counts()
    interrupted = signals.interrupted and counts.left > 0
    return Drained(counts, interrupted, EXIT_INTERRUPTED if interrupted else exit_code(counts))


def exit_code(counts: Counts) -> int:
    """0 where every plan of a store is optimal, 3 where all is infeasible, 4 where all stopped before the
    gap; 1 where something failed, or results differ in kind."""
    kinds = {status for _, status in counts.by_status}
    if len(kinds) > 1:
        return EXIT_FINDINGS
    codes = {OPTIMAL: EXIT_DONE, INFEASIBLE: EXIT_INFEASIBLE, STOPPED: EXIT_STOPPED}
    return codes.get(kinds.pop(), EXIT_FINDINGS) if kinds else EXIT_DONE


class _Batch:
    """What is done and not yet committed, and how far it all is."""

    def __init__(self, store: Store, tell: Callable[[Progress], None]) -> None:
        counts = store.counts()
        self._store, self._tell = store, tell
        self._done, self._failed, self._left = counts.done, counts.failed, counts.left
        self._before = counts.done
        self.has_failed = False
        self._waiting: list[RowResult] = []
        self._began = self._committed = time.monotonic()

    def add(self, results: Sequence[RowResult]) -> None:
        failed = any(each.status == FAILED for each in results)
        self._waiting += results
        self._done += 1
        self._left -= 1
        self._failed += failed
        self.has_failed |= failed
        self._commit_if_due()

    def look(self, ending: bool) -> None:
        """Commit what is due, and tell how far it is."""
        self._commit_if_due()
        done, seconds = self._done - self._before, time.monotonic() - self._began
        rate = done / seconds if done and seconds > 0 else None
        left = self._left / rate if rate else None
        self._tell(Progress(self._done, self._failed, self._left, rate, left, ending))

    def commit(self) -> None:
        if self._waiting:
            self._store.commit(self._waiting)
            self._waiting = []
        self._committed = time.monotonic()

    def _commit_if_due(self) -> None:
        late = time.monotonic() - self._committed >= COMMIT_SECONDS
        if self._waiting and (late or len(self._waiting) >= COMMIT_RESULTS):
            self.commit()


class _Signals:
    """Signals that ask to end: the first is remembered; one while the batch is ending raises
    `KeyboardInterrupt`."""

    def __init__(self) -> None:
        self.interrupted = self.ending = self.ignored = False

    def take(self, _number: int, _frame: FrameType | None) -> None:
        if self.ignored:
            return
        self.interrupted = True
        if self.ending:
            # of more, none may interrupt what this one leads to
            self.ignored = True
            raise KeyboardInterrupt
        self.ending = True


@contextmanager
def _signals() -> Iterator[_Signals]:
    signals = _Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    # one that is ignored, as that of a closed terminal under `nohup`, stays so
    taken = [each for each in ENDINGS if signal.getsignal(each) is not signal.SIG_IGN]
    before: dict[Any, Any] = {each: signal.signal(each, signals.take) for each in taken}
    try:
        yield signals
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _answered(solve: Solve, header: Header, row: Row) -> list[RowResult]:
    """The results of a scenario, one per country; of what went wrong one that says so."""
    began = time.perf_counter()
    try:
        results = list(solve(row))
        check_results(header, results)
        if sorted((each.number, each.country) for each in results) != sorted(
            (row.number, country) for country in header.countries
        ):
            raise ValueError("there is not one result for each country")
    except KloofError as error:
        reason = "; ".join(each.message for each in error.diagnostics)
    except Exception as error:
        reason = f"internal fault: {type(error).__name__}: {error}"
    else:
        return results
    return _failed(header, row, reason, time.perf_counter() - began)


def _lost(header: Header, row: Row, how: str) -> list[RowResult]:
    reason = f"the process at work on it {how}, and so did the next one; most often memory has run out"
    return _failed(header, row, reason, 0.0)


def _failed(header: Header, row: Row, reason: str, seconds: float) -> list[RowResult]:
    share = seconds / len(header.countries)
    return [
        RowResult(row.number, country, FAILED, "", None, None, None, reason, {}, share, platform.node())
        for country in header.countries
    ]
