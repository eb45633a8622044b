"""Solve a plan: compiled once per structure, and restored to a true plan by the forward run."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.national import build
from models.parameters import TABLE, Array, PlanParameters
from models.simulate import DECISIONS, simulate, weight_of_time
from optimizer.program import Program, compile_model
from optimizer.solver import Solution, Solver

_programs: dict[tuple[Any, ...], Program] = {}


def program_of(p: PlanParameters) -> Program:
    """The compiled program of plans with this structure."""
    if p.sets.structure not in _programs:
        _programs[p.sets.structure] = compile_model(build(p), tie_breaker="least_spending")
    return _programs[p.sets.structure]


def vector_of(p: PlanParameters) -> Array:
    return program_of(p).parameter_vector({name: p[name] for name in TABLE})


def columns_of(program: Program, values: dict[str, Array]) -> Array:
    x = np.zeros(program.user_columns)
    for name, block in program.variables.items():
        x[block.slice] = np.asarray(values[name]).ravel()
    return x


def restore_by_forward_run(p: PlanParameters, program: Program) -> Any:
    """Turns a point of the relaxation into what its decisions really lead to."""

    def restore(x: Array) -> Array:
        decisions = {
            name: np.maximum(x[program.variables[name].slice].reshape(program.variables[name].shape), 0.0)
            for name in DECISIONS
        }
        return columns_of(program, simulate(p, decisions, settle=True))

    return restore


def solve_plan(p: PlanParameters, gap: float = 1e-6) -> Solution:
    """A certified solution; `gap` in average log units."""
    program = program_of(p)
    return Solver(program).solve(
        vector_of(p), gap=gap, gap_scale=weight_of_time(p), restore=restore_by_forward_run(p, program)
    )
