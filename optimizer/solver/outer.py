"""Outer approximation: solve the outer program, cut off its point, and close in on a certified plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.concave import Concave
from optimizer.program.sparse import dense_row
from optimizer.program.tape import Array, Index
from optimizer.solver.certificate import PointCheck, check_point
from optimizer.solver.duals import cut_off, function_multipliers
from optimizer.solver.highs import AFTER_ROWS, Method
from optimizer.solver.interior import furthest_feasible, interior_point
from optimizer.solver.pool import Pool
from optimizer.solver.progress import Progress, Tell
from optimizer.solver.recession import recession
from optimizer.solver.relaxation import BOXES, Beside, Relaxation
from optimizer.solver.relaxed import Proven, Relaxed

Restore = Callable[[Array], Array | None]

MAX_ROUNDS: Final = 300
TRY_EVERY: Final = 8
# tangents that do not bind are dropped in so many first rounds, while the point still moves far
DROP_ROUNDS: Final = 1
# rounds without a better bound or plan, close to the end, after which there will be none
STALLED_ROUNDS: Final = 8
# progress below this share of the gap's scale is rounding
ROUNDING: Final = 1e-10
# A function is cut where it is violated by more than a share of its typical size: so many gaps, as a tangent
# that gains less only fills the program, and at last this share.
COARSE: Final = 0.1
VIOLATED: Final = 1e-10
ASIDE: Final = 0.5
# a plan may be better than its bound by what its tolerated violations are worth, and by no more than this
BEATEN: Final = 1e-6
# what the objective must gain from the smallest box to the largest to count as growing, as a share of it
GROWN: Final = 1e-6
# how many times the largest box beyond it plans must still rise, to rise for ever
BEYOND: Final = (1.0, 1e3, 1e6)


@dataclass(frozen=True)
class Plan:
    """A point that satisfies every row of the true model, and its value (to maximise)."""

    x: Array
    value: float
    check: PointCheck


class Search:
    """The bounds, points and tangents of one solve at one parameter vector."""

    def __init__(
        self,
        relaxation: Relaxation,
        pool: Pool,
        restore: Restore | None,
        gap: float,
        gap_scale: float | None,
        deadline: float | None,
        tell: Tell | None = None,
    ) -> None:
        self.relaxation = relaxation
        self.concave: Concave = relaxation.concave
        self.numbers = relaxation.numbers
        self.program = relaxation.program
        self.pool = pool
        self.restore = restore
        self.deadline = deadline
        self.tell = tell
        self.gap = gap
        self._gap_scale = gap_scale
        self.upper = np.inf
        self.best: Plan | None = None
        self.rounds = 0
        self.message = ""
        self.may_round = True
        # columns that an unbounded program lets grow
        self.endless: Index = np.zeros(0, dtype=np.int64)
        width = gap * min(1.0, gap_scale or 1.0)
        self._violated = VIOLATED if self.program.integer.any() else max(VIOLATED, COARSE * width)
        self._previous: Array | None = None
        self._interior: Array | None = None
        self._interior_sought = False
        sense = self.program.sense
        own = (self.concave.table.row < 0) & self.concave.table.summed
        self.objective = np.zeros(self.program.columns)
        self.objective[: self.program.user_columns] = sense * dense_row(self.numbers.objective, 0)
        self.objective[self.concave.table.column[own]] = 1.0
        self.constant = sense * float(self.numbers.objective_constant[0])

    # bounds ----------------------------------------------------------------------------------------------

    def gap_scale(self, upper: float) -> float:
        """What the gap is measured in."""
        return self._gap_scale if self._gap_scale is not None else max(1.0, abs(upper))

    def closed(self, upper: float, share: float) -> bool:
        """Whether the best plan is within a share of the requested gap of an upper bound."""
        if self.best is None or not np.isfinite(upper):
            return False
        return upper - self.best.value <= share * self.gap * self.gap_scale(upper)

    def beaten(self, upper: float) -> bool:
        """Whether the best plan is better than an upper bound, by more than tolerated violations explain."""
        best = -np.inf if self.best is None else self.best.value
        return best > upper + BEATEN * max(1.0, abs(upper))

    def late(self) -> bool:
        """Whether the time limit has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    # plans -----------------------------------------------------------------------------------------------

    def plan(self, x: Array, last_resort: bool) -> Plan | None:
        """A plan that satisfies every row, proposed from a point of the outer program. The way to an interior
        point costs a series of solves; beside `restore` it is only a last resort."""
        if not self.may_round:
            return None
        for proposal in (self._restored, self._itself, self._moved_inwards):
            if proposal == self._moved_inwards and self.restore is not None and not last_resort:
                continue
            candidate = proposal(x)
            if candidate is None:
                continue
            found = self._checked(candidate)
            if found is not None:
                self._test_tangents(found.x)
                return found
        return None

    def _checked(self, candidate: Array) -> Plan | None:
        """A point as a plan, if it satisfies every row."""
        candidate = candidate[: self.program.user_columns]
        check = check_point(self.numbers, candidate)
        value = self.program.sense * self.numbers.objective_value(candidate) if check.feasible else np.nan
        return Plan(candidate, value, check) if np.isfinite(value) else None

    def _restored(self, x: Array) -> Array | None:
        return None if self.restore is None else self.restore(x[: self.program.user_columns].copy())

    def whole(self, x: Array) -> Array:
        """The integers that `restore` makes of a point of all columns."""
        found = self._restored(x)
        return np.round((x if found is None else found)[self.relaxation.integer.nonzero()[0]])

    def _itself(self, x: Array) -> Array:
        """The point within its column bounds, its integers whole."""
        point = np.clip(x[: self.program.user_columns], self.numbers.column_lower, self.numbers.column_upper)
        return np.where(self.program.integer, np.round(point), point)

    def _moved_inwards(self, x: Array) -> Array | None:
        relaxation = self.relaxation
        if (relaxation.lower < relaxation.upper)[relaxation.integer].any():
            # inside, integers are broken
            return None
        if not self._interior_sought:
            self._interior_sought = True
            self._interior = interior_point(relaxation, self.pool, self.deadline)
        if self._interior is None:
            return None
        return furthest_feasible(self.numbers, self._interior, x)

    def _test_tangents(self, x: Array) -> None:
        """Raise ModelError where a tangent cuts off a point known to be feasible: its row is not concave."""
        culprit = cut_off(self.relaxation, x)
        if culprit is not None:
            name = self.program.row_name(culprit)
            raise ModelError(
                Diagnostic(
                    "M103",
                    f"{name}: not a concave row: a tangent cuts off a point that satisfies it",
                    path=name,
                )
            )

    def keep(self, plan: Plan | None) -> None:
        """Remember a plan if it is the best so far."""
        if plan is not None and (self.best is None or plan.value > self.best.value):
            self.best = plan

    # rounds ----------------------------------------------------------------------------------------------

    def violations(self, x: Array) -> tuple[Array, Array]:
        """By how much a point violates each function (inf where it is undefined, 0 where it holds), and its
        leaves."""
        slack, leaves = self.concave.slack(x)
        wanted = self.concave.active & ~(slack >= -self._violated * self.concave.typical)
        return np.where(wanted, np.where(np.isfinite(slack), -slack, np.inf), 0.0), leaves

    def refine(self) -> bool:
        """Cut finer from now on; False where it cannot be finer."""
        coarse = self._violated > VIOLATED
        self._violated = VIOLATED
        return coarse

    def cut(self, x: Array, violation: Array, leaves: Array, *, aside: bool = True) -> int:
        """Add tangents at the functions that a point violates; how many rows that made.

        Tangents half a step ahead and behind (`aside`), by the step since the last cut, save about a third of
        the rounds. Functions of whole numbers are cut by both chords that meet there.
        """
        wanted = violation > 0
        beside = self._beside_whole(leaves, wanted)
        if aside and self._previous is not None:
            low, high = self.numbers.leaf_box
            step = ASIDE * (leaves - self._previous)
            ahead = np.column_stack([leaves + step, leaves - step])
            smooth = wanted.copy()
            smooth[self.concave.whole.functions] = False
            beside.append((np.clip(ahead, low[:, None], high[:, None]), np.column_stack([smooth] * 2)))
        self._previous = leaves if aside else None
        return self.relaxation.cut(self.pool, leaves, x, wanted, beside)

    def cut_at(self, points: Sequence[Array]) -> None:
        """Add tangents at the functions that each of these points violates, all in one: as `cut` does."""
        more: list[Beside] = []
        for number, x in enumerate(points):
            violation, leaves = self.violations(x)
            wanted = violation > 0
            beside = self._beside_whole(leaves, wanted)
            if number == len(points) - 1:
                self._previous = None
                self.relaxation.cut(self.pool, leaves, x, wanted, more + beside)
            elif np.isfinite(violation).all():
                more += [(leaves[:, None], wanted[:, None]), *beside]
            else:
                # what is undefined needs more than tangents at the point itself
                self.relaxation.cut(self.pool, leaves, x, wanted, beside)

    def _beside_whole(self, leaves: Array, wanted: NDArray[np.bool_]) -> list[Beside]:
        """Where functions of whole numbers are cut beside a point: by both chords that meet there."""
        whole = self.concave.whole
        if not len(whole):
            return []
        own = np.zeros(len(wanted), dtype=bool)
        own[whole.functions] = wanted[whole.functions]
        return [(whole.beside(leaves, self.numbers.leaf_box), np.column_stack([own] * 2))]

    def say(self, upper: float, nodes: int) -> None:
        """Tell those who wait how far the search is."""
        if self.tell is None:
            return
        best = -np.inf if self.best is None else self.best.value
        known = np.isfinite(upper) and self.best is not None
        sense = self.program.sense
        left = np.inf if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        gap = max(0.0, upper - best) / self.gap_scale(upper) if known else np.inf
        self.tell(Progress(sense * upper, sense * best, gap, nodes, left))

    def loss(self, relaxed: Relaxed, violation: Array) -> float:
        """What an optimum gains, to first order, from the violations of its functions; not a number where one
        without a weight is undefined."""
        weights = function_multipliers(self.relaxation, relaxed)
        with np.errstate(invalid="ignore"):
            return float(np.where(violation > 0, weights * violation, 0.0).sum())

    def _grown(self, x: Array) -> str:
        """`unbounded` where plans rise and rise beyond the largest box, along a direction that linear rows
        allow for ever; where they do not, what grows is rounding, or ends beyond the box: `stopped`."""
        scale = self.relaxation.scale[: self.program.user_columns]
        own = x[: self.program.user_columns]
        step = recession(self.numbers, own, scale)
        values = []
        steps = [] if step is None else [times * self.relaxation.box_size * step for times in BEYOND]
        for each_step in steps:
            further = own + each_step
            candidates = (self._restored(further), self._itself(further))
            plans = [self._checked(each) for each in candidates if each is not None]
            values.append(max((plan.value for plan in plans if plan is not None), default=-np.inf))
        rises = np.diff(values) > GROWN * np.maximum(1.0, np.abs(values[:-1]))
        if len(rises) and np.isfinite(values).all() and rises.all():
            return "unbounded"
        self.message = "no bound on the objective was found, nor plans that grow without one"
        return "stopped"

    def converge(
        self, goal: float, method: Method, after_rows: Method = AFTER_ROWS
    ) -> tuple[str, float, Proven | None]:
        """Solve the continuous outer program until the best plan is within `goal` of the requested gap.

        Returns (optimal, stopped, infeasible or unbounded; the upper bound; the last optimum). What the
        solver says of its optimum steers the rounds; a bound is proven where it may be the last one.
        """
        relaxation = self.relaxation
        # a warm start brings the tangents it needs; an integer program needs those of every assignment
        dropping = DROP_ROUNDS if method.from_scratch and not self.program.integer.any() else 0
        boxes, boxed = iter(BOXES), False
        upper, level, stalled, before = np.inf, np.inf, 0, (np.inf, -np.inf)
        last: Relaxed | None = None
        levels: list[float] = []

        def result(status: str) -> tuple[str, float, Proven | None]:
            if last is None or isinstance(last, Proven):
                return status, upper, last
            proven = relaxation.proven(last)
            return status, upper if boxed else min(upper, proven.bound + self.constant), proven

        for number in range(MAX_ROUNDS):
            if self.late():
                self.message = "time limit reached"
                return result("stopped")
            relaxed = relaxation.solve(method, self.deadline)
            self.rounds += 1
            method = after_rows
            if relaxed.status == "unbounded":
                size = next(boxes, None)
                if size is None:
                    self.message = "nothing bounds the objective, but it hardly grows"
                    self.keep(None if last is None else self.plan(last.x, True))
                    return "stopped", np.inf, None
                relaxation.box(size)
                boxed, stalled, before = True, 0, (np.inf, -np.inf)
                continue
            if relaxed.status == "stopped":
                self.message = "time limit reached"
            if relaxed.status != "optimal":
                return result(relaxed.status)
            if boxed and not relaxed.in_box:
                relaxation.box(None)
                boxed = False
                continue
            last = relaxed
            here = relaxed.level + self.constant
            if not boxed:
                here = level = min(level, here)
            violation, leaves = self.violations(relaxed.x)
            loss = self.loss(relaxed, violation)
            near = loss <= goal * self.gap * self.gap_scale(here)
            due = number % TRY_EVERY == TRY_EVERY - 1 or not violation.any()
            if number < dropping or (not boxed and (near or due)):
                last = proven = relaxation.proven(relaxed)
                upper = upper if boxed else min(upper, proven.bound + self.constant)
            if near and not self.may_round and not boxed:
                return result("optimal")
            if not boxed and (near or due):
                self.keep(self.plan(relaxed.x, not violation.any()))
                if self.closed(upper, goal):
                    return result("optimal")
            if number < dropping and not boxed:
                relaxation.drop_idle_tangents()
            if not violation.any() and not boxed and self.refine():
                violation, leaves = self.violations(relaxed.x)
            added = self.cut(relaxed.x, violation, leaves)
            if not added and violation.any() and not boxed:
                last = proven = relaxation.proven(relaxed)
                upper = min(upper, proven.bound + self.constant)
                self.keep(self.plan(relaxed.x, True))
                if self.closed(upper, goal):
                    return result("optimal")
            wanted = max(goal * self.gap, ROUNDING) * self.gap_scale(here)
            value = -np.inf if self.best is None else self.best.value
            moved = before[0] - here > 0.01 * wanted or value > before[1]
            stalled = 0 if moved or loss > 100 * wanted else stalled + 1
            before = (here, value)
            stuck = not added or stalled >= STALLED_ROUNDS
            if stuck and boxed:
                self.endless = relaxation.at_box(relaxed.x)
                levels.append(here)
                size = next(boxes, None)
                if size is None and here - levels[0] > GROWN * max(1.0, abs(here)):
                    return self._grown(relaxed.x), np.inf, None
                relaxation.box(size)
                boxed, stalled, before = size is not None, 0, (np.inf, -np.inf)
                continue
            if stuck and self.refine():
                stalled = 0
                continue
            if stuck:
                self.message = "no further progress at the solver's tolerance"
                return result("stopped")
        self.message = f"no certificate within {MAX_ROUNDS} rounds"
        return result("stopped")
