"""A study run to its end by a command: its store opened or made, progress told, results said."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.options import Output
from optimizer.cli.progress import BatchProgress, duration
from optimizer.cli.session import emit, emit_json, note
from optimizer.errors import ClusterError, Diagnostic, InputError
from optimizer.study.batch.cluster import Cluster, connected
from optimizer.study.batch.drain import drain, exit_code
from optimizer.study.batch.header import Header, check_same
from optimizer.study.batch.rows import RowResult
from optimizer.study.batch.shards import parse_shard
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import (
    base_results,
    header_of,
    most_solves,
    refuse_too_many,
    sample_of,
    solver_of,
)
from optimizer.study.runner import available_jobs
from optimizer.study.sampling.conclude import base_needed, cautions, conclude
from optimizer.study.sampling.sample import Sample
from optimizer.tell.files.conclusions import conclusions_csv, conclusions_data
from optimizer.tell.terminal.conclusion_tables import conclusion_tables
from optimizer.tell.terminal.study_table import status_document, status_table

if TYPE_CHECKING:
    from optimizer.tell.plot.study import Choice, StoredStudy

# A plan near the base's takes about this share of the time that the base's own takes.
WARM_SHARE = 0.15


@dataclass(frozen=True)
class Batch:
    """How a study is solved and kept, and in which file it is drawn.

    Words of the command that asks: `other` is what to do where the store holds another study, `go_on` where
    this one was interrupted (`kloof study resume` if empty). A plan takes about `share_of_base` of the base's
    time.
    """

    store: Path | None
    resume: bool
    jobs: int | None
    shard: str
    fail_fast: bool
    max_solves: int
    quiet: bool
    plot: Path | None = None
    scheduler: str = ""
    other: str = "give another --store"
    go_on: str = ""
    share_of_base: float = WARM_SHARE


@dataclass(frozen=True)
class Ended:
    """Where a study is kept, the exit code, whether it was interrupted, and its base's results where they are
    known."""

    path: Path
    code: int
    interrupted: bool = False
    base: Mapping[str, RowResult] | None = None


def run_and_tell(name: str, sample: Sample, batch: Batch, output: Output) -> int:
    """Solve what is left of a study and say what came of it, drawn too; the exit code.

    Raises `InputError` where the store holds another study (E657), or this one and it is not to be resumed
    (E215); and before anything is solved where no such picture can be made (E718).
    """
    if batch.plot is None:
        return _tell(run(name, sample, batch), sample, output)
    from optimizer.tell.plot.picture import check_place
    from optimizer.tell.plot.study import choose, read_stored

    check_place(batch.plot)
    choice = choose(sample)
    ended = run(name, sample, batch)
    code = _tell(ended, sample, output)
    if not ended.interrupted:
        plot(read_stored(ended.path, ended.base), batch.plot, choice, output)
    return code


def plot(stored: StoredStudy, picture: Path, choice: Choice, output: Output) -> None:
    """Draw a stored study in a file. Raises `InputError` (E711) where there is nothing to draw, `OutputError`
    (E605) where it cannot be written."""
    from optimizer.tell.plot.draw import draw
    from optimizer.tell.plot.picture import write_picture

    write_picture(draw(stored, choice), picture)
    if not output.quiet:
        note(f"wrote {picture}")


def resume_and_tell(path: Path, jobs: int | None, scheduler: str, fail_fast: bool, output: Output) -> int:
    """Solve what is left in a store and say what came of it; the exit code."""
    with Store.open(path, writing=False) as store:
        header = store.header
    sample = sample_of(header)
    batch = Batch(
        store=path,
        resume=True,
        jobs=jobs,
        shard=header.shard,
        fail_fast=fail_fast,
        # that it may be solved was said when it was begun
        max_solves=most_solves(sample),
        quiet=output.quiet,
        scheduler=scheduler,
    )
    return _tell(run("sweep", sample, batch), sample, output)


def show(path: Path, output: Output) -> None:
    """Say what a stored study concludes from what is done. Raises `InputError` as `sample_of` does."""
    with Store.open(path, writing=False) as store:
        header = store.header
    _tell(Ended(path, 0), sample_of(header), output)


def _tell(ended: Ended, sample: Sample, output: Output) -> int:
    """Say how far a study is, and but after an interrupt what it concludes; the exit code."""
    with Store.open(ended.path, writing=False) as opened:
        header, counts, results = opened.header, opened.counts(), list(opened.results())
    conclusions = []
    if results and not ended.interrupted:
        base = ended.base
        if base is None and base_needed(sample):
            base = base_results(solver_of(sample))
        conclusions = conclude(sample, results, base)
    notes = [*sample.notes, *([f"{counts.left:,} scenarios are not solved yet"] if counts.left else [])]
    notes += cautions(conclusions)
    if output.form == "json":
        document = status_document(header, counts)
        emit_json(
            {
                **document,
                "store": str(ended.path),
                "notes": notes,
                "conclusions": conclusions_data(conclusions),
            }
        )
    elif output.form == "csv":
        notes += [f"{count:,} without a number or plan: {reason}" for reason, count in counts.reasons]
        emit(conclusions_csv(conclusions, header.leader, notes))
    else:
        from optimizer.cli.output import screen

        found = screen()
        parts = status_table(ended.path.name, header, counts, output.verbose)
        parts += conclusion_tables(conclusions, found.width, output.verbose)
        parts += ["", *(f"note: {text}" for text in notes)] if notes else []
        emit(found.render(parts))
    return ended.code


def run(name: str, sample: Sample, batch: Batch) -> Ended:
    """Solve what is left of a study."""
    if batch.scheduler and batch.jobs:
        raise click.UsageError("--jobs counts processes here; the workers of --scheduler are as they are")
    shard = str(parse_shard(batch.shard)) if batch.shard else ""
    header = header_of(sample, shard)
    part = f"-{shard.replace('/', '-of-')}" if shard else ""
    path = batch.store or Path("runs") / f"{name}-{header.key[:12]}{part}.study"
    if not batch.quiet:
        for text in sample.notes:
            note(f"note: {text}")
    if path.exists():
        found = _finished(path, header, batch.resume, batch.other)
        if found is not None:
            if not batch.quiet:
                note(f"{path} holds all of this study already")
            return Ended(path, found)
    refuse_too_many(sample, batch.max_solves)
    told = BatchProgress()
    with _cluster(batch.scheduler, told) as cluster:
        return _solve(path, sample, header, batch, told, cluster)


def _cluster(scheduler: str, told: BatchProgress) -> AbstractContextManager[Cluster | None]:
    """The cluster that is asked for, with a line of its own for what is said of it."""

    def warn(text: str) -> None:
        told.end()
        note(text)

    return connected(scheduler, warn) if scheduler else nullcontext()


def _solve(
    path: Path, sample: Sample, header: Header, batch: Batch, told: BatchProgress, cluster: Cluster | None
) -> Ended:
    """Solve what is left of a study, in a store that is made where there is none."""
    began = time.perf_counter()
    if not batch.quiet:
        whose = ", ".join(sample.countries)
        note(f"{len(sample.rows):,} scenarios of {whose}: at most {most_solves(sample):,} solves")
    solver = solver_of(sample, None if batch.quiet else told.searching)
    if not batch.quiet:
        told.begin()
    taken = time.perf_counter() - began
    path.parent.mkdir(parents=True, exist_ok=True)
    store = Store.open(path, writing=True) if path.exists() else Store.create(path, header, sample.rows)
    again = f"go on with: {batch.go_on or f'kloof study resume {path}'}"
    with store:
        try:
            if not batch.quiet:
                note(f"kept in {path}; {_expected(taken, len(store.pending()), batch, cluster)}")
            quiet = (lambda progress: None) if batch.quiet else told
            done = drain(store, solver.solve, batch.jobs, batch.fail_fast, quiet, cluster)
        except ClusterError:
            told.end()
            note(again)
            raise
        if not batch.quiet:
            told.end()
    if done.interrupted:
        note(again)
    base = base_results(solver) if base_needed(sample) and not done.interrupted else None
    return Ended(path, done.exit_code, done.interrupted, base)


def _expected(taken: float, left: int, batch: Batch, cluster: Cluster | None) -> str:
    """Who solves what is left, and how long it takes where the base took `taken` seconds."""
    jobs = len(cluster.workers()) if cluster else batch.jobs or available_jobs()
    who = f"{jobs} workers of {cluster.address}" if cluster else f"{jobs} processes"
    when = (
        f"about {duration(batch.share_of_base * taken * left / jobs)}" if jobs else "as soon as there is one"
    )
    return f"{left:,} scenarios to solve on {who}: {when}"


def _finished(path: Path, header: Header, resume: bool, again: str) -> int | None:
    """The exit code of a store that holds all of this study; None where something is left to be solved."""
    with Store.open(path, writing=False) as store:
        check_same(store.header, header, str(path), again)
        if store.header.shard != header.shard:
            message = f"the store holds part {store.header.shard or 'all'} of the study"
            raise InputError(Diagnostic("E657", message, file=str(path), hint=f"make a new one: {again}"))
        counts = store.counts()
    if not counts.left:
        return exit_code(counts)
    if not resume:
        message = f"{counts.done:,} of {counts.rows:,} scenarios of this study are in it already"
        hint = f"go on: kloof study resume {path}"
        raise InputError(Diagnostic("E215", message, file=str(path), hint=hint))
    return None
