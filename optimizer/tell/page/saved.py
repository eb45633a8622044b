"""A saved run as its files tell it: nothing here needs the instance or the machine that it was solved on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import pandas as pd

from optimizer.answer.answer import CompareAnswer, Headline, PlanAnswer, PolicyAnswer, SolveAnswer
from optimizer.answer.context import Context
from optimizer.answer.manifest import Manifest
from optimizer.answer.rolled import view_words
from optimizer.answer.strategy import COLUMNS
from optimizer.answer.summary import NOT_CONVERGED, lag_mark
from optimizer.errors import Diagnostic, InputError
from optimizer.tell.files.store import Answer, open_context, open_run, unreadable
from optimizer.tell.page import whole
from optimizer.tell.page.labels import chip_labels, labels_of
from optimizer.tell.page.precision import Precision

BASELINE: Final = "baseline"
# what an interrupted comparison did not come to; a run itself says nothing of it
NOT_SOLVED: Final = "not solved"
PROVISIONAL: Final = "leader not certified"
PERIOD: Final = re.compile(r"(\d{4})(?:H([12])|Q([1-4])|M(\d\d))?")
PERIODS_PER_YEAR: Final = (1, 2, 4, 12)
# metrics of `strategy.csv` that the page shows; the rest, shadow prices above all, would only cost memory
SHOWN: Final = frozenset(
    (
        *("spend", "spend_share", "total", "outlays"),
        *("buy", "rent", "energy", "chips_cost", "talent_cost", "power_spend", "premium", "bidup", "lapsed"),
        *("income", "carried_in", "interest", "recovered", "home_returned", "cash"),
        *("talent", "trained", "recruited", "released", "power", "power_drawn"),
        *("fleet", "imports", "grey", "domestic", "rented"),
        *("installed_compute", "compute_ratio", "capability", "effective_ratio"),
        *("lag_months", "lag_extrapolated", "lag_beyond"),
        *("good_share", "wafer_capacity", "home_added", "all_added", "leader_added"),
        *("market_supply", "wafer_built"),
    )
)
UNTRIED: Final = PlanAnswer(
    status=NOT_SOLVED, objective=None, certificate=None, diagnostics=(), headline=None
)
INPUTS: Final = "inputs.csv"
INPUT_COLUMNS: Final = ("path", "value", "low", "high", "status", "sources", "note")


@dataclass(frozen=True)
class Plan:
    """One country's plan under one policy, as saved; `answer` is `UNTRIED` where an interrupted run did not
    come to it. `table` maps (metric, item) to values over `periods`, the reported ones."""

    country: str
    policy: str
    answer: PlanAnswer
    periods: tuple[str, ...]
    table: Mapping[tuple[str, str], Sequence[float]] = field(repr=False)

    @property
    def conflict(self) -> list[str]:
        """What excludes each other where there is no plan: in words where the run has them, else by row."""
        groups = self.answer.conflict_groups
        words = [f"{each.words} in {each.period}" if each.period else each.words for each in groups]
        return words or list(self.answer.conflict)

    @property
    def repairs(self) -> list[str]:
        """What would give the country a plan, in words."""
        return [option.words for option in self.answer.repairs or ()]

    @property
    def told_status(self) -> str:
        """The status, with what a follower must say of a leader that is not certified."""
        status = self.answer.status
        return status if self.answer.leader_gap is None else f"{status}, {PROVISIONAL}"

    @property
    def solved(self) -> bool:
        return self.answer.headline is not None and bool(self.periods)

    @property
    def tried(self) -> bool:
        """Whether the run came to this plan before it was interrupted."""
        return self.answer.status != NOT_SOLVED

    def series(self, metric: str, item: str = "") -> list[float]:
        """Values over the reported periods; zeros where the run lists none."""
        return list(self.table.get((metric, item), [0.0] * len(self.periods)))

    def has(self, metric: str, item: str = "") -> bool:
        return (metric, item) in self.table

    def items(self, metric: str) -> list[str]:
        """The items of a metric in the order of the file."""
        return [item for name, item in self.table if name == metric]

    @property
    def top(self) -> Headline:
        """The headline numbers. Raises `ValueError` where there is no plan."""
        if self.answer.headline is None:
            raise ValueError(f"{self.country} has no plan under {self.policy or 'this scenario'}")
        return self.answer.headline

    @property
    def gap(self) -> float:
        """The certified gap in average log units, of a plan decided year by year the largest of a window;
        infinite where nothing was certified."""
        found = self.answer.certificate or self.answer.rolled
        return math.inf if found is None else found.gap

    @property
    def precision(self) -> Precision:
        """Which digits hold. Raises `ValueError` where there is no plan."""
        return Precision.of(self.top, compared=bool(self.policy))

    def lag_marks(self) -> list[str]:
        """`above`, `beyond`, `extrapolated` or nothing per period."""
        names = ("lag_months", "effective_ratio", "lag_beyond", "lag_extrapolated")
        found = {name: self.series(name) for name in names}
        return [lag_mark(found, t) for t in range(len(self.periods))]

    def lag_mark_in(self, period: str) -> str:
        """That of a reported period; nothing for any other label."""
        return dict(zip(self.periods, self.lag_marks(), strict=True)).get(period, "")


@dataclass(frozen=True)
class SavedRun:
    """A run directory read whole. `plans` is keyed by country, then policy (`""` for `solve`)."""

    directory: str
    answer: Answer
    manifest: Manifest
    context: Context
    inputs: Sequence[Mapping[str, str]]
    comparison: pd.DataFrame | None
    plans: Mapping[str, Mapping[str, Plan]]

    @property
    def is_comparison(self) -> bool:
        return isinstance(self.answer, CompareAnswer)

    @property
    def policies(self) -> Sequence[PolicyAnswer]:
        """The policies of a comparison in the order of its columns, without the baseline."""
        return self.answer.policies if isinstance(self.answer, CompareAnswer) else ()

    @property
    def policy_names(self) -> dict[str, str]:
        """What readers call the policies: no two alike, not even where a chart cuts what is long."""
        titles = {each.name: each.title or each.name for each in self.policies}
        return {**labels_of(titles, "Baseline"), self.baseline: "Baseline"}

    def leader_under(self, policy: str) -> str:
        """The leader under a policy of a comparison: that of the run unless the policy names another."""
        return next((each.leader for each in self.policies if each.name == policy), self.leader)

    @property
    def baseline(self) -> str:
        return self.answer.baseline if isinstance(self.answer, CompareAnswer) else ""

    @property
    def leader(self) -> str:
        found = self.answer.leader
        return found if isinstance(found, str) else found.country

    @property
    def view(self) -> str | None:
        """How far ahead each year was planned, in words; None where plans see all years."""
        years = self.answer.view_years if isinstance(self.answer, SolveAnswer) else None
        return None if years is None else view_words(years)

    @property
    def command(self) -> str:
        return self.manifest.command

    @property
    def instance(self) -> str:
        return self.answer.instance

    @property
    def horizon(self) -> str:
        """The years that the run is about as far as it says, for where no plan does; else empty."""
        years = self.context.horizon
        return f"{years.first_year} to {years.last_year}" if years is not None else ""

    def base(self, country: str) -> Plan:
        """The plan of a country that others are compared with: the only one of `solve`."""
        return self.plans[country][self.baseline]

    def name(self, country: str) -> str:
        """The country's name, its code where the run does not say."""
        found = self.context.countries.get(country)
        return country if found is None else found.name

    def note(self, country: str) -> str:
        found = self.context.countries.get(country)
        return "" if found is None else found.note

    @cached_property
    def _chip_labels(self) -> Mapping[str, str]:
        return chip_labels({chip: found.name for chip, found in self.context.chips.items()})

    def chip(self, chip: str) -> str:
        """The chip's name; its id where the run does not say more."""
        return self._chip_labels.get(chip, chip)

    def item(self, kind: str, item: str) -> str:
        """A member of a set of the model by its name or title, in words where the run has neither."""
        if kind == "chips":
            return self.chip(item)
        return self.context.titles.get(kind, {}).get(item) or item.replace("_", " ")

    @cached_property
    def _ids(self) -> re.Pattern[str]:
        chips = "|".join(map(re.escape, sorted(self.context.chips, key=len, reverse=True)))
        return re.compile(rf" \((?:{chips})\)") if chips else re.compile(r"(?!)")

    def plain(self, words: str) -> str:
        """Words of the run without the ids of chips behind their names, and with titles of rules in place of
        theirs."""
        words = self._ids.sub("", words)
        for rule, title in self.context.titles.get("rules", {}).items():
            words = f"“{title}”".join(re.split(rf"\b{re.escape(rule)}\b", words))
        return words

    def rating(self, chip: str) -> float | None:
        """H100-equivalents per chip in research; None where the run does not say."""
        found = self.context.chips.get(chip)
        return None if found is None else found.research_h100e

    @property
    def all_plans(self) -> Iterator[Plan]:
        return (plan for by_policy in self.plans.values() for plan in by_policy.values())


