"""What the rules make of each chip for one country in one year, and which rule decides it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from math import floor
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance
from optimizer.instance.resolving.control import chip_weights, report, terms
from optimizer.instance.resolving.memory import memory_concerns, memory_open
from optimizer.instance.resolving.sets import plan_sets
from optimizer.instance.resolving.tools import tools_concern
from optimizer.instance.resolving.view import View
from optimizer.instance.rules.decide import Doubt, Terms
from optimizer.instance.rules.schema import ExportRule, Scope
from optimizer.instance.schema import Chip

Status = Literal["denied", "licensed", "capped", "fee", "free", "undecided"]
Side = Literal["export", "import", "both"]

STRICTEST_FIRST: Final[tuple[Status, ...]] = ("undecided", "denied", "licensed", "capped", "fee", "free")
SIDES: Final[tuple[Side, ...]] = ("export", "import", "both")
PRACTICE: Final = "trade.limits"
OWN_FEES: Final = "trade.fees"
OWN_MANDATE: Final = "trade.home_market_share"
SCOPES: Final[tuple[tuple[Scope, str], ...]] = (("rental", "renting abroad"), ("grey", "the grey market"))
NOTHING: Final[tuple[Status, float, str | None]] = ("free", 0.0, None)
# the least part of a year that is shown: a thousandth of a day
ROUNDING: Final = 1e-3 / 366


class Verdict(NamedTuple):
    """A decision: the rule behind the status (`trade.limits` of the country itself), the fee as a share of
    the price, and the rule behind that."""

    status: Status
    rule: str | None
    fee: float
    fee_rule: str | None


Verdicts = Mapping[Side, Verdict]


@dataclass(frozen=True)
class Span:
    """A stretch of the year, from day `first` to day `last`, in which the decisions are the same: of each
    side, and of both with the country itself. `share` is its part of the year."""

    first: date
    last: date
    share: float
    verdicts: Verdicts


@dataclass(frozen=True)
class ChipStatus:
    """A chip's year, as far as it is on sale.

    `limit` is what can be bought in the year beside shared caps, thousand chips, `None` where the supply of
    the year is not known and where the chip is not for sale. `why` says why it is not for sale at all.
    """

    chip: str
    name: str
    limit: float | None
    why: str | None
    spans: tuple[Span, ...]

    def of_side(self, side: Side) -> tuple[Span, ...]:
        """The spans of one side, each as long as its own decision stays the same."""
        found = []
        for _, group in groupby(self.spans, key=lambda span: span.verdicts[side]):
            spans = list(group)
            share = float(sum(span.share for span in spans))
            found.append(Span(spans[0].first, spans[-1].last, share, {side: spans[0].verdicts[side]}))
        return tuple(found)


@dataclass(frozen=True)
class SharedCap:
    """A cap on several chips together, or what is exempted from one; `amount` in thousand chips, TPP or
    H100e, or billion USD. `chips` are those for sale under it at some time of the year."""

    rule: str
    side: Side
    chips: tuple[str, ...]
    amount: float
    counts: str
    basis: str
    is_exemption: bool


@dataclass(frozen=True)
class Beside:
    """The part of something other than chips that the rules of a side leave, on average over the year, which
    decide it, and what those `behind` them leave, rules that would decide if these were lifted."""

    what: str
    side: Side
    open_part: float
    rules: tuple[str, ...]
    behind: Mapping[str, float]


@dataclass(frozen=True)
class Mandate:
    """The home-made share of purchases that the rules of a side require (of both: or the country itself), on
    average over the year, and which decide it."""

    share: float
    rules: tuple[str, ...]


@dataclass(frozen=True)
class YearStatus:
    """All that rules decide for a country in a calendar year; `doubts` are what they cannot decide.

    `beside` has an entry for each side whose rules leave less than all.
    """

    country: str
    year: int
    chips: tuple[ChipStatus, ...]
    caps: tuple[SharedCap, ...]
    beside: tuple[Beside, ...]
    mandates: Mapping[Side, Mandate]
    doubts: tuple[Diagnostic, ...]


BesideChips = tuple[tuple[Beside, ...], Mapping[Side, Mandate]]


def beside_chips(instance: Instance, country: str, year: int) -> BesideChips:
    """What of `year_status` concerns no single chip, at a fraction of the time."""
    return _beside_chips(_view(instance, country, year))


def _beside_chips(view: View) -> BesideChips:
    return tuple(_beside(view)), {side: _mandate(view, side) for side in SIDES}


def year_status(instance: Instance, country: str, year: int) -> YearStatus:
    """The status of every chip for `country` in the calendar year `year`, which may lie outside the horizon.

    Of years before the horizon every chip counts as for sale that is not for sale any longer.
    """
    view = _view(instance, country, year)
    is_past = year < instance.horizon.first_year
    why = {name: _why_not(chip, country, year, is_past) for name, chip in view.chips.items()}
    numbers = terms(view)
    doubts = _doubts(view, numbers, np.array([one is None for one in why.values()]))
    bought = (view.law.decision.outcome(numbers).open_limit * view["sale_pieces"]).sum(axis=1)
    chips = [
        ChipStatus(
            name,
            chip.name,
            float(bought[position]) if why[name] is None and numbers.reach[position].any() else None,
            why[name],
            tuple(_spans(view, numbers, position, doubts.get(position))),
        )
        for position, (name, chip) in enumerate(view.chips.items())
    ]
    for_sale = {name for name, reason in why.items() if reason is None}
    caps, (beside, mandates) = tuple(_caps(view, for_sale)), _beside_chips(view)
    found = tuple(replace(problem, severity="warning") for problem in view.problems)
    return YearStatus(country, year, tuple(chips), caps, beside, mandates, found)


def _doubts(view: View, numbers: Terms, for_sale: NDArray[np.bool_]) -> dict[int, Doubt]:
    """What cannot be decided of the chips for sale, whether or not the output of the year is known."""
    known = replace(
        numbers,
        reach=np.where(numbers.reach > 0, numbers.reach, 1.0),
        normal=np.where(numbers.reach > 0, numbers.normal, 1.0),
    )
    decision, possible = view.law.decision, for_sale[:, None] & (view["sale_pieces"] > 0)
    # a chip that is licensed for sure has another status than one that is free
    found = [*decision.scarcity_doubts(possible), *decision.doubts(known, possible)]
    report(view, found)
    return {doubt.chip: doubt for doubt in found}


def _view(instance: Instance, country: str, year: int) -> View:
    """The country with the calendar year as its only period."""
    horizon = instance.horizon.model_copy(update={"first_year": year, "last_year": year, "steps_per_year": 1})
    yearly = instance.model_copy(update={"horizon": horizon})
    sets = replace(plan_sets(yearly, country), periods=(str(year),), reported=1, starts=(float(year),))
    leading = View(yearly, instance.leader, sets, None, instance.default_objective)
    if country == instance.leader:
        return leading
    return View(yearly, country, sets, None, instance.default_objective, leading)


def _why_not(chip: Chip, country: str, year: int, is_past: bool) -> str | None:
    """Why a chip is not for sale to the country in this year, `None` where it is."""
    if chip.domestic_in == country:
        return "made at home"
    if chip.sale == "home":
        return f"sold only in {chip.domestic_in}"
    if chip.sale == "owner":
        return "kept by its designer"
    if chip.launch.start >= year + 1:
        return f"launched in {chip.launch}"
    if chip.end_of_sale is not None and chip.end_of_sale.end <= year:
        return f"sold until {chip.end_of_sale}"
    return "no longer sold" if chip.sale == "legacy" and not is_past else None


def _spans(view: View, numbers: Terms, position: int, doubt: Doubt | None) -> Iterator[Span]:
    """The stretches of the year in which the chip is on sale, with their decisions."""
    chip = list(view.chips.values())[position]
    sale_ends = np.inf if chip.end_of_sale is None else chip.end_of_sale.end
    found: list[tuple[float, float, Verdicts]] = []
    for piece, (start, end) in enumerate(zip(view.law.pieces.starts, view.law.pieces.ends, strict=True)):
        begin, stop = max(start, chip.launch.start), min(end, sale_ends)
        if stop - begin > ROUNDING:
            verdicts = {side: _verdict(view, numbers, position, piece, side) for side in SIDES}
            if doubt is not None and doubt.pieces[piece]:
                rule = view.law.book.rules[doubt.rule]
                undecided = Verdict("undecided", view.law.book.names[doubt.rule], 0.0, None)
                verdicts |= {rule.side: undecided, "both": undecided}
            found.append((begin, stop, verdicts))
    for verdicts, group in groupby(found, key=lambda one: one[2]):
        parts = list(group)
        share = float(sum(stop - begin for begin, stop, _ in parts))
        first, after = day_of(parts[0][0]), day_of(parts[-1][1])
        yield Span(first, after - timedelta(days=1), share, verdicts)


def day_of(moment: float) -> date:
    """The day that starts at a moment in decimal years, whose months are twelfths."""
    year = floor(moment + ROUNDING / 2)
    month = min(floor((moment - year) * 12 + 12 * ROUNDING / 2), 11)
    length = monthrange(year, month + 1)[1]
    return date(year, month + 1, 1) + timedelta(days=round(((moment - year) * 12 - month) * length))


def _verdict(view: View, numbers: Terms, position: int, piece: int, side: Side) -> Verdict:
    """What the rules of a side, or all and the country itself, make of the chip in a piece of time."""
    decision = view.law.decision
    sides = ("export", "import") if side == "both" else (side,)
    held = [
        int(decision.rows[place])
        for place, one in enumerate(decision.rules)
        if decision.holding.held[place, position, piece] and one.side in sides
    ]
    # an exemption that only adds to a cap decides nothing: the cap does
    idle = [row for row, opened in decision.members.items() if not opened[position, piece]]
    book = view.law.book
    found = [
        (_status(view, book.rules[row], piece), _amount(view, numbers, row, position, piece), book.names[row])
        for row in held
        if row not in idle
    ]
    fees = [_highest_fee(numbers, held, view, one, piece) for one in sides]
    if side == "both":
        found += _of_the_country(view, numbers, position, piece)
        own = view.nation.trade.fees.get(book.chips[position])
        fees.append((0.0 if own is None else float(view.law.value(own)[piece]), OWN_FEES))
    # among equals the first in the file
    status, _, rule = min(found, key=lambda one: (STRICTEST_FIRST.index(one[0]), one[1]), default=NOTHING)
    paid = [(fee, name) for fee, name in fees if fee > 0 and status != "denied"]
    if status in ("fee", "free"):
        status, rule = ("fee", paid[0][1]) if paid else ("free", None)
    fee_rules = " and ".join(name for _, name in paid)
    return Verdict(status, rule, sum(fee for fee, _ in paid), fee_rules or None)


def _status(view: View, one: ExportRule, piece: int) -> Status:
    """What a rule makes of a chip that it covers."""
    share = view.law.open_share(one)[piece]
    if one.action == "deny" or (one.action == "multiply" and share == 0):
        return "denied"
    if one.action == "license" and (share < 1 or one.cap_value is None):
        return "licensed"
    return "fee" if one.action == "fee" else "capped"


def _amount(view: View, numbers: Terms, row: int, position: int, piece: int) -> float:
    """Thousand chips in a year that one rule leaves, to find the strictest of those that do alike."""
    one = view.law.book.rules[row]
    amount = float(numbers.left(row)[position, piece])
    if row in numbers.chip_limits:
        amount = min(amount, float(numbers.chip_limits[row][position, piece]))
    if one.is_shared_cap and one.cap_value is not None:
        weight = float(chip_weights(view, one.cap_counts)[position, 0])
        total = float(view.law.value(one.cap_value)[piece]) * one.factor
        amount = min(amount, total / weight if weight > 0 else np.inf)
    return amount


def _highest_fee(numbers: Terms, held: list[int], view: View, side: str, piece: int) -> tuple[float, str]:
    fees = [
        (float(numbers.fee[row, piece]), view.law.book.names[row])
        for row in held
        if view.law.book.rules[row].side == side
    ]
    return max(fees, key=lambda one: one[0], default=(0.0, ""))


def _of_the_country(view: View, numbers: Terms, position: int, piece: int) -> list[tuple[Status, float, str]]:
    """The country's own limit of the chip and its own caps, where they leave less than is within reach."""
    practice, reach = float(numbers.practice[position, piece]), float(numbers.reach[position, piece])
    found: list[tuple[Status, float, str]] = []
    if practice < reach or practice == 0:
        found.append(("capped" if practice > 0 else "denied", practice, PRACTICE))
    chip = view.sets.chips[position]
    for name, cap in view.nation.trade.caps.items():
        weight = float(chip_weights(view, cap.counts)[position, 0])
        amounts = [view.law.value(one)[piece] for one in (cap.per_year, cap.total) if one is not None]
        if weight > 0 and (cap.chips == "all" or chip in cap.chips) and min(amounts) < np.inf:
            found.append(("capped", float(min(amounts)) / weight, f"trade.caps.{name}"))
    return found


