"""One scenario of a study after the other, each from the same plans: those of the study's base.

What a row answers depends on the row and on these plans only, whatever was solved before it and by which
process. A row whose sets differ from the base's (another horizon, a chip more) is solved cold, in a program
of its own structure.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from models.parameters import LeaderPath, PlanParameters
from optimizer.answer.run import FAILED, INFEASIBLE, OPTIMAL, STOPPED, CountryRun
from optimizer.errors import (
    Diagnostic,
    InfeasibleError,
    InputError,
    KloofError,
    SolverError,
    StoppedError,
)
from optimizer.instance import Instance, patch, resolve, resolve_again
from optimizer.instance.resolving.sets import plan_sets
from optimizer.solver.progress import Progress
from optimizer.study.batch.outcomes import OBJECTIVE, Reader
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.country import (
    certified_near,
    gap_of_stopped,
    leader_path,
    solve_country,
    solve_near,
    uncertified_leader,
)
from optimizer.study.plan_solver import ANCHOR_GAP, BATCH_GAP, OUTCOME_GAP, AnchoredPlan, PlanSolver

# hears of a country how far the tree of its plan is
BaseTell = Callable[[str, Progress], None]
LeaderMode = Literal["answer", "hold"]
SOLVED: Final = "solved"
SAME: Final = "same"
CERTIFIED: Final = "certified"
OTHER_PERIODS: Final = "other periods than the base's: the objective is another sum and does not compare"
# Rows whose plans are reported are solved to a share of the gap asked for, which need not be finer than what
# is known to be enough; and the base to a share of that, as its rows repeat its distance from the optimum.
# An integer program takes many times as long to a finer gap, and its rows do not repeat that of the base.
OUTCOME_SHARE: Final = OUTCOME_GAP / BATCH_GAP
ANCHOR_SHARE: Final = ANCHOR_GAP / OUTCOME_GAP


@dataclass(frozen=True)
class BatchQuestion:
    """What is asked of every row: the countries, the objective preset (None: the default one), the gap in
    average log units, seconds per solve, whether the leader answers or its path is held, and the names of
    the outcomes to keep."""

    countries: tuple[str, ...]
    outcomes: tuple[str, ...]
    objective: str | None = None
    gap: float = BATCH_GAP
    time_limit: float | None = None
    leader: LeaderMode = "answer"


@dataclass(frozen=True)
class _Anchor:
    """A country's plan in the base instance: where the plans of all rows start."""

    run: CountryRun
    near: AnchoredPlan


