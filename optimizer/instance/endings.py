"""Where data end before the plan does: a year that `market.output` does not list is 0.

Every other series holds on after its last year, and what is pending arrives once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance
from optimizer.instance.resolving.sets import plan_sets
from optimizer.instance.schema import Chip
from optimizer.instance.values import YearMap

MOST_NAMED = 4
# dates such as 2026 + 7/12 carry rounding
ROUNDING = 1e-6


def endings(instance: Instance) -> Iterator[Diagnostic]:
    """A warning for each year in which the output of chips that are still sold ends before the plan does, the
    tail of the plan included, and one for chips on sale without any output."""
    last = _last_year(instance)
    output = instance.market.output
    ending: dict[int, list[str]] = {}
    for chip, amounts in output.items():
        if amounts and max(amounts) < last and _is_sold_after(instance.chips[chip], max(amounts)):
            ending.setdefault(max(amounts), []).append(chip)
    listed = [max(amounts) for amounts in output.values() if amounts]
    if listed and max(listed) < last:
        # the last of all may have ended with its sale: still nothing is left to buy
        ending.setdefault(max(listed), [])
    for year, chips in sorted(ending.items()):
        yield _warning(instance, year, chips, last, year == max(listed))
    lacking = [name for name, chip in instance.chips.items() if _lacks_output(instance, chip, last)]
    if lacking:
        yield Diagnostic(
            "W101",
            f"`market.output` lists no year of {_named(lacking)}, on sale by {last}: none can be bought",
            "warning",
            path="market.output",
            hint="list what the world makes, or write `legacy` under `sale` in chips.csv",
        )


def _last_year(instance: Instance) -> int:
    return math.floor(plan_sets(instance, instance.leader).starts[-1] + ROUNDING)


def _is_sold_after(chip: Chip, year: int) -> bool:
    return chip.end_of_sale is None or chip.end_of_sale.end > year + 1 + ROUNDING


def _lacks_output(instance: Instance, chip: Chip, last: int) -> bool:
    sold = chip.sale in ("market", "owner") and chip.launch.start < last + 1
    return sold and _is_sold_after(chip, instance.horizon.first_year - 1) and not _lists(instance, chip)


def _lists(instance: Instance, chip: Chip) -> bool:
    return bool(instance.market.output.get(chip.id, YearMap({})))


def _warning(instance: Instance, year: int, chips: list[str], last: int, is_end: bool) -> Diagnostic:
    what = f"`market.output` of {_named(chips)}" if chips else "`market.output`"
    effect = "no chip at all can be bought" if is_end else "none can be bought"
    place = instance.market.output[chips[0]].location if chips else None
    file, line, column = place or (None, None, None)
    return Diagnostic(
        "W101",
        f"{what} ends in {year}, but the plan runs to {last} with its tail: {effect} from {year + 1}",
        "warning",
        file,
        line,
        column,
        f"market.output.{chips[0]}" if chips else "market.output",
        f"list its years up to {last} (0 for none), or give the chip an `end_of_sale` in chips.csv",
    )


def _named(chips: list[str]) -> str:
    more = f" and {len(chips) - MOST_NAMED} more" if len(chips) > MOST_NAMED else ""
    return ", ".join(chips[:MOST_NAMED]) + more
