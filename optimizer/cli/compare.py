"""`kloof compare`: the same countries under several policies beside the baseline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.equilibrium import progress_of_search
from optimizer.cli.options import (
    Given,
    Output,
    Saving,
    accuracy_options,
    asks,
    change_options,
    countries_option,
    equilibrium_options,
    examples,
    instance_argument,
    jobs_option,
    output_options,
    saving_options,
)
from optimizer.cli.picturing import check_picture, draw, plot_option

if TYPE_CHECKING:
    from optimizer.answer.comparison import Comparison
    from optimizer.answer.equilibrium import EquilibriumAnswer
    from optimizer.cli.asking import Opened
    from optimizer.errors import Diagnostic, KloofError
    from optimizer.instance import Policy
    from optimizer.study.ask import Ask
    from optimizer.study.equilibrium.equilibrium import Calibration, Equilibrium, Tell

# With more countries than this, each country's own tables only on --verbose.
DETAILED_COUNTRIES = 3


@click.command(
    "compare",
    short_help="The same countries under several policies.",
    epilog=examples(
        "kloof compare world-2026 --policy grey_closed --policy rental_closed",
        "kloof compare world-2026 --country CHN --policy grey_closed+rental_closed --gap 1e-6",
        "kloof compare world-2026 --every-policy",
        "kloof compare world-2026 --country CHN --policy no_controls --plot policies.png",
        "kloof compare world-2026 --equilibrium --policy us_brute_force",
        "kloof compare my-world --policy mine.yaml --set 'countries.CHN.budget.income_usd_bn *= 1.2'",
        "kloof compare world-2026 --country chn --set-column 'more money: "
        "countries.CHN.budget.income_usd_bn *= 1.2'",
    ),
)
@instance_argument
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="P",
    help="A policy file, or the name of a shipped policy: one column. A+B is one column of both.",
)
@click.option(
    "--set-column",
    "columns",
    multiple=True,
    metavar="'NAME: PATCH; PATCH'",
    help="A column of changes as after --set, without a file. May be repeated.",
)
@click.option("--every-policy", is_flag=True, help="All shipped policies that fit the instance.")
@countries_option
@change_options
@accuracy_options(1e-4, "; a smaller one tells more policies apart")
@click.option(
    "--ranges",
    is_flag=True,
    help="Certify which differences count: the range of headline numbers over all plans within the gap. "
    "Takes many times as long.",
)
@click.option(
    "--equilibrium",
    is_flag=True,
    help="Plan each at the prices that clear its own market, as `kloof equilibrium` does.",
)
@equilibrium_options
@click.option(
    "--resume",
    is_flag=True,
    help="With --equilibrium: go on from where the searches saved in the same place ended.",
)
@jobs_option
@plot_option
@saving_options
@output_options
@asks
def command(
    given: Given,
    every_policy: bool,
    equilibrium: bool,
    tolerance: float,
    rounds: int,
    resume: bool,
    picture: Path | None,
    saving: Saving,
    output: Output,
) -> int:
    """Solve every country (or those named) in the instance as it is and under each policy.

    The instance, with --set, is the baseline; each --policy and --set-column is a column beside it. Prints
    countries by policies, and the tables of single countries where at most three are named; saves
    comparison.csv, strategy.csv, summary.json and manifest.json in a run directory. Ctrl-C keeps the plans
    that are done.
    With --equilibrium prices.csv and search.json are saved too, from which --resume goes on; the gap of a
    plan is then its regret. Exit code 4 where a policy's prices do not clear: of that one only regrets are
    told.
    """
    from optimizer.answer.run import INFEASIBLE
    from optimizer.answer.summary import NOTHING_DONE
    from optimizer.cli.asking import opened_to_compare
    from optimizer.cli.keeping import place_of_interrupted, to_go_on
    from optimizer.cli.progress import end_progress, plan_progress
    from optimizer.cli.session import INTERRUPTED, STOPPED, interrupts_held, note, report, strongest
    from optimizer.cli.solve import UNEXPLAINED, save_run
    from optimizer.tell.files import store

    started = time.perf_counter()
    if not given.policies and not given.columns and not every_policy:
        raise click.UsageError(
            "no policy to compare: name one with --policy, write one after --set-column, "
            "or ask for --every-policy"
        )
    if equilibrium:
        _refuse_beside_prices(given)
        given = replace(given, gap=tolerance)
    elif resume:
        raise click.UsageError("--resume goes with --equilibrium: only searches for prices are gone on with")
    asking = opened_to_compare(given, every_policy)
    if equilibrium:
        asking = replace(asking, inputs={**asking.inputs, "equilibrium": {"rounds": rounds}})
    ask, reasons = asking.ask, f"`kloof policies {given.instance}` says why"
    if not ask.policies:
        raise click.UsageError(f"no shipped policy fits: {reasons}")
    if asking.left_out and not output.quiet:
        note(f"left out as they do not fit, {reasons}: {', '.join(asking.left_out)}")
    check_picture(picture, len(ask.asked), saving)
    directory = asked_for = saving.out or store.default_directory("compare", asking.inputs)
    if not saving.no_save:
        store.check_place(directory)

    equilibria: dict[str, Equilibrium] = {}
    searches: Mapping[str, Calibration] = {}
    if equilibrium:
        from optimizer.study.equilibrium.comparing import compare_at_equilibrium
        from optimizer.tell.files.equilibrium_files import read_searches

        def tell_of(name: str) -> Tell:
            return progress_of_search(output.quiet, f"{name}: ")

        resumed = read_searches(directory) if resume else None
        compared = compare_at_equilibrium(ask, tolerance, rounds, tell_of, resumed)
        comparison, searches = compared.comparison, compared.searches
        equilibria = {each.world.policy: each for each in compared.found}
    else:
        from optimizer.study.compare import compare_scenarios

        comparison = compare_scenarios(ask, plan_progress(ask.asked, output.quiet, output.verbose))
    end_progress(output.quiet)
    interrupted = any(world.interrupted for world in comparison.worlds)
    if not searches and not any(world.countries for world in comparison.worlds):
        note(f"{NOTHING_DONE}: there is nothing to show or save")
        return INTERRUPTED
    written = not saving.no_save or output.form == "json"
    unplanned = any(run.status == INFEASIBLE for world in comparison.worlds for run in world.runs)
    if written or unplanned:
        from optimizer.study.explained import unexplained
        from optimizer.study.explaining import explain_comparison

        try:
            comparison = explain_comparison(comparison, ask)
        except KeyboardInterrupt:
            unplanned = False
            comparison = replace(comparison, worlds=tuple(map(unexplained, comparison.worlds)))
            note(UNEXPLAINED)
    document: dict[str, Any] = {}
    unsaved: KloofError | None = None
    with interrupts_held():
        if written:
            from optimizer.tell.files.compare_documents import comparison_document

            told = _answers(equilibria)
            document = comparison_document(
                comparison, ask, asking.named, given.patches, asking.left_out, told
            )
        if not saving.no_save:
            if interrupted:
                directory = place_of_interrupted(
                    directory, resume, sum(each.converged for each in equilibria.values())
                )
            wall = time.perf_counter() - started
            files = _files(comparison, document, asking.written, ask, wall) | _prices(equilibria, searches)
            unsaved = save_run(directory, files, output.quiet)
            if unplanned and unsaved is None and not output.quiet:
                note(f"what conflicts, and every repair found: kloof explain {directory}")
    detailed = output.verbose or 0 < len(given.countries) <= DETAILED_COUNTRIES
    if comparison.baseline.countries or output.form != "table":
        _show(comparison, document, asking, output, detailed)
    if equilibria and output.form == "table":
        _show_prices(equilibria)
    code = _exit_code(comparison)
    if equilibrium and interrupted and not equilibria:
        note("interrupted before the baseline's prices were found: there is no plan at them to show")
    missed = not all(each.converged for each in equilibria.values())
    if missed and not interrupted:
        code = STOPPED
    if (missed or (equilibrium and interrupted)) and not output.quiet and not saving.no_save:
        note(to_go_on(asked_for, directory, saving))
    if unsaved is not None:
        report(unsaved.diagnostics)
        return strongest(code, unsaved.exit_code)
    if picture is not None and any(run.solved for run in comparison.baseline.countries.values()):
        draw(directory, picture, output.quiet)
    return code


def _refuse_beside_prices(given: Given) -> None:
    """Raise where something is asked for that plans at market prices do not have."""
    beside = {"--ranges": given.ranges, "--time-limit": given.time_limit is not None}
    for option, asked in beside.items():
        if asked:
            raise click.UsageError(f"{option} and --equilibrium exclude each other")


def _answers(equilibria: dict[str, Equilibrium]) -> dict[str, EquilibriumAnswer]:
    from optimizer.tell.files.equilibrium_files import equilibrium_answer

    return {name: equilibrium_answer(found) for name, found in equilibria.items()}


def _prices(equilibria: dict[str, Equilibrium], searches: Mapping[str, Calibration]) -> dict[str, str]:
    """What a comparison of equilibria saves beside its plans."""
    from optimizer.tell.files.equilibrium_files import PRICES, SEARCH, compared_prices_text, searches_text

    if not searches:
        return {}
    return {PRICES: compared_prices_text(equilibria), SEARCH: searches_text(searches)}


def _show_prices(equilibria: dict[str, Equilibrium]) -> None:
    from optimizer.cli.output import screen
    from optimizer.cli.session import emit
    from optimizer.tell.terminal.equilibrium_table import compared

    emit(screen().render(["", *compared(_answers(equilibria))]))


def _files(
    comparison: Comparison,
    document: dict[str, Any],
    written: dict[str, Any],
    ask: Ask,
    wall: float,
) -> dict[str, str]:
    from optimizer.tell.files.comparison_files import comparison_text, strategy_text
    from optimizer.tell.files.context import context_files
    from optimizer.tell.files.documents import manifest_document
    from optimizer.tell.files.store import MANIFEST, json_text

    manifest = manifest_document("compare", written, ask, comparison.baseline, wall)
    return {
        "strategy.csv": strategy_text(comparison),
        "comparison.csv": comparison_text(comparison),
        "summary.json": json_text(document),
        MANIFEST: json_text(manifest),
        **context_files(comparison.baseline, ask),
    }


def _show(
    comparison: Comparison,
    document: dict[str, Any],
    asking: Opened,
    output: Output,
    detailed: bool,
) -> None:
    from optimizer.cli.session import UNCERTIFIED_LEADER, emit, emit_json, report, report_uncertified_leaders

    if not output.quiet:
        report(each for world in comparison.worlds for each in world.diagnostics if each.severity == "note")
    if output.form == "json":
        from optimizer.tell.files.compare_documents import with_numbers

        emit_json(with_numbers(document, comparison))
        return
    if output.form == "csv":
        from optimizer.tell.files.comparison_files import comparison_text

        emit(comparison_text(comparison))
    else:
        from optimizer.cli.output import screen
        from optimizer.tell.terminal.comparison_tables import tables

        place = screen()
        emit(place.render([*tables(comparison, place, detailed), *_namesakes(comparison, asking)]))
    errors = [
        each
        for world in comparison.worlds
        for run in world.runs
        for each in run.diagnostics
        if each.severity == "error"
    ]
    report(dict.fromkeys(errors))
    if output.quiet:
        return
    warnings = _warnings(comparison)
    if output.form == "csv":
        report(each for each in warnings if each.code != UNCERTIFIED_LEADER)
    report_uncertified_leaders(warnings)


def _namesakes(comparison: Comparison, asking: Opened) -> list[str]:
    """Which policy each column is, of those that would have one name."""
    columns = list(zip(comparison.policies, asking.ask.policies or (), asking.named, strict=True))
    repeated = {policy.name for world, policy, _ in columns if world.policy != policy.name}

    def told(policy: Policy, given: str) -> str:
        return f"the shipped {given}" if given == policy.name and not Path(given).exists() else given

    return [
        f"{world.policy} is {told(policy, given)}"
        for world, policy, given in columns
        if policy.name in repeated
    ]


def _warnings(comparison: Comparison) -> list[Diagnostic]:
    """What the table says of each plan and the csv has no place for, each once."""
    found = [
        each
        for world in comparison.worlds
        for each in (*world.diagnostics, *(d for run in world.runs for d in run.diagnostics))
        if each.severity == "warning"
    ]
    return list(dict.fromkeys(found))


def _exit_code(comparison: Comparison) -> int:
    """That of all columns together: 1 where they ended differently."""
    from optimizer.answer.summary import exit_code
    from optimizer.cli.session import FINDINGS, strongest
    from optimizer.cli.solve import failure_code

    codes = [
        exit_code(world, failed=failure_code(world))
        for world in comparison.worlds
        if world.countries or world.interrupted
    ]
    return strongest(*codes) if codes else FINDINGS
