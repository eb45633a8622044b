"""`kloof new`: an instance to start from, as files or as a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.options import Output, examples, output_options


@click.command(
    "new",
    short_help="Copy a commented instance to start from, or write it as a workbook.",
    epilog=examples(
        "kloof new my-world",
        "kloof solve my-world",
        "kloof new my-world --from world-2026 --xlsx",
        "kloof import my-world.xlsx my-world",
    ),
)
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--from",
    "source",
    metavar="INSTANCE",
    help="Copy this instance, a directory or a shipped one, in place of the small one.",
)
@click.option("--xlsx", is_flag=True, help="Write DIR.xlsx, for `kloof import`, in place of files.")
@output_options
def command(directory: Path, source: str | None, xlsx: bool, output: Output) -> int:
    """Write a small instance with a comment on every field to DIR, which must not exist or be empty."""
    from optimizer.cli.session import DONE, emit, emit_json, note
    from optimizer.instance.template import TEMPLATE, write_template
    from optimizer.instance.workbook.of_instance import write_workbook

    origin = TEMPLATE if source is None else source
    if xlsx:
        target = directory if directory.suffix == ".xlsx" else directory.with_name(f"{directory.name}.xlsx")
        files = [str(write_workbook(origin, target))]
        then = f"kloof import {target} {target.with_suffix('')}"
    else:
        files = [str(path) for path in write_template(directory, origin)]
        then = f"kloof solve {directory}"
    if output.form == "json":
        emit_json({"schema_version": 1, "status": "written", "directory": str(directory), "files": files})
    elif output.form == "csv":
        emit("file\n" + "".join(f"{name}\n" for name in files))
    else:
        emit("".join(f"{name}\n" for name in files))
    if not output.quiet:
        note(f"next: {then}")
    return DONE
