"""What patches make of the cells that they mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.diagnose import find_problems
from optimizer.instance.field_rules import AMOUNT, Rule
from optimizer.instance.instance import Applied, Instance, value_at
from optimizer.instance.patch_grammar import Patch, patch_diagnostic
from optimizer.instance.patch_targets import Target
from optimizer.instance.problem import Problem
from optimizer.instance.shape import Leaf, children, record, shape_at
from optimizer.instance.stand_in import End, is_below, stand_in
from optimizer.instance.values import FOREVER, CalendarDate, Quantity, YearChange, YearMap
from optimizer.instance.yaml_reader import Where, dotted

HORIZON: Final[Where] = ("horizon",)


@dataclass
class Made:
    """The instance with what could be applied, and what was; `faulty` are the places whose new value is
    wrong. Where the new years are not known (`knows_years`), what depends on them was left out."""

    instance: Instance
    knows_years: bool
    applied: list[Applied] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    faulty: set[Where] = field(default_factory=set)


def apply(instance: Instance, targets: Sequence[Target], knows_years: bool) -> Made:
    """The targets' cells changed, as far as their new values are right."""
    made = Made(instance, knows_years)
    # the horizon decides what the years of the others mean
    for target in targets:
        if target.where[:1] == HORIZON:
            _apply(made, target, instance.horizon.years)
    made.knows_years = knows_years and not made.faulty and bool(made.instance.horizon.years)
    years = made.instance.horizon.years if made.knows_years else instance.horizon.years
    for target in targets:
        if target.where[:1] != HORIZON and (made.knows_years or not _is_about_years(target.patch)):
            _apply(made, target, years)
    return made


def _is_about_years(one: Patch) -> bool:
    return one.years is not None or isinstance(one.value, list | dict)


def _apply(made: Made, target: Target, years: range) -> None:
    old = value_at(made.instance, target.where)
    try:
        new = _new_value(target, old, years)
    except InputError as error:
        made.problems += error.diagnostics
        made.faulty.add(target.where)
        return
    made.instance = _replaced(made.instance, target.where, new)
    made.applied.append(Applied(_shown(target), plain(old), plain(new), target.patch, target.where))


def with_stand_ins(instance: Instance, places: Collection[Where], end: End) -> Instance:
    """The instance with stand-ins at some places."""
    years = instance.horizon.years
    for where in places:
        shape = shape_at(record(Instance), where)
        assert shape is not None
        # another patch may have taken away the table in which the cell stood
        if not is_below(where[:-1], places) and value_at(instance, where[:-1]) is not None:
            raw = stand_in(shape, end, years)
            value = shape.adapter().validate_python(raw, strict=True, context=years)
            instance = _replaced(instance, where, value)
    return instance


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


def _new_value(target: Target, old: object, years: range) -> object:
    """The cell after the patch, checked against its rule. Raises `InputError`."""
    one = target.patch
    if isinstance(target.shape, Leaf) and target.shape.optional and one.value is None:
        return None
    rule = target.shape.rule if isinstance(target.shape, Leaf) else None
    if isinstance(old, YearMap) and (one.operation != "=" or one.years is not None):
        return _checked(target, _changed_map(old, one, years), years)
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


def _changed_map(old: YearMap, one: Patch, years: range) -> YearMap:
    entries = dict(old.entries)
    number = _number(one)
    if one.operation == "=" and one.years is not None:
        note = f"set by the patch `{one.text}`"
        for year in range(one.years[0], one.years[1] + 1):
            entries[year] = Quantity("constant", (number,), note=note)
        return YearMap(dict(sorted(entries.items())), old.location)
    for year, entry in entries.items():
        if one.chooses(year):
            moved = entry.scaled(number) if one.operation == "*=" else entry.shifted(number)
            entries[year] = AMOUNT.fitted(moved, years)
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
