"""From outcomes to exit codes: errors in one style, interrupts and broken pipes quietly.

0 done, 1 done with findings, 2 wrong usage or invalid input, 3 infeasible, 4 stopped before the requested
gap, 70 internal fault, 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

from optimizer.errors import Diagnostic, KloofError, visible

DONE: Final = 0
FINDINGS: Final = 1
INVALID: Final = 2
INFEASIBLE: Final = 3
STOPPED: Final = 4
INTERNAL: Final = 70
INTERRUPTED: Final = 130

SCHEMA_VERSION: Final = 1


def emit(text: str) -> None:
    """Write data to stdout. A reader who has gone away ends the output, not the command."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whatever is still buffered must not fail again when the interpreter closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Write a line to stderr."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def emit_json(data: dict[str, Any]) -> None:
    """Write one JSON document. Infinity must already be text: a number JSON has no word for raises."""
    emit(json.dumps(data, allow_nan=False, ensure_ascii=False) + "\n")


def diagnostic_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as JSON data, every key always there."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": visible(diagnostic.message),
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "path": diagnostic.path,
        "hint": None if diagnostic.hint is None else visible(diagnostic.hint),
    }


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Write diagnostics to stderr, coloured where a person reads it."""
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    for diagnostic in diagnostics:
        text = diagnostic.render()
        if colour:
            head, rest = text.split(":", 1)
            shade = {"error": "red", "warning": "yellow"}.get(diagnostic.severity, "cyan")
            text = click.style(head, fg=shade, bold=True) + ":" + rest
        note(text)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Lets nothing interrupt what takes a moment: saving what took long to solve."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def exit_code_of(invoke: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Run a command; report what went wrong in the way that `arguments` ask for; return the exit code."""
    if "--debug" not in arguments:
        # Pyomo logs to standard output, among the data, what the exception that follows says as well.
        logging.getLogger("pyomo.core").setLevel(logging.CRITICAL)
    try:
        result = invoke()
    except KloofError as error:
        _fail(error.diagnostics, arguments)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        note(error.format_message())
        return INVALID
    except click.UsageError as error:
        hint = f"see `{error.ctx.command_path} --help`" if error.ctx else None
        _fail([Diagnostic("E601", error.format_message().rstrip("."), hint=hint)], arguments)
        return INVALID
    except click.ClickException as error:
        _fail([Diagnostic("E601", error.format_message())], arguments)
        return INVALID
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
            return INTERNAL
        message = f"internal fault: {type(error).__name__}: {error}"
        _fail([Diagnostic("M901", message, hint="run again with --debug for the traceback")], arguments)
        return INTERNAL
    return result if isinstance(result, int) else DONE


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--format json` is among the arguments, also where they could not be parsed."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(this == "--format=json" or (this == "--format" and after == "json") for this, after in pairs)


def _fail(diagnostics: Sequence[Diagnostic], arguments: Sequence[str]) -> None:
    if wants_json(arguments):
        data = [diagnostic_data(diagnostic) for diagnostic in diagnostics]
        emit_json({"schema_version": SCHEMA_VERSION, "status": "error", "diagnostics": data})
    else:
        report(diagnostics)
