"""What must be looked up for a country that was made like another: what weighs most first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from optimizer.instance.amounts import is_amount
from optimizer.instance.like import NewCountry
from optimizer.instance.values import Written
from optimizer.instance.yaml_reader import Where

WHAT: Final = {
    "budget.income_usd_bn": "all that is spent on AI in a year: firms and the state, chips to wages",
    "fleet.chips": "AI chips installed at the start, by type",
    "trade.supply_share": "its normal share of the world's chips: income over that of all countries",
    "research.lag_months": "how far it is behind the leader at the start; goes with the fleet",
    "talent.researchers_thousand": "researchers, and who joins and leaves in a year",
    "talent.wage_usd_thousand_per_year": "what a researcher costs",
    "power.pending_gw": "power for data centres that is under way, by year",
    "power.build_limit_gw_per_year": "power that can be built in a year at most",
    "power.electricity_price_usd_per_kwh": "what data centres pay",
    "trade.rent": "compute that can be rented abroad",
    "trade.limits": "what is bought in practice of chips under licence",
    "trade.grey": "what a grey market brings, and at which price",
    "industry.lines": "fabs for AI chips: capacity, yields, the part for AI",
    "industry.tools": "chip tools in stock and within reach",
    "industry.toolmaking": "tools made at home",
    "industry.packaging": "advanced packaging",
    "industry.memory": "high-bandwidth memory made, bought and in stock",
}


@dataclass(frozen=True)
class LookUp:
    """A figure, or a table of them, to look up: its place below the country, how much stands there now (of
    a series the first number, of a table the sum; None of several that are not one), what it is, and the
    sources that the other has."""

    place: str
    now: float | None
    what: str
    source: tuple[str, ...]


def first_number(value: Written) -> float:
    """The number of a value, of a series the first."""
    if isinstance(value, list):
        return value[0]
    if isinstance(value, dict):
        return float(str(next(iter(value.values()))))
    return value


def look_up(made: NewCountry) -> Iterator[LookUp]:
    """What to look up; tables that hold nothing but zeros are no question."""
    for place, what in WHAT.items():
        start = tuple(place.split("."))
        found = [one for one in made.figures if one.where[: len(start)] == start]
        counted = [one for one in found if is_amount(one.where) and not _is_pace(one.where)]
        numbers = [first_number(one.after) for one in counted or found]
        if any(numbers):
            is_one = len(numbers) == 1 or all(len(one.where) == len(start) + 1 for one in counted)
            now = sum(numbers) if is_one else None
            sources = dict.fromkeys(name for one in found for name in one.source)
            yield LookUp(place, now, what, tuple(sources))


def _is_pace(where: Where) -> bool:
    """Whether it says at which pace nothing is paid for it: that of what does not exist is any."""
    return str(where[-1]).startswith("normal_")
