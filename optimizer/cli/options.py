"""Options that several commands share, and the values as which commands get them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import click

Command = Callable[..., Any]


class PositiveNumber(click.FloatRange):
    """A finite number above 0: a range alone lets infinity and NaN through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


INSTANCE: Final = "A directory that holds an instance, else the name of a shipped one."


@dataclass(frozen=True)
class Given:
    """What a command line asks, as it is written."""

    instance: str
    countries: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    objective: str | None = None
    extend: str | None = None
    gap: float | None = None
    time_limit: float | None = None
    ranges: bool = False
    next_dollar: float | None = None
    bands: bool = False
    draws: int | None = None
    view: int | None = None
    jobs: int | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saving:
    """Whether and where a run is saved."""

    out: Path | None
    no_save: bool

    def __post_init__(self) -> None:
        if self.out is not None and self.no_save:
            raise click.UsageError("--out and --no-save exclude each other")


@dataclass(frozen=True)
class Output:
    """In which form, and how much, is written."""

    form: str
    quiet: bool
    verbose: bool
    debug: bool


def _as_one(name: str, kind: type[Any]) -> Callable[[Command], Command]:
    """Hands what options give a command as one value of a dataclass with fields of their names."""
    names = {each.name for each in fields(kind)}

    def gather(function: Command) -> Command:
        @functools.wraps(function)
        def command(**options: Any) -> Any:
            mine = {each: options.pop(each) for each in names & options.keys()}
            return function(**options, **{name: kind(**mine)})

        return command

    return gather


asks = _as_one("given", Given)


def _compose(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def apply(function: Command) -> Command:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def instance_argument(function: Command) -> Command:
    """The INSTANCE argument."""
    return click.argument("instance", metavar="INSTANCE")(function)


def set_option(function: Command) -> Command:
    """What changes single values of the instance."""
    return click.option(
        "--set",
        "patches",
        multiple=True,
        metavar="PATCH",
        help="Change a value: 'PATH = V', 'PATH *= V' or 'PATH += V'. May be repeated.",
    )(function)


def patch_options(function: Command) -> Command:
    """What changes single values of the instance, and what is asked of it."""
    return _compose(
        set_option,
        click.option("--objective", metavar="PRESET", help="An objective preset of the instance."),
    )(function)


def change_options(function: Command) -> Command:
    """What changes the instance, beside policies, and what is asked of it."""
    extend = click.option(
        "--extend",
        metavar="FILE.py:FUNCTION",
        help="A function that adds rows of your own to the Pyomo model.",
    )
    return _compose(patch_options, extend)(function)


def policies_option(function: Command) -> Command:
    """The policies that compose one scenario."""
    return click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="P",
        help="A policy file, or the name of a shipped policy. Several compose.",
    )(function)


def scenario_options(function: Command) -> Command:
    """What turns the instance into the scenario that is solved."""
    return _compose(policies_option, change_options)(function)


def accuracy_options(gap: float | None, why: str, ranges: bool = True) -> Callable[[Command], Command]:
    """How exactly and how long to solve: the gap where none is given (None: that of the mode), and what to
    say of it; and whether there are `--ranges`."""
    again = "; --ranges get as long again" if ranges else ""
    return _compose(
        click.option(
            "--gap",
            type=PositiveNumber(min=0, min_open=True),
            default=gap,
            show_default=gap is not None,
            help=f"Certified gap asked for, in average log units{why}.",
        ),
        click.option(
            "--time-limit",
            type=PositiveNumber(min=0, min_open=True),
            metavar="SECONDS",
            help=f"Stop each plan after this long with the best one found{again}.",
        ),
    )


def equilibrium_options(function: Command) -> Command:
    """How good an equilibrium must be, and how long it is looked for."""
    return _compose(
        click.option(
            "--tolerance",
            type=PositiveNumber(min=0, min_open=True),
            default=0.005,
            show_default=True,
            help="Of an equilibrium: the largest regret of a country, average log units.",
        ),
        click.option(
            "--rounds",
            type=click.IntRange(min=1),
            default=40,
            show_default=True,
            help="Of an equilibrium: rounds of best responses at the most.",
        ),
    )(function)


def solver_options(ranges: bool) -> Callable[[Command], Command]:
    """How exactly and how long to solve one scenario; and whether there are `--ranges`."""
    why = " (1e-4 is 0.01% of effective compute). Default: 1e-6, and 1e-4 in staged mode"
    return accuracy_options(None, why, ranges)


def jobs_option(function: Command) -> Command:
    """How many processes solve."""
    return click.option(
        "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes; one per processor by default."
    )(function)


def saving_options(function: Command) -> Command:
    """Whether and where a run is saved: the command gets it as `saving`."""
    return _compose(
        click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Save the run here."),
        click.option("--no-save", is_flag=True, help="Save nothing."),
        _as_one("saving", Saving),
    )(function)


def output_options(function: Command) -> Command:
    """Format and amount of what is written: the command gets them as `output`."""
    return _compose(
        click.option(
            "--format",
            "form",
            type=click.Choice(["table", "json", "csv"]),
            default="table",
            show_default=True,
            help="Form of the data on standard output.",
        ),
        click.option("--quiet", "-q", is_flag=True, help="No progress and no notes."),
        click.option("--verbose", "-v", is_flag=True, help="More detail."),
        click.option("--debug", is_flag=True, help="Show the traceback of an internal fault."),
        _as_one("output", Output),
    )(function)


def check_brief(brief: bool, output: Output) -> None:
    """Raise a usage error for a short text that is to be long, or data."""
    if brief and (output.verbose or output.form != "table"):
        raise click.UsageError("--brief is a short text: leave out --verbose and --format")


def _each_country(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """The countries of `CHN`, `chn` or `chn,usa`, each once: codes are written in capitals."""
    names = [name.strip().upper() for text in given for name in text.split(",")]
    if "" in names:
        raise click.BadParameter("no country is named beside a comma, or none at all", context, option)
    return tuple(dict.fromkeys(names))


def countries_option(function: Command) -> Command:
    """The countries that a command is about: all where none is named."""
    return click.option(
        "--country",
        "countries",
        multiple=True,
        metavar="ISO3",
        callback=_each_country,
        help="Only this country, or those of a list: chn,usa. May be repeated.",
    )(function)


def country_option(function: Command) -> Command:
    """The country that a command is about, or several, one after the other."""
    return click.option(
        "--country",
        "countries",
        required=True,
        multiple=True,
        metavar="ISO3",
        callback=_each_country,
        help="The country, e.g. CHN or chn, or a list: chn,usa. May be repeated.",
    )(function)


def examples(*lines: str) -> str:
    """The examples at the end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
