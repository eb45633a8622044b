"""The Altair charts of the page, one template per kind: the page fills each with the rows of a table.

Rows have the fields that a table's columns name, `period`, `x` (decimal year), `index` and `last` of the row,
`mark` (how it is known), and for tables with several series `series`, `order`, `value`, `hue` (the position
of its colour) and `guess` (extrapolated). Colours are the page's own variables, so that light, dark and print
need no second drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import altair as alt

from optimizer.tell.page.line_ends import above_zero, moved_apart

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

COLOURS: Final = tuple(f"var(--s{k})" for k in range(1, 12))
# Names at the ends of lines stand so many pixels apart.
LABEL_APART: Final = 15.5
ENDED_HEIGHT: Final = 240
LAG_SAID: Final = (
    "datum.series + ', ' + format(abs(datum.value), '.0f') + (round(datum.value) < 0 ? ' ahead' : '')"
)
BACKGROUND: Final = "var(--page)"
MUTED: Final = "var(--muted)"
STRONG: Final = "var(--strong)"
LABELLED_SHARE: Final = 0.06
SHAPES: Final = ("circle", "square", "diamond")
# ones, twos and fives on a log axis; where it spans many decades, the decades alone
LOG_LABEL: Final = (
    "indexof(log(domain('{0}')[1] / domain('{0}')[0]) > 7 ? [1] : [1, 2, 5], "
    "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))) < 0 ? '' : "
    "datum.value < 1 ? format(datum.value, '~g') : format(datum.value, ',~r')"
)
DECADE: Final = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9))) == 1"
NUMBER_LABEL: Final = (
    "datum.value == 0 ? '0' : abs(datum.value) < 1 ? format(datum.value, '~g') : format(datum.value, ',~r')"
)

CONFIG: Final[Mapping[str, Any]] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "domainColor": MUTED,
        "tickColor": MUTED,
        "gridColor": "var(--line)",
        "labelSeparation": 8,
    },
    "text": {"color": "currentColor", "fontSize": 12},
    "legend": {"labelColor": "currentColor", "labelFontSize": 12, "symbolStrokeColor": "currentColor"},
    "header": {"labelColor": "currentColor", "labelFontSize": 12, "title": None},
}


def templates() -> dict[str, dict[str, Any]]:
    """Every chart as a Vega-Lite specification without data, by its name."""
    return {name: _finish(make()) for name, make in CHARTS.items()}


def vega_lite_version() -> str:
    """Major and minor version of Vega-Lite that the templates are written for."""
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _finish(chart: Chart) -> dict[str, Any]:
    specification: dict[str, Any] = chart.to_dict(validate=True)
    specification.pop("config", None)
    specification.pop("$schema", None)
    return specification


def _rows() -> alt.Chart:
    return alt.Chart(alt.NamedData("rows"))


def _colour() -> alt.Color:
    scale = alt.Scale(domain=list(range(len(COLOURS))), range=list(COLOURS))
    return alt.Color("hue:O", scale=scale, legend=None)


def _period() -> alt.X:
    return alt.X("period:O", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy"))


def _time(ticks: int = 10) -> alt.X:
    scale = alt.Scale(zero=False, nice=False, padding=12)
    axis = alt.Axis(format="d", tickCount=ticks, tickMinStep=1, labelOverlap="greedy", grid=False)
    return alt.X("x:Q", scale=scale, title=None, axis=axis)


def _names() -> alt.Y:
    axis = alt.Axis(ticks=False, domain=False)
    return alt.Y("name:N", sort=None, title=None, axis=axis)


def _tooltip(*fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(each) for each in fields]


def _stack(share: bool) -> Chart:
    """Bars of stacked series per period, the first series at the bottom; shares are named beside the last
    bar where there is room, else a line across each bar stands at its `level`, where there is one."""
    rows = _rows().transform_stack(
        stack="value",
        groupby=["period"],
        sort=[alt.SortField("order", order="ascending")],
        offset="normalize" if share else "zero",
        as_=["from", "to"],
    )
    axis = alt.Axis(format="%", tickCount=5) if share else alt.Axis(labelExpr=NUMBER_LABEL, tickCount=5)
    bars = rows.mark_bar(stroke=BACKGROUND, strokeWidth=1).encode(
        x=_period(),
        y=alt.Y("from:Q", title=None, axis=axis),
        y2="to:Q",
        color=_colour(),
        tooltip=_tooltip("period:N", "series:N", "value:Q"),
    )
    if not share:
        level = (
            _rows()
            .transform_filter("isValid(datum.level) && datum.order == 0")
            .mark_bar(fillOpacity=0, stroke=STRONG, strokeWidth=2.5)
            .encode(x=_period(), y=alt.Y("level:Q", title=None, axis=axis), y2="level:Q")
        )
        return alt.layer(bars, level).properties(height=240)
    wide = alt.param(name="wide", value=False)
    labels = (
        rows.transform_filter(f"wide && datum.last && datum.to - datum.from > {LABELLED_SHARE}")
        .transform_calculate(middle="(datum.from + datum.to) / 2")
        .mark_text(align="left", dx=6, baseline="middle")
        .encode(x=alt.value("width"), y="middle:Q", text="series:N")
    )
    return alt.layer(bars, labels).add_params(wide).properties(height=240)


def _ended(rows: alt.Chart, lines: alt.Chart, y: alt.Y, place: alt.Y, colour: alt.Color, log: bool) -> Chart:
    """Lines with their points, and each series' name at its end: at its `place`, on the same axis as `y`."""
    points = rows.mark_point(filled=True, size=30, opacity=1).encode(
        x=_time(), y=y, color=colour, tooltip=_tooltip("period:N", "series:N", "value:Q")
    )
    # names moved up stretch the axis, by which all of them come nearer
    share = f"{LABEL_APART} / ({ENDED_HEIGHT} - {LABEL_APART} * (datum.named - 1))"
    labels = (
        moved_apart(rows, share, log)
        .mark_text(align="left", dx=8, fontWeight="bold")
        .encode(x=_time(), y=place, text="series:N")
    )
    return alt.layer(lines, points, labels).properties(height=ENDED_HEIGHT)


