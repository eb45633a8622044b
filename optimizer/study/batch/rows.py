"""A scenario of a study as it is asked and as it is answered: what all parts of a batch hand each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One scenario of a study, asked.

    `number` counts 0, 1, 2, ... in the design's order; `values` has one entry per factor, in the study's
    order (text for a categorical level); `patches` are texts `PATH OP VALUE` in full double precision;
    `policy` composes policies with `+` and is empty for none.
    """

    number: int
    values: tuple[float | str, ...]
    patches: tuple[str, ...]
    policy: str = ""


@dataclass(frozen=True)
class RowResult:
    """One country in one scenario, answered.

    `status` is optimal, stopped, infeasible, unbounded or failed. `how` is solved, certified (the anchor's
    plan is proven good enough; its outcomes other than the objective are missing) or same (equal parameters
    as the anchor). `objective` is the plan's value and `bound` the certified upper bound, both in objective
    units, `gap` in average log units. `message` says why there is no plan, else it is empty. `outcomes` are
    named `metric/item/period` or `metric/period` as in strategy.csv; `binding` holds the rows that bind,
    dearest first, joined by a space. `seconds` and `host` go to a second table, not among the results.
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
