"""What a plan can have: chips, compute, trade, power, and the domestic industry."""

from __future__ import annotations

from functools import cached_property

import cvxpy as cp
import numpy as np

from models.parameters import Array
from tests.model.oracle_terms import Terms


class Supply(Terms):
    """Fleet, trade, power and industry."""

    # what can be above 0 at all ------------------------------------------------------------------------

    @cached_property
    def toolmaking_exists(self) -> Array:
        p = self.p
        rows = [
            self.existing(
                p["toolmaking0"][g],
                p["toolmaking_pending"][g],
                p["toolmaking_arrival"][g],
                p["toolmaking_build_limit"][g] > 0,
            )
            for g in range(self.tools)
        ]
        return np.array(rows, dtype=bool).reshape(self.tools, self.periods)

    @cached_property
    def wafers_orderable(self) -> Array:
        """A line can grow when tools of every class that it needs are there."""
        p = self.p
        there = np.cumsum(self.toolmaking_exists | (p["tool_import_limit"] > 0), axis=1) > 0
        there |= p["tool_stock0"][:, None] > 0
        needed = p["tools_per_wafer"] > 0
        return np.array([there[needed[n]].all(axis=0) for n in range(self.lines)]).reshape(
            self.lines, self.periods
        )

    @cached_property
    def good_wafers_exist(self) -> Array:
        p = self.p
        rows = [
            self.existing(
                p["wafer_capacity0"][n],
                p["wafer_pending"][n],
                p["wafer_arrival"][n],
                self.wafers_orderable[n],
            )
            for n in range(self.lines)
        ]
        some = np.array(rows, dtype=bool).reshape(self.lines, self.periods)
        return some & (p["ai_share"] * self.used_yield > 0)

    @cached_property
    def used_yield(self) -> Array:
        return np.asarray(1 - (1 - self.p["wafer_yield"]) / (1 + self.p.scalar("transfer")))

    @cached_property
    def finishable(self) -> Array:
        """Whether a home chip can be packaged and given its memory."""
        p = self.p
        packaging = self.existing(
            p.scalar("packaging0"),
            p["packaging_pending"],
            p["packaging_arrival"],
            p["packaging_build_limit"] > 0,
        )
        memory = self.existing(
            p.scalar("hbm_capacity0"), p["hbm_pending"], p["hbm_arrival"], p["hbm_build_limit"] > 0
        )
        memory = np.cumsum(memory | (p["hbm_import_limit"] > 0)) + p.scalar("hbm_stock0") > 0
        packaged = packaging | (p["packages_per_chip"] == 0)[:, None]
        remembered = memory | (p["hbm_per_chip"] == 0)[:, None]
        home = (p["is_domestic"] > 0)[:, None] & (p["launched"] > 0)
        return np.asarray(home & packaged & remembered)

    @cached_property
    def fabricable(self) -> Array:
        p = self.p
        on_line = p["on_line"] > 0
        possible = self.finishable & (p["make_limit"] > 0) & on_line.any(axis=1)[:, None]
        for k, n in np.argwhere(on_line):
            possible[k] &= self.good_wafers_exist[n]
            for q in np.flatnonzero(p["designed_by"][k]):
                possible[k] &= p["designer_ceiling"][q, n] > 0
        return possible

    # section 1 -----------------------------------------------------------------------------------------

    def fleet(self) -> None:
        p, kt = self.p, (self.chips, self.periods)
        capped = np.einsum("rkt,rt->kt", p["cap_weight"] > 0, (p["cap"] == 0) | (p["cap_cumulative"] == 0))
        channels = {
            "imports": (p["import_limit"] > 0) & (capped == 0),
            "grey": (p["grey_open"] > 0) & (p["grey_limit"] > 0),
            "fabricated": self.fabricable,
            "bank_drawn": self.finishable & (p["bank0"] > 0)[:, None],
        }
        self.imports, self.grey, self.fabricated, self.banked = (
            self.variable(self.chip_size, *kt, allowed=allowed) for allowed in channels.values()
        )
        self.domestic = self.fabricated + self.banked
        present = (np.cumsum(sum(channels.values()), axis=1) > 0) | (p["fleet0"][:, None] > 0)
        retired, self.in_research, self.in_delivery = (
            self.variable(self.chip_size, *kt, allowed=present) for _ in range(3)
        )
        self.stock = self.in_research + self.in_delivery
        self.rented = [self.variable(self.compute, allowed=p["rent_limit"] > 0) for _ in range(2)]
        self.rent = self.rented[0] + self.rented[1]
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
        self.within(self.rent, p["rent_limit"], self.compute)
        self.quantities |= {
            "imports": self.imports,
            "grey": self.grey,
            "domestic": self.domestic,
            "bank_drawn": self.banked,
            "retired": retired,
            "fleet": self.stock,
            "rented": cp.vstack(self.rented),
            "research_compute": self.research_compute,
            "delivery_compute": self.delivery_compute,
        }

    # section 2 -----------------------------------------------------------------------------------------

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
        everything = home + abroad + cp.multiply(p["rent_cost"] * dt, self.rent)
        if p["mandate"].any():
            self.below(cp.multiply(p["mandate"], everything), home, self.money)

    # section 3 -----------------------------------------------------------------------------------------

    def power(self) -> None:
        p = self.p
        self.power_built = self.variable(self.draw, allowed=p["power_build_limit"] > 0)
        available = self.built_up(p["power0"], p["power_pending"], p["power_arrival"], self.power_built)
        self.below(p["power_per_chip"] @ self.stock, available, self.draw)
        self.within(self.power_built, p["power_build_limit"] * self.dt, self.draw)
        self.quantities |= {"power": available, "power_built": self.power_built}

    # section 7 -----------------------------------------------------------------------------------------

    def industry(self) -> None:
        p, dt = self.p, self.dt
        self.within(self.fabricated, p["make_limit"] * dt, self.chip_size)
        at_launch = p["bank0"][:, None] * np.ceil(p["launched"])
        self.within(self.banked, at_launch, self.chip_size)
        self.within(cp.sum(self.banked, axis=1), p["bank0"], self.chip_size[:, 0])
        self.wafer_built = self.variable(self.wafers, self.lines, self.periods, allowed=self.wafers_orderable)
        self.wafers_used = [self.line(n) for n in range(self.lines)]
        self.tool_pools()
        self.packaging()
        self.high_bandwidth_memory()
        self.quantities["wafer_built"] = self.wafer_built

    def line(self, n: int) -> cp.Expression:
        """One line's capacity and who may use it; returns the wafers processed, good or not."""
        p, dt = self.p, self.dt
        capacity = self.built_up(
            p["wafer_capacity0"][n], p["wafer_pending"][n], p["wafer_arrival"][n], self.wafer_built[n]
        )
        self.quantities[f"wafer_capacity {p.sets.lines[n]}"] = capacity
        share = 12 * dt * p["ai_share"][n] * self.used_yield[n]
        good = cp.multiply(share, self.during(p["wafer_capacity0"][n], capacity))
        wafers = p["on_line"][:, n] * p["wafers_per_chip"]
        wanted = cp.multiply(wafers[:, None], self.fabricated)
        size = 12 * dt * self.wafers[n, 0]
        self.below(cp.sum(wanted, axis=0), good, size)
        for k in np.flatnonzero(wafers):
            if (p["launched"][k] < 1).any():
                self.below(wanted[k], cp.multiply(p["launched"][k], good), size)
        for q in range(len(p.sets.designers)):
            if (p["designer_ceiling"][q, n] < 1).any():
                designed = p["designed_by"][:, q] @ wanted
                self.below(designed, cp.multiply(p["designer_ceiling"][q, n], good), size)
        works = self.used_yield[n] > 0
        return cp.multiply(works / np.where(works, self.used_yield[n], 1.0), cp.sum(wanted, axis=0))

    def tool_pools(self) -> None:
        p, dt, gt = self.p, self.dt, (self.tools, self.periods)
        self.tools_bought = self.variable(self.tooling, *gt, allowed=p["tool_import_limit"] > 0)
        self.tools_made = self.variable(self.tooling, *gt, allowed=self.toolmaking_exists)
        self.toolmaking_built = self.variable(self.tooling, *gt, allowed=p["toolmaking_build_limit"] > 0)
        self.within(self.tools_bought, p["tool_import_limit"] * dt, self.tooling)
        self.within(self.toolmaking_built, p["toolmaking_build_limit"] * dt, self.tooling)
        for g, name in enumerate(p.sets.tool_classes):
            toolmaking = self.built_up(
                p["toolmaking0"][g],
                p["toolmaking_pending"][g],
                p["toolmaking_arrival"][g],
                self.toolmaking_built[g],
            )
            self.below(self.tools_made[g], dt * self.during(p["toolmaking0"][g], toolmaking), self.tooling)
            used = p["tools_per_wafer"][:, g] @ self.wafer_built if self.lines else np.zeros(self.periods)
            pool = p["tool_stock0"][g] + cp.cumsum(self.tools_bought[g] + self.tools_made[g] - used)
            self.below(cp.Constant(np.zeros(self.periods)), pool, self.tooling)
            self.quantities |= {f"tool_stock {name}": pool, f"toolmaking {name}": toolmaking}
        self.quantities |= {"tools_bought": self.tools_bought, "tools_made": self.tools_made}

    def packaging(self) -> None:
        p, dt = self.p, self.dt
        self.packaging_built = self.variable(self.packages, allowed=p["packaging_build_limit"] > 0)
        self.within(self.packaging_built, p["packaging_build_limit"] * dt, self.packages)
        capacity = self.built_up(
            p["packaging0"], p["packaging_pending"], p["packaging_arrival"], self.packaging_built
        )
        packaged = dt * self.during(p["packaging0"], capacity)
        wanted = cp.multiply(p["packages_per_chip"][:, None], self.domestic)
        self.below(cp.sum(wanted, axis=0), packaged, self.packages)
        for k in np.flatnonzero(p["packages_per_chip"] * p["is_domestic"]):
            if (p["launched"][k] < 1).any():
                self.below(wanted[k], cp.multiply(p["launched"][k], packaged), self.packages)
        self.quantities["packaging_capacity"] = capacity

    def high_bandwidth_memory(self) -> None:
        p, dt = self.p, self.dt
        self.hbm_built = self.variable(self.memory, allowed=p["hbm_build_limit"] > 0)
        self.hbm_imports = self.variable(self.memory, allowed=p["hbm_import_limit"] > 0)
        self.within(self.hbm_built, p["hbm_build_limit"] * dt, self.memory)
        self.within(self.hbm_imports, p["hbm_import_limit"] * dt, self.memory)
        capacity = self.built_up(p["hbm_capacity0"], p["hbm_pending"], p["hbm_arrival"], self.hbm_built)
        made = dt * self.during(p["hbm_capacity0"], capacity) + self.hbm_imports
        left = p["hbm_stock0"] + cp.cumsum(made - p["hbm_per_chip"] @ self.domestic)
        self.below(cp.Constant(np.zeros(self.periods)), left, self.memory)
        self.quantities |= {"hbm_stock": left, "hbm_imports": self.hbm_imports}