class RowSolver:
    """Solves the rows of one study. Making it solves the base, of whose trees `tell` hears; raises
    `InputError` where the base cannot be resolved or an outcome is unknown, `SolverError` (S120) where a
    country has no certified plan in it: `InfeasibleError` or `StoppedError` where that is why."""

    def __init__(
        self,
        instance: Instance,
        question: BatchQuestion,
        policies: Mapping[str, Sequence[str]] | None = None,
        tell: BaseTell | None = None,
    ) -> None:
        self.instance = instance
        self.question = question
        # where the objective alone is asked for, the base's plan may be proven good enough without a solve
        self._keeps_plans = any(name != OBJECTIVE for name in question.outcomes)
        self._policies = {"": (), **(policies or {})}
        leading = resolve(instance, instance.leader, None, question.objective)
        reader = Reader(question.outcomes, leading.sets)
        if reader.lacking:
            raise InputError(Diagnostic("E710", f"plans of the base have no `{reader.lacking[0]}`"))
        self._readers = {leading.sets.structure: reader}
        self._plan_solver = PlanSolver.compile(leading)
        self._others: dict[object, PlanSolver] = {}
        self._anchors: dict[str, _Anchor] = {}
        self._host = socket.gethostname()
        leader = self._anchor(leading, None, tell)
        for country in question.countries:
            if country != instance.leader:
                own = resolve(instance, country, leader.run.leader, question.objective)
                self._anchor(own, leader.run.leader, tell)

    def _anchor(self, parameters: PlanParameters, path: LeaderPath | None, tell: BaseTell | None) -> _Anchor:
        question = self.question
        gap = anchor_gap(question.gap, self._plan_solver.whole_steps)
        hear = None if tell is None else partial(tell, parameters.country)
        found = solve_country(self._plan_solver, parameters, gap, question.time_limit, tell=hear)
        run = self._as_asked(found)
        if run.status != OPTIMAL or run.values is None or run.solution is None:
            raise no_base(run)
        own = leader_path(self.instance, parameters, run.values) if path is None else path
        near = self._plan_solver.anchored(parameters, run.solution)
        anchor = _Anchor(replace(run, leader=own), near)
        self._anchors[run.country] = anchor
        return anchor

    @property
    def plan_solver(self) -> PlanSolver:
        """The program of the base's structure."""
        return self._plan_solver

    def base(self) -> dict[str, CountryRun]:
        """The plan of the base instance of every country that is asked for."""
        return {country: self._anchors[country].run for country in self.question.countries}

    def solve(self, row: Row) -> list[RowResult]:
        """The row's answer for every country, in the order asked. Whatever goes wrong is a row that failed,
        with the reason."""
        began = time.perf_counter()
        try:
            texts = [*self._policies[row.policy], *row.patches]
            instance = patch(self.instance, texts) if texts else self.instance
            leader = self._leader(instance)
        except KloofError as error:
            return [self._failed(row, country, error, began) for country in self.question.countries]
        results = []
        for country in self.question.countries:
            try:
                run, how = self._plan(instance, country, leader)
                result = self._result(row, run, how, leader[0], instance, began)
            except KloofError as error:
                result = self._failed(row, country, error, began)
            results.append(result)
            began = time.perf_counter()
        return results

    def _changed(self, instance: Instance) -> list[str]:
        """The paths at which a row's instance differs from the base's."""
        return [one.path for one in instance.applied[len(self.instance.applied) :]]

    def _leader(self, instance: Instance) -> tuple[CountryRun, str]:
        """The run of the row's leader, and how it came about."""
        anchor = self._anchors[self.instance.leader]
        if self.question.leader == "hold":
            if instance.leader != self.instance.leader:
                message = f"{instance.leader} leads in this scenario, but the path of {self.instance.leader} "
                raise InputError(Diagnostic("E712", f"{message}is held", hint="let the leader answer"))
            assert anchor.run.parameters is not None
            if plan_sets(instance, instance.leader).periods != anchor.run.parameters.sets.periods:
                message = f"the scenario has other periods than the path of {instance.leader}, which is held"
                raise InputError(Diagnostic("E712", message, hint="let the leader answer"))
            return anchor.run, SAME
        if instance.leader != self.instance.leader:
            parameters = resolve(instance, instance.leader, None, self.question.objective)
        else:
            assert anchor.run.parameters is not None
            changed = self._changed(instance)
            parameters = resolve_again(
                anchor.run.parameters, instance, changed, None, self.question.objective, True
            )
            if parameters is anchor.run.parameters and not _moves_growth(changed):
                return anchor.run, SAME
        run = self._solved(parameters)
        if run.values is None:
            return run, SOLVED
        return replace(run, leader=leader_path(instance, parameters, run.values)), SOLVED

    def _plan(
        self, instance: Instance, country: str, leader: tuple[CountryRun, str]
    ) -> tuple[CountryRun, str]:
        """The run of one country in a row, and how it came about. A leader whose path is held for others has
        a plan of its own all the same."""
        leader_run, leader_how = leader
        leads = country == leader_run.country
        if leads and self.question.leader == "answer":
            return leader
        path = leader_run.leader
        if path is None:
            message = f"the leader {leader_run.country} has no plan ({leader_run.status})"
            raise SolverError(Diagnostic("S104", message))
        anchor, objective = self._anchors[country], self.question.objective
        before = anchor.run.parameters
        assert before is not None
        if leader_run.country == self.instance.leader:
            same = leader_how == SAME
            parameters = resolve_again(before, instance, self._changed(instance), path, objective, same)
        else:
            parameters = resolve(instance, country, path, objective)
        if parameters is before:
            return anchor.run, SAME
        proven = None
        if not self._keeps_plans and leader_run.country == self.instance.leader:
            proven = certified_near(anchor.near, parameters, self.question.gap)
        how = SOLVED if proven is None else CERTIFIED
        run = replace(proven or self._solved(parameters), leader=path)
        uncertified = gap_of_stopped(leader_run)
        if uncertified is None:
            return run, how
        # beside a leader that may have a better plan nothing is certified, so that no study may count it
        problem = uncertified_leader(leader_run.country, uncertified)
        status = STOPPED if run.status == OPTIMAL else run.status
        return replace(run, status=status, diagnostics=(*run.diagnostics, problem)), how

    def _solved(self, parameters: PlanParameters) -> CountryRun:
        """The plan at these parameters, from the country's anchor where the sets are the base's."""
        return self._as_asked(self._solved_finely(parameters))

    def _as_asked(self, run: CountryRun) -> CountryRun:
        """A run that stopped on the way to a finer gap than was asked for is optimal to that one."""
        if run.status != STOPPED or run.solution is None or run.solution.certificate.gap > self.question.gap:
            return run
        return replace(run, status=OPTIMAL, solution=replace(run.solution, status=OPTIMAL, message=""))

    def _solved_finely(self, parameters: PlanParameters) -> CountryRun:
        asked, time_limit = self.question.gap, self.question.time_limit
        anchor = self._anchors.get(parameters.country)
        base = self._anchors[self.instance.leader].run.parameters
        assert base is not None
        structure = parameters.sets.structure
        if structure != base.sets.structure and structure not in self._others:
            self._others[structure] = PlanSolver.compile(parameters)
        plans = self._others.get(structure, self._plan_solver)
        gap = outcome_gap(asked, plans.whole_steps) if self._keeps_plans else asked
        if plans is self._plan_solver and anchor is not None:
            return solve_near(anchor.near, parameters, gap, time_limit)
        return solve_country(plans, parameters, gap, time_limit)

    def _result(
        self,
        row: Row,
        run: CountryRun,
        how: str,
        leader_run: CountryRun,
        instance: Instance,
        began: float,
    ) -> RowResult:
        message = "; ".join(each.message for each in run.diagnostics)
        if run.values is None and run.solution is not None and not message:
            message = run.solution.message
        certificate = None if run.solution is None or run.values is None else run.solution.certificate
        value = bound = None
        if certificate is not None and self._counts_as_the_base(run):
            value, bound = certificate.lower, certificate.upper
        elif certificate is not None:
            message = "; ".join(each for each in (message, OTHER_PERIODS) if each)
        outcomes = (
            {} if run.parameters is None else self._reader(run.parameters).read(run, leader_run, instance)
        )
        return RowResult(
            number=row.number,
            country=run.country,
            status=run.status,
            how=how,
            objective=value,
            bound=bound,
            gap=None if certificate is None else certificate.gap,
            message=message,
            outcomes=outcomes,
            seconds=time.perf_counter() - began,
            host=self._host,
        )

    def _counts_as_the_base(self, run: CountryRun) -> bool:
        """Whether the objective of a plan is over the periods of the base: over others it is another sum."""
        base = self._anchors[self.instance.leader].run.parameters
        assert base is not None
        return run.parameters is None or run.parameters.sets.periods == base.sets.periods

    def _reader(self, parameters: PlanParameters) -> Reader:
        """What reads the study's outcomes from plans over these sets."""
        structure = parameters.sets.structure
        if structure not in self._readers:
            self._readers[structure] = Reader(self.question.outcomes, parameters.sets)
        return self._readers[structure]

    def _failed(self, row: Row, country: str, error: KloofError, began: float) -> RowResult:
        message = "; ".join(each.message for each in error.diagnostics)
        seconds = time.perf_counter() - began
        return RowResult(
            row.number, country, FAILED, SOLVED, None, None, None, message, {}, seconds, self._host
        )


def outcome_gap(gap: float, whole: bool = False) -> float:
    """The gap of rows whose plans are reported, where `gap` is asked for: that itself of plans in whole
    steps."""
    return gap if whole else min(gap, max(OUTCOME_SHARE * gap, OUTCOME_GAP))


def anchor_gap(gap: float, whole: bool) -> float:
    """The gap of the base's plans, where `gap` is asked for."""
    return gap if whole else ANCHOR_SHARE * outcome_gap(gap)


def _moves_growth(changed: Sequence[str]) -> bool:
    """Whether the leader's growth before the base state, which its path carries, may be another."""
    return any(path.startswith("research.capability_growth_per_year") for path in changed)


def no_base(run: CountryRun) -> SolverError:
    """What keeps a base from being one: it has no certified plan."""
    message = "" if run.solution is None else run.solution.message
    reason = "; ".join(each.message for each in run.diagnostics) or message or run.status
    kinds = {INFEASIBLE: InfeasibleError, STOPPED: StoppedError}
    return kinds.get(run.status, SolverError)(
        Diagnostic(
            "S120",
            f"{run.country} has no certified plan in the study's base: {reason}",
            hint="every scenario starts from that plan; `kloof solve` with the same settings tells more",
        )
    )
