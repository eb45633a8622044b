"""The first thing a person reads: one line per country, and the same numbers as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from models.parameters import CATEGORIES, Array, LeaderPath, PlanParameters, PlanSets
from models.simulate import weight_of_time
from optimizer.answer import digits, metrics, ranges
from optimizer.answer.answer import BaseState, Bounds, CertificateData, Ending, Headline, remarks
from optimizer.answer.equilibrium import EquilibriumAnswer
from optimizer.answer.long_game import stages
from optimizer.answer.rolled import RolledAnswer, rolled_answer
from optimizer.answer.run import INFEASIBLE, OPTIMAL, ROLLED, STOPPED, CountryRun, WorldRun
from optimizer.answer.strategy import derived

MIXED: Final = "mixed"
INTERRUPTED: Final = "interrupted"
NOTHING_DONE: Final = "interrupted before any country was done"
PROVISIONAL: Final = "provisional"
NOT_CONVERGED: Final = "not_converged"
# What there is to know of a lag beside its number.
ABOVE: Final = "above"
BEYOND: Final = "beyond"
EXTRAPOLATED: Final = "extrapolated"
AHEAD: Final = "ahead"


def middle_position(sets: PlanSets) -> int:
    """Position of the period at mid-horizon: the last one of the first half."""
    return max((sets.reported + 1) // 2 - 1, 0)


def headline(run: CountryRun, leader_run: CountryRun | None) -> Headline | None:
    """The headline numbers; None where there is no plan."""
    parameters, values, leader = run.parameters, run.values, run.leader
    if parameters is None or values is None:
        return None
    sets = parameters.sets
    last = sets.reported - 1
    told = {sets.periods[t]: t for t in (middle_position(sets), last)}
    found = derived(run, leader_run)
    spent = values["spend"][:, : sets.reported].sum(axis=1)
    paid = float(found["outlays"][: sets.reported].sum())
    beside = (metrics.premiums(values), values["lapsed"])
    premiums, unspent = (
        float(metrics.without_round_off(line[: sets.reported].sum(), paid)) for line in beside
    )

    def in_the_end(metric: str) -> float | None:
        return float(found[metric][last]) if metric in found else None

    staged = stages(run, leader_run)
    return Headline(
        **({} if staged is None else {"stages": staged}),
        spending_usd_bn=float(spent.sum()),
        paid_usd_bn=paid,
        premiums_usd_bn=premiums,
        unspent_usd_bn=unspent,
        split=dict(zip(CATEGORIES, metrics.shares(spent).tolist(), strict=True)),
        installed_kh100e={
            "start": metrics.installed_at_start(parameters),
            sets.periods[last]: float(found["installed_compute"][last]),
        },
        capability={period: float(values["capability"][t]) for period, t in told.items()},
        lag_months={period: float(found["lag_months"][t]) for period, t in told.items()} if leader else None,
        compute_ratio=in_the_end("compute_ratio"),
        effective_ratio=in_the_end("effective_ratio"),
        base=BaseState(
            capability=metrics.base_capability(parameters, leader) if leader else None,
            lag_months=metrics.base_lag_months(parameters, leader) if leader else None,
            compute_ratio=_ratio_at_start(parameters, leader_run),
        ),
        passes_the_leader_in=min(filter(None, passing_periods(run, leader)), default=None),
        ranges=dict(sorted(run.ranges.items())),
        widths={
            **{metric: ranges.width(run, metric) for metric in ranges.MEASURED_WIDTH},
            **{name: ranges.relative_width(run, name) for name in ranges.MEASURED_RELATIVE_WIDTH},
        },
    )


def rolled(run: CountryRun) -> RolledAnswer | None:
    """How a plan was decided that was decided year by year; None for any other."""
    if run.rolled is None or run.parameters is None or run.values is None or run.leader is None:
        return None
    return rolled_answer(run.rolled, run.parameters, run.values["capability"], run.leader)


def _ratio_at_start(parameters: PlanParameters, leader_run: CountryRun | None) -> float | None:
    """The inherited fleet over the leader's; None where the leader has no plan, or no fleet."""
    if leader_run is None or leader_run.parameters is None or leader_run.values is None:
        return None
    of_leader = metrics.installed_at_start(leader_run.parameters)
    return metrics.installed_at_start(parameters) / of_leader if of_leader > 0 else None


