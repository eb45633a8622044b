"""The best plan under shares of the budget beside the best of all, for a person."""

from __future__ import annotations

from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits, ranges
from optimizer.answer.evaluation import INDISTINGUISHABLE
from optimizer.answer.run import STOPPED, CountryRun
from optimizer.answer.summary import headline
from optimizer.study.shares import ShareCost, SharedPlan, conflict_words, normal_shares
from optimizer.tell.fitted import FITTED
from optimizer.tell.terminal.tables import grid, heading, indented, lag_cells
from optimizer.tell.words import LOG_UNIT

MEASURE: Final = (
    "  shares are of the cost of use at normal prices: without premiums for pace, and without running\n"
    "  home-made wafers; the split above, that of `kloof solve`, counts both, among chips and talent"
)
TAIL: Final = (
    "  a share of the last reported year holds in the years after it, too, which are planned and not shown"
)
FIT: Final = "under shares"


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
                f"{run.solution.certificate.lower:.9g}",
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
    lines = []
    periods: tuple[str, ...] = ()
    for label, run in ((FIT, found.plan), ("optimum", found.optimum)):
        if run.parameters is None or run.values is None:
            continue
        sets = run.parameters.sets
        periods = sets.periods[: sets.reported]
        shares = 100 * normal_shares(run.parameters, run.values)[:, : sets.reported]
        for category, row in zip(sets.categories, shares, strict=True):
            lines.append([f"{category}, {label}", *(f"{share:.1f}" for share in row)])
    lines.sort(key=lambda line: 0)
    half = len(lines) // 2
    paired = [line for pair in zip(lines[:half], lines[half:], strict=True) for line in pair]
    return indented(grid(["% at normal prices", *periods], paired))


def _costs(costs: tuple[ShareCost, ...]) -> list[ConsoleRenderable | str]:
    body = [[each.share.words, _price(each), *_given_back(each)] for each in costs]
    heads = [
        "share",
        "the next point costs\nlog units",
        "dropping it gives back\nlog units",
        "which moves the lag by\nmonths",
    ]
    said = [
        "  the next point: a percent more of each of its years (of an `at most` a percent less), by the",
        "  price at this plan, the other shares held; dropping it: solved, the others held",
    ]
    return [indented(grid(heads, body)), *said]


def _price(cost: ShareCost) -> str:
    if cost.per_point is None:
        return "n/a: integers"
    return "0" if abs(cost.per_point) < INDISTINGUISHABLE else f"{cost.per_point:.3g}"


def _given_back(cost: ShareCost) -> list[str]:
    if cost.gives_back is None or cost.gives_back_low is None or cost.gives_back_high is None:
        return ["n/a", "n/a"]
    if cost.gives_back_low <= 0:
        return [f"0, or {max(cost.gives_back_high, 0):.1g} at most", "n/a"]
    months = cost.lag_change_months
    # two plans within the gap may differ by a tenth of a month
    return [f"{cost.gives_back:.3g}", "n/a" if months is None else f"{round(months, 1) + 0.0:+.1f}"]


def _worth(loss: float) -> str:
    return "nothing" if abs(loss) < INDISTINGUISHABLE else f"{loss:.3g} log units"


def _conflict(found: SharedPlan) -> list[ConsoleRenderable | str]:
    """What cannot hold together, and what gives a plan."""
    run: CountryRun = found.plan
    if run.status != "infeasible":
        return [f"  No plan under the shares: {run.status}."]
    words = conflict_words(run.explanation)
    parts: list[ConsoleRenderable | str] = ["  No plan keeps them all. These exclude each other:", ""]
    parts += [f"    {line}" for line in words] or ["    the rows of the plan (no limit is among them)"]
    if not found.repairs:
        return [*parts, "", "  No change of inputs was found that gives a plan."]
    parts += ["", "  What gives a plan, the least first, each solved:", ""]
    return [*parts, *(f"    {each.words}" for each in found.repairs)]
