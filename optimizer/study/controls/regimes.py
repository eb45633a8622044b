"""One export regime after the other: the target's certified best response, and what it could reach at most.

A regime is solved from two plans of the baseline, or of a neighbour that is solved so: the best response, and
the plan that puts everything into the year asked for. What it gives depends on it and on these alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.controls import Range, RegimeAnswer
from optimizer.answer.metrics import lag_of_plan
from optimizer.answer.run import FAILED, OPTIMAL, CountryRun
from optimizer.errors import Diagnostic, InputError, KloofError, SolverError
from optimizer.instance import Instance, Patch, patch, resolve, resolve_again
from optimizer.solver import Solution, Trace
from optimizer.study.batch.solving import ANCHOR_SHARE, no_base
from optimizer.study.controls.design import Choice, Design
from optimizer.study.controls.neighbours import Left
from optimizer.study.controls.revenue import discounted, of_chips, of_fees, of_legal, of_memory
from optimizer.study.country import leader_path, solve_country, solve_near
from optimizer.study.identity import identity
from optimizer.study.plan_solver import BATCH_GAP, AnchoredPlan, PlanSolver, widest

REGIME_GAP: Final = 1e-5
LEADER_GAP: Final = 1e-6
# Of capability in one year: a month of lag is a tenth of a log unit.
REACH_GAP: Final = BATCH_GAP
# A range takes longer than the plan where it is looked for at length. At this gap that of revenue is some 2%
# of what it adds up, and one price at that guess leaves its ends a few percent too far out.
RANGE_SHARE: Final = 0.03
RANGE_TRIES: Final = 1
# What plans are worth, and what they are counted over: no export regime changes them.
VALUING: Final = (
    *("dt", "discount", "terminal", "w_capability", "w_segment", "w_autonomy"),
    *("shortfall_penalty", "shortfall_weight", "tail"),
)


@dataclass(frozen=True)
class Question:
    """Whose plans, which year decides, by which objective preset (None: the instance's), to which gap in
    average log units, and for how many seconds a plan at the most; `ranges`: over all plans within the gap
    also of the lag, and no further out than they must be."""

    target: str
    year: int
    objective: str | None = None
    gap: float = REGIME_GAP
    time_limit: float | None = None
    ranges: bool = False


@dataclass(frozen=True)
class _Leader:
    """The leader's path under a regime, and whether it is the baseline's."""

    path: LeaderPath
    same: bool


@dataclass(frozen=True)
class _Reach:
    """How the solve of what can be reached ended, and between what that lies, log units; no bounds where
    there is no plan."""

    status: str
    bounds: tuple[float, float] | None = None
    trace: Trace | None = None


@dataclass
class RegimeSolver:
    """Solves regimes of an instance, faster where the design is told. Making it solves the baseline.

    Raises `InputError` for a target that leads (E742) or is unknown (E302), a year that is not reported
    (E745), an industry in stages (E746), and `SolverError` (S120) where the leader or the target has no
    certified plan in the baseline.
    """

    instance: Instance
    question: Question
    design: Design | None = None
    _plans: PlanSolver = field(init=False)
    _leading: PlanParameters = field(init=False)
    _leader_run: CountryRun = field(init=False)
    _base: CountryRun = field(init=False)
    _near: AnchoredPlan = field(init=False)
    _near_reach: AnchoredPlan = field(init=False)
    _beside: tuple[Left, AnchoredPlan, AnchoredPlan] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        instance, question = self.instance, self.question
        check_question(instance, question)
        self._leading = resolve(instance, instance.leader, None, question.objective)
        self._plans = PlanSolver.compile(self._leading)
        gap = min(question.gap, LEADER_GAP)
        leader = solve_country(self._plans, self._leading, gap, question.time_limit)
        if leader.status != OPTIMAL or leader.values is None:
            raise no_base(leader)
        path = leader_path(instance, self._leading, leader.values)
        self._leader_run = replace(leader, leader=path)
        own = resolve(instance, question.target, path, question.objective)
        self._base = replace(self._based(own, ANCHOR_SHARE * question.gap), leader=path)
        assert self._base.solution is not None
        wide = self._widest(own)
        self._near = self._plans.anchored(own, self._base.solution, wide)
        reaching = all_into(own, self.period)
        reach = self._based(reaching, ANCHOR_SHARE * REACH_GAP)
        assert reach.solution is not None
        self._near_reach = self._plans.anchored(reaching, reach.solution, all_into(wide, self.period))

    def _based(self, parameters: PlanParameters, gap: float) -> CountryRun:
        run = solve_country(self._plans, parameters, gap, self.question.time_limit)
        if run.status != OPTIMAL or run.values is None:
            raise no_base(run)
        return run

    def _widest(self, own: PlanParameters) -> PlanParameters:
        """What the structure of all regimes is made at: the numbers of every level of the design alone."""
        regimes = [own]
        levels = () if self.design is None else self.design.all_levels.factors.values()
        for patches in (each for factor in levels for each in factor.values() if each):
            # a regime that cannot be made says so itself
            with suppress(KloofError):
                regimes.append(self._own(self._changed(patches)[0], self._path, True))
        return widest(regimes)

    @property
    def _path(self) -> LeaderPath:
        """The leader's path in the baseline."""
        assert self._leader_run.leader is not None
        return self._leader_run.leader

    @property
    def period(self) -> int:
        """The place of the period that the year asked for ends with."""
        return _places(self._leading, self.question.year)[-1]

    @property
    def periods(self) -> tuple[str, str]:
        """The labels of the period asked for and of the last one reported."""
        sets = self._leading.sets
        return sets.periods[self.period], sets.periods[sets.reported - 1]

    @cached_property
    def baseline(self) -> RegimeAnswer:
        """The instance as it is, as regime 0."""
        assert self._base.parameters is not None
        return self._answer(0, (), self._base, True, self._near_reach, False)[0]

    def parameters(self, patches: Sequence[Patch]) -> PlanParameters:
        """The target's parameters under a regime whose leader is as in the baseline, and an error (E747)
        where it is not a regime or the leader's plan is another: what an order of regimes is made of."""
        changed, leading = self._changed(patches)
        if identity(leading) != identity(self._leading):
            raise InputError(Diagnostic("E747", "the regime changes the leader's own plan"))
        return self._own(changed, self._path, True)

    def solve(self, number: int, choice: Choice, design: Design) -> RegimeAnswer:
        """The answer of a regime; whatever goes wrong is one that failed, with the reason."""
        return self.solve_beside(number, choice, design)[0]

    def solve_beside(
        self, number: int, choice: Choice, design: Design, left: Left | None = None, leaving: bool = False
    ) -> tuple[RegimeAnswer, Left | None]:
        """The same, from what a neighbour `left` (None: from the baseline), and what it leaves itself, if it
        should be `leaving` something and has certified plans."""
        try:
            return self._solved(number, choice, design, left, leaving)
        except KloofError as error:
            message = "; ".join(each.message for each in error.diagnostics)
            return RegimeAnswer(number=number, levels=dict(choice), status=FAILED, message=message), None

    def _solved(
        self, number: int, choice: Choice, design: Design, left: Left | None, leaving: bool
    ) -> tuple[RegimeAnswer, Left | None]:
        changed, leading = self._changed(design.patches(choice))
        leader = self._leader(changed, leading)
        own = self._own(changed, leader.path, leader.same)
        assert self._base.parameters is not None
        if leader.same and identity(own) == identity(self._base.parameters):
            same = {"number": number, "levels": dict(choice), "same_as_baseline": True}
            return self.baseline.model_copy(update=same), None
        question = self.question
        near, near_reach = self._places_beside(left)
        run = solve_near(near, own, question.gap, question.time_limit, leaving)
        run = replace(run, leader=leader.path)
        return self._answer(number, choice, run, leader.same, near_reach, leaving)

    def _places_beside(self, left: Left | None) -> tuple[AnchoredPlan, AnchoredPlan]:
        """Where the best response and what can be reached start."""
        if left is None:
            return self._near, self._near_reach
        if self._beside is None or self._beside[0] is not left:
            near, near_reach = self._near.beside(left.response), self._near_reach.beside(left.reach)
            self._beside = left, near, near_reach
        return self._beside[1:]

    def _changed(self, patches: Sequence[Patch]) -> tuple[Instance, PlanParameters]:
        """The instance under a regime, and the leader's parameters in it."""
        changed = patch(self.instance, patches) if patches else self.instance
        if changed.leader != self.instance.leader:
            raise InputError(Diagnostic("E747", f"the regime makes {changed.leader} lead"))
        _refuse_stages(changed)
        paths = self._paths(changed)
        leading = resolve_again(self._leading, changed, paths, None, self.question.objective, True)
        return changed, _comparable(leading, self._leading)

    def _paths(self, changed: Instance) -> list[str]:
        return [one.path for one in changed.applied[len(self.instance.applied) :]]

    def _own(self, changed: Instance, path: LeaderPath, same: bool) -> PlanParameters:
        before = self._base.parameters
        assert before is not None
        paths = self._paths(changed)
        return _comparable(resolve_again(before, changed, paths, path, self.question.objective, same), before)

    def _leader(self, changed: Instance, leading: PlanParameters) -> _Leader:
        """The leader's path: the baseline's where every number of its plan is, else solved anew."""
        path = self._path
        growth = changed.research.capability_growth_per_year.number()
        if identity(leading) == identity(self._leading) and growth == path.growth_before_base:
            return _Leader(path, True)
        assert self._leader_run.solution is not None
        gap = min(self.question.gap, LEADER_GAP)
        start = self._leader_run.solution.start
        run = solve_country(self._plans, leading, gap, self.question.time_limit, start)
        if run.status != OPTIMAL or run.values is None:
            message = f"the leader {run.country} has no certified plan under this regime ({run.status})"
            raise SolverError(Diagnostic("S104", message))
        return _Leader(leader_path(changed, leading, run.values), False)

    def _reach(self, own: PlanParameters, near: AnchoredPlan, leaving: bool) -> _Reach:
        """What the highest capability of the year is over all plans."""
        reaching = all_into(own, self.period)
        run = solve_near(near, reaching, REACH_GAP, self.question.time_limit, leaving)
        if run.solution is None or run.values is None:
            if run.status == FAILED:
                raise SolverError(run.diagnostics)
            return _Reach(run.status)
        weight = weight_of_time(reaching)
        certificate = run.solution.certificate
        bounds = (certificate.lower / weight, certificate.upper / weight)
        return _Reach(run.status, bounds, Trace.of(run.solution) if leaving else None)

    def _answer(
        self,
        number: int,
        choice: Choice,
        run: CountryRun,
        same_leader: bool,
        near_reach: AnchoredPlan,
        leaving: bool,
    ) -> tuple[RegimeAnswer, Left | None]:
        levels = dict(choice)
        parameters, values, solution = run.parameters, run.values, run.solution
        if parameters is None or values is None or solution is None:
            message = "; ".join(each.message for each in run.diagnostics)
            if not message and solution is not None:
                message = solution.message
            return RegimeAnswer(number=number, levels=levels, status=run.status, message=message), None
        # before anything else is solved: the plan's outer program is still at hand
        sold = of_legal(self.instance, parameters)
        revenue = self._ranges(solution, {"imports": sold})
        lag_range = self._lag_range(run) if self.question.ranges else None
        reach = self._reach(parameters, near_reach, leaving)
        bounds = reach.bounds
        if bounds is None:
            message = "nothing is certified of what the target can reach at most"
            return RegimeAnswer(number=number, levels=levels, status=reach.status, message=message), None
        assert run.leader is not None
        weight, certificate = weight_of_time(parameters), solution.certificate
        response = Trace.of(solution) if leaving else None
        left = None if response is None or reach.trace is None else Left(response, reach.trace)
        lags = lag_of_plan(parameters, values["capability"], run.leader).months
        at = float((sold * values["imports"]).sum())
        answer = RegimeAnswer(
            number=number,
            levels=levels,
            status=run.status,
            leader_changed=not same_leader,
            value=(certificate.lower / weight, certificate.upper / weight),
            gap=certificate.gap,
            lag_months=float(lags[self.period]),
            lag_last_months=float(lags[parameters.sets.reported - 1]),
            reach_log_units=bounds,
            guaranteed_lag_months=self.lag_at(parameters, bounds[1], run.leader),
            surely_reached_lag_months=self.lag_at(parameters, bounds[0], run.leader),
            # nothing is bought back
            revenue_usd_bn=Range(at=at, least=max(min(revenue[0], at), 0.0), greatest=max(revenue[1], at)),
            fees_usd_bn=float((of_fees(self.instance, parameters) * values["imports"]).sum()),
            grey_usd_bn=float((of_chips(self.instance, parameters) * values["grey"]).sum()),
            memory_usd_bn=of_memory(parameters, values["hbm_imports"]),
            rent_usd_bn=float((discounted(parameters) * values["rent"]).sum()),
            lag_range_months=lag_range,
        )
        return answer, left

    def _ranges(self, solution: Solution, weights: Mapping[str, Array]) -> tuple[float, float]:
        """Least and greatest value of a functional over all plans within the gap."""
        solver, functional = self._plans.solver, self._plans.direction(weights)
        if self.question.ranges:
            return solver.range(solution, functional)
        return solver.ranges(solution, [functional], first=RANGE_SHARE, tries=RANGE_TRIES)[0]

    def _lag_range(self, run: CountryRun) -> tuple[float, float]:
        """Least and greatest lag in the year asked for, months, over all plans within the gap."""
        parameters, values, solution = run.parameters, run.values, run.solution
        assert parameters is not None
        assert values is not None
        assert solution is not None
        assert run.leader is not None
        level = np.zeros(len(parameters.sets.periods))
        level[self.period] = 1.0
        here = float(values["capability"][self.period])
        low, high = self._ranges(solution, {"capability": level})
        ends = (max(high, here), min(low, here))
        least, greatest = (self.lag_at(parameters, end, run.leader) for end in ends)
        return least, greatest

    def lag_at(self, parameters: PlanParameters, capability: float, path: LeaderPath) -> float:
        """The lag in the year asked for, months, of that capability, log units; -inf where it is above all
        that the leader reaches, so that nothing is known of how far ahead it is."""
        lag = lag_of_plan(parameters, np.full(len(parameters.sets.periods), capability), path)
        return -np.inf if lag.beyond[self.period] else float(lag.months[self.period])


def all_into(own: PlanParameters, place: int) -> PlanParameters:
    """The plan's numbers with an objective of the capability of one period alone: its best plan reaches the
    most that any can. What is missed of services costs nothing, as only limits count."""
    values = {name: np.array(array, dtype=np.float64) for name, array in own.values.items()}
    for name in ("w_segment", "w_autonomy", "shortfall_weight", "discount", "terminal"):
        values[name] = np.zeros_like(values[name])
    values["w_capability"] = np.ones_like(values["w_capability"])
    values["discount"][place] = 1.0
    return PlanParameters(own.country, own.sets, values)


def check_question(instance: Instance, question: Question) -> None:
    """Raise `InputError` for what cannot be asked of an instance."""
    target, known = question.target, tuple(instance.countries)
    _refuse_stages(instance)
    if target not in known:
        hint = f"known: {', '.join(known)}"
        raise InputError(Diagnostic("E302", f"unknown country `{target}`", path="--target", hint=hint))
    if target == instance.leader:
        hint = "the target follows the controller, who leads"
        message = f"{target} leads, so that no regime of the leader's is aimed at it"
        raise InputError(Diagnostic("E742", message, path="--target", hint=hint))
    years = instance.settings.horizon.years
    if question.year not in years:
        message = f"no plan reports the year {question.year}"
        hint = f"from {years[0]} to {years[-1]}"
        raise InputError(Diagnostic("E745", message, path="--year", hint=hint))


def _refuse_stages(instance: Instance) -> None:
    if instance.settings.industry == "staged":
        message = "the instance has an industry in stages, for which regimes are not computed"
        hint = "set industry = path: value and reach are certified for plans along paths of capacity"
        raise InputError(Diagnostic("E746", message, path="industry", hint=hint))


def _places(parameters: PlanParameters, year: int) -> list[int]:
    return [place for place, start in enumerate(parameters.sets.starts) if int(start + 1e-9) == year]


def _comparable(after: PlanParameters, before: PlanParameters) -> PlanParameters:
    """The parameters, where what plans are made of and worth is as before. Raises `InputError` (E747)."""
    if after.sets != before.sets:
        raise InputError(Diagnostic("E747", "the regime changes what plans are made of, as years or chips"))
    for name in VALUING:
        if not np.array_equal(after[name], before[name]):
            message = f"the regime changes what plans are worth (`{name}`): regimes cannot be compared"
            raise InputError(Diagnostic("E747", message))
    return after
