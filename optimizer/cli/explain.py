"""`kloof explain`: the dearest limits of a saved plan in words, or why there is none and what repairs it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.options import Output, check_brief, countries_option, examples, output_options

if TYPE_CHECKING:
    from optimizer.answer.manifest import Manifest
    from optimizer.errors import Diagnostic
    from optimizer.tell.terminal.explain_text import SavedPlan

# Each plan's dearest limits: ten of up to three plans, three of more.
MOST = 10
FEW = 3
FEW_PLANS = 3
NOT_COME_TO = "interrupted before a plan asked for here was done"
UNCLEARED = "prices have not converged, so that there is no plan at them to explain: go on with --resume"


@click.command(
    "explain",
    short_help="The dearest limits of a saved run, or why there is no plan.",
    epilog=examples(
        "kloof explain runs/solve-0123456789ab",
        "kloof explain runs/demo --country chn --brief",
        "kloof explain runs/demo --country CHN --instance my-world",
        "kloof explain runs/demo --format csv > limits.csv",
    ),
)
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@countries_option
@click.option(
    "--policy", "policies", multiple=True, metavar="P", help="Only this column of a comparison. Repeatable."
)
@click.option(
    "--instance",
    metavar="INSTANCE",
    help="Where the run's instance is, to see whether it has changed. Default: the shipped one of its name.",
)
@click.option("--brief", is_flag=True, help="Ten lines a plan.")
@output_options
def command(
    run: Path,
    countries: tuple[str, ...],
    policies: tuple[str, ...],
    instance: str | None,
    brief: bool,
    output: Output,
) -> int:
    """Say what limits each plan of a saved run, dearest first, and what a bit more of it is worth.

    RUN is a directory that `solve`, `compare` or `equilibrium` saved, or `controls`: then it says what its
    regimes come to. For a country without a plan: the limits that exclude each other, the inputs behind them,
    and the least changes that give it one, each to be pasted after --set. Files are named as they stand in
    the directory of the run's instance. Nothing is solved. Ends with code 1 where a plan's leader is not
    certified.
    """
    from optimizer.cli.session import (
        DONE,
        FINDINGS,
        emit,
        emit_json,
        report,
        report_uncertified_leaders,
    )
    from optimizer.tell import SCHEMA_VERSION
    from optimizer.tell.files.store import CONTROLS, open_run, said_of
    from optimizer.tell.terminal.brief import WIDTH
    from optimizer.tell.terminal.explain_brief import brief_text
    from optimizer.tell.terminal.explain_text import RulesCommand, csv_of, data_of, plans_of, text_of

    check_brief(brief, output)
    if said_of(run).get("command") == CONTROLS:
        return _of_regimes(run, output)
    manifest, answer = open_run(run)
    plans = _chosen(plans_of(answer), countries, policies)
    if not output.quiet:
        report(_changes(manifest, instance))
    if output.form == "json":
        found = [{"country": p.country, "policy": p.policy, **data_of(p.answer)} for p in plans]
        said = {"command": manifest.command, "run": str(run)}
        emit_json({"schema_version": SCHEMA_VERSION, **said, "plans": found})
    elif output.form == "csv":
        emit(csv_of(plans))
    else:
        from optimizer.answer.summary import NOT_CONVERGED, NOTHING_DONE
        from optimizer.cli.output import screen

        most = None if output.verbose else MOST if len(plans) <= FEW_PLANS else FEW
        rules = RulesCommand(manifest, answer, instance)
        nothing = NOT_COME_TO if countries or policies else NOTHING_DONE
        nothing = UNCLEARED if answer.status == NOT_CONVERGED else nothing
        width = screen().width
        text = brief_text(plans, rules, min(width, WIDTH)) if brief else text_of(plans, most, rules, width)
        emit("\n".join(text if plans else [nothing]) + "\n")
    if output.form != "json" and not output.quiet:
        told = (each for plan in plans for each in plan.diagnostics)
        report_uncertified_leaders(each.diagnostic for each in told)
    return FINDINGS if any(plan.leader_gap is not None for plan in plans) else DONE


def _of_regimes(run: Path, output: Output) -> int:
    """What a saved run of export regimes says, in a few sentences."""
    from optimizer.cli.output import screen
    from optimizer.cli.session import DONE, emit, emit_json
    from optimizer.tell.controls_words import notes, sentences
    from optimizer.tell.files.controls_files import controls_document, frontier_text
    from optimizer.tell.files.store import open_controls

    _, answer = open_controls(run)
    if output.form == "json":
        emit_json(controls_document(answer))
    elif output.form == "csv":
        emit(frontier_text(answer))
    else:
        width = screen().width
        said = [*sentences(answer), *(notes(answer) if output.verbose else ())]
        emit("\n".join(textwrap.fill(each, width, break_on_hyphens=False) for each in said) + "\n")
    return DONE


def _chosen(plans: Sequence[SavedPlan], countries: Sequence[str], policies: Sequence[str]) -> list[SavedPlan]:
    """The plans asked for. Raises `InputError` for a name that the run does not have."""
    import difflib

    from optimizer.errors import Diagnostic, InputError

    problems = []
    for option, asked, known in (
        ("--country", countries, dict.fromkeys(plan.country for plan in plans)),
        ("--policy", policies, dict.fromkeys(plan.policy for plan in plans if plan.policy)),
    ):
        for name in asked:
            if name in known:
                continue
            near = difflib.get_close_matches(name, list(known), n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known) or 'none'}"
            message = f"the run has no {option.lstrip('-')} `{name}`"
            problems.append(Diagnostic("E643", message, path=option, hint=hint))
    if problems:
        raise InputError(problems)
    return [
        plan
        for plan in plans
        if (not countries or plan.country in countries) and (not policies or plan.policy in policies)
    ]


def _changes(manifest: Manifest, instance: str | None) -> list[Diagnostic]:
    """A warning where the instance of the run is not what it was; none where it is out of reach."""
    from optimizer.errors import Diagnostic
    from optimizer.instance.shipped import find_instance, shipped_instances
    from optimizer.tell.files.store import changed_files

    name = manifest.instance
    if instance is None and name not in shipped_instances():
        return []
    changed = changed_files(manifest, find_instance(name if instance is None else instance))
    if not changed:
        return []
    message = f"the instance has changed since this run: {', '.join(changed)}"
    hint = "lines, prices and repairs are those of the run; solve again for those of today"
    return [Diagnostic("S109", message, severity="warning", hint=hint)]
