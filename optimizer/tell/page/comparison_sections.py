"""The sections of a comparison: all countries by all policies first, then one section per country."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from optimizer.answer.answer import PolicyAnswer
from optimizer.tell.fitted import FITTED_SENTENCE
from optimizer.tell.page import overview, words
from optimizer.tell.page.comparison_figures import country_figures, ranking_table
from optimizer.tell.page.differences import (
    WORTH_DECIMALS,
    Difference,
    Differences,
    differences,
    lag_cell_of,
    worth_cell_of,
)
from optimizer.tell.page.figures import Cell, Column, Figure, Row, Section, Table, slug, text
from optimizer.tell.page.headline import NO_RANGE_OF_POLICIES, answer_of_country
from optimizer.tell.page.plan_figures import plan_figures
from optimizer.tell.page.saved import NOT_SOLVED, Plan, SavedRun
from optimizer.tell.words import FOR_GOOD, LOG_UNIT, RATED, sentence

CLOSEST: Final = 2
SENTENCE: Final = re.compile(r"(?<=[a-z0-9)%])\.(?= [A-Z0-9])")
# how the name of a composition joins those of its policies
TOGETHER: Final = "+"
OTHER_LEADER: Final = "led by {}"
LATE_CELL: Final = Cell(NOT_SOLVED, style="same")
LATE: Final = f"{NOT_SOLVED}: the comparison was interrupted before."
MOST_MOVED: Final = 2
# So many countries are named in full at the heads of a table.
FEW: Final = 6
LEGEND: Final = (
    "= exactly the baseline's plan; ≈ a difference that the gaps allow between plans equally good; "
    "– no plan, or nothing to compare; policies that share a rank cannot be told apart. "
    "Of lags, blue: closer to the leader or more ahead; orange: farther. Of worths, green: better for the "
    "country by its own objective; purple: worse. The two may part: what holds back the leader more than the "
    "country brings it closer, and yet may cost it much."
)


def sections(run: SavedRun, warnings: Sequence[str]) -> list[Section]:
    """The overview, what the policies are, and one section per country."""
    found = differences(run)
    solved = [plan for plan in overview.ranked(run) if plan.solved]
    last = solved[0].top.last if solved else ""
    affected = most_affected(run, found)
    tables = _matrices(run, found, solved, last)
    notes = [LEGEND, FITTED_SENTENCE, *map(sentence, (RATED, LOG_UNIT, FOR_GOOD))] if tables else []
    notes += [] if all(plan.tried for plan in run.all_plans) else [LATE]
    notes += _other_leaders(run, found)
    first = Section(
        key="overview",
        title="Overview",
        short="Overview",
        answer=_answer(run, found, last),
        points=[
            *words.standing(run),
            *(words.dearest_point(run, run.base(affected)) if affected else []),
            *_movers(run, found, solved, last),
            *_without(run, found),
        ],
        tables=tables,
        notes=notes,
        listed=[(found.names[each.name], what_it_does(each)) for each in run.policies],
        listed_title="What each policy does",
        folded=overview.overview_figures(run),
        folded_title="Countries side by side in the baseline",
        warnings=warnings,
    )
    return [
        first,
        _policies(run, found),
        *(_country(run, found, plan, last) for plan in overview.ranked(run)),
    ]


def what_it_does(policy: PolicyAnswer) -> str:
    """A policy in one sentence: the first of its description, else what it changes. Of policies put together
    (`one+another`) all is said."""
    described = " ".join(policy.description.split())
    if described and TOGETHER in policy.name:
        return described
    if described:
        return f"{SENTENCE.split(described, maxsplit=1)[0].removesuffix('.')}."
    changed = list(dict.fromkeys(each.text for each in policy.applied))
    if not changed:
        return "Nothing is changed."
    more = words.counted(len(changed) - 1, "more change", "more changes")
    return f"{changed[0]}{f' and {more}' if len(changed) > 1 else ''}"


def most_affected(run: SavedRun, found: Differences) -> str | None:
    """The country to which a policy makes the largest difference by its own objective; None where no policy
    can be told from the baseline.

    Losses and gains are compared as factors: half as much is as large a difference as twice as much.
    """
    told = [
        (abs(math.log1p(worth / 100)), country)
        for (country, policy), worth in found.worth.items()
        if worth > -100
        and (difference := found.of(run.plans[country][policy], "objective_average")) is not None
        and difference.told
    ]
    return max(told)[1] if told else None


def _movers(run: SavedRun, found: Differences, solved: Sequence[Plan], last: str) -> list[str]:
    """What policies do to the gap: for the followers closest to the leader, and for those moved most."""
    spans: dict[str, float] = {}
    points: dict[str, str] = {}
    for base in solved:
        changes = [
            (difference, policy)
            for policy in run.plans[base.country]
            if (difference := found.of(run.plans[base.country][policy], "lag_months", last)) is not None
            and difference.told
        ]
        if base.country == run.leader or not changes:
            continue
        least, most = min(changes), max(changes)
        spans[base.country] = most[0].change - least[0].change
        finest, now = base.precision.finest["lag_months"], words.lags(base)
        parts = []
        closer, farther = ("gained", "lost") if words.ends_ahead(base) else ("closer", "farther")
        if least[0].change < 0:
            parts.append(f"at most {_months(least[0], finest)} {closer} under “{found.names[least[1]]}”")
        if most[0].change > 0:
            parts.append(f"at most {_months(most[0], finest)} {farther} under “{found.names[most[1]]}”")
        where = f", {words.lag_text(base, now[2], last)} in the baseline" if now else ""
        points[base.country] = f"{run.name(base.country)} in {last}{where}: {', '.join(parts)}."
    most_moved = sorted(spans, key=lambda country: -spans[country])[:MOST_MOVED]
    shown = [country for place, country in enumerate(points) if place < CLOSEST or country in most_moved]
    return [points[country] for country in shown]


def _without(run: SavedRun, found: Differences) -> list[str]:
    """Under which policies which countries have no plan."""
    lost: dict[str, list[str]] = {}
    for country, plans in run.plans.items():
        for policy, plan in plans.items():
            if policy != run.baseline and plan.tried and not plan.solved:
                lost.setdefault(policy, []).append(run.name(country))
    return [f"No plan under “{found.names[policy]}”: {', '.join(names)}." for policy, names in lost.items()]


def _months(change: Difference, finest: int) -> str:
    count = change.text(finest).lstrip("+-")
    return f"{count} month{'' if count == '1' else 's'}"


def _matrices(
    run: SavedRun, found: Differences, solved: Sequence[Plan], last: str
) -> list[tuple[str, Table]]:
    followers = [plan for plan in solved if plan.country != run.leader]
    tables = []
    if followers:
        columns = [
            Column("Policy", text=True),
            *(Column(_head(run, plan.country), "months") for plan in followers),
        ]
        rows = []
        for policy in (each.name for each in run.policies):
            cells = [text(found.names[policy])]
            for base in followers:
                plan = run.plans[base.country][policy]
                cells.append(_lag_change(found, base, plan, last))
            rows.append(Row(cells))
        title = (
            f"Months by which the lag behind the leader, {run.name(run.leader)}, changes in {last}; "
            "negative: closer or more ahead"
        )
        tables.append((title, Table("lag-changes", columns, rows)))
    if found.worth:
        columns = [Column("Policy", text=True), *(Column(_head(run, plan.country), "%") for plan in solved)]
        rows = [
            Row([text(found.names[policy]), *(worth_cell(run, found, base, policy) for base in solved)])
            for policy in (each.name for each in run.policies)
        ]
        title = "What a policy is worth to each country by its own objective, % effective compute for good"
        tables.append((title, Table("worth", columns, rows)))
    return tables


def _head(run: SavedRun, country: str) -> str:
    """A country at the head of a narrow column: its name where there are few."""
    return run.name(country) if len(run.plans) <= FEW else country


def _lag_change(found: Differences, base: Plan, plan: Plan, last: str) -> Cell:
    """By how many months a policy changes a country's lag."""
    if not plan.tried:
        return LATE_CELL
    if plan.solved and plan.policy in found.leaders:
        return Cell(OTHER_LEADER.format(found.leaders[plan.policy]), style="same")
    change = found.of(plan, "lag_months", last)
    return lag_cell_of(change, base.precision.finest["lag_months"], found.is_same(plan))


