"""How `kloof rules` shows what the rules decide."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from textwrap import fill
from typing import Any, Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits
from optimizer.cli.session import SCHEMA_VERSION, diagnostic_data
from optimizer.instance import Instance
from optimizer.instance.status import PRACTICE, ChipStatus, Side, Span, Verdict, YearStatus
from optimizer.tell.terminal.tables import grid, heading

COLUMNS: Final = (
    "chip",
    "side",
    "first",
    "last",
    "share",
    "status",
    "rule",
    "fee",
    "fee_rule",
    "limit",
    "why",
)
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
PATCHES_NAMED: Final = 2
# Beside a status that neither side decides, but what the country buys in practice.
LIMITED: Final = "*"
UNKNOWN: Final = "n/a"
CAP_UNITS: Final = {"chips": "chips", "tpp": "TPP", "h100e": "H100e"}


def rules_document(found: YearStatus, sides: Sequence[Side]) -> dict[str, Any]:
    """What `kloof rules --format json` prints: of one side only, if `sides` holds but that."""
    shown = sides[-1]
    mandate = found.mandates[shown]
    return {
        "schema_version": SCHEMA_VERSION,
        "country": found.country,
        "year": found.year,
        "chips": {
            one.chip: {
                "name": one.name,
                "why_not_for_sale": one.why,
                # what can be bought in the year follows from both sides
                "limit_kchip": one.limit if shown == "both" else None,
                "sides": {side: _side_data(one, side) for side in sides},
            }
            for one in found.chips
        },
        "shared_caps": [
            {
                "rule": cap.rule,
                "side": cap.side,
                "chips": list(cap.chips),
                "amount": cap.amount,
                "counts": cap.counts,
                "basis": cap.basis,
                "is_exemption": cap.is_exemption,
            }
            for cap in found.caps
            if cap.side in sides
        ],
        "beside": [
            {
                "what": one.what,
                "open_part": one.open_part,
                "rules": list(one.rules),
                "behind": dict(one.behind),
            }
            for one in found.beside
            if one.side == shown
        ],
        "home_market_share": mandate.share,
        "home_market_rules": list(mandate.rules),
        "diagnostics": [diagnostic_data(one) for one in found.doubts],
    }


def _side_data(one: ChipStatus, side: Side) -> list[dict[str, Any]]:
    if one.why is not None:
        return []
    return [
        {
            "first": span.first.isoformat(),
            "last": span.last.isoformat(),
            "share_of_year": span.share,
            **span.verdicts[side]._asdict(),
        }
        for span in one.of_side(side)
    ]


def rules_csv(found: YearStatus, sides: Sequence[Side]) -> str:
    """One row for each chip, side and stretch of the year with one decision; limits where both sides show."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found.chips:
        limit = "" if one.limit is None or sides[-1] != "both" else repr(one.limit)
        if one.why is not None:
            writer.writerow([one.chip, sides[-1], "", "", "", "not on sale", "", "", "", limit, one.why])
            continue
        for side in sides:
            for span in one.of_side(side):
                status, rule, fee, fee_rule = span.verdicts[side]
                decided = [status, rule or "", repr(fee), fee_rule or "", limit, ""]
                writer.writerow([one.chip, side, span.first, span.last, repr(span.share), *decided])
    return buffer.getvalue()


def rules_table(
    found: YearStatus, instance: Instance, sides: Sequence[Side], policy: str, everything: bool, width: int
) -> list[ConsoleRenderable | str]:
    """One line for each chip on sale and stretch of the year with one decision, and what else rules limit.

    `policy` names the policies applied; `everything` says why chips are not for sale. Where the screen has no
    room for a column of each side, they have one together.
    """
    country = instance.countries[found.country]
    one_side = len(sides) == 1
    title = f"{found.country} {country.name}, {found.year}: " + (
        f"what the {sides[0]} rules make of each chip" if one_side else "what the rules make of each chip"
    )
    if policy:
        title += f", policy {policy}"
    title += _changed(instance)
    together = one_side
    heads, body = _table(found, sides, together)
    if not together and _width(heads, body) > width:
        together = True
        heads, body = _table(found, sides, together)
    table = grid(heads, body, left=len(heads) - (1 if one_side else 2))
    notes = [
        fill(note, width, subsequent_indent="  ", break_on_hyphens=False)
        for note in _notes(found, sides, everything, together)
    ]
    parts: list[ConsoleRenderable | str] = [heading(title), "", table, "", *notes]
    return [*parts, *_legend(found, instance, sides, width)]


