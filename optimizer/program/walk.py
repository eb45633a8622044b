"""Pyomo expressions to affine forms over tapes.

Every expression becomes `sum(coefficient*column) + constant + sum(multiplier*function)`. Coefficients,
constants and multipliers are nodes of the coefficient tape (over mutable Params). Functions are nodes of the
function tape: its leaves are affine forms again, so that `log(sum of 60 terms)` is a function of one leaf.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pyomo.core.expr.logical_expr as logical
import pyomo.core.expr.numeric_expr as numeric
import pyomo.core.expr.relational_expr as relational
from pyomo.common.numeric_types import native_logical_types, native_numeric_types
from pyomo.core.base.expression import ExpressionData
from pyomo.core.base.param import ParamData
from pyomo.core.base.var import VarData

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.tape import BINARY, UNARY, TapeBuilder

# how deep the interpreter may go while a model is walked, and how many frames a level of an expression takes
DEEPEST: Final = 20_000
FRAMES: Final = 4


@contextmanager
def deep_expressions() -> Iterator[None]:
    """Let expressions be nested deeper than the interpreter's usual limit: a product of 400 factors is."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@dataclass
class Form:
    """An affine form plus functions; entries refer to nodes. A column may occur more than once."""

    columns: list[int] = field(default_factory=list)
    coefficients: list[int] = field(default_factory=list)
    constants: list[int] = field(default_factory=list)
    multipliers: list[int] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)


@dataclass
class Leaf:
    """An affine form inside a function: sum(coefficients*columns) + constant."""

    columns: tuple[int, ...]
    coefficients: tuple[int, ...]
    constant: int


