"""What Python sees of plans of one's own: given by decisions, or by shares of the budget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from optimizer.answer.evaluation import TOLERANCE, Evaluation
from optimizer.answer.evaluation import evaluate as value_plan
from optimizer.answer.plan import read_plan
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.strategy import frame
from optimizer.errors import Diagnostic, InfeasibleError, SolverError
from optimizer.instance import Instance
from optimizer.study.ask import Ask, Extension, default_gap
from optimizer.study.share_sheet import is_share_sheet, read_share_sheet
from optimizer.study.shares import SharedPlan, plan_with_shares
from optimizer.study.shares_asked import parse_shares, with_shares
from optimizer.study.single import own_parameters
from optimizer.study.solve import solve_world
from optimizer.tell.notebook.display import html, plans

COSTS = (
    *("share", "kind", "category", "value", "first_year", "last_year", "per_point_average_log_units"),
    *("point_cost_average_log_units", "point_cost_low", "point_cost_high", "point_lag_months"),
    *("gives_back_average_log_units", "gives_back_low", "gives_back_high", "lag_change_months"),
)
BROKEN = ("row", "excess", "unit", "of_size", "accepted")


@dataclass(frozen=True, repr=False)
class Evaluated:
    """A plan of one's own, or the best under shares, beside the optimum.

    `status` is that of the best plan under shares, of a plan by decisions `kept`, `broken` or `disagrees`;
    `loss` what it gives away in average log units (None without a plan). `strategy` is the plan as a tidy
    frame. `costs` has one row a share: what its next point costs, and what dropping it gives back.
    `conflicts` and `repairs` say in words what excludes what, and what gives a plan. `broken` has the limits
    that decisions break, or that `tolerance` accepts. `notes` say what was scaled or looks rounded. `found`
    holds all detail.
    """

    status: str
    loss: float | None
    strategy: pd.DataFrame
    costs: pd.DataFrame
    conflicts: tuple[str, ...]
    repairs: tuple[str, ...]
    broken: pd.DataFrame
    notes: tuple[str, ...]
    optimum: CountryRun
    found: SharedPlan | Evaluation

    def __repr__(self) -> str:
        return f"{type(self).__name__}\n{self._summary().to_string(index=False)}"

    def _repr_html_(self) -> str:
        said = [("excluded by", each) for each in self.conflicts]
        said += [("mended by", each) for each in self.repairs] + [("note", each) for each in self.notes]
        tables = [self._summary(), self.costs, self.broken, pd.DataFrame(said, columns=["what", "words"])]
        return html(tables, plans(self.strategy, [self.optimum.country]))

    def _summary(self) -> pd.DataFrame:
        country = self.optimum.country
        return pd.DataFrame([(country, self.status, self.loss)], columns=["country", "status", "loss"])


def evaluate(
    instance: Instance,
    country: str,
    plan: str | os.PathLike[str] | None = None,
    *,
    at_least: Sequence[str] = (),
    at_most: Sequence[str] = (),
    fix: Sequence[str] = (),
    tolerance: float = TOLERANCE,
    objective: str | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    extend: Extension | None = None,
) -> Evaluated:
    """Value a `plan` (a strategy, or a sheet of shares), or solve the best one under shares such as
    `research=30%@2028:`, beside the optimum.

    `tolerance` is the share of a row's size by which decisions may be off, of a sheet that of the budget. The
    other arguments are those of `solve`. Raises `InputError` for what cannot be read or excludes itself,
    `SolverError` where the country has no optimum to stand beside, `ValueError` where neither a plan nor
    shares are given, or both.
    """
    country = country.upper()
    wanted = {"at_least": at_least, "at_most": at_most, "fix": fix}
    if (plan is None) is not any(wanted.values()):
        raise ValueError("give a plan, or shares as `at_least`, `at_most` and `fix`")
    ask = Ask(
        instance,
        (country,),
        objective=objective,
        gap=gap or default_gap(instance),
        time_limit=time_limit,
        extension=extend,
    )
    if plan is not None and not is_share_sheet(Path(plan)):
        return _valued(ask, Path(plan), tolerance)
    notes: tuple[str, ...] = ()
    if plan is None:
        shares, within = parse_shares(wanted, instance), 0.0
    else:
        sheet = read_share_sheet(Path(plan), instance, tolerance)
        shares, notes, within = sheet.shares, sheet.notes, tolerance
    with_shares(instance, country, shares, within)
    world, optimum = _solved(ask)
    found = plan_with_shares(ask, optimum, world.leader_run, shares, within=within, priced=plan is None)
    costs = [
        (
            *(each.share.words, each.share.kind, each.share.category, each.share.value, *each.share.years),
            *(each.per_point, each.point_cost, each.point_cost_low, each.point_cost_high),
            *(each.point_lag_months, each.gives_back, each.gives_back_low, each.gives_back_high),
            each.lag_change_months,
        )
        for each in found.costs
    ]
    return Evaluated(
        found.plan.status,
        found.loss,
        frame([replace(world, countries={country: found.plan})]),
        pd.DataFrame(costs, columns=list(COSTS)),
        found.conflicts,
        tuple(each.words for each in found.repairs),
        pd.DataFrame(columns=list(BROKEN)),
        notes,
        found.optimum,
        found,
    )


def _valued(ask: Ask, plan: Path, tolerance: float) -> Evaluated:
    stated = read_plan(plan, own_parameters(ask), ask.instance.countries, ask.extension is not None)
    world, optimum = _solved(ask)
    found = value_plan(optimum, stated, world.leader_run, tolerance)
    rows = [
        (each.row, each.excess, each.unit, each.of_size, each in found.accepted)
        for each in (*found.broken, *found.accepted)
    ]
    return Evaluated(
        found.status,
        found.loss,
        frame([replace(world, countries={ask.country: found.run})]),
        pd.DataFrame(columns=list(COSTS)),
        (),
        (),
        pd.DataFrame(rows, columns=list(BROKEN)),
        (f"its decisions look rounded to {found.rounded_to}",) if found.rounded_to else (),
        optimum,
        found,
    )


def _solved(ask: Ask) -> tuple[WorldRun, CountryRun]:
    """The world with the country's best plan; raises where it has none."""
    world = solve_world(ask)
    if world.interrupted:
        raise KeyboardInterrupt
    run = world.countries[ask.country]
    if not run.solved or run.solution is None:
        error = InfeasibleError if run.status == "infeasible" else SolverError
        raise error(Diagnostic("S104", f"{ask.country} has no plan to stand beside: {run.status}"))
    return world, run
