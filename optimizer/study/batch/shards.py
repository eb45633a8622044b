"""Parts of a study for as many machines: scenario k is in shard i of n where k leaves i - 1 when divided by
n, so that neighbours in the design, which take alike long, are spread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from optimizer.errors import Diagnostic, InputError

_SHARD: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count`, counted from 1."""

    index: int
    count: int

    def holds(self, number: int) -> bool:
        """Whether a scenario is in this part."""
        return number % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(text: str) -> Shard:
    """The shard `i/n`. Raises `InputError` (E661) where there is none."""
    found = _SHARD.fullmatch(text.strip())
    hint = "write i/n with 1 <= i <= n, as in --shard 1/4, --shard 2/4, .., --shard 4/4"
    if not found:
        raise InputError(Diagnostic("E661", f"`{text}` is no shard", hint=hint))
    shard = Shard(int(found[1]), int(found[2]))
    if not 1 <= shard.index <= shard.count:
        parts = "no parts" if not shard.count else f"parts 1 to {shard.count}"
        raise InputError(
            Diagnostic("E661", f"there is no shard {shard}: of {shard.count} there are {parts}", hint=hint)
        )
    return shard
