"""What is said where all countries together would buy more than the world makes."""

from __future__ import annotations

import math

from optimizer.answer.answer import Demand
from optimizer.study.demand import demand_notes


def demand(chip: str, year: int, ratio: float) -> Demand:
    return Demand(chip=chip, year=year, purchases=ratio, output=1.0, ratio=ratio)


def test_one_line_names_the_worst_chip_with_its_years() -> None:
    assert demand_notes([demand("a", 2026, 1.0), demand("b", 2026, 0.4)], clears=True) == []
    (line,) = demand_notes(
        [demand("a", 2026, 1.02), demand("a", 2027, 1.0), demand("a", 2028, 1.014)], clears=False
    )
    assert line.endswith("than the world makes of a: up to 1.02 times in 2026, 2028")
    many = [demand("a", 2026, 1.02), demand("b", 2026, 4.26), demand("b", 2027, 2.0), demand("c", 2028, 2.84)]
    (line,) = demand_notes(many, clears=False)
    assert line.endswith("of 3 chips, most of b: up to 4.26 times in 2026, 2027")
    assert len(line) <= 120
    (line,) = demand_notes([demand("a", 2026, math.inf)], clears=False)
    assert line.endswith("of a: though none is made, in 2026")
    (line,) = demand_notes(many, clears=True)
    assert line.endswith("in 2026, 2027; prices that clear: kloof equilibrium")
