"""Run directories: what a command leaves on disk, written whole or not at all.

A run holds `strategy.csv`, `summary.json` and `manifest.json`. The same inputs give the same bytes, times in
the manifest aside, and the same default place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from optimizer.answer.answer import CompareAnswer, SolveAnswer
from optimizer.answer.context import Context
from optimizer.answer.controls import ControlsAnswer
from optimizer.answer.manifest import Manifest
from optimizer.answer.part import Part
from optimizer.errors import Diagnostic, InputError, OutputError
from optimizer.instance.shipped import shipped_instances
from optimizer.tell import SCHEMA_VERSION

MANIFEST: Final = "manifest.json"
SUMMARY: Final = "summary.json"
CONTEXT: Final = "context.json"
PROGRAM: Final = "kloof"
CONTROLS: Final = "controls"

Answer = SolveAnswer | CompareAnswer
Saved = TypeVar("Saved", bound=Part)
ANSWERS: Final[Mapping[str, type[SolveAnswer] | type[CompareAnswer]]] = {
    "solve": SolveAnswer,
    "equilibrium": SolveAnswer,
    "compare": CompareAnswer,
}


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


def open_run(directory: Path) -> tuple[Manifest, Answer]:
    """The manifest and the answer of a saved run.

    Raises `InputError`: E641 where there is none, E642 where a file is damaged, E644 where another version of
    Kloof saved it.
    """
    said, place = said_of(directory), directory / MANIFEST
    command = str(said.get("command"))
    if command not in ANSWERS:
        raise InputError(Diagnostic("E641", f"a run of `{command}` cannot be told", file=str(place)))
    summary = read_object(directory / SUMMARY)
    _check_version(said, place)
    manifest = _checked(Manifest, said, place, "save the run again")
    again = f"save it again: {_command(manifest, directory)}"
    return manifest, _checked(ANSWERS[command], summary, directory / SUMMARY, again)


def said_of(directory: Path) -> dict[str, Any]:
    """The manifest of a saved run as it is written. Raises `InputError` as `open_run`."""
    if not _is_run(directory):
        message = "no saved run here" if directory.is_dir() else "no such directory"
        hint = "name a directory that `kloof solve` or `kloof compare` saved"
        raise InputError(Diagnostic("E641", message, file=str(directory), hint=hint))
    return read_object(directory / MANIFEST)


def _check_version(said: Mapping[str, Any], place: Path) -> None:
    version = said.get("schema_version")
    if version != SCHEMA_VERSION:
        message = f"saved by another version of Kloof: its form is {version}, not {SCHEMA_VERSION}"
        raise InputError(Diagnostic("E644", message, file=str(place), hint="save the run again"))


def open_controls(directory: Path) -> tuple[dict[str, Any], ControlsAnswer]:
    """The manifest, as it is written, and the answer of a saved run of export regimes.

    Raises as `open_run`.
    """
    said = said_of(directory)
    if said.get("command") != CONTROLS:
        message = f"a run of `{said.get('command')}` is none of export regimes"
        raise InputError(Diagnostic("E641", message, file=str(directory / MANIFEST)))
    _check_version(said, directory / MANIFEST)
    path = directory / SUMMARY
    return said, _checked(ControlsAnswer, read_object(path), path, "save the run again")


def open_context(directory: Path) -> Context:
    """What the names of a saved run mean; nothing where it does not say. Raises as `open_run`."""
    path = directory / CONTEXT
    return _checked(Context, read_object(path), path, "save the run again") if path.exists() else Context()


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that a file of a run holds. Raises `InputError` (E642) where it is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not isinstance(data, dict):
        raise InputError(Diagnostic("E642", "the file does not hold one JSON object", file=str(path)))
    return data


def unreadable(path: Path, error: Exception) -> InputError:
    """What to say of a file of a run that cannot be read."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    message = f"the file cannot be read: {reason}"
    return InputError(Diagnostic("E642", message, file=str(path), hint="save the run again"))


def _checked(kind: type[Saved], data: dict[str, Any], path: Path, again: str) -> Saved:
    """What a file holds, typed. Raises `InputError` (E644) with the first thing that is not as it is now."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = "is missing" if first["type"] == "missing" else f"cannot be read: {first['msg']}"
        name = ".".join(map(str, first["loc"]))
        message = f"saved by another version of Kloof, or changed since: `{name}` {what}"
        raise InputError(Diagnostic("E644", message, file=str(path), path=name, hint=again)) from error


def _command(manifest: Manifest, directory: Path) -> str:
    """The command that makes a run anew. Where the instance, and the file of rows of the user's own, stand is
    not in the manifest, and is to be put in."""
    asked = manifest.options.items()
    options = {name.replace("_", "-"): value for name, value in asked if value not in (None, False)}
    shipped = manifest.instance in shipped_instances()
    given = [
        *(("--policy", name) for name in manifest.given_policies),
        *(("--set-column", each.column) for each in manifest.policies if each.patches),
        *(("--set", text) for text in manifest.set),
        *(("--country", str(country)) for country in options.pop("countries", ())),
        *(
            (f"--{name.replace('_', '-')}", str(value))
            for name, value in options.items()
            if value is not True
        ),
        *(() if manifest.extend is None else (("--extend", f"FILE.py:{manifest.extend.function}"),)),
    ]
    flags = [f"--{name}" for name, value in options.items() if value is True]
    words = ["kloof", manifest.command, manifest.instance if shipped else "INSTANCE"]
    return shlex.join([*words, *(part for pair in given for part in pair), *flags, "--out", str(directory)])


def changed_files(manifest: Manifest, instance: Path) -> list[str]:
    """The files of a run's instance whose content in the directory `instance` is not what it was."""
    changed = []
    for name, known in manifest.files.items():
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
