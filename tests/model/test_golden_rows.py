"""Every row of the model equals one written out by hand, and explains itself."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from models.national import build
from models.stages import STAGED_DECISIONS
from tests.model.golden_rows import CHANGES, OBJECTIVES, ROWS
from tests.model.golden_staged import STAGED_CHANGES, STAGED_LEVELS, STAGED_ROWS
from tests.model.small_plan import small_plan

SYMBOL = re.compile(r"\b([a-z]\w*)\[([^\]]+)\]")
RELATION = re.compile(r"<=|>=|==")


@cache
def golden_model() -> Any:
    return build(small_plan(4, 4, **CHANGES))


@cache
def staged_model() -> Any:
    return build(small_plan(4, 4, levels=STAGED_LEVELS, **CHANGES, **STAGED_CHANGES))


def constraint_names(model: Any) -> set[str]:
    return {component.name for component in model.component_objects(pyo.Constraint)}


def constraint_functions(model: Any) -> list[Any]:
    return [component.rule._fcn for component in model.component_objects(pyo.Constraint)]


def scatter(model: Any, seed: int) -> None:
    """Give every variable a value of its own, so that a wrong or missing term shows."""
    rng = np.random.default_rng(seed)
    for variable in model.component_data_objects(pyo.Var):
        variable.set_value(rng.uniform(0.5, 2.0), skip_validation=True)


def evaluate(text: str, model: Any) -> float:
    def look_up(match: re.Match[str]) -> str:
        key = tuple(match[2].split(","))
        return repr(pyo.value(getattr(model, match[1])[key if len(key) > 1 else key[0]]))

    return float(eval(SYMBOL.sub(look_up, text), {"__builtins__": {}, "log": np.log, "exp": np.exp}))


def by_hand(text: str, model: Any) -> list[tuple[str, float]]:
    """Each relation of a hand-written row and left side less right side (reversed for >=)."""
    relations = RELATION.findall(text)
    sides = [evaluate(side, model) for side in RELATION.split(text)]
    return [
        ("==", left - right)
        if relation == "=="
        else ("<=", left - right if relation == "<=" else right - left)
        for relation, left, right in zip(relations, sides[:-1], sides[1:], strict=True)
    ]


def as_built(row: Any) -> list[tuple[str, float]]:
    """A row that is bounded on both sides is two relations, the lower first."""
    body = pyo.value(row.body)
    if row.equality:
        return [("==", body - pyo.value(row.upper))]
    lower = [] if row.lower is None else [("<=", pyo.value(row.lower) - body)]
    return lower + ([] if row.upper is None else [("<=", body - pyo.value(row.upper))])


STAGED_ALONE = {name.split("[")[0] for name in STAGED_ROWS} - {name.split("[")[0] for name in ROWS}


@pytest.mark.parametrize(
    ("name", "staged"), [*((name, False) for name in ROWS), *((name, True) for name in STAGED_ROWS)]
)
def test_row_equals_the_one_derived_by_hand(name: str, staged: bool) -> None:
    model, rows = (staged_model(), STAGED_ROWS) if staged else (golden_model(), ROWS)
    row = model.find_component(name)
    assert row is not None, f"no row {name}"
    for seed in range(3):
        scatter(model, seed)
        expected, built = by_hand(" ".join(rows[name]), model), as_built(row)
        assert [relation for relation, _ in built] == [relation for relation, _ in expected]
        values = [value for _, value in expected]
        assert [value for _, value in built] == pytest.approx(values, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objective_equals_the_one_derived_by_hand(name: str) -> None:
    model = golden_model()
    for seed in range(3):
        scatter(model, seed)
        expected = evaluate(OBJECTIVES[name], model)
        assert pyo.value(getattr(model, name).expr) == pytest.approx(expected, rel=1e-12)


def test_objectives_have_the_right_sense_and_one_is_active() -> None:
    model = golden_model()
    assert model.value_of_plan.sense == pyo.maximize
    assert model.value_of_plan.active
    assert model.least_spending.sense == pyo.minimize
    assert not model.least_spending.active
    assert {o.name for o in model.component_objects(pyo.Objective)} == set(OBJECTIVES)


def test_every_constraint_has_a_golden_row() -> None:
    known = {name.split("[")[0] for name in ROWS} | STAGED_ALONE
    missing = constraint_names(golden_model()) - known
    assert not missing, f"write a golden row for {sorted(missing)}"


def test_a_constraint_without_golden_row_is_found() -> None:
    model = build(small_plan(4, 4, **CHANGES))
    model.newcomer = pyo.Constraint(expr=model.cash["2026Q1"] >= 0)
    known = {name.split("[")[0] for name in ROWS} | STAGED_ALONE
    assert constraint_names(model) - known == {"newcomer"}


def test_path_mode_has_no_row_and_no_variable_of_the_staged_industry() -> None:
    model = golden_model()
    assert not [name for name in STAGED_ALONE if len(model.component(name))]
    assert not [name for name in STAGED_DECISIONS if len(model.component(name))]
    assert not len(staged_model().good_wafers)


def test_rows_of_the_staged_model_that_no_stage_changes_are_those_of_path_mode() -> None:
    changed = {name.split("[")[0] for name in STAGED_ROWS}
    path, staged = golden_model(), staged_model()
    for row in path.component_data_objects(pyo.Constraint):
        name = row.parent_component().name
        if name != "good_wafers" and name not in changed:
            assert str(staged.find_component(row.name).expr) == str(row.expr), row.name


@pytest.mark.parametrize("rule", constraint_functions(golden_model()), ids=lambda rule: rule.__name__)
def test_every_rule_states_its_mathematics_and_units(rule: Any) -> None:
    text = rule.__doc__ or ""
    assert re.search(r"\\\[.+?\\\]", text, re.DOTALL), f"{rule.__name__} has no LaTeX"
    assert re.search(r"\bunits\b|\bdimensionless\b", text, re.IGNORECASE), f"{rule.__name__} has no units"
