"""An optimum of the outer program, as the solver states it and with its bound proven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.program.tape import Array, Index


@dataclass(frozen=True)
class Relaxed:
    """Optimum of the outer program in the model's units, as the solver states it: `level` is the maximised
    objective, `multiplier` the value (in it) of loosening each row's side by one, 0 for rows that the solver
    need not carry. `kinds` and `references` tell what each row was when it was solved: rows may be deleted
    afterwards."""

    status: str
    x: Array
    level: float
    dual: Array
    multiplier: Array
    kinds: Index
    references: Index
    in_box: bool


def no_point(status: str) -> Relaxed:
    """The answer of a solver that has no optimum to show."""
    nothing, none = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Relaxed(status, nothing, np.inf, nothing, nothing, none, none, False)


@dataclass(frozen=True)
class Proven(Relaxed):
    """An optimum with an upper bound on the maximised objective that is recomputed from the duals, the
    multipliers of all rows, and in `reduced` the value of loosening each column's bound."""

    bound: float
    reduced: Array
