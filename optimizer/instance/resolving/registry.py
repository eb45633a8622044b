"""The one list of rules: each names the cells that it reads, and what other rules it builds on.

A rule gives one parameter of `models.parameters.TABLE`, or an intermediate quantity that several
parameters share. Cells are named by patterns: dotted segments, `*` for any one segment, `{country}`,
`{leader}` and `{objective}` for the ones at hand; a pattern stands for everything below it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from models.parameters import Array

if TYPE_CHECKING:
    from optimizer.instance.resolving.view import View

Compute = Callable[["View"], Array | float]


@dataclass(frozen=True)
class Rule:
    """How one quantity follows from cells and other quantities.

    `reads` are cell patterns; `uses` are quantities of the same country, `leader_uses` of the leader.
    `from_leader_plan` marks what comes out of the leader's solved plan rather than out of cells.
    """

    name: str
    compute: Compute
    reads: tuple[str, ...]
    uses: frozenset[str]
    leader_uses: frozenset[str]
    from_leader_plan: bool


_RULES: Final[dict[str, Rule]] = {}


def rule(
    name: str,
    *reads: str,
    uses: Iterable[str] = (),
    leader_uses: Iterable[str] = (),
    from_leader_plan: bool = False,
) -> Callable[[Compute], Compute]:
    """Register the decorated function as the rule for `name`. Raises `ValueError` if there is one already."""

    def register(compute: Compute) -> Compute:
        if name in _RULES:
            raise ValueError(f"two rules for {name}")
        _RULES[name] = Rule(name, compute, reads, frozenset(uses), frozenset(leader_uses), from_leader_plan)
        return compute

    return register


def find_rule(name: str) -> Rule:
    """The rule for `name`. Raises `KeyError` if there is none."""
    return _RULES[name]


def all_rules() -> Iterator[Rule]:
    """Every rule, intermediate ones included, in order of registration."""
    return iter(_RULES.values())


@cache
def is_from_leader_plan(name: str) -> bool:
    """Whether `name` comes out of the leader's solved plan, by itself or through what it builds on."""
    here = find_rule(name)
    return here.from_leader_plan or any(is_from_leader_plan(used) for used in here.uses)


@cache
def patterns(name: str) -> tuple[str, ...]:
    """The patterns behind `name`, through all the rules it builds on; first those of the rule itself."""
    found: dict[str, None] = {}
    seen: set[tuple[str, bool]] = set()

    def visit(current: str, of_leader: bool) -> None:
        if (current, of_leader) in seen:
            return
        seen.add((current, of_leader))
        here = find_rule(current)
        for pattern in here.reads:
            found[pattern.replace("{country}", "{leader}") if of_leader else pattern] = None
        for used in sorted(here.uses):
            visit(used, of_leader)
        for used in sorted(here.leader_uses):
            visit(used, True)

    visit(name, False)
    return tuple(found)
