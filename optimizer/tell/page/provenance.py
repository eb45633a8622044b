"""Where the numbers come from: certificates, versions, changes, and the assumptions with their sources."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from optimizer.answer import digits
from optimizer.answer.answer import AppliedAnswer
from optimizer.answer.manifest import ManifestPatch
from optimizer.answer.rolled import RolledAnswer
from optimizer.tell.page.figures import MISSING, Cell, Column, Row, Table, text
from optimizer.tell.page.saved import Plan, SavedRun

CHIPS: Final = "chips"
OTHER_GROUPS: Final = (("market", "Markets"), ("", "The world"), (CHIPS, "Chips"))
YEARS_SHOWN: Final = 8


@dataclass(frozen=True)
class Assumption:
    """One input: its path below its group's, value and range as text, status, sources cited, note."""

    path: str
    value: str
    low: str
    high: str
    status: str
    sources: Sequence[str]
    note: str


@dataclass(frozen=True)
class Group:
    """The inputs of one country, of the chips, or of the world; `prefix` is what their paths share."""

    title: str
    prefix: str
    inputs: Sequence[Assumption]


@dataclass(frozen=True)
class Source:
    key: str
    title: str
    url: str
    date: str
    confidence: str


def certificates(run: SavedRun) -> Table:
    """One line per plan: bounds, gap, largest violation, and what it took."""
    columns = [Column("Country", text=True)]
    columns += [Column("policy", text=True)] if run.is_comparison else []
    columns += [
        Column("status", text=True),
        Column("objective", "log unit years"),
        Column("upper bound", "log unit years"),
        Column("gap", "average log units"),
        Column("largest violation", "of a row"),
        Column("rows checked"),
        Column("rounds"),
        Column("solver", text=True),
    ]
    rows = [Row(_certificate(run, plan, len(columns))) for plan in run.all_plans if plan.tried]
    return Table("certificates", columns, rows)


def _certificate(run: SavedRun, plan: Plan, width: int) -> list[Cell]:
    head = [
        text(run.name(plan.country)),
        *([text(plan.policy)] if run.is_comparison else []),
        text(plan.told_status),
    ]
    found = plan.answer.certificate
    if plan.answer.rolled is not None:
        return [*head, *_rolled(plan.answer.rolled), *[Cell(MISSING)] * 3]
    if found is None:
        return [*head, *[Cell(MISSING)] * (width - len(head))]
    return [
        *head,
        Cell(f"{found.lower:.6f}"),
        Cell(f"{found.upper:.6f}" if math.isfinite(found.upper) else "unknown"),
        Cell(digits.scientific(found.gap)),
        Cell(digits.scientific(found.max_row_violation)),
        Cell(f"{found.rows_checked:,}"),
        text(found.rounds),
        text(f"{found.solver} {found.solver_version}"),
    ]


def _rolled(found: RolledAnswer) -> list[Cell]:
    """A plan that was decided year by year, against the best one that sees all years."""
    upper, lost = found.foresight, found.loss_at_most_average_log_units
    return [
        Cell(f"{found.value:.6f}"),
        Cell(MISSING if upper is None else f"{upper.upper:.6f}" if math.isfinite(upper.upper) else "unknown"),
        Cell(MISSING if lost is None else digits.at_most(lost) if math.isfinite(lost) else "unknown"),
        Cell(digits.scientific(found.max_row_violation)),
    ]


def changes(run: SavedRun) -> Table | None:
    """What patches changed, old and new; None where nothing was."""
    applied: list[tuple[str, AppliedAnswer | ManifestPatch, str]] = [
        *((policy.name, each, each.text) for policy in run.policies for each in policy.applied),
        *(("", each, each.patch) for each in (() if run.is_comparison else run.manifest.patches)),
    ]
    rows = [
        Row(
            [
                *([text(policy)] if run.is_comparison else []),
                text(each.path),
                text(value_text(each.old)),
                text(value_text(each.new)),
                text(written),
            ]
        )
        for policy, each, written in applied
    ]
    if not rows:
        return None
    columns = [Column("policy", text=True)] if run.is_comparison else []
    columns += [Column(name, text=True) for name in ("input", "old", "new", "change as written")]
    return Table("changes", columns, rows, stacks=True)


