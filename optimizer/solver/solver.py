"""`Solver`: solves one compiled program at any number of parameter vectors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from optimizer.errors import Diagnostic, SolverError
from optimizer.program.concave import Concave
from optimizer.program.curvature import RANDOM_POINTS, check_concave, random_points
from optimizer.program.program import Program
from optimizer.program.tape import Array
from optimizer.solver import explain
from optimizer.solver.conclude import with_plan, without_plan
from optimizer.solver.endless import status_of_unbounded
from optimizer.solver.highs import AFTER_ROWS, COLD, FROM_START, INTERIOR, NO_PRESOLVE
from optimizer.solver.integer import converge_integer
from optimizer.solver.outer import Restore, Search
from optimizer.solver.pool import Pool, Start
from optimizer.solver.progress import Tell
from optimizer.solver.ranges import FIRST_RANGE, TRIES, Ranges
from optimizer.solver.relaxation import Relaxation
from optimizer.solver.sensitivity import sensitivity
from optimizer.solver.solution import Solution
from optimizer.solver.start import start_of
from optimizer.solver.ties import SHARE, break_ties

# least share of the objective that plans compared by a range may lose
RANGE_SLACK: Final = 1e-9
# A first program of more rows than these is solved by an interior point: a simplex took about as long for
# plans in quarters, and two to three times as long for China's.
MANY_ROWS: Final = 15_000


class Solver:
    """Solves a program. `presolve` and `scaled` exist to show that neither changes a result."""

    def __init__(self, program: Program, *, presolve: bool = True, scaled: bool = True) -> None:
        self.program = program
        self._presolve = presolve
        self._scaled = scaled
        self._start: Start | None = None
        self._live: tuple[Solution, Relaxation, Pool] | None = None

    def __getstate__(self) -> dict[str, object]:
        # what HiGHS holds of the last solve stays where it is
        return {**self.__dict__, "_live": None}

    def solve(
        self,
        parameters: Array | None = None,
        *,
        gap: float = 1e-6,
        gap_scale: float | None = None,
        restore: Restore | None = None,
        nominal: Array | None = None,
        time_limit: float | None = None,
        warm: bool = False,
        start: Start | None = None,
        within: tuple[Array, Array] | None = None,
        tell: Tell | None = None,
    ) -> Solution:
        """Solve at a parameter vector (default: the values at compile time).

        `gap` is the certified gap to reach, in units of `gap_scale` (default max(1, |bound|)). `restore`
        proposes a plan from a point of the outer program (columns of the model, its units); it may return
        None. `time_limit` is in seconds. With `start` the solve starts from the tangents and basis of another
        solution of this program, at any parameter vector; with `warm` from those of this solver's last solve,
        on which its plan may then depend among equally good ones. Without `warm` the result depends on the
        arguments only. `within` narrows the bounds of the model's columns, least and greatest, to what this
        solve may choose; its solution answers no questions that need its outer program again. `tell` hears
        about once a second how far a tree over integers is. Raises ModelError for a row that is not concave
        or has undefined numbers, SolverError where HiGHS fails.
        """
        deadline = None if time_limit is None else time.monotonic() + time_limit
        numbers = self.program.at(parameters, nominal)
        if within is not None:
            numbers = numbers.narrowed(*within)
        concave = Concave(numbers)
        relaxation = Relaxation(concave, self._scaled)
        pool = Pool()
        start = self._start if warm and start is None else start
        if start is None:
            points, mask = concave.starting_points()
            check_concave(concave, np.hstack([points, random_points(concave, 2 * RANDOM_POINTS)]))
        else:
            points, mask = start.points, start.mask & concave.active[:, None]
            check_concave(concave, random_points(concave))
        relaxation.add_points(pool, points, mask)
        search = Search(relaxation, pool, restore, gap, gap_scale, deadline, tell)
        relaxation.set_objective(search.objective)
        self._live = None
        if relaxation.impossible or len(relaxation.crossed):
            return without_plan(search, "infeasible")
        method = INTERIOR if relaxation.model.kept_rows > MANY_ROWS else COLD
        if not self._presolve:
            method = NO_PRESOLVE
        if start is not None and start.basis is not None:
            relaxation.set_basis(start.basis)
            method = FROM_START
        share = 1.0 - SHARE if self.program.has_tie_breaker else 1.0
        if self.program.integer.any():
            neighbour = None if start is None else start.integers
            status, upper, last = converge_integer(search, share, method, neighbour)
        else:
            status, upper, last = search.converge(share, method)
        if status == "unbounded":
            status = status_of_unbounded(search)
            if status == "stopped":
                search.message = "the objective grows without bound, if there is a plan"
                return without_plan(search, status)
        if status in ("infeasible", "unbounded"):
            return without_plan(search, status)
        if status == "stopped" and search.best is None:
            if last is not None:
                search.keep(search.plan(last.x, False))
            if search.best is None:
                # Doing nothing, as `restore` completes it, may still be a plan.
                search.keep(search.plan(np.zeros(self.program.columns), False))
        basis = relaxation.basis()
        best = search.best
        if best is not None and last is not None and status == "optimal" and self.program.has_tie_breaker:
            best = break_ties(search, best, upper) or best
        if best is None:
            return without_plan(search, "stopped", upper)
        if status == "stopped" and search.closed(upper, 1.0):
            status = "optimal"
        # without an optimum there are no rounds behind the start, only the grid
        at = np.zeros(self.program.columns) if last is None else last.x
        self._start = start_of(relaxation, pool, at, basis, np.round(best.x[self.program.integer]))
        solution = with_plan(search, status, upper, best, last, self._start)
        if within is not None:
            # its outer program cannot be built again from its parameters
            return replace(solution, start=None)
        self.hold(solution, relaxation, pool)
        return solution

    def hold(self, solution: Solution, relaxation: Relaxation, pool: Pool) -> None:
        """Keep the outer program of the last solution, for questions about it."""
        self._live = (solution, relaxation, pool)

    # questions about a solution --------------------------------------------------------------------------

    def range(self, solution: Solution, coefficients: Array) -> tuple[float, float]:
        """Least and greatest value of coefficients x over every plan within the certified gap of this one.

        Taken over the outer program, so the true range lies within. The solver can be used again afterwards.
        Raises SolverError for a solution without a plan.
        """
        return self.ranges(solution, [coefficients])[0]

    def ranges(
        self,
        solution: Solution,
        functionals: Sequence[Array],
        *,
        first: float = FIRST_RANGE,
        tries: int = TRIES,
        time_limit: float | None = None,
    ) -> list[tuple[float, float]]:
        """`range` of several functionals, cheaper than one by one. With fewer `tries` from a good guess of
        the range, the `first` as a share of what a functional adds up, ends may be further out. What is not
        known after `time_limit` seconds is infinite."""
        deadline = None if time_limit is None else time.monotonic() + time_limit
        relaxation, pool = self._revived(solution)
        certificate, value = solution.certificate, self.program.sense * solution.objective
        slack = max(certificate.upper - certificate.lower, RANGE_SLACK * max(1.0, abs(value)))
        search = Search(relaxation, pool, None, certificate.gap, None, deadline)
        basis = relaxation.basis()
        found = Ranges(search, solution.x, value, slack, first, tries)
        ends = [found.of(coefficients) for coefficients in functionals]
        if basis is not None:
            relaxation.set_basis(basis)
        return ends

    def _revived(self, solution: Solution) -> tuple[Relaxation, Pool]:
        """The outer program of a solution: the live one, or one rebuilt from its tangents."""
        if not solution.has_plan:
            raise SolverError(Diagnostic("S103", f"a solution with status {solution.status} has no plan"))
        if solution.start is None:
            raise SolverError(Diagnostic("S103", "a solution without its tangents has no outer program"))
        if self._live is not None and self._live[0] is solution:
            return self._live[1:]
        relaxation, pool = Relaxation(Concave(self.program.at(solution.parameters)), self._scaled), Pool()
        start = solution.start
        relaxation.add_points(pool, start.points, start.mask & relaxation.concave.active[:, None])
        search = Search(relaxation, pool, None, 0.0, None, None)
        relaxation.set_objective(search.objective)
        if start.basis is not None:
            relaxation.set_basis(start.basis)
        relaxation.solve(AFTER_ROWS, None)
        self._live = (solution, relaxation, pool)
        return relaxation, pool

    def sensitivity(self, solution: Solution) -> Array:
        """d(objective)/d(parameter) along the parameter vector, by the envelope theorem. Raises SolverError
        for a solution without a plan."""
        if not solution.has_plan:
            raise SolverError(Diagnostic("S103", f"a solution with status {solution.status} has no plan"))
        return sensitivity(solution)

    def relaxation_lp(self, path: str) -> None:
        """Write the last solve's outer program, tangents included, as .mps or .lp with names, integers
        as integers. Raises `OSError` where the file cannot be written whole."""
        if self._live is None:
            raise SolverError(Diagnostic("S103", "there is no solved program to write"))
        relaxation = self._live[1]
        columns = [self.program.column_name(column) for column in range(self.program.columns)]
        relaxation.whole_model(with_integers=True).write(path, columns, explain.row_labels(relaxation))


def solve_model(
    model: Any,
    gap: float = 1e-6,
    *,
    gap_scale: float | None = None,
    restore: Restore | None = None,
    time_limit: float | None = None,
    tie_breaker: str | None = None,
    tell: Tell | None = None,
) -> Solution:
    """Compile and solve any Pyomo model of linear, concave `>=` and convex `<=` rows, integers allowed; the
    arguments are those of `Solver.solve`."""
    from optimizer.program.compile import compile_model

    solver = Solver(compile_model(model, tie_breaker))
    return solver.solve(gap=gap, gap_scale=gap_scale, restore=restore, time_limit=time_limit, tell=tell)
