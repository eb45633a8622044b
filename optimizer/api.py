"""The Python API: an instance in, tidy frames out."""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from optimizer.answer.bands import Bands
from optimizer.answer.comparison import Comparison
from optimizer.answer.explanation_frames import (
    conflicts_frame,
    limits_frame,
    repairs_frame,
    summary_frame,
)
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.strategy import frame
from optimizer.answer.summary import rolled
from optimizer.instance import Instance, read_draft
from optimizer.instance import load as _load
from optimizer.instance import patch as _patch
from optimizer.instance.policy import draft_of, policies_of
from optimizer.study.ask import Ask, Extension, default_gap
from optimizer.study.bands import solved_bands
from optimizer.study.compare import compare_scenarios
from optimizer.study.explained import explained
from optimizer.study.explaining import explain_comparison
from optimizer.study.solve import solve_world
from optimizer.tell.notebook.display import html, limits, plans, policies

Policies = Sequence[str | os.PathLike[str]] | Mapping[str, Iterable[str]]
COMPARE_GAP = 1e-4
BANDS = ("country", "number", "unit", "level", "value", "low", "high", "beyond", "draws", "missing")
ROLLED = (
    *("view_years", "gap", "value"),
    *("loss_average_log_units", "loss_at_most_average_log_units"),
)
MOST_LIMITS = 20
SHOWN_OF_LIMITS = ("country", "policy", "rank", "words", "at_most_percent", "solved_percent")
CERTIFICATE = ("status", "lower", "upper", "gap", "leader_gap")


class Limits(pd.DataFrame):
    """What limits plans, a frame that shows the first of its rows and a chart in a notebook."""

    def _repr_html_(self) -> str:
        shown = [name for name in SHOWN_OF_LIMITS if name in self.columns]
        return html([pd.DataFrame(self)[shown].head(MOST_LIMITS)], limits(self))


class Explaining(ABC):
    """What results of one scenario and of several have in common: why plans are as they are, worked out when
    first asked for, and how they show in a notebook."""

    @property
    @abstractmethod
    def _worlds(self) -> Sequence[WorldRun]: ...

    @abstractmethod
    def _explain(self) -> Sequence[WorldRun]: ...

    def _shown(self, found: pd.DataFrame) -> pd.DataFrame:
        return found

    @cached_property
    def _explained(self) -> Sequence[WorldRun]:
        return self._explain()

    @cached_property
    def _summary(self) -> pd.DataFrame:
        return self._shown(summary_frame(self._worlds))

    def explain(self, country: str | None = None) -> Limits:
        """What limits each plan (of one country, or all), dearest first: one row per limit. Raises
        `ValueError` for a country that was not asked for."""
        asked = (country for world in self._worlds for country in world.countries)
        return Limits(self._of(limits_frame(self._explained), country, asked))

    def conflicts(self, country: str | None = None) -> pd.DataFrame:
        """For countries without a plan, the limits that exclude each other, and the inputs behind them; of
        the leader too, where it is why others have none. Raises `ValueError` as `explain` does."""
        return self._of(conflicts_frame(self._explained), country, self._tried())

    def repairs(self, country: str | None = None) -> pd.DataFrame:
        """For countries without a plan, verified changes that give them one, the least first. Raises
        `ValueError` as `explain` does."""
        return self._of(repairs_frame(self._explained), country, self._tried())

    def _tried(self) -> Iterable[str]:
        return (run.country for world in self._worlds for run in world.runs)

    def _of(self, found: pd.DataFrame, country: str | None, known: Iterable[str]) -> pd.DataFrame:
        """The rows of one country, all if None."""
        names = list(dict.fromkeys(known))
        country = None if country is None else country.upper()
        if country is not None and country not in names:
            raise ValueError(f"no plan of `{country}` was asked for; known: {', '.join(names)}")
        kept = found if country is None else found[found["country"] == country].reset_index(drop=True)
        return self._shown(kept)

    def __repr__(self) -> str:
        return f"{type(self).__name__}\n{self._summary.to_string(index=False)}"

    @abstractmethod
    def _tables(self) -> Sequence[pd.DataFrame]: ...

    @abstractmethod
    def _charts(self) -> Sequence[str]: ...

    def _repr_html_(self) -> str:
        return html(self._tables(), self._charts())


class OneWorld(Explaining):
    """What results of one scenario have in common."""

    run: WorldRun
    _ask: Ask

    @property
    def _worlds(self) -> Sequence[WorldRun]:
        return (self.run,)

    def _explain(self) -> Sequence[WorldRun]:
        return (explained(self.run, self._ask.instance, self._ask.objective),)

    def _shown(self, found: pd.DataFrame) -> pd.DataFrame:
        return found.drop(columns="policy")


