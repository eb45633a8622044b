"""One SQLite file per study: its scenarios, and results as they are committed.

A result that is committed survives the end of the process, `kill -9` included, and of the machine. One
process writes at a time (`lock.py`), others may read meanwhile. While it is written the file keeps a journal
beside it (`-wal`, `-shm`); closed, it is one file again, which any place can be copied to and read from.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from optimizer.errors import Diagnostic, InputError
from optimizer.study.batch.faults import allowed, damaged, no_store, told, unwritable
from optimizer.study.batch.files import header_of, new_file, transaction
from optimizer.study.batch.header import TEXTS, Header, compact, outcomes_text, restored, values_text
from optimizer.study.batch.lock import Lock
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.shards import parse_shard

if TYPE_CHECKING:
    import pandas as pd

_RESULT: Final = "country, status, how, objective, bound, gap, message, outcomes"


@dataclass(frozen=True)
class Record:
    """A result with the scenario that it answers."""

    row: Row
    result: RowResult


@dataclass(frozen=True)
class Counts:
    """How far a store is: `rows` scenarios in it, `done` of them answered for every country, `failed` of
    those for some country not; results by (country, status) and by how they were found; the reasons of those
    without a plan, most frequent first; `seconds` of work on all processes."""

    rows: int
    done: int
    failed: int
    by_status: MappingProxyType[tuple[str, str], int]
    by_how: MappingProxyType[str, int]
    reasons: tuple[tuple[str, int], ...]
    seconds: float

    @property
    def left(self) -> int:
        """Scenarios to be solved."""
        return self.rows - self.done


class Store:
    """A study's file, open. Made by `create` and `open`; a context that closes it.

    Errors of the file while it is used: `InputError` E652 where it is damaged, `OutputError` E655 where it
    cannot be written and E656 where there is no room left. Nothing committed is lost with any of them.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, header: Header, lock: Lock | None) -> None:
        self.path, self.header = path, header
        self._open, self._lock, self._process = connection, lock, os.getpid()

    @classmethod
    def create(cls, path: Path, header: Header, rows: Iterable[Row]) -> Store:
        """A new store, open for writing, of those rows that are in the header's shard. It is there whole or
        not at all.

        Raises `InputError` E215 where the path exists and E654 where another process writes there,
        `OutputError` E655 and E656; `ValueError` for a row without a value for each factor.
        """
        shard = parse_shard(header.shard) if header.shard else None
        cells = (_row_cells(row, header) for row in rows if shard is None or shard.holds(row.number))
        with new_file(path, header) as connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", cells)
            connection.execute("COMMIT")
        return cls.open(path, writing=True)

    @classmethod
    def open(cls, path: Path, writing: bool) -> Store:
        """A store that exists; for writing it is checked page by page.

        Raises `InputError` E201 where there is no file, E651 where it is something else, E652 where it is
        damaged, E653 where a newer version of Kloof wrote it and E654 where another process writes to it;
        `OutputError` E655 where it is to be written and cannot be.
        """
        if not path.exists():
            hint = "name the file that a study was stored in, as given after --store"
            raise InputError(Diagnostic("E201", "there is no such store", file=str(path), hint=hint))
        if not path.is_file():
            raise no_store(path, "it is no ordinary file")
        if not writing:
            return cls._opened(path, None)
        for place in (path, path.absolute().parent):
            if not allowed(place, os.W_OK):
                raise unwritable(path, f"permission denied for {place}")
        with told(path):
            lock = Lock(path)
        try:
            store = cls._opened(path, lock)
        except BaseException:
            lock.release()
            raise
        try:
            store.check()
            with told(path):
                store.connection.execute("PRAGMA journal_mode = WAL")
                store.connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def _opened(cls, path: Path, lock: Lock | None) -> Store:
        place = f"{path.absolute().as_uri()}?mode={'ro' if lock is None else 'rw'}"
        with told(path):
            connection = sqlite3.connect(place, uri=True, isolation_level=None, timeout=30)
            try:
                return cls(path, connection, header_of(connection, path), lock)
            except BaseException:
                connection.close()
                raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._lock is not None:
            # back to one file; whoever reads it now keeps it from that, and the next one does it
            with suppress(sqlite3.Error):
                self._open.execute("PRAGMA busy_timeout = 0")
                self._open.execute("PRAGMA journal_mode = DELETE")
        self._open.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, of the process that opened it alone: one that is forked would damage the file."""
        if os.getpid() != self._process:
            raise RuntimeError("a store is used in another process than the one that opened it")
        return self._open

    def check(self) -> None:
        """Raise `InputError` (E652) where some page of the file is damaged."""
        with told(self.path):
            (found,) = self.connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise damaged(self.path, " ".join(found.split()))

    def pending(self) -> list[int]:
        """The numbers of scenarios that have no result for some country, in order."""
        with told(self.path):
            found = self.connection.execute(
                "SELECT number FROM rows WHERE number NOT IN "
                "(SELECT number FROM results GROUP BY number HAVING count(*) = ?) ORDER BY number",
                (len(self.header.countries),),
            )
            return [number for (number,) in found]

    def row(self, number: int) -> Row:
        """A scenario. Raises `KeyError` where the store does not hold it."""
        with told(self.path):
            cells = self.connection.execute(
                'SELECT number, "values", patches, policy FROM rows WHERE number = ?', (number,)
            ).fetchone()
        if cells is None:
            raise KeyError(number)
        return _row(*cells)

    def commit(self, results: Iterable[RowResult]) -> None:
        """Keep results, all or none. One that is kept already must be the same.

        Raises `ValueError` for results that are not of this study (`check_results`), or other than those
        kept.
        """
        results = list(results)
        check_results(self.header, results)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with told(self.path), transaction(self.connection) as connection:
            for result in results:
                cells = _result_cells(result)
                kept = connection.execute(
                    f"SELECT number, {_RESULT} FROM results WHERE number = ? AND country = ?", cells[:2]
                ).fetchone()
                if kept is None:
                    connection.execute("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", cells)
                    work = (*cells[:2], result.seconds, result.host, now)
                    connection.execute("INSERT INTO work VALUES (?, ?, ?, ?, ?)", work)
                elif kept != cells:
                    raise ValueError(
                        f"scenario {result.number} of {result.country} has another result already"
                    )

    def records(self) -> Iterator[Record]:
        """Every result with its scenario, by (number, country); the same whatever the order of commits."""
        with told(self.path):
            for number, values, patches, policy, *cells, seconds, host in self.connection.execute(
                f'SELECT number, "values", patches, policy, {_RESULT.replace("gap", "results.gap")}, '
                "coalesce(seconds, 0.0), coalesce(host, '') "
                "FROM results JOIN rows USING (number) LEFT JOIN work USING (number, country) "
                "ORDER BY number, country"
            ):
                country, status, how, objective, bound, gap, message, outcomes = cells
                named = {name: restored(value) for name, value in json.loads(outcomes).items()}
                row = _row(number, values, patches, policy)
                plain = (number, country, status, how, objective, bound, gap, message)
                yield Record(row, RowResult(*plain, named, seconds, host))

    def results(self) -> Iterator[RowResult]:
        """Every result, by (number, country)."""
        return (record.result for record in self.records())

    def frame(self) -> pd.DataFrame:
        """One row per (number, country): `header.columns`. What is not known is missing; an outcome that is a
        text somewhere is one everywhere."""
        import pandas as pd

        return pd.DataFrame(
            {
                name: pd.Series(cells, dtype=kind_of(name, cells).__name__)
                for name, cells in self.columns().items()
            }
        )

    def columns(self) -> dict[str, list[Any]]:
        """The table of results by columns, each of one type: `int` for `number`, else `str` or `float`, and
        `None` where it is not known."""
        columns: dict[str, list[Any]] = {name: [] for name in self.header.columns}
        for cells in self.cells():
            for column, cell in zip(columns.values(), cells, strict=True):
                column.append(cell)
        return {name: _uniform(name, cells) for name, cells in columns.items()}

    def cells(self) -> Iterator[tuple[Any, ...]]:
        """The table of results, by (number, country): a cell per column of the header, `None` where it is not
        known."""
        for each in self.records():
            row, result = each.row, each.result
            outcomes = (result.outcomes.get(name) for name in self.header.outcomes)
            before = (row.number, result.country, row.policy, *row.values)
            behind = (result.status, result.how, result.objective, result.bound, result.gap, result.message)
            yield (*before, *behind, *outcomes)

    def counts(self) -> Counts:
        """How far the store is."""
        with told(self.path):
            ask = self.connection.execute
            by_status = {
                (country, status): count
                for country, status, count in ask(
                    "SELECT country, status, count(*) FROM results GROUP BY country, status"
                )
            }
            by_how = dict(ask("SELECT how, count(*) FROM results WHERE how != '' GROUP BY how ORDER BY how"))
            reasons = ask(
                "SELECT message, count(*) FROM results WHERE message != '' GROUP BY message "
                "ORDER BY count(*) DESC, message"
            ).fetchall()
            (rows,) = ask("SELECT count(*) FROM rows").fetchone()
            (done,) = ask(
                "SELECT count(*) FROM (SELECT 1 FROM results GROUP BY number HAVING count(*) = ?)",
                (len(self.header.countries),),
            ).fetchone()
            (failed,) = ask("SELECT count(DISTINCT number) FROM results WHERE status = 'failed'").fetchone()
            (seconds,) = ask("SELECT coalesce(sum(seconds), 0.0) FROM work").fetchone()
        return Counts(
            rows, done, failed, MappingProxyType(by_status), MappingProxyType(by_how), tuple(reasons), seconds
        )


def check_results(header: Header, results: Sequence[RowResult]) -> None:
    """Raise `ValueError` for results that the table of a study has no place for: of another country, with an
    outcome that it does not name, or with an objective, bound or gap that is not a number."""
    for each in results:
        if each.country not in header.countries:
            raise ValueError(f"{each.country} is no country of the study")
        if strangers := set(each.outcomes) - set(header.outcomes):
            raise ValueError(f"{min(strangers)} is no outcome of the study")
        for name in ("objective", "bound", "gap"):
            number = getattr(each, name)
            if number is not None and number != number:
                raise ValueError(f"the {name} of {each.country} is not a number")


def _row_cells(row: Row, header: Header) -> tuple[object, ...]:
    if len(row.values) != len(header.factors) or not 0 <= row.number < header.total:
        raise ValueError(
            f"row {row.number} is none of a study of {len(header.factors)} factors, {header.total} rows"
        )
    return row.number, values_text(row.values), compact(row.patches), row.policy


def _row(number: int, values: str, patches: str, policy: str) -> Row:
    return Row(number, tuple(map(restored, json.loads(values))), tuple(json.loads(patches)), policy)


def _result_cells(result: RowResult) -> tuple[Any, ...]:
    return (
        *(result.number, result.country, result.status, result.how),
        *(None if each is None else float(each) for each in (result.objective, result.bound, result.gap)),
        *(result.message, outcomes_text(result.outcomes)),
    )


def kind_of(name: str, cells: Iterable[Any]) -> type:
    """The type of a column of `Store.columns`."""
    if name == "number":
        return int
    return str if name in TEXTS or any(isinstance(cell, str) for cell in cells) else float


def _uniform(name: str, cells: list[Any]) -> list[Any]:
    if kind_of(name, cells) is not str:
        return cells
    return [cell if cell is None or isinstance(cell, str) else repr(cell) for cell in cells]
