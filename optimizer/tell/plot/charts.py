"""The Altair charts of studies, one per kind, as `tell.page.charts` has those of plans: without data, in the
page's own colours. With titles of axes and a legend they are pictures of their own; the page says both in
its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import altair as alt

from optimizer.tell.page.charts import BACKGROUND, COLOURS, MUTED, STRONG, Chart

# Three digits; whole numbers from 100 on; what is next to nothing is nothing.
SHORT: Final = (
    "abs(datum.{0}) < 1e-9 ? '0' : abs(datum.{0}) < 1e-3 ? format(datum.{0}, '.0e') : "
    "abs(datum.{0}) >= 100 ? format(datum.{0}, ',.0f') : format(datum.{0}, '.3r')"
)
SIGNED: Final = "(datum.{0} > 0 ? '+' : '') + (" + SHORT + ")"
AXIS_LABEL: Final = "datum.value == 0 ? '0' : format(datum.value, ',~r')"
# Where marks end in a label, the axis leaves room for it.
ROOM: Final = 44
BAND: Final = 34
MOST_SHOWN: Final = 20
"""The factors that a chart shows."""
# Names of factors stand in two lines, around the band's middle.
LINES: Final = "split(datum.label, ': ')"
LINE: Final = 12
# Labels of lines nearer to each other than this share of the chart's height would overlap.
APART: Final = 0.07
ENDS: Final = ("at its low end", "at its high end")


class Titles(NamedTuple):
    """What the axes are called, and whether a legend is drawn: on the page nothing of it."""

    x: str | None = None
    y: str | None = None
    legend: bool = False


def study_templates() -> dict[str, dict[str, Any]]:
    """Every chart of studies for the page, as a Vega-Lite specification without data, by its name."""
    return {name: specification(name, Titles()) for name in CHARTS}


def specification(name: str, titles: Titles) -> dict[str, Any]:
    """A chart as a Vega-Lite specification whose data set `rows` is to be filled."""
    found: dict[str, Any] = CHARTS[name](titles).to_dict(validate=True)
    found.pop("config", None)
    found.pop("$schema", None)
    return found


def _rows() -> alt.Chart:
    return alt.Chart(alt.NamedData("rows"))


def _names() -> alt.Y:
    axis = alt.Axis(
        ticks=False,
        domain=False,
        labelPadding=8,
        labelExpr=LINES,
        labelFontSize=11,
        labelLineHeight=LINE,
        labelOffset=-LINE / 2,
    )
    return alt.Y("name:N", sort=None, title=None, axis=axis)


def _legend(titles: Titles) -> alt.Legend | None:
    return alt.Legend(title=None, orient="top", symbolType="square", labelLimit=0) if titles.legend else None


def _height() -> alt.Step:
    return alt.Step(BAND, **{"for": "position"})


def _tornado(titles: Titles) -> Chart:
    """Two bars per factor from the base's outcome: to the one at its low end, and at its high end, each with
    the change that it makes."""
    rows = _rows().transform_filter(f"datum.index < {MOST_SHOWN}")
    folded = (
        rows.transform_fold(["low", "high"], as_=["key", "reached"])
        .transform_filter("isValid(datum.reached)")
        .transform_calculate(
            end=f"datum.key == 'low' ? '{ENDS[0]}' : '{ENDS[1]}'", change="datum.reached - datum.base"
        )
        .transform_calculate(said=SIGNED.format("change"))
    )
    scale = alt.Scale(zero=False, nice=False, padding=ROOM)
    axis = alt.Axis(labelExpr=AXIS_LABEL, tickCount=6, labelOverlap="greedy")
    x = alt.X("base:Q", title=titles.x, scale=scale, axis=axis)
    reached = alt.X("reached:Q", title=titles.x, scale=scale, axis=axis)
    offset = alt.YOffset("end:N", sort=list(ENDS), scale=alt.Scale(paddingInner=0.1, paddingOuter=0.3))
    colour = alt.Color(
        "end:N", scale=alt.Scale(domain=list(ENDS), range=list(COLOURS[:2])), legend=_legend(titles)
    )
    bars = folded.mark_bar().encode(
        x=x,
        x2="reached:Q",
        y=_names(),
        yOffset=offset,
        color=colour,
        tooltip=[alt.Tooltip(each) for each in ("name:N", "end:N", "reached:Q", "change:Q")],
    )
    labels = folded.mark_text(
        align=alt.expr("datum.change < 0 ? 'right' : 'left'"),
        dx=alt.expr("datum.change < 0 ? -4 : 4"),
        fontSize=11,
    ).encode(x=reached, y=_names(), yOffset=offset, text="said:N")
    base = rows.mark_rule(color=STRONG, strokeWidth=1.5).encode(x=alt.X("mean(base):Q", title=titles.x))
    return alt.layer(bars, base, labels).properties(height=_height())


def _indices(titles: Titles) -> Chart:
    """Two bars per factor, one for each index, with their intervals."""
    rows = _rows().transform_filter(f"datum.index < {2 * MOST_SHOWN}")
    y, scale = _names(), alt.Scale(nice=False, padding=ROOM)
    axis = alt.Axis(labelExpr=AXIS_LABEL, tickCount=6, labelOverlap="greedy")
    x = alt.X("value:Q", title=titles.x, scale=scale, axis=axis)
    offset = alt.YOffset("which:N", sort=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.3))
    colour = alt.Color("which:N", sort=None, scale=alt.Scale(range=list(COLOURS[:2])), legend=_legend(titles))
    bars = rows.mark_bar().encode(
        x=x,
        y=y,
        yOffset=offset,
        color=colour,
        tooltip=[alt.Tooltip(each) for each in ("name:N", "which:N", "value:Q", "low:Q", "high:Q")],
    )
    spans = rows.mark_rule(color=STRONG, strokeWidth=1.5).encode(
        x=alt.X("low:Q", title=titles.x, scale=scale, axis=axis), x2="high:Q", y=y, yOffset=offset
    )
    labels = (
        rows.transform_calculate(said=SHORT.format("value"), end="max(datum.value, datum.high, 0)")
        .transform_filter("isValid(datum.value)")
        .mark_text(align="left", dx=5, fontSize=11)
        .encode(x=alt.X("end:Q", title=titles.x, scale=scale, axis=axis), y=y, yOffset=offset, text="said:N")
    )
    return alt.layer(bars, spans, labels).properties(height=_height())


def _fan(titles: Titles) -> Chart:
    """The median over time in two shaded bands, the base dashed; the last period's numbers at the ends."""
    rows = _rows()
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", grid=False)
    # as points in time, each above its own label
    x = alt.X("period:O", sort=None, title=None, scale=alt.Scale(type="point", padding=0.3), axis=axis)
    scale = alt.Scale(zero=False, nice=True)
    numbers = alt.Axis(labelExpr=AXIS_LABEL, tickCount=6)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=titles.y, scale=scale, axis=numbers)

    colour = COLOURS[0]
    outer = rows.mark_area(color=colour, opacity=0.2).encode(x=x, y=y("p5"), y2="p95:Q")
    inner = rows.mark_area(color=colour, opacity=0.35).encode(x=x, y=y("p25"), y2="p75:Q")
    middle = rows.mark_line(color=colour, strokeWidth=2.5).encode(x=x, y=y("p50"))
    tips = rows.mark_point(color=colour, filled=True, size=35, opacity=1).encode(
        x=x,
        y=y("p50"),
        tooltip=[
            alt.Tooltip(each) for each in ("period:N", "p5:Q", "p25:Q", "p50:Q", "p75:Q", "p95:Q", "base:Q")
        ],
    )
    base = rows.mark_line(color=STRONG, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, y=y("base"))
    last = (
        rows.transform_joinaggregate(least="min(p5)", most="max(p95)")
        .transform_filter("datum.last")
        .transform_calculate(room=f"{APART} * (datum.most - datum.least)")
    )
    ends = []
    for field, words, where in (
        ("p95", "95%", "datum.p95 - datum.p50 > datum.room"),
        ("p50", "median", "true"),
        ("p5", "5%", "datum.p50 - datum.p5 > datum.room"),
    ):
        said = last.transform_filter(f"isValid(datum.{field}) && ({where})").transform_calculate(
            said=f"'{words}: ' + ({SHORT.format(field)})"
        )
        ends.append(
            said.mark_text(align="left", dx=8, fontWeight="bold" if field == "p50" else "normal").encode(
                x=x, y=y(field), text="said:N"
            )
        )
    return alt.layer(outer, inner, base, middle, tips, *ends).properties(height=260)


