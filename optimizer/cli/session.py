"""From outcomes to exit codes: errors in one style, interrupts and broken pipes quietly.

0 done, 1 done with findings, 2 wrong usage or invalid input, 3 infeasible, 4 stopped before the requested
gap, 70 internal fault, 74 output that cannot be written, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

from optimizer.clash import REMEDY, explanation, other_models
from optimizer.cli.streams import (
    drop_unwritten,
    is_terminal,
    is_unwritten,
)
from optimizer.cli.streams import emit as emit
from optimizer.cli.streams import emit_json as emit_json
from optimizer.cli.streams import note as note
from optimizer.errors import EXIT_UNWRITTEN, Diagnostic, InputError, KloofError, OutputError
from optimizer.errors import diagnostic_data as diagnostic_data
from optimizer.tell import SCHEMA_VERSION as SCHEMA_VERSION

DONE: Final = 0
FINDINGS: Final = 1
INVALID: Final = 2
INFEASIBLE: Final = 3
STOPPED: Final = 4
INTERNAL: Final = 70
UNWRITTEN: Final = EXIT_UNWRITTEN
INTERRUPTED: Final = 130

# Signals that ask a process to end, beside that of Ctrl-C; not every system has all.
ENDINGS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
UNCERTIFIED_LEADER: Final = "S110"


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Write diagnostics to stderr, coloured where a person reads it."""
    colour = is_terminal(sys.stderr) and "NO_COLOR" not in os.environ
    for diagnostic in diagnostics:
        text = diagnostic.render()
        if colour:
            head, rest = text.split(":", 1)
            shade = {"error": "red", "warning": "yellow"}.get(diagnostic.severity, "cyan")
            text = click.style(head, fg=shade, bold=True) + ":" + rest
        note(text)


def report_uncertified_leaders(diagnostics: Iterable[Diagnostic]) -> None:
    """Write those that say of a leader that it is not certified, each once: a table says it to people, and
    this to whoever keeps only what went wrong."""
    report(dict.fromkeys(each for each in diagnostics if each.code == UNCERTIFIED_LEADER))


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Lets what asks a process to end do what Ctrl-C does: what is done is kept. A signal that is ignored, as
    that of a closed terminal under `nohup`, stays so."""
    taken = [each for each in ENDINGS if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, signal.default_int_handler)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Lets nothing interrupt what takes a moment: saving what took long to solve."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, *ENDINGS)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def strongest(*codes: int) -> int:
    """The exit code of several that ended differently: what a script must know first, else that of all."""
    for first in (INTERNAL, UNWRITTEN, INVALID, INTERRUPTED):
        if first in codes:
            return first
    return codes[0] if len(set(codes)) == 1 else FINDINGS


def exit_code_of(invoke: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Run a command; report what went wrong in the way that `arguments` ask for; return the exit code."""
    if "--debug" not in arguments:
        # Pyomo logs to standard output, among the data, what the exception that follows says as well.
        logging.getLogger("pyomo.core").setLevel(logging.CRITICAL)
    try:
        _check_models()
        with signals_interrupt():
            result = invoke()
    except OutputError as error:
        report(error.diagnostics)
        return error.exit_code
    except KloofError as error:
        return _fail(error.diagnostics, arguments, error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        note(error.format_message())
        return INVALID
    except click.UsageError as error:
        hint = f"see `{error.ctx.command_path} --help`" if error.ctx else None
        return _fail([Diagnostic("E601", error.format_message().rstrip("."), hint=hint)], arguments, INVALID)
    except click.ClickException as error:
        return _fail([Diagnostic("E601", error.format_message())], arguments, INVALID)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and is_unwritten(error):
            report(drop_unwritten(error).diagnostics)
            return UNWRITTEN
        if "--debug" in arguments:
            traceback.print_exc()
            return INTERNAL
        message = f"internal fault: {type(error).__name__}: {error}"
        hint = "run again with --debug for the traceback"
        return _fail([Diagnostic("M901", message, hint=hint)], arguments, INTERNAL)
    return result if isinstance(result, int) else DONE


def _check_models() -> None:
    """Raise `InputError` where the plans' package is hidden by a module of the user's."""
    if place := other_models():
        raise InputError(Diagnostic("E608", explanation(place), hint=REMEDY))


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--format json` is among the arguments, also where they could not be parsed."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(this == "--format=json" or (this == "--format" and after == "json") for this, after in pairs)


def _fail(diagnostics: Sequence[Diagnostic], arguments: Sequence[str], code: int) -> int:
    """Say what went wrong; `code`, or what outranks it where that cannot be said in the way asked for."""
    if not wants_json(arguments):
        report(diagnostics)
        return code
    data = [diagnostic_data(diagnostic) for diagnostic in diagnostics]
    try:
        emit_json({"schema_version": SCHEMA_VERSION, "status": "error", "diagnostics": data})
    except OutputError as error:
        report((*diagnostics, *error.diagnostics))
        return strongest(code, UNWRITTEN)
    return code
