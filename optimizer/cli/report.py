"""`kloof report`: a saved run or a stored study as one HTML page that works offline, a run as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from optimizer.cli.options import Output, examples, output_options

PAGES: Final = (".html", ".htm")
WORKBOOK: Final = ".xlsx"


@click.command(
    "report",
    short_help="A saved run or study as one HTML page that works offline, a run as a workbook.",
    epilog=examples(
        "kloof report runs/demo",
        "kloof report runs/compare-0123456789ab --out policies.html",
        "kloof report runs/demo --out demo.xlsx",
        "kloof report drivers.study",
    ),
)
@click.argument("run", metavar="RUN|STORE", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html|FILE.xlsx",
    help="Write the page here, or a run's workbook. Default: report.html in the run directory, or a page "
    "beside the store.",
)
@output_options
def command(
    run: Path,
    out: Path | None,
    output: Output,
) -> int:
    """Make a page of tables and charts from a directory that `solve`, `compare`, `equilibrium` or
    `controls` saved, or from the file of a study.

    The page is one file below 1.5 MB that asks nothing of the network. It is made from the files of the run
    alone, so the run may come from another machine; that of a study needs its instance as it was. A page that
    would be the same is kept. Solving again replaces the run and removes its page. Ends with code 1 where a
    plan's leader is not certified.

    With --out FILE.xlsx a run becomes a workbook of values, without formulas: the summary, every number of
    the plans, the data of the charts, the inputs with their ranges and sources, and the manifest.
    """
    if out is not None and out.suffix.lower() not in (*PAGES, WORKBOOK):
        raise click.UsageError(f"--out must end in .html or .xlsx, got `{out.name}`")
    from optimizer.tell.files.store import check_ordinary

    is_study = run.is_file() or (run.suffix == ".study" and not run.exists())
    if is_study and out is not None and out.suffix.lower() == WORKBOOK:
        raise click.UsageError("a study has no workbook: `kloof study export` writes it as CSV or Parquet")
    target = out or (run.with_suffix(".html") if is_study else run / "report.html")
    check_ordinary(target)
    return (_of_study if is_study else _of_run)(run, target, output)


def _of_study(store: Path, target: Path, output: Output) -> int:
    from optimizer.cli.session import DONE
    from optimizer.tell.page.study_page import study_html
    from optimizer.tell.plot.study import read_stored

    _write(study_html(read_stored(store)).encode(), target, output)
    return DONE


def _of_run(run: Path, target: Path, output: Output) -> int:
    from optimizer.cli.session import DONE, FINDINGS, report_uncertified_leaders
    from optimizer.tell.files.run_workbook import run_workbook
    from optimizer.tell.files.store import CONTROLS, open_controls, said_of
    from optimizer.tell.page.page import report_html
    from optimizer.tell.page.saved import read_run

    if said_of(run).get("command") == CONTROLS:
        from optimizer.tell.page.controls_page import controls_html

        if target.suffix.lower() == WORKBOOK:
            message = "a run of export regimes has no workbook: its regimes.csv holds every number"
            raise click.UsageError(message)
        manifest, answer = open_controls(run)
        _write(controls_html(answer, manifest).encode(), target, output)
        return DONE
    saved = read_run(run)
    whole = target.suffix.lower() == WORKBOOK
    _write(run_workbook(saved, run) if whole else report_html(saved).encode(), target, output)
    if output.form != "json" and not output.quiet:
        told = (each for plan in saved.all_plans for each in plan.answer.diagnostics)
        report_uncertified_leaders(each.diagnostic for each in told)
    return FINDINGS if any(plan.answer.leader_gap is not None for plan in saved.all_plans) else DONE


def _write(data: bytes, target: Path, output: Output) -> None:
    """Put a page or workbook in its place and say so; one that is there already, byte for byte, is kept as it
    is. Raises `OutputError` (E605)."""
    from optimizer.cli.session import emit_json, note
    from optimizer.study.writing import written_whole

    kept = _holds(target, data)
    if not kept:
        with written_whole(
            target, "the workbook" if target.suffix.lower() == WORKBOOK else "the page"
        ) as fresh:
            fresh.write_bytes(data)
    if output.form == "json":
        status = "kept" if kept else "written"
        emit_json({"schema_version": 1, "status": status, "file": str(target), "bytes": len(data)})
    elif not output.quiet:
        note(f"kept {target}: nothing in it has changed" if kept else f"wrote {target}")


def _holds(target: Path, data: bytes) -> bool:
    """Whether a file holds just this. One that cannot be read is written, which says what is wrong."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except OSError:
        return False
