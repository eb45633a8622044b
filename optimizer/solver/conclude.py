"""What a search found, put into a `Solution`."""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.errors import Diagnostic, SolverError
from optimizer.solver import explain
from optimizer.solver.duals import column_duals, row_duals
from optimizer.solver.endless import loose_parameters
from optimizer.solver.highs import VERSION
from optimizer.solver.outer import Plan, Search
from optimizer.solver.pool import Start
from optimizer.solver.relaxed import Proven
from optimizer.solver.solution import Certificate, Solution

# columns of an unbounded program that its message names
SHOWN: Final = 5


def certificate(search: Search, upper: float, best: Plan | None) -> Certificate:
    """What the bounds and the plan prove. Raises SolverError where the plan beats the bound."""
    lower = -np.inf if best is None else best.value
    if search.beaten(upper):
        raise SolverError(Diagnostic("S102", f"the plan ({lower}) beats its own upper bound ({upper})"))
    # A plan may beat the bound by what its tolerated violations are worth: either way it counts.
    known = best is not None and np.isfinite(upper)
    gap = abs(upper - lower) / search.gap_scale(upper) if known else np.inf
    bounds = (upper, lower) if search.program.sense > 0 else (-lower, -upper)
    return Certificate(
        upper=bounds[0],
        lower=bounds[1],
        gap=gap,
        max_row_violation=np.inf if best is None else best.check.violation,
        rows_checked=0 if best is None else best.check.checked,
        rounds=search.rounds,
        tangents=search.relaxation.tangent_count,
        solver="HiGHS",
        solver_version=VERSION,
    )


def with_plan(
    search: Search, status: str, upper: float, best: Plan, last: Proven | None, start: Start | None
) -> Solution:
    """The result of a search that found a plan; `last` is the optimum whose duals it reports."""
    proof = certificate(search, upper, best)
    sense = search.program.sense
    unknown = np.full(search.program.row_count, np.nan), np.full(search.program.user_columns, np.nan)
    relaxation = search.relaxation
    of_rows, of_columns = (
        unknown if last is None else (row_duals(relaxation, last), column_duals(relaxation, last))
    )
    return Solution(
        program=search.program,
        parameters=search.numbers.parameters,
        status=status,
        x=best.x,
        objective=sense * best.value,
        row_duals=sense * of_rows,
        column_duals=sense * of_columns,
        certificate=proof,
        message="" if status == "optimal" else f"{search.message}; certified gap {proof.gap:.3g}",
        start=start,
    )


def without_plan(search: Search, status: str, upper: float = np.inf) -> Solution:
    """The result of a search without a plan, with the reasons that can be named."""
    names: tuple[str, ...] = ()
    endless: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    message = search.message
    if status == "infeasible":
        upper = -np.inf
        names = explain.conflict(search.relaxation)
        message = "no plan satisfies " + (", ".join(names) if names else "all rows")
    elif status == "unbounded":
        own = search.endless[search.endless < search.program.user_columns]
        endless = tuple(search.program.column_name(int(column)) for column in own)
        found = loose_parameters(search.numbers, search.endless)
        loose = tuple(search.program.parameter_name(int(place)) for place in found)
        shown = f" with {', '.join(endless[:SHOWN])}" if endless else ""
        message = f"the objective grows without bound{shown}{' ...' if len(endless) > SHOWN else ''}"
    elif status == "stopped":
        message = f"{search.message or 'stopped'}; no plan was found"
    return Solution(
        program=search.program,
        parameters=search.numbers.parameters,
        status=status,
        x=np.zeros(0),
        objective=float("nan"),
        row_duals=np.zeros(0),
        column_duals=np.zeros(0),
        certificate=certificate(search, upper, None),
        conflict=names,
        endless=endless,
        loose=loose,
        message=message,
    )
