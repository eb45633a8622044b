"""Small convex integer programs of others, restated from their mathematics, with their published optima.

The names are those of MINLPLib, whose table of instances has the optima. Where there is a closed form, it is
used instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyomo.environ as pyo

Build = Callable[[], Any]
PROGRAMS: dict[str, tuple[Build, float]] = {}


def program(optimum: float, name: str = "") -> Callable[[Build], Build]:
    """Enter a program under its name with its optimum."""

    def enter(build: Build) -> Build:
        PROGRAMS[name or build.__name__] = build, optimum
        return build

    return enter


def integers(*most: float, least: float = 0) -> Any:
    """A model with whole variables x[0], x[1], ... from `least` to each of `most`."""
    m = pyo.ConcreteModel()
    m.rows = pyo.ConstraintList()
    m.x = pyo.Var(range(len(most)), within=pyo.Integers, bounds=lambda _, i: (least, most[i]))
    return m


def times(row: Sequence[float], x: Any) -> Any:
    return sum(float(a) * x[i] for i, a in enumerate(row) if a)


def quadratic(matrix: Sequence[Sequence[float]], x: Any) -> Any:
    """The sum of matrix[i][j]*x[i]*x[j] over i <= j; rows of the triangle."""
    return sum(float(a) * x[i] * x[i + k] for i, row in enumerate(matrix) for k, a in enumerate(row) if a)


def squares(weights: Sequence[float], x: Any) -> Any:
    return sum(float(a) * x[i] ** 2 for i, a in enumerate(weights) if a)


def limit(m: Any, rows: Sequence[Sequence[float]], sides: Sequence[float]) -> None:
    """Rows `row x <= side`."""
    for row, side in zip(rows, sides, strict=True):
        m.rows.add(times(row, m.x) <= side)


def minimise(m: Any, body: Any) -> Any:
    m.cost = pyo.Objective(expr=body)
    return m


@program(2.2)
def gbd() -> Any:
    m = integers(1, 1, 1)
    m.y = pyo.Var(bounds=(0.2, 1))
    m.rows.add(3 * m.y <= m.x[0] + m.x[1])
    m.rows.add(0.1 * m.x[1] + 0.25 * m.x[2] <= m.y)
    m.rows.add(m.x[0] + m.x[1] + m.x[2] >= 2)
    m.rows.add(m.x[0] + m.x[1] + 2 * m.x[2] >= 2)
    return minimise(m, 5 * m.y**2 + m.x[0] + m.x[1] + m.x[2])


@program(16)
def nvs03() -> Any:
    m = integers(200, 200)
    m.rows.add(0.1 * m.x[0] ** 2 <= m.x[1])
    m.rows.add(m.x[0] / 3 + m.x[1] <= 4.5)
    return minimise(m, (m.x[0] - 8) ** 2 + (m.x[1] - 2) ** 2)


@program(-310.8)
def nvs10() -> Any:
    m = integers(200, 200)
    m.rows.add(quadratic([[9, 10], [8]], m.x) <= 583)
    m.rows.add(quadratic([[6, 8], [6]], m.x) <= 441)
    return minimise(m, squares([7, 6], m.x) - times([35, 80.4], m.x))


@program(-431)
def nvs11() -> Any:
    m = integers(200, 200, 200)
    m.rows.add(quadratic([[9, 10, 6], [8, 10], [5]], m.x) <= 1000)
    m.rows.add(quadratic([[6, 8, 2], [6, 2], [4]], m.x) <= 550)
    m.rows.add(quadratic([[9, -2, 0], [6, -2], [8]], m.x) <= 340)
    return minimise(m, quadratic([[7, 0, -6], [6, 4], [8]], m.x) - times([15.8, 93.2, 63], m.x))


@program(-481.2)
def nvs12() -> Any:
    m = integers(200, 200, 200, 200)
    m.rows.add(quadratic([[9, 10, 6, 10], [8, 10, 6], [5, 2], [7]], m.x) <= 1100)
    m.rows.add(quadratic([[6, 8, 2, -2], [6, 2, -10], [4, 0], [8]], m.x) <= 440)
    m.rows.add(quadratic([[9, -2, 0, -4], [6, -2, -4], [8, 2], [6]], m.x) <= 310)
    m.rows.add(quadratic([[8, 2, 2, -6], [4, 4, -2], [9, 2], [7]], m.x) <= 460)
    body = quadratic([[7, 0, -6, 2], [6, 4, 0], [8, 2], [6]], m.x)
    return minimise(m, body - times([20, 93.2, 67.2, 36.6], m.x))


@program(1)
def nvs15() -> Any:
    m = integers(200, 200, 200)
    m.rows.add(m.x[0] + m.x[1] + 2 * m.x[2] <= 3)
    return minimise(m, quadratic([[2, 2, 2], [2, 0], [1]], m.x) - times([8, 6, 4], m.x) + 9)


@program(281)
def st_miqp1() -> Any:
    m = integers(*[1] * 5)
    limit(m, [[-20, -12, -11, -7, -4]], [-40])
    return minimise(m, squares([50] * 5, m.x) + times([42, 44, 45, 47, 47.5], m.x))


@program(2)
def st_miqp2() -> Any:
    m = integers(1, 1, 1e10, 1e10)
    limit(m, [[-10, 0, 1, 0], [0, -20, 0, 1], [0, 0, -1, -1]], [0, 0, -5])
    return minimise(m, squares([0, 0, 4, 2], m.x) + times([4, 5, -3, -10], m.x))


@program(-6)
def st_miqp3() -> Any:
    m = integers(3, 1e15)
    limit(m, [[-4, 1]], [0])
    return minimise(m, 6 * m.x[0] ** 2 - 3 * m.x[1])


@program(-4574)
def st_miqp4() -> Any:
    m = integers(1, 1, 1)
    m.y = pyo.Var(range(3), bounds=(0, 1e15))
    m.rows.add(m.y[0] + m.y[1] >= m.y[2])
    for i, most in enumerate((5, 10, 30)):
        m.rows.add(m.y[i] <= most * m.x[i])
    return minimise(m, squares([5, 5, 10], m.y) + times([2, 3, -500], m.y) + times([10, -4, 5], m.x))


@program(0)
def st_test1() -> Any:
    m = integers(*[1] * 5)
    limit(m, [[20, 12, 11, 7, 4]], [40])
    return minimise(m, squares([50, 50, 0, 50, 50], m.x) + times([42, -44, 45, -47, -47.5], m.x))


@program(-9.25)
def st_test2() -> Any:
    m = integers(*[1] * 5, 1e15)
    limit(m, [[6, 3, 3, 2, 1], [10, 0, 10, 0, 0, 1]], [6.5, 20])
    body = squares([0.5, 0.25, 1.5, 0.5, 0.5], m.x)
    return minimise(m, body + times([10.5, -7.5, -3.5, 2.5, -1.5, 10], m.x))


@program(-7)
def st_test3() -> Any:
    m = integers(*[1] * 9, *[1e15] * 3, 1)
    x = m.x
    for row in (2 * x[0] + 2 * x[1] + x[9] + x[10], 2 * x[0] + 2 * x[2] + x[9] + x[11]):
        m.rows.add(row <= 10)
    m.rows.add(2 * x[1] + 2 * x[2] + x[10] + x[11] <= 10)
    for i in range(3):
        m.rows.add(x[9 + i] <= 8 * x[i])
        m.rows.add(x[9 + i] <= 2 * x[3 + 2 * i] + x[4 + 2 * i])
    body = 5 * sum(x[i] ** 2 for i in range(4)) + 9 * x[9] ** 2
    return minimise(m, body + times([5, -5, 5, 5, -1, 1, -1, -1, -1, -1, -1, -1, -1], x))


@program(-7)
def st_test4() -> Any:
    m = integers(1e15, 1e15, 1e15, 1, 1, 2)
    rows = [
        [1, 2, 8, 1, 3, 5],
        [-8, -4, -2, 2, 4, -1],
        [2, 0.5, 0.2, -3, -1, -4],
        [0.2, 2, 0.1, -4, 2, 2],
        [-0.1, -0.5, 2, 5, -5, 3],
    ]
    limit(m, rows, [16, -1, 24, 12, 3])
    return minimise(m, squares([0.5, 0, 0, 0, 0, 7], m.x) + times([6.5, -1, -2, 3, -2, -1], m.x))


ROWS = [
    [-2, -6, -1, 0, -3, -3, -2, -6, -2, -2],
    [6, -5, 8, -3, 0, 1, 3, 8, 9, -3],
    [-5, 6, 5, 3, 8, -8, 9, 2, 0, -9],
    [9, 5, 0, -9, 1, -8, 3, -9, -9, -3],
    [-8, 7, -4, -5, -9, 1, -7, -1, 3, -2],
    [-7, -5, -2, 0, -6, -6, -7, -6, 7, 7],
    [1, -3, -3, -4, -1, 0, -4, 1, 6, 0],
    [1, -2, 6, 9, 0, -7, 9, -9, -6, 4],
    [-4, 6, 7, 2, 2, 0, 6, 6, -7, 4],
    [1] * 10,
    [-1] * 10,
]
SIDES = [-4, 22, -6, -23, -12, -3, 1, 12, 15, 9, -1]


@program(-110)
def st_test5() -> Any:
    m = integers(*[1] * 10)
    limit(m, ROWS, SIDES)
    return minimise(m, squares([5] * 7, m.x) + times([-20, -80, -20, -50, -60, -90, 0, 10, 10, 10], m.x))


@program(471)
def st_test6() -> Any:
    m = integers(*[1] * 10)
    limit(m, ROWS[:5], SIDES[:5])
    return minimise(m, squares([50] * 10, m.x) + times([48, 42, 48, 45, 44, 41, 47, 42, 45, 46], m.x))


@program(-80.5)
def st_testph4() -> Any:
    m = integers(4, 4, 4)
    signs = [(1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1), (-1, 1, -1)]
    limit(m, [[2 * a, 3 * b, 4 * c] for a, b, c in signs], [35, 19, 23, 27, 7, 15, 11])
    return minimise(m, squares([3.5, 0.5, 2], m.x) + times([-35, 3, 4], m.x))


@program(-12.8116)
def st_testgr1() -> Any:
    m = integers(*[100] * 10)
    rows = [
        [8, 7, 9, 0, 9, 8, 2, 0, 4, 1],
        [3, 4, 6, 9, 0, 6, 9, 1, 0, 1],
        [0, 2, 1, 5, 5, 0, 7, 4, 2, 0],
        [5, 0, 7, 1, 7, 5, 0, 7, 9, 5],
        [1] * 10,
    ]
    limit(m, rows, [530, 395, 350, 405, 200])
    weights = [0.00055, 0.0019, 0.0002, 0.00095, 0.0046, 0.0035, 0.00315, 0.00475, 0.0048, 0.003]
    slopes = [-0.0583, 0.2318, -0.0108, 0.1634, -0.138, 0.357, -0.1953, -0.361, 0.1824, -0.162]
    return minimise(m, squares(weights, m.x) + times(slopes, m.x))


@program(2.925)
def alan() -> Any:
    """Shares of four assets with a given return and the least variance, three of them at most."""
    m = integers(1, 1, 1, 1)
    m.y = pyo.Var(range(4), bounds=(0, None))
    m.rows.add(sum(m.y.values()) == 1)
    m.rows.add(times([8, 9, 12, 7], m.y) == 10)
    m.rows.add(sum(m.x.values()) <= 3)
    for i in range(4):
        m.rows.add(m.y[i] <= m.x[i])
    a, b, c = m.y[0], m.y[1], m.y[2]
    return minimise(m, a * (4 * a + 3 * b - c) + b * (3 * a + 6 * b + c) + c * (b - a + 10 * c))


@program(0, "ball_mk2_10")
def ball() -> Any:
    m = integers(*[1] * 10, least=-1)
    m.rows.add(sum(v**2 - 0.987420882906575 * v for v in m.x.values()) <= 0)
    return minimise(m, -sum(m.x.values()))
