"""What a run says, in sentences made of its numbers: who leads, how far behind the others are, what binds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from optimizer.report.figures import amount
from optimizer.report.saved import Plan, SavedRun, number
from optimizer.result import digits

# A lag that moves by less than this, months, is said to stay.
STEADY_MONTHS: Final = 1.0
BEHIND: Final = " months behind"
GROWS, CLOSES, STAYS = "the gap grows", "the gap closes", "the gap stays"


def lags(plan: Plan) -> tuple[float, float, float] | None:
    """Months behind the leader at the start, at mid-horizon and at the horizon; None where there are none."""
    found = plan.headline and plan.headline.get("lag_months")
    if not found:
        return None
    middle, last = (number(found[period]) for period in middle_and_last(plan))
    base = plan.top["base"]["lag_months"]
    return (middle if base is None else number(base)), middle, last


def middle_and_last(plan: Plan) -> tuple[str, str]:
    """The labels of the periods at mid-horizon and horizon."""
    periods = list(plan.top["capability"])
    return periods[0], periods[-1]


def trend(plan: Plan) -> str:
    """Whether the gap grows, closes or stays between the start and the horizon; empty for the leader."""
    found = lags(plan)
    if found is None:
        return ""
    change = found[2] - found[0]
    sharp = max(STEADY_MONTHS, 10.0**-plan.precision.lag_decimals)
    return STAYS if abs(change) < sharp else GROWS if change > 0 else CLOSES


def _turn(plan: Plan) -> str:
    """Where the gap does not move one way only, when it turns."""
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


def lag_text(plan: Plan, months: float, beyond: bool = False) -> str:
    """A lag as a reader says it."""
    shown = digits.fixed(months, plan.precision.lag_decimals)
    if shown.startswith("-"):
        return f"{'more than ' if beyond else ''}{shown[1:]} month{'' if shown == '-1' else 's'} ahead"
    return "1 month behind" if shown == "1" else f"{shown}{BEHIND}"


def path_of(run: SavedRun, plan: Plan) -> str:
    """One sentence on a follower's lag at the start, at mid-horizon and at the horizon, and where it goes."""
    found = lags(plan)
    if found is None:
        return ""
    middle, last = middle_and_last(plan)
    marks = plan.lag_marks()
    far = [marks[plan.periods.index(period)] == "beyond" for period in (middle, last)]
    parts = [lag_text(plan, found[0]), lag_text(plan, found[1], far[0]), lag_text(plan, found[2], far[1])]
    if all(each.endswith(BEHIND) for each in parts):
        parts[1:] = [each.removesuffix(BEHIND) for each in parts[1:]]
    way = f"{trend(plan)}{_turn(plan)}"
    text = f"{parts[0]} at the start, {parts[1]} in {middle} and {parts[2]} in {last}: {way}"
    ratio = plan.top["effective_ratio"]
    width = plan.precision.capability_width
    share = amount(100 * ratio, 2, width).text
    return f"{text}; effective compute ends at {share}% of {run.leader}'s"


def headline(run: SavedRun) -> list[str]:
    """The first sentences of a page: who leads, how many gaps grow or close, who is closest and farthest."""
    plans = [run.base(country) for country in run.plans]
    followers = [plan for plan in plans if plan.solved and plan.country != run.leader and lags(plan)]
    points = [_leader(run, followers)]
    if len(followers) > 1:
        points.append(_counts(followers))
        ranked = sorted(followers, key=lambda plan: (lags(plan) or (math.inf,))[-1])
        points += [
            f"{word}: {run.name(plan.country)}, {path_of(run, plan)}."
            for word, plan in (("Closest", ranked[0]), ("Farthest", ranked[-1]))
        ]
    else:
        points += [f"{run.name(plan.country)}: {path_of(run, plan)}." for plan in followers]
    points += _unsolved(run, plans)
    named = sorted(followers, key=lambda plan: (lags(plan) or (math.inf,))[-1])[:1] or [
        plan for plan in plans if plan.solved
    ]
    points += [
        f"The dearest limit of {run.name(plan.country)}: {dearest(plan)}" for plan in named if dearest(plan)
    ]
    return points


def _leader(run: SavedRun, followers: Sequence[Plan]) -> str:
    passing = [
        f"{run.name(plan.country)} ({plan.top['passes_the_leader_in']})"
        for plan in followers
        if plan.top.get("passes_the_leader_in")
    ]
    name = run.name(run.leader)
    if passing:
        return f"Leader: {name}, but it is passed by {', '.join(passing)}."
    if followers:
        whole = "none of the others passes it" if len(followers) > 1 else "it is not passed"
        return f"Leader: {name}; {whole}."
    return f"Leader: {name}."


def _counts(followers: Sequence[Plan]) -> str:
    ways = [trend(plan) for plan in followers]
    if len(set(ways)) == 1:
        return f"For all {len(followers)} followers {ways[0]}."
    parts = [
        f"{word} for {ways.count(way)}" if index else f"The gap to the leader {word} for {ways.count(way)}"
        for index, (way, word) in enumerate(
            (way, word)
            for way, word in ((GROWS, "grows"), (CLOSES, "closes"), (STAYS, "stays"))
            if way in ways
        )
    ]
    return f"{', '.join(parts)} of {len(followers)} followers."


def _unsolved(run: SavedRun, plans: Sequence[Plan]) -> list[str]:
    names: dict[str, list[str]] = {}
    for plan in plans:
        if not plan.solved:
            names.setdefault(plan.status, []).append(run.name(plan.country))
    return [f"Without a plan ({status}): {', '.join(found)}." for status, found in names.items()]


def dearest(plan: Plan) -> str:
    """The words of the limit whose easing is worth most; empty where the run names none."""
    return str(plan.binding[0]["words"]) if plan.binding else ""


def country_points(run: SavedRun, plan: Plan) -> list[str]:
    """What the section of a country says before its charts."""
    top, precision = plan.top, plan.precision
    points = []
    path = path_of(run, plan)
    if plan.country == run.leader:
        points.append("Leads: the others are measured against it.")
    elif path:
        points.append(f"{path[0].upper()}{path[1:]}.")
    if top.get("passes_the_leader_in"):
        points.append(f"Passes {run.name(run.leader)} in {top['passes_the_leader_in']}.")
    split = top["split"]
    shown = digits.percents(list(split.values()), precision.share_width)
    parts = [f"{name} {share}%" for name, share in zip(split, shown, strict=True) if share.strip("~0")]
    first, last = plan.periods[0], plan.periods[-1]
    paid = amount(number(top["paid_usd_bn"]), 3, precision.paid_width).text
    points.append(f"Cost of use, {first} to {last}: {', '.join(parts)}; USD {paid} bn paid.")
    if dearest(plan):
        points.append(f"Dearest limit: {dearest(plan)}")
    if plan.status == "stopped":
        points.append(f"Stopped before the gap asked for: a better plan may exist, {gap_words(plan)}.")
    return points


def gap_words(plan: Plan) -> str:
    """How good the plan is certified to be."""
    if not math.isfinite(plan.gap):
        return "by an unknown amount"
    return f"by at most {digits.scientific(plan.gap)} log units on average"


def failure_points(plan: Plan) -> list[str]:
    """Why a country has no plan, and what would repair it."""
    points = [f"No plan: {plan.status}."]
    if plan.conflict:
        points.append(f"These cannot hold together: {'; '.join(plan.conflict)}.")
    else:
        points += [str(each["message"]) for each in plan.diagnostics if each.get("severity") == "error"]
    points += [f"It has a plan with {repair}" for repair in plan.repairs]
    return points
