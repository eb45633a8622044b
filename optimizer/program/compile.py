"""Pyomo model to `Program`: one walk over its variables, rows and objective.

The walk records structure only. Every number that depends on a mutable Param becomes a node of the
coefficient tape, so that a new parameter vector costs one evaluation of that tape and touches no Pyomo
expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import pyomo.environ as pyo

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.lift import Lifting
from optimizer.program.memory import collection_paused
from optimizer.program.monotone import stand_in
from optimizer.program.powers import exponential
from optimizer.program.program import (
    Block,
    FunctionTable,
    ParameterBlock,
    Pattern,
    Program,
    RowBlock,
    VariableBlock,
)
from optimizer.program.sample import Samples
from optimizer.program.tape import Index
from optimizer.program.walk import Form, Walker, deep_expressions

B = TypeVar("B", bound=Block)
_REFUSED: Final = ("SOSConstraint", "LogicalConstraint", "Disjunct", "Disjunction", "Complementarity")


def compile_model(model: Any, tie_breaker: str | None = None) -> Program:
    """Compile a Pyomo ConcreteModel with one active Objective.

    `tie_breaker` names a linear Objective (usually inactive) that decides between optimal plans. Fixed
    variables are constants at the value they have now. Raises ModelError with every row that cannot be
    compiled.
    """
    with collection_paused(), deep_expressions():
        return _compiled(model, tie_breaker)


def _compiled(model: Any, tie_breaker: str | None) -> Program:
    _refuse_unsupported(model)
    variables, data = _blocks(model, pyo.Var, VariableBlock)
    parameters, parameter_data = _blocks(model, pyo.Param, ParameterBlock)
    walker = Walker(
        {id(v): column for column, v in enumerate(data)},
        {id(p): place for place, p in enumerate(parameter_data)},
    )
    lower = [_bound(walker, v, v.lower, -np.inf) for v in data]
    upper = [_bound(walker, v, v.upper, np.inf) for v in data]
    nominal = _nominal(walker, model, data)

    rows, constraints = _blocks(model, pyo.Constraint, RowBlock)
    problems: list[Diagnostic] = []
    forms: list[Form] = []
    sides: list[tuple[int, int]] = []
    samples = Samples(walker.coefficients, parameter_data)
    lifting = Lifting(walker, samples, lower, upper, nominal)
    functions = _FunctionCollector(walker, lifting, len(data))
    for number, constraint in enumerate(constraints):
        try:
            form, low, high = _row(walker, constraint)
            if form.functions:
                functions.add(number, form, low, high, constraint)
        except ModelError as error:
            problems.extend(error.diagnostics)
            continue
        forms.append(form)
        sides.append((low, high))
    objective, sense = _active_objective(model)
    objectives = []
    for component, kind in ((objective, "objective"), (_tie_breaker(model, tie_breaker), "tie breaker")):
        try:
            form = Form() if component is None else walker.form(component.expr, component.name)
            if form.functions and kind == "tie breaker":
                raise _error("M105", component.name, "the tie breaker must be linear")
            if form.functions:
                functions.add_objective(form, sense)
            if component is not None and kind == "tie breaker" and component.sense == pyo.maximize:
                form.coefficients = [walker.coefficients.node("neg", node) for node in form.coefficients]
            objectives.append(form)
        except ModelError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise ModelError(problems)

    row_constants = [walker.coefficients.total(form.constants) for form in forms]
    objective_constants = [walker.coefficients.total(form.constants) for form in objectives]
    tape, place = walker.coefficients.finish(parameter=len(parameter_data))
    function_tape, function_place = walker.functions.finish(
        leaf=len(walker.leaves), coefficient=len(walker.imported)
    )
    with_absent = np.append(place, -1)
    width = len(data)
    return Program(
        model_name=str(model.name),
        sense=sense,
        variables=variables,
        rows=rows,
        parameters=parameters,
        default_parameters=np.array([_number(p) for p in parameter_data], dtype=float),
        coefficient_tape=tape,
        function_tape=function_tape,
        column_lower_node=place[lower],
        column_upper_node=place[upper],
        nominal_node=place[nominal],
        integer=np.array([not v.is_continuous() for v in data], dtype=bool),
        matrix=_pattern([(form.columns, form.coefficients) for form in forms], width, place),
        constant_node=_at(place, row_constants),
        lower_node=_at(with_absent, [low for low, _ in sides]),
        upper_node=_at(with_absent, [high for _, high in sides]),
        objective=_pattern([(form.columns, form.coefficients) for form in objectives], width, place),
        objective_constant_node=_at(place, objective_constants),
        has_tie_breaker=tie_breaker is not None,
        leaf_matrix=_pattern([(leaf.columns, leaf.coefficients) for leaf in walker.leaves], width, place),
        leaf_constant_node=_at(place, [leaf.constant for leaf in walker.leaves]),
        imported_node=_at(place, walker.imported),
        functions=functions.table(function_place),
    )


class _FunctionCollector:
    """Splits the non-linear part of each row into components."""

    def __init__(self, walker: Walker, lifting: Lifting, columns: int) -> None:
        self._walker = walker
        self._lifting = lifting
        self._columns = columns
        self._nodes: list[int] = []
        self._rows: list[int] = []
        self._in_body: list[bool] = []
        self._stand_ins: list[tuple[int, float, float]] = []
        self._inner_of: dict[int, int] = {}
        self._size: dict[int, float] = {}
        self._leaves: list[list[int]] = []
        self._functions: list[tuple[int, float, int]] = []

    def add(self, row: int, form: Form, low: int, high: int, constraint: Any) -> None:
        """Record a non-linear row; one function for each component and side."""
        if constraint.equality:
            raise _error(
                "M102",
                constraint.name,
                "a non-linear equality cannot be part of a concave program",
                "write it as an inequality in the direction that the objective pushes against",
            )
        sign = 1.0 if high < 0 else -1.0 if low < 0 else None
        if sign is not None and self._stands_in(row, form, sign, high if sign < 0 else low):
            return
        components = self._components(row, form, sign)
        for side, node in ((-1.0, high), (1.0, low)):
            if node >= 0:
                first = len(self._functions)
                self._sided(components, side, own_column=len(components) > 1)
                if sign is not None:
                    self._add_exponentials(form, range(first, len(self._functions)))

    def _stands_in(self, row: int, form: Form, sign: float, side: int) -> bool:
        """Whether other functions stand in for those of a row, which are then only checked."""
        coefficients = self._walker.coefficients
        level = coefficients.value_if_constant(side)
        constant = coefficients.value_if_constant(coefficients.total(form.constants))
        if level is None or constant is None:
            return False
        found = stand_in(self._lifting, form, sign, level - constant)
        if found is None:
            return False
        self._stand_ins.append((row, found.side, found.slope))
        self._components(row, form, None)
        first = len(self._nodes)
        self._record(row, found.nodes, in_body=False)
        self._sided(range(first, len(self._nodes)), sign, own_column=True)
        return True

    def add_objective(self, form: Form, sense: int) -> None:
        """Record the non-linear part of the objective: every component gets a column."""
        first = len(self._functions)
        self._sided(self._components(-1, form, float(sense)), float(sense), own_column=True)
        self._add_exponentials(form, range(first, len(self._functions)))

    def _add_exponentials(self, form: Form, functions: Sequence[int]) -> None:
        """Give those functions that are exponentials of sums of logs their logs."""
        for function in functions:
            component, sign, _ = self._functions[function]
            found = exponential(self._lifting, form, self._nodes[component], sign)
            if found is not None:
                self._size[function] = found.size
                first, before = len(self._nodes), len(self._functions)
                self._record(self._rows[component], found.logs, in_body=False)
                self._sided(range(first, len(self._nodes)), sign, own_column=True)
                self._inner_of |= dict.fromkeys(range(before, len(self._functions)), function)

    def _sided(self, components: Sequence[int], sign: float, own_column: bool) -> None:
        for component in components:
            column = self._columns if own_column else -1
            self._columns += own_column
            self._functions.append((component, sign, column))

    def _components(self, row: int, form: Form, sign: float | None) -> list[int]:
        """The components of a row; `sign` as in `Lifting.components`."""
        first = len(self._nodes)
        self._record(row, self._lifting.components(form, sign), in_body=True)
        return list(range(first, len(self._nodes)))

    def _record(self, row: int, nodes: Sequence[int], in_body: bool) -> None:
        for node in nodes:
            self._nodes.append(node)
            self._rows.append(row)
            self._in_body.append(in_body)
            self._leaves.append(sorted(self._walker.leaves_under(node)))

    def table(self, place: Index) -> FunctionTable:
        """The collected functions, their nodes as places in the finished function tape."""
        counts = [len(leaves) for leaves in self._leaves]
        return FunctionTable(
            component_node=_at(place, self._nodes),
            component_row=np.array(self._rows, dtype=np.int64),
            leaf_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            leaves=np.array([leaf for leaves in self._leaves for leaf in leaves], dtype=np.int64),
            component=np.array([function[0] for function in self._functions], dtype=np.int64),
            sign=np.array([function[1] for function in self._functions], dtype=float),
            column=np.array([function[2] for function in self._functions], dtype=np.int64),
            in_body=np.array(self._in_body, dtype=bool),
            inner_of=np.array(
                [self._inner_of.get(f, -1) for f in range(len(self._functions))], dtype=np.int64
            ),
            size=np.array([self._size.get(f, 0.0) for f in range(len(self._functions))], dtype=float),
            stand_in_row=np.array([row for row, _, _ in self._stand_ins], dtype=np.int64),
            stand_in_side=np.array([side for _, side, _ in self._stand_ins], dtype=float),
            stand_in_slope=np.array([slope for _, _, slope in self._stand_ins], dtype=float),
        )


def _error(code: str, name: str, message: str, hint: str | None = None) -> ModelError:
    return ModelError(Diagnostic(code, f"{name}: {message}", path=name, hint=hint))


def _refuse_unsupported(model: Any) -> None:
    problems = [
        Diagnostic(
            "M101", f"{part.name}: components of type {kind.__name__} are not supported", path=part.name
        )
        for kind in model.collect_ctypes(active=True)
        if kind.__name__ in _REFUSED
        for part in model.component_objects(kind, active=True)
    ]
    problems += [
        Diagnostic("M101", f"{v.name}: its domain is neither an interval nor all its integers", path=v.name)
        for v in model.component_data_objects(pyo.Var, active=True, descend_into=pyo.Block)
        if not (v.is_continuous() or v.is_integer() or v.is_binary())
    ]
    if problems:
        raise ModelError(problems)


def _blocks(model: Any, kind: Any, block_type: type[B]) -> tuple[Mapping[str, B], list[Any]]:
    """The active entries of every component of a kind in order, and a block for each component."""
    blocks: dict[str, B] = {}
    entries: list[Any] = []
    for component in model.component_objects(kind, active=True, descend_into=pyo.Block):
        if component.is_reference() or (kind is pyo.Param and not component.mutable):
            continue
        keys = component.index_set() if kind is pyo.Param else component.keys()
        present = [(key, component[key]) for key in keys]
        if kind is pyo.Constraint:
            present = [(key, entry) for key, entry in present if entry.active]
        index = tuple(key for key, _ in present)
        blocks[component.name] = block_type(
            component.name, len(entries), _shape(component, len(index)), index, component.doc or ""
        )
        entries.extend(entry for _, entry in present)
    return blocks, entries


def _shape(component: Any, count: int) -> tuple[int, ...]:
    """Shape of a component's array: one axis for each factor of its index set where all entries exist."""
    if not component.is_indexed():
        return () if count == 1 else (count,)
    shape = tuple(len(part) for part in component.index_set().subsets())
    return shape if int(np.prod(shape)) == count else (count,)


