"""`kloof study`: a stored study, told, written as a table and put together from its shards."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from optimizer.cli.options import Output, examples, output_options

KINDS: Final = ("tornado", "indices", "fan", "scatter", "heat")
STORE = click.argument("store", metavar="STORE", type=click.Path(path_type=Path))


@click.group(
    "study",
    short_help="A stored study: how far it is, what it says, a picture or table of it, its shards as one.",
    epilog=examples(
        "kloof study status drivers.study",
        "kloof study show drivers.study",
        "kloof study plot drivers.study --to drivers.svg",
        "kloof study export drivers.study --to drivers.csv",
        "kloof study merge drivers-1.study drivers-2.study --into drivers.study",
    ),
)
def command() -> None:
    """Look after the file that holds a study of many scenarios.

    Every command takes --format, --quiet and --verbose. `kloof study COMMAND --help` tells more.
    """


@command.command(
    "status",
    short_help="How far a study is, and how its scenarios ended.",
    epilog=examples("kloof study status drivers.study", "kloof study status drivers.study --format json"),
)
@STORE
@output_options
def status(store: Path, output: Output) -> int:
    """Say how many scenarios of a stored study are done and left, how they ended, and why some have no plan.

    The store may be written to meanwhile. --verbose lists every reason.
    """
    from optimizer.cli.session import DONE, emit, emit_json
    from optimizer.study.batch.store import Store
    from optimizer.tell.terminal.study_table import status_csv, status_document, status_table

    with Store.open(store, writing=False) as opened:
        header, counts = opened.header, opened.counts()
    if output.form == "json":
        emit_json(status_document(header, counts))
    elif output.form == "csv":
        emit(status_csv(counts))
    else:
        from optimizer.cli.output import screen

        emit(screen().render(status_table(store.name, header, counts, output.verbose)))
    return DONE


@command.command(
    "resume",
    short_help="Go on with a study that was interrupted.",
    epilog=examples("kloof study resume drivers.study"),
)
@STORE
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes. Default: all processors.")
@click.option("--scheduler", metavar="ADDRESS", default="", help="Solve on the workers of a Dask scheduler.")
@click.option("--fail-fast", is_flag=True, help="Begin no scenario after one that failed.")
@output_options
def resume(store: Path, jobs: int | None, scheduler: str, fail_fast: bool, output: Output) -> int:
    """Solve the scenarios of a stored study that are left. Those that failed stay as they are.

    The instance and policies must be what they were: else the study is another one, and is refused.
    """
    from optimizer.cli.studies import resume_and_tell

    return resume_and_tell(store, jobs, scheduler, fail_fast, output)


@command.command(
    "show",
    short_help="What a study concludes: quantiles, effects, indices or matrices, by its design.",
    epilog=examples("kloof study show drivers.study", "kloof study show drivers.study --format csv"),
)
@STORE
@output_options
def show(store: Path, output: Output) -> int:
    """Say what a stored study concludes from the scenarios that are done, of every country and outcome.

    Nothing is solved but the study's base, where no scenario is it. The instance and policies must be what
    they were: of another study's scenarios nothing can be told (E657). --verbose shows every line.
    """
    from optimizer.cli.session import DONE
    from optimizer.cli.studies import show as tell

    tell(store, output)
    return DONE


@command.command(
    "plot",
    short_help="A stored study as a picture, SVG or PNG.",
    epilog=examples(
        "kloof study plot drivers.study --to drivers.svg",
        "kloof study plot drivers.study --to lag.png --kind scatter --outcome lag_months/2035",
    ),
)
@STORE
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here; the ending decides the form: .svg or .png.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Which chart. Default: that of the study's design.",
)
@click.option("--country", metavar="ISO3", help="Of whom. Default: the study's first country.")
@click.option(
    "--outcome",
    metavar="METRIC/PERIOD",
    help="Which number. Default: the lag in the last period, else the first.",
)
@output_options
def plot(
    store: Path, target: Path, kind: str | None, country: str | None, outcome: str | None, output: Output
) -> int:
    """Draw a stored study: what each factor does alone (tornado), indices with intervals, quantiles over time
    (fan), the outcome over each factor (scatter), or over two axes of a grid (heat).

    What is done is drawn where the study is not yet at its end; nothing is solved. A fan takes an outcome
    without its period. The instance and policies must be what they were.
    """
    from optimizer.cli.session import DONE, emit_json
    from optimizer.cli.studies import plot as draw
    from optimizer.tell.plot.picture import check_place
    from optimizer.tell.plot.study import choose, read_stored

    check_place(target)
    stored = read_stored(store)
    choice = choose(stored.sample, kind, country and country.strip().upper(), outcome)
    draw(stored, target, choice, output)
    if output.form == "json":
        told = {"kind": choice.kind, "country": choice.country, "outcome": choice.outcome}
        emit_json({"schema_version": 1, "status": "written", "file": str(target), **told})
    return DONE


@command.command(
    "export",
    short_help="The results of a study as CSV or Parquet.",
    epilog=examples(
        "kloof study export drivers.study --to drivers.csv",
        "kloof study export drivers.study --to drivers.parquet",
    ),
)
@STORE
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here; the ending decides the form: .csv or .parquet.",
)
@output_options
def export(store: Path, target: Path, output: Output) -> int:
    """Write the results of a stored study as a table: a line per scenario and country, in the order of the
    design, with the values of the factors and the outcomes.

    The same results give the same bytes, whatever machines they come from. What is done is written where the
    study is not yet at its end.
    """
    from optimizer.cli.session import DONE, emit_json, note
    from optimizer.study.batch.exporting import export as write
    from optimizer.study.batch.store import Store

    with Store.open(store, writing=False) as opened:
        lines = write(opened, target)
        left = opened.counts().left
    if output.form == "json":
        emit_json(
            {"schema_version": 1, "status": "written", "file": str(target), "lines": lines, "left": left}
        )
    elif not output.quiet:
        rest = f"; {left:,} scenarios are not solved yet" if left else ""
        note(f"wrote {lines:,} lines to {target}{rest}")
    return DONE


@command.command(
    "merge",
    short_help="The shards of a study as one store.",
    epilog=examples("kloof study merge part-1.study part-2.study --into whole.study"),
)
@click.argument("stores", metavar="STORE...", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The store to make.",
)
@output_options
def merge(stores: tuple[Path, ...], into: Path, output: Output) -> int:
    """Put the results of several stores of one study into a new store, which has the bytes of the study
    solved in one piece once it is exported. The stores stay as they are.

    Stores of different studies are refused, as are two that have different results of a scenario.
    """
    from optimizer.cli.session import DONE, emit_json, note
    from optimizer.study.batch.merging import merge as put_together

    with put_together(stores, into) as merged:
        counts, total, shard = merged.counts(), merged.header.total, merged.header.shard
    if output.form == "json":
        rows = {"rows": counts.rows, "done": counts.done, "left": counts.left, "total": total}
        emit_json({"schema_version": 1, "status": "written", "file": str(into), "shard": shard, **rows})
    elif not output.quiet:
        absent = total - counts.rows
        rest = f"; {absent:,} of the study's {total:,} are in none of them" if absent else ""
        note(f"wrote {into}: {counts.done:,} of {counts.rows:,} scenarios done{rest}")
    return DONE
