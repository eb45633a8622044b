"""Whether something meets the condition of a rule: yes, no, or unknown for want of a metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.rules.schema import Condition, ExportRule

NO: Final = 0
UNKNOWN: Final = 1
YES: Final = 2
Verdicts = NDArray[np.int8]
"""NO, UNKNOWN or YES for each thing: `and` is the least of two, `or` the largest."""


def meets(rule: ExportRule, metrics: Mapping[str, Array], count: int) -> Verdicts:
    """Whether each of `count` things meets the rule's condition or one of its alternatives, shape (count,).

    `metrics` are arrays of that shape, not a number where the metric is not known. A metric that is missing
    leaves a condition unknown, unless another metric of it fails.
    """
    if not rule.conditions:
        return np.full(count, YES, dtype=np.int8)
    found = [_meets(condition, metrics, count) for condition in rule.conditions]
    verdicts: Verdicts = np.max(found, axis=0)
    return verdicts


def missing(rule: ExportRule, metrics: Mapping[str, Array], position: int) -> tuple[str, ...]:
    """The metrics of the rule's conditions that are not known of the thing at `position`."""
    names = dict.fromkeys(metric for condition in rule.conditions for metric in condition.bounds())
    return tuple(name for name in names if np.isnan(metrics[name][position]))


def _meets(condition: Condition, metrics: Mapping[str, Array], count: int) -> Verdicts:
    verdicts = np.full(count, YES, dtype=np.int8)
    for metric, bound in condition.bounds().items():
        values = metrics[metric]
        inside = np.ones(count, dtype=bool)
        # comparisons with a number that is missing are false, and it is set apart below
        if bound.min is not None:
            inside &= values >= bound.min.number()
        if bound.max is not None:
            inside &= values < bound.max.number()
        one = np.where(np.isnan(values), UNKNOWN, np.where(inside, YES, NO)).astype(np.int8)
        verdicts = np.minimum(verdicts, one)
    return verdicts
