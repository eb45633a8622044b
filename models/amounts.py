"""How much there is of limits that no single parameter states, and how such limits are eased by a tenth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log
from typing import Final

import numpy as np

from models.indices import mid
from models.parameters import Array, PlanParameters
from models.stages import used_yield

Values = Mapping[str, Array]
Amount = Callable[[PlanParameters, Values], Array]
Eased = Callable[[PlanParameters, Values], dict[str, Array]]

TENTH_MORE: Final = log(1.1)
TENTH_LESS: Final = log(0.9)
THOUSAND: Final = 1000.0


def wafers(p: PlanParameters, v: Values) -> Array:
    """The wafers that each line can start for AI chips, thousand per period."""
    return np.asarray(12 * p["dt"] * p["ai_share"] * mid(p["wafer_capacity0"][:, None], v["wafer_capacity"]))


def good_wafers(p: PlanParameters, v: Values) -> Array:
    """The good wafers of all that each line can start for AI chips, thousand per period."""
    if p.sets.levels:
        return np.asarray(np.einsum("nl,nlt->nt", p["yield_level"], v["startable"]))
    return np.asarray(used_yield(p) * wafers(p, v))


def designers_wafers(p: PlanParameters, v: Values) -> Array:
    """The good wafers of each line that each group of designers may have, thousand per period."""
    return np.asarray(p["designer_ceiling"] * good_wafers(p, v)[None])


def launch_wafers(p: PlanParameters, v: Values) -> Array:
    """The good wafers that each chip may have of its line for the part of each period in which it is made."""
    made = p.sets.made_places
    return np.asarray(p["launched"][made] * (p["on_line"][made] @ good_wafers(p, v)))


def launch_packages(p: PlanParameters, v: Values) -> Array:
    """The packages that each chip may have for the part of each period in which it is made, thousand."""
    return np.asarray(p["launched"][p.sets.made_places] * packages(p, v))


def packages(p: PlanParameters, v: Values) -> Array:
    """The reference chips that can be packaged, thousand per period."""
    return np.asarray(p["dt"] * mid(p["packaging0"], v["packaging_capacity"]))


def tools_at_home(p: PlanParameters, v: Values) -> Array:
    """The tools that the country's toolmakers can make, kwpm per period."""
    return np.asarray(p["dt"] * mid(p["toolmaking0"][:, None], v["toolmaking"]))


def mandated(p: PlanParameters, v: Values) -> Array:
    """The value that the mandate asks of home-made chips, USD mn per period."""
    value = (p["unit_cost"] * (v["domestic"] + v["imports"] + v["grey"])).sum(axis=0)
    rented = THOUSAND * p["rent_cost"] * p.scalar("dt") * v["rented"].sum(axis=0)
    return np.asarray(p["mandate"] * (value + rented))


def level(change: float, weight: str = "") -> Amount:
    """What a tenth of a level in log units is a tenth of, in every one of the level's places."""

    def of(p: PlanParameters, _: Values) -> Array:
        whole = change / 0.1 * (1.0 if not weight else 1 - p.scalar(weight))
        return np.full((1, len(p.sets.periods)), whole)

    return of


def more_power(p: PlanParameters, v: Values) -> dict[str, Array]:
    """A tenth more of the power that the plan has in each period."""
    return {"power_pending": p["power_pending"] + np.diff(0.1 * v["power"], prepend=0.0)}


def more_graduates(p: PlanParameters, v: Values) -> dict[str, Array]:
    """A tenth more of the graduates whom the plan takes on."""
    return {"graduates": p["graduates"] + 0.1 * v["trained"] / p.scalar("dt")}


def more_memory(p: PlanParameters, _: Values) -> dict[str, Array]:
    """A tenth more chips out of the same memory."""
    return {"hbm_per_chip": p["hbm_per_chip"] / 1.1}


def more_data(p: PlanParameters, _: Values) -> dict[str, Array]:
    """A data wall that stands a tenth further."""
    return {"data_wall": np.asarray(1.1 * p["data_wall"])}


def more_packaging(p: PlanParameters, v: Values) -> dict[str, Array]:
    """A tenth more of the packaging that the plan has in each period."""
    return _more_capacity(p, v, "packaging_capacity", "packaging0", "packaging_pending")


def more_toolmaking(p: PlanParameters, v: Values) -> dict[str, Array]:
    """A tenth more of the toolmaking that the plan has in each period."""
    return _more_capacity(p, v, "toolmaking", "toolmaking0", "toolmaking_pending")


def _more_capacity(p: PlanParameters, v: Values, capacity: str, start: str, pending: str) -> dict[str, Array]:
    before = np.concatenate([p[start][..., None], v[capacity]], axis=-1)
    return {start: 1.1 * p[start], pending: p[pending] + 0.1 * np.diff(before, axis=-1)}
