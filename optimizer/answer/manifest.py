"""How a saved run came about: what `manifest.json` says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.answer.part import Number, Part


class UsedPolicy(Part):
    """A policy of a run, by name, with its `patches` where it is a column that a command line gave."""

    name: str
    patches: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        """It as it is written after `--set-column`."""
        return f"{self.name}: {'; '.join(self.patches)}"


class Extended(Part):
    """The user's function that added rows and variables to the plan."""

    function: str


class ManifestPatch(Part):
    """One cell that a patch of a run changed."""

    path: str
    old: Any
    new: Any
    patch: str


class Manifest(Part):
    """How a run came about; `files` gives the hashes of its instance's files, `given_policies` the texts that
    named its policies, `key` all that the answer depends on, and `gap` is that of each plan."""

    command: str
    instance: str
    files: Mapping[str, str]
    policies: tuple[UsedPolicy, ...]
    set: tuple[str, ...]
    options: Mapping[str, Any]
    given_policies: tuple[str, ...]
    extend: Extended | None = None
    versions: Mapping[str, str | None]
    patches: tuple[ManifestPatch, ...]
    key: str = ""
    gap: Mapping[str, Number | None] = {}
    wall_time_seconds: float
