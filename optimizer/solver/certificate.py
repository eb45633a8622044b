"""The check of a point against every row of the true model, whoever proposed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.program.numbers import Numbers
from optimizer.program.tape import Array

FEASIBLE: Final = 1e-7


@dataclass(frozen=True)
class PointCheck:
    """Largest relative violation at a point and where it is: violation / max(1, largest term of the row)."""

    violation: float
    place: str
    checked: int

    @property
    def feasible(self) -> bool:
        return self.violation <= FEASIBLE


def check_point(numbers: Numbers, x: Array) -> PointCheck:
    """Check rows, bounds and integrality at x (the model's columns, its units). A row whose functions are
    undefined at x counts as infinitely violated."""
    program = numbers.program
    x = x[: program.user_columns]
    body, largest = numbers.body(x)
    used = np.isfinite(numbers.lower) | np.isfinite(numbers.upper)
    with np.errstate(invalid="ignore"):
        excess = np.fmax(numbers.lower - body, body - numbers.upper)
        for side in (numbers.lower, numbers.upper):
            largest = np.where(np.isfinite(side), np.fmax(largest, np.abs(side)), largest)
        rows = np.where(used, np.maximum(excess, 0.0) / np.maximum(1.0, largest), 0.0)
    rows = np.where(used & ~np.isfinite(body), np.inf, rows)
    outside = np.maximum(np.maximum(numbers.column_lower - x, x - numbers.column_upper), 0.0)
    bounds = outside / np.maximum(1.0, np.abs(x))
    integer = np.where(program.integer, np.abs(x - np.round(x)), 0.0)
    columns = np.where(np.isfinite(x), np.maximum(bounds, integer), np.inf)
    worst_row = int(rows.argmax()) if len(rows) else -1
    worst_column = int(columns.argmax()) if len(columns) else -1
    row_violation = float(rows[worst_row]) if len(rows) else 0.0
    column_violation = float(columns[worst_column]) if len(columns) else 0.0
    checked = int(used.sum()) + len(x) + int(program.integer.sum())
    if row_violation >= column_violation:
        name = program.row_name(worst_row) if len(rows) else ""
        return PointCheck(row_violation, name, checked)
    return PointCheck(column_violation, program.column_name(worst_column), checked)
