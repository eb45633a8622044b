"""Integer programs: an integer outer program in turn with the program that has its integers fixed.

Each round is one tree. It is asked for no more than helps: its points are those of an outer program, and most
of what it could prove is proven again once their tangents are there.
"""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from optimizer.program.tape import Array, Index
from optimizer.solver.branches import Branches
from optimizer.solver.highs import AFTER_ROWS, AFTER_ROWS_LOOSE, LOOSE, Method
from optimizer.solver.integer_program import Outer, integer_optimum
from optimizer.solver.outer import Search
from optimizer.solver.relaxed import Proven

ROUNDS: Final = 200
# share of the gap left to the fixed subproblem, so that the integer bound can close the rest
INNER_SHARE: Final = 0.25
# A tree is asked for this share of the gap wanted; a coarse one for the first share of the gap at hand where
# that is more, or for the second where that is still within the gap wanted: another tree costs more than a
# few nodes, but what is beyond the tangents at hand is proven again.
ASKED: Final = 0.25
ASKED_OF_CURRENT: Final = 0.01
ASKED_WITHIN: Final = 0.05
# without a plan the gap at hand is taken to be this share of the bound
WITHOUT_PLAN: Final = 0.5
# share of the time left that a tree may take, so that the program with its integers fixed still fits
TREE_TIME: Final = 0.85

# programs with fixed integers solved after a tree, those of its last points: each takes a hundredth of its
# time, and tangents at their optima are those that close the gap
FIXED: Final = 5

# The program's own tree is searched where so many integers are open, in no more than this share of the time
# left.
LEAST_BRANCHED: Final = 100
OWN_TIME: Final = 0.5

# A first plan is looked for among the roundings of the continuous optimum, where that leaves no more than
# this share of at least so many open integers to decide, in no more than this share of the time left.
OPEN_LEFT: Final = 0.5
LEAST_OPEN: Final = 100
FIRST_TIME: Final = 0.25
# how near to a whole number an integer of the continuous optimum is taken for it
WHOLE: Final = 1e-6

# where tangents are added before the first tree, in steps of the integers about the continuous optimum
AROUND: Final = np.array([-1.5, -0.5, 0.5, 1.5])
# where tangents are added on the way to the best plan
ON_THE_WAY: Final = (0.25, 0.5, 0.75)

Result = tuple[str, float, Proven | None]


def converge_integer(search: Search, share: float, method: Method, neighbour: Array | None = None) -> Result:
    """As `Search.converge`, for a program with integer columns. The last optimum is that of the best plan's
    integers fixed, so its duals hold for them. What is known when time runs out is the answer then.

    `neighbour`: integers of a good plan of a similar program; where there is a plan with them here too, the
    trees start from the best such plan.
    """
    search.may_round, rows = False, len(search.relaxation.kinds)
    status, root, last = search.converge(share, method)
    search.may_round = True
    if status in ("infeasible", "unbounded") or not np.isfinite(root):
        return status, root, last
    near = np.zeros(search.program.columns) if last is None else last.x
    # what led to the root stays out of the trees
    search.relaxation.drop_idle_tangents(since=rows)
    rounds = _Rounds(search, share, root, near)
    if neighbour is not None:
        rounds.begin_from(neighbour)
    return rounds.run()


