"""A plan run forward: what a strategy's decisions lead to, by the true functions, in plain numpy.

This is a third statement of the mathematics, independent of Pyomo and of the solver. It values any
strategy, and it turns the solution of a relaxation into a plan that the true model allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.indices import indices, mid
from models.parameters import Array, PlanParameters
from models.stages import (
    STAGED_DECISIONS,
    arrived,
    decided_stages,
    good_share,
    outcome,
    programmes_cost,
)

DECISIONS: Final = (
    "imports",
    "grey",
    "domestic",
    "bank_drawn",
    "retired",
    "stock",
    "rented",
    "power_built",
    "trained",
    "recruited",
    "released",
    "education",
    "segment_compute",
    "research_agents",
    "wafer_built",
    "packaging_built",
    "tools_bought",
    "tools_made",
    "toolmaking_built",
    "hbm_built",
    "hbm_imports",
    "lapsed",
    *STAGED_DECISIONS,
)
# What a period that cannot be paid for does without, in this order: first the markets, then home-made chips
# (with the stockpiled dies in them), then recruits. Each group is scaled down as a whole, which breaks no
# other limit of the plan: a home-market mandate stands while purchases abroad go first, and nothing else
# needs what is not bought. Orders of plants, memory and power are not touched: later periods use them.
SAVINGS: Final = (("imports", "grey", "rented"), ("domestic", "bank_drawn"), ("recruited",))
# In staged mode a level rests on the wafers started before it, so that home-made chips go last.
STAGED_SAVINGS: Final = (SAVINGS[0], SAVINGS[2], SAVINGS[1])
CASH_ROUNDING: Final = 1e-12
_SMALLEST_STOCK = 1e-12
# the scalars that pay for a period, read once per run
RATES: Final = (
    *("hbm_cost", "talent0", "wage", "recruit_cost", "education_cost", "hiring_cost", "release_cost"),
    *("power_cost", "packaging_cost", "supply_elasticity", "cost_recovery", "home_return", "cash0"),
)

NO_CEILINGS: Final[Mapping[str, Array]] = {}


def simulate(
    parameters: PlanParameters,
    decisions: Mapping[str, Array],
    settle: bool = False,
    ceilings: Mapping[str, Array] = NO_CEILINGS,
) -> dict[str, Array]:
    """Every variable of the model that follows from `decisions` (names in `DECISIONS`).

    Arrays are shaped by the model's index sets, periods last. `stock` fixes only how each chip's fleet is
    split between uses. With `settle=True` a plan that overdraws its cash in a period first lets less money
    lapse, then saves on `SAVINGS`, and more lapses where cash exceeds what may be carried; without
    it, decisions stand as they are and the limits may be broken. `ceilings` hold indices down
    (`models.indices`).
    """
    if not settle:
        run = _Run(parameters, decisions, ceilings)
        run.forward(None)
        return run.finish()
    least_cash = _least_cash(parameters)
    for _ in parameters.sets.periods:
        run = _Run(parameters, decisions, ceilings)
        unpaid = run.forward(least_cash)
        if unpaid is None or unpaid[0] == 0:
            break
        # Not even all savings pay for this period: the one before must leave that much more.
        period, short = unpaid
        kept = (1 + parameters.scalar("interest")) ** parameters.scalar("dt")
        least_cash[period - 1] += short / kept
    return run.finish()


def _least_cash(parameters: PlanParameters) -> Array:
    """The least cash that each period may end with."""
    least = -parameters["debt_limit"]
    for last in (parameters.sets.reported - 1, -1):
        least[last] = max(least[last], min(parameters.scalar("cash0"), 0.0))
    return least


def objective(parameters: PlanParameters, values: Mapping[str, Array]) -> float:
    """The plan's objective, in log units times years."""
    p = parameters
    value = p.scalar("w_capability") * values["capability"] + p.scalar("w_autonomy") * values["autonomy"]
    value = value + p["w_segment"] @ values["service"]
    missed = (p["shortfall_weight"] * values["shortfall"]).sum(axis=0)
    value = value - p.scalar("shortfall_penalty") * missed
    weight = p["discount"] * p["dt"]
    weight[-1] += p.scalar("terminal") * p["discount"][-1]
    return float(weight @ value)


def weight_of_time(parameters: PlanParameters, first: int = 0) -> float:
    """Years, discounted, for which the objective counts from a period on: what turns it into average log
    units."""
    p = parameters
    return float(p["discount"][first:].sum() * p["dt"] + p.scalar("terminal") * p["discount"][-1])


