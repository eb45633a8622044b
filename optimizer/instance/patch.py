"""Instance + patches -> another instance.

`*=` and `+=` move value, low and high together; `=` drops the range unless the value is a table. All patches
of one call act on the instance as given, so their order does not matter: where two would touch the same
cell, that is an error, unless both set it (`=`) to the same value, which is one change. The grammar is in
`patch_grammar`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.checks import conflicts
from optimizer.instance.conflict import Conflict
from optimizer.instance.diagnose import find_problems
from optimizer.instance.field_rules import Rule
from optimizer.instance.instance import Applied, Instance
from optimizer.instance.patch_grammar import Patch, parse_patch, patch_diagnostic
from optimizer.instance.patch_targets import Target, find_targets, overlaps, without_repeats
from optimizer.instance.problem import Problem
from optimizer.instance.shape import Leaf, children, record
from optimizer.instance.values import FOREVER, CalendarDate, Quantity, YearChange, YearMap
from optimizer.instance.yaml_reader import Where, dotted

__all__ = ["Patch", "parse_patch", "patch", "plain"]


def patch(instance: Instance, patches: Iterable[str | Patch], *, stack: bool = False) -> Instance:
    """The instance with all patches applied, checked again as a whole.

    With `stack` a cell that an earlier call changed may be changed once more; else that is an error, like
    two patches of one cell in this call. Raises `InputError` with every problem found.
    """
    parsed = _parse_all(patches)
    if not parsed:
        return instance
    problems: list[Diagnostic] = []
    targets: list[Target] = []
    for one in parsed:
        try:
            targets += find_targets(instance, one)
        except InputError as error:
            problems += error.diagnostics
    targets = without_repeats(targets)
    clashes = overlaps(targets, () if stack else instance.applied)
    if clashes:
        # what two patches would make of one cell is no value to check
        raise InputError([*problems, *clashes])
    # the horizon first: it decides what the years of the others mean
    targets.sort(key=lambda target: target.where[0] != "horizon")
    patched, applied = instance, {}
    for target in targets:
        old = _value_at(patched, target.where)
        if target.where[0] != "horizon" and not patched.horizon.years:
            break
        try:
            new = _new_value(target, old, patched.horizon.years)
        except InputError as error:
            problems += error.diagnostics
            continue
        patched = _replaced(patched, target.where, new)
        applied[id(target.patch), target.where] = Applied(
            _shown(target),
            plain(old),
            plain(new),
            target.patch.text,
            target.where,
            target.patch.years,
            target.patch.origin,
        )
    _raise(problems)
    _raise([_explain(conflict, targets) for conflict in conflicts(patched)])
    given = {id(one): number for number, one in enumerate(parsed)}
    order = sorted(applied, key=lambda key: given[key[0]])
    return patched.remember(applied=(*instance.applied, *(applied[key] for key in order)))


def plain(value: object) -> object:
    """A value of an instance as numbers, text, lists and tables."""
    if isinstance(value, Quantity):
        return value.value
    if isinstance(value, CalendarDate):
        return value.text
    if isinstance(value, BaseModel):
        return {key: plain(one) for key, one in children(value) if not _is_default(value, key, one)}
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return value


def _is_default(value: BaseModel, key: str | int, one: object) -> bool:
    """Whether a field says what it would say without being written."""
    info = type(value).model_fields[record(type(value)).fields[str(key)][0]]
    return not info.is_required() and one == info.get_default(call_default_factory=True)


def _parse_all(patches: Iterable[str | Patch]) -> list[Patch]:
    parsed: list[Patch] = []
    problems: list[Diagnostic] = []
    for one in patches:
        try:
            # a copy, so that one object given twice counts as two patches
            parsed.append(parse_patch(one) if isinstance(one, str) else replace(one))
        except InputError as error:
            problems += error.diagnostics
    _raise(problems)
    return parsed


def _new_value(target: Target, old: object, years: range) -> object:
    """The cell after the patch, checked against its rule. Raises `InputError`."""
    one = target.patch
    if isinstance(target.shape, Leaf) and target.shape.optional and one.value is None:
        return None
    rule = target.shape.rule if isinstance(target.shape, Leaf) else None
    if isinstance(old, YearMap) and (one.operation != "=" or one.years is not None):
        return _checked(target, _changed_map(old, one), years)
    if isinstance(old, Quantity) and (one.operation != "=" or one.years is not None):
        moved = _moved(old, one, years)
        return _checked(target, rule.fitted(moved, years) if isinstance(rule, Rule) else moved, years)
    if rule is not None:
        return _marked(_checked(target, one.value, years), one)
    try:
        return target.shape.adapter().validate_python(one.value, strict=True, context=years)
    except ValidationError as error:
        found = find_problems(error, target.shape)
        raise InputError(
            _invalid(target, item.message() if item.where else item.problem.message, item.problem, item.where)
            for item in found
        ) from None


def _checked(target: Target, value: object, years: range) -> object:
    assert isinstance(target.shape, Leaf)
    assert target.shape.rule is not None
    new, problems = target.shape.rule.read(value, years)
    if problems:
        raise InputError([_invalid(target, problem.message, problem) for problem in problems])
    return new


def _marked(value: object, one: Patch) -> object:
    """A quantity that a patch set says so, unless it brings its own source or note."""
    if isinstance(value, Quantity) and not value.source and not value.note:
        return replace(value, note=f"set by the patch `{one.text}`")
    return value


def _changed_map(old: YearMap, one: Patch) -> YearMap:
    entries = dict(old.entries)
    number = _number(one)
    if one.operation == "=" and one.years is not None:
        note = f"set by the patch `{one.text}`"
        for year in range(one.years[0], one.years[1] + 1):
            entries[year] = Quantity("constant", (number,), note=note)
        return YearMap(dict(sorted(entries.items())), old.location)
    for year, entry in entries.items():
        if one.chooses(year):
            entries[year] = entry.scaled(number) if one.operation == "*=" else entry.shifted(number)
    return YearMap(entries, old.location)


def _moved(old: Quantity, one: Patch, years: range) -> Quantity:
    if one.years is not None:
        return _changed_years(old, one, years)
    number = _number(one)
    return old.scaled(number) if one.operation == "*=" else old.shifted(number)


def _changed_years(old: Quantity, one: Patch, years: range) -> Quantity:
    assert one.years is not None
    first, last = one.years
    if first < years[0] or last > years[-1]:
        message = f"`{one.text}` chooses years outside the horizon {years[0]}-{years[-1]}"
        raise InputError(patch_diagnostic("E407", message, one.origin))
    # a series is flat after its last year, so a change of that year holds on
    last = FOREVER if last == years[-1] else last
    return old.changed(YearChange(first, last, one.operation, _number(one)))


def _number(one: Patch) -> float:
    assert isinstance(one.value, int | float)
    return float(one.value)


def _replaced(root: Instance, where: Where, new: object) -> Instance:
    changed = _with(root, where, new)
    assert isinstance(changed, Instance)
    return changed


def _value_at(root: Instance, where: Where) -> object:
    """The value at a place, `None` where a table has no such entry yet."""
    value: Any = root
    for key in where:
        if isinstance(value, BaseModel):
            value = getattr(value, record(type(value)).fields[str(key)][0])
        else:
            value = value.get(key)
    return value


def _with(node: Any, where: Where, new: object) -> object:
    if not where:
        return new
    key, rest = where[0], where[1:]
    if isinstance(node, BaseModel):
        attribute = record(type(node)).fields[str(key)][0]
        return node.model_copy(update={attribute: _with(getattr(node, attribute), rest, new)})
    return {**node, key: _with(node.get(key), rest, new)}


def _shown(target: Target) -> str:
    years = target.patch.years
    if years is None:
        return dotted(target.where)
    chosen = f"[{years[0]}]" if years[0] == years[1] else f"[{years[0]}:{years[1]}]"
    return dotted(target.where) + chosen


def _invalid(target: Target, message: str, problem: Problem, below: Where = ()) -> Diagnostic:
    path = dotted((*target.where, *below)) + problem.shown
    text = f"the patch `{target.patch.text}` makes `{path}` invalid: {message}"
    return patch_diagnostic("E408", text, target.patch.origin, problem.hint, path)


def _explain(conflict: Conflict, targets: Sequence[Target]) -> Diagnostic:
    """A problem between cells, with the patches that concern it, else all of them."""
    path = dotted(conflict.where)
    concerned = [target for target in targets if _related(target.where, conflict.where)] or targets
    texts = list(dict.fromkeys(f"`{target.patch.text}`" for target in concerned))
    shown = ", ".join(texts[:4]) + (" ..." if len(texts) > 4 else "")
    message = f"after {shown}: {conflict.message}"
    return patch_diagnostic("E408", message, concerned[0].patch.origin, conflict.hint, path)


def _related(first: Where, second: Where) -> bool:
    length = min(len(first), len(second))
    return first[:length] == second[:length]


def _raise(problems: list[Diagnostic]) -> None:
    if problems:
        raise InputError(problems)
