"""From what a command line gives to what is asked: the instance, changed, and all that this depends on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from optimizer.cli.columns import check_names, columns_of
from optimizer.cli.extending import extension_of
from optimizer.cli.options import Given
from optimizer.cli.policies import listed
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, load, patch, read_draft
from optimizer.instance.policy import Policy, draft_of, parse_all, policies_of, policy_names
from optimizer.instance.shipped import find_policy
from optimizer.study.ask import Ask, default_gap
from optimizer.tell.files.store import sha256

# What is told by the content of files, or changes no answer; all else that is given is a field of `Ask` too.
TOLD_OTHERWISE: Final = frozenset({"instance", "policies", "columns", "patches", "extend", "jobs"})
# Options that came later: told where they are given, so that runs without them keep their key and place.
TOLD_WHERE_GIVEN: Final = frozenset({"bands", "draws", "view", "next_dollar"})


@dataclass(frozen=True)
class Opened:
    """What is asked; what identifies by content all that it depends on, for `manifest.json`; the texts that
    name its policies, the last of them those of `columns` made on the command line, and why others that might
    have been compared were `left_out`, by name."""

    ask: Ask
    inputs: dict[str, Any]
    named: tuple[str, ...]
    columns: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, Any]:
        """What `manifest.json` says of it."""
        return {**self.inputs, "given_policies": list(self.named[: len(self.named) - self.columns])}


def opened(given: Given) -> Opened:
    """Load the instance, then apply policies and patches together, so that overlaps are found.

    Raises `InputError` with every problem of the instance, else of policies and patches together, else of
    the countries.
    """
    found = _opened(given)
    _check_countries(found.ask)
    return found


def opened_to_compare(given: Given, every_policy: bool) -> Opened:
    """The instance with its patches, and each policy beside it: those named, `every_policy` that fits, and
    the columns made of patches on the command line.

    Raises `InputError` with the problems of the instance, else with those of the baseline and all policies.
    """
    drafts = [read_draft(name) for name in given.policies]
    made, problems = columns_of(given.columns)
    every = [*drafts, *(draft_of(column.name, column.patches) for column in made)]
    groups = [draft.patches for draft in every]
    try:
        found = _opened(replace(given, policies=()))
    except InputError as error:
        policies_of(every, load(given.instance), groups, [*problems, *error.diagnostics])
        raise
    policies = policies_of(every, found.ask.instance, groups, problems)
    more, left_out = _fitting(found.ask.instance, given.policies) if every_policy else ([], {})
    policies[len(drafts) : len(drafts)] = more
    check_names(made, [policy.name for policy in policies[: len(policies) - len(made)]])
    files = (*given.policies, *(policy.name for policy in more))
    ask = replace(found.ask, policies=tuple(policies))
    _check_countries(ask)
    told: list[dict[str, Any]] = [
        {"name": policy.name, "files": [_hash(name) for name in policy_names(text)]}
        for policy, text in zip(policies, files, strict=False)
    ]
    told += [{"name": column.name, "patches": list(column.patches)} for column in made]
    named = (*files, *(column.text for column in made))
    return Opened(ask, {**found.inputs, "policies": told}, named, len(made), left_out)


def _fitting(instance: Instance, names: Sequence[str]) -> tuple[list[Policy], dict[str, str]]:
    """The shipped policies that change something, but for those named already: those that fit the instance,
    and why the others do not."""
    found = [each for each in listed(instance) if each.policy.patches and each.policy.name not in names]
    fitting = [each.policy for each in found if each.fits]
    return fitting, {each.policy.name: each.reason or "" for each in found if not each.fits}


def _opened(given: Given) -> Opened:
    loaded = load(given.instance)
    patches, problems = parse_all(given.patches)
    names: list[str] = []
    for text in given.policies:
        try:
            names += policy_names(text)
        except InputError as error:
            problems += error.diagnostics
    drafts = [read_draft(name) for name in names]
    every = [*(each for draft in drafts for each in draft.patches), *patches]
    chosen = policies_of(drafts, loaded, [every], problems)
    changed = patch(loaded, every)
    if given.objective is not None and given.objective not in changed.objectives:
        hint = _nearest(given.objective, changed.objectives)
        message = f"unknown objective preset `{given.objective}`"
        raise InputError(Diagnostic("E604", message, path="--objective", hint=hint))
    inputs: dict[str, Any] = {
        "instance": changed.name,
        "files": dict(loaded.files),
        "policies": [
            {"name": policy.name, "sha256": _hash(name)} for name, policy in zip(names, chosen, strict=True)
        ],
        "set": list(given.patches),
    }
    extension, extension_key = None, ""
    if given.extend is not None:
        file, extension = extension_of(given.extend)
        said = {"function": given.extend.rpartition(":")[2], "sha256": sha256(file.read_bytes())}
        extension_key = " ".join(said.values())
        inputs["extend"] = said
    options = {
        name: value
        for name, value in vars(given).items()
        if name not in TOLD_OTHERWISE and (value or name not in TOLD_WHERE_GIVEN)
    }
    if given.gap is None:
        options["gap"] = default_gap(changed)
    inputs["options"] = options
    ask = Ask(
        changed,
        policy="+".join(policy.name for policy in chosen),
        extension=extension,
        extension_key=extension_key,
        jobs=given.jobs,
        **options,
    )
    return Opened(ask, inputs, given.policies)


def _hash(policy: str) -> str:
    return sha256(find_policy(policy).read_bytes())


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"


def _check_countries(ask: Ask) -> None:
    """Raise `InputError` for countries that the instance does not have."""
    known = ask.instance.countries
    problems = [
        Diagnostic(
            "E302",
            f"unknown country `{country}`",
            path="--country",
            hint=_nearest(country, known),
        )
        for country in ask.countries
        if country not in known
    ]
    if problems:
        raise InputError(problems)
