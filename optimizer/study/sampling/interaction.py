"""Two axes of a grid side by side: an outcome as a matrix, and what they do together beyond each alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.values import Array
from optimizer.study.sampling.moves import BASE
from optimizer.study.sampling.sample import Sample


@dataclass(frozen=True)
class Interaction:
    """An outcome over two axes. `outcomes` has the stops of the first axis as rows, those of the second as
    columns, and nan where a scenario lacks the outcome (`missing` of them). `together` is, likewise, what is
    left of the change from the base when the changes of either axis alone are taken away; None where a base
    is not among the stops."""

    rows: str
    columns: str
    outcomes: pd.DataFrame
    together: pd.DataFrame | None
    held: Mapping[str, float | str]
    missing: int


def interaction(
    sample: Sample,
    numbers: Array,
    rows: str,
    columns: str,
    held: Mapping[str, float | str] | None = None,
) -> Interaction:
    """The matrix of an outcome `numbers` (rows of the sample,) of a grid over the axes `rows` and `columns`.

    Every other axis is held: at the stop of that label in `held`, else where the base leaves it. Raises
    `InputError` for another design, an unknown axis or label, and a base that is not among the stops.
    """
    if sample.stops is None or sample.study.design.method != "grid":
        message = (
            f"a matrix of two axes needs a grid, and the study's design is `{sample.study.design.method}`"
        )
        raise InputError(Diagnostic("E705", message, hint="write design: {method: grid}"))
    first, second = sample.axis(rows), sample.axis(columns)
    if first == second:
        message = f"`{rows}` stands for rows and columns"
        raise InputError(Diagnostic("E707", message, hint="name two axes"))
    asked = dict(held or {})
    for name in asked:
        if sample.axis(name) in (first, second):
            message = f"`{name}` is an axis of the matrix, so that it cannot be held"
            raise InputError(Diagnostic("E707", message, hint="hold another axis"))
    chosen = np.ones(len(sample.rows), dtype=bool)
    kept: dict[str, float | str] = {}
    for place, name in enumerate(sample.names):
        if place not in (first, second):
            stop = _held_stop(sample, place, asked.get(name))
            kept[name] = sample.labels[place][stop]
            chosen &= sample.stops[:, place] == stop
    shape = len(sample.labels[first]), len(sample.labels[second])
    matrix = np.full(shape, np.nan)
    matrix[sample.stops[chosen, first], sample.stops[chosen, second]] = numbers[chosen]
    index = pd.Index(sample.labels[first], name=rows)
    head = pd.Index(sample.labels[second], name=columns)
    found = pd.DataFrame(matrix, index=index, columns=head)
    together = None
    i, j = base_stop(sample, first), base_stop(sample, second)
    if i is not None and j is not None:
        with np.errstate(invalid="ignore"):
            extra = matrix - matrix[i : i + 1, :] - matrix[:, j : j + 1] + matrix[i, j]
        together = pd.DataFrame(extra, index=index, columns=head)
    return Interaction(rows, columns, found, together, kept, int(np.isnan(matrix).sum()))


def base_stop(sample: Sample, place: int) -> int | None:
    """The stop of an axis that changes nothing, or is the policy `baseline`; None where there is none."""
    members = [sample.factors[member].stops() for member in sample.axes[place].members]
    for stop in range(len(members[0])):
        if all(states[stop].is_base or states[stop].policy == "baseline" for states in members):
            return stop
    return None


def _held_stop(sample: Sample, place: int, label: float | str | None) -> int:
    name, labels = sample.names[place], sample.labels[place]
    if label is not None:
        if label in labels:
            return labels.index(label)
        raise InputError(
            Diagnostic("E707", f"`{name}` has no value {label}", hint=f"known: {', '.join(map(str, labels))}")
        )
    stop = base_stop(sample, place)
    if stop is None:
        message = f"`{name}` is not held anywhere: the {BASE} is not among its values"
        hint = f"say where: {name} at one of {', '.join(map(str, labels))}"
        raise InputError(Diagnostic("E707", message, hint=hint))
    return stop
