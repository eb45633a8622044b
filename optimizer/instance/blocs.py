"""Countries that are parts of a bloc, which counts them too, and all countries' shares of a chip together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from optimizer.errors import Diagnostic
from optimizer.instance.conflict import Conflict, unknown
from optimizer.instance.instance import Instance
from optimizer.instance.problem import number_text
from optimizer.instance.values import Array, Quantity
from optimizer.instance.yaml_reader import Where, dotted

SHARE_TOLERANCE: Final = 1e-6
MOST_NAMED: Final = 4


class Oversold(NamedTuple):
    """Chips of which the same countries take more than the whole: the first year of it, the sum of their
    shares, the share of each, the greatest first, and the place of that."""

    chips: tuple[str, ...]
    year: int
    total: float
    shares: Mapping[str, float]
    where: Where


def parts(instance: Instance) -> Mapping[str, str]:
    """The bloc of every country that is part of one."""
    return {name: one.part_of for name, one in instance.countries.items() if one.part_of is not None}


def check_parts(instance: Instance) -> Iterator[Conflict]:
    """The problems of `part_of`."""
    blocs = parts(instance)
    for name, bloc in blocs.items():
        where: Where = ("countries", name, "part_of")
        if bloc == name:
            yield Conflict(where, "E313", f"{name} cannot be part of itself", "name the bloc that counts it")
            continue
        yield from unknown(where, "E302", "country", bloc, instance.countries, False)
        if bloc in blocs and blocs[bloc] != bloc:
            message = f"{name} is part of {bloc}, which is part of {blocs[bloc]} itself"
            yield Conflict(where, "E313", message, f"name the whole: `part_of: {blocs[bloc]}`")


def market_shares(instance: Instance) -> Iterator[tuple[str, Mapping[str, Array]]]:
    """Each chip sold on the market, and the share of it that every country has in the reported years; parts
    of a bloc are left out, and the country that makes it."""
    years = np.array(instance.horizon.years, dtype=np.float64)
    blocs = parts(instance)
    nations = {name: one.trade for name, one in instance.countries.items() if name not in blocs}
    general = {name: _yearly(trade.supply_share, years) for name, trade in nations.items()}
    for chip_id, chip in instance.chips.items():
        if chip.sale != "market":
            continue
        shares = {
            name: _yearly(trade.supply_shares[chip_id], years)
            if chip_id in trade.supply_shares
            else general[name]
            for name, trade in nations.items()
            if chip.domestic_in != name
        }
        if shares:
            yield chip_id, shares


def oversold(instance: Instance) -> Iterator[Oversold]:
    """Chips sold on the market of which the countries' shares, parts of a bloc left out, sum to more than 1
    in some reported year."""
    found: dict[tuple[int, float, Where], tuple[list[str], Mapping[str, float]]] = {}
    for chip_id, shares in market_shares(instance):
        total = np.sum(list(shares.values()), axis=0)
        over = np.flatnonzero(total > 1 + SHARE_TOLERANCE)
        if len(over):
            t = over[0]
            year = instance.horizon.years[int(t)]
            ordered = sorted(shares, key=lambda name: -shares[name][t])
            own = chip_id in instance.countries[ordered[0]].trade.supply_shares
            field: Where = ("supply_shares", chip_id) if own else ("supply_share",)
            key = (year, round(float(total[t]), 9), ("countries", ordered[0], "trade", *field))
            chips, _ = found.setdefault(key, ([], {name: float(shares[name][t]) for name in ordered}))
            chips.append(chip_id)
    for (year, whole, where), (chips, each) in found.items():
        yield Oversold(tuple(chips), year, whole, each, where)


class ShareSum(NamedTuple):
    """The greatest sum over reported years of all countries' shares of some chips, the first year of it."""

    chips: tuple[str, ...]
    year: int
    total: float


def share_sums(instance: Instance) -> tuple[ShareSum, ...]:
    """Chips sold on the market, those of one sum together, the greatest sum first."""
    found: dict[tuple[float, int], list[str]] = {}
    for chip, shares in market_shares(instance):
        total = np.sum(list(shares.values()), axis=0)
        t = int(np.argmax(total > total.max() - SHARE_TOLERANCE))
        found.setdefault((round(float(total[t]), 6), instance.horizon.years[t]), []).append(chip)
    ordered = sorted(found.items(), key=lambda one: -one[0][0])
    return tuple(ShareSum(tuple(chips), year, total) for (total, year), chips in ordered)


def check_shares(instance: Instance) -> Iterator[Conflict]:
    """The problem of an instance that sells a chip more than once."""
    for one in oversold(instance):
        yield Conflict(one.where, "E318", _said(instance, one), REMEDY)


def oversold_warnings(instance: Instance) -> Iterator[Diagnostic]:
    """The same of an instance that patches made so: a question that may be asked."""
    for one in oversold(instance):
        yield Diagnostic("W105", _said(instance, one), "warning", path=dotted(one.where), hint=REMEDY)


REMEDY: Final = "lessen the shares, or say with `part_of` which country a bloc counts, too"


def _yearly(share: Quantity, years: Array) -> Array:
    return share.at(years + 0.5)


def _said(instance: Instance, one: Oversold) -> str:
    more = f" and {len(one.chips) - MOST_NAMED} more" if len(one.chips) > MOST_NAMED else ""
    chips = ", ".join(one.chips[:MOST_NAMED]) + more
    named = [f"{name} {number_text(round(share, 6))}" for name, share in one.shares.items() if share > 0]
    rest = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    blocs = parts(instance)
    left_out = f"; left out, as parts of a bloc: {', '.join(blocs)}" if blocs else ""
    total = number_text(round(one.total, 6))
    return (
        f"the countries' shares of {chips} sum to {total} in {one.year}, above 1: "
        f"{', '.join(named[:MOST_NAMED])}{rest}{left_out}"
    )
