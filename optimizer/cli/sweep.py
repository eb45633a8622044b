"""`kloof sweep`: many scenarios of one question, solved and kept as they finish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from optimizer.cli.options import (
    Output,
    PositiveNumber,
    countries_option,
    examples,
    output_options,
    patch_options,
    policies_option,
)

if TYPE_CHECKING:
    from optimizer.study.sampling.study_file import Study

DESIGNS: Final = ("grid", "oat", "lhs", "sobol", "morris", "saltelli")
MOST_SOLVES: Final = 100_000


def batch_options(function: Any) -> Any:
    """How a study is solved and kept; what is said of it apart, nothing of this changes an answer."""
    for option in reversed(
        (
            click.option("--store", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                         help="Keep the study here. Default: runs/<command>-<12 hex of its key>.study"),
            click.option("--resume", is_flag=True, help="Go on with the study that the store holds."),
            click.option("--jobs", type=click.IntRange(min=1), metavar="N",
                         help="Processes. Default: one per processor."),
            click.option("--scheduler", metavar="ADDRESS", default="",
                         help="Solve on the workers of this Dask scheduler, as tcp://host:8786."),
            click.option("--shard", metavar="I/N", default="",
                         help="Solve part I of N only; `kloof study merge` puts parts together."),
            click.option("--fail-fast", is_flag=True, help="Begin no scenario after one that failed."),
            click.option("--max-solves", type=click.IntRange(min=1), default=MOST_SOLVES, show_default=True,
                         metavar="N", help="Refuse a study that may take more solves."),
            click.option("--time-limit", type=PositiveNumber(min=0, min_open=True), metavar="SECONDS",
                         help="Stop each plan after this long; what is stopped depends on the machine."),
            click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg|png",
                         help="Draw what the study concludes, as its design suggests, in this file."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


@click.command(
    "sweep",
    short_help="Many scenarios of one question, kept as they finish.",
    epilog=examples(
        "kloof sweep china-money-and-limits",
        "kloof sweep world-2026 --country CHN --vary 'countries.CHN.budget.income_usd_bn *= 0.5:2:7' "
        "--outcome lag_months/2035",
        "kloof sweep my-study.yaml --store drivers.study --resume",
        "kloof sweep china-drivers --plot drivers.svg",
    ),
)
@click.argument("study", metavar="STUDY|INSTANCE")
@click.option("--vary", "axes", multiple=True, metavar="AXIS",
              help="A factor of INSTANCE: 'PATH *= 0.5:2:7', 'PATH = [1, 2]', 'PATH ~ own', "
              "'policy = [baseline, no_controls]'. May be repeated.")  # fmt: skip
@countries_option
@click.option("--outcome", "outcomes", multiple=True, metavar="METRIC/PERIOD",
              help="A number to keep, named as in strategy.csv. May be repeated.")  # fmt: skip
@policies_option
@patch_options
@click.option("--design", type=click.Choice(list(DESIGNS)), help="How scenarios are chosen. Default: grid.")
@click.option("--samples", type=click.IntRange(min=1), metavar="N",
              help="Draws of lhs, sobol and saltelli, trajectories of morris.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="Of what is drawn. Default: 0.")
@click.option("--leader", type=click.Choice(["answer", "hold"]),
              help="Whether the leader's plan answers to what reaches it. Default: answer.")  # fmt: skip
@click.option("--gap", type=PositiveNumber(min=0, min_open=True), metavar="G",
              help="Certified gap of every plan, average log units. Default: 1e-4.")  # fmt: skip
@batch_options
@output_options
def command(
    study: str,
    store: Path | None,
    resume: bool,
    jobs: int | None,
    scheduler: str,
    shard: str,
    fail_fast: bool,
    max_solves: int,
    time_limit: float | None,
    plot: Path | None,
    output: Output,
    **said: Any,
) -> int:
    """Solve the scenarios of a study (a YAML file, or a shipped one by name), or of axes of an INSTANCE.

    Each is certified and committed to one file as it is done: Ctrl-C, a kill or a power cut lose nothing that
    is committed, and --resume goes on from there. `kloof study` looks after the file.
    """
    from optimizer.cli.studies import Batch, run_and_tell
    from optimizer.instance import load
    from optimizer.study.sampling.sample import prepare

    asked = _study(study, **said)
    sample = prepare(asked, load(asked.instance), time_limit)
    batch = Batch(
        store=store,
        resume=resume,
        jobs=jobs,
        shard=shard,
        fail_fast=fail_fast,
        max_solves=max_solves,
        quiet=output.quiet,
        plot=plot,
        scheduler=scheduler,
    )
    return run_and_tell("sweep", sample, batch, output)


def _study(
    study: str,
    axes: tuple[str, ...],
    countries: tuple[str, ...],
    outcomes: tuple[str, ...],
    policies: tuple[str, ...],
    patches: tuple[str, ...],
    objective: str | None,
    design: str | None,
    samples: int | None,
    seed: int | None,
    leader: str | None,
    gap: float | None,
) -> Study:
    """The study that is asked for: that of a file, or the one that the options make of an instance."""
    from optimizer.study.sampling.asked import DESIGNS as METHODS
    from optimizer.study.sampling.asked import study_of
    from optimizer.study.sampling.study_file import factors_of, read_study

    if not axes:
        given = {
            "--country": countries, "--outcome": outcomes, "--policy": policies, "--set": patches,
            "--objective": objective, "--design": design, "--samples": samples, "--seed": seed,
            "--leader": leader, "--gap": gap,
        }  # fmt: skip
        wrong = [name for name, value in given.items() if value not in ((), None)]
        if wrong:
            raise click.UsageError(
                f"{', '.join(wrong)} say what a study of --vary is; a study file says that itself"
            )
        return read_study(study)
    if not countries:
        raise click.UsageError("say whose plans: --country CHN")
    design = design or "grid"
    method, number = METHODS[design]
    if samples is not None and number is None:
        raise click.UsageError(f"--samples is nothing of the design {method}")
    kept = outcomes or ("lag_months/*", "objective")
    return study_of(
        study, countries, factors_of(axes), design, kept,
        samples=samples, seed=seed, leader=leader, gap=gap, objective=objective, policy="+".join(policies),
        patches=patches,
    )  # fmt: skip
