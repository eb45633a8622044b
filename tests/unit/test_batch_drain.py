"""A batch survives: kills of itself and of its processes, signals, full disks, scenarios that fail."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from optimizer.errors import Diagnostic, InputError
from optimizer.study.batch.drain import Progress, drain
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.store import Store
from tests.unit.batch_study import answer, committed, exported, header, make, rows, slow, whole

ROOT = Path(__file__).parents[2]


def started(path: Path, log: Path, jobs: int = 2, seconds: float = 0.02) -> subprocess.Popen[str]:
    """A process, in a group of its own, that drains a store."""
    words = [sys.executable, "-m", "tests.unit.batch_study", str(path), str(jobs), str(log), str(seconds)]
    return subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)


def begun(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def some_begun(log: Path, count: int, process: subprocess.Popen[str]) -> bool:
    return len(begun(log)) >= count or process.poll() is not None


@pytest.fixture
def nobody_left() -> Iterator[None]:
    yield
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_results_have_the_same_bytes_for_any_number_of_jobs(
    tmp_path: Path, jobs: int, nobody_left: None
) -> None:
    path = make(tmp_path / "a.study", 60)
    log = tmp_path / "log"
    with Store.open(path, writing=True) as store:
        done = drain(store, slow(log, 0.001), jobs)
    assert (done.counts.done, done.counts.left, done.exit_code, done.interrupted) == (60, 0, 1, False)
    assert exported(path) == whole(tmp_path, 60)
    assert sorted(begun(log)) == list(range(60))
    assert sorted(each.name for each in tmp_path.iterdir() if "a.study" in each.name) == [
        "a.study",
        "a.study.csv",
    ]


def test_processes_that_are_spawned_do_the_same(tmp_path: Path) -> None:
    before = multiprocessing.get_start_method(allow_none=True)
    path = make(tmp_path / "a.study", 6)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        with Store.open(path, writing=True) as store:
            drain(store, answer, 2)
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert exported(path) == whole(tmp_path, 6)


def test_kills_lose_nothing_that_is_committed_and_solve_nothing_twice(tmp_path: Path) -> None:
    total = 50
    path = make(tmp_path / "a.study", total)
    chance = random.Random(7)
    known: set[int] = set()
    kills = 0
    for session in range(40):
        log = tmp_path / f"log-{session}"
        process = started(path, log, jobs=1 + session % 4, seconds=0.01)
        aim = chance.randint(4, 20)
        until(partial(some_begun, log, aim, process))
        time.sleep(0.02 * chance.random())
        process.kill()
        _, said = process.communicate()
        now = committed(path)
        assert known <= now, "a committed scenario was lost"
        assert not known & set(begun(log)), "a committed scenario was solved again"
        known = now
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 1, said
            break
        kills += 1
    assert kills >= 3
    assert known == set(range(total))
    assert [each.name for each in tmp_path.iterdir() if "study" in each.name] == ["a.study"]
    assert exported(path) == whole(tmp_path, total)


def test_a_store_can_be_resumed_while_processes_of_a_killed_batch_are_still_at_work(tmp_path: Path) -> None:
    path, log = make(tmp_path / "a.study", 4), tmp_path / "log"
    process = started(path, log, seconds=600)
    until(lambda: len(begun(log)) == 2)
    process.kill()
    process.wait()
    os.killpg(process.pid, 0)
    with Store.open(path, writing=True) as store:
        drain(store, answer, 2)
    assert exported(path) == whole(tmp_path, 4)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def dies(first_only: Path | None) -> Callable[[Row], list[RowResult]]:
    """Scenario 3 kills its process: every time, or only the first."""

    def solve(row: Row) -> list[RowResult]:
        if row.number == 3 and not (first_only and first_only.exists()):
            if first_only:
                first_only.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(row)

    return solve


def test_a_process_that_dies_is_replaced_and_its_scenario_tried_once_more(
    tmp_path: Path, nobody_left: None
) -> None:
    path = make(tmp_path / "a.study", 8)
    with Store.open(path, writing=True) as store:
        assert drain(store, dies(tmp_path / "tried"), 1).counts.failed == 0
    assert exported(path) == whole(tmp_path, 8)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_scenario_that_no_process_survives_is_a_row_with_its_reason(tmp_path: Path, jobs: int) -> None:
    path = make(tmp_path / "a.study", 8)
    with Store.open(path, writing=True) as store:
        done = drain(store, dies(None), jobs)
        failed = [each for each in store.results() if each.status == "failed"]
    assert (done.exit_code, done.counts.failed, done.counts.left) == (1, 1, 0)
    assert {each.number for each in failed} == {3}
    assert [each.country for each in failed] == ["CHN", "USA"]
    assert "was killed (SIGKILL), and so did the next one" in failed[0].message
    assert failed[0].objective is None


def faulty(row: Row) -> list[RowResult]:
    if row.number == 1:
        raise InputError(Diagnostic("E103", "income must not be negative"))
    if row.number == 2:
        raise ZeroDivisionError("one over nothing")
    found = answer(row)
    if row.number == 3:
        return found[:1]
    if row.number == 4:
        return [replace(each, outcomes={"other": 1.0}) for each in found]
    if row.number == 5:
        return [replace(each, objective=float("nan")) for each in found]
    return found


def test_what_a_scenario_raises_is_its_result_and_ends_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "a.study", 7)
    with Store.open(path, writing=True) as store:
        done = drain(store, faulty, 2)
        reasons = {each.number: each.message for each in store.results() if each.status == "failed"}
    assert reasons == {
        1: "income must not be negative",
        2: "internal fault: ZeroDivisionError: one over nothing",
        3: "internal fault: ValueError: there is not one result for each country",
        4: "internal fault: ValueError: other is no outcome of the study",
        5: "internal fault: ValueError: the objective of CHN is not a number",
    }
    assert (done.exit_code, done.counts.failed, done.counts.left) == (1, 5, 0)


def test_fail_fast_begins_nothing_after_a_failure_and_resuming_goes_on(tmp_path: Path) -> None:
    path = make(tmp_path / "a.study", 40)
    with Store.open(path, writing=True) as store:
        done = drain(store, faulty, 1, fail_fast=True)
        assert (done.exit_code, done.interrupted) == (1, False)
        assert store.pending() == list(range(2, 40))
        done = drain(store, answer, 2, fail_fast=True)
        assert (done.counts.left, done.counts.failed) == (0, 1)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (("optimal", "optimal"), 0),
        (("infeasible", "infeasible"), 3),
        (("stopped", "stopped"), 4),
        (("failed", "failed"), 1),
        (("optimal", "infeasible"), 1),
        (("stopped", "infeasible"), 1),
        (("unbounded", "unbounded"), 1),
    ],
)
def test_exit_codes(tmp_path: Path, statuses: tuple[str, str], code: int) -> None:
    def solve(row: Row) -> list[RowResult]:
        return [replace(each, status=statuses[row.number % 2]) for each in answer(row)]

    with Store.create(tmp_path / "a.study", header(4), rows(4)) as store:
        assert drain(store, solve, 1).exit_code == code
        # nothing left to do, and the same to be said
        assert drain(store, solve, 1).exit_code == code


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_end_what_is_at_work(tmp_path: Path, by: signal.Signals) -> None:
    path, log = make(tmp_path / "a.study", 50), tmp_path / "log"
    process = started(path, log, seconds=0.4)
    until(lambda: len(begun(log)) >= 3)
    process.send_signal(by)
    assert process.wait() == 130
    process.communicate()
    assert committed(path) == set(begun(log))
    assert len(begun(log)) < 10
    with Store.open(path, writing=True) as store:
        drain(store, answer, 2)
    assert exported(path) == whole(tmp_path, 50)


def test_the_second_signal_stops_at_once_and_keeps_what_is_done(tmp_path: Path) -> None:
    path, log = make(tmp_path / "a.study", 50), tmp_path / "log"
    with Store.open(path, writing=True) as store:
        store.commit(answer(rows(50)[0]))
    process = started(path, log, seconds=600)
    until(lambda: len(begun(log)) == 2)
    process.send_signal(signal.SIGINT)
    # signals of one kind that wait are one
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    process.communicate()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert committed(path) == {0}


def test_a_signal_to_all_processes_at_once_fails_no_scenario(tmp_path: Path) -> None:
    path, log = make(tmp_path / "a.study", 30), tmp_path / "log"
    process = started(path, log, seconds=0.3)
    until(lambda: len(begun(log)) >= 3)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait() == 130
    process.communicate()
    with Store.open(path, writing=True) as store:
        assert store.counts().failed == 0
        drain(store, answer, 2)
    assert exported(path) == whole(tmp_path, 30)


def test_handlers_of_signals_are_put_back_and_a_thread_may_drain(tmp_path: Path) -> None:
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with Store.create(tmp_path / "a.study", header(2), rows(2)) as store:
        drain(store, answer, 1)
    assert {each: signal.getsignal(each) for each in handlers} == handlers

    def work() -> None:
        with Store.create(tmp_path / "b.study", header(2), rows(2)) as store:
            drain(store, answer, 1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert committed(tmp_path / "b.study") == {0, 1}


def test_a_full_disk_is_an_error_that_loses_nothing(tmp_path: Path) -> None:
    total = 700
    path = make(tmp_path / "a.study", total)
    size = path.stat().st_size

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, size + 60_000))

    words = [sys.executable, "-m", "tests.unit.batch_study", str(path), "2", "/dev/null", "0"]
    done = subprocess.run(
        words, cwd=ROOT, preexec_fn=little_room, capture_output=True, text=True, check=False
    )
    assert done.returncode == 74, done.stderr
    assert "error[E656]" in done.stderr
    assert "make room and run the command again; what was committed is kept" in done.stderr
    known = committed(path)
    assert 0 < len(known) < total
    again = subprocess.run(
        [*words[:-2], str(tmp_path / "log"), "0"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1, again.stderr
    assert not known & set(begun(tmp_path / "log"))
    assert exported(path) == whole(tmp_path, total)


def test_a_forked_process_cannot_use_the_store(tmp_path: Path) -> None:
    with Store.create(tmp_path / "a.study", header(3), rows(3)) as store:

        def meddling(row: Row) -> list[RowResult]:
            store.commit(answer(row))
            return answer(row)

        drain(store, meddling, 2)
        assert {each.message for each in store.results()} == {
            "internal fault: RuntimeError: a store is used in another process than the one that opened it"
        }
        store.check()


def test_progress_counts_the_whole_store(tmp_path: Path) -> None:
    told: list[Progress] = []
    with Store.create(tmp_path / "a.study", header(6), rows(6)) as store:
        store.commit(answer(rows(6)[0]))
        drain(store, faulty, 1, tell=told.append)
    first, last = told[0], told[-1]
    assert (first.done, first.failed, first.left, first.per_second) == (1, 0, 5, None)
    assert (last.done, last.failed, last.left, last.ending) == (6, 5, 0, False)
    assert last.per_second is not None
    assert last.seconds_left == 0
