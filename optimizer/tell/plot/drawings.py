"""A chart of a study as a table, filled from what the study concludes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from optimizer.answer import digits
from optimizer.instance import Instance
from optimizer.study.sampling.conclusion import Conclusion, Effect
from optimizer.study.sampling.interaction import Interaction
from optimizer.study.sampling.quantiles import Band
from optimizer.tell.page.figures import MISSING, Cell, Column, Figure, Row, Table, amount, exact, slug, text
from optimizer.tell.plot.charts import MOST_SHOWN
from optimizer.tell.plot.names import outcome_words, stem_words

NO_UNIT: Final = ("", "1")
MORRIS: Final[Mapping[str, str]] = {
    "mu_star": "mean size of its effects (mu*)",
    "sigma": "spread of its effects (sigma)",
}
SOBOL: Final[Mapping[str, str]] = {"S1": "alone (S1)", "ST": "with all interactions (ST)"}
ORDER: Final = {"mu_star": 0, "ST": 0, "sigma": 1, "S1": 1}
# Of an outcome, below which a change of it is what arithmetic leaves of nothing.
ROUND_OFF: Final = 1e-6
FAN_LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Names:
    """What charts call things: the country, and each axis with the unit of its values; and what all of them
    say of the leader. `instance` has the names that outcomes are made of."""

    instance: Instance
    country: str
    leader: str
    axes: Mapping[str, str]
    units: Mapping[str, str]

    def outcome(self, outcome: str) -> str:
        """An outcome in words, without its unit."""
        return outcome_words(outcome, self.instance)

    def with_unit(self, axis: str) -> str:
        """An axis and what its numbers are."""
        unit = self.units[axis]
        return f"{self.axes[axis]}, {unit}" if unit else self.axes[axis]

    def short(self, axis: str) -> str:
        """The same, a user's own name without what it moves."""
        unit = self.units[axis]
        name = self.axes[axis]
        own = name.partition(": ")[0]
        plain = own if own == axis.replace("_", " ") else name
        return f"{plain}, {unit}" if unit else plain


@dataclass(frozen=True)
class Drawing:
    """A figure, what its axes are called, and the lines beneath its title that a picture of its own needs; of
    several in one picture those of a `group` stand together."""

    figure: Figure
    x: str = ""
    y: str = ""
    lines: tuple[str, ...] = ()
    group: str = ""


def unit_words(unit: str) -> str:
    """A unit as axes say it."""
    return "ratio" if unit in NO_UNIT else unit


def sample_words(rows: int, missing: int, names: Names, left_out: str = " left out") -> str:
    """How many scenarios a chart rests on, and what the leader does in them."""
    whole = f"{rows:,} {'scenario' if rows == 1 else 'scenarios'}"
    lacking = f"{missing:,} without an answer{left_out}" if missing else "all with an answer"
    return f"{whole}, {lacking}; {names.leader}"


def tornado(found: Conclusion, names: Names) -> Drawing:
    """What each factor does alone."""
    base = math.nan if found.base is None else found.base
    effects = found.effects
    rows = [
        Row(
            [
                text(f"{names.axes[each.axis]}, {_ends(each, names)}"),
                _reached(each.low),
                _reached(each.high),
                amount(base),
                amount(_most(each, base)),
            ]
        )
        for each in effects
    ]
    unit = unit_words(found.unit)
    columns = [
        Column("factor, and its ends", field="name", text=True),
        Column("at its low end", unit, field="low"),
        Column("at its high end", unit, field="high"),
        Column("base", unit, field="base"),
        Column("largest change", unit),
    ]
    outcome = names.outcome(found.outcome)
    rest = effects[MOST_SHOWN:]
    lines = [
        f"Each factor alone at either end of its range, all else at the base ({_said(base)}, the line)",
        sample_words(found.rows, found.missing, names),
        "Numbers at the bars: change from the base",
    ]
    if found.within_gap:
        count = len(found.within_gap)
        lines.append(f"{count:,} {_factors(found.within_gap)} it by less than the gaps can tell")
    if rest:
        least = max((_most(each, base) for each in rest), default=math.nan)
        lines.append(f"{len(rest):,} more {_factors(rest)} it by at most {_said(least)}")
    figure = Figure(
        title=f"{names.country}: {outcome}, one factor at a time",
        table=Table(slug("tornado", found.country, found.outcome), columns, rows),
        chart="tornado",
        alt=_tornado_alt(found, names, base),
        unit=unit,
        note=". ".join(lines) + ".",
    )
    return Drawing(figure, x=f"{outcome}, {unit}", lines=tuple(lines))


