"""The best plan under shares of the budget, beside the best of all: what each share costs, or what excludes
what.

The leader's path is held, as one country's shares do not move it; shares of the leader's own budget move its
plan alone. Every plan here is solved and certified like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models.parameters import Array, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.answer import ConflictingLimit, Repair, RepairPatch
from optimizer.answer.explanation import with_facts
from optimizer.answer.metrics import shares as shares_of
from optimizer.answer.run import INFEASIBLE, OPTIMAL, CountryRun
from optimizer.answer.summary import ABOVE, BEYOND, headline, lag_mark_in
from optimizer.errors import InputError
from optimizer.instance import Instance, patch, resolve
from optimizer.solver import Solver
from optimizer.study.ask import Ask
from optimizer.study.country import finished, leader_path, solve_country
from optimizer.study.easing import with_changes
from optimizer.study.explained import explain_conflict, explain_plan
from optimizer.study.inputs import Inputs
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.shares_asked import (
    AT_LEAST,
    AT_MOST,
    FIX,
    Share,
    bounds_of,
    percent,
    with_shares,
    words_of,
)

POINT: Final = 0.01
# rows by which a plan keeps shares
SHARE_ROWS: Final = frozenset({"least_share", "largest_share"})
# shares of a repair are told where they move by more than this
MOVED: Final = 1e-9


@dataclass(frozen=True)
class ShareCost:
    """What a share costs, the others held.

    `per_point` is what the next point (a hundredth of the budget in each of its years) costs, by the price at
    this plan, in average log units: one more of a share that is at least or exact, one less of one that is at
    most; negative where it would gain. None where the plan has integers, and so no prices. `point_cost` is
    the same solved, between `point_cost_low` and `point_cost_high`, and `point_lag_months` by how much that
    point changes the lag of the last reported period (None: no plan keeps it, or it has no lag that can be
    told); a price says nothing of a lag, which is no part of the objective. `gives_back` is
    what dropping the share was solved to give back in average log units, between `gives_back_low` and
    `gives_back_high`, and `lag_change_months` by how much it changes the lag of the last reported period,
    less than 0 where that falls (None: it has none that can be told).
    """

    share: Share
    per_point: float | None
    point_cost: float | None = None
    point_cost_low: float | None = None
    point_cost_high: float | None = None
    point_lag_months: float | None = None
    gives_back: float | None = None
    gives_back_low: float | None = None
    gives_back_high: float | None = None
    lag_change_months: float | None = None


@dataclass(frozen=True)
class ShareRepair:
    """What gives a plan under shares: the shares that it keeps instead, in words, other changes as patches,
    and what the plan is then like."""

    words: str
    shares: tuple[Share, ...]
    patches: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class SharedPlan:
    """The best plan under shares beside the best of all. `leader_run` is the leader's plan that both stand
    beside; `sheet` says that the shares are those of a sheet, which are not priced one by one."""

    shares: tuple[Share, ...]
    optimum: CountryRun
    plan: CountryRun
    leader_run: CountryRun | None
    costs: tuple[ShareCost, ...] = ()
    repairs: tuple[ShareRepair, ...] = ()

    @property
    def loss(self) -> float | None:
        """What the shares cost together in average log units, None where a plan is missing."""
        bounds = gain_between(self.plan, self.optimum)
        return None if bounds is None else bounds[1]

    @property
    def costs_nothing(self) -> bool:
        """Whether the certificates cannot tell the plan's worth from that of the optimum."""
        bounds = gain_between(self.plan, self.optimum)
        return bounds is not None and bounds[0] <= 0

    @property
    def conflicts(self) -> tuple[str, ...]:
        """What excludes what, a line each; the shares are among it, as without them there is a plan."""
        groups = self.plan.explanation.conflict_groups
        said = conflict_words(groups)
        if self.plan.status == INFEASIBLE and not any(group.family in SHARE_ROWS for group in groups):
            said = [*(share.words for share in self.shares), *said]
        return tuple(said)


def gain_between(before: CountryRun, after: CountryRun) -> tuple[float, float, float] | None:
    """What one plan is worth beyond another in average log units: at least, as found, at most."""
    if not (before.solved and after.solved) or before.solution is None or after.solution is None:
        return None
    assert before.parameters is not None
    old, new = before.solution.certificate, after.solution.certificate
    weight = weight_of_time(before.parameters)
    gains = (new.lower - old.upper, new.lower - old.lower, new.upper - old.lower)
    low, found, high = (gain / weight for gain in gains)
    return low, found, high


