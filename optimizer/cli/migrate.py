"""`kloof migrate`: an instance of format 1 in format 2."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import Output, examples, output_options


@click.command(
    "migrate",
    short_help="Write an instance of format 1 in format 2.",
    epilog=examples("kloof migrate my-world", "kloof migrate my-world --to my-new-world"),
)
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="NEW", help="Where to. Default: DIR-format-2."
)
@output_options
def command(directory: Path, target: Path | None, output: Output) -> int:
    """Write the instance in DIR to a new directory in format 2, and say what became of which field.

    DIR itself stays as it is. Comments are kept, and what format 1 did not say is assumed so that the plans
    stay near: every line has tools of its own class, at the limits that it had.
    """
    from optimizer.answer.strategy import csv_fields
    from optimizer.cli.session import DONE, emit, emit_json, note
    from optimizer.instance import load
    from optimizer.instance.migrate import migrate, place_beside

    new = target or place_beside(directory)
    moves = migrate(directory, new)
    rows = [(each.file, each.path, each.kind, each.words) for each in moves]
    if output.form == "json":
        listed = [dict(zip(("file", "path", "kind", "words"), row, strict=True)) for row in rows]
        emit_json({"schema_version": 1, "status": "written", "directory": str(new), "moves": listed})
    elif output.form == "csv":
        emit("file,path,kind,words\n" + "".join(f"{csv_fields(*row)}\n" for row in rows))
    else:
        emit("".join(f"{kind:7}  {path}\n         {words}\n" for _, path, kind, words in rows))
    if not output.quiet:
        note(f"written to {new}; next: kloof validate {new}")
    load(new)
    return DONE
