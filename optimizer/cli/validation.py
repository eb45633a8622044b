"""What `kloof validate` checks beyond reading the files: that every country's plan can be set up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.blocs import parts
from optimizer.instance.resolve import resolve
from optimizer.instance.rules.membership import memberships
from optimizer.study.single import standing_leader

MOST_NAMED = 4
NO_GROUP = "in no group"


def check_plans(instance: Instance) -> None:
    """Resolve every country. Raises `InputError` with the problems of all of them.

    Whether their data are sound does not depend on the leader's plan, and a solve would only slow the check
    down.
    """
    problems: dict[Diagnostic, list[str]] = {}
    standing = standing_leader(instance)
    for country in instance.countries:
        try:
            resolve(instance, country, None if country == instance.leader else standing)
        except InputError as error:
            for one in error.diagnostics:
                alike = replace(one, message=one.message.removeprefix(f"{country}: "))
                problems.setdefault(alike, []).append(country if alike != one else "")
    if problems:
        raise InputError(_of_countries(one, countries) for one, countries in problems.items())


def _of_countries(problem: Diagnostic, countries: list[str]) -> Diagnostic:
    """A problem with the countries whose plans have it; none where it names none."""
    named = [country for country in countries if country]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    whose = f"{', '.join(named[:MOST_NAMED])}{more}: " if named else ""
    return replace(problem, message=whose + problem.message)


def group_lines(instance: Instance) -> str:
    """One line per country: the groups that rules name it by, and how many rules are about it."""
    if not instance.rules:
        return ""
    found = memberships(instance)
    groups = {country: ", ".join(one.groups) or NO_GROUP for country, one in found.items()}
    width = max(map(len, groups.values()))
    lines = [
        f"  {country}  {groups[country]:<{width}}  {one.rules} of {len(instance.rules)} rules\n"
        for country, one in found.items()
    ]
    return "groups of countries, and rules that have a country as destination:\n" + "".join(lines)


def part_lines(instance: Instance) -> str:
    """One line per country that is part of a bloc."""
    lines = [
        f"{country} is part of {bloc}, which counts it: sums and checks over countries leave {country} out\n"
        for country, bloc in parts(instance).items()
    ]
    return "".join(lines)


def counts(instance: Instance) -> dict[str, int]:
    """How much the instance holds, and how well its values are supported."""
    statuses = Counter(cell.status for cell in instance.cells())
    found = {
        "countries": len(instance.countries),
        "chips": len(instance.chips),
        "sources": len(instance.sources),
    }
    return found | {f"{name} values": statuses[name] for name in ("sourced", "recalled", "assumed")}
