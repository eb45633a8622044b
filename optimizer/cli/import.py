"""`kloof import`: an instance from a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import Output, examples, output_options


@click.command(
    "import",
    short_help="Write the instance of a workbook as files.",
    epilog=examples(
        "kloof new my-world --from world-2026 --xlsx",
        "kloof import my-world.xlsx my-world",
        "kloof solve my-world",
    ),
)
@click.argument("workbook", type=click.Path(path_type=Path), metavar="FILE.xlsx")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@output_options
def command(workbook: Path, directory: Path, output: Output) -> int:
    """Write the instance that a workbook holds to DIR, which must not exist or be empty.

    A workbook to start from is written by `kloof new --xlsx`. All that is wrong in it is told at once, each
    with its sheet and cell, and then nothing is written. Formulas count by the values that they had when the
    workbook was saved; macros are refused.
    """
    from optimizer.cli.output import tell_files
    from optimizer.cli.session import DONE
    from optimizer.instance.workbook.load import import_workbook

    files = [str(path) for path in import_workbook(workbook, directory)]
    tell_files(files, directory, f"kloof solve {directory}", output)
    return DONE
