"""A comparison for people: countries beside each other under every policy, and one country in full."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import ConsoleRenderable

from models.parameters import CATEGORIES
from models.quantities import QUANTITIES
from optimizer.answer import digits, ranges
from optimizer.answer.answer import Ranked
from optimizer.answer.comparison import OBJECTIVE, Comparison
from optimizer.answer.comparison_numbers import Key, Number
from optimizer.answer.explanation import facts
from optimizer.answer.run import PROVISIONAL_MARK, CountryRun, WorldRun
from optimizer.answer.summary import EXTRAPOLATED, lag_in_table, lag_mark_in
from optimizer.tell.terminal.comparison_notes import ALIKE, NO_PLAN, NOT_SOLVED, SAME, endings
from optimizer.tell.terminal.stages_table import stages_rows
from optimizer.tell.terminal.tables import Screen, beyond_note, grid, heading, indented

# Columns of a table stand this far apart, and those of one country to the right by as much.
BETWEEN: Final = 2
MOST_NAMED: Final = 2
# The head of a column that belongs to the one before it.
CHANGE: Final = "change"
BEYOND_MARK: Final = re.compile(r">\d+ ahead")

Parts = list[ConsoleRenderable | str]


def tables(comparison: Comparison, screen: Screen, detailed: bool) -> Parts:
    """Countries beside each other where there are several; with `detailed` also each country in full."""
    countries = _ordered(comparison)
    parts: Parts = [heading(_title(comparison)), ""]
    if len(countries) > 1:
        parts += _overview(comparison, countries, screen)
    for country in countries if detailed else ():
        parts += _detail(comparison, country, screen)
    # The title may quote a patch, which holds marks of its own.
    printed = screen.render(parts[1:])
    beyond = [beyond_note(comparison.baseline.leader)] if BEYOND_MARK.search(printed) else []
    return [*parts, *beyond, *endings(comparison, printed, detailed)]


def _overview(comparison: Comparison, countries: Sequence[str], screen: Screen) -> Parts:
    """Countries by policies: months behind, what each policy is worth, and each country's ranking."""
    baseline = comparison.baseline
    last = comparison.periods.last
    followers = [country for country in countries if country != baseline.leader]
    lag: Key = ("lag_months", "", last)
    parts: Parts = []
    if followers:
        rows = [
            [
                _label(comparison, baseline),
                *(_value(comparison, baseline, country, lag) for country in followers),
            ],
            *(
                [_label(comparison, world), *(_change(comparison, world, each, lag) for each in followers)]
                for world in comparison.policies
            ),
        ]
        head = f"months behind {baseline.leader}\nin {last}, then\nchange of it"
        parts += [*_wide([head, *followers], rows, screen)]
    rows = [
        [_label(comparison, world), *(_worth(comparison, world, country) for country in countries)]
        for world in comparison.policies
    ]
    head = "worth to the country,\n% effective compute\nfor good"
    parts += [*_wide([head, *countries], rows, screen)]
    groups: dict[str, list[str]] = {UNTOUCHED: [], UNTOLD: [], UNWEIGHED: [], "": []}
    for country in countries:
        groups[_standing(comparison, country)].append(country)
    named = [_favourites(comparison, country) for country in groups.pop("")]
    if named:
        parts += _wide(["", "best for it, and their worth", "worst for it"], named, screen, left=3)
    lines = [f"{standing}: {', '.join(names)}" for standing, names in groups.items() if names]
    return [*parts, *lines, *([""] if lines else [])]


UNTOUCHED: Final = "no policy touches"
UNWEIGHED: Final = "no policy has a worth that is defined"
UNTOLD: Final = "no policy is known to be worth anything, good or bad, at this gap"


def _standing(comparison: Comparison, country: str) -> str:
    """Why no policy is best or worst for a country; empty where some may be."""
    changes = [comparison.change(world, country, OBJECTIVE)[1] for world in comparison.policies]
    if all(alike is None for alike in changes):
        return UNWEIGHED
    if not all(changes):
        return ""
    same = all(comparison.same_plan(world, country) for world in comparison.policies)
    return UNTOUCHED if same else UNTOLD


