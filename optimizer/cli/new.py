"""`kloof new`: a commented instance to start from."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import examples, output_options


@click.command(
    "new",
    short_help="Copy a commented instance to start from.",
    epilog=examples("kloof new my-world", "kloof solve my-world"),
)
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@output_options
def command(directory: Path, format_: str, quiet: bool, verbose: bool, debug: bool) -> int:
    """Write a small instance with a comment on every field to DIR, which must not exist or be empty."""
    from optimizer.cli.session import DONE, emit, emit_json, note
    from optimizer.instance.template import write_template

    files = [str(path) for path in write_template(directory)]
    if format_ == "json":
        emit_json({"schema_version": 1, "status": "written", "directory": str(directory), "files": files})
    elif format_ == "csv":
        emit("file\n" + "".join(f"{name}\n" for name in files))
    else:
        emit("".join(f"{name}\n" for name in files))
    if not quiet:
        note(f"next: kloof solve {directory}")
    return DONE
