"""Several scenarios of a world solved together: the leader of each first, then every country that follows.

The first scenario is the baseline. All of one structure share a compiled program. Each country's baseline is
solved cold; every other scenario starts from there, whatever was solved before it, so that a result depends
on its own scenario and the baseline only. Plans of equal parameters are solved once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from models.parameters import LeaderPath, PlanParameters, PlanSets
from optimizer.answer.explanation import with_facts
from optimizer.answer.run import FAILED, INFEASIBLE, STOPPED, UNBOUNDED, CountryRun, WorldRun
from optimizer.answer.worth import SolvedWorth
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, resolve
from optimizer.instance.cells import cell_map
from optimizer.instance.findings import findings
from optimizer.solver import Start
from optimizer.solver.progress import Tell
from optimizer.study.ask import Ask, Scenario
from optimizer.study.country import (
    Sent,
    finished,
    gap_of_stopped,
    leader_path,
    received,
    sent,
    solve_country,
)
from optimizer.study.foresight import Windows, roll_follower, roll_leader
from optimizer.study.identity import identity
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.runner import process_ended, run_each
from optimizer.study.telling import Progress, Searching, Solved
from optimizer.study.worths import easings, solved_worth, with_worths

# Settings that choose what is solved rather than feed a parameter.
WORLD_WIDE = frozenset({"leader", "default_objective", "horizon"})
STRUCTURE = (
    *("years shown", "periods", "chips", "segments", "lines", "chips made at home"),
    *("classes of tools", "groups of designers", "rules", "delays", "levels"),
)


@dataclass
class _Case:
    """A scenario on its way: its program, its leader's parameters and, once solved, the leader's plan."""

    scenario: Scenario
    windows: Windows
    leading: PlanParameters | None
    identity: str
    diagnostics: tuple[Diagnostic, ...] = ()
    leader_run: CountryRun | None = None
    runs: dict[str, CountryRun] = field(default_factory=dict)

    @property
    def plan_solver(self) -> PlanSolver:
        return self.windows.whole

    @property
    def leader(self) -> str:
        return self.scenario.instance.leader

    @property
    def path(self) -> LeaderPath | None:
        return None if self.leader_run is None else self.leader_run.leader

    def run(self, country: str) -> CountryRun | None:
        """The plan of a country, None where it has not been come to."""
        return self.leader_run if country == self.leader else self.runs.get(country)

    def keep(self, run: CountryRun) -> None:
        """Put a plan in its place."""
        if run.country == self.leader:
            self.leader_run = run
        else:
            self.runs[run.country] = run


def solve_scenarios(ask: Ask, progress: Progress | None = None) -> list[WorldRun]:
    """The strategies of the countries asked about in each scenario, in order.

    A country or scenario that fails does not stop the rest; `InputError` is raised only where a policy does
    not fit, or the numbers of the first scenario's leader cannot be resolved. An interrupt keeps what is
    done, once the first leader is. Results do not depend on the number of processes, nor on the other
    scenarios than the first.
    """
    tell = progress or (lambda solved: None)
    cases = _cases(ask)
    # it is in the programs by now, and not every one can be sent to another process
    ask = replace(ask, extension=None)
    leader, of = cases[0].leader, len({case.identity for case in cases if case.leading})
    tell(Solved(leader, 0, of))
    start = _solve_first_leader(cases, ask, progress)
    tell(Solved(leader, 1, of))
    interrupted = False
    try:
        for plans in _solve_other_leaders(cases, ask, start, progress):
            tell(Solved(leader, 1 + plans, of))
        for solved in _follow(cases, ask, start, progress):
            tell(solved)
        if ask.worths:
            _value(cases, ask)
    except KeyboardInterrupt:
        interrupted = True
    try:
        return [_world(case, cases[0], ask, interrupted) for case in cases]
    except KeyboardInterrupt:
        # It takes no solve to put together again what is done.
        return [_world(case, cases[0], ask, True) for case in cases]


def _cases(ask: Ask) -> list[_Case]:
    """Every scenario with the program of its structure; structures that differ are compiled anew."""
    cases: list[_Case] = []
    programs: dict[object, Windows] = {}
    for scenario in ask.scenarios:
        instance = scenario.instance
        try:
            leading = resolve(instance, instance.leader, None, ask.objective)
        except InputError as error:
            if not cases:
                raise
            cases.append(_Case(scenario, cases[0].windows, None, "", error.diagnostics))
            continue
        notes: tuple[Diagnostic, ...] = ()
        structure = leading.sets.structure
        if structure not in programs:
            programs[structure] = Windows(PlanSolver.compile(leading, ask.extension))
            if cases and cases[0].leading is not None:
                notes = (_compiled_anew(scenario, cases[0].leading.sets, leading.sets),)
        growth = instance.research.capability_growth_per_year.number()
        cases.append(_Case(scenario, programs[structure], leading, f"{identity(leading)} {growth!r}", notes))
    return cases


def _compiled_anew(scenario: Scenario, before: PlanSets, after: PlanSets) -> Diagnostic:
    changes = [
        f"{name} ({len(old)} before, {len(new)} now)" if len(old) != len(new) else name
        for name, old, new in zip(STRUCTURE, before.structure, after.structure, strict=True)
        if old != new
    ]
    message = f"`{scenario.name}` changes the {', '.join(changes)} of the plan: its program is compiled anew"
    return Diagnostic("S108", message, severity="note")


def _trees(case: _Case, country: str, progress: Progress | None) -> Tell | None:
    """What hears of the trees of a country's plan, in whichever process it is solved."""
    if progress is None:
        return None
    return lambda tree: progress(Searching(country, case.scenario.name, tree))


