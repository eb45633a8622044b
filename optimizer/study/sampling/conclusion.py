"""What a study says of one outcome of one country, whatever its design."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.study.sampling.indices import Indices
from optimizer.study.sampling.interaction import Interaction
from optimizer.study.sampling.quantiles import Band


@dataclass(frozen=True)
class Effect:
    """What an axis does alone: the outcome at its least and its greatest value (nan where it is missing), all
    else as the study's base has it."""

    axis: str
    low_value: float | str
    high_value: float | str
    low: float
    high: float


@dataclass(frozen=True)
class Conclusion:
    """What `rows` scenarios say of an outcome, in its `unit`; `missing` of them have no number.

    `base` is the outcome in the study's base, None where it has none. By the design there is a `band`
    (draws), `effects`, widest first (one at a time), `indices` (Morris, Saltelli) or `matrices`, one per
    pair of axes (grid; of a single axis one with a single column). `within_gap` names axes whose effect on
    the objective the two certified gaps cannot tell from nothing: they are no `effects`, and never ranked.
    `extrapolated` counts scenarios whose lag reaches back before the leader's base state.
    """

    country: str
    outcome: str
    unit: str
    base: float | None
    rows: int
    missing: int
    band: Band | None = None
    effects: tuple[Effect, ...] = ()
    indices: Indices | None = None
    matrices: tuple[Interaction, ...] = ()
    within_gap: tuple[str, ...] = ()
    extrapolated: int = 0
