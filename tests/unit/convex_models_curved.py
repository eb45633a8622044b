"""More small convex integer programs of others: with logs, exponentials, ratios, powers and norms."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import pyomo.environ as pyo

from tests.unit.convex_models import PROGRAMS as PROGRAMS
from tests.unit.convex_models import integers, minimise, program, squares, times


def _ex1223(m: Any, y: Any, choice: Any) -> Any:
    x = m.x
    m.rows.add(sum(y.values()) + x[0] + x[1] + x[2] <= 5)
    m.rows.add(choice[2] + sum(v**2 for v in y.values()) <= 5.5)
    for i, (at, side) in enumerate(((0, 1.2), (1, 1.8), (2, 2.5))):
        m.rows.add(y[at] + x[i] <= side)
    m.rows.add(y[0] + x[3] <= 1.2)
    for at, other, side in ((1, 1, 1.64), (2, 2, 4.25), (2, 1, 4.64)):
        m.rows.add(y[at] ** 2 + choice[other] <= side)
    return sum((y[i] - i - 1) ** 2 for i in range(3))


@program(4.579582402)
def ex1223a() -> Any:
    m = integers(1, 1, 1, 1)
    m.y = pyo.Var(range(3), bounds=(0, 10))
    return minimise(m, _ex1223(m, m.y, m.x) - times([1, 3, 1, log(2)], m.x) + 6)


@program(4.579582402)
def ex1223b() -> Any:
    m = integers(1, 1, 1, 1)
    m.y = pyo.Var(range(3), bounds=(0, 10))
    body = _ex1223(m, m.y, {i: m.x[i] ** 2 for i in range(4)})
    more = (m.x[0] - 1) ** 2 + (m.x[1] - 2) ** 2 + (m.x[2] - 1) ** 2 - pyo.log(1 + m.x[3])
    return minimise(m, body + more)


@program(6.00975909)
def synthes1() -> Any:
    m = integers(1, 1, 1)
    m.y = pyo.Var(range(3), bounds=lambda _, i: (0, (2, 2, 1)[i]))
    a, b, c = m.y[0], m.y[1], m.y[2]
    m.rows.add(0.8 * pyo.log(1 + b) + 0.96 * pyo.log(1 + a - b) - 0.8 * c >= 0)
    m.rows.add(pyo.log(1 + b) + 1.2 * pyo.log(1 + a - b) - c - 2 * m.x[2] >= -2)
    for row in (b - a, b - 2 * m.x[0], a - b - 2 * m.x[1], m.x[0] + m.x[1] - 1):
        m.rows.add(row <= 0)
    logs = 18 * pyo.log(1 + b) + 19.2 * pyo.log(1 + a - b)
    return minimise(m, times([5, 6, 8], m.x) + 10 * a - 7 * c - logs + 10)


@program(73.03531253)
def synthes2() -> Any:
    m = integers(*[1] * 5)
    m.y = pyo.Var(range(6), bounds=lambda _, i: (0, (2, 2, 2, None, None, 3)[i]))
    x, y = m.x, m.y
    for row in (
        -pyo.log(1 + y[3] + y[4]),
        pyo.exp(y[0]) - 10 * x[0] - 1,
        pyo.exp(0.833333 * y[1]) - 10 * x[1] - 1,
        1.25 * y[2] - 10 * x[2],
        y[3] + y[4] - 10 * x[3],
        2 * y[5] - 2 * y[2] - 10 * x[4],
        y[3] + 2 * y[5] - y[0] - y[1] - 2 * y[2],
        y[3] + 2 * y[5] - y[0] - y[1] - 0.75 * y[2],
        y[2] - y[5],
        2 * y[2] - y[3] - 2 * y[5],
        y[4] - 0.5 * y[3],
        -0.2 * y[3] - y[4],
        x[3] + x[4] - 1,
    ):
        m.rows.add(row <= 0)
    m.rows.add(x[0] + x[1] == 1)
    curved = pyo.exp(y[0]) + pyo.exp(0.833333 * y[1]) - 60 * pyo.log(1 + y[3] + y[4])
    return minimise(m, curved + times([-10, -15, -15, 15, 5, -20], y) + times([5, 8, 6, 10, 6], x) + 140)


@program(68.00974052)
def synthes3() -> Any:
    m = integers(*[1] * 8)
    m.y = pyo.Var(range(9), bounds=lambda _, i: (0, (2, 2, 1, 2, 2, 2, 2, 1, 3)[i]))
    x, y = m.x, m.y
    for row in (
        -1.5 * pyo.log(1 + y[4]) - pyo.log(1 + y[5]) - y[7],
        -pyo.log(1 + y[2] + y[3]),
        times([-1, -1, 1, 2, 0.8, 0.8, -0.5, -1, -2], y),
        times([-1, -1, 0, 2, 0.8, 0.8, -2, -1, -2], y),
        times([0, 0, 0, -2, -0.8, -0.8, 2, 1, 2], y),
        times([0, 0, 0, 0, -0.8, -0.8, 0, 1], y),
        y[6] + y[8] - y[3],
        1.5 * y[7] - 0.4 * (y[4] + y[5]),
        0.16 * (y[4] + y[5]) - 1.2 * y[7],
        y[2] - 0.8 * y[3],
        0.4 * y[3] - y[2],
        pyo.exp(y[0]) - 10 * x[0] - 1,
        pyo.exp(0.833333 * y[1]) - 10 * x[1] - 1,
        y[6] - 10 * x[2],
        0.8 * (y[4] + y[5]) - 10 * x[3],
        2 * (y[3] - y[6] - y[8]) - 10 * x[4],
        y[4] - 10 * x[5],
        y[5] - 10 * x[6],
        y[2] + y[3] - 10 * x[7],
        x[3] + x[4] - 1,
        x[2] - x[7],
    ):
        m.rows.add(row <= 0)
    m.rows.add(x[0] + x[1] == 1)
    m.rows.add(x[5] + x[6] == x[3])
    curved = pyo.exp(y[0]) + pyo.exp(0.833333 * y[1]) - 65 * pyo.log(1 + y[2] + y[3])
    curved -= 90 * pyo.log(1 + y[4]) + 80 * pyo.log(1 + y[5])
    linear = times([-10, -15, 15, 80, 25, 35, -40, 15, -35], y)
    return minimise(m, curved + linear + times([5, 8, 6, 10, 6, 7, 4, 5], x) + 120)


@program(167427.6571)
def batchdes() -> Any:
    """Sizes of three stages of a batch plant, in parallel units, in logs: two products, one horizon."""
    m = integers(*[1] * 9)
    size = pyo.Var(range(3), bounds=(log(250), log(2500)))
    batch = pyo.Var(
        range(2), bounds=lambda _, i: ((5.40367788220586, log(625)), (log(100), 6.03228654162824))[i]
    )
    cycle = pyo.Var(range(2), bounds=lambda _, i: ((log(20 / 3), log(20)), (log(4), log(12)))[i])
    units = pyo.Var(range(3), bounds=(0, log(3)))
    m.size, m.batch, m.cycle, m.units = size, batch, cycle, units
    for i, (factors, hours) in enumerate((((2, 3, 4), (8, 20, 4)), ((4, 6, 3), (10, 12, 3)))):
        for j in range(3):
            m.rows.add(size[j] - batch[i] >= log(factors[j]))
            m.rows.add(cycle[i] + units[j] >= log(hours[j]))
    needed = ((200000, 0), (150000, 1))
    m.rows.add(sum(amount * pyo.exp(cycle[i] - batch[i]) for amount, i in needed) <= 6000)
    for j in range(3):
        m.rows.add(units[j] == log(2) * m.x[3 + j] + log(3) * m.x[6 + j])
        m.rows.add(m.x[j] + m.x[3 + j] + m.x[6 + j] == 1)
    prices = (250, 500, 340)
    return minimise(m, sum(p * pyo.exp(0.6 * size[j] + units[j]) for j, p in enumerate(prices)))


def layout(areas: Sequence[float]) -> Any:
    """Rectangles of given areas and sides of 1 at least side by side in one, of the least circumference."""
    count = len(areas)
    m = pyo.ConcreteModel()
    m.rows = pyo.ConstraintList()
    m.place = pyo.Var(range(count), range(2), bounds=(0, 29))
    m.side = pyo.Var(range(count), range(2), bounds=lambda _, i, k: (1, areas[i]))
    m.whole = pyo.Var(range(2), bounds=(0, 30))
    pairs = [(i, j) for i in range(count) for j in range(i)]
    m.apart = pyo.Var([(i, j, k, way) for i, j in pairs for k in (0, 1) for way in (0, 1)], within=pyo.Binary)
    for i in range(count):
        m.rows.add(areas[i] / m.side[i, 1] <= m.side[i, 0])
        for k in range(2):
            m.rows.add(m.place[i, k] + m.side[i, k] <= m.whole[k])
    for i, j in pairs:
        m.rows.add(sum(m.apart[i, j, k, way] for k in (0, 1) for way in (0, 1)) == 1)
        for k in range(2):
            for way, (a, b) in enumerate(((i, j), (j, i))):
                room = 29 + areas[a]
                m.rows.add(m.place[a, k] + m.side[a, k] - m.place[b, k] <= room * (1 - m.apart[i, j, k, way]))
    return minimise(m, 2 * m.whole[0] + 2 * m.whole[1])


@program(4 * 90**0.5)
def flay02m() -> Any:
    return layout((40, 50))


@program(4 * 150**0.5)
def flay03m() -> Any:
    return layout((40, 50, 60))


def twenty(least: float, whole_least: float, most: float, prices: Sequence[float]) -> Any:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(20), bounds=lambda _, i: (whole_least if i < 10 else least, most))
    for i in range(10):
        m.x[i].domain = pyo.Integers
    return minimise(m, times(prices, m.x))


@program(-21.74914736)
def cvxnonsep_normcon20() -> Any:
    prices = [0.175, 0.39, 0.83, 0.805, 0.06, 0.4, 0.52, 0.415, 0.655, 0.63]
    prices += [0.29, 0.43, 0.015, 0.985, 0.165, 0.105, 0.37, 0.2, 0.49, 0.34]
    m = twenty(0, 0, 5, [-price for price in prices])
    m.row = pyo.Constraint(expr=pyo.sqrt(0.0001 + squares([1] * 20, m.x)) <= 10)
    return m


@program(80.94929546)
def cvxnonsep_nsig20() -> Any:
    prices = [1.5, 0.51, 1.01, 1.4, 1.78, 1.92, 1.09, 0.48, 0.67, 0.52]
    prices += [1.68, 0.51, 1.63, 0.49, 1.86, 0.7, 0.39, 0.5, 1.23, 0.95]
    powers = [0.065, 0.004, 0.084, 0.093, 0.06, 0.075, 0.074, 0.039, 0.065, 0.017]
    powers += [0.07, 0.03, 0.028, 0.005, 0.01, 0.082, 0.069, 0.032, 0.095, 0.003]
    m = twenty(1e-5, 1, 10, prices)
    m.row = pyo.Constraint(expr=-0.2 * pyo.prod(m.x[i] ** power for i, power in enumerate(powers)) <= -1)
    return m


@program(-21.5123012)
def cvxnonsep_pcon20() -> Any:
    prices = [0.53, 0.65, 0.49, 0.82, 0.88, 0.97, 0.53, 0.33, 0.11, 0.61]
    prices += [0.78, 0.09, 0.27, 0.15, 0.28, 0.44, 0.53, 0.46, 0.88, 0.15]
    m = twenty(0, 0, 5, [-price for price in prices])
    m.row = pyo.Constraint(expr=sum(2 ** (m.x[i] + m.x[i + 1]) for i in range(19)) ** 2 <= 57600)
    return m


@program(93.81138788)
def cvxnonsep_psig20() -> Any:
    powers = [0.32, 0.19, 0.405, 0.265, 0.175, 0.44, 0.275, 0.47, 0.31, 0.295]
    powers += [0.105, 0.15, 0.235, 0.115, 0.42, 0.095, 0.115, 0.085, 0.115, 0.22]
    m = twenty(1, 1, 10, [1] * 20)
    body = 20000 * pyo.prod(m.x[i] ** -power for i, power in enumerate(powers))
    m.cost.set_value(body + sum(m.x.values()))
    return m