def _lead(case: _Case, ask: Ask, start: Start | None, progress: Progress | None) -> CountryRun:
    assert case.leading is not None
    if ask.view is None:
        tell = _trees(case, case.leader, progress)
        run = solve_country(case.plan_solver, case.leading, ask.gap, ask.time_limit, start, tell)
    else:
        run = roll_leader(case.windows, case.scenario.instance, case.leading, ask)
    if run.values is None:
        return run
    path = leader_path(case.scenario.instance, case.leading, run.values)
    return finished(
        case.plan_solver, run, path, ask.ranges and case.leader in ask.asked, None, ask.time_limit
    )


def _give(run: CountryRun, identity: str, cases: Sequence[_Case]) -> None:
    """The leader's run to every case whose leader is the same."""
    for case in cases:
        if case.identity == identity:
            case.leader_run = run


def _solve_first_leader(cases: Sequence[_Case], ask: Ask, progress: Progress | None) -> Start | None:
    """Solve the baseline's leader, cold; returns where it ended."""
    run = _lead(cases[0], ask, None, progress)
    _give(run, cases[0].identity, cases)
    return run.solution.start if run.solution is not None else None


def _solve_other_leaders(
    cases: Sequence[_Case], ask: Ask, start: Start | None, progress: Progress | None
) -> Iterator[int]:
    """Solve every leader that differs from the baseline's, from where that one ended, and yield how many are
    solved."""
    first = cases[0]
    others = {case.identity: case for case in cases if case.leading and case.identity != first.identity}

    def lead(key: str) -> Sent:
        case = others[key]
        near = start if case.plan_solver is first.plan_solver else None
        return sent(_lead(case, ask, near, progress))

    def lost(key: str, how: str) -> Sent:
        case = others[key]
        what = f"{case.leader}, the leader of {case.scenario.name or 'the baseline'}"
        return sent(CountryRun(case.leader, FAILED, diagnostics=(process_ended(what, how),)))

    found = run_each(lead, list(others), ask.processes, lost)
    for plans, (key, parts) in enumerate(zip(others, found, strict=True), start=1):
        _give(received(others[key].plan_solver, parts), key, cases)
        yield plans