class _Rounds:
    """The trees of one solve. `careful` trees are solved as written, once HiGHS has contradicted itself or a
    plan; `fine` ones are asked for all that is wanted, once a coarse one has repeated itself; `exact` ones
    keep to the tolerance of plans, once integers found within a coarser one left no plan."""

    def __init__(self, search: Search, share: float, root: float, near: Array) -> None:
        self._search = search
        self._share = share
        self._root, self._upper = root, root
        self._near = near
        self._columns: Index = np.flatnonzero(search.relaxation.integer)
        self._last: Proven | None = None
        self._fine = self._exact = self._careful = False

    def begin_from(self, choice: Array) -> None:
        """Begin with the best plan that has these integers, where there is one."""
        relaxation, columns = self._search.relaxation, self._columns
        inside = (choice >= relaxation.lower[columns]) & (choice <= relaxation.upper[columns])
        if inside.all():
            self._fix(choice, again=False)

    def run(self) -> Result:
        search, relaxation = self._search, self._search.relaxation
        seen: set[bytes] = set()
        self._branch()
        if search.closed(self._upper, self._share):
            return "optimal", self._upper, self._last
        self._first_plan()
        if search.closed(self._upper, self._share) and not self._contradicted():
            return "optimal", self._upper, self._last
        self._around()
        for _ in range(ROUNDS):
            if search.late():
                return self._stopped("time limit reached")
            outer = self._tree()
            search.rounds += 1
            if outer.status in ("infeasible", "unbounded"):
                if not self._careful:
                    self._careful = True
                    continue
                if outer.status == "infeasible" and search.best is not None:
                    return self._stopped("the cuts left no point, within the solver's tolerance")
                search.message = ""
                return outer.status, self._upper, self._last
            self._upper = min(self._upper, outer.level + search.constant)
            if self._contradicted():
                continue
            if search.closed(self._upper, self._share):
                return "optimal", self._upper, self._last
            if not outer.points:
                return self._stopped("time limit reached")
            rows = len(relaxation.kinds)
            choices = self._learn(outer.points)
            if self._contradicted():
                continue
            if search.closed(self._upper, self._share):
                return "optimal", self._upper, self._last
            if outer.status == "stopped" or search.late():
                return self._stopped("time limit reached")
            key = choices[-1].astype(np.int64).tobytes()
            if key in seen and len(relaxation.kinds) == rows:
                if self._careful:
                    return self._stopped("no further progress at the solver's tolerance")
                self._fine, self._careful = True, self._fine
            seen.add(key)
        return self._stopped(f"no certificate within {ROUNDS} rounds")

    def _branch(self) -> None:
        """Search the program's own tree, where there is enough to decide, as far as it pays."""
        search, relaxation, columns = self._search, self._search.relaxation, self._columns
        open_ones = relaxation.lower[columns] < relaxation.upper[columns]
        if search.late() or np.isfinite(relaxation.box_size) or open_ones.sum() < LEAST_BRANCHED:
            return
        rows = len(relaxation.kinds)
        deadline = _part_of(search.deadline, OWN_TIME)
        tree = Branches(search, columns, self._share, deadline, lambda choice: self._fix(choice, again=False))
        upper = tree.run(self._upper)
        if np.isfinite(upper) and not search.beaten(upper):
            self._upper = upper
        if not search.closed(self._upper, self._share):
            relaxation.drop_idle_tangents(since=rows)

    def _first_plan(self) -> None:
        """Look for a plan among the roundings of the continuous optimum's integers: the nearest of few; of
        many those up and down, in a tree over what they leave open. It proves nothing, and takes little of
        what a tree without a plan takes."""
        search, relaxation, columns = self._search, self._search.relaxation, self._columns
        lower, upper = relaxation.lower.copy(), relaxation.upper.copy()
        at = self._near[columns]
        is_open = lower[columns] < upper[columns]
        lower[columns] = np.maximum(lower[columns], np.floor(at + WHOLE))
        upper[columns] = np.minimum(upper[columns], np.ceil(at - WHOLE))
        left = np.count_nonzero(lower[columns] < upper[columns])
        few = is_open.sum() < LEAST_OPEN
        if few and search.best is None and not search.late():
            self.begin_from(np.round(at))
        if few or search.late() or search.best is not None or left > OPEN_LEFT * is_open.sum():
            return
        outer = self._tree((lower, upper))
        search.rounds += 1
        if outer.points:
            self._learn(outer.points[-1:])

    def _around(self) -> None:
        """Add tangents about the continuous optimum to functions that read integers: trees find points there,
        and each tree less saves more than the rows cost."""
        search, concave = self._search, self._search.concave
        step = concave.integer_steps
        reads = np.zeros(len(concave), dtype=bool)
        reads[concave.owners[step[concave.leaves] > 0]] = True
        if not reads.any():
            return
        low, high = search.numbers.leaf_box
        points = search.numbers.leaves(self._near)[:, None] + step[:, None] * AROUND
        mask = np.repeat((reads & concave.active)[:, None], len(AROUND), axis=1)
        search.relaxation.add_points(search.pool, np.clip(points, low[:, None], high[:, None]), mask)

    def _learn(self, points: tuple[Array, ...]) -> list[Array]:
        """Add tangents at points of a tree and solve the programs that have their integers fixed; these."""
        search = self._search
        search.cut_at(points)
        self._near = points[-1]
        choices = self._choices(points)
        for choice in choices:
            self._fix(choice)
        self._between()
        return choices

    def _choices(self, points: tuple[Array, ...]) -> list[Array]:
        """The integers of the last few points, each once, the best last."""
        rounded = [np.round(point[self._columns]) for point in reversed(points)]
        distinct = {choice.astype(np.int64).tobytes(): choice for choice in rounded}
        return list(distinct.values())[:FIXED][::-1]

    def _between(self) -> None:
        """Add tangents on the way from the tree's point to the best plan: the next tree's lies there."""
        search = self._search
        if search.best is None:
            return
        wanted = search.violations(self._near)[0] > 0
        step = search.relaxation.concave.whole_point(search.best.x) - self._near
        points = [self._near + share * step for share in ON_THE_WAY]
        leaves = [search.numbers.leaves(point)[:, None] for point in points]
        beside = [(each, wanted[:, None]) for each in leaves[1:]]
        search.relaxation.cut(search.pool, leaves[0][:, 0], points[0], wanted, beside)

    def _tree(self, within: tuple[Array, Array] | None = None) -> Outer:
        """The integer outer program as it stands, from the best plan; `within` narrower bounds if any."""
        search = self._search
        best = search.best
        scale = search.gap_scale(self._upper)
        wanted = search.gap * scale
        asked = ASKED * self._share * wanted
        if not self._fine and not self._careful:
            at_hand = WITHOUT_PLAN * scale if best is None else self._upper - best.value
            enough = min(ASKED_WITHIN * at_hand, self._share * wanted)
            asked = max(asked, ASKED_OF_CURRENT * at_hand, enough)
        return integer_optimum(
            search.relaxation,
            wanted,
            self._near,
            _part_of(search.deadline, TREE_TIME if within is None else FIRST_TIME),
            asked=asked,
            within=within,
            start=None if best is None else search.relaxation.concave.whole_point(best.x),
            exact=self._exact,
            careful=self._careful,
            is_enough=self._is_enough,
            tell=None if search.tell is None or within is not None else self._tell,
        )

    def _is_enough(self, level: float) -> bool:
        """Whether a tree that has proven this level need not go on: with it the best plan is certified."""
        search = self._search
        upper = min(self._upper, level + search.constant)
        return search.closed(upper, self._share) and not search.beaten(upper)

    def _tell(self, level: float, nodes: int) -> None:
        self._search.say(min(self._upper, level + self._search.constant), nodes)

    def _fix(self, choice: Array, again: bool = True) -> None:
        """Solve the program with its integers fixed, from the last continuous basis; where it has no point,
        `again` with the tolerance of a tree."""
        search, relaxation, columns = self._search, self._search.relaxation, self._columns
        before, rows = search.best, len(relaxation.kinds)
        relaxation.set_bounds(columns, choice, choice)
        status, _, fixed = search.converge(self._share * INNER_SHARE, AFTER_ROWS)
        if status == "infeasible" and again:
            # what a tree finds within its tolerance may have no point within that of the linear program
            status, _, fixed = search.converge(self._share * INNER_SHARE, LOOSE, AFTER_ROWS_LOOSE)
            self._exact |= status == "infeasible"
        # what led to the point is of no use elsewhere, and a tree with nearly equal rows may lose its way
        if status != "infeasible":
            relaxation.drop_idle_tangents(since=rows)
        relaxation.set_bounds(columns, relaxation.lower[columns], relaxation.upper[columns])
        if fixed is not None and (search.best is not before or self._last is None):
            self._last = fixed

    def _contradicted(self) -> bool:
        """Whether a plan beats the bound, which is then forgotten and looked for again with care."""
        if self._careful or not self._search.beaten(self._upper):
            return False
        self._upper, self._careful = self._root, True
        return True

    def _stopped(self, why: str) -> Result:
        self._search.message = why
        return "stopped", self._upper, self._last


def _part_of(deadline: float | None, share: float = TREE_TIME) -> float | None:
    """When a tree must end that may take a share of the time left."""
    if deadline is None:
        return None
    now = time.monotonic()
    return now + share * max(0.0, deadline - now)
