"""Studies: each turns one question into solves."""

# Before Pyomo: else Pyomo answers the import of scipy by importing scipy.stats as well, half a second.
import scipy.sparse  # noqa: F401
