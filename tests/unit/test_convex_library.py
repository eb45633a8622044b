"""Programs of others with published optima: certified, and the bound on the right side of the optimum."""

from __future__ import annotations

import pytest

from optimizer.solver import solve_model
from tests.unit.convex_models_curved import PROGRAMS

GAP = 1e-5


@pytest.mark.parametrize("name", PROGRAMS)
def test_published_optima(name: str) -> None:
    build, optimum = PROGRAMS[name]
    solution = solve_model(build(), gap=GAP)
    size = max(1.0, abs(optimum))
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(optimum, abs=(1.1 * GAP + 1e-6) * size)
    assert solution.certificate.lower <= optimum + 1e-6 * size


def test_a_ball_without_whole_points_is_infeasible() -> None:
    """MINLPLib's ball_mk3_10: an ellipsoid between the whole points."""
    model = PROGRAMS["ball_mk2_10"][0]()
    weights = [0.0745, 0.0605, 0.1072, 0.1335, 0.0351, 0.1728, 0.1671, 0.0487, 0.1165, 0.0839]
    model.rows.clear()
    model.rows.add(sum(w * (v**2 - v) for w, v in zip(weights, model.x.values(), strict=True)) <= -1e-4)
    assert solve_model(model, gap=GAP).status == "infeasible"
