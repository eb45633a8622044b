"""Integer programs: an integer outer program in turn with the program that has its integers fixed."""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.solver.highs import NO_PRESOLVE, Method
from optimizer.solver.integer_program import integer_optimum
from optimizer.solver.outer import Search
from optimizer.solver.relaxed import Proven

ROUNDS: Final = 200
# share of the gap left to the fixed subproblem, so that the integer bound can close the rest
INNER_SHARE: Final = 0.25


def converge_integer(search: Search, share: float, method: Method) -> tuple[str, float, Proven | None]:
    """As `Search.converge`, for a program with integer columns. The last optimum is that of the best plan's
    integers fixed, so its duals hold for them."""
    relaxation = search.relaxation
    columns = np.flatnonzero(relaxation.integer)
    search.may_round = False
    status, root, last = search.converge(share, method)
    search.may_round = True
    if status in ("infeasible", "unbounded") or not np.isfinite(root):
        return status, root, last
    upper, careful = root, False
    near = np.zeros(search.program.columns) if last is None else last.x
    best_last: Proven | None = None
    seen: set[bytes] = set()
    for _ in range(ROUNDS):
        if search.late():
            search.message = "time limit reached"
            return "stopped", upper, best_last
        width = search.gap * search.gap_scale(upper)
        relaxed = integer_optimum(relaxation, width, near, search.deadline, careful)
        search.rounds += 1
        if relaxed.status in ("infeasible", "unbounded") and not careful:
            careful = True
            continue
        if relaxed.status == "infeasible" and search.best is not None:
            search.message = "the cuts left no point, within the solver's tolerance"
            return "stopped", upper, best_last
        if relaxed.status != "optimal":
            search.message = "time limit reached" if relaxed.status == "stopped" else ""
            return relaxed.status, upper, best_last
        near = relaxed.x
        upper = min(upper, relaxed.level + search.constant)
        if search.beaten(upper) and not careful:
            upper, careful = root, True
            continue
        if search.closed(upper, share):
            return "optimal", upper, best_last
        choice = np.round(relaxed.x[columns])
        rows = len(relaxation.kinds)
        search.cut(relaxed.x, *search.violations(relaxed.x))
        relaxation.set_bounds(columns, choice, choice)
        before = search.best
        inner, _, fixed = search.converge(share * INNER_SHARE, NO_PRESOLVE)
        relaxation.set_bounds(columns, relaxation.lower[columns], relaxation.upper[columns])
        if fixed is not None and (search.best is not before or best_last is None):
            best_last = fixed
        if search.beaten(upper) and not careful:
            upper, careful = root, True
            continue
        if search.closed(upper, share):
            return "optimal", upper, best_last
        key = choice.astype(np.int64).tobytes()
        if key in seen and len(relaxation.kinds) == rows:
            if not careful:
                careful = True
                continue
            search.message = "no further progress at the solver's tolerance"
            return "stopped", upper, best_last
        if inner == "stopped" and search.late():
            continue
        seen.add(key)
    search.message = f"no certificate within {ROUNDS} rounds"
    return "stopped", upper, best_last
