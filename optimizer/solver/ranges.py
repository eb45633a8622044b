r"""How far linear functionals vary over all plans within a gap of the optimum, from above and with proof.

With \(f\) the objective, \(F(\mu) = \max_x f(x) + \mu\,c\,x\) over the outer program, and \(v - s\) the
least value that a plan may have, every such plan satisfies, for any \(\mu > 0\),

\[ c\,x \le \frac{F(\mu) - (v - s)}{\mu} \]

Each price \(\mu\) costs a warm solve in which only the cost changes, and any bound on \(F\) gives a valid
end. Of two optima, one that has lost less than \(s\) and one that has lost more, the next price is the one at
which they are equally good; a plan between them that has lost just \(s\) says how far out the end is at
least.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.program.tape import Array
from optimizer.solver.highs import AFTER_COST, AFTER_ROWS, Method
from optimizer.solver.integer_program import integer_optimum
from optimizer.solver.outer import Search

# the first guess of a range, as a share of what the functional adds up
FIRST_RANGE: Final = 1e-3
TRIES: Final = 12
ROUNDS: Final = 30
# by how much a price may change before there is one on either side
STRIDE: Final = 10.0
# what tangents not yet added may be worth, as a share of the slack
SETTLED: Final = 0.1
# an end is near enough where it is at most this share of the range too far out
NEAR: Final = 0.2
# a range of less than this share of what the functional adds up is none
NO_RANGE: Final = 1e-9
# A smaller share of the objective's coefficients, scaled as the solver sees them, is near its tolerance: what
# is unbounded at that price counts as having no end.
LEAST_PRICE: Final = 1e-7


class Ranges:
    """The ends of functionals over the plans of a solved `search` whose value is at least `value - slack`.

    `x` is the plan, `value` its value (to maximise) and `slack` above 0; where that is infinite, all points
    of the outer program count. The relaxation is left with the search's objective and some more tangents.
    `first` is the share of what a functional adds up that its range is taken to be at first, and `tries` the
    number of prices at the most: the fewer, the further out an end may be.
    """

    def __init__(
        self,
        search: Search,
        x: Array,
        value: float,
        slack: float,
        first: float = FIRST_RANGE,
        tries: int = TRIES,
    ) -> None:
        self._first, self._tries = first, tries
        self._search = search
        self._x = x
        self._value = value
        self._slack = slack
        self._amount = self._price = 0.0

    def of(self, coefficients: Array) -> tuple[float, float]:
        """Least and greatest value of coefficients x; infinite where nothing bounds it, or where the search's
        time was up before an end was known."""
        if self._search.late():
            return -np.inf, np.inf
        here = float(coefficients @ self._x)
        nominal = self._search.numbers.nominal
        self._amount = float(np.abs(coefficients) @ np.maximum(np.abs(self._x), 1e-3 * nominal))
        if not coefficients.any():
            return here, here
        self._amount = self._amount or float(np.abs(coefficients).sum())
        end = self._end if np.isfinite(self._slack) else self._furthest
        self._price = 2 * self._slack / (self._first * self._amount)
        return min(-end(-coefficients), here), max(end(coefficients), here)

    def _furthest(self, coefficients: Array) -> float:
        """The greatest value of coefficients x over the whole outer program."""
        self._search.relaxation.set_objective(self._wide(coefficients))
        bound, _ = self._greatest()
        self._search.relaxation.set_objective(self._search.objective)
        return bound

    def _wide(self, coefficients: Array) -> Array:
        """A functional over all columns of the outer program."""
        wide = np.zeros(len(self._search.objective))
        wide[: len(coefficients)] = coefficients
        return wide

    def _end(self, coefficients: Array) -> float:
        """The greatest value of coefficients x over the plans. The price found serves the other end too."""
        relaxation, wide = self._search.relaxation, self._wide(coefficients)
        here = float(coefficients @ self._x)
        scale = relaxation.scale
        least = LEAST_PRICE * np.abs(self._search.objective * scale).max() / np.abs(wide * scale).max()
        rows, best, price = len(relaxation.kinds), np.inf, max(self._price, least)
        # what an optimum has lost and gained: the last within the slack, and the last beyond it
        within, beyond = (0.0, here), (np.inf, np.inf)
        for _ in range(self._tries):
            relaxation.set_objective(self._search.objective + price * wide)
            bound, point = self._greatest()
            late = self._search.late()
            if point is None and not late:
                if price <= least:
                    break
                price = max(price / STRIDE, least)
                continue
            best = min(best, (bound + self._search.constant - self._value + self._slack) / price)
            if point is None or late:
                break
            lost = self._value - self._search.constant - float(self._search.objective @ point)
            found = (lost, float(wide @ point))
            if lost <= self._slack:
                within = max(within, found, key=lambda each: each[1])
            else:
                beyond = found
            if best - here <= NO_RANGE * self._amount:
                break
            if lost > 0:
                self._price = price
            if not np.isfinite(beyond[0]):
                price *= STRIDE if lost <= 0 else min(max(np.sqrt(self._slack / lost), 2.0), STRIDE)
                continue
            more = beyond[1] - within[1]
            if more <= NO_RANGE * self._amount:
                break
            slope = (beyond[0] - within[0]) / more
            surely = within[1] + (self._slack - within[0]) / slope
            if best - surely <= NEAR * (best - here):
                break
            price = max(slope, least)
        relaxation.set_objective(self._search.objective)
        relaxation.drop_idle_tangents(since=rows)
        return best

    def _greatest(self) -> tuple[float, Array | None]:
        """A bound on the objective at hand and a point that nearly reaches it; no point where none does."""
        relaxation, search = self._search.relaxation, self._search
        if relaxation.integer.any():
            width = SETTLED * self._slack
            outer = integer_optimum(
                relaxation,
                width,
                self._wide(self._x),
                search.deadline,
                asked=0.5 * width,
                start=relaxation.concave.whole_point(self._x),
            )
            if outer.points:
                return outer.level, outer.points[-1]
            return outer.level if outer.status == "stopped" else np.inf, None
        method: Method = AFTER_COST
        for _ in range(ROUNDS):
            relaxed = relaxation.solve(method, search.deadline)
            method = AFTER_ROWS
            if relaxed.status != "optimal":
                return np.inf, None
            violation, leaves = search.violations(relaxed.x)
            if search.loss(relaxed, violation) <= SETTLED * self._slack:
                break
            if not search.cut(relaxed.x, violation, leaves):
                break
        return relaxation.proven(relaxed).bound, relaxed.x
