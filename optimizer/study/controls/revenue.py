"""What the controller's side gets for chips: amounts of money per thousand chips, shape (chips, periods).

USD bn, discounted, 0 beyond the reported periods and for chips that others design.
"""

from __future__ import annotations

import numpy as np

from models.parameters import Array, PlanParameters
from optimizer.instance import Instance


def of_chips(instance: Instance, parameters: PlanParameters) -> Array:
    """What designers get for chips sold by them or by whoever bought them first: the chip's part of the
    all-in price."""
    return _money(instance, parameters, parameters["chip_part"][:, None] * parameters["unit_cost"])


def of_fees(instance: Instance, parameters: PlanParameters) -> Array:
    """What is levied on legal purchases."""
    return _money(instance, parameters, parameters["fee"])


def of_legal(instance: Instance, parameters: PlanParameters) -> Array:
    """Both, as of chips that are bought legally."""
    return of_chips(instance, parameters) + of_fees(instance, parameters)


def discounted(parameters: PlanParameters) -> Array:
    """The discount of every period, 0 beyond the reported ones, shape (periods,)."""
    line = parameters["discount"]
    return np.where(np.arange(line.shape[-1]) < parameters.sets.reported, line, 0.0)


def of_memory(parameters: PlanParameters, bought: Array) -> float:
    """What imported memory costs, USD bn."""
    return float((discounted(parameters) * parameters["hbm_price"] * bought).sum())


def _money(instance: Instance, parameters: PlanParameters, price: Array) -> Array:
    chips = [instance.chips[name] for name in parameters.sets.chips]
    ours = np.array([chip.designer_country == instance.leader for chip in chips], dtype=float)
    return np.asarray(ours[:, None] * price * discounted(parameters) / 1000.0, dtype=np.float64)
