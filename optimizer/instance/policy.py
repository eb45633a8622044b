"""Policy files: a named list of patches, with a description and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.diagnose import diagnose
from optimizer.instance.fields import Record, Text
from optimizer.instance.instance import Instance
from optimizer.instance.patch import Patch, parse_patch, patch
from optimizer.instance.patch_grammar import in_file_order
from optimizer.instance.shape import record
from optimizer.instance.shipped import find_policy
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import Document, decode, read_bytes, read_yaml

LISTED: Final = "`kloof policies` lists those that are shipped"


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


@dataclass(frozen=True)
class Draft:
    """What a policy file gives: the policy, or every problem with it and the patches that can be read."""

    policy: Policy | None
    patches: tuple[Patch, ...]
    problems: tuple[Diagnostic, ...]


def read_policy(path_or_name: str | os.PathLike[str]) -> Policy:
    """The policy in a file, the shipped one of that name, or several composed as `A+B`.

    Raises `InputError` with every problem found.
    """
    draft = read_draft(path_or_name)
    if draft.policy is None:
        raise InputError(draft.problems)
    return draft.policy


def read_draft(path_or_name: str | os.PathLike[str]) -> Draft:
    """The same, but problems are given rather than raised, so that those of several policies and of what
    their patches do to an instance can be told together."""
    try:
        names = policy_names(os.fspath(path_or_name))
        if len(names) > 1:
            return _composed([read_draft(name) for name in names])
        path = find_policy(path_or_name)
        shown = str(path)
        document = read_yaml(decode(read_bytes(path, shown), shown), shown)
    except InputError as error:
        return Draft(None, (), error.diagnostics)
    problems = list(document.problems)
    file = None
    if not document.is_broken(()):
        try:
            file = PolicyFile.model_validate(document.data, strict=True)
        except ValidationError as error:
            problems += diagnose(error, record(PolicyFile), document)
    patches, unreadable = _patches(document)
    problems = sorted([*problems, *unreadable], key=lambda one: (one.line or 0, one.column or 0))
    if file is None or problems:
        return Draft(None, tuple(patches), tuple(problems))
    policy = Policy(path.stem, file.title, file.description, tuple(file.sources), tuple(patches))
    return Draft(policy, policy.patches, ())


def policy_names(text: str) -> list[str]:
    """The policies in `A+B`, unless that is the name of a file. Raises `InputError` where one is empty."""
    if text.strip() and Path(text).exists():
        return [text]
    names = [part.strip() for part in text.split("+")]
    if "" not in names:
        return names
    if len(names) == 1:
        raise InputError(Diagnostic("E209", "no policy is named", hint=LISTED))
    place = "before" if names[0] == "" else "after"
    message = f"no policy is named {place} the + in `{text}`"
    raise InputError(Diagnostic("E209", message, hint=LISTED))


def draft_of(name: str, texts: Iterable[str]) -> Draft:
    """A policy that no file holds, from its patches."""
    patches, problems = parse_all(texts)
    if problems:
        return Draft(None, tuple(patches), tuple(problems))
    policy = Policy(name, name, "", (), tuple(patches))
    return Draft(policy, policy.patches, ())


def parse_all(texts: Iterable[str]) -> tuple[list[Patch], list[Diagnostic]]:
    """Patches that can be read, and what is wrong with the others."""
    patches: list[Patch] = []
    problems: list[Diagnostic] = []
    for text in texts:
        try:
            patches.append(parse_patch(text))
        except InputError as error:
            problems += error.diagnostics
    return patches, problems


def policies_of(
    drafts: Sequence[Draft],
    instance: Instance,
    groups: Sequence[Sequence[Patch]],
    problems: Sequence[Diagnostic] = (),
) -> list[Policy]:
    """The policies of all drafts.

    Raises `InputError` where there are problems, these or a draft's: with all of them, and with what keeps
    each group of patches, as far as they can be read, from fitting the instance.
    """
    found = dict.fromkeys([*problems, *(each for draft in drafts for each in draft.problems)])
    policies = [draft.policy for draft in drafts if draft.policy is not None]
    if not found and len(policies) == len(drafts):
        return policies
    for group in groups:
        try:
            patch(instance, group)
        except InputError as error:
            found |= dict.fromkeys(error.diagnostics)
    raise InputError(in_file_order(found))


def _patches(document: Document) -> tuple[list[Patch], list[Diagnostic]]:
    """The patches of a file whatever else is wrong with it, and what is wrong with the others."""
    texts = document.data.get("patches") if isinstance(document.data, dict) else None
    patches: list[Patch] = []
    problems: list[Diagnostic] = []
    for position, text in enumerate(texts if isinstance(texts, list) else ()):
        where = ("patches", position)
        if not isinstance(text, str) or not text or document.is_broken(where):
            continue
        try:
            patches.append(parse_patch(text, Location(document.file, *document.mark(where))))
        except InputError as error:
            problems += error.diagnostics
    return patches, problems


def _composed(drafts: Sequence[Draft]) -> Draft:
    policies = [draft.policy for draft in drafts if draft.policy is not None]
    return Draft(
        compose(policies) if len(policies) == len(drafts) else None,
        tuple(patch for draft in drafts for patch in draft.patches),
        tuple(dict.fromkeys(problem for draft in drafts for problem in draft.problems)),
    )


def _sentence(description: str) -> str:
    text = description.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def compose(policies: Iterable[Policy]) -> Policy:
    """Several policies as one; their patches must not overlap, which `patch` checks."""
    parts = list(policies)
    if not parts:
        raise InputError(Diagnostic("E209", "no policy is named"))
    return Policy(
        "+".join(part.name for part in parts),
        " and ".join(part.title for part in parts),
        " ".join(_sentence(part.description) for part in parts if part.description.strip()),
        tuple(dict.fromkeys(source for part in parts for source in part.sources)),
        tuple(patch for part in parts for patch in part.patches),
    )
