"""The best plan under shares of the budget, as `kloof evaluate --format json` prints it."""

from __future__ import annotations

from typing import Any

from models.parameters import Array
from optimizer.answer import summary
from optimizer.answer.metrics import shares as shares_of
from optimizer.answer.part import text_of_infinity
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import rows
from optimizer.errors import diagnostic_data
from optimizer.study.shares import SharedPlan, normal_shares
from optimizer.study.shares_asked import Share
from optimizer.tell import SCHEMA_VERSION


def shares_document(found: SharedPlan) -> dict[str, Any]:
    """The plan, its certificate and the optimum's, what each share costs, or what excludes what."""
    plan, optimum = found.plan, found.optimum
    return {
        "schema_version": SCHEMA_VERSION,
        "status": plan.status,
        "country": optimum.country,
        "shares": [_share(each) for each in found.shares],
        "plan": summary.ending(plan).data() | plan.explanation.data(),
        "optimum": summary.ending(optimum).data() | optimum.explanation.data(),
        "loss_average_log_units": found.loss,
        "costs": [
            {
                **_share(each.share),
                "per_point_average_log_units": each.per_point,
                "point_cost_average_log_units": each.point_cost,
                "point_cost_low": each.point_cost_low,
                "point_cost_high": each.point_cost_high,
                "point_lag_months": each.point_lag_months,
                "gives_back_average_log_units": each.gives_back,
                "gives_back_low": each.gives_back_low,
                "gives_back_high": each.gives_back_high,
                "lag_change_months": each.lag_change_months,
            }
            for each in found.costs
        ],
        "conflicts": list(found.conflicts),
        "repairs": [
            {
                "words": each.words,
                "shares": [_share(share) for share in each.shares],
                "patches": list(each.patches),
            }
            for each in found.repairs
        ],
        "normal_price_shares": {"plan": _normal(plan), "optimum": _normal(optimum)},
        "printed_shares": {"plan": _printed(plan), "optimum": _printed(optimum)},
        "diagnostics": [diagnostic_data(each) for each in plan.diagnostics],
        "strategy": [
            {**row._asdict(), "value": text_of_infinity(row.value)}
            for row in (rows(plan, found.leader_run) if plan.solved else ())
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    first, last = share.years
    return {
        "kind": share.kind,
        "category": share.category,
        "share": share.value,
        "first_year": first,
        "last_year": last,
        "words": share.words,
    }


def _normal(run: CountryRun) -> dict[str, dict[str, float]]:
    """Shares at normal prices, which floors and ceilings are about."""
    if run.parameters is None or run.values is None:
        return {}
    return _by_year(run, normal_shares(run.parameters, run.values))


def _printed(run: CountryRun) -> dict[str, dict[str, float]]:
    """The split as `solve` prints it, premiums and the running of wafers counted."""
    return {} if run.values is None else _by_year(run, shares_of(run.values["spend"]))


def _by_year(run: CountryRun, shares: Array) -> dict[str, dict[str, float]]:
    """Shares by reported period and category."""
    if run.parameters is None:
        return {}
    sets = run.parameters.sets
    return {
        period: dict(zip(sets.categories, shares[:, t].tolist(), strict=True))
        for t, period in enumerate(sets.periods[: sets.reported])
    }
