"""What a user's extension may not do to the plan: replace, remove or change what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyomo.environ as pyo

from optimizer.errors import Diagnostic, InputError

KINDS: Final = (pyo.Constraint, pyo.Var, pyo.Param, pyo.Objective, pyo.Set)
HINT: Final = "add rows and variables of your own, under names that the plan does not have"
NUMBERS: Final = "numbers come from the instance: change them there, with --set or a policy"

Snapshot = Mapping[str, tuple[Any, Mapping[Any, object]]]


def snapshot(model: Any) -> Snapshot:
    """Every component of a model and what each of its members says."""
    return {part.name: (part, _members(part)) for part in model.component_objects(KINDS)}


def refuse_changes(model: Any, before: Snapshot) -> None:
    """Raise `InputError` where something of the plan is not what it was: Pyomo replaces a component of a
    known name, and lets bounds, numbers and expressions be changed without a word."""
    problems = []
    for name, (part, members) in before.items():
        now = model.component(name)
        if now is not part:
            done = "removes" if now is None else "replaces"
            problems.append(
                Diagnostic("E603", f"the extension {done} `{name}` of the plan", path=name, hint=HINT)
            )
            continue
        after = _members(part)
        keys = [*members, *(key for key in after if key not in members)]
        changed = [key for key in keys if members.get(key) != after.get(key)]
        if changed:
            label = part[changed[0]].name if changed[0] in part else name
            more = f" and {len(changed) - 1} more of it" if len(changed) > 1 else ""
            hint = NUMBERS if part.ctype is pyo.Param else HINT
            message = f"the extension changes `{label}` of the plan{more}"
            problems.append(Diagnostic("E603", message, path=name, hint=hint))
    if problems:
        raise InputError(problems)


def _members(part: Any) -> dict[Any, object]:
    return {} if part.ctype is pyo.Set else {key: _said(member) for key, member in part.items()}


def _said(member: Any) -> object:
    """What a member of a component says; expressions by identity."""
    kind = member.ctype
    if kind is pyo.Constraint:
        return member.active, id(member.expr)
    if kind is pyo.Objective:
        return member.active, id(member.expr), member.sense
    if kind is pyo.Var:
        return member.lb, member.ub, member.fixed, member.domain.name
    return pyo.value(member, exception=False)