def worth_cell(run: SavedRun, found: Differences, base: Plan, policy: str) -> Cell:
    """What a policy is worth to a country, as a permanent gain in effective compute."""
    plan = run.plans[base.country][policy]
    if not plan.tried:
        return LATE_CELL
    return worth_cell_of(found.worth_of(plan), found.is_same(plan))


def _other_leaders(run: SavedRun, found: Differences) -> list[str]:
    """Under which policies another country leads, and what that means for lags."""
    return [
        f"Under “{found.names[policy]}” {run.name(leader)} leads: lags and ratios are against it, so "
        "that they have no change to tell."
        for policy, leader in found.leaders.items()
    ]


def _policies(run: SavedRun, found: Differences) -> Section:
    columns = [
        Column("Policy", text=True),
        Column("name", text=True),
        Column("what it is", text=True),
        Column("inputs changed"),
        Column("sources", text=True),
    ]
    rows = []
    for each in run.policies:
        described = " ".join(each.description.split())
        changed = Cell(str(len(each.applied)))
        names = (text(found.names[each.name]), text(each.name))
        rows.append(Row([*names, text(described), changed, text("; ".join(each.sources))]))
    table = Table("policies", columns, rows, stacks=True)
    structure = [f"{found.names[each.name]}: {each.structure}." for each in run.policies if each.structure]
    return Section("policies", "The policies", "Policies", tables=[("Policies", table)], notes=structure)


