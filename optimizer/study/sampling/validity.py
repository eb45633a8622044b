"""What is known to be wrong with a study's scenarios before the first of them is solved.

Every value of every factor is checked against the schema. Conditions between cells (shares that add up to 1)
cannot be checked for thousands of scenarios at 50 ms each. Checked are both ends of all factors together,
each factor by itself that a condition broken there concerns, every policy, and as many scenarios spread over
the design as `CHECKS` allows. What breaks a condition all the same is refused when it is resolved, and is a
row with that reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.checks import conflicts
from optimizer.instance.instance import Instance
from optimizer.instance.patch import patch
from optimizer.instance.patch_grammar import Patch, parse_patch, patch_diagnostic
from optimizer.instance.patch_targets import find_targets
from optimizer.instance.patch_values import apply
from optimizer.instance.policy import read_policy
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import Where
from optimizer.study.batch.rows import Row
from optimizer.study.sampling.factors import Bound, meets
from optimizer.study.sampling.moves import Factor, OwnMove, State

# Scenarios times patches in each that are applied before the first solve.
CHECKS: Final = 1000
MOST_SCENARIOS: Final = 32
ENDS: Final = np.array([0.0, 1.0])


def extremes(factor: Factor, stops: bool) -> list[State]:
    """The values of a factor beyond which it never goes, or all where they are single ones."""
    if stops or all(isinstance(move, OwnMove) for move in factor.moves):
        return factor.stops()
    return factor.at(ENDS)


def check_values(instance: Instance, bound: Bound, stops: bool) -> None:
    """Raise `InputError` where a value of a factor is one that its input may not have."""
    problems: list[Diagnostic] = []
    for factor, origin in zip(bound.factors, bound.origins, strict=True):
        for state in extremes(factor, stops):
            found = _value_problems(instance, state.patches, origin)
            problems += found
            if found:
                break
    if problems:
        raise InputError(problems)


def _value_problems(instance: Instance, texts: Sequence[str], origin: Location | None) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for text in texts:
        try:
            targets = find_targets(instance, parse_patch(text))
            problems = apply(instance, targets, True).problems
        except InputError as error:
            problems = list(error.diagnostics)
        found += [_at(problem, origin) for problem in problems[:1]]
    return found


def _at(problem: Diagnostic, origin: Location | None) -> Diagnostic:
    hint = problem.hint or "end the range before that"
    return patch_diagnostic("E703", problem.message, origin, hint, problem.path)


def invalid_alone(instance: Instance, bound: Bound, stops: bool) -> dict[int, Diagnostic]:
    """The factors that make the instance invalid by themselves at one of their ends, and the first reason."""
    suspects: dict[int, None] = {}
    for end in (0, -1):
        states = [extremes(factor, stops)[end] for factor in bound.factors]
        suspects |= dict.fromkeys(_concerned(bound, _conflicting(instance, states)))
    found: dict[int, Diagnostic] = {}
    for number in sorted(suspects):
        for state in extremes(bound.factors[number], stops):
            changed = _applied(instance, [state])
            for conflict in conflicts(changed):
                shown = " and ".join(f"`{text}`" for text in state.patches[:2])
                message = f"{shown} makes the instance invalid: {conflict.message}"
                hint = (
                    conflict.hint
                    or "move the inputs that depend on each other in one factor, or leave it out"
                )
                problem = patch_diagnostic("E703", message, bound.origins[number], hint)
                found.setdefault(number, problem)
    return found


def _applied(instance: Instance, states: Sequence[State]) -> Instance:
    parsed = [parse_patch(text) for state in states for text in state.patches]
    return apply(
        instance, [target for one in parsed for target in find_targets(instance, one)], True
    ).instance


def _conflicting(instance: Instance, states: Sequence[State]) -> list[Where]:
    return [conflict.where for conflict in conflicts(_applied(instance, states))]


def _concerned(bound: Bound, places: Sequence[Where]) -> Iterator[int]:
    """The factors with a cell in the table in which a conflict was found."""
    tables = [place[:-1] if len(place) > 1 else place for place in places]
    for number, cells in enumerate(bound.touched):
        if any(where[: len(table)] == table for where, _ in cells for table in tables):
            yield number


def check_policies(instance: Instance, bound: Bound, policies: Sequence[str], of_base: str) -> None:
    """Raise `InputError` where a policy cannot be read, does not fit the base (which has the policy
    `of_base`), or changes a cell that a factor moves."""
    problems: list[Diagnostic] = []
    for name in policies:
        try:
            patches = read_policy(name).patches
            patch(instance, patches)
        except InputError as error:
            twice = [part for part in name.split("+") if part in of_base.split("+")]
            problems += [_in_base(part) for part in twice] or error.diagnostics
            continue
        problems += _policy_overlaps(instance, bound, name, patches)
    if problems:
        raise InputError(dict.fromkeys(problems))


def _in_base(policy: str) -> Diagnostic:
    message = f"the policy `{policy}` is part of every scenario already, as the study's base has it"
    hint = "leave it out of the base, or of the axis: its level `baseline` is the base"
    return Diagnostic("E702", message, path="policy", hint=hint)


def _policy_overlaps(
    instance: Instance, bound: Bound, name: str, patches: Sequence[Patch]
) -> Iterator[Diagnostic]:
    targets = [target for one in patches for target in find_targets(instance, one)]
    for factor, cells, origin in zip(bound.factors, bound.touched, bound.origins, strict=True):
        for target in targets:
            if any(meets(cell, target) for cell in cells):
                message = f"the factor `{factor.name}` moves a cell that the policy `{name}` changes:"
                message += f" `{target.patch.text}`"
                hint = "leave the cell to one of them"
                yield patch_diagnostic("E702", message, origin, hint)
                break


def check_rows(instance: Instance, rows: Sequence[Row]) -> None:
    """Raise `InputError` for the first of some rows, spread over the design, that is no valid scenario."""
    most = max(len(row.patches) for row in rows) + 1
    count = min(len(rows), MOST_SCENARIOS, max(CHECKS // most, 2))
    for number in np.unique(np.linspace(0, len(rows) - 1, count).astype(int)).tolist():
        row = rows[number]
        try:
            patch(instance, scenario_patches(row))
        except InputError as error:
            first = error.diagnostics[0]
            message = f"scenario {number} is no valid instance: {first.message}"
            raise InputError(Diagnostic("E703", message, path=first.path, hint=first.hint)) from None


def scenario_patches(row: Row) -> list[Patch]:
    """The patches of a row, its policies' first; they act on the study's base. Raises `InputError`."""
    policies = read_policy(row.policy).patches if row.policy else ()
    return [*policies, *(parse_patch(text) for text in row.patches)]
