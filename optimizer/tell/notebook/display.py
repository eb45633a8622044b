"""What a result shows of itself in a notebook: its table with numbers of a few digits, and its chart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import pandas as pd

from optimizer.study.sampling.conclusion import Conclusion
from optimizer.tell.notebook import charts

if TYPE_CHECKING:
    from optimizer.answer.controls import ControlsAnswer
    from optimizer.answer.equilibrium import EquilibriumAnswer

DIGITS: Final = 4
MOST_COUNTRIES: Final = 4
MOST_OUTCOMES: Final = 2
LAG: Final = "lag_months"
CAPABILITY: Final = "capability"


def html(tables: Iterable[pd.DataFrame], drawn: Iterable[str]) -> str:
    """Tables, then charts, one below the other; tables without a row are left out."""
    parts = [one.to_html(index=False, float_format=_number, na_rep="") for one in tables if len(one)]
    return f'<div class="kloof">{"".join([*parts, *(f"<div>{each}</div>" for each in drawn)])}</div>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10**DIGITS else f"{value:.{DIGITS}g}"


def plans(strategy: pd.DataFrame, countries: Sequence[str]) -> list[str]:
    """How far the followers among `countries` are behind year by year; of the leader alone its capability."""
    lags = strategy[(strategy["metric"] == LAG) & strategy["country"].isin(countries)]
    behind = lags[lags.groupby("country")["value"].transform(lambda months: months.abs().max()) > 0]
    if len(behind):
        return [charts.paths(behind, "country", "months behind the leader")]
    level = strategy[(strategy["metric"] == CAPABILITY) & strategy["country"].isin(countries)]
    title = "capability, log units (+1 is 2.7 times as much effective compute)"
    return [charts.paths(level, "country", title)] if len(level) else []


def policies(strategy: pd.DataFrame, countries: Sequence[str]) -> list[str]:
    """For each of the first countries a line for each policy."""
    drawn = []
    for country in countries[:MOST_COUNTRIES]:
        own = strategy[strategy["country"] == country]
        lags = own[own["metric"] == LAG]
        found = lags if len(lags) and lags["value"].abs().max() > 0 else own[own["metric"] == CAPABILITY]
        what = "months behind the leader" if found is lags else "capability, log units"
        if len(found):
            drawn.append(charts.paths(found, "policy", f"{country}: {what}"))
    return drawn


def conclusions(found: Sequence[Conclusion]) -> list[str]:
    """What a study says of its first outcomes, by its design: indices, effects, quantiles or a matrix."""
    drawn = []
    for one in found[:MOST_OUTCOMES]:
        unit = f", {one.unit}" if one.unit not in ("", "1") else ""
        title = f"{one.country} {one.outcome}{unit}"
        if one.indices is not None:
            index = "mu_star" if one.indices.method == "morris" else "ST"
            table = one.indices.table
            ranked = table[table["index"] == index].sort_values("value", ascending=False)
            drawn.append(charts.bars(list(ranked["axis"]), list(ranked["value"]), f"{title}: {index}"))
        elif one.effects:
            ends = [sorted((each.low, each.high)) for each in one.effects]
            names = [each.axis for each in one.effects]
            base = [one.base if one.base is not None else float("nan")] * len(names)
            lows, highs = ([pair[k] for pair in ends] for k in (0, 1))
            drawn.append(charts.spans(names, lows, highs, base, f"{title}: each input from end to end"))
        elif one.matrices:
            first = one.matrices[0]
            drawn.append(charts.matrix(first.outcomes, first.rows, first.columns, title))
    return drawn or _quantiles(found)


def _quantiles(found: Sequence[Conclusion]) -> list[str]:
    """Outcomes of one unit side by side, from 5 to 95% of the draws, the median marked."""
    drawn = []
    for unit in dict.fromkeys(one.unit for one in found if one.band is not None):
        told = [one for one in found if one.band is not None and one.unit == unit]
        at = [{each.level: each.value for each in one.band.quantiles} for one in told if one.band is not None]
        names = [f"{one.country} {one.outcome}" for one in told]
        lows, middle, highs = ([one.get(level, float("nan")) for one in at] for level in (0.05, 0.5, 0.95))
        title = f"5 to 95% of the draws, the median marked{f'; {unit}' if unit not in ('', '1') else ''}"
        drawn.append(charts.spans(names, lows, highs, middle, title))
    return drawn[:MOST_OUTCOMES]


def slopes(country: str, results: pd.DataFrame) -> list[str]:
    """What inputs are worth over their own ranges, the widest first."""
    rows = results.dropna(subset=["at_low", "at_high"]).head(charts.MOST_ROWS)
    if not len(rows):
        return []
    low, high = rows[["at_low", "at_high"]].min(axis=1), rows[["at_low", "at_high"]].max(axis=1)
    title = f"{country}: objective at both ends of each input, average log units, as its slope has it"
    return [charts.spans(list(rows["input"]), list(low), list(high), [0.0] * len(rows), title)]


def market_prices(answer: EquilibriumAnswer) -> list[str]:
    """What an H100-equivalent costs year by year, beside the list price of the same chips."""
    lines = {"at prices that clear": answer.compute_price_usd, "at list price": answer.compute_list_price_usd}
    rows = [
        (name, period, usd / 1000)
        for name, line in lines.items()
        for period, usd in zip(answer.periods, line, strict=True)
    ]
    found = pd.DataFrame(rows, columns=["prices", "period", "value"])
    return [charts.paths(found, "prices", "an H100-equivalent, thousand USD, all-in")]


def regimes(answer: ControlsAnswer) -> list[str]:
    """The regimes that no other dominates: how far behind each leaves the target, over sales to it."""
    found = answer.frontier
    if not found:
        return []
    return [
        charts.points(
            [f"regime {one.number}" for one in found],
            [math.nan if one.revenue_usd_bn is None else one.revenue_usd_bn.at for one in found],
            [math.nan if one.lag_months is None else one.lag_months for one in found],
            f"revenue from {answer.target}, USD bn",
            f"months behind in {answer.period}",
            f"{answer.target}: regimes that no other dominates",
        )
    ]


def limits(found: pd.DataFrame) -> list[str]:
    """What limits plans, dearest first: a chart for each of the first plans."""
    if not len(found):
        return []
    keys = [name for name in ("country", "policy") if name in found]
    drawn = []
    for key, rows in list(found.groupby(keys, sort=False))[:MOST_COUNTRIES]:
        worth = rows["solved_percent"].fillna(rows["at_most_percent"])
        named = ", ".join(str(each) for each in key if each)
        names = [f"{meaning}: {row}" for meaning, row in zip(rows["meaning"], rows["row"], strict=True)]
        title = f"{escape(named, quote=False)}: % more effective compute for good if eased"
        drawn.append(charts.bars(names, list(worth), title))
    return drawn
