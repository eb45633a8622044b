"""The cheapest repair of a program, on models whose answer is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.sparse import csr_array

from optimizer.answer.summary import ABOVE, BEYOND, EXTRAPOLATED
from optimizer.program import Program, compile_model
from optimizer.solver.repair import Repair, cheapest_repair, least_change, rows_that_can_fail
from optimizer.study.fixes import outcome_of


def short_supply() -> Any:
    """Ten are needed; two suppliers have three and two."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(within=pyo.NonNegativeReals)
    m.y = pyo.Var(within=pyo.NonNegativeReals)
    m.need = pyo.Constraint(expr=m.x + m.y >= 10)
    m.first = pyo.Constraint(expr=m.x <= 3)
    m.second = pyo.Constraint(expr=m.y <= 2)
    m.worth = pyo.Objective(expr=-m.x - m.y, sense=pyo.maximize)
    return m


def repair_of(program: Program, changes: Mapping[str, float], sizes: Mapping[str, float]) -> Repair | None:
    """The cheapest repair by moving the sides of some rows, each counted over its size."""
    rows = [program.rows[name].start for name in changes]
    entries = (np.array(list(changes.values())), (np.array(rows), np.arange(len(rows))))
    effects = csr_array(entries, shape=(program.row_count, len(rows)))
    return cheapest_repair(
        program, program.default_parameters, effects, np.array([sizes[name] for name in changes])
    )


def test_the_cheaper_side_gives_way() -> None:
    program = compile_model(short_supply())
    every = {"need": 1.0, "first": -1.0, "second": -1.0}
    found = repair_of(program, every, {"need": 2.0, "first": 1.0, "second": 1.0})
    assert found is not None
    assert found.amounts == pytest.approx([5, 0, 0], abs=1e-6)
    assert found.size == pytest.approx(2.5)
    found = repair_of(program, every, {"need": 1.0, "first": 1.0, "second": 3.0})
    assert found is not None
    assert found.amounts == pytest.approx([0, 0, 5], abs=1e-6)
    assert found.x == pytest.approx([3, 7], abs=1e-6)


def test_rows_that_may_not_move_leave_no_repair() -> None:
    m = short_supply()
    m.never = pyo.Constraint(expr=m.x + m.y <= 4)
    program = compile_model(m)
    assert repair_of(program, {"first": 1.0, "second": 1.0}, {"first": 1.0, "second": 1.0}) is None


def test_concave_rows_hold_after_the_repair() -> None:
    m = short_supply()
    m.root = pyo.Var(within=pyo.NonNegativeReals, bounds=(0, 10))
    m.rooted = pyo.Constraint(expr=m.root <= pyo.sqrt(m.x + 1e-6))
    m.high = pyo.Constraint(expr=m.root >= 3)
    m.need.deactivate()
    program = compile_model(m)
    found = repair_of(program, {"first": 1.0}, {"first": 1.0})
    assert found is not None
    assert found.amounts == pytest.approx([-6], abs=1e-4)


def test_amounts_are_found_from_a_program_that_holds_part_of_them() -> None:
    m = short_supply()
    m.less = pyo.Param(initialize=0.0, mutable=True, within=pyo.Reals)
    m.need.deactivate()
    m.wanted = pyo.Constraint(expr=m.x + m.y >= 10 - m.less)
    program = compile_model(m)
    row = program.rows["wanted"].start
    effects = csr_array((np.ones(1), ([row], [0])), shape=(program.row_count, 1))
    for made in (0.0, 2.0, 8.0):
        vector = program.parameter_vector({"less": np.array(made)})
        found = cheapest_repair(program, vector, effects, np.ones(1), np.array([made]))
        assert found is not None
        assert found.amounts == pytest.approx([5], abs=1e-6)
    least = least_change(program.at(), effects, np.ones(1), found)
    assert least == pytest.approx([5], abs=1e-6)


def test_rows_that_a_free_column_always_satisfies_are_left_out() -> None:
    m = short_supply()
    m.value = pyo.Var(within=pyo.Reals)
    m.of_value = pyo.Constraint(expr=m.value <= pyo.log(m.x + 1))
    m.more = pyo.Var(within=pyo.Reals)
    m.of_more = pyo.Constraint(expr=m.more <= 2 * m.value)
    program = compile_model(m)
    binding = rows_that_can_fail(program.at())
    left = {name for name, block in program.rows.items() if binding[block.start]}
    assert left == {"first", "second"} | ({"need"} & left)
    assert not {"of_value", "of_more"} & left


def test_a_bound_keeps_rows_in() -> None:
    m = short_supply()
    m.value = pyo.Var(bounds=(1, None))
    m.of_value = pyo.Constraint(expr=m.value <= pyo.log(m.x + 1))
    program = compile_model(m)
    assert rows_that_can_fail(program.at())[program.rows["of_value"].start]


@pytest.mark.parametrize(
    ("months", "mark", "said"),
    [
        (41.2, "", "41 months behind USA"),
        (1.0, "", "1 month behind USA"),
        (300.0, EXTRAPOLATED, "300 months behind USA"),
        (-9.6, "", "10 months ahead of USA"),
        (-30.0, BEYOND, "more than 30 months ahead of USA"),
        (2.0, ABOVE, "ahead of USA"),
    ],
)
def test_what_comes_of_a_repair_is_told_as_in_tables(months: float, mark: str, said: str) -> None:
    words = outcome_of("2035", 4.0, months, mark, "USA").words
    assert words == f"the best plan then has capability 4.00 in 2035, {said}"


def test_the_leader_itself_has_no_lag() -> None:
    words = outcome_of("2035", 4.0, None, "", "USA").words
    assert words == "the best plan then has capability 4.00 in 2035"
