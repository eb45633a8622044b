"""What a solve returns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.program import Program
from optimizer.program.tape import Array
from optimizer.solver.pool import Start


@dataclass(frozen=True)
class Certificate:
    """Proof of quality, in the model's own sense: no plan is worth more than `upper` (maximise) or less than
    `lower` (minimise), and the reported plan attains the other one. `gap` is (upper - lower)/gap_scale.
    `max_row_violation` is relative to the largest term of the row (at least 1), over all rows, bounds and
    integrality conditions of the model; `rows_checked` counts them."""

    upper: float
    lower: float
    gap: float
    max_row_violation: float
    rows_checked: int
    rounds: int
    tangents: int
    solver: str
    solver_version: str


@dataclass(frozen=True)
class Solution:
    """Result of a solve; `status` is optimal (certified to the requested gap), stopped, infeasible or
    unbounded.

    `x` holds the model's columns in the model's units; it is empty without a plan. `objective` is the value
    of the plan. `row_duals` are d(objective)/d(side) of every row, `column_duals` d(objective)/d(bound) of
    every column whose own bound binds. `message` says why a status is not optimal, `conflict` names rows that
    cannot hold together. Of an unbounded program `endless` names the variables that grow, `loose` the
    parameters that let them: infinite in a limit on them, or 0 in a price of them. `how` is solved, or
    certified: then the plan keeps the decisions of another one, and only its objective says something new.
    """

    program: Program
    parameters: Array
    status: str
    x: Array
    objective: float
    row_duals: Array
    column_duals: Array
    certificate: Certificate
    conflict: tuple[str, ...] = ()
    endless: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    message: str = ""
    how: str = "solved"
    start: Start | None = field(default=None, repr=False)

    @property
    def has_plan(self) -> bool:
        """Whether there is a point that satisfies every row."""
        return len(self.x) > 0

    def value(self, name: str) -> NDArray[np.float64]:
        """Values of a Var, shaped like its index sets. Raises ModelError without a plan or Var."""
        block = self.program.variables.get(name)
        if block is None:
            raise _unknown(f"the model has no Var `{name}`", name)
        if not self.has_plan:
            raise _unknown(f"there is no plan to read `{name}` from: {self.status} {self.message}", name)
        return self.x[block.slice].reshape(block.shape)

    def dual(self, name: str) -> NDArray[np.float64]:
        """d(objective)/d(side of the row) for every row of a Constraint, in the model's units and sense; nan
        where there is none (a program with integers has those of the plan with its integers fixed)."""
        block = self.program.rows.get(name)
        if block is None:
            raise _unknown(f"the model has no Constraint `{name}`", name)
        if not len(self.row_duals):
            raise _unknown(f"there are no duals for `{name}`: {self.status} {self.message}", name)
        return self.row_duals[block.slice].reshape(block.shape)


def _unknown(message: str, name: str) -> ModelError:
    return ModelError(Diagnostic("M107", message, path=name))
