"""A batch on a Dask cluster of real processes: the same bytes, whatever is killed and whoever comes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.errors import ClusterError, InputError
from optimizer.study.batch import cluster as clusters
from optimizer.study.batch.cluster import connected
from optimizer.study.batch.drain import Progress, drain
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.store import Store
from tests.unit.batch_study import answer, committed, exported, make, slow, whole
from tests.unit.cluster_study import OTHER_CODE, ROOT, Processes, until


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler that outlives a test; tests start the workers that they need and may kill them."""
    processes = Processes(tmp_path_factory.mktemp("cluster"))
    processes.scheduler()
    yield processes
    processes.end()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path)
    yield processes
    processes.end()


def begun(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def ignored(text: str) -> None:
    pass


class Solve:
    """That leaves a line in a file where it is made ready, and one in another for the process of each row."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__dict__.update(state)
        with (self.place / "ready").open("a") as file:
            file.write(f"{os.getpid()}\n")

    def __call__(self, row: Row) -> list[RowResult]:
        with (self.place / "rows").open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.02)
        return answer(row)


def test_the_bytes_are_those_of_one_process_and_each_worker_is_given_the_solver_once(
    shared: Processes, tmp_path: Path
) -> None:
    shared.have(2)
    path = make(tmp_path / "a.study", 150)
    told: list[Progress] = []
    with connected(shared.address, ignored) as cluster:
        until(lambda: len(cluster.workers()) == 2)
        with Store.open(path, writing=True) as store:
            done = drain(store, Solve(tmp_path), tell=told.append, cluster=cluster)
    assert (done.counts.done, done.counts.left, done.exit_code) == (150, 0, 1)
    assert exported(path) == whole(tmp_path, 150)
    ready, at_work = ((tmp_path / name).read_text().split() for name in ("ready", "rows"))
    assert len(at_work) == 150
    assert len(set(at_work)) == 2
    assert sorted(ready) == sorted(set(at_work))
    assert (told[-1].done, told[-1].left) == (150, 0)


def test_a_worker_of_another_version_is_refused_by_name_and_the_others_go_on(
    shared: Processes, tmp_path: Path
) -> None:
    shared.have(1)
    stranger = shared.worker(OTHER_CODE)
    path = make(tmp_path / "a.study", 20)
    said: list[str] = []

    def until_refused(row: Row) -> list[RowResult]:
        deadline = time.monotonic() + 60
        while row.number == 19 and not (tmp_path / "refused").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return answer(row)

    def warn(text: str) -> None:
        said.append(text)
        (tmp_path / "refused").touch()

    with connected(shared.address, warn) as cluster, Store.open(path, writing=True) as store:
        drain(store, until_refused, cluster=cluster)
    stranger.kill()
    assert exported(path) == whole(tmp_path, 20)
    assert len(said) == 1
    assert said[0].startswith("warning[E673]: a worker is refused: tcp://127.0.0.1:")
    assert "has Kloof 0.1.0 (code ffffffffffff, " in said[0]
    assert ", this process Kloof 0.1.0 (code " in said[0]


def test_a_worker_that_is_killed_costs_its_chunk_only(shared: Processes, tmp_path: Path) -> None:
    victim, _ = shared.have(2)
    path, log = make(tmp_path / "a.study", 40), tmp_path / "log"
    plain, doomed, dead, own = slow(log, 0.1), victim.pid, tmp_path / "dead", tmp_path / "own"

    def solve(row: Row) -> list[RowResult]:
        deadline = time.monotonic() + 60
        while os.getpid() != doomed and not dead.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        if os.getpid() == doomed:
            with own.open("a") as file:
                file.write("x")
            if own.stat().st_size == 5:
                # within a chunk of several rows: the first is of one
                dead.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return plain(row)

    with connected(shared.address, ignored) as cluster:
        until(lambda: len(cluster.workers()) == 2)
        with Store.open(path, writing=True) as store:
            done = drain(store, solve, cluster=cluster)
    assert victim.wait(timeout=60) == -signal.SIGKILL
    assert (done.counts.failed, done.counts.left) == (0, 0)
    assert exported(path) == whole(tmp_path, 40)
    twice = [each for each in set(begun(log)) if begun(log).count(each) > 1]
    assert 1 <= len(twice) < 5, "more than a chunk was solved again"


def test_a_row_that_kills_two_workers_is_a_row_with_its_reason(shared: Processes, tmp_path: Path) -> None:
    shared.have(3)
    path = make(tmp_path / "a.study", 12)

    def solve(row: Row) -> list[RowResult]:
        if row.number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(row)

    with connected(shared.address, ignored) as cluster:
        until(lambda: len(cluster.workers()) == 3)
        with Store.open(path, writing=True) as store:
            done = drain(store, solve, cluster=cluster)
            failed = [each for each in store.results() if each.status == "failed"]
    assert (done.exit_code, done.counts.failed, done.counts.left) == (1, 1, 0)
    assert {(each.number, each.message) for each in failed} == {
        (
            3,
            "the process at work on it ended without an answer, and so did the next one; "
            "most often memory has run out",
        )
    }


def interrupted(shared: Processes, path: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    """A process that drains a store on the cluster, with two scenarios begun."""
    shared.have(2)
    words = [
        sys.executable,
        "-m",
        "tests.unit.batch_study",
        str(path),
        shared.address,
        str(log),
        str(seconds),
    ]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until(lambda: len(begun(log)) >= 2 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    return process


def test_the_first_signal_lets_chunks_at_work_end(shared: Processes, tmp_path: Path) -> None:
    path, log = make(tmp_path / "a.study", 50), tmp_path / "log"
    process = interrupted(shared, path, log, 0.5)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert committed(path) == set(begun(log))
    assert 2 <= len(begun(log)) < 20
    with connected(shared.address, ignored) as cluster, Store.open(path, writing=True) as store:
        drain(store, answer, cluster=cluster)
    assert exported(path) == whole(tmp_path, 50)


def test_the_second_signal_stops_at_once(shared: Processes, tmp_path: Path) -> None:
    path, log = make(tmp_path / "a.study", 50), tmp_path / "log"
    process = interrupted(shared, path, log, 600)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert committed(path) == set()
    for each in shared.have(2):
        each.kill()


def test_a_scheduler_that_is_killed_leaves_a_store_that_goes_on_without_one(
    own: Processes, tmp_path: Path
) -> None:
    scheduler = own.scheduler()
    own.have(1)
    path, log = make(tmp_path / "a.study", 50), tmp_path / "log"

    def kill(progress: Progress) -> None:
        if progress.done >= 5:
            scheduler.kill()

    with (
        connected(own.address, ignored) as cluster,
        Store.open(path, writing=True) as store,
        pytest.raises(ClusterError) as caught,
    ):
        drain(store, slow(log, 0.1), tell=kill, cluster=cluster)
    (problem,) = caught.value.diagnostics
    assert (caught.value.exit_code, problem.code) == (130, "E672")
    assert own.address in problem.message
    known = committed(path)
    assert 5 <= len(known) < 50
    with Store.open(path, writing=True) as store:
        drain(store, slow(tmp_path / "again", 0), 2)
    assert not known & set(begun(tmp_path / "again"))
    assert exported(path) == whole(tmp_path, 50)


def drained(address: str, path: Path) -> None:
    with connected(address, ignored) as cluster, Store.open(path, writing=True) as store:
        drain(store, answer, cluster=cluster)


def test_workers_that_never_come_and_workers_of_another_version_alone_are_errors(
    own: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.scheduler()
    path = make(tmp_path / "a.study", 5)
    monkeypatch.setattr(clusters, "WORKER_SECONDS", 1.0)
    with pytest.raises(ClusterError) as alone:
        drained(own.address, path)
    (problem,) = alone.value.diagnostics
    assert problem.code == "E674"
    assert f"dask worker {own.address} --nthreads 1" in str(problem.hint)
    monkeypatch.undo()
    own.worker(OTHER_CODE)
    with pytest.raises(InputError) as caught:
        drained(own.address, path)
    (problem,) = caught.value.diagnostics
    assert problem.code == "E673"
    assert "has Kloof 0.1.0 (code ffffffffffff, " in problem.message
    assert committed(path) == set()


def silent(listener: socket.socket) -> None:
    held = []
    while True:
        try:
            held.append(listener.accept())
        except OSError:
            return


@pytest.mark.parametrize("kind", ["closed", "silent", "words"])
def test_a_scheduler_that_does_not_answer_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 1.0)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}" if kind != "words" else "no address"
        if kind == "silent":
            listener.listen()
            threading.Thread(target=silent, args=(listener,), daemon=True).start()
        with pytest.raises(InputError) as caught, connected(address, ignored):
            pass
        listener.close()
    (problem,) = caught.value.diagnostics
    assert problem.code == "E671"
    assert f"no scheduler of Dask answers at {address}: " in problem.message


def test_without_the_package_the_command_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError) as caught, connected("tcp://127.0.0.1:8786", ignored):
        pass
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.hint) == ("E708", "pip install 'kloof[cluster]'")