def _detail(comparison: Comparison, country: str, screen: Screen) -> Parts:
    """One country under every policy, the baseline first, then the best first."""
    name = comparison.baseline.instance.countries[country].name
    planned = [world for world in _best_first(comparison, country) if comparison.numbers(world, country)]
    if not planned:
        return []
    parts: Parts = [heading(f"{country} {name}"), ""]
    for table in (_outcome, _compute, _money):
        heads, rows = table(comparison, country, planned)
        parts += _wide(heads, rows, screen, indent=BETWEEN)
    heads, rows = stages_rows(country, planned, [_label(comparison, world) for world in planned])
    parts += _wide(heads, rows, screen, indent=BETWEEN) if heads else []
    rows = [[_label(comparison, world), *_dearest(world, world.countries[country])] for world in planned]
    return [*parts, *_wide(DEAREST_HEADS, rows, screen, left=3, indent=BETWEEN)]


DEAREST_HEADS: Final = (
    "policy",
    "what binds dearest, beside income",
    "in",
    "10% more (of what is\nasked, less), at most:\neffective compute\nfor good, %",
    "a unit when\nworth most:\nUSD bn",
    "10% more of its\nown income, at\nmost: the same, %",
)


def _dearest(world: WorldRun, run: CountryRun) -> list[str]:
    """What binds a plan dearest: the cells under all heads but the first."""
    found = facts(run, world.instance)
    income = next((fact.ten_percent_effective_compute for fact in found if fact.family == "budget"), None)
    money = "n/a" if income is None else digits.at_most(income)
    fact = next((fact for fact in found if fact.family != "budget"), None)
    if fact is None:
        return ["nothing", "", "", "", money]
    name = fact.meaning + (f": {fact.item}" if fact.item else "")
    unit = fact.unit.replace("log units", "log unit")
    usd = "n/a" if fact.usd_bn is None else f"{digits.significant(fact.usd_bn / fact.step)} per {unit}"
    return [name, fact.period, fact.tenth_cell, usd, money]


def _label(comparison: Comparison, world: WorldRun) -> str:
    """The name of a policy, who leads under it where that is not the baseline's leader, and the mark of a
    leader that is not certified."""
    mark = PROVISIONAL_MARK if world.provisional else ""
    return f"{world.policy}{f' ({world.leader} leads)' if comparison.other_leader(world) else ''}{mark}"


def _title(comparison: Comparison) -> str:
    world = comparison.baseline
    count = len(comparison.policies)
    policies = "1 policy" if count == 1 else f"{count} policies"
    changes = [each.text for each in world.applied]
    few = f"\nbaseline with {' and '.join(dict.fromkeys(changes))}" if 0 < len(changes) <= 2 else ""
    some = f", baseline with {len(changes)} values changed" if changes and not few else ""
    return (
        f"{world.instance.name}, {comparison.periods.whole}: {policies} beside the baseline; "
        f"leader {world.leader}{some}{few}"
    )


def _ordered(comparison: Comparison) -> list[str]:
    """The leader first, then the most capable under the baseline."""
    baseline = comparison.baseline
    key: Key = ("capability", "", comparison.periods.last)

    def rank(country: str) -> tuple[bool, float]:
        number = comparison.numbers(baseline, country).get(key)
        return country != baseline.leader, math.inf if number is None else -number.value

    return sorted(comparison.countries, key=rank)


def _best_first(comparison: Comparison, country: str) -> list[WorldRun]:
    """The baseline, then the policies by their place; those without one last."""
    places = {ranked.policy: position for position, ranked in enumerate(comparison.ranking(country))}
    return [
        comparison.baseline,
        *sorted(comparison.policies, key=lambda world: places.get(world.policy, len(places))),
    ]


def _wide(
    heads: Sequence[str], rows: Sequence[Sequence[str]], screen: Screen, left: int = 1, indent: int = 0
) -> Iterator[ConsoleRenderable | str]:
    """A table in as many parts as the screen's width asks for, the first column in each.

    The first `left` columns are text; a change stays beside its number, and a metric's periods together.
    """
    sizes = [
        max(len(line) for cell in column for line in cell.split("\n"))
        for column in zip(*rows, heads, strict=True)
    ]
    starts = [position for position in range(1, len(heads)) if not _belongs(heads, position)]
    ends = [*starts[1:], len(heads)]
    while starts:
        start, stop, width = starts[0], starts[0], indent + sizes[0]
        while starts:
            more = sum(BETWEEN + size for size in sizes[starts[0] : ends[0]])
            if stop > start and width + more > screen.width:
                break
            width, stop = width + more, ends.pop(0)
            starts.pop(0)
        table = grid(
            [heads[0], *heads[start:stop]],
            [[row[0], *row[start:stop]] for row in rows],
            left=1 + max(min(stop, left) - start, 0),
        )
        yield indented(table) if indent else table
        yield ""


