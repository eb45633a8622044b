"""What a factor does to an instance at each of its values: patches, or a policy."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from optimizer.instance.problem import number_text
from optimizer.instance.values import Array, Operation
from optimizer.instance.yaml_reader import scalar
from optimizer.study.sampling.spread import (
    EVERYTHING,
    TAIL,
    Level,
    Levels,
    Lognormal,
    Numeric,
    Policies,
    Triangular,
    Window,
    clipped,
)

PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
BASE: Final = "base"
WORDS: Final = ("low", BASE, "high")
IDENTITY: Final = {"*=": 1.0, "+=": 0.0}


class State(NamedTuple):
    """A factor at one of its values: the value as tables show it, the patches that make it, the policy."""

    value: float | str
    patches: tuple[str, ...] = ()
    policy: str = ""

    @property
    def is_base(self) -> bool:
        """Whether it changes nothing."""
        return not self.patches and not self.policy


@dataclass(frozen=True)
class OwnCell:
    """A cell that moves over its own range: `mode` is its value, the number that the range belongs to. A
    series moves as a whole, by the factor that takes its first number there."""

    path: str
    low: float
    mode: float
    high: float
    is_series: bool

    def at(self, positions: Array) -> Array:
        """Values at quantiles of the triangular distribution on the range, an array of the same shape."""
        return Triangular(self.low, self.high, self.mode).at(positions)

    def patch(self, value: float) -> tuple[str, ...]:
        """The patch that puts the cell there, none for the value it has."""
        if value == self.mode:
            return ()
        if self.is_series:
            return (f"{self.path} *= {number_text(value / self.mode)}",)
        return (f"{self.path} = {number_text(value)}",)


@dataclass(frozen=True)
class OwnMove:
    """Cells that move over their own ranges together, each at the same quantile."""

    cells: tuple[OwnCell, ...]

    @property
    def base(self) -> float | str:
        return self.cells[0].mode if len(self.cells) == 1 else BASE

    def stops(self) -> list[State]:
        columns = [(cell.low, cell.mode, cell.high) for cell in self.cells]
        states = []
        for word, values in zip(WORDS, zip(*columns, strict=True), strict=True):
            patches = [cell.patch(value) for cell, value in zip(self.cells, values, strict=True)]
            shown = values[0] if len(self.cells) == 1 else word
            if word == BASE or any(patches):
                states.append(State(shown, tuple(each for one in patches for each in one)))
        return states

    def at(self, positions: Array, ends: bool) -> list[State]:
        columns = [cell.at(positions).tolist() for cell in self.cells]
        states = []
        for position, values in zip(places(positions), zip(*columns, strict=True), strict=True):
            patches = [cell.patch(value) for cell, value in zip(self.cells, values, strict=True)]
            shown = values[0] if len(self.cells) == 1 else position
            states.append(State(shown, tuple(each for one in patches for each in one)))
        return states


@dataclass(frozen=True)
class OperandCell:
    """Cells that a path stands for, and the operands that they can take: others are cut off at its ends."""

    path: str
    window: Window = EVERYTHING


@dataclass(frozen=True)
class OperandMove:
    """Cells that are set, multiplied or added to, all by the same number or word."""

    operation: Operation
    spread: Levels | Numeric
    cells: tuple[OperandCell, ...]
    base: float | str

    def stops(self) -> list[State]:
        return [self._state(level) for level in self.spread.stops()]

    def at(self, positions: Array, ends: bool) -> list[State]:
        """The states at positions; with `ends` 0 and 1 are among them, and stand for finite values."""
        if isinstance(self.spread, Levels):
            return [self._state(self.spread.values[number]) for number in self.spread.index(positions)]
        if ends and isinstance(self.spread, Lognormal):
            positions = TAIL + positions * (1.0 - 2.0 * TAIL)
        return [self._state(value) for value in self.spread.at(positions).tolist()]

    def _state(self, level: Level) -> State:
        shown = level if isinstance(level, float | int) and not isinstance(level, bool) else written(level)
        if isinstance(shown, float) and shown == IDENTITY.get(self.operation, self.base):
            return State(shown)
        patches = []
        for cell in self.cells:
            operand = level
            if isinstance(level, float):
                operand = min(max(level, cell.window[0]), cell.window[1])
            if operand != IDENTITY.get(self.operation) or isinstance(operand, bool):
                patches.append(f"{cell.path} {self.operation} {written(operand)}")
        return State(shown, tuple(patches))


@dataclass(frozen=True)
class PolicyMove:
    """One of several policies."""

    spread: Policies
    base: str = BASE

    def stops(self) -> list[State]:
        return [State(name, (), found) for name, found in self.spread.names]

    def at(self, positions: Array, ends: bool) -> list[State]:
        stops = self.stops()
        return [stops[number] for number in self.spread.index(positions)]


Move = OwnMove | OperandMove | PolicyMove


@dataclass(frozen=True)
class Factor:
    """A factor of a study: moves that are made together, and the paths of the cells that they move.

    Its value is what all moves have in common, a number or a word; else its position from 0 to 1.
    """

    name: str
    moves: tuple[Move, ...]
    cells: tuple[str, ...]

    @property
    def base(self) -> State:
        """The factor where the study's base leaves it."""
        known = {move.base for move in self.moves}
        return State(known.pop() if len(known) == 1 else BASE)

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of stops of each move; all are the same in a study that can be made."""
        return tuple(len(move.stops()) for move in self.moves)

    def stops(self) -> list[State]:
        """The single values that the factor takes, in order."""
        columns = [move.stops() for move in self.moves]
        if len({len(column) for column in columns}) > 1:
            raise ValueError(f"the moves of {self.name} stop at different numbers of values")
        count = len(columns[0])
        owns = all(isinstance(move, OwnMove) for move in self.moves) and count == len(WORDS)
        shown: Sequence[float | str] = WORDS if owns else places(np.linspace(0.0, 1.0, count))
        return [_joined(parts, place) for parts, place in zip(zip(*columns, strict=True), shown, strict=True)]

    def at(self, positions: Array, ends: bool = False) -> list[State]:
        """The states at positions from 0 to 1, shape (n,)."""
        columns = [move.at(positions, ends) for move in self.moves]
        shown = places(positions)
        return [_joined(parts, place) for parts, place in zip(zip(*columns, strict=True), shown, strict=True)]


def places(positions: Array) -> list[float]:
    """Positions as values of factors that have no number of their own."""
    return [float(each) for each in clipped(positions, (0.0, 1.0))]


def written(level: Level) -> str:
    """A level as a patch writes it."""
    if isinstance(level, bool):
        return "true" if level else "false"
    if isinstance(level, str):
        return level if PLAIN.fullmatch(level) and scalar(level) == level else json.dumps(level)
    return number_text(float(level))


def _joined(parts: Sequence[State], place: float | str) -> State:
    shown = {part.value for part in parts}
    policy = "+".join(part.policy for part in parts if part.policy)
    patches = tuple(text for part in parts for text in part.patches)
    return State(shown.pop() if len(shown) == 1 else place, patches, policy)
