"""Rules for what export and import control leave of single chips: limits, fees, and what grey markets offer.

Amounts of single chips are amounts of calendar years: the value of a year is spread over the time in the year
in which the chip is on sale, so that a year's total is the same for any length of period. A period is cut at
the days on which a rule starts or ends; each piece has the amounts and fees of the rules that hold in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.fleet import THROUGHPUT
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.resolving.windows import on_sale
from optimizer.instance.rules.conditions import missing
from optimizer.instance.rules.decide import Doubt, Outcome, Terms
from optimizer.instance.rules.metrics import COLUMNS
from optimizer.instance.rules.schema import ExportRule

THOUSAND: Final = 1000.0

WHICH_HOLD: Final = (
    *(f"rules.*.{field}" for field in ("destinations", "excluded_destinations", "suppliers")),
    *(f"rules.*.{field}" for field in ("from", "to", "in_force", "scope", "action", "suspends", "relaxes")),
    *(f"rules.*.{field}" for field in ("chips", "condition", "alternatives")),
    "destination_groups.*",
    "chips.*.designer_country",
    *THROUGHPUT,
    "chips.*.die_area_mm2",
    "chips.*.memory_bandwidth_gbs",
    "chips.*.interconnect_gbs",
    "chips.*.line",
    "lines.*.node_nm",
)
"""What decides which rules hold for a chip."""
WHAT_THEY_ALLOW: Final = (
    *WHICH_HOLD,
    *(f"rules.*.{field}" for field in ("test", "approval_share", "multiplier")),
    *(f"rules.*.{field}" for field in ("cap_value", "cap_counts", "cap_basis")),
    "countries.{country}.trade.subsidiary_share",
    "countries.{country}.trade.limits.*",
)
ALLOWED_USES: Final = (
    "on_market",
    "practice_limit",
    "supply",
    "within_reach",
    "sale_pieces",
    "tpp",
    "compute_rating",
    "unit_cost",
    "leader_purchases",
)


@rule("output", "market.output.*", leader_uses=["output"])
def output(view: View) -> Array:
    """World output on sale, thousand chips per calendar year, shape (chips, years)."""
    if not view.is_leader:
        return view.of_leader("output")
    years = view.calendar.years
    values = np.zeros((len(view.sets.chips), len(years)))
    for chip, amounts in view.market.output.items():
        values[view.chip_position[chip]] = amounts.numbers(years)
    return values


@rule(
    "supply",
    "countries.{country}.trade.supply_share",
    "countries.{country}.trade.supply_shares.*",
    uses=["output"],
)
def supply(view: View) -> Array:
    """The country's normal share of the world's output, thousand chips per calendar year, (chips, years)."""
    trade = view.nation.trade
    share = np.broadcast_to(view.by_year(trade.supply_share), view["output"].shape).copy()
    for chip, quantity in trade.supply_shares.items():
        share[view.chip_position[chip]] = view.by_year(quantity)
    return share * view["output"]


@rule("within_reach", "market.contestable", uses=["supply", "output"])
def within_reach(view: View) -> Array:
    """What money can buy: the normal share and the contestable part of the rest of the output, thousand chips
    per calendar year, shape (chips, years). A chip of which the normal share is 0 is not sold there."""
    normal = view["supply"]
    rest = view.market.contestable.number() * np.maximum(view["output"] - normal, 0.0)
    return np.where(normal > 0, normal + rest, 0.0)


@rule("normal_import", uses=["supply", "sale_pace", "on_market"])
def normal_import(view: View) -> Array:
    """No share bounds what is not bought on the market: an owner's chips, and those that are not for sale."""
    normal = view.to_periods(view["supply"]) * view["sale_pace"]
    return np.where(view["on_market"][:, None] > 0, normal, np.inf)


@rule("leader_purchases", from_leader_plan=True)
def leader_purchases(view: View) -> Array:
    """What the leader's plan buys, thousand chips per calendar year, shape (chips, years)."""
    years = view.calendar.year_of_period
    bought = np.zeros((len(view.sets.chips), len(view.calendar.years)))
    if view.path is not None:
        for period, year in enumerate(years):
            bought[:, year] += view.path.imports[:, period]
    # the last year of the tail may hold fewer periods than the others
    return bought * view.steps_per_year / np.bincount(years)


