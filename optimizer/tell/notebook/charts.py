"""The charts of a notebook as SVG: lines over time, bars, spans, a matrix and points, each of a few rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd
import vl_convert

from optimizer.answer.digits import significant
from optimizer.tell.page.charts import vega_lite_version

COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8c6d1f", "#666677")
INK: Final = "#1b1f24"
WIDTH: Final = 460
HEIGHT: Final = 200
STEP: Final = 20
MOST_ROWS: Final = 12
CONFIG: Final[Mapping[str, Any]] = {
    "background": "#ffffff",
    # room for names in a browser whose letters are wider than those that the chart was laid out with
    "padding": {"left": 45, "right": 20, "top": 8, "bottom": 8},
    "font": "Arial, Helvetica, Liberation Sans, sans-serif",
    "view": {"stroke": None},
    "axis": {"gridColor": "#dfe3e8", "labelColor": INK, "titleColor": INK, "titleFontWeight": "normal"},
    "axisY": {"labelLimit": 320},
    "title": {"anchor": "start", "color": INK, "fontSize": 13, "frame": "bounds", "offset": 10},
    "legend": {"title": None, "labelLimit": 0},
}


def paths(rows: pd.DataFrame, series: str, title: str, wide: int = WIDTH) -> str:
    """A line for each of `series` over `period`, of `value`, named by a legend."""
    order = list(dict.fromkeys(rows[series]))
    scale = alt.Scale(domain=order, range=[COLOURS[k % len(COLOURS)] for k in range(len(order))])
    chart = (
        alt.Chart(rows[["period", series, "value"]])
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("period:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
            color=alt.Color(
                f"{series}:N", scale=scale, legend=alt.Legend(title=None) if len(order) > 1 else None
            ),
        )
    )
    return _svg(chart.properties(width=wide, height=HEIGHT, title=title))


def bars(names: Sequence[str], values: Sequence[float], title: str) -> str:
    """A bar for each name with its number, the first on top."""
    rows = pd.DataFrame({"name": names, "value": values}).dropna().head(MOST_ROWS)
    rows["said"] = [significant(value, 3) for value in rows["value"]]
    base = alt.Chart(rows).encode(
        x=alt.X("value:Q", title=None, axis=alt.Axis(tickCount=5)),
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)),
    )
    texts = base.mark_text(align="left", dx=4, color=INK).encode(text="said:N")
    layers = base.mark_bar(color=COLOURS[0]) + texts
    return _svg(layers.properties(width=WIDTH, height=alt.Step(STEP), title=title))


def spans(
    names: Sequence[str], lows: Sequence[float], highs: Sequence[float], middle: Sequence[float], title: str
) -> str:
    """A bar for each name from one number to another, and a mark at a third, the first on top."""
    rows = pd.DataFrame({"name": names, "low": lows, "high": highs, "middle": middle}).head(MOST_ROWS)
    rows = rows.dropna(subset=["low", "high"])
    base = alt.Chart(rows).encode(y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False)))
    scale = alt.Scale(zero=False)
    bar = base.mark_bar(color=COLOURS[5]).encode(x=alt.X("low:Q", title=None, scale=scale), x2="high:Q")
    mark = base.mark_tick(color=INK, thickness=2).encode(x=alt.X("middle:Q", scale=scale))
    return _svg((bar + mark).properties(width=WIDTH, height=alt.Step(STEP), title=title))


def matrix(frame: pd.DataFrame, rows: str, columns: str, title: str) -> str:
    """A cell for each number of a frame, darker where it is greater."""
    cells = pd.DataFrame(
        [(str(row), str(column), frame.loc[row, column]) for row in frame.index for column in frame.columns],
        columns=["row", "column", "value"],
    ).dropna()
    least, most = cells["value"].min(), cells["value"].max()
    cells["said"] = [significant(value, 3) for value in cells["value"]]
    cells["dark"] = [2 * value > least + most for value in cells["value"]]
    base = alt.Chart(cells).encode(
        x=alt.X("column:N", sort=None, title=columns, axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("row:N", sort=None, title=rows),
    )
    colour = alt.Color("value:Q", scale=alt.Scale(scheme="blues"), legend=None)
    ink = alt.condition("datum.dark", alt.value("#ffffff"), alt.value(INK))
    texts = base.mark_text().encode(text="said:N", color=ink)
    layers = base.mark_rect().encode(color=colour) + texts
    return _svg(layers.properties(width=alt.Step(70), height=alt.Step(32), title=title))


def points(
    names: Sequence[str], x: Sequence[float], y: Sequence[float], x_title: str, y_title: str, title: str
) -> str:
    """A point for each name."""
    data = pd.DataFrame({"name": names, "x": x, "y": y}).dropna()
    base = alt.Chart(data).encode(
        x=alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False, padding=20)),
        y=alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=False, padding=15)),
    )
    layers = base.mark_point(filled=True, size=60, color=COLOURS[0]) + base.mark_text(
        align="left", dx=7, color=INK
    ).encode(text="name:N")
    return _svg(layers.properties(width=WIDTH, height=HEIGHT, title=title))


def _svg(chart: alt.Chart | alt.LayerChart) -> str:
    """The chart as an element of a page; its names are its own among all charts there."""
    specification = {**chart.to_dict(), "config": dict(CONFIG)}
    drawn: str = vl_convert.vegalite_to_svg(specification, vl_version=vega_lite_version())
    mark = hashlib.sha256(drawn.encode()).hexdigest()[:8]
    return re.sub(r"\b(clip|gradient)(_?\d+)", rf"k{mark}\1\2", drawn)
