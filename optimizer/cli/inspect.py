"""`kloof inspect`: every resolved number of a country's plan, with its unit, and the inputs behind it."""

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
    scenario_options,
)
from optimizer.cli.several import Told, tell_each


@click.command(
    "inspect",
    short_help="Every resolved number of a country's plan, with unit and source.",
    epilog=examples(
        "kloof inspect world-2026 --country chn",
        "kloof inspect world-2026 --country chn --all",
        "kloof inspect world-2026 --country CHN --parameter import_limit --verbose",
        "kloof inspect world-2026 --country CHN --format json > china.json",
        "kloof inspect world-2026 --country USA --set 'horizon.steps_per_year = 4'",
    ),
)
@instance_argument
@country_option
@click.option(
    "--parameter", "only", multiple=True, metavar="NAME", help="Only this parameter. May be repeated."
)
@click.option("--all", "everything", is_flag=True, help="Every item of every parameter, and every input.")
@scenario_options
@output_options
@asks
def command(
    given: Given,
    only: tuple[str, ...],
    everything: bool,
    output: Output,
) -> int:
    """Show the parameters of a country's plan after all changes, and the inputs they come from.

    A follower's parameters contain the leader's path, so the leader is solved first. The table has a section
    a subject, one number for what does not change over the years, and one line for items that are alike;
    --all lists every item and input. What is 0 throughout is left out unless --verbose.
    """
    from optimizer.cli.asking import opened
    from optimizer.cli.inspection import (
        inspect_country,
        inspection_csv,
        inspection_document,
    )
    from optimizer.cli.inspection_table import full_table, short_table
    from optimizer.cli.output import screen
    from optimizer.cli.session import DONE, FINDINGS, report

    full = everything or output.verbose or bool(only)

    def tell(one: Given) -> Told:
        found = inspect_country(opened(one).ask, only)
        return Told(
            lambda: inspection_document(found),
            lambda: inspection_csv(found),
            lambda: screen().render(full_table(found, output.verbose) if full else short_table(found)),
            FINDINGS if found.warnings else DONE,
            lambda: None if output.quiet else report(found.warnings),
        )

    return tell_each(given, output, tell)
