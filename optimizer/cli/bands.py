"""The ranges of the inputs behind a solve: their study is run, or found by its key."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from optimizer.answer.bands import Bands
from optimizer.cli.options import Given
from optimizer.cli.session import report
from optimizer.cli.studies import Batch, run
from optimizer.errors import KloofError, SolverError
from optimizer.instance import load
from optimizer.study.ask import Ask
from optimizer.study.bands import bands_of, bands_sample
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import header_of, most_solves

# Every input moves in every draw, so that a plan takes nearly as long as the base's own.
SHARE_OF_BASE = 0.9
# Where a study is kept unless --store says otherwise.
KEPT = Path("runs")


def computed(given: Given, ask: Ask, store: Path | None, quiet: bool) -> tuple[Bands | None, int]:
    """The bands of what is asked, solved as far as no store holds them, and the exit code of their study.

    There are none where it was interrupted, and where a country has no plan in the base, which is told.
    Raises `InputError` where the store holds another study (E657), `bands_sample` cannot draw, or the store
    cannot be used.
    """
    place = load(given.instance)
    sample = bands_sample(ask, place, given.instance, "+".join(given.policies), given.patches)
    batch = Batch(
        store=store,
        resume=True,
        jobs=given.jobs,
        shard="",
        fail_fast=False,
        max_solves=most_solves(sample),
        quiet=quiet,
        other=command(given, None if store else "bands-new.study"),
        go_on="the same command",
        share_of_base=SHARE_OF_BASE,
    )
    try:
        ended = run("bands", sample, batch)
    except SolverError as error:
        report(error.diagnostics)
        return None, error.exit_code
    if ended.interrupted:
        return None, ended.code
    with Store.open(ended.path, writing=False) as opened:
        return bands_of(opened, sample), ended.code


def known(given: Given, ask: Ask, stores: Iterable[Path]) -> Bands | None:
    """The bands of the largest of these studies that asks the very same and is solved to its end; None where
    there is none."""
    best: Bands | None = None
    for path in stores:
        try:
            with Store.open(path, writing=False) as opened:
                header = opened.header
                if header.countries != ask.asked or opened.counts().left or header.shard:
                    continue
                policy = "+".join(given.policies)
                draws = header.document["design"]["draws"]
                sample = bands_sample(
                    replace(ask, draws=draws), load(given.instance), given.instance, policy, given.patches
                )
                if header_of(sample).key != header.key:
                    continue
                found = bands_of(opened, sample)
        except (KloofError, KeyError):
            # a file of that name that is damaged, or no study of bands
            continue
        best = found if best is None or found.draws > best.draws else best
    return best


def command(given: Given, store: str | None) -> str:
    """The command that was given, but for where its study is kept and its run is saved."""
    pairs: list[tuple[str, str | None]] = [
        *(("--country", country) for country in given.countries),
        *(("--policy", policy) for policy in given.policies),
        *(("--set", patch) for patch in given.patches),
        ("--objective", given.objective),
        ("--gap", None if given.gap is None else f"{given.gap:g}"),
        ("--time-limit", None if given.time_limit is None else f"{given.time_limit:g}"),
        ("--draws", None if given.draws is None else str(given.draws)),
        ("--store", store),
    ]
    words = [word for pair in pairs for word in pair if word is not None and None not in pair]
    return shlex.join(["kloof", "solve", given.instance, *words, "--bands"])