def months_between(before: CountryRun, after: CountryRun) -> float | None:
    """By how many months the lag of the last reported period changes from one plan to another; None for a
    leader, and where a lag reaches beyond what is known."""
    lags = []
    for run in (before, after):
        top = headline(run, None)
        if top is None or top.lag_months is None or run.leader is None or run.leader.country == run.country:
            return None
        if lag_mark_in(run, top.last) in (ABOVE, BEYOND):
            return None
        lags.append(top.lag_months[top.last])
    return float(lags[1] - lags[0])


def normal_shares(parameters: PlanParameters, values: Mapping[str, Array]) -> Array:
    """The shares that floors and ceilings are about, of each category in each period; shape (categories,
    periods)."""
    return shares_of(normal_costs(parameters, values))


def normal_costs(parameters: PlanParameters, values: Mapping[str, Array]) -> Array:
    """Cost of use at normal prices, without premiums for pace and the running of wafers, USD bn, of each
    category in each period; shape (categories, periods)."""
    running = parameters["wafer_run_cost"] @ values["wafers_started"]
    chips = values["chips_cost"] - running
    return np.vstack([values["use_cost"], chips, values["talent_cost"], values["power_spend"]])


def plan_with_shares(
    ask: Ask,
    optimum: CountryRun,
    leader_run: CountryRun | None,
    shares: Sequence[Share],
    *,
    within: float = 0.0,
    priced: bool = True,
) -> SharedPlan:
    """The best plan of the asked country that keeps the shares, exact ones to `within` of the budget.

    `optimum` is its best plan without them. `priced`: what each share costs is worked out, by one more solve
    for each. Raises `InputError` where the shares exclude each other by their sums alone.
    """
    solved = _Shared(ask, optimum, shares, within)
    instance = solved.instance(shares)
    run = solved.run(instance)
    inputs = Inputs(instance, ask.objective)
    found = SharedPlan(tuple(shares), optimum, run, leader_run)
    if run.solved:
        run = with_facts(run, instance)
        run = replace(run, explanation=explain_plan(run, inputs))
        costs = tuple(solved.costs(run)) if priced and run.status == OPTIMAL else ()
        return replace(found, plan=run, costs=costs)
    if run.status != INFEASIBLE:
        return found
    why = explain_conflict(run, inputs, solved.plan_solver, ask.objective)
    repairs = tuple(_repair(each, instance, run.country) for each in why.repairs or ())
    return replace(found, plan=replace(run, explanation=why), repairs=repairs)


class _Shared:
    """Plans of one country under shares, all from one program."""

    def __init__(self, ask: Ask, optimum: CountryRun, shares: Sequence[Share], within: float) -> None:
        assert optimum.solution is not None
        self.ask, self.optimum, self.shares, self.within = ask, optimum, tuple(shares), within
        program = optimum.solution.program
        self.plan_solver = PlanSolver(program, Solver(program))
        self.country, self.leads = optimum.country, optimum.country == ask.instance.leader

    def instance(self, shares: Sequence[Share]) -> Instance:
        return with_shares(self.ask.instance, self.country, shares, self.within)

    def run(self, instance: Instance) -> CountryRun:
        ask, follows = self.ask, None if self.leads else self.optimum.leader
        parameters = resolve(instance, self.country, follows, ask.objective)
        assert self.optimum.solution is not None
        start = self.optimum.solution.start
        run = solve_country(self.plan_solver, parameters, ask.gap, ask.time_limit, start)
        path = self.optimum.leader
        if self.leads and run.values is not None:
            path = leader_path(instance, parameters, run.values)
        if path is None:
            return run
        return finished(self.plan_solver, run, path, False, self.optimum.leader_gap)

    def costs(self, run: CountryRun) -> Iterator[ShareCost]:
        """What each share costs: its price, and a solve without it."""
        assert run.parameters is not None
        slopes = None
        if not run.parameters.sets.levels:
            assert run.solution is not None
            slopes = self.plan_solver.solver.sensitivity(run.solution) / weight_of_time(run.parameters)
        for number, share in enumerate(self.shares):
            cost = ShareCost(
                share, None if slopes is None else self._per_point(share, run.parameters, slopes)
            )
            rest = (*self.shares[:number], *self.shares[number + 1 :])
            yield self._given_back(self._point(cost, run, rest), run, rest)

    def _point(self, cost: ShareCost, run: CountryRun, rest: Sequence[Share]) -> ShareCost:
        """With what the next point was solved to cost, where there is a plan with it."""
        step = -POINT if cost.share.kind == AT_MOST else POINT
        value = cost.share.value + step
        if not 0 <= value <= 1:
            return cost
        try:
            instance = self.instance((*rest, replace(cost.share, value=value)))
        except InputError:
            # the sums alone exclude it
            return cost
        after = self.run(instance)
        gain = gain_between(after, run)
        if gain is None:
            return cost
        return replace(
            cost,
            point_cost=gain[1],
            point_cost_low=gain[0],
            point_cost_high=gain[2],
            point_lag_months=months_between(run, after),
        )

    def _given_back(self, cost: ShareCost, run: CountryRun, rest: Sequence[Share]) -> ShareCost:
        """With what dropping the share was solved to give back."""
        without = self.optimum if not rest else self.run(self.instance(rest))
        gain = gain_between(run, without)
        if gain is None:
            return cost
        return replace(
            cost,
            gives_back=gain[1],
            gives_back_low=gain[0],
            gives_back_high=gain[2],
            lag_change_months=months_between(run, without),
        )

    def _per_point(self, share: Share, parameters: PlanParameters, slopes: Array) -> float:
        """What one point more (of an `at most` one less) costs by the slopes of the objective."""
        changed = {}
        first, last = share.years
        sets = parameters.sets
        years = np.array([int(period[:4]) for period in sets.periods])
        # the last reported year's share holds in the tail
        at = (years >= first) & ((years <= last) | (last == self.ask.instance.horizon.last_year))
        row = sets.categories.index(share.category)
        step = -POINT if share.kind == AT_MOST else POINT
        names = {
            AT_LEAST: ("share_floor",),
            AT_MOST: ("share_ceiling",),
            FIX: ("share_floor", "share_ceiling"),
        }
        for name in names[share.kind]:
            moved = parameters[name].copy()
            moved[row, at] += step
            changed[name] = moved
        program = self.plan_solver.program
        here = program.parameter_vector(parameters.values)
        there = program.parameter_vector(with_changes(parameters, changed).values)
        at_all = np.flatnonzero(here != there)
        return 0.0 - float(slopes[at_all] @ (there[at_all] - here[at_all]))


