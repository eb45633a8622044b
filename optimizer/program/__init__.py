"""Any Pyomo model of linear, concave `>=` and convex `<=` rows as arrays over a parameter vector."""

from typing import TYPE_CHECKING, Any

from optimizer.program.memory import collection_paused
from optimizer.program.numbers import Numbers
from optimizer.program.program import Program, RowBlock, VariableBlock

if TYPE_CHECKING:
    from optimizer.program.compile import compile_model

__all__ = ["Numbers", "Program", "RowBlock", "VariableBlock", "collection_paused", "compile_model"]


def __getattr__(name: str) -> Any:
    """`compile_model`, imported when first used: what is compiled already is solved without Pyomo."""
    if name == "compile_model":
        from optimizer.program.compile import compile_model

        return compile_model
    raise AttributeError(f"module 'optimizer.program' has no attribute {name!r}")
