"""A country as a buyer: its plan at market prices, with supply shares and its own bid-up left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.run import OPTIMAL, CountryRun
from optimizer.errors import Diagnostic, SolverError
from optimizer.instance import Instance
from optimizer.instance.resolve import quantity_of, resolve_at
from optimizer.solver import Start
from optimizer.study.country import Sent, leader_path, received, sent, solve_country, solve_near
from optimizer.study.equilibrium.bids import Valued
from optimizer.study.equilibrium.goods import Goods
from optimizer.study.equilibrium.sweeps import Buyer, Prices, Ration, Respond, Response
from optimizer.study.plan_solver import AnchoredPlan, PlanSolver, widest
from optimizer.study.runner import process_ended, run_each

THOUSAND: Final = 1000.0
# so many times the world's output that it is no limit
WIDE: Final = 1000.0
NOTHING: Final = 1e-9


@dataclass
class Nation:
    """A country that buys on the world's market. `starts` are where its last solves ended, with a ration and
    without: one of the other kind is far off. With a plan that is `near` all solves start from that one."""

    instance: Instance
    country: str
    goods: Goods
    plan_solver: PlanSolver
    objective: str | None
    gap: float
    starts: dict[bool, Start] = field(default_factory=dict)
    near: AnchoredPlan | None = None

    @property
    def name(self) -> str:
        return self.country

    @cached_property
    def _reach(self) -> Array:
        """What money can buy, thousand chips per year, (chips, years): the normal share while contracts hold,
        and no share of supply after that; a chip of which it is 0 is not sold there."""
        normal, output = (quantity_of(self.instance, self.country, one) for one in ("supply", "output"))
        wide = np.where(normal > 0, WIDE * output, 0.0)
        years = self.goods.market.contracted // self.instance.horizon.steps_per_year
        wide[:, :years] = normal[:, :years]
        return np.asarray(wide)

    def parameters(self, prices: Prices, leader: LeaderPath | None) -> PlanParameters:
        """The plan's parameters at market prices: shares of supply and the country's own bid-up left out."""
        cost = self.goods.unit_cost(prices)
        known = {
            "unit_cost": cost,
            "chip_price": cost / self.goods.multiplier[:, None],
            "hbm_price": self.goods.memory_price(prices),
            "within_reach": self._reach,
            "normal_import": np.full(cost.shape, np.inf),
            "supply_elasticity": np.array(np.inf),
        }
        return resolve_at(self.instance, self.country, leader, self.objective, known)

    def respond(self, prices: Prices, ration: Ration | None, leader: Response | None) -> Response:
        """The best plan within a ration, thousand of each good and period. Raises SolverError where none is
        certified."""
        path = None if leader is None else leader.plan.leader
        open_ = self.parameters(prices, path)
        rows, dt = self.goods.rows, open_.scalar("dt")
        allowed = open_["import_limit"][rows] * dt * self.goods.kept
        limited, grey = open_["import_limit"].copy(), open_["grey_open"].copy()
        limited[rows] = (allowed if ration is None else np.minimum(allowed, ration.market)) / dt
        if ration is not None and ration.grey is not None:
            grey[rows] = np.minimum(grey[rows], ration.grey / dt)
        bounded = {"import_limit": limited, "grey_open": grey}
        parameters = PlanParameters(open_.country, open_.sets, {**open_.values, **bounded})
        rationed = ration is not None
        if self.near is None:
            start = self.starts.get(rationed, self.starts.get(not rationed))
            run = solve_country(self.plan_solver, parameters, self.gap, None, start)
        else:
            run = solve_near(self.near, parameters, self.gap, None)
        if run.status != OPTIMAL or run.solution is None or run.values is None:
            raise SolverError(
                Diagnostic("S120", f"{self.country} has no certified plan at market prices: {run.status}"),
                *run.diagnostics,
            )
        path = leader_path(self.instance, parameters, run.values) if leader is None else path
        self.keep_start(rationed, run.solution.start)
        weight, certificate = weight_of_time(parameters), run.solution.certificate
        return Response(
            valued=self._valued(parameters, run),
            most=allowed,
            components=self._components(run),
            grey=run.values["grey"][rows],
            lower=certificate.lower / weight,
            upper=certificate.upper / weight,
            plan=replace(run, leader=path),
        )

    def anchored(self, prices: Prices, found: Response) -> AnchoredPlan:
        """Solves near a plan found at these prices, whatever a ration leaves of what rules allow."""
        run: CountryRun = found.plan
        assert run.parameters is not None
        assert run.solution is not None
        path = None if self.country == self.instance.leader else run.leader
        open_ = self.parameters(prices, path)
        return self.plan_solver.anchored(run.parameters, run.solution, widest([run.parameters, open_]))

    def keep_start(self, rationed: bool, start: Start | None) -> None:
        """Begin the next solve of the kind there."""
        if start is not None:
            self.starts[rationed] = start

    def _valued(self, parameters: PlanParameters, run: CountryRun) -> Valued:
        """What is bought on the market, at what cost with the fee paid on it, and what the duals say of
        it."""
        assert run.solution is not None
        assert run.values is not None
        rows, solution, values = self.goods.rows, run.solution, run.values
        bought, fee = values["imports"][rows], parameters["fee"][rows]
        columns = solution.program.variables["imports"]
        shortfall = np.nan_to_num(solution.column_duals[columns.slice].reshape(columns.shape)[rows])
        cost = parameters["unit_cost"][rows] + fee
        return Valued(
            bought=bought,
            cost=cost,
            fee=fee,
            limit_dual=np.abs(np.nan_to_num(solution.dual("import_control")))[rows],
            shortfall_dual=np.where(bought <= NOTHING, np.minimum(shortfall, 0.0), 0.0),
            money_dual=np.abs(solution.dual("budget")) / THOUSAND,
            unspent=values["lapsed"] * THOUSAND,
            elsewhere=np.maximum(_outlays(values) * THOUSAND - (cost * bought).sum(axis=0), 0.0),
        )

    def _components(self, run: CountryRun) -> Array:
        """What its own firms' chips and those of the grey market take of components, and what its industry
        imports of memory."""
        assert run.values is not None
        rest = run.values["imports"].copy()
        rest[self.goods.rows] = 0.0
        rest += run.values["grey"]
        return self.goods.components_of(rest) + self.goods.memory_content(run.values["hbm_imports"])


def _outlays(values: Mapping[str, Array]) -> Array:
    """All money paid, USD bn, shape (periods,): `models.budget.outlays` of a plan run forward."""
    paid = sum(values[name] for name in ("buy", "rent", "chips_cost", "talent_cost", "power_spend", "bidup"))
    return np.asarray(paid + values["energy"].sum(axis=0) + values["premium"].sum(axis=0))


def on_processes(jobs: int) -> Respond:
    """Answers of several countries, on so many processes; the same ones for any number of them."""

    def respond(
        asked: Sequence[tuple[Buyer, Prices, Ration | None]], leader: Response | None
    ) -> Iterable[Response]:
        nations = [_nation(buyer) for buyer, _, _ in asked]

        def answer(position: int) -> tuple[Response, Sent]:
            _, prices, ration = asked[position]
            found = nations[position].respond(prices, ration, leader)
            return replace(found, plan=None), sent(found.plan, with_start=True)

        def lost(position: int, how: str) -> tuple[Response, Sent]:
            raise SolverError(process_ended(nations[position].country, how))

        together = run_each(answer, range(len(asked)), jobs, lost)
        for nation, (_, _, ration), (found, parts) in zip(nations, asked, together, strict=True):
            plan = received(nation.plan_solver, parts)
            nation.keep_start(ration is not None, None if plan.solution is None else plan.solution.start)
            yield replace(found, plan=plan)

    return respond


def _nation(buyer: Buyer) -> Nation:
    assert isinstance(buyer, Nation)
    return buyer
