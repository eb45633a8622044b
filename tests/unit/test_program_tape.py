"""The expression graph: values and derivatives against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.program.tape import UNARY, TapeBuilder

INSIDE = {"acosh": 1.7, "atanh": 0.4, "asin": 0.4, "acos": 0.4}


def _tape(build):
    """A tape over two inputs a, b, and the row of the node that `build(tape, a, b)` returns."""
    builder = TapeBuilder()
    node = build(builder, builder.input("x", 0), builder.input("x", 1))
    tape, row = builder.finish(x=2)
    return tape, row[node]


def _check(build, at, tolerance=2e-5):
    tape, row = _tape(build)
    at = np.array(at, dtype=float)[:, None]

    def value(x):
        return tape.values(x)[row, 0]

    def gradient(x):
        values = tape.values(x)
        seed = np.zeros_like(values)
        seed[row] = 1.0
        return tape.gradient(values, seed)[:, 0]

    step = 1e-6
    for place in range(2):
        move = np.zeros((2, 1))
        move[place] = step
        numeric = (value(at + move) - value(at - move)) / (2 * step)
        assert gradient(at)[place] == pytest.approx(numeric, rel=tolerance, abs=tolerance)
        numeric = (gradient(at + move) - gradient(at - move)) / (2 * step)
        values = tape.values(at)
        seed = np.zeros_like(values)
        seed[row] = 1.0
        direction = np.zeros((2, 1))
        direction[place] = 1.0
        exact = tape.curvature(values, seed, direction)[:, 0]
        assert exact == pytest.approx(numeric, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("name", [name for name in UNARY if name not in ("floor", "ceil")])
def test_functions_of_one_argument(name):
    at = INSIDE.get(name, 0.8)
    _check(lambda t, a, b: t.node("mul", b, t.node(name, a)), [at, 1.3])


@pytest.mark.parametrize("name", ["mul", "div", "pow", "max", "min"])
def test_functions_of_two_arguments(name):
    _check(lambda t, a, b: t.node(name, a, b), [0.8, 1.3])
    _check(lambda t, a, b: t.node(name, t.node("exp", a), t.node("mul", a, b)), [0.8, 1.3])


def test_sums_share_nodes():
    _check(
        lambda t, a, b: t.node("exp", t.total([a, b, a, t.node("mul", a, b), t.constant(2.0)])), [0.2, 0.3]
    )


def test_whole_powers_of_negative_numbers():
    _check(lambda t, a, b: t.node("pow", a, t.constant(3.0)), [-0.7, 1.0])
    _check(lambda t, a, b: t.node("pow", a, t.constant(2.0)), [0.0, 1.0])


def test_branch_not_taken_has_no_say():
    def build(t, a, b):
        condition = t.node("le", b, t.constant(1.0))
        return t.node("where", condition, t.node("mul", a, a), t.node("log", t.node("neg", a)))

    _check(build, [0.5, 0.2])


def test_infinite_slope_times_zero_is_not_a_number():
    """sqrt(a)**2 at 0 through exp and log: its slope must not come out as a finite number."""
    tape, row = _tape(lambda t, a, b: t.node("exp", t.node("mul", t.constant(0.5), t.node("log", a))))
    values = tape.values(np.zeros((2, 1)))
    seed = np.zeros_like(values)
    seed[row] = 1.0
    assert values[row, 0] == 0.0
    assert not np.isfinite(tape.gradient(values, seed)[0, 0])


def test_equal_expressions_are_one_node_and_constants_fold():
    builder = TapeBuilder()
    a = builder.input("x", 0)
    assert builder.node("mul", a, a) == builder.node("mul", a, a)
    assert builder.node("mul", builder.constant(2.0), builder.constant(3.0)) == builder.constant(6.0)
    assert builder.total([a, builder.zero]) == a
    assert builder.total([builder.constant(1.0), a, builder.constant(-1.0), a]) != a


def test_many_points_at_once():
    tape, row = _tape(lambda t, a, b: t.node("div", a, b))
    x = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 0.0]])
    assert tape.values(x)[row].tolist() == [0.5, 0.5, np.inf]