def date(period: str, where: float = 0.5) -> float:
    """The decimal year of a period label (`2026`, `2026H1`, `2026Q1`, `2026M01`) at a fraction of it."""
    found = PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"no period: {period!r}")
    year, *steps = found.groups()
    for count, step in zip(PERIODS_PER_YEAR[1:], steps, strict=True):
        if step is not None:
            return int(year) + (int(step) - 1 + where) / count
    return int(year) + where


def read_run(directory: Path) -> SavedRun:
    """Read a run directory of `solve` or `compare`. Raises `InputError` (E641 no run, E642 a file of it
    cannot be read or lacks what the run solved, E646 its prices do not clear, so that it has no plan)."""
    manifest, answer = open_run(directory)
    if answer.status == NOT_CONVERGED and not isinstance(answer, CompareAnswer):
        message = "prices have not converged in this run, so that it has no plan at them to show"
        hint = "go on with the search: the same `kloof equilibrium` with --resume"
        raise InputError(Diagnostic("E646", message, file=str(directory), hint=hint))
    strategy = _strategy(directory / "strategy.csv")
    compared = isinstance(answer, CompareAnswer)
    comparison = _frame(directory / "comparison.csv") if compared else None
    run = SavedRun(
        directory=directory.resolve().name,
        answer=answer,
        manifest=manifest,
        context=open_context(directory),
        inputs=read_inputs(directory / INPUTS),
        comparison=comparison,
        plans=_plans(answer, strategy),
    )
    _check(directory, run, strategy)
    return run


