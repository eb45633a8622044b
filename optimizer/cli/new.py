"""`kloof new`: an instance to start from, as files or as a workbook, or a country in one."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli.new_country import Likeness, make_country
from optimizer.cli.options import Output, examples, output_options


@click.command(
    "new",
    short_help="Copy an instance to start from, or make a country like another.",
    epilog=examples(
        "kloof new my-world",
        "kloof solve my-world",
        "kloof new my-world --from world-2026 --xlsx",
        "kloof import my-world.xlsx my-world",
        "kloof new BRA --like IND --scale 0.5 --in my-world",
    ),
)
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR|ISO3")
@click.option(
    "--from",
    "source",
    metavar="INSTANCE",
    help="Copy this instance, a directory or a shipped one, in place of the small one.",
)
@click.option("--xlsx", is_flag=True, help="Write DIR.xlsx, for `kloof import`, in place of files.")
@click.option("--like", metavar="ISO3", help="Make the country ISO3 like this one of the instance --in.")
@click.option("--scale", type=float, metavar="F", help="How large it is beside that one. Default: 1.")
@click.option("--in", "inside", metavar="DIR", help="The instance that the country is written to.")
@click.option("--name", "country_name", metavar="TEXT", help="The country's name. Default: its code.")
@output_options
def command(
    directory: Path,
    source: str | None,
    xlsx: bool,
    like: str | None,
    scale: float | None,
    inside: str | None,
    country_name: str | None,
    output: Output,
) -> int:
    """Write a small instance with a comment on every field to DIR, which must not exist or be empty.

    With --like, write the country ISO3 to the instance --in: amounts (money, people, chips, power, wafers,
    shares of the world's supply) are those of the other country times --scale, prices and rates are copied,
    and it joins the groups of rules.yaml that the other is in. Says what was scaled and what copied, and what
    must be looked up.
    """
    from optimizer.cli.output import tell_files
    from optimizer.cli.session import DONE
    from optimizer.instance.template import TEMPLATE, write_template
    from optimizer.instance.workbook.of_instance import write_workbook

    likeness = Likeness(like, scale, inside, country_name)
    if likeness.is_given:
        if source is not None or xlsx:
            raise click.UsageError(
                "--from and --xlsx copy an instance: leave them out beside --like and --in"
            )
        return make_country(str(directory), likeness, output)
    origin = TEMPLATE if source is None else source
    if xlsx:
        target = directory if directory.suffix == ".xlsx" else directory.with_name(f"{directory.name}.xlsx")
        files = [str(write_workbook(origin, target))]
        then = f"kloof import {target} {target.with_suffix('')}"
    else:
        files = [str(path) for path in write_template(directory, origin)]
        then = f"kloof solve {directory}"
    tell_files(files, directory, then, output)
    return DONE