def _follow(
    cases: Sequence[_Case], ask: Ask, start: Start | None, progress: Progress | None
) -> Iterator[Solved]:
    """Solve every follower in every case and yield how far it is after each."""
    first = cases[0]
    anchors: dict[str, tuple[str, Start | None]] = {}

    def follow(case: _Case, country: str, anchor: str, start: Start | None) -> tuple[str, CountryRun | None]:
        """The identity of the parameters and the run; no run where it is the anchor's."""
        assert case.path is not None
        try:
            own = resolve(case.scenario.instance, country, case.path, ask.objective)
        except InputError as error:
            return "", CountryRun(country, FAILED, leader=case.path, diagnostics=error.diagnostics)
        key = f"{case.identity} {identity(own)}"
        if key == anchor:
            return key, None
        if ask.view is None:
            tell = _trees(case, country, progress)
            run = solve_country(case.plan_solver, own, ask.gap, ask.time_limit, start, tell)
        else:
            assert case.leader_run is not None
            run = roll_follower(case.windows, case.scenario.instance, own, case.leader_run, ask)
        uncertified = gap_of_stopped(case.leader_run)
        return key, finished(case.plan_solver, run, case.path, ask.ranges, uncertified, ask.time_limit)

    def follow_baseline(country: str) -> tuple[str, Sent]:
        key, run = follow(first, country, "", None)
        assert run is not None
        return key, sent(run, with_start=len(cases) > 1 or ask.worths or ask.next_dollar is not None)

    def follow_other(item: tuple[str, int]) -> tuple[str, Sent | None]:
        country, position = item
        case = cases[position]
        anchor, start = anchors.get(country, ("", None))
        key, run = follow(case, country, anchor, start if case.plan_solver is first.plan_solver else None)
        return key, None if run is None else sent(run, with_start=ask.worths)

    def lost(case: _Case, country: str, how: str) -> tuple[str, Sent]:
        what = f"{country} in {case.scenario.name}" if case.scenario.name else country
        problem = process_ended(what, how)
        return "", sent(CountryRun(country, FAILED, leader=case.path, diagnostics=(problem,)))

    def lost_baseline(country: str, how: str) -> tuple[str, Sent]:
        return lost(first, country, how)

    def lost_other(item: tuple[str, int], how: str) -> tuple[str, Sent]:
        return lost(cases[item[1]], item[0], how)

    known: dict[tuple[str, str], CountryRun] = {}
    followers = [country for country in ask.asked if first.path is not None and country != first.leader]
    items = [
        (country, position)
        for country, position in product(ask.asked, range(1, len(cases)))
        if cases[position].path is not None and country != cases[position].leader
    ]
    wanted = Counter([*followers, *(country for country, _ in items)])
    solved: Counter[str] = Counter()
    for country, (key, parts) in zip(
        followers, run_each(follow_baseline, followers, ask.processes, lost_baseline), strict=True
    ):
        run = received(first.plan_solver, parts)
        first.runs[country] = run
        if key:
            known[country, key] = run
        found = None if run.solution is None else run.solution.start
        anchors[country] = (key, found)
        solved[country] += 1
        yield Solved(country, solved[country], wanted[country])
    if first.leading is not None and first.leader in ask.asked:
        # Under another leader the baseline's own may follow: it starts from its plan as leader.
        anchors[first.leader] = ("", start)
    for (country, position), (key, other) in zip(
        items, run_each(follow_other, items, ask.processes, lost_other), strict=True
    ):
        if other is None:
            run = known[country, key]
        else:
            run = received(cases[position].plan_solver, other)
            run = known.setdefault((country, key), run) if key else run
        cases[position].runs[country] = run
        solved[country] += 1
        yield Solved(country, solved[country], wanted[country])


