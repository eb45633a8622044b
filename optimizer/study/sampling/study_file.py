"""Study files: what a study asks, read as strictly as policies, with file and line of every mistake.

The same document may be made by a command from its options (`study_from`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic.json_schema import JsonSchemaValue

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.diagnose import diagnose
from optimizer.instance.field_rules import PlainRule
from optimizer.instance.fields import Id, Ids, IdsOrAll, Record, Text
from optimizer.instance.patch_grammar import Patch, parse_patch
from optimizer.instance.problem import Problem, nested, seen
from optimizer.instance.quantity_reader import read_id
from optimizer.instance.shape import record
from optimizer.instance.shipped import find_study, shipped_instances, shipped_policies
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import Document, Raw, Where, decode, read_bytes, read_yaml
from optimizer.study.sampling.axis import NAMED, Axis, parse_axis
from optimizer.study.sampling.spread import Policies

Method = Literal["grid", "one_at_a_time", "latin_hypercube", "sobol", "morris", "saltelli"]
Factors = tuple[tuple[str, tuple[str, ...]], ...]
ALL: Final = "all"
# What each method needs, and what it may have beside.
TAKES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "grid": ((), ()),
    "one_at_a_time": ((), ()),
    "latin_hypercube": (("draws",), ()),
    "sobol": (("draws",), ()),
    "morris": (("trajectories",), ("levels",)),
    "saltelli": (("draws",), ("second_order",)),
}
MORRIS_LEVELS: Final = 4
LEAST_TRAJECTORIES: Final = 2


class FactorsRule(PlainRule):
    """`all`, or a table of factors: each an axis, or a list of axes that move together."""

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        if raw == ALL:
            return ALL, []
        if not isinstance(raw, Mapping):
            hint = "write `all`, or NAME: PATH ~ own, one factor on a line"
            return None, [Problem("E104", f"must be a table of factors, got {seen(raw)}", hint)]
        problems: list[Problem] = []
        found: list[tuple[str, tuple[str, ...]]] = []
        for name, written in raw.items():
            texts = list(written) if isinstance(written, list | tuple) else [written]
            bad = [text for text in texts if not isinstance(text, str) or not text]
            if bad or not texts:
                message = f"must be an axis or a list of axes, got {seen(bad[0] if bad else written)}"
                problems.append(Problem("E104", message, "as in PATH ~ own", (name,), f".{name}"))
                continue
            found.append((str(name), tuple(str(text) for text in texts)))
        return tuple(found), problems

    def json_schema(self) -> JsonSchemaValue:
        axes = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
        return {"anyOf": [{"const": ALL}, {"type": "object", "additionalProperties": axes}]}


class CorrelationsRule(PlainRule):
    """A list of `[factor, factor, rank correlation]`."""

    def read(self, raw: object, years: range | None) -> tuple[object, list[Problem]]:
        hint = "write - [income, power, 0.5]"
        if not isinstance(raw, list | tuple):
            return None, [Problem("E104", f"must be a list, got {seen(raw)}", hint)]
        problems: list[Problem] = []
        found: list[tuple[str, str, float]] = []
        for place, item in enumerate(raw):
            parts = list(item) if isinstance(item, list | tuple) else []
            number = parts[2] if len(parts) == 3 else None
            if isinstance(number, bool) or not isinstance(number, int | float):
                message = f"must list two factors and their rank correlation, got {seen(item)}"
                problems.append(Problem("E104", message, hint, (place,), f"[{place}]"))
                continue
            for position, name in enumerate(parts[:2]):
                bad = [] if isinstance(name, str) else read_id(name)[1]
                problems += [nested(problem, place, f"[{place}][{position}]") for problem in bad]
            if not -1 <= number <= 1:
                message = f"a correlation must lie between -1 and 1, got {seen(number)}"
                problems.append(Problem("E103", message, None, (place,), f"[{place}]"))
            found.append((str(parts[0]), str(parts[1]), float(number)))
        return tuple(found), problems

    def json_schema(self) -> JsonSchemaValue:
        parts = [{"type": "string"}, {"type": "string"}, {"type": "number", "minimum": -1, "maximum": 1}]
        item = {"type": "array", "prefixItems": parts, "minItems": 3, "maxItems": 3}
        return {"type": "array", "items": item}


class Design(Record):
    """How scenarios are chosen. `draws` of a Saltelli design are its base samples."""

    method: Method
    draws: Annotated[int, Field(ge=1, le=2**24)] | None = None
    trajectories: Annotated[int, Field(ge=LEAST_TRAJECTORIES, le=2**24)] | None = None
    levels: Annotated[int, Field(ge=2, le=1000)] | None = None
    second_order: bool | None = None


class StudyFile(Record):
    """A study as written. `instance` is a path or the name of a shipped one; `policy` and `patches` make the
    base that factors move; `gap` is in average log units; `groups` are factors that move together."""

    format_version: Literal[1]
    title: Text
    description: str = ""
    sources: list[Text] = Field(default_factory=list)
    instance: Text
    countries: IdsOrAll
    policy: str = ""
    patches: list[Text] = Field(default_factory=list)
    leader: Literal["answer", "hold"] = "answer"
    objective: Id | None = None
    gap: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1e-4
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    design: Design
    factors: Annotated[Any, FactorsRule()]
    groups: Mapping[Id, Ids] = Field(default_factory=dict)
    correlations: Annotated[Any, CorrelationsRule()] = ()
    outcomes: list[Text]


@dataclass(frozen=True)
class FactorSpec:
    """A factor as asked: axes that move together."""

    name: str
    axes: tuple[Axis, ...]
    origin: Location | None = None


@dataclass(frozen=True)
class Study:
    """What a study asks. `factors` is None where all inputs with a range of their own are; `instance` and
    `policy` are paths from where Kloof was started, or names of shipped ones; `marks` places of keys."""

    name: str
    file: StudyFile
    instance: str
    policy: str
    patches: tuple[Patch, ...]
    factors: tuple[FactorSpec, ...] | None
    marks: Mapping[str, Location]

    @property
    def design(self) -> Design:
        return self.file.design

    @property
    def correlations(self) -> tuple[tuple[str, str, float], ...]:
        return tuple(self.file.correlations)

    def document(self) -> dict[str, Any]:
        """All that the study says of rows and answers, as JSON data in one form; not what it is called, nor
        where its instance is."""
        told = {"title", "description", "sources", "instance"}
        kept = self.file.model_dump(mode="json", exclude=told, exclude_none=True)
        factors = (
            ALL
            if self.factors is None
            else {one.name: [" ".join(axis.text.split()) for axis in one.axes] for one in self.factors}
        )
        return {**kept, "factors": factors, "patches": [patch.text for patch in self.patches]}

    def refusal(self, key: str, code: str, message: str, hint: str | None = None) -> InputError:
        """What is wrong with a key, at its place in the file if it has one."""
        file, line, column = self.marks.get(key) or (None, None, None)
        return InputError(Diagnostic(code, message, "error", file, line, column, key, hint))


def read_study(path_or_name: str | os.PathLike[str]) -> Study:
    """The study in a file, or the shipped one of that name. Raises `InputError` with every problem found."""
    path = find_study(path_or_name)
    shown = str(path)
    document = read_yaml(decode(read_bytes(path, shown), shown), shown)
    return _study(document, path.stem, path.parent)


def study_from(document: Mapping[str, Any], name: str = "sweep") -> Study:
    """A study that no file holds, from the same keys. Raises `InputError`."""
    try:
        return _study(Document("", data=_plain(document)), name, Path())
    except InputError as error:
        raise InputError(
            replace(each, file=each.file or None, line=None, column=None) for each in error.diagnostics
        ) from None


def factors_of(axes: Sequence[str]) -> dict[str, list[str]]:
    """The table of factors that axes on a command line make: those of one name move together.

    Raises `InputError` where an axis cannot be read, or two axes have no name and one path.
    """
    found: dict[str, list[str]] = {}
    for text in axes:
        axis = parse_axis(text)
        if axis.name in found and not NAMED.fullmatch(text):
            hint = "give both one name to move them together: NAME: PATH ..."
            raise InputError(Diagnostic("E702", f"two axes move `{axis.name}`", hint=hint))
        found.setdefault(axis.name, []).append(axis.text)
    return found


def _study(document: Document, name: str, folder: Path) -> Study:
    problems = list(document.problems)
    file = None
    if not document.is_broken(()):
        try:
            file = StudyFile.model_validate(document.data, strict=True)
        except ValidationError as error:
            problems += diagnose(error, record(StudyFile), document)
    patches: list[Patch] = []
    factors: list[FactorSpec] = []
    if file is not None and not problems:
        problems += _design_problems(file.design, document)
        patches = _patches(file, document, problems)
        factors = _factors(file, document, folder, problems)
    if problems or file is None:
        raise InputError(sorted(problems, key=lambda one: (one.line or 0, one.column or 0)))
    marks = {} if not document.file else {str(key): _place(document, (key,)) for key in _keys(document.data)}
    asked = None if file.factors == ALL else tuple(factors)
    instance, policy = _instance(file.instance, folder), _policy(file.policy, folder)
    return Study(name, file, instance, policy, tuple(patches), asked, marks)


def _keys(data: Raw) -> list[str | int]:
    return [key for key in data if isinstance(key, str)] if isinstance(data, dict) else []


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _instance(written: str, folder: Path) -> str:
    """A path in a study file is one from the file's own directory."""
    if written in shipped_instances() or Path(written).is_absolute():
        return written
    return str(folder / written)


