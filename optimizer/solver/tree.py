"""One integer linear program, solved by HiGHS's tree as far as its bound is wanted.

HiGHS's bound is taken as it states it; what the tree finds on its way is kept, also when time runs out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import highspy
import numpy as np

from optimizer.errors import Diagnostic, SolverError
from optimizer.program.tape import Array
from optimizer.solver.highs import COLD, NO_PRESOLVE, UNSCALED, VERSION, LinearModel

# what a node of the tree costs to tell of is nothing beside solving it, but a terminal needs no more
TELL_EVERY_SECONDS: Final = 1.0
# With a plan in hand, looking for others and starting again cost more than they find: the next tree starts
# from what this one leaves.
_WITH_PLAN: Final[dict[str, object]] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_allow_restart": False,
}
_SETTLED: Final = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kModelEmpty: "optimal",
    highspy.HighsModelStatus.kInterrupt: "optimal",
    highspy.HighsModelStatus.kTimeLimit: "stopped",
}
_NO_POINT: Final = {
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
}
_IMPROVED: Final = highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution
_WORKING: Final = highspy.cb.HighsCallbackType.kCallbackMipInterrupt
_FEASIBLE: Final = int(highspy.SolutionStatus.kSolutionStatusFeasible)


@dataclass(frozen=True)
class Wanted:
    """How good a tree should be: `gap` is how far its best point may be from its bound, `tolerance` by how
    much rows and integers may be violated and what improvement counts as one, both in units of the objective.
    `deadline` is a time of time.monotonic(); `start` a point that satisfies every row; `is_enough` tells of
    HiGHS's bound whether a better one is of no use; with `careful` the program is solved as it is written,
    without presolve."""

    gap: float
    tolerance: float
    deadline: float | None
    start: Array | None
    is_enough: Callable[[float], bool]
    careful: bool


@dataclass(frozen=True)
class Found:
    """What a tree found: `status` is optimal (with the gap wanted or a bound that is enough), stopped,
    infeasible or unbounded; `bound` HiGHS's own, of a program that is minimised; `points` those that improved
    on the ones before, the best last, empty where there was none."""

    status: str
    bound: float
    points: tuple[Array, ...]


class Tree(LinearModel):
    """An integer program, to minimise."""

    def search(self, wanted: Wanted, tell: Callable[[float, int], None] | None = None) -> Found:
        """Solve; `tell` hears of the bound and the number of nodes while it lasts. Raises SolverError where
        HiGHS gives no answer."""
        self._option("mip_abs_gap", wanted.gap)
        self._option("mip_heuristic_run_feasibility_jump", False)
        self._option("mip_feasibility_tolerance", wanted.tolerance)
        if wanted.start is not None:
            for name, value in _WITH_PLAN.items():
                self._option(name, value)
        points: list[Array] = []
        self._listen(points, wanted.is_enough, tell)
        status = None
        for method in (UNSCALED,) if wanted.careful else (COLD, NO_PRESOLVE, UNSCALED):
            points.clear()
            status = self._run(method, wanted.deadline, wanted.start)
            # presolve cannot always tell an infeasible program from an unbounded one
            settled = status in _SETTLED or (status in _NO_POINT and method is not COLD)
            late = wanted.deadline is not None and time.monotonic() >= wanted.deadline
            if settled or late:
                break
        info = self._highs.getInfo()
        if status in _NO_POINT:
            return Found(_NO_POINT[status], np.inf, ())
        if info.primal_solution_status == _FEASIBLE:
            points.append(np.array(self._highs.getSolution().col_value, dtype=float))
        if status in _SETTLED:
            return Found(_SETTLED[status], float(info.mip_dual_bound), tuple(points))
        if wanted.deadline is not None and time.monotonic() >= wanted.deadline:
            return Found("stopped", -np.inf, tuple(points))
        text = self._highs.modelStatusToString(status)
        raise SolverError(Diagnostic("S101", f"HiGHS {VERSION} ended with status `{text}`"))

    def _listen(
        self,
        points: list[Array],
        is_enough: Callable[[float], bool],
        tell: Callable[[float, int], None] | None,
    ) -> None:
        """Collect the points that improve, end the tree once its bound is enough, and tell of it from time to
        time."""
        told = [time.monotonic()]

        def hear(kind: Any, text: str, said: Any, answer: Any, data: Any) -> None:
            if kind == _IMPROVED:
                points.append(np.array(said.mip_solution, dtype=float))
                return
            if is_enough(float(said.mip_dual_bound)):
                answer.user_interrupt = True
            if tell is not None and time.monotonic() - told[0] >= TELL_EVERY_SECONDS:
                told[0] = time.monotonic()
                tell(float(said.mip_dual_bound), int(said.mip_node_count))

        base: Any = super(highspy.Highs, self._highs)
        self._call(base.setCallback, hear, None)
        self._call(base.startCallback, _IMPROVED)
        self._call(base.startCallback, _WORKING)
