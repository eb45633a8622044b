"""`kloof solve`: the optimal strategy of each country, certified, printed and saved."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import (
    Given,
    Output,
    PositiveNumber,
    Saving,
    asks,
    check_brief,
    countries_option,
    examples,
    instance_argument,
    jobs_option,
    output_options,
    saving_options,
    scenario_options,
    solver_options,
)
from optimizer.cli.picturing import check_picture, draw, plot_option

if TYPE_CHECKING:
    from optimizer.answer.answer import Demand
    from optimizer.answer.bands import Bands
    from optimizer.answer.run import WorldRun
    from optimizer.errors import KloofError
    from optimizer.study.ask import Ask

# With more countries than this, detail only on --verbose.
DETAILED_COUNTRIES = 3
ENDLESS = "S112"
UNEXPLAINED = "interrupted while explaining: every plan that was solved is here, but not what limits it"
UNVALUED = "interrupted while valuing steps: every plan is here, but not what each step brings"


@click.command(
    "solve",
    short_help="The optimal strategy of each country.",
    epilog=examples(
        "kloof solve world-2026",
        "kloof solve world-2026 --country CHN --set 'countries.CHN.budget.income_usd_bn *= 1.2'",
        "kloof solve world-2026 --country chn --brief",
        "kloof solve world-2026 --country CHN --view 3",
        "kloof solve world-2026 --country CHN --plot plan.png",
        "kloof solve world-2026 --country CHN --set industry=staged --next-dollar 10",
        "kloof solve my-world --format json --no-save > strategies.json",
    ),
)
@instance_argument
@countries_option
@scenario_options
@solver_options(ranges=True)
@click.option(
    "--ranges",
    is_flag=True,
    help="Add the range of shares, capability and lag over all plans within the gap. Takes longer.",
)
@click.option(
    "--next-dollar",
    type=PositiveNumber(min=0, min_open=True),
    metavar="USD_BN",
    help="In staged mode: what so much money brings as research, as a fab, as cash. A solve for each.",
)
@click.option(
    "--view",
    type=click.IntRange(min=1),
    metavar="YEARS",
    help="Rolling foresight: plan each year with only so many years in view, keep it, and move on.",
)
@click.option(
    "--bands",
    is_flag=True,
    help="Add 5, 50 and 95% quantiles over draws of all inputs that have a range. Takes much longer.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many draws --bands takes, a power of 2. Default: 512.",
)
@click.option(
    "--store",
    "place",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the study of --bands here. Default: runs/bands-<12 hex of its key>.study",
)
@click.option("--brief", is_flag=True, help="One screen a country instead of the tables.")
@jobs_option
@plot_option
@saving_options
@output_options
@asks
def command(
    given: Given, place: Path | None, brief: bool, picture: Path | None, saving: Saving, output: Output
) -> int:
    """Solve the plan of every country (or of those named) for the best strategy.

    The leader is solved first, under the same changes, and the others follow its path. Prints one line per
    country, and the whole plan of those named with --country; saves strategy.csv, summary.json and
    manifest.json in a run directory. Ctrl-C keeps the countries that are done.

    With --next-dollar every programme of research, fab, memory and packaging, and cash, is given to the
    country in turn, and the plan solved anew: what each brings per dollar, within what the gaps leave.

    With --view no plan is an optimum of the whole: each year is decided by the best plan for the years in
    view, the leader's too, and what this costs against full foresight is printed and saved.

    With --bands a study of draws of the inputs is solved first and kept in a file of its own: the same
    command finds it there, or goes on with it where it was interrupted.
    """
    from optimizer.answer.summary import NOTHING_DONE, exit_code
    from optimizer.cli.asking import opened
    from optimizer.cli.session import DONE, FINDINGS, INTERRUPTED, interrupts_held, note, report, strongest
    from optimizer.tell.files import store

    started = time.perf_counter()
    given = _with_draws(given, place)
    check_brief(brief, output)
    asking = opened(given)
    check_picture(picture, len(asking.ask.asked), saving)
    detailed = output.verbose or 0 < len(given.countries) <= DETAILED_COUNTRIES
    ask = replace(asking.ask, worths=detailed)
    directory = saving.out or store.default_directory("solve", asking.inputs)
    if not saving.no_save:
        store.check_place(directory)
    bands, study_code = None, DONE
    if given.bands:
        from optimizer.cli.bands import computed

        bands, study_code = computed(given, ask, place, output.quiet)
        if study_code == INTERRUPTED:
            return INTERRUPTED

    from optimizer.answer.run import INFEASIBLE
    from optimizer.cli.progress import end_progress, plan_progress
    from optimizer.study.demand import world_demand
    from optimizer.study.solve import solve_world

    world = solve_world(ask, plan_progress(ask.asked, output.quiet, output.verbose))
    from optimizer.study.explained import explained, unexplained

    end_progress(output.quiet)
    if world.interrupted and not world.countries:
        note(f"{NOTHING_DONE}: there is nothing to show or save")
        return INTERRUPTED
    if world.interrupted and not set(ask.asked) - set(world.countries):
        note(UNVALUED)
    unplanned = any(run.status == INFEASIBLE for run in world.runs)
    try:
        world = explained(world, ask.instance, ask.objective)
    except KeyboardInterrupt:
        world, unplanned = unexplained(world), False
        note(UNEXPLAINED)
    unsaved: KloofError | None = None
    with interrupts_held():
        demand = world_demand(world, ask.instance)
        strategy = ""
        if not saving.no_save or output.form == "csv":
            from optimizer.answer.strategy import csv_text

            strategy = csv_text(world)
        if not saving.no_save:
            if world.interrupted:
                directory = store.beside_earlier(directory)
            wall = time.perf_counter() - started
            files = _files(world, demand, bands, strategy, asking.written, ask, wall)
            unsaved = save_run(directory, files, output.quiet)
    if brief:
        _show_brief(world, demand, bands or _known_bands(given, ask), output)
    else:
        _show(world, demand, bands, strategy, output, detailed)
    code = exit_code(world, failed=failure_code(world))
    if code == DONE and study_code != DONE:
        code = FINDINGS
    if unsaved is not None:
        report(unsaved.diagnostics)
        return strongest(code, unsaved.exit_code)
    if picture is not None and any(run.solved for run in world.countries.values()):
        draw(directory, picture, output.quiet)
    if unplanned and not saving.no_save and not output.quiet:
        note(f"what conflicts, and every repair found: kloof explain {directory}")
    return code


def _with_draws(given: Given, place: Path | None) -> Given:
    """What is given, with the number of draws that bands take; a usage error for what does not fit them."""
    if not given.bands:
        if given.draws is not None or place is not None:
            raise click.UsageError("--draws and --store are of the study of --bands: add --bands")
        return given
    if given.extend is not None:
        raise click.UsageError("--bands draws without the rows of --extend: leave one of them out")
    from optimizer.study.bands import DRAWS

    return replace(given, draws=given.draws or DRAWS)


def save_run(directory: Path, files: Mapping[str, str], quiet: bool) -> KloofError | None:
    """Save a run and say where. What keeps it from being saved is returned: the plans can still be shown."""
    from optimizer.cli.session import note
    from optimizer.errors import KloofError
    from optimizer.tell.files import store

    try:
        store.save(directory, files)
    except KloofError as error:
        return error
    if not quiet:
        note(f"saved in {directory}")
    return None


def failure_code(world: WorldRun) -> int:
    """Exit code of the countries that failed: 2 where their input is at fault, rows of the user's own among
    it, else 70."""
    from optimizer.answer.run import FAILED, UNBOUNDED
    from optimizer.answer.summary import NO_LEADER
    from optimizer.cli.session import INTERNAL, INVALID

    codes = {
        diagnostic.code
        for run in world.runs
        if run.status in (FAILED, UNBOUNDED)
        for diagnostic in run.diagnostics
        # followers lack a leader for the leader's own reasons
        if diagnostic.severity == "error"
    } - {NO_LEADER}
    faults_of_input = ("E", "M1", ENDLESS)
    return INVALID if codes and all(code.startswith(faults_of_input) for code in codes) else INTERNAL


def _known_bands(given: Given, ask: Ask) -> Bands | None:
    """The bands of a study that was kept before; None where there is none of just this question."""
    from optimizer.cli.bands import KEPT, known

    kept = sorted(KEPT.glob("bands-*.study")) if given.extend is None and given.view is None else []
    return known(given, ask, kept) if kept else None


def _show_brief(world: WorldRun, demand: list[Demand], bands: Bands | None, output: Output) -> None:
    from optimizer.cli.output import screen
    from optimizer.cli.session import emit
    from optimizer.study.demand import demand_notes
    from optimizer.tell.terminal.brief import brief

    place = screen()
    clears = world.instance.market.clearing is not None
    emit(place.render(brief(world, bands, demand_notes(demand, clears), place.width)))
    _report(world, output)


def _report(world: WorldRun, output: Output) -> None:
    """What is wrong with plans, and unless --quiet what is doubtful; what the tables say but for CSV."""
    from optimizer.cli.session import UNCERTIFIED_LEADER, report, report_uncertified_leaders

    report(d for d in world.diagnostics if d.severity == "error" or not output.quiet)
    for run in world.runs:
        # The table says what is to be warned of; other forms of data have no place for it.
        shown = [
            d for d in run.diagnostics if d.severity == "error" or (output.form == "csv" and not output.quiet)
        ]
        report(d for d in shown if d.code != UNCERTIFIED_LEADER)
    if not output.quiet:
        report_uncertified_leaders(d for run in world.runs for d in run.diagnostics)


def _show(
    world: WorldRun,
    demand: list[Demand],
    bands: Bands | None,
    strategy: str,
    output: Output,
    detailed: bool,
) -> None:
    from optimizer.cli.output import screen
    from optimizer.cli.session import emit, emit_json
    from optimizer.study.demand import demand_notes

    if output.form == "json":
        from optimizer.tell.files.documents import solve_document

        emit_json(solve_document(world, demand, bands))
        return
    if output.form == "csv":
        emit(strategy)
    else:
        from optimizer.tell.terminal.detail import detail
        from optimizer.tell.terminal.rolled_table import rolled_table
        from optimizer.tell.terminal.tables import summary

        place = screen()
        clears = world.instance.market.clearing is not None
        parts = summary(world, place, demand_notes(demand, clears), not detailed, bands)
        if bands is not None:
            from optimizer.tell.terminal.bands_table import bands_table

            solved = [run.country for run in world.countries.values() if run.solved]
            parts += ["", *bands_table(bands, solved, world.leader, short=not detailed)]
        costs = rolled_table(world)
        parts += ["", *costs] if costs else []
        for run in world.countries.values() if detailed else ():
            parts += ["", *detail(run, world, place.width)]
        emit(place.render(parts))
    _report(world, output)


def _files(
    world: WorldRun,
    demand: list[Demand],
    bands: Bands | None,
    strategy: str,
    written: dict[str, Any],
    ask: Ask,
    wall: float,
) -> dict[str, str]:
    from optimizer.tell.files.context import context_files
    from optimizer.tell.files.documents import manifest_document, solve_answer
    from optimizer.tell.files.store import MANIFEST, json_text

    return {
        "strategy.csv": strategy,
        "summary.json": json_text(solve_answer(world, demand, bands).data()),
        MANIFEST: json_text(manifest_document("solve", written, ask, world, wall)),
        **context_files(world, ask),
    }
