"""`kloof runs`: the saved runs in a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from optimizer.cli.options import Output, examples, output_options

DEFAULT: Final = Path("runs")


@click.command(
    "runs",
    short_help="The saved runs in a directory.",
    epilog=examples("kloof runs", "kloof runs archive --format csv > runs.csv"),
)
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), default=DEFAULT)
@output_options
def command(directory: Path, output: Output) -> int:
    """List the runs in DIR (by default `runs`): what was asked, how it ended, with which certified gap, when
    it was saved and by which version.

    A run that is damaged, or that an older version saved, is listed with the reason. Runs of one key asked
    the very same.
    """
    from optimizer.cli.session import DONE, emit, emit_json
    from optimizer.errors import Diagnostic, InputError
    from optimizer.tell import SCHEMA_VERSION
    from optimizer.tell.files.run_list import saved_runs
    from optimizer.tell.terminal.runs_table import runs_csv, runs_table

    if not directory.is_dir() and (directory != DEFAULT or directory.exists()):
        hint = "commands save in `runs` where --out names no other place"
        raise InputError(Diagnostic("E201", "there is no such directory", file=str(directory), hint=hint))
    runs = list(saved_runs(directory)) if directory.is_dir() else []
    if output.form == "json":
        emit_json({"schema_version": SCHEMA_VERSION, "runs": [each.data() for each in runs]})
    elif output.form == "csv":
        emit(runs_csv(runs))
    else:
        from optimizer.cli.output import screen

        emit(screen().render(runs_table(str(directory), runs)))
    return DONE
