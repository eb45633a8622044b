"""A plan's first periods alone: what a planner sees who looks no further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.parameters import TABLE, PlanParameters

# index sets of the parameter table that run over periods, and what each has beside them
BESIDE_PERIODS = {"periods": 0, "base_and_periods": 1}


def first_periods(parameters: PlanParameters, count: int) -> PlanParameters:
    """The same numbers over the first `count` periods: the plan ends there, and `terminal` counts on from the
    last of them. Reported are those that the whole plan reports, as far as they are among them."""
    sets = parameters.sets
    if count == len(sets.periods):
        return parameters
    kept = replace(
        sets,
        periods=sets.periods[:count],
        starts=sets.starts[:count],
        reported=min(sets.reported, count),
    )
    values = {}
    for name, array in parameters.values.items():
        for axis, index in enumerate(TABLE[name].index):
            if index in BESIDE_PERIODS:
                array = np.take(array, range(count + BESIDE_PERIODS[index]), axis=axis)
        values[name] = array
    values["tail"] = np.asarray(float(count - kept.reported))
    return replace(parameters, sets=kept, values=values)
