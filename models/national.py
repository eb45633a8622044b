"""The national plan: one country's program, assembled from the sections of the formulation.

The same build serves every country, policy and scenario of equal `PlanSets.structure`: all numbers are
mutable parameters.
"""

from __future__ import annotations

from typing import Any

from models.pyomo_alone import pyo

# isort: split
from models import (
    budget,
    delivery,
    fleet,
    industry,
    industry_staged,
    memory,
    objective,
    pace,
    periods,
    power,
    research,
    talent,
    tools,
    trade,
)
from models.nominal import nominal_sizes
from models.parameters import PlanParameters
from models.units import UnitSystem


def build(parameters: PlanParameters, units: bool = False) -> Any:
    """The plan as an ordinary Pyomo `ConcreteModel`: linear rows, concave `<=` and convex `>=` rows.

    With `units=True` every component carries its `pyomo.units` (needs pint). Raises `ParameterError` where
    `parameters` break their contract. Each variable's nominal size stands in the `scaling_factor` suffix.
    """
    parameters.check()
    system = UnitSystem(units)
    model = pyo.ConcreteModel(name=f"national plan of {parameters.country}")
    model.million_per_billion = system.constant(1000, "USD_mn/USD_bn")
    periods.declare(model, parameters, system)
    industry_staged.add_variables(model, system)
    for section in (
        *(fleet, trade, power, talent, research, delivery),
        *(industry, tools, industry_staged, memory, pace, budget, objective),
    ):
        section.add(model, system)
    model.scaling_factor = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    for name, size in nominal_sizes(parameters).items():
        component = getattr(model, name)
        for data, nominal in zip(component.values(), size.ravel(), strict=True):
            model.scaling_factor[data] = 1 / float(nominal)
    return model
