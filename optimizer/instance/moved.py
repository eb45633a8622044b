"""Where the fields of format 1 went that format 2 does not have: hints for who still names them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MOVED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tool_limit_kwpm_per_year": "tools go by class: industry.tools.CLASS.import_limit_kwpm_per_year",
        "normal_kh100e_per_year": "now a share of what is on offer: trade.grey.normal_share",
        "normal_kh100e": "now a share of what is on offer: trade.rent.normal_share",
        "price_usd_bn_per_kh100e": "left out: the price of the grey market follows the chips on sale",
    }
)


def moved_hint(name: str) -> str | None:
    """What became of a field of format 1; None where it never was one."""
    return f"a field of format 1: {MOVED[name]}" if name in MOVED else None
