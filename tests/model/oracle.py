"""An independent statement of the national plan, as a conic program for Clarabel.

It is written from the mathematics and the parameter arrays alone and shares no code with `models` beyond the
parameter container. Every quantity is measured in units of its own size (chips by the compute they give,
money by income), because conic solvers lose digits on badly scaled data; only the status `optimal` counts.
The elasticity of substitution enters through power cones, which are exact for any exponent.
"""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from models.parameters import Array, PlanParameters

SOLVER_OPTIONS = {
    "tol_gap_abs": 1e-9,
    "tol_gap_rel": 1e-9,
    "tol_feas": 1e-9,
    "max_iter": 400,
    "max_step_fraction": 0.8,
}
ACCURACY = 1e-5
"""Average log units. Clarabel closes the gap to 1e-9 in normalised data; what is left are its rows, met to
1e-9, times their duals. Those of a logarithm near its floor are the largest: a country without a fleet came
out 4e-6 off the certified value, every other one within 4e-7."""


class OracleError(RuntimeError):
    """The conic solver did not report `optimal`, so its number cannot be used."""


def best_value(p: PlanParameters) -> float:
    """The optimal objective of the plan, in log units times years. Raises `OracleError` if not optimal."""
    problem = stated(p)
    try:
        problem.solve(solver=cp.CLARABEL, **SOLVER_OPTIONS)
    except cp.SolverError as error:
        raise OracleError(str(error)) from error
    if problem.status != cp.OPTIMAL:
        raise OracleError(problem.status)
    return float(problem.value)


def stated(p: PlanParameters) -> cp.Problem:
    """The plan as a problem that nobody has solved yet."""
    objective, constraints = _Statement(p).program()
    return cp.Problem(cp.Maximize(objective), constraints)


