"""`kloof equilibrium`: prices at which the world's market clears, and each country's plan at them."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import (
    Given,
    Output,
    Saving,
    asks,
    countries_option,
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
    from optimizer.answer.equilibrium import EquilibriumAnswer
    from optimizer.cli.asking import Opened
    from optimizer.study.equilibrium.equilibrium import Calibration, Equilibrium, Tell


@click.command(
    "equilibrium",
    short_help="Prices at which the world's market for chips clears.",
    epilog=examples(
        "kloof equilibrium world-2026",
        "kloof equilibrium world-2026 --policy us_brute_force --out runs/brute",
        "kloof equilibrium world-2026 --policy memory_shock --against runs/base",
    ),
)
@instance_argument
@countries_option
@policies_option
@patch_options
@equilibrium_options
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="RUN",
    help="A saved equilibrium of the instance as it is; else that is found first.",
)
@click.option("--resume", is_flag=True, help="Go on from where the run saved in the same place ended.")
@jobs_option
@saving_options
@output_options
@asks
def command(
    given: Given,
    tolerance: float,
    rounds: int,
    against: Path | None,
    resume: bool,
    saving: Saving,
    output: Output,
) -> int:
    """Find prices of chips and components at which all countries together buy what is made.

    Every country plans at the same prices, by its own objective and under its own rules; shares of supply
    do not apply. Prints prices beside list, then one line per country; saves prices.csv, strategy.csv,
    summary.json, search.json and manifest.json. Exit code 4 where a country's regret stays above
    --tolerance: then only regrets are told, and --resume goes on. An interrupt keeps where the search
    stands, and --resume goes on from there, too.
    """
    from optimizer.cli.asking import opened
    from optimizer.cli.keeping import Keeping
    from optimizer.cli.progress import end_progress
    from optimizer.cli.session import DONE, INTERRUPTED, STOPPED, interrupts_held, note, report
    from optimizer.cli.solve import UNEXPLAINED, save_run
    from optimizer.study.equilibrium.equilibrium import SearchInterrupted, find
    from optimizer.tell.files import store
    from optimizer.tell.files.equilibrium_files import equilibrium_answer, read_search

    started = time.perf_counter()
    asking = opened(given)
    inputs = {**asking.inputs, "tolerance": tolerance}
    directory = saving.out or store.default_directory("equilibrium", inputs)
    if not saving.no_save:
        store.check_place(directory)
    tell = progress_of_search(output.quiet)
    resumed = read_search(directory) if resume else None
    written = {**asking.written, "tolerance": tolerance, "against": str(against or "")}
    keeping = Keeping(asking, written, directory, saving, output, resume, started)
    base: Calibration | None = None
    if against is not None:
        base = read_search(against)
    elif resumed is not None and is_changed(given) and not resumed.waited_for:
        base = resumed
    elif is_changed(given):
        if not output.quiet:
            note("first the instance as it is, which prices of components are held against")
        try:
            base = base_of(given, tolerance, rounds, tell, resumed)
        except SearchInterrupted as stopped:
            return keeping.keep(replace(stopped.last, waited_for=True))
    if resumed is not None and resumed.waited_for and is_changed(given):
        resumed = None
    (scenario,) = asking.ask.scenarios
    try:
        found = find(
            asking.ask,
            scenario,
            tolerance=tolerance,
            base=base,
            resumed=resumed,
            most_rounds=rounds,
            tell=tell,
        )
    except SearchInterrupted as stopped:
        return keeping.keep(stopped.last)
    end_progress(output.quiet)
    # what limits each plan is kept with a run, and in no table here
    if found.converged and (not saving.no_save or output.form == "json"):
        from optimizer.study.explained import explained, unexplained

        try:
            found = replace(found, world=explained(found.world, scenario.instance, asking.ask.objective))
        except KeyboardInterrupt:
            found = replace(found, world=unexplained(found.world))
            note(UNEXPLAINED)
    answer = equilibrium_answer(found)
    with interrupts_held():
        if found.world.interrupted:
            directory = store.beside_earlier(directory)
        files = _files(found, answer, asking, written, time.perf_counter() - started)
        unsaved = None if saving.no_save else save_run(directory, files, output.quiet)
    _show(found, answer, output)
    if unsaved is not None:
        report(unsaved.diagnostics)
        return unsaved.exit_code
    if not found.converged and not output.quiet and not saving.no_save:
        note("to go on from here: the same command with --resume")
    if found.world.interrupted:
        return INTERRUPTED
    return DONE if found.converged else STOPPED


def _of_horizon(given: Given) -> tuple[str, ...]:
    """Patches of the horizon: they say which years are looked at, and change nothing in them."""
    return tuple(each for each in given.patches if each.strip().startswith("horizon."))


def is_changed(given: Given) -> bool:
    """Whether more than the horizon is changed: then there is an instance as it is to hold prices against."""
    return bool(given.policies) or len(_of_horizon(given)) < len(given.patches)


def base_of(
    given: Given, tolerance: float, rounds: int, tell: Tell, resumed: Calibration | None = None
) -> Calibration:
    """The instance as it is, in the years that are looked at; its search goes on from `resumed`."""
    from optimizer.cli.asking import opened
    from optimizer.study.equilibrium.equilibrium import find

    ask = opened(replace(given, policies=(), patches=_of_horizon(given))).ask
    (scenario,) = ask.scenarios
    return find(ask, scenario, tolerance=tolerance, resumed=resumed, most_rounds=rounds, tell=tell).last


def progress_of_search(quiet: bool, of: str = "") -> Tell:
    """Prints on stderr how far the search `of` something is: over itself on a terminal, else each look at
    regrets."""
    from optimizer.cli.session import note
    from optimizer.cli.streams import is_terminal
    from optimizer.study.equilibrium.equilibrium import Told

    def tell(told: Told) -> None:
        whose = f"regret of {told.of}" if told.of else "largest regret"
        known = "" if told.regret is None else f", {whose} {told.regret:.4f}"
        text = f"{of}round {told.round_}{known}"
        if is_terminal(sys.stderr):
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif told.regret is not None:
            note(text)

    return (lambda told: None) if quiet else tell


def _files(
    found: Equilibrium, answer: EquilibriumAnswer, asking: Opened, written: dict[str, Any], wall: float
) -> dict[str, str]:
    from optimizer.answer.strategy import csv_text
    from optimizer.tell.files.context import context_files
    from optimizer.tell.files.documents import manifest_document, solve_answer
    from optimizer.tell.files.equilibrium_files import PRICES, SEARCH, prices_text, search_text
    from optimizer.tell.files.store import MANIFEST, SUMMARY, json_text

    world = found.world if found.converged else replace(found.world, countries={})
    files = {
        SUMMARY: json_text(solve_answer(world, (), equilibrium=answer).data()),
        SEARCH: search_text(found.last),
        MANIFEST: json_text(manifest_document("equilibrium", written, asking.ask, world, wall)),
    }
    if found.converged:
        files |= {PRICES: prices_text(found), "strategy.csv": csv_text(world)}
        files |= context_files(world, asking.ask)
    return files


def _show(found: Equilibrium, answer: EquilibriumAnswer, output: Output) -> None:
    from optimizer.cli.output import screen
    from optimizer.cli.session import emit, emit_json, report
    from optimizer.tell.terminal.equilibrium_table import prices_table, quality

    world = found.world if found.converged else replace(found.world, countries={})
    if output.form == "json":
        from optimizer.tell.files.documents import solve_document

        emit_json(solve_document(world, (), equilibrium=answer))
        return
    if output.form == "csv":
        from optimizer.tell.files.equilibrium_files import prices_text

        emit(prices_text(found) if found.converged else "")
    elif found.converged:
        from optimizer.tell.terminal.tables import summary

        place = screen()
        emit(
            place.render(
                [*summary(world, place, hint=False), "", *prices_table(answer), "", *quality(answer)]
            )
        )
    else:
        emit(screen().render(quality(answer)))
    report(each for each in world.diagnostics if each.severity == "error" or not output.quiet)
