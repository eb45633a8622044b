"""`kloof export`: the program for other solvers."""

from __future__ import annotations

from pathlib import Path

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
from optimizer.cli.several import Told, tell_each

FORMATS = (".mps", ".lp", ".nl")


@click.command(
    "export",
    short_help="The program as MPS, LP or NL for other solvers.",
    epilog=examples(
        "kloof export world-2026 --country CHN --to china.nl",
        "kloof export world-2026 --country CHN --to china.mps",
    ),
)
@instance_argument
@country_option
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write; its ending .mps, .lp or .nl says what.",
)
@scenario_options
@solver_options(ranges=False)
@output_options
@asks
def command(
    given: Given,
    target: Path,
    output: Output,
) -> int:
    """Write a country's program; of several, each to a file that has the country's code in its name.

    NL holds the true concave program; files of the same name ending in .row and .col hold its names. MPS and
    LP hold its linear relaxation at the solution: they minimise the negated objective, so minus their optimum
    is the upper bound of the certificate. Rows and columns carry the names of the model; in LP with ( ) for
    [ ]. The leader is solved to the same gap; where a solve stops before it, no file is written.
    """
    if target.suffix not in FORMATS:
        raise click.UsageError(f"--to must end in {', '.join(FORMATS)}, got `{target.name}`")
    from optimizer.cli.asking import opened
    from optimizer.cli.exporting import export_nl, export_relaxation
    from optimizer.cli.session import DONE, FINDINGS, diagnostic_data, note, report

    several = len(given.countries) > 1

    def tell(one: Given) -> Told:
        (name,) = one.countries
        file = target.with_name(f"{target.stem}-{name}{target.suffix}") if several else target
        warnings = (export_nl if target.suffix == ".nl" else export_relaxation)(opened(one).ask, file)
        if output.form != "json" and not output.quiet:
            note(f"wrote {file}")
            report(warnings)
        written = {"schema_version": 1, "status": "written", "country": name, "file": str(file)}
        return Told(
            lambda: {**written, "diagnostics": [diagnostic_data(each) for each in warnings]},
            lambda: "",
            lambda: "",
            FINDINGS if warnings else DONE,
        )

    return tell_each(given, output, tell)
