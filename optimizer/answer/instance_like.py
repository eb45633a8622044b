"""What answers need to know of an instance, which is of another room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class InstanceLike(Protocol):
    """What a run needs to know of the instance that it came from."""

    @property
    def name(self) -> str: ...

    @property
    def countries(self) -> Mapping[str, Any]: ...

    @property
    def chips(self) -> Mapping[str, Any]: ...

    @property
    def market(self) -> Any: ...

    @property
    def rules(self) -> Mapping[str, Any]: ...


class AppliedPatch(Protocol):
    """One patch as it acted: the cell, its value before and after, and the text that asked for it."""

    @property
    def path(self) -> str: ...

    @property
    def old(self) -> object: ...

    @property
    def new(self) -> object: ...

    @property
    def text(self) -> str: ...
