"""The Python API of studies: many scenarios of one question, and which inputs drive an answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from optimizer.answer.controls import ControlsAnswer, Delay, RegimeAnswer
from optimizer.api import codes
from optimizer.api_markets import Against, calibration_of
from optimizer.api_markets import equilibrium as cleared_market
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, load
from optimizer.study.ask import Ask
from optimizer.study.batch.drain import drain
from optimizer.study.batch.header import check_same
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import base_results, header_of, new_store, refuse_too_many, solver_of
from optimizer.study.controls.cleared import Market, check_market, clear, with_cleared
from optimizer.study.controls.design import read_design
from optimizer.study.controls.play import play
from optimizer.study.controls.regimes import REGIME_GAP, Question
from optimizer.study.equilibrium.equilibrium import MOST_ROUNDS, TOLERANCE
from optimizer.study.margins import GRADIENT_GAP, Margins, margins
from optimizer.study.sampling.asked import (
    DESIGNS,
    METHODS,
    headline_outcomes,
    own_factors,
    study_of,
)
from optimizer.study.sampling.conclude import base_needed, cautions, conclude
from optimizer.study.sampling.conclusion import Conclusion
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import Study, factors_of, read_study
from optimizer.tell.notebook.display import conclusions, html, regimes, slopes

Leader = Literal["answer", "hold"]
MOST_SOLVES = 100_000
SHOWN_OF_SLOPES = ("input", "value", "low", "high", "at_low", "at_high", "per_percent", "status")


@dataclass(frozen=True, repr=False)
class Studied:
    """A study, solved.

    `results` has one row per scenario and country: number, country, policies, the factors, status, how,
    objective, bound, gap (average log units), message, the outcomes. `conclusions` say what follows, one per
    country and outcome; `leader` is `answer` or `hold`, `notes` what a reader should be told of both.
    """

    results: pd.DataFrame
    conclusions: list[Conclusion]
    leader: str
    notes: tuple[str, ...]

    @property
    def summary(self) -> pd.DataFrame:
        """One row per country and outcome: country, outcome, unit, base, scenarios, missing, and by the
        design quantiles (`5%`, `50%`, `95%`), or the axis that says most and by how much."""
        return pd.DataFrame([_line(one) for one in self.conclusions])

    def __repr__(self) -> str:
        return f"Studied, leader: {self.leader}\n{self.summary.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return html([self.summary], conclusions(self.conclusions))


@dataclass(frozen=True, repr=False)
class Sloped:
    """What inputs are worth at the margin, from one plan of `country` certified to `gap` average log units;
    the leader's path is held.

    `results` has one row per input: input, value, low, high, status, per_unit, per_percent, at_low, at_high,
    swing, values_plans, source; effects on the objective in average log units. `solved` has what moving the
    first by a tenth of their range does as solved: input, step, objective, capability, lag_months, within.
    `left_out` says why inputs have no slope.
    """

    country: str
    results: pd.DataFrame
    solved: pd.DataFrame
    left_out: dict[str, str]
    gap: float
    run: Margins

    def __repr__(self) -> str:
        return f"Sloped: {self.country}, leader: hold\n{self._first.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return html([self._first[list(SHOWN_OF_SLOPES)]], slopes(self.country, self.results))

    @property
    def _first(self) -> pd.DataFrame:
        return self.results.head(20)


@dataclass(frozen=True, repr=False)
class Controlled:
    """Export regimes, solved: `answer` holds all that is known of them, typed.

    `regimes` has one row per regime, the baseline first as regime 0; `frontier` those that no other
    dominates, the longest delay first; `alone` the levels that change something, each alone, with factor and
    level in front. Columns are those of `regimes.csv`: months, average log units, USD bn discounted.
    `cleared`, empty unless asked for, has the regimes that were cleared, with the columns of `cleared.csv`:
    one that has not converged has regrets and no numbers.
    """

    answer: ControlsAnswer

    @property
    def regimes(self) -> pd.DataFrame:
        return self._frame([self.answer.baseline, *self.answer.regimes])

    @property
    def frontier(self) -> pd.DataFrame:
        return self._frame(self.answer.frontier)

    @property
    def alone(self) -> pd.DataFrame:
        alone = self.answer.alone
        numbers = self._frame([one.regime for one in alone]).drop(columns=list(self.answer.factors))
        named = [(one.factor, one.level) for one in alone]
        return pd.concat([pd.DataFrame(named, columns=["factor", "level"]), numbers], axis=1)

    @property
    def cleared(self) -> pd.DataFrame:
        found = self.answer.cleared
        if found is None:
            return pd.DataFrame()
        answer = self.answer
        heads, rows = found.table(tuple(answer.factors), answer.period, answer.last_period)
        return pd.DataFrame(rows, columns=list(heads))

    def _frame(self, regimes: Sequence[RegimeAnswer]) -> pd.DataFrame:
        heads, rows = self.answer.table(regimes)
        return pd.DataFrame(rows, columns=list(heads))

    def __repr__(self) -> str:
        return f"Controlled: {self.answer.target}\n{self.frontier.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return html([self.frontier, self.cleared], regimes(self.answer))


def controls(
    instance: Instance,
    target: str,
    design: str | os.PathLike[str],
    year: int,
    *,
    delay: Delay = "lag",
    only: Iterable[str] = (),
    at_least: float | None = None,
    objective: str | None = None,
    gap: float = REGIME_GAP,
    time_limit: float | None = None,
    ranges: bool = False,
    equilibrium: bool = False,
    every: bool = False,
    against: Against | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = MOST_ROUNDS,
    jobs: int | None = None,
) -> Controlled:
    """The target's best response under every regime of a design (a file, or a shipped one by name).

    `only` holds factors to some levels, as `h200=deny,full`; with `at_least` regimes that are looser than one
    which surely gives less `delay` are spared; `ranges` computes the lag's range too, over all plans within
    the gap. With `equilibrium` some regimes, or `every` one, are cleared too, each from the market of the
    instance as it is: `against`, `tolerance` and `rounds` are as of `equilibrium`. Raises as `kloof controls`
    ends: `InputError` for what cannot be asked, `SolverError` where the baseline has no certified plan.
    """
    chosen, question = read_design(design).only(only), Question(target.upper(), year, objective, gap)
    question = replace(question, time_limit=time_limit, ranges=ranges)
    ask = Ask(instance, objective=objective, jobs=jobs)
    base = None
    if equilibrium:
        check_market(ask, question.target)
        found = against or cleared_market(
            instance, tolerance=tolerance, rounds=rounds, objective=objective, jobs=jobs
        )
        base = calibration_of(found)
    answer = play(instance, chosen, question, delay, at_least=at_least, jobs=ask.processes)
    if base is not None and not answer.interrupted:
        cleared = clear(Market(ask, base, tolerance, rounds), chosen, answer, every=every)
        answer = with_cleared(answer, cleared)
    return Controlled(answer)


def sweep(
    study: str | Path | Instance,
    axes: Iterable[str] = (),
    countries: Sequence[str] = (),
    *,
    outcomes: Sequence[str] = ("lag_months/*", "objective"),
    design: str = "grid",
    samples: int | None = None,
    seed: int = 0,
    leader: Leader = "answer",
    gap: float | None = None,
    objective: str | None = None,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    max_solves: int = MOST_SOLVES,
) -> Studied:
    """The scenarios of a study, by its file or name, or of `axes` of an instance, as after `--vary`.

    `design` is grid, oat, lhs, sobol, morris or saltelli, `samples` its draws or trajectories, `gap` in
    average log units (1e-4). What a study file says itself cannot be said beside it. With `store` the study
    is kept there, and what it holds already is not solved again; without one it is gone when this returns.

    Raises `InputError`, and `SolverError` where the base has no certified plan. A scenario without a plan
    raises nothing: its row says so. Interrupted, it raises `KeyboardInterrupt`; a store keeps what is done.
    """
    texts = list(axes)
    if not texts:
        if isinstance(study, Instance):
            raise InputError(Diagnostic("E709", "no axis is given", path="axes", hint="axes=['PATH ~ own']"))
        asked = read_study(study)
        return _studied(asked, load(asked.instance), store, jobs, max_solves)
    if design not in DESIGNS:
        hint = f"known: {', '.join(DESIGNS)}"
        raise InputError(Diagnostic("E705", f"unknown design `{design}`", path="design", hint=hint))
    instance = study if isinstance(study, Instance) else load(study)
    asked = study_of(
        _place(study), codes(countries), factors_of(texts), design, outcomes,
        samples=samples, seed=seed, leader=leader, gap=gap, objective=objective,
    )  # fmt: skip
    return _studied(asked, instance, store, jobs, max_solves)


def sensitivity(
    instance: str | Path | Instance,
    country: str,
    method: str = "oat",
    factors: Iterable[str] = ("all",),
    *,
    outcomes: Sequence[str] = (),
    samples: int | None = None,
    pairs: bool = True,
    seed: int = 0,
    leader: Leader = "answer",
    gap: float | None = None,
    objective: str | None = None,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    max_solves: int = MOST_SOLVES,
) -> Studied:
    """Which inputs drive a country's plan, each over its own range: `method` is oat (each alone), morris or
    sobol (indices).

    `factors` are paths of inputs, or axes in full, or all inputs with a range that reach the country;
    `outcomes` are the lag (of the leader the capability) in the last period and the objective if empty. All
    else as of `sweep`; for slopes from one solve see `gradient`.
    """
    if method not in METHODS:
        hint = f"known: {', '.join(METHODS)}; slopes from one plan: optimizer.gradient"
        raise InputError(Diagnostic("E705", f"unknown method `{method}`", path="method", hint=hint))
    loaded = instance if isinstance(instance, Instance) else load(instance)
    country = country.upper()
    asked = study_of(
        _place(instance), (country,), own_factors(factors), METHODS[method],
        outcomes or headline_outcomes(loaded, country),
        samples=samples, pairs=pairs, seed=seed, leader=leader, gap=gap, objective=objective,
        name="sensitivity",
    )  # fmt: skip
    return _studied(asked, loaded, store, jobs, max_solves)


def gradient(
    instance: str | Path | Instance,
    country: str,
    *,
    objective: str | None = None,
    gap: float = GRADIENT_GAP,
    time_limit: float | None = None,
    solved: int = 0,
    factors: Sequence[str] | None = None,
) -> Sloped:
    """The derivative of a country's objective by every input (or those at the paths `factors`), from one
    plan, its leader's path held; and of the first `solved` what moving them does as solved.

    `gap` is in average log units, `time_limit` in seconds per plan. Raises `InputError`, and `SolverError`
    where there is no certified plan.
    """
    loaded = instance if isinstance(instance, Instance) else load(instance)
    country = country.upper()
    found = margins(loaded, country, objective, gap, time_limit, solved, factors)
    lines = [
        (one.path, one.step, one.objective, one.capability, one.lag_months, one.within)
        for one in found.solved
    ]
    names = ["input", "step", "objective", "capability", "lag_months", "within"]
    slopes = found.gradient
    return Sloped(
        country,
        slopes.frame(),
        pd.DataFrame(lines, columns=names),
        dict(slopes.left_out),
        slopes.gap,
        found,
    )


def _place(instance: str | Path | Instance) -> str:
    """Where the study says that its instance is."""
    return str(instance.directory or instance.name) if isinstance(instance, Instance) else str(instance)


def _studied(
    study: Study,
    instance: Instance,
    store: str | os.PathLike[str] | None,
    jobs: int | None,
    max_solves: int,
) -> Studied:
    sample = prepare(study, instance)
    refuse_too_many(sample, max_solves)
    if store is not None:
        return _solved(sample, Path(store), jobs)
    with tempfile.TemporaryDirectory(prefix="kloof-") as folder:
        return _solved(sample, Path(folder) / "temporary.study", jobs)


def _solved(sample: Sample, path: Path, jobs: int | None) -> Studied:
    if path.exists():
        with Store.open(path, writing=False) as kept:
            check_same(kept.header, header_of(sample, kept.header.shard), str(path), "give another store")
    solver = solver_of(sample)
    with Store.open(path, writing=True) if path.exists() else new_store(path, sample) as opened:
        if drain(opened, solver.solve, jobs).interrupted:
            raise KeyboardInterrupt
        frame, results = opened.frame(), list(opened.results())
    base = base_results(solver) if base_needed(sample) else {}
    found = conclude(sample, results, base)
    return Studied(frame, found, sample.study.file.leader, (*sample.notes, *cautions(found)))


def _line(one: Conclusion) -> dict[str, object]:
    line: dict[str, object] = {"country": one.country, "outcome": one.outcome, "unit": one.unit}
    line |= {"base": one.base, "scenarios": one.rows, "missing": one.missing}
    if one.band is not None:
        line |= {f"{100 * each.level:g}%": each.value for each in one.band.quantiles}
    if one.effects:
        first = one.effects[0]
        line |= {"first": first.axis, "at_low": first.low, "at_high": first.high}
    if one.indices is not None:
        index = "mu_star" if one.indices.method == "morris" else "ST"
        table = one.indices.table
        ranked = table[table["index"] == index].sort_values("value", ascending=False)
        line |= {"first": ranked["axis"].iloc[0], index: ranked["value"].iloc[0]}
    if one.matrices:
        frame = one.matrices[0].outcomes
        line |= {"least": frame.min().min(), "greatest": frame.max().max()}
    return line
