"""The same country told otherwise: in other units, with a segment or a chip in two parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.parameters import Array
from tests.model.contract import CONTRACT, ContractPlan, plan
from tests.model.random_forms import shortfall_weights


def in_other_units(p: ContractPlan, money: float = 1.0, chips: float = 1.0) -> ContractPlan:
    """Money counted in a currency of which a dollar is `money`, chips in lots of a thousand / `chips`."""
    changes: dict[str, Array] = {}
    for name, (_, unit) in CONTRACT.items():
        numerator, *denominators = unit.split("/")
        rate = money if numerator.startswith("USD") else 1.0
        rate *= chips if numerator == "kchip" else 1.0
        rate /= chips if "kchip" in denominators else 1.0
        changes[name] = rate * p[name]
    return p.changed(**changes)


def with_two_halves(p: ContractPlan, segment: int) -> ContractPlan:
    """The plan with a segment told as two of half the size and half the weight."""
    halved = ("segment_ref", "segment_floor", "w_segment")
    name = p.sets.segments[segment]
    values = _with_twin(p, "segments", segment, halved)
    values["shortfall_weight"] = shortfall_weights(values["segment_ref"], values["service_floor"])
    return plan(replace(p.sets, segments=(*p.sets.segments, f"{name} too")), **values)


def with_twin_chip(p: ContractPlan, chip: str) -> ContractPlan:
    """The plan with a chip told as two alike that share its fleet and its supply. Not for a chip launched
    within a period of the plan: each of two may use a line for that share of it."""
    place = p.sets.chips.index(chip)
    if p["is_domestic"][place] and not np.isin(p["launched"][place], (0, 1)).all():
        raise ValueError(f"{chip} is launched within a period")
    halved = ("fleet0", "import_limit", "grey_open", "make_limit", "normal_import", "bank0")
    twin = f"{chip} too"
    home = (twin,) if chip in p.sets.domestic else ()
    sets = replace(p.sets, chips=(*p.sets.chips, twin), domestic=(*p.sets.domestic, *home))
    return plan(sets, **_with_twin(p, "chips", place, halved))


def _with_twin(p: ContractPlan, index: str, place: int, halved: tuple[str, ...]) -> dict[str, Array]:
    values = {}
    for name, (indices, _) in CONTRACT.items():
        array = p[name].copy()
        if index in indices:
            axis = indices.index(index)
            rows = np.moveaxis(array, axis, 0)
            if name in halved:
                rows[place] /= 2
            array = np.moveaxis(np.concatenate([rows, rows[[place]]]), 0, axis)
        values[name] = array
    return values