def _factors(rest: Sequence[object]) -> str:
    return "factor changes" if len(rest) == 1 else "factors change"


def _most(effect: Effect, base: float) -> float:
    sizes = [abs(end - base) for end in (effect.low, effect.high) if math.isfinite(end - base)]
    return max(sizes, default=math.nan)


def _ends(effect: Effect, names: Names) -> str:
    """Between which values a factor stood."""
    unit = names.units[effect.axis]
    words = isinstance(effect.low_value, str) or not unit
    return f"{_value(effect.low_value)} to {_value(effect.high_value)}{'' if words else f' {unit}'}"


def _tornado_alt(found: Conclusion, names: Names, base: float) -> str:
    if not found.effects:
        return "No factor has an effect that is known."
    first = found.effects[0]
    return (
        f"The largest effect has {names.axes[first.axis]}: {_said(first.low)} at its low and "
        f"{_said(first.high)} at its high end, {_said(base)} in the base."
    )


def indices(found: Conclusion, names: Names) -> Drawing:
    """Indices of every axis, the most important first, with their intervals."""
    assert found.indices is not None
    told = found.indices
    words = MORRIS if told.method == "morris" else SOBOL
    table = told.table[told.table["index"].isin(list(words))]
    leading = "mu_star" if told.method == "morris" else "ST"
    ranked = table[table["index"] == leading].sort_values("value", ascending=False, na_position="last")
    rows = []
    for axis in ranked["axis"]:
        own = table[table["axis"] == axis].sort_values("index", key=lambda each: each.map(ORDER))
        for one in own.itertuples():
            numbers = [amount(float(each)) for each in (one.value, one.low, one.high)]
            rows.append(Row([text(names.with_unit(axis)), text(words[str(one.index)]), *numbers]))
    outcome = names.outcome(found.outcome)
    unit = f"{unit_words(found.unit)} per whole range" if told.method == "morris" else "share of its variance"
    columns = [
        Column("factor", field="name", text=True),
        Column("effect", field="which", text=True),
        Column("value", unit, field="value"),
        Column("from", unit, field="low"),
        Column("to", unit, field="high"),
    ]
    what = "trajectories" if told.method == "morris" else "blocks"
    lines = [
        f"{found.rows:,} scenarios in {told.blocks + told.dropped:,} {what}"
        + (f", {told.dropped:,} {what} left out for a missing number" if told.dropped else ", all complete")
        + f"; {names.leader}",
        told.reason.capitalize() if told.reason else f"Lines: {told.confidence:.0%} intervals by resampling",
    ]
    more = len(ranked) - MOST_SHOWN
    if more > 0:
        lines.append(f"{more:,} more {'factor is' if more == 1 else 'factors are'} in the table only")
    first = ranked.iloc[0]
    kind = "what each factor does" if told.method == "morris" else "shares of its variance"
    figure = Figure(
        title=f"{names.country}: {outcome}, {kind}",
        table=Table(slug("indices", found.country, found.outcome), columns, rows),
        chart="indices",
        alt=f"Most important is {names.axes[first['axis']]} with {_said(float(first['value']))}, {unit}.",
        unit=unit,
        note=". ".join(lines) + ".",
    )
    return Drawing(figure, x=unit, lines=tuple(lines))


