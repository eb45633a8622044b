"""Compiled rows against Pyomo's own evaluation, and what the compiler refuses."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.errors import ModelError
from optimizer.program import compile_model
from tests.unit.engine_models import growth, kelley, water_filling


def _put(model, program, x):
    for name, block in program.variables.items():
        for place, key in enumerate(block.index):
            model.component(name)[key].value = float(x[block.start + place])


@pytest.mark.parametrize("substitution", [0.5, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_row_and_the_objective_as_pyomo_evaluates_them(substitution, seed):
    model = growth(substitution=substitution, wall=5.0)
    program = compile_model(model, "spending")
    numbers = program.at()
    x = np.random.default_rng(seed).uniform(0.1, 3.0, program.user_columns)
    _put(model, program, x)
    body, largest = numbers.body(x)
    for name, block in program.rows.items():
        for place, key in enumerate(block.index):
            row = block.start + place
            slack = min(body[row] - numbers.lower[row], numbers.upper[row] - body[row])
            assert slack == pytest.approx(model.component(name)[key].slack(), rel=1e-12, abs=1e-12)
            assert largest[row] > 0
    assert numbers.objective_value(x) == pytest.approx(pyo.value(model.value), rel=1e-12)
    assert numbers.objective.toarray()[1] @ x == pytest.approx(pyo.value(model.spending), rel=1e-12)


def test_new_parameters_equal_a_fresh_compilation():
    program = compile_model(growth(), "spending")
    changed = {"income": 7.0, "limit": 2.0, "wall": 3.0, "substitution": 3.0, "price": 0.9}
    fresh = compile_model(growth(**changed), "spending")
    arrays = {name: np.full(program.parameters[name].shape, value) for name, value in changed.items()}
    vector = program.parameter_vector(arrays)
    assert vector == pytest.approx(fresh.default_parameters)
    ours, theirs = program.at(vector), fresh.at()
    for name in ("lower", "upper", "column_lower", "column_upper", "imported", "leaf_constant"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name))
    assert abs(ours.matrix - theirs.matrix).max() == 0
    x = np.random.default_rng(3).uniform(0.1, 3.0, program.user_columns)
    assert ours.body(x)[0] == pytest.approx(theirs.body(x)[0])


def test_infinite_side_is_a_dropped_row():
    program = compile_model(growth(wall=np.inf))
    block = program.rows["wall_row"]
    assert np.isposinf(program.at().upper[block.slice]).all()


def test_names_and_shapes():
    model = pyo.ConcreteModel()
    model.K, model.T = pyo.Set(initialize=["a", "b"]), pyo.RangeSet(2027, 2029)
    model.x = pyo.Var(model.K, model.T)
    model.y = pyo.Var()
    model.half = pyo.Var(model.K, model.T)
    model.row = pyo.Constraint(
        model.K, model.T, rule=lambda m, k, t: pyo.Constraint.Skip if t == 2028 else m.x[k, t] + m.y <= 1
    )
    model.cost = pyo.Objective(expr=model.y)
    program = compile_model(model)
    assert program.variables["x"].shape == (2, 3)
    assert program.variables["y"].shape == ()
    assert program.rows["row"].shape == (4,)
    assert program.row_name(1) == "row[a,2029]"
    assert program.column_name(4) == "x[b,2028]"


def test_separable_rows_are_split_and_joined_ones_are_not():
    apart = compile_model(water_filling((1.0, 0.5, 0.3)))
    assert len(apart.functions.sign) == 3
    assert (apart.functions.column >= 0).all()
    model = kelley()
    model.row.set_value(pyo.exp(model.x[1] - model.x[2]) * (3 + model.x[1] + model.x[2]) <= 4)
    together = compile_model(model)
    assert len(together.functions.sign) == 1
    assert together.functions.column.tolist() == [-1]


def test_sum_inside_a_function_is_one_leaf():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(50), bounds=(0, 1))
    model.w = pyo.Param(range(50), initialize=2.0, mutable=True)
    model.row = pyo.Constraint(expr=pyo.log(1 + sum(model.w[i] * model.x[i] for i in range(50))) >= 1)
    model.cost = pyo.Objective(expr=sum(model.x.values()))
    assert len(compile_model(model).leaf_constant_node) == 1


def test_fixed_variables_are_constants():
    model = kelley()
    model.x[1].fix(0.5)
    program = compile_model(model)
    numbers = program.at()
    body, _ = numbers.body(np.array([0.5, 2.0]))
    assert body[0] - numbers.upper[0] == pytest.approx(3 * 0.25 - 2 + 4 - 1)
    assert numbers.column_lower[0] == numbers.column_upper[0] == 0.5


def test_coefficient_range():
    model = pyo.ConcreteModel()
    model.x = pyo.Var([1, 2], bounds=(0, None))
    model.scaling_factor = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    model.scaling_factor[model.x[1]] = 1e-4
    model.row = pyo.Constraint(expr=1e-4 * model.x[1] + 0.5 * model.x[2] <= 1)
    model.cost = pyo.Objective(expr=model.x[1])
    written, scaled = compile_model(model).coefficient_range()
    assert written == (1e-4, 0.5)
    assert scaled[1] / scaled[0] < 4


def _model(build):
    model = pyo.ConcreteModel()
    model.p = pyo.Param(initialize=1.0, mutable=True)
    model.q = pyo.Param([1, 2], initialize=0.0, mutable=True)
    model.x = pyo.Var([1, 2], bounds=(0, 5))
    model.cost = pyo.Objective(expr=model.x[1])
    build(model)
    return model


def _row(expression):
    def build(model):
        model.row = pyo.Constraint(expr=expression(model))

    return build


REFUSED = {
    "M102": (_row(lambda m: m.x[1] ** 2 == 1), "row"),
    "M106": (_row(lambda m: pyo.Expr_if(m.x[1] >= 1, m.x[1], m.x[2]) <= 1), "row"),
    "M105": (lambda m: m.cost.deactivate(), None),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_the_compiler_refuses(code):
    build, name = REFUSED[code]
    with pytest.raises(ModelError) as caught:
        compile_model(_model(build))
    assert caught.value.diagnostics[0].code == code
    assert name is None or caught.value.diagnostics[0].path == name


def test_unsupported_components_are_refused():
    model = _model(lambda m: None)
    model.sos = pyo.SOSConstraint(var=model.x, sos=1)
    with pytest.raises(ModelError) as caught:
        compile_model(model)
    assert caught.value.diagnostics[0].code == "M101"


def test_every_bad_row_is_reported_at_once():
    model = _model(lambda m: None)
    model.rows = pyo.Constraint([1, 2], rule=lambda m, i: m.x[i] ** 2 == 1)
    with pytest.raises(ModelError) as caught:
        compile_model(model)
    assert [d.path for d in caught.value.diagnostics] == ["rows[1]", "rows[2]"]


def test_undefined_coefficient_names_its_row():
    def build(model):
        model.row = pyo.Constraint([1, 2], rule=lambda m, i: m.x[1] * m.p / m.q[i] + m.x[2] <= 1)

    program = compile_model(_model(build))
    with pytest.raises(ModelError) as caught:
        program.at(program.parameter_vector({"q": np.array([1.0, 0.0])}))
    assert [(d.code, d.path) for d in caught.value.diagnostics] == [("M104", "row[2]")]


def test_row_that_becomes_two_sided_is_refused():
    def build(model):
        model.row = pyo.Constraint(expr=(model.q[1], (model.x[1] + 1) ** 2, model.q[2]))

    program = compile_model(_model(build))
    program.at(program.parameter_vector({"q": np.array([-np.inf, 2.0])}))
    with pytest.raises(ModelError) as caught:
        program.at(program.parameter_vector({"q": np.array([0.0, 2.0])}))
    assert caught.value.diagnostics[0].code == "M108"


def test_parameter_vector_checks_names_and_sizes():
    program = compile_model(growth())
    with pytest.raises(ModelError) as caught:
        program.parameter_vector({"incom": np.zeros(6), "limit": np.zeros(5)})
    assert [d.code for d in caught.value.diagnostics] == ["M107", "M107"]
