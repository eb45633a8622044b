"""The Python API of the world's market: prices that clear, and every country's plan at them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from optimizer.answer.equilibrium import EquilibriumAnswer, moving_components
from optimizer.answer.run import WorldRun
from optimizer.answer.strategy import frame
from optimizer.api import CERTIFICATE, Limits, OneWorld, certificate_row, codes
from optimizer.instance import Instance
from optimizer.study.ask import Ask, Scenario
from optimizer.study.equilibrium.equilibrium import MOST_ROUNDS, TOLERANCE, Calibration, find
from optimizer.tell.files.equilibrium_files import COLUMNS, equilibrium_answer, prices_text, read_search
from optimizer.tell.notebook.display import html, market_prices

HORIZON = "horizon."


@dataclass(frozen=True, repr=False)
class Cleared(OneWorld):
    """Prices that clear the world's market, and each country's plan at them; where they have not `converged`
    there is neither, and all frames but `quality` and `regrets` are empty.

    `quality` has one row: converged, rounds, largest_regret, of, tolerance, weighted_with_income (all average
    log units), unsold_share, component_residual_log, base_converged (None for a base itself). `regrets` has
    country and regret, the largest first. `prices` has the columns of `prices.csv`. `compute` has per
    reported period what an H100-equivalent of what is sold costs, usd and list_price_usd, and how many times
    its base price each component. `shares` has country, period and share of what is paid on the market.
    `strategy` and `certificates` are as of `solve`; a gap is a regret. `answer` holds what is said of the
    prices, typed, and `run` the plans.
    """

    quality: pd.DataFrame
    regrets: pd.DataFrame
    prices: pd.DataFrame
    compute: pd.DataFrame
    shares: pd.DataFrame
    strategy: pd.DataFrame
    certificates: pd.DataFrame
    answer: EquilibriumAnswer
    run: WorldRun
    _ask: Ask
    _last: Calibration

    @property
    def converged(self) -> bool:
        """Whether these are prices that clear."""
        return self.answer.converged

    def _of(self, found: pd.DataFrame, country: str | None, known: Iterable[str]) -> pd.DataFrame:
        if not self.converged:
            raise ValueError("prices have not converged: there is no plan at them to explain")
        return super()._of(found, country, known)

    def explain(self, country: str | None = None) -> Limits:
        """What limits each plan at these prices, as of `solve`. Raises `ValueError` where they have not
        converged, too."""
        return super().explain(country)

    def _tables(self) -> Sequence[pd.DataFrame]:
        return (self.quality, self.compute, self._summary) if self.converged else (self.quality, self.regrets)

    def _charts(self) -> Sequence[str]:
        return market_prices(self.answer) if self.converged else ()

    def __repr__(self) -> str:
        said = "converged" if self.converged else "NOT CONVERGED, so that no price and no plan is told"
        tables = "\n\n".join(each.to_string(index=False) for each in self._tables())
        return f"{type(self).__name__}: {said}\n{tables}"

    def _repr_html_(self) -> str:
        return html(self._tables(), self._charts())


Against = Cleared | str | os.PathLike[str]


def equilibrium(
    instance: Instance,
    countries: Sequence[str] | None = None,
    *,
    against: Against | None = None,
    resume: Cleared | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = MOST_ROUNDS,
    objective: str | None = None,
    jobs: int | None = None,
) -> Cleared:
    """Prices at which all countries (all if None) together buy what is made, and their plans at them.

    An instance that was patched is held `against` the instance as it is: a result of this function, or the
    directory of a saved run. No regret is above `tolerance`, average log units, where it converged; else
    `resume` goes on from such a result, for `rounds` more. Raises `InputError` as `kloof equilibrium` does,
    and `ValueError` where a patched instance has nothing to be held against.
    """
    base = calibration_of(against)
    if base is None and changed(instance):
        base = None if resume is None else resume._last
        if base is None:
            raise ValueError(
                "prices of components are held against those of the instance as it is: give `against`, what "
                "`equilibrium` finds for the instance before it was patched"
            )
    ask = Ask(instance, codes(countries or ()), objective=objective, gap=tolerance, jobs=jobs)
    found = find(
        ask,
        Scenario("", instance),
        tolerance=tolerance,
        base=base,
        resumed=None if resume is None else resume._last,
        most_rounds=rounds,
    )
    answer = equilibrium_answer(found)
    run = found.world if found.converged else replace(found.world, countries={}, leader_run=None)
    periods = answer.periods
    ratios = {f"{name}_over_base": line for name, line in moving_components(answer).items()}
    compute = {"usd": answer.compute_price_usd, "list_price_usd": answer.compute_list_price_usd, **ratios}
    plans = [(country, *certificate_row(plan)) for country, plan in run.countries.items()]
    shares = [
        (country, *pair)
        for country, line in answer.value_shares.items()
        for pair in zip(periods, line, strict=True)
    ]
    regrets = sorted(answer.regrets.items(), key=lambda item: -item[1])
    return Cleared(
        quality=_quality(answer),
        regrets=pd.DataFrame(regrets, columns=["country", "regret"]),
        prices=_prices(prices_text(found)) if found.converged else pd.DataFrame(columns=list(COLUMNS)),
        compute=pd.DataFrame({"period": periods if found.converged else (), **compute}),
        shares=pd.DataFrame(shares, columns=["country", "period", "share"]),
        strategy=frame([run]),
        certificates=pd.DataFrame(plans, columns=["country", *CERTIFICATE]),
        answer=answer,
        run=run,
        _ask=ask,
        _last=found.last,
    )


def calibration_of(against: Against | None) -> Calibration | None:
    """Where the search of the instance as it is ended."""
    if isinstance(against, Cleared):
        return against._last
    return None if against is None else read_search(Path(against))


def changed(instance: Instance) -> bool:
    """Whether more than the horizon was patched: which years are looked at changes nothing in them."""
    return any(not each.path.startswith(HORIZON) for each in instance.applied)


def _prices(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype={"period": str}, keep_default_na=True)


def _quality(answer: EquilibriumAnswer) -> pd.DataFrame:
    row = {
        "converged": answer.converged,
        "rounds": answer.rounds,
        "largest_regret": answer.largest_regret,
        "of": max(answer.regrets, key=lambda one: answer.regrets[one]),
        "tolerance": answer.tolerance,
        "weighted_with_income": answer.weighted_regret,
        "unsold_share": answer.unsold,
        "component_residual_log": max(answer.component_residuals.values(), default=0.0),
        "base_converged": answer.base_converged,
    }
    return pd.DataFrame([row])
