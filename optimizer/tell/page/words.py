"""What a run says, in sentences made of its numbers: who leads, how far behind the others are, what binds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from optimizer.answer import digits
from optimizer.answer.summary import ABOVE, AHEAD
from optimizer.tell.page.figures import amount, lag_words
from optimizer.tell.page.saved import Plan, SavedRun

# A lag that moves by less than this, months, is said to stay.
STEADY_MONTHS: Final = 1.0
BEHIND: Final = " months behind"
GROWS, CLOSES, STAYS = "the lag grows", "the lag closes", "the lag stays"
LEADS: Final = {GROWS: "the lead shrinks", CLOSES: "the lead grows", STAYS: "the lead stays"}
RISES, FALLS, LEVEL = "rises", "falls", "stays"
SHARE_WAYS: Final = (
    (FALLS, "falls back", "fall back"),
    (RISES, "comes closer", "come closer"),
    (LEVEL, "stays level", "stay level"),
)
NAMED: Final = 3
BESIDE_SPLIT: Final = {
    "premiums_usd_bn": "of what is paid are premiums for pace",
    "unspent_usd_bn": "of income are left unspent",
}
# Of what is paid, below which premiums and unspent income are not worth a sentence.
LEAST_SAID: Final = 0.01


def lags(plan: Plan) -> tuple[float, float, float] | None:
    """Months behind the leader at the start, at mid-horizon and at the horizon; None where there are none."""
    found = None if plan.answer.headline is None else plan.answer.headline.lag_months
    if not found:
        return None
    middle, last = found[plan.top.middle], found[plan.top.last]
    base = plan.top.base.lag_months
    return (middle if base is None else base), middle, last


def trend(plan: Plan) -> str:
    """Whether the lag in months grows, closes or stays from start to horizon; empty for the leader."""
    found = lags(plan)
    if found is None:
        return ""
    change = found[2] - found[0]
    sharp = max(STEADY_MONTHS, 10.0**-plan.precision.lag_decimals)
    return STAYS if abs(change) < sharp else GROWS if change > 0 else CLOSES


def _turn(plan: Plan) -> str:
    """Where the lag does not move one way only, when it turns."""
    months = plan.series("lag_months")
    path, labels = months, plan.periods
    if len(path) < 3:
        return ""
    top, low = max(range(len(path)), key=path.__getitem__), min(range(len(path)), key=path.__getitem__)
    way = trend(plan)
    inside = range(1, len(path) - 1)
    if way == GROWS and top in inside and path[top] - path[-1] > STEADY_MONTHS:
        return f", from its widest, {lag_text(plan, path[top])} in {labels[top]}, it closes again"
    if way == CLOSES and low in inside and path[-1] - path[low] > STEADY_MONTHS:
        return f", but it widens again after {labels[low]}"
    return ""


def lag_text(plan: Plan, months: float, period: str = "") -> str:
    """A lag as a reader says it, that of a period with what there is to know of it beside its number."""
    return lag_words(months, plan.precision.lag_decimals, plan.lag_mark_in(period))


def ends_ahead(plan: Plan) -> bool:
    """Whether a follower stands above the leader at the horizon."""
    found = lags(plan)
    return found is not None and lag_text(plan, found[2], plan.top.last).endswith(AHEAD)


def _way(plan: Plan) -> str:
    """Where the lag, or the lead, goes from start to horizon."""
    start = (lags(plan) or (math.nan,))[0]
    before, after = lag_text(plan, start).endswith(AHEAD), ends_ahead(plan)
    if before and after:
        return "it stays ahead" if plan.lag_marks()[-1] == ABOVE else LEADS[trend(plan)]
    if after:
        return "it takes the lead"
    return "it loses the lead" if before else f"{trend(plan)}{_turn(plan)}"


def path_of(run: SavedRun, plan: Plan) -> str:
    """One sentence on a follower's lag at the start, at mid-horizon and at the horizon, and where it goes."""
    found = lags(plan)
    if found is None:
        return ""
    middle, last = plan.top.middle, plan.top.last
    parts = [lag_text(plan, months, at) for months, at in zip(found, ("", middle, last), strict=True)]
    if all(each.endswith(BEHIND) for each in parts):
        parts[1:] = [each.removesuffix(BEHIND) for each in parts[1:]]
    text = f"{parts[0]} at the start, {parts[1]} in {middle} and {parts[2]} in {last}: {_way(plan)}"
    return f"{text}; effective compute {_ratio_path(plan)} of the leader's"


def ratio_trend(plan: Plan) -> str:
    """Whether effective compute as a share of the leader's rises, falls or stays, as far as its digits tell;
    empty where the start is not known. A share can rise while the lag in months grows: where the leader grows
    more slowly than before, less of a distance takes more time."""
    start, end = _ratio_texts(plan)
    if not start:
        return ""
    base, ratio = plan.top.base.capability, plan.top.effective_ratio
    gained = 0.0 if base is None or ratio is None else math.log(ratio) - base
    return LEVEL if start == end else RISES if gained > 0 else FALLS


