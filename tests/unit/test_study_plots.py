"""Pictures and the page of studies, drawn from results with known numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from optimizer.errors import InputError
from optimizer.instance import load
from optimizer.instance.template import TEMPLATE
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import header_of
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import study_from
from optimizer.tell.page.charts import vega_lite_version
from optimizer.tell.page.figures import PERIOD, Column, Figure, Table, amount, text
from optimizer.tell.page.figures import Row as TableRow
from optimizer.tell.page.page import LARGEST_BYTES
from optimizer.tell.page.study_page import study_html
from optimizer.tell.plot.charts import CHARTS, study_templates
from optimizer.tell.plot.draw import draw
from optimizer.tell.plot.drawings import Drawing
from optimizer.tell.plot.names import factor_names, factor_unit, outcome_words, path_unit, path_words
from optimizer.tell.plot.picture import picture, rows_of, vega_lite
from optimizer.tell.plot.study import StoredStudy, choose, kinds_of, read_stored

WORLD = load(TEMPLATE)
INCOME = "countries.CHN.budget.income_usd_bn"
POWER = "countries.CHN.power.build_limit_gw_per_year"
LAGS = tuple(f"lag_months/{year}" for year in (2026, 2027, 2028, 2029))
TWO = {"money": f"{INCOME} *= [0.5, 1, 2]", "power": f"{POWER} *= [0.5, 1, 2]"}
DRAWN = {"money": f"{INCOME} *= 0.5:2", "power": f"{POWER} *= 0.5:2"}
DESIGNS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "one_at_a_time": (TWO, {}),
    "grid": (TWO, {}),
    "sobol": (DRAWN, {"draws": 64}),
    "morris": (DRAWN, {"trajectories": 6}),
    "saltelli": (DRAWN, {"draws": 16}),
}
Answer = Callable[[Row], float]


def sample(factors: object, design: Mapping[str, Any], outcomes: tuple[str, ...] = LAGS) -> Sample:
    document = {
        "format_version": 1,
        "title": "Money & <power>",
        "description": "What both do.",
        "instance": str(TEMPLATE),
        "countries": ["CHN"],
        "design": dict(design),
        "factors": factors,
        "outcomes": list(outcomes),
    }
    return prepare(study_from(document), WORLD)


def lag(row: Row) -> float:
    """Money takes ten months per unit, power two, both together one more."""
    money, power = (1.0 if value == "base" else float(value) for value in row.values)
    return 30.0 - 10.0 * (money - 1.0) - 2.0 * (power - 1.0) - (money - 1.0) * (power - 1.0)


def stored(
    place: Path, made: Sample, answer: Answer = lag, missing: tuple[int, ...] = (), left: int = 0
) -> StoredStudy:
    """A store of results; those of `missing` have no plan, the last `left` are not solved."""
    path = place / "some.study"
    results = []
    for row in made.rows[: len(made.rows) - left]:
        value = answer(row)
        known = {name: value + int(name[-1]) - 9 for name in made.outcomes if name.startswith("lag_months")}
        ok = row.number not in missing
        results.append(
            RowResult(
                row.number,
                "CHN",
                "optimal" if ok else "infeasible",
                "solved",
                value if ok else None,
                value + 1e-6 if ok else None,
                1e-6 if ok else None,
                "" if ok else "nothing fits",
                known if ok else {},
                0.0,
                "",
            )
        )
    with Store.create(path, header_of(made), made.rows) as store:
        store.commit(results)
    return read_stored(path)


def by_design(place: Path, method: str, **more: Any) -> StoredStudy:
    factors, sizes = DESIGNS[method]
    return stored(place, sample(factors, {"method": method, **sizes}), **more)


def drawn(study: StoredStudy, kind: str | None = None) -> list[Drawing]:
    return draw(study, choose(study.sample, kind))


@pytest.mark.parametrize("method", DESIGNS)
def test_every_kind_that_fits_is_valid_and_drawn_as_svg_and_png(tmp_path: Path, method: str) -> None:
    study = by_design(tmp_path, method, missing=(3,))
    for kind in kinds_of(study.sample):
        made = drawn(study, kind)
        # raises where Vega-Lite finds fault
        vl_convert.vegalite_to_vega(vega_lite(made), vl_version=vega_lite_version())
        svg = picture(made, ".svg").decode()
        assert svg.startswith("<svg")
        assert len(svg) < 60_000
        assert "var(--" not in svg
        for each in made:
            assert each.figure.title in svg.replace("&#39;", "'")
            assert each.figure.title.startswith("China: lag behind the leader")
            assert re.search(r"\d", each.figure.alt)
        assert "the leader answers" in svg
        assert picture(made, ".png").startswith(b"\x89PNG")


def test_a_tornado_has_the_base_and_both_ends_of_each_factor(tmp_path: Path) -> None:
    study = by_design(tmp_path, "one_at_a_time", missing=(4,))
    (made,) = drawn(study)
    rows = rows_of(made.figure.table)
    assert [row["name"] for row in rows] == [
        "money: income, 0.5 to 2 times its value",
        "power: build limit, 0.5 to 2 times its value",
    ]
    assert [(row["low"], row["base"], row["high"]) for row in rows] == [(35, 30, 20), (31, 30, None)]
    assert "5 scenarios, 1 without an answer left out; the leader answers" in made.lines
    assert "+5.00" in picture([made], ".svg").decode()


def test_a_tornado_shows_the_largest_twenty_and_counts_the_others(tmp_path: Path) -> None:
    made = sample("all", {"method": "one_at_a_time"}, (LAGS[-1],))
    sizes = {axis.name: float(place) for place, axis in enumerate(made.axes)}

    def answer(row: Row) -> float:
        moved = [place for place, stop in enumerate(made.stops[row.number]) if stop >= 0]
        return 30.0 + sum(sizes[made.axes[place].name] for place in moved)

    (shown,) = drawn(stored(tmp_path, made, answer))
    more = len(made.axes) - 20
    assert more > 5
    assert any(line.startswith(f"{more:,} more factors change it by at most ") for line in shown.lines)
    names = [row["name"].split(": ")[1] for row in rows_of(shown.figure.table)]
    svg = picture([shown], ".svg").decode().replace("&amp;", "&")
    assert sum(f">{name}</t" in svg for name in dict.fromkeys(names)) <= 20
    assert names[0] in svg


def test_a_fan_has_the_quantiles_of_every_year(tmp_path: Path) -> None:
    study = by_design(tmp_path, "sobol")
    (made,) = drawn(study)
    rows = rows_of(made.figure.table)
    assert [row["period"] for row in rows] == ["2026", "2027", "2028", "2029"]
    known = sorted(study.column("CHN", "lag_months/2029"))
    assert rows[-1]["p5"] == pytest.approx(known[math.ceil(0.05 * 64) - 1], rel=1e-4)
    assert rows[-1]["p50"] == pytest.approx(known[31], rel=1e-4)
    assert rows[-1]["p95"] == pytest.approx(known[math.ceil(0.95 * 64) - 1], rel=1e-4)
    assert all(row["p5"] < row["p25"] < row["p50"] < row["p75"] < row["p95"] for row in rows)


def test_a_scatter_shows_the_factor_that_matters_most_first(tmp_path: Path) -> None:
    study = by_design(tmp_path, "sobol", missing=(0, 1))
    (made,) = drawn(study, "scatter")
    heads = [column.title for column in made.figure.table.columns if column.series]
    assert re.fullmatch(r"money, times its value; rank correlation -0\.9\d", heads[0])
    assert heads[1].startswith("power, times its value; rank correlation -0.")
    rows = rows_of(made.figure.table)
    assert len(rows) == 2 * 62
    assert all(0.5 <= row["value"] <= 2 for row in rows)


def test_a_heat_map_has_the_matrix_and_what_both_do_together(tmp_path: Path) -> None:
    study = by_design(tmp_path, "grid", missing=(8,))
    matrix, together = drawn(study)
    assert (matrix.y, matrix.x) == ("money, times its value", "power, times its value")
    values = {(row["name"], row["series"]): row["value"] for row in rows_of(matrix.figure.table)}
    assert values["0.5", "0.5"] == pytest.approx(30 + 5 + 1 - 0.25, abs=0.05)
    assert values["2", "2"] is None
    extra = {(row["name"], row["series"]): row["value"] for row in rows_of(together.figure.table)}
    assert extra["0.5", "0.5"] == pytest.approx(-0.25)
    assert extra["1", "2"] == 0
    assert "9 scenarios, 1 without an answer (–)" in matrix.lines[0]


@pytest.mark.parametrize(
    ("method", "first", "second"),
    [("morris", "mean size of its effects (mu*)", "spread"), ("saltelli", "with all interactions", "alone")],
)
def test_indices_stand_with_their_intervals(tmp_path: Path, method: str, first: str, second: str) -> None:
    (made,) = drawn(by_design(tmp_path, method, missing=(0,)))
    rows = rows_of(made.figure.table)
    assert [row["name"].split(":")[0] for row in rows] == ["money", "money", "power", "power"]
    assert rows[0]["which"].startswith(first)
    assert rows[1]["which"].startswith(second)
    assert rows[0]["low"] <= rows[0]["value"] <= rows[0]["high"]
    assert "1 trajectories left out" in made.lines[0] or "1 blocks left out" in made.lines[0]


def test_a_grid_of_policies_is_a_column_of_numbers(tmp_path: Path) -> None:
    made = sample({"policy": "policy = [baseline, data_wall]"}, {"method": "grid"}, (LAGS[-1],))
    study = stored(tmp_path, made, lambda row: 30.0 + row.number)
    assert kinds_of(made) == ("heat",)
    (shown,) = drawn(study)
    values = [(row["name"], row["value"]) for row in rows_of(shown.figure.table)]
    assert values == [("baseline", 30), ("data wall", 31)]


@pytest.mark.parametrize(
    ("asked", "code", "hint"),
    [
        ({"kind": "tornado"}, "E718", "known: fan, scatter"),
        ({"country": "FRA"}, "E302", "its countries: CHN"),
        ({"kind": "scatter", "outcome": "lag_month/2029"}, "E710", "did you mean `lag_months/2029`?"),
        ({"kind": "fan", "outcome": "objective"}, "E710", "it has lag_months"),
    ],
)
def test_what_a_study_cannot_show_is_refused_with_what_it_can(
    asked: dict[str, str], code: str, hint: str
) -> None:
    made = sample(DRAWN, {"method": "sobol", "draws": 4}, (*LAGS, "objective"))
    with pytest.raises(InputError) as refused:
        choose(made, **asked)
    (problem,) = refused.value.diagnostics
    assert (problem.code, problem.hint) == (code, hint)


def test_a_fan_takes_an_outcome_with_or_without_its_period() -> None:
    made = sample(DRAWN, {"method": "sobol", "draws": 4})
    assert choose(made, outcome="lag_months/2029") == choose(made, outcome="lag_months")


def test_names_of_factors_are_words_with_units() -> None:
    world = load("world-2026")
    assert path_words(INCOME, world) == "China budget: income"
    assert path_unit(INCOME) == "USD bn"
    assert path_words("countries.CHN.industry.lines.*.yield", world) == "China industry lines (all): yield"
    assert path_words("market.output.nv_gb300[2026]", world) == "market output: GB300 2026"
    assert path_words("power.lead_years", world) == "power: lead"
    assert outcome_words("spend_share/research/2035", world) == "share of spending on research in 2035"
    assert outcome_words("fleet/nv_gb300/2029", world) == "chips installed, GB300 in 2029"
    assert outcome_words("wafer_capacity/n7/2029", world) == "wafer capacity, 7 nm by DUV (SMIC N+2) in 2029"
    made = sample(
        {"my_money": f"{INCOME} ~ own", "powers": f"{POWER} *= 0.5:2"}, {"method": "sobol", "draws": 2}
    )
    assert factor_names(made) == {"my_money": "my money: income", "powers": "powers: build limit"}
    assert factor_unit(made, "my_money") == "USD bn"
    assert factor_unit(made, "powers") == "times its value"


def test_templates_for_the_page_hold_no_data_and_no_colour_of_their_own() -> None:
    made = study_templates()
    assert set(made) == set(CHARTS)
    text = json.dumps(made)
    assert not re.search(r"#[0-9a-fA-F]{6}", text)
    assert '"rows": [' not in text


@pytest.mark.parametrize("method", DESIGNS)
def test_the_page_has_every_chart_its_numbers_and_why_scenarios_have_none(
    tmp_path: Path, method: str
) -> None:
    study = by_design(tmp_path, method, missing=(2,), left=1)
    text = study_html(study)
    assert len(text.encode()) < LARGEST_BYTES
    assert "<h1>Money &amp; &lt;power&gt;</h1>" in text
    assert "What both do." in text
    for kind in kinds_of(study.sample):
        assert f'data-chart="{kind}"' in text
    rows = len(study.sample.rows)
    assert f"1 of {rows:,} scenarios are not solved yet" in text
    assert "nothing fits" in text
    assert study.header.key in text
    assert "the leader answers" in text
    assert INCOME in text
    assert "strategy.csv" not in text
    assert not re.search(r'(src|href)="(?!#|data:)', text)


def test_a_page_of_a_study_without_any_answer_says_so(tmp_path: Path) -> None:
    made = sample(DRAWN, {"method": "sobol", "draws": 4})
    text = study_html(stored(tmp_path, made, missing=(0, 1, 2, 3)))
    assert "<figure" not in text
    assert "none of 4 scenarios has the outcome" in text


@pytest.mark.parametrize("chart", ["lines", "lines-log", "lines-across-log"])
@pytest.mark.parametrize("ends", [(8.0, 8.001), (0.02, 6.0, 6.1), (50.0, 49.9, 50.1, 50.2, 50.0, 1.0)])
def test_names_of_lines_that_end_together_stand_apart(chart: str, ends: tuple[float, ...]) -> None:
    names = [f"line {k}" for k in range(len(ends))]
    rows = [
        TableRow([text(str(2026 + t)), *(amount(end * share) for end in ends)], 2026.0 + t)
        for t, share in enumerate((0.5, 0.75, 1.0))
    ]
    table = Table("ended", [PERIOD, *(Column(name, "", series=True) for name in names)], rows)
    figure = Figure(title="Ended", table=table, chart=chart, alt="", unit="")
    svg = picture([Drawing(figure)], ".svg").decode()
    places = {
        name: float(y)
        for y, name in re.findall(r"<text [^>]*translate\([^,]+,([^)]+)\)[^>]*>(line \d)</text>", svg)
    }
    assert set(places) == set(names)
    heights = sorted(places.values())
    assert min(below - above for above, below in pairwise(heights)) >= 13
    assert heights[0] >= -6, "no name stands in the title"
    # in the order of their values, from the top
    ordered = sorted(names, key=lambda name: places[name])
    assert [ends[names.index(name)] for name in ordered] == sorted(ends, reverse=True)


def test_a_line_that_falls_to_zero_is_named_where_a_log_axis_shows_it_last() -> None:
    values = {"goes on": (1.0, 2.0, 3.0), "falls": (1.0, 0.5, 0.0)}
    rows = [
        TableRow([text(str(2026 + t)), *(amount(each[t]) for each in values.values())], 2026.0 + t)
        for t in range(3)
    ]
    table = Table("ended", [PERIOD, *(Column(name, "", series=True) for name in values)], rows)
    figure = Figure(title="Ended", table=table, chart="lines-across-log", alt="", unit="")
    svg = picture([Drawing(figure)], ".svg").decode()
    places = {
        name: float(x)
        for x, name in re.findall(r"<text [^>]*translate\(([^,]+),[^)]+\)[^>]*>(goes on|falls)</text>", svg)
    }
    assert set(places) == set(values)
    assert places["falls"] < places["goes on"]
