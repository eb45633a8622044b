"""A scheduler and workers of Dask in processes of their own, on ports of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
OTHER_CODE = (
    "import optimizer.study.batch.key as key; key.code_digest = lambda: 'f' * 64; "
    "from distributed.cli.dask_worker import main; main()"
)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass
class Processes:
    """What a test has started; all of it is killed at its end."""

    place: Path
    address: str = ""
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.place / f"log-{len(self.started)}").open("wb")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with log:
            process = subprocess.Popen(
                [sys.executable, *words], cwd=self.place, env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        told = self.place / "scheduler.json"
        process = self.start(
            *("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            # where nobody is left to end it, it ends by itself, and its workers with it
            *("--no-dashboard", "--scheduler-file", str(told), "--idle-timeout", "300"),
        )
        until(told.exists)
        self.address = json.loads(told.read_text())["address"]
        return process

    def worker(self, code: str = "") -> subprocess.Popen[bytes]:
        how = ("-c", code) if code else ("-m", "distributed.cli.dask_worker")
        process = self.start(*how, self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        if not code:
            self.workers.append(process)
        return process

    def have(self, count: int) -> list[subprocess.Popen[bytes]]:
        """So many workers that are alive, started where they are not."""
        alive = [each for each in self.workers if each.poll() is None]
        while len(alive) < count:
            alive.append(self.worker())
        return alive

    def end(self) -> None:
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