@rule("on_market", "chips.*.sale", "chips.*.domestic_in")
def on_market(view: View) -> Array:
    """1 for chips that are sold to anybody and not made at home, shape (chips,)."""
    country = view.country
    return np.array([chip.sale == "market" and chip.domestic_in != country for chip in view.chips.values()])


@rule("own_brand", "chips.*.sale", "chips.*.domestic_in", "chips.*.designer_country")
def own_brand(view: View) -> Array:
    """1 for chips that only their designers, of this country, buy, shape (chips,)."""
    country = view.country
    return np.array(
        [
            chip.sale == "owner" and chip.designer_country == country and chip.domestic_in != country
            for chip in view.chips.values()
        ]
    )


@rule("practice_limit", "countries.{country}.trade.limits.*")
def practice_limit(view: View) -> Array:
    """The country's own limits of single chips, thousand per calendar year, shape (chips, years)."""
    values = np.full((len(view.sets.chips), len(view.calendar.years)), np.inf)
    for chip, quantity in view.nation.trade.limits.items():
        values[view.chip_position[chip]] = view.by_year(quantity)
    return values


@rule("sale_pieces", "chips.*.launch", "chips.*.end_of_sale")
def sale_pieces(view: View) -> Array:
    """The part of a calendar year's amount that is on sale in each piece of time, times the periods in a
    year, so that the sum over a period is the pace in it: shape (chips, pieces)."""
    return on_sale(view, 0.0)


@rule(
    "import_limit",
    *WHAT_THEY_ALLOW,
    uses=["own_brand", "output", "sale_pace", *ALLOWED_USES],
    leader_uses=["supply"],
)
def import_limit(view: View) -> Array:
    bought = view.law.pieces.total(_bought(view))
    # rules are about what others sell, not about what the country's own firms make for themselves
    own = view.to_periods(np.minimum(view["practice_limit"], view["output"])) * view["sale_pace"]
    return bought + own * view["own_brand"][:, None]


@rule(
    "fee",
    "countries.{country}.trade.fees.*",
    "rules.*.side",
    "rules.*.fee_share",
    *WHAT_THEY_ALLOW,
    uses=["chip_price", *ALLOWED_USES],
    leader_uses=["supply"],
)
def fee(view: View) -> Array:
    """The fee of a period is the mean of its pieces, weighted with what can be bought in each."""
    pieces, outcome = view.law.pieces, allowed(view)
    amounts = _bought(view)
    total = pieces.total(amounts)
    share = pieces.mean(outcome.fee)
    np.divide(pieces.total(amounts * outcome.fee), total, out=share, where=total > 0)
    for chip, quantity in view.nation.trade.fees.items():
        share[view.chip_position[chip]] += view.series(quantity)
    return share * view["chip_price"]


@rule(
    "grey_open",
    *WHICH_HOLD,
    "rules.*.multiplier",
    "rules.*.approval_share",
    "countries.{country}.trade.grey.output_share",
    "countries.{country}.trade.grey.delay_years",
    "chips.*.launch",
    "chips.*.end_of_sale",
    uses=["on_market", "practice_limit", "capped", "output"],
)
def grey_open(view: View) -> Array:
    """A share of the output of chips that are scarce: that a rule denies, licenses, caps or lessens, or that
    the country's own limits and caps concern. Of it counts the part that enforcement leaves open."""
    decision, pieces = view.law.decision, view.law.pieces
    practised = (np.isfinite(view["practice_limit"]) | (view["capped"] > 0))[:, view.year_of_piece]
    offered = on_sale(view, view.nation.trade.grey.delay_years.number()) * view["on_market"][:, None]
    leaked = view.by_year(view.nation.trade.grey.output_share) * view["output"]
    report(view, decision.scarcity_doubts(~practised & (offered * leaked[:, view.year_of_piece] > 0)))
    enforced = view.law.least("grey", lambda _: True).share
    return view.to_periods(leaked) * pieces.total((practised | decision.scarce) * offered * enforced)


