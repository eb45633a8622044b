"""Rules for caps on several chips, the size of the grey market, renting, and the home-market quota."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.country_schema import Cap
from optimizer.instance.problem import number_text
from optimizer.instance.resolving.control import (
    ALLOWED_USES,
    WHAT_THEY_ALLOW,
    WHICH_HOLD,
    allowed,
    chip_weights,
)
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.resolving.windows import sold_pace
from optimizer.instance.rules.rulebook import Mask
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
    for position, name in enumerate(view.sets.rules):
        own = view.nation.trade.caps.get(name)
        if own is not None and own.per_year is not None:
            # a year without a limit has none in any part of it
            limited = np.isfinite(limits[position])
            pace = sold_pace(view, _members(view, own), np.ones(len(view.law.years), dtype=bool))
            limits[position, limited] *= pace[limited]
    for position, row in _ruled(view, "per_year"):
        amount = _amount(view, row) * _pace(view, row, _in_force(view, row))
        for other, when in _adding(view, row):
            amount = amount + _amount(view, other) * _pace(view, row, when)
        limits[position] = _where_in_force(view, row, amount + _uncounted(view, row))
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
    """What is not counted adds up over the years, as does what is exempted each year. What was exempted in
    all stays so when the exemption ends."""
    limits, dt = _caps(view, lambda one: one.total), view.calendar.dt
    for position, row in _ruled(view, "total"):
        amount = _amount(view, row) + np.cumsum(_uncounted(view, row)) * dt
        for other, when in _adding(view, row):
            part = _amount(view, other)
            if view.law.book.rules[other].cap_basis == "per_year":
                amount = amount + np.cumsum(part * _pace(view, row, when)) * dt
            else:
                amount = amount + np.maximum.accumulate(np.where(_share(view, when) > 0, part, 0.0))
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


@rule("grey_limit", "countries.{country}.trade.grey.limit_kh100e_per_year")
def grey_limit(view: View) -> Array:
    return view.series(view.nation.trade.grey.limit_kh100e_per_year)


@rule("leader_installed", from_leader_plan=True)
def leader_installed(view: View) -> Array:
    """The compute of the leader's fleet during each period, kH100e, shape (periods,)."""
    return np.zeros(len(view.sets.periods)) if view.path is None else view.path.installed


@rule(
    "rent_limit",
    "leader",
    "countries.{country}.trade.rent.limit_kh100e",
    "countries.{country}.trade.rent.share_of_leader_compute",
    *OF_A_SCOPE,
    uses=["leader_installed"],
)
def rent_limit(view: View) -> Array:
    """As given, or a share of what the leader has installed, which is what is rented; times what rules of
    renting leave open."""
    rent, open_part = view.nation.trade.rent, view.law.open_part("rental", lambda _: True)
    path = f"countries.{view.country}.trade.rent"
    if rent.share_of_leader_compute is not None:
        if view.is_leader:
            view.problem(
                "E507",
                f"{view.country} leads, so that what it can rent is no share of the leader's compute",
                f"{path}.share_of_leader_compute",
                rent.share_of_leader_compute.location,
                hint=f"give an amount instead: {path} = "
                f"{{limit_kh100e: 300, normal_share: {number_text(rent.normal_share.number())}}}",
            )
        return view.series(rent.share_of_leader_compute) * view["leader_installed"] * open_part
    assert rent.limit_kh100e is not None
    return lessened(view, f"{path}.limit_kh100e", rent.limit_kh100e, open_part)


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


def lessened(view: View, path: str, quantity: Quantity, open_part: Array) -> Array:
    """The limits at `path`, of which rules leave a part open; nothing is left of infinity where that part is
    0, and a part of infinity is an error."""
    limits = view.series(quantity)
    if (np.isinf(limits) & (open_part > 0) & (open_part < 1)).any():
        view.problem(
            "E506",
            f"rules leave a part of `{path}`, which is infinite, so that they would do nothing",
            path,
            quantity.location,
            hint="give a limit, or switch the rules off",
        )
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
    return view.to_periods(view.by_year(one.cap_value)) * one.factor


def _in_force(view: View, row: int) -> Mask:
    """Whether a rule is in force, and an exemption opens something, shape (pieces,)."""
    law = view.law
    return np.asarray(law.decision.members[row].any(axis=0) if law.book.exempts[row] else law.live[row])


def _share(view: View, when: Mask) -> Array:
    """The share of each period in which `when` (pieces,) is true, shape (periods,)."""
    return view.law.pieces.mean(when.astype(np.float64))


def _pace(view: View, row: int, when: Mask) -> Array:
    """The pace of a yearly amount of the chips under a rule, see `sold_pace`."""
    return sold_pace(view, np.flatnonzero(_under(view, row).any(axis=1)), when)


def _where_in_force(view: View, row: int, amount: Array) -> Array:
    return np.where(_share(view, _in_force(view, row)) > 0, amount, np.inf)


def _counting(view: View, row: int) -> Array:
    """What a thousand chips count under a rule, 0 for those not under it, shape (chips, periods)."""
    under = view.law.pieces.total(_under(view, row).astype(np.float64)) > 0
    return np.where(under, chip_weights(view, view.law.book.rules[row].cap_counts), 0.0)


def _uncounted(view: View, row: int) -> Array:
    """What of the chips under a rule could be bought beside it: while it does not hold, what it leaves to
    subsidiaries, and what an exemption adds to, per year in the unit of the cap, shape (periods,)."""
    law, outcome = view.law, allowed(view)
    under, one = _under(view, row), law.book.rules[row]
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


def _under(view: View, row: int) -> Mask:
    """Which chips a shared cap counts or an exemption opens, together with those that share its volume, shape
    (chips, pieces)."""
    members = view.law.decision.members
    found: Mask = np.logical_or.reduce([members[row], *(members[other] for other in _beside(view, row))])
    return found


def _beside(view: View, row: int) -> list[int]:
    """The other exemptions that open chips to a rule, if it is an exemption, from what it opens them from."""
    book, members = view.law.book, view.law.decision.members
    if not book.exempts[row]:
        return []
    opened = book.relaxes[row] & ~book.shared
    chips = members[row].any(axis=1)
    return [
        other
        for other in members
        if other != row
        and book.exempts[other]
        and (opened & book.relaxes[other]).any()
        and (chips & members[other].any(axis=1)).any()
    ]


def _adding(view: View, row: int) -> list[tuple[int, Mask]]:
    """The exemptions whose volume adds to a rule's and when, shape (pieces,): beside it, if it is one itself,
    while they hold; from it while both hold for a chip."""
    law = view.law
    members = law.decision.members
    if law.book.exempts[row]:
        return [(other, np.asarray(members[other].any(axis=0))) for other in _beside(view, row)]
    found = []
    for other in members:
        if law.book.exempts[other] and law.book.relaxes[other, row]:
            when: Mask = np.asarray((members[row] & law.decision.held(other)).any(axis=0))
            if when.any():
                found.append((other, when))
    return found
