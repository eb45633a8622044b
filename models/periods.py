"""Sets, parameters and the three ways a row looks back in time.

Stocks are at the end of a period; `previous` gives the stock a period earlier (its parameter in the first
period), `mid` the mean of the two, which stands for "during the period", and `arrivals` what comes of
earlier orders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.parameters import TABLE, PlanParameters
from models.units import UnitSystem

SET_NAMES = {
    "chips": "CHIPS",
    "made": "MADE",
    "periods": "PERIODS",
    "base_and_periods": "BASE_AND_PERIODS",
    "uses": "USES",
    "segments": "SEGMENTS",
    "lines": "LINES",
    "tool_classes": "TOOL_CLASSES",
    "designers": "DESIGNERS",
    "rules": "RULES",
    "supplies": "SUPPLIES",
    "categories": "CATEGORIES",
    "delays": "DELAYS",
    "levels": "LEVELS",
    "path_lines": "PATH_LINES",
    "staged_lines": "STAGED_LINES",
    "staged_classes": "STAGED_CLASSES",
}


def declare(model: Any, parameters: PlanParameters, units: UnitSystem) -> None:
    """Add the index sets and one mutable `Param` per row of the parameter table."""
    sets = parameters.sets
    for name, component in SET_NAMES.items():
        model.add_component(component, pyo.Set(initialize=list(sets.members(name)), ordered=True))
    model.before = dict(zip(sets.periods, (None, *sets.periods[:-1]), strict=True))
    model.position = {label: position for position, label in enumerate(sets.periods)}
    model.labels = sets.periods
    model.last_reported = sets.periods[sets.reported - 1]
    model.year = units("year") if units.enabled else 1
    for name, spec in TABLE.items():
        array = parameters.values[name]
        indices = [getattr(model, SET_NAMES[index]) for index in spec.index]
        if indices:
            members = [sets.members(index) for index in spec.index]
            start: Any = {
                key if len(key) > 1 else key[0]: float(array[position])
                for position, key in zip(np.ndindex(array.shape), _product(members), strict=True)
            }
        else:
            start = float(array)
        model.add_component(
            name,
            pyo.Param(*indices, mutable=True, initialize=start, units=units(spec.unit), within=pyo.Any),
        )


def _product(members: list[tuple[str | int, ...]]) -> list[tuple[str | int, ...]]:
    keys: list[tuple[str | int, ...]] = [()]
    for group in members:
        keys = [(*key, member) for key in keys for member in group]
    return keys


def previous(model: Any, stock: Any, initial: Any, *index: str) -> Any:
    """The stock at the end of the period before `index[-1]`; `initial` in the first."""
    label = model.before[index[-1]]
    if label is None:
        return initial
    return stock[(*index[:-1], label)] if len(index) > 1 else stock[label]


def mid(model: Any, stock: Any, initial: Any, *index: str) -> Any:
    """The mean of a stock over the period `index[-1]`."""
    now = stock[index] if len(index) > 1 else stock[index[0]]
    return (previous(model, stock, initial, *index) + now) / 2


def arrivals(model: Any, arrival: Any, order: Any, period: str, *prefix: str) -> Any:
    r"""What arrives in a period of the orders so far: \(\sum_d \text{arrival}_d\,\text{order}_{t-d}\)."""
    position = model.position[period]
    terms = [
        arrival[(*prefix, delay)] * order[(*prefix, model.labels[position - delay])]
        if prefix
        else arrival[delay] * order[model.labels[position - delay]]
        for delay in model.DELAYS
        if delay <= position
    ]
    return sum(terms)


def per_period(model: Any, yearly_factor: Any) -> Any:
    """A factor per year, over one period."""
    return yearly_factor ** (model.dt / model.year)
