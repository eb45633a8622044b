"""The page's charts of plans made fit for a picture: no script fills them, no text stands beside."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from optimizer.tell.page.charts import COLOURS, templates
from optimizer.tell.page.figures import Column, Figure

# Bars of several series, whose names the page lists below the chart.
LEGENDS: Final = ("stack", "stack-share", "bars-across")


def hue_of(column: Column, order: int) -> int:
    """The place of a series' colour among those of the page."""
    return order if column.colour is None else column.colour


def of_plan(figure: Figure) -> dict[str, Any]:
    """A figure's chart as a Vega-Lite specification whose data set `rows` is to be filled."""
    made: dict[str, Any] = json.loads(_template(figure.chart))
    made.pop("params", None)
    if figure.chart in LEGENDS:
        named = [column for column in figure.table.columns if column.series]
        _name(made, named)
    return made


@cache
def _template(chart: str) -> str:
    # the page names shares beside a wide chart; a picture has a legend
    return json.dumps(templates()[chart]).replace("wide && ", "false && ")


def _name(part: Any, series: list[Column]) -> None:
    """Colour by name, with a legend, wherever a chart colours by place."""
    if isinstance(part, list):
        for each in part:
            _name(each, series)
        return
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name == "color" and isinstance(value, dict) and value.get("field") == "hue":
            colours = [COLOURS[hue_of(column, order)] for order, column in enumerate(series)]
            part[name] = {
                "field": "series",
                "type": "nominal",
                "sort": None,
                "scale": {"domain": [column.title for column in series], "range": colours},
                "legend": {"title": None, "orient": "top", "symbolType": "square", "labelLimit": 0},
            }
        else:
            _name(value, series)
