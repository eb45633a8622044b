"""What a change of fleets leaves as it was observed: what is known, what copying saves, what is demanded."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance

NAMED = 3


def held(instance: Instance) -> Iterator[Diagnostic]:
    """A warning for each set of changed fleets, with the countries whose base state is held."""
    followers: dict[tuple[str, ...], list[str]] = {}
    for country, changed in instance.held_calibrations():
        followers.setdefault(changed, []).append(country)
    for changed, lagging in followers.items():
        others = len(lagging) - NAMED
        more = f" and {others} more" if others > 0 else ""
        named, fleets = ", ".join(lagging[:NAMED]), " and ".join(changed)
        yield Diagnostic(
            "W106",
            f"with the changed fleet of {fleets}, what {named}{more} knew, copied and demanded "
            "is held as observed: lags in the base state move",
            "warning",
            path=f"countries.{lagging[0]}.research.lag_months",
            hint="to read them anew, give the lag that goes with the fleet: `lag_months = MONTHS`",
        )
