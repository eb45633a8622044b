"""The user's own function behind `--extend FILE.py:FUNCTION`."""

from __future__ import annotations

import difflib
import importlib.util
from pathlib import Path
from typing import Any

from optimizer.errors import Diagnostic, InputError
from optimizer.study.ask import Extension


def extension_of(text: str) -> tuple[Path, Extension]:
    """The file and function of `FILE.py:FUNCTION`. Raises `InputError`."""
    name, _, function_name = text.rpartition(":")
    path = Path(name)
    if not name or not function_name or path.suffix != ".py":
        raise InputError(Diagnostic("E603", f"--extend takes FILE.py:FUNCTION, got `{text}`"))
    if not path.is_file():
        raise InputError(Diagnostic("E201", "no such file", file=name))
    spec = importlib.util.spec_from_file_location(f"kloof_extension_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(Diagnostic("E603", "the file cannot be imported", file=name))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(_fault(path, error, "importing the extension")) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        defined = [
            each for each, value in vars(module).items() if callable(value) and not each.startswith("_")
        ]
        near = difflib.get_close_matches(function_name, defined, n=1)
        hint = f"did you mean `{near[0]}`?" if near else None
        raise InputError(Diagnostic("E603", f"no function `{function_name}`", file=name, hint=hint))

    def extension(model: Any) -> None:
        try:
            function(model)
        except Exception as error:
            raise InputError(_fault(path, error, f"`{function_name}`")) from error

    return path, extension


def _fault(path: Path, error: Exception, what: str) -> Diagnostic:
    """An exception in the user's own file, at the deepest of its lines that was running."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path or trace.tb_frame.f_code.co_filename == str(
            path.resolve()
        ):
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        line = error.lineno
    message = f"{what} raised {type(error).__name__}: {error}"
    return Diagnostic("E603", message, file=str(path), line=line)
