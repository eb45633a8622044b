"""`kloof schema`: JSON Schema of the instance files, for editors."""

from __future__ import annotations

import click

from optimizer.cli.options import examples


@click.command(
    "schema",
    short_help="JSON Schema of the instance files, for editors.",
    epilog=examples("kloof schema > kloof.schema.json"),
)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal fault.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json"]),
    default="json",
    show_default=True,
    help="Form of the data.",
)
@click.option("--quiet", "-q", is_flag=True, help="No notes.")
@click.option("--verbose", "-v", is_flag=True, help="More detail.")
def command(debug: bool, format_: str, quiet: bool, verbose: bool) -> int:
    """Print the JSON Schema of instance.yaml, market.yaml and a country's file, under `$defs`."""
    import json

    from optimizer.cli.session import DONE, emit
    from optimizer.instance.template import schema_json

    emit(json.dumps(schema_json(), indent=1) + "\n")
    return DONE