@dataclass(frozen=True, repr=False)
class Result(OneWorld):
    """Plans of one scenario.

    `strategy` is tidy: country, policy, period, metric, item, unit, value. `certificates` has one row per
    country: country, status, lower, upper, gap, leader_gap (nan unless its leader is not certified).
    `ranges`, empty unless asked for, has the least and greatest value of headline numbers over all plans
    within the gap: country, metric, item, period, low, high. `bands`, empty unless asked for, has the
    quantiles of headline numbers over the ranges of the inputs: country, number, unit, level, value, low and
    high (the interval of the quantile), beyond, draws, missing. `rolled`, empty unless there was a view, says
    what deciding year by year gives away: country, view_years, gap (the largest of a window), value,
    loss_average_log_units, loss_at_most_average_log_units. `run` holds all detail.
    """

    strategy: pd.DataFrame
    certificates: pd.DataFrame
    ranges: pd.DataFrame
    run: WorldRun
    _ask: Ask
    bands: pd.DataFrame
    rolled: pd.DataFrame

    def _tables(self) -> Sequence[pd.DataFrame]:
        return self._summary, self.rolled

    def _charts(self) -> Sequence[str]:
        return plans(self.strategy, tuple(self.run.countries))


@dataclass(frozen=True, repr=False)
class Compared(Explaining):
    """The same countries under a baseline and several policies.

    `comparison` is tidy: country, policy, metric, item, period, unit, value, baseline, change,
    change_percent, indistinguishable (1, 0, nan where there is nothing to compare), value_within (by how
    much the value may be off). `ranking` has one row per country and policy, best first: country, policy,
    place (a shared one: indistinguishable), gain_average_log_units, worth_percent. `certificates` has
    country, policy, status, lower, upper, gap, leader_gap. `run` holds all detail.
    """

    comparison: pd.DataFrame
    ranking: pd.DataFrame
    certificates: pd.DataFrame
    run: Comparison
    _ask: Ask

    @property
    def _worlds(self) -> Sequence[WorldRun]:
        return self.run.worlds

    def _explain(self) -> Sequence[WorldRun]:
        return explain_comparison(self.run, self._ask).worlds

    def _tables(self) -> Sequence[pd.DataFrame]:
        return self._summary, self.ranking

    def _charts(self) -> Sequence[str]:
        return policies(self.strategy, tuple(self.run.countries))

    @cached_property
    def strategy(self) -> pd.DataFrame:
        """The plans themselves, as in `Result`: made when first asked for, since it may be large."""
        return frame(self.run.worlds)


def codes(countries: Sequence[str]) -> tuple[str, ...]:
    """Country codes in capitals, as instances have them, each once."""
    return tuple(dict.fromkeys(name.upper() for name in countries))


def load(instance: str | Path) -> Instance:
    """An instance from a directory, or a shipped one by name. Raises `InputError` with all its problems."""
    return _load(instance)


def patch(instance: Instance, patches: Iterable[str]) -> Instance:
    """The instance with values changed, each patch `PATH OP VALUE`. Raises `InputError`."""
    return _patch(instance, list(patches))


def solve(
    instance: Instance,
    countries: Sequence[str] | None = None,
    *,
    objective: str | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    extend: Extension | None = None,
    ranges: bool = False,
    worths: bool = False,
    next_dollar: float | None = None,
    bands: int | None = None,
    view: int | None = None,
) -> Result:
    """The optimal strategy of each country (all if None), certified to `gap` average log units (by default
    1e-6, or 1e-4 where the industry is staged).

    `time_limit` is in seconds per country. `extend` receives the Pyomo model before it is compiled and may
    add rows. `ranges` adds those of headline numbers, at many times the cost of the plans; `worths`
    solves what easing the dearest limits of each plan brings, for `explain`, at about its cost again, and
    `next_dollar` what so many USD bn of cash, research and fabs bring, in staged mode. `bands`
    is a number of draws, a power of 2, of all inputs with a range, over each of which the countries and the
    leader are solved again: `kloof solve --bands` keeps them, this does not. With `view` each year is planned
    with so many years in view, by the leader too, and kept. Raises `InputError`, and with
    `bands` `SolverError` where a country has no plan to draw around, `ValueError` beside `extend`; else a
    country without a plan raises nothing: its status says so.
    """
    if bands is not None and extend is not None:
        raise ValueError("bands are drawn without rows of `extend`")
    ask = Ask(
        instance,
        codes(countries or ()),
        objective=objective,
        gap=gap or default_gap(instance),
        time_limit=time_limit,
        ranges=ranges,
        worths=worths,
        next_dollar=next_dollar,
        bands=bands is not None,
        draws=bands,
        view=view,
        extension=extend,
    )
    drawn = None if bands is None else solved_bands(ask)
    run = solve_world(ask)
    if run.interrupted:
        raise KeyboardInterrupt
    rows = [(country, *certificate_row(plan)) for country, plan in run.countries.items()]
    certificates = pd.DataFrame(rows, columns=["country", *CERTIFICATE])
    told = replace(ask, extension=None)
    return Result(frame([run]), certificates, _ranges(run), run, told, _bands(drawn), _rolled(run))


