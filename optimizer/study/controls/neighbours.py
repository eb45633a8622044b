"""From which plan each regime's solves start: from that of its neighbour, which differs in one factor.

The neighbour is the regime without the change of its first factor: that is fastest where factors that change
the plan little come first. Where a regime starts is told by its own levels and the design alone, whichever
regimes are asked for and in what order they are solved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from optimizer.solver import Trace
from optimizer.study.controls.design import Choice, Design


@dataclass(frozen=True)
class Left:
    """What a regime leaves to its neighbours: where its best response ended, and what it could reach."""

    response: Trace
    reach: Trace


def changing(design: Design, choice: Choice) -> Choice:
    """The levels of a choice that change something: what a regime is, as of where solves start."""
    return tuple((factor, level) for factor, level in choice if design.factors[factor][level])


def has_neighbours(design: Design, changes: Choice) -> bool:
    """Whether solves of other regimes may start from this one: another factor comes before its first."""
    if not changes:
        return False
    names = list(design.factors)
    earlier = names[: names.index(changes[0][0])]
    return any(patches for name in earlier for patches in design.factors[name].values())


def start_of(changes: Choice, known: Collection[Choice]) -> Choice:
    """The nearest regime before this one that left something; none: the baseline."""
    before = changes[1:]
    while before and before not in known:
        before = before[1:]
    return before


def in_turn(wanted: Iterable[Choice], known: Collection[Choice]) -> list[list[Choice]]:
    """The regimes wanted and those that they start from, in layers, each of which needs earlier ones alone;
    those from which nothing else starts come last, all at once, neighbours beside each other."""
    every = set(wanted)
    inner: set[Choice] = set()
    for changes in list(every):
        before = changes[1:]
        while before:
            inner.add(before)
            if before in known:
                break
            before = before[1:]
    inner -= set(known)
    outer = every - inner
    layers = [
        sorted(each for each in inner if len(each) == depth)
        for depth in range(1, max(map(len, inner), default=0) + 1)
    ]
    layers.append(sorted(outer, key=lambda changes: (changes[1:], changes)))
    return [layer for layer in layers if layer]