def _repair(found: Repair, instance: Instance, country: str) -> ShareRepair:
    """A repair in the user's own words: shares that move, then patches of all else."""
    of_shares = [each for each in found.patches if _is_share(each, country)]
    others = [each for each in found.patches if each not in of_shares]
    shares: list[Share] = []
    if of_shares:
        try:
            repaired = patch(instance, [each.patch for each in of_shares], stack=True)
        except InputError:
            repaired = instance
        shares = list(_moved(instance, repaired, country))
    outcome = "" if found.outcome is None else found.outcome.words
    said = [each.text for each in shares] + [" ".join(each.how) for each in others]
    then = f" ({outcome})" if outcome else ""
    words = f"{found.kind}: {'; '.join(said)}{then}"
    return ShareRepair(words, tuple(shares), tuple(each.patch for each in others), outcome)


def _is_share(one: RepairPatch, country: str) -> bool:
    return one.patch.startswith(f"countries.{country}.budget.category_")


def _moved(before: Instance, after: Instance, country: str) -> Iterator[Share]:
    """The shares that a repair moves, consecutive years of one value together."""
    old, new = bounds_of(before, country), bounds_of(after, country)
    for kind, then, now in ((AT_LEAST, old.floors, new.floors), (AT_MOST, old.ceilings, new.ceilings)):
        for category, by_year in now.items():
            start: int | None = None
            for year, value in by_year.items():
                if abs(value - then[category][year]) <= MOVED:
                    start = None
                    continue
                start = year if start is None or by_year[year - 1] != value else start
                following = by_year.get(year + 1)
                if following == value and abs(value - then[category][year + 1]) > MOVED:
                    continue
                asked = percent(then[category][year])
                text = f"{words_of(kind, category, value, (start, year))}, not {asked}"
                yield Share(kind, category, value, (start, year), text)
                start = None


def conflict_words(groups: Sequence[ConflictingLimit]) -> list[str]:
    """What excludes what, a line each; of limits that say the same of several things, as of chips that are
    not there yet, the things in one line."""
    alike: dict[tuple[str, str], list[ConflictingLimit]] = {}
    for group in groups:
        pattern = group.words.replace(group.item, "{item}") if group.item else group.words
        alike.setdefault((pattern, group.period), []).append(group)
    said = []
    for (pattern, period), same in alike.items():
        items = [each.item for each in same]
        listed = items[0] if len(items) == 1 else f"each of {', '.join(items)}"
        said.append(f"{pattern.replace('{item}', listed)}{f' in {period}' if period else ''}")
    return said
