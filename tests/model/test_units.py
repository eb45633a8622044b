"""Every row adds and compares like with like."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo
import pytest
from pyomo.core.base.units_container import InconsistentUnitsError, UnitsError
from pyomo.util.check_units import assert_units_consistent

from models.national import build
from tests.model.small_plan import small_plan


@pytest.fixture
def model_with_units() -> Any:
    return build(small_plan(), units=True)


def test_units_of_every_row_are_consistent(model_with_units: Any) -> None:
    assert_units_consistent(model_with_units)


def test_units_of_the_staged_industry_are_consistent() -> None:
    assert_units_consistent(build(small_plan(levels=("1", "2")), units=True))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("cash", "power"),  # money against power
        ("power_built", "power_build_limit"),  # GW against GW per year, the limit not times dt
        ("talent", "graduates"),
        ("hbm_capacity", "hbm_stock"),
        ("knowledge", "efficiency"),  # years against log units
        ("buy", "rent_cost"),
    ],
)
def test_a_row_of_mixed_units_is_refused(model_with_units: Any, left: str, right: str) -> None:
    model = model_with_units

    def wrong(m: Any, t: str) -> Any:
        return getattr(m, left)[t] <= getattr(m, right)[t]

    model.wrong = pyo.Constraint(model.PERIODS, rule=wrong)
    with pytest.raises((InconsistentUnitsError, UnitsError)):
        assert_units_consistent(model)


def test_thousands_and_billions_are_not_mixed(model_with_units: Any) -> None:
    model = model_with_units
    model.wrong = pyo.Constraint(
        model.PERIODS,
        rule=lambda m, t: m.buy[t] >= sum(m.unit_cost[k, t] * m.imports[k, t] for k in m.CHIPS),
    )
    with pytest.raises((InconsistentUnitsError, UnitsError)):
        assert_units_consistent(model)


def test_every_variable_and_parameter_carries_a_unit(model_with_units: Any) -> None:
    for component in model_with_units.component_objects((pyo.Var, pyo.Param)):
        assert component.get_units() is not None, component.name
