"""What a study asks and what is answered: a row per scenario, a result per scenario and country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One scenario of a study, asked: `number` counts from 0 in the design's order; `values` has one entry
    per factor in the study's order, a text for a level of a categorical one; `patches` are patch texts `PATH
    OP VALUE` in full double precision; `policy` composes policies with `+` and is empty for none."""

    number: int
    values: tuple[float | str, ...]
    patches: tuple[str, ...]
    policy: str = ""


@dataclass(frozen=True)
class RowResult:
    """One country in one scenario, answered.

    `status` is `optimal`, `stopped`, `infeasible`, `unbounded` or `failed`. `how` is `solved`, `certified`
    (the anchor's plan is proven good enough: outcomes other than the objective are not known), `same` (the
    anchor's parameters), or empty where nothing was solved. `objective` is the value of the plan and `bound`
    a certified upper bound, objective units, both None where the plan has other periods than the base: then
    they do not compare. `gap` is in average log units; `message` says why there is no plan or objective.
    `outcomes` are named as in `strategy.csv`, `metric/item/period` or `metric/period`; `binding` holds
    the rows that bind, dearest first, joined by spaces.
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
