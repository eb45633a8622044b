"""What every test starts from."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

# a shell ignores interrupts for what it starts in the background, and `nohup` hang-ups; what a test starts
# inherits that
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where all tests, on however many processes, keep compiled plans, as commands do."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "programs"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KLOOF_CACHE", str(directory))
        # what the command says to itself, for those that run in this process
        patched.setenv("_KLOOF_PROGRAMS", str(directory))
        patched.setattr("optimizer.study.program_store.MOST_FILES", 200)
        yield directory
