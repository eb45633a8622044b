"""Stores of the shards of one study as one store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from optimizer.errors import Diagnostic, InputError
from optimizer.study.batch.files import new_file
from optimizer.study.batch.header import differences
from optimizer.study.batch.store import Store

# What must agree where two stores have the same scenario: times and hosts may differ.
_COMPARED: Final = {
    "rows": ("number", '"values"', "patches", "policy"),
    "results": ("number", "country", "status", "how", "objective", "bound", "gap", "message", "outcomes"),
}
_COPIED: Final = ("rows", "results", "work")


def merge(paths: Sequence[Path], into: Path) -> Store:
    """A new store `into` of all that stores of one study hold, open for writing.

    Raises `InputError`: E657 where one is of another study, E658 where two have another result of a scenario,
    E215 where `into` exists, and what `Store.open` raises of each.
    """
    with ExitStack() as opened:
        stores = [opened.enter_context(Store.open(path, writing=False)) for path in paths]
        first = stores[0]
        for store in stores:
            store.check()
            if store.header.key != first.header.key:
                found = "; ".join(differences(first.header, store.header, "there", "here"))
                message = f"its study is not that of {first.path}: {found}"
                hint = "merge stores of one study only; `kloof study status` tells what each is of"
                raise InputError(Diagnostic("E657", message, file=str(store.path), hint=hint))
    shards = {part for store in stores for part in store.header.shard.split()}
    header = replace(first.header, shard=" ".join(sorted(shards, key=_in_order)))
    with new_file(into, header) as connection:
        for path in paths:
            connection.execute("ATTACH ? AS other", (f"{path.absolute().as_uri()}?mode=ro",))
            # one moment of a store that is written to meanwhile
            connection.execute("BEGIN")
            for table, columns in _COMPARED.items():
                _check_agreement(connection, table, columns, path)
            for table in _COPIED:
                connection.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM other.{table}")
            connection.execute("COMMIT")
            connection.execute("DETACH other")
        connection.execute("UPDATE study SET shard = '' WHERE total = (SELECT count(*) FROM rows)")
    return Store.open(into, writing=True)


def _check_agreement(connection: sqlite3.Connection, table: str, columns: Sequence[str], path: Path) -> None:
    here, there = (", ".join(f"{side}.{name}" for name in columns) for side in ("a", "b"))
    keys = [name for name in ("number", "country") if name in columns]
    found = connection.execute(
        f"SELECT {', '.join(keys)} FROM main.{table} a JOIN other.{table} b USING ({', '.join(keys)}) "
        f"WHERE ({here}) IS NOT ({there}) ORDER BY 1 LIMIT 1"
    ).fetchone()
    if found is not None:
        number, *country = found
        what = f"the result of {country[0]} in scenario {number}" if country else f"scenario {number}"
        message = f"{what} is not that of the stores named before it"
        hint = "one of them was changed, or computed on a machine that computes otherwise: leave it out"
        raise InputError(Diagnostic("E658", message, file=str(path), hint=hint))


def _in_order(shard: str) -> tuple[int, int]:
    index, count = shard.split("/")
    return int(count), int(index)
