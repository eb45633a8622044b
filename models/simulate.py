"""A plan run forward: what a strategy's decisions lead to, by the true functions, in plain numpy.

This is a third statement of the mathematics, independent of Pyomo and of the solver. It values any
strategy, and it turns the solution of a relaxation into a plan that the true model allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.parameters import (
    COBB_DOUGLAS_RANGE,
    SMALLEST_INDEX,
    SMALLEST_SPILLOVER,
    Array,
    PlanParameters,
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
    "wafer_built",
    "hbm_built",
    "hbm_imports",
    "lapsed",
)
CASH_ROUNDING: Final = 1e-12
_SMALLEST_STOCK = 1e-12


def simulate(
    parameters: PlanParameters, decisions: Mapping[str, Array], settle: bool = False
) -> dict[str, Array]:
    """Every variable of the model that follows from `decisions` (names in `DECISIONS`).

    Arrays are shaped by the model's index sets, periods last. `stock` fixes only how each chip's fleet is
    split between uses. With `settle=True` a plan that overdraws its cash in a period first lets less money
    lapse, then buys less on the markets, and more lapses where cash exceeds what may be carried; without
    it, decisions stand as they are and the limits may be broken.
    """
    if not settle:
        run = _Run(parameters, decisions)
        run.forward(None)
        return run.finish()
    least_cash = _least_cash(parameters)
    for _ in parameters.sets.periods:
        run = _Run(parameters, decisions)
        unpaid = run.forward(least_cash)
        if unpaid is None or unpaid[0] == 0:
            break
        # Not even buying nothing pays for this period: the one before must leave that much more.
        period, short = unpaid
        kept = (1 + parameters.scalar("interest")) ** parameters.scalar("dt")
        least_cash[period - 1] += short / kept
    return run.finish()


def _least_cash(parameters: PlanParameters) -> Array:
    """The least cash that each period may end with."""
    least = -parameters["debt_limit"]
    least[-1] = max(least[-1], min(parameters.scalar("cash0"), 0.0))
    return least


def objective(parameters: PlanParameters, values: Mapping[str, Array]) -> float:
    """The plan's objective, in log units times years."""
    p = parameters
    value = p.scalar("w_capability") * values["capability"] + p.scalar("w_autonomy") * values["autonomy"]
    value = value + p["w_segment"] @ values["service"]
    value = value - p.scalar("shortfall_penalty") * values["shortfall"].sum(axis=0)
    weight = p["discount"] * p["dt"]
    weight[-1] += p.scalar("terminal") * p["discount"][-1]
    return float(weight @ value)


def weight_of_time(parameters: PlanParameters) -> float:
    """Years, discounted, for which the objective counts: what turns it into average log units."""
    p = parameters
    return float(p["discount"].sum() * p["dt"] + p.scalar("terminal") * p["discount"][-1])


