"""The file of a store: its tables, how it is made, and whether a file is one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from optimizer.errors import Diagnostic, InputError
from optimizer.study.batch.faults import damaged, no_store, told
from optimizer.study.batch.header import Header, compact
from optimizer.study.batch.lock import Lock

FORMAT: Final = 1
# `Klof`: tells a store from other SQLite files
_APPLICATION: Final = 0x4B6C6F66
_TABLES: Final = """
CREATE TABLE study (
    key TEXT NOT NULL, format INTEGER NOT NULL, kloof_version TEXT NOT NULL, schema_version INTEGER NOT NULL,
    document TEXT NOT NULL, factors TEXT NOT NULL, countries TEXT NOT NULL, outcomes TEXT NOT NULL,
    gap REAL NOT NULL, leader TEXT NOT NULL, total INTEGER NOT NULL, shard TEXT NOT NULL
);
CREATE TABLE rows (
    number INTEGER PRIMARY KEY, "values" TEXT NOT NULL, patches TEXT NOT NULL, policy TEXT NOT NULL
);
CREATE TABLE results (
    number INTEGER NOT NULL REFERENCES rows, country TEXT NOT NULL, status TEXT NOT NULL, how TEXT NOT NULL,
    objective REAL, bound REAL, gap REAL, message TEXT NOT NULL, outcomes TEXT NOT NULL,
    PRIMARY KEY (number, country)
) WITHOUT ROWID;
CREATE TABLE work (
    number INTEGER NOT NULL, country TEXT NOT NULL, seconds REAL NOT NULL, host TEXT NOT NULL,
    finished_at TEXT NOT NULL, PRIMARY KEY (number, country)
) WITHOUT ROWID;
"""


@contextmanager
def new_file(path: Path, header: Header) -> Iterator[sqlite3.Connection]:
    """A connection to a store without scenarios, which takes its place as `path` when the context ends well.
    Raises as `Store.create` does."""
    if path.is_symlink() or path.exists():
        hint = "resume it, name another file, or remove it"
        raise InputError(Diagnostic("E215", "the store exists already", file=str(path), hint=hint))
    fresh = path.absolute().with_name(f".{path.name}.new")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = Lock(path)
        try:
            # what a process left that was killed here
            for place in (fresh, Path(f"{fresh}-journal")):
                place.unlink(missing_ok=True)
            connection = sqlite3.connect(fresh.as_uri(), uri=True, isolation_level=None)
            try:
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.executescript(_TABLES)
                cells = _header_cells(header)
                connection.execute(f"INSERT INTO study VALUES ({', '.join('?' * len(cells))})", cells)
                yield connection
            finally:
                connection.close()
            fresh.rename(path)
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            lock.release()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All that is done within is kept, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has done so itself where there was no room
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def header_of(connection: sqlite3.Connection, path: Path) -> Header:
    """The header of a file that is a store of this format."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (form,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise no_store(
            path, "the file is empty" if not path.stat().st_size else "another program's SQLite file"
        )
    if form > FORMAT:
        message = f"the store has format {form}; this version of Kloof knows those to {FORMAT}"
        hint = "install the version of Kloof that wrote it, or a newer one"
        raise InputError(Diagnostic("E653", message, file=str(path), hint=hint))
    cells = connection.execute("SELECT * FROM study").fetchone()
    if cells is None:
        raise damaged(path, "it does not say which study it is of")
    key, _, kloof_version, schema_version, document, *rest = cells
    *named, gap, leader, total, shard = rest
    factors, countries, outcomes = (tuple(json.loads(text)) for text in named)
    study = (key, kloof_version, schema_version, json.loads(document))
    return Header(*study, factors, countries, outcomes, gap, leader, total, shard)


def _header_cells(header: Header) -> tuple[object, ...]:
    lists = (header.factors, header.countries, header.outcomes)
    return (
        *(header.key, FORMAT, header.kloof_version, header.schema_version, compact(header.document)),
        *(compact(each) for each in lists),
        *(header.gap, header.leader, header.total, header.shard),
    )