@dataclass
class _Run:
    """The state of a forward run: parameters, decisions (which settling may change), and results."""

    p: PlanParameters
    decisions: Mapping[str, Array]
    ceilings: Mapping[str, Array]
    decided: dict[str, Array] = field(default_factory=dict)
    out: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        p, sets = self.p, self.p.sets
        plain = (name for name in DECISIONS if name not in STAGED_DECISIONS)
        self.decided = {name: np.array(self.decisions[name], dtype=float) for name in plain}
        self.decided |= decided_stages(p, self.decisions)
        periods, uses = len(sets.periods), len(sets.uses)
        self.dt = p.scalar("dt")
        self.kept = p["survival"] ** self.dt
        self.kept_half = p["survival"] ** (self.dt / 2)
        self.fleet_before = p["fleet0"].copy()
        self.stock_before = p["fleet0"][:, None] * p["use0"]
        total = self.decided["stock"].sum(axis=1, keepdims=True)
        split = np.where(total > _SMALLEST_STOCK, self.decided["stock"], p["use0"][None, :, None])
        self.use_share = split / split.sum(axis=1, keepdims=True)
        self.better_rating = np.maximum(p["research_h100e"], p["delivery_h100e"])
        self.import_cost = (p["unit_cost"] + p["fee"]).T.copy()
        self.grey_cost = (p["unit_cost"] + p["grey_premium"]).T.copy()
        self.rate = {name: p.scalar(name) for name in RATES}
        self.grown = (1 + p.scalar("interest")) ** self.dt
        good = good_share(p, self.decided)
        self.starts_per_good_wafer = np.divide(1.0, good, out=np.zeros_like(good), where=good > 0)
        self.wafers_on_line = (p["on_line"] * p["wafers_per_chip"][:, None]).T
        self.normal = p["normal"] * self.dt
        self.slope = p["price"] / (2 * p["elasticity"][:, None] * self.normal)
        self.normal_import = p["normal_import"] * self.dt
        self.out.update(self.decided)
        self.programmes = programmes_cost(self.decided)
        for name in ("retired", "released", "research_agents"):
            self.out[name] = np.zeros_like(self.decided[name])
        self.out["wafers_started"] = np.zeros((len(sets.lines), periods))
        for name in (
            *("research_compute", "delivery_compute", "talent", "hbm_stock"),
            *("buy", "rent", "chips_cost", "talent_cost", "power_spend", "excess"),
            *("bidup", "recovered", "home_returned", "total", "cash", "home_compute", "agents_cost"),
        ):
            self.out[name] = np.zeros(periods)
        self.out["beyond"] = np.zeros((len(sets.chips), periods))
        self.out["fleet"] = np.zeros((len(sets.chips), periods))
        self.out["energy"] = np.zeros((uses, periods))
        self.out["use_cost"] = np.zeros((uses, periods))
        self.out["flow"] = np.zeros((len(sets.supplies), periods))
        self.out["over"] = np.zeros((len(sets.supplies), periods))
        self.out["premium"] = np.zeros((len(sets.supplies), periods))
        self.out["spend"] = np.zeros((len(sets.categories), periods))
        self.built_stocks()

    def forward(self, least_cash: Array | None) -> tuple[int, float] | None:
        """Run all periods; with `least_cash`, settle each. The first period that cannot be paid for, and by
        how much; None if there is none."""
        unpaid = None
        for t in range(len(self.p.sets.periods)):
            self.physical(t)
            self.pay(t)
            if least_cash is not None:
                short = self.settle(t, float(least_cash[t]))
                if short > 0 and unpaid is None:
                    unpaid = (t, short)
        return unpaid

    def finish(self) -> dict[str, Array]:
        """Everything that follows from the run."""
        p, out, d = self.p, self.out, self.decided
        made = self.dt * mid(p["hbm_capacity0"], out["hbm_capacity"])
        used = p["hbm_per_chip"] @ d["domestic"]
        out["hbm_stock"] = p["hbm_stock0"] + np.cumsum(made + d["hbm_imports"] - used)
        out |= outcome(p, out)
        out |= indices(p, out, self.ceilings)
        return out

    def built_stocks(self) -> None:
        """Stocks that depend on orders alone: power, wafers, tools, packaging, memory capacity, talent."""
        p, out, d = self.p, self.out, self.decided
        power = p["power_pending"] + arrived(p["power_arrival"], d["power_built"])
        out["power"] = p["power0"] + np.cumsum(power)
        wafers = p["wafer_pending"] + arrived(p["wafer_arrival"], d["wafer_built"])
        out["wafer_capacity"] = p["wafer_capacity0"][:, None] + np.cumsum(wafers, axis=1)
        memory = p["hbm_pending"] + arrived(p["hbm_arrival"], d["hbm_built"])
        out["hbm_capacity"] = p["hbm_capacity0"] + np.cumsum(memory)
        packages = p["packaging_pending"] + arrived(p["packaging_arrival"], d["packaging_built"])
        out["packaging_capacity"] = p["packaging0"] + np.cumsum(packages)
        toolmakers = p["toolmaking_pending"] + arrived(p["toolmaking_arrival"], d["toolmaking_built"])
        out["toolmaking"] = p["toolmaking0"][:, None] + np.cumsum(toolmakers, axis=1)
        equipped = p["tools_per_wafer"].T @ d["wafer_built"]
        tools = np.cumsum(d["tools_bought"] + d["tools_made"] - equipped, axis=1)
        out["tool_stock"] = p["tool_stock0"][:, None] + tools
        self.people(0)

    def people(self, first: int) -> None:
        """Talent from a period on: nobody is released who is not there."""
        p, out, d = self.p, self.out, self.decided
        stays = (1 - p.scalar("attrition")) ** self.dt
        people = float(out["talent"][first - 1]) if first else p.scalar("talent0")
        for t in range(first, len(out["talent"])):
            available = stays * people + d["trained"][t] + d["recruited"][t]
            out["released"][t] = min(d["released"][t], available)
            out["talent"][t] = people = available - out["released"][t]

    def physical(self, t: int) -> None:
        """Fleet, its use, and the compute of period t."""
        p, out, d = self.p, self.out, self.decided
        if t:
            self.fleet_before = out["fleet"][:, t - 1]
            self.stock_before = out["stock"][:, :, t - 1]
        bought = d["imports"][:, t] + d["grey"][:, t] + d["domestic"][:, t]
        available = self.kept * self.fleet_before + self.kept_half * bought
        out["retired"][:, t] = np.minimum(d["retired"][:, t], available)
        out["fleet"][:, t] = available - out["retired"][:, t]
        out["stock"][:, :, t] = out["fleet"][:, t, None] * self.use_share[:, :, t]
        self.stock_mid = (self.stock_before + out["stock"][:, :, t]) / 2
        out["research_compute"][t] = p["research_h100e"] @ self.stock_mid[:, 0] + d["rented"][0, t]
        out["delivery_compute"][t] = p["delivery_h100e"] @ self.stock_mid[:, 1] + d["rented"][1, t]
        delivered = out["delivery_compute"][t]
        used = d["segment_compute"][:, t].sum() + d["research_agents"][t]
        out["research_agents"][t] = d["research_agents"][t] * min(1.0, delivered / max(used, _SMALLEST_STOCK))
        home = p["is_domestic"] * p["research_h100e"]
        out["home_compute"][t] = home @ (self.fleet_before + out["fleet"][:, t]) / 2

    def pay(self, t: int) -> None:
        """Money of period t, by the true premiums and bid-up."""
        p, out, d, dt, rate = self.p, self.out, self.decided, self.dt, self.rate
        cost = p["unit_cost"][:, t]
        imports, grey, domestic = d["imports"][:, t], d["grey"][:, t], d["domestic"][:, t]
        recruited, hbm_built, lines = d["recruited"][t], d["hbm_built"][t], d["wafer_built"][:, t]
        packaging_built = d["packaging_built"][t]
        rented = d["rented"][:, t]
        hired = rented.sum()
        buy = (self.import_cost[t] @ imports + self.grey_cost[t] @ grey + cost @ domestic) / 1000
        rent = p["rent_cost"][t] * dt * hired
        energy = p["energy_cost"][t] * dt * (p["power_per_chip"] @ self.stock_mid)
        good = self.wafers_on_line @ (domestic - d["bank_drawn"][:, t])
        started = self.starts_per_good_wafer[:, t] * good
        chips_cost = (
            p["wafer_cost"] @ lines
            + p["wafer_run_cost"] @ started
            + p["tool_price"][:, t] @ (d["tools_bought"][:, t] + d["tools_made"][:, t])
            + p["toolmaking_cost"] @ d["toolmaking_built"][:, t]
            + rate["packaging_cost"] * packaging_built
            + rate["hbm_cost"] * hbm_built
            + p["hbm_price"][t] * d["hbm_imports"][t]
            + self.programmes[t]
        )
        people = (out["talent"][t - 1] if t else rate["talent0"]) + out["talent"][t]
        talent_cost = (
            rate["wage"] * dt * people / 2
            + rate["recruit_cost"] * recruited
            + rate["education_cost"] * d["education"][t]
            + rate["hiring_cost"] * d["trained"][t]
            + rate["release_cost"] * out["released"][t]
        )
        power_spend = rate["power_cost"] * d["power_built"][t]
        common = (self.better_rating @ grey, dt * hired, recruited, hbm_built, packaging_built)
        flow = np.array([*common, *d["tools_bought"][:, t], *lines])
        over = np.maximum(flow - self.normal[:, t], 0.0)
        premium = self.slope[:, t] * over**2
        base = p["base_value"][t] * dt
        beyond = np.maximum(imports - self.normal_import[:, t], 0.0)
        excess = cost @ beyond / 1000
        depth = rate["supply_elasticity"] * p["world_spend"][t] * dt
        bidup = (base * excess + excess**2) / depth
        capital = p["charge"][:, t] @ self.stock_mid / 1000
        use_cost = dt * (capital + p["rent_cost"][t] * rented) + energy
        spend = out["spend"][:, t]
        agents = out["research_agents"][t]
        agents_cost = use_cost[1] * agents / out["delivery_compute"][t] if agents > 0 else 0.0
        spend[:2] = use_cost[0] + agents_cost, use_cost[1] - agents_cost
        spend[2] = chips_cost + premium[3:].sum()
        spend[3] = talent_cost + premium[2]
        spend[4] = power_spend
        recovered = rate["cost_recovery"] * use_cost[1]
        home_returned = rate["home_return"] * ((p["chip_part"] * cost) @ domestic) / 1000
        before = out["cash"][t - 1] if t else rate["cash0"]
        outlays = buy + rent + chips_cost + talent_cost + power_spend + bidup + energy.sum() + premium.sum()
        out["buy"][t], out["rent"][t], out["chips_cost"][t] = buy, rent, chips_cost
        out["talent_cost"][t], out["power_spend"][t], out["bidup"][t] = talent_cost, power_spend, bidup
        out["excess"][t], out["total"][t] = excess, spend.sum()
        out["agents_cost"][t] = agents_cost
        out["beyond"][:, t], out["over"][:, t] = beyond, over
        out["flow"][:, t], out["premium"][:, t] = flow, premium
        out["wafers_started"][:, t] = started
        out["energy"][:, t], out["use_cost"][:, t] = energy, use_cost
        out["recovered"][t], out["home_returned"][t] = recovered, home_returned
        out["cash"][t] = (
            self.grown * before
            + p["income"][t] * dt
            + recovered
            + home_returned
            - float(outlays)
            - d["lapsed"][t]
        )

    def settle(self, t: int, least: float) -> float:
        """Bring the cash of period t between `least` and what may be carried; what it still lacks."""
        out, d = self.out, self.decided
        most = self.p["carry_limit"][t]
        if out["cash"][t] > most:
            d["lapsed"][t] += out["cash"][t] - most
            out["cash"][t] = most
        short = least - out["cash"][t]
        if short <= 0:
            return 0.0
        less = min(short, d["lapsed"][t])
        d["lapsed"][t] -= less
        out["cash"][t] += less
        return self.save(t, least) if short > less else 0.0

    def save(self, t: int, least: float) -> float:
        """Scale the decisions of period t in `SAVINGS` down until cash reaches `least`; what is short when
        nothing is left of them."""
        for names in STAGED_SAVINGS if self.p.sets.levels else SAVINGS:
            if self.scaled_down(t, names, least):
                return 0.0
        return least - float(self.out["cash"][t])

    def scaled_down(self, t: int, names: tuple[str, ...], least: float) -> bool:
        """Whether some share of these decisions of period t lets cash reach `least`. They are scaled to the
        largest such share, or to nothing; where that would bring in no money they stay."""
        d = self.decided
        planned = {name: d[name][..., t].copy() for name in names}
        high, cash_high = 1.0, float(self.out["cash"][t])

        def cash_at(share: float) -> float:
            for name, amount in planned.items():
                d[name][..., t] = share * amount
            if "recruited" in planned:
                self.people(t)
            self.physical(t)
            self.pay(t)
            return float(self.out["cash"][t])

        low, cash_low = 0.0, cash_at(0.0)
        # Rounding must not make the search miss the limit that it aims at.
        rounding = CASH_ROUNDING * (1 + abs(least))
        if cash_low <= cash_high:
            cash_at(1.0)
            return False
        if cash_low < least - rounding:
            return False
        curve, share = 0.0, 0.0
        for _ in range(60):
            if cash_low - cash_high <= 0 or high - low < 1e-15 or cash_low <= least + rounding:
                break
            # Cash is concave in the share and mostly one parabola: the chord stays on the side that can be
            # paid, and with the curvature that it shows the next step arrives.
            slope = (cash_high - cash_low) / (high - low)
            linear = slope - curve * (high - low)
            root = linear * linear - 4 * curve * (cash_low - least)
            step = 2 * (cash_low - least) / (np.sqrt(root) - linear) if root >= 0 and linear <= 0 else -1.0
            if not 0 < step < high - low:
                step = (least - cash_low) / slope
            share = low + step
            cash = cash_at(share)
            if low < share < high:
                curve = (slope - (cash - cash_low) / (share - low)) / (high - share)
            if cash >= least - rounding:
                if share - low < 1e-15:
                    break
                low, cash_low = share, cash
            else:
                high, cash_high = share, cash
        if share != low:
            cash_at(low)
        return True