def _log_scale(field: str = "value") -> alt.Y:
    """A field above 0 by factors, with a strong line at each power of ten."""
    faint = alt.condition(DECADE, alt.value(1), alt.value(0.3))
    axis = alt.Axis(
        labelExpr=LOG_LABEL.format("y"),
        tickCount=5,
        labelOverlap="greedy",
        gridOpacity=faint,
        tickOpacity=faint,
    )
    return alt.Y(f"{field}:Q", title=None, scale=alt.Scale(type="log", nice=False, padding=8), axis=axis)


def _lines_log() -> Chart:
    """The country's path, solid, and the leader's, dashed, labelled at their ends."""
    rows, y = above_zero(_rows()), _log_scale()
    dash = alt.StrokeDash("order:O", scale=alt.Scale(domain=[0, 1], range=[[1, 0], [6, 4]]), legend=None)
    scale = alt.Scale(domain=[0, 1], range=[COLOURS[0], STRONG])
    colour = alt.Color("order:O", scale=scale, legend=None)
    lines = rows.mark_line(strokeWidth=2.5).encode(
        x=_time(), y=y, color=colour, strokeDash=dash, detail="series:N"
    )
    return _ended(rows, lines, y, _log_scale("place"), colour, log=True)


def _lines(log: bool) -> Chart:
    """Several series, labelled at their ends: from 0 on, or by factors where they differ by many."""
    rows = above_zero(_rows()) if log else _rows()

    def on_axis(field: str) -> alt.Y:
        from_zero = alt.Y(f"{field}:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
        return _log_scale(field) if log else from_zero

    y = on_axis("value")
    lines = rows.mark_line(strokeWidth=2.5).encode(x=_time(), y=y, color=_colour(), detail="series:N")
    return _ended(rows, lines, y, on_axis("place"), _colour(), log)


def _lag() -> Chart:
    """Months behind: dashed and hollow where extrapolated, else solid and filled."""
    rows = _rows()
    y = alt.Y("lag:Q", title=None, axis=alt.Axis(tickCount=5))
    x = _time()
    known = rows.transform_calculate(known="datum.mark == 'extrapolated' ? null : datum.lag")
    dashed = rows.mark_line(strokeDash=[4, 4], color=COLOURS[0], strokeWidth=1.5).encode(x=x, y=y)
    solid = known.mark_line(strokeWidth=2.5, color=COLOURS[0]).encode(x=x, y=alt.Y("known:Q", title=None))
    tip = _tooltip("period:N", "lag:Q", "mark:N")
    hollow = rows.transform_filter("datum.mark == 'extrapolated'").mark_point(
        size=45, color=COLOURS[0], fill=BACKGROUND, opacity=1
    )
    full = rows.transform_filter("datum.mark == ''").mark_point(
        size=45, color=COLOURS[0], filled=True, opacity=1
    )
    beyond = rows.transform_filter("datum.mark == 'beyond'").mark_point(
        size=60, color=COLOURS[0], shape="triangle-down", filled=True, opacity=1
    )
    level = alt.Chart(alt.InlineData(values=[{"lag": 0}])).mark_rule(color=MUTED).encode(y="lag:Q")
    marks = [each.encode(x=x, y=y, tooltip=tip) for each in (hollow, full, beyond)]
    ends = (
        rows.transform_filter("datum.last || datum.index == 0")
        .transform_calculate(
            said="format(abs(datum.lag), '.0f') + (round(datum.lag) < 0 ? ' ahead' : '')",
        )
        .mark_text(dy=-12, fontWeight="bold")
        .encode(x=x, y=y, text="said:N")
    )
    return alt.layer(level, dashed, solid, *marks, ends).properties(height=220)


def _lag_lines() -> Chart:
    """Every country's months behind, the chosen one's in colour; dashed where extrapolated. The names stand
    at the ends of their lines, moved apart by so much that they can be read."""
    chosen = alt.param(name="chosen", value="")
    rows = _rows().transform_filter("isValid(datum.value)")
    x, y = _time(), alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=6))
    known = alt.Y("known:Q", title=None)
    tip = _tooltip("period:N", "series:N", "value:Q")
    layers: list[alt.Chart] = [
        alt.Chart(alt.InlineData(values=[{"value": 0}])).mark_rule(color=STRONG).encode(y=y)
    ]
    for test, colour, width in (
        ("datum.series != chosen", "var(--s8)", 1.5),
        ("datum.series == chosen", COLOURS[0], 3.0),
    ):
        some = rows.transform_filter(test)
        told = some.transform_calculate(known="datum.guess ? null : datum.value")
        layers += [
            some.mark_line(strokeDash=[4, 4], strokeWidth=width / 1.5, color=colour).encode(
                x=x, y=y, detail="series:N"
            ),
            told.mark_line(strokeWidth=width, color=colour).encode(x=x, y=known, detail="series:N"),
            some.mark_point(size=6 * width**2, filled=True, opacity=1, color=colour).encode(
                x=x, y=y, tooltip=tip
            ),
        ]
    height = 400
    place = alt.Y("place:Q", title=None)
    labels = moved_apart(rows, f"{LABEL_APART} / {height}").transform_calculate(said=LAG_SAID)
    ink = alt.condition("datum.series == chosen", alt.value(COLOURS[0]), alt.value("currentColor"))
    layers.append(labels.mark_text(align="left", dx=8).encode(x=x, y=place, text="said:N", color=ink))
    return alt.layer(*layers).add_params(chosen).properties(height=height)


