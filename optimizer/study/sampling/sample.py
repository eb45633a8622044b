"""From a study and its instance to the scenarios it consists of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.cells import cell_map
from optimizer.instance.instance import Instance
from optimizer.instance.patch import patch
from optimizer.instance.policy import read_policy
from optimizer.instance.problem import nearest
from optimizer.instance.resolving.sets import plan_sets
from optimizer.instance.values import Array
from optimizer.study.batch.outcomes import BINDING
from optimizer.study.batch.rows import Row
from optimizer.study.sampling import correlation, designs, validity
from optimizer.study.sampling.designs import Stops
from optimizer.study.sampling.factors import Bound, bind, bind_all
from optimizer.study.sampling.moves import Factor, OperandMove, PolicyMove, State
from optimizer.study.sampling.outcomes import expanded
from optimizer.study.sampling.spread import Levels, Range
from optimizer.study.sampling.study_file import ALL, MORRIS_LEVELS, Study

BASE_STOP: Final = -1
"""The stop of an axis that is left at the study's base."""
CORRELATED: Final = ("latin_hypercube", "sobol")
STOPPING: Final = ("grid", "one_at_a_time")


@dataclass(frozen=True)
class SampleAxis:
    """A column of a design: a factor, or the group of factors, by their places, that share a position."""

    name: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """The scenarios of a study, and how they were chosen.

    `base` is the instance that all rows change, the study's own policy and patches applied. Of `unit` (rows,
    axes), positions from 0 to 1, and `stops` (rows, axes), which single value, -1 for none, a design has one.
    `outcomes` are names as in strategy.csv, `notes` what a reader should be told of the factors, `time_limit`
    the seconds that a plan may take.
    """

    study: Study
    base: Instance
    countries: tuple[str, ...]
    factors: tuple[Factor, ...]
    axes: tuple[SampleAxis, ...]
    rows: tuple[Row, ...]
    unit: Array | None
    stops: Stops | None
    outcomes: tuple[str, ...]
    notes: tuple[str, ...]
    time_limit: float | None = None

    def document(self) -> dict[str, Any]:
        """What the study says and the patches of the policies among its rows, as JSON data: with the values
        of `base` all that its answers depend on."""
        names = dict.fromkeys(row.policy for row in self.rows if row.policy)
        read = [read_policy(name) for name in names]
        policies = {policy.name: [one.text for one in policy.patches] for policy in read}
        limit = {} if self.time_limit is None else {"time_limit": self.time_limit}
        return {**self.study.document(), "policies": policies, **limit}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def labels(self) -> tuple[tuple[float | str, ...], ...]:
        """What each axis' stops are called: the values of its first factor."""
        return tuple(
            tuple(state.value for state in self.factors[axis.members[0]].stops()) for axis in self.axes
        )

    def axis(self, name: str) -> int:
        """The column of an axis. Raises `InputError` for a name that is none."""
        if name not in self.names:
            raise _unknown("axis", name, self.names)
        return self.names.index(name)


def prepare(study: Study, instance: Instance, time_limit: float | None = None) -> Sample:
    """The scenarios of a study of `instance` (as loaded, without the study's own changes), each plan of which
    may take so many seconds.

    Raises `InputError` with what is wrong: names, overlaps, ranges that make an input invalid, designs that
    cannot be made. Nothing is solved.
    """
    base = base_of(study, instance)
    countries = _countries(study, base)
    bound = _bound(study, base, countries)
    if not bound.factors:
        raise study.refusal("factors", "E709", "the study has no factor", "add one: NAME: PATH ~ own")
    _note_held(study, base, countries, bound)
    stopping = study.design.method in STOPPING
    if stopping:
        _check_stops(study, bound.factors)
    if study.factors is None:
        bound = _without_invalid(base, bound, stopping)
    else:
        validity.check_values(base, bound, stopping)
        alone = validity.invalid_alone(base, bound, stopping)
        if alone:
            raise InputError(alone.values())
    axes = _axes(study, bound.factors)
    unit, stops = _positions(study, bound.factors, axes)
    rows = _rows(study, bound.factors, axes, unit, stops)
    policies = list(dict.fromkeys(row.policy for row in rows if row.policy))
    validity.check_policies(base, bound, policies, study.policy)
    if study.factors is not None:
        # of all inputs nobody chose the ranges: draws that are invalid together are counted, not refused
        validity.check_rows(base, rows)
    horizon = base.horizon
    reported = len(horizon.years) * horizon.steps_per_year
    try:
        outcomes = expanded(study.file.outcomes, plan_sets(base, countries[0]), reported)
    except InputError as error:
        raise _placed(study, "outcomes", error) from None
    if not set(outcomes) - {BINDING}:
        bound.notes.append("the study keeps no number, so that nothing is concluded: name some `outcomes`")
    factors, notes = tuple(bound.factors), tuple(bound.notes)
    return Sample(study, base, countries, factors, axes, rows, unit, stops, outcomes, notes, time_limit)