def _country(run: SavedRun, found: Differences, base: Plan, last: str) -> Section:
    country = base.country
    title = run.name(country) if run.name(country) == country else f"{run.name(country)} ({country})"
    plans = [run.plans[country][each.name] for each in run.policies]
    without = [_failed(found.names[plan.policy], plan) for plan in plans if plan.tried and not plan.solved]
    late = sum(not plan.tried for plan in plans)
    if late:
        without.append(
            f"{NOT_SOLVED.capitalize()} under {late} of {len(plans)} policies: interrupted before."
        )
    if not base.solved:
        points = [_failed("Baseline", base), *without]
        return Section(slug("country", country), f"{title}: {_lack(base)}", country, points=points)
    folded: list[Figure] = plan_figures(run, base)
    about = [f"About the data: {run.note(country)}"] if run.note(country) else []
    return Section(
        key=slug("country", country),
        title=title,
        short=country,
        answer=answer_of_country(run, base),
        points=[*words.country_points(run, base), *_ranked_points(run, found, base)],
        tables=[
            (f"Policies by what they are worth to {run.name(country)}", ranking_table(run, found, base, last))
        ],
        figures=country_figures(run, found, base, last),
        notes=[LEGEND, *_other_leaders(run, found), *without, *about],
        folded=folded,
        folded_title=f"The plan of {run.name(country)} in the baseline, in full",
        two_wide=True,
    )


def _failed(name: str, plan: Plan) -> str:
    return f"{name}: {_lack(plan)}: {' '.join(words.failure_points(plan))}"


def _lack(plan: Plan) -> str:
    return "no plan" if plan.tried else NOT_SOLVED


def _serving(run: SavedRun, found: Differences, base: Plan) -> list[tuple[str, list[str], Difference]]:
    """The policies that serve a country best and worst by its own objective, as far as they can be told from
    the baseline: the word, the policies that share the place, and what the first of them is worth."""
    ranked = [
        (place, policy, worth)
        for (country, policy), place in found.places.items()
        if country == base.country
        and policy != run.baseline
        and (worth := found.worth_of(run.plans[country][policy])) is not None
        and worth.told
    ]
    told = []
    for word, sign in (("best", 1), ("worst", -1)):
        serving = [each for each in ranked if each[2].change * sign > 0]
        if serving:
            place, _, worth = serving[0 if sign > 0 else -1]
            told.append((word, [policy for other, policy, _ in serving if other == place], worth))
    return told


def _ranked_points(run: SavedRun, found: Differences, base: Plan) -> list[str]:
    """The policies that serve the country best and worst, by its own objective; several where they share a
    place."""
    parts = []
    for word, policies, worth in _serving(run, found, base):
        names = words.listed_names([found.names[policy] for policy in policies])
        tied = " alike" if len(policies) > 1 else ""
        parts.append(f"{word}{tied} {names} ({worth.text(WORTH_DECIMALS)}%)")
    if not parts:
        tried = [plan.tried for policy, plan in run.plans[base.country].items() if policy != run.baseline]
        if not any(tried):
            return ["Not solved under any policy: the comparison was interrupted before."]
        which = "policy" if all(tried) else "policy solved"
        return [f"No {which} here can be told from the baseline for it."]
    return [f"For its own objective, in effective compute for good: {', '.join(parts)}."]


def _answer(run: SavedRun, found: Differences, last: str) -> str:
    """What a comparison says: which policies serve the most affected country best and worst, and by how much
    they move its lag; empty where no policy can be told from the baseline."""
    country = most_affected(run, found)
    if country is None:
        return ""
    base = run.base(country)
    parts: list[str] = []
    for word, policies, worth in _serving(run, found, base):
        names = words.listed_names([found.names[policy] for policy in policies])
        moved = found.of(run.plans[country][policies[0]], "lag_months", last)
        lag = ""
        if moved is not None and moved.told and len(policies) == 1:
            way = "farther behind" if moved.change > 0 else "closer"
            lag = f", {_months(moved, base.precision.finest['lag_months'])} {way} in {last}"
        unit = "" if parts else " effective compute for good"
        parts.append(f"{word} is {names} ({worth.text(WORTH_DECIMALS)}%{unit}{lag})")
    most = "Most affected is" if len(run.plans) > 1 else "For"
    return f"{most} {run.name(country)}: by its own objective {', '.join(parts)}. {NO_RANGE_OF_POLICIES}"
