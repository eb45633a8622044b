"""Designs: the export regimes that a controller can choose from, read as strictly as studies.

A design is factors, each a table of levels, each level a list of patches. A regime takes one level of every
factor.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic.json_schema import JsonSchemaValue

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, patch
from optimizer.instance.diagnose import diagnose
from optimizer.instance.field_rules import PlainRule
from optimizer.instance.fields import Record, Text
from optimizer.instance.patch_grammar import Patch, in_file_order, parse_patch, patch_diagnostic
from optimizer.instance.patch_targets import Target, find_targets
from optimizer.instance.problem import Problem, nearest, seen
from optimizer.instance.quantity_reader import read_id
from optimizer.instance.shape import record
from optimizer.instance.shipped import find_design
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import Document, decode, dotted, read_bytes, read_yaml

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
A_NAME: Final = "a name like `deny` or `200k`"
SHAPE: Final = "write FACTOR: {deny: [PATH = VALUE], now: []}"
MOST_REGIMES: Final = 20_000

Levels = Mapping[str, tuple[Patch, ...]]
Choice = tuple[tuple[str, str], ...]
"""Factors and their levels, in the design's order."""


class LevelsRule(PlainRule):
    """A table of factors, each a table of levels, each a patch or a list of patches, empty for none."""

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if not isinstance(raw, Mapping):
            return None, [Problem("E104", f"must be a table of factors, got {seen(raw)}", SHAPE)]
        problems: list[Problem] = []
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for factor, levels in raw.items():
            problems += _bad_name(factor, (factor,))
            if not isinstance(levels, Mapping):
                message = f"must be a table of levels, got {seen(levels)}"
                problems.append(Problem("E104", message, SHAPE, (factor,), f".{factor}"))
                continue
            of_factor = found.setdefault(str(factor), {})
            for level, written in levels.items():
                problems += _bad_name(level, (factor, level))
                texts = list(written) if isinstance(written, list | tuple) else [written]
                bad = [text for text in texts if not isinstance(text, str) or not text]
                if bad:
                    message = f"must be a patch or a list of patches, got {seen(bad[0])}"
                    hint = "write [] for a level that changes nothing"
                    shown = f".{factor}.{level}"
                    problems.append(Problem("E104", message, hint, (factor, level), shown))
                of_factor[str(level)] = tuple(str(text) for text in texts)
        return found, problems

    def json_schema(self) -> JsonSchemaValue:
        patches = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        levels = {"type": "object", "additionalProperties": patches, "minProperties": 1}
        return {"type": "object", "additionalProperties": levels, "minProperties": 1}


def _bad_name(name: object, at: tuple[Any, ...]) -> list[Problem]:
    _, problems = read_id(name, NAME, A_NAME)
    shown = "".join(f".{part}" for part in at)
    return [Problem(one.code, one.message, one.hint, at, shown, True) for one in problems]


class DesignFile(Record):
    """A design as written."""

    format_version: Literal[1]
    title: Text
    description: str = ""
    sources: list[Text] = Field(default_factory=list)
    factors: Annotated[Any, LevelsRule()]


@dataclass(frozen=True)
class Design:
    """Factors with their levels, in the file's order; `places` are those of factors in the file, `whole` is
    the design before some were held to fewer levels."""

    title: str
    factors: Mapping[str, Levels]
    description: str = ""
    places: Mapping[str, Location] = field(default_factory=dict)
    whole: Design | None = None

    @property
    def all_levels(self) -> Design:
        """The design with the levels that it was held from."""
        return self.whole or self

    @property
    def count(self) -> int:
        """How many regimes there are."""
        return math.prod(len(levels) for levels in self.factors.values())

    def choices(self) -> Iterator[Choice]:
        """Every regime: the levels of the last factor change first."""
        for levels in product(*self.factors.values()):
            yield tuple(zip(self.factors, levels, strict=True))

    def patches(self, choice: Choice) -> tuple[Patch, ...]:
        """What a regime, or one level alone, changes."""
        return tuple(each for factor, level in choice for each in self.factors[factor][level])

    def only(self, texts: Iterable[str]) -> Design:
        """The design with some factors held to some of their levels, each text as `FACTOR=LEVEL,LEVEL`.

        Raises `InputError` (E744) for what it does not have, and for a factor named twice.
        """
        kept: dict[str, Levels] = dict(self.factors)
        problems: list[Diagnostic] = []
        held: set[str] = set()
        for text in texts:
            factor, sign, listed = (part.strip() for part in text.partition("="))
            if not sign or factor not in self.factors:
                problems.append(_unknown("factor", factor, tuple(self.factors), text))
                continue
            if factor in held:
                hint = f"list all of its levels at once: {factor}=LEVEL,LEVEL"
                problems.append(Diagnostic("E744", f"the factor `{factor}` is held twice", hint=hint))
                continue
            held.add(factor)
            levels = self.factors[factor]
            names = list(dict.fromkeys(name.strip() for name in listed.split(",")))
            unknown = [name for name in names if name not in levels]
            problems += [_unknown(f"level of `{factor}`", each, tuple(levels), text) for each in unknown]
            kept[factor] = {name: levels[name] for name in levels if name in names}
        if problems:
            raise InputError(problems)
        return Design(self.title, kept, self.description, self.places, self.all_levels)


