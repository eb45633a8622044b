"""What stands below a comparison: what its marks mean, how well numbers are known, what failed and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from optimizer.result import digits, ranges
from optimizer.result.comparison import OBJECTIVE, Comparison
from optimizer.result.run import WorldRun
from optimizer.result.tables import reason

SAME: Final = "="
ALIKE: Final = "≈"
NO_PLAN: Final = "n/a"
NOT_SOLVED: Final = "…"
LEGEND: Final = (
    f"{SAME} exactly as in the baseline   {ALIKE} a difference that the gaps allow between plans equally good"
)
LEGEND_NO_PLAN: Final = f"{NO_PLAN} no plan under this policy, or nothing to compare"
WORTH: Final = (
    "worth: the change of what the country maximises, as the lasting gain in effective compute worth as much"
)
SHARES: Final = (
    "shares are of the cost of use; `closed`: a limit of 0 throughout, of which there is no 10% more"
)
LOOSE: Final = "~ plans as good, but dearer, split otherwise: shares are those of the cheapest, in tens"
# At smaller gaps the rule of thumb gives no narrower ranges.
FINER_GAP: Final = "1e-6"
BELOW: Final = "< a share that is not nothing, but less than this: at this gap shares are known no better"
BELOW_MARK: Final = re.compile(r"<\d")


def endings(comparison: Comparison, printed: str, detailed: bool) -> list[str]:
    """Legend of what was printed, how all of it ended and how to learn more, then failures and warnings."""
    lines = [LEGEND, WORTH]
    lines += [LEGEND_NO_PLAN] if NO_PLAN in printed else []
    if any(world.interrupted for world in comparison.worlds):
        done, asked = comparison.progress
        lines.append(f"{NOT_SOLVED} not solved: interrupted with {done} of {asked} solved")
    lines += [SHARES] if detailed else []
    runs = [run for world in comparison.worlds for run in world.countries.values()]
    # Shares are marked so where they may vary by more than ten points.
    loose = any(run.solved and ranges.width(run, "spend_share") > 0.1 for run in runs)
    lines += [LOOSE] if loose and detailed else []
    lines += [BELOW] if BELOW_MARK.search(printed) else []
    lines += _known(comparison) if ALIKE in printed else []
    lines.append(_outcome(comparison, detailed))
    for world in comparison.worlds:
        lines += _failures(comparison, world)
    return lines


def most_affected(comparison: Comparison) -> str:
    """The country that most policies are known to touch, of several the one they touch most; rather a
    follower than the leader."""

    def rank(country: str) -> tuple[bool, int, bool, float]:
        changes = [comparison.change(world, country, OBJECTIVE) for world in comparison.policies]
        told = [abs(change) for change, alike in changes if alike is False]
        some = [abs(change) for change, alike in changes if alike is not None]
        follows = country != comparison.baseline.leader
        return bool(told) and follows, len(told), follows, max(told or some, default=0.0)

    return max(comparison.countries, key=rank)


def _known(comparison: Comparison) -> list[str]:
    """To how many months lags are known, and what would tell more."""
    followers = [
        run
        for world in comparison.worlds
        for country, run in world.countries.items()
        if country != world.leader and run.solved and run.solution is not None
    ]
    if not followers:
        return []
    months = float(digits.scientific(max(ranges.width(run, "lag_months") for run in followers)))
    gap = max(run.solution.certificate.gap for run in followers if run.solution is not None)
    more = ""
    if gap > float(FINER_GAP):
        more = f"; --gap {FINER_GAP} tells more"
    elif not any(run.ranges for run in followers):
        more = "; --ranges tells more"
    return [f"{ALIKE} months behind are known to about {months:g} at this gap{more}"]


def _outcome(comparison: Comparison, detailed: bool) -> str:
    runs = [run for world in comparison.worlds for run in world.countries.values()]
    counts = Counter(run.status for run in runs)
    gaps = [run.solution.certificate.gap for run in runs if run.solved and run.solution is not None]
    line = ", ".join(f"{count} {status}" for status, count in counts.items())
    line += f", gap <= {digits.scientific(max(gaps))}" if gaps else ""
    if any(world.interrupted for world in comparison.worlds):
        line = f"interrupted: {line}"
    if not detailed and comparison.countries:
        line += f"; one country under every policy: --country {most_affected(comparison)}"
    return line


def _failures(comparison: Comparison, world: WorldRun) -> Iterator[str]:
    failed: dict[str, list[str]] = {}
    for run in world.countries.values():
        if not run.solved:
            failed.setdefault(f"{run.status}: {reason(run)}", []).append(run.country)
    for why, names in failed.items():
        yield f"! {world.policy}, {', '.join(names)}: {why}"
    other = [
        country
        for country in world.countries
        if comparison.numbers(world, country) and not comparison.comparable(world, country)
    ]
    if other:
        yield f"! {world.policy} changes what objectives are counted in ({', '.join(other)}): it has no worth"
    for each in world.diagnostics:
        new = world is comparison.baseline or each not in comparison.baseline.diagnostics
        if each.severity == "warning" and new:
            yield f"! {world.policy}: {each.message}" + (f": {each.hint}" if each.hint else "")