def facts(run: SavedRun) -> list[tuple[str, str]]:
    """What ran, on what, and how: for the reader who wants to do it again."""
    manifest = run.manifest
    options = {key: value for key, value in manifest.options.items() if value not in (None, [], False)}
    policies = [each.name for each in manifest.policies]
    files = manifest.files
    found = [
        ("Run", f"{run.directory} (kloof {run.command})"),
        ("Instance", run.instance),
        ("Policies", ", ".join(policies)),
        ("Changes by hand", "; ".join(manifest.set)),
        ("Options", ", ".join(f"{key.replace('_', ' ')} {_option(value)}" for key, value in options.items())),
        (
            "Versions",
            ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
        ),
        ("Input files", f"{len(files)}, hashed in manifest.json" if files else ""),
        ("Time taken", f"{manifest.wall_time_seconds} s"),
    ]
    return [(name, value) for name, value in found if value]


def _option(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def assumptions(run: SavedRun) -> list[Group]:
    """The inputs behind the plans: each country's own, then markets, the world, and the chips."""
    groups = [
        Group(run.name(country), f"countries.{country}", _below(run, f"countries.{country}"))
        for country in run.context.countries
    ]
    groups += [
        Group(title, prefix, _below(run, prefix) if prefix else _rest(run)) for prefix, title in OTHER_GROUPS
    ]
    return [group for group in groups if group.inputs]


def _below(run: SavedRun, prefix: str) -> list[Assumption]:
    start = f"{prefix}."
    found = [_assumption(each, start) for each in run.inputs if each["path"].startswith(start)]
    return [_with_name(run, each) for each in found] if prefix == CHIPS else found


def _with_name(run: SavedRun, line: Assumption) -> Assumption:
    """A chip's input with the chip's name before its note, so that it is found by either."""
    chip = line.path.partition(".")[0]
    note = "; ".join(part for part in (run.chip(chip), line.note) if part and part != chip)
    return replace(line, note=note)


def _rest(run: SavedRun) -> list[Assumption]:
    known = ("countries.", *(f"{prefix}." for prefix, _ in OTHER_GROUPS if prefix))
    return [_assumption(each, "") for each in run.inputs if not each["path"].startswith(known)]


def _assumption(line: Mapping[str, str], prefix: str) -> Assumption:
    return Assumption(
        path=line["path"].removeprefix(prefix),
        value=value_text(_parsed(line["value"])),
        low=value_text(_parsed(line["low"])) if line["low"] else "",
        high=value_text(_parsed(line["high"])) if line["high"] else "",
        status=line["status"],
        sources=line["sources"].split(),
        note=line["note"],
    )


def sources(run: SavedRun) -> list[Source]:
    """The sources that the inputs cite; an address that is no web address is left out."""
    cited = run.context.sources.items()
    web = {key: one.url if one.url.startswith(("https://", "http://")) else "" for key, one in cited}
    return [Source(key, one.title, web[key], one.date, one.confidence) for key, one in cited]


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def value_text(value: object) -> str:
    """A value as it would be written, short: `110 (2026), 140 (2027)` for a map of years."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: MISSING}[value]
    if isinstance(value, (int, float)):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, dict):
        if all(str(key).isdigit() for key in value):
            parts = [f"{value_text(each)} ({key})" for key, each in value.items()]
        else:
            parts = [f"{key} {value_text(each)}" for key, each in value.items()]
        return ", ".join(parts)
    if isinstance(value, (list, tuple)):
        shown = [value_text(each) for each in value]
        return ", ".join(shown[:YEARS_SHOWN]) + (
            f" and {len(shown) - YEARS_SHOWN} more" if len(shown) > YEARS_SHOWN else ""
        )
    return str(value)
