"""Policy files: a named list of patches, with a description and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.diagnose import diagnose
from optimizer.instance.patch import Patch, parse_patch
from optimizer.instance.schema import Record, Text
from optimizer.instance.shape import record
from optimizer.instance.shipped import find_policy
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import decode, read_bytes, read_yaml


class PolicyFile(Record):
    """A policy as written. `sources` are titles or addresses; `patches` are texts `PATH OP VALUE`."""

    title: Text
    description: str = ""
    sources: list[Text] = Field(default_factory=list)
    patches: list[Text]


@dataclass(frozen=True)
class Policy:
    """A named list of patches. `name` is the file's, without `.yaml`; of a composed one all, joined by +."""

    name: str
    title: str
    description: str
    sources: tuple[str, ...]
    patches: tuple[Patch, ...]


def read_policy(path_or_name: str | os.PathLike[str]) -> Policy:
    """The policy in a file, the shipped one of that name, or several composed as `A+B`.

    Raises `InputError` with every problem found.
    """
    text = os.fspath(path_or_name)
    if "+" in text and not Path(text).exists():
        return compose(read_policy(part.strip()) for part in text.split("+"))
    path = find_policy(path_or_name)
    shown = str(path)
    document = read_yaml(decode(read_bytes(path, shown), shown), shown)
    problems = list(document.problems)
    shape = record(PolicyFile)
    file = None
    if not document.is_broken(()):
        try:
            file = PolicyFile.model_validate(document.data, strict=True)
        except ValidationError as error:
            problems += diagnose(error, shape, document)
    if file is None or problems:
        raise InputError(sorted(problems, key=lambda one: (one.line or 0, one.column or 0)))
    patches = []
    for position, patch_text in enumerate(file.patches):
        mark = document.mark(("patches", position))
        try:
            patches.append(parse_patch(patch_text, Location(shown, *mark)))
        except InputError as error:
            problems += error.diagnostics
    if problems:
        raise InputError(problems)
    return Policy(path.stem, file.title, file.description, tuple(file.sources), tuple(patches))


def compose(policies: Iterable[Policy]) -> Policy:
    """Several policies as one; their patches must not overlap, which `patch` checks."""
    parts = list(policies)
    if not parts:
        raise InputError(Diagnostic("E209", "no policy is named"))
    return Policy(
        "+".join(part.name for part in parts),
        " and ".join(part.title for part in parts),
        "\n".join(part.description for part in parts if part.description),
        tuple(dict.fromkeys(source for part in parts for source in part.sources)),
        tuple(patch for part in parts for patch in part.patches),
    )
