"""Whether more of what only widens a country's choice ever lowers its objective, by certified bounds.

    python -m tests.model.widening COUNTRY [SHARE]

Every input of the country that only widens what it may do is raised by a quarter, each alone, the leader's
path held, and the plan solved again from the base plan; SHARE is the part of the inputs that is tried. What
is printed is each input whose plan is certainly worse (its bound lies below what the base plan reaches), and
each after which the lag in the last reported year is longer all the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.parameters import LeaderPath, PlanParameters
from models.simulate import weight_of_time
from optimizer.answer.metrics import lag_of_plan
from optimizer.instance import Instance, load, patch, resolve
from optimizer.instance.instance import Cell
from optimizer.instance.resolving.sets import plan_sets
from optimizer.solver import Solution
from optimizer.study.country import leader_path
from optimizer.study.plan_solver import PlanSolver

ROOT = Path(__file__).parents[2]
GAP: Final = 1e-6
MORE: Final = 1.25
# What a stock, a limit or a pace that was nothing becomes.
FROM_NOTHING: Final = 1.0
# Of a country's own inputs; `supply_share` is none of them, since prices reflect what it is, nor are people
# there at the start, who are paid.
WIDENING: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"budget\.(income_usd_bn|cash0_usd_bn|debt_limit_usd_bn|carry_limit_share_of_income|home_return)",
        r"fleet\.chips\..*",
        r"trade\.limits\..*",
        r"trade\.caps\..*\.(per_year|total)",
        r"trade\.grey\.(output_share|normal_share|limit_kh100e_per_year)",
        r"trade\.rent\.(limit_kh100e|share_of_leader_compute|normal_share)",
        r"power\.(available_gw|pending_gw\..*|build_limit_gw_per_year)",
        r"talent\.(graduates|recruit_limit|recruit_normal|education_limit)_thousand_per_year",
        r"industry\.know_how_transfer",
        r"industry\.lines\..*\.(capacity_kwpm|pending_kwpm\..*|ai_share|yield|normal_kwpm_per_year)",
        r"industry\.(tools|toolmaking)\..*",
        r"industry\.packaging\..*",
        r"industry\.designer_ceilings\..*\.lines\..*",
        r"industry\.(make_limits|stockpiled_dies)\..*",
        r"industry\.memory\..*",
    )
)
SHARES: Final = re.compile(r".*(ai_share|yield|know_how_transfer|home_return|_share|lines\.[^.]*)$")


@dataclass(frozen=True)
class Widened:
    """An input that was raised: the certified range of its objective, and the lag in the last year."""

    patch: str
    status: str
    lower: float
    upper: float
    lag_months: float


@dataclass
class Base:
    """A country's plan, and what solves it again."""

    instance: Instance
    country: str
    path: LeaderPath | None
    parameters: PlanParameters
    plans: PlanSolver
    solution: Solution

    @classmethod
    def of(cls, instance: Instance, country: str) -> Base:
        leader = resolve(instance, instance.leader)
        plans = PlanSolver.compile(leader)
        first = plans.solve(leader, gap=GAP)
        if country == instance.leader:
            return cls(instance, country, None, leader, plans, first)
        path = leader_path(instance, leader, plans.values(leader, first))
        own = resolve(instance, country, path)
        return cls(instance, country, path, own, plans, plans.solve(own, gap=GAP))

    def lag(self, parameters: PlanParameters, solution: Solution) -> float:
        """Months behind the leader in the last reported year; of the leader itself 0."""
        if self.path is None or not solution.has_plan:
            return 0.0
        capability = self.plans.values(parameters, solution)["capability"]
        return float(lag_of_plan(parameters, capability, self.path).months[parameters.sets.reported - 1])

    def widened(self, text: str) -> Widened | None:
        """The plan after one patch; None where it changes the periods and what is compared with them."""
        changed = patch(self.instance, [text])
        if plan_sets(changed, self.country).structure != self.parameters.sets.structure:
            return None
        parameters = resolve(changed, self.country, self.path)
        solution = self.plans.solve(parameters, gap=GAP, start=self.solution.start)
        certificate = solution.certificate
        return Widened(
            text, solution.status, certificate.lower, certificate.upper, self.lag(parameters, solution)
        )


def widening_cells(instance: Instance, country: str) -> list[Cell]:
    """The country's inputs that only widen what it may do."""
    prefix = f"countries.{country}."
    return [
        cell
        for cell in instance.cells()
        if cell.path.startswith(prefix)
        and any(pattern.fullmatch(cell.path.removeprefix(prefix)) for pattern in WIDENING)
    ]


def raised(cell: Cell) -> str | None:
    """The patch that raises an input, None where it is without limit or at its ceiling already."""
    numbers = _numbers(cell.value)
    if not all(np.isfinite(numbers)):
        return None
    if not any(numbers):
        return f"{cell.path} = {0.05 if SHARES.match(cell.path) else FROM_NOTHING}"
    factor = MORE
    if SHARES.match(cell.path):
        factor = min(
            MORE, 1 / max(numbers), (1 / cell.high) if isinstance(cell.high, float) and cell.high else MORE
        )
    return f"{cell.path} *= {factor!r}" if factor > 1 else None


def _numbers(value: Any) -> list[float]:
    """All numbers of a value: one, those of a list, or those of a table by year."""
    if isinstance(value, dict):
        return [float(number) for number in value.values()]
    return [float(number) for number in (value if isinstance(value, list) else [value])]


def tried(base: Base, share: float = 1.0, most: int | None = None) -> Iterator[Widened]:
    """The widened plans of a part of the inputs, `most` of them, chosen at random once and for all."""
    patches = [text for cell in widening_cells(base.instance, base.country) if (text := raised(cell))]
    chosen = np.random.default_rng(0).permutation(len(patches))[: max(1, round(share * len(patches)))][:most]
    for number in sorted(chosen.tolist()):
        one = base.widened(patches[number])
        if one is not None:
            yield one


def is_worse(base: Base, one: Widened) -> bool:
    """Whether the plan is certainly worse than the base plan, or has none."""
    return one.status != "optimal" or one.upper < base.solution.certificate.lower


def main(country: str, share: float) -> None:
    base = Base.of(load(ROOT / "instances" / "world-2026"), country)
    before = base.lag(base.parameters, base.solution)
    count, worse, longer = 0, 0, []
    for one in tried(base, share):
        count += 1
        if is_worse(base, one):
            worse += 1
            print(f"WORSE {one.patch}: {one.status}, {one.upper} < {base.solution.certificate.lower}")
        if one.lag_months > before + 0.05:
            gain = (one.lower - base.solution.certificate.lower) / weight_of_time(base.parameters)
            longer.append((one.lag_months - before, gain, one.patch))
    print(f"{country}: {count} inputs raised, {worse} plans worse; lag {before:.2f} months before")
    for months, gain, text in sorted(longer, reverse=True):
        print(f"  lag +{months:.2f} months, objective +{gain:.1e} average log units: {text}")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
