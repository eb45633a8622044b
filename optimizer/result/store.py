"""Run directories: what a command leaves on disk, written whole or not at all.

A run holds `strategy.csv`, `summary.json` and `manifest.json`. The same inputs give the same bytes, times in
the manifest aside, and the same default place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from optimizer.errors import Diagnostic, InputError, OutputError

MANIFEST: Final = "manifest.json"
SUMMARY: Final = "summary.json"
PROGRAM: Final = "kloof"


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def input_hash(inputs: Mapping[str, Any]) -> str:
    """A hash of JSON-like inputs that does not depend on the order of keys."""
    return sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode())


def default_directory(command: str, inputs: Mapping[str, Any]) -> Path:
    """`runs/<command>-<12 hex of the input hash>` under the working directory."""
    return Path("runs") / f"{command}-{input_hash(inputs)[:12]}"


def check_replaceable(directory: Path) -> None:
    """Raise `InputError` unless `directory` is new, empty or an earlier run, so that nothing else is lost."""
    if not directory.exists() and not directory.is_symlink():
        return
    if not directory.is_dir():
        raise InputError(Diagnostic("E602", "the output exists and is not a directory", file=str(directory)))
    if directory.is_symlink():
        raise InputError(Diagnostic("E602", "the output directory is a symbolic link", file=str(directory)))
    if not any(directory.iterdir()) or _is_run(directory):
        return
    raise InputError(
        Diagnostic(
            "E602",
            "the output directory holds files that are not a run of kloof",
            file=str(directory),
            hint="name a new or empty directory, or an earlier run to replace",
        )
    )


def check_place(directory: Path) -> None:
    """Raise an error unless a run can be saved as `directory`; so much is better known before a solve.

    Creates the directory's parents.
    """
    check_replaceable(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{directory.name}.", dir=directory.parent):
            pass
    except OSError as error:
        raise _unwritable(directory, error) from error


def _unwritable(directory: Path, error: OSError) -> OutputError:
    parent = directory.parent
    why = error.strerror or str(error)
    if parent.exists() and not parent.is_dir():
        why = f"`{parent}` is not a directory"
    message = f"the run cannot be saved: {why}"
    hint = "name a place that can be written after --out, or --no-save"
    return OutputError(Diagnostic("E605", message, file=str(directory), hint=hint))


def check_ordinary(target: Path) -> None:
    """Raise `OutputError` where a file would take the place of a device, a pipe or the like."""
    if target.exists() and not target.is_file():
        message = "the output exists and is no ordinary file"
        raise OutputError(Diagnostic("E605", message, file=str(target)))


def beside_earlier(directory: Path) -> Path:
    """`directory`, or where it holds an earlier run, which half a run must not replace, a place beside it."""
    return directory.with_name(f"{directory.name}-interrupted") if _is_run(directory) else directory


def _is_run(directory: Path) -> bool:
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("program") == PROGRAM


def open_run(directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest and summary of a saved run. Raises `InputError` where there is none or it is damaged."""
    if not _is_run(directory):
        message = "no saved run here" if directory.is_dir() else "no such directory"
        hint = "name a directory that `kloof solve` or `kloof compare` saved"
        raise InputError(Diagnostic("E641", message, file=str(directory), hint=hint))
    found = []
    for name in (MANIFEST, SUMMARY):
        try:
            data = json.loads((directory / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"the file cannot be read: {error}"
            place = str(directory / name)
            raise InputError(Diagnostic("E642", message, file=place, hint="save the run again")) from error
        found.append(data)
    return found[0], found[1]


def changed_files(manifest: Mapping[str, Any], instance: Path) -> list[str]:
    """The files of a run's instance whose content in the directory `instance` is not what it was."""
    changed = []
    for name, known in manifest.get("files", {}).items():
        try:
            same = sha256((instance / name).read_bytes()) == known
        except OSError:
            same = False
        if not same:
            changed.append(name)
    return changed


def save(directory: Path, files: Mapping[str, str]) -> None:
    """Write `files` (name -> text) as the whole content of `directory`, replacing an earlier run at once.

    Raises `InputError` where the directory must not be replaced, `OutputError` where it cannot be written.
    """
    check_replaceable(directory)
    place = directory.parent / f".{directory.name}"
    fresh, old = Path(f"{place}.new-{os.getpid()}"), Path(f"{place}.old-{os.getpid()}")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir()
        for name, text in files.items():
            (fresh / name).write_text(text, encoding="utf-8", newline="")
        if directory.exists():
            directory.rename(old)
        fresh.rename(directory)
    except OSError as error:
        raise _unwritable(directory, error) from error
    finally:
        if old.exists() and not directory.exists():
            old.rename(directory)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def json_text(data: Mapping[str, Any]) -> str:
    """JSON for a file: sorted as given, indented, with a last newline; infinity must already be text."""
    return json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def text_of_infinity(value: float) -> float | str:
    """A number as JSON can hold it: infinity as `inf` or `-inf`."""
    if value == float("inf"):
        return "inf"
    return "-inf" if value == float("-inf") else value