@dataclass
class _Run:
    """The state of a forward run: parameters, decisions (which settling may change), and results."""

    p: PlanParameters
    decisions: Mapping[str, Array]
    decided: dict[str, Array] = field(default_factory=dict)
    out: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        p, sets = self.p, self.p.sets
        self.decided = {name: np.array(self.decisions[name], dtype=float) for name in DECISIONS}
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
        self.slope = p["price"] / (2 * p["elasticity"] * p["normal"] * self.dt)
        self.out.update(self.decided)
        self.out["retired"] = np.zeros_like(self.decided["retired"])
        for name in (
            *("research_compute", "delivery_compute", "power", "talent", "hbm_capacity", "hbm_stock"),
            *("buy", "rent", "chips_cost", "talent_cost", "power_spend", "imports_value", "excess"),
            *("bidup", "recovered", "home_returned", "total", "cash", "home_compute"),
        ):
            self.out[name] = np.zeros(periods)
        self.out["fleet"] = np.zeros((len(sets.chips), periods))
        self.out["wafer_capacity"] = np.zeros((len(sets.lines), periods))
        self.out["energy"] = np.zeros((uses, periods))
        self.out["use_cost"] = np.zeros((uses, periods))
        self.out["flow"] = np.zeros((len(sets.supplies), periods))
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
        self.research_and_delivery()
        return self.out

    def arrived(self, arrival: Array, order: Array) -> Array:
        """Orders (periods last) turned into arrivals by their profile (delays last)."""
        periods = order.shape[-1]
        total = np.zeros_like(order)
        for delay in range(min(arrival.shape[-1], periods)):
            total[..., delay:] += arrival[..., delay, None] * order[..., : periods - delay]
        return total

    def built_stocks(self) -> None:
        """Stocks that depend on orders alone: power, wafers, memory capacity, talent."""
        p, out, d = self.p, self.out, self.decided
        power = p["power_pending"] + self.arrived(p["power_arrival"], d["power_built"])
        out["power"] = p["power0"] + np.cumsum(power)
        wafers = p["wafer_pending"] + self.arrived(p["wafer_arrival"], d["wafer_built"])
        out["wafer_capacity"] = p["wafer_capacity0"][:, None] + np.cumsum(wafers, axis=1)
        memory = p["hbm_pending"] + self.arrived(p["hbm_arrival"], d["hbm_built"])
        out["hbm_capacity"] = p["hbm_capacity0"] + np.cumsum(memory)
        made = self.dt * _mid(p["hbm_capacity0"], out["hbm_capacity"])
        used = p["hbm_per_chip"] @ d["domestic"]
        out["hbm_stock"] = p["hbm_stock0"] + np.cumsum(made + d["hbm_imports"] - used)
        stays = (1 - p.scalar("attrition")) ** self.dt
        people = p.scalar("talent0")
        joined = d["trained"] + d["recruited"]
        for t in range(len(joined)):
            available = stays * people + joined[t]
            d["released"][t] = min(d["released"][t], available)
            people = available - d["released"][t]
            out["talent"][t] = people
        out["released"] = d["released"]

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
        home = p["is_domestic"] * p["research_h100e"]
        out["home_compute"][t] = home @ (self.fleet_before + out["fleet"][:, t]) / 2

    def pay(self, t: int) -> None:
        """Money of period t, by the true premiums and bid-up."""
        p, out, d, dt = self.p, self.out, self.decided, self.dt
        cost = p["unit_cost"][:, t]
        imports, grey, domestic = d["imports"][:, t], d["grey"][:, t], d["domestic"][:, t]
        out["buy"][t] = (
            (cost + p["fee"][:, t]) @ imports + (cost + p["grey_premium"][:, t]) @ grey + cost @ domestic
        ) / 1000
        rented = d["rented"][:, t]
        out["rent"][t] = p["rent_cost"][t] * dt * rented.sum()
        out["energy"][:, t] = p["energy_cost"][t] * dt * (p["power_per_chip"] @ self.stock_mid)
        out["chips_cost"][t] = (
            p["wafer_cost"] @ d["wafer_built"][:, t]
            + p["hbm_cost"] * d["hbm_built"][t]
            + p["hbm_price"][t] * d["hbm_imports"][t]
        )
        people = (out["talent"][t - 1] if t else p["talent0"]) + out["talent"][t]
        out["talent_cost"][t] = (
            p["wage"] * dt * people / 2
            + p["recruit_cost"] * d["recruited"][t]
            + p["education_cost"] * d["education"][t]
        )
        out["power_spend"][t] = p["power_cost"] * d["power_built"][t]
        flow = np.array(
            [
                self.better_rating @ grey,
                dt * rented.sum(),
                d["recruited"][t],
                d["hbm_built"][t],
                *d["wafer_built"][:, t],
            ]
        )
        premium = self.slope * flow**2
        out["flow"][:, t], out["premium"][:, t] = flow, premium
        out["imports_value"][t] = cost @ imports / 1000
        base = p["base_value"][t] * dt
        excess = max(out["imports_value"][t] - base, 0.0)
        depth = p.scalar("supply_elasticity") * p["world_spend"][t] * dt
        out["excess"][t] = excess
        out["bidup"][t] = (base * excess + excess**2) / depth
        capital = p["charge"][:, t] @ self.stock_mid / 1000
        out["use_cost"][:, t] = dt * (capital + p["rent_cost"][t] * rented) + out["energy"][:, t]
        out["spend"][:2, t] = out["use_cost"][:, t]
        out["spend"][2, t] = out["chips_cost"][t] + premium[3:].sum()
        out["spend"][3, t] = out["talent_cost"][t] + premium[2]
        out["spend"][4, t] = out["power_spend"][t]
        out["total"][t] = out["spend"][:, t].sum()
        out["recovered"][t] = p["cost_recovery"] * out["use_cost"][1, t]
        out["home_returned"][t] = p["home_return"] * ((p["chip_part"] * cost) @ domestic) / 1000
        before = out["cash"][t - 1] if t else p.scalar("cash0")
        out["cash"][t] = (
            (1 + p.scalar("interest")) ** dt * before
            + p["income"][t] * dt
            + out["recovered"][t]
            + out["home_returned"][t]
            - self.outlays(t)
            - d["lapsed"][t]
        )

    def outlays(self, t: int) -> float:
        """Everything paid in period t (USD bn)."""
        out = self.out
        single = ("buy", "rent", "chips_cost", "talent_cost", "power_spend", "bidup")
        return float(
            sum(out[name][t] for name in single) + out["energy"][:, t].sum() + out["premium"][:, t].sum()
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
        return self.buy_less(t, least) if short > less else 0.0

    def buy_less(self, t: int, least: float) -> float:
        """Scale market purchases of period t down until cash reaches `least`; what is short without any."""
        d = self.decided
        planned = {name: d[name][..., t].copy() for name in ("imports", "grey")}

        def cash_at(share: float) -> float:
            for name, amount in planned.items():
                d[name][..., t] = share * amount
            self.physical(t)
            self.pay(t)
            return float(self.out["cash"][t])

        low, high = 0.0, 1.0
        # Rounding must not make the search miss the limit that it aims at.
        enough = least - CASH_ROUNDING * (1 + abs(least))
        if cash_at(low) < enough:
            return least - float(self.out["cash"][t])
        cash_low, cash_high = self.out["cash"][t], cash_at(high)
        for _ in range(60):
            if cash_low - cash_high <= 0 or high - low < 1e-15:
                break
            # Cash is concave in the share, so the secant stays on the side that can be paid.
            middle = low + (high - low) * (cash_low - least) / (cash_low - cash_high)
            middle = min(max(middle, low), high)
            cash = cash_at(middle)
            if cash >= enough:
                if middle - low < 1e-15:
                    break
                low, cash_low = middle, cash
            else:
                high, cash_high = middle, cash
        cash_at(low)
        return 0.0

    def research_and_delivery(self) -> None:
        """Capability, service and autonomy of the whole run."""
        p, out, dt = self.p, self.out, self.dt
        x = (out["research_compute"] + p["compute_floor"]) / p["compute_ref"]
        y = _mid(p["talent0"], out["talent"]) / p["talent_ref"] + SMALLEST_INDEX
        effort = _constant_elasticity(p, x, y) ** p.scalar("parallel")
        rate = max(p.scalar("spillover"), SMALLEST_SPILLOVER)
        gain = (1 - np.exp(-rate * dt)) / rate
        reach = 1 - np.exp(-p.scalar("spillover") * dt)
        frontier = (p["frontier"][:-1] + p["frontier"][1:]) / 2
        knowledge, absorbed = np.zeros_like(x), np.zeros_like(x)
        before = p.scalar("knowledge0")
        for t in range(len(x)):
            capacity = ((1 + p.scalar("absorption")) * dt - gain) * effort[t]
            absorbed[t] = min(reach * (frontier[t] - before), capacity)
            before = knowledge[t] = before + gain * effort[t] + absorbed[t]
        efficiency = p["returns"] * np.log(_mid(p["knowledge0"], knowledge) / p["knowledge_ref"])
        own = efficiency + np.log(x)
        with np.errstate(invalid="ignore"):
            wall = (1 - p["data_slope"]) * np.log(p["data_wall"] / p["compute_ref"])
        if np.isfinite(wall):
            own = np.minimum(own, efficiency + p["data_slope"] * np.log(x) + wall)
        capability = (own + p["imitation"] * p["leader_capability"]) / (1 + p["imitation"])
        out |= {
            "research_index": x,
            "talent_index": y,
            "effort": effort,
            "knowledge": knowledge,
            "absorbed": absorbed,
            "efficiency": efficiency,
            "own": own,
            "capability": capability,
        }
        self.deliver(efficiency)
        out["autonomy"] = np.log((out["home_compute"] + p["autonomy_floor"]) / p["compute_ref"])
        weight = np.einsum("rkt,kt->rt", p["cap_weight"], out["imports"])
        out["counted"] = np.cumsum(weight, axis=1)

    def deliver(self, efficiency: Array) -> None:
        """Service by segment; compute that is short is short for every segment alike."""
        p, out = self.p, self.out
        used = out["segment_compute"].sum(axis=0)
        share = np.minimum(1.0, out["delivery_compute"] / np.maximum(used, _SMALLEST_STOCK))
        out["segment_compute"] *= share
        helped = (1 - p["openness"]) * efficiency + p["openness"] * p["leader_efficiency"]
        compute = out["segment_compute"] + p["segment_floor"][:, None]
        service = np.log(compute / p["segment_ref"][:, None]) + p["passthrough"][:, None] * helped
        out["service"] = np.minimum(service, p["service_ceiling"])
        out["shortfall"] = np.maximum(p["service_floor"] - out["service"], 0.0)


def _mid(initial: Array, stock: Array) -> Array:
    """The mean of an end-of-period stock (periods last) over each period."""
    before = np.concatenate([np.broadcast_to(initial, stock[..., :1].shape), stock[..., :-1]], axis=-1)
    return (before + stock) / 2


def _constant_elasticity(p: PlanParameters, x: Array, y: Array) -> Array:
    theta = p.scalar("theta")
    rho = (p.scalar("substitution") - 1) / p.scalar("substitution")
    if abs(rho) < COBB_DOUGLAS_RANGE:
        return np.asarray(np.exp(theta * np.log(x) + (1 - theta) * np.log(y)))
    terms = np.logaddexp(np.log(theta) + rho * np.log(x), np.log(1 - theta) + rho * np.log(y))
    return np.asarray(np.exp(terms / rho))
