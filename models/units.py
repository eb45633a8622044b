"""Units of the model's components.

Without units the model is plain numbers, which is how it is solved. `UnitSystem(enabled=True)` attaches
`pyomo.units` instead, so that a test can prove every row consistent; pint is imported only then.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_DEFINITIONS = (
    "USD_mn = [currency]",
    "USD_bn = [large_currency]",
    "kchip = [chips]",
    "kH100e = [compute]",
    "kperson = [people]",
    "kwafer = [wafers]",
    "kwpm = [wafer_rate]",
    "kpackage = [packages]",
    "PB = [memory]",
    "cap_unit = [cap]",
    "flow = [flow]",
)


@cache
def _registry() -> Any:
    """Pyomo's one registry, which its consistency check uses, with the plan's units added once."""
    from pyomo.environ import units

    units.load_definitions_from_strings(list(_DEFINITIONS))
    return units


class UnitSystem:
    """Turns a unit such as `USD_bn/kH100e/year` into a Pyomo unit, or into None when units are off."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._container: Any = None
        if enabled:
            self._container = _registry()

    def __call__(self, text: str) -> Any:
        """The Pyomo unit of `text`: factors joined by `*` or `/`, `1` for none."""
        if not self.enabled:
            return None
        unit: Any = 1
        operator = "*"
        for token in text.replace("*", " * ").replace("/", " / ").split():
            if token in "*/":
                operator = token
                continue
            factor = 1 if token == "1" else getattr(self._container, token)
            unit = unit * factor if operator == "*" else unit / factor
        return self._container.dimensionless if isinstance(unit, int) else unit

    def constant(self, number: float, text: str) -> Any:
        """A fixed number with a unit, e.g. months per year in wafers."""
        return number * self(text) if self.enabled else number

    def assert_consistent(self, model: Any) -> None:
        """Raise where a row of `model` adds or compares different units (pint must be installed)."""
        from pyomo.util.check_units import assert_units_consistent

        assert_units_consistent(model)


def unit_label(unit: str) -> str:
    """The unit in words for people: `USD_bn/kH100e/year` becomes `USD bn per kH100e per year`."""
    if unit == "1":
        return "1"
    words = {
        "USD_bn": "USD bn",
        "USD_mn": "USD mn",
        "kchip": "thousand chips",
        "kperson": "thousand people",
        "kwafer": "thousand wafers",
        "kpackage": "thousand packages",
        "cap_unit": "cap units",
    }
    parts = unit.split("/")
    if parts[0] == "kH100e" and parts[1:2] == ["kchip"]:
        return "H100e per chip"
    named = ["-".join(words.get(factor, factor) for factor in part.split("*")) for part in parts]
    return ("per " if parts[0] == "1" else "") + " per ".join(named[1:] if parts[0] == "1" else named)
