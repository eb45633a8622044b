"""`kloof evaluate`: value a given plan in the true model, beside the optimum."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from optimizer.cli.options import (
    Given,
    Output,
    asks,
    country_option,
    examples,
    instance_argument,
    output_options,
    scenario_options,
    solver_options,
)

if TYPE_CHECKING:
    from optimizer.answer.run import WorldRun
    from optimizer.study.ask import Ask


@click.command(
    "evaluate",
    short_help="Value a given plan beside the optimum.",
    epilog=examples(
        "kloof evaluate world-2026 --country CHN --plan runs/demo/strategy.csv",
        "kloof evaluate world-2026 --country CHN --plan draft.csv --format json",
    ),
)
@instance_argument
@country_option
@click.option(
    "--plan",
    "plan",
    required=True,
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="A strategy with every decision in every period, as `solve` saves it.",
)
@scenario_options
@solver_options
@output_options
@asks
def command(
    given: Given,
    plan: Path,
    output: Output,
) -> int:
    """Run a plan forward, value it, list the limits that it breaks, and compare it with the optimum.

    Its decisions are valued; all else in the file is held against what follows from them. Ends with code 1
    where limits are broken or rows disagree, and with 4 where the best plan stopped before the gap asked for.
    """
    from optimizer.answer.plan import read_plan
    from optimizer.cli.asking import opened
    from optimizer.study.single import own_parameters

    ask = opened(given).ask
    # The plan is read before anything is solved, so that a mistake in it costs no time.
    stated = read_plan(plan, own_parameters(ask), ask.instance.countries, ask.extension is not None)

    from optimizer.answer.evaluation import evaluate, evaluation_csv
    from optimizer.answer.run import STOPPED as UNFINISHED
    from optimizer.answer.summary import NOTHING_DONE
    from optimizer.cli.output import screen
    from optimizer.cli.session import (
        DONE,
        FINDINGS,
        INTERRUPTED,
        STOPPED,
        emit,
        emit_json,
        note,
        report,
        report_uncertified_leaders,
    )
    from optimizer.study.solve import solve_world
    from optimizer.tell.files.documents import evaluate_document
    from optimizer.tell.terminal.evaluation_table import evaluation_table

    world = solve_world(ask)
    if ask.country not in world.countries:
        note(f"{NOTHING_DONE}: there is nothing to hold the plan against")
        return INTERRUPTED
    run = world.countries[ask.country]
    if run.parameters is None or run.solution is None:
        _refuse(world, ask)
    evaluation = evaluate(run, stated, world.leader_run)
    if output.form == "json":
        emit_json(evaluate_document(evaluation, world))
    elif output.form == "csv":
        emit(evaluation_csv(evaluation, world))
    else:
        emit(screen().render(evaluation_table(evaluation, world)))
    if not output.quiet:
        report(world.diagnostics)
    if evaluation.broken and not output.quiet:
        note("1 limit broken" if len(evaluation.broken) == 1 else f"{len(evaluation.broken)} limits broken")
    if evaluation.disagreements and not output.quiet:
        count = len(evaluation.disagreements)
        rows = "1 row disagrees" if count == 1 else f"{count} rows disagree"
        note(f"{rows} with what follows from the decisions")
    if output.form != "json" and not output.quiet:
        report_uncertified_leaders(run.diagnostics)
    if evaluation.broken or evaluation.disagreements or run.provisional:
        return FINDINGS
    return STOPPED if run.status == UNFINISHED else DONE


def _refuse(world: WorldRun, ask: Ask) -> NoReturn:
    """Raise what kept the country or its leader from a plan to hold another one against."""
    from optimizer.answer.summary import exit_code
    from optimizer.cli.solve import failure_code
    from optimizer.errors import Diagnostic, InfeasibleError, InputError, SolverError, StoppedError
    from optimizer.study.explained import explained

    world = explained(world, ask.instance, ask.objective)
    errors = [each for run in world.runs for each in run.diagnostics if each.severity == "error"]
    if not errors:
        status = world.countries[ask.country].status
        raise InputError(Diagnostic("S104", f"{ask.country} has no plan: {status}"))
    ends = {each.exit_code: each for each in (InputError, InfeasibleError, StoppedError)}
    raise ends.get(exit_code(world, failure_code(world)), SolverError)(errors)
