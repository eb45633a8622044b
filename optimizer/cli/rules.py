"""`kloof rules`: what export and import rules make of each chip in a year, and which rule decides."""

from __future__ import annotations

import click

from optimizer.cli.options import (
    Given,
    Output,
    asks,
    country_option,
    examples,
    instance_argument,
    output_options,
    policies_option,
    set_option,
)
from optimizer.cli.several import Told, tell_each


@click.command(
    "rules",
    short_help="Each chip's status under the rules, and the rule that decides.",
    epilog=examples(
        "kloof rules world-2026 --country CHN --year 2026",
        "kloof rules world-2026 --country CHN --year 2023 --side export",
        "kloof rules world-2026 --country CHN --set 'rules.us_2026_case_by_case.in_force = never'",
    ),
)
@instance_argument
@country_option
@click.option(
    "--year",
    type=click.IntRange(1990, 2200),
    help="The calendar year, past ones too; the first of the horizon if left out.",
)
@click.option("--side", type=click.Choice(["export", "import"]), help="Only the rules of this side.")
@policies_option
@set_option
@output_options
@asks
def command(given: Given, year: int | None, side: str | None, output: Output) -> int:
    """Show what the rules of export and import control make of each chip for a country in one year.

    Each side is decided by itself (--side shows it alone); the strictest of both and of the country's own
    limits is what a plan may buy. Chips whose status a missing metric leaves open are `undecided`, and the
    command ends with code 1.
    """
    from optimizer.cli.asking import opened
    from optimizer.cli.output import screen
    from optimizer.cli.rules_table import rules_csv, rules_document, rules_table
    from optimizer.cli.session import DONE, FINDINGS, report
    from optimizer.instance.status import SIDES, year_status

    sides = [one for one in SIDES if side is None or one == side]
    here = screen()

    def tell(one: Given) -> Told:
        ask = opened(one).ask
        world = ask.instance
        found = year_status(world, ask.country, world.horizon.first_year if year is None else year)
        quiet = output.form == "json" or output.quiet
        return Told(
            lambda: rules_document(found, sides),
            lambda: rules_csv(found, sides),
            lambda: here.render(rules_table(found, world, sides, ask.policy, output.verbose, here.width)),
            FINDINGS if found.doubts else DONE,
            lambda: None if quiet else report(found.doubts),
        )

    return tell_each(given, output, tell)