def _table(found: YearStatus, sides: Sequence[Side], together: bool) -> tuple[list[str], list[list[str]]]:
    """Heads and lines; `together`: with one column of what decides, else with one for each side."""
    decided = ["decided by"] if together else ["export", "import"]
    limit = [] if len(sides) == 1 else ["limit\nthousand"]
    lines = [
        line for one in found.chips if one.why is None for line in _lines(one, sides, found.year, together)
    ]
    return ["chip", "days", "status", *decided, "fee\n%", *limit], lines


def _width(heads: Sequence[str], body: Sequence[Sequence[str]]) -> int:
    columns = zip(heads, *body, strict=True)
    return sum(max(len(part) for cell in column for part in cell.split("\n")) + 2 for column in columns) - 2


def _changed(instance: Instance) -> str:
    """The patches applied where they are few, on a line of their own, else how many values they change."""
    patches = list(dict.fromkeys(each.text for each in instance.applied))
    if not patches:
        return ""
    few = len(patches) <= PATCHES_NAMED
    return f"\nwith {' and '.join(patches)}" if few else f", {len(instance.applied)} values changed"


def _lines(one: ChipStatus, sides: Sequence[Side], year: int, together: bool) -> list[list[str]]:
    if len(sides) == 1:
        side = sides[0]
        return [
            [
                *_head(one, number, span, year),
                (verdict := span.verdicts[side]).status,
                _rule(verdict),
                _fee(verdict),
            ]
            for number, span in enumerate(one.of_side(side))
        ]
    limit = UNKNOWN if one.limit is None else digits.significant(one.limit, 3)
    spans = one.of_side("both") if together else one.spans
    # the year's limit is bought while the chip is to be had
    opening = next((span for span in spans if span.verdicts["both"].status != "denied"), spans[0])
    if together:
        return [
            [
                *_head(one, number, span, year),
                (verdict := span.verdicts["both"]).status,
                _rule(verdict),
                _fee(verdict),
                limit if span is opening else "",
            ]
            for number, span in enumerate(spans)
        ]
    return [
        [
            *_head(one, number, span, year),
            _both(span.verdicts["both"]),
            _cell(span.verdicts["export"]),
            _cell(span.verdicts["import"]),
            _fee(span.verdicts["both"]),
            limit if span is opening else "",
        ]
        for number, span in enumerate(spans)
    ]


def _head(one: ChipStatus, number: int, span: Span, year: int) -> list[str]:
    return [one.chip if number == 0 else "", _days(span.first, span.last, year)]


def _days(first: date, last: date, year: int) -> str:
    from_start, to_end = first == date(year, 1, 1), last == date(year, 12, 31)
    if from_start and to_end:
        return "all year"
    if from_start:
        return f"to {_day(last)}"
    if to_end:
        return f"from {_day(first)}"
    if first == last:
        return _day(first)
    start = str(first.day) if first.month == last.month else _day(first)
    return f"{start} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"


def _both(verdict: Verdict) -> str:
    rule = verdict.rule or ""
    if rule == PRACTICE:
        return f"{verdict.status} {LIMITED}"
    return f"{verdict.status} ({rule})" if rule.startswith("trade.") else verdict.status


def _cell(verdict: Verdict) -> str:
    return f"{verdict.status} {verdict.rule}" if verdict.rule else verdict.status


def _rule(verdict: Verdict) -> str:
    return verdict.rule or ""


def _fee(verdict: Verdict) -> str:
    return _percent(verdict.fee) if verdict.fee else digits.NOTHING


def _percent(share: float) -> str:
    return f"{100 * share:.3g}"


