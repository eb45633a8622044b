"""Which groups of `rules.yaml` each country is in: what a rule for groups touches, and what it passes by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance
from optimizer.instance.rules.rulebook import is_destination


class Membership(NamedTuple):
    """The groups and tiers that a country is in, and the number of rules that have it as a destination, in
    force or not."""

    groups: tuple[str, ...]
    rules: int


def memberships(instance: Instance) -> Mapping[str, Membership]:
    """Each country's groups and rules."""
    groups = instance.destination_groups
    return {
        country: Membership(
            tuple(name for name, members in groups.items() if country in members),
            sum(is_destination(rule, country, groups) for rule in instance.rules.values()),
        )
        for country in instance.countries
    }


def ungrouped(instance: Instance) -> Iterator[Diagnostic]:
    """A note for each country but the leader that is in no group, where there are groups."""
    if not instance.destination_groups:
        return
    known = ", ".join(instance.destination_groups)
    for country, found in memberships(instance).items():
        if found.groups or country == instance.leader:
            continue
        touched = (
            f"{found.rules} of {len(instance.rules)} rules concern it" if found.rules else "no rule does"
        )
        yield Diagnostic(
            "W104",
            f"{country} is in no group of countries, so rules and policies for groups pass it by; {touched}",
            "note",
            file=str(Path(instance.directory) / "rules.yaml"),
            path="destination_groups",
            hint=f"add it to its groups in rules.yaml: {known}",
        )