def lag_mark_in(run: CountryRun, period: str) -> str:
    """What to know of a plan's lag in one of its periods; nothing where it has none."""
    found = derived(run, None)
    if run.parameters is None or "lag_months" not in found:
        return ""
    return lag_mark(found, run.parameters.sets.periods.index(period))


def lag_mark(found: Mapping[str, Array | Sequence[float]], t: int) -> str:
    """What to know of a lag in period `t`, from the metrics that a strategy has against its leader.

    The leader's capability counts at its highest so far: where it has fallen since, a country may be above it
    and yet have a lag.
    """
    if found["effective_ratio"][t] > 1 and found["lag_months"][t] > 0:
        return ABOVE
    return BEYOND if found["lag_beyond"][t] else EXTRAPOLATED if found["lag_extrapolated"][t] else ""


def lag_in_table(months: float, decimals: int, mark: str = "") -> str:
    """A lag under a head that says `months behind`: in words where the country is ahead of the leader."""
    if mark == ABOVE:
        return AHEAD
    text = digits.fixed(months, decimals)
    if text == "n/a":
        return text
    if mark == BEYOND:
        return f">{text.lstrip('-')} {AHEAD}"
    if text.startswith("-"):
        return f"{text[1:]} {AHEAD}"
    return f"{text}*" if mark == EXTRAPOLATED else text


def passing_periods(run: CountryRun, leader: LeaderPath | None) -> tuple[str | None, str | None]:
    """The first reported periods in which a follower's own level (and with it capability) and its knowledge
    pass the leader's, each None where it never does."""
    if leader is None or run.parameters is None or run.values is None or run.country == leader.country:
        return None, None
    sets = run.parameters.sets
    level = run.values["own"] > leader.capability
    knowledge = run.values["knowledge"] > leader.knowledge[1:]
    passed = [np.flatnonzero(ahead[: sets.reported]) for ahead in (level, knowledge)]
    first, second = (sets.periods[ahead[0]] if ahead.size else None for ahead in passed)
    return first, second


def status(world: WorldRun) -> str:
    """`interrupted`, or the status that all countries share, else `mixed`; `provisional` where all would be
    optimal if their leader were certified."""
    if world.interrupted:
        return INTERRUPTED
    kinds = {run.status for run in world.countries.values()}
    if kinds == {OPTIMAL} and world.provisional:
        return PROVISIONAL
    return kinds.pop() if len(kinds) == 1 else MIXED


def status_at_prices(status: str, equilibria: Iterable[EquilibriumAnswer]) -> str:
    """The status of plans at market prices: that of the plans, where all these prices clear their market."""
    return status if all(each.converged for each in equilibria) else NOT_CONVERGED


def certificate(run: CountryRun) -> CertificateData | None:
    """The certificate as it is told; None where nothing was certified."""
    if run.solution is None or not run.solved:
        return None
    return CertificateData(**vars(run.solution.certificate))


def ending(run: CountryRun) -> Ending:
    """How one country's solve ended."""
    found = certificate(run)
    bounds = None
    if found is not None and run.parameters is not None:
        years = weight_of_time(run.parameters)
        bounds = Bounds(lower=found.lower, upper=found.upper, gap=found.gap, years=years)
    told: dict[str, Any] = {}
    if run.leader_gap is not None:
        told["leader_gap"] = run.leader_gap
    if run.solution is not None and run.solution.conflict:
        told["conflict"] = tuple(run.solution.conflict)
    return Ending(
        status=run.status,
        objective=bounds,
        certificate=found,
        diagnostics=remarks(run.diagnostics),
        **told,
    )


EXIT_INTERRUPTED: Final = 130
EXIT_OF_STATUS: Final[Mapping[str, int]] = {OPTIMAL: 0, ROLLED: 0, INFEASIBLE: 3, STOPPED: 4}
NO_LEADER: Final = "S104"


def exit_code(world: WorldRun, failed: int) -> int:
    """The exit code of a solve; `failed` is the code of the countries that failed, if any did."""
    kinds = {run.status for run in world.countries.values()}
    if kinds - set(EXIT_OF_STATUS):
        return failed
    if world.interrupted:
        return EXIT_INTERRUPTED
    code = EXIT_OF_STATUS[kinds.pop()] if len(kinds) == 1 else 1
    return 1 if code == 0 and world.provisional else code
