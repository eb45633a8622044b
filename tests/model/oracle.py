"""An independent statement of the national plan, as a conic program for Clarabel.

It is written from the mathematical contract alone, in path mode, and shares no code with `models` beyond the
container of the parameters. Every quantity is measured in units of its own size (compute and chips by what
the country can have; money by income), because conic solvers lose
digits on badly scaled data; only the status `optimal` counts. The elasticity of substitution enters through
power cones, which are exact for every exponent: below 1 (rho < 0), 1 (Cobb-Douglas) and above 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np

from models.parameters import Array
from tests.model.contract import Numbers
from tests.model.oracle_supply import Supply

SOLVER_OPTIONS = {
    "tol_gap_abs": 1e-8,
    "tol_gap_rel": 1e-8,
    "tol_feas": 1e-9,
    "max_iter": 400,
    "max_step_fraction": 0.8,
}
ATTEMPTS = (
    {"static_regularization_constant": 1e-7},
    {"linesearch_backtrack_step": 0.5},
    {"static_regularization_constant": 1e-7, "max_step_fraction": 0.95},
    {"equilibrate_enable": False},
    {"max_step_fraction": 0.5},
)
"""Tried in turn until one is `optimal`: each settles about five plans in six, and other ones."""
ACCURACY = 1e-5
"""Average log units. Clarabel closes the gap to 1e-8 in normalised data; what is left are its rows, met to
1e-9, times their duals. Those of a logarithm near its floor are the largest."""
COBB_DOUGLAS = 1e-6


class OracleError(RuntimeError):
    """The conic solver did not report `optimal`, so its number cannot be used."""


@dataclass(frozen=True)
class OraclePlan:
    """The optimal objective in log units times years, and what the plan does."""

    value: float
    quantities: dict[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.quantities[name]


def best_plan(p: Numbers) -> OraclePlan:
    """The optimal plan. Raises `OracleError` if the solver does not call it optimal."""
    statement = _Statement(p)
    objective, constraints = statement.program()
    problem = cp.Problem(cp.Maximize(objective), constraints)
    _solve(problem)
    found = {name: np.asarray(item.value) for name, item in statement.quantities.items()}
    return OraclePlan(float(problem.value), found)


def stated(p: Numbers) -> cp.Problem:
    """The plan as a problem that nobody has solved yet."""
    objective, constraints = _Statement(p).program()
    return cp.Problem(cp.Maximize(objective), constraints)


def _solve(problem: cp.Problem) -> None:
    failures = []
    for options in ATTEMPTS:
        try:
            problem.solve(solver=cp.CLARABEL, warm_start=False, **{**SOLVER_OPTIONS, **options})
        except cp.SolverError:
            failures.append("failed")
            continue
        if problem.status == cp.OPTIMAL:
            return
        failures.append(problem.status)
        if problem.status in (cp.INFEASIBLE, cp.UNBOUNDED):
            break
    raise OracleError(", ".join(failures))


def best_value(p: Numbers) -> float:
    """The optimal objective of the plan. Raises `OracleError` if not optimal."""
    return best_plan(p).value


class _Statement(Supply):
    """The whole plan."""

    def program(self) -> tuple[Any, list[Any]]:
        self.fleet()
        self.trade()
        self.power()
        self.industry()
        self.talent()
        self.research()
        self.delivery()
        self.spending()
        self.cash()
        return self.value(), self.rows

    # section 4 -----------------------------------------------------------------------------------------

    def talent(self) -> None:
        p, dt = self.p, self.dt
        staff, self.trained, self.released = (self.variable(self.people) for _ in range(3))
        self.recruited = self.variable(self.people, allowed=p["recruit_limit"] > 0)
        self.education = self.variable(self.people, allowed=p["education_limit"] > 0)
        stays = (1 - p.scalar("attrition")) ** dt
        joined = self.trained + self.recruited - self.released
        self.equal(staff, stays * self.before(p["talent0"], staff) + joined, self.people)
        ordered = self.delivered(p["education_arrival"]) @ self.education
        self.at_most(self.trained - ordered, p["graduates"] * dt, self.people)
        self.within(self.recruited, p["recruit_limit"] * dt, self.people)
        self.within(self.education, p["education_limit"] * dt, self.people)
        self.mid_talent = self.during(p["talent0"], staff)
        self.agents = self.variable(self.compute, allowed=p["automation"] > 0)
        self.quantities |= {"talent": staff, "trained": self.trained, "research_agents": self.agents}
        self.quantities |= {"recruited": self.recruited, "released": self.released}

    # section 5 -----------------------------------------------------------------------------------------

    def research(self) -> None:
        p = self.p
        x = (self.research_compute + p["compute_floor"]) / p["compute_ref"]
        y = (self.mid_talent + cp.multiply(p["automation"], self.agents)) / p["talent_ref"]
        effort, aggregate = self.variable(1.0), self.variable(1.0)
        self.constant_elasticity(x, y, aggregate)
        parallel = p.scalar("parallel")
        if parallel == 1:
            self.rows.append(effort <= aggregate)
        else:
            self.rows.append(cp.PowCone3D(aggregate, np.ones(self.periods), effort, parallel))
        self.known(effort)
        self.reached(cp.log(x))

    def constant_elasticity(self, x: Any, y: Any, aggregate: Any) -> None:
        """aggregate <= (theta x^rho + (1-theta) y^rho)^(1/rho), x^theta y^(1-theta) at rho = 0.

        Divided by the aggregate z: theta (x/z)^rho + (1-theta) (y/z)^rho is at least 1 for rho > 0 and at
        most 1 for rho < 0. Each term times z is a power cone in (x, z).
        """
        theta, sigma = self.p.scalar("theta"), self.p.scalar("substitution")
        rho = (sigma - 1) / sigma
        if abs(rho) < COBB_DOUGLAS:
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

    def known(self, effort: Any) -> None:
        """Knowledge from own effort and from the frontier, and the efficiency that it gives."""
        p, dt = self.p, self.dt
        spillover = p.scalar("spillover")
        reach = -np.expm1(-spillover * dt)
        gain = reach / spillover if spillover > 0 else dt
        knowledge = self.variable(self.years)
        absorbed = self.variable(self.years, free=True)
        earlier = self.before(p["knowledge0"], knowledge)
        self.equal(knowledge, earlier + gain * effort + absorbed, self.years)
        gap = (p["frontier"][:-1] + p["frontier"][1:]) / 2 - earlier
        self.below(absorbed, reach * gap, self.years)
        self.below(absorbed, ((1 + p.scalar("absorption")) * dt - gain) * effort, self.years)
        self.efficiency = self.variable(1.0, free=True)
        mid = self.during(p["knowledge0"], knowledge) / self.years
        self.rows.append(self.efficiency <= p.scalar("returns") * cp.log(mid))
        self.quantities |= {"effort": effort, "knowledge": knowledge, "absorbed": absorbed}
        self.quantities["efficiency"] = self.efficiency

    def reached(self, log_x: Any) -> None:
        """The level of the country's own, and with what it copies from the leader."""
        p = self.p
        own, self.capability = (self.variable(1.0, free=True) for _ in range(2))
        helped = self.efficiency + p["catch_up_offset"]
        self.rows.append(own <= helped + log_x)
        slope, wall = p.scalar("data_slope"), p.scalar("data_wall")
        if np.isfinite(wall):
            limit = (1 - slope) * np.log(wall / p.scalar("compute_ref"))
            self.rows.append(own - helped <= slope * log_x + limit)
        imitation = p.scalar("imitation")
        self.rows.append((1 + imitation) * self.capability <= own + imitation * p["leader_capability"])
        self.at_most(self.capability - own, p["help_ceiling"], 1.0)
        self.quantities |= {"own": own, "capability": self.capability}

    # section 6 -----------------------------------------------------------------------------------------

    def delivery(self) -> None:
        p, shape = self.p, (len(self.p.sets.segments), self.periods)
        used = self.variable(self.compute, *shape)
        self.shortfall = self.variable(1.0, *shape)
        self.service = self.variable(1.0, *shape, free=True)
        self.below(cp.sum(used, axis=0) + self.agents, self.delivery_compute, self.compute)
        openness = p.scalar("openness")
        helped = (1 - openness) * self.efficiency + openness * p["leader_efficiency"]
        for j in range(shape[0]):
            served = (used[j] + p["segment_floor"][j]) / p["segment_ref"][j]
            self.rows.append(self.service[j] <= cp.log(served) + p["passthrough"][j] * helped)
        self.at_most(self.service, p["service_ceiling"], 1.0)
        self.rows.append(self.service >= p["service_floor"] - self.shortfall)
        self.quantities |= {"segment_compute": used, "service": self.service, "shortfall": self.shortfall}

    # section 8 -----------------------------------------------------------------------------------------

    def spending(self) -> None:
        p, dt = self.p, self.dt
        cost = p["unit_cost"] / 1000
        bought = cp.multiply(cost + p["fee"] / 1000, self.imports)
        smuggled = cp.multiply(cost + p["grey_premium"] / 1000, self.grey)
        buy = cp.sum(bought + smuggled + cp.multiply(cost, self.domestic), axis=0)
        rent = [cp.multiply(p["rent_cost"] * dt, rented) for rented in self.rented]
        energy = [cp.multiply(p["energy_cost"] * dt, p["power_per_chip"] @ mid) for mid in self.mid_stock]
        chips = self.spent_on_industry()
        talent = p.scalar("wage") * dt * self.mid_talent + p.scalar("recruit_cost") * self.recruited
        talent = talent + p.scalar("education_cost") * self.education
        talent = talent + p.scalar("hiring_cost") * self.trained + p.scalar("release_cost") * self.released
        power = p.scalar("power_cost") * self.power_built
        premium = self.premiums()
        use_cost = [
            dt * cp.sum(cp.multiply(p["charge"] / 1000, mid), axis=0) + rent[u] + energy[u]
            for u, mid in enumerate(self.mid_stock)
        ]
        self.recovered = p.scalar("cost_recovery") * use_cost[1]
        part = p.scalar("home_return") * p["chip_part"][:, None] * cost
        self.returned = cp.sum(cp.multiply(part, self.domestic), axis=0)
        bid_up = self.bid_up()
        self.outlays = buy + rent[0] + rent[1] + energy[0] + energy[1] + chips + talent + power
        self.outlays = self.outlays + premium + bid_up
        self.shares([*use_cost, chips - self.processing(), talent, power])
        self.quantities |= {"buy": buy, "chips_cost": chips, "talent_cost": talent, "premium": premium}
        self.quantities |= {"bidup": bid_up, "outlays": self.outlays, "use_cost": cp.vstack(use_cost)}

    def spent_on_industry(self) -> Any:
        p = self.p
        chips = p.scalar("packaging_cost") * self.packaging_built + p.scalar("hbm_cost") * self.hbm_built
        chips = chips + cp.multiply(p["hbm_price"], self.hbm_imports)
        if self.tools:
            tools = cp.multiply(p["tool_price"], self.tools_bought + self.tools_made)
            chips = chips + cp.sum(tools, axis=0) + p["toolmaking_cost"] @ self.toolmaking_built
        if self.lines:
            chips = chips + p["wafer_cost"] @ self.wafer_built + self.processing()
        return chips

    def processing(self) -> Any:
        """What it costs to run wafers."""
        if not self.lines:
            return cp.Constant(np.zeros(self.periods))
        return self.p["wafer_run_cost"] @ cp.vstack(self.wafers_used)

    def shares(self, costs: list[Any]) -> None:
        """Floors and ceilings on categories, at normal prices and without running wafers."""
        p, total = self.p, sum(costs[1:], costs[0])
        for c, spent in enumerate(costs):
            if p["share_floor"][c].any():
                self.below(cp.multiply(p["share_floor"][c], total), spent, self.money)
            if (p["share_ceiling"][c] < 1).any():
                self.below(spent, cp.multiply(p["share_ceiling"][c], total), self.money)

    def premiums(self) -> Any:
        """What it costs to take more of a supply than its normal pace, over all supplies."""
        p, dt = self.p, self.dt
        flows = [(self.grey_compute, self.compute), (dt * self.rent, dt * self.compute)]
        flows += [(self.recruited, self.people), (self.hbm_built, self.memory)]
        flows += [(self.packaging_built, self.packages)]
        flows += [(self.tools_bought[g], self.tooling) for g in range(self.tools)]
        flows += [(self.wafer_built[n], self.wafers[n, 0]) for n in range(self.lines)]
        premiums = cp.Constant(np.zeros(self.periods))
        for s, (flow, size) in enumerate(flows):
            slope = p["price"][s] / (2 * p["elasticity"][s] * p["normal"][s] * dt)
            if flow.is_constant() or not slope.any():
                continue
            # No more than what all income pays for, so that the cone's numbers are near 1.
            affordable = min(size, float(np.sqrt(self.money / slope.max())))
            premium, over = self.variable(self.money), self.variable(affordable)
            self.below(flow - p["normal"][s] * dt, over, size)
            self.rows.append(
                cp.square(cp.multiply(np.sqrt(slope / self.money), over)) <= premium / self.money
            )
            premiums = premiums + premium
        return premiums

    def bid_up(self) -> Any:
        p, dt = self.p, self.dt
        if np.isinf(p.scalar("supply_elasticity")) or np.isinf(p["normal_import"]).all():
            return cp.Constant(np.zeros(self.periods))
        counted = np.isfinite(p["normal_import"])
        beyond = self.variable(self.chip_size, self.chips, self.periods, allowed=counted)
        self.at_most(self.imports - beyond, p["normal_import"] * dt, self.chip_size)
        excess, bid = self.variable(self.money), self.variable(self.money)
        self.below(cp.sum(cp.multiply(p["unit_cost"] / 1000, beyond), axis=0), excess, self.money)
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
        for end in {p.sets.reported - 1, self.periods - 1}:
            self.rows.append(cash[end] / self.money >= min(p.scalar("cash0"), 0.0) / self.money)
        self.quantities |= {"cash": cash, "lapsed": lapsed, "received": received}

    # section 9 -----------------------------------------------------------------------------------------

    def value(self) -> Any:
        p = self.p
        home = (p["is_domestic"] * p["research_h100e"]) @ self.during(p["fleet0"], self.stock)
        autonomy = cp.log((home + p["autonomy_floor"]) / p["compute_ref"])
        short = cp.sum(cp.multiply(p["shortfall_weight"], self.shortfall), axis=0)
        yearly = p.scalar("w_capability") * self.capability + p["w_segment"] @ self.service
        yearly = yearly + p.scalar("w_autonomy") * autonomy - p.scalar("shortfall_penalty") * short
        weight = p["discount"] * self.dt
        weight[-1] += p.scalar("terminal") * p["discount"][-1]
        return weight @ yearly
