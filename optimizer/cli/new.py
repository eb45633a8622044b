"""`kloof new`: a commented instance to start from."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import Output, examples, output_options


@click.command(
    "new",
    short_help="Copy a commented instance to start from.",
    epilog=examples("kloof new my-world", "kloof solve my-world"),
)
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@output_options
def command(directory: Path, output: Output) -> int:
    """Write a small instance with a comment on every field to DIR, which must not exist or be empty."""
    from optimizer.cli.session import DONE, emit, emit_json, note
    from optimizer.instance.template import write_template

    files = [str(path) for path in write_template(directory)]
    if output.form == "json":
        emit_json({"schema_version": 1, "status": "written", "directory": str(directory), "files": files})
    elif output.form == "csv":
        emit("file\n" + "".join(f"{name}\n" for name in files))
    else:
        emit("".join(f"{name}\n" for name in files))
    if not output.quiet:
        note(f"next: kloof solve {directory}")
    return DONE
