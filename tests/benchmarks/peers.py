"""Other ways to solve the rows of a batch: what a peer is given beforehand, and what is timed.

The linear peers are given, for nothing, the tangents near its optimum with which Kloof's own solve of the row
came within the gap: a grid laid before the solve needs many times as many for the same accuracy. So their
times are the least that each could take.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers import Highs
from pyomo.core.expr import LinearExpression

from models.national import build
from models.parameters import PlanParameters
from optimizer.program.concave import Concave, Tangents
from optimizer.solver import Start
from optimizer.solver.highs import NEAR_ANCHOR, LinearModel
from optimizer.study.plan_solver import PlanSolver
from tests.model.oracle import stated

# Looser than this Clarabel solves no more rows, and a shorter step (0.8 in place of 0.99) makes it solve more
# of the USA's in four times as long.
CONE_GAP: Final = 1e-6
MS: Final = 1e3


@dataclass(frozen=True)
class Answer:
    """Milliseconds of processor time, and the optimum; `None` where there is none."""

    ms: float
    value: float | None


def timed(solve: Callable[[], float | None]) -> Answer:
    """The answer of a call, timed."""
    begin = time.process_time()
    value = solve()
    return Answer(MS * (time.process_time() - begin), value)


def tangents_of(plans: PlanSolver, parameters: PlanParameters, start: Start, gap: float) -> Tangents:
    """The tangents near the optimum of a row that a solve of it needed."""
    solution = plans.solve(parameters, gap=gap, start=start)
    assert solution.start is not None
    concave = Concave(plans.program.at(solution.parameters))
    return concave.tangents(solution.start.points, solution.start.mask & concave.active[:, None])


# Pyomo -----------------------------------------------------------------------------------------------------


class PyomoRebuilt:
    """The model built anew, its concave rows replaced by tangents, written to HiGHS and solved."""

    def __init__(self, plans: PlanSolver) -> None:
        self._program = plans.program

    def model(self, parameters: PlanParameters, tangents: Tangents) -> tuple[Any, list[Any]]:
        """The linear program as a Pyomo model, and its variables in the order of columns."""
        model = build(parameters)
        concave = np.unique(self._program.functions.row)
        for name, block in self._program.rows.items():
            constraint = getattr(model, name)
            for number in concave[(concave >= block.start) & (concave < block.slice.stop)] - block.start:
                constraint[block.index[number]].deactivate()
        columns = [data for name in self._program.variables for data in getattr(model, name).values()]
        model.tangents = pyo.ConstraintList()
        self.add(model, columns, tangents)
        return model, columns

    @staticmethod
    def add(model: Any, columns: list[Any], tangents: Tangents) -> list[Any]:
        """The constraints of tangents, added to a model."""
        matrix, added = tangents.matrix, []
        for number, low in enumerate(tangents.lower.tolist()):
            entries = slice(matrix.indptr[number], matrix.indptr[number + 1])
            expression = LinearExpression(
                constant=0,
                linear_coefs=matrix.data[entries].tolist(),
                linear_vars=[columns[place] for place in matrix.indices[entries].tolist()],
            )
            added.append(model.tangents.add(expression >= low))
        return added

    def solve(self, parameters: PlanParameters, tangents: Tangents) -> float | None:
        model, _ = self.model(parameters, tangents)
        return _value(_highs_of_pyomo(), model)


class PyomoPersistent:
    """The model built once and kept in HiGHS: a row sets its mutable parameters, and gets the tangents that
    the row before did not have in place of those that it has not."""

    def __init__(self, plans: PlanSolver, parameters: PlanParameters, tangents: Tangents) -> None:
        self._program = plans.program
        rebuilt = PyomoRebuilt(plans)
        self._model, self._columns = rebuilt.model(parameters, tangents)
        self._tangents = dict(zip(_keys(tangents), self._model.tangents.values(), strict=True))
        self._vector = plans.program.parameter_vector(parameters.values)
        self._solver = _highs_of_pyomo()
        update = self._solver.update_config
        for name in ("constraints", "vars", "params"):
            setattr(update, f"check_for_new_or_removed_{name}", False)
            setattr(update, f"update_{name}", name == "params")
        update.check_for_new_objective = update.update_objective = update.update_named_expressions = False
        self._solver.set_instance(self._model)
        _value(self._solver, self._model)

    def solve(self, parameters: PlanParameters, tangents: Tangents) -> float | None:
        vector = self._program.parameter_vector(parameters.values)
        changed = np.flatnonzero(vector != self._vector)
        for name, block in self._program.parameters.items():
            component = getattr(self._model, name)
            for place in changed[(changed >= block.start) & (changed < block.slice.stop)].tolist():
                component[block.index[place - block.start]] = float(vector[place])
        self._vector = vector
        keys = _keys(tangents)
        new = [number for number, key in enumerate(keys) if key not in self._tangents]
        gone = [self._tangents.pop(key) for key in set(self._tangents) - set(keys)]
        self._solver.remove_constraints(gone)
        for constraint in gone:
            del self._model.tangents[constraint.index()]
        chosen = Tangents(
            tangents.matrix[new], tangents.lower[new], tangents.function[new], tangents.point[new]
        )
        added = PyomoRebuilt.add(self._model, self._columns, chosen)
        self._solver.add_constraints(added)
        self._tangents |= zip([keys[number] for number in new], added, strict=True)
        return _value(self._solver, self._model)


def _keys(tangents: Tangents) -> list[bytes]:
    """What tells one tangent from another."""
    starts, found = tangents.matrix.indptr, []
    for number, low in enumerate(tangents.lower):
        entries = slice(starts[number], starts[number + 1])
        columns, data = tangents.matrix.indices[entries], tangents.matrix.data[entries]
        found.append(np.append(data, low).tobytes() + columns.tobytes())
    return found


def _highs_of_pyomo() -> Any:
    solver = Highs()
    solver.config.load_solution = False
    solver.highs_options = {"threads": 1, "output_flag": False}
    return solver


def _value(solver: Any, model: Any) -> float | None:
    result = solver.solve(model)
    return None if result.best_feasible_objective is None else float(result.best_feasible_objective)


# bare HiGHS ------------------------------------------------------------------------------------------------


class Recorder:
    """Counts the processor time inside HiGHS, and keeps the last linear program with the basis it began
    from."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._model: Any = None
        self._basis: Any = None

    def __enter__(self) -> Recorder:
        self._run = run = LinearModel._run

        def watched(model: LinearModel, *arguments: Any) -> Any:
            if model is not self._model:
                self._model, self._basis = model, model._highs.getBasis()
            begin = time.process_time()
            status = run(model, *arguments)
            self.ms += MS * (time.process_time() - begin)
            return status

        LinearModel._run = watched
        return self

    def __exit__(self, *_: object) -> None:
        LinearModel._run = self._run

    def bare(self) -> Answer:
        """The last program solved by HiGHS alone: its matrices with all tangents ready, from the basis that
        it began from, as if somebody knew all of them beforehand."""
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        for name, value in NEAR_ANCHOR.options.items():
            highs.setOptionValue(name, value)
        highs.passModel(self._model._highs.getLp())
        if self._basis.valid:
            added = highs.getNumRow() - len(self._basis.row_status)
            self._basis.row_status = [*self._basis.row_status, *[highspy.HighsBasisStatus.kBasic] * added]
            highs.setBasis(self._basis)
        begin = time.process_time()
        highs.run()
        return Answer(MS * (time.process_time() - begin), highs.getInfo().objective_function_value)


