"""When a chip is on sale: shares of periods and years between launch and end of sale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View
from optimizer.instance.rules.rulebook import Mask

# dates such as 2026 + 7/12 carry rounding: a share this small is a boundary, not a day of sale
ROUNDING = 1e-9


def overlap(begin: Array, end: Array, starts: Array, length: float | Array) -> Array:
    """Share of each span `[start, start + length)` that lies in `[begin, end)`, shape (begin, starts)."""
    first = np.maximum(begin[:, None], starts)
    last = np.minimum(end[:, None], starts + length)
    share = np.clip((last - first) / length, 0.0, 1.0)
    share[share < ROUNDING] = 0.0
    share[share > 1.0 - ROUNDING] = 1.0
    return share


def _per(part: Array, whole: Array) -> Array:
    """`part / whole`, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def _ends(view: View) -> Array:
    chips = view.chips.values()
    return np.array([np.inf if chip.end_of_sale is None else chip.end_of_sale.end for chip in chips])


def _launches(view: View) -> Array:
    return np.array([chip.launch.start for chip in view.chips.values()])


def time_on_sale(view: View) -> Array:
    """The share of each period between launch and end of sale, shape (chips, periods)."""
    return overlap(_launches(view), _ends(view), view.calendar.starts, view.calendar.dt)


@rule("sale_pace", "chips.*.launch", "chips.*.end_of_sale")
def sale_pace(view: View) -> Array:
    """Pace at which a calendar year's amount is on sale, per year, over the year's mean, (chips, periods).

    0 before launch and after the end of sale; over the periods of a year it averages 1, so that a year's
    amount is kept however short its time on sale, and whatever the length of a period.
    """
    begin, end, calendar = _launches(view), _ends(view), view.calendar
    in_period = time_on_sale(view)
    in_year = overlap(begin, end, calendar.years.astype(np.float64), 1.0)
    return _per(in_period, view.to_periods(in_year))


def on_sale(view: View, delay_years: float) -> Array:
    """The part of a calendar year's amount that is on sale in each piece of time, from `delay_years` after
    launch, times the number of periods in a year: shape (chips, pieces)."""
    begin, end, calendar, pieces = _launches(view), _ends(view), view.calendar, view.law.pieces
    in_piece = overlap(begin + delay_years, end, pieces.starts, pieces.lengths)
    in_year = overlap(begin, end, calendar.years.astype(np.float64), 1.0)
    return _per(in_piece * (pieces.lengths / calendar.dt), view.to_periods(in_year)[:, pieces.period])


def sold_pace(view: View, chips: Sequence[int] | NDArray[np.int64], when: Mask) -> Array:
    """Pace of a calendar year's amount of several chips together, per year, over the year's mean, (periods,).

    The amount is spread over the time in the year in which the country could have one of `chips` (positions)
    without any rule, and of that only the time in which `when` (pieces,) is true counts: over the periods of
    a year a rule that always holds averages 1, whatever the length of a period. In a year in which none is on
    sale any time counts.
    """
    calendar, pieces = view.calendar, view.law.pieces
    chips = np.asarray(chips, dtype=np.int64)
    begin, end = _launches(view)[chips], _ends(view)[chips]
    could = (view["supply"][chips] > 0) & (view["on_market"][chips] > 0)[:, None]
    # the whole of the last year, of which the plan may have a part only
    after = calendar.years[-1] + 1.0
    dates = np.concatenate([pieces.starts, pieces.ends[-1:], calendar.years, begin, end, [after]])
    edges = np.unique(dates[(dates >= pieces.starts[0]) & (dates <= after)])
    middles, lengths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    year = np.minimum(np.searchsorted(calendar.years, middles, side="right") - 1, len(calendar.years) - 1)
    sold = (begin[:, None] <= middles) & (middles < end[:, None]) & could[:, year]
    time = np.where(sold.any(axis=0) & (lengths > ROUNDING), lengths, 0.0)
    total: Array = np.bincount(year, time, len(calendar.years)).astype(np.float64)
    time = np.where(total[year] > 0, time, lengths)
    total = np.bincount(year, time, len(calendar.years)).astype(np.float64)
    inside = middles < pieces.ends[-1]
    piece = np.searchsorted(pieces.starts, middles[inside], side="right") - 1
    in_piece = np.bincount(piece, time[inside], len(pieces.starts)).astype(np.float64)
    return pieces.total(in_piece * when) / calendar.dt / view.to_periods(total)
