"""Which cells a patch means, and whether two patches mean the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.diagnose import find_problems
from optimizer.instance.field_rules import Rule, YearMapRule
from optimizer.instance.instance import Applied, Instance
from optimizer.instance.moved import moved_hint
from optimizer.instance.patch_grammar import Patch, patch_diagnostic
from optimizer.instance.problem import nearest, seen
from optimizer.instance.shape import Leaf, Map, Record, Shape, record
from optimizer.instance.shipped import policy_directory, shipped_directory
from optimizer.instance.values import Quantity, YearMap
from optimizer.instance.yaml_reader import Where, dotted

SOURCES: Final = "sources"


@dataclass(frozen=True)
class Target:
    """One cell that a patch changes: its place, shape, and value before (`None` where there is none)."""

    patch: Patch
    where: Where
    shape: Shape
    old: object


def find_targets(instance: Instance, one: Patch) -> list[Target]:
    """The cells that a patch changes. Raises `InputError` where there is none."""
    root = record(Instance)
    found: list[Target] = []
    failure = _walk(one, root, instance, (), found)
    if found:
        return found
    if failure is None:
        message = f"`{one.text}` matches nothing"
        failure = patch_diagnostic("E403", message, one.origin, "`*` stands for exactly one segment")
    raise InputError(_of_another_world(failure, instance.directory))


def meant_place(instance: Instance, one: Patch) -> tuple[Where, bool]:
    """How far the path of a patch that changes nothing can be followed, by the nearest names; and whether
    that is all the way to a cell."""
    shape: Shape = record(Instance)
    value: object = instance
    where: Where = ()
    for segment in one.segments:
        options = _options(shape, value, where)
        name = segment if segment in options else nearest(segment, tuple(options))
        if name is None:
            break
        shape, value = options[name]
        where = (*where, name)
    return where, len(where) == len(one.segments) and isinstance(shape, Leaf)


def _of_another_world(failure: Diagnostic, directory: str) -> Diagnostic:
    """The failure; where its patch is a shipped policy's, as that of one made for another world than the one
    in `directory`: such a policy has no typing error for which the nearest name would help."""
    if failure.file is None or Path(failure.file).resolve().parent != policy_directory():
        return failure
    place = Path(directory)
    name = place.name if place.parent == shipped_directory() else directory
    hint = f"this policy is made for another world; those that fit this one: kloof policies {name}"
    return replace(failure, hint=hint)


def _walk(one: Patch, shape: Shape, value: object, where: Where, found: list[Target]) -> Diagnostic | None:
    """Collect the targets below `value`; return why there is none here."""
    position = len(where)
    if position == len(one.segments):
        return _end(one, shape, value, where, found)
    segment = one.segments[position]
    options = _options(shape, value, where)
    if segment == "*":
        count = len(found)
        failures = [_walk(one, below, child, (*where, key), found) for key, (below, child) in options.items()]
        reasons = [failure for failure in failures if failure is not None]
        return reasons[0] if reasons and len(found) == count else None
    if segment in options:
        below, child = options[segment]
        return _walk(one, below, child, (*where, segment), found)
    last = position == len(one.segments) - 1
    if isinstance(shape, Map) and last and one.operation == "=" and one.years is None:
        problem = _key_problem(one, shape, (*where, segment))
        if problem is None:
            found.append(Target(one, (*where, segment), shape.entry, None))
        return problem
    return _unknown(one, segment, where, shape, tuple(options))


def _options(shape: Shape, value: object, where: Where) -> dict[str, tuple[Shape, object]]:
    """What may follow at this place: shape and present value by segment."""
    if isinstance(shape, Map) and isinstance(value, Mapping):
        return {str(key): (shape.entry, child) for key, child in value.items()}
    if isinstance(shape, Record):
        return {
            key: (below, getattr(value, attribute))
            for key, (attribute, below) in shape.fields.items()
            if where or key != SOURCES
        }
    return {}


def _end(one: Patch, shape: Shape, value: object, where: Where, found: list[Target]) -> Diagnostic | None:
    by_star = one.segments[-1] == "*"
    is_number = isinstance(value, Quantity | YearMap)
    if by_star and not is_number:
        return None
    if one.operation != "=" and not is_number:
        return _not_a_number(one, shape, value, where)
    if one.years is not None:
        problem = _years_problem(one, shape, value, where)
        if problem is not None:
            return problem
    found.append(Target(one, where, shape, value))
    return None


def _not_a_number(one: Patch, shape: Shape, value: object, where: Where) -> Diagnostic:
    path = dotted(where)
    if isinstance(shape, Leaf) and shape.optional and value is None:
        message = f"`{one.text}` cannot change `{path}`, which has no value yet"
        return patch_diagnostic("E406", message, one.origin, f"set it: {path} = VALUE", path)
    if not isinstance(shape, Leaf):
        names = [key for key, (_, child) in _options(shape, value, where).items() if child is not None]
        message = f"`{one.text}` cannot change `{path}`, which is a table"
        hint = f"name what is below it: {', '.join(names[:8])}" if names else None
        return patch_diagnostic("E405", message, one.origin, hint, path)
    message = f"`{one.text}` cannot change `{path}`, which is {seen(value)}"
    return patch_diagnostic("E406", message, one.origin, f"set it: {path} = VALUE", path)


def _years_problem(one: Patch, shape: Shape, value: object, where: Where) -> Diagnostic | None:
    rule = shape.rule if isinstance(shape, Leaf) else None
    path = dotted(where)
    if isinstance(rule, YearMapRule) and isinstance(value, YearMap):
        if one.operation != "=" and not any(one.chooses(year) for year in value):
            listed = ", ".join(str(year) for year in value) or "none"
            message = f"`{path}` lists no year that `{one.text}` chooses"
            return patch_diagnostic("E403", message, one.origin, f"years listed: {listed}", path)
        return None
    if isinstance(rule, Rule) and rule.series and isinstance(value, Quantity):
        return None
    if isinstance(rule, Rule) and rule.series:
        message = f"`{one.text}` chooses years of `{path}`, which has no value yet"
        return patch_diagnostic("E407", message, one.origin, f"set all of it: {path} = VALUE", path)
    message = f"`{one.text}` chooses years of `{path}`, which does not vary over time"
    return patch_diagnostic("E407", message, one.origin, "leave the [years] out", path)


def _unknown(one: Patch, segment: str, where: Where, shape: Shape, options: tuple[str, ...]) -> Diagnostic:
    path = dotted((*where, segment))
    if not where and segment == SOURCES:
        message = f"`{one.text}` changes sources, which no patch can"
        return patch_diagnostic("E405", message, one.origin, None, path)
    close = nearest(segment, options)
    if close is not None:
        rest = one.segments[len(where) + 1 :]
        hint = f"did you mean `{dotted((*where, close, *rest))}`?"
    elif options:
        hint = "here follows one of: " + ", ".join(options[:12])
    elif isinstance(shape, Map):
        hint = f"there is no entry yet; add one: {path} = VALUE"
    else:
        hint = f"the path ends at `{dotted(where)}`"
    hint = moved_hint(str(segment)) or hint
    return patch_diagnostic("E402", f"unknown path `{path}` in `{one.text}`", one.origin, hint, path)


def _key_problem(one: Patch, shape: Map, where: Where) -> Diagnostic | None:
    """Why an entry of this name cannot be added."""
    try:
        TypeAdapter(shape.key).validate_python(where[-1])
    except ValidationError as error:
        problem = find_problems(error, shape)[0].problem
        message = f"unknown path `{dotted(where)}` in `{one.text}`: the name {problem.message}"
        return patch_diagnostic("E402", message, one.origin, problem.hint, dotted(where))
    return None


def without_repeats(targets: Sequence[Target]) -> list[Target]:
    """The targets without those that set a cell to what an earlier one sets it to as well."""
    kept: list[Target] = []
    there: dict[Where, list[Patch]] = {}
    for target in targets:
        others = there.setdefault(target.where, [])
        if not any(_sets_the_same(target.patch, other) for other in others):
            kept.append(target)
        others.append(target.patch)
    return kept


def is_repeated(target: Target, earlier: Sequence[Applied]) -> bool:
    """Whether an earlier change of the cell says the same."""
    return any(item.where == target.where and _sets_the_same(target.patch, item.patch) for item in earlier)


def _sets_the_same(one: Patch, other: Patch) -> bool:
    """Whether two patches of a cell say `=` and the same, in the same years."""
    if one is other or one.operation != "=" or other.operation != "=" or one.years != other.years:
        return False
    # in Python `true` equals 1
    return isinstance(one.value, bool) == isinstance(other.value, bool) and one.value == other.value


def overlaps(targets: Sequence[Target], earlier: Sequence[Applied]) -> tuple[list[Diagnostic], set[int]]:
    """Pairs of patches that touch one cell, one problem per pair, and the `id` of every patch of a pair. An
    earlier change that says the same is no problem."""
    touched: dict[Where, list[Patch]] = {}
    below: dict[Where, list[Patch]] = {}
    past = {id(item.patch) for item in earlier}
    entries = [(item.where, item.patch) for item in earlier]
    entries += [(target.where, target.patch) for target in targets]
    problems: dict[tuple[int, int], Diagnostic] = {}
    for where, one in entries:
        above = [other for length in range(len(where)) for other in touched.get(where[:length], [])]
        same = [
            other
            for other in touched.get(where, [])
            if _share_a_year(one.years, other.years)
            and not (id(other) in past and _sets_the_same(one, other))
        ]
        for other in (*above, *same, *below.get(where, [])):
            if other is one or id(one) in past:
                continue
            message = f"two patches change `{dotted(where)}`: `{other.text}` and `{one.text}`"
            hint = "make one of them, or choose different years"
            problem = patch_diagnostic("E404", message, one.origin, hint, dotted(where))
            problems.setdefault((id(other), id(one)), problem)
        touched.setdefault(where, []).append(one)
        for length in range(len(where)):
            below.setdefault(where[:length], []).append(one)
    under_star = _new_under_star(targets)
    clashing = {key for pair in (*problems, *under_star) for key in pair}
    return [*problems.values(), *under_star.values()], clashing


def _share_a_year(first: tuple[int, int] | None, second: tuple[int, int] | None) -> bool:
    return first is None or second is None or (first[0] <= second[1] and second[0] <= first[1])


def _new_under_star(targets: Sequence[Target]) -> dict[tuple[int, int], Diagnostic]:
    """Patches that add an entry which the `*` of another would also have matched."""
    problems: dict[tuple[int, int], Diagnostic] = {}
    stars = {id(target.patch): target.patch for target in targets if "*" in target.patch.segments}
    for target in targets:
        if target.old is not None:
            continue
        for star in stars.values():
            if star is target.patch or not _matches(star.segments, target.where):
                continue
            message = f"`{target.patch.text}` adds an entry that `{star.text}` may mean too"
            hint = "name the entries instead of `*`"
            problem = patch_diagnostic("E404", message, target.patch.origin, hint, dotted(target.where))
            problems.setdefault((id(star), id(target.patch)), problem)
    return problems


def _matches(segments: tuple[str, ...], where: Where) -> bool:
    pairs = zip(segments, where, strict=False)
    return len(segments) >= len(where) and all(segment in ("*", key) for segment, key in pairs)
