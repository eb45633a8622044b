"""`kloof sensitivity`: which inputs drive a country's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from optimizer.cli.options import (
    Given,
    Output,
    PositiveNumber,
    country_option,
    examples,
    instance_argument,
    output_options,
    patch_options,
    policies_option,
)
from optimizer.cli.several import Told, tell_each
from optimizer.cli.sweep import batch_options

if TYPE_CHECKING:
    from optimizer.cli.studies import Batch

GRADIENT: Final = "gradient"
SOLVED: Final = 10
# What only some methods take, by the name of its parameter.
ONLY_GRADIENT: Final = ("solved",)
ONLY_DRAWN: Final = ("samples", "seed")
ONLY_STUDIES: Final = (
    "outcomes",
    "store",
    "resume",
    "jobs",
    "shard",
    "fail_fast",
    "max_solves",
    "plot",
    "scheduler",
)
OPTIONS: Final = {"outcomes": "--outcome"}


@click.command(
    "sensitivity",
    short_help="Which inputs drive a country's plan: slopes, ranking, indices.",
    epilog=examples(
        "kloof sensitivity world-2026 --country CHN --method gradient",
        "kloof sensitivity world-2026 --country CHN --method oat --leader hold",
        "kloof sensitivity world-2026 --country CHN --method morris --samples 20 --store morris.study",
        "kloof sensitivity world-2026 --country CHN --method sobol --samples 128 "
        "--factors research.spillover_per_year --factors countries.CHN.budget.income_usd_bn",
    ),
)
@instance_argument
@country_option
@click.option(
    "--method",
    type=click.Choice([GRADIENT, "oat", "morris", "sobol"]),
    required=True,
    help="gradient: slopes of the objective by every input, from one plan. oat: each input alone, at the "
    "ends of its range. morris: which matter at all, cheaply. sobol: shares of the variance.",
)
@click.option(
    "--factors",
    multiple=True,
    metavar="PATH",
    help="An input, over its own range ('*' moves several together), or an axis as of `kloof sweep --vary`. "
    "May be repeated. Default: all inputs with a range that reach the country.",
)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="METRIC/PERIOD",
    help="Of what: a number named as in strategy.csv. May be repeated. Default: the lag (of the leader the "
    "capability) in the last period, and the objective.",
)
@click.option("--samples", type=click.IntRange(min=1), metavar="N",
              help="Trajectories of morris (10), draws of sobol (64, a power of 2).")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="Of what is drawn. Default: 0.")
@click.option("--pairs/--no-pairs", default=None,
              help="sobol: with what pairs explain (default), at twice the solves.")  # fmt: skip
@click.option("--solved", type=click.IntRange(min=0), metavar="N",
              help="gradient: solve anew with each of the first N inputs moved. Default: 10.")  # fmt: skip
@policies_option
@patch_options
@click.option("--leader", type=click.Choice(["answer", "hold"]),
              help="Whether the leader's plan answers to what reaches it, or is held, as gradient does. "
              "Default: answer.")  # fmt: skip
@click.option("--gap", type=PositiveNumber(min=0, min_open=True), metavar="G",
              help="Certified gap of every plan, average log units. Default: 1e-4, of gradient 1e-6.",
              )  # fmt: skip
@batch_options
@output_options
@click.pass_context
def command(
    context: click.Context,
    /,
    instance: str,
    countries: tuple[str, ...],
    method: str,
    factors: tuple[str, ...],
    solved: int | None,
    time_limit: float | None,
    output: Output,
    **said: Any,
) -> int:
    """Tell which inputs of INSTANCE drive a country's plan, each over the range that its sources give.

    `gradient` takes one solve. The others are studies as of `kloof sweep`: each plan is certified and kept as
    it is done, and --resume goes on. Effects on the objective that the gaps cannot tell from nothing are not
    ranked: `gradient` tells them.
    """
    _refuse_strange(context, method)
    if method == GRADIENT:
        if said["leader"] == "answer":
            raise click.UsageError("gradient holds the leader's path: --leader answer is for the others")
        given = Given(
            instance, countries, said["policies"], said["patches"], said["objective"], gap=said["gap"]
        )
        return _gradient(given, factors, solved, time_limit, output)
    from optimizer.cli.studies import Batch

    names = ("store", "resume", "jobs", "shard", "fail_fast", "max_solves", "plot", "scheduler")
    kept = {name: said.pop(name) for name in names}
    batch = Batch(**kept, quiet=output.quiet)
    return _study(instance, countries, method, factors, time_limit, batch, output, **said)


def _refuse_strange(context: click.Context, method: str) -> None:
    """Raise a usage error for options that say nothing of the method."""
    wrong = [*(ONLY_STUDIES + ONLY_DRAWN if method == GRADIENT else ONLY_GRADIENT)]
    wrong += [*ONLY_DRAWN] if method == "oat" else []
    wrong += [] if method == "sobol" else ["pairs"]
    default = click.core.ParameterSource.DEFAULT
    given = [name for name in dict.fromkeys(wrong) if context.get_parameter_source(name) is not default]
    if given:
        options = ", ".join(OPTIONS.get(name, f"--{name.replace('_', '-')}") for name in given)
        raise click.UsageError(f"{options}: nothing of the method {method}")


def _study(
    instance: str,
    countries: tuple[str, ...],
    method: str,
    factors: tuple[str, ...],
    time_limit: float | None,
    batch: Batch,
    output: Output,
    *,
    outcomes: tuple[str, ...],
    policies: tuple[str, ...],
    patches: tuple[str, ...],
    pairs: bool | None,
    **more: Any,
) -> int:
    from optimizer.cli.studies import run_and_tell
    from optimizer.instance import load
    from optimizer.study.sampling.asked import METHODS, headline_outcomes, own_factors, study_of
    from optimizer.study.sampling.sample import prepare

    loaded = load(instance)
    headlines = [each for country in countries for each in headline_outcomes(loaded, country)]
    study = study_of(
        instance, countries, own_factors(factors), METHODS[method],
        outcomes or tuple(dict.fromkeys(headlines)),
        pairs=pairs is not False, policy="+".join(policies), patches=patches, name="sensitivity", **more,
    )  # fmt: skip
    return run_and_tell("sensitivity", prepare(study, loaded, time_limit), batch, output)


def _gradient(
    given: Given, factors: tuple[str, ...], solved: int | None, time_limit: float | None, output: Output
) -> int:
    from optimizer.cli.asking import opened
    from optimizer.cli.output import screen
    from optimizer.cli.session import DONE
    from optimizer.study.margins import GRADIENT_GAP, margins
    from optimizer.tell.files.margins import margins_csv, margins_document
    from optimizer.tell.terminal.gradient_table import gradient_table

    gap = given.gap or GRADIENT_GAP
    paths = None if not factors or factors == ("all",) else factors
    count = SOLVED if solved is None else solved
    to = screen()

    def tell(one: Given) -> Told:
        ask = opened(one).ask
        found = margins(ask.instance, ask.country, given.objective, gap, time_limit, count, paths)
        return Told(
            lambda: margins_document(found),
            lambda: margins_csv(found),
            lambda: to.render(gradient_table(found, to.width, output.verbose)),
            DONE,
        )

    return tell_each(given, output, tell)
