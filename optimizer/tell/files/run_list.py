"""The saved runs in a directory, those included that cannot be told any more."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from optimizer.answer.manifest import Manifest
from optimizer.errors import InputError
from optimizer.tell.files.store import ANSWERS, MANIFEST, PROGRAM, SUMMARY, open_run, read_object
from optimizer.tell.page.whole import check_end

WHOLE, OLDER, DAMAGED = "whole", "older", "damaged"
OTHER_VERSION: Final = "E644"
SHORT_KEY: Final = 12


@dataclass(frozen=True)
class ListedRun:
    """A run directory: what was asked, how it ended, and whether it is `whole`, of an `older` form or
    `damaged`, with the reason. `changes` are those of `--set`; `gap` is the largest of its plans, average log
    units; `date` when it was saved, in local time."""

    run: str
    state: str
    reason: str
    command: str = ""
    instance: str = ""
    countries: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    status: str = ""
    gap: float | None = None
    date: str = ""
    version: str = ""
    key: str = ""

    def data(self) -> dict[str, Any]:
        return asdict(self)


def saved_runs(place: Path) -> Iterator[ListedRun]:
    """The runs in a directory by name, or the run that it is itself; other directories are passed over."""
    if (place / MANIFEST).exists():
        yield from _listed(place)
        return
    for found in sorted(place.iterdir()):
        if found.is_dir() and not found.name.startswith("."):
            yield from _listed(found)


def _listed(directory: Path) -> Iterator[ListedRun]:
    place = directory / MANIFEST
    if not place.exists():
        if (directory / SUMMARY).exists():
            yield ListedRun(str(directory), DAMAGED, f"{MANIFEST} is missing")
        return
    try:
        said = read_object(place)
    except InputError as error:
        yield ListedRun(str(directory), DAMAGED, error.diagnostics[0].message, date=_date(place))
        return
    if said.get("program") != PROGRAM:
        return
    state, reason = _state(directory, str(said.get("command")))
    try:
        manifest = Manifest.model_validate(said)
    except ValueError:
        yield ListedRun(str(directory), state, reason, str(said.get("command") or ""), date=_date(place))
        return
    gaps = [gap for gap in manifest.gap.values() if gap is not None]
    yield ListedRun(
        str(directory),
        state,
        reason,
        manifest.command,
        manifest.instance,
        tuple(map(str, manifest.options.get("countries") or ())),
        tuple(each.name for each in manifest.policies),
        tuple(manifest.set),
        _status(directory),
        max(gaps, default=None),
        _date(place),
        manifest.versions.get("kloof") or "",
        manifest.key,
    )


def _state(directory: Path, command: str) -> tuple[str, str]:
    """Whether a run can be told; where no command tells runs of its kind, whether its files can be read."""
    try:
        if command in ANSWERS:
            open_run(directory)
            for table in directory.glob("*.csv"):
                check_end(table)
        else:
            read_object(directory / SUMMARY)
    except InputError as error:
        first = error.diagnostics[0]
        return (OLDER if first.code == OTHER_VERSION else DAMAGED), first.message
    return WHOLE, ""


def _status(directory: Path) -> str:
    try:
        return str(read_object(directory / SUMMARY).get("status") or "")
    except InputError:
        return ""


def _date(path: Path) -> str:
    return datetime.datetime.fromtimestamp(path.stat().st_mtime).isoformat(" ", "minutes")