def _ratio_texts(plan: Plan) -> tuple[str, str]:
    """The shares at the start and at the end in percent; the first is empty where it is not known."""
    width = plan.precision.ratio_width
    base, ratio = plan.top.base.capability, plan.top.effective_ratio
    start = "" if base is None else amount(100 * math.exp(base), 2, width).text
    return start, amount(100 * (math.nan if ratio is None else ratio), 2, width).text


def _ratio_path(plan: Plan) -> str:
    start, end = _ratio_texts(plan)
    way = ratio_trend(plan)
    if not way:
        return f"ends at {end}%"
    return f"stays at {end}%" if way == LEVEL else f"{way} from {start}% to {end}%"


def points(run: SavedRun) -> list[str]:
    """What the overview says point by point: the standing, and what binds the closest follower most."""
    closest = closest_first(run)[:1] or [
        run.base(country) for country in run.plans if run.base(country).solved
    ]
    return [*standing(run), *(point for plan in closest for point in dearest_point(run, plan))]


def view_points(run: SavedRun) -> list[str]:
    """How plans were decided that were decided year by year."""
    if run.view is None:
        return []
    return [
        f"Each year was decided with {run.view}, the leader's too: no plan here is an optimum, and gaps are "
        "those of what was in view."
    ]


def closest_first(run: SavedRun) -> list[Plan]:
    """The followers with a plan and a lag, by their lag at the horizon."""
    plans = [run.base(country) for country in run.plans]
    followers = [plan for plan in plans if plan.solved and plan.country != run.leader and lags(plan)]

    def key(plan: Plan) -> float:
        months = (lags(plan) or (math.inf,))[-1]
        # above a leader that stood higher before
        return min(months, 0.0) if plan.lag_marks()[-1] == ABOVE else months

    return sorted(followers, key=key)


def standing(run: SavedRun) -> list[str]:
    """Who leads, how many fall back or come closer by either measure, who is closest and farthest."""
    followers = closest_first(run)
    if not any(run.base(country).solved for country in run.plans):
        return [*_unsolved(run), _leader(run, followers)]
    points = [_leader(run, followers)]
    if len(followers) > 1:
        behind = [plan for plan in followers if not ends_ahead(plan)]
        points += _counts(run, behind, "followers" if behind == followers else "that stay behind")
        ends = ("Closest", "Farthest") if behind == followers else ("Most advanced", "Least advanced")
        points += [
            f"{word}: {run.name(plan.country)}, {path_of(run, plan)}."
            for word, plan in zip(ends, (followers[0], followers[-1]), strict=True)
        ]
    else:
        points += [f"{run.name(plan.country)}: {path_of(run, plan)}." for plan in followers]
    return points + _unsolved(run)


def dearest_point(run: SavedRun, plan: Plan) -> list[str]:
    """One sentence on what binds a country most; none where the run names nothing."""
    found = run.plain(dearest(plan))
    return [f"The dearest limit of {run.name(plan.country)}: {found}"] if found else []


def _leader(run: SavedRun, followers: Sequence[Plan]) -> str:
    """Who leads, and whether any follower passes it: in the baseline, and under which policies."""
    passing = _passing(run, followers)
    name = run.name(run.leader)
    nobody = "none of the others passes it" if len(followers) > 1 else "it is not passed"
    if not run.is_comparison:
        if passing:
            return f"Leader: {name}, but it is passed by {passing}."
        return f"Leader: {name}; {nobody}." if followers else f"Leader: {name}."
    under: dict[str, list[str]] = {}
    other: dict[str, list[str]] = {}
    for policy in (each.name for each in run.policies):
        leader = run.leader_under(policy)
        plans = [by_policy[policy] for country, by_policy in run.plans.items() if country != leader]
        if leader != run.leader:
            other.setdefault(f"{run.name(leader)} leads", []).append(run.policy_names[policy])
        elif passed := _passing(run, plans):
            under.setdefault(f"it is passed by {passed}", []).append(run.policy_names[policy])
    parts = []
    if passing:
        parts = [f"in the baseline it is passed by {passing}"]
    elif followers:
        parts = [f"in the baseline {nobody}" if under else f"{nobody}, in the baseline or under any policy"]
    parts += [f"under {listed_names(names)} {said}" for said, names in (under | other).items()]
    return f"Leader: {name}{'; ' if parts else ''}{'; '.join(parts)}."


def _passing(run: SavedRun, plans: Sequence[Plan]) -> str:
    """Which of the plans pass their leader, and when."""
    return ", ".join(
        f"{run.name(plan.country)} ({plan.top.passes_the_leader_in})"
        for plan in plans
        if plan.solved and plan.top.passes_the_leader_in
    )


