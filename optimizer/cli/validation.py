"""What `kloof validate` checks beyond reading the files: that every country's plan can be set up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.blocs import parts, share_sums
from optimizer.instance.resolve import resolve
from optimizer.instance.rules.membership import memberships
from optimizer.study.single import standing_leader
from optimizer.tell.terminal.tables import Screen, grid

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


def country_table(instance: Instance) -> str:
    """A line for each country: the bloc that it is part of or the parts that it counts, its groups and tiers,
    and how many rules have it as destination."""
    found, blocs = memberships(instance), parts(instance)

    def bloc(country: str) -> str:
        counted = [name for name, whole in blocs.items() if whole == country]
        return (
            f"part of {blocs[country]}"
            if country in blocs
            else f"counts {', '.join(counted)}" * bool(counted)
        )

    heads = ["country", *(["bloc"] if blocs else [])]
    rows = [[country, *([bloc(country)] if blocs else [])] for country in instance.countries]
    if instance.rules:
        heads += ["groups and tiers", f"rules, of {len(instance.rules)}"]
        for row in rows:
            one = found[row[0]]
            row += [", ".join(one.groups) or NO_GROUP, str(one.rules)]
    if len(heads) == 1:
        return ""
    return Screen().render([grid(heads, rows, len(heads) - bool(instance.rules))]) + "\n"


def share_lines(instance: Instance) -> str:
    """A line for each sum of the countries' shares that some chips have; a chip has 1 at most."""
    blocs = parts(instance)
    out = f" without {', '.join(blocs)}, which a bloc counts" if blocs else ""
    lines = [f"all countries' shares of a chip{out}; the greatest sum of a year (at most 1):\n"]
    for one in share_sums(instance):
        more = f" and {len(one.chips) - MOST_NAMED} more" if len(one.chips) > MOST_NAMED else ""
        lines.append(f"  {one.total:<8g}  in {one.year}  {', '.join(one.chips[:MOST_NAMED])}{more}\n")
    return "".join(lines) if len(lines) > 1 else ""


def counts(instance: Instance) -> dict[str, int]:
    """How much the instance holds, and how well its values are supported."""
    statuses = Counter(cell.status for cell in instance.cells())
    found = {
        "countries": len(instance.countries),
        "chips": len(instance.chips),
        "sources": len(instance.sources),
    }
    return found | {f"{name} values": statuses[name] for name in ("sourced", "recalled", "assumed")}