# cones -----------------------------------------------------------------------------------------------------


class Cones:
    """The plan as a conic program: `whole` states it, turns it into cones and solves, `direct` is given the
    cones. At a substitution of 1 (Cobb-Douglas) where `eased`, as Clarabel fails near it."""

    def __init__(self, eased: bool) -> None:
        self._eased = eased

    def solve(self, parameters: PlanParameters) -> tuple[Answer, Answer]:
        """(whole, direct)."""
        import cvxpy as cp

        if self._eased:
            values = {**parameters.values, "substitution": np.array(1.0)}
            parameters = replace(parameters, values=values)
        begin = time.process_time()
        problem = stated(parameters)
        options = {
            "tol_gap_abs": CONE_GAP,
            "tol_gap_rel": CONE_GAP,
            "tol_feas": CONE_GAP,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data, chain, inverse = problem.get_problem_data(cp.CLARABEL, solver_opts=options)
            ready = time.process_time()
            result = chain.solve_via_data(problem, data, False, False, options)
            end = time.process_time()
            try:
                problem.unpack_results(result, chain, inverse)
            except cp.SolverError:
                return Answer(MS * (end - begin), None), Answer(MS * (end - ready), None)
        value = float(problem.value) if problem.status == cp.OPTIMAL else None
        return Answer(MS * (end - begin), value), Answer(MS * (end - ready), value)
