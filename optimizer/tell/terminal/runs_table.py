"""Saved runs, and what differs between two, for a person and as CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits
from optimizer.tell.files.run_differences import (
    AnswerChange,
    Asked,
    OtherSum,
    RunDifferences,
    plan_name,
)
from optimizer.tell.files.run_list import SHORT_KEY, WHOLE, ListedRun
from optimizer.tell.terminal.tables import grid, heading

RUN_COLUMNS: Final = (
    *("run", "state", "reason", "command", "instance", "countries", "policies", "changes"),
    *("status", "gap", "date", "version", "key"),
)
DIFFERENCE_COLUMNS: Final = (
    *("kind", "name", "part", "country", "policy", "unit"),
    *("old", "new", "change", "indistinguishable"),
)
FEW_INPUTS: Final = 20
FEW_GROUPS: Final = 6
NOTHING: Final = "–"
# What was changed is folded, so that a line of the list fits a wide screen.
CHANGES_WIDTH: Final = 32
Text = Iterable[ConsoleRenderable | str]


def runs_table(place: str, runs: Sequence[ListedRun]) -> list[ConsoleRenderable | str]:
    """The runs for a person, and below them what is wrong with those that cannot be told."""
    if not runs:
        return [f"no saved run in {place}"]
    body: list[list[str]] = []
    for each in runs:
        asked = textwrap.wrap(_changes(each), CHANGES_WIDTH) or [NOTHING]
        body.append(
            [
                each.run,
                each.command or NOTHING,
                each.instance or NOTHING,
                ",".join(each.countries) or ("all" if each.instance else NOTHING),
                asked[0],
                each.status if each.state == WHOLE else each.state,
                NOTHING if each.gap is None else digits.scientific(each.gap),
                each.date,
                each.version or NOTHING,
                each.key[:SHORT_KEY],
            ]
        )
        body += [["", "", "", "", more, "", "", "", "", ""] for more in asked[1:]]
    heads = ["run", "command", "instance", "countries", "policies; --set", "status", "gap"]
    parts: list[ConsoleRenderable | str] = [grid([*heads, "saved", "Kloof", "key"], body, left=6)]
    told = [f"{each.run}: {each.state}: {each.reason}" for each in runs if each.state != WHOLE]
    return [*parts, *(["", *told] if told else [])]


def _changes(each: ListedRun) -> str:
    """Policies, each a column of a comparison and one together elsewhere, and what was set."""
    policies = (", " if each.command == "compare" else "+").join(each.policies)
    return "; ".join(filter(None, (policies, *each.changes)))


def runs_csv(runs: Sequence[ListedRun]) -> str:
    """The runs as CSV; several countries or policies stand with blanks between them, changes with `; `."""
    rows = []
    for each in runs:
        row = each.data() | {"countries": " ".join(each.countries), "policies": " ".join(each.policies)}
        row["changes"] = "; ".join(each.changes)
        rows.append([row[name] for name in RUN_COLUMNS])
    return _csv(RUN_COLUMNS, rows)


def differences_table(found: RunDifferences, verbose: bool) -> list[ConsoleRenderable | str]:
    """The differences for a person; `verbose`: every input, and numbers that cannot be told apart as well."""
    old, new = (str(side.directory) for side in (found.old, found.new))
    parts: list[ConsoleRenderable | str] = [heading(f"{old} against {new}")]
    if found.old.manifest.key and found.old.manifest.key == found.new.manifest.key:
        parts.append("both runs asked the very same")
    parts += _asked("asked otherwise", found.asked)
    parts += _inputs(found, verbose)
    parts += _asked("ended otherwise", found.statuses)
    parts += _other_sums(found)
    for place, names in zip((old, new), found.only, strict=True):
        parts += ["", f"only in {place}: {', '.join(names)}"] if names else []
    for country, policy in found.both:
        mine = [each for each in found.answers if (each.country, each.policy) == (country, policy)]
        shown = [each for each in mine if verbose or not each.alike]
        name = plan_name(country, policy)
        if not mine:
            parts += ["", f"{name}: without a plan in one of the runs, or in both"]
            continue
        alike = sum(each.alike for each in mine)
        if not shown:
            parts += ["", f"{name}: none of {alike} numbers differs beyond its certificate"]
            continue
        parts += [
            "",
            heading(name),
            grid(["", "", "unit", "old", "new", "change"], map(_answer, shown), left=3),
        ]
        if alike:
            parts.append(f"{alike} other numbers do not differ beyond their certificates")
    return parts


def _asked(title: str, rows: Sequence[Asked]) -> Text:
    if not rows:
        return []
    body = [[each.name, *(NOTHING if one is None else _number(one) for one in each[1:])] for each in rows]
    return ["", heading(title), grid(["", "old", "new"], body, left=3)]


def _inputs(found: RunDifferences, verbose: bool) -> Text:
    gone = {path for paths in found.only_inputs for path in paths}
    rows = [each for each in found.inputs if verbose or each.path not in gone]
    sides = zip((found.old, found.new), found.only_inputs, strict=True)
    only = [_only_in(str(side.directory), paths) for side, paths in sides if paths]
    if not rows:
        return ["", *(only or ["no input differs"])]
    shown = rows if verbose else rows[:FEW_INPUTS]
    body = [
        [
            f"{each.path}[{each.part}]" if each.part.isdigit() else f"{each.path} {each.part}".strip(),
            each.unit,
            *(NOTHING if one is None else _number(one) for one in (each.old, each.new)),
        ]
        for each in shown
    ]
    more = [f"and {len(rows) - len(shown):,} more: --verbose lists all"] if len(shown) < len(rows) else []
    title = f"{len(rows):,} {'number' if len(rows) == 1 else 'numbers'} of inputs differ"
    table = grid(["", "unit", "old", "new"], body, left=2)
    return ["", heading(title), table, *more, *(["", *only] if only else [])]


def _only_in(place: str, paths: Sequence[str]) -> str:
    """Inputs that only one of the runs has, by what they are of."""
    groups = Counter(".".join(path.split(".")[: 4 if path.startswith("countries.") else 2]) for path in paths)
    named = [f"{name} ({count})" for name, count in groups.most_common(FEW_GROUPS)]
    rest = [f"{len(groups) - FEW_GROUPS} more"] if len(groups) > FEW_GROUPS else []
    inputs = "1 input is" if len(paths) == 1 else f"{len(paths):,} inputs are"
    return f"{inputs} only in {place}: {', '.join([*named, *rest])}"


def _other_sums(found: RunDifferences) -> Text:
    """Why objectives are not compared, in a line for all plans of which it is the same."""
    by_reason: dict[str, list[str]] = {}
    for each in found.other_sums:
        by_reason.setdefault(_unlike_sums(each), []).append(plan_name(each.country, each.policy))
    told = [
        f"the objective is not compared, as {why}: {', '.join(names)}" for why, names in by_reason.items()
    ]
    return ["", *told] if told else []


def _unlike_sums(each: OtherSum) -> str:
    if each.old is None or each.new is None:
        return "a run of an earlier version does not say how many years it sums"
    old, new = (digits.fixed(years, 2) for years in (each.old, each.new))
    if old != new:
        return f"it sums {old} years by their discounts in one run and {new} in the other"
    return "it was asked for otherwise (--objective)"


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _answer(each: AnswerChange) -> list[str]:
    number, percent = each.number, each.number.unit == "1"
    name = number.metric.replace("_", " ") + (f", {number.item}" if number.item else "")
    scale = 100.0 if percent else 1.0
    old, new, within = (scale * one for one in (each.old, each.new, each.within))
    places = digits.decimals_within(digits.decimals_for([old, new], 4), 2 * within)
    change = "=" if old == new else "≈" if each.alike else digits.signed(new - old, within, places)
    told = [digits.fixed(one, places) for one in (old, new)]
    return [name, number.period, "%" if percent else number.unit, *told, change]


def differences_csv(found: RunDifferences) -> str:
    """The differences as one table; of answers those that cannot be told apart as well."""
    rows: list[Sequence[Any]] = [
        ("asked", each.name, "", "", "", "", each.old, each.new, "", "") for each in found.asked
    ]
    for one in found.inputs:
        rows.append(("input", one.path, one.part, "", "", one.unit, one.old, one.new, "", ""))
    rows += [("status", each.name, "", "", "", "", each.old, each.new, "", "") for each in found.statuses]
    for other in found.other_sums:
        rows.append(("not compared", "objective", "", *other[:2], "years summed", *other[2:], "", ""))
    for told in found.answers:
        name = "/".join(filter(None, (told.number.metric, told.number.item)))
        place = (name, told.number.period, told.country, told.policy, told.number.unit)
        rows.append(("answer", *place, told.old, told.new, told.new - told.old, int(told.alike)))
    return _csv(DIFFERENCE_COLUMNS, rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(columns)
    for row in rows:
        write(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row])
    return text.getvalue()
