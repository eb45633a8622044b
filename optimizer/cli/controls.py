"""`kloof controls`: which export regime buys the most delay for the least forgone revenue."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import (
    Given,
    Output,
    PositiveNumber,
    Saving,
    accuracy_options,
    asks,
    equilibrium_options,
    examples,
    instance_argument,
    jobs_option,
    output_options,
    patch_options,
    policies_option,
    saving_options,
)

if TYPE_CHECKING:
    from optimizer.answer.controls import ControlsAnswer, Delay
    from optimizer.cli.asking import Opened
    from optimizer.study.equilibrium.equilibrium import Calibration

FAILURES_SHOWN = 5


@click.command(
    "controls",
    short_help="Which export regime buys the most delay for the least revenue.",
    epilog=examples(
        "kloof controls world-2026 --target CHN --design china-export --year 2030",
        "kloof controls world-2026 --target CHN --design china-export --year 2030 --only tools=now",
        "kloof controls world-2026 --target CHN --design mine.yaml --year 2030 --delay reach --at-least 15",
        "kloof controls world-2026 --target CHN --design china-export --year 2030 --equilibrium",
    ),
)
@instance_argument
@click.option("--target", required=True, metavar="ISO3", help="The country that regimes are aimed at.")
@click.option(
    "--design",
    "design",
    required=True,
    metavar="FILE",
    help="A design of regimes (YAML), or the name of a shipped one.",
)
@click.option("--year", required=True, type=int, metavar="Y", help="The year in which delay counts.")
@click.option(
    "--delay",
    type=click.Choice(["lag", "reach", "value"]),
    default="lag",
    show_default=True,
    help="What the frontier weighs against revenue: the lag of the target's best response, the lag that is "
    "certain whatever the target wants, or the loss of the target's value.",
)
@click.option(
    "--only",
    "only",
    multiple=True,
    metavar="FACTOR=LEVELS",
    help="Hold a factor to some of its levels, as in h200=deny,full. May be repeated.",
)
@click.option(
    "--at-least",
    type=PositiveNumber(min=0, min_open=True),
    metavar="D",
    help="Only regimes that surely give so much delay, with --delay reach (months) or value (average log "
    "units below the world as it is); looser ones than one that does not are spared.",
)
@policies_option
@patch_options
@accuracy_options(1e-5, ", of every plan")
@click.option(
    "--ranges",
    is_flag=True,
    help="The range of the lag too over all plans within the gap, and that of revenue no further out than it "
    "must be. Takes several times as long.",
)
@click.option(
    "--equilibrium",
    "clears",
    is_flag=True,
    help="Also at prices that clear the world's market, where chips not sold to the target go elsewhere: "
    "each level alone, the frontier, and the regimes worth least and most to the target.",
)
@click.option(
    "--every",
    is_flag=True,
    help="With --equilibrium: every regime. Each takes some thirty times as long as at list price.",
)
@equilibrium_options
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="RUN",
    help="With --equilibrium: a saved equilibrium of the instance as it is; else that is found first.",
)
@click.option(
    "--resume", is_flag=True, help="Solve only what the run saved in the same place has not certified."
)
@jobs_option
@saving_options
@output_options
@asks
def command(
    given: Given,
    target: str,
    design: str,
    year: int,
    delay: Delay,
    only: tuple[str, ...],
    at_least: float | None,
    clears: bool,
    every: bool,
    tolerance: float,
    rounds: int,
    against: Path | None,
    resume: bool,
    saving: Saving,
    output: Output,
) -> int:
    """Solve a target's best response under every export regime of a design.

    A design is factors, each with levels, each a list of patches. A regime is judged by the delay it buys
    the leader and by the revenue from chips that it leaves; the leader's own plan is solved again only where
    a regime reaches it. Prints what each factor alone changes and the regimes that no other beats; saves
    regimes.csv, frontier.csv, summary.json and manifest.json, with --equilibrium also cleared.csv. Exit code
    1 where a regime has no certified plan or no prices that clear. An interrupt keeps what is done.
    """
    from optimizer.cli.asking import opened
    from optimizer.cli.clearing import Clearing, earlier, progress_of_regimes
    from optimizer.cli.progress import end_progress
    from optimizer.cli.session import (
        DONE,
        FINDINGS,
        INTERRUPTED,
        interrupts_held,
        note,
        report,
        strongest,
    )
    from optimizer.cli.solve import save_run
    from optimizer.instance.shipped import find_design
    from optimizer.study.controls.design import read_design
    from optimizer.tell.files import store

    started = time.perf_counter()
    if (every or against is not None) and not clears:
        raise click.UsageError("--every and --against go with --equilibrium")
    asking = opened(replace(given, countries=(target.upper(),) if target.islower() else (target,)))
    ask = asking.ask
    chosen = read_design(design).only(only)
    inputs = {
        **asking.inputs,
        "design": store.sha256(find_design(design).read_bytes()),
        "asked": {"year": year, "delay": delay, "only": list(only), "at_least": at_least},
    }
    directory = saving.out or store.default_directory("controls", inputs)
    if not saving.no_save:
        store.check_place(directory)
    named = {"name": design, "sha256": inputs["design"]}
    written = {**asking.written, "design": named, "asked": inputs["asked"]}

    from optimizer.study.controls.cleared import with_cleared
    from optimizer.study.controls.play import failures, play
    from optimizer.study.controls.regimes import Question, check_question

    question = Question(ask.country, year, ask.objective, ask.gap, ask.time_limit, ask.ranges)
    check_question(ask.instance, question)
    clearing = Clearing(given, tolerance, rounds, every, against) if clears else None
    if clearing is not None:
        clearing.check(ask.country)
    compared = {"key": ask.key, "design": named, "asked": inputs["asked"]}
    before = earlier(directory, compared) if resume else None
    answer = play(
        ask.instance,
        chosen,
        question,
        delay,
        at_least=at_least,
        policy=ask.policy,
        jobs=ask.processes,
        known=None if before is None else before.answer,
        tell=progress_of_regimes(output.quiet),
    )
    end_progress(output.quiet)
    base = None if before is None else before.base
    if clearing is not None and not answer.interrupted:
        answer, base = clearing.clear(answer, chosen, before, output.quiet)
    elif before is not None and before.answer.cleared is not None:
        answer = with_cleared(answer, before.answer.cleared)
    with interrupts_held():
        if answer.interrupted and not resume:
            directory = store.beside_earlier(directory)
        files = _files(answer, base, asking, written, time.perf_counter() - started)
        unsaved = None if saving.no_save else save_run(directory, files, output.quiet)
    _show(answer, output)
    missed = 0 if answer.cleared is None else answer.cleared.missed
    wrong = failures(answer.tried)
    if not output.quiet:
        if wrong:
            note(", ".join(f"{count} {how}" for how, count in wrong.items()))
        if missed:
            note(f"{missed} at no prices that clear")
        if answer.interrupted and unsaved is None and not saving.no_save:
            note("to go on from here: the same command with --resume" + _where(saving.out, directory))
    code = INTERRUPTED if answer.interrupted else FINDINGS if wrong or missed else DONE
    if unsaved is not None:
        report(unsaved.diagnostics)
        return strongest(code, unsaved.exit_code)
    return code


def _where(asked: Path | None, directory: Path) -> str:
    """What else to give where a run stands beside the place that was asked for."""
    return f" --out {directory}" if asked is None or asked != directory else ""


def _files(
    answer: ControlsAnswer, base: Calibration | None, asking: Opened, written: dict[str, Any], wall: float
) -> dict[str, str]:
    from optimizer.tell.files.controls_files import (
        CLEARED,
        FRONTIER,
        REGIMES,
        cleared_text,
        controls_document,
        frontier_text,
        regimes_text,
    )
    from optimizer.tell.files.documents import asked_manifest
    from optimizer.tell.files.equilibrium_files import SEARCH, search_text
    from optimizer.tell.files.store import MANIFEST, SUMMARY, json_text

    gaps = {str(one.number): one.gap for one in (answer.baseline, *answer.regimes)}
    files = {
        REGIMES: regimes_text(answer),
        FRONTIER: frontier_text(answer),
        SUMMARY: json_text(controls_document(answer)),
        MANIFEST: json_text(asked_manifest("controls", written, asking.ask, gaps, wall)),
    }
    if answer.cleared is not None:
        files[CLEARED] = cleared_text(answer, answer.cleared)
    if base is not None:
        files[SEARCH] = search_text(base)
    return files


def _show(answer: ControlsAnswer, output: Output) -> None:
    from optimizer.answer.controls import PRUNED
    from optimizer.answer.run import OPTIMAL
    from optimizer.cli.output import screen
    from optimizer.cli.session import emit, emit_json, note
    from optimizer.tell.files.controls_files import controls_document, regimes_text
    from optimizer.tell.terminal.cleared_table import cleared_tables
    from optimizer.tell.terminal.controls_table import controls_tables, failed_lines

    if output.form == "json":
        emit_json(controls_document(answer))
    elif output.form == "csv":
        emit(regimes_text(answer))
    else:
        emit(screen().render([*controls_tables(answer), *cleared_tables(answer)]))
    wrong = [one for one in answer.tried if one.status not in (OPTIMAL, PRUNED)]
    for line in failed_lines(wrong[:FAILURES_SHOWN]):
        note(line)