def _policy(written: str, folder: Path) -> str:
    """Likewise for files among policies."""
    parts = [part.strip() for part in written.split("+")]
    known = shipped_policies()
    return "+".join(
        str(folder / part) if part and part not in known and (folder / part).is_file() else part
        for part in parts
    )


def _place(document: Document, where: Where, on_key: bool = False) -> Location:
    return Location(document.file, *document.mark(where, on_key))


def _origin(document: Document, where: Where) -> Location | None:
    return _place(document, where) if document.file else None


def _design_problems(design: Design, document: Document) -> list[Diagnostic]:
    """What a method lacks, or has for nothing."""
    needed, more = TAKES[design.method]
    given = [name for name in Design.model_fields if name != "method" and getattr(design, name) is not None]
    problems = []
    for name in needed:
        if name not in given:
            problems.append(_design_problem(document, "method", f"lacks `{name}`", f"add {name}: 64"))
    for name in given:
        if name not in needed and name not in more:
            taken = ", ".join(f"`{each}`" for each in (*needed, *more)) or "nothing more"
            problems.append(_design_problem(document, name, f"has no `{name}`", f"it takes {taken}"))
    if design.levels is not None and design.levels % 2:
        problems.append(
            _design_problem(document, "levels", "needs an even number of levels", "the usual is 4")
        )
    return [replace(each, message=f"the design `{design.method}` {each.message}") for each in problems]


