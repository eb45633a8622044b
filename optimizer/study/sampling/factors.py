"""From factors as asked to moves of an instance's cells: found, cut to what is allowed, none moved twice."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.cells import cell_map
from optimizer.instance.instance import Instance, quantities
from optimizer.instance.patch_grammar import Patch, patch_diagnostic
from optimizer.instance.patch_targets import Target, find_targets
from optimizer.instance.problem import number_text, seen
from optimizer.instance.shape import Leaf
from optimizer.instance.values import FOREVER, Location, Quantity, YearMap
from optimizer.instance.yaml_reader import Where, dotted
from optimizer.study.sampling.axis import Axis
from optimizer.study.sampling.moves import (
    BASE,
    IDENTITY,
    Factor,
    Move,
    OperandCell,
    OperandMove,
    OwnCell,
    OwnMove,
    PolicyMove,
)
from optimizer.study.sampling.spread import Levels, Numeric, Own, Policies, Window, within
from optimizer.study.sampling.study_file import FactorSpec
from optimizer.study.sampling.windows import window_of

MOST_SHOWN: Final = 4
# The levels of a line are in order, as most drawn one by one would not be: at one position, those are whose
# ends are, and no more is known of one level beside the next.
LADDER: Final = re.compile(r"(staged\.lines\.[^.]+\.levels\.)[^.]+(\.[^.]+)")

Touched = tuple[Where, tuple[int, int]]
"""A cell and the years of it that a factor moves."""
ALWAYS: Final = (0, FOREVER)


@dataclass
class Bound:
    """Factors bound to an instance, the cells that each touches, and what a reader should know of them."""

    factors: list[Factor] = field(default_factory=list)
    touched: list[tuple[Touched, ...]] = field(default_factory=list)
    origins: list[Location | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def bind(instance: Instance, specs: Sequence[FactorSpec]) -> Bound:
    """The factors of a study in its base. Raises `InputError` with every problem found."""
    bound = Bound()
    problems: list[Diagnostic] = []
    for spec in specs:
        moves: list[Move] = []
        touched: list[Touched] = []
        for axis in spec.axes:
            try:
                moves.append(_bind(instance, spec.name, axis, touched, bound.notes))
            except InputError as error:
                problems += error.diagnostics
        if len(moves) < len(spec.axes):
            continue
        factor = Factor(spec.name, tuple(moves), tuple(dict.fromkeys(_path(each) for each in touched)))
        bound.factors.append(factor)
        bound.touched.append(tuple(touched))
        bound.origins.append(spec.origin)
    problems += _overlaps(bound, instance)
    if problems:
        raise InputError(problems)
    return bound


def bind_all(
    instance: Instance, countries: Sequence[str], objective: str | None, leader_answers: bool
) -> Bound:
    """Every input with a range of its own that reaches one of the countries (or its leader, where that
    answers), each a factor called by its path, but those of one ladder of learning together. Those that the
    base's patches changed, and those whose range is not finite, are left out, and told in the notes."""
    bound = Bound()
    asked = dict.fromkeys([*countries, instance.leader] if leader_answers else countries)
    maps = [cell_map(instance, country, objective) for country in asked]
    changed, endless = [], []
    ladders: dict[str, list[tuple[str, Quantity, Touched]]] = {}
    for where, quantity in quantities(instance, ()):
        path = dotted(where)
        if quantity.low is None or quantity.high is None or quantity.low == quantity.high:
            continue
        if not any(cells.feeds(path) or cells.shapes(path) for cells in maps):
            continue
        here = _touched_cell(where)
        if any(_meet(here, each.where, each.years) for each in instance.applied):
            changed.append(path)
        elif _own_cell(path, quantity) is None:
            endless.append(path)
        else:
            ladders.setdefault(LADDER.sub(r"\1*\2", path), []).append((path, quantity, here))
    for name, cells in ladders.items():
        _add_own(bound, name, cells)
    for paths, why in ((changed, "changed by the base"), (endless, "without a finite range")):
        if paths:
            bound.notes.append(f"{len(paths)} inputs {why} are no factors: {_some(paths)}")
    return bound


def _add_own(bound: Bound, name: str, cells: Sequence[tuple[str, Quantity, Touched]]) -> None:
    """Inputs that move over their own ranges at one position."""
    found = [_own_cell(path, quantity) for path, quantity, _ in cells]
    own = tuple(cell for cell in found if cell is not None)
    bound.factors.append(Factor(name, (OwnMove(own),), tuple(path for path, _, _ in cells)))
    bound.touched.append(tuple(here for _, _, here in cells))
    bound.origins.append(cells[0][1].location)


