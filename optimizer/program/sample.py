"""Numbers of a model while it is compiled: what nodes are worth at a few values of its Params.

Whether a term may stand alone must hold for every value that its Params may take, so they are moved about: to
both signs, unless their domain (as in `Param(within=NonNegativeReals)`) forbids one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from optimizer.program.tape import Array, TapeBuilder, apply

SAMPLES: Final = 9
# how far Params are moved, as the logarithm of a factor
FACTOR: Final = 1.5
# places on either side of 0 at which a term is looked at, in sizes of its leaf
PLACES: Final = np.geomspace(1e-3, 1e3, 25)
BETWEEN: Final = 33
# how far slopes may rise by rounding: of the slope, and of the value over the step
SLOPE_ROUNDING: Final = 1e-9
VALUE_ROUNDING: Final = 1e-14


class Samples:
    """Values of coefficient nodes at some parameter vectors, the model's own first."""

    def __init__(self, coefficients: TapeBuilder, parameters: Sequence[Any]) -> None:
        self._coefficients = coefficients
        self._parameters = parameters
        self._known: dict[int, Array] = {}

    def of(self, node: int) -> Array:
        """Values of a node of the coefficient tape, (samples,)."""
        if node not in self._known:
            self._known |= values_under(self._coefficients, node, self._input, self._known)
        return self._known[node]

    def _input(self, kind: str, place: int) -> Array:
        parameter = self._parameters[place]
        value = 1.0 if parameter.value is None else float(parameter.value)
        least, most = (np.inf * sign if end is None else float(end) for end, sign in _ends(parameter))
        random = np.random.default_rng(place)
        size = abs(value) if value and np.isfinite(value) else 1.0
        moved = size * np.exp(random.uniform(-FACTOR, FACTOR, SAMPLES))
        moved *= np.where(random.permutation(SAMPLES) % 2 == 0, 1.0, -1.0)
        moved = np.where((moved < least) | (moved > most), -moved, moved)
        return np.append(value, np.clip(moved, least, most)[1:])


def _ends(parameter: Any) -> list[tuple[Any, float]]:
    bounds = getattr(parameter.parent_component().domain, "bounds", lambda: (None, None))()
    return [(bounds[0], -1.0), (bounds[1], 1.0)]


def values_under(
    tape: TapeBuilder, node: int, value_of_input: Any, known: Mapping[int, Array]
) -> dict[int, Array]:
    """Values of a node and all nodes under it, by those of the inputs, `value_of_input(kind, place)`."""
    found: dict[int, Array] = {}
    waiting = [node]
    with np.errstate(all="ignore"):
        while waiting:
            current = waiting[-1]
            operation, arguments = tape.parts(current)
            missing = [part for part in arguments if part not in found and part not in known]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            if current in found or current in known:
                continue
            constant, origin = tape.value_if_constant(current), tape.origin(current)
            if constant is not None:
                found[current] = np.array([constant])
            elif origin is not None:
                found[current] = value_of_input(*origin)
            else:
                values = [found[part] if part in found else known[part] for part in arguments]
                found[current] = (
                    sum(values[1:], values[0]) if operation == "sum" else apply(operation, values)
                )
    return found


def places(low: float, high: float, size: float) -> Array:
    """Where a term of one leaf is looked at: about 0 on every scale of the leaf, and evenly between its
    bounds."""
    points = np.concatenate([-size * PLACES, [0.0], size * PLACES])
    if np.isfinite(low) and np.isfinite(high):
        points = np.append(points, np.linspace(low, high, BETWEEN))
    return np.unique(np.clip(points, low, high))


def is_concave(points: Array, values: Array) -> bool:
    """Whether values at increasing points are those of a concave function, where they are defined."""
    defined = np.isfinite(values)
    points, values = points[defined], values[defined]
    if len(points) < 3:
        return False
    steps = np.diff(points)
    slopes = np.diff(values) / steps
    size = np.maximum(np.abs(slopes[1:]), np.abs(slopes[:-1]))
    value = np.maximum(np.abs(values[2:]), np.abs(values[:-2])) / np.minimum(steps[1:], steps[:-1])
    room = SLOPE_ROUNDING * size + VALUE_ROUNDING * value
    return bool((np.diff(slopes) <= room).all())