def _note_held(study: Study, base: Instance, countries: Sequence[str], bound: Bound) -> None:
    """Say of factors that reach no plan that is asked for because the leader's path is held."""
    if study.file.leader == "answer" or study.factors is None:
        return
    maps = [cell_map(base, country, study.file.objective) for country in countries]
    for factor in bound.factors:
        reached = any(cells.feeds(path) or cells.shapes(path) for cells in maps for path in factor.cells)
        if factor.cells and not reached:
            whose = ", ".join(countries)
            bound.notes.append(f"`{factor.name}` reaches no plan of {whose}: the leader's path is held")


def base_of(study: Study, instance: Instance) -> Instance:
    """The instance that a study's scenarios change. Raises `InputError`."""
    policy = read_policy(study.policy).patches if study.policy else ()
    return patch(instance, [*policy, *study.patches])


def _countries(study: Study, base: Instance) -> tuple[str, ...]:
    asked = (
        tuple(base.countries) if study.file.countries == ALL else tuple(dict.fromkeys(study.file.countries))
    )
    for name in asked:
        if name not in base.countries:
            close = nearest(name.upper(), tuple(base.countries))
            hint = f"did you mean `{close}`?" if close else f"known: {', '.join(base.countries)}"
            raise study.refusal("countries", "E302", f"unknown country `{name}`", hint)
    if not asked:
        raise study.refusal("countries", "E302", "no country is named", "write countries: [CHN], or all")
    objective = study.file.objective
    if objective is not None and objective not in base.objectives:
        hint = f"known: {', '.join(base.objectives)}"
        raise study.refusal("objective", "E306", f"unknown objective `{objective}`", hint)
    return asked


def _bound(study: Study, base: Instance, countries: Sequence[str]) -> Bound:
    if study.factors is None:
        return bind_all(base, countries, study.file.objective, study.file.leader == "answer")
    return bind(base, study.factors)


def _without_invalid(base: Instance, bound: Bound, stopping: bool) -> Bound:
    """Of all inputs, those that can move alone: not the shares that add up to 1."""
    alone = validity.invalid_alone(base, bound, stopping)
    kept = [number for number in range(len(bound.factors)) if number not in alone]
    notes = list(bound.notes)
    if alone:
        paths = [bound.factors[number].name for number in alone]
        shown = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
        notes.append(f"{len(paths)} inputs that make the instance invalid alone are no factors: {shown}")
    return Bound(
        [bound.factors[number] for number in kept],
        [bound.touched[number] for number in kept],
        [bound.origins[number] for number in kept],
        notes,
    )


def _check_stops(study: Study, factors: Sequence[Factor]) -> None:
    """Raise `InputError` where it is not said at which values a factor stops."""
    for factor in factors:
        spreads = [move.spread for move in factor.moves if isinstance(move, OperandMove)]
        if study.design.method == "grid" and any(isinstance(s, Range) and s.count is None for s in spreads):
            message = f"the factor `{factor.name}` has a range without a number of values, which a grid needs"
            raise study.refusal("factors", "E705", message, "write LOW:HIGH:COUNT, as in 0.5:2:7")
        if len(set(factor.counts)) > 1:
            counts = " and ".join(map(str, sorted(set(factor.counts))))
            message = f"the axes of the factor `{factor.name}` have {counts} values, and move together"
            raise study.refusal("factors", "E705", message, "give all of them as many values")


def _axes(study: Study, factors: Sequence[Factor]) -> tuple[SampleAxis, ...]:
    """Groups first where their first factor stands, then factors of their own."""
    places = {factor.name: number for number, factor in enumerate(factors)}
    group_of: dict[int, str] = {}
    for group, members in study.file.groups.items():
        if group in places:
            raise study.refusal(
                "groups", "E707", f"`{group}` is a factor and a group", "give the group another name"
            )
        if not members:
            raise study.refusal("groups", "E707", f"the group `{group}` has no factor", "name its factors")
        for name in members:
            if name not in places:
                raise _placed(study, "groups", _unknown("factor", name, tuple(places)))
            if places[name] in group_of:
                message = f"the factor `{name}` is in two groups, `{group_of[places[name]]}` and `{group}`"
                raise study.refusal("groups", "E707", message, "leave it in one")
            group_of[places[name]] = group
    axes: dict[str, list[int]] = {}
    for number, factor in enumerate(factors):
        axes.setdefault(group_of.get(number, factor.name), []).append(number)
    for name, members_at in axes.items():
        if study.design.method in STOPPING and len({len(factors[n].stops()) for n in members_at}) > 1:
            message = f"the factors of the group `{name}` have different numbers of values, and move together"
            raise study.refusal("groups", "E705", message, "give all of them as many values")
    return tuple(SampleAxis(name, tuple(members_at)) for name, members_at in axes.items())


