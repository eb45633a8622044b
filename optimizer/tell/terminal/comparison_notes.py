"""What stands below a comparison: what its marks mean, how well numbers are known, what failed and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from models.parameters import CATEGORIES
from optimizer.answer import digits, metrics, ranges
from optimizer.answer.comparison import OBJECTIVE, Comparison
from optimizer.answer.run import WorldRun
from optimizer.tell.fitted import FITTED
from optimizer.tell.terminal.tables import (
    BELOW,
    BELOW_MARK,
    LOOSE,
    ended,
    is_loose,
    provisional_note,
    reason,
    warnings,
)
from optimizer.tell.words import meanings

SAME: Final = "="
ALIKE: Final = "≈"
NO_PLAN: Final = "n/a"
NOT_SOLVED: Final = "…"
LEGEND_SAME: Final = f"{SAME} the very same plan as in the baseline"
LEGEND_ALIKE: Final = f"{ALIKE} a difference that the gaps allow between plans equally good"
SAME_MARK: Final = re.compile(rf"(?<!\S){SAME}(?!\S)")
LEGEND_NO_PLAN: Final = f"{NO_PLAN} no plan under this policy, or nothing to compare"
WORTH: Final = (
    "worth: the change of what the country maximises, as the lasting gain in effective compute worth as much"
)
SHARES: Final = "shares are of the cost of use"
CLOSED: Final = "`closed`: a limit of 0 throughout, of which there is no 10% more"
ABOUT: Final = "~ before 10% more: about, where the limit is a share of what the plan decides"
# At smaller gaps the rule of thumb gives no narrower ranges.
FINER_GAP: Final = "1e-6"
MOST_NAMED: Final = 3


def endings(comparison: Comparison, printed: str, detailed: bool) -> list[str]:
    """Legend of what was printed, how all of it ended and how to learn more, then failures and warnings."""
    marks = (SAME_MARK.search(printed), LEGEND_SAME), (ALIKE in printed, LEGEND_ALIKE)
    legend = "   ".join(text for there, text in marks if there)
    lines = [legend] if legend else []
    lines += [WORTH] if "worth" in printed else []
    lines += [LEGEND_NO_PLAN] if NO_PLAN in printed else []
    done, asked = comparison.progress
    if done < asked and any(world.interrupted for world in comparison.worlds):
        lines.append(f"{NOT_SOLVED} not solved: interrupted with {done} of {asked} solved")
    lines += [SHARES, FITTED] if CATEGORIES[0] in printed else []
    lines += [CLOSED, ABOUT] if "what binds" in printed else []
    lines += meanings(printed)
    loose = any(is_loose(run) for world in comparison.worlds for run in world.countries.values())
    lines += [LOOSE] if loose and detailed else []
    lines += [BELOW] if BELOW_MARK.search(printed) else []
    lines += _known(comparison) if ALIKE in printed else []
    lines.append(_outcome(comparison, detailed))
    leaders = {world.leader: None for world in comparison.worlds if world.provisional}
    lines += [provisional_note(leader) for leader in leaders]
    for world in comparison.worlds:
        lines += _failures(comparison, world)
    return [*lines, *_warnings(comparison)]


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
    """To how many months lags are known, what would tell more, and how well worths are."""
    followers = [
        run
        for world in comparison.worlds
        for country, run in world.countries.items()
        if country != world.leader and run.solved and run.solution is not None
    ]
    if not followers:
        return []
    months = max(ranges.width(run, "lag_months") for run in followers)
    gap = max(run.solution.certificate.gap for run in followers if run.solution is not None)
    more = ""
    if gap > float(FINER_GAP):
        more = f"; --gap {FINER_GAP} tells more"
    elif not any(run.ranges for run in followers):
        more = "; --ranges tells more"
    lines = [f"{ALIKE} months behind are known to about {digits.about(months)} at this gap{more}"]
    moved = [
        metrics.effective_compute_percent(
            np.array(comparison.change_within(world, country, OBJECTIVE)), run.parameters
        )
        for world in comparison.policies
        if comparison.leader_moved(world)
        for country, run in world.countries.items()
        if run.parameters is not None and comparison.change(world, country, OBJECTIVE)[1] is not None
    ]
    widest = max((float(each) for each in moved if each is not None), default=0.0)
    if widest:
        known = f"known to about {digits.about(widest)}" if np.isfinite(widest) else "not known"
        lines.append(f"{ALIKE} worths are {known} where the leader's plan is another one")
    return lines


def _outcome(comparison: Comparison, detailed: bool) -> str:
    line = ended(comparison.worlds)
    if not detailed and comparison.countries:
        line += f"; one country under every policy: --country {most_affected(comparison)}"
    return line


def _failures(comparison: Comparison, world: WorldRun) -> Iterator[str]:
    failed: dict[str, list[str]] = {}
    for run in world.countries.values():
        if not run.solved:
            failed.setdefault(f"{run.marked_status}: {reason(run)}", []).append(run.country)
    for why, names in failed.items():
        yield f"! {world.policy}, {', '.join(names)}: {why}"
    other = [
        country
        for country in world.countries
        if comparison.numbers(world, country) and not comparison.comparable(world, country)
    ]
    if other:
        moved = not all(comparison.same_zero(world, country) for country in other)
        zero = ", nor does capability have a change" if moved else ""
        whose = ", ".join(other)
        yield f"! {world.policy} changes what objectives are counted in ({whose}): it has no worth{zero}"
    if comparison.other_leader(world):
        before = comparison.baseline.leader
        yield (
            f"! {world.policy}: {world.leader} leads, not {before}: months behind and ratios are against it, "
            "and have no change"
        )


def _warnings(comparison: Comparison) -> Iterator[str]:
    """Each warning once, with the columns that it is about."""
    found: dict[str, list[str]] = {}
    for world in comparison.worlds:
        own = [
            each.message + (f": {each.hint}" if each.hint else "")
            for each in world.diagnostics
            if each.severity == "warning"
        ]
        for text in dict.fromkeys([*own, *warnings(world)]):
            found.setdefault(text, []).append(world.policy)
    for text, names in found.items():
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        every = len(names) == len(comparison.worlds)
        yield f"! {'every column' if every else ', '.join(names[:MOST_NAMED]) + more}: {text}"
