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


def _sets_the_same(one: Patch, other: Patch) -> bool:
    """Whether two patches of a cell say `=` and the same, in the same years."""
    if one is other or one.operation != "=" or other.operation != "=" or one.years != other.years:
        return False
    # in Python `true` equals 1
    return isinstance(one.value, bool) == isinstance(other.value, bool) and one.value == other.value


def overlaps(targets: Sequence[Target], earlier: Sequence[Applied]) -> list[Diagnostic]:
    """Pairs of patches that touch one cell, one problem per pair."""
    touched: dict[Where, list[tuple[tuple[int, int] | None, str, int]]] = {}
    below: dict[Where, list[tuple[tuple[int, int] | None, str, int]]] = {}
    entries = [(item.where, item.years, item.text, -1 - number) for number, item in enumerate(earlier)]
    entries += [(target.where, target.patch.years, target.patch.text, id(target.patch)) for target in targets]
    problems: dict[tuple[int, int], Diagnostic] = {}
    origins = {id(target.patch): target.patch.origin for target in targets}
    for where, years, text, key in entries:
        others = [item for length in range(len(where) + 1) for item in touched.get(where[:length], [])]
        others += below.get(where, [])
        for other_years, other_text, other_key in others:
            if other_key == key or key < 0 or not _share_a_year(years, other_years):
                continue
            message = f"two patches change `{dotted(where)}`: `{other_text}` and `{text}`"
            hint = "make one of them, or choose different years"
            problem = patch_diagnostic("E404", message, origins.get(key), hint, dotted(where))
            problems.setdefault((other_key, key), problem)
        touched.setdefault(where, []).append((years, text, key))
        for length in range(len(where)):
            below.setdefault(where[:length], []).append((None, text, key))
    return [*problems.values(), *_new_under_star(targets)]


def _share_a_year(first: tuple[int, int] | None, second: tuple[int, int] | None) -> bool:
    return first is None or second is None or (first[0] <= second[1] and second[0] <= first[1])


def _new_under_star(targets: Sequence[Target]) -> list[Diagnostic]:
    """Patches that add an entry which the `*` of another would also have matched."""
    problems: list[Diagnostic] = []
    stars = {id(target.patch): target.patch for target in targets if "*" in target.patch.segments}
    for target in targets:
        if target.old is not None:
            continue
        for star in stars.values():
            if star is target.patch or not _matches(star.segments, target.where):
                continue
            message = f"`{target.patch.text}` adds an entry that `{star.text}` may mean too"
            hint = "name the entries instead of `*`"
            problems.append(
                patch_diagnostic("E404", message, target.patch.origin, hint, dotted(target.where))
            )
    return problems


def _matches(segments: tuple[str, ...], where: Where) -> bool:
    pairs = zip(segments, where, strict=False)
    return len(segments) >= len(where) and all(segment in ("*", key) for segment, key in pairs)
