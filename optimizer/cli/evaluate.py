"""`kloof evaluate`: value a given plan in the true model, or the best under shares, beside the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.options import (
    Given,
    Output,
    PositiveNumber,
    asks,
    country_option,
    examples,
    instance_argument,
    output_options,
    scenario_options,
    solver_options,
)
from optimizer.cli.several import Told, tell_each
from optimizer.cli.share_options import share_options

if TYPE_CHECKING:
    from optimizer.answer.evaluation import Evaluation
    from optimizer.answer.run import WorldRun
    from optimizer.study.ask import Ask


@click.command(
    "evaluate",
    short_help="Value a plan, or the best under shares, beside the optimum.",
    epilog=examples(
        "kloof evaluate world-2026 --country CHN --plan runs/demo/strategy.csv",
        "kloof evaluate world-2026 --country CHN --plan draft.csv --format json",
        "kloof evaluate world-2026 --country CHN --at-least research=30%@2028: --at-most chips=20%",
    ),
)
@instance_argument
@country_option
@click.option(
    "--plan",
    "plan",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="A strategy with every decision in every period, as `solve` saves it; or a sheet of shares of the "
    "budget: a row a year, a column a category.",
)
@share_options
@click.option(
    "--tolerance",
    type=PositiveNumber(min=0, max=0.1, min_open=True),
    default=1e-7,
    show_default=True,
    metavar="T",
    help="Accept a plan whose rows are off by up to this share of their size, as one that was rounded.",
)
@scenario_options
@solver_options(ranges=False)
@output_options
@asks
def command(
    given: Given,
    plan: Path | None,
    wanted: Mapping[str, tuple[str, ...]],
    tolerance: float,
    output: Output,
) -> int:
    """Value a plan of your own, or the best one under shares of the budget, beside the optimum.

    With `--plan` the plan is run forward and the limits that it breaks are listed: its decisions are valued;
    all else in the file is held against what follows from them. Ends with code 1
    where limits are broken or rows disagree, and with 4 where the best plan stopped before the gap asked for.

    With `--at-least`, `--at-most` and `--fix`, or a sheet of shares as the plan, the best plan that keeps
    these shares of the budget is solved, or it is told what excludes what, with the least repair (code 3).
    """
    from optimizer.cli.asking import opened
    from optimizer.cli.evaluating import evaluate_shares
    from optimizer.study.share_sheet import is_share_sheet

    by_shares = any(wanted.values())
    if (plan is None) is not by_shares:
        raise click.UsageError("give a plan with --plan, or shares with --at-least, --at-most and --fix")
    decisions = None if plan is None or is_share_sheet(plan) else plan

    def tell(one: Given) -> Told:
        ask = opened(one).ask
        if decisions is None:
            return evaluate_shares(ask, wanted, plan, tolerance, output)
        return _evaluate_plan(ask, decisions, tolerance, output)

    return tell_each(given, output, tell)


def _evaluate_plan(ask: Ask, plan: Path, tolerance: float, output: Output) -> Told:
    """Value a plan given by its decisions."""
    from optimizer.answer.plan import read_plan
    from optimizer.study.single import own_parameters

    # The plan is read before anything is solved, so that a mistake in it costs no time.
    stated = read_plan(plan, own_parameters(ask), ask.instance.countries, ask.extension is not None)

    from optimizer.answer.evaluation import evaluate, evaluation_csv
    from optimizer.answer.run import STOPPED as UNFINISHED
    from optimizer.answer.summary import NOTHING_DONE
    from optimizer.cli.evaluating import interrupted, refuse
    from optimizer.cli.output import screen
    from optimizer.cli.session import DONE, FINDINGS, STOPPED
    from optimizer.study.solve import solve_world
    from optimizer.tell.files.documents import evaluate_document
    from optimizer.tell.terminal.evaluation_table import evaluation_table

    world = solve_world(ask)
    if ask.country not in world.countries:
        return interrupted(f"{NOTHING_DONE}: there is nothing to hold the plan against")
    run = world.countries[ask.country]
    if run.parameters is None or run.solution is None:
        refuse(world, ask)
    evaluation = evaluate(run, stated, world.leader_run, tolerance)
    found = evaluation.broken or evaluation.disagreements or run.provisional
    return Told(
        lambda: evaluate_document(evaluation, world),
        lambda: evaluation_csv(evaluation, world),
        lambda: screen().render(evaluation_table(evaluation, world)),
        FINDINGS if found else STOPPED if run.status == UNFINISHED else DONE,
        lambda: None if output.quiet else _warn(evaluation, world, tolerance, output.form == "json"),
    )


def _warn(evaluation: Evaluation, world: WorldRun, tolerance: float, has_data: bool) -> None:
    """What people are to know beside the table; data say of a leader themselves that it is not certified."""
    from optimizer.cli.session import note, report, report_uncertified_leaders
    from optimizer.tell.terminal.evaluation_table import off_by

    report(world.diagnostics)
    if evaluation.broken:
        note("1 limit broken" if len(evaluation.broken) == 1 else f"{len(evaluation.broken)} limits broken")
    elif evaluation.accepted:
        note(f"accepted by --tolerance {tolerance:g}: {off_by(evaluation)}")
    if evaluation.disagreements:
        count = len(evaluation.disagreements)
        rows = "1 row disagrees" if count == 1 else f"{count} rows disagree"
        note(f"{rows} with what follows from the decisions")
    if not has_data:
        report_uncertified_leaders(world.countries[evaluation.run.country].diagnostics)
