"""Solves compiled programs with HiGHS by outer approximation, with a certificate for every result."""

from optimizer.solver.anchored import Anchored, Trace
from optimizer.solver.pool import Start
from optimizer.solver.progress import Progress
from optimizer.solver.solution import Certificate, Solution
from optimizer.solver.solver import Solver, solve_model

__all__ = ["Anchored", "Certificate", "Progress", "Solution", "Solver", "Start", "Trace", "solve_model"]
