"""Writing to standard output and standard error, whether a terminal, a file, a pipe or a full disk."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Any, Final, TextIO

from optimizer.errors import Diagnostic, OutputError

# What stands in tables for a character that a stream has no code for. Marks differ from each other, as their
# legends go the same way.
PLAINER: Final = str.maketrans(
    {
        **{"─": "-", "·": ".", "≈": "?", "…": "_", "±": "+-", "×": "x"},
        **{"–": "-", "—": "-", "“": '"', "”": '"', "’": "'", "→": "->"},
        **{"░": "=", "█": "#", "│": "|"},
        **{"▁": "_", "▂": ".", "▃": "-", "▄": ":", "▅": "=", "▆": "+", "▇": "*"},
    }
)
# Errors of the operating system that say that there is no room or no way to write any more.
CANNOT_WRITE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads the stream; there is none where the process was started with it closed."""
    return stream is not None and stream.isatty()


def emit(text: str) -> None:
    """Write data to stdout. A reader who has gone away ends the output, not the command.

    Raises `OutputError` where it cannot be written.
    """
    if sys.stdout is None:
        raise _unwritten("standard output is closed")
    try:
        sys.stdout.write(encodable(text, sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:
        _drop(sys.stdout)
        raise _unwritten(error.strerror or str(error)) from error


def note(text: str) -> None:
    """Write a line to stderr; where it cannot be written there is no other place to say so."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(encodable(text + "\n", sys.stderr))
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


def emit_json(data: dict[str, Any]) -> None:
    """Write one JSON document. Infinity must already be text: a number JSON has no word for raises."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False)
    if not _can_encode(text, sys.stdout):
        text = json.dumps(data, allow_nan=False)
    emit(text + "\n")


def encodable(text: str, stream: TextIO) -> str:
    """The text in characters that the stream can encode: plainer marks for those that it cannot, and at last
    their numbers."""
    if _can_encode(text, stream):
        return text
    encoding = stream.encoding
    plainer = "".join(each if _can_encode(each, stream) else each.translate(PLAINER) for each in text)
    return plainer.encode(encoding, "backslashreplace").decode(encoding)


def is_unwritten(error: OSError) -> bool:
    """Whether an error is one of writing to a standard stream, which has no name."""
    return error.filename is None and error.errno in CANNOT_WRITE


def drop_unwritten(error: OSError) -> OutputError:
    """The error as one to report, with nothing left that would fail again when the interpreter closes."""
    if sys.stdout is not None:
        _drop(sys.stdout)
    return _unwritten(error.strerror or str(error))


def _can_encode(text: str, stream: TextIO | None) -> bool:
    try:
        text.encode((stream and stream.encoding) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _drop(stream: TextIO) -> None:
    """Let whatever is still buffered go nowhere: it must not fail again when the interpreter closes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _unwritten(why: str) -> OutputError:
    return OutputError(Diagnostic("E607", f"standard output cannot be written: {why}"))
