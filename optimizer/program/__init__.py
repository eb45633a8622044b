"""Any Pyomo model of linear, concave `>=` and convex `<=` rows as arrays over a parameter vector."""

# Before Pyomo: else Pyomo answers the import of scipy by importing scipy.stats as well, half a second.
import scipy.sparse  # noqa: F401

from optimizer.program.compile import compile_model
from optimizer.program.numbers import Numbers
from optimizer.program.program import Program, RowBlock, VariableBlock

__all__ = ["Numbers", "Program", "RowBlock", "VariableBlock", "compile_model"]
