"""Where lines of a chart end, and where the names at their ends stand."""

from __future__ import annotations

import altair as alt


def above_zero(rows: alt.Chart) -> alt.Chart:
    """Rows that a log axis can show; a line that falls to 0 ends, and is named, where it was last above."""
    return (
        rows.transform_filter("datum.value > 0")
        .transform_joinaggregate(end="max(x)", groupby=["series"])
        .transform_calculate(last="datum.x == datum.end")
    )


def moved_apart(rows: alt.Chart, share: str, log: bool = False) -> alt.Chart:
    """The last row of each series, with a `place` for its name: its value, or so much more that names are no
    nearer to each other than a `share` of what values span, from 0 on or on a log axis."""
    by_value: list[alt.SortField | dict[str, str]] = [alt.SortField("at", order="ascending")]
    least = "datum.least" if log else "min(datum.least, 0)"
    return (
        rows.transform_calculate(at="log(datum.value)" if log else "datum.value")
        .transform_joinaggregate(most="max(at)", least="min(at)")
        .transform_filter("datum.last")
        .transform_joinaggregate(named="count()")
        .transform_window(rank="row_number()", sort=by_value)
        .transform_calculate(apart=f"datum.rank * (datum.most - {least}) * ({share})")
        .transform_calculate(moved="datum.at - datum.apart")
        .transform_window(reached="max(moved)", sort=by_value, frame=[None, 0])
        .transform_calculate(place=f"{'exp' if log else ''}(datum.reached + datum.apart)")
    )
