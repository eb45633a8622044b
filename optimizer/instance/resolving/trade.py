"""Rules for caps on several chips, the size of the grey market, renting, and the home-market quota."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.control import (
    ALLOWED_USES,
    WHAT_THEY_ALLOW,
    WHICH_HOLD,
    allowed,
    chip_weights,
)
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.rules.conditions import YES
from optimizer.instance.rules.rulebook import Mask
from optimizer.instance.schema import Cap
from optimizer.instance.values import Quantity

HOURS_PER_YEAR: Final = 8760.0
# USD per H100e and hour to USD bn per thousand H100e and year
RENT_USD_BN_PER_YEAR: Final = HOURS_PER_YEAR * 1e3 / 1e9

WHO_AND_WHEN: Final = (
    *(
        f"rules.*.{field}"
        for field in ("destinations", "excluded_destinations", "from", "to", "in_force", "action", "suspends")
    ),
    "destination_groups.*",
)
"""What decides which rules hold for a country, whatever they concern."""
OF_A_SCOPE: Final = (*WHO_AND_WHEN, "rules.*.scope", "rules.*.approval_share", "rules.*.multiplier")


@rule(
    "cap",
    "countries.{country}.trade.caps.*.per_year",
    "rules.*.consignees",
    *WHAT_THEY_ALLOW,
    uses=ALLOWED_USES,
    leader_uses=["supply"],
)
def cap(view: View) -> Array:
    limits = _caps(view, lambda one: one.per_year)
    for position, row in _ruled(view, "per_year"):
        amount = _amount(view, row) * _covered(view, row)
        added = [_amount(view, other) * _covered(view, other) for other in _adding(view, row)]
        limits[position] = _where_in_force(view, row, amount + sum(added) + _uncounted(view, row))
    return limits


@rule(
    "cap_cumulative",
    "countries.{country}.trade.caps.*.total",
    "rules.*.consignees",
    *WHAT_THEY_ALLOW,
    uses=ALLOWED_USES,
    leader_uses=["supply"],
)
def cap_cumulative(view: View) -> Array:
    """What is not counted adds up over the years, as does what is exempted each year."""
    limits, dt = _caps(view, lambda one: one.total), view.calendar.dt
    for position, row in _ruled(view, "total"):
        amount = _amount(view, row) + np.cumsum(_uncounted(view, row)) * dt
        for other in _adding(view, row):
            yearly = view.law.book.rules[other].cap_basis == "per_year"
            part, covered = _amount(view, other), _covered(view, other)
            amount = amount + (np.cumsum(part * covered) * dt if yearly else part * (covered > 0))
        limits[position] = _where_in_force(view, row, amount)
    return limits


@rule(
    "cap_weight",
    "countries.{country}.trade.caps.*.counts",
    "countries.{country}.trade.caps.*.chips",
    "rules.*.cap_counts",
    *WHICH_HOLD,
    uses=["tpp", "compute_rating", "unit_cost"],
)
def cap_weight(view: View) -> Array:
    weights = np.zeros((len(view.sets.rules), *view["unit_cost"].shape))
    for position, name in enumerate(view.sets.rules):
        one = view.nation.trade.caps.get(name)
        if one is not None:
            chips = _members(view, one)
            weights[position, chips] = chip_weights(view, one.counts)[chips]
    for basis in ("per_year", "total"):
        for position, row in _ruled(view, basis):
            weights[position] = _counting(view, row)
    return weights


@rule("capped", "countries.{country}.trade.caps.*")
def capped(view: View) -> Array:
    """1 where a cap of the country's own limits a chip, shape (chips, years)."""
    found = np.zeros((len(view.sets.chips), len(view.calendar.years)))
    for one in view.nation.trade.caps.values():
        for quantity in (one.per_year, one.total):
            if quantity is not None:
                found[_members(view, one)] += np.isfinite(view.by_year(quantity))
    return np.minimum(found, 1.0)


@rule("grey_limit", "countries.{country}.trade.grey.limit_kh100e_per_year", *OF_A_SCOPE)
def grey_limit(view: View) -> Array:
    open_part = view.law.open_part("grey", lambda _: True)
    return lessened(view.series(view.nation.trade.grey.limit_kh100e_per_year), open_part)


@rule("rent_limit", "countries.{country}.trade.rent.limit_kh100e", *OF_A_SCOPE)
def rent_limit(view: View) -> Array:
    open_part = view.law.open_part("rental", lambda _: True)
    return lessened(view.series(view.nation.trade.rent.limit_kh100e), open_part)


