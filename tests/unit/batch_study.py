"""A study whose scenarios take a moment, and a process that solves it.

`python -m tests.unit.batch_study STORE JOBS LOG SECONDS` drains a store; each scenario that is begun leaves a
line in LOG. In the place of JOBS may be the address of a scheduler.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer.errors import KloofError
from optimizer.study.batch import drain as draining
from optimizer.study.batch.cluster import connected
from optimizer.study.batch.drain import drain
from optimizer.study.batch.exporting import export
from optimizer.study.batch.header import Header
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.store import Store

COUNTRIES = ("CHN", "USA")
OUTCOMES = ("lag_months/2035", "spend_share/research/2030", "binding")
STATUSES = ("optimal", "optimal", "optimal", "stopped", "infeasible")


def header(total: int, **changes: Any) -> Header:
    plain = Header(
        key="0" * 64,
        kloof_version="0.1.0",
        schema_version=1,
        document={"design": "lhs", "samples": total, "seed": 1},
        factors=("income", "regime"),
        countries=COUNTRIES,
        outcomes=OUTCOMES,
        gap=1e-4,
        leader="answer",
        total=total,
    )
    return replace(plain, **changes)


def rows(total: int) -> list[Row]:
    return [
        Row(n, (math.sin(n) * 10 ** (n % 40 - 20), ("open", "closed")[n % 2]), (f"a.b *= {math.sin(n)!r}",))
        for n in range(total)
    ]


def answer(row: Row) -> list[RowResult]:
    """Results that depend on the scenario alone, with numbers of all sizes."""
    return [one_answer(row, country) for country in COUNTRIES]


def one_answer(row: Row, country: str) -> RowResult:
    value = float(row.values[0]) * (1 + COUNTRIES.index(country)) / 3
    status = STATUSES[row.number % len(STATUSES)]
    if status == "infeasible":
        return RowResult(
            row.number, country, status, "solved", None, None, None, "nothing fits", {}, 0.1, "here"
        )
    lag = math.inf if row.number % 7 == 0 else value
    outcomes = {"lag_months/2035": lag, "spend_share/research/2030": value / 7, "binding": "b[1] a[2]"}
    return RowResult(
        row.number, country, status, "solved", value, value + 1e-5, 1e-5, "", outcomes, 0.1, "here"
    )


def make(path: Path, total: int, **changes: Any) -> Path:
    """A store with nothing solved."""
    Store.create(path, header(total, **changes), rows(total)).close()
    return path


def exported(path: Path) -> bytes:
    """The results of a store as CSV."""
    target = path.with_name(f"{path.name}.csv")
    with Store.open(path, writing=False) as store:
        export(store, target)
    return target.read_bytes()


def committed(path: Path) -> set[int]:
    """The scenarios of a store that are done."""
    with Store.open(path, writing=False) as store:
        return set(range(store.header.total)) - set(store.pending())


def whole(place: Path, total: int) -> bytes:
    """The results of the study solved in one piece in this process, as CSV."""
    path = make(place / "whole.study", total)
    with Store.open(path, writing=True) as store:
        store.commit(result for row in rows(total) for result in answer(row))
    return exported(path)


def slow(log: Path, seconds: float) -> Callable[[Row], Sequence[RowResult]]:
    """That takes `seconds` per scenario, and leaves a line for each."""

    def solve(row: Row) -> list[RowResult]:
        with log.open("a") as file:
            file.write(f"{row.number}\n")
        time.sleep(seconds)
        return answer(row)

    return solve


def main() -> int:
    place, jobs, log, seconds = sys.argv[1:]
    # so often that kills find commits under way
    draining.COMMIT_SECONDS = 0.02
    # as a shell has it for what it waits for, whatever started the tests
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Store.open(Path(place), writing=True) as store:
            solve = slow(Path(log), float(seconds))
            if jobs.isdigit():
                return drain(store, solve, int(jobs)).exit_code
            with connected(jobs, print) as cluster:
                return drain(store, solve, cluster=cluster).exit_code
    except KloofError as error:
        os.write(2, str(error).encode())
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
