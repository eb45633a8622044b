"""Compiled plans kept on disk between commands.

Building a plan's model and compiling it takes longer than solving a country's plan, and most commands compile
what the one before compiled. A program depends on nothing but the parameters it was built of, the sources of
the formulation and of the compiler, and the libraries that both use: its file is named by a hash of all of
them, so that what is found under a name is what would be compiled. A file that is damaged, or cannot be read
or written, costs the time of a compilation and nothing else.

The command names the directory (`_KLOOF_PROGRAMS`, from the user's `KLOOF_CACHE`) to itself and to what it
starts; elsewhere nothing is kept: in a Python session anybody may have changed the formulation's functions,
which no file tells. Files are pickles: who may write to the directory may run code as whoever reads it, as
with the sources themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final
from uuid import uuid4

import models
import optimizer.program
from models.parameters import PlanParameters
from optimizer.program import Program
from optimizer.study.identity import identity

VARIABLE: Final = "_KLOOF_PROGRAMS"
# 4 MB each
MOST_FILES: Final = 16
_LIBRARIES: Final = ("kloof", "numpy", "pyomo", "scipy")
_HASH_BYTES: Final = 32
# a part that is older is nobody's any more
_LONGEST_WRITE_SECONDS: Final = 24 * 3600


def compiled(parameters: PlanParameters, compile_: Callable[[], Program]) -> Program:
    """The program of these parameters: the one kept, or what `compile_` makes, which is then kept."""
    named = os.environ.get(VARIABLE)
    if not named:
        return compile_()
    file = Path(named) / f"{SOURCES}-{identity(parameters)}.program"
    found = _read(file)
    if found is None:
        found = compile_()
        with contextlib.suppress(OSError):
            # what was changed since it was read is not what compiled
            if _sources() == SOURCES:
                _write(file, found)
    return found


def _sources() -> str:
    """A hash of all that turns parameters into a program."""
    found = hashlib.blake2b(digest_size=16)
    found.update(f"{platform.python_implementation()} {platform.python_version()}".encode())
    for library in _LIBRARIES:
        found.update(f"{library} {_version(library)}".encode())
    rooms = (Path(room.__path__[0]) for room in (models, optimizer.program))
    # the last says what is asked of the compiler
    asking = Path(__file__).with_name("plan_solver.py")
    for source in (*(source for room in rooms for source in sorted(room.glob("*.py"))), asking):
        found.update(source.name.encode())
        found.update(source.read_bytes())
    return found.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        # run from its sources, which are hashed
        return ""


SOURCES: Final = _sources()


def _read(file: Path) -> Program | None:
    """The program of a file, None where there is none that is whole."""
    try:
        written = file.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        os.utime(file)
    if hashlib.sha256(written[_HASH_BYTES:]).digest() != written[:_HASH_BYTES]:
        return None
    found = pickle.loads(memoryview(written)[_HASH_BYTES:])
    return found if isinstance(found, Program) else None


def _write(file: Path, program: Program) -> None:
    """Write a file whole or not at all, and drop those used longest ago, and what killed commands left."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pickled = pickle.dumps(program, protocol=pickle.HIGHEST_PROTOCOL)
    beside = file.with_suffix(f".{uuid4().hex}.part")
    try:
        beside.write_bytes(hashlib.sha256(pickled).digest() + pickled)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    kept = sorted(file.parent.glob("*.program"), key=lambda each: each.stat().st_mtime)
    for old in kept[:-MOST_FILES]:
        old.unlink(missing_ok=True)
    for part in file.parent.glob("*.part"):
        if part.stat().st_mtime < file.stat().st_mtime - _LONGEST_WRITE_SECONDS:
            part.unlink(missing_ok=True)