def _unknown(kind: str, name: str, known: Sequence[str], text: str) -> Diagnostic:
    close = nearest(name, tuple(known))
    hint = f"did you mean `{close}`?" if close else f"known: {', '.join(known)}"
    return Diagnostic("E744", f"the design has no {kind} `{name}`, of `{text}`", hint=hint)


def read_design(path_or_name: str | os.PathLike[str]) -> Design:
    """The design in a file, or the shipped one of that name. Raises `InputError` with every problem found."""
    path = find_design(path_or_name)
    shown = str(path)
    document = read_yaml(decode(read_bytes(path, shown), shown), shown)
    problems = list(document.problems)
    file = None
    if not document.is_broken(()):
        try:
            file = DesignFile.model_validate(document.data, strict=True)
        except ValidationError as error:
            problems += diagnose(error, record(DesignFile), document)
    factors: dict[str, Levels] = {}
    if file is not None and not problems:
        factors = _factors(file, document, problems)
        problems += _empty(factors, document)
    if problems or file is None:
        raise InputError(in_file_order(problems))
    places = {name: Location(document.file, *document.mark(("factors", name), True)) for name in factors}
    return Design(file.title, factors, file.description, places)


def _factors(file: DesignFile, document: Document, problems: list[Diagnostic]) -> dict[str, Levels]:
    found: dict[str, Levels] = {}
    for factor, levels in file.factors.items():
        read: dict[str, tuple[Patch, ...]] = {}
        for level, texts in levels.items():
            patches = []
            for position, text in enumerate(texts):
                where: tuple[str | int, ...] = ("factors", factor, level)
                where = (*where, position) if (*where, position) in document.values else where
                try:
                    patches.append(parse_patch(text, Location(document.file, *document.mark(where))))
                except InputError as error:
                    problems += error.diagnostics
            read[level] = tuple(patches)
        found[factor] = read
    return found


def _empty(factors: Mapping[str, Levels], document: Document) -> Iterator[Diagnostic]:
    bare = [("factors", name) for name, levels in factors.items() if not levels]
    for where in bare if factors else [("factors",)]:
        file, line, column = document.file, *document.mark(where, True)
        what = f"the factor `{where[-1]}` has no level" if factors else "the design has no factor"
        yield Diagnostic("E743", what, "error", file, line, column, dotted(where), SHAPE)


def check_design(design: Design, instance: Instance) -> None:
    """Raise `InputError` with all that keeps regimes from being made of an instance.

    E743 where there is nothing to choose, E713 for more regimes than are solved in one go, E741 where two
    factors change one cell, and what is wrong with the patches of single levels.
    """
    if not design.factors or not all(design.factors.values()):
        raise InputError(Diagnostic("E743", "the design has no factor, or one without levels", hint=SHAPE))
    if design.count > MOST_REGIMES:
        message = f"the design has {design.count:,} regimes, and {MOST_REGIMES:,} are the most"
        raise InputError(Diagnostic("E713", message, hint="hold factors to fewer levels with --only"))
    problems: dict[Diagnostic, None] = {}
    targets: dict[str, list[Target]] = {}
    for factor, levels in design.factors.items():
        found = targets.setdefault(factor, [])
        for patches in levels.values():
            try:
                patch(instance, patches)
                found += [target for one in patches for target in find_targets(instance, one)]
            except InputError as error:
                problems |= dict.fromkeys(error.diagnostics)
    for first, second in combinations(targets, 2):
        problems |= dict.fromkeys(_shared(first, targets[first], second, targets[second]))
    if problems:
        raise InputError(in_file_order(problems))


def _shared(
    first: str, of_first: Sequence[Target], second: str, of_second: Sequence[Target]
) -> Iterator[Diagnostic]:
    """The cells that both factors change: what a regime does to them would be no one factor's."""
    told = set()
    for one, other in product(of_first, of_second):
        length = min(len(one.where), len(other.where))
        if one.where[:length] != other.where[:length] or not _in_one_year(one.patch, other.patch):
            continue
        place = dotted(max(one.where, other.where, key=len))
        if place in told:
            continue
        told.add(place)
        message = (
            f"the factors `{first}` and `{second}` both change `{place}`: "
            f"`{one.patch.text}` and `{other.patch.text}`"
        )
        hint = "make them levels of one factor"
        yield patch_diagnostic("E741", message, other.patch.origin, hint, place)


def _in_one_year(one: Patch, other: Patch) -> bool:
    if one.years is None or other.years is None:
        return True
    return one.years[0] <= other.years[1] and other.years[0] <= one.years[1]