def _scatter(titles: Titles) -> Chart:
    """A small chart per factor: the outcome of every scenario over the factor's value."""
    points = alt.Chart().mark_circle(color=COLOURS[0], size=18, opacity=0.55, aria=False)
    across = alt.Axis(labelExpr=AXIS_LABEL, tickCount=4, labelOverlap="greedy", grid=False)
    upright = alt.Axis(labelExpr=AXIS_LABEL, tickCount=5)
    drawn = points.encode(
        x=alt.X("value:Q", title=None, scale=alt.Scale(zero=False, nice=False, padding=8), axis=across),
        y=alt.Y("outcome:Q", title=None, scale=alt.Scale(zero=False, padding=6), axis=upright),
        tooltip=[alt.Tooltip(each) for each in ("series:N", "value:Q", "outcome:Q")],
    )
    header = alt.Header(
        title=None,
        labelAnchor="start",
        labelPadding=4,
        labelFontSize=11,
        labelExpr="split(datum.label, '; ')",
    )
    by_order = alt.EncodingSortField(field="order", op="min")
    facet = alt.Facet("series:N", sort=by_order, title=None, header=header)
    layers = alt.layer(drawn, data=alt.NamedData("rows")).properties(height=150)
    chart: Chart = layers.facet(facet=facet, columns=3).resolve_scale(x="independent")
    return chart


