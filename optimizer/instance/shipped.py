"""Where instances and policies are: a directory or file that is named, else one that ships with Kloof."""

from __future__ import annotations

import os
from pathlib import Path

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.problem import nearest

PACKAGE = Path(__file__).resolve().parent.parent


def shipped_directory() -> Path:
    """The shipped instances: inside the package when it is installed from a wheel, else in the checkout."""
    installed = PACKAGE / "_instances"
    return installed if installed.is_dir() else PACKAGE.parent / "instances"


def shipped_instances() -> tuple[str, ...]:
    """The names of the shipped instances."""
    root = shipped_directory()
    if not root.is_dir():
        return ()
    return tuple(sorted(found.name for found in root.iterdir() if (found / "instance.yaml").is_file()))


def policy_directory() -> Path:
    """Where the shipped policies are."""
    return shipped_directory() / "policies"


def shipped_policies() -> tuple[str, ...]:
    """The names of the shipped policies."""
    root = policy_directory()
    return tuple(sorted(found.stem for found in root.glob("*.yaml"))) if root.is_dir() else ()


def find_instance(name: str | os.PathLike[str]) -> Path:
    """The directory of an instance. Raises `InputError`."""
    text = os.fspath(name)
    path = Path(text)
    if path.is_dir():
        return path
    if path.exists():
        message = "an instance is a directory, this is a file"
        hint = f"did you mean `{path.parent}`?" if path.name == "instance.yaml" else None
        raise InputError(Diagnostic("E202", message, file=text, hint=hint))
    known = shipped_instances()
    if text in known:
        return shipped_directory() / text
    if path.name == text:
        raise InputError(_unknown("instance", text, known))
    beside = _siblings(path)
    close = nearest(path.name, beside)
    hint = f"did you mean `{path.parent / close}`?" if close else _shipped_hint("instance", path.name, known)
    raise InputError(Diagnostic("E201", "there is no such directory", file=text, hint=hint))


def find_policy(name: str | os.PathLike[str]) -> Path:
    """The file of a policy. Raises `InputError`."""
    text = os.fspath(name)
    path = Path(text)
    if path.exists() or path.suffix in (".yaml", ".yml"):
        return path
    known = shipped_policies()
    if text in known:
        return policy_directory() / f"{text}.yaml"
    raise InputError(_unknown("policy", text, known))


def _siblings(path: Path) -> tuple[str, ...]:
    if not path.parent.is_dir():
        return ()
    return tuple(sorted(found.name for found in path.parent.iterdir() if (found / "instance.yaml").is_file()))


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> Diagnostic:
    message = f"`{name}` is neither a path nor the name of a shipped {kind}"
    return Diagnostic("E209", message, hint=_shipped_hint(kind, name, known))


def _shipped_hint(kind: str, name: str, known: tuple[str, ...]) -> str | None:
    close = nearest(name, known)
    if close is not None:
        return f"did you mean the shipped `{close}`?"
    plural = {"policy": "policies"}.get(kind, f"{kind}s")
    return f"shipped {plural}: {', '.join(known)}" if known else None
