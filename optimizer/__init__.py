"""Kloof: optimal national compute-allocation strategies.

`load` an instance, `patch` it, `solve` it, `compare` policies; results are tidy pandas frames. `sweep` and
`sensitivity` solve many scenarios, `gradient` tells slopes, `evaluate` what a plan of
one's own is worth, `equilibrium` prices that clear the world's market, `controls` what export regimes bring.
`solve_model` solves any Pyomo model of linear, concave `<=` and convex `>=` rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.api import Compared as Compared
    from optimizer.api import Result as Result
    from optimizer.api import compare as compare
    from optimizer.api import load as load
    from optimizer.api import patch as patch
    from optimizer.api import solve as solve
    from optimizer.api_markets import Cleared as Cleared
    from optimizer.api_markets import equilibrium as equilibrium
    from optimizer.api_plans import Evaluated as Evaluated
    from optimizer.api_plans import evaluate as evaluate
    from optimizer.api_studies import Controlled as Controlled
    from optimizer.api_studies import Sloped as Sloped
    from optimizer.api_studies import Studied as Studied
    from optimizer.api_studies import controls as controls
    from optimizer.api_studies import gradient as gradient
    from optimizer.api_studies import sensitivity as sensitivity
    from optimizer.api_studies import sweep as sweep
    from optimizer.solver import solve_model as solve_model

__version__ = "0.1.0"
_MARKETS = ("Cleared", "equilibrium")
_PLANS = ("Evaluated", "evaluate")
_STUDIES = ("Controlled", "Sloped", "Studied", "controls", "gradient", "sensitivity", "sweep")
__all__ = [
    "Cleared",
    "Compared",
    "Controlled",
    "Evaluated",
    "Result",
    "Sloped",
    "Studied",
    "compare",
    "controls",
    "equilibrium",
    "evaluate",
    "gradient",
    "load",
    "patch",
    "sensitivity",
    "solve",
    "solve_model",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """The Python API, imported when first used so that the command line starts quickly."""
    if name == "solve_model":
        from optimizer.solver import solve_model

        return solve_model
    if name in __all__:
        from optimizer.clash import REMEDY, explanation, other_models

        if place := other_models():
            raise ImportError(f"{explanation(place)}: {REMEDY}", name="models")
        if name in _MARKETS:
            from optimizer import api_markets

            return getattr(api_markets, name)
        if name in _PLANS:
            from optimizer import api_plans

            return getattr(api_plans, name)
        if name in _STUDIES:
            from optimizer import api_studies

            return getattr(api_studies, name)
        from optimizer import api

        return getattr(api, name)
    raise AttributeError(f"module 'optimizer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
