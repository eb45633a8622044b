"""The uncertainty of the inputs below the first table of `solve`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import ConsoleRenderable

from optimizer.answer.bands import Bands
from optimizer.tell.bands import WHAT, drawn, kept, lines, missing
from optimizer.tell.terminal.tables import grid, heading


def bands_table(
    bands: Bands, countries: Sequence[str], leader: str, short: bool
) -> list[ConsoleRenderable | str]:
    """Quantiles with their intervals, a line per number and country; `short`: one line per country."""
    body = [
        [
            each.country,
            each.name,
            each.unit,
            *(_cells(each.values, each.intervals) or ["n/a"] * 3),
            f"{each.draws:,}",
            f"{each.missing:,}",
        ]
        for each in lines(bands, countries, leader, short)
    ]
    heads = ["", "number", "unit", "5%", "50%", "95%", "draws", "missing"]
    parts: list[ConsoleRenderable | str] = [
        heading(f"what the ranges of the inputs make of it: {drawn(bands, leader)}"),
        "",
        grid(heads, body, left=3),
        "",
        f"[low, high] holds the quantile itself with {100 * bands.confidence:.0f}% confidence; {kept(bands)}",
        *WHAT,
        *(text for country in countries for text in missing(bands, country)),
    ]
    if short:
        parts.append("shares and compute as well: --country, or --verbose")
    return parts


def _cells(values: Sequence[str], intervals: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{value} [{low}, {high}]" for value, (low, high) in zip(values, intervals, strict=True)]
