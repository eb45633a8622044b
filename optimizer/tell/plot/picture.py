"""A drawing as a picture of its own: SVG or PNG."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import vl_convert

from optimizer.errors import Diagnostic, InputError, OutputError
from optimizer.study.writing import written_whole
from optimizer.tell.page.charts import CONFIG, vega_lite_version
from optimizer.tell.page.figures import Cell, Table
from optimizer.tell.plot.charts import CHARTS, Titles, specification
from optimizer.tell.plot.drawings import Drawing
from optimizer.tell.plot.plan_charts import hue_of, of_plan

ENDINGS: Final = (".svg", ".png")
WIDTH: Final = 560
FACET_WIDTH: Final = 230
FACET_GUTTER: Final = 16
SCALE: Final = 2.0
PAPER: Final = "#ffffff"
# The page's colours by light; `page.css` has them too.
COLOURS: Final[Mapping[str, str]] = {
    "var(--page)": PAPER,
    "var(--muted)": "#666677",
    "var(--line)": "#dfe3e8",
    "var(--strong)": "#1b1f24",
    "var(--s1)": "#0072b2",
    "var(--s2)": "#e69f00",
    "var(--s3)": "#009e73",
    "var(--s4)": "#f0e442",
    "var(--s5)": "#cc79a7",
    "var(--s6)": "#56b4e9",
    "var(--s7)": "#d55e00",
    "var(--s8)": "#9aa0a6",
    "var(--s9)": "#332288",
    "var(--s10)": "#882255",
    "var(--s11)": "#cdd5df",
    "currentColor": "#1b1f24",
    "system-ui, sans-serif": "Arial, Helvetica, Liberation Sans, sans-serif",
}


def check_ending(path: Path) -> None:
    """Raise `InputError` (E718) for a file that does not end in .svg or .png."""
    if path.suffix.lower() not in ENDINGS:
        message = f"`{path.name}` does not end in {' or '.join(ENDINGS)}"
        raise InputError(Diagnostic("E718", message, file=str(path), hint="the ending decides the form"))


def check_place(path: Path) -> None:
    """Raise as `check_ending`, and `OutputError` (E605) where no picture can be put."""
    check_ending(path)
    if path.exists() and not path.is_file():
        raise OutputError(Diagnostic("E605", "the output exists and is no ordinary file", file=str(path)))
    if not path.absolute().parent.is_dir():
        raise OutputError(
            Diagnostic("E605", "the picture cannot be written: no such directory", file=str(path))
        )


def write_picture(drawings: Sequence[Drawing], path: Path, columns: int = 1) -> None:
    """Write drawings one below the other, or those of each group in so many columns. The file is there whole
    or as it was before. Raises `InputError` (E718) for another ending and `OutputError` (E605) where it
    cannot be written."""
    check_ending(path)
    made = picture(drawings, path.suffix.lower(), columns)
    with written_whole(path, "the picture") as fresh:
        fresh.write_bytes(made)


def picture(drawings: Sequence[Drawing], ending: str, columns: int = 1) -> bytes:
    """Drawings in so many columns, as the bytes of a file of that ending."""
    whole = vega_lite(drawings, columns)
    if ending == ".png":
        made: bytes = vl_convert.vegalite_to_png(whole, vl_version=vega_lite_version(), scale=SCALE)
        return made
    drawn: str = vl_convert.vegalite_to_svg(whole, vl_version=vega_lite_version())
    return drawn.encode()


def vega_lite(drawings: Sequence[Drawing], columns: int = 1) -> dict[str, Any]:
    """Drawings in so many columns as one Vega-Lite specification with its data."""
    config = {**CONFIG, "axisY": {"labelLimit": 0}, "axisX": {"labelLimit": 0}}
    parts = [_part(each) for each in drawings]
    groups = [
        [part for part, _ in group]
        for _, group in groupby(zip(parts, drawings, strict=True), lambda each: each[1].group)
    ]
    whole = {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{vega_lite_version().split('.')[0]}.json",
        "padding": 12,
        "config": {**config, "background": PAPER},
        "datasets": {_data_name(each): rows_of(each.figure.table) for each in drawings},
        **(parts[0] if len(parts) == 1 else _together(groups, columns)),
    }
    written = json.dumps(whole)
    for name, colour in COLOURS.items():
        written = written.replace(name, colour)
    found: dict[str, Any] = json.loads(written)
    return found


def _part(drawing: Drawing) -> dict[str, Any]:
    figure = drawing.figure
    if figure.chart in CHARTS:
        plain = specification(figure.chart, Titles(drawing.x or None, drawing.y or None, legend=True))
    else:
        plain = of_plan(figure)
    # of several charts in one picture each has its own data
    named = json.dumps({"name": _data_name(drawing)})
    made: dict[str, Any] = json.loads(json.dumps(plain).replace('{"name": "rows"}', named))
    made["title"] = {
        "text": figure.title,
        "subtitle": list(drawing.lines),
        "anchor": "start",
        "frame": "bounds",
        "fontSize": 15,
        "subtitleFontSize": 12,
        "subtitleColor": "var(--muted)",
        "color": "currentColor",
        "offset": 12,
        "subtitlePadding": 5,
    }
    if "facet" in made:
        count = sum(column.series for column in figure.table.columns)
        made["columns"] = min(made["columns"], count)
        made["spec"]["width"] = FACET_WIDTH if count > 1 else WIDTH
        made["facet"]["header"]["labelLimit"] = made["spec"]["width"] + FACET_GUTTER
    else:
        made["width"] = _width(figure.chart, figure.table)
    return made


def _together(groups: Sequence[Sequence[Mapping[str, Any]]], columns: int) -> dict[str, Any]:
    """Charts of each group in so many columns, groups below each other; each with its own colours."""
    own = {"spacing": 36, "resolve": {"scale": {"color": "independent"}}}
    if columns == 1:
        return {"vconcat": [part for group in groups for part in group], **own}
    return {"vconcat": [{"concat": group, "columns": columns, **own} for group in groups], **own}


def _data_name(drawing: Drawing) -> str:
    return f"rows {drawing.figure.key}"


def _width(chart: str, table: Table) -> Any:
    """Matrices are as wide as they have columns."""
    if chart.startswith("heat"):
        return max(90 * sum(column.series for column in table.columns), 180)
    return WIDTH


def rows_of(table: Table) -> list[dict[str, Any]]:
    """What a chart is drawn from: the numbers of a table, as the page's script reads them there."""
    series = [at for at, column in enumerate(table.columns) if column.series]
    found: list[dict[str, Any]] = []
    for index, row in enumerate(table.rows):
        plain: dict[str, Any] = {"index": index, "last": index == len(table.rows) - 1, "mark": row.style}
        if row.date is not None:
            plain["x"] = row.date
        for column, cell in zip(table.columns, row.cells, strict=True):
            if column.field:
                plain[column.field] = cell.text if column.text else number(cell)
        if not series:
            found.append(plain)
        for order, at in enumerate(series):
            one = {"series": table.columns[at].title, "order": order, "value": number(row.cells[at])}
            one |= {"hue": hue_of(table.columns[at], order), "guess": row.cells[at].text.endswith("*")}
            found.append({**plain, "base": number(row.cells[series[0]]), **one})
    return found


def number(cell: Cell) -> float | None:
    """The number behind a cell, None where it is none."""
    try:
        found = float(cell.value or cell.text.replace(",", ""))
    except ValueError:
        return None
    return found if math.isfinite(found) else None