def _notes(found: YearStatus, sides: Sequence[Side], everything: bool, together: bool) -> list[str]:
    shown = sides[-1]
    notes = []
    if shown == "both":
        notes.append(
            "status and fee of both sides together; limit: what can be bought in the year, caps on several "
            "chips aside"
        )
        if any(one.limit is None and one.why is None for one in found.chips):
            notes.append(
                f"{UNKNOWN}: the instance has no supply of the chip for {found.country} in {found.year}"
            )
        if together:
            notes.append("each side by itself: --side export, --side import")
        if _decides(found, PRACTICE):
            sign = "" if together else f"{LIMITED} "
            notes.append(
                f"{sign}{PRACTICE}: what {found.country} buys in practice, which is less than rules allow"
            )
    for cap in found.caps:
        if cap.side in sides:
            amount = f"{_amount(cap.amount, cap.counts)} {_span(cap.basis)}"
            several = "cap on several chips together" if len(cap.chips) != 1 else f"cap on {cap.chips[0]}"
            what = "exempted beside a cap or denial" if cap.is_exemption else several
            notes.append(f"{what}: {amount}, {cap.rule}")
    for each in found.beside:
        if each.side == shown:
            rest = ", ".join(f"{name} {_percent(part)}%" for name, part in each.behind.items())
            without = f"; behind it {rest}" if rest else ""
            notes.append(
                f"{each.what}: {_percent(each.open_part)}% left open, {', '.join(each.rules)}{without}"
            )
    mandate = found.mandates[shown]
    if mandate.share > 0:
        share = _percent(mandate.share)
        notes.append(f"home-made share of purchases required: {share}%, {', '.join(mandate.rules)}")
    return [*notes, *_not_for_sale(found, everything)]


def _legend(
    found: YearStatus, instance: Instance, sides: Sequence[Side], width: int
) -> list[ConsoleRenderable | str]:
    """The rules that decide something shown, or would next; two lines each where a table is too wide."""
    shown = sides[-1]
    beside = {name for one in found.beside if one.side == shown for name in (*one.rules, *one.behind)}
    beside |= {cap.rule for cap in found.caps if cap.side in sides} | set(found.mandates[shown].rules)
    named = [name for name in instance.rules if name in beside or _decides(found, name, sides)]
    if not named:
        return []
    rows = [(name, (one := instance.rules[name]).issuer, one.from_.text, one.title) for name in named]
    widest = sum(max(len(row[column]) for row in rows) + 2 for column in range(4)) - 2
    top: list[ConsoleRenderable | str] = ["", heading("rules that decide, or would next"), ""]
    if widest <= width:
        return [*top, grid(["rule", "issuer", "from", "title"], rows, left=4)]
    lines: list[str] = []
    for name, issuer, day, title in rows:
        for text in (f"{name}: {issuer}, from {day}", f"  {title}"):
            lines.append(fill(text, width, subsequent_indent="    ", break_on_hyphens=False))
    return [*top, *lines]


def _decides(found: YearStatus, name: str, sides: Sequence[Side] = ("both",)) -> bool:
    """Whether the rule decides a status or fee of a chip for sale."""
    return any(
        name == verdict.rule or name in (verdict.fee_rule or "").split(" and ")
        for one in found.chips
        if one.why is None
        for span in one.spans
        for side, verdict in span.verdicts.items()
        if side in sides
    )


def _amount(amount: float, counts: str) -> str:
    if counts == "usd":
        return f"USD {digits.significant(amount, 3)} bn"
    # amounts are in thousands
    size, unit = (
        (amount / 1e6, "bn")
        if amount >= 1e6
        else (amount / 1e3, "M")
        if amount >= 1e3
        else (amount, "thousand")
    )
    return f"{digits.significant(size, 3)} {unit} {CAP_UNITS[counts]}"


def _span(basis: str) -> str:
    return "a year" if basis == "per_year" else "in all"


def _not_for_sale(found: YearStatus, everything: bool) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for one in found.chips:
        if one.why is not None:
            reasons.setdefault(one.why, []).append(one.chip)
    if everything:
        return [f"{why}: {', '.join(chips)}" for why, chips in sorted(reasons.items())]
    count = sum(len(chips) for chips in reasons.values())
    return (
        [f"{count} chips are not for sale to {found.country} in {found.year}; --verbose says why"]
        if count
        else []
    )
