"""What the name of a field says of its unit: `income_usd_bn` is an income in USD bn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# The first word of a unit in the name of a field, and how its words are written.
UNIT_STARTS: Final = ("usd", "gw", "pb", "kwpm", "kh100e", "gbs", "months", "years", "thousand", "per")
WRITTEN: Final[Mapping[str, str]] = {
    "usd": "USD",
    "gw": "GW",
    "pb": "PB",
    "kh100e": "kH100e",
    "h100e": "H100e",
    "kwh": "kWh",
    "tdp": "TDP",
    "year2": "year²",
    "gbs": "GB/s",
    "mm2": "mm²",
    "hbm": "HBM",
}
# What entries of a table are whose keys are chips, countries and the like.
OF_TABLES: Final[Mapping[str, str]] = {
    "fleet.chips": "thousand chips",
    "trade.limits": "thousand chips per year",
    "market.output": "thousand chips per year",
    "industry.make_limits": "thousand chips per year",
    "industry.stockpiled_dies": "thousand dies",
}
SHARES: Final = ("share", "shares", "floors", "ceilings", "fees")
YEARS: Final = re.compile(r"\[([\d:]+)\]$")


def words_and_unit(name: str) -> tuple[str, str]:
    """A field's name as words and unit: `income_usd_bn` as `income` and `USD bn`."""
    if name == "*":
        return "all", ""
    words = name.split("_")
    start = next((at for at, word in enumerate(words) if at and word in UNIT_STARTS), len(words))
    written = [WRITTEN.get(word, word) for word in words]
    return " ".join(written[:start]), " ".join(written[start:])


def path_unit(path: str) -> str:
    """The unit that a path's last name says, empty where it says none."""
    return words_and_unit(YEARS.sub("", path).rsplit(".", 1)[-1])[1]


def input_unit(path: str) -> str:
    """The unit of an input, as `countries.CHN.fleet.chips.nv_h20`: of its own name, else of the table that it
    stands in; empty where it is a plain number."""
    names = YEARS.sub("", path).split(".")
    own = words_and_unit(names[-1])[1]
    if own:
        return own
    table = OF_TABLES.get(".".join(names[-3:-1]))
    if table:
        return table
    return "share" if any(name.rsplit("_", 1)[-1] in SHARES for name in names[-2:]) else ""