def _bars() -> Chart:
    """Horizontal bars under their names, which may be long."""
    y = alt.Y("index:O", axis=None, scale=alt.Scale(paddingInner=0))
    x = alt.X("worth:Q", title=None, axis=None)
    rows = _rows()
    bars = rows.mark_bar(height=10, yOffset=9, color=COLOURS[0]).encode(
        x=x, y=y, tooltip=_tooltip("name:N", "worth:Q")
    )
    names = rows.mark_text(align="left", dy=-6).encode(x=alt.value(0), y=y, text="name:N")
    worth = rows.mark_text(align="left", dx=5, dy=9).encode(x=x, y=y, text=alt.Text("worth:Q", format=".2~r"))
    return alt.layer(bars, names, worth).properties(height=alt.Step(38))


def _bars_across() -> Chart:
    """One stacked bar per name, shares of 100%."""
    axis = alt.Axis(format="%", tickCount=5, orient="top", labelOverlap="greedy")
    bars: alt.Chart = _rows().mark_bar(stroke=BACKGROUND, strokeWidth=1)
    bars = bars.encode(
        x=alt.X("value:Q", stack="normalize", title=None, axis=axis),
        y=_names(),
        order=alt.Order("order:Q"),
        color=_colour(),
        tooltip=_tooltip("name:N", "series:N", "value:Q"),
    )
    return bars.properties(height=alt.Step(24))


