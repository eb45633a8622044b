"""The equilibrium of a world: prices at which all countries' best plans together buy what is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array, PlanSets
from models.simulate import weight_of_time
from optimizer.answer.run import OPTIMAL, STOPPED, CountryRun, WorldRun
from optimizer.instance import Instance
from optimizer.instance.findings import findings
from optimizer.instance.resolve import plan_sets, resolve
from optimizer.study.ask import Ask, Scenario
from optimizer.study.country import finished, gap_of_stopped
from optimizer.study.equilibrium.goods import Goods, goods_of, supply_index, with_contracts
from optimizer.study.equilibrium.membership import (
    Members,
    buyers_of,
    check_looked_at,
    check_path_mode,
    check_promised,
    check_same,
    reordered,
)
from optimizer.study.equilibrium.national import Nation, on_processes
from optimizer.study.equilibrium.settling import Settled, regret_of, settle
from optimizer.study.equilibrium.sweeps import Prices, Ration, Response, State, answers, sweep
from optimizer.study.plan_solver import BATCH_GAP, AnchoredPlan, PlanSolver

TOLERANCE: Final = 0.005
# Prices of components may be off by so much, |log|: with an elasticity of 0.3 that is 3% of what is taken.
COMPONENT_TOLERANCE: Final = 0.1
# what stays unsold above its floor in the reported periods may be worth so much, as a share of what is sold
UNSOLD_TOLERANCE: Final = 0.05
# how exactly plans are solved on the way: regrets below a few times this one mean nothing
PLAN_GAP: Final = BATCH_GAP
FIRST_SETTLED: Final = 8
SETTLED_EVERY: Final = 4
MOST_ROUNDS: Final = 40
AT_A_RULE: Final = 1e-6


@dataclass(frozen=True)
class Told:
    """How far the search is: the round, how far prices of components still want to move (|log|) and, where it
    was looked at, the regret `of` a country, or the largest of all."""

    round_: int
    price_change: float
    regret: float | None = None
    of: str = ""


Tell = Callable[[Told], None]


@dataclass(frozen=True)
class Calibration:
    """What makes two scenarios one world: what is on its market, the `demand` of components at their base
    prices, shape (components, periods), the largest `regret` of that world and whether it `converged`;
    `state` is where a search of one of them ended. Of a world that was not looked at before an interrupt the
    regret is infinite. `waited_for`: it is the world as it is, of which a search of another is still to come.
    """

    members: Members
    demand: Array
    state: State
    regret: float
    converged: bool
    waited_for: bool = False


class SearchInterrupted(KeyboardInterrupt):
    """An interrupt, and where the search stood at the end of its last round."""

    def __init__(self, last: Calibration) -> None:
        super().__init__()
        self.last = last


@dataclass(frozen=True)
class Equilibrium:
    """Prices, and a plan of each country at them.

    `world` holds the plans; their certificates say how much better each would be if it could buy as much as
    rules allow at these prices. `residuals` is by how much the price of each component is off what calls
    forth the plans' demand, |log|, shape (components, reported periods); `weighted_regret` is weighted with
    income. `left_out` are countries that a bloc counts. It has `converged` where no regret is above
    `tolerance`, no residual above `COMPONENT_TOLERANCE`, and no more than `UNSOLD_TOLERANCE` stays unsold
    above its floor, and what prices of components are held against (`base_converged`, None for a base itself)
    has. `state` has the prices, `last` where the search ended: plans are those of the best round
    looked at.
    """

    world: WorldRun
    goods: Goods
    settled: Settled
    state: State
    last: Calibration
    base_regret: float | None
    base_converged: bool | None
    countries: tuple[str, ...]
    residuals: Array
    weighted_regret: float
    tolerance: float
    left_out: Mapping[str, str]

    @property
    def largest_regret(self) -> float:
        return float(self.settled.regrets.max())

    @property
    def converged(self) -> bool:
        near = self.largest_regret <= self.tolerance and _clears(self.settled, self.residuals)
        return near and self.base_converged is not False


def _clears(settled: Settled, residuals: Array) -> bool:
    """Whether prices are those of what is scarce, whatever plans are worth at them."""
    near = residuals.max(initial=0.0) <= COMPONENT_TOLERANCE
    return bool(near and settled.unsold(residuals.shape[1]) <= UNSOLD_TOLERANCE)


@dataclass(frozen=True)
class Prepared:
    """What searches of worlds like one share: its compiled plan, and each buyer's plan at its prices, near
    which all others are solved. Worlds over other `sets` have plans of their own."""

    plan_solver: PlanSolver
    sets: PlanSets
    near: Mapping[str, AnchoredPlan]


def prepare(ask: Ask, base: Calibration) -> Prepared:
    """Plans of the ask's instance at the prices where the search of a `base`, it itself, ended: for many
    searches that each start there. Raises what `find` does."""
    instance = ask.instance
    countries, _ = buyers_of(ask.countries, instance)
    goods = with_contracts(goods_of(instance, instance.leader), instance, countries)
    members = _members(instance, goods, countries, ask.objective)
    check_same(base.members, members)
    state = reordered(base.state, base.members, members)
    leading = resolve(instance, instance.leader, None, ask.objective)
    plan_solver = PlanSolver.compile(leading)
    buyers = [Nation(instance, one, goods, plan_solver, ask.objective, PLAN_GAP) for one in countries]
    rations = np.array([goods.market.output] * len(buyers)) if state.rations is None else state.rations
    prices, respond = state.prices, on_processes(ask.processes)
    found = answers(buyers, prices, [Ration(each) for each in rations], respond)
    near = {one.country: one.anchored(prices, each) for one, each in zip(buyers, found, strict=True)}
    return Prepared(plan_solver, leading.sets, near)


def find(
    ask: Ask,
    scenario: Scenario,
    *,
    tolerance: float = TOLERANCE,
    base: Calibration | None = None,
    resumed: Calibration | None = None,
    begun: int = 0,
    prepared: Prepared | None = None,
    most_rounds: int = MOST_ROUNDS,
    tell: Tell = lambda told: None,
) -> Equilibrium:
    """The equilibrium of a scenario, or the best that was come to.

    Without a `base` the scenario is the base itself: components cost what they cost, and what is made of them
    is what it takes. With one, prices answer to what is taken beyond that, and the search starts where the
    base's ended, with the steps of one that has `begun` so many rounds before. It goes on from `resumed`
    instead, which is looked at first: it may hold already. What is `prepared` makes it faster. Raises
    InputError for what cannot be solved, and where either is of another market or `base` was never looked at;
    SolverError where a country has no plan; SearchInterrupted where an interrupt came after a round.
    """
    instance = scenario.instance
    check_path_mode(instance)
    check_promised(instance)
    countries, left_out = buyers_of(ask.countries, instance)
    goods = with_contracts(goods_of(instance, instance.leader), instance, countries)
    members = _members(instance, goods, countries, ask.objective)
    for held in (base, resumed):
        if held is not None:
            check_same(held.members, members)
    if base is not None:
        check_looked_at(base.regret)
        market = goods.market.calibrated(base.demand * supply_index(instance, instance.leader))
        goods = replace(goods, market=market)
    market, components = goods.market, goods.market.components
    if resumed is not None:
        state = reordered(resumed.state, resumed.members, members)
    elif base is not None:
        state = replace(reordered(base.state, base.members, members), rounds=begun)
    else:
        state = State(begun, Prices(market.list_price, components.price))
    best: _Looked | None = None
    try:
        sets = plan_sets(instance, instance.leader)
        if prepared is None or prepared.sets != sets:
            leading = resolve(instance, instance.leader, None, ask.objective)
            prepared = Prepared(PlanSolver.compile(leading), sets, {})
        plan_solver, near = prepared.plan_solver, prepared.near
        buyers = [
            Nation(instance, one, goods, plan_solver, ask.objective, PLAN_GAP, near=near.get(one))
            for one in countries
        ]
        respond = on_processes(ask.processes)
        suspect = 0
        for done in range(1, most_rounds + 1):
            prices, rations = state.prices, state.rations
            if rations is None:
                rations = np.array([market.output] * len(buyers))
            found = answers(buyers, prices, [Ration(each) for each in rations], respond)
            now = replace(state, rounds=state.rounds + 1, rations=rations)
            state, moving = sweep(market, state, found)
            regret, of = None, ""
            if done < most_rounds and _is_due(done, resumed is not None):
                # whose regret was largest tells most often that it is too early
                regret = regret_of(suspect, buyers, market, prices, rations, found, respond)
                of = countries[suspect]
            if done == most_rounds or (regret is not None and regret <= tolerance):
                looked = _look(goods, now, settle(buyers, market, prices, rations, found, respond))
                best = looked if best is None else min(best, looked, key=lambda each: each.rank)
                suspect, regret, of = int(looked.settled.regrets.argmax()), looked.worst, ""
            tell(Told(state.rounds, float(moving.max(initial=0.0)), regret, of))
            if best is not None and _enough(best, tolerance):
                break
    except KeyboardInterrupt as error:
        if state.rations is None:
            raise
        unknown = Calibration(members, np.zeros(components.price.shape), state, np.inf, False)
        known = replace(base or resumed or unknown, waited_for=False)
        raise SearchInterrupted(replace(known, members=members, state=state)) from error
    assert best is not None
    mine = Calibration(members, best.demand, state, best.worst, _enough(best, tolerance))
    last = mine if base is None else replace(base, members=members, state=state)
    return Equilibrium(
        world=_world(plan_solver, ask, scenario, countries, goods, best, tolerance),
        goods=goods,
        settled=best.settled,
        state=best.state,
        last=last,
        base_regret=None if base is None else base.regret,
        base_converged=None if base is None else base.converged,
        countries=countries,
        residuals=best.residuals,
        weighted_regret=_weighted(best.settled),
        tolerance=tolerance,
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Looked:
    """Plans of a round that was looked at, their demand of components, and how far the prices of these are
    off."""

    state: State
    settled: Settled
    demand: Array
    residuals: Array

    @property
    def worst(self) -> float:
        return float(self.settled.regrets.max())

    @property
    def rank(self) -> tuple[bool, float]:
        """Less is better: whether prices do not clear, then the largest regret."""
        return not _clears(self.settled, self.residuals), self.worst


def _is_due(done: int, resumed: bool) -> bool:
    if resumed and done == 1:
        return True
    return done >= FIRST_SETTLED and (done - FIRST_SETTLED) % SETTLED_EVERY == 0


def _look(goods: Goods, state: State, settled: Settled) -> _Looked:
    market = goods.market
    components = market.components
    demand = sum((_components(goods, each) for each in settled.answers), np.zeros(components.price.shape))
    reported = settled.answers[0].plan.parameters.sets.reported
    off = np.abs(np.log(market.component_price(demand) / state.prices.components))
    residuals = off[:, :reported]
    return _Looked(state, settled, demand, residuals)


def _enough(looked: _Looked, tolerance: float) -> bool:
    return looked.worst <= tolerance and _clears(looked.settled, looked.residuals)


def _members(instance: Instance, goods: Goods, countries: tuple[str, ...], objective: str | None) -> Members:
    market = goods.market
    return Members(
        instance.name,
        dict(instance.files),
        countries,
        market.names,
        market.components.names,
        plan_sets(instance, instance.leader).periods,
        objective or "",
    )


def _components(goods: Goods, answer: Response) -> Array:
    """What a plan takes of components, in the goods it buys and beside them."""
    return goods.market.components.content @ answer.bought + answer.components


def _weighted(settled: Settled) -> float:
    """Regret, weighted with the income of all reported years."""
    incomes = []
    for each in settled.answers:
        parameters = each.plan.parameters
        incomes.append(float(parameters["income"][: parameters.sets.reported].sum()))
    return float(np.average(settled.regrets, weights=np.array(incomes)))


def _world(
    plan_solver: PlanSolver,
    ask: Ask,
    scenario: Scenario,
    countries: tuple[str, ...],
    goods: Goods,
    looked: _Looked,
    tolerance: float,
) -> WorldRun:
    """The plans as a world's, each certified against what it could have at these prices with the market
    open."""
    settled, enough = looked.settled, _enough(looked, tolerance)
    # where one country's regret is too large these are nobody's prices: no plan at them counts as certified
    runs = {
        one: _certified(each, float(regret), enough, goods.rows)
        for one, each, regret in zip(countries, settled.answers, settled.regrets, strict=True)
    }
    leading = runs[countries[0]]
    assert leading.leader is not None
    leader_gap = gap_of_stopped(leading) if settled.regrets[0] > tolerance else None
    for one in countries[1:]:
        runs[one] = finished(plan_solver, runs[one], leading.leader, False, leader_gap)
    instance = scenario.instance
    return WorldRun(
        instance,
        scenario.name,
        instance.applied,
        instance.leader,
        {one: runs[one] for one in (ask.countries or countries) if one in runs},
        diagnostics=findings(instance),
        leader_run=runs[instance.leader],
    )


def _certified(answer: Response, regret: float, enough: bool, rows: NDArray[np.int64]) -> CountryRun:
    """The plan, whose bound is that of the open market, and whose rations of the goods in `rows` have no
    price: they are no limits, as those of rules are."""
    run: CountryRun = answer.plan
    assert run.solution is not None
    assert run.parameters is not None
    solution, weight = run.solution, weight_of_time(run.parameters)
    certificate = replace(
        solution.certificate, upper=solution.certificate.lower + regret * weight, gap=max(regret, 0.0)
    )
    block = solution.program.rows["import_control"]
    duals = solution.row_duals.copy()
    prices = duals[block.slice].reshape(block.shape)
    by_ration = answer.bought < answer.most * (1 - AT_A_RULE)
    prices[rows] = np.where(by_ration, 0.0, prices[rows])
    duals[block.slice] = prices.ravel()
    status = OPTIMAL if enough else STOPPED
    return replace(run, status=status, solution=replace(solution, row_duals=duals, certificate=certificate))
