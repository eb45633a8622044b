"""`kloof evaluate`: value a given plan in the true model, beside the optimum."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import (
    country_option,
    examples,
    instance_argument,
    output_options,
    scenario_options,
    solver_options,
)


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
def command(
    instance: str,
    country: str,
    plan: Path,
    policies: tuple[str, ...],
    patches: tuple[str, ...],
    objective: str | None,
    extend: str | None,
    gap: float,
    time_limit: float | None,
    format_: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Run a plan forward, value it, list the limits that it breaks, and compare it with the optimum.

    Its decisions are valued; all else in the file is held against what follows from them. Ends with code 1
    where limits are broken or rows disagree, and with 4 where the best plan stopped before the gap asked for.
    """
    from optimizer.answer.plan import read_plan
    from optimizer.cli.scenario import open_scenario

    scenario = open_scenario(instance, policies, patches, objective, extend)
    scenario.check_countries((country,))
    # The plan is read before anything is solved, so that a mistake in it costs no time.
    parameters = scenario.own_parameters(country, objective)
    extended = scenario.extension is not None
    given = read_plan(plan, parameters, scenario.instance.countries, extended)

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

    world = solve_world(
        scenario.instance,
        [country],
        objective=objective,
        gap=gap,
        time_limit=time_limit,
        extend=scenario.extension,
        policy=scenario.policy,
    )
    if country not in world.countries:
        note(f"{NOTHING_DONE}: there is nothing to hold the plan against")
        return INTERRUPTED
    run = world.countries[country]
    if run.parameters is None or run.solution is None:
        scenario.refuse(world, country, objective)
    evaluation = evaluate(run, given, world.leader_run)
    if format_ == "json":
        emit_json(evaluate_document(evaluation, world))
    elif format_ == "csv":
        emit(evaluation_csv(evaluation, world))
    else:
        emit(screen().render(evaluation_table(evaluation, world)))
    if not quiet:
        report(world.diagnostics)
    if evaluation.broken and not quiet:
        note("1 limit broken" if len(evaluation.broken) == 1 else f"{len(evaluation.broken)} limits broken")
    if evaluation.disagreements and not quiet:
        count = len(evaluation.disagreements)
        rows = "1 row disagrees" if count == 1 else f"{count} rows disagree"
        note(f"{rows} with what follows from the decisions")
    if format_ != "json" and not quiet:
        report_uncertified_leaders(run.diagnostics)
    if evaluation.broken or evaluation.disagreements or run.provisional:
        return FINDINGS
    return STOPPED if run.status == UNFINISHED else DONE
