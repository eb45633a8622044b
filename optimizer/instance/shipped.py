"""Where instances, policies and studies are: a directory or file that is named, else one that ships with
Kloof."""

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
    return _names(policy_directory())


def study_directory() -> Path:
    """Where the shipped studies are."""
    return shipped_directory() / "studies"


def shipped_studies() -> tuple[str, ...]:
    """The names of the shipped studies."""
    return _names(study_directory())


def design_directory() -> Path:
    """Where the shipped designs of export regimes are."""
    return shipped_directory() / "designs"


def shipped_designs() -> tuple[str, ...]:
    """The names of the shipped designs."""
    return _names(design_directory())


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
    return _find_file("policy", name, policy_directory(), shipped_policies())


def find_study(name: str | os.PathLike[str]) -> Path:
    """The file of a study. Raises `InputError`."""
    return _find_file("study", name, study_directory(), shipped_studies())


def find_design(name: str | os.PathLike[str]) -> Path:
    """The file of a design. Raises `InputError`."""
    return _find_file("design", name, design_directory(), shipped_designs())


def _names(root: Path) -> tuple[str, ...]:
    return tuple(sorted(found.stem for found in root.glob("*.yaml"))) if root.is_dir() else ()


def _find_file(kind: str, name: str | os.PathLike[str], root: Path, known: tuple[str, ...]) -> Path:
    text = os.fspath(name)
    path = Path(text)
    if path.exists() or path.suffix in (".yaml", ".yml"):
        return path
    if text in known:
        return root / f"{text}.yaml"
    raise InputError(_unknown(kind, text, known))


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
    plural = {"policy": "policies", "study": "studies"}.get(kind, f"{kind}s")
    return f"shipped {plural}: {', '.join(known)}" if known else None
