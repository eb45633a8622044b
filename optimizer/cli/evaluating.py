"""The best plan under shares of the budget, solved and told by `kloof evaluate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from optimizer.cli.options import Output
from optimizer.cli.several import Told

if TYPE_CHECKING:
    from optimizer.answer.run import WorldRun
    from optimizer.study.ask import Ask
    from optimizer.study.shares import SharedPlan


def evaluate_shares(
    ask: Ask, wanted: Mapping[str, Sequence[str]], sheet: Path | None, tolerance: float, output: Output
) -> Told:
    """The best plan under shares, those wanted or those of a sheet, solved beside the optimum."""
    from optimizer.cli.session import note
    from optimizer.study.share_sheet import read_share_sheet
    from optimizer.study.shares import plan_with_shares
    from optimizer.study.shares_asked import parse_shares, with_shares
    from optimizer.study.solve import solve_world

    # what is wrong with the shares is said before anything is solved
    if sheet is None:
        shares, within = parse_shares(wanted, ask.instance), 0.0
    else:
        read = read_share_sheet(sheet, ask.instance, tolerance)
        shares, within = read.shares, tolerance
        for text in () if output.quiet else read.notes:
            note(text)
    with_shares(ask.instance, ask.country, shares, within)
    world = solve_world(ask)
    if world.interrupted or ask.country not in world.countries:
        return interrupted("interrupted before the optimum was known")
    run = world.countries[ask.country]
    if not run.solved or run.solution is None:
        refuse(world, ask)
    found = plan_with_shares(ask, run, world.leader_run, shares, within=within, priced=sheet is None)
    return _told(found, world, output)


def interrupted(said: str) -> Told:
    """What is told where an interrupt came before there was anything."""
    from optimizer.cli.session import INTERRUPTED, note

    document = {"schema_version": 1, "status": "interrupted"}
    return Told(lambda: document, lambda: "", lambda: "", INTERRUPTED, lambda: note(said))


def _told(found: SharedPlan, world: WorldRun, output: Output) -> Told:
    from dataclasses import replace

    from optimizer.answer.run import INFEASIBLE as NONE
    from optimizer.answer.strategy import csv_text
    from optimizer.cli.output import screen
    from optimizer.cli.session import note, report, report_uncertified_leaders
    from optimizer.tell.files.shares_document import shares_document
    from optimizer.tell.terminal.shares_table import shares_table

    def table() -> str:
        return screen().render(shares_table(found))

    def csv() -> str:
        own = replace(world, countries={found.plan.country: found.plan})
        return csv_text(own) if found.plan.solved else ""

    def warn() -> None:
        if output.form == "csv" and not found.plan.solved:
            note(table())
        if not found.plan.solved and found.plan.status != NONE:
            report(found.plan.diagnostics)
        if not output.quiet:
            report(world.diagnostics)
            report_uncertified_leaders(found.optimum.diagnostics)

    return Told(lambda: shares_document(found), csv, table, _code(found), warn)


def _code(found: SharedPlan) -> int:
    from optimizer.answer.run import INFEASIBLE as NONE
    from optimizer.answer.run import STOPPED as UNFINISHED
    from optimizer.cli.session import DONE, FINDINGS, INFEASIBLE, INTERNAL, STOPPED

    if found.plan.status == NONE:
        return INFEASIBLE
    if not found.plan.solved:
        return INTERNAL
    if found.plan.provisional:
        return FINDINGS
    return STOPPED if UNFINISHED in (found.plan.status, found.optimum.status) else DONE


def refuse(world: WorldRun, ask: Ask) -> NoReturn:
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
