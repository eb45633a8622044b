"""The schema as a tree of names: which segments a path may have, and what stands at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter

from optimizer.instance.field_rules import PlainRule


@dataclass(frozen=True)
class Leaf:
    """A single value; `rule` reads it, or `adapter` where the field has no rule of its own."""

    annotation: Any
    rule: PlainRule | None
    optional: bool

    def adapter(self) -> TypeAdapter[Any]:
        return _adapter(self.annotation)


@dataclass(frozen=True)
class Map:
    """A table with keys of the user's choice, all of one kind."""

    annotation: Any
    key: Any
    entry: Leaf | Map | Record

    def adapter(self) -> TypeAdapter[Any]:
        return _adapter(self.annotation)


@dataclass(frozen=True)
class Record:
    """A table with fixed keys: `fields` maps each key as written to its attribute and shape."""

    model: type[BaseModel]
    fields: Mapping[str, tuple[str, Leaf | Map | Record]]

    def adapter(self) -> TypeAdapter[Any]:
        return _adapter(self.model)


Shape = Leaf | Map | Record


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


@cache
def record(model: type[BaseModel]) -> Record:
    """The shape of a model."""
    hints = get_type_hints(model, include_extras=True)
    fields = {
        info.alias or name: (name, _shape(hints[name], False)) for name, info in model.model_fields.items()
    }
    return Record(model, fields)


def _shape(annotation: Any, optional: bool) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType) and NoneType in arguments:
        (inner,) = [argument for argument in arguments if argument is not NoneType]
        return _shape(inner, True)
    if origin is Annotated:
        rules = [item for item in arguments[1:] if isinstance(item, PlainRule)]
        return Leaf(annotation, rules[0] if rules else None, optional)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return Map(annotation, arguments[0], _shape(arguments[1], False))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return record(annotation)
    return Leaf(annotation, None, optional)


@cache
def field_names(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Key as written and attribute of every field of a model."""
    return tuple((info.alias or name, name) for name, info in model.model_fields.items())


def children(value: object) -> Iterator[tuple[str | int, object]]:
    """Keys and values one level below a record or table; nothing below anything else."""
    if isinstance(value, BaseModel):
        for key, name in field_names(type(value)):
            yield key, getattr(value, name)
    elif isinstance(value, Mapping):
        yield from value.items()


def shape_at(root: Shape, where: tuple[str | int, ...]) -> Shape | None:
    """The shape at a place, `None` where the schema has none."""
    shape = root
    for key in where:
        if isinstance(shape, Map):
            shape = shape.entry
        elif isinstance(shape, Record) and key in shape.fields:
            shape = shape.fields[str(key)][1]
        else:
            return None
    return shape
