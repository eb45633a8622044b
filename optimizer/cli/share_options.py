"""Options that ask for shares of the budget."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import click

Command = Callable[..., Any]
NAMES: Final = ("at_least", "at_most", "fix")
HELP: Final = {
    "at_least": "A least share of the budget, as research=30%@2028: ; years are @2028, @2028:, @2028:2031, "
    "@:2030, or none for all. May be repeated.",
    "at_most": "A largest share of the budget, likewise: chips=20%.",
    "fix": "An exact share of the budget, likewise: talent=10%@2030.",
}


def share_options(function: Command) -> Command:
    """Shares of the budget, which the command gets as `wanted`: texts by kind."""

    @functools.wraps(function)
    def command(**options: Any) -> Any:
        wanted = {name: options.pop(name) for name in NAMES}
        return function(**options, wanted=wanted)

    decorated: Command = command
    for name in reversed(NAMES):
        option = click.option(
            f"--{name.replace('_', '-')}", name, multiple=True, metavar="CATEGORY=SHARE", help=HELP[name]
        )
        decorated = option(decorated)
    return decorated