def _bind(instance: Instance, name: str, axis: Axis, touched: list[Touched], notes: list[str]) -> Move:
    if isinstance(axis.spread, Policies):
        return PolicyMove(axis.spread)
    targets = [(one, target) for one in axis.patches for target in find_targets(instance, one)]
    for one, target in targets:
        if not isinstance(target.shape, Leaf):
            raise _refusal(axis, "E405", f"moves `{dotted(target.where)}`, which is a table", None)
        if isinstance(axis.spread, Numeric) and not isinstance(target.old, Quantity | YearMap):
            shown = f"`{dotted(target.where)}`, which is {seen(target.old)}"
            raise _refusal(
                axis, "E406", f"spreads numbers over {shown}", f"list its values: {_path_of(one)} = [...]"
            )
    if isinstance(axis.spread, Own):
        return _own(name, axis, [target for _, target in targets], touched, notes)
    touched += [(target.where, one.years or ALWAYS) for one, target in targets]
    return _operands(instance, name, axis, axis.spread, targets, notes)


def _own(
    name: str, axis: Axis, targets: Sequence[Target], touched: list[Touched], notes: list[str]
) -> OwnMove:
    found: list[OwnCell] = []
    lacking: list[str] = []
    for where, quantity in _quantities(axis, targets):
        cell = _own_cell(dotted(where), quantity)
        if cell is None:
            lacking.append(dotted(where))
            continue
        found.append(cell)
        touched.append(_touched_cell(where))
    if lacking and (not found or not any("*" in one.segments for one in axis.patches)):
        message = f"asks for the own range of `{lacking[0]}`, which has none"
        raise _refusal(axis, "E704", message, "give the input low and high, or write `PATH *= 0.5:2:3`")
    if lacking:
        notes.append(f"{name}: {len(lacking)} inputs have no range of their own and stay: {_some(lacking)}")
    return OwnMove(tuple(found))


def _quantities(axis: Axis, targets: Sequence[Target]) -> Iterator[tuple[Where, Quantity]]:
    for target in targets:
        years = target.patch.years
        if isinstance(target.old, YearMap):
            for year, entry in target.old.items():
                if target.patch.chooses(year):
                    yield (*target.where, year), entry
        elif isinstance(target.old, Quantity) and years is None:
            yield target.where, target.old
        elif isinstance(target.old, Quantity):
            message = f"asks for the own range of some years of `{dotted(target.where)}`"
            raise _refusal(axis, "E704", message, "a range moves the whole series: leave the [years] out")
        else:
            message = f"asks for the own range of `{dotted(target.where)}`, which is no number"
            raise _refusal(axis, "E704", message, "list its values: PATH = [...]")


def _own_cell(path: str, quantity: Quantity) -> OwnCell | None:
    """The cell with its range, None where that has no width or no end."""
    low, mode, high = quantity.low, quantity.first_number, quantity.high
    if low is None or high is None or low == high or not all(map(math.isfinite, (low, mode, high))):
        return None
    return OwnCell(path, low, mode, high, quantity.is_series)


def _operands(
    instance: Instance,
    name: str,
    axis: Axis,
    spread: Levels | Numeric,
    targets: Sequence[tuple[Patch, Target]],
    notes: list[str],
) -> OperandMove:
    operation = axis.patches[0].operation
    windows = [window_of(target, instance.horizon.years) for _, target in targets]
    base = IDENTITY.get(operation, BASE)
    if operation == "=" and len(targets) == 1 and isinstance(old := targets[0][1].old, Quantity):
        base = BASE if old.is_series else old.number()
    if isinstance(spread, Levels):
        _check_levels(axis, spread, targets, windows)
        return OperandMove(operation, spread, tuple(OperandCell(_path_of(one)) for one in axis.patches), base)
    whole = min(low for low, _ in windows), max(high for _, high in windows)
    least, most = spread.support
    if max(least, whole[0]) >= min(most, whole[1]):
        shown = f"{_number(whole[0])} to {_number(whole[1])}"
        message = f"leaves what is allowed everywhere: `{operation}` may be {shown}"
        raise _refusal(axis, "E703", message, "choose a range that overlaps it")
    if operation != "=" and (whole[0] > least or whole[1] < most):
        spread = within(spread, whole)
    notes += _cut_notes(name, operation, spread, targets, windows)
    return OperandMove(operation, spread, tuple(_operand_cells(axis, spread, targets, windows)), base)