def listed_names(names: Sequence[str]) -> str:
    """Names of policies in quotation marks, the first few where they are many."""
    shown = [f"“{name}”" for name in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(counted(len(names) - NAMED, "more policy", "more policies"))
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def counted(count: int, one: str, several: str) -> str:
    """A number of things: `1 policy`, `2 policies`."""
    return f"{count} {one if count == 1 else several}"


def _counts(run: SavedRun, followers: Sequence[Plan], noun: str) -> list[str]:
    """How many fall back and how many come closer, in months and by the share of effective compute; nothing
    where there are not several."""
    if len(followers) < 2:
        return []
    months = [trend(plan) for plan in followers]
    shares = [(run.name(plan.country), ratio_trend(plan)) for plan in followers]
    every = "both" if len(followers) == 2 else f"all {len(followers)}"
    if len(set(months)) == 1:
        said = f"The lag in months {months[0].removeprefix('the lag ')} for {every} {noun}"
    else:
        parts = [
            f"{way.removeprefix('the lag ')} for {months.count(way)}"
            for way in (GROWS, CLOSES, STAYS)
            if way in months
        ]
        said = f"The lag in months {', '.join(parts)} of {len(followers)} {noun}"
    groups = []
    for way, one, several in SHARE_WAYS:
        countries = [country for country, found in shares if found == way]
        if countries:
            few = len(countries) <= NAMED and len(countries) < len(followers)
            names = f" ({', '.join(countries)})" if few else ""
            whole = every if len(countries) == len(followers) else len(countries)
            groups.append(f"{whole}{names} {one if len(countries) == 1 else several}")
    if not groups:
        return [f"{said}."]
    listed = " and ".join([", ".join(groups[:-1]), groups[-1]] if len(groups) > 1 else groups)
    points = [f"{said}; measured by effective compute, {listed}."]
    same = {GROWS: FALLS, CLOSES: RISES}
    if any(
        way in same and share in same.values() and same[way] != share
        for way, (_, share) in zip(months, shares, strict=True)
    ):
        points.append(
            "The two measures can part: where the leader grows more slowly than before, the same distance "
            "takes more months, so that a lag may grow while the ratio of effective compute rises."
        )
    return points


def _unsolved(run: SavedRun) -> list[str]:
    """Which countries have no plan and why, and which the run did not come to."""
    plans = [run.base(country) for country in run.plans]
    points = [
        f"No plan for {run.name(plan.country)}: {' '.join(failure_points(plan)[:2])}"
        for plan in plans
        if plan.tried and not plan.solved
    ]
    late = [run.name(plan.country) for plan in plans if not plan.tried]
    return [*points, f"Not solved, as the run was interrupted: {', '.join(late)}."] if late else points


def dearest(plan: Plan) -> str:
    """The words of the limit whose easing is worth most; empty where the run names none."""
    return plan.answer.binding[0].words if plan.answer.binding else ""


def country_points(run: SavedRun, plan: Plan) -> list[str]:
    """What the section of a country says before its charts."""
    top, precision = plan.top, plan.precision
    points = []
    if top.passes_the_leader_in:
        points.append(f"Passes {run.name(run.leader)} in {top.passes_the_leader_in}.")
    split = top.split
    shown = precision.shares(list(split.values()))
    parts = [f"{name} {share}%" for name, share in zip(split, shown, strict=True) if share.strip("~0")]
    first, last = plan.periods[0], plan.periods[-1]
    paid = amount(top.paid_usd_bn, 3, precision.paid_width).text
    points.append(f"Cost of use, {first} to {last}: {', '.join(parts)}; USD {paid} bn paid.")
    beside = [
        f"USD {amount(getattr(top, key), 3, precision.paid_width).text} bn {said}"
        for key, said in BESIDE_SPLIT.items()
        if getattr(top, key) > LEAST_SAID * top.paid_usd_bn
    ]
    if beside:
        points.append(f"{' and '.join(beside)}.")
    if dearest(plan):
        points.append(f"Dearest limit: {run.plain(dearest(plan))}")
    if plan.answer.status == "stopped":
        points.append(f"Stopped before the gap asked for: a better plan may exist, {gap_words(plan)}.")
    if plan.answer.rolled is not None:
        said = plan.answer.rolled.sentence
        points.append(f"{said[0].upper()}{said[1:]}. Prices of limits there are none.")
    if plan.answer.leader_gap is not None:
        points.append(
            "Follows a leader whose plan is not certified to the gap asked for: beside a better one, its own "
            "best plan and all that is said of it here may be another."
        )
    return points


def gap_words(plan: Plan) -> str:
    """How good the plan is certified to be."""
    if not math.isfinite(plan.gap):
        return "by an unknown amount"
    return f"by at most {digits.scientific(plan.gap)} log units on average"


def failed(plan: Plan) -> list[str]:
    """What the section of a country without a plan says."""
    reason, *repairs = failure_points(plan)
    return [f"No plan ({plan.answer.status}): {reason}" if plan.tried else f"Not solved: {reason}", *repairs]


def failure_points(plan: Plan) -> list[str]:
    """Why a country has no plan, and what would repair it; the reason first."""
    if not plan.tried:
        return ["the run was interrupted before."]
    if plan.conflict:
        points = [f"these cannot hold together: {'; '.join(plan.conflict)}."]
    else:
        errors = [each.message for each in plan.answer.diagnostics if each.severity == "error"]
        points = [f"{' '.join(errors)}" if errors else f"{plan.answer.status}."]
    return [*points, *(f"It has a plan with {repair}" for repair in plan.repairs)]