def _bound(walker: Walker, variable: Any, bound: Any, absent: float) -> int:
    walker.where = variable.name if bound.__class__ not in (int, float, type(None)) else ""
    if variable.fixed:
        return walker.coefficient(variable)
    return walker.coefficients.constant(absent) if bound is None else walker.coefficient(bound)


def _nominal(walker: Walker, model: Any, data: Sequence[Any]) -> list[int]:
    """Nominal size of each variable: 1/scaling_factor of the standard Suffix, 1 where it says nothing."""
    suffix = model.component("scaling_factor")
    one = walker.coefficients.one
    if suffix is None:
        return [one] * len(data)
    of_component: dict[int, Any] = {}
    nodes = []
    for variable in data:
        factor = suffix.get(variable)
        if factor is None:
            parent = variable.parent_component()
            if id(parent) not in of_component:
                of_component[id(parent)] = suffix.get(parent)
            factor = of_component[id(parent)]
        nodes.append(
            one if factor is None else walker.coefficients.node("div", one, walker.coefficient(factor))
        )
    return nodes


def _row(walker: Walker, constraint: Any) -> tuple[Form, int, int]:
    """Form of a row's body and the nodes of its sides (-1: no such side)."""
    walker.where = name = constraint.name
    try:
        low, body, high = constraint.to_bounded_expression()
    except ValueError as error:
        raise _error("M101", name, "a ranged row needs sides without variables") from error
    form = walker.form(body, name)
    low_node, high_node = (-1 if side is None else walker.coefficient(side) for side in (low, high))
    return form, low_node, high_node


def _active_objective(model: Any) -> tuple[Any, int]:
    active = list(model.component_data_objects(pyo.Objective, active=True, descend_into=pyo.Block))
    if len(active) != 1:
        names = ", ".join(objective.name for objective in active) or "none"
        raise _error("M105", str(model.name), f"exactly one active Objective is needed, found: {names}")
    return active[0], 1 if active[0].sense == pyo.maximize else -1


def _tie_breaker(model: Any, name: str | None) -> Any:
    if name is None:
        return None
    component = model.find_component(name)
    if component is None or component.ctype is not pyo.Objective:
        raise _error("M105", name, "the tie breaker is not an Objective of the model")
    return component


def _number(parameter: Any) -> float:
    return np.nan if parameter.value is None else float(parameter.value)


def _at(place: Index, nodes: Sequence[int]) -> Index:
    return place[np.array(nodes, dtype=np.int64)]


def _pattern(rows: Sequence[tuple[Sequence[int], Sequence[int]]], width: int, place: Index) -> Pattern:
    counts = [len(columns) for columns, _ in rows]
    return Pattern(
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns=np.array([column for columns, _ in rows for column in columns], dtype=np.int64),
        nodes=_at(place, [node for _, nodes in rows for node in nodes]),
        width=width,
    )
