"""The tree over the integers of the living program: what it proves, and what it leaves to trees of HiGHS."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.program import compile_model
from optimizer.program.concave import Concave
from optimizer.solver import branches, integer, relaxation, solve_model
from optimizer.solver.highs import AFTER_ROWS
from optimizer.solver.relaxed import no_point


def assignment(size: int = 5) -> tuple[Any, float]:
    """Each of some people does one thing, dearer the more of it is done; and the least cost."""
    random = np.random.default_rng(7)
    cost = random.integers(1, 30, (size, size)).astype(float)
    load = random.integers(1, 9, (size, size)).astype(float)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(size), range(size), within=pyo.Binary)
    m.one = pyo.Constraint(range(size), rule=lambda m, i: sum(m.x[i, j] for j in range(size)) == 1)
    m.taken = pyo.Var(range(size), within=pyo.NonNegativeReals)
    m.taking = pyo.Constraint(
        range(size), rule=lambda m, j: m.taken[j] == sum(load[i, j] * m.x[i, j] for i in range(size))
    )
    m.most = pyo.Constraint(range(size), rule=lambda m, j: m.taken[j] <= 13)
    dear = sum(cost[i, j] * m.x[i, j] for i in range(size) for j in range(size))
    m.cost = pyo.Objective(expr=dear + sum(m.taken[j] ** 2 for j in range(size)))
    choices = np.array(list(itertools.product(range(size), repeat=size)))
    loads = np.zeros((len(choices), size))
    for i in range(size):
        np.add.at(loads, (np.arange(len(choices)), choices[:, i]), load[i, choices[:, i]])
    values = cost[np.arange(size), choices].sum(axis=1) + (loads**2).sum(axis=1)
    return m, float(values[loads.max(axis=1) <= 13].min())


def refused(*_: Any, **__: Any) -> Any:
    raise AssertionError("a tree of HiGHS")


@pytest.mark.parametrize("gap", [1e-2, 1e-6])
def test_the_programs_own_tree_certifies_without_one_of_highs(
    monkeypatch: pytest.MonkeyPatch, gap: float
) -> None:
    monkeypatch.setattr(integer, "LEAST_BRANCHED", 1)
    monkeypatch.setattr(integer, "integer_optimum", refused)
    model, best = assignment()
    solution = solve_model(model, gap=gap)
    assert solution.status == "optimal"
    assert best - 1e-6 * best <= solution.objective <= best * (1 + gap) + 1e-6
    assert solution.certificate.lower <= best * (1 + 1e-9)


def test_a_node_without_a_point_is_not_believed_without_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each node is said to have none, warm, and the rows show nothing of it."""
    solve, said = relaxation.Relaxation.solve, []

    def lies(self: Any, method: Any, deadline: Any, enough: float = -np.inf) -> Any:
        if method is branches.AFTER_ROWS and sys._getframe(1).f_code.co_name == "_solved":
            said.append(enough)
            return no_point("infeasible")
        return solve(self, method, deadline, enough)

    monkeypatch.setattr(integer, "LEAST_BRANCHED", 1)
    monkeypatch.setattr(relaxation.Relaxation, "solve", lies)
    model, best = assignment()
    solution = solve_model(model, gap=1e-6)
    assert said
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(best, rel=1e-5))


@pytest.mark.parametrize("most", [13, 0])
def test_rows_that_exclude_every_point_say_so(most: float) -> None:
    model, _ = assignment()
    for one in model.most.values():
        one.set_value(model.taken[one.index()] <= most)
    outer = relaxation.Relaxation(Concave(compile_model(model).at()))
    outer.set_objective(np.zeros(outer.program.columns))
    found = outer.solve(AFTER_ROWS, None)
    assert found.status == ("infeasible" if most == 0 else "optimal")
    assert (outer.excludes() > branches.EXCLUDES) == (most == 0)


def test_a_tree_cut_short_leaves_its_bound_and_its_plan_to_those_of_highs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, best = assignment()
    monkeypatch.setattr(integer, "LEAST_BRANCHED", 1)
    for nodes in (1, 3, 9):
        monkeypatch.setattr(branches, "MOST_NODES", nodes)
        monkeypatch.setattr(branches, "WITHOUT_PLAN", nodes)
        solution = solve_model(model, gap=1e-6)
        assert (solution.status, solution.objective) == ("optimal", pytest.approx(best, rel=1e-5))
        assert solution.certificate.lower <= best * (1 + 1e-9)
