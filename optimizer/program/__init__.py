"""Any Pyomo model of linear, concave `>=` and convex `<=` rows as arrays over a parameter vector."""

from optimizer.program.compile import compile_model
from optimizer.program.memory import collection_paused
from optimizer.program.numbers import Numbers
from optimizer.program.program import Program, RowBlock, VariableBlock

__all__ = ["Numbers", "Program", "RowBlock", "VariableBlock", "collection_paused", "compile_model"]
