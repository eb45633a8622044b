"""The `kloof` command: a click group whose commands are imported only when they are used.

Each command lives in the module of its name and exposes `command`. Modules here import only click at the top,
so that `--help`, `--version` and shell completion answer at once.
"""

from __future__ import annotations

import difflib
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

# Countries are solved on several processes already; threads of the linear algebra library, which numpy starts
# when it is imported, would only wait for each other there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

COMMANDS: Final = (
    "solve",
    "compare",
    "explain",
    "report",
    "runs",
    "diff",
    "evaluate",
    "sweep",
    "sensitivity",
    "study",
    "equilibrium",
    "controls",
    "new",
    "import",
    "validate",
    "inspect",
    "rules",
    "policies",
    "export",
    "migrate",
    "schema",
)


class KloofGroup(click.Group):
    """A group that loads commands by name and turns every outcome into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"optimizer.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"commands: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command `{args[0]}`; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)

        def invoke() -> Any:
            return super(KloofGroup, self).main(
                arguments, prog_name or "kloof", complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return invoke()
        if args is None:
            _keep_programs()
        # A command makes much and drops little: looking for garbage less often saves a third of a second.
        gc.set_threshold(2_000_000, 10, 10)
        from optimizer.cli.session import exit_code_of

        sys.exit(exit_code_of(invoke, arguments))


def _keep_programs() -> None:
    """Let compiled plans be kept in the user's cache, unless the environment says where, or (empty) not. What
    a command starts inherits it under a name that nobody else sets."""
    named, directory = os.environ.get("KLOOF_CACHE"), ""
    # whoever has no home keeps nothing
    with suppress(RuntimeError, OSError):
        if named is None:
            from platformdirs import user_cache_path

            named = str(user_cache_path("kloof", appauthor=False))
        directory = str(Path(named).expanduser()) if named else ""
    os.environ["_KLOOF_PROGRAMS"] = directory


def _print_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"kloof {version('kloof')}")
    ctx.exit()


@click.group(
    cls=KloofGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start: `kloof solve world-2026`, or `kloof new my-world` for an instance of your own.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version.",
)
def main() -> None:
    """Optimal national strategies for AI compute under export control.

    An instance describes a world: countries, chips, prices, rules. Kloof finds for each country the plan that
    splits its budget best over research, delivery, domestic chips, talent and power, and certifies it.
    """
