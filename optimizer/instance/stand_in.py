"""Values that stand in for those that cannot be read, so that all the others can be checked with each other.

What a check says of a stand-in means nothing. So everything is checked twice, with a stand-in from either
end of what is allowed, and only what is said both times, and not of the place itself, is true of what was
written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import ValidationError

from optimizer.instance.checks import conflicts
from optimizer.instance.conflict import Conflict
from optimizer.instance.field_rules import PROBLEMS
from optimizer.instance.instance import Instance
from optimizer.instance.shape import Leaf, Map, Record, Shape, shape_at
from optimizer.instance.yaml_reader import Raw, Where

End = Literal["low", "high"]

ENDS: Final[tuple[End, End]] = ("low", "high")
NAMES: Final = (
    "segments",
    "lines",
    "tool_classes",
    "objectives",
    "chips",
    "sources",
    "rules",
    "destination_groups",
    "countries",
)
"""Tables whose names other places use."""
NUMBERS: Final = (0, 0.1, 0.5, 1, 1.5, 2, 1990, 2200, 1e6)
WORDS: Final = ("1990-01", "2200-12", "1990-01-01", "2200-12-31", "all", "AAA", "ZZZ")
# a place that is put right may uncover places below it
ROUNDS: Final = 4


def stand_in(shape: Shape, end: End, years: range | None) -> Any:
    """Something that may be written at a place of this shape, from one `end` of what is allowed there.

    Raises `LookupError` where none is known.
    """
    if isinstance(shape, Map):
        return {}
    if not isinstance(shape, Leaf):
        fields = shape.model.model_fields
        needed = {key: below for key, (name, below) in shape.fields.items() if fields[name].is_required()}
        return {key: stand_in(below, end, years) for key, below in needed.items()}
    literals = get_args(shape.annotation) if get_origin(shape.annotation) is Literal else ()
    texts = [[word] for word in WORDS]
    choices = [*literals, *NUMBERS, *WORDS, *texts, [], {}]
    for choice in choices if end == "low" else reversed(choices):
        try:
            shape.adapter().validate_python(choice, strict=True, context=years)
        except ValidationError:
            continue
        return choice
    raise LookupError(shape)


def put_right(shape: Shape, data: Raw, end: End, years: range | None) -> tuple[Any, set[Where]]:
    """What is written as its model, with stand-ins for what is wrong with it; and the places of these.

    Raises `LookupError` where that is not possible.
    """
    data, places = deepcopy(data), set[Where]()
    for _ in range(ROUNDS):
        try:
            return shape.adapter().validate_python(data, strict=True, context=years), places
        except ValidationError as error:
            details = error.errors(include_url=False)
        for detail in details:
            where = tuple(detail["loc"])
            is_key = where[-1:] == ("[key]",)
            where = where[:-1] if is_key else where
            places.add(where)
            if not where:
                data = stand_in(shape, end, years)
            elif is_key or detail["type"] == "extra_forbidden":
                _drop(data, where)
            else:
                below = shape_at(shape, where)
                if below is None:
                    raise LookupError(where)
                if detail["type"] == PROBLEMS and isinstance(below, Record):
                    # a table of which each part is right, but not the whole
                    _drop(data, where)
                    continue
                _table(data, where)[where[-1]] = stand_in(below, end, years)
    raise LookupError(places)


def _table(data: Any, where: Where) -> dict[str | int, Any]:
    """The table in which the last key of a place stands."""
    for key in where[:-1]:
        data = data[key] if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise LookupError(where)
    return data


def _drop(data: Any, where: Where) -> None:
    table = _table(data, where)
    for key in [key for key in table if str(key) == str(where[-1])]:
        del table[key]


def agreed(
    worlds: Sequence[Instance],
    places: Collection[Where],
    look: Callable[[Instance], list[Conflict]] = conflicts,
) -> list[Conflict]:
    """The problems that all worlds have between their places, but for those at or below one of `places`."""
    first, *others = [look(world) for world in worlds]
    return [
        conflict
        for conflict in first
        if all(conflict in other for other in others) and not is_below(conflict.where, places)
    ]


def is_below(where: Where, places: Collection[Where]) -> bool:
    """Whether a place is one of `places`, or stands in one of them."""
    return any(where[:length] in places for length in range(len(where) + 1))
