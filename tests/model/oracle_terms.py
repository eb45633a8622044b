"""What the sections of the oracle share: variables in units of their own size, scaled rows, time."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from models.parameters import Array
from tests.model.contract import Numbers


class Terms:
    """Rows and named quantities of one plan; periods along the last axis."""

    def __init__(self, p: Numbers) -> None:
        self.p = p
        self.rows: list[Any] = []
        self.quantities: dict[str, Any] = {}
        self.periods, self.chips = len(p.sets.periods), len(p.sets.chips)
        self.lines, self.tools = len(p.sets.lines), len(p.sets.tool_classes)
        self.dt = p.scalar("dt")
        self.rating = np.maximum(p["research_h100e"], p["delivery_h100e"])
        self.money = max(float(p["income"].mean()) * self.dt, abs(p.scalar("cash0")) / 10, 1e-3)
        own = float(self.rating @ p["fleet0"])
        cost = p["unit_cost"].mean(axis=1) / self.rating
        bought = 1000 * self.money / max(float(cost.min()), 1e-3)
        # A country far smaller than the leader is measured by itself.
        self.compute = max(own, bought)
        self.chip_size = (0.3 * self.compute / self.rating)[:, None]
        self.people = max(p.scalar("talent0"), 1e-3 * p.scalar("talent_ref"))
        per_compute = float((p["power_per_chip"] / self.rating).max())
        self.draw = max(p.scalar("power0"), per_compute * self.compute, 1e-3)
        coming = p["wafer_capacity0"] + p["wafer_pending"].sum(axis=-1)
        self.wafers = np.maximum(coming, 1.0)[:, None]
        self.tooling = float(self.wafers.max(initial=1.0))
        self.memory = max(p.scalar("hbm_capacity0") * self.dt, p.scalar("hbm_stock0"), 1.0)
        self.packages = max(p.scalar("packaging0") + float(p["packaging_pending"].sum()), 1.0)
        self.years = p.scalar("knowledge_ref")

    def variable(self, size: Any, *shape: int, allowed: Any = True, free: bool = False) -> Any:
        """Variables in units of `size`; those not `allowed` are the constant 0, since a conic solver needs
        an interior, which a variable held between 0 and a limit of 0 does not leave."""
        shape = shape or (self.periods,)
        sizes = np.broadcast_to(size, shape).astype(float)
        chosen = np.flatnonzero(np.broadcast_to(allowed, shape))
        if not chosen.size:
            return cp.Constant(np.zeros(shape))
        spread = sparse.csr_array(
            (sizes.ravel()[chosen], (chosen, np.arange(chosen.size))), (sizes.size, chosen.size)
        )
        return cp.reshape(spread @ cp.Variable(chosen.size, nonneg=not free), shape, order="C")

    def at_most(self, left: Any, right: Array, size: Any) -> None:
        """left <= right, without the entries where there is no limit."""
        bounded = np.isfinite(np.broadcast_to(right, left.shape))
        if bounded.any() and not left.is_constant():
            scale = np.broadcast_to(size, left.shape)[bounded]
            limit = np.broadcast_to(right, left.shape)[bounded]
            self.rows.append(left[bounded] / scale <= limit / scale)

    def within(self, left: Any, limit: Array, size: Any) -> None:
        """At most a limit; where it is 0 there is no variable and thus no row."""
        self.at_most(left, np.where(limit > 0, limit, np.inf), size)

    def below(self, left: Any, right: Any, size: Any) -> None:
        """left <= right, both expressions."""
        if not (left.is_constant() and right.is_constant()):
            self.rows.append(left / size <= right / size)

    def equal(self, left: Any, right: Any, size: Any) -> None:
        self.rows.append(cp.multiply(left - right, 1 / np.broadcast_to(size, left.shape)) == 0)

    def before(self, first: Any, stock: Any) -> Any:
        if self.periods == 1:
            return cp.Constant(np.reshape(first, stock.shape))
        if len(stock.shape) == 1:
            return cp.hstack([np.atleast_1d(first), stock[:-1]])
        return cp.hstack([np.reshape(first, (-1, 1)), stock[:, :-1]])

    def during(self, first: Any, stock: Any) -> Any:
        return (self.before(first, stock) + stock) / 2

    def delivered(self, shares: Array) -> Array:
        """Matrix that turns orders by period into arrivals by period."""
        lag = np.arange(self.periods)[:, None] - np.arange(self.periods)
        inside = (lag >= 0) & (lag < len(shares))
        return np.where(inside, shares[np.clip(lag, 0, len(shares) - 1)], 0.0)

    def built_up(self, first: Any, pending: Array, shares: Array, ordered: Any) -> Any:
        """A capacity: what there is, what was ordered before the plan, what the plan orders, all lasting."""
        return first + cp.cumsum(pending + self.delivered(shares) @ ordered)

    def existing(self, first: Any, pending: Array, shares: Array, orderable: Array) -> Array:
        """Whether such a capacity can be above 0 in the course of a period."""
        some = first + np.cumsum(pending + self.delivered(shares) @ orderable.astype(float)) > 0
        return some | np.concatenate([[first > 0], some[:-1]])
