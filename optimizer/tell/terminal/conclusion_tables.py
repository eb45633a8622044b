"""What a study concludes, for a person: quantiles, tornados, indices and matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import pandas as pd
from rich.console import ConsoleRenderable

from optimizer.answer import digits
from optimizer.study.gradient import VALUING
from optimizer.study.sampling.conclude import width as effect_width
from optimizer.study.sampling.conclusion import Conclusion
from optimizer.study.sampling.indices import Indices
from optimizer.study.sampling.interaction import Interaction
from optimizer.study.sampling.quantiles import Band, Quantile
from optimizer.tell.terminal.tables import grid, heading
from optimizer.tell.terminal.tornado import LEGEND, decimals, tornado
from optimizer.tell.terminal.tornado import value as label

SHOWN: Final = 15
SHOWN_MATRICES: Final = 6
BOUND_MARK: Final = "*"
BOUND_NOTE: Final = f"{BOUND_MARK} only a bound: beyond all that is known of the leader"
COUNTED_MARK: Final = "+"
COUNTED_NOTE: Final = f"{COUNTED_MARK} changes what is counted, not the world: neither end is better"
WITHIN_GAP: Final = "within the gap: see gradient"

Parts = list[ConsoleRenderable | str]


def conclusion_tables(conclusions: Sequence[Conclusion], width: int, verbose: bool) -> Parts:
    """All conclusions, one below the other, bands of a country in one table; `verbose`: every line."""
    parts: Parts = []
    for (country, banded), group in groupby(conclusions, lambda one: (one.country, one.band is not None)):
        members = list(group)
        if banded:
            parts += ["", *_bands(country, members)]
            continue
        for one in members:
            if one.effects or one.within_gap:
                parts += ["", *_effects(one, width, verbose)]
            elif one.indices is not None:
                parts += ["", *_indices(one, one.indices, verbose)]
            elif one.matrices:
                parts += ["", *_matrices(one, verbose)]
            else:
                parts += ["", heading(f"{one.country} {one.outcome}: no scenario has a number")]
    return parts


def _title(one: Conclusion, what: str) -> str:
    unit = "" if one.unit == "1" else f", {one.unit}"
    missing = f"; {one.missing:,} of {one.rows:,} scenarios without a number" if one.missing else ""
    return f"{one.country} {one.outcome}{unit}: {what}{missing}"


def _bands(country: str, members: Sequence[Conclusion]) -> Parts:
    bands = [(one, one.band) for one in members if one.band is not None]
    levels = [each.level for each in bands[0][1].quantiles]
    confidence = bands[0][1].confidence
    body: list[list[str]] = []
    for one, found in bands:
        numbers = [each.value for each in found.quantiles] + ([] if one.base is None else [one.base])
        places = decimals(numbers, one.unit)
        base = "n/a" if one.base is None else digits.fixed(one.base, places)
        missing = f"{found.missing:,}" if found.missing else digits.NOTHING
        marked = [_quantile(each, places) for each in found.quantiles]
        body.append([one.outcome, base, *marked, f"{found.draws:,}", missing])
        unit = "" if one.unit == "1" else f"  {one.unit}"
        body.append([unit, "", *(_interval(each, places) for each in found.quantiles), "", ""])
    heads = ["", "base", *(f"{100 * level:g}%" for level in levels), "draws", "without"]
    parts: Parts = [
        heading(f"{country}: quantiles over the draws; below each the interval of {100 * confidence:g}%"),
        "",
        grid(heads, body),
    ]
    parts += [BOUND_NOTE] if any(_has_bound(found) for _, found in bands) else []
    return parts


def _has_bound(found: Band) -> bool:
    return any(each.beyond for each in found.quantiles)


def _quantile(each: Quantile, places: int) -> str:
    return digits.fixed(each.value, places) + (BOUND_MARK if each.beyond else "")


def _interval(each: Quantile, places: int) -> str:
    low, high = (digits.fixed(end, places) for end in (each.low, each.high))
    if math.isinf(each.low):
        return "any" if math.isinf(each.high) else f"to {high}"
    return f"from {low}" if math.isinf(each.high) else f"{low} to {high}"


def _effects(one: Conclusion, width: int, verbose: bool) -> Parts:
    known = [each for each in one.effects if effect_width(each, one.base) > 0]
    still = sum(effect_width(each, one.base) == 0 for each in one.effects)
    without = [each.axis for each in one.effects if effect_width(each, one.base) < 0]
    shown = known if verbose else known[:SHOWN]
    counted = [one.outcome == "objective" and each.axis.startswith(VALUING) for each in shown]
    names = [
        each.axis + (f" {COUNTED_MARK}" if mark else "") for each, mark in zip(shown, counted, strict=True)
    ]
    places = decimals([end for each in shown for end in (each.low, each.high)] + [one.base or 0.0], one.unit)
    base = "no base" if one.base is None else f"base {digits.fixed(one.base, places)}"
    parts: Parts = [heading(_title(one, f"each input alone, {base}")), ""]
    parts += tornado(one, shown, names, width)
    parts += [LEGEND] if shown else []
    parts += [COUNTED_NOTE] if any(counted) else []
    more = len(known) - len(shown)
    parts += [f"{more:,} more with less effect: --verbose lists all"] if more else []
    parts += [f"{still:,} change nothing"] if still else []
    parts += [f"without a number: {_listed(without, verbose)}"] if without else []
    if one.within_gap:
        parts.append(f"{len(one.within_gap):,} {WITHIN_GAP}: {_listed(one.within_gap, verbose)}")
    return parts


def _listed(names: Sequence[str], verbose: bool) -> str:
    few = names if verbose else names[:3]
    more = len(names) - len(few)
    return ", ".join(few) + (f" and {more:,} more" if more else "")


def _indices(one: Conclusion, found: Indices, verbose: bool) -> Parts:
    blocks = "trajectories" if found.method == "morris" else "blocks"
    used = f"{found.blocks:,} {blocks}" + (f", {found.dropped:,} left out" if found.dropped else "")
    what = "effect over an input's whole range" if found.method == "morris" else "shares of its variance"
    parts: Parts = [heading(_title(one, f"{what}; {used}"))]
    if found.reason:
        return [*parts, f"nothing can be told: {found.reason}"]
    table = found.table
    ranking, others = ("mu_star", ("mu", "sigma")) if found.method == "morris" else ("ST", ("S1",))
    alone = table[table["other"] == ""]
    by_index = {index: rows.set_index("axis") for index, rows in alone.groupby("index")}
    order = by_index[ranking].sort_values("value", ascending=False, kind="stable").index
    places = decimals([0.0, *alone["value"]], one.unit if found.method == "morris" else "1")
    shown = order if verbose else order[:SHOWN]
    heads = ["", *(text for index in (ranking, *others) for text in (index, "interval"))]
    body = [
        [
            str(axis),
            *(
                text
                for index in (ranking, *others)
                for text in _with_interval(by_index[index].loc[axis], places)
            ),
        ]
        for axis in shown
    ]
    parts += ["", grid(heads, body)]
    more = len(order) - len(shown)
    parts += [f"{more:,} more with less: --verbose lists all"] if more else []
    if found.method == "morris":
        parts.append("mu_star: mean size of the effect, mu: mean, sigma: how much it depends on the others")
    else:
        parts.append("ST: with all interactions, S1: alone")
        parts += _pairs(table, places, verbose)
    parts.append(f"intervals of {100 * found.confidence:g}%")
    return parts


def _with_interval(row: pd.Series, places: int) -> tuple[str, str]:
    value, low, high = (digits.fixed(float(row[name]), places) for name in ("value", "low", "high"))
    return value, f"{low} to {high}"


def _pairs(table: pd.DataFrame, places: int, verbose: bool) -> Parts:
    """Pairs of axes that interact for sure: their interval leaves out 0."""
    pairs = table[table["index"] == "S2"]
    if pairs.empty:
        return []
    sure = pairs[(pairs["low"] > 0) | (pairs["high"] < 0)].sort_values("value", ascending=False)
    if sure.empty:
        return ["S2: of no pair does the interval leave out 0"]
    shown = sure if verbose else sure.head(SHOWN)
    body = [
        [f"{row['axis']} with {row['other']}", *_with_interval(row, places)] for _, row in shown.iterrows()
    ]
    return ["", grid(["beyond both alone", "S2", "interval"], body)]


def _matrices(one: Conclusion, verbose: bool) -> Parts:
    base = "" if one.base is None else f"; base {digits.significant(one.base, 3)}"
    parts: Parts = []
    shown = one.matrices if verbose else one.matrices[:SHOWN_MATRICES]
    for number, matrix in enumerate(shown):
        parts += [""] if number else []
        parts += _matrix(one, matrix, base)
    more = len(one.matrices) - len(shown)
    parts += [f"{more:,} more pairs: --verbose shows all"] if more else []
    return parts


def _matrix(one: Conclusion, matrix: Interaction, base: str) -> Parts:
    places = decimals([float(each) for each in matrix.outcomes.to_numpy().ravel()], one.unit)
    if not matrix.columns:
        title = heading(_title(one, f"by {matrix.rows}{base}"))
        return [title, "", _cells(matrix.outcomes, matrix.rows, places)]
    held = ", ".join(f"{name} at {label(kept)}" for name, kept in matrix.held.items())
    what = f"{matrix.rows} (down) and {matrix.columns} (across){base}"
    parts: Parts = [heading(_title(one, what))]
    parts += [f"held: {held}"] if held else []
    parts += ["", _cells(matrix.outcomes, matrix.rows, places)]
    if matrix.together is None:
        return [*parts, "what both do together is not known: the base of one is not among its values"]
    return [
        *parts,
        "",
        "what both do together, beyond the changes that each makes alone:",
        "",
        _cells(matrix.together, matrix.rows, places),
    ]


def _cells(frame: pd.DataFrame, corner: str, places: int) -> ConsoleRenderable:
    body = [
        [label(name), *(digits.fixed(float(each), places) for each in row)]
        for name, row in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    return grid([corner, *(label(name) for name in frame.columns)], body)