def _positions(
    study: Study, factors: Sequence[Factor], axes: Sequence[SampleAxis]
) -> tuple[Array | None, Stops | None]:
    design, seed, count = study.design, study.file.seed, len(axes)
    try:
        if design.method in STOPPING:
            _refuse_correlations(study)
            columns = [[factors[member].stops() for member in axis.members] for axis in axes]
            if design.method == "grid":
                return None, designs.grid([len(column[0]) for column in columns])
            return None, _one_at_a_time(columns)
        if design.method == "morris":
            _refuse_correlations(study)
            levels = design.levels or MORRIS_LEVELS
            return designs.morris(design.trajectories or 0, count, levels, seed), None
        draws = design.draws or 0
        if design.method == "saltelli":
            _refuse_correlations(study)
            return designs.saltelli(draws, count, second_order(study), seed), None
        is_sobol = design.method == "sobol"
        unit = (designs.sobol if is_sobol else designs.latin_hypercube)(draws, count, seed)
        return _correlated(study, factors, axes, unit), None
    except InputError as error:
        raise _placed(study, "design", error) from None


def second_order(study: Study) -> bool:
    """Whether a Saltelli design is to tell pairs of axes apart."""
    return study.design.second_order is not False


def _one_at_a_time(columns: Sequence[Sequence[Sequence[State]]]) -> Stops:
    """The base, then every stop of every axis that changes something."""
    rows = [[BASE_STOP] * len(columns)]
    for place, members in enumerate(columns):
        for stop in range(len(members[0])):
            if all(states[stop].is_base for states in members):
                continue
            row = [BASE_STOP] * len(columns)
            row[place] = stop
            rows.append(row)
    return np.array(rows, dtype=np.int64)


def _refuse_correlations(study: Study) -> None:
    if study.correlations:
        message = f"the design `{study.design.method}` moves factors independently of each other"
        hint = "leave the correlations out, or take latin_hypercube or sobol"
        raise study.refusal("correlations", "E706", message, hint)


def _correlated(study: Study, factors: Sequence[Factor], axes: Sequence[SampleAxis], unit: Array) -> Array:
    if not study.correlations:
        return unit
    names = [axis.name for axis in axes]
    for first, second, _ in study.correlations:
        for name in (first, second):
            if name not in names:
                raise _placed(study, "correlations", _unknown("factor", name, names))
            members = axes[names.index(name)].members
            if any(not _is_ordered(factors[member]) for member in members):
                message = f"the values of `{name}` have no order, so that nothing correlates with them"
                raise study.refusal("correlations", "E706", message, "leave it out")
    try:
        matrix, columns = correlation.matrix_of(study.correlations, names)
        reorder = study.design.method == "latin_hypercube"
        return (correlation.by_reordering if reorder else correlation.by_copula)(unit, matrix, columns)
    except InputError as error:
        raise _placed(study, "correlations", error) from None


def _is_ordered(factor: Factor) -> bool:
    """Whether a factor's values are numbers."""
    for move in factor.moves:
        if isinstance(move, PolicyMove):
            return False
        levels = (
            move.spread.values if isinstance(move, OperandMove) and isinstance(move.spread, Levels) else ()
        )
        if any(isinstance(level, str | bool) for level in levels):
            return False
    return True


def _rows(
    study: Study,
    factors: Sequence[Factor],
    axes: Sequence[SampleAxis],
    unit: Array | None,
    stops: Stops | None,
) -> tuple[Row, ...]:
    column_of = {member: column for column, axis in enumerate(axes) for member in axis.members}
    states: list[list[State]] = []
    for number, factor in enumerate(factors):
        column = column_of[number]
        if stops is not None:
            known = [*factor.stops(), factor.base]
            states.append([known[stop] for stop in stops[:, column].tolist()])
        else:
            assert unit is not None
            states.append(factor.at(unit[:, column], ends=study.design.method == "morris"))
    rows = []
    for number, row in enumerate(zip(*states, strict=True)):
        patches = tuple(text for state in row for text in state.patches)
        policy = "+".join(state.policy for state in row if state.policy)
        rows.append(Row(number, tuple(_value(state.value) for state in row), patches, policy))
    return tuple(rows)


def _value(value: float | str) -> float | str:
    assert isinstance(value, str) or not math.isnan(value)
    return value


def _unknown(kind: str, name: str, known: Sequence[str]) -> InputError:
    close = nearest(name, tuple(known))
    hint = f"did you mean `{close}`?" if close else f"known: {', '.join(known[:12])}"
    return InputError(Diagnostic("E707", f"the study has no {kind} `{name}`", hint=hint))


def _placed(study: Study, key: str, error: InputError) -> InputError:
    """The error, its problems at the place of a key of the study file unless they have one."""
    mark = study.marks.get(key)
    if mark is None:
        return error
    return InputError(
        each
        if each.line is not None
        else Diagnostic(each.code, each.message, each.severity, *mark, each.path, each.hint)
        for each in error.diagnostics
    )
