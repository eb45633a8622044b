"""One process at a time writes to a store: it holds a lock on a file beside it for as long.

The lock is one of `fcntl.lockf`, which belongs to the process. The system lets go of it however the process
ends, `kill -9` included, and processes forked from it, which may outlive it by a scenario, do not hold it, as
they would one of `flock`. SQLite's own exclusive mode would keep readers out as well.
"""

from __future__ import annotations

import fcntl
import os
import platform
from contextlib import suppress
from pathlib import Path

from optimizer.errors import Diagnostic, InputError

# A process may take a lock that it holds already, and would lose it with the second one.
_HELD: set[Path] = set()


class Lock:
    """The lock of a store, held until `release`. Raises `InputError` (E654) where it is taken, `OSError`
    where the file beside the store cannot be made."""

    def __init__(self, store: Path) -> None:
        # one store has one lock, whatever it is called
        place = store.resolve()
        self._path = place.with_name(f"{place.name}.lock")
        if self._path in _HELD:
            raise _in_use(store, f"{os.getpid()} on {platform.node()}")
        self._descriptor = self._taken(store)
        _HELD.add(self._path)
        # only to say who holds it: on a full disk it does without
        with suppress(OSError):
            os.truncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()} on {platform.node()}".encode(), 0)

    def release(self) -> None:
        """Let go of it, and remove the file."""
        _HELD.discard(self._path)
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _taken(self, store: Path) -> int:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # the one before may have removed the file after it was opened here
                if os.path.samestat(os.fstat(descriptor), self._path.stat()):
                    return descriptor
            except (BlockingIOError, PermissionError):
                holder = os.pread(descriptor, 200, 0).decode(errors="replace")
                os.close(descriptor)
                raise _in_use(store, holder) from None
            except FileNotFoundError:
                pass
            os.close(descriptor)


def _in_use(store: Path, holder: str) -> InputError:
    who = f"process {holder}" if holder else "another process"
    hint = "wait for it to end, or interrupt it; `kloof study status` reads the store meanwhile"
    return InputError(Diagnostic("E654", f"{who} writes to this store", file=str(store), hint=hint))
