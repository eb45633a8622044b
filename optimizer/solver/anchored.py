"""Solves of programs like one already solved, each from that one alone: the engine of batches.

What a row of a batch gives depends on its parameters and the anchor, never on other rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from optimizer.errors import ModelError
from optimizer.program.concave import Concave, Tangents
from optimizer.program.curvature import check_concave, random_points
from optimizer.program.tape import Array
from optimizer.solver.anchor import Anchor, same_functions, same_tangents
from optimizer.solver.conclude import with_plan
from optimizer.solver.highs import NEAR_ANCHOR, Statuses, ready_basis
from optimizer.solver.outer import Plan, Restore, Search
from optimizer.solver.pool import Pool, Start
from optimizer.solver.relaxation import Relaxation
from optimizer.solver.solution import Solution
from optimizer.solver.solver import Solver
from optimizer.solver.start import start_of
from optimizer.solver.ties import SHARE, break_ties, joined_objective

# a plan stands without another solve where none is better by the joined objective by more than this share of
# what the tie breaker may cost
SETTLED: Final = 0.01


@dataclass(frozen=True)
class Trace:
    """Where a certified solve ended, for others to start from; it can be sent between processes."""

    parameters: Array
    x: Array
    start: Start

    @classmethod
    def of(cls, solution: Solution) -> Trace | None:
        """That of a solution which left its start; None where it has no certified plan."""
        if solution.status != "optimal" or solution.start is None:
            return None
        return cls(solution.parameters, solution.x, solution.start)


class Anchored:
    """Solves the program of `solver` near a solved parameter vector.

    `solution` is the anchor: certified, with a plan. `nominal` are the sizes of columns that all solves here
    count in. `wide` are numbers of a program in which all is open that is in any solve here, and every limit
    finite that is in any: its structure then serves them all. Raises ModelError for undefined numbers at the
    anchor.
    """

    def __init__(
        self, solver: Solver, solution: Solution, nominal: Array | None = None, wide: Array | None = None
    ) -> None:
        self._solver, self._nominal = solver, nominal
        self._anchor: Anchor | None = None
        self._stand(solution.parameters, solution.x, solution.start)
        if self._start is None or solver.program.integer.any():
            return
        if wide is not None:
            # whether such a program has numbers at all is nobody's question
            with suppress(ModelError):
                self._anchor = Anchor(Concave(solver.program.at(wide, nominal)))
                self._find_basis()
        if self._anchor is None:
            self._anchor = Anchor(Concave(solver.program.at(solution.parameters, nominal)))
            self._find_basis()

    def _stand(self, parameters: Array, x: Array, start: Start | None) -> None:
        """Start from here; what is known of another place is forgotten."""
        self._parameters, self._x, self._start = parameters, x, start
        self._concave: Concave | None = None
        self._dual: Array | None = None
        self._basis: Any = None
        self._statuses: tuple[Statuses, Statuses] | None = None
        self._tangents: Tangents | None = None

    def beside(self, trace: Trace) -> Anchored:
        """The same structure, and solves that start from where one here ended."""
        other = copy(self)
        other._stand(trace.parameters, trace.x, trace.start)
        if other._anchor is not None:
            other._find_basis()
        return other

    def __getstate__(self) -> dict[str, object]:
        # a basis as HiGHS holds it cannot be sent to another process
        return {**self.__dict__, "_basis": None}

    def solve(
        self,
        parameters: Array,
        *,
        gap: float,
        gap_scale: float | None = None,
        restore: Restore | None = None,
        nominal: Callable[[], Array] | None = None,
        time_limit: float | None = None,
        leaving: bool = False,
    ) -> Solution:
        """Solve at a parameter vector; arguments and errors are those of `Solver.solve`, which answers where
        the program has another structure than the anchor's, or no plan. `nominal` is asked for only then.
        `leaving`: the solution has a start of its own, not the anchor's."""
        deadline = None if time_limit is None else time.monotonic() + time_limit
        solution = self._near(parameters, gap, gap_scale, restore, deadline, leaving)
        if solution is not None:
            return solution
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        return self._solver.solve(
            parameters,
            gap=gap,
            gap_scale=gap_scale,
            restore=restore,
            nominal=None if nominal is None else nominal(),
            time_limit=left,
            start=self._start,
        )

    def certified(
        self,
        parameters: Array,
        *,
        gap: float,
        gap_scale: float | None = None,
        restore: Restore | None = None,
    ) -> Solution | None:
        """The anchor's plan at other parameters, as `restore` completes it, where the anchor's duals prove it
        within the gap; None where they do not. No program is solved.

        The duals must be as good as feasible at the new numbers: mostly those of changed limits, stocks and
        amounts, not of changed prices.
        """
        filled = self._filled(parameters) if self._anchor is not None else None
        if filled is None or self._dual is None or len(filled[0].kinds) != self._rows:
            return None
        relaxation, pool = filled
        search = Search(relaxation, pool, restore, gap, gap_scale, None)
        relaxation.set_objective(search.objective)
        proven = relaxation.proven_by(self._dual, self._x)
        if proven is None:
            return None
        upper = proven.bound + search.constant
        search.keep(search.plan(self._x, False))
        if search.best is None or not search.closed(upper, 1.0):
            return None
        found = with_plan(search, "optimal", upper, search.best, proven, self._start)
        return replace(found, how="certified")

    def _near(
        self,
        parameters: Array,
        gap: float,
        gap_scale: float | None,
        restore: Restore | None,
        deadline: float | None,
        leaving: bool,
    ) -> Solution | None:
        """The solution by the anchor's structure; None where it does not lead to a certified plan."""
        if self._anchor is None:
            return None
        filled = self._filled(parameters)
        if filled is None:
            return None
        relaxation, pool = filled
        search = Search(relaxation, pool, restore, gap, gap_scale, deadline)
        relaxation.set_objective(search.objective)
        self._set_basis(relaxation)
        # nothing is set aside for the tie breaker: mostly the duals show that there is no tie
        status, upper, last = search.converge(1.0, NEAR_ANCHOR, NEAR_ANCHOR)
        best = search.best
        if best is None or last is None:
            return None
        if status != "optimal":
            # what a time limit leaves is kept; any other end is the ordinary solve's to judge
            late = status == "stopped" and search.late()
            return with_plan(search, status, upper, best, last, self._start) if late else None
        if self._solver.program.has_tie_breaker and not _settled(search, last.x, upper, best):
            best = break_ties(search, best, upper) or best
        # the anchor's start serves questions about this solution as well
        start = self._start
        if leaving:
            integers = best.x[self._solver.program.integer]
            start = start_of(relaxation, pool, last.x, relaxation.basis(), integers)
        solution = with_plan(search, status, upper, best, last, start)
        self._solver.hold(solution, relaxation, pool)
        return solution

    def _filled(self, parameters: Array) -> tuple[Relaxation, Pool] | None:
        """The outer program at a parameter vector, with the anchor's tangents."""
        assert self._anchor is not None
        assert self._start is not None
        numbers = self._solver.program.at(parameters, self._nominal)
        relaxation = self._anchor.fill(numbers)
        if relaxation is None:
            return None
        # Leaves are linear, so whether a function is concave depends on nothing but the numbers that its own
        # expression reads: where these are the anchor's, its check holds.
        base = self._concave
        if base is not None and not same_functions(numbers, base.numbers):
            check_concave(relaxation.concave, random_points(relaxation.concave))
        pool = Pool()
        points, mask = self._start.points, self._start.mask & relaxation.concave.active[:, None]
        known = self._tangents if base is not None and same_tangents(relaxation.concave, base) else None
        relaxation.add_points(pool, points, mask, known)
        return relaxation, pool

    # basis -----------------------------------------------------------------------------------------------

    def _find_basis(self) -> None:
        """The optimal basis at the anchor."""
        assert self._anchor is not None
        assert self._start is not None
        filled = self._filled(self._parameters)
        if filled is None:
            self._anchor = None
            return
        relaxation, pool = filled
        self._concave = relaxation.concave
        mask = self._start.mask & relaxation.concave.active[:, None]
        self._tangents = relaxation.concave.tangents(self._start.points, mask)
        relaxation.set_objective(Search(relaxation, pool, None, 0.0, None, None).objective)
        if self._start.basis is not None:
            relaxation.set_basis(self._start.basis)
        relaxed = relaxation.solve(NEAR_ANCHOR, None)
        if relaxed.status == "optimal":
            # the plan's own decisions, and the functions' columns from the outer program
            self._dual = relaxed.dual / relaxation.objective_factor
            self._x = np.concatenate([self._x, relaxed.x[len(self._x) :]])
        self._statuses = relaxation.model.kept_basis()
        self._rows = len(relaxation.kinds)

    def _set_basis(self, relaxation: Relaxation) -> None:
        """Start from the anchor's basis; where a tangent is missing here, from what is known of its rows."""
        if self._statuses is not None and len(relaxation.kinds) == self._rows:
            if self._basis is None:
                self._basis = ready_basis(*self._statuses)
            relaxation.model.set_held_basis(self._basis)
        elif self._start is not None and self._start.basis is not None:
            relaxation.set_basis(self._start.basis)


def _settled(search: Search, x: Array, upper: float, best: Plan) -> bool:
    """Whether the basis at hand is optimal for the joined objective too, as its duals prove: then breaking
    ties would end where it began."""
    joined = joined_objective(search, best, upper)
    if joined is None:
        return True
    width = search.gap * search.gap_scale(upper)
    lost = search.relaxation.bound_of(joined, x) - float(joined @ x)
    return lost <= SETTLED * SHARE * width
