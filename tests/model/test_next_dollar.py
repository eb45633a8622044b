"""What the next dollar brings by what it is given for: against every assignment of whole numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.explanation import percent_of
from optimizer.answer.long_game import market_supply
from optimizer.answer.next_dollar import CASH, FAB, PROGRAMME, RESEARCH, GiftWorth, ranked, sentences
from optimizer.answer.run import OPTIMAL, CountryRun
from optimizer.answer.worth import SolvedWorth
from optimizer.errors import InputError
from optimizer.instance import Instance, load, patch, resolve
from optimizer.solver import Solver
from optimizer.study.ask import Ask
from optimizer.study.next_dollar import gifts
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.solve import solve_world
from tests.unit.staged_world import write_staged_world

GAP = 1e-5
CHINA = "countries.CHN."
OPEN = ", ".join(f"{year}: 4000" for year in range(2026, 2034))
WANTED = {(RESEARCH, "n5"), (FAB, "n5")}
# A good chip on a node that has still to be opened: when, or never, is all that there is to decide.
PATCHES = [
    "horizon.last_year = 2027",
    "chips.cn_sold.line = n5",
    "chips.cn_sold.software_maturity = 1",
    "chips.cn_home.software_maturity = 0.3",
    "chips.cn_home.end_of_sale = 2034-12",
    f"market.output.cn_sold = {{{OPEN}}}",
    "staged.lines.n7.module_kwpm = 0",
    "staged.lines.n7.levels.old.experience_thousand_wafers = 23000",
    "staged.lines.n5.levels.young.yield = 0.37",
    "staged.lines.n5.levels.grown.experience_thousand_wafers = 3000",
    CHINA + "industry.lines.n5.capacity_kwpm = 6",
    CHINA + "industry.memory.stock_pb = 400",
    CHINA + "industry.packaging.capacity_thousand_per_year = 3000",
    CHINA + "industry.make_limits.cn_sold = 4000",
    CHINA + "industry.designer_ceilings.maker.lines.n7 = 1",
    CHINA + "industry.staged.tools.euv.programme_left = 0",
    CHINA + "industry.staged.lines.n5.research_limit_usd_bn_per_year = 4",
    CHINA + "budget.income_usd_bn = 12",
    CHINA + "trade.limits.us_one = 5",
    CHINA + "trade.limits.us_two = 0",
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return patch(load(write_staged_world(tmp_path_factory.mktemp("staged") / "world")), PATCHES)


@pytest.fixture(scope="module")
def valued(world: Instance) -> CountryRun:
    run = solve_world(Ask(world, ("CHN",), gap=GAP, jobs=1, next_dollar=1.0)).countries["CHN"]
    assert run.status == OPTIMAL
    return run


def paths(allowed: Array) -> list[Array]:
    """Every way to rise level by level where `allowed`, shape (levels, periods), lets a line stand."""
    levels, periods = allowed.shape
    found = []
    for rises in itertools.combinations_with_replacement(range(periods + 1), levels - 1):
        at = np.array([sum(t >= rise for rise in rises) for t in range(periods)])
        if all(allowed[level, t] > 0 for t, level in enumerate(at)):
            found.append(np.eye(levels)[at].T)
    return found


def assignments(p: PlanParameters) -> Iterator[dict[str, Array]]:
    """Every assignment of whole numbers that the data allow: what is learned and opened stays."""
    opened = paths(np.stack([np.ones(len(p.sets.periods)), p["openable"][1]]))
    for n7, n5 in itertools.product(paths(p["reachable"][0]), opened):
        grown = paths(p["reachable"][1])
        assert len(grown) == 1
        yield {
            "level": np.stack([n7, grown[0]]),
            "unlocked": np.stack([np.ones_like(n5[1]), n5[1]]),
        }


def best_of_all(solver: PlanSolver, p: PlanParameters) -> tuple[float, float]:
    """Bounds of the best plan over all assignments, each solved with its whole numbers given."""
    lower, upper = -np.inf, -np.inf
    for whole in assignments(p):
        least = np.full(solver.program.user_columns, -np.inf)
        greatest = np.full(solver.program.user_columns, np.inf)
        for name, array in whole.items():
            block = solver.program.variables[name].slice
            least[block] = greatest[block] = array.ravel()
        found = solver.solver.solve(
            solver.program.parameter_vector(p.values),
            gap=GAP,
            gap_scale=weight_of_time(p),
            restore=lambda point: solver.restored(p, point),
            nominal=solver.nominal(p),
            within=(least, greatest),
        )
        if found.status != "infeasible":
            lower = max(lower, found.certificate.lower if found.has_plan else -np.inf)
            upper = max(upper, found.certificate.upper)
    return lower, upper


def changed(world: Instance, leader: LeaderPath, patches: tuple[str, ...]) -> PlanParameters:
    return resolve(patch(world, patches, stack=True), "CHN", leader)


def test_gifts_are_worth_what_all_assignments_say(world: Instance, valued: CountryRun) -> None:
    p, solution, leader = valued.parameters, valued.solution, valued.leader
    assert p is not None
    assert solution is not None
    assert leader is not None
    solver = PlanSolver(solution.program, Solver(solution.program))
    before = best_of_all(solver, p)
    found = {(gift.kind, gift.item): gift for gift in valued.gifts}
    tried = [one for one in gifts(world, p, 1.0) if (one.kind, one.item) in WANTED]
    assert {(one.kind, one.item) for one in tried} == WANTED
    for one in tried:
        after = best_of_all(solver, changed(world, leader, one.patches))
        low, high = (percent_of(gain, p) for gain in (after[0] - before[1], after[1] - before[0]))
        assert low is not None
        assert high is not None
        solved = found[one.kind, one.item].solved
        assert solved.low <= high
        assert low <= solved.high
        assert low - 1e-9 <= solved.percent_effective_compute + solved.high - solved.low


def test_no_research_is_worth_more_than_its_cash_unless_it_saves_time(valued: CountryRun) -> None:
    found = {(gift.kind, gift.item): gift for gift in valued.gifts}
    cash, research, whole = (found[each] for each in ((CASH, ""), (RESEARCH, "n5"), (PROGRAMME, "n5")))
    # the plan pays for the node anyway, so that research on it is money, and bound to a time
    assert cash.solved.is_known
    assert research.solved.is_known
    assert research.per_usd_bn[0] <= cash.per_usd_bn[2]
    # all of it opens the node two years earlier than money can
    assert whole.usd_bn == pytest.approx(3.0)
    assert whole.per_usd_bn[0] > 2 * cash.per_usd_bn[2]


def test_what_is_bought_is_within_reach(valued: CountryRun) -> None:
    p, v = valued.parameters, valued.values
    assert p is not None
    assert v is not None
    bought = p["research_h100e"] @ v["imports"]
    assert (bought <= market_supply(p) * (1 + 1e-7) + 1e-7).all()
    foreign = [k for k, home in enumerate(p["is_domestic"]) if not home]
    assert market_supply(p)[0] == pytest.approx(
        sum(p["research_h100e"][k] * p["import_limit"][k, 0] * p["dt"] for k in foreign)
    )


def worth(low: float, percent: float, high: float, usd_bn: float = 1.0, kind: str = CASH) -> GiftWorth:
    solved = SolvedWorth(percent_effective_compute=percent, low=low, high=high)
    return GiftWorth(
        kind=kind, item="", words=kind, usd_bn=usd_bn, amount=usd_bn, unit="USD bn", solved=solved
    )


def test_what_the_gaps_cannot_tell_is_not_told() -> None:
    fab, research = worth(0.9, 1.0, 1.1, kind=FAB), worth(1.9, 2.1, 2.3, 2.0, kind=RESEARCH)
    nothing = worth(-0.01, 0.02, 0.03)
    assert not fab.told_from(research)
    assert [each.kind for each in ranked([nothing, fab, research])] == [RESEARCH, FAB, CASH]
    said = sentences([nothing, fab, research])
    assert "fab and research cannot be told apart at these gaps" in said[0]
    assert said[1] == "a dollar of research brings more than one of cash: 1 against <0.03% per USD bn"
    assert nothing.per_text == "<0.03"


@pytest.mark.parametrize("usd_bn", [0.0, -1.0, float("inf"), float("nan")])
def test_a_next_dollar_is_above_nothing(world: Instance, usd_bn: float) -> None:
    with pytest.raises(InputError, match="E610"):
        Ask(world, ("CHN",), next_dollar=usd_bn)


def test_path_mode_has_no_next_dollar(world: Instance) -> None:
    with pytest.raises(InputError, match="staged"):
        Ask(patch(world, ["industry = path"]), ("CHN",), next_dollar=1.0)