def _value(cases: Sequence[_Case], ask: Ask) -> None:
    """Solve what easing the limits of every plan is worth: once all plans are there, so that whoever waits
    no longer for this loses none of them. Each easing is a piece of work of its own."""
    items, plans = [], []
    for case in cases:
        for country in ask.asked:
            run = case.run(country)
            leader = None if run is None else run.leader
            if run is None or leader is None:
                continue
            run = with_facts(run, case.scenario.instance)
            wanted = easings(run, case.scenario.instance, leader, ask.objective)
            if wanted is not None:
                plans.append((case, run, wanted))
                items += [(case, run, easing) for easing in wanted]

    def worth(position: int) -> SolvedWorth | None:
        case, run, easing = items[position]
        return solved_worth(case.plan_solver, run, easing, ask.gap, ask.time_limit)

    def lost(position: int, how: str) -> SolvedWorth | None:
        case, run, easing = items[position]
        what = f"what easing {easing.words or easing.rows[0]} is worth to {run.country}"
        problems[case.scenario.name, run.country].append(process_ended(what, how, "warning"))
        return None

    problems: dict[tuple[str, str], list[Diagnostic]] = defaultdict(list)
    found = list(run_each(worth, range(len(items)), ask.processes, lost))
    for case, run, wanted in plans:
        solved, found = found[: len(wanted)], found[len(wanted) :]
        run = with_worths(run, zip(wanted, solved, strict=True))
        diagnostics = (*run.diagnostics, *problems[case.scenario.name, run.country])
        case.keep(replace(run, diagnostics=diagnostics))


def _world(case: _Case, first: _Case, ask: Ask, interrupted: bool) -> WorldRun:
    instance, leader_run = case.scenario.instance, case.leader_run
    runs, solved = dict(case.runs), {case.leader, *ask.asked}
    if case.leading is None:
        errors = tuple(each for each in case.diagnostics if each.severity == "error")
        runs = {country: CountryRun(country, FAILED, diagnostics=errors) for country in ask.asked}
    elif leader_run is not None and case.path is None:
        failure = Diagnostic("S104", f"the leader {case.leader} has no plan that others could follow")
        status = leader_run.status if leader_run.status in (STOPPED, INFEASIBLE, UNBOUNDED) else FAILED
        runs = {country: CountryRun(country, status, diagnostics=(failure,)) for country in ask.asked}
    if leader_run is not None and case.leader in ask.asked:
        runs[case.leader] = leader_run
    return WorldRun(
        instance,
        case.scenario.name,
        instance.applied,
        case.leader,
        {country: runs[country] for country in ask.asked if country in runs},
        diagnostics=(
            *(each for each in case.diagnostics if each.severity != "error"),
            *findings(instance),
            *unread_changes(instance, solved, ask.objective, of_others=case is first),
        ),
        leader_run=leader_run,
        interrupted=interrupted,
    )


def unread_changes(
    instance: Instance, countries: set[str], objective: str | None, *, of_others: bool
) -> tuple[Diagnostic, ...]:
    """A warning for every patch of the instance none of whose cells is read by the plans of `countries`.

    Patches of countries that are not solved count only with `of_others`: a policy may well concern some.
    """
    maps = [cell_map(instance, country, objective) for country in sorted(countries)]
    unread: dict[str, str] = {}
    read = set()
    for change in instance.applied:
        top, _, rest = change.path.partition(".")
        elsewhere = top == "countries" and rest.partition(".")[0] not in countries and not of_others
        feeds = any(each.feeds(change.path) or each.shapes(change.path) for each in maps)
        if top in WORLD_WIDE or elsewhere or feeds:
            read.add(change.text)
        else:
            unread.setdefault(change.text, change.path)
    hint = "no plan solved here reads this value, so the result is as without the change"
    return tuple(
        Diagnostic("S107", f"`{path}` was changed to no effect", severity="warning", hint=hint)
        for text, path in unread.items()
        if text not in read
    )