def _belongs(heads: Sequence[str], position: int) -> bool:
    """Whether a column is the change of the one before, or the same metric as that in another period."""
    head, before = heads[position], heads[max(position - 2, 0)]
    metric, _, _ = head.rpartition("\n")
    return head.startswith(CHANGE) or (bool(metric) and before.rpartition("\n")[0] == metric)


def _change(comparison: Comparison, world: WorldRun, country: str, key: Key) -> str:
    """A change in the number's own unit with its sign, or why there is none to show."""
    mark = _mark(comparison, world, country, key)
    if mark:
        return mark
    change, _ = comparison.change(world, country, key)
    finest = ranges.finest(world.countries[country], key[0])
    return digits.signed(change, comparison.change_within(world, country, key), finest)


def _missing(comparison: Comparison, world: WorldRun, country: str) -> str:
    """What stands in the place of a number that there is not."""
    pair = (world, comparison.baseline)
    return NOT_SOLVED if any(comparison.unsolved(each, country) for each in pair) else NO_PLAN


def _mark(comparison: Comparison, world: WorldRun, country: str, key: Key) -> str:
    """What stands in the place of a change that is not defined or not told; empty where it is shown."""
    change, alike = comparison.change(world, country, key)
    if math.isnan(change):
        return _missing(comparison, world, country)
    if comparison.same_plan(world, country):
        return SAME
    return ALIKE if alike else ""


def signed_percent(change: float, within: float, finest: int) -> str:
    """A change in percent to the digit that is about as large as what it may be off by; a fall that leaves
    something is not rounded to one that leaves nothing."""
    text = digits.signed(change, within, finest)
    if change <= -100 or float(text.replace(",", "")) > -100:
        return text
    decimals = len(text.partition(".")[2])
    bounds = (f"{100 - 10.0**-decimals:.{decimals}f}", "99", "90", "50")
    return f"<-{next(bound for bound in bounds if change < -float(bound))}"


def _change_percent(comparison: Comparison, world: WorldRun, country: str, key: Key) -> str:
    """A change in percent of the baseline's."""
    mark = _mark(comparison, world, country, key)
    if mark:
        return mark
    percent = comparison.change_percent(world, country, key)
    base = comparison.numbers(comparison.baseline, country).get(key)
    if math.isnan(percent) or base is None:
        return NO_PLAN
    within = 100 * comparison.change_within(world, country, key) / abs(base.value)
    return signed_percent(percent, within, 0)


def _worth(comparison: Comparison, world: WorldRun, country: str) -> str:
    mark = _mark(comparison, world, country, OBJECTIVE)
    worth = comparison.worth(world, country)
    if mark or worth is None:
        return mark or NO_PLAN
    change, _ = comparison.change(world, country, OBJECTIVE)
    within = comparison.change_within(world, country, OBJECTIVE) * abs(worth / change)
    # Some effective compute is left under any policy, however little.
    return signed_percent(max(worth, math.nextafter(-100, 0)), within, 1)


def _favourites(comparison: Comparison, country: str) -> list[str]:
    """The policies worth most and least to a country, of those that can be told from the baseline."""
    worlds = {world.policy: world for world in comparison.policies}
    told = [
        each
        for each in comparison.ranking(country)
        if each.policy in worlds and comparison.change(worlds[each.policy], country, OBJECTIVE)[1] is False
    ]

    def text(found: Sequence[Ranked]) -> str:
        names = [f"{each.policy} {_worth(comparison, worlds[each.policy], country)}" for each in found]
        return ", ".join(names) or "none"

    better = [each for each in told if (each.change_average_log_units or 0) > 0]
    worse = [each for each in reversed(told) if (each.change_average_log_units or 0) < 0]
    return [country, text(better[:MOST_NAMED]), text(worse[:MOST_NAMED])]


Table = tuple[list[str], list[list[str]]]