def _operand_cells(
    axis: Axis, spread: Numeric, targets: Sequence[tuple[Patch, Target]], windows: Sequence[Window]
) -> Iterator[OperandCell]:
    """The paths as asked where all of their cells take every operand, else cell by cell."""
    least, most = max(spread.support[0], spread.window[0]), min(spread.support[1], spread.window[1])
    for one in axis.patches:
        own = [
            (target, window) for (patch, target), window in zip(targets, windows, strict=True) if patch is one
        ]
        if all(low <= least and most <= high for _, (low, high) in own):
            yield OperandCell(_path_of(one))
            continue
        for target, window in own:
            yield OperandCell(dotted(target.where) + _selector(one), window)


def _check_levels(
    axis: Axis, spread: Levels, targets: Sequence[tuple[Patch, Target]], windows: Sequence[Window]
) -> None:
    """Values that are named one by one are never cut."""
    for (_, target), (low, high) in zip(targets, windows, strict=True):
        for level in spread.values:
            if isinstance(level, float) and not low <= level <= high:
                path, operation = dotted(target.where), axis.patches[0].operation
                message = f"makes `{path}` invalid at {number_text(level)}"
                hint = (
                    f"`{operation}` may be {_number(low)} to {_number(high)}; a range LOW:HIGH:N is cut there"
                )
                raise _refusal(axis, "E703", message, hint)


def _cut_notes(
    name: str,
    operation: str,
    spread: Numeric,
    targets: Sequence[tuple[Patch, Target]],
    windows: Sequence[Window],
) -> list[str]:
    least, most = spread.support
    cut = [
        (dotted(target.where), window)
        for (_, target), window in zip(targets, windows, strict=True)
        if window[0] > least or window[1] < most
    ]
    if not cut:
        return []
    path, (low, high) = cut[0]
    ends = [f"at least {_number(low)}"] if low > least else []
    ends += [f"at most {_number(high)}"] if high < most else []
    more = f", and {len(cut) - 1} more likewise" if len(cut) > 1 else ""
    return [f"{name}: `{operation}` is cut to what the schema allows, {' and '.join(ends)} for {path}{more}"]


def _overlaps(bound: Bound, instance: Instance) -> list[Diagnostic]:
    """Cells that two factors move, one factor twice, or a factor and a patch of the base."""
    problems: dict[tuple[str, str], Diagnostic] = {}
    by_cell: dict[Where, list[tuple[int, tuple[int, int]]]] = {}
    for number, cells in enumerate(bound.touched):
        name, origin = bound.factors[number].name, bound.origins[number]
        for where, years in cells:
            for other, chosen in by_cell.get(where, []):
                if not _share(years, chosen):
                    continue
                first = bound.factors[other].name
                both = (
                    f"the factors `{first}` and `{name}` both move"
                    if other != number
                    else f"`{name}` moves twice"
                )
                problem = patch_diagnostic(
                    "E702", f"{both} `{dotted(where)}`", origin, "leave it to one of them", dotted(where)
                )
                problems.setdefault((first, name), problem)
            by_cell.setdefault(where, []).append((number, years))
            for each in instance.applied:
                if _meet((where, years), each.where, each.years):
                    message = (
                        f"the factor `{name}` moves `{dotted(where)}`, which the base changes: `{each.text}`"
                    )
                    hint = "leave it to one of them"
                    problem = patch_diagnostic("E702", message, origin, hint, dotted(where))
                    problems.setdefault((each.text, name), problem)
    return list(problems.values())


def meets(touched: Touched, target: Target) -> bool:
    """Whether a patch changes some year of a cell that a factor moves, or a table around it."""
    return _meet(touched, target.where, target.patch.years)


def _meet(touched: Touched, where: Where, years: tuple[int, int] | None) -> bool:
    length = min(len(touched[0]), len(where))
    return touched[0][:length] == where[:length] and _share(touched[1], years or ALWAYS)


def _share(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]


def _touched_cell(where: Where) -> Touched:
    last = where[-1]
    return (where[:-1], (last, last)) if isinstance(last, int) else (where, ALWAYS)


def _path(touched: Touched) -> str:
    where, (first, last) = touched
    if (first, last) == ALWAYS:
        return dotted(where)
    return dotted(where) + (f"[{first}]" if first == last else f"[{first}:{last}]")


def _path_of(one: Patch) -> str:
    return ".".join(one.segments) + _selector(one)


def _selector(one: Patch) -> str:
    if one.years is None:
        return ""
    first, last = one.years
    return f"[{first}]" if first == last else f"[{first}:{last}]"


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MOST_SHOWN} more" if len(paths) > MOST_SHOWN else ""
    return ", ".join(paths[:MOST_SHOWN]) + more


def _number(number: float) -> str:
    return "any" if math.isinf(number) else f"{number:.6g}"


def _refusal(axis: Axis, code: str, message: str, hint: str | None) -> InputError:
    return InputError(patch_diagnostic(code, f"the axis `{axis.text}` {message}", axis.origin, hint))