@rule("rent_cost", "compute.rent_cost_usd_per_h100e_hour")
def rent_cost(view: View) -> Array:
    return view.series(view.settings.compute.rent_cost_usd_per_h100e_hour) * RENT_USD_BN_PER_YEAR


@rule("mandate", "countries.{country}.trade.home_market_share", "rules.*.mandate_share", *WHO_AND_WHEN)
def mandate(view: View) -> Array:
    """The largest share that the country or a rule requires."""
    law = view.law
    required = view.series(view.nation.trade.home_market_share)[law.pieces.period]
    for live, one in zip(law.live, law.book.rules, strict=True):
        if one.action == "mandate" and one.mandate_share is not None:
            required = np.maximum(required, np.where(live, law.value(one.mandate_share), 0.0))
    return law.pieces.mean(required)


def lessened(limits: Array, open_part: Array) -> Array:
    """Limits of which rules leave a part open; nothing is left of infinity where that part is 0."""
    return np.where(open_part > 0, limits, 0.0) * np.where(open_part > 0, open_part, 1.0)


def _caps(view: View, read: Callable[[Cap], Quantity | None]) -> Array:
    """Amounts of the country's caps by calendar year, infinite where it has none, shape (rules, periods)."""
    limits = np.full((len(view.sets.rules), len(view.sets.periods)), np.inf)
    for position, name in enumerate(view.sets.rules):
        one = view.nation.trade.caps.get(name)
        quantity = None if one is None else read(one)
        if quantity is not None:
            limits[position] = view.to_periods(view.by_year(quantity))
    return limits


def _members(view: View, one: Cap) -> list[int]:
    """Positions of the chips that a cap counts."""
    if isinstance(one.chips, str):
        return list(range(len(view.sets.chips)))
    return [view.chip_position[chip] for chip in one.chips]


# rules that cap several chips together


def _ruled(view: View, basis: str) -> list[tuple[int, int]]:
    """The shared caps and exemptions of this basis that hold for some chip: position in the set of rules, and
    among all rules."""
    book, members = view.law.book, view.law.decision.members
    positions = {name: position for position, name in enumerate(view.sets.rules)}
    return [(positions[book.names[row]], row) for row in members if book.rules[row].cap_basis == basis]


def _amount(view: View, row: int) -> Array:
    """The amount of a cap, for all its consignees, shape (periods,)."""
    one = view.law.book.rules[row]
    assert one.cap_value is not None
    amount = view.to_periods(view.by_year(one.cap_value))
    return amount * one.consignees.number() if one.action == "exempt" else amount


def _covered(view: View, row: int) -> Array:
    """The share of each period in which a rule is in force, shape (periods,)."""
    return view.law.pieces.mean(view.law.live[row].astype(np.float64))


def _where_in_force(view: View, row: int, amount: Array) -> Array:
    return np.where(_covered(view, row) > 0, amount, np.inf)


def _counting(view: View, row: int) -> Array:
    """What a thousand chips count under a rule, 0 for those not under it, shape (chips, periods)."""
    under = view.law.pieces.total(view.law.decision.members[row].astype(np.float64)) > 0
    return np.where(under, chip_weights(view, view.law.book.rules[row].cap_counts), 0.0)


def _uncounted(view: View, row: int) -> Array:
    """What of the chips under a rule could be bought beside it: while it does not hold, what it leaves to
    subsidiaries, and what an exemption adds to, per year in the unit of the cap, shape (periods,)."""
    law, outcome = view.law, allowed(view)
    under, one = law.decision.members[row], law.book.rules[row]
    beside = np.where(under, 0.0, outcome.open_limit)
    if one.action == "exempt":
        beside = np.where(under, outcome.shut_limit, beside)
    elif one.test == "location":
        share = law.value(view.nation.trade.subsidiary_share)
        beside = np.where(under, np.minimum(share * _supply(view), outcome.open_limit), beside)
    amounts = law.pieces.total(beside * view["sale_pieces"]) * view["on_market"][:, None]
    uncounted: Array = (_counting(view, row) * amounts).sum(axis=0)
    return uncounted


def _supply(view: View) -> Array:
    return view["supply"][:, view.year_of_piece]


def _adding(view: View, row: int) -> list[int]:
    """The exemptions whose volume adds to a rule's: from it, or beside it where it is one itself, of a chip
    under it."""
    book, members = view.law.book, view.law.decision.members
    found = []
    for other in members:
        if other == row or book.rules[other].action != "exempt":
            continue
        both: Mask = members[row] & members[other]
        beside = book.rules[row].action == "exempt" and bool(both.any())
        under: Mask = members[row].any(axis=1) & (book.verdicts[other] == YES)
        if beside or (book.relaxes[other, row] and under.any()):
            found.append(other)
    return found
