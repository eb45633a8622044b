"""`--plot` of commands that save plans: the saved run drawn in a file."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import Command, Saving


def plot_option(function: Command) -> Command:
    """Where the plans are drawn: the command gets it as `picture`."""
    return click.option(
        "--plot",
        "picture",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Draw the plans of up to three countries in this .svg or .png file.",
    )(function)


def check_picture(picture: Path | None, countries: int, saving: Saving) -> None:
    """Raise before anything is solved where the picture cannot be made: a usage error for too many countries
    and for a run that is not saved, `InputError` (E718) and `OutputError` (E605) for the file."""
    if picture is None:
        return
    from optimizer.tell.plot.picture import check_place
    from optimizer.tell.plot.plans import MOST_COUNTRIES

    if countries > MOST_COUNTRIES:
        raise click.UsageError(
            f"--plot draws up to {MOST_COUNTRIES} countries, not {countries}: name some with --country"
        )
    if saving.no_save:
        raise click.UsageError("--plot draws the saved run: leave out --no-save")
    check_place(picture)


def draw(directory: Path, picture: Path, quiet: bool) -> None:
    """Draw a saved run. Raises `InputError` (E711) where it has no plan, `OutputError` (E605) where the file
    cannot be written."""
    from optimizer.cli.session import note
    from optimizer.errors import Diagnostic, InputError
    from optimizer.tell.page.saved import read_run
    from optimizer.tell.plot.picture import write_picture
    from optimizer.tell.plot.plans import COLUMNS, plan_drawings

    drawings = plan_drawings(read_run(directory))
    if not drawings:
        raise InputError(Diagnostic("E711", "the run has no plan to draw", file=str(directory)))
    write_picture(drawings, picture, COLUMNS)
    if not quiet:
        note(f"wrote {picture}")