def _check(directory: Path, run: SavedRun, strategy: pd.DataFrame) -> None:
    """Refuse a run whose tables lack what its summary says was solved."""
    single = "" if isinstance(run.answer, CompareAnswer) else run.answer.policy
    planned = [plan for plan in run.all_plans if plan.answer.headline is not None]
    solved = [
        whole.Solved(
            plan.country, plan.policy or single, plan.country == run.leader_under(plan.policy), plan.top
        )
        for plan in planned
    ]
    whole.check_strategy(directory / "strategy.csv", strategy, solved)
    if run.comparison is not None:
        whole.check_comparison(directory / "comparison.csv", run.comparison, solved)


def _frame(path: Path) -> pd.DataFrame:
    try:
        whole.check_end(path)
        return pd.read_csv(path, keep_default_na=False, na_values={"value": ["", "nan"]}, low_memory=False)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def _strategy(path: Path) -> pd.DataFrame:
    """The rows of `strategy.csv` that the page shows."""
    text = {name: "category" for name in COLUMNS if name not in ("unit", "value")}
    try:
        whole.check_end(path)
        frame = pd.read_csv(
            path,
            usecols=[*text, "value"],
            dtype={**text, "value": "float64"},
            keep_default_na=False,
            na_values={"value": [""]},
        )
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    return frame[frame["metric"].isin(SHOWN)]


def read_inputs(path: Path) -> list[dict[str, str]]:
    """The lines of `inputs.csv`, none where an older run has no such file. Raises `InputError` (E642)."""
    if not path.exists():
        return []
    frame = _frame(path)
    missing = [name for name in INPUT_COLUMNS if name not in frame.columns]
    if missing:
        message = f"column {', '.join(missing)} is missing"
        raise InputError(Diagnostic("E642", message, file=str(path), hint="save the run again"))
    texts = {name: frame[name].astype(str).tolist() for name in INPUT_COLUMNS}
    return [dict(zip(texts, line, strict=True)) for line in zip(*texts.values(), strict=True)]


def _plans(answer: Answer, strategy: pd.DataFrame) -> dict[str, dict[str, Plan]]:
    tables: dict[tuple[str, str], pd.DataFrame] = {
        (str(country), str(policy)): part
        for (country, policy), part in strategy.groupby(["country", "policy"], observed=True)
    }
    if isinstance(answer, SolveAnswer):
        return {
            country: {"": _plan(country, "", plan, tables.get((country, answer.policy)))}
            for country, plan in answer.countries.items()
        }
    names = [answer.baseline, *(each.name for each in answer.policies)]
    return {
        country: {
            policy: _plan(country, policy, plans.get(policy, UNTRIED), tables.get((country, policy)))
            for policy in names
        }
        for country, plans in answer.countries.items()
    }


def _plan(country: str, policy: str, answer: PlanAnswer, rows: pd.DataFrame | None) -> Plan:
    table: dict[tuple[str, str], list[float]] = {}
    periods: tuple[str, ...] = ()
    if rows is not None and len(rows):
        # only reported periods have shares; decisions are listed for the tail as well
        shares = rows[rows["metric"] == "spend_share"]
        periods = tuple(dict.fromkeys(shares["period"].astype(str)))
        places = {period: t for t, period in enumerate(periods)}
        columns = (rows[name].astype(str) for name in ("metric", "item", "period"))
        for metric, item, period, value in zip(*columns, rows["value"], strict=True):
            if period in places:
                table.setdefault((metric, item), [0.0] * len(periods))[places[period]] = value
    return Plan(country, policy, answer, periods, table)
