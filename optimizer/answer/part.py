"""What all parts of an answer have in common: frozen, written as JSON without what says nothing, read back.

Infinity, which JSON cannot hold, is the text `inf`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer


def text_of_infinity(value: float) -> float | str:
    """A number as JSON can hold it: infinity as `inf` or `-inf`."""
    if value == float("inf"):
        return "inf"
    return "-inf" if value == float("-inf") else value


def json_value(value: object) -> object:
    """A value as JSON data, at any depth; what JSON has no word for as text."""
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, dict):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(each) for each in value]
    return str(value)


Number = Annotated[float | int, PlainSerializer(text_of_infinity, return_type=Any)]


class Part(BaseModel):
    """A part of an answer; what a later version adds is passed over."""

    # no command makes parts of every kind
    model_config = ConfigDict(frozen=True, defer_build=True)

    def data(self) -> dict[str, Any]:
        """The part as JSON data, without what was not set."""
        return self.model_dump(exclude_unset=True)

    def said(self) -> dict[str, Any]:
        """What was set, by name, as it is."""
        return {
            name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set
        }


class InputCell(Part):
    """A number of the instance, or a rule's action: its value, sources, and where it stands, or the patch
    that set it. `file` is as in the directory of the instance, `read_from` as it was read; that is not saved.
    """

    path: str
    value: Any
    source: tuple[str, ...]
    status: str
    file: str | None
    line: int | None
    patch: str
    read_from: str | None = Field(default=None, exclude=True)

    @property
    def place(self) -> str:
        """Where it stands, in words: file and line, or the patch that set it."""
        if self.patch:
            return f"set by `{self.patch}`"
        return f"{self.read_from}:{self.line}" if self.read_from else "default"
