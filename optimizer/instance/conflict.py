"""A problem between places of an instance, such as a name that nothing bears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from optimizer.instance.problem import nearest
from optimizer.instance.yaml_reader import Where


@dataclass(frozen=True)
class Conflict:
    """A problem at a place of the instance. `on_key` points at the key, not the value."""

    where: Where
    code: str
    message: str
    hint: str | None = None
    on_key: bool = False


def unknown(
    where: Where, code: str, kind: str, name: str, known: Iterable[str], on_key: bool = True
) -> Iterator[Conflict]:
    """The problem that no `kind` of this name is known, if so, with the nearest name."""
    names = tuple(known)
    if name in names:
        return
    close = nearest(name, names)
    hint = f"did you mean `{close}`?" if close else f"known: {', '.join(names[:12]) or 'none'}"
    yield Conflict(where, code, f"unknown {kind} `{name}`", hint, on_key)
