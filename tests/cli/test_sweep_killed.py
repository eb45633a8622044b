"""A study on two processes, killed at work and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from optimizer.study.batch.store import Store

LEAST = 4
# far more than either of two processes comes to
AXIS = "countries.USA.budget.income_usd_bn *= 0.8:1.2:1000"
PATIENCE_SECONDS = 120


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "optimizer", *arguments, "--jobs", "2", "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def _results(path: Path) -> dict[tuple[int, str], object]:
    with Store.open(path, writing=False) as store:
        return {(each.number, each.country): (each.objective, each.outcomes) for each in store.results()}


def _wait(path: Path, count: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if path.exists() and len(_results(path)) >= count:
            return
        time.sleep(0.2)
    raise AssertionError(f"{path.name} has no {count} results after {PATIENCE_SECONDS} s")


def test_a_killed_study_goes_on_and_keeps_what_was_committed(world: str, tmp_path: Path) -> None:
    store = tmp_path / "drivers.study"
    first = _start("sweep", world, "--country", "CHN", "--vary", AXIS, "--store", str(store))
    _wait(store, LEAST)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    kept = _results(store)
    second = _start("study", "resume", str(store))
    _wait(store, len(kept) + LEAST)
    second.send_signal(signal.SIGINT)
    assert second.wait(timeout=PATIENCE_SECONDS) == 130
    found = _results(store)
    assert len(found) > len(kept)
    assert {key: found[key] for key in kept} == kept