def _dumbbell_log() -> Chart:
    """Several points per name on one line of a log axis, told apart by shape and fill."""
    rows = _rows().transform_filter("isValid(datum.value) && datum.value > 0")
    faint = alt.condition(DECADE, alt.value(1), alt.value(0.3))
    label = alt.Axis(
        orient="top",
        tickCount=5,
        labelExpr=LOG_LABEL.format("x"),
        labelOverlap="greedy",
        gridOpacity=faint,
        tickOpacity=faint,
    )
    scale = alt.Scale(type="log", nice=False, padding=10)
    x = alt.X("value:Q", title=None, scale=scale, axis=label)
    span = rows.mark_rule(color=MUTED, strokeWidth=2).encode(
        x=alt.X("min(value):Q", title=None, scale=scale, axis=label), x2="max(value):Q", y=_names()
    )
    order = [0, 1, 2]
    points = rows.mark_point(size=70, strokeWidth=2, opacity=1).encode(
        x=x,
        y=_names(),
        shape=alt.Shape("order:N", scale=alt.Scale(domain=order, range=list(SHAPES)), legend=None),
        stroke=alt.Stroke("order:O", scale=alt.Scale(domain=order, range=list(COLOURS[:3])), legend=None),
        fill=alt.Fill(
            "order:O", scale=alt.Scale(domain=order, range=[BACKGROUND, *COLOURS[1:3]]), legend=None
        ),
        tooltip=_tooltip("name:N", "series:N", "value:Q"),
    )
    return alt.layer(span, points).properties(height=alt.Step(24))


def _changes(good: str) -> Chart:
    """A dot per policy on both sides of no change, told apart by shape as well; hollow where it cannot be
    told from none. `good` says which sign brings the country closer to its leader or makes it able."""
    x = alt.X(
        "change:Q",
        title=None,
        scale=alt.Scale(padding=10),
        axis=alt.Axis(orient="top", tickCount=5, labelExpr=NUMBER_LABEL),
    )
    rows = _rows().transform_filter("isValid(datum.change)").transform_calculate(none="0")
    level = alt.Chart(alt.InlineData(values=[{"change": 0}])).mark_rule(color=STRONG).encode(x="change:Q")
    stems = rows.mark_rule(color=MUTED).encode(x=x, x2="none:Q", y=_names())
    tip = _tooltip("name:N", "change:Q")
    forward = rows.transform_filter(f"datum.mark == '' && datum.change {good} 0").mark_point(
        size=80, filled=True, opacity=1, color=COLOURS[0], shape="circle"
    )
    back = rows.transform_filter(f"datum.mark == '' && !(datum.change {good} 0)").mark_point(
        size=80, filled=True, opacity=1, color=COLOURS[1], shape="diamond"
    )
    untold = rows.transform_filter("datum.mark != ''").mark_point(
        size=60, color=MUTED, fill=BACKGROUND, opacity=1
    )
    dots = [each.encode(x=x, y=_names(), tooltip=tip) for each in (forward, back, untold)]
    return alt.layer(level, stems, *dots).properties(height=alt.Step(22))


def _multiples() -> Chart:
    """One small chart per series: its path over that of the first, which is grey and dashed."""
    rows = alt.Chart()
    x, y = _time(ticks=3), alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=3))
    before = rows.mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1.5).encode(
        x=x, y=alt.Y("base:Q", title=None)
    )
    after = rows.mark_line(color=COLOURS[0], strokeWidth=2.5).encode(x=x, y=y)
    header = alt.Header(title=None, labelAnchor="start", labelPadding=2)
    by_order = alt.EncodingSortField(field="order", op="min")
    facet = alt.Facet("series:N", sort=by_order, title=None, header=header)
    layers = alt.layer(before, after, data=alt.NamedData("rows")).properties(height=90)
    chart: Chart = layers.facet(facet=facet, columns=2)
    return chart


CHARTS: Final[Mapping[str, Callable[[], Chart]]] = {
    "stack-share": lambda: _stack(share=True),
    "stack": lambda: _stack(share=False),
    "lines": lambda: _lines(log=False),
    "lines-across-log": lambda: _lines(log=True),
    "lines-log": _lines_log,
    "lag": _lag,
    "lag-lines": _lag_lines,
    "bars": _bars,
    "bars-across": _bars_across,
    "dumbbell-log": _dumbbell_log,
    "changes": lambda: _changes(good="<"),
    "changes-up": lambda: _changes(good=">"),
    "multiples": _multiples,
}
