"""Rules that start after the years that are reported: no reported year of a plan heeds them."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance


def late_rules(instance: Instance) -> Iterator[Diagnostic]:
    """A warning for each such rule; a year that was mistyped looks just like it."""
    last_year = instance.horizon.years[-1]
    for name, rule in instance.rules.items():
        if rule.in_force != "dated" or rule.action == "none" or rule.from_.start < last_year + 1:
            continue
        yield Diagnostic(
            "W108",
            f"the rule `{name}` starts on {rule.from_.text}, after the horizon that ends in {last_year}: "
            "no reported year heeds it",
            "warning",
            path=f"rules.{name}.from",
            hint="correct the year, or say `in_force: never` of one that only policies turn on",
        )