class _Statement:
    """The sections of the plan one by one; each adds rows, periods along the last axis."""

    def __init__(self, p: PlanParameters) -> None:
        self.p, self.rows = p, []
        self.periods, self.chips = len(p.sets.periods), len(p.sets.chips)
        self.dt = p.scalar("dt")
        own = float(p["research_h100e"] @ p["fleet0"])
        self.money = max(float(p["income"].mean()) * self.dt, 1e-3)
        self.rating = np.maximum(p["research_h100e"], p["delivery_h100e"])
        bought = 1000 * self.money / float((p["unit_cost"].mean(axis=1) / self.rating).min())
        self.compute = max(own, bought)
        self.chip_size = (0.3 * self.compute / self.rating)[:, None]
        self.people = max(p.scalar("talent0"), 1e-3 * p.scalar("talent_ref"))
        self.draw = max(float(p["power_per_chip"] @ p["fleet0"]), 1e-3)
        self.wafers = np.maximum(p["wafer_capacity0"], 1.0)[:, None]
        self.memory = max(p.scalar("hbm_capacity0") * self.dt, p.scalar("hbm_stock0"), 1.0)
        self.years = p.scalar("knowledge_ref")

    def program(self) -> tuple[Any, list[Any]]:
        self.fleet()
        self.trade()
        self.power()
        self.talent()
        self.research()
        self.delivery()
        self.industry()
        self.spending()
        self.cash()
        return self.value(), self.rows

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
        if bounded.any():
            scale = np.broadcast_to(size, left.shape)[bounded]
            limit = np.broadcast_to(right, left.shape)[bounded]
            self.rows.append(left[bounded] / scale <= limit / scale)

    def within(self, left: Any, limit: Array, size: Any) -> None:
        """At most a limit; where it is 0 there is no variable and thus no row."""
        self.at_most(left, np.where(limit > 0, limit, np.inf), size)

    def equal(self, left: Any, right: Any, size: Any) -> None:
        self.rows.append(cp.multiply(left - right, 1 / np.broadcast_to(size, left.shape)) == 0)

    def before(self, first: Any, stock: Any) -> Any:
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

    def fleet(self) -> None:
        p, kt = self.p, (self.chips, self.periods)
        capped = np.einsum("rkt,rt->kt", p["cap_weight"] > 0, (p["cap"] == 0) | (p["cap_cumulative"] == 0))
        channels = {
            "imports": (p["import_limit"] > 0) & (capped == 0),
            "grey": (p["grey_open"] > 0) & (p["grey_limit"] > 0),
            "fabricated": p["make_limit"] > 0,
            "banked": (p["bank0"][:, None] > 0) & (p["bank_limit"] > 0),
        }
        self.imports, self.grey, self.fabricated, self.banked = (
            self.variable(self.chip_size, *kt, allowed=allowed) for allowed in channels.values()
        )
        self.domestic = self.fabricated + self.banked
        arriving = np.cumsum(sum(channels.values()), axis=1) > 0
        present = arriving | (p["fleet0"][:, None] > 0)
        retired, self.in_research, self.in_delivery = (
            self.variable(self.chip_size, *kt, allowed=present) for _ in range(3)
        )
        self.stock = self.in_research + self.in_delivery
        self.rented = [self.variable(self.compute, allowed=p["rent_limit"] > 0) for _ in range(2)]
        kept = (p["survival"] ** self.dt)[:, None]
        bought = cp.multiply(np.sqrt(kept), self.imports + self.grey + self.domestic)
        self.equal(
            self.stock,
            cp.multiply(kept, self.before(p["fleet0"], self.stock)) + bought - retired,
            self.chip_size,
        )
        self.mid_stock = [
            self.during(p["use0"][0] * p["fleet0"], self.in_research),
            self.during(p["use0"][1] * p["fleet0"], self.in_delivery),
        ]
        self.research_compute = p["research_h100e"] @ self.mid_stock[0] + self.rented[0]
        self.delivery_compute = p["delivery_h100e"] @ self.mid_stock[1] + self.rented[1]
        self.within(self.rented[0] + self.rented[1], p["rent_limit"], self.compute)

    def trade(self) -> None:
        p, dt = self.p, self.dt
        self.within(self.imports, p["import_limit"] * dt, self.chip_size)
        self.within(self.grey, p["grey_open"] * dt, self.chip_size)
        self.grey_compute = self.rating @ self.grey
        self.within(self.grey_compute, p["grey_limit"] * dt, self.compute)
        for rule, weight in enumerate(p["cap_weight"]):
            counted = cp.sum(cp.multiply(weight, self.imports), axis=0)
            size = float((weight * self.chip_size).max())
            if size > 0:
                self.within(counted, p["cap"][rule] * dt, size)
                self.within(cp.cumsum(counted), p["cap_cumulative"][rule], size)
        cost = p["unit_cost"] / 1000
        home = cp.sum(cp.multiply(cost, self.domestic), axis=0)
        abroad = cp.sum(cp.multiply(cost, self.imports + self.grey), axis=0)
        rent = cp.multiply(p["rent_cost"] * dt, self.rented[0] + self.rented[1])
        if p["mandate"].any():
            self.rows.append((home - cp.multiply(p["mandate"], home + abroad + rent)) / self.money >= 0)

    def power(self) -> None:
        p = self.p
        self.power_built = self.variable(self.draw, allowed=p["power_build_limit"] > 0)
        arrived = p["power_pending"] + self.delivered(p["power_arrival"]) @ self.power_built
        available = p["power0"] + cp.cumsum(arrived)
        self.rows.append((p["power_per_chip"] @ self.stock) / self.draw <= available / self.draw)
        self.within(self.power_built, p["power_build_limit"] * self.dt, self.draw)

    def talent(self) -> None:
        p, dt = self.p, self.dt
        staff, trained, released = (self.variable(self.people) for _ in range(3))
        self.recruited = self.variable(self.people, allowed=p["recruit_limit"] > 0)
        self.education = self.variable(self.people, allowed=p["education_limit"] > 0)
        stays = (1 - p.scalar("attrition")) ** dt
        self.equal(
            staff,
            stays * self.before(p["talent0"], staff) + trained + self.recruited - released,
            self.people,
        )
        ordered = self.delivered(p["education_arrival"]) @ self.education
        self.at_most(trained - ordered, p["graduates"] * dt, self.people)
        self.within(self.recruited, p["recruit_limit"] * dt, self.people)
        self.within(self.education, p["education_limit"] * dt, self.people)
        self.mid_talent = self.during(p["talent0"], staff)

    def research(self) -> None:
        p, dt = self.p, self.dt
        x = (self.research_compute + p["compute_floor"]) / p["compute_ref"]
        y = self.mid_talent / p["talent_ref"]
        effort = self.variable(1.0)
        aggregate = self.variable(1.0)
        self.constant_elasticity(x, y, aggregate)
        parallel = p.scalar("parallel")
        if parallel == 1:
            self.rows.append(effort <= aggregate)
        else:
            self.rows.append(cp.PowCone3D(aggregate, np.ones(self.periods), effort, parallel))
        spillover = p.scalar("spillover")
        reach = 1 - np.exp(-spillover * dt)
        gain = reach / spillover if spillover > 0 else dt
        knowledge = self.variable(self.years)
        absorbed = self.variable(self.years, free=True)
        earlier = self.before(p["knowledge0"], knowledge)
        self.equal(knowledge, earlier + gain * effort + absorbed, self.years)
        gap = (p["frontier"][:-1] + p["frontier"][1:]) / 2 - earlier
        self.rows.append(absorbed / self.years <= reach * gap / self.years)
        most = (1 + p.scalar("absorption")) * dt - gain
        self.rows.append(absorbed / self.years <= most * effort / self.years)
        self.efficiency, own, self.capability = (self.variable(1.0, free=True) for _ in range(3))
        known = self.during(p["knowledge0"], knowledge) / self.years
        self.rows.append(self.efficiency <= p.scalar("returns") * cp.log(known))
        log_x = cp.log(x)
        self.rows.append(own <= self.efficiency + log_x)
        slope, wall = p.scalar("data_slope"), p.scalar("data_wall")
        if np.isfinite(wall):
            limit = (1 - slope) * np.log(wall / p.scalar("compute_ref"))
            self.rows.append(own - self.efficiency <= slope * log_x + limit)
        imitation = p.scalar("imitation")
        self.rows.append((1 + imitation) * self.capability <= own + imitation * p["leader_capability"])

    def constant_elasticity(self, x: Any, y: Any, aggregate: Any) -> None:
        """aggregate <= (theta x^rho + (1-theta) y^rho)^(1/rho), x^theta y^(1-theta) at rho = 0.

        Divided by the aggregate z: theta (x/z)^rho + (1-theta) (y/z)^rho is at least 1 for rho > 0 and at
        most 1 for rho < 0. Each term times z is a power cone in (x, z).
        """
        theta, sigma = self.p.scalar("theta"), self.p.scalar("substitution")
        rho = (sigma - 1) / sigma
        if sigma == 1:
            self.rows.append(cp.PowCone3D(x, y, aggregate, theta))
            return
        of_x, of_y = self.variable(1.0), self.variable(1.0)
        total = theta * of_x + (1 - theta) * of_y
        for share, index in ((of_x, x), (of_y, y)):
            if rho > 0:
                self.rows.append(cp.PowCone3D(index, aggregate, share, rho))
            else:
                self.rows.append(cp.PowCone3D(share, index, aggregate, 1 / (1 - rho)))
        self.rows.append(total >= aggregate if rho > 0 else total <= aggregate)

    def delivery(self) -> None:
        p, shape = self.p, (len(self.p.sets.segments), self.periods)
        used = self.variable(self.compute, *shape)
        self.shortfall = self.variable(1.0, *shape)
        self.service = self.variable(1.0, *shape, free=True)
        self.rows.append(cp.sum(used, axis=0) / self.compute <= self.delivery_compute / self.compute)
        openness = p.scalar("openness")
        helped = (1 - openness) * self.efficiency + openness * p["leader_efficiency"]
        for j in range(shape[0]):
            served = (used[j] + p["segment_floor"][j]) / p["segment_ref"][j]
            self.rows.append(self.service[j] <= cp.log(served) + p["passthrough"][j] * helped)
        self.at_most(self.service, p["service_ceiling"], 1.0)
        self.rows.append(self.service >= p["service_floor"] - self.shortfall)

    def industry(self) -> None:
        p, dt = self.p, self.dt
        obtainable = np.cumsum(p["tool_limit"], axis=1) > 0
        self.wafer_built = self.variable(self.wafers, len(p.sets.lines), self.periods, allowed=obtainable)
        self.hbm_built = self.variable(self.memory, allowed=p["hbm_build_limit"] > 0)
        self.hbm_imports = self.variable(self.memory, allowed=p["hbm_import_limit"] > 0)
        self.within(self.fabricated, p["make_limit"] * dt, self.chip_size)
        self.within(self.banked, p["bank_limit"], self.chip_size)
        self.within(cp.sum(self.banked, axis=1), p["bank0"], self.chip_size[:, 0])
        for n in range(len(p.sets.lines)):
            built, size = self.wafer_built[n], self.wafers[n, 0]
            arrived = p["wafer_pending"][n] + self.delivered(p["wafer_arrival"][n]) @ built
            capacity = p["wafer_capacity0"][n] + cp.cumsum(arrived)
            self.within(cp.cumsum(built), np.cumsum(p["tool_limit"][n] * dt), size)
            good = 1 - (1 - p["wafer_yield"][n]) / (1 + p.scalar("transfer"))
            offer = cp.multiply(
                12 * dt * p["ai_share"][n] * good, self.during(p["wafer_capacity0"][n], capacity)
            )
            wanted = (p["on_line"][:, n] * p["wafers_per_chip"]) @ self.fabricated
            self.rows.append(wanted / (12 * dt * size) <= offer / (12 * dt * size))
        self.within(self.hbm_built, p["hbm_build_limit"] * dt, self.memory)
        self.within(self.hbm_imports, p["hbm_import_limit"] * dt, self.memory)
        arrived = p["hbm_pending"] + self.delivered(p["hbm_arrival"]) @ self.hbm_built
        capacity = p["hbm_capacity0"] + cp.cumsum(arrived)
        made = dt * self.during(p["hbm_capacity0"], capacity) + self.hbm_imports
        left = p["hbm_stock0"] + cp.cumsum(made - p["hbm_per_chip"] @ self.domestic)
        self.rows.append(left / self.memory >= 0)

    def spending(self) -> None:
        p, dt = self.p, self.dt
        cost = p["unit_cost"] / 1000
        bought = cp.multiply(cost + p["fee"] / 1000, self.imports)
        smuggled = cp.multiply(cost + p["grey_premium"] / 1000, self.grey)
        buy = cp.sum(bought + smuggled + cp.multiply(cost, self.domestic), axis=0)
        rent = [cp.multiply(p["rent_cost"] * dt, rented) for rented in self.rented]
        energy = [cp.multiply(p["energy_cost"] * dt, p["power_per_chip"] @ mid) for mid in self.mid_stock]
        chips = p["wafer_cost"] @ self.wafer_built + p.scalar("hbm_cost") * self.hbm_built
        chips = chips + cp.multiply(p["hbm_price"], self.hbm_imports)
        talent = p.scalar("wage") * dt * self.mid_talent + p.scalar("recruit_cost") * self.recruited
        talent = talent + p.scalar("education_cost") * self.education
        power = p.scalar("power_cost") * self.power_built
        premium = self.premiums()
        use_cost = [
            dt * cp.sum(cp.multiply(p["charge"] / 1000, mid), axis=0) + rent[u] + energy[u]
            for u, mid in enumerate(self.mid_stock)
        ]
        self.recovered = p.scalar("cost_recovery") * use_cost[1]
        part = p.scalar("home_return") * p["chip_part"][:, None] * cost
        self.returned = cp.sum(cp.multiply(part, self.domestic), axis=0)
        self.outlays = buy + rent[0] + rent[1] + energy[0] + energy[1] + chips + talent + power
        self.outlays = self.outlays + cp.sum(cp.vstack(premium), axis=0) + self.bid_up()
        costs = [*use_cost, chips, talent, power]
        total = cp.sum(cp.vstack(costs), axis=0)
        for c, spent in enumerate(costs):
            least = cp.multiply(p["share_floor"][c], total)
            most = cp.multiply(p["share_ceiling"][c], total)
            if p["share_floor"][c].any():
                self.rows.append((spent - least) / self.money >= 0)
            if (p["share_ceiling"][c] < 1).any():
                self.rows.append((spent - most) / self.money <= 0)

    def premiums(self) -> list[Any]:
        """At least price * flow^2 / (2 elasticity normal dt) for each supply."""
        p, dt = self.p, self.dt
        flows = [self.grey_compute, dt * (self.rented[0] + self.rented[1]), self.recruited, self.hbm_built]
        flows += [self.wafer_built[n] for n in range(len(p.sets.lines))]
        premiums = []
        for s, flow in enumerate(flows):
            premium = self.variable(self.money)
            slope = float(p["price"][s] / (2 * p["elasticity"][s] * p["normal"][s] * dt))
            self.rows.append(cp.square(np.sqrt(slope / self.money) * flow) <= premium / self.money)
            premiums.append(premium)
        return premiums

    def bid_up(self) -> Any:
        p, dt = self.p, self.dt
        if np.isinf(p.scalar("supply_elasticity")):
            return cp.Constant(np.zeros(self.periods))
        excess, bid = self.variable(self.money), self.variable(self.money)
        value = cp.sum(cp.multiply(p["unit_cost"] / 1000, self.imports), axis=0)
        self.rows.append((value - p["base_value"] * dt) / self.money <= excess / self.money)
        depth = p.scalar("supply_elasticity") * p["world_spend"] * dt
        linear = cp.multiply(p["base_value"] * dt / depth, excess) / self.money
        squared = cp.square(cp.multiply(1 / np.sqrt(depth * self.money), excess))
        self.rows.append(linear + squared <= bid / self.money)
        return bid

    def cash(self) -> None:
        p, dt = self.p, self.dt
        cash, lapsed = self.variable(self.money, free=True), self.variable(self.money)
        grown = (1 + p.scalar("interest")) ** dt * self.before(p["cash0"], cash)
        received = p["income"] * dt + self.recovered + self.returned
        self.equal(cash, grown + received - self.outlays - lapsed, self.money)
        self.at_most(-cash, p["debt_limit"], self.money)
        self.at_most(cash, p["carry_limit"], self.money)
        self.rows.append(cash[-1] / self.money >= min(p.scalar("cash0"), 0.0) / self.money)

    def value(self) -> Any:
        p = self.p
        home = (p["is_domestic"] * p["research_h100e"]) @ self.during(p["fleet0"], self.stock)
        autonomy = cp.log((home + p["autonomy_floor"]) / p["compute_ref"])
        yearly = p.scalar("w_capability") * self.capability + p["w_segment"] @ self.service
        yearly = yearly + p.scalar("w_autonomy") * autonomy
        yearly = yearly - p.scalar("shortfall_penalty") * cp.sum(self.shortfall, axis=0)
        weight = p["discount"] * self.dt
        weight[-1] += p.scalar("terminal") * p["discount"][-1]
        return weight @ yearly