def fan(
    stem: str,
    country: str,
    bands: Mapping[str, Band],
    bases: Mapping[str, float | None],
    unit: str,
    names: Names,
) -> Drawing:
    """Quantiles of an outcome by period; `bands` has those of `FAN_LEVELS`."""
    heads = ("p5", "p25", "p50", "p75", "p95")
    columns = [Column("period", field="period", text=True)]
    columns += [
        Column("median" if level == 0.5 else f"{level:.0%}", unit_words(unit), field=head)
        for level, head in zip(FAN_LEVELS, heads, strict=True)
    ]
    columns.append(Column("base", unit_words(unit), field="base"))
    rows = []
    for period, band in bands.items():
        quantiles = [band.at(level) for level in FAN_LEVELS]
        cells = [_open(each.value) if each.beyond else amount(each.value) for each in quantiles]
        rows.append(Row([text(period), *cells, amount(bases.get(period))]))
    first, last = next(iter(bands.values())), list(bands.values())[-1]
    draws, missing = first.draws + first.missing, max(band.missing for band in bands.values())
    lines = [
        sample_words(draws, missing, names),
        "Shaded: the middle 50 and 90% of draws",
        *(["Dashed: the study's base"] if any(each is not None for each in bases.values()) else []),
        *(["Gaps: quantiles that lie beyond all that is known"] if _any_open(bands) else []),
    ]
    label = stem_words(stem, names.instance)
    figure = Figure(
        title=f"{names.country}: {label}, over all draws",
        table=Table(slug("fan", country, stem), columns, rows),
        chart="fan",
        alt=f"In {list(bands)[-1]} it is {_said(last.at(0.05).value)}, {_said(last.at(0.5).value)} and "
        f"{_said(last.at(0.95).value)} at 5, 50 and 95%.",
        unit=unit_words(unit),
        note=". ".join(lines) + ".",
    )
    return Drawing(figure, y=f"{label}, {unit_words(unit)}", lines=tuple(lines))


def _any_open(bands: Mapping[str, Band]) -> bool:
    return any(band.at(level).beyond for band in bands.values() for level in FAN_LEVELS)


def _reached(value: float) -> Cell:
    return Cell("beyond") if math.isinf(value) else amount(value)


def _open(value: float) -> Cell:
    return Cell("beyond") if math.isinf(value) else Cell(f"beyond {_said(value)}")


def heat(found: Conclusion, matrix: Interaction, names: Names) -> list[Drawing]:
    """An outcome over two axes, and where a base is among their values what both do together."""
    outcome, unit = names.outcome(found.outcome), unit_words(found.unit)
    held = "; ".join(f"{names.axes[axis]} {_value(value)}" for axis, value in matrix.held.items())
    lines = [
        sample_words(matrix.outcomes.size, matrix.missing, names, " (–)"),
        *([f"All else at the base: {held}"] if held else []),
    ]
    both = [(matrix.outcomes, "heat", f"{names.country}: {outcome}", lines)]
    if matrix.together is not None:
        about = ["Change from the base by both, less the changes by either alone"]
        # what arithmetic leaves of nothing would have the deepest colour where there is nothing else
        least = ROUND_OFF * matrix.outcomes.abs().max().max()
        together = matrix.together.mask(matrix.together.abs() < least, 0.0)
        both.append((together, "heat-together", f"{names.country}: {outcome}, together", about))
    rows = names.short(matrix.rows)
    columns = names.short(matrix.columns) if matrix.columns else ""
    axes = f"{rows} down, {columns} across" if columns else f"{rows} down"
    return [
        Drawing(
            Figure(
                title=title,
                table=_matrix(
                    frame, slug(chart, found.country, found.outcome, matrix.rows, matrix.columns), rows
                ),
                chart=chart,
                alt=f"{_span(frame, unit)}, {axes}.",
                unit=f"{unit}; {axes}",
                note=". ".join(about) + ".",
            ),
            x=columns,
            y=rows,
            lines=(f"Numbers: {unit}. {about[0]}", *about[1:]),
        )
        for frame, chart, title, about in both
    ]


def _span(frame: pd.DataFrame, unit: str) -> str:
    """Between which numbers a matrix lies."""
    known = frame.to_numpy(dtype=float)
    known = known[np.isfinite(known)]
    return f"From {_said(known.min())} to {_said(known.max())} {unit}" if known.size else "No number is known"


def _matrix(frame: pd.DataFrame, key: str, head: str) -> Table:
    finite = frame.to_numpy(dtype=float)
    places = digits.decimals_for(finite[np.isfinite(finite)].tolist())
    columns = [Column(head, field="name", text=True)]
    columns += [Column(_value(each) or "outcome", series=True) for each in frame.columns]
    rows = [
        Row([text(_value(label)), *(_placed(float(each), places) for each in line)])
        for label, line in zip(frame.index, finite, strict=True)
    ]
    return Table(key, columns, rows)


def _placed(value: float, places: int) -> Cell:
    if not math.isfinite(value):
        return Cell(MISSING if math.isnan(value) else "beyond")
    return Cell(digits.fixed(value, places), exact(value))


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _said(value: float) -> str:
    """A number in words and labels."""
    if math.isnan(value):
        return "not known"
    return "beyond all that is known" if math.isinf(value) else digits.significant(value, 3)
