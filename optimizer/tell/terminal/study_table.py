"""How far a stored study is: for a person, as CSV and as JSON data."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from rich.console import ConsoleRenderable

from optimizer.answer.run import FAILED, INFEASIBLE, OPTIMAL, STOPPED, UNBOUNDED
from optimizer.study.batch.header import Header
from optimizer.study.batch.store import Counts
from optimizer.tell import SCHEMA_VERSION
from optimizer.tell.terminal.tables import grid, heading

STATUSES: Final = (OPTIMAL, STOPPED, INFEASIBLE, UNBOUNDED, FAILED)
LEADERS: Final = {"answer": "the leader answers", "hold": "the leader's path is held"}
HOW: Final = {
    "solved": "solved",
    "certified": "certified by another scenario's plan, so that only the objective is known",
    "same": "alike another scenario in all that counts",
}
REASONS: Final = 5


def status_table(name: str, header: Header, counts: Counts, verbose: bool) -> list[ConsoleRenderable | str]:
    """The study for a person; `verbose`: every reason why there is no plan."""
    failed = f", {counts.failed:,} of them failed" if counts.failed else ""
    parts: list[ConsoleRenderable | str] = [
        heading(f"{name}: {counts.done:,} of {counts.rows:,} scenarios done{failed}, {counts.left:,} left")
    ]
    if header.shard:
        parts.append(f"shard {header.shard} of a study of {header.total:,} scenarios")
    leader = LEADERS.get(header.leader, header.leader)
    parts.append(f"{_factors(header)}; gap {header.gap:g}, {leader}")
    parts.append(f"key {header.key[:12]}, Kloof {header.kloof_version}")
    shown = [each for each in STATUSES if any(status == each for _, status in counts.by_status)]
    if shown:
        body = [
            [country, *(f"{counts.by_status.get((country, status), 0):,}" for status in shown)]
            for country in header.countries
        ]
        parts += ["", grid(["", *shown], body)]
        found = ", ".join(f"{count:,} {HOW.get(how, how)}" for how, count in counts.by_how.items())
        parts += ["", f"{found}; {counts.seconds:,.0f} s of work"]
    if counts.reasons:
        most = len(counts.reasons) if verbose else REASONS
        parts += ["", "without a number or plan:"]
        parts += [f"{count:>6,}  {reason}" for reason, count in counts.reasons[:most]]
        more = len(counts.reasons) - most
        parts += (
            [f"        and {more:,} more {'reason' if more == 1 else 'reasons'}: --verbose lists all"]
            if more > 0
            else []
        )
    return parts


def status_csv(counts: Counts) -> str:
    """A line per country and status."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("country", "status", "scenarios"))
    writer.writerows((*pair, count) for pair, count in sorted(counts.by_status.items()))
    return buffer.getvalue()


def status_document(header: Header, counts: Counts) -> dict[str, Any]:
    """The same as JSON data, with the study itself."""
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "done" if not counts.left else "unfinished",
        "key": header.key,
        "kloof_version": header.kloof_version,
        "study": dict(header.document),
        "factors": list(header.factors),
        "outcomes": list(header.outcomes),
        "gap": header.gap,
        "leader": header.leader,
        "shard": header.shard,
        "scenarios": {
            **{"total": header.total, "held": counts.rows, "done": counts.done},
            **{"failed": counts.failed, "left": counts.left},
        },
        "countries": {
            country: {each: counts.by_status.get((country, each), 0) for each in STATUSES}
            for country in header.countries
        },
        "how": dict(counts.by_how),
        "reasons": [{"message": reason, "results": count} for reason, count in counts.reasons],
        "seconds_of_work": counts.seconds,
    }


def _factors(header: Header) -> str:
    names = header.factors
    shown = ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"
    return f"{len(names)} {'factor' if len(names) == 1 else 'factors'}: {shown}"
