"""What SQLite says went wrong with a store, as an error with a remedy."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from optimizer.errors import Diagnostic, InputError, KloofError, OutputError

KEPT: Final = "what was committed is kept"
# what a full disk or a reached limit is beside SQLITE_FULL
_NO_ROOM: Final = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raises what SQLite or the system raises about the store at `path` as a `KloofError`."""
    try:
        yield
    except sqlite3.Error as error:
        found = _of_sqlite(error, path)
        if found is None:
            raise
        raise found from error
    except OSError as error:
        why = error.strerror or str(error)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise (_no_room(path, why) if full else unwritable(path, why)) from error


def allowed(path: Path, mode: int) -> bool:
    """Whether the process may read (`os.R_OK`) or write (`os.W_OK`) there."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def unwritable(path: Path, why: str) -> OutputError:
    """The error of a store that cannot be written."""
    hint = (
        "make the file and its directory writable, or copy the store, with its -wal file where there is one, "
        f"to a directory that is; {KEPT}"
    )
    return OutputError(Diagnostic("E655", f"the store cannot be written: {why}", file=str(path), hint=hint))


def no_store(path: Path, why: str) -> InputError:
    """The error of a file that is something else."""
    hint = "name the file that a study was stored in; this one is left as it is"
    return InputError(Diagnostic("E651", f"no store of a study: {why}", file=str(path), hint=hint))


def damaged(path: Path, why: str) -> InputError:
    """The error of a store that cannot be trusted any more."""
    hint = (
        "put back a copy, or run the study into a new file; the file is left as it is, and "
        f"`sqlite3 {path} .recover` reads what can still be read"
    )
    return InputError(Diagnostic("E652", f"the store is damaged: {why}", file=str(path), hint=hint))


def _no_room(path: Path, why: str) -> OutputError:
    message = f"no room left for the store: the disk is full, or a quota or limit on files is reached ({why})"
    hint = f"make room and run the command again; {KEPT}"
    return OutputError(Diagnostic("E656", message, file=str(path), hint=hint))


def _of_sqlite(error: sqlite3.Error, path: Path) -> KloofError | None:
    code: int = getattr(error, "sqlite_errorcode", 0)
    primary, why = code & 0xFF, str(error)
    if primary == sqlite3.SQLITE_FULL or code in _NO_ROOM:
        return _no_room(path, why)
    if primary == sqlite3.SQLITE_NOTADB:
        return no_store(path, "the file is none of SQLite's")
    if primary == sqlite3.SQLITE_CORRUPT:
        return damaged(path, why)
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        hint = "end what has the file open, and try again"
        return InputError(
            Diagnostic("E654", f"another program holds the store: {why}", file=str(path), hint=hint)
        )
    if primary in (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_IOERR,
    ):
        if path.exists() and not allowed(path, os.R_OK):
            message, hint = "the store cannot be read: permission denied", "make the file readable"
            return InputError(Diagnostic("E202", message, file=str(path), hint=hint))
        journal = path.with_name(f"{path.name}-wal")
        if journal.exists():
            why = f"it was not closed, and {journal.name} has to be written into it first ({why})"
        return unwritable(path, why)
    return None
