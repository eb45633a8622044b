"""Instance + patches -> another instance.

`*=` and `+=` move value, low and high together; `=` drops the range unless the value is a table. All patches
of one call act on the instance as given, so their order does not matter: where two would touch the same
cell, that is an error, unless both set it (`=`) to the same value, which is one change. The grammar is in
`patch_grammar`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.checks import conflicts
from optimizer.instance.conflict import Conflict
from optimizer.instance.country_schema import Fleet
from optimizer.instance.instance import Instance
from optimizer.instance.patch_grammar import Patch, in_file_order, parse_patch, patch_diagnostic
from optimizer.instance.patch_targets import (
    Target,
    find_targets,
    is_repeated,
    meant_place,
    overlaps,
    without_repeats,
)
from optimizer.instance.patch_values import HORIZON, Made, apply, plain, with_stand_ins
from optimizer.instance.stand_in import ENDS, NAMES, agreed
from optimizer.instance.yaml_reader import Where, dotted

__all__ = ["Patch", "parse_patch", "patch", "plain"]

# `rules.ID`, `countries.ISO3`: what a patch whose path is wrong may concern
TABLE_DEPTH = 2


def patch(instance: Instance, patches: Iterable[str | Patch], *, stack: bool = False) -> Instance:
    """The instance with all patches applied, checked again as a whole.

    With `stack` a cell that an earlier call changed may be changed once more; else that is an error, like
    two patches of one cell in this call. Raises `InputError` with every problem found.
    """
    parsed, problems = _parse_all(patches)
    targets: list[Target] = []
    # cells whose new value cannot be told, and tables in which some cell is meant
    unclear: set[Where] = set()
    vague: set[Where] = set()
    for one in parsed:
        try:
            targets += find_targets(instance, one)
        except InputError as error:
            problems += error.diagnostics
            place, is_cell = meant_place(instance, one)
            (unclear if is_cell else vague).add(place)
    targets = without_repeats(targets)
    earlier = () if stack else instance.applied
    clashes, clashing = overlaps(targets, earlier)
    problems += clashes
    # what two patches would make of one cell is no value to check
    unclear.update(target.where for target in targets if id(target.patch) in clashing)
    targets = [
        target for target in targets if id(target.patch) not in clashing and not is_repeated(target, earlier)
    ]
    made = apply(instance, targets, not any(where[:1] == HORIZON for where in unclear | vague))
    problems += made.problems
    right = made.knows_years and not problems
    places = [target.where for target in targets]
    found = conflicts(made.instance, places) if right else _agreed(made, unclear | made.faulty, vague)
    sound = [target for target in targets if target.where not in made.faulty]
    _raise(in_file_order([*problems, *(_explain(conflict, sound) for conflict in found)]))
    given = {id(one): number for number, one in enumerate(parsed)}
    applied = sorted(made.applied, key=lambda one: given[id(one.patch)])
    if not applied:
        return instance
    return made.instance.remember(
        applied=(*instance.applied, *applied), observed=_observed_fleets(instance, places)
    )


def _observed_fleets(instance: Instance, places: Iterable[Where]) -> dict[str, Fleet]:
    """The fleets, as they were before any patch, of the countries whose fleets patches change."""
    observed = dict(instance.observed_fleets)
    for where in places:
        if where[:1] == ("countries",) and where[2:3] in ((), ("fleet",)):
            changed = where[1:2] or tuple(instance.countries)
            for country in map(str, changed):
                if country in instance.countries:
                    observed.setdefault(country, instance.countries[country].fleet)
    return observed


def _parse_all(patches: Iterable[str | Patch]) -> tuple[list[Patch], list[Diagnostic]]:
    parsed: list[Patch] = []
    problems: list[Diagnostic] = []
    for one in patches:
        try:
            # a copy, so that one object given twice counts as two patches
            parsed.append(parse_patch(one) if isinstance(one, str) else replace(one))
        except InputError as error:
            problems += error.diagnostics
    return parsed, problems


def _agreed(made: Made, unclear: Collection[Where], vague: Collection[Where]) -> list[Conflict]:
    """The problems between cells that do not come from patches that are wrong themselves."""
    if not made.knows_years:
        return [conflict for conflict in conflicts(made.instance) if conflict.where[:1] == HORIZON]
    # without a whole table at the top names are not known
    if not made.applied or any(len(where) == 1 and where[0] in NAMES for where in unclear):
        return []
    worlds = [with_stand_ins(made.instance, unclear, end) for end in ENDS]
    return [
        conflict
        for conflict in agreed(worlds, unclear)
        if not any(where and _related(where[:TABLE_DEPTH], conflict.where) for where in vague)
    ]


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
