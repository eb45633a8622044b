"""Plans solved near an anchor: as good as cold ones, whatever changes and in whatever order."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.parameters import PlanParameters
from models.simulate import weight_of_time
from optimizer.study.plan_solver import ANCHOR_GAP, BATCH_GAP, OUTCOME_GAP, PlanSolver
from tests.model.random_plans import POSITIVE
from tests.model.small_plan import small_plan

GAP = OUTCOME_GAP


def changed(
    base: PlanParameters, generator: np.random.Generator, count: int, spread: float
) -> PlanParameters:
    """Some parameters moved, each of their numbers alike."""
    names = generator.choice([name for name in POSITIVE if name not in ("fleet0",)], count, replace=False)
    changes: dict[str, Any] = {
        name: base[name] * float(np.exp(generator.normal(0, spread))) for name in names
    }
    return small_plan(**changes)


def test_rows_equal_cold_solves_and_depend_on_no_other_row() -> None:
    base = small_plan()
    plans = PlanSolver.compile(base)
    anchored = plans.anchored(base, plans.solve(base, gap=ANCHOR_GAP))
    generator = np.random.default_rng(11)
    rows = [changed(base, generator, count, 0.2) for count in (1, 1, 1, 1, 2, 3, 6, 12)]
    # no money at all: nothing can be paid for
    rows.insert(4, small_plan(income=0 * base["income"], cash0=-10.0))
    found = [anchored.solve(row, gap=GAP) for row in rows]
    for row, solution in zip(rows, found, strict=True):
        cold = plans.solve(row, gap=1e-6)
        assert solution.status == cold.status
        if not cold.has_plan:
            continue
        width = GAP * weight_of_time(row)
        assert solution.certificate.gap <= GAP
        assert cold.objective - width <= solution.objective <= cold.certificate.upper + 1e-9
        assert solution.certificate.upper >= cold.objective - 1e-9
        certified = anchored.certified(row, gap=BATCH_GAP)
        if certified is not None:
            width = BATCH_GAP * weight_of_time(row)
            assert cold.objective - width <= certified.objective <= cold.certificate.upper + 1e-9
            assert certified.certificate.upper >= cold.objective - 1e-9
    assert sum(solution.status == "infeasible" for solution in found) == 1
    for place in generator.permutation(len(rows)):
        again = anchored.solve(rows[place], gap=GAP)
        assert again.x.tobytes() == found[place].x.tobytes()
        assert again.certificate == found[place].certificate
