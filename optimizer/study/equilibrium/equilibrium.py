"""The equilibrium of a world: prices at which all countries' best plans together buy what is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from models.simulate import weight_of_time
from optimizer.answer.run import OPTIMAL, STOPPED, CountryRun, WorldRun
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.blocs import parts
from optimizer.instance.findings import findings
from optimizer.instance.resolve import resolve
from optimizer.study.ask import Ask, Scenario
from optimizer.study.equilibrium.goods import Goods, goods_of, supply_index
from optimizer.study.equilibrium.national import Nation, on_processes
from optimizer.study.equilibrium.sweeps import (
    Prices,
    Response,
    Settled,
    State,
    answers,
    settle,
    sweep,
)
from optimizer.study.plan_solver import BATCH_GAP, PlanSolver

TOLERANCE: Final = 0.005
# how exactly plans are solved on the way: regrets below a few times this one mean nothing
PLAN_GAP: Final = BATCH_GAP
FIRST_SETTLED: Final = 8
SETTLED_EVERY: Final = 4
MOST_ROUNDS: Final = 40
AT_A_RULE: Final = 1e-6


@dataclass(frozen=True)
class Told:
    """How far the search is: the round, how far prices of components still want to move (|log|) and, where it
    was looked at, the largest regret."""

    round_: int
    price_change: float
    regret: float | None = None


Tell = Callable[[Told], None]


@dataclass(frozen=True)
class Calibration:
    """What makes two scenarios one world: `demand` of components at their base prices, shape (components,
    periods), and where the base's search ended."""

    demand: Array
    state: State


@dataclass(frozen=True)
class Equilibrium:
    """Prices, and a plan of each country at them.

    `world` holds the plans; their certificates say how much better each would be if it could buy as much as
    rules allow at these prices. `moving` is how far the price of each component still wants to move, |log|,
    shape (components, periods); `weighted_regret` is weighted with income. `left_out` are countries that a
    bloc counts. It has `converged` where no regret is above `tolerance`.
    """

    world: WorldRun
    goods: Goods
    settled: Settled
    state: State
    calibration: Calibration
    countries: tuple[str, ...]
    moving: Array
    weighted_regret: float
    tolerance: float
    left_out: Mapping[str, str]

    @property
    def largest_regret(self) -> float:
        return float(self.settled.regrets.max())

    @property
    def converged(self) -> bool:
        return self.largest_regret <= self.tolerance


def find(
    ask: Ask,
    scenario: Scenario,
    *,
    tolerance: float = TOLERANCE,
    base: Calibration | None = None,
    resumed: State | None = None,
    most_rounds: int = MOST_ROUNDS,
    tell: Tell = lambda told: None,
) -> Equilibrium:
    """The equilibrium of a scenario, or what the last round has of it.

    Without a `base` the scenario is the base itself: components cost what they cost, and what is made of them
    is what it takes. With one, prices answer to what is taken beyond that, and the search starts where the
    base's ended. Raises InputError for what cannot be solved, SolverError where a country has no plan.
    """
    instance = scenario.instance
    countries, left_out = buyers_of(ask, instance)
    goods = goods_of(instance, instance.leader)
    components = goods.market.components
    if base is not None:
        market = goods.market.calibrated(base.demand * supply_index(instance, instance.leader))
        goods = replace(goods, market=market)
    market = goods.market
    leading = resolve(instance, instance.leader, None, ask.objective)
    plan_solver = PlanSolver.compile(leading)
    buyers = [Nation(instance, one, goods, plan_solver, ask.objective, PLAN_GAP) for one in countries]
    respond = on_processes(ask.processes)
    state = resumed or (None if base is None else replace(base.state, rounds=0))
    if state is None or not _fits(state, goods, countries):
        state = State(0, Prices(market.list_price, components.price))
    first, moving = state.rounds, np.zeros(components.price.shape)
    settled: Settled | None = None
    while settled is None or settled.regrets.max() > tolerance:
        if state.rounds >= first + most_rounds:
            break
        limits = [market.output] * len(buyers) if state.rations is None else list(state.rations)
        found = answers(buyers, state.prices, limits, respond)
        state, moving = sweep(market, state, found)
        done = state.rounds - first
        regret = None
        if done >= FIRST_SETTLED and (done - FIRST_SETTLED) % SETTLED_EVERY == 0:
            settled = settle(buyers, market, state, respond)
            regret = float(settled.regrets.max())
        tell(Told(state.rounds, float(moving.max(initial=0.0)), regret))
    if settled is None:
        settled = settle(buyers, market, state, respond)
    demand = sum((_components(goods, each) for each in settled.answers), np.zeros(components.price.shape))
    calibration = Calibration(demand if base is None else base.demand, state)
    return Equilibrium(
        world=_world(ask, scenario, countries, goods, settled, tolerance),
        goods=goods,
        settled=settled,
        state=state,
        calibration=calibration,
        countries=countries,
        moving=moving,
        weighted_regret=_weighted(settled),
        tolerance=tolerance,
        left_out=left_out,
    )


def buyers_of(ask: Ask, instance: Instance) -> tuple[tuple[str, ...], dict[str, str]]:
    """The countries of the market, the leader first, and those that a bloc counts, which are left out. Raises
    InputError where a country and the bloc that counts it are both named."""
    whole = parts(instance)
    asked = ask.countries or tuple(instance.countries)
    left_out = {one: bloc for one, bloc in whole.items() if bloc in asked and one in asked}
    named = [one for one in left_out if one in ask.countries]
    if named:
        raise InputError(
            [
                Diagnostic(
                    "E533",
                    f"{one} is part of {left_out[one]}: in one market both would buy for the same firms",
                    path="--country",
                    hint=f"name {left_out[one]} or {one}, not both",
                )
                for one in named
            ]
        )
    others = [one for one in asked if one != instance.leader and one not in left_out]
    return (instance.leader, *others), left_out


def _fits(state: State, goods: Goods, countries: tuple[str, ...]) -> bool:
    shape = goods.market.list_price.shape
    rations = state.rations is None or state.rations.shape == (len(countries), *shape)
    return state.prices.goods.shape == shape and rations


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
    ask: Ask,
    scenario: Scenario,
    countries: tuple[str, ...],
    goods: Goods,
    settled: Settled,
    tolerance: float,
) -> WorldRun:
    """The plans as a world's, each certified against what it could have at these prices with the market
    open."""
    runs = {
        one: _certified(each.plan, each, regret, tolerance, goods.rows)
        for one, each, regret in zip(countries, settled.answers, settled.regrets, strict=True)
    }
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


def _certified(
    run: CountryRun, answer: Response, regret: float, tolerance: float, rows: NDArray[np.int64]
) -> CountryRun:
    """The plan, whose bound is that of the open market, and whose rations of the goods in `rows` have no
    price: they are no limits, as those of rules are."""
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
    status = OPTIMAL if regret <= tolerance else STOPPED
    return replace(run, status=status, solution=replace(solution, row_duals=duals, certificate=certificate))
