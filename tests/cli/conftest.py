"""The command, on the instance that `kloof new` writes."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from optimizer.cli import main

KLOOF = Path(sys.executable).with_name("kloof")


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


def run_kloof(directory: Path, *arguments: str, charset: str = "utf-8", **environment: str) -> Outcome:
    """Run `kloof` in a directory, in this process: starting one takes longer than most commands do.

    Pyomo, the engine and the instances are read once; nothing else outlives a command. `charset` is that of
    its streams.
    """
    assert not [name for name in environment if name.startswith("PYTHON")], "read when Python starts"
    collection = gc.get_threshold()
    try:
        with contextlib.chdir(directory):
            done = CliRunner(charset=charset).invoke(
                main, arguments, prog_name="kloof", env={"COLUMNS": "120", **environment}
            )
    finally:
        gc.set_threshold(*collection)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return checked(Outcome(done.exit_code, done.stdout, done.stderr))


def start_kloof(directory: Path, *arguments: str, **environment: str) -> Outcome:
    """Run `kloof` in a directory, in a process of its own, as a shell does."""
    done = subprocess.run(
        [str(KLOOF), *arguments],
        cwd=directory,
        # whatever started the tests may have set a width of its own
        env={**os.environ, "PYTHONWARNINGS": "default", "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return checked(Outcome(done.returncode, done.stdout, done.stderr))


def checked(outcome: Outcome) -> Outcome:
    """Nothing but Kloof's own words may reach a user."""
    assert "Traceback" not in outcome.err, outcome.err
    assert "Warning" not in outcome.err, outcome.err
    return outcome


@pytest.fixture
def kloof(tmp_path: Path) -> Run:
    """Run `kloof` in an empty directory, in this process."""
    return lambda *arguments, **environment: run_kloof(tmp_path, *arguments, **environment)


@pytest.fixture
def kloof_process(tmp_path: Path) -> Run:
    """Run `kloof` in an empty directory, in a process of its own."""
    return lambda *arguments, **environment: start_kloof(tmp_path, *arguments, **environment)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a fresh instance."""
    directory = tmp_path_factory.mktemp("instance") / "small"
    made = run_kloof(directory.parent, "new", "small")
    assert made.code == 0, made.err
    return str(directory)


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory, world: str) -> tuple[Outcome, Path]:
    """That instance solved once: what the command printed, and the run directory."""
    place = tmp_path_factory.mktemp("saved")
    done = run_kloof(place, "solve", world, "--out", "run")
    assert done.code == 0, done.err
    return done, place / "run"


@pytest.fixture(scope="session")
def saved(solved: tuple[Outcome, Path]) -> Path:
    """The run directory of that instance."""
    return solved[1]


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory, world: str) -> str:
    """That instance with one country more, TWI: the leader's twin, which knows what the leader knew three
    months ago. With the same fleet that is a lag of 1.3 months: no base state with it lies further back."""
    place = tmp_path_factory.mktemp("instance") / "twins"
    shutil.copytree(world, place)
    leader = (place / "countries" / "USA.yaml").read_text()
    # a part of the leader, so that no chip is sold twice
    twin = re.sub(r"\bUSA\b", "TWI", leader).replace("iso3: TWI", "iso3: TWI\npart_of: USA")
    twin = twin.replace("lag_months: 0", "lag_months: 1.3, knowledge0_years: 1.386")
    (place / "countries" / "TWI.yaml").write_text(twin)
    return str(place)


@pytest.fixture(scope="session")
def overtaken(tmp_path_factory: pytest.TempPathFactory, twins: str) -> tuple[Outcome, Path]:
    """The leader's twin with three times its money, which passes it: in the baseline by little, under one
    policy by much, under another not for good. What `compare` printed, and the run directory."""
    place = tmp_path_factory.mktemp("overtaken")
    for name, factor in (("poor", 0.3), ("rich", 3)):
        patch = f"countries.USA.budget.income_usd_bn *= {factor}"
        (place / f"{name}.yaml").write_text(f"title: A {name} leader\npatches: ['{patch}']\n")
    done = run_kloof(
        *(place, "compare", twins, "--country", "TWI", "--policy", "poor.yaml", "--policy", "rich.yaml"),
        *("--set", "countries.TWI.budget.income_usd_bn *= 3", "--out", "run", "--jobs", "1"),
    )
    assert done.code == 0, done.err
    return done, place / "run"


def interrupted_on_terminal(
    place: Path,
    wanted: str,
    *arguments: str,
    by: signal.Signals = signal.SIGINT,
    send: Callable[[int, int], None] = os.killpg,
) -> tuple[int, str, str]:
    """Interrupt a command on a terminal once `wanted` stands there: exit code, standard output and what the
    terminal showed. As a terminal does it, the interrupt goes to the command and to all that it started,
    which has ended with it."""
    master, terminal = pty.openpty()
    with subprocess.Popen(
        [str(KLOOF), *arguments],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        said = until(master, wanted)
        send(process.pid, by)
        assert process.stdout is not None
        out = process.stdout.read()
        said += until(master, None)
    os.close(master)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return process.returncode, out, said


def until(terminal: int, wanted: str | None) -> str:
    """What is written to a terminal until `wanted` has been, or all of it."""
    text = ""
    while wanted is None or wanted not in text:
        try:
            text += os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            break
    return text