def _heat(titles: Titles, middle: bool) -> Chart:
    """A matrix with its numbers in the cells: from light to dark, or on both sides of nothing (`middle`)."""
    scheme = (
        alt.Scale(scheme="blueorange", domainMid=0, reverse=True) if middle else alt.Scale(scheme="blues")
    )
    rows = _rows().transform_joinaggregate(least="min(value)", most="max(value)")
    x = alt.X(
        "series:N",
        sort=None,
        title=titles.x,
        axis=alt.Axis(labelAngle=0, orient="top", ticks=False, domain=False, labelOverlap="greedy"),
    )
    y = alt.Y("name:N", sort=None, title=titles.y, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    tip = [alt.Tooltip(each) for each in ("name:N", "series:N", "value:Q")]
    known = rows.transform_filter("isValid(datum.value)")
    cells = known.mark_rect(stroke=BACKGROUND, strokeWidth=2).encode(
        x=x, y=y, color=alt.Color("value:Q", scale=scheme, legend=None), tooltip=tip
    )
    share = (
        "max(abs(datum.most), abs(datum.least)) * 0.65 < abs(datum.value)"
        if middle
        else "datum.value - datum.least > 0.55 * (datum.most - datum.least)"
    )
    numbers = known.transform_calculate(said=(SIGNED if middle else SHORT).format("value"))
    dark, light = alt.value("white"), alt.value("black")
    texts = numbers.mark_text(fontSize=13).encode(
        x=x, y=y, text="said:N", color=alt.condition(share, dark, light)
    )
    lacking = rows.transform_filter("!isValid(datum.value)").mark_text(color=MUTED, text="–").encode(x=x, y=y)
    return alt.layer(cells, texts, lacking).properties(height=alt.Step(40))


CHARTS: Final[Mapping[str, Callable[[Titles], Chart]]] = {
    "tornado": _tornado,
    "indices": _indices,
    "fan": _fan,
    "scatter": _scatter,
    "heat": lambda titles: _heat(titles, middle=False),
    "heat-together": lambda titles: _heat(titles, middle=True),
}
