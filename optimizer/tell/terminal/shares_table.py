"""The best plan under shares of the budget beside the best of all, for a person."""

from __future__ import annotations

from typing import Final

import numpy as np
from rich.console import ConsoleRenderable

from optimizer.answer import digits, ranges
from optimizer.answer.evaluation import INDISTINGUISHABLE
from optimizer.answer.metrics import shares as shares_of
from optimizer.answer.run import STOPPED, CountryRun
from optimizer.answer.summary import headline
from optimizer.study.shares import ShareCost, SharedPlan, normal_costs
from optimizer.tell.fitted import FITTED
from optimizer.tell.terminal.tables import grid, heading, indented, lag_cells
from optimizer.tell.words import LOG_UNIT

MEASURE: Final = (
    "  shares are of the cost of use at normal prices: a premium could be overpaid to meet a floor, and\n"
    "  wafers run for nothing. `kloof solve` and the split above count both, in chips and talent: where\n"
    "  that moves a share by half a point or more, the line below it says what `solve` prints"
)
TAIL: Final = (
    "  a share of the last reported year holds in the years after it, too, which are planned and not shown"
)
FIT: Final = "under shares"
# shares that differ by less than this are one to a reader of whole percents
HALF_A_POINT: Final = 0.5


def shares_table(found: SharedPlan) -> list[ConsoleRenderable | str]:
    """The comparison for a person; where there is no plan, what excludes what and the least repairs."""
    country = found.optimum.country
    parts: list[ConsoleRenderable | str] = [heading(f"{country}: the best plan {FIT} beside the optimum"), ""]
    if not found.plan.solved:
        return [*parts, *_conflict(found)]
    parts += [_headlines(found), "", f"  {FITTED}", f"  {LOG_UNIT}", ""]
    if found.loss is not None:
        gaps = [digits.scientific(run.gap) for run in (found.plan, found.optimum) if run.gap is not None]
        parts.append(
            f"  The shares cost {_worth(found.loss)} on average; certified to gaps of {' and '.join(gaps)}."
        )
    if found.costs_nothing:
        parts.append(
            "  The gaps cannot tell that from nothing: where the plans differ, both are as good as is known."
        )
    for label, run in ((f"the plan {FIT}", found.plan), ("the optimum", found.optimum)):
        if run.status == STOPPED:
            parts.append(f"  Stopped before the gap asked for: {label}.")
    parts += ["", _by_year(found)]
    parts += [MEASURE, TAIL]
    if found.costs:
        parts += ["", *_costs(found.costs)]
    return parts


def _headlines(found: SharedPlan) -> ConsoleRenderable:
    body, best = [], found.optimum
    heads = ["", "objective", "research %", "delivery %", "chips %", "talent %", "power %"]
    for label, run in ((FIT, found.plan), ("optimum", best)):
        top = headline(run, found.leader_run)
        if top is None or run.solution is None:
            continue
        body.append(
            [
                label,
                f"{run.solution.certificate.lower:#.9g}",
                *digits.percents(list(top.split.values()), ranges.width(best, "spend_share")),
                digits.significant(top.paid_usd_bn, 3, ranges.relative_width(best, "paid")),
                digits.fixed(top.capability[top.last], ranges.decimals(best, "capability")),
                *lag_cells(run, top, ranges.decimals(best, "lag_months")),
            ]
        )
        after = ["paid\nUSD bn", f"capability\nlog units\n{top.last}", f"months behind\n{top.middle}"]
        tail = [*after, f"\n{top.last}"]
    return indented(grid([*heads, *tail], body))


def _by_year(found: SharedPlan) -> ConsoleRenderable:
    """Both plans' shares at normal prices by year: what the floors and ceilings are about."""
    found_lines: dict[str, list[list[str]]] = {}
    periods: tuple[str, ...] = ()
    for label, run in ((FIT, found.plan), ("optimum", found.optimum)):
        if run.parameters is None or run.values is None:
            continue
        sets = run.parameters.sets
        periods = tuple(dict.fromkeys(period[:4] for period in sets.periods[: sets.reported]))
        in_year = np.array([[period[:4] == year for year in periods] for period in sets.periods])
        normal = 100 * shares_of(normal_costs(run.parameters, run.values) @ in_year)
        printed = 100 * shares_of(run.values["spend"] @ in_year)
        for category, row, beside in zip(sets.categories, normal, printed, strict=True):
            lines = found_lines.setdefault(category, [])
            lines.append([f"{category}, {label}", *(f"{share:.1f}" for share in row)])
            if np.abs(row - beside).max() >= HALF_A_POINT:
                lines.append(["  as `solve` prints it", *(f"{share:.1f}" for share in beside)])
    body = [line for lines in found_lines.values() for line in lines]
    return indented(grid(["% at normal prices", *periods], body))


def _costs(costs: tuple[ShareCost, ...]) -> list[ConsoleRenderable | str]:
    body = [
        [each.share.words, _price(each), _months(each.point_lag_months), *_given_back(each)] for each in costs
    ]
    heads = [
        "share",
        "next point costs\nlog units",
        "lag moves by\nmonths",
        "dropping it gives back\nlog units",
        "lag moves by\nmonths",
    ]
    how = (
        "by the price at this plan" if costs[0].per_point is not None else "solved, as integers have no price"
    )
    said = [
        "  the next point: a percent more of each of its years (of an `at most` a percent less), the others",
        f"  held: log units {how}, months solved; dropping it: solved, the others held.",
        "  Lags of plans of one worth may differ by a tenth of a month",
    ]
    return [indented(grid(heads, body)), *said]


def _price(cost: ShareCost) -> str:
    if cost.per_point is None:
        return _solved(cost.point_cost, cost.point_cost_low, cost.point_cost_high)
    return "0" if abs(cost.per_point) < INDISTINGUISHABLE else f"{cost.per_point:.3g}"


def _given_back(cost: ShareCost) -> list[str]:
    said = _solved(cost.gives_back, cost.gives_back_low, cost.gives_back_high)
    nothing = cost.gives_back_low is None or cost.gives_back_low <= 0
    return [said, "n/a" if nothing else _months(cost.lag_change_months)]


def _solved(worth: float | None, low: float | None, high: float | None) -> str:
    """A difference of two plans, as far as their gaps let it be known."""
    if worth is None or low is None or high is None:
        return "n/a"
    if low <= 0 <= high:
        largest = max(-low, high)
        return f"0, or {largest:.1g} at most"
    return f"{worth:.3g}"


def _months(change: float | None) -> str:
    return "n/a" if change is None else f"{round(change, 1) + 0.0:+.1f}"


def _worth(loss: float) -> str:
    return "nothing" if abs(loss) < INDISTINGUISHABLE else f"{loss:.3g} log units"


def _conflict(found: SharedPlan) -> list[ConsoleRenderable | str]:
    """What cannot hold together, and what gives a plan."""
    run: CountryRun = found.plan
    if run.status != "infeasible":
        return [f"  No plan under the shares: {run.status}."]
    parts: list[ConsoleRenderable | str] = ["  No plan keeps them all. These exclude each other:", ""]
    parts += [f"    {line}" for line in found.conflicts] or [
        "    the rows of the plan (no limit is among them)"
    ]
    if not found.repairs:
        return [*parts, "", "  No change of inputs was found that gives a plan."]
    parts += ["", "  What gives a plan, the least first, each solved:", ""]
    return [*parts, *(f"    {each.words}" for each in found.repairs)]
