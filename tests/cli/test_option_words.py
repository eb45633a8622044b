"""An option of one name says the same in every command that has it."""

from __future__ import annotations

import click
import pytest

from optimizer.cli import COMMANDS, main

# a column of a comparison is no part of one scenario
OTHER = {"compare", "explain"}


def said(name: str) -> dict[str, set[str]]:
    """What is said of an option, and the commands that say so."""
    found: dict[str, set[str]] = {}
    context = click.Context(main)
    for command in COMMANDS:
        one = main.get_command(context, command)
        assert one is not None
        for option in one.params:
            if isinstance(option, click.Option) and name in option.opts:
                found.setdefault(str(option.help), set()).add(command)
    return found


@pytest.mark.parametrize(("option", "least"), [("--policy", 9), ("--set", 10), ("--objective", 8)])
def test_one_help_text(option: str, least: int) -> None:
    (commands,) = [names - OTHER for names in said(option).values() if names - OTHER]
    assert len(commands) >= least