class Walker:
    """Turns expressions into forms. `columns` maps id(VarData) to its column, `parameters` id(ParamData) to
    its place in the parameter vector."""

    def __init__(self, columns: Mapping[int, int], parameters: Mapping[int, int]) -> None:
        self.coefficients = TapeBuilder()
        self.functions = TapeBuilder()
        self.leaves: list[Leaf] = []
        self.imported: list[int] = []
        self.where = ""
        self._columns = columns
        self._parameters = parameters
        self._parametric: dict[int, bool] = {}
        self._imports: dict[int, int] = {}
        self._row_leaves: dict[tuple[object, ...], int] = {}
        self._kept: list[object] = []
        self._handlers: dict[type, Callable[[Any, int, Form], None]] = {
            numeric.SumExpression: self._sum,
            numeric.LinearExpression: self._sum,
            numeric.MonomialTermExpression: self._product,
            numeric.ProductExpression: self._product,
            numeric.DivisionExpression: self._division,
            numeric.NegationExpression: self._negation,
            numeric.PowExpression: self._power,
        }

    def form(self, expression: Any, where: str) -> Form:
        """The form of an expression; its leaves are its own, and columns may occur in several of them.
        `where` names the row in errors. Raises ModelError for what cannot be compiled."""
        self.where = where
        self._row_leaves = {}
        result = Form()
        try:
            self._accumulate(expression, self.coefficients.one, result)
        except RecursionError as error:
            message = f"{where}: its expression is nested more than {DEEPEST // FRAMES} deep"
            raise ModelError(
                Diagnostic("M101", message, path=where, hint="add variables for parts of it")
            ) from error
        return self._merge(result)

    def _merge(self, form: Form) -> Form:
        """One entry per column."""
        if len(set(form.columns)) != len(form.columns):
            parts: dict[int, list[int]] = {}
            for column, coefficient in zip(form.columns, form.coefficients, strict=True):
                parts.setdefault(column, []).append(coefficient)
            form.columns = list(parts)
            form.coefficients = [self.coefficients.total(nodes) for nodes in parts.values()]
        return form

    # coefficients ----------------------------------------------------------------------------------------

    def coefficient(self, expression: Any) -> int:
        """Node of an expression of numbers, Params and fixed Vars."""
        kind = expression.__class__
        if kind in native_numeric_types or kind in native_logical_types:
            return self.coefficients.constant(expression)
        place = self._parameters.get(id(expression))
        if place is not None:
            return self.coefficients.input("parameter", place)
        if not expression.is_expression_type() or isinstance(expression, ParamData):
            value = getattr(expression, "value", None)
            if value is not None:
                return self.coefficients.constant(value)
            raise self._unsupported(expression)
        if isinstance(expression, ExpressionData):
            return self.coefficient(expression.expr)
        if isinstance(expression, numeric.SumExpression):
            return self.coefficients.total([self.coefficient(part) for part in expression.args])
        operation = self._operation(expression)
        return _folded(self.coefficients, operation, [self.coefficient(part) for part in expression.args])

    def _operation(self, expression: Any) -> str:
        for kind, operation in _OPERATIONS:
            if isinstance(expression, kind):
                return operation
        if isinstance(expression, relational.InequalityExpression):
            return "lt" if expression.strict else "le"
        if isinstance(expression, numeric.UnaryFunctionExpression):
            name: str = expression.getname()
            if name in UNARY:
                return name
        raise self._unsupported(expression)

    def _unsupported(self, expression: Any) -> ModelError:
        return ModelError(
            Diagnostic(
                "M101",
                f"{self.where}: `{str(expression)[:80]}` ({type(expression).__name__}) cannot be compiled",
                path=self.where,
                hint="rows may use + - * / **, exp, log, sqrt, trigonometry, and Expr_if on Params",
            )
        )

    def parametric(self, expression: Any) -> bool:
        """Whether no free Var occurs in an expression."""
        if expression.__class__ in native_numeric_types or expression.__class__ in native_logical_types:
            return True
        if isinstance(expression, VarData):
            return bool(expression.fixed)
        if not expression.is_potentially_variable() or not expression.is_expression_type():
            return True
        known = self._parametric.get(id(expression))
        if known is None:
            known = True
            for part in expression.args:
                if not self.parametric(part):
                    known = False
                    break
            self._parametric[id(expression)] = known
            # ids are only unique among living objects
            self._kept.append(expression)
        return known

    # affine forms ----------------------------------------------------------------------------------------

    def _accumulate(self, expression: Any, multiplier: int, form: Form) -> None:
        handler = self._handlers.get(expression.__class__)
        if handler is not None:
            handler(expression, multiplier, form)
            return
        column = self._columns.get(id(expression))
        if column is not None and not expression.fixed:
            form.columns.append(column)
            form.coefficients.append(multiplier)
        elif isinstance(expression, VarData) and not expression.fixed:
            raise self._unsupported(expression)
        elif self.parametric(expression):
            node = self.coefficient(expression)
            if node != self.coefficients.zero:
                form.constants.append(self.coefficients.product(multiplier, node))
        elif isinstance(expression, ExpressionData):
            self._accumulate(expression.expr, multiplier, form)
        else:
            form.multipliers.append(multiplier)
            form.functions.append(self._function(expression))

    def _sum(self, expression: Any, multiplier: int, form: Form) -> None:
        for part in expression.args:
            self._accumulate(part, multiplier, form)

    def _product(self, expression: Any, multiplier: int, form: Form) -> None:
        first, second = expression.args
        if self.parametric(first):
            node = self.coefficients.product(multiplier, self.coefficient(first))
            self._accumulate(second, node, form)
        elif self.parametric(second):
            node = self.coefficients.product(multiplier, self.coefficient(second))
            self._accumulate(first, node, form)
        else:
            form.multipliers.append(multiplier)
            form.functions.append(self.functions.product(self._inner(first), self._inner(second)))

    def _division(self, expression: Any, multiplier: int, form: Form) -> None:
        numerator, denominator = expression.args
        if self.parametric(denominator):
            node = self.coefficients.node("div", multiplier, self.coefficient(denominator))
            self._accumulate(numerator, node, form)
        else:
            form.multipliers.append(multiplier)
            form.functions.append(
                self.functions.node("div", self._inner(numerator), self._inner(denominator))
            )

    def _negation(self, expression: Any, multiplier: int, form: Form) -> None:
        self._accumulate(expression.args[0], self.coefficients.node("neg", multiplier), form)

    def _power(self, expression: Any, multiplier: int, form: Form) -> None:
        base, exponent = expression.args
        if self.parametric(exponent):
            if self.parametric(base):
                node = self.coefficient(expression)
                form.constants.append(self.coefficients.product(multiplier, node))
                return
            fixed = self.coefficients.value_if_constant(self.coefficient(exponent))
            if fixed == 1.0:
                self._accumulate(base, multiplier, form)
                return
        form.multipliers.append(multiplier)
        form.functions.append(self.functions.node("pow", self._inner(base), self._inner(exponent)))

    # functions -------------------------------------------------------------------------------------------

    def _function(self, expression: Any) -> int:
        """Function node of an expression that is neither a sum nor a product."""
        if isinstance(expression, numeric.Expr_ifExpression):
            condition, yes, no = expression.args
            if not self.parametric(condition):
                raise ModelError(
                    Diagnostic(
                        "M106",
                        f"{self.where}: the condition `{str(condition)[:80]}` depends on a variable",
                        path=self.where,
                        hint="conditions may compare Params only; use a binary variable for a choice",
                    )
                )
            return self.functions.node("where", self._import(condition), self._inner(yes), self._inner(no))
        operation = self._operation(expression)
        return _folded(self.functions, operation, [self._inner(part) for part in expression.args])

    def _import(self, expression: Any) -> int:
        return self._import_node(self.coefficient(expression))

    def _import_node(self, node: int) -> int:
        value = self.coefficients.value_if_constant(node)
        if value is not None:
            return self.functions.constant(value)
        place = self._imports.get(node)
        if place is None:
            place = len(self.imported)
            self._imports[node] = place
            self.imported.append(node)
        return self.functions.input("coefficient", place)

    def _inner(self, expression: Any) -> int:
        """Function node of any expression: its affine part becomes a leaf."""
        form = Form()
        self._accumulate(expression, self.coefficients.one, form)
        return self.joined(self._merge(form))

    def joined(self, form: Form) -> int:
        """Function node of a whole form."""
        parts = []
        constant = self.coefficients.total(form.constants)
        if form.columns:
            parts.append(self._leaf(tuple(form.columns), tuple(form.coefficients), constant)[1])
            constant = self.coefficients.zero
        if constant != self.coefficients.zero:
            parts.append(self._import_node(constant))
        return self.functions.total([*parts, *self.scaled_functions(form)])

    def scaled_functions(self, form: Form) -> list[int]:
        """Function nodes of the non-linear terms of a form, multipliers included."""
        return [
            self.functions.product(self._import_node(multiplier), function)
            for multiplier, function in zip(form.multipliers, form.functions, strict=True)
        ]

    def leaves_under(self, node: int) -> set[int]:
        """The leaves that a function node depends on."""
        return {position for kind, position in self.functions.inputs_under(node) if kind == "leaf"}

    def leaf(
        self, columns: tuple[int, ...], coefficients: tuple[int, ...], constant: int | None = None
    ) -> tuple[int, int]:
        """An affine form as a leaf of the row at hand: its place among the leaves, and its node."""
        return self._leaf(columns, coefficients, self.coefficients.zero if constant is None else constant)

    def again(self, node: int) -> int:
        """Node of another leaf that is the same form as that of a leaf's node."""
        origin = self.functions.origin(node)
        assert origin is not None
        self.leaves.append(self.leaves[origin[1]])
        return self.functions.input("leaf", len(self.leaves) - 1)

    def negative(self, leaf: Leaf) -> int:
        """Node of a leaf of the row at hand that is another one's negative."""
        turned = (self.coefficients.node("neg", node) for node in leaf.coefficients)
        return self._leaf(leaf.columns, tuple(turned), self.coefficients.node("neg", leaf.constant))[1]

    def expanded(self, node: int) -> int:
        """A function node with its leaves taken apart into columns."""
        functions = self.functions
        apart: dict[int, int] = {}
        waiting = [node]
        while waiting:
            current = waiting[-1]
            operation, arguments = functions.parts(current)
            missing = [part for part in arguments if part not in apart]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            origin = functions.origin(current)
            if origin is not None and origin[0] == "leaf":
                apart[current] = self._sum_of_columns(self.leaves[origin[1]])
            elif operation == "sum":
                apart[current] = functions.total([apart[part] for part in arguments])
            elif operation == "mul":
                apart[current] = functions.product(*(apart[part] for part in arguments))
            elif arguments:
                apart[current] = functions.node(operation, *(apart[part] for part in arguments))
            else:
                apart[current] = current
        return apart[node]

    def _sum_of_columns(self, leaf: Leaf) -> int:
        parts = [
            self.functions.product(
                self._import_node(coefficient),
                self._leaf((column,), (self.coefficients.one,), self.coefficients.zero)[1],
            )
            for column, coefficient in zip(leaf.columns, leaf.coefficients, strict=True)
        ]
        if leaf.constant != self.coefficients.zero:
            parts.append(self._import_node(leaf.constant))
        return self.functions.total(parts)

    def _leaf(
        self, columns: tuple[int, ...], coefficients: tuple[int, ...], constant: int
    ) -> tuple[int, int]:
        key = (columns, coefficients, constant)
        place = self._row_leaves.get(key)
        if place is None:
            place = len(self.leaves)
            self._row_leaves[key] = place
            self.leaves.append(Leaf(columns, coefficients, constant))
        return place, self.functions.input("leaf", place)


def _folded(tape: TapeBuilder, operation: str, nodes: list[int]) -> int:
    """Node of an operation; those that take two arguments are chained over more."""
    if operation in BINARY and len(nodes) != 2:
        result = nodes[0]
        for node in nodes[1:]:
            result = tape.node(operation, result, node)
        return result
    return tape.node(operation, *nodes)


_OPERATIONS: Final[tuple[tuple[type, str], ...]] = (
    (numeric.ProductExpression, "mul"),
    (numeric.DivisionExpression, "div"),
    (numeric.PowExpression, "pow"),
    (numeric.NegationExpression, "neg"),
    (numeric.AbsExpression, "abs"),
    (numeric.Expr_ifExpression, "where"),
    (numeric.MaxExpression, "max"),
    (numeric.MinExpression, "min"),
    (relational.EqualityExpression, "eq"),
    (logical.AndExpression, "and"),
    (logical.OrExpression, "or"),
)
