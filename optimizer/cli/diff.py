"""`kloof diff`: what differs between two saved runs."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import Output, examples, output_options


@click.command(
    "diff",
    short_help="What differs between two saved runs: inputs and answers.",
    epilog=examples("kloof diff runs/before runs/after", "kloof diff runs/before runs/after --format csv"),
)
@click.argument("old", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("new", metavar="RUN", type=click.Path(path_type=Path))
@output_options
def command(old: Path, new: Path, output: Output) -> int:
    """Say what was asked otherwise, which inputs differ, and which headline numbers.

    A number that differs by less than what the certificates of both plans leave open is no difference. Only
    what both runs have is compared: countries, and of comparisons policies. Nothing is solved. --verbose
    lists all inputs, and the numbers that cannot be told apart. Ends with code 0 whether anything differs or
    not.
    """
    from optimizer.cli.session import DONE, emit, emit_json
    from optimizer.tell import SCHEMA_VERSION
    from optimizer.tell.files.run_differences import differences_data, run_differences
    from optimizer.tell.terminal.runs_table import differences_csv, differences_table

    found = run_differences(old, new)
    if output.form == "json":
        emit_json({"schema_version": SCHEMA_VERSION, **differences_data(found)})
    elif output.form == "csv":
        emit(differences_csv(found))
    else:
        from optimizer.cli.output import screen

        emit(screen().render(differences_table(found, output.verbose)))
    return DONE