def _outcome(comparison: Comparison, country: str, worlds: Sequence[WorldRun]) -> Table:
    """Place, worth, and what a country is ranked by against the leader."""
    places = {ranked.policy: str(ranked.rank) for ranked in comparison.ranking(country)}
    heads, cells = _pairs(comparison, country, worlds, ("lag_months", "effective_ratio"), ("capability",))
    rows = []
    for world, pairs in zip(worlds, cells, strict=True):
        worth = "" if world is comparison.baseline else _worth(comparison, world, country)
        rows.append([_label(comparison, world), places.get(world.policy, NO_PLAN), worth, *pairs])
    return ["policy, best first", "place", "worth\n%", *heads], rows


def _compute(comparison: Comparison, country: str, worlds: Sequence[WorldRun]) -> Table:
    """Compute, its ratio to the leader's, and capability."""
    of_followers = ("installed_compute", "compute_ratio", "capability")
    heads, cells = _pairs(comparison, country, worlds, of_followers, ("installed_compute",))
    rows = zip(worlds, cells, strict=True)
    return ["policy", *heads], [[_label(comparison, world), *pairs] for world, pairs in rows]


def _pairs(
    comparison: Comparison,
    country: str,
    worlds: Sequence[WorldRun],
    of_follower: Sequence[str],
    of_leader: Sequence[str],
) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of some metrics at mid-horizon and horizon, each with its change."""
    leads = all(world.leader == country for world in worlds)
    keys: list[Key] = [
        (metric, "", period)
        for metric in (of_leader if leads else of_follower)
        for period in dict.fromkeys((comparison.periods.middle, comparison.periods.last))
    ]
    one = not any(comparison.other_leader(world) for world in worlds)
    leader = comparison.baseline.leader if one else "leader"
    heads = []
    for metric, _, period in keys:
        percent = "\n%" if QUANTITIES[metric].relative else ""
        heads += [f"{QUANTITIES[metric].title.format(leader=leader)}\n{period}", f"{CHANGE}{percent}"]
    cells = [
        [
            text
            for key in keys
            for text in (_value(comparison, world, country, key), _delta(comparison, world, country, key))
        ]
        for world in worlds
    ]
    return heads, cells


def _money(comparison: Comparison, country: str, worlds: Sequence[WorldRun]) -> Table:
    """The split of the cost of use over the horizon, and the money paid."""
    whole = comparison.periods.whole
    heads = ["policy", *(f"{name}\n%" for name in CATEGORIES), f"paid\nUSD bn\n{whole}", f"{CHANGE}\n%"]
    rows = []
    for world in worlds:
        run = world.countries[country]
        numbers = comparison.numbers(world, country)
        split = [numbers.get(("spend_share", name, whole)) for name in CATEGORIES]
        known = [number.value for number in split if number is not None]
        width, finest = ranges.width(run, "spend_share"), ranges.finest(run, "spend_share")
        whole_split = len(known) == len(split)
        shares = digits.percents_not_nothing(known, width, finest) if whole_split else [NO_PLAN] * len(split)
        key = ("outlays", "", whole)
        row = [_label(comparison, world), *shares, _value(comparison, world, country, key)]
        rows.append([*row, _delta(comparison, world, country, key)])
    return heads, rows


def _value(comparison: Comparison, world: WorldRun, country: str, key: Key) -> str:
    """A number as the summary of a plan prints it."""
    number = comparison.numbers(world, country).get(key)
    if number is None:
        return _missing(comparison, world, country)
    metric = key[0]
    if metric in ("lag_months", "capability"):
        run = world.countries[country]
        places = ranges.decimals(run, metric)
        if metric == "capability":
            return digits.fixed(number.value, places)
        mark = lag_mark_in(run, key[2])
        # that a lag is extrapolated is not marked here
        return lag_in_table(number.value, places, "" if mark == EXTRAPOLATED else mark)
    scale = {"installed_compute": 1e-3, "outlays": 1.0}.get(metric, 100.0)
    return digits.significant(scale * number.value, 3 if metric == "outlays" else 2, _relative(number))


def _relative(number: Number) -> float:
    """How far a number may be off, relative to it."""
    return (number.high - number.low) / 2 / abs(number.value) if number.value else 0.0


def _delta(comparison: Comparison, world: WorldRun, country: str, key: Key) -> str:
    """The change beside a number; nothing beside the baseline's own."""
    if world is comparison.baseline:
        return ""
    if key[0] in ("lag_months", "capability"):
        return _change(comparison, world, country, key)
    return _change_percent(comparison, world, country, key)
