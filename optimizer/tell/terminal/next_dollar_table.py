"""What the next dollar for a country's chip industry brings, by what it is given for: plain lines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from optimizer.answer.digits import significant
from optimizer.answer.next_dollar import GiftWorth, sentences

TITLE: Final = "what the next dollar for the chip industry brings, as solved; best per dollar first"
HEADS: Final = ("", "USD bn", "% for good", "% per USD bn", "certified")
WIDTH: Final = 96
ALIKE: Final = "≈"
READ: Final = (
    "≈ cannot be told from the line above at these gaps; `certified`: per USD bn, between what the gaps leave"
)


def next_dollar_lines(gifts: Sequence[GiftWorth]) -> list[str]:
    """The table with what it says in sentences; nothing where it was not asked for."""
    if not gifts:
        return []
    rows = [HEADS, *(_row(gift, above) for gift, above in zip(gifts, [None, *gifts], strict=False))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADS))]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    alike = any(row[0].startswith(ALIKE) for row in rows)
    said = [line for each in sentences(gifts) for line in textwrap.wrap(each, WIDTH, subsequent_indent="  ")]
    return [TITLE, *lines, *(textwrap.wrap(READ, WIDTH) if alike else []), *said]


def _row(gift: GiftWorth, above: GiftWorth | None) -> tuple[str, ...]:
    known = gift.solved.is_known and (above is None or gift.told_from(above))
    mark = "  " if known or not gift.solved.is_known else f"{ALIKE} "
    least, _, most = gift.per_usd_bn
    certified = f"{significant(max(least, 0.0))} to {significant(max(most, 0.0))}"
    amount = "" if gift.unit == "USD bn" else f": {significant(float(gift.amount))} {gift.unit}"
    cost = significant(float(gift.usd_bn))
    return f"{mark}{gift.words}{amount}", cost, gift.solved.text, gift.per_text, certified
