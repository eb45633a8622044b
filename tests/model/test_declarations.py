"""What is declared of limits and quantities, held against the model."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from math import prod

import numpy as np
import pyomo.environ as pyo
import pytest

from models.limit import LimitSpec
from models.limits import CAUSES, DEFINITIONS, GROUPS, LIMITS
from models.national import build
from models.parameters import TABLE, ParameterError, PlanParameters
from models.quantities import QUANTITIES, VARIABLES
from models.simulate import DECISIONS, simulate
from optimizer.instance import Instance, load, patch, read_policy
from optimizer.instance.cells import cell_map
from optimizer.instance.shape import record, shape_at
from optimizer.instance.status import beside_chips
from optimizer.program import Program, compile_model
from tests.model.small_plan import small_plan

PLAN = small_plan()
STAGED_PLAN = small_plan(levels=("1", "2"), node_cost=1.0, class_cost=1.0)
WORLD = load("world-2026")
STAGED_WORLD = patch(WORLD, ["industry = staged"])


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_model(build(PLAN), tie_breaker="least_spending")


@pytest.fixture(scope="module")
def staged_program() -> Program:
    return compile_model(build(STAGED_PLAN), tie_breaker="least_spending")


def test_every_row_of_the_model_is_a_limit_or_a_definition() -> None:
    rows = {row.name for row in build(PLAN).component_objects(pyo.Constraint)}
    assert rows == set(LIMITS) | DEFINITIONS
    assert not set(LIMITS) & DEFINITIONS


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_limit_is_indexed_as_its_row(limit: LimitSpec, program: Program) -> None:
    assert len(program.rows[limit.name].index) == prod(PLAN.sets.shape(limit.index))


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_the_parameters_of_a_limit_stand_in_its_row_or_in_a_stock_that_does(
    limit: LimitSpec, program: Program, staged_program: Program
) -> None:
    plan = PLAN
    if limit.index[:1] in (("staged_lines",), ("staged_classes",)):
        program, plan = staged_program, STAGED_PLAN
    assert limit.parameters
    assert limit.moved_by in limit.parameters
    # a row that uses up a stock has its parameters where the stock comes from
    stocks = {
        "power_supply": "power_balance",
        "memory_balance": "memory_capacity",
        "packaging": "packaging_balance",
        "tool_production": "toolmaking_balance",
    }
    names = [limit.name, *([stocks[limit.name]] if limit.name in stocks else [])]
    places = np.concatenate([np.arange(program.row_count)[program.rows[name].slice] for name in names])
    before = program.at(program.parameter_vector(plan.values))
    for name in limit.parameters:
        other = np.where(np.isfinite(plan[name]), plan[name] * 0.9 + 1e-3, 1.0)
        if name == "cash0":
            # only debt at the start may stand at the end
            other = np.array(-1.0)
        moved = program.at(program.parameter_vector({**plan.values, name: other}))
        sides = [
            np.array_equal(getattr(before, side)[places], getattr(moved, side)[places])
            for side in ("lower", "upper")
        ]
        entries = np.array_equal(before.matrix[places].toarray(), moved.matrix[places].toarray())
        assert not (all(sides) and entries), f"{name} moves nothing in {names}"


@pytest.mark.parametrize("plan", [PLAN, STAGED_PLAN], ids=["path", "staged"])
@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_amounts_are_shaped_as_their_row(limit: LimitSpec, plan: PlanParameters) -> None:
    sets = plan.sets
    decisions = {name: np.zeros(shape) for name, shape in decision_shapes(plan).items()}
    values = simulate(plan, decisions)
    if limit.amount is not None:
        assert limit.amount(plan, values).size == prod(sets.shape(limit.index))
    if limit.tenth_of is not None:
        assert limit.tenth_of(plan, values).size in (prod(sets.shape(limit.index)), len(sets.periods))
    if limit.eased is not None:
        for name, array in limit.eased(plan, values).items():
            assert array.shape == plan[name].shape
            assert name in TABLE


def decision_shapes(plan: PlanParameters) -> dict[str, tuple[int, ...]]:
    model = build(plan)
    return {
        name: tuple(len(part) for part in getattr(model, name).index_set().subsets()) for name in DECISIONS
    }


@pytest.mark.parametrize("limit", CAUSES.values(), ids=CAUSES)
def test_the_inputs_of_a_limit_are_in_the_schema_and_feed_its_parameters(limit: LimitSpec) -> None:
    for path in limit.inputs:
        assert shape_at(record(Instance), tuple(path.split("."))) is not None, path
        # what a default is computed from is not among those: what is named must feed the limit itself
        read = [pattern for name in limit.parameters for pattern in cell_map(STAGED_WORLD, "CHN").reads(name)]
        assert any(alike(path, pattern) for pattern in read), path


def alike(path: str, pattern: str) -> bool:
    """Whether a path with places to fill in lies at, below or above what a pattern names."""
    pairs = zip(path.split("."), pattern.split("."), strict=False)
    return all(one == other or "{" in one or other == "*" for one, other in pairs)


def test_what_rules_lessen_is_called_as_the_rules_call_it() -> None:
    closed = patch(WORLD, read_policy("rental_closed").patches)
    beside, _ = beside_chips(closed, "CHN", 2027)
    known = {re.sub(r"\w+ tools from", "{item} tools from", one.what) for one in beside}
    assert known == {limit.lessened for limit in LIMITS.values() if limit.lessened}


def test_limits_that_are_eased_together_have_a_parameter_that_moves_each() -> None:
    assert len({group.name for group in GROUPS}) == len(GROUPS)
    for group in GROUPS:
        assert all(LIMITS[family].moved_by for family in group.families)


def test_a_declared_limit_can_be_sent_between_processes() -> None:
    for limit in CAUSES.values():
        assert pickle.loads(pickle.dumps(limit)) is limit
    own = LimitSpec("mine", ("periods",), "unit of the row", "own", "own row mine")
    assert pickle.loads(pickle.dumps(own)) == own


def test_every_variable_of_the_model_is_declared_with_its_index(
    program: Program, staged_program: Program
) -> None:
    for compiled, plan in ((program, PLAN), (staged_program, STAGED_PLAN)):
        assert set(compiled.variables) == set(VARIABLES)
        for name, block in compiled.variables.items():
            assert len(block.index) == prod(plan.sets.shape((*VARIABLES[name].index, "periods"))), name


def test_what_a_flow_adds_to_is_a_quantity_that_stands_or_holds() -> None:
    for quantity in QUANTITIES.values():
        if quantity.adds_to:
            assert QUANTITIES[quantity.adds_to].kind in ("stock", "level")


def test_chips_that_nobody_makes_have_no_rows_of_the_industry(program: Program) -> None:
    by_chip = [limit.name for limit in LIMITS.values() if limit.index[:1] == ("made",)]
    assert {"bottleneck", "die_bank"} <= set(by_chip)
    for name in (*by_chip, "fabrication_not_negative"):
        assert {key[0] for key in program.rows[name].indices} == set(PLAN.sets.made)
    numbers = program.at(program.parameter_vector(PLAN.values))
    for name in ("domestic", "bank_drawn"):
        block = program.variables[name]
        for number, (chip, _) in enumerate(block.indices):
            made = chip in PLAN.sets.made
            assert (numbers.column_upper[block.start + number] > 0) == made


def test_a_chip_made_at_home_must_be_among_those_that_are_made() -> None:
    sets = replace(PLAN.sets, made=("denied", "home"))
    with pytest.raises(ParameterError, match="is_domestic: must be 0 of chips that nobody makes"):
        replace(PLAN, sets=sets).check()
