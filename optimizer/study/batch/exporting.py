"""The results of a study as a table for other programs: the same results give the same bytes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from optimizer.errors import Diagnostic, InputError, OutputError
from optimizer.study.batch.store import Store, kind_of
from optimizer.study.writing import written_whole


def export(store: Store, target: Path) -> int:
    """Write the results, by (number, country), as CSV or Parquet, which the ending of `target` decides; the
    number of lines. Infinity is `inf`, what is not known is empty. The file is there whole or not at all.

    Raises `InputError` E659 for another ending and E660 where the package for it is missing, `OutputError`
    E605 where it cannot be written.
    """
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        message = f"`{target.name}` does not end in {' or '.join(_WRITERS)}"
        raise InputError(Diagnostic("E659", message, file=str(target), hint="the ending decides the form"))
    if target.exists() and not target.is_file():
        raise OutputError(Diagnostic("E605", "the output exists and is no ordinary file", file=str(target)))
    if target.exists() and target.samefile(store.path):
        raise OutputError(Diagnostic("E605", "the output would replace the store itself", file=str(target)))
    with written_whole(target, "the table") as fresh:
        return write(store, fresh)


def _csv(store: Store, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(store.header.columns)
        for count, cells in enumerate(store.cells(), 1):  # noqa: B007
            # a float as the shortest text that reads back as it
            writer.writerow("" if cell is None else cell for cell in cells)
    return count


def _parquet(store: Store, path: Path) -> int:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        hint = "pip install 'kloof[parquet]', or name a file that ends in .csv"
        raise InputError(Diagnostic("E660", "Parquet needs the package pyarrow", hint=hint)) from error
    types = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    table = pyarrow.table(
        {
            name: pyarrow.array(cells, type=types[kind_of(name, cells)])
            for name, cells in store.columns().items()
        }
    )
    pyarrow.parquet.write_table(table, path)
    return int(table.num_rows)


_WRITERS: Final[Mapping[str, Callable[[Store, Path], int]]] = {".csv": _csv, ".parquet": _parquet}
