"""One scenario of a study as it is asked, and as it is answered for one country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One scenario: its `number` in the design's order, one of `values` per factor (a text for a level of a
    categorical one), the `patches` that make it, and the policies composed with `+` (empty: none)."""

    number: int
    values: tuple[float | str, ...]
    patches: tuple[str, ...]
    policy: str = ""


@dataclass(frozen=True)
class RowResult:
    """One country in one scenario.

    `status` is that of a plan (`optimizer.answer.run`), `how` it came about: `solved`; `certified`: the
    anchor's plan, proven good enough, whose outcomes say nothing of the scenario; `same`: the scenario does
    not reach the country. `objective`, `bound` in log unit years, `gap` in average log units, None where
    there is no plan: then `message` says why. `seconds` and `host` are no part of the answer.
    """

    number: int
    country: str
    status: str
    how: str
    objective: float | None
    bound: float | None
    gap: float | None
    message: str
    outcomes: Mapping[str, float | str]
    seconds: float
    host: str
