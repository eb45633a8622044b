"""`kloof controls`: which export regime buys the most delay for the least forgone revenue."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import (
    Given,
    Output,
    PositiveNumber,
    Saving,
    accuracy_options,
    asks,
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
    from optimizer.study.controls.play import Tell

FAILURES_SHOWN = 5


@click.command(
    "controls",
    short_help="Which export regime buys the most delay for the least revenue.",
    epilog=examples(
        "kloof controls world-2026 --target CHN --design china-export --year 2030",
        "kloof controls world-2026 --target CHN --design china-export --year 2030 --only tools=now",
        "kloof controls world-2026 --target CHN --design mine.yaml --year 2030 --delay reach --at-least 15",
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
    saving: Saving,
    output: Output,
) -> int:
    """Solve a target's best response under every export regime of a design.

    A design is factors, each with levels, each a list of patches. A regime is judged by the delay it buys
    the leader and by the revenue from chips that it leaves; the leader's own plan is solved again only where
    a regime reaches it. Prints what each factor alone changes and the regimes that no other beats; saves
    regimes.csv, frontier.csv, summary.json and manifest.json. Exit code 1 where a regime has no certified
    plan.
    """
    from optimizer.cli.asking import opened
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

    from optimizer.study.controls.play import failures, play
    from optimizer.study.controls.regimes import Question

    answer = play(
        ask.instance,
        chosen,
        Question(ask.country, year, ask.objective, ask.gap, ask.time_limit, ask.ranges),
        delay,
        at_least=at_least,
        policy=ask.policy,
        jobs=ask.processes,
        tell=_progress(output.quiet),
    )
    end_progress(output.quiet)
    with interrupts_held():
        directory = store.beside_earlier(directory) if answer.interrupted else directory
        named = {"name": design, "sha256": inputs["design"]}
        written = {**asking.written, "design": named, "asked": inputs["asked"]}
        files = _files(answer, asking, written, time.perf_counter() - started)
        unsaved = None if saving.no_save else save_run(directory, files, output.quiet)
    _show(answer, output)
    wrong = failures(answer.tried)
    if wrong and not output.quiet:
        note(", ".join(f"{count} {how}" for how, count in wrong.items()))
    code = INTERRUPTED if answer.interrupted else FINDINGS if wrong else DONE
    if unsaved is not None:
        report(unsaved.diagnostics)
        return strongest(code, unsaved.exit_code)
    return code


def _progress(quiet: bool) -> Tell:
    """Prints on stderr how many regimes are done, over itself on a terminal, else not at all."""
    from optimizer.cli.streams import is_terminal

    def tell(done: int, count: int) -> None:
        sys.stderr.write(f"\r\x1b[K{done} of {count} regimes")
        sys.stderr.flush()

    return tell if is_terminal(sys.stderr) and not quiet else lambda done, count: None


def _files(answer: ControlsAnswer, asking: Opened, written: dict[str, Any], wall: float) -> dict[str, str]:
    from optimizer.tell.files.controls_files import (
        FRONTIER,
        REGIMES,
        controls_document,
        frontier_text,
        regimes_text,
    )
    from optimizer.tell.files.documents import asked_manifest
    from optimizer.tell.files.store import MANIFEST, SUMMARY, json_text

    gaps = {str(one.number): one.gap for one in (answer.baseline, *answer.regimes)}
    return {
        REGIMES: regimes_text(answer),
        FRONTIER: frontier_text(answer),
        SUMMARY: json_text(controls_document(answer)),
        MANIFEST: json_text(asked_manifest("controls", written, asking.ask, gaps, wall)),
    }


def _show(answer: ControlsAnswer, output: Output) -> None:
    from optimizer.answer.controls import PRUNED
    from optimizer.answer.run import OPTIMAL
    from optimizer.cli.output import screen
    from optimizer.cli.session import emit, emit_json, note
    from optimizer.tell.files.controls_files import controls_document, regimes_text
    from optimizer.tell.terminal.controls_table import controls_tables, failed_lines

    if output.form == "json":
        emit_json(controls_document(answer))
    elif output.form == "csv":
        emit(regimes_text(answer))
    else:
        emit(screen().render(controls_tables(answer)))
    wrong = [one for one in answer.tried if one.status not in (OPTIMAL, PRUNED)]
    for line in failed_lines(wrong[:FAILURES_SHOWN]):
        note(line)
