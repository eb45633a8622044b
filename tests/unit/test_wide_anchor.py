"""One structure for programs that open, close and drop limits, and solves that start where another ended."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.program import Program, compile_model
from optimizer.solver import Anchored, Solution, Solver, Trace

GAP = 1e-7
CLOSED = {"open": 0.0, "weight": 1.0, "cap": 3.0, "unit": 1.0}
CAPPED = {**CLOSED, "open": 5.0}
FREE = {**CAPPED, "weight": 0.0, "cap": np.inf}
REGIMES = {
    "capped": CAPPED,
    "free": FREE,
    "few": {**CAPPED, "open": 0.3},
    "closed and not counted": {**FREE, "open": 0.0},
    "no limit at all": {**FREE, "open": np.inf},
}


def sales() -> Any:
    """Purchases that may be closed, and a count of them that may be capped or not be kept at all."""
    m = pyo.ConcreteModel("sales")
    m.T = pyo.RangeSet(1, 4)
    for name, value in CLOSED.items():
        m.add_component(name, pyo.Param(initialize=value, mutable=True))
    m.buy = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.other = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.counted = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.lots = pyo.Var(m.T, within=pyo.NonNegativeReals)
    m.limit = pyo.Constraint(m.T, rule=lambda m, t: m.buy[t] <= m.open)
    m.count = pyo.Constraint(
        m.T, rule=lambda m, t: m.counted[t] == (m.counted[t - 1] if t > 1 else 0.0) + m.weight * m.buy[t]
    )
    m.capped = pyo.Constraint(m.T, rule=lambda m, t: m.counted[t] <= m.cap)
    m.in_lots = pyo.Constraint(m.T, rule=lambda m, t: m.unit * m.lots[t] == m.buy[t] + m.other[t])
    m.budget = pyo.Constraint(m.T, rule=lambda m, t: m.buy[t] + 2 * m.other[t] <= 2.0 + 0.5 * t)
    m.value = pyo.Objective(expr=sum(pyo.log(1 + m.buy[t] + m.other[t]) / t for t in m.T), sense=pyo.maximize)
    return m


def vector(program: Program, numbers: dict[str, float]) -> np.ndarray:
    return program.parameter_vector({name: np.array([value]) for name, value in numbers.items()})


def cold(numbers: dict[str, float]) -> Solution:
    program = compile_model(sales())
    return Solver(program).solve(vector(program, numbers), gap=1e-9)


def anchored(wide: dict[str, float] | None) -> tuple[Program, Anchored]:
    program = compile_model(sales())
    solver = Solver(program)
    return program, Anchored(
        solver, solver.solve(gap=GAP), wide=None if wide is None else vector(program, wide)
    )


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ordinary solves since."""
    calls: list[int] = []
    solve = Solver.solve

    def counted(self: Solver, *arguments: Any, **named: Any) -> Solution:
        calls.append(1)
        return solve(self, *arguments, **named)

    monkeypatch.setattr(Solver, "solve", counted)
    return calls


@pytest.mark.parametrize("name", REGIMES)
def test_one_structure_serves_what_opens_closes_and_drops_out(name: str, ordinary: list[int]) -> None:
    program, near = anchored(CAPPED)
    best = cold(REGIMES[name])
    before = len(ordinary)
    found = near.solve(vector(program, REGIMES[name]), gap=GAP)
    assert len(ordinary) == before
    assert found.status == "optimal"
    assert found.certificate.gap <= GAP
    assert found.certificate.upper >= best.objective - 1e-9
    assert found.objective <= best.certificate.upper + 1e-7


def test_the_anchors_own_structure_serves_fewer(ordinary: list[int]) -> None:
    program, near = anchored(None)
    before = len(ordinary)
    near.solve(vector(program, CAPPED), gap=GAP)
    assert len(ordinary) == before + 1


def test_a_wide_program_that_serves_not_even_the_anchor_is_left_aside(ordinary: list[int]) -> None:
    # a cap less than there is, and a program without numbers
    for wide in (FREE, {**CAPPED, "unit": np.nan}):
        program, near = anchored(wide)
        before = len(ordinary)
        found = near.solve(vector(program, {**CLOSED, "cap": 2.0}), gap=GAP)
        assert len(ordinary) == before
        assert found.objective == pytest.approx(cold(CLOSED).objective, abs=1e-6)


def test_a_definition_that_loses_its_column_is_no_definition(ordinary: list[int]) -> None:
    program, near = anchored(CAPPED)
    before = len(ordinary)
    numbers = {**CAPPED, "unit": 0.0}
    found = near.solve(vector(program, numbers), gap=GAP)
    assert len(ordinary) == before + 1
    # lots of nothing: nothing can be bought
    assert found.objective == pytest.approx(0.0, abs=1e-6)


def test_a_solve_starts_where_another_ended_in_any_process() -> None:
    program, near = anchored(CAPPED)
    capped = near.solve(vector(program, CAPPED), gap=GAP, leaving=True)
    trace = Trace.of(capped)
    assert trace is not None
    assert trace.start is not None
    beside = near.beside(trace)
    sent = near.beside(pickle.loads(pickle.dumps(trace)))
    for name, numbers in REGIMES.items():
        one, two = (each.solve(vector(program, numbers), gap=GAP) for each in (beside, sent))
        assert one.x.tobytes() == two.x.tobytes(), name
        best = cold(numbers)
        assert one.certificate.upper >= best.objective - 1e-9
        assert one.objective == pytest.approx(best.objective, abs=1e-6)
    # where the first starts is as it was
    again = near.solve(vector(program, CAPPED), gap=GAP)
    assert again.x.tobytes() == capped.x.tobytes()
    assert again.start is not trace.start


def test_nothing_starts_from_what_is_not_certified() -> None:
    program, near = anchored(CAPPED)
    stopped = near.solve(vector(program, CAPPED), gap=GAP, time_limit=0.0)
    assert stopped.status != "optimal"
    assert Trace.of(stopped) is None


def test_ranges_are_taken_over_the_program_at_hand() -> None:
    program, near = anchored(CAPPED)
    solver = near._solver
    found = near.solve(vector(program, CAPPED), gap=1e-3)
    assert solver._live is not None
    assert solver._live[0] is found
    bought = np.zeros(program.user_columns)
    bought[program.variables["buy"].slice] = 1.0
    least, most = solver.range(found, bought)
    at = float(bought @ found.x)
    assert least - 1e-9 <= at <= most + 1e-9
    # the cap binds: no plan within the gap buys more than it allows
    assert most <= CAPPED["cap"] + 1e-6