def allowed(view: View) -> Outcome:
    """What the rules and the country's own limits leave of each chip in each piece of time."""
    return view.once(_allowed)


def chip_weights(view: View, counts: str) -> Array:
    """What one thousand chips count in the unit of a cap, shape (chips, periods)."""
    shape = view["unit_cost"].shape
    if counts == "usd":
        return view["unit_cost"] / THOUSAND
    per_chip = {"tpp": view["tpp"], "h100e": view["compute_rating"]}.get(counts)
    return np.ones(shape) if per_chip is None else np.broadcast_to(per_chip[:, None], shape)


def _bought(view: View) -> Array:
    """The most that can be bought of each chip, thousand per year in each piece of time, (chips, pieces)."""
    return allowed(view).open_limit * view["sale_pieces"] * view["on_market"][:, None]


def _allowed(view: View) -> Outcome:
    law = view.law
    numbers = terms(view)
    possible = np.minimum(numbers.reach, numbers.practice) * view["sale_pieces"] > 0
    report(view, law.decision.doubts(numbers, possible & (view["on_market"] > 0)[:, None]))
    return law.decision.outcome(numbers)


def terms(view: View) -> Terms:
    """What the rules allow in numbers, and what the country could have without them."""
    law = view.law
    shape = (len(law.book.rules), len(law.years))
    open_share, beside, fees = np.ones(shape), np.zeros(shape), np.zeros(shape)
    reach, normal = (view[name][:, view.year_of_piece] for name in ("within_reach", "supply"))
    through_subsidiaries = law.value(view.nation.trade.subsidiary_share)
    limits: dict[int, Array] = {}
    for row in law.decision.rows:
        one = law.book.rules[row]
        open_share[row] = law.open_share(one)
        fees[row] = 0.0 if one.fee_share is None else law.value(one.fee_share)
        limit = _chip_limit(view, one)
        if one.test == "location":
            beside[row] = (1.0 - open_share[row]) * through_subsidiaries
            limit = None if limit is None else limit + through_subsidiaries * normal
        if limit is not None:
            limits[int(row)] = limit
    return Terms(
        open_share, beside, fees, limits, reach, normal, view["practice_limit"][:, view.year_of_piece]
    )


def _chip_limit(view: View, one: ExportRule) -> Array | None:
    """What a rule allows of each chip by itself, thousand per calendar year, shape (chips, pieces)."""
    if one.cap_value is None or one.is_shared_cap or one.action not in ("cap", "license"):
        return None
    law = view.law
    value = law.value(one.cap_value)
    if one.cap_basis == "per_year":
        weights = chip_weights(view, one.cap_counts)[:, law.pieces.period]
        limits: Array = np.divide(value, weights, out=np.full(weights.shape, np.inf), where=weights > 0)
        return limits
    if view.is_leader:
        # a share of its own market limits nobody
        return None
    sold = view.of_leader("supply") if one.cap_basis == "share_of_leader_supply" else view["leader_purchases"]
    return value * sold[:, view.year_of_piece]


def report(view: View, doubts: Iterable[Doubt]) -> None:
    """Note each rule that cannot be decided on a chip, and what would help."""
    book = view.law.book
    for doubt in doubts:
        name, chip = book.names[doubt.rule], book.chips[doubt.chip]
        metrics = missing(book.rules[doubt.rule], book.metrics, doubt.chip)
        columns = " and ".join(f"`{column}`" for column in dict.fromkeys(COLUMNS[one] for one in metrics))
        lacking = " and ".join(f"`{metric}`" for metric in metrics)
        view.problem(
            "E505",
            f"{view.country} could buy {chip}, but without its {lacking} the rule `{name}` cannot be decided",
            f"chips.{chip}.{COLUMNS[metrics[0]]}",
            view.chips[chip].tdp_w.location,
            hint=f"give {columns} of {chip}, or switch the rule off: rules.{name}.in_force = never",
        )
