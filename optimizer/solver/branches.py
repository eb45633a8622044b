"""A tree over the integers of the outer program as it lives in HiGHS: each node is a few iterations from the
one before, its tangents hold everywhere, and its bound is recomputed from its duals.

It pays where the continuous bound is close: then few nodes are left, and a tree of HiGHS's own, which solves
its first program anew and looks for cuts, takes many times as long. Elsewhere it stops early and leaves the
bound and the plan that it has.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from optimizer.errors import SolverError
from optimizer.program.tape import Array, Index
from optimizer.solver.highs import AFTER_ROWS, LOOSE, HeldBasis
from optimizer.solver.outer import Search
from optimizer.solver.relaxed import Proven, Relaxed

# more nodes than these are left to a tree of HiGHS's own
MOST_NODES: Final = 400
# and without a plan so many
WITHOUT_PLAN: Final = 150
# Once there is a plan, each so many nodes must halve what is left between the bound and what is enough, or
# leave fewer nodes open.
HALVED_EVERY: Final = 50
# The bound must be within this share of its scale of the best plan after so many nodes.
NEAR: Final = 1.5e-3
NEAR_AFTER: Final = 15
# how near to a whole number an integer of a node's optimum is taken for it
WHOLE: Final = 1e-6
# rounds of tangents at a node, and the share of the gap that its violations must be worth for another one
CUT_ROUNDS: Final = 3
WORTH_CUTTING: Final = 0.1
# A branching never seen is tried for so many iterations to either side; at a node so many of them are.
TRIED: Final = 6
# On the way down to a first plan, after so many nodes, fewer are.
EARLY: Final = 5
TRIED_LATER: Final = 2
ITERATIONS: Final = 25
# what is lost on a side without a point, and on one where nothing is lost, in average gaps
LOST: Final = 1e6
NOTHING: Final = 1e-4
# a node whose integers are whole and that is still open is looked at again so often
AGAIN: Final = 3
# so many plans are sought near optima of first nodes, and then one more every so many nodes
PROPOSED: Final = 3
PROPOSED_EVERY: Final = 8
# a row is believed to exclude every point where its proof is worth this share of its largest terms
EXCLUDES: Final = 1e-9
TELL_EVERY_SECONDS: Final = 1.0


@dataclass(order=True)
class Node:
    """Bounds of all integers, with a bound on what they can bring; the best is the least."""

    order: tuple[float, int]
    lower: Array = field(compare=False)
    upper: Array = field(compare=False)
    basis: HeldBasis | None = field(compare=False, default=None)
    again: int = field(compare=False, default=0)

    @property
    def bound(self) -> float:
        return -self.order[0]


@dataclass(frozen=True)
class Branching:
    """Two sides of a node: bounds of its integers, how far apart the optimum is from the first, and a name
    under which its losses are remembered."""

    name: tuple[int, int]
    share: float
    sides: tuple[tuple[Array, Array], tuple[Array, Array]]


class Branches:
    """The tree of one solve over the integer `columns`. `fix` solves the program with its integers given and
    keeps its plan."""

    def __init__(
        self,
        search: Search,
        columns: Index,
        share: float,
        deadline: float | None,
        fix: Callable[[Array], None],
    ) -> None:
        self._search, self._relaxation = search, search.relaxation
        self._columns, self._share, self._deadline, self._fix = columns, share, deadline, fix
        self._groups = _groups(search, columns)
        self._grouped = np.zeros(len(columns), dtype=bool)
        for group in self._groups:
            self._grouped[group] = True
        self._lower = self._relaxation.lower[columns].copy()
        self._upper = self._relaxation.upper[columns].copy()
        self._losses: dict[tuple[int, int], Array] = {}
        # integers of plans proposed, and the basis of the best plan
        self._proposed: set[bytes] = set()
        self._of_plan: HeldBasis | None = None
        self._heap: list[Node] = []
        self._made = 0
        # what has been left because it brings too little is no better than this
        self._left = -np.inf
        self._told = time.monotonic()
        # when it is looked at next whether the tree pays; the gap and the open nodes left before
        self._due, self._gap, self._open = 0, np.inf, 0

    def run(self, upper: float) -> float:
        """Search as far as it pays; the bound over all integers, no more than `upper`."""
        search, relaxation, columns = self._search, self._relaxation, self._columns
        node: Node | None = self._node(upper, self._lower, self._upper)
        nodes = 0
        while node is not None and not self._over(nodes, max(node.bound, self._bound())):
            if node.bound <= self._enough():
                self._left = max(self._left, node.bound)
                node = self._next()
                continue
            nodes += 1
            search.rounds += 1
            self._tell(node, nodes)
            after = self._look(node, nodes)
            if after is None:
                break
            node = after[0] or self._next()
        if node is not None:
            heapq.heappush(self._heap, node)
        relaxation.set_bounds(columns, self._lower, self._upper)
        self._return_to_plan()
        return min(upper, self._bound())

    def _bound(self) -> float:
        return max(self._left, self._heap[0].bound if self._heap else -np.inf)

    def _over(self, nodes: int, bound: float) -> bool:
        """Whether the tree ends here: out of time, of nodes, or where it does not pay."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return True
        search = self._search
        if search.best is None:
            return nodes >= WITHOUT_PLAN
        if nodes >= NEAR_AFTER and bound - search.best.value > NEAR * search.gap_scale(bound):
            return True
        if nodes < self._due:
            return nodes >= MOST_NODES
        gap, before = bound - self._enough(), self._gap
        left, were = len(self._heap), self._open
        self._gap, self._open, self._due = gap, left, nodes + HALVED_EVERY
        return gap > before / 2 and left >= were

    def _node(self, bound: float, lower: Array, upper: Array, basis: HeldBasis | None = None) -> Node:
        self._made += 1
        return Node((-bound, self._made), lower, upper, basis)

    def _next(self) -> Node | None:
        """The best open node, with the basis that it was left with: from that of a node elsewhere in the tree
        it takes many times the iterations."""
        if not self._heap:
            return None
        node = heapq.heappop(self._heap)
        if node.basis is not None:
            self._relaxation.model.set_held_basis(node.basis)
        return node

    def _tell(self, node: Node, nodes: int) -> None:
        if time.monotonic() - self._told >= TELL_EVERY_SECONDS:
            self._told = time.monotonic()
            self._search.say(max(self._bound(), node.bound), nodes)

    def _enough(self) -> float:
        """What a node must bring more of than this to be of interest: the best plan and the gap wanted."""
        search = self._search
        if search.best is None:
            return -np.inf
        value, part = search.best.value, self._share * search.gap
        # the gap is measured at the bound, which may be nearer to 0
        scale = min(search.gap_scale(value), search.gap_scale(value + part * search.gap_scale(value)))
        return value + part * scale

    # one node --------------------------------------------------------------------------------------------

    def _look(self, node: Node, number: int) -> tuple[Node | None] | None:
        """Bound a node and branch; the side to go on with, where there is one. None where the tree must end
        here: the node is then open again."""
        search = self._search
        try:
            relaxed = self._solved(node)
        except SolverError:
            relaxed = None
        if relaxed is None:
            heapq.heappush(self._heap, node)
            return None
        if relaxed.status == "infeasible":
            return (None,)
        proven = self._relaxation.proven(relaxed)
        bound = min(node.bound, proven.bound + search.constant)
        if bound <= self._enough():
            self._left = max(self._left, bound)
            return (None,)
        basis = self._relaxation.model.held_basis()
        if self._proposes(number):
            self._propose(node, relaxed, basis)
        if bound <= self._enough():
            self._left = max(self._left, bound)
            return (None,)
        self._tighten(node, proven)
        branching = self._branching(node, relaxed, basis)
        if branching is None:
            return self._whole(node, relaxed, bound)
        chosen, worse = branching
        first, second = (self._node(bound, *chosen.sides[side], basis) for side in (1 - worse, worse))
        heapq.heappush(self._heap, second)
        return (first,)

    def _proposes(self, number: int) -> bool:
        """Whether a plan is sought near a node's optimum: at the first few, and ever more rarely."""
        return self._search.restore is not None and len(self._proposed) <= PROPOSED + number // PROPOSED_EVERY

    def _propose(self, node: Node, relaxed: Relaxed, basis: HeldBasis) -> None:
        """Solve the program with the integers that `restore` makes of a node's optimum, where they are new;
        bounds and basis are those of the node again afterwards."""
        relaxation = self._relaxation
        choice = self._search.whole(relaxed.x)
        key = choice.astype(np.int64).tobytes()
        inside = (choice >= self._lower) & (choice <= self._upper)
        if key not in self._proposed and inside.all():
            self._proposed.add(key)
            # plans lie nearer to each other than to where integers are broken
            self._return_to_plan()
            self._fix_integers(choice)
            relaxation.set_bounds(self._columns, node.lower, node.upper)
            relaxation.model.set_held_basis(basis)

    def _fix_integers(self, choice: Array) -> None:
        best = self._search.best
        self._fix(choice)
        if self._search.best is not best:
            self._of_plan = self._relaxation.model.held_basis()

    def _return_to_plan(self) -> None:
        if self._of_plan is not None:
            self._relaxation.model.set_held_basis(self._of_plan)

    def _solved(self, node: Node) -> Relaxed | None:
        """The node's optimum, with tangents where it violates functions by more than the gap leaves room
        for; None where time is over or HiGHS has no answer that holds."""
        search, relaxation = self._search, self._relaxation
        relaxation.set_bounds(self._columns, node.lower, node.upper)
        for left in reversed(range(CUT_ROUNDS + 1)):
            enough = self._enough() - search.constant
            relaxed = relaxation.solve(AFTER_ROWS, search.deadline, enough)
            if relaxed.status == "beyond" and not self._is_beyond(relaxed):
                relaxed = relaxation.solve(AFTER_ROWS, search.deadline)
            if relaxed.status == "infeasible" and relaxation.excludes() <= EXCLUDES:
                relaxed = relaxation.solve(LOOSE, search.deadline)
            if relaxed.status != "optimal":
                return relaxed if relaxed.status in ("infeasible", "beyond") else None
            level = relaxed.level + search.constant
            if left == 0 or level <= self._enough():
                break
            violation, leaves = search.violations(relaxed.x)
            loss = search.loss(relaxed, violation)
            if loss <= WORTH_CUTTING * search.gap * search.gap_scale(level):
                break
            if not search.cut(relaxed.x, violation, leaves, aside=False):
                break
        return relaxed

    def _is_beyond(self, relaxed: Relaxed) -> bool:
        return self._relaxation.proven(relaxed).bound + self._search.constant <= self._enough()

    def _whole(self, node: Node, relaxed: Relaxed, bound: float) -> tuple[Node | None] | None:
        """The plan of a node whose integers are whole. The node stays open until its bound meets the plan:
        there are more tangents then."""
        self._fix_integers(np.clip(np.round(relaxed.x[self._columns]), node.lower, node.upper))
        if bound <= self._enough():
            self._left = max(self._left, bound)
            return (None,)
        open_still = self._node(bound, node.lower, node.upper)
        open_still.again = node.again + 1
        heapq.heappush(self._heap, open_still)
        return None if open_still.again > AGAIN else (None,)

    def _tighten(self, node: Node, proven: Proven) -> None:
        """Leave out whole numbers that lose more than there is to gain, by what a step costs at least."""
        enough = self._enough()
        if not np.isfinite(enough):
            return
        price = proven.reduced[self._columns]
        room = proven.bound + self._search.constant - enough
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.floor(max(room, 0.0) / np.abs(price) * (1 + WHOLE) + WHOLE)
        upper, lower = node.upper.copy(), node.lower.copy()
        falls, rises = (price < 0) & np.isfinite(lower), (price > 0) & np.isfinite(upper)
        upper[falls] = np.minimum(upper[falls], lower[falls] + steps[falls])
        lower[rises] = np.maximum(lower[rises], node.upper[rises] - steps[rises])
        if (upper < node.upper).any() or (lower > node.lower).any():
            self._left = max(self._left, enough)
        node.lower, node.upper = lower, upper

    # branching -------------------------------------------------------------------------------------------

    def _branching(self, node: Node, relaxed: Relaxed, basis: HeldBasis) -> tuple[Branching, int] | None:
        """The branching of a node that loses most on both sides, and the side that loses more; None where its
        integers are whole."""
        known: list[Branching] = []
        new: list[Branching] = []
        for one in sorted(self._branchings(node, relaxed.x[self._columns]), key=_distance):
            losses = self._losses.get(one.name)
            (new if losses is None else known).append(one)
        on_the_way = self._search.best is None and len(self._heap) > EARLY
        for one in new[: TRIED_LATER if on_the_way else TRIED]:
            known.append(one)
            losses = np.array([self._tried(side, basis, relaxed.level) for side in one.sides])
            self._losses[one.name] = losses / np.array([one.share, 1 - one.share])
        if new:
            self._relaxation.model.set_held_basis(basis)
        best: tuple[float, Branching, int] | None = None
        nothing = NOTHING * self._search.gap * self._search.gap_scale(relaxed.level)
        for one in known:
            losses = self._losses[one.name] * np.array([one.share, 1 - one.share])
            score = float(np.maximum(losses, nothing).prod())
            if best is None or score > best[0]:
                best = score, one, int(losses[1] > losses[0])
        return None if best is None else best[1:]

    def _tried(self, side: tuple[Array, Array], basis: HeldBasis, level: float) -> float:
        """What a side loses at least, by a few iterations."""
        relaxation = self._relaxation
        relaxation.set_bounds(self._columns, *side)
        relaxation.model.set_held_basis(basis)
        lost = level - relaxation.estimate(AFTER_ROWS, ITERATIONS)
        worst = LOST * self._search.gap * self._search.gap_scale(level)
        return min(max(lost, 0.0), worst)

    def _branchings(self, node: Node, at: Array) -> Iterator[Branching]:
        """Integers that are not whole, up and down, and groups of which one is 1, in two parts."""
        open_ones = np.abs(at - np.round(at)) > WHOLE
        for number in np.flatnonzero(open_ones & ~self._grouped).tolist():
            below = np.floor(at[number])
            upper, lower = node.upper.copy(), node.lower.copy()
            upper[number], lower[number] = below, below + 1
            sides = ((node.lower, upper), (lower, node.upper))
            yield Branching((number, -1), float(at[number] - below), sides)
        for number, group in enumerate(self._groups):
            if not open_ones[group].any():
                continue
            weights = np.maximum(at[group], 0.0)
            weights /= weights.sum()
            cut = min(int(weights @ np.arange(len(group))), len(group) - 2)
            share = float(weights[cut + 1 :].sum())
            if min(share, 1 - share) <= WHOLE:
                continue
            first, second = node.upper.copy(), node.upper.copy()
            first[group[cut + 1 :]], second[group[: cut + 1]] = 0.0, 0.0
            yield Branching((number, cut), share, ((node.lower, first), (node.lower, second)))


def _distance(one: Branching) -> float:
    """How near to whole a branching's optimum is, the least near first."""
    return -min(one.share, 1 - one.share)


def _groups(search: Search, columns: Index) -> list[Index]:
    """Rows that say that one of some binary columns is 1, as places among the integer columns."""
    relaxation = search.relaxation
    place = np.full(len(relaxation.integer), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    matrix, low, high = relaxation.rows()
    binary = relaxation.integer & (relaxation.lower >= 0) & (relaxation.upper <= 1)
    found = []
    for row in np.flatnonzero((low == high) & (low != 0) & (np.diff(matrix.indptr) > 1)):
        entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
        if binary[matrix.indices[entries]].all() and (matrix.data[entries] == low[row]).all():
            found.append(place[matrix.indices[entries]])
    return found