def _rolled(run: WorldRun) -> pd.DataFrame:
    """What deciding year by year gives away, as a tidy frame."""
    rows = [
        (country, *(getattr(found, name) for name in ROLLED))
        for country, plan in run.countries.items()
        if (found := rolled(plan)) is not None
    ]
    return pd.DataFrame(rows, columns=["country", *ROLLED])


def _bands(bands: Bands | None) -> pd.DataFrame:
    """Bands as a tidy frame."""
    rows = [
        (band.country, band.number, band.unit, *each.said().values(), band.draws, band.missing)
        for band in (bands.numbers if bands else ())
        for each in band.quantiles
    ]
    return pd.DataFrame(rows, columns=list(BANDS))


def compare(
    instance: Instance,
    policies: Policies,
    countries: Sequence[str] | None = None,
    *,
    objective: str | None = None,
    gap: float = COMPARE_GAP,
    time_limit: float | None = None,
    extend: Extension | None = None,
    ranges: bool = False,
    jobs: int | None = None,
) -> Compared:
    """Each country (all if None) in the instance as it is, named `baseline`, and under each policy.

    `policies` are files or names of shipped ones, `A+B` for both together, or a mapping from names of your
    own to patches. `ranges` certifies which differences count, at many times the cost; the other arguments
    are those of `solve`, and `jobs` the number of processes. Raises `InputError` with what is wrong with all
    policies; a policy or country without a plan raises nothing: its status says so.
    """
    if isinstance(policies, Mapping):
        drafts = [draft_of(name, texts) for name, texts in policies.items()]
    else:
        drafts = [read_draft(name) for name in policies]
    chosen = policies_of(drafts, instance, [draft.patches for draft in drafts])
    ask = Ask(
        instance,
        codes(countries or ()),
        policies=tuple(chosen),
        objective=objective,
        gap=gap,
        time_limit=time_limit,
        ranges=ranges,
        extension=extend,
        jobs=jobs,
    )
    run = compare_scenarios(ask)
    if any(world.interrupted for world in run.worlds):
        raise KeyboardInterrupt
    certificates = [
        (country, world.policy, *certificate_row(plan))
        for world in run.worlds
        for country, plan in world.countries.items()
    ]
    places = [
        (country, each.policy, each.rank, each.change_average_log_units, each.worth_percent_effective_compute)
        for country in run.countries
        for each in run.ranking(country)
    ]
    numbers = pd.DataFrame(run.rows())
    numbers["indistinguishable"] = numbers["indistinguishable"].astype("float64")
    return Compared(
        numbers,
        pd.DataFrame(
            places, columns=["country", "policy", "place", "gain_average_log_units", "worth_percent"]
        ),
        pd.DataFrame(certificates, columns=["country", "policy", *CERTIFICATE]),
        run,
        replace(ask, extension=None),
    )


def certificate_row(plan: CountryRun) -> tuple[str, float, float, float, float]:
    """What `CERTIFICATE` names: nan for what is not known, or, of the leader's gap, not amiss."""
    led = math.nan if plan.leader_gap is None else plan.leader_gap
    if plan.solution is None:
        return plan.status, math.nan, math.nan, math.nan, led
    certificate = plan.solution.certificate
    return plan.status, certificate.lower, certificate.upper, certificate.gap, led


def _ranges(run: WorldRun) -> pd.DataFrame:
    rows = []
    for country, plan in run.countries.items():
        for key, (low, high) in plan.ranges.items():
            metric, *item, period = key.split("/")
            rows.append((country, metric, "/".join(item), period, low, high))
    return pd.DataFrame(rows, columns=["country", "metric", "item", "period", "low", "high"])