def _caps(view: View, for_sale: set[str]) -> Iterator[SharedCap]:
    """The caps on several chips that are in force at some time of the year, and the exemptions from them."""
    law = view.law
    members = law.decision.members
    for row, under in members.items():
        one = law.book.rules[row]
        concerned = under.any(axis=1)
        for other in members:
            if law.book.relaxes[row, other]:
                concerned = concerned | (members[other] & law.decision.held(row)).any(axis=1)
        if one.cap_value is not None and concerned.any():
            amount = float(law.value(one.cap_value)[-1]) * one.factor
            chips = tuple(law.book.chips[chip] for chip in np.flatnonzero(concerned))
            yield SharedCap(
                law.book.names[row],
                one.side,
                tuple(chip for chip in chips if chip in for_sale),
                amount,
                one.cap_counts,
                one.cap_basis,
                one.action == "exempt",
            )


def _beside(view: View) -> Iterator[Beside]:
    """What rules leave of memory, tools, renting and the grey market, where they leave less than all."""
    parts: list[tuple[Scope, str, Callable[[ExportRule], bool]]] = [
        ("memory", "memory from abroad", memory_concerns(view))
    ]
    parts += [("tools", f"{one} tools from abroad", tools_concern(one)) for one in view.nation.industry.tools]
    parts += [(scope, what, lambda _: True) for scope, what in SCOPES]
    memory_open(view, view.series(view.nation.industry.memory.import_limit_pb_per_year) > 0)
    for scope, what, concerns in parts:
        for side in SIDES:
            left = view.law.least(scope, _of_side(concerns, side))
            if left.rules:
                names, mean = view.law.book.names, view.law.pieces.mean
                behind = {names[row]: float(mean(share)[0]) for row, share in left.behind.items()}
                decide = tuple(names[row] for row in left.rules)
                yield Beside(what, side, float(mean(left.share)[0]), decide, behind)


def _of_side(concerns: Callable[[ExportRule], bool], side: Side) -> Callable[[ExportRule], bool]:
    return lambda one: side in (one.side, "both") and concerns(one)


def _mandate(view: View, side: Side) -> Mandate:
    """The largest share required by the rules of a side; by all and the country itself, of both."""
    law = view.law
    own = view.nation.trade.home_market_share
    required = law.value(own) if side == "both" else np.zeros(len(law.years))
    shares = {
        name: np.where(live, law.value(one.mandate_share), 0.0)
        for name, one, live in zip(law.book.names, law.book.rules, law.live, strict=True)
        if one.action == "mandate" and one.mandate_share is not None and side in (one.side, "both")
    }
    most: Array = np.max([required, *shares.values()], axis=0)
    deciding = [name for name, share in shares.items() if ((share == most) & (share > required)).any()]
    if ((required == most) & (most > 0)).any():
        deciding.append(OWN_MANDATE)
    return Mandate(float(law.pieces.mean(most)[0]), tuple(deciding))