def _design_problem(document: Document, name: str, message: str, hint: str) -> Diagnostic:
    file, line, column = _place(document, ("design", name), True)
    return Diagnostic("E705", message, "error", file, line, column, f"design.{name}", hint)


def _patches(file: StudyFile, document: Document, problems: list[Diagnostic]) -> list[Patch]:
    patches = []
    for place, text in enumerate(file.patches):
        try:
            patches.append(parse_patch(text, _origin(document, ("patches", place))))
        except InputError as error:
            problems += error.diagnostics
    return patches


def _factors(
    file: StudyFile, document: Document, folder: Path, problems: list[Diagnostic]
) -> list[FactorSpec]:
    factors = []
    for name, texts in () if file.factors == ALL else file.factors:
        where: Where = ("factors", name)
        is_list = len(texts) > 1 or (*where, 0) in document.values
        axes = []
        for place, text in enumerate(texts):
            origin = _origin(document, (*where, place) if is_list else where)
            try:
                axes.append(_found(parse_axis(text, origin), folder))
            except InputError as error:
                problems += error.diagnostics
                continue
            if document.file and NAMED.fullmatch(text):
                file_name, line, column = origin or (None, None, None)
                message = f"the axis `{text}` has a name of its own beside `{name}`"
                problems.append(
                    Diagnostic(
                        "E701", message, "error", file_name, line, column, f"factors.{name}", "delete it"
                    )
                )
        factors.append(FactorSpec(name, tuple(axes), _origin(document, where)))
    return factors


def _found(axis: Axis, folder: Path) -> Axis:
    """The axis, its policies as they are read from where Kloof was started."""
    if not isinstance(axis.spread, Policies):
        return axis
    found = tuple(_policy(name, folder) for name, _ in axis.spread.names)
    return replace(axis, spread=replace(axis.spread, found=found))
